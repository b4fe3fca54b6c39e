//! The program `sign`: passwords of documents that are encrypted.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

mod support;

use std::path::Path;

use kyso::{Policy, TrustStore, Validator};
use support::example;
use support::pki::NOW;

const LOCKED: &str = "testdata/pdf/locked/qpdf-form-filling.pdf";
const KEY: [&str; 4] =
    ["--key", "testdata/keys/rsa2048.key.pem", "--cert", "testdata/keys/rsa2048.crt.pem"];

/// How the program ends, and what it says of an error.
fn run(arguments: &[&str]) -> Option<(Option<i32>, String)> {
    let output = example("sign", arguments)?;
    Some((output.status.code(), String::from_utf8(output.stderr).unwrap()))
}

/// What signs one file into another.
fn signing<'a>(password: &'a [&'a str], from: &'a str, to: &'a Path) -> Vec<&'a str> {
    let files = ["--time", NOW, from, to.to_str().unwrap()];
    [&KEY[..], password, &files].concat()
}

/// The document's password is not the key's, and what is added is encrypted, too.
#[test]
fn an_encrypted_document_is_signed_by_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("signed.pdf");
    for (password, why) in [
        (&[][..], "password"),
        (&["--document-password", "wrong"], "password"),
        // That of the key opens no document.
        (&["--password", "owner"], "password"),
        (&["--document-password", "user"], "permissions"),
    ] {
        let Some((code, error)) = run(&signing(password, LOCKED, &out)) else { return };
        assert_ne!(code, Some(0), "{password:?}");
        assert!(error.contains(why) && !out.exists(), "{password:?}: {error}");
    }
    let owner = ["--document-password", "owner"];
    let (code, error) = run(&signing(&owner, LOCKED, &out)).unwrap();
    assert_eq!(code, Some(0), "{error}");
    let (first, original) = (std::fs::read(&out).unwrap(), std::fs::read(LOCKED).unwrap());
    assert!(first.starts_with(&original));

    // A field for another, who signs in it.
    let (fields, twice) = (folder.path().join("fields.pdf"), folder.path().join("twice.pdf"));
    let files = [out.to_str().unwrap(), fields.to_str().unwrap()];
    let arguments = [&["--add-field", "Seal"][..], &owner, &files].concat();
    let (code, error) = run(&arguments).unwrap();
    assert_eq!(code, Some(0), "{error}");
    let named = [&["--field", "Seal", "--reason", "Ban hành"][..], &owner].concat();
    let (code, error) = run(&signing(&named, files[1], &twice)).unwrap();
    assert_eq!(code, Some(0), "{error}");
    let pdf = std::fs::read(&twice).unwrap();
    let validator = Validator::new(TrustStore::new(), Policy::pilot(), NOW.parse().unwrap());
    let report = validator.with_password("user").validate(&pdf).unwrap();
    let report = serde_json::to_value(report).unwrap();
    let ids: Vec<_> = report["signatures"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
    assert_eq!(ids, ["Signature1", "Seal"], "{report}");
    assert!(report["signatures"].as_array().unwrap().iter().all(|it| it["intact"] == true));
    assert!(!pdf.windows(4).any(|it| it == b"Seal"), "names of fields are encrypted");
}

/// The key signs elsewhere: the document is opened once, to be prepared.
#[test]
fn an_encrypted_document_is_prepared_by_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let (state, bytes) = (folder.path().join("state.json"), folder.path().join("bytes"));
    let (state, bytes) = (state.to_str().unwrap(), bytes.to_str().unwrap());
    let prepare = ["--prepare", state, "--cert", KEY[3], "--algorithm", "RSA_SHA256"];
    let files = ["--time", NOW, LOCKED, bytes];
    let Some((code, error)) = run(&[&prepare[..], &files].concat()) else { return };
    assert!(code != Some(0) && error.contains("password"), "{error}");
    let owner = ["--document-password", "owner"];
    let (code, error) = run(&[&prepare[..], &owner, &files].concat()).unwrap();
    assert_eq!(code, Some(0), "{error}");
    assert!(!std::fs::read(bytes).unwrap().is_empty());
}
