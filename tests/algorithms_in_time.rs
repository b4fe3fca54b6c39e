//! Algorithms past their day: a time-stamp from before it saves what it is over, and what
//! the signer claims saves nothing.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod support;

use kyso::{Acceptable, DigestAlgorithm, Policy, Report, UtcTime, Validator, cades};
use support::pki::{CONTENT, NOW, Pki};

/// After [`NOW`], when the time-stamps are made.
const END: &str = "2026-07-01T00:00:00Z";
const LATER: &str = "2026-08-01T00:00:00Z";

fn at(text: &str) -> UtcTime {
    text.parse().unwrap()
}

fn table(sha256: Acceptable) -> Vec<(DigestAlgorithm, Acceptable)> {
    vec![(DigestAlgorithm::Sha256, sha256)]
}

fn signed(pki: &Pki, level: Option<&cades::Level<'_>>) -> Vec<u8> {
    let builder = cades::SignatureBuilder::new(CONTENT, at(NOW));
    match level {
        Some(level) => builder.level(level).sign(&pki.signer()).unwrap(),
        None => builder.sign(&pki.signer()).unwrap(),
    }
}

/// Signers may use SHA-256 until [`END`], authorities as long as said.
fn judge(pki: &Pki, authorities: Acceptable, signature: &[u8]) -> Report {
    let mut policy = Policy::pilot();
    policy.algorithms.digests = table(Acceptable::Until(at(END))).into_iter().collect();
    policy.algorithms.authority_digests = Some(table(authorities).into_iter().collect());
    let validator = Validator::new(pki.trust(), policy, at(LATER));
    validator.validate_detached(signature, CONTENT).unwrap()
}

fn conclusion(report: &Report) -> String {
    report.conclusion().unwrap().to_string()
}

const NO_POE: &str = "INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE_NO_POE";

#[test]
fn a_claimed_time_saves_nothing() {
    let pki = Pki::new();
    let report = judge(&pki, Acceptable::Always, &signed(&pki, None));
    assert_eq!(report.signatures()[0].claimed_time(), Some(at(NOW)));
    assert_eq!(conclusion(&report), NO_POE);
}

#[test]
fn a_time_stamp_from_before_saves_what_it_is_over() {
    let pki = Pki::new();
    let tsa = pki.tsa();
    let stamped = signed(&pki, Some(&cades::Level::T(&tsa)));
    for (authorities, expected) in [
        (Acceptable::Always, "TOTAL_PASSED"),
        (Acceptable::Discouraged, "TOTAL_PASSED"),
        (Acceptable::Until(at(LATER)), "TOTAL_PASSED"),
        // The token itself is past its day, and nothing proves that it is older.
        (Acceptable::Until(at(END)), NO_POE),
    ] {
        let report = judge(&pki, authorities, &stamped);
        assert_eq!(conclusion(&report), expected, "{report}");
    }
}
