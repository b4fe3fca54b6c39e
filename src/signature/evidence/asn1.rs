//! Evidence records in ASN.1 (RFC 4998 Appendix B), BER or DER.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::borrow::Cow;
use std::cell::Cell;

use der::asn1::ObjectIdentifier;

use super::bounds::Bounds;
use super::record::{
    ArchiveTimeStamp, Chain, EvidenceRecord, Informations, StatedDigest, WrittenChain,
    WrittenRecord,
};
use super::tree::HashTree;
use crate::crypto::DigestAlgorithm;
use crate::encoding::asn1::{AlgorithmIdentifier, Tag, Value};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{Limits, within};
use crate::signature::cms::oids::{CERTIFICATE_VALUES, REVOCATION_VALUES};

/// Whether bytes that begin so may be an evidence record: a SEQUENCE with the number of its
/// version, and then the SEQUENCE of its digests, which begins with one, or `[0]` and on.
pub(crate) fn is_record(head: &[u8]) -> bool {
    let Some(within) = content_of(head, SEQUENCE) else { return false };
    let Some(rest) = within.strip_prefix(VERSION) else { return false };
    let Some(digests) = content_of(rest, SEQUENCE) else { return false };
    content_of(digests, SEQUENCE).is_some_and(|it| it.first() == Some(&OID))
}

/// What follows tag and length.
fn content_of(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    let (first, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first()?;
    let more = if *length > 0x80 { usize::from(*length & 0x7f) } else { 0 };
    rest.get(more..).filter(|_| *first == tag)
}

const SEQUENCE: u8 = 0x30;
const OID: u8 = 0x06;
/// `INTEGER 1`.
const VERSION: &[u8] = &[2, 1, 1];

impl<'a> EvidenceRecord<'a> {
    /// Reads a record as RFC 4998 has it.
    ///
    /// # Errors
    /// `Malformed` when it is none; `Unsupported` for another version, or where the
    /// documents were encrypted first; `LimitExceeded` over one of `limits`.
    pub(crate) fn read(bytes: &'a [u8], limits: &Limits) -> Result<Self> {
        within(bytes.len(), limits.evidence_record_bytes, "bytes of an evidence record")?;
        let value = Value::only(bytes, limits.asn1_depth)?;
        read(&value, limits).map_err(|error| error.in_element("EvidenceRecord"))
    }
}

fn read<'a>(value: &Value<'a>, limits: &Limits) -> Result<EvidenceRecord<'a>> {
    let mut fields = value.sequence()?;
    let version = fields.expect(Tag::INTEGER)?.small_integer()?;
    if version != 1 {
        return Err(Error::unsupported(format!("evidence records of version {version}")));
    }
    // Each time-stamp names its own digest.
    fields.expect(Tag::SEQUENCE)?;
    let mut informations = Informations::default();
    if let Some(infos) = fields.optional(Tag::context(0))? {
        informations.add_all(&infos, limits)?;
    }
    if fields.optional(Tag::context(1))?.is_some() {
        return Err(Error::unsupported("evidence records over encrypted documents"));
    }
    let mut sequence = fields.expect(Tag::SEQUENCE)?.values()?;
    fields.finish()?;
    let mut bounds = Bounds::new(limits);
    let mut chains = Vec::new();
    while let Some(chain) = sequence.next()? {
        chains.push(read_chain(&chain, &mut bounds)?);
    }
    if chains.is_empty() {
        return Err(Error::malformed("an evidence record has no time-stamp"));
    }
    Ok(EvidenceRecord {
        written: WrittenRecord::Asn1,
        chains,
        informations,
        digested: Cell::new(0),
        digested_at_most: limits.evidence_record_digested_bytes,
    })
}

