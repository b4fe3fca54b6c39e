//! BoringSSL's signed data: a key, an algorithm, a message and a value, each as it stands
//! in a certificate.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout)]

use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use super::{SignatureAlgorithm, Verification, verify};
use crate::encoding::asn1::{AlgorithmIdentifier, Value};
use crate::encoding::pem;

/// What we say otherwise, and why.
const DIVERGENCES: [(&str, &str, &str); 7] = [
    ("mldsa-44", "unsupported", ML_DSA),
    ("mldsa-65", "unsupported", ML_DSA),
    ("mldsa-65-spki-params-null", "unsupported", ML_DSA),
    ("mldsa-87-spki-params-null", "unsupported", ML_DSA),
    (
        "rsa-pkcs1-sha256-using-id-ea-rsa",
        "unsupported",
        "The key's algorithm is named by an identifier that is not taken for RSA's here either: \
         indeterminate, not failed.",
    ),
    (
        "rsa-pkcs1-sha256-key-encoded-ber",
        "valid",
        "One length of the key takes an octet more than DER has it. The key is the same, and \
         the signature above it covers it as it stands.",
    ),
    (
        "rsa-pkcs1-sha1-key-params-absent",
        "valid",
        "RFC 3279 wants NULL beside rsaEncryption. Without it the key is the same.",
    ),
];

const ML_DSA: &str = "ML-DSA is not computed: indeterminate, not failed.";

/// `valid`, `invalid`, or `unsupported` where nothing is said.
fn said(folder: &Path, case: &Json) -> &'static str {
    let text = fs::read(folder.join(case["file"].as_str().unwrap())).unwrap();
    let blocks = pem::blocks(&text).unwrap();
    let block = |label| blocks.iter().find(|it| it.label == label).unwrap().bytes.as_ref();
    let read = || {
        let algorithm = AlgorithmIdentifier::read(&Value::only(block("ALGORITHM"), 16)?)?;
        let Some(algorithm) = SignatureAlgorithm::read(&algorithm, None)? else {
            return Ok(Verification::Unsupported);
        };
        let signature = Value::only(block("SIGNATURE"), 4)?;
        verify(block("PUBLIC KEY"), algorithm, block("DATA"), signature.whole_octet_bits()?)
    };
    match read() as crate::error::Result<Verification> {
        Ok(Verification::Valid | Verification::ValidWithoutNull) => "valid",
        Ok(Verification::Unsupported) => "unsupported",
        Ok(Verification::Invalid) | Err(_) => "invalid",
    }
}

#[test]
fn signed_data_agrees() {
    let Some(folder) = crate::samples::corpus("boringssl-pki") else { return };
    let text = fs::read(folder.join("verify_signed_data-cases.json")).unwrap();
    let cases: Vec<Json> = serde_json::from_slice(&text).unwrap();
    let (mut agree, mut wrong) = (0, Vec::new());
    for case in &cases {
        let (id, expected) = (case["id"].as_str().unwrap(), case["expect"].as_str().unwrap());
        let said = said(&folder, case);
        let known = DIVERGENCES.iter().find(|it| it.0 == id).map(|it| it.1);
        agree += usize::from(said == expected);
        if let Some((_, said, reason)) = DIVERGENCES.iter().find(|it| it.0 == id) {
            println!("divergence: {id}: {expected} by them, {said} by us: {reason}");
        }
        if said != known.unwrap_or(expected) {
            wrong.push(format!("{id}: {expected} by them, {said} by us"));
        }
    }
    println!(
        "boringssl-pki, signed data: {agree} of {} agree, {} listed divergences",
        cases.len(),
        DIVERGENCES.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
