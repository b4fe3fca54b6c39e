//! The exploits of pdf-insecurity.org: none passes, though the signer's top is trusted
//! and the policy asks for no revocation data.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod support;

use std::fs;

use kyso::{Certificate, Conclusion, Policy, TrustStore, UtcTime, Validator};
use serde_json::Value;

#[test]
fn no_exploit_passes() {
    let Some(corpus) = support::samples::corpus("pdf-attacks") else { return };
    let text = fs::read_to_string(corpus.join("cases.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(cases.len(), 11);
    for case in &cases {
        let id = case["id"].as_str().unwrap();
        let file = fs::read(corpus.join(case["file"].as_str().unwrap())).unwrap();
        let trust: TrustStore = support::certificates_in_hex(&file).into_iter().collect();
        // Within the signers' time, so that nothing but the attack stands against them.
        // Where the attack took the certificates away, any time will do.
        let certificates = trust.anchors().iter().filter_map(|it| it.certificate());
        let mut times: Vec<UtcTime> = certificates.map(middle).collect();
        times.push("2020-01-01T00:00:00Z".parse().unwrap());
        for at in times {
            let validator = Validator::new(trust.clone(), Policy::pilot(), at);
            match validator.validate(&file) {
                Ok(report) => {
                    assert_ne!(
                        report.conclusion(),
                        Some(Conclusion::TotalPassed),
                        "{id}: {report}"
                    );
                    for signature in report.signatures() {
                        assert_ne!(signature.conclusion(), Conclusion::TotalPassed, "{id}");
                        println!("{id}: {}", signature.conclusion());
                    }
                }
                Err(error) => println!("{id}: {error}"),
            }
        }
    }
}

fn middle(certificate: &Certificate) -> UtcTime {
    let (from, to) = (certificate.not_before().unix(), certificate.not_after().unix());
    UtcTime::from_unix(from + (to - from) / 2).unwrap()
}
