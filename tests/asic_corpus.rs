//! The containers of the Estonian libraries, as far as they are without XML signatures:
//! time-stamped files, and what is none. Whom they trust is left out: asked is whether the
//! container reads, whether every time-stamp is over what it has to be over, and whether all
//! files are covered. What diverges stands here with its reason.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

mod support;

use std::fs;

use kyso::{Form, Policy, Report, TrustStore, UtcTime, Validator};
use serde_json::Value;

/// Where we say something else, and why.
const DIVERGENCES: [(&str, &str); 3] = [
    (
        "digidoc4j/testFiles/valid-containers/unsigned-container-with-empty-datafiles.asice",
        "Nothing is signed: no file is covered, and there is no conclusion.",
    ),
    (
        "digidoc4j/testFiles/invalid-containers/CAdES-baseline-lta.asics",
        "The vendor knows no CAdES in containers, and refuses it for that.",
    ),
    (
        "libdigidocpp/test-invalid.asics",
        "Refused by the vendor for lack of META-INF/manifest.xml, which EN 319 162-1 does not ask \
         for; that it calls itself ASiC-E and has a time-stamp over its one file reads.",
    ),
];

/// Nothing where it is refused.
fn sound(report: &Report) -> bool {
    let said = serde_json::to_value(report).unwrap();
    let diagnostics = said["diagnostics"].as_array().unwrap();
    let stale = diagnostics.iter().any(|it| {
        it["code"] == "STALE_TIMESTAMP"
            || it["code"] == "CONTAINER_STRUCTURE"
                && it["message_en"].as_str().unwrap().contains("exactly one file")
    });
    let stamps = report.document_timestamps().iter();
    let signatures = report.signatures().iter();
    let mut stamps =
        stamps.map(|it| it.imprint_intact == Some(true) && it.signature_intact == Some(true));
    let mut signatures = signatures.map(|it| it.intact() == Some(true));
    !stale
        && report.uncovered_entries().is_empty()
        && stamps.all(|it| it)
        && signatures.all(|it| it)
}

#[test]
fn containers_are_told_from_forgeries() {
    let Some(corpus) = support::samples::corpus("asic") else { return };
    let cases = fs::read_to_string(corpus.join("cases.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&cases).unwrap();
    let at: UtcTime = "2026-11-22T00:00:00Z".parse().unwrap();
    let validator = Validator::new(TrustStore::new(), Policy::default(), at);
    let (mut agree, mut all, mut wrong) = (0, 0, Vec::new());
    for case in &cases {
        let file = case["file"].as_str().unwrap();
        if file.ends_with(".pdf") {
            continue;
        }
        let bytes = fs::read(corpus.join(file)).unwrap();
        let judged = validator.validate(&bytes);
        let in_xml = |it: &Report| {
            it.signatures().iter().any(|it| matches!(it.form(), Form::Xades | Form::XmlDsig))
        };
        // Most of what is wrong with those is a matter of trust.
        if judged.as_ref().is_ok_and(in_xml) {
            continue;
        }
        all += 1;
        let expected = case["expect"].as_str().unwrap();
        let agrees = match expected.starts_with("opens") {
            true => judged.is_ok(),
            false => expected.starts_with("valid") == judged.as_ref().is_ok_and(sound),
        };
        agree += usize::from(agrees);
        if agrees == DIVERGENCES.iter().any(|it| it.0 == file) {
            let why = match &judged {
                Ok(report) => serde_json::to_string(report).unwrap(),
                Err(error) => error.to_string(),
            };
            wrong.push(format!(
                "{file}, expected {}: {}",
                case["expect"],
                &why[..why.len().min(1500)]
            ));
        }
    }
    println!("asic without XML: {agree} of {all} agree");
    assert!(wrong.is_empty(), "{} diverge:\n{}", wrong.len(), wrong.join("\n\n"));
}
