//! Every CMS and PDF that pyHanko's own tests validate, each with its roots, times and
//! revocation data, against the verdict that those tests assert. Each divergence stands
//! in `tests/divergences/pyhanko-harvest.json` with its reason; one that has gone fails,
//! too.
//!
//! A case is judged in the aspects that its verdict names: `integrity` is value and
//! content, `trusted` is all that concerns certificates, `docmdp_ok` that nothing which
//! came later keeps the signature from passing, `overall` the conclusion of the
//! signature; `ades_*` cases name indication and sub-indication by EN 319 102-1.
//! pyHanko counts further signatures as the filling in of a form, and has one name for
//! what cannot be told and what a lock forbids.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs
)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use kyso::{
    Certificate, Crl, Digest, DigestAlgorithm, Limits, OcspResponse, Policy, Report, TrustStore,
    UtcTime, Validator,
};
use serde_json::{Value, json};

/// Aspect and what is said of it.
type Verdict = BTreeMap<&'static str, String>;

/// Checks that concern certificates and nothing else.
const OF_CERTIFICATES: [&str; 5] =
    ["CERTIFICATION_PATH", "CERTIFICATE_VALIDITY", "REVOCATION", "KEY_USAGE", "PATH_STRENGTH"];

/// Checks of what came after the signature.
const OF_CHANGES: [&str; 6] = [
    "LATER_CHANGES",
    "FORM_FILLING",
    "FORM_REFILLING",
    "ANNOTATIONS",
    "CLERK_ADDITION",
    "PERMITTED_CHANGES",
];

struct Case<'a> {
    folder: &'a Path,
    case: &'a Value,
}

