//! Asks an evidence record for everything that it can be asked for: what fuzzers and the
//! tests with hostile bytes call.

use super::asn1::is_record;
use super::record::{EvidenceRecord, StatedDigest};
use crate::crypto::DigestAlgorithm;
use crate::limits::Limits;

/// Whether the bytes are one; the answers themselves do not matter.
pub(crate) fn exhaust(bytes: &[u8]) -> bool {
    let limits = Limits::default();
    let _ = is_record(bytes);
    let Ok(record) = EvidenceRecord::read(bytes, &limits) else { return false };
    let mut stamps = 0_usize;
    for (n, chain) in record.chains().iter().enumerate() {
        let algorithm = DigestAlgorithm::Sha256;
        if let Ok(sequence) = record.sequence_before(n, algorithm) {
            let _ = EvidenceRecord::with_sequence(&algorithm.digest(bytes), &sequence);
        }
        for stamp in chain.stamps() {
            stamps = stamps.saturating_add(1);
            let algorithm = match stamp.digest() {
                StatedDigest::Known(algorithm) => algorithm,
                StatedDigest::OfImprint | StatedDigest::Unknown(_) => algorithm,
            };
            let _ = stamp.tree().map(|it| (it.root(algorithm), it.first().len()));
            let _ = record.renewed(stamp, algorithm, &limits);
            let _ = stamp.informations().all().count();
        }
    }
    assert_eq!(stamps, record.len());
    let _ = (record.form(), record.informations().all().count());
    true
}
