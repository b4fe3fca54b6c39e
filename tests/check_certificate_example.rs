//! The program `check_certificate`: its options, its JSON and its exit codes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

mod support;

use std::path::Path;

use rcgen::{CrlDistributionPoint, CustomExtension, KeyPair};
use serde_json::Value;
use support::example;
use support::pki::{self, Pki};

const CA: &str = "testdata/keys/ca.crt.pem";
const LEAF: &str = "testdata/keys/p256.crt.pem";

#[track_caller]
fn assert_exits(arguments: &[&str], code: i32) -> Option<Value> {
    let output = example("check_certificate", arguments)?;
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), output.stderr);
    let err = String::from_utf8(err).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{out}\n{err}");
    assert!(!out.is_empty() || !err.is_empty());
    serde_json::from_str(&out).ok()
}

#[test]
fn exit_codes_are_those_of_the_contract() {
    let trust = ["--trust", CA, "--no-revocation"];
    let with = |more: &[&'static str]| [&trust[..], more].concat();
    assert_exits(&with(&[LEAF]), 0);
    assert_exits(&with(&["--max-depth", "0", LEAF]), 0);
    assert_exits(&with(&["--time", "1999-01-01T00:00:00Z", LEAF]), 1);
    assert_exits(&with(&["--require-explicit-policy", LEAF]), 1);
    assert_exits(&["--trust", CA, LEAF], 2);
    assert_exits(&["--no-revocation", LEAF], 2);
    assert_exits(&with(&["Cargo.toml"]), 3);
    assert_exits(&with(&["no such file"]), 3);
    for wrong in [
        &[][..],
        &["--no-such-option", LEAF],
        &["--usage", "server", LEAF],
        &["--max-depth", "-1", LEAF],
        &["--trust"],
        &[LEAF, LEAF],
    ] {
        assert_exits(wrong, 64);
    }
}

#[test]
fn the_report_has_the_fields_of_the_contract() {
    let arguments = ["--trust", CA, "--json", LEAF];
    let Some(report) = assert_exits(&arguments, 2) else { return };
    assert_eq!(report["conclusion"], "indeterminate");
    assert!(report["reason"].as_str().unwrap().contains("is revoked is not known"), "{report}");
    assert_eq!(report["path"][0], report["certificate"]);
    assert_eq!(report["path"].as_array().unwrap().len(), 2);
    assert!(report["trust_domain"].is_null());
    assert_eq!(report["policies"], serde_json::json!([]));
    assert_eq!(report["tried"], serde_json::json!([]));
    let known = &report["revocation"][0];
    assert_eq!(
        (&known["certificate"], &known["status"]),
        (&report["certificate"], &"unknown".into())
    );
    for open in ["source", "this_update", "reason", "revoked_at"] {
        assert!(known.get(open).is_some_and(Value::is_null), "{open}");
    }
    assert_eq!(report["retrieved"], serde_json::json!([]));
}

#[test]
fn a_path_that_does_not_hold_is_among_those_tried() {
    let arguments =
        ["--trust", CA, "--no-revocation", "--time", "1999-01-01T00:00:00Z", "--json", LEAF];
    let Some(report) = assert_exits(&arguments, 1) else { return };
    assert_eq!(report["conclusion"], "invalid");
    assert_eq!(report["reason"], report["tried"][0]["reason"]);
    assert_eq!(report["tried"][0]["path"][0], report["certificate"]);
    assert_eq!(report["path"], serde_json::json!([]));
}

#[test]
fn revocation_is_asked_of_what_is_handed_in() {
    let check = |response: &str, code| {
        let response = format!("testdata/revocation/{response}.ors");
        let arguments = ["--trust", "testdata/revocation/ca.pem", "--ocsp", &response, "--json"];
        let at = ["--time", "2027-01-01T00:00:00Z", "testdata/revocation/leaf.pem"];
        let report = assert_exits(&[&arguments[..], &at].concat(), code)?;
        Some((report["conclusion"].clone(), report["revocation"][0].clone()))
    };
    let Some((conclusion, known)) = check("delegated", 0) else { return };
    assert_eq!((conclusion.as_str(), known["status"].as_str()), (Some("valid"), Some("good")));
    assert_eq!(known["source"], "OCSP");
    let (conclusion, known) = check("revoked", 1).unwrap();
    assert_eq!((conclusion.as_str(), known["status"].as_str()), (Some("invalid"), Some("revoked")));
    assert_eq!(known["reason"], "keyCompromise");
    assert_eq!(check("foreign", 2).unwrap().0, "indeterminate");
    assert_exits(&["--trust", CA, "--crl", "some.crl", LEAF], 64);
}

/// Serves the authority's certificate and its list until the test ends.
fn serve(pki: &Pki) -> String {
    let server = tiny_http::Server::http("127.0.0.1:0").unwrap();
    let url = format!("http://{}", server.server_addr());
    let (issuer, list) =
        (pki.middle.certificate.der().to_vec(), pki.middle.crl(&[]).der().to_vec());
    std::thread::spawn(move || {
        for request in server.incoming_requests() {
            let body = if request.url() == "/ca.cer" { issuer.clone() } else { list.clone() };
            let _ = request.respond(tiny_http::Response::from_data(body));
        }
    });
    url
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> String {
    let file = folder.join(name);
    std::fs::write(&file, bytes).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn what_is_not_at_hand_is_asked_for_online_and_kept() {
    let (pki, folder) = (Pki::new(), tempfile::tempdir().unwrap());
    let url = serve(&pki);
    let mut params = pki::params("Officer", 33);
    let access = support::ocsp::access(&[], &[&format!("{url}/ca.cer")]);
    params.custom_extensions =
        vec![CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], access)];
    params.crl_distribution_points =
        vec![CrlDistributionPoint { uris: vec![format!("{url}/ca.crl")] }];
    let officer = pki.middle.certify(&params, &KeyPair::generate().unwrap());
    let folder = folder.path();
    let root = write(folder, "root.cer", pki.root.certificate.der());
    let list = write(folder, "root.crl", pki.root.crl(&[]).der());
    let officer = write(folder, "officer.cer", officer.der());
    let cache = folder.join("cache").to_str().unwrap().to_owned();
    let check = |options: &[&str], code| {
        let given = ["--trust", &root, "--crl", &list, "--time", pki::NOW, "--json", &officer];
        assert_exits(&[options, &given].concat(), code)
    };
    if check(&[], 2).is_none() {
        return;
    }
    let report = check(&["--online"], 2).unwrap();
    let refused = report["retrieved"][0]["error"].as_str().unwrap();
    assert!(refused.contains("no public address"), "{report}");
    let report = check(&["--online", "--allow-private", "--cache", &cache], 0).unwrap();
    assert_eq!(report["revocation"][0]["source"], "CRL");
    assert_eq!(report["retrieved"].as_array().unwrap().len(), 2);
    check(&["--cache", &cache], 0);
    let other = folder.join("other").to_str().unwrap().to_owned();
    check(&["--cache", &other], 2);
}