impl Case<'_> {
    fn text(&self, name: &str) -> &str {
        self.case[name].as_str().unwrap_or_default()
    }

    fn is_ades(&self) -> bool {
        self.text("kind").starts_with("ades")
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.folder.join("data").join(name)).unwrap()
    }

    /// What the files under these names hold, as `parse` reads them.
    fn all<T>(&self, names: &[&str], parse: impl Fn(&[u8]) -> kyso::Result<Vec<T>>) -> Vec<T> {
        let files = names.iter().flat_map(|name| self.case[name].as_array().into_iter().flatten());
        files.flat_map(|it| parse(&self.read(it.as_str().unwrap())).unwrap_or_default()).collect()
    }

    /// Only `ades_*` cases ask for revocation data; the others take what there is. Where
    /// pyHanko fetched the newest over a simulated network, which is not among the inputs,
    /// what there is may be of any age.
    fn policy(&self) -> Policy {
        let asked = self.is_ades() && !self.text("revinfo_policy").contains("NO_CHECK");
        let mut policy = if asked { Policy::default() } else { Policy::pilot() };
        if asked && self.case["live_fetch"] == true {
            policy.revocation_max_age = Some(100 * 366 * 86_400);
        }
        policy
    }

    /// Of encrypted PDFs the name of the test says it: `test[usersecret-0]`.
    fn password(&self) -> &str {
        let parameters = self.text("source_test").split_once('[').unwrap_or_default().1;
        if self.case["encrypted"] == true {
            parameters.split(['-', ']']).next().unwrap_or_default()
        } else {
            ""
        }
    }

    fn validator(&self) -> Validator {
        let limits = Limits::default();
        let certificates = |names: &[&str]| {
            self.all(names, |bytes| Certificate::all_from(bytes, &Limits::default()))
        };
        let trust: TrustStore = certificates(&["trust_roots"]).into_iter().collect();
        let of_stamps: TrustStore = certificates(&["ts_trust_roots"]).into_iter().collect();
        let of_stamps = if of_stamps.is_empty() { trust.clone() } else { of_stamps };
        let at = self.text("validation_time");
        let at: UtcTime = format!("{}T{}Z", &at[..10], &at[11..19]).parse().unwrap();
        Validator::new(trust, self.policy(), at)
            .with_password(self.password())
            .with_time_stamp_trust(of_stamps)
            .with_certificates(certificates(&["other_certs", "known_certs"]))
            .with_crls(self.all(&["crls", "known_crls"], |it| Crl::all_from(it.to_vec(), &limits)))
            .with_ocsp_responses(self.all(&["ocsps", "known_ocsps"], |bytes| {
                OcspResponse::from_der(bytes, &limits).map(|it| vec![it])
            }))
    }

    fn validate(&self) -> kyso::Result<Report> {
        let (validator, document) = (self.validator(), self.read(self.text("file")));
        if let Some(name) = self.case["content"].as_str() {
            return validator.validate_detached(&document, &self.read(name));
        }
        if let Some(name) = self.case["content_asn1"].as_str() {
            // An EncapsulatedContentInfo: what is signed is the content of its OCTET STRING.
            let info = self.read(name);
            let within = support::cms::items(support::cms::items(&info)[0].1)[1].1;
            return validator.validate_detached(&document, support::cms::items(within)[0].1);
        }
        if let Some(digest) = self.case["raw_digest"].as_str() {
            let algorithm = match digest.len() {
                40 => DigestAlgorithm::Sha1,
                64 => DigestAlgorithm::Sha256,
                96 => DigestAlgorithm::Sha384,
                128 => DigestAlgorithm::Sha512,
                other => panic!("a digest of {other} digits"),
            };
            return validator.validate_digest(&document, Digest::new(algorithm, hex(digest))?);
        }
        validator.validate(&document)
    }

    fn expected(&self) -> Verdict {
        let verdict = &self.case["verdict"];
        if verdict["rejected"] == true {
            return Verdict::from([("overall", "false".to_owned())]);
        }
        if self.is_ades() {
            let (indication, sub) = (&verdict["indication"], &verdict["subindication"]);
            let said = match indication.as_str().unwrap() {
                "PASSED" => "TOTAL_PASSED".to_owned(),
                "FAILED" => format!("TOTAL_FAILED/{}", sub.as_str().unwrap()),
                other => format!("{other}/{}", sub.as_str().unwrap()),
            };
            return Verdict::from([("conclusion", said)]);
        }
        let names = ["integrity", "trusted", "later_changes", "docmdp_ok", "overall"];
        let said = |name: &str| match &verdict[name] {
            Value::String(text) => Some(text.clone()),
            Value::Bool(it) => Some(it.to_string()),
            _ => None,
        };
        names.into_iter().filter_map(|name| Some((name, said(name)?))).collect()
    }

    fn actual(&self) -> Verdict {
        let report = match self.validate() {
            Ok(report) => report,
            // Nothing was concluded, hence nothing passed.
            Err(error) => {
                return Verdict::from([("overall", "false".into()), ("error", error.to_string())]);
            }
        };
        let report = serde_json::to_value(&report).unwrap();
        if self.text("kind") == "pdf_ts" {
            return over_document(&report["timestamps"]);
        }
        let signatures = report["signatures"].as_array().unwrap();
        let named = |it: &&Value| match self.case["field"].as_str() {
            Some(field) => it["id"] == field,
            None => it["counter_signature"] == false,
        };
        match signatures.iter().find(named) {
            Some(signature) => aspects(signature),
            None => {
                Verdict::from([("overall", "false".into()), ("error", "no such signature".into())])
            }
        }
    }
}

fn hex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2).map(|it| std::str::from_utf8(it).unwrap());
    pairs.map(|it| u8::from_str_radix(it, 16).unwrap()).collect()
}

/// The only time-stamp over a document, in pyHanko's words: its imprint and its value, and
/// what it comes to. What came later is not told of a time-stamp.
fn over_document(stamps: &Value) -> Verdict {
    let [stamp] = stamps.as_array().unwrap().as_slice() else { return Verdict::new() };
    let intact = stamp["imprint_intact"] == true && stamp["signature_intact"] == true;
    let passed = stamp["conclusion"] == "TOTAL_PASSED";
    Verdict::from([
        ("integrity", if intact { "valid" } else { "invalid" }.to_owned()),
        ("trusted", passed.to_string()),
    ])
}

