//! What BoringSSL's libpki says of lists and OCSP answers, by our public API: the leaf
//! under its authority, news of at most seven days. Each divergence stands in
//! `tests/divergences/boringssl-revocation.json` with its reason; one that has gone
//! fails, too.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kyso::{
    AlgorithmConstraints, Certificate, CertificateStatus, Crl, Limits, OcspResponse, Policy,
    TrustAnchor, TrustStore, Validator,
};
use serde_json::Value;
use support::cms::{items, tlv};

const WEEK: u64 = 7 * 86_400;

/// The blocks of a file, by their labels.
fn blocks(text: &str) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for block in text.split("-----BEGIN ").skip(1) {
        let (label, rest) = block.split_once("-----").unwrap();
        let body: String = rest.split("-----END").next().unwrap().split_whitespace().collect();
        all.push((label.to_owned(), STANDARD.decode(body).unwrap()));
    }
    all
}

/// Name and key of a certificate.
fn anchor(der: &[u8]) -> TrustAnchor {
    let fields = items(items(items(der)[0].1)[0].1);
    let at = usize::from(fields[0].0 == 0xa0);
    TrustAnchor::new(&tlv(0x30, fields[at + 4].1), &tlv(0x30, fields[at + 5].1)).unwrap()
}

fn status(folder: &Path, case: &Value) -> String {
    let text = fs::read_to_string(folder.join(case["file"].as_str().unwrap())).unwrap();
    let blocks = blocks(&text);
    let block = |label: &str| blocks.iter().find(|it| it.0 == label).map(|it| it.1.as_slice());
    // The last authority is the anchor, by its name and its key: most lack the basic
    // constraints, which are not what is asked.
    let (authority, above) = (block("CA CERTIFICATE").unwrap(), block("CA CERTIFICATE 2"));
    let mut trust = TrustStore::new();
    trust.add(anchor(above.unwrap_or(authority)));
    let candidates = above.map(|_| Certificate::from_der(authority).unwrap());
    let leaf = Certificate::from_der(block("CERTIFICATE").unwrap()).unwrap();
    let mut policy = Policy::default();
    policy.revocation_max_age = Some(WEEK);
    // Keys of 1024 bits and SHA-1: the age of the suite, which is not what is asked.
    policy.algorithms = AlgorithmConstraints::none();
    let at = case["verify_time"].as_str().unwrap().parse().unwrap();
    let limits = Limits::default();
    let mut validator = Validator::new(trust, policy, at).with_certificates(candidates);
    if let Some(crl) = block("CRL") {
        let Ok(crl) = Crl::from_der(crl.to_vec(), &limits) else { return "unknown".into() };
        validator = validator.with_crls([crl]);
    }
    if let Some(response) = block("OCSP RESPONSE") {
        let Ok(it) = OcspResponse::from_der(response, &limits) else { return "unknown".into() };
        validator = validator.with_ocsp_responses([it]);
    }
    let report = validator.check_certificate(&leaf).unwrap();
    match report.revocation.first().map(|it| it.status) {
        Some(CertificateStatus::Good) => "good".into(),
        Some(CertificateStatus::Revoked) => "revoked".into(),
        Some(_) => "unknown".into(),
        None => format!("not asked: {}", report.reason.unwrap_or_default()),
    }
}

#[test]
fn statuses_agree_or_stand_in_the_list() {
    let Some(folder) = support::samples::corpus("boringssl-pki") else { return };
    let list = fs::read("tests/divergences/boringssl-revocation.json").unwrap();
    let listed: BTreeMap<String, [String; 2]> = serde_json::from_slice(&list).unwrap();
    let mut known = listed.clone();
    let mut wrong = Vec::new();
    for kind in ["crl", "ocsp"] {
        let text = fs::read(folder.join(format!("{kind}-cases.json"))).unwrap();
        let cases: Vec<Value> = serde_json::from_slice(&text).unwrap();
        let mut agree = 0;
        for case in &cases {
            let id = format!("{kind}/{}", case["id"].as_str().unwrap());
            let (expected, said) = (case["expect"].as_str().unwrap(), status(&folder, case));
            agree += usize::from(said == expected);
            match (said == expected, known.remove(&id)) {
                (true, None) => {}
                (false, Some([actual, _])) if actual == said => {}
                (true, Some(_)) => wrong.push(format!("{id}: agrees now, though it is listed")),
                (false, _) => wrong.push(format!("{id}: {expected} by them, {said} by us")),
            }
        }
        println!("boringssl-pki, {kind}: {agree} of {} agree", cases.len());
    }
    wrong.extend(known.keys().map(|id| format!("{id}: listed, but there is no such case")));
    println!("boringssl-pki, revocation: {} listed divergences", listed.len());
    assert!(wrong.is_empty(), "{} diverge:\n{}", wrong.len(), wrong.join("\n"));
}
