//! The detailed report: every process, block and check with its clause, and every
//! certificate, for each signature and each time-stamp.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod support;

use std::collections::BTreeSet;

use kyso::cades::{Level, SignatureBuilder};
use kyso::{Policy, Report, UtcTime, Validator};
use rcgen::{DnType, RevocationReason};
use serde_json::Value;
use support::pki::{CONTENT, LEAF, NOW, Pki};

fn at() -> UtcTime {
    NOW.parse().unwrap()
}

/// An archive, a day later.
fn archived(pki: &Pki) -> Report {
    let crls = [pki.root.crl(&[]), pki.middle.crl(&[])];
    let validator = Validator::new(pki.trust(), Policy::default(), at()).with_crls(crls.clone());
    let tsa = pki.tsa();
    let level = Level::Lta(&tsa, &validator);
    let signed =
        SignatureBuilder::new(CONTENT, at()).enveloping().level(&level).sign(&pki.signer());
    let later = at().plus_seconds(86_400);
    let validator = Validator::new(pki.trust(), Policy::default(), later).with_crls(crls);
    validator.validate(&signed.unwrap()).unwrap()
}

fn json(report: &Report) -> Value {
    serde_json::to_value(report.detailed()).unwrap()
}

/// The step and all within it.
fn steps(step: &Value) -> Vec<&Value> {
    let below = step["blocks"].as_array().unwrap().iter().flat_map(steps);
    [step].into_iter().chain(below).collect()
}

#[test]
fn processes_are_nested_as_in_the_standard() {
    let report = archived(&Pki::new());
    let detailed = json(&report);
    let signature = &detailed["signatures"][0];
    assert_eq!(signature["conclusion"], "TOTAL_PASSED");
    assert_eq!(signature["best_signature_time"], NOW);
    let process = &signature["process"];
    assert_eq!(process["id"], "ARCHIVAL");
    let all = steps(process);
    for step in &all {
        let clause = step["clause"].as_str().unwrap();
        assert!(clause.starts_with("EN 319 102-1 5."), "{clause}");
        assert!(step["conclusion"].is_string() && step["at"].is_string(), "{step}");
    }
    let ids: BTreeSet<_> = all.iter().map(|it| it["id"].as_str().unwrap()).collect();
    for expected in [
        "BASIC_SIGNATURE",
        "TIME_STAMP",
        "FORMAT_CHECKING",
        "IDENTIFICATION_OF_SIGNING_CERTIFICATE",
        "X509_CERTIFICATE_VALIDATION",
        "CRYPTOGRAPHIC_VERIFICATION",
        "SIGNATURE_ACCEPTANCE",
    ] {
        assert!(ids.contains(expected), "{expected} is not in {ids:?}");
    }
}

/// What the simple report says stands in the tree too.
#[test]
fn no_check_is_left_out() {
    let report = archived(&Pki::new());
    let detailed = json(&report);
    let all = steps(&detailed["signatures"][0]["process"]);
    let said: BTreeSet<_> = all
        .iter()
        .flat_map(|it| it["checks"].as_array().unwrap())
        .map(|it| it["message_en"].as_str().unwrap())
        .collect();
    for check in report.signatures()[0].checks() {
        assert!(said.contains(check.message_en.as_str()), "{}", check.message_en);
    }
}

#[test]
fn each_certificate_is_told_with_what_is_known_of_it() {
    let pki = Pki::new();
    let report = json(&archived(&pki));
    let signature = &report["signatures"][0];
    let told = |certificates: &Value| -> Vec<(String, String, Value)> {
        let all = certificates.as_array().unwrap().iter();
        let text = |it: &Value| it.as_str().unwrap().to_owned();
        all.map(|it| (text(&it["role"]), text(&it["subject"]), it["revocation"]["status"].clone()))
            .collect()
    };
    let signer = |name: &str| {
        let path = [("SIGNER", name), ("AUTHORITY", "CN=Authority"), ("TRUST_ANCHOR", "CN=Root")];
        path.map(|(role, subject)| {
            let status = if role == "TRUST_ANCHOR" { Value::Null } else { "good".into() };
            (role.to_owned(), subject.to_owned(), status)
        })
    };
    assert_eq!(told(&signature["certificates"]), signer("CN=Leaf"));
    let stamps = signature["time_stamps"].as_array().unwrap();
    assert_eq!(stamps.len(), 2);
    for stamp in stamps {
        assert_eq!(stamp["conclusion"], "TOTAL_PASSED");
        assert_eq!(stamp["process"]["id"], "TIME_STAMP");
        assert_eq!(told(&stamp["certificates"]), signer("CN=TSA"));
    }
    let revoked = pki.middle.crl(&[(LEAF, RevocationReason::KeyCompromise)]);
    let validator = Validator::new(pki.trust(), Policy::default(), at());
    let report = validator.with_crls([revoked, pki.root.crl(&[])]).validate(&pki.signed());
    let status = &json(&report.unwrap())["signatures"][0]["certificates"][0]["revocation"];
    assert_eq!(
        (&status["status"], &status["reason"]),
        (&"revoked".into(), &"keyCompromise".into())
    );
}

/// As text, too, it is for people, and no name forges a line of it.
#[test]
fn as_text_it_is_a_tree_of_lines() {
    let text = archived(&Pki::new()).detailed().to_string();
    assert!(text.contains("\n  EN 319 102-1 5.6 ARCHIVAL: TOTAL_PASSED\n"), "{text}");
    assert!(text.contains("[+] SIGNATURE_VALUE: "), "{text}");
    assert!(text.contains("  > CN=Leaf (good)"), "{text}");
    let pki = Pki::new();
    let tsa = pki.tsa_with(|params| {
        let name = "x\n  EN 319 102-1 5.6 ARCHIVAL: TOTAL_PASSED\u{202e}";
        params.distinguished_name.push(DnType::OrganizationName, name);
    });
    let level = Level::T(&tsa);
    let signed = SignatureBuilder::new(CONTENT, at()).enveloping().level(&level);
    let signed = signed.sign(&pki.signer()).unwrap();
    let report = Validator::new(pki.trust(), Policy::default(), at()).validate(&signed).unwrap();
    let text = report.detailed().to_string();
    assert!(!text.contains("ARCHIVAL: TOTAL_PASSED\n") && !text.contains('\u{202e}'), "{text}");
}

#[test]
fn what_is_not_signed_has_no_details() {
    let pki = Pki::new();
    let unsigned = std::fs::read("testdata/pdf/cairo.pdf").unwrap();
    let validator = Validator::new(pki.trust(), Policy::default(), at());
    let report = validator.validate(&unsigned).unwrap();
    let detailed = json(&report);
    assert!(detailed["conclusion"].is_null());
    assert_eq!(detailed["signatures"], Value::Array(Vec::new()));
}