/// One signature of a report, in pyHanko's words.
fn aspects(signature: &Value) -> Verdict {
    let integrity = match signature["intact"].as_bool() {
        Some(true) => "valid",
        Some(false) => "invalid",
        None => "unknown",
    };
    let conclusion = signature["conclusion"].as_str().unwrap();
    let passed = conclusion == "TOTAL_PASSED";
    let sub = signature["sub_indication"].as_str();
    let fails = |checks: &[&str]| {
        signature["checks"].as_array().unwrap().iter().any(|check| {
            checks.contains(&check["id"].as_str().unwrap())
                && ["FAILED", "NOT_CHECKED"].contains(&check["outcome"].as_str().unwrap())
        })
    };
    let said = |check: &str| {
        let checks = signature["checks"].as_array().unwrap();
        let check = checks.iter().find(|it| it["id"] == check);
        check.map_or("", |it| it["message_en"].as_str().unwrap())
    };
    let found = !signature["path"].as_array().unwrap().is_empty();
    let changes = signature["later_changes"].as_str().unwrap_or("null");
    let changes = match changes {
        // What a lock forbids has no other name there.
        _ if said("PERMITTED_CHANGES").contains("FieldMDP") && signature["permitted"] == false => {
            "OTHER"
        }
        "SIGNATURES" => "FORM_FILLING",
        other => other,
    };
    Verdict::from([
        ("integrity", integrity.to_owned()),
        ("trusted", (found && !fails(&OF_CERTIFICATES)).to_string()),
        ("later_changes", changes.to_owned()),
        ("docmdp_ok", (!fails(&OF_CHANGES)).to_string()),
        ("overall", passed.to_string()),
        ("conclusion", sub.map_or(conclusion.to_owned(), |sub| format!("{conclusion}/{sub}"))),
    ])
}

/// The aspects that differ, as the list writes them: expected and actual.
fn difference(case: &Case<'_>) -> Option<(String, String)> {
    let (expected, actual) = (case.expected(), case.actual());
    let said = |name: &str| actual.get(name).or(actual.get("error")).cloned().unwrap_or_default();
    let wrong: Vec<_> = expected.iter().filter(|(name, it)| said(name) != **it).collect();
    let join = |all: Vec<String>| all.join(", ");
    let ours = wrong.iter().map(|(name, _)| format!("{name}: {}", said(name))).collect();
    let theirs = wrong.iter().map(|(name, it)| format!("{name}: {it}")).collect();
    (!wrong.is_empty()).then(|| (join(theirs), join(ours)))
}

#[test]
fn verdicts_agree_or_stand_in_the_list() {
    let Some(folder) = support::samples::corpus("pyhanko-harvest") else { return };
    let cases: Vec<Value> =
        serde_json::from_slice(&fs::read(folder.join("cases.json")).unwrap()).unwrap();
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/divergences/pyhanko-harvest.json");
    let list: Vec<Value> = serde_json::from_slice(&fs::read(list).unwrap()).unwrap();
    let mut known: BTreeMap<&str, &Value> =
        list.iter().map(|it| (it["id"].as_str().unwrap(), it)).collect();
    assert_eq!(known.len(), list.len(), "each case once");
    let mut score: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for case in &cases {
        let case = Case { folder: &folder, case };
        let difference = difference(&case);
        let kind = score.entry(case.case["kind"].as_str().unwrap()).or_default();
        kind.0 += usize::from(difference.is_none());
        kind.1 += 1;
        let id = case.text("id");
        match (difference, known.remove(id)) {
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
    wrong.extend(known.keys().map(|id| format!("{id}: listed, but there is no such case")));
    let agree: usize = score.values().map(|it| it.0).sum();
    for (kind, (agree, all)) in score {
        println!("pyhanko-harvest, {kind}: {agree} of {all} agree");
    }
    println!(
        "pyhanko-harvest: {agree} of {} agree, {} listed divergences",
        cases.len(),
        list.len()
    );
    assert!(wrong.is_empty(), "{} diverge:\n{}", wrong.len(), wrong.join("\n"));
}
