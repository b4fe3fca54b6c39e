//! The signed data, wherever it stands.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use crate::crypto::{Digest, DigestAlgorithm, DigestContext};
use crate::encoding::asn1::{Tag, Value};
use crate::error::Result;
use crate::limits::{Limits, within};
use crate::signature::cades::SignedContent;
use crate::signature::cms::{Content, oids};
use crate::source::{Source, for_each_piece};
use crate::validation::facts::{EncapsulatedFact, MimicryFact};

/// The signed data. Each digest is computed once, however many signers ask for it.
pub(in crate::validation) struct Data<'a> {
    place: Place<'a>,
    digests: BTreeMap<DigestAlgorithm, Digest>,
}

enum Place<'a> {
    Encapsulated(Content<'a>),
    Bytes(&'a [u8]),
    Ranges(&'a dyn Source, Vec<Range<u64>>),
    Digest(Digest),
}

impl<'a> Data<'a> {
    /// Within the CMS.
    pub(in crate::validation) fn encapsulated(content: Content<'a>) -> Self {
        Self::at(Place::Encapsulated(content))
    }

    /// In memory.
    pub(in crate::validation) fn bytes(bytes: &'a [u8]) -> Self {
        Self::at(Place::Bytes(bytes))
    }

    /// These bytes of a document, one stretch after the other.
    pub(in crate::validation) fn ranges(source: &'a dyn Source, ranges: Vec<Range<u64>>) -> Self {
        Self::at(Place::Ranges(source, ranges))
    }

    /// With digests of it that are computed already.
    pub(in crate::validation) fn with_digests(
        mut self,
        digests: impl IntoIterator<Item = Digest>,
    ) -> Self {
        self.digests.extend(digests.into_iter().map(|it| (it.algorithm(), it)));
        self
    }

    /// A whole document.
    pub(in crate::validation) fn whole(source: &'a dyn Source) -> Self {
        let all = 0..source.len();
        Self::ranges(source, [all].into())
    }

    /// Not at hand, but its digest is.
    pub(in crate::validation) fn known_by(digest: Digest) -> Self {
        Self::at(Place::Digest(digest))
    }

    fn at(place: Place<'a>) -> Self {
        Self { place, digests: BTreeMap::new() }
    }

    /// The digest of the bytes as they stand; nothing where only another digest is known.
    pub(in crate::validation) fn digest(
        &mut self,
        algorithm: DigestAlgorithm,
    ) -> Result<Option<Digest>> {
        if let Some(known) = self.digests.get(&algorithm) {
            return Ok(Some(known.clone()));
        }
        if let Place::Digest(digest) = &self.place {
            return Ok((digest.algorithm() == algorithm).then(|| digest.clone()));
        }
        let mut context = DigestContext::new(algorithm);
        self.place.feed(&mut context)?;
        let digest = context.finish();
        self.digests.insert(algorithm, digest.clone());
        Ok(Some(digest))
    }

    /// What a content within the CMS is to this one. A digest that is all that is known
    /// says which digest to compare by.
    pub(in crate::validation) fn compare(
        &mut self,
        content: Content<'_>,
    ) -> Result<EncapsulatedFact> {
        let algorithm = match &self.place {
            Place::Digest(known) => known.algorithm(),
            Place::Encapsulated(_) | Place::Bytes(_) | Place::Ranges(..) => DigestAlgorithm::Sha256,
        };
        let mut within = Data::encapsulated(content);
        let same = within.digest(algorithm)? == self.digest(algorithm)?;
        Ok(match same {
            true => EncapsulatedFact::Same,
            false if content.bytes()?.is_empty() => EncapsulatedFact::Empty,
            false => EncapsulatedFact::Other,
        })
    }

    /// Whether the content is itself a set of signed attributes. A value without signed
    /// attributes would then be one that was made over another signature's attributes,
    /// cut out and passed off as content (RFC 5652 §5.4 gives both the same bytes).
    pub(in crate::validation) fn mimicry(&self, limits: &Limits) -> Result<MimicryFact> {
        if let Place::Ranges(source, ranges) = &self.place {
            let size = ranges.iter().map(|it| it.end.saturating_sub(it.start)).sum::<u64>();
            let first = ranges.first().map_or(0, |it| it.start);
            let begins = size > 0 && source.window(first..first.saturating_add(1))?[..] == [SET];
            if !begins || size > ATTRIBUTES {
                return Ok(MimicryFact::No);
            }
        }
        Ok(match self.all(limits)? {
            Some(bytes) if is_attributes(&bytes, limits).unwrap_or(false) => MimicryFact::Yes,
            Some(_) => MimicryFact::No,
            None => MimicryFact::NotSeen,
        })
    }

    /// Whether it begins as XML does. What is not at hand does not.
    pub(in crate::validation) fn may_be_xml(&self) -> Result<bool> {
        let begins = |head: &[u8]| {
            let text = head.strip_prefix(UTF8_MARK).unwrap_or(head).trim_ascii_start();
            text.starts_with(b"<") || head.starts_with(UTF16[0]) || head.starts_with(UTF16[1])
        };
        match &self.place {
            Place::Digest(_) => Ok(false),
            Place::Bytes(bytes) => Ok(begins(bytes)),
            Place::Encapsulated(content) => Ok(begins(&content.bytes()?)),
            Place::Ranges(source, ranges) => {
                let Some(first) = ranges.first() else { return Ok(false) };
                let end = first.end.min(first.start.saturating_add(XML_HEAD));
                Ok(begins(&source.window(first.start..end)?))
            }
        }
    }

    /// All bytes at once, which only signatures without signed attributes need by
    /// algorithms that cannot take a digest. Nothing where only a digest is known.
    pub(in crate::validation) fn all(&self, limits: &Limits) -> Result<Option<Cow<'a, [u8]>>> {
        match &self.place {
            Place::Digest(_) => Ok(None),
            Place::Encapsulated(content) => content.bytes().map(Some),
            Place::Bytes(bytes) => Ok(Some(Cow::Borrowed(bytes))),
            Place::Ranges(source, ranges) => {
                let mut all = Vec::new();
                for range in ranges {
                    for_each_piece(*source, range.clone(), |piece| {
                        let size = all.len().saturating_add(piece.len());
                        within(size, limits.attachment_bytes, "bytes of signed content in memory")?;
                        all.extend_from_slice(piece);
                        Ok(())
                    })?;
                }
                Ok(Some(Cow::Owned(all)))
            }
        }
    }
}

impl SignedContent for Data<'_> {
    fn digest(&mut self, algorithm: DigestAlgorithm) -> Result<Option<Digest>> {
        Data::digest(self, algorithm)
    }

    fn feed(&mut self, context: &mut DigestContext) -> Result<bool> {
        self.place.feed(context)?;
        Ok(!matches!(self.place, Place::Digest(_)))
    }

    fn size(&self) -> u64 {
        match &self.place {
            Place::Digest(_) => 0,
            Place::Encapsulated(content) => {
                let place = content.place();
                place.end.saturating_sub(place.start)
            }
            Place::Bytes(bytes) => bytes.len(),
            Place::Ranges(_, ranges) => {
                ranges.iter().map(|it| it.end.saturating_sub(it.start)).fold(0, u64::saturating_add)
            }
        }
    }
}

