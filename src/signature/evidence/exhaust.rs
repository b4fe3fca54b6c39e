//! Asks an evidence record for everything that it can be asked for: what fuzzers and the
//! tests with hostile bytes call.

use super::asn1::is_record;
use super::record::{EvidenceRecord, StatedDigest};
use super::xml::is_xml_record;
use crate::crypto::DigestAlgorithm;
use crate::encoding::xml::{Document, decode};
use crate::limits::Limits;

/// Whether the bytes are one; the answers themselves do not matter.
pub(crate) fn exhaust(bytes: &[u8]) -> bool {
    let limits = Limits::default();
    let _ = (is_record(bytes), is_xml_record(bytes));
    if let Ok(record) = EvidenceRecord::read(bytes, &limits) {
        ask(&record, bytes, &limits);
        return true;
    }
    let Ok((text, mark)) = decode(bytes) else { return false };
    let Ok(document) = Document::parse(&text, mark, &limits) else { return false };
    let element = document.root_element();
    let record = EvidenceRecord::in_document(&document, element, &limits);
    record.is_ok_and(|record| {
        ask(&record, bytes, &limits);
        true
    })
}

fn ask(record: &EvidenceRecord<'_>, bytes: &[u8], limits: &Limits) {
    let mut stamps = 0_usize;
    for (n, chain) in record.chains().iter().enumerate() {
        let algorithm = DigestAlgorithm::Sha256;
        for sequence in record.sequence_before(n, algorithm).ok().flatten().unwrap_or_default() {
            let _ = record.renewed_leaf(&algorithm.digest(bytes), &sequence);
        }
        for stamp in chain.stamps() {
            stamps = stamps.saturating_add(1);
            let algorithm = match stamp.digest() {
                StatedDigest::Known(algorithm) => *algorithm,
                StatedDigest::OfImprint | StatedDigest::Unknown(_) => algorithm,
            };
            let _ = stamp.tree().map(|it| (it.root(algorithm), it.first().len()));
            let _ = record.renewed(chain, stamp, algorithm, limits);
            let _ = stamp.informations().all().count();
        }
    }
    assert_eq!(stamps, record.len());
    let _ = (record.form(), record.informations().all().count());
}
