//! C2SP Wycheproof's vectors for signature verification, when they are at hand.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    number_of_tests: usize,
    test_groups: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    #[serde(rename = "type")]
    kind: String,
    public_key_der: String,
    sha: Option<String>,
    mgf_sha: Option<String>,
    s_len: Option<u32>,
    tests: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    tc_id: u32,
    comment: String,
    msg: String,
    sig: String,
    result: String,
}

/// File, case, expected, actual and why. One that turns out otherwise fails, too.
const DIVERGENCES: [(&str, u32, &str, Verification, &str); 0] = [];

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|n| u8::from_str_radix(&text[2 * n..2 * n + 2], 16).unwrap()).collect()
}

fn digest(name: &str) -> DigestAlgorithm {
    let plain = name.replace("SHA-", "SHA").replace("SHA3-", "SHA3_");
    let named = DigestAlgorithm::ALL.into_iter().find(|it| it.name() == plain);
    named.unwrap_or_else(|| panic!("no digest {name}"))
}

fn algorithm(group: &Group) -> SignatureAlgorithm {
    let sha = || digest(group.sha.as_deref().unwrap());
    match group.kind.as_str() {
        "EddsaVerify" => SignatureAlgorithm::Ed25519,
        "EcdsaVerify" => SignatureAlgorithm::Ecdsa(sha()),
        "EcdsaP1363Verify" => SignatureAlgorithm::PlainEcdsa(sha()),
        "DsaVerify" => SignatureAlgorithm::Dsa(sha()),
        "RsassaPkcs1Verify" => SignatureAlgorithm::RsaPkcs1(sha()),
        "RsassaPssVerify" | "RsassaPssWithParametersVerify" => {
            SignatureAlgorithm::RsaPss(PssParameters {
                digest: sha(),
                mask_digest: digest(group.mgf_sha.as_deref().unwrap()),
                salt_length: group.s_len.unwrap(),
            })
        }
        kind => panic!("no group {kind}"),
    }
}

/// As `verify`, and for all but Ed25519 again without ring: the two must agree.
fn run(group: &Group, case: &Case) -> Verification {
    let (key, message, value) = (hex(&group.public_key_der), hex(&case.msg), hex(&case.sig));
    let algorithm = algorithm(group);
    let found = verify(&key, algorithm, &message, &value).unwrap();
    if algorithm != SignatureAlgorithm::Ed25519 {
        let digest = algorithm.digest().digest(&message);
        let alone = verify_digest(&key, algorithm, &digest, &value).unwrap();
        assert_eq!(alone, found, "with ring and without it disagree: {}", case.comment);
    }
    found
}

#[test]
fn wycheproof() {
    let Some(directory) = crate::samples::corpus("wycheproof") else { return };
    let mut files: Vec<PathBuf> =
        fs::read_dir(directory).unwrap().map(|it| it.unwrap().path()).collect();
    files.retain(|it| it.extension().is_some_and(|it| it == "json"));
    files.sort();
    let mut score: BTreeMap<String, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    let mut total = 0;
    for path in &files {
        let name = path.file_name().unwrap().to_str().unwrap();
        let file: File = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        total += file.number_of_tests;
        for (group, case) in
            file.test_groups.iter().flat_map(|group| group.tests.iter().map(move |it| (group, it)))
        {
            let found = run(group, case);
            *score.entry(format!("{} by them, {found:?} by us", case.result)).or_default() += 1;
            if !expected(name, case).contains(&found) {
                wrong.push(format!("{name} {} ({}): {found:?}", case.tc_id, case.comment));
            }
        }
    }
    println!(
        "wycheproof: {} of {total} agree, {} listed divergences, {} files: {score:#?}",
        total.saturating_sub(DIVERGENCES.len()),
        DIVERGENCES.len(),
        files.len()
    );
    for (file, id, expected, actual, reason) in DIVERGENCES {
        println!("divergence: {file} {id}: {expected} by them, {actual:?} by us: {reason}");
    }
    assert_eq!(score.values().sum::<usize>(), total);
    assert!(wrong.is_empty(), "{} unexpected: {wrong:#?}", wrong.len());
}

fn expected(file: &str, case: &Case) -> Vec<Verification> {
    use Verification::{Invalid, Valid, ValidWithoutNull};
    if let Some(known) = DIVERGENCES.iter().find(|it| (it.0, it.1) == (file, case.tc_id)) {
        return vec![known.3];
    }
    match case.result.as_str() {
        "valid" => vec![Valid],
        "invalid" => vec![Invalid],
        // All five lack the NULL of the DigestInfo.
        "acceptable" => vec![ValidWithoutNull],
        result => panic!("no result {result}"),
    }
}