impl Place<'_> {
    /// Nothing where only a digest is known.
    fn feed(&self, context: &mut DigestContext) -> Result<()> {
        match self {
            Place::Digest(_) => {}
            Place::Encapsulated(content) => {
                content.for_each_piece(&mut |piece| context.update(piece))?;
            }
            Place::Bytes(bytes) => context.update(bytes),
            Place::Ranges(source, ranges) => {
                for range in ranges {
                    for_each_piece(*source, range.clone(), |piece| {
                        context.update(piece);
                        Ok(())
                    })?;
                }
            }
        }
        Ok(())
    }
}

/// Bytes that are looked at to tell XML.
const XML_HEAD: u64 = 64;
/// Byte order marks.
const UTF8_MARK: &[u8] = &[0xEF, 0xBB, 0xBF];
const UTF16: [&[u8]; 2] = [&[0xFE, 0xFF], &[0xFF, 0xFE]];
/// X.690 §8.12.1.
const SET: u8 = 0x31;
/// Bytes of the largest set of signed attributes that is looked for.
const ATTRIBUTES: u64 = 1 << 20;

fn is_attributes(bytes: &[u8], limits: &Limits) -> Result<bool> {
    let mut values = Value::only(bytes, limits.asn1_depth)?.is(Tag::SET)?.values()?;
    while let Some(attribute) = values.next()? {
        let kind = attribute.sequence()?.expect(Tag::OID)?;
        // Others may have identifiers that are too long to be read.
        if kind.content() == oids::MESSAGE_DIGEST.as_bytes() {
            return Ok(true);
        }
    }
    Ok(false)
}
