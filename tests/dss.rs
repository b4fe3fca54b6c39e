//! The EU DSS test suite: number of signatures, `intact`, structural level, time-stamps,
//! and the sub-indications that do not depend on trust. Each divergence stands in
//! `tests/divergences/dss.json`, for XML in `dss-xades.json`, with its reason; one that has gone fails, too.
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

/// What is said of one signature.
struct One {
    /// Structural: a level is what stands in the file, whoever is trusted.
    level: String,
    sub_indication: Option<String>,
    /// Type, imprint and own signature of each time-stamp.
    time_stamps: Vec<(String, Option<bool>, Option<bool>)>,
}

fn verdict(intact: bool, signatures: Vec<One>) -> Verdict {
    let sorted = |mut all: Vec<String>| {
        all.sort();
        all.join(" ")
    };
    let levels = signatures.iter().map(|it| it.level.clone()).collect();
    let sub_indications = signatures.iter().filter_map(|it| it.sub_indication.clone());
    let sub_indications = sub_indications.filter(|it| TRUST_FREE.contains(&it.as_str())).collect();
    let time_stamps = signatures.iter().map(|it| {
        let all = it.time_stamps.iter().map(|(kind, imprint, signature)| {
            let word = |it: &Option<bool>| it.map_or("unknown", |it| if it { "ok" } else { "bad" });
            format!("{kind}({} {})", word(imprint), word(signature))
        });
        format!("[{}]", sorted(all.collect()))
    });
    Verdict::from([
        ("signatures", signatures.len().to_string()),
        ("intact", intact.to_string()),
        ("levels", sorted(levels)),
        ("sub-indications", sorted(sub_indications)),
        ("time-stamps", sorted(time_stamps.collect())),
    ])
}

fn expected(record: &Value) -> Verdict {
    let one = |signature: &Value| One {
        level: level(signature["level_trusting_embedded_roots"].as_str().unwrap_or("-NOT_ETSI")),
        sub_indication: signature["subindication"].as_str().map(str::to_owned),
        time_stamps: signature["timestamps"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|it| {
                // One kind, under the name that it has in CMS, too.
                let kind = it["type"].as_str().unwrap().replace("_REFSONLY_", "_REFS_");
                // What it is over is not at hand: neither right nor wrong.
                let found = it["imprint_found"] != false;
                let imprint = it["imprint_intact"].as_bool().filter(|_| found);
                (kind, imprint, it["sig_intact"].as_bool())
            })
            .collect(),
    };
    let signatures: Vec<_> =
        record["expect"]["per_signature"].as_array().unwrap().iter().map(one).collect();
    assert_eq!(record["expect"]["signatures"].as_u64(), u64::try_from(signatures.len()).ok());
    verdict(record["expect"]["intact"].as_bool().unwrap_or(false), signatures)
}

/// The level without the form, as reports write it. DSS has names of its own for the
/// signatures of ISO 32000-1, which ETSI has none for.
fn level(theirs: &str) -> String {
    match theirs.split_once('-').unwrap() {
        (_, "NOT-ETSI") | ("PKCS7", _) => "NOT_ETSI".to_owned(),
        (_, level) => level.to_owned(),
    }
}

fn actual(report: &Report) -> Verdict {
    let one = |signature: &SignatureReport| One {
        level: serde_json::to_value(signature.level()).unwrap().as_str().unwrap().to_owned(),
        sub_indication: signature.conclusion().sub_indication().map(str::to_owned),
        time_stamps: signature
            .timestamps()
            .iter()
            .map(|it| {
                let kind = serde_json::to_value(it.kind).unwrap();
                (kind.as_str().unwrap().to_owned(), it.imprint_intact, it.signature_intact)
            })
            .collect(),
    };
    let signatures = report.signatures();
    let intact = !signatures.is_empty() && signatures.iter().all(|it| it.intact() == Some(true));
    verdict(intact, signatures.iter().map(one).collect())
}

