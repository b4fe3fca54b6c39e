//! Reads and hashes every signature: what fuzzers and the tests with hostile bytes call.

use super::lock::Restrictions;
use super::seed::Offer;
use super::{digests, parse};
use crate::crypto::DigestAlgorithm;
use crate::encoding::pdf::{Reader, fields};
use crate::error::Result;
use crate::limits::Limits;

/// Whether the bytes are a PDF; what its signatures are does not matter.
pub(crate) fn exhaust(bytes: &[u8]) -> bool {
    let _ = fields_to_sign(bytes);
    let Ok(found) = parse(&bytes, &Limits::default()) else { return false };
    let ranges = found.signatures.iter().filter_map(|it| it.byte_range);
    let wanted: Vec<_> = ranges.map(|range| (range, DigestAlgorithm::Sha256)).collect();
    digests(&bytes, &wanted).is_ok_and(|digests| digests.len() == wanted.len())
}

/// What signing reads: what earlier signatures forbid, and what fields ask for.
fn fields_to_sign(bytes: &[u8]) -> Result<()> {
    const FIELDS: usize = 8;
    let limits = Limits::default();
    let source = &bytes;
    let reader = Reader::open(source, &limits)?;
    let view = reader.newest();
    let fields = fields(view)?;
    let restrictions = Restrictions::of(view, &fields)?;
    let offer = Offer {
        sub_filter: None,
        digest: DigestAlgorithm::Sha256,
        reason: None,
        certification: None,
        lock: None,
        time_stamped: false,
        certificate_chain: &[],
    };
    for field in fields.iter().take(FIELDS) {
        let _ = restrictions.let_in(&field.name);
        let _ = offer.heed(view, &field.name, &field.dictionary);
    }
    Ok(())
}
