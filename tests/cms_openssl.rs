//! OpenSSL's own malformed CMS: each is refused, and the report says why.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::fs;

use kyso::{CheckId, Conclusion, Outcome, Policy, TrustStore, UtcTime, Validator};
use serde_json::Value;

#[test]
fn malformed_attributes_are_refused() {
    let Some(corpus) = support::samples::corpus("cms-openssl") else { return };
    let text = fs::read_to_string(corpus.join("cases.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    let at: UtcTime = "2024-01-01T00:00:00Z".parse().unwrap();
    let mut tried = 0;
    for case in &cases {
        let read = |key: &str| fs::read(corpus.join(case[key].as_str().unwrap())).unwrap();
        let trust = TrustStore::from_bytes(&read("trust_anchor")).unwrap();
        let report = Validator::new(trust, Policy::pilot(), at).validate(&read("file")).unwrap();
        let id = case["id"].as_str().unwrap();
        assert_eq!(report.signatures().len(), 1, "{id}");
        let conclusion = report.conclusion().unwrap();
        assert!(matches!(conclusion, Conclusion::TotalFailed(_)), "{id}: {conclusion}");
        let signature = &report.signatures()[0];
        let failed = |check: CheckId| {
            signature.checks().iter().any(|it| it.id == check && it.outcome == Outcome::Failed)
        };
        let expected = match id {
            "bad_signtime_attr" | "ct_multiple_attr" => CheckId::SignedAttributes,
            "no_ct_attr" => CheckId::ContentType,
            "no_md_attr" => CheckId::MessageDigest,
            other => panic!("{other} is new"),
        };
        assert!(failed(expected), "{id}: {:#?}", signature.checks());
        tried += 1;
    }
    assert_eq!(tried, 4);
}