fn read_chain<'a>(value: &Value<'a>, bounds: &mut Bounds<'_>) -> Result<Chain<'a>> {
    let (mut stamps, mut values) = (Vec::new(), value.sequence()?);
    while let Some(stamp) = values.next()? {
        bounds.add_stamp()?;
        let read = read_stamp(&stamp, bounds);
        stamps.push(read.map_err(|error| error.in_element("ArchiveTimeStamp"))?);
    }
    if stamps.is_empty() {
        return Err(Error::malformed("a chain of an evidence record has no time-stamp")
            .at_offset(value.offset()));
    }
    Ok(Chain { stamps, written: WrittenChain::Asn1(value.raw()) })
}

fn read_stamp<'a>(value: &Value<'a>, bounds: &mut Bounds<'_>) -> Result<ArchiveTimeStamp<'a>> {
    let mut fields = value.sequence()?;
    let digest = match fields.optional(Tag::context(0))? {
        Some(stated) => stated_digest(&stated)?,
        None => StatedDigest::OfImprint,
    };
    let mut informations = Informations::default();
    if let Some(attributes) = fields.optional(Tag::context(1))? {
        informations.add_all(&attributes, bounds.limits)?;
    }
    let tree = match fields.optional(Tag::context(2))? {
        Some(tree) => Some(read_tree(&tree, bounds)?),
        None => None,
    };
    let token = Cow::Borrowed(fields.expect(Tag::SEQUENCE)?.raw());
    fields.finish()?;
    Ok(ArchiveTimeStamp { digest, tree, token, informations, written: None })
}

fn stated_digest(value: &Value<'_>) -> Result<StatedDigest> {
    let oid = AlgorithmIdentifier::read_as(value, Tag::context(0))?.algorithm;
    Ok(match DigestAlgorithm::from_oid(oid) {
        Some(known) => StatedDigest::Known(known),
        None => StatedDigest::Unknown(oid.to_string()),
    })
}

fn read_tree<'a>(value: &Value<'a>, bounds: &mut Bounds<'_>) -> Result<HashTree<'a>> {
    let (mut lists, mut values) = (Vec::new(), value.values()?);
    while let Some(list) = values.next()? {
        let (mut digests, mut within_list) = (Vec::new(), list.sequence()?);
        while let Some(digest) = within_list.next()? {
            bounds.add_digest()?;
            digests.push(digest.is(Tag::OCTET_STRING)?.octets()?);
        }
        lists.push(digests);
    }
    Ok(HashTree::new(lists))
}

impl<'a> Informations<'a> {
    /// Certificates and revocation information in a list of attributes, as signatures have
    /// them (EN 319 122-1 Annex A.1.1.2 and A.1.2.2). What is neither, or broken, helps nobody.
    fn add_all(&mut self, attributes: &Value<'a>, limits: &Limits) -> Result<()> {
        let (mut values, mut count) = (attributes.values()?, 0_usize);
        while let Some(attribute) = values.next()? {
            count = count.saturating_add(1);
            within(count, limits.cms_attributes, "attributes of an evidence record")?;
            match self.add(&attribute) {
                Err(error) if error.kind() == ErrorKind::LimitExceeded => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        let found = self.all().count();
        within(found, limits.cms_revocation_infos, "informations beside an archive time-stamp")
    }

    fn add(&mut self, attribute: &Value<'a>) -> Result<()> {
        let mut fields = attribute.sequence()?;
        let kind: ObjectIdentifier = fields.expect(Tag::OID)?.oid()?;
        let mut values = fields.expect(Tag::SET)?.values()?;
        while let Some(value) = values.next()? {
            match kind {
                CERTIFICATE_VALUES => push_all(&value, &mut self.certificates)?,
                REVOCATION_VALUES => {
                    let mut fields = value.sequence()?;
                    if let Some(crls) = fields.optional(Tag::context(0))? {
                        push_all(&crls.explicit()?, &mut self.crls)?;
                    }
                    if let Some(responses) = fields.optional(Tag::context(1))? {
                        push_all(&responses.explicit()?, &mut self.responses)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn push_all<'a>(list: &Value<'a>, found: &mut Vec<Cow<'a, [u8]>>) -> Result<()> {
    let mut values = list.sequence()?;
    while let Some(value) = values.next()? {
        found.push(Cow::Borrowed(value.raw()));
    }
    Ok(())
}
