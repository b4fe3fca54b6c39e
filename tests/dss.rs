//! The EU DSS test suite: number of signatures, `intact`, and the sub-indications that
//! do not depend on trust. Each divergence stands in `tests/divergences/dss.json` with
//! its reason; one that has gone fails, too.
#![allow(
    clippy::unwrap_used,
    clippy::unwrap_in_result,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]
#![allow(missing_docs)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kyso::{
    Digest, DigestAlgorithm, Policy, Report, SignatureReport, TrustStore, UtcTime, Validator,
};
use serde_json::Value;

const TRUST_FREE: [&str; 5] = [
    "HASH_FAILURE",
    "SIG_CRYPTO_FAILURE",
    "FORMAT_FAILURE",
    "SIGNED_DATA_NOT_FOUND",
    "NO_SIGNING_CERTIFICATE_FOUND",
];

/// What a record expects, and what the crate says, in the same words.
#[derive(Debug, PartialEq, Eq)]
struct Verdict {
    signatures: usize,
    intact: bool,
    sub_indications: Vec<String>,
}

fn expected(record: &Value) -> Verdict {
    let mut sub_indications: Vec<String> = record["expect"]["per_signature"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|signature| signature["subindication"].as_str())
        .filter(|sub| TRUST_FREE.contains(sub))
        .map(str::to_owned)
        .collect();
    sub_indications.sort();
    Verdict {
        signatures: usize::try_from(record["expect"]["signatures"].as_u64().unwrap()).unwrap(),
        intact: record["expect"]["intact"].as_bool().unwrap_or(false),
        sub_indications,
    }
}

fn actual(report: &Report) -> Verdict {
    let signatures = report.signatures();
    let mut sub_indications: Vec<String> = signatures
        .iter()
        .filter_map(|signature| signature.conclusion().sub_indication())
        .filter(|sub| TRUST_FREE.contains(sub))
        .map(str::to_owned)
        .collect();
    sub_indications.sort();
    Verdict {
        signatures: signatures.len(),
        intact: !signatures.is_empty() && signatures.iter().all(|it| it.intact() == Some(true)),
        sub_indications,
    }
}

/// Type, imprint and own signature of each time-stamp.
type TimeStamp = (String, Option<bool>, Option<bool>);

fn expected_time_stamps(signature: &Value) -> Vec<TimeStamp> {
    let stamps = signature["timestamps"].as_array().into_iter().flatten();
    let mut all: Vec<_> = stamps
        .map(|it| {
            let text = it["type"].as_str().unwrap().to_owned();
            // What DSS cannot find it calls broken; here nothing is said of it.
            let found = it["imprint_found"] != false;
            let intact = it["imprint_intact"].as_bool().filter(|_| found);
            (text, intact, it["sig_intact"].as_bool())
        })
        .collect();
    all.sort();
    all
}

fn actual_time_stamps(signature: &SignatureReport) -> Vec<TimeStamp> {
    let mut all: Vec<_> = signature
        .timestamps()
        .iter()
        .map(|it| {
            let kind = serde_json::to_value(it.kind).unwrap();
            (kind.as_str().unwrap().to_owned(), it.imprint_intact, it.signature_intact)
        })
        .collect();
    all.sort();
    all
}

fn validate(corpus: &Path, record: &Value) -> kyso::Result<Report> {
    let at: UtcTime = "2026-11-22T00:00:00Z".parse()?;
    let validator = Validator::new(TrustStore::new(), Policy::default(), at);
    let bytes = fs::read(corpus.join(record["file"].as_str().unwrap())).unwrap();
    let Some(input) = record["inputs"]["detached"].as_array().and_then(|it| it.first()) else {
        return validator.validate(&bytes);
    };
    let encoded = || STANDARD.decode(input["b64"].as_str().unwrap()).unwrap();
    match input["kind"].as_str().unwrap() {
        "F" => {
            let content = fs::read(corpus.join(input["path"].as_str().unwrap())).unwrap();
            validator.validate_detached(&bytes, &content)
        }
        "B" => validator.validate_detached(&bytes, &encoded()),
        "D" => {
            assert_eq!(input["alg"], "SHA256");
            let digest = Digest::new(DigestAlgorithm::Sha256, encoded())?;
            validator.validate_digest(&bytes, digest)
        }
        other => panic!("an input of the kind {other}"),
    }
}

/// The file, and what is handed in with it: files are there once for each.
fn id(record: &Value) -> String {
    let file = record["file"].as_str().unwrap();
    match record["inputs"]["detached"].as_array().and_then(|it| it.first()) {
        Some(input) => {
            let named = input["path"].as_str().or(input["b64"].as_str()).unwrap();
            format!("{file} + {}", named.chars().take(60).collect::<String>())
        }
        None => file.to_owned(),
    }
}

#[test]
fn verdicts_agree_or_stand_in_the_list() {
    let Some(corpus) = support::samples::corpus("dss") else { return };
    let text = fs::read_to_string(corpus.join("expectations.json")).unwrap();
    let records: Vec<Value> = serde_json::from_str(&text).unwrap();
    let list = fs::read_to_string("tests/divergences/dss.json").unwrap();
    let list: Vec<Value> = serde_json::from_str(&list).unwrap();
    let mut known: BTreeMap<&str, &Value> =
        list.iter().map(|it| (it["id"].as_str().unwrap(), it)).collect();
    let (mut agree, mut all, mut wrong) = (0, 0, Vec::new());
    let (mut signed, mut stamped) = (0, 0);
    for record in &records {
        let ours = ["PAdES", "CAdES"].contains(&record["format"].as_str().unwrap());
        if !ours || record["confidence"] != "high" {
            continue;
        }
        all += 1;
        let expected = expected(record);
        let said = match validate(&corpus, record) {
            Ok(report) => {
                let signatures = record["expect"]["per_signature"].as_array().unwrap();
                for (one, wanted) in report.signatures().iter().zip(signatures) {
                    signed += 1;
                    let stamps = actual_time_stamps(one) == expected_time_stamps(wanted);
                    stamped += usize::from(stamps);
                }
                format!("{:?}", actual(&report))
            }
            Err(error) => format!("{:?}: {error}", error.kind()),
        };
        let id = id(record);
        let agrees = said == format!("{expected:?}");
        agree += usize::from(agrees);
        match (agrees, known.remove(id.as_str())) {
            (true, None) => {}
            (false, Some(entry)) if entry["actual"] == said.as_str() => {}
            (true, Some(_)) => wrong.push(format!("{id}: agrees now, though it is listed")),
            (false, entry) => wrong.push(format!(
                "{id}: expected {expected:?}, but {said}{}",
                if entry.is_some() { " (listed otherwise)" } else { "" }
            )),
        }
    }
    wrong.extend(known.keys().map(|id| format!("{id}: listed, but there is no such record")));
    println!("EU DSS, time-stamps as listed: those of {stamped} of {signed} signatures agree");
    // All but those of which one side lists another number, none of them CAdES but one: DSS
    // finds no certificate for its time-stamp.
    assert!(stamped >= 224, "time-stamps of {stamped} signatures agree");
    println!("EU DSS, PAdES and CAdES: {agree} of {all} agree, {} listed", list.len());
    assert!(wrong.is_empty(), "{} diverge:\n{}", wrong.len(), wrong.join("\n"));
}
