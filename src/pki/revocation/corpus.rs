//! OpenSSL's OCSP responses. Lists are held against NIST's PKITS among the tests of paths.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::material::AnyStrength;
use super::{Checker, OcspResponse, Spent, Status};
use crate::limits::Limits;
use crate::pki::path::{Checks, PathFinder, Search};
use crate::pki::{Certificate, PathRequirements, TrustStore};
use crate::samples::corpus;

/// Cases that are known to come out otherwise, and why.
fn divergences(name: &str) -> BTreeMap<String, String> {
    let at = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/divergences").join(name);
    let all: Vec<Value> = serde_json::from_slice(&fs::read(at).unwrap()).unwrap();
    let text = |it: &Value, key: &str| it[key].as_str().unwrap().to_owned();
    all.iter().map(|it| (text(it, "id"), text(it, "actual"))).collect()
}

fn cases(folder: &Path) -> Vec<Value> {
    serde_json::from_slice(&fs::read(folder.join("cases.json")).unwrap()).unwrap()
}

fn names<'a>(case: &'a Value, key: &str) -> Vec<&'a str> {
    case[key].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect()
}

/// The corpus gives all inputs of a case; what comes out is `valid` or `invalid`.
struct Inputs {
    anchor: Certificate,
    candidates: Vec<Certificate>,
    leaf: Certificate,
    responses: Vec<OcspResponse>,
    at: String,
}

impl Inputs {
    fn judge(&self) -> String {
        let (limits, checks, spent) = (Limits::default(), Checks::default(), Spent::default());
        let requirements = PathRequirements::default();
        let trust: TrustStore = [self.anchor.clone()].into_iter().collect();
        let (candidates, at) = (&self.candidates[..], self.at.parse().unwrap());
        let finder = PathFinder {
            trust: &trust,
            candidates,
            at,
            requirements: &requirements,
            checks: &checks,
            check: None,
            issuers: None,
            limits: &limits,
        };
        let path = match finder.find(&self.leaf).unwrap() {
            Search::Found(path) => path,
            Search::NotFound(rejections) => return format!("no path: {:?}", rejections[0].fault),
        };
        let checker = Checker {
            crls: &[],
            responses: &self.responses,
            candidates,
            at,
            max_age: None,
            strength: &AnyStrength,
            model: Default::default(),
            gathering: None,
            checks: &checks,
            spent: &spent,
            limits: &limits,
        };
        let all = checker.check(&path).unwrap();
        match all.iter().find(|it| !matches!(it.status, Status::Good { .. })) {
            None => "valid".into(),
            Some(it) => {
                let tried: Vec<_> = it.tried.iter().map(|it| &it.why).collect();
                format!("{}: {:?} {tried:?}", it.certificate.subject(), it.status)
            }
        }
    }
}

/// Prints the score; every case agrees or stands in the list, and what stands there does
/// not agree.
fn report(name: &str, judged: &[(String, bool, String)], known: &BTreeMap<String, String>) {
    let agreed = judged.iter().filter(|(_, expected, actual)| *expected == (actual == "valid"));
    println!(
        "{name}: {} of {} agree, {} listed divergences",
        agreed.count(),
        judged.len(),
        known.len()
    );
    for (id, expected, actual) in judged {
        let agrees = *expected == (actual == "valid");
        match known.get(id) {
            Some(_) => assert!(!agrees, "{id} agrees: take it from the list"),
            None => assert!(agrees, "{id}: {actual}"),
        }
    }
    for id in known.keys() {
        assert!(judged.iter().any(|(it, ..)| it == id), "no case is called {id}");
    }
}

#[test]
fn openssls_responses_agree() {
    let Some(folder) = corpus("ocsp-openssl") else { return };
    let limits = Limits::default();
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let certificate =
        |name: &str| Certificate::all_from(&read(name), &limits).unwrap().swap_remove(0);
    let mut judged = Vec::new();
    for case in cases(&folder) {
        let responses = names(&case, "ocsps").into_iter().map(|it| response(&read(it)));
        let inputs = Inputs {
            anchor: certificate(case["trust_anchor"].as_str().unwrap()),
            candidates: names(&case, "intermediates").into_iter().map(certificate).collect(),
            leaf: certificate(case["cert"].as_str().unwrap()),
            responses: responses.collect(),
            at: case["validation_time"].as_str().unwrap().to_owned(),
        };
        let id = case["id"].as_str().unwrap().to_owned();
        judged.push((id, case["expect"] == "valid", inputs.judge()));
    }
    report("ocsp-openssl", &judged, &divergences("ocsp-openssl.json"));
}

/// The corpus keeps them in base64.
fn response(text: &[u8]) -> OcspResponse {
    let lines: Vec<u8> = text.iter().copied().filter(|it| !it.is_ascii_whitespace()).collect();
    let bytes = STANDARD.decode(lines).unwrap();
    OcspResponse::from_der(&bytes, &Limits::default()).unwrap()
}
