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

/// Several files in a container, then another signer; the key elsewhere; a CMS of it.
#[test]
fn files_are_signed_in_a_container() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (letter, annex) = (path("công văn.txt"), path("bảng.csv"));
    std::fs::write(&letter, "Kính gửi").unwrap();
    std::fs::write(&annex, "1;2;3").unwrap();
    let at = ["--time", NOW];
    let report = |file: &str| {
        let validator = Validator::new(TrustStore::new(), Policy::pilot(), NOW.parse().unwrap());
        let report = validator.validate(&std::fs::read(path(file)).unwrap()).unwrap();
        serde_json::to_value(report).unwrap()
    };
    let sign = |more: &[&str]| run(&[&KEY[..], &at, more].concat());
    let Some((code, error)) = sign(&["--asic-e", &letter, &annex, &path("e")]) else { return };
    assert_eq!(code, Some(0), "{error}");
    assert_eq!(sign(&["--asic-s", &letter, &path("s")]).unwrap().0, Some(0));
    assert_ne!(sign(&["--asic-s", &letter, &annex, &path("none")]).unwrap().0, Some(0));
    for (file, format, references) in [("e", "ASiC-E", 3), ("s", "ASiC-S", 1)] {
        let twice = format!("{file}2");
        let (code, error) = sign(&["--over-everything", &path("e"), &path("e2")]).unwrap();
        assert_eq!(code, Some(0), "{error}");
        let (code, error) = sign(&[&path("s"), &path("s2")]).unwrap();
        assert_eq!(code, Some(0), "{error}");
        for (file, count) in [(file, 1), (&twice, 2)] {
            let report = report(file);
            assert_eq!(report["format"], format);
            assert_eq!(report["uncovered_entries"], serde_json::json!([]));
            let signatures = report["signatures"].as_array().unwrap();
            assert_eq!(signatures.len(), count, "{report}");
            assert!(signatures.iter().all(|it| it["intact"] == true), "{report}");
            assert_eq!(signatures[0]["references"].as_array().unwrap().len(), references);
        }
    }
    // One that nobody trusts, and nothing left out.
    let verified = support::run("verify", &["--json", &path("e2")]);
    let (code, said) = verified.unwrap_or_else(|| (Some(2), "\"format\":\"ASiC-E\"".into()));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("\"format\":\"ASiC-E\""), "{said}");
    // By XAdES, and another joins.
    for (kind, format) in [("--asic-e", "ASiC-E"), ("--asic-s", "ASiC-S")] {
        let (code, error) = sign(&[kind, "--xades", &letter, &path("x")]).unwrap();
        assert_eq!(code, Some(0), "{error}");
        let (code, error) = sign(&["--xades", &path("x"), &path("x2")]).unwrap();
        assert_eq!(code, Some(0), "{error}");
        let report = report("x2");
        assert_eq!(report["format"], format);
        let signatures = report["signatures"].as_array().unwrap();
        assert_eq!(signatures.len(), 2);
        assert!(signatures.iter().all(|it| it["intact"] == true && it["form"] == "XAdES"));
    }
    // As any other file.
    assert_eq!(sign(&["--enveloping", &path("e"), &path("p7m")]).unwrap().0, Some(0));
    assert_eq!(report("p7m")["format"], "CMS");
}

#[test]
fn a_container_is_prepared_and_completed() {
    use kyso::{Prepared, Signer, SoftwareSigner};
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("a.txt"), "Kính gửi").unwrap();
    let prepare = ["--prepare", &path("state"), "--cert", KEY[3], "--algorithm", "RSA_SHA256"];
    let files = ["--asic-e", "--time", NOW, &path("a.txt")];
    let Some((code, error)) = run(&[&prepare[..], &files, &[&path("bytes")]].concat()) else {
        return;
    };
    assert_eq!(code, Some(0), "{error}");
    let read = |name: &str| std::fs::read(name).unwrap();
    let prepared: Prepared = serde_json::from_slice(&read(&path("state"))).unwrap();
    assert_eq!(prepared.to_be_signed().bytes(), read(&path("bytes")));
    let signer = SoftwareSigner::from_pem(&read(KEY[1]), &read(KEY[3])).unwrap();
    let value = signer.sign(prepared.to_be_signed()).unwrap();
    std::fs::write(path("value"), value.bytes()).unwrap();
    let complete = ["--complete", &path("state"), "--value", &path("value")];
    let (code, error) = run(&[&complete[..], &files, &[&path("out.asice")]].concat()).unwrap();
    assert_eq!(code, Some(0), "{error}");
    let validator = Validator::new(TrustStore::new(), Policy::pilot(), NOW.parse().unwrap());
    let report = validator.validate(&read(&path("out.asice"))).unwrap();
    assert_eq!(report.signatures()[0].intact(), Some(true));
}
