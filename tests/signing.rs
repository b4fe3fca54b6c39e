//! What signing refuses, and only does when it is told to by name.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::Path;

use kyso::{ErrorKind, SigningOverride, SoftwareSigner, UtcTime, cades, pades};

fn test_data(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)).unwrap()
}

fn signer(certificate: &str) -> SoftwareSigner {
    let certificate = test_data(&format!("keys/{certificate}.crt.pem"));
    SoftwareSigner::from_pem(&test_data("keys/p256.key.pem"), &certificate).unwrap()
}

#[test]
fn unfit_certificates_sign_by_name_alone() {
    let (pdf, file) = (test_data("pdf/cairo.pdf"), b"a file".to_vec());
    let at: UtcTime = "2026-11-22T08:00:00+07:00".parse().unwrap();
    for (certificate, by_name) in [
        ("expired", SigningOverride::ExpiredCertificate),
        ("future", SigningOverride::NotYetValidCertificate),
        ("encipherment", SigningOverride::KeyUsage),
    ] {
        let signer = signer(certificate);
        let pades = || pades::SignatureBuilder::new(&pdf, at);
        let cades = || cades::SignatureBuilder::new(&file, at);
        for refused in [pades().sign(&signer), cades().sign(&signer)] {
            assert_eq!(refused.unwrap_err().kind(), ErrorKind::Signer, "{certificate}");
        }
        let other = match by_name {
            SigningOverride::KeyUsage => SigningOverride::ExpiredCertificate,
            _ => SigningOverride::KeyUsage,
        };
        assert!(pades().allow(other).sign(&signer).is_err(), "{certificate}: {other:?}");
        pades().allow(by_name).sign(&signer).unwrap();
        cades().allow(by_name).sign(&signer).unwrap();
    }
}

#[test]
fn a_certificate_without_key_usage_restricts_nothing() {
    let at: UtcTime = "2026-11-22T08:00:00+07:00".parse().unwrap();
    let pdf = test_data("pdf/cairo.pdf");
    pades::SignatureBuilder::new(&pdf, at).sign(&signer("plain")).unwrap();
}
