//! The evidence records of the EU DSS test suite, by themselves and in the attributes of
//! signatures: what is found and intact, the time-stamps, and the sub-indications that do not
//! depend on trust.
//! Each divergence of those that are sure stands in
//! `tests/divergences/dss-evidence-records.json` with its reason; one that has gone fails,
//! too.
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
    DataObject, Digest, DigestAlgorithm, EvidenceRecordReport, Policy, Report, SignatureReport,
    TrustStore, Validator,
};
use serde_json::{Value, json};

const TRUST_FREE: [&str; 5] = [
    "HASH_FAILURE",
    "SIG_CRYPTO_FAILURE",
    "FORMAT_FAILURE",
    "SIGNED_DATA_NOT_FOUND",
    "NO_SIGNING_CERTIFICATE_FOUND",
];

/// What is said of a record, aspect by aspect.
type Verdict = BTreeMap<&'static str, String>;

fn sorted(mut all: Vec<String>) -> String {
    all.sort();
    all.join(" ")
}

fn trust_free(sub_indication: Option<&str>) -> &str {
    sub_indication.filter(|it| TRUST_FREE.contains(it)).unwrap_or("-")
}

fn verdict(records: Vec<[String; 4]>) -> Verdict {
    let aspects = ["records", "references", "time-stamps", "sub-indications"];
    let column = |n: usize| sorted(records.iter().map(|it| it[n].clone()).collect());
    aspects.into_iter().enumerate().map(|(n, aspect)| (aspect, column(n))).collect()
}

fn reference(found: bool, intact: bool) -> String {
    let found = if found { "found" } else { "missing" };
    format!("{found}-{}", if intact { "intact" } else { "other" })
}

fn expected(record: &Value) -> Verdict {
    let expect = &record["expect"];
    let alone = expect["detached_evidence_records"].as_array().unwrap().iter();
    let signatures = expect["per_signature"].as_array().unwrap().iter();
    let beside = signatures.flat_map(|it| it["evidence_records"].as_array().unwrap());
    let records = expect["evidence_records"].as_array().unwrap().iter();
    let one = |(record, stamps): (&Value, &Value)| {
        let intact = record["all_intact"].as_bool().unwrap();
        [
            record["type"].as_str().unwrap().to_owned(),
            reference(record["all_found"].as_bool().unwrap(), intact),
            stamps["timestamps"].to_string(),
            trust_free(record["subindication"].as_str()).to_owned(),
        ]
    };
    let records = records.filter(|it| is_judged(&record["format"], it));
    verdict(records.zip(alone.chain(beside)).map(one).collect())
}

/// Some stand in files of their own, beside a signature: these are not handed in.
fn is_judged(format: &Value, record: &Value) -> bool {
    format == "ER" || ["SIGNATURE", "CONTAINER"].iter().any(|it| record["origin"] == *it)
}

fn actual(report: &Report) -> Verdict {
    let one = |record: &EvidenceRecordReport| {
        let references = || record.references.iter();
        let intact = references().all(|it| it.intact == Some(true));
        [
            record.kind.name().to_owned(),
            reference(references().all(|it| it.found), intact),
            record.timestamps.len().to_string(),
            trust_free(record.sub_indication).to_owned(),
        ]
    };
    let beside = report.signatures().iter().flat_map(SignatureReport::evidence_records);
    verdict(report.evidence_records().iter().chain(beside).map(one).collect())
}

fn validate(corpus: &Path, record: &Value) -> kyso::Result<Report> {
    let validator = Validator::new(
        TrustStore::new(),
        Policy::default(),
        "2026-11-22T00:00:00Z".parse().unwrap(),
    );
    let bytes = fs::read(corpus.join(record["file"].as_str().unwrap())).unwrap();
    let Some(inputs) = record["inputs"]["detached"].as_array() else {
        return validator.validate(&bytes);
    };
    let octets = |input: &Value| match input["path"].as_str() {
        Some(path) => fs::read(corpus.join(path)).unwrap(),
        None => STANDARD.decode(input["b64"].as_str().unwrap()).unwrap(),
    };
    let contents: Vec<_> = inputs.iter().map(octets).collect();
    if record["format"] == "CAdES" || record["format"] == "XAdES" {
        return validator.validate_detached(&bytes, &contents[0]);
    }
    let objects = inputs.iter().zip(&contents).map(|(input, content)| match &input["kind"] {
        kind if kind == "D" => DataObject::known_by("content", digest(input, content.clone())),
        _ => DataObject::new("content", content),
    });
    validator.validate_evidence_record(&bytes, objects)
}