/// The aspects that differ, as the list writes them: expected and actual.
fn difference(expected: &Verdict, actual: &Verdict) -> Option<(String, String)> {
    let wrong = || expected.keys().filter(|it| expected.get(*it) != actual.get(*it));
    let said = |verdict: &Verdict| {
        let error = verdict.get("error").map(|it| format!("error: {it}"));
        let aspects = wrong().filter_map(|it| Some(format!("{it}: {}", verdict.get(it)?)));
        error.into_iter().chain(aspects).collect::<Vec<_>>().join(", ")
    };
    wrong().next().map(|_| (said(expected), said(actual)))
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
            let algorithm = match input["alg"].as_str().unwrap() {
                "SHA256" => DigestAlgorithm::Sha256,
                "SHA512" => DigestAlgorithm::Sha512,
                other => panic!("a digest by {other}"),
            };
            let digest = Digest::new(algorithm, encoded())?;
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
    agree("dss", &["PAdES", "CAdES"]);
}

#[test]
fn verdicts_on_containers_agree_or_stand_in_the_list() {
    agree("dss-asic", &["ASiC"]);
}

#[test]
fn verdicts_on_xml_agree_or_stand_in_the_list() {
    agree("dss-xades", &["XAdES"]);
}

fn agree(name: &str, formats: &[&str]) {
    let Some(corpus) = support::samples::corpus("dss") else { return };
    let text = fs::read_to_string(corpus.join("expectations.json")).unwrap();
    let records: Vec<Value> = serde_json::from_str(&text).unwrap();
    let list = fs::read_to_string(format!("tests/divergences/{name}.json")).unwrap();
    let list: Vec<Value> = serde_json::from_str(&list).unwrap();
    let mut known: BTreeMap<&str, &Value> =
        list.iter().map(|it| (it["id"].as_str().unwrap(), it)).collect();
    assert_eq!(known.len(), list.len(), "each record once");
    let mut score: BTreeMap<&str, usize> = BTreeMap::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let (mut agree, mut all, mut wrong) = (0, 0, Vec::new());
    for record in &records {
        let format = record["format"].as_str().unwrap();
        if !formats.contains(&format) || record["confidence"] != "high" {
            continue;
        }
        all += 1;
        let expected = expected(record);
        let actual = match validate(&corpus, record) {
            Ok(report) => actual(&report),
            Err(error) => Verdict::from([("error", format!("{:?}: {error}", error.kind()))]),
        };
        for (aspect, it) in &expected {
            *score.entry(aspect).or_default() += usize::from(actual.get(aspect) == Some(it));
        }
        let difference = difference(&expected, &actual);
        agree += usize::from(difference.is_none());
        // With other evidence records beside it, a file is there again.
        let mut id = id(record);
        let times = seen.entry(id.clone()).and_modify(|it| *it += 1).or_insert(1);
        if *times > 1 {
            id = format!("{id} #{times}");
        }
        match (difference, known.remove(id.as_str())) {
            (None, None) => {}
            (Some((expected, actual)), Some(entry))
                if entry["expected"] == expected.as_str()
                    && entry["actual"] == actual.as_str()
                    && !entry["reason"].as_str().unwrap_or_default().is_empty() => {}
            (None, Some(_)) => wrong.push(format!("{id}: agrees now, though it is listed")),
            (Some((expected, actual)), _) => {
                wrong.push(json!({ "id": id, "expected": expected, "actual": actual }).to_string())
            }
        }
    }
    wrong.extend(known.keys().map(|id| format!("{id}: listed, but there is no such record")));
    for (aspect, agree) in score {
        println!("{name}, {aspect}: {agree} of {all} agree");
    }
    println!("{name}: {agree} of {all} agree, {} listed divergences", list.len());
    assert!(wrong.is_empty(), "{} diverge:\n{}", wrong.len(), wrong.join("\n"));
}
