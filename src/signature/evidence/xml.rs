//! Evidence records in XML (RFC 6283).
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::borrow::Cow;
use std::cell::Cell;

use super::bounds::Bounds;
use super::record::{
    ArchiveTimeStamp, Chain, EvidenceRecord, Informations, StatedDigest, WrittenChain,
    WrittenRecord,
};
use super::tree::HashTree;
use crate::encoding::xml::{Canonicalization, Document, NodeId};
use crate::error::{Error, Result};
use crate::limits::{Limits, within};
use crate::signature::xmldsig::{Children, attribute, digest_algorithm, octets};

/// The namespace of RFC 6283.
pub(crate) const ERS: &str = "urn:ietf:params:xml:ns:ers";
/// RFC 6283 §3.1.2.
const RFC3161: &str = "RFC3161";

/// Whether text that begins so may be an evidence record: its first tag has that name, and
/// the namespace stands somewhere.
pub(crate) fn is_xml_record(head: &[u8]) -> bool {
    let text = head.strip_prefix(MARK).unwrap_or(head).trim_ascii_start();
    let mut rest = text;
    while let Some(begun) = rest.strip_prefix(b"<") {
        let end: &[u8] = match begun.first() {
            Some(b'?') => b"?>",
            Some(b'!') => b"-->",
            _ => break,
        };
        let Some(at) = begun.windows(end.len()).position(|it| it == end) else { return false };
        rest = begun.get(at.saturating_add(end.len())..).unwrap_or_default().trim_ascii_start();
    }
    let Some(tag) = rest.strip_prefix(b"<") else { return false };
    let name = tag.split(|it| it.is_ascii_whitespace() || *it == b'>' || *it == b'/').next();
    let local = name.and_then(|it| it.rsplit(|it| *it == b':').next());
    let named = rest.windows(ERS.len()).any(|it| it == ERS.as_bytes());
    local == Some(b"EvidenceRecord") && named
}

/// The byte order mark of UTF-8.
const MARK: &[u8] = &[0xEF, 0xBB, 0xBF];

impl<'a> EvidenceRecord<'a> {
    /// Reads a record as RFC 6283 has it: this element, wherever it stands in the document.
    ///
    /// # Errors
    /// `Malformed` when it is none; `Unsupported` for another version, for other time-stamps
    /// than those of RFC 3161, or where the documents were encrypted first; `LimitExceeded`
    /// over one of `limits`.
    pub(crate) fn in_document(
        document: &'a Document<'a>,
        element: NodeId,
        limits: &Limits,
    ) -> Result<Self> {
        let size = document.source(element).len();
        within(size, limits.evidence_record_bytes, "bytes of an evidence record")?;
        let mut bounds = Bounds::new(limits);
        read(document, element, &mut bounds).map_err(|error| error.in_element("EvidenceRecord"))
    }
}

fn read<'a>(
    document: &'a Document<'a>,
    element: NodeId,
    bounds: &mut Bounds<'_>,
) -> Result<EvidenceRecord<'a>> {
    if !document.element(element).is_some_and(|it| it.is(ERS, "EvidenceRecord")) {
        return Err(fail(document, element, "this is no evidence record"));
    }
    let version = attribute(document, element, "Version")?;
    if version != "1.0" {
        return Err(Error::unsupported(format!("evidence records of version {version}")));
    }
    let mut fields = Children::of(document, element)?;
    if fields.optional(ERS, "EncryptionInformation").is_some() {
        return Err(Error::unsupported("evidence records over encrypted documents"));
    }
    fields.optional(ERS, "SupportingInformationList");
    let sequence = fields.required(ERS, "ArchiveTimeStampSequence")?;
    fields.finish()?;
    let (mut values, mut chains) = (Children::of(document, sequence)?, Vec::new());
    while let Some(chain) = values.optional(ERS, "ArchiveTimeStampChain") {
        in_order(document, chain, chains.len())?;
        chains.push(read_chain(document, chain, bounds)?);
    }
    values.finish()?;
    if chains.is_empty() {
        return Err(fail(document, sequence, "an evidence record has no time-stamp"));
    }
    Ok(EvidenceRecord {
        written: WrittenRecord::Xml { document, sequence },
        chains,
        informations: Informations::default(),
        digested: Cell::new(0),
        digested_at_most: bounds.limits.evidence_record_digested_bytes,
    })
}

