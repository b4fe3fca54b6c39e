//! The XAdES documents that signxml is tested with: which of them verify by the first
//! certificate that they hold, whoever issued it. Each divergence stands in
//! `tests/divergences/xades-signxml.json` with its reason; one that has gone fails, too.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout)]
#![allow(missing_docs)]

mod support;

use std::collections::BTreeMap;
use std::fs;

use kyso::{CheckId, Outcome, Policy, Report, TrustStore, UtcTime, Validator};
use serde_json::Value;

/// What signxml asks: references, value, and that the signed digest is the certificate's.
fn verdict(report: &Report) -> &'static str {
    let Some(first) = report.signatures().first() else { return "invalid" };
    let named = first
        .checks()
        .iter()
        .any(|it| it.id == CheckId::SigningCertificateReference && it.outcome == Outcome::Ok);
    if first.intact() == Some(true) && named { "valid" } else { "invalid" }
}

#[test]
fn verdicts_agree_or_stand_in_the_list() {
    let Some(corpus) = support::samples::corpus("xades-signxml") else { return };
    let read = |path| -> Vec<Value> { serde_json::from_slice(&fs::read(path).unwrap()).unwrap() };
    let cases = read(corpus.join("cases.json"));
    let list = read("tests/divergences/xades-signxml.json".into());
    let mut known: BTreeMap<&str, &Value> =
        list.iter().map(|it| (it["id"].as_str().unwrap(), it)).collect();
    let at: UtcTime = "2026-11-22T00:00:00Z".parse().unwrap();
    let validator = Validator::new(TrustStore::new(), Policy::default(), at);
    let (mut agree, mut wrong) = (0, Vec::new());
    for case in &cases {
        let id = case["id"].as_str().unwrap();
        let bytes = fs::read(corpus.join(case["file"].as_str().unwrap())).unwrap();
        let actual = match validator.validate(&bytes) {
            Ok(report) => verdict(&report).to_owned(),
            Err(error) => format!("{:?}", error.kind()),
        };
        let expected = case["expect"].as_str().unwrap();
        agree += usize::from(actual == expected);
        match known.remove(id) {
            None if actual == expected => {}
            Some(entry)
                if actual != expected
                    && entry["actual"] == actual.as_str()
                    && !entry["reason"].as_str().unwrap_or_default().is_empty() => {}
            _ => wrong.push(format!("{id}: expected {expected}, is {actual}")),
        }
    }
    wrong.extend(known.keys().map(|id| format!("{id}: listed, but there is no such case")));
    println!("xades-signxml: {agree} of {} agree, {} listed", cases.len(), list.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
