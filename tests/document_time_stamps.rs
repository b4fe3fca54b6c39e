//! Time-stamps over a PDF that nobody signed (EN 319 142-1 §5.4.3).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, unreachable_pub)]
#![allow(clippy::arithmetic_side_effects)]

mod support;

use kyso::tsp::TimeStampAuthority;
use kyso::{Conclusion, DigestAlgorithm, Policy, Report, TimeStampType, TrustStore, Validator};
use support::pdf::Pdf;
use support::pki::{NOW, Pki};

const TIME_STAMP: &str = "/Filter/Adobe.PPKLite/SubFilter/ETSI.RFC3161";

fn stamped(pki: &Pki) -> Vec<u8> {
    Pdf { dictionary: TIME_STAMP, ..Pdf::default() }.signed(|covered| {
        let digest = DigestAlgorithm::Sha256.digest(covered);
        pki.tsa().time_stamp(&digest).unwrap().der().to_vec()
    })
}

fn judge(trust: TrustStore, file: &[u8]) -> Report {
    Validator::new(trust, Policy::pilot(), NOW.parse().unwrap()).validate(file).unwrap()
}

#[test]
fn they_are_reported_though_nothing_is_signed() {
    let pki = Pki::new();
    let report = judge(pki.trust(), &stamped(&pki));
    assert_eq!((report.conclusion(), report.signatures().len()), (None, 0));
    let [stamp] = report.document_timestamps() else { panic!("{report}") };
    assert_eq!(stamp.kind, TimeStampType::DocumentTimestamp);
    assert_eq!(stamp.time.unwrap().to_string(), NOW);
    assert_eq!((stamp.imprint_intact, stamp.signature_intact), (Some(true), Some(true)));
    assert_eq!(stamp.conclusion, Conclusion::TotalPassed, "{report}");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["timestamps"][0]["conclusion"], "TOTAL_PASSED");
}

#[test]
fn one_over_other_bytes_or_by_a_stranger_proves_nothing() {
    let pki = Pki::new();
    let file = stamped(&pki);
    let stranger = judge(Pki::new().trust(), &file);
    assert_ne!(stranger.document_timestamps()[0].conclusion, Conclusion::TotalPassed);
    let mut changed = file;
    let at = changed.windows(9).position(|it| it == b"/MediaBox").unwrap();
    changed[at + 12] ^= 1;
    let report = judge(pki.trust(), &changed);
    let stamp = &report.document_timestamps()[0];
    assert_eq!(stamp.imprint_intact, Some(false));
    assert_eq!(stamp.conclusion.to_string(), "TOTAL_FAILED/HASH_FAILURE");
}