fn digest(input: &Value, octets: Vec<u8>) -> Digest {
    let algorithm = match input["alg"].as_str().unwrap() {
        "SHA256" => DigestAlgorithm::Sha256,
        "SHA512" => DigestAlgorithm::Sha512,
        other => panic!("a digest by {other}"),
    };
    Digest::new(algorithm, octets).unwrap()
}

/// The file, and what is handed in with it: files are there once for each.
fn id(record: &Value) -> String {
    let file = record["file"].as_str().unwrap();
    let inputs = record["inputs"]["detached"].as_array().into_iter().flatten();
    let named = inputs.map(|it| it["path"].as_str().or(it["b64"].as_str()).unwrap());
    let named: Vec<_> = named.map(|it| it.chars().take(24).collect::<String>()).collect();
    if named.is_empty() { file.to_owned() } else { format!("{file} + {}", named.join(" + ")) }
}

/// Records alone, in signatures or in containers; what is no record, nobody says anything of.
fn is_ours(record: &Value) -> bool {
    let records = record["expect"]["evidence_records"].as_array();
    ["ER", "CAdES", "PAdES", "XAdES", "ASiC"].contains(&record["format"].as_str().unwrap())
        && records.is_some_and(|it| it.iter().any(|it| is_judged(&record["format"], it)))
        && (record["format"] != "ER" || record["inputs"]["detached_evidence_records"].is_null())
}

#[test]
fn verdicts_agree_or_stand_in_the_list() {
    let Some(corpus) = support::samples::corpus("dss") else { return };
    let text = fs::read_to_string(corpus.join("expectations.json")).unwrap();
    let records: Vec<Value> = serde_json::from_str(&text).unwrap();
    let list = fs::read_to_string("tests/divergences/dss-evidence-records.json").unwrap();
    let list: Vec<Value> = serde_json::from_str(&list).unwrap();
    let mut known: BTreeMap<&str, &Value> =
        list.iter().map(|it| (it["id"].as_str().unwrap(), it)).collect();
    assert_eq!(known.len(), list.len(), "each record once");
    let mut score: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let (mut all, mut wrong) = (BTreeMap::<&str, usize>::new(), Vec::new());
    for record in records.iter().filter(|it| is_ours(it)) {
        let confidence = record["confidence"].as_str().unwrap();
        *all.entry(confidence).or_default() += 1;
        let expected = expected(record);
        let actual = match validate(&corpus, record) {
            Ok(report) => actual(&report),
            Err(error) => Verdict::from([("error", format!("{:?}: {error}", error.kind()))]),
        };
        for (aspect, it) in &expected {
            let agrees = usize::from(actual.get(aspect) == Some(it));
            *score.entry((confidence, aspect)).or_default() += agrees;
        }
        *score.entry((confidence, "all")).or_default() += usize::from(expected == actual);
        // With other evidence records beside it, a file is there again.
        let mut id = id(record);
        let times = seen.entry(id.clone()).and_modify(|it| *it += 1).or_insert(1);
        if *times > 1 {
            id = format!("{id} #{times}");
        }
        let listed = known.get(id.as_str()).copied();
        let (said, found) = (text_of(&expected), text_of(&actual));
        if confidence != "high" {
            if expected != actual {
                println!("dss, {confidence}: {id}: {said} | {found}");
            }
            continue;
        }
        known.remove(id.as_str());
        let reason = |it: &Value| !it["reason"].as_str().unwrap_or_default().is_empty();
        match listed {
            None if expected == actual => {}
            Some(_) if expected == actual => {
                wrong.push(format!("{id}: agrees now, though it is listed"));
            }
            Some(it) if it["expected"] == said && it["actual"] == found && reason(it) => {}
            _ => wrong.push(json!({ "id": id, "expected": said, "actual": found }).to_string()),
        }
    }
    wrong.extend(known.keys().map(|id| format!("{id}: listed, but there is no such record")));
    // Of what the expectations are less sure of, each divergence is printed, and not listed.
    for (confidence, agree) in [("medium", 98), ("low", 3)] {
        if score[&(confidence, "all")] != agree {
            wrong.push(format!("{confidence}: not {agree}: {}", score[&(confidence, "all")]));
        }
    }
    for ((confidence, aspect), agree) in score {
        println!("dss evidence records, {confidence}, {aspect}: {agree} of {}", all[confidence]);
    }
    assert!(wrong.is_empty(), "{} diverge:\n{}", wrong.len(), wrong.join("\n"));
}

fn text_of(verdict: &Verdict) -> String {
    verdict.values().cloned().collect::<Vec<_>>().join(", ")
}
