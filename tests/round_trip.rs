//! What this crate signs, it accepts: each key, each producer of PDFs, twice signed.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;

use kyso::{
    Conclusion, Policy, Report, SignatureLevel, SoftwareSigner, TrustStore, UtcTime, Validator,
    cades, pades,
};

const AT: &str = "2026-11-22T08:00:00+07:00";
const KEYS: [&str; 6] = ["rsa2048", "rsa3072", "rsa4096", "p256", "p384", "ed25519"];

fn at() -> UtcTime {
    AT.parse().unwrap()
}

fn test_data(name: &str) -> Vec<u8> {
    fs::read(format!("testdata/{name}")).unwrap()
}

fn signer(key: &str) -> SoftwareSigner {
    let (key, certificate) = (format!("keys/{key}.key.pem"), format!("keys/{key}.crt.pem"));
    SoftwareSigner::from_pem(&test_data(&key), &test_data(&certificate)).unwrap()
}

fn validator() -> Validator {
    let trust = TrustStore::from_bytes(&test_data("keys/ca.crt.pem")).unwrap();
    Validator::new(trust, Policy::pilot(), at())
}

#[track_caller]
fn assert_passes(report: &Report, signatures: usize) {
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
    assert_eq!(report.signatures().len(), signatures);
    for signature in report.signatures() {
        assert_eq!(signature.level(), SignatureLevel::BaselineB);
        assert_eq!(signature.claimed_time(), Some(at()));
    }
}

#[test]
fn every_key_signs_files() {
    let content = b"content".to_vec();
    for key in KEYS {
        let signed = cades::SignatureBuilder::new(&content, at()).sign(&signer(key)).unwrap();
        let report = validator().validate_detached(&signed, &content).unwrap();
        assert_passes(&report, 1);
    }
}

/// The leader signs, then the agency seals: both stay good, whoever made the PDF.
#[test]
fn every_producers_pdf_is_signed_twice() {
    let (leader, agency) = (signer("rsa2048"), signer("p256"));
    for entry in fs::read_dir("testdata/pdf").unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if !name.ends_with(".pdf") || name.contains("encrypted") || name.contains("junk") {
            continue;
        }
        let pdf = test_data(&format!("pdf/{name}"));
        let once = pades::SignatureBuilder::new(&pdf, at()).sign(&leader).unwrap();
        assert!(once.starts_with(&pdf), "{name}");
        assert_passes(&validator().validate(&once).unwrap(), 1);
        let twice = pades::SignatureBuilder::new(&once, at()).sign(&agency).unwrap();
        let report = validator().validate(&twice).unwrap();
        assert_passes(&report, 2);
        assert_eq!(report.signatures()[0].later_changes(), Some("SIGNATURES"), "{name}");
    }
}
