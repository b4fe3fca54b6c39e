//! The containers of the Estonian libraries, by the certificates of authorities that come with
//! them. Those libraries judge a signature as of its time-stamp, or of the time that an OCSP
//! response marks, however long ago it was; so each is judged here shortly after its own time.
//! Each divergence stands in `tests/divergences/asic.json` with its reason; one that has gone
//! fails, too.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kyso::{
    AlgorithmConstraints, Certificate, Limits, Policy, Report, SignatureReport, TrustAnchor,
    TrustStore, UtcTime, Validator,
};
use serde_json::Value;

/// Responses were asked for up to a day after the time-stamp.
const AFTERWARDS: i64 = 2 * 24 * 60 * 60;

/// The authorities at hand, and none of the signers that lie beside them.
fn trust(corpus: &Path) -> TrustStore {
    const SIGNERS: [&str; 5] = ["TESTofStatus", "esteid-pre2011", "sign_RSA", "signout", "sameCN"];
    let mut trust = TrustStore::new();
    let mut add = |bytes: &[u8]| {
        for it in Certificate::all_from(bytes, &Limits::default()).unwrap() {
            trust.add(TrustAnchor::from_certificate(it));
        }
    };
    for it in fs::read_dir(corpus.join("certs")).unwrap() {
        let path = it.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !SIGNERS.iter().any(|it| name.starts_with(it)) {
            add(&fs::read(path).unwrap());
        }
    }
    add(&fs::read(corpus.join("libdigidocpp/ca.crt")).unwrap());
    let list = fs::read_to_string(corpus.join("libdigidocpp/TSL.xml")).unwrap();
    for it in list.split("<X509Certificate>").skip(1) {
        let text: String = it.split('<').next().unwrap().split_whitespace().collect();
        add(&STANDARD.decode(text).unwrap());
    }
    trust
}

/// When the youngest of all that is in there was made, as it says itself.
fn made(report: &Report) -> Option<UtcTime> {
    let stamps = |it: &SignatureReport| it.timestamps().iter().filter_map(|it| it.time).max();
    let signatures = report.signatures().iter();
    let signed = signatures.filter_map(|it| stamps(it).or_else(|| it.claimed_time()));
    signed.chain(report.document_timestamps().iter().filter_map(|it| it.time)).max()
}

/// `valid`, `unvouched` where nothing is wrong but that no authority at hand vouches for
/// somebody, or what is wrong.
fn verdict(report: &Report) -> String {
    const NOBODY: &str = "NO_CERTIFICATE_CHAIN_FOUND";
    let said = serde_json::to_value(report).unwrap();
    let mut diagnostics = said["diagnostics"].as_array().unwrap().iter();
    if diagnostics.any(|it| {
        it["code"] == "CONTAINER_STRUCTURE"
            && it["message_en"].as_str().unwrap().contains("exactly one file")
    }) {
        return "not one file".into();
    }
    if said["diagnostics"].as_array().unwrap().iter().any(|it| it["code"] == "STALE_TIMESTAMP") {
        return "stale time-stamp".into();
    }
    if !report.uncovered_entries().is_empty() {
        return "uncovered files".into();
    }
    let (mut all, mut unvouched) = (0, false);
    for it in report.signatures() {
        all += 1;
        let sub_indication = it.conclusion().sub_indication();
        if it.intact() != Some(true) || sub_indication.is_some_and(|it| it != NOBODY) {
            return format!("signature {}", sub_indication.unwrap_or("not intact"));
        }
        unvouched |= sub_indication.is_some();
    }
    let within = report.signatures().iter().flat_map(SignatureReport::timestamps);
    for it in within.chain(report.document_timestamps()) {
        all += 1;
        let sub_indication = it.sub_indication;
        if sub_indication.is_some_and(|it| it != NOBODY) {
            return format!("time-stamp {}", sub_indication.unwrap_or_default());
        }
        unvouched |= sub_indication.is_some();
    }
    match (all, unvouched) {
        (0, _) => "nothing signed".into(),
        (_, true) => "unvouched".into(),
        (_, false) => "valid".into(),
    }
}

#[test]
fn verdicts_agree_or_stand_in_the_list() {
    let Some(corpus) = support::samples::corpus("asic") else { return };
    let read = |path| -> Vec<Value> { serde_json::from_slice(&fs::read(path).unwrap()).unwrap() };
    let cases = read(corpus.join("cases.json"));
    let list = read("tests/divergences/asic.json".into());
    let mut known: BTreeMap<&str, &Value> =
        list.iter().map(|it| (it["id"].as_str().unwrap(), it)).collect();
    assert_eq!(known.len(), list.len(), "each case once");
    let at: UtcTime = "2026-11-22T00:00:00Z".parse().unwrap();
    // What was strong enough in their day is no matter here.
    let mut policy = Policy::pilot();
    policy.algorithms = AlgorithmConstraints::none();
    let validator = Validator::new(trust(&corpus), policy, at);
    let mut score: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let (mut wrong, mut unvouched) = (Vec::new(), 0);
    for case in &cases {
        let file = case["file"].as_str().unwrap();
        let bytes = fs::read(corpus.join(file)).unwrap();
        let judge = || {
            let report = validator.validate(&bytes)?;
            let then = made(&report).map(|it| it.plus_seconds(AFTERWARDS));
            validator.as_of(then.map_or(at, |it| it.min(at))).validate(&bytes)
        };
        let judged: kyso::Result<Report> = judge();
        let actual = match &judged {
            Ok(report) => verdict(report),
            Err(error) => format!("{:?}", error.kind()),
        };
        let expected = case["expect"].as_str().unwrap();
        let agrees = match expected.split([' ', ';']).next().unwrap() {
            "opens" => judged.is_ok(),
            "valid" => ["valid", "unvouched"].contains(&actual.as_str()),
            _ => !["valid", "unvouched"].contains(&actual.as_str()),
        };
        let group = match (&case["peers_agree"], &case["core"]) {
            (Value::Bool(true), _) => "both libraries agree",
            (_, Value::Bool(true)) => "other containers",
            _ => "time-marks and PDFs",
        };
        for group in [group, "all"] {
            let (agree, all) = score.entry(group).or_default();
            *agree += usize::from(agrees);
            *all += 1;
        }
        unvouched += usize::from(agrees && actual == "unvouched");
        match known.remove(file) {
            None if agrees => {}
            Some(entry)
                if !agrees
                    && entry["actual"] == actual.as_str()
                    && !entry["reason"].as_str().unwrap_or_default().is_empty() => {}
            _ => wrong.push(format!("{file}: expected {expected}, is {actual}")),
        }
    }
    wrong.extend(known.keys().map(|id| format!("{id}: listed, but there is no such case")));
    for (group, (agree, all)) in score {
        println!("asic, {group}: {agree} of {all} agree");
    }
    println!("asic: {unvouched} of them but for an authority, {} listed divergences", list.len());
    assert!(wrong.is_empty(), "{} diverge:\n{}", wrong.len(), wrong.join("\n"));
}
