//! Everything that the room does with bytes, for fuzzers and for a smoke test.

use super::{Checks, PathFinder, PathRequirements, Search};
use crate::encoding::asn1::Value;
use crate::limits::Limits;
use crate::pki::{Certificate, TrustAnchor, TrustStore};

/// Takes the bytes for certificates side by side: the end entity, candidates, and the
/// anchor last. How many certificates the path has that was found; none found is 0.
pub(crate) fn exhaust(bytes: &[u8]) -> usize {
    let limits = Limits::default();
    let mut certificates = Vec::new();
    let mut rest = bytes;
    while let Ok((value, following)) = Value::first(rest, limits.asn1_depth) {
        certificates.extend(Certificate::from_der_within(value.raw(), &limits).ok());
        rest = following;
    }
    let (Some(end_entity), Some(last)) = (certificates.first(), certificates.last()) else {
        return 0;
    };
    let anchor = TrustAnchor::from_certificate(last.clone());
    let trust: TrustStore = [anchor].into_iter().collect();
    let at = end_entity.not_before();
    let checks = Checks::default();
    let candidates = &certificates;
    let (checks, requirements) = (&checks, &PathRequirements::default());
    let (issuers, limits) = (None, &limits);
    let finder = PathFinder {
        trust: &trust,
        candidates,
        at,
        requirements,
        checks,
        check: None,
        issuers,
        limits,
    };
    match finder.find(end_entity) {
        Ok(Search::Found(path)) => {
            assert_eq!(path.certificates().first(), Some(end_entity), "another path than asked");
            path.certificates().len()
        }
        Ok(Search::NotFound(rejections)) => {
            assert!(!rejections.is_empty(), "a search that failed says why");
            0
        }
        Err(_) => 0,
    }
}
