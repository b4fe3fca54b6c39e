//! A CMS as it was before attributes were added: what an evidence record in an attribute is
//! over (RFC 4998 Appendix A, ETSI TS 119 122-3).
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::borrow::Cow;

use super::attributes::Attribute;
use super::parse::SignedData;
use crate::crypto::{Digest, DigestAlgorithm, DigestContext};
use crate::encoding::asn1::writer::header;
use crate::encoding::asn1::{Tag, Value};
use crate::error::{Error, Result};
use crate::limits::Limits;

/// Octets of a CMS that stand in pieces, so that no content is copied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Pieces<'a>(Vec<Cow<'a, [u8]>>);

impl<'a> Pieces<'a> {
    /// How many octets there are.
    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(|it| it.len()).fold(0, usize::saturating_add)
    }

    /// Their digest.
    pub(crate) fn digest(&self, algorithm: DigestAlgorithm) -> Digest {
        let mut context = DigestContext::new(algorithm);
        self.0.iter().for_each(|it| context.update(it));
        context.finish()
    }

    /// The same in DER; nothing where it is that already.
    ///
    /// # Errors
    /// `Malformed` when it is no ASN.1; `LimitExceeded` when it nests too deep.
    pub(crate) fn canonical(&self, limits: &Limits) -> Result<Option<Self>> {
        let joined = self.0.concat();
        let der = Value::only(&joined, limits.asn1_depth)?.canonical()?;
        Ok((der != joined).then(|| Self(vec![Cow::Owned(der)])))
    }

    fn of(value: &Value<'a>) -> Self {
        Self(vec![Cow::Borrowed(value.raw())])
    }

    fn joined(all: Vec<Self>) -> Self {
        Self(all.into_iter().flat_map(|it| it.0).collect())
    }

    /// Under the tag of `value`, whose length stays indefinite where it is.
    fn under(self, value: &Value<'a>) -> Self {
        let (tag, length) = (value.identifier(), u64::try_from(self.len()).unwrap_or(u64::MAX));
        let indefinite = value.raw().get(tag.len()) == Some(&INDEFINITE);
        let octets = match indefinite {
            true => vec![INDEFINITE],
            false => header(0, length).split_off(1),
        };
        let mut all = vec![Cow::Borrowed(tag), Cow::Owned(octets)];
        all.extend(self.0);
        all.extend(indefinite.then_some(Cow::Borrowed(END_OF_CONTENTS)));
        Self(all)
    }
}

/// X.690 §8.1.3.6.
const INDEFINITE: u8 = 0x80;
const END_OF_CONTENTS: &[u8] = &[0, 0];

impl<'a> SignedData<'a> {
    /// The whole CMS as it stands without these attributes of one of its signers; and once
    /// more with the signers in the order that DER has, as some add attributes in any other.
    ///
    /// # Errors
    /// `Malformed` when it is no CMS, which it is once it was read.
    pub(crate) fn without(
        &self,
        attributes: &[&Attribute<'_>],
        limits: &Limits,
    ) -> Result<Vec<Pieces<'a>>> {
        let outer = Value::first(self.octets(), limits.asn1_depth)?.0;
        let mut info = outer.sequence()?;
        let (kind, explicit) = (info.required()?, info.required()?);
        let data = explicit.explicit()?;
        let mut fields = values(&data)?;
        let set = fields.pop().ok_or_else(|| Error::malformed("a CMS has no signers"))?;
        let signers = values(&set)?;
        let signers = signers.iter().map(|it| signer_without(it, attributes));
        let signers = signers.collect::<Result<Vec<_>>>()?;
        let mut sorted = signers.clone();
        sorted.sort_by_key(|it| it.0.concat());
        let orders = if sorted == signers { vec![signers] } else { vec![signers, sorted] };
        let whole = |signers| {
            let mut all: Vec<_> = fields.iter().map(Pieces::of).collect();
            all.push(Pieces::joined(signers).under(&set));
            let content = Pieces::joined(all).under(&data).under(&explicit);
            Pieces::joined(vec![Pieces::of(&kind), content]).under(&outer)
        };
        Ok(orders.into_iter().map(whole).collect())
    }
}

fn signer_without<'a>(signer: &Value<'a>, attributes: &[&Attribute<'_>]) -> Result<Pieces<'a>> {
    let mut fields = values(signer)?;
    let gone = |it: &Value<'_>| attributes.iter().any(|gone| gone.offset() == it.offset());
    let unsigned = fields.last().copied().filter(|it| it.tag() == Tag::context(1));
    let Some(unsigned) = unsigned else { return Ok(Pieces::of(signer)) };
    let all = values(&unsigned)?;
    if !all.iter().any(gone) {
        return Ok(Pieces::of(signer));
    }
    fields.pop();
    let mut pieces: Vec<_> = fields.iter().map(Pieces::of).collect();
    let kept: Vec<_> = all.iter().filter(|it| !gone(it)).map(Pieces::of).collect();
    // RFC 5652 §5.3: a set of attributes is not empty.
    if !kept.is_empty() {
        pieces.push(Pieces::joined(kept).under(&unsigned));
    }
    Ok(Pieces::joined(pieces).under(signer))
}

fn values<'a>(value: &Value<'a>) -> Result<Vec<Value<'a>>> {
    let (mut found, mut values) = (Vec::new(), value.values()?);
    while let Some(value) = values.next()? {
        found.push(value);
    }
    Ok(found)
}
