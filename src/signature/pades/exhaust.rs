//! Reads and hashes every signature: what fuzzers and the tests with hostile bytes call.

use super::{digests, parse};
use crate::crypto::DigestAlgorithm;
use crate::limits::Limits;

/// Whether the bytes are a PDF; what its signatures are does not matter.
pub(crate) fn exhaust(bytes: &[u8]) -> bool {
    let Ok(found) = parse(&bytes, &Limits::default()) else { return false };
    let ranges = found.signatures.iter().filter_map(|it| it.byte_range);
    let wanted: Vec<_> = ranges.map(|range| (range, DigestAlgorithm::Sha256)).collect();
    digests(&bytes, &wanted).is_ok_and(|digests| digests.len() == wanted.len())
}
