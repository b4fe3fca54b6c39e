//! What the references of an XML signature cover is what was digested, and nothing that only
//! stands where they lead.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

#[path = "support/raw_key.rs"]
#[allow(dead_code)] // it makes values of other forms, too
mod raw_key;
mod support;
#[path = "support/xml.rs"]
mod xml;

use kyso::{CheckId, Conclusion, Policy, Report, SignatureLevel, TrustStore, UtcTime, Validator};
use xml::{
    EXCLUSIVE, OF_PROPERTIES, key_info, properties, qualifying, reference, signature,
    to_properties, xpath,
};

const TIME: &str = "2026-06-01T00:00:00Z";
const BODY: &str = "<b Id=\"b\"><c>15/CV</c><d>100</d></b>";

fn now() -> UtcTime {
    TIME.parse().unwrap()
}

fn validator() -> Validator {
    let trust = std::fs::read("testdata/keys/ca.crt.pem").unwrap();
    Validator::new(TrustStore::from_bytes(&trust).unwrap(), Policy::pilot(), now())
}

fn judge(document: &str) -> Report {
    validator().validate(document.as_bytes()).unwrap()
}

/// In a document beside the body.
fn beside(signature: &str) -> String {
    format!("<r>{BODY}{signature}</r>")
}

fn to_body() -> String {
    reference("URI=\"#b\"", &[EXCLUSIVE], BODY.as_bytes())
}

fn says(report: &Report, id: CheckId, words: &str) -> bool {
    let checks = report.signatures()[0].checks();
    checks.iter().any(|it| it.id == id && it.message_en.contains(words))
}

#[track_caller]
fn assert_no_pass(report: &Report) {
    assert_ne!(report.signatures()[0].conclusion(), Conclusion::TotalPassed, "{report}");
}

#[test]
fn what_is_put_together_by_hand_passes() {
    let said = properties(TIME, "");
    let signed = signature(&[to_body(), to_properties(&said)], &(key_info() + &qualifying(&said)));
    let report = judge(&beside(&signed));
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
    assert_eq!(report.signatures()[0].level(), SignatureLevel::BaselineB);
    assert_eq!(report.signatures()[0].claimed_time(), Some(now()));
}

/// After a canonical form all is read anew: what is left out then was never signed.
#[test]
fn properties_that_are_thinned_after_their_canonical_form_are_not_signed() {
    let (said, other) = (properties(TIME, ""), properties("2020-01-01T00:00:00Z", ""));
    let left = said.replace(&format!("<xades:SigningTime>{TIME}</xades:SigningTime>"), "");
    assert_ne!(left, said);
    let without = xpath("not(ancestor-or-self::*[local-name()='SigningTime'])");
    let attributes = format!("Type=\"{OF_PROPERTIES}\" URI=\"#sp\"");
    let thinned = reference(&attributes, &[EXCLUSIVE, &without], left.as_bytes());
    for stands in [&said, &other] {
        let rest = key_info() + &qualifying(stands);
        let report = judge(&beside(&signature(&[to_body(), thinned.clone()], &rest)));
        assert_no_pass(&report);
        let one = &report.signatures()[0];
        assert_eq!((one.claimed_time(), one.level()), (None, SignatureLevel::NotEtsi), "{report}");
    }
    // The same canonical form twice leaves nothing out.
    let twice = reference(&attributes, &[EXCLUSIVE, EXCLUSIVE], said.as_bytes());
    let rest = key_info() + &qualifying(&said);
    let report = judge(&beside(&signature(&[to_body(), twice], &rest)));
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
}
