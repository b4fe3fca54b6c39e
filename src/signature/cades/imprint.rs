//! What the time-stamps of a CAdES signature are over: the message imprints of EN 319 122-1
//! §5.3, §5.5.3 and Annex A.1.5, of RFC 5126 §6.4.1 and of RFC 3126. Those who make
//! time-stamps and those who judge them compute them here; nothing is judged.
//!
//! The archive time-stamps of old are over most of the CMS "as it is encoded", and signers
//! disagreed what that means: whether BER is made DER first, and whether the set of
//! unsigned attributes has its tag and length (TS 101 733 V2.2.1, Annex K: try both).
//! Each reading in use is tried; none of them lets anything uncovered pass, as each is
//! over all the same parts.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::BTreeMap;

use der::asn1::ObjectIdentifier;

use super::archive;
use super::covered::{Covered, Index};
use super::hash_index::{Components, Found, HashIndex, Unit};
use crate::crypto::{Digest, DigestAlgorithm, DigestContext};
use crate::encoding::asn1::Value;
use crate::error::{ErrorKind, Result};
use crate::limits::{Limits, within};
use crate::signature::cms::oids::{
    CERTIFICATE_REFERENCES, REVOCATION_REFERENCES, SIGNATURE_TIME_STAMP,
};
use crate::signature::cms::{Attribute, SignedData, SignerInfo, TimeStampKind};
use crate::signature::tsp::TimeStampInfo;

/// What is signed, wherever it is.
pub(crate) trait SignedContent {
    /// Its digest; nothing where only another one is known.
    ///
    /// # Errors
    /// `Io` when reading fails; `Malformed` when it is not what it should be.
    fn digest(&mut self, algorithm: DigestAlgorithm) -> Result<Option<Digest>>;

    /// Puts all of it into `context`; false where only digests of it are known.
    ///
    /// # Errors
    /// As [`digest`](Self::digest).
    fn feed(&mut self, context: &mut DigestContext) -> Result<bool>;

    /// Bytes that [`feed`](Self::feed) would read.
    fn size(&self) -> u64;
}

/// Computes the imprints of one signer's time-stamps. What several need is computed once.
pub(crate) struct Imprints<'s, 'a> {
    cms: &'s SignedData<'a>,
    signer: &'s SignerInfo<'a>,
    limits: &'s Limits,
    components: BTreeMap<(DigestAlgorithm, Unit), Components>,
    /// What archive time-stamps before the third begin with.
    heads: BTreeMap<(DigestAlgorithm, bool), Option<DigestContext>>,
    hashed: usize,
}

impl<'s, 'a> Imprints<'s, 'a> {
    pub(crate) fn new(
        cms: &'s SignedData<'a>,
        signer: &'s SignerInfo<'a>,
        limits: &'s Limits,
    ) -> Self {
        let (components, heads) = (BTreeMap::new(), BTreeMap::new());
        Self { cms, signer, limits, components, heads, hashed: 0 }
    }

    /// Whether a token among the unsigned attributes is over what its kind is over.
    /// Nothing where that cannot be told: the content is not at hand, or the digest is
    /// none that this crate can compute.
    ///
    /// # Errors
    /// `LimitExceeded` when a bound was reached; `Io` when the content cannot be read.
    pub(crate) fn is_over(
        &mut self,
        kind: TimeStampKind,
        token: &'a [u8],
        info: &TimeStampInfo,
        content: Option<&mut dyn SignedContent>,
    ) -> Result<Option<bool>> {
        let Some(algorithm) = DigestAlgorithm::from_oid(info.algorithm) else { return Ok(None) };
        let same = |digest: &Digest| digest.value() == info.imprint;
        match kind {
            TimeStampKind::Signature => Ok(Some(same(&algorithm.digest(self.signer.signature())))),
            TimeStampKind::CadesC => self.any(self.cades_c(algorithm)?, same),
            TimeStampKind::References => self.any(self.references(algorithm)?, same),
            TimeStampKind::ArchiveV3 => self.v3(token, algorithm, content, same),
            TimeStampKind::ArchiveV2 => self.v2(algorithm, info, content, same),
            TimeStampKind::Archive => self.v1(algorithm, info, content, same),
        }
    }