fn read_chain<'a>(
    document: &'a Document<'a>,
    chain: NodeId,
    bounds: &mut Bounds<'_>,
) -> Result<Chain<'a>> {
    let mut fields = Children::of(document, chain)?;
    let uri = |element| attribute(document, element, "Algorithm");
    let digest = uri(fields.required(ERS, "DigestMethod")?)?;
    let digest = match digest_algorithm(digest) {
        Some(known) => StatedDigest::Known(known),
        None => StatedDigest::Unknown(digest.to_owned()),
    };
    let method = uri(fields.required(ERS, "CanonicalizationMethod")?)?;
    let mut stamps = Vec::new();
    while let Some(stamp) = fields.optional(ERS, "ArchiveTimeStamp") {
        in_order(document, stamp, stamps.len())?;
        bounds.add_stamp()?;
        stamps.push(read_stamp(document, stamp, &digest, bounds)?);
    }
    fields.finish()?;
    if stamps.is_empty() {
        return Err(fail(document, chain, "a chain of an evidence record has no time-stamp"));
    }
    let method = Canonicalization::from_uri(method);
    Ok(Chain { stamps, written: WrittenChain::Xml { element: chain, method } })
}

fn read_stamp<'a>(
    document: &'a Document<'a>,
    stamp: NodeId,
    digest: &StatedDigest,
    bounds: &mut Bounds<'_>,
) -> Result<ArchiveTimeStamp<'a>> {
    let mut fields = Children::of(document, stamp)?;
    let tree = match fields.optional(ERS, "HashTree") {
        Some(tree) => Some(read_tree(document, tree, bounds)?),
        None => None,
    };
    let time_stamp = fields.required(ERS, "TimeStamp")?;
    fields.optional(ERS, "Attributes");
    fields.finish()?;
    let mut fields = Children::of(document, time_stamp)?;
    let token = fields.required(ERS, "TimeStampToken")?;
    let kind = attribute(document, token, "Type")?;
    if kind != RFC3161 {
        return Err(Error::unsupported(format!("time-stamps of the type {kind}")));
    }
    let mut informations = Informations::default();
    if let Some(list) = fields.optional(ERS, "CryptographicInformationList") {
        informations.add_list(document, list, bounds)?;
    }
    fields.finish()?;
    let token = Cow::Owned(octets(document, token)?);
    let (digest, written) = (digest.clone(), Some(time_stamp));
    Ok(ArchiveTimeStamp { digest, tree, token, informations, written })
}

fn read_tree<'a>(
    document: &'a Document<'a>,
    tree: NodeId,
    bounds: &mut Bounds<'_>,
) -> Result<HashTree<'a>> {
    let (mut lists, mut values) = (Vec::new(), Children::of(document, tree)?);
    while let Some(list) = values.optional(ERS, "Sequence") {
        in_order(document, list, lists.len())?;
        let (mut digests, mut within_list) = (Vec::new(), Children::of(document, list)?);
        while let Some(digest) = within_list.optional(ERS, "DigestValue") {
            bounds.add_digest()?;
            digests.push(Cow::Owned(octets(document, digest)?));
        }
        within_list.finish()?;
        lists.push(digests);
    }
    values.finish()?;
    Ok(HashTree::new(lists))
}

impl Informations<'_> {
    /// Certificates and revocation information (RFC 6283 §3.1.3). What else there is, or
    /// broken, helps nobody.
    fn add_list(
        &mut self,
        document: &Document<'_>,
        list: NodeId,
        bounds: &Bounds<'_>,
    ) -> Result<()> {
        let mut values = Children::of(document, list)?;
        while let Some(one) = values.optional(ERS, "CryptographicInformation") {
            let found = self.all().count().saturating_add(1);
            let most = bounds.limits.cms_revocation_infos;
            within(found, most, "informations beside an archive time-stamp")?;
            let kind = document.attribute(one, "Type").unwrap_or_default();
            let Ok(octets) = octets(document, one) else { continue };
            match kind {
                "CERT" => self.certificates.push(octets.into()),
                "CRL" => self.crls.push(octets.into()),
                "OCSP" => self.responses.push(octets.into()),
                _ => {}
            }
        }
        values.finish()
    }
}

/// RFC 6283 §3.1: elements are numbered as they stand, from 1.
fn in_order(document: &Document<'_>, element: NodeId, before: usize) -> Result<()> {
    let order = attribute(document, element, "Order")?.trim().parse::<usize>();
    if order.is_ok_and(|it| it == before.saturating_add(1)) {
        return Ok(());
    }
    Err(fail(document, element, "the parts of an evidence record are not in their order"))
}

fn fail(document: &Document<'_>, element: NodeId, what: &str) -> Error {
    Error::malformed(what).at_offset(document.offset(element))
}