    /// What a token among the unsigned attributes covers. It says nothing on whether the
    /// imprint holds: ask [`is_over`](Self::is_over) first.
    ///
    /// # Errors
    /// `LimitExceeded` when a bound was reached.
    pub(crate) fn covered(
        &mut self,
        kind: TimeStampKind,
        token: &'a [u8],
        info: &TimeStampInfo,
    ) -> Result<Covered<'s>> {
        let values = |attributes: Vec<&Attribute<'a>>| all_values(attributes.into_iter());
        let signature = Some(self.signer.signature());
        let covered = match kind {
            TimeStampKind::Signature => Covered { signature, ..Covered::default() },
            TimeStampKind::CadesC => Covered {
                signature,
                attributes: values(self.of_types(&CADES_C)),
                ..Covered::default()
            },
            TimeStampKind::References => {
                Covered { attributes: values(self.of_types(&REFERENCES)), ..Covered::default() }
            }
            TimeStampKind::ArchiveV3 => self.covered_by_index(token)?,
            TimeStampKind::ArchiveV2 => Covered {
                signed_data: true,
                signature,
                certificates: self.cms.certificates().to_vec(),
                revocation_infos: self.cms.revocation_infos().to_vec(),
                attributes: values(archive::earlier(self.signer, info, self.limits)?),
                index: None,
            },
            TimeStampKind::Archive => Covered {
                signed_data: true,
                signature,
                attributes: values(archive::first_edition(self.signer, info, self.limits)?),
                ..Covered::default()
            },
        };
        // Whoever asks is going to digest each of them.
        self.spend(covered.len())?;
        Ok(covered)
    }

    fn of_types(&self, types: &[ObjectIdentifier]) -> Vec<&'s Attribute<'a>> {
        let all = self.signer.unsigned_attributes().all();
        types.iter().flat_map(|oid| all.iter().filter(move |it| it.oid() == *oid)).collect()
    }

    /// Annex A.1.5.2: the signature's octets, then each attribute without its own tag and
    /// length.
    fn cades_c(&self, algorithm: DigestAlgorithm) -> Result<Vec<Digest>> {
        let mut context = DigestContext::new(algorithm);
        context.update(self.signer.signature());
        Ok(attributes_into(&context, &self.of_types(&CADES_C)))
    }

    /// Annex A.1.5.1.
    fn references(&self, algorithm: DigestAlgorithm) -> Result<Vec<Digest>> {
        let context = DigestContext::new(algorithm);
        Ok(attributes_into(&context, &self.of_types(&REFERENCES)))
    }

    fn any(&self, digests: Vec<Digest>, same: impl Fn(&Digest) -> bool) -> Result<Option<bool>> {
        Ok(Some(digests.iter().any(same)))
    }

    /// EN 319 122-1 §5.5.3. Whether the index itself holds is told with what is covered.
    fn v3(
        &mut self,
        token: &'a [u8],
        algorithm: DigestAlgorithm,
        content: Option<&mut dyn SignedContent>,
        same: impl Fn(&Digest) -> bool,
    ) -> Result<Option<bool>> {
        let Some(token) = self.token(token)? else { return Ok(Some(false)) };
        let Ok(Some(index)) = HashIndex::of_token(&token) else { return Ok(Some(false)) };
        let Some(content) = content else { return Ok(None) };
        let Some(content) = content.digest(algorithm)? else { return Ok(None) };
        let stored = v3_imprint(self.cms, self.signer, &content, index.value().raw());
        if same(&stored) {
            return Ok(Some(true));
        }
        let Ok(canonical) = archive::canonical_fields(self.signer) else { return Ok(Some(false)) };
        let Ok(index) = index.value().canonical() else { return Ok(Some(false)) };
        let mut context = v3_head(self.cms, &content);
        context.update(&canonical);
        context.update(&index);
        Ok(Some(same(&context.finish())))
    }

    fn token(&self, token: &'a [u8]) -> Result<Option<SignedData<'a>>> {
        match SignedData::parse(token, self.limits) {
            Ok(token) => Ok(Some(token)),
            Err(error) if error.kind() == ErrorKind::LimitExceeded => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// What the index has; nothing where it does not hold or cannot be computed.
    fn find(&mut self, index: &HashIndex<'a>) -> Option<Found> {
        let (algorithm, unit) = (index.algorithm()?, index.unit());
        let (cms, signer) = (self.cms, self.signer);
        let compute = || Components::of(cms, signer, algorithm, unit);
        let components = self.components.entry((algorithm, unit)).or_insert_with(compute);
        index.find(components)
    }

    fn covered_by_index(&mut self, token: &'a [u8]) -> Result<Covered<'s>> {
        let Some(token) = self.token(token)? else { return Ok(Covered::default()) };
        let Ok(Some(index)) = HashIndex::of_token(&token) else { return Ok(Covered::default()) };
        let found = self.find(&index);
        let stated = Index { algorithm: index.algorithm(), holds: found.is_some() };
        let Some(found) = found else {
            return Ok(Covered { index: Some(stated), ..Covered::default() });
        };
        let unsigned = self.signer.unsigned_attributes().all();
        let attributes = match index.unit() {
            Unit::Attribute => {
                let attributes: Vec<_> = unsigned.iter().collect();
                all_values(picked(&attributes, &found.attributes).into_iter())
            }
            Unit::Value => picked(&all_values(unsigned.iter()), &found.attributes),
        };
        let certificates = picked(self.cms.certificate_choices(), &found.certificates);
        Ok(Covered {
            signed_data: true,
            signature: Some(self.signer.signature()),
            certificates: certificates.iter().map(Value::raw).collect(),
            revocation_infos: picked(self.cms.revocation_infos(), &found.revocation),
            attributes,
            index: Some(stated),
        })
    }

    /// RFC 5126 §6.4.1, in four readings: as stored or DER, with the tag and length of the
    /// unsigned attributes or without.
    fn v2(
        &mut self,
        algorithm: DigestAlgorithm,
        info: &TimeStampInfo,
        content: Option<&mut dyn SignedContent>,
        same: impl Fn(&Digest) -> bool,
    ) -> Result<Option<bool>> {
        let Some(head) = self.head(algorithm, true, content)? else { return Ok(None) };
        let attributes = archive::earlier(self.signer, info, self.limits)?;
        let tails = archive::tails(self.signer, &attributes);
        self.fits(&head, tails, same).map(Some)
    }

    /// RFC 3126 §4.12.2, whose words ("without the type or length encoding") let signers
    /// choose. That none of the readings fits proves nothing, and is not said.
    fn v1(
        &mut self,
        algorithm: DigestAlgorithm,
        info: &TimeStampInfo,
        content: Option<&mut dyn SignedContent>,
        same: impl Fn(&Digest) -> bool,
    ) -> Result<Option<bool>> {
        let Some(head) = self.head(algorithm, false, content)? else { return Ok(None) };
        let attributes = archive::first_edition(self.signer, info, self.limits)?;
        let tails = archive::first_tails(self.signer, &attributes);
        Ok(self.fits(&head, tails, same)?.then_some(true))
    }

    /// Whether one of the readings of what follows `head` has the imprint.
    fn fits(
        &mut self,
        head: &DigestContext,
        tails: impl IntoIterator<Item = Vec<u8>>,
        same: impl Fn(&Digest) -> bool,
    ) -> Result<bool> {
        for tail in tails {
            self.spend(tail.len())?;
            let mut context = head.clone();
            context.update(&tail);
            if same(&context.finish()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Everything before the signer, once for each digest: it may be as long as the
    /// document. Nothing where the content is not at hand.
    fn head(
        &mut self,
        algorithm: DigestAlgorithm,
        framed: bool,
        content: Option<&mut dyn SignedContent>,
    ) -> Result<Option<DigestContext>> {
        if let Some(known) = self.heads.get(&(algorithm, framed)) {
            return Ok(known.clone());
        }
        let read = content.as_ref().map_or(0, |it| it.size());
        self.spend(usize::try_from(read).unwrap_or(usize::MAX))?;
        let head = self.new_head(DigestContext::new(algorithm), framed, content)?;
        self.heads.insert((algorithm, framed), head.clone());
        Ok(head)
    }

    fn new_head(
        &self,
        mut context: DigestContext,
        framed: bool,
        content: Option<&mut dyn SignedContent>,
    ) -> Result<Option<DigestContext>> {
        if framed {
            context.update(self.cms.encapsulated_content_info());
        }
        if !framed || self.cms.content().is_none() {
            let Some(content) = content else { return Ok(None) };
            if !content.feed(&mut context)? {
                return Ok(None);
            }
        }
        if framed {
            context.update(self.cms.certificate_set());
            context.update(self.cms.revocation_set());
        }
        Ok(Some(context))
    }

    /// Each token of old is over nearly all of the CMS once more, in each reading. Every
    /// signer has its share of the bound.
    fn spend(&mut self, bytes: usize) -> Result<()> {
        self.hashed = self.hashed.saturating_add(bytes);
        let signers = self.cms.signers().len().max(1);
        let share = self.limits.cms_imprint_bytes.checked_div(signers).unwrap_or_default();
        within(self.hashed, share, "bytes under the archive time-stamps of a signer")
    }
}

const CADES_C: [ObjectIdentifier; 3] =
    [SIGNATURE_TIME_STAMP, CERTIFICATE_REFERENCES, REVOCATION_REFERENCES];
const REFERENCES: [ObjectIdentifier; 2] = [CERTIFICATE_REFERENCES, REVOCATION_REFERENCES];

/// Those of `all` that `covered` says.
fn picked<T: Copy>(all: &[T], covered: &[bool]) -> Vec<T> {
    all.iter().zip(covered).filter(|(_, covered)| **covered).map(|(it, _)| *it).collect()
}

/// Each value with its attribute's type.
fn all_values<'x, 'a: 'x>(
    attributes: impl Iterator<Item = &'x Attribute<'a>>,
) -> Vec<(ObjectIdentifier, Value<'a>)> {
    attributes.flat_map(|it| it.values().iter().map(|value| (it.oid(), *value))).collect()
}

/// `attrType` and `attrValues` of each attribute, as they stand and in DER.
fn attributes_into(context: &DigestContext, attributes: &[&Attribute<'_>]) -> Vec<Digest> {
    let mut stored = context.clone();
    for attribute in attributes {
        stored.update(attribute.kind());
        stored.update(attribute.set());
    }
    let der = attributes.iter().map(|it| archive::canonical_parts(it)).collect::<Result<Vec<_>>>();
    let der = der.ok().map(|parts| {
        let mut context = context.clone();
        parts.iter().for_each(|it| context.update(it));
        context.finish()
    });
    [Some(stored.finish()), der].into_iter().flatten().collect()
}

fn v3_head(cms: &SignedData<'_>, content: &Digest) -> DigestContext {
    let mut context = DigestContext::new(content.algorithm());
    context.update(cms.content_type_octets());
    context.update(content.value());
    context
}

/// The imprint of an archive-time-stamp-v3 (EN 319 122-1 §5.5.3), by the digest that
/// `content` is.
pub(crate) fn v3_imprint(
    cms: &SignedData<'_>,
    signer: &SignerInfo<'_>,
    content: &Digest,
    index: &[u8],
) -> Digest {
    let mut context = v3_head(cms, content);
    signer.fields().iter().for_each(|field| context.update(field.raw()));
    context.update(index);
    context.finish()
}

/// `ATSHashIndexV3` over all that a CMS and one of its signers hold (EN 319 122-1 §5.5.2).
///
/// # Errors
/// `Misuse` when it is too long to be written.
pub(crate) fn hash_index(
    cms: &SignedData<'_>,
    signer: &SignerInfo<'_>,
    algorithm: DigestAlgorithm,
) -> Result<Vec<u8>> {
    Components::of(cms, signer, algorithm, Unit::Value).to_index(algorithm)
}
