//! The program `verify`: its options, its JSON and its exit codes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

mod support;

use kyso::edxml::{Envelope, MessageHeader, Organization};
use kyso::{DigestAlgorithm, pades};
use serde_json::Value;
use support::cms::{Cms, Identity};
use support::evidence_record::{Record, Stamp};
use support::example;
use support::pki::{NOW, Pki};

const TRUST: [&str; 4] = ["--trust", "testdata/keys/ca.crt.pem", "--policy", "pilot"];
const CONTENT: &str = "testdata/signed/content.txt";
const SIGNED: &str = "testdata/signed/openssl-p256-sha256-enveloping-CAdES.p7";
const DETACHED: &str = "testdata/signed/openssl-rsa2048-sha256-detached.p7";

#[track_caller]
fn assert_exits(arguments: &[&str], code: i32) -> Vec<Value> {
    let Some(output) = example("verify", arguments) else { return Vec::new() };
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), output.stderr);
    let err = String::from_utf8(err).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{out}\n{err}");
    assert!(!out.is_empty() || !err.is_empty());
    out.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[test]
fn exit_codes_are_those_of_the_contract() {
    let with = |more: &[&'static str]| [&TRUST[..], more].concat();
    assert_exits(&with(&[SIGNED]), 0);
    assert_exits(&with(&["--content", CONTENT, DETACHED]), 0);
    assert_exits(&with(&["--content", "Cargo.toml", DETACHED]), 1);
    assert_exits(&with(&[DETACHED]), 2);
    assert_exits(&[SIGNED], 2);
    assert_exits(&with(&["testdata/pdf/cairo.pdf"]), 2);
    assert_exits(&with(&["Cargo.toml"]), 3);
    assert_exits(&with(&["no such file"]), 3);
    for wrong in
        [&[][..], &["--no-such-option", SIGNED], &["--time", "today", SIGNED], &["--trust"]]
    {
        assert_exits(wrong, 64);
    }
}

#[test]
fn one_object_a_line_for_each_file() {
    let arguments = [&TRUST[..], &["--json", SIGNED, "testdata/pdf/cairo.pdf", "Cargo.toml"]];
    let reports = assert_exits(&arguments.concat(), 3);
    let [good, unsigned, unreadable] = &reports[..] else {
        assert!(reports.is_empty(), "{reports:?}");
        return;
    };
    assert_eq!((&good["file"], &good["conclusion"]), (&SIGNED.into(), &"TOTAL_PASSED".into()));
    assert!(unsigned["conclusion"].is_null() && unsigned["error"].is_null());
    assert_eq!(unsigned["format"], "PDF");
    assert_eq!(unreadable["error"]["kind"], "Malformed");
}

#[test]
fn contents_are_told_apart_by_the_signatures_name() {
    let folder = tempfile::tempdir().unwrap();
    let rsa = Identity::rsa();
    let mut arguments: Vec<String> = TRUST.iter().map(ToString::to_string).collect();
    let mut files = Vec::new();
    for name in ["a", "b"] {
        let signature = folder.path().join(format!("{name}.p7s"));
        let content = folder.path().join(format!("{name}.txt"));
        std::fs::write(&signature, Cms::over(name.as_bytes(), &rsa).signed_by(&rsa)).unwrap();
        std::fs::write(&content, name).unwrap();
        arguments.push("--content".into());
        arguments.push(format!("{name}.p7s={}", content.display()));
        files.push(signature.display().to_string());
    }
    arguments.extend(files);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    assert_exits(&arguments, 0);
}

#[test]
fn a_signature_in_cms_is_over_one_content() {
    let contents = ["--content", CONTENT, "--content", "Cargo.toml", DETACHED];
    let Some((code, said)) = support::run("verify", &[&TRUST[..], &contents].concat()) else {
        return;
    };
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("hand in that one alone"), "{said}");
}

#[test]
fn an_evidence_record_is_over_as_many_contents_as_are_named() {
    let (pki, folder) = (Pki::new(), tempfile::tempdir().unwrap());
    let put = |name: &str, octets: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, octets).unwrap();
        path.display().to_string()
    };
    let leaf = |it: &str| DigestAlgorithm::Sha256.digest(it.as_bytes()).value().to_vec();
    let lists = vec![vec![leaf("one"), leaf("two")]];
    let record = Record::new(Stamp::over(&pki.tsa(), DigestAlgorithm::Sha256, lists));
    let (record, root) = (put("r.ers", &record.der()), put("root", pki.root.certificate.der()));
    let verify = |contents: &[&str], code| {
        let given = ["--trust", &root, "--policy", "pilot", "--time", NOW, "--json", &record];
        let contents = contents.iter().flat_map(|it| ["--content", *it]);
        assert_exits(&given.into_iter().chain(contents).collect::<Vec<_>>(), code)
    };
    let (one, two, other) = (put("one", b"one"), put("two", b"two"), put("three", b"three"));
    for report in verify(&[&one, &two], 0) {
        assert_eq!(report["format"], "EVIDENCE_RECORD");
        assert_eq!(report["evidence_records"][0]["references"][1]["name"], two.as_str());
    }
    verify(&[&one], 0);
    verify(&[&one, &other], 1);
    verify(&[], 2);
}

/// A password is for encrypted PDFs; others are read as they are.
#[test]
fn a_password_that_nothing_asks_for_changes_nothing() {
    let arguments = [&TRUST[..], &["--password", "secret", "--json", SIGNED]].concat();
    for report in assert_exits(&arguments, 0) {
        assert_eq!(report["diagnostics"].as_array().unwrap().len(), 0);
    }
}

/// Without the password the signature is told, and that what it says is not.
#[test]
fn a_password_opens_what_is_encrypted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("signed.pdf");
    let original = std::fs::read("testdata/pdf/locked/qpdf-form-filling.pdf").unwrap();
    let builder = pades::SignatureBuilder::new(&original, NOW.parse().unwrap());
    let signer = Pki::new().signer();
    let refused = |password| builder.clone().password(password).sign(&signer).unwrap_err();
    assert!(refused("wrong").to_string().contains("password"));
    assert!(refused("user").to_string().contains("permissions"));
    let signed = builder.clone().password("owner").sign(&signer).unwrap();
    std::fs::write(&path, signed).unwrap();
    for (password, locked) in [("user", false), ("owner", false), ("wrong", true)] {
        let path = path.to_str().unwrap();
        let arguments = ["--time", NOW, "--password", password, "--json", path];
        for report in assert_exits(&arguments, 2) {
            assert_eq!(report["signatures"][0]["intact"], true);
            assert_eq!(report["signatures"][0]["id"] == "Signature1", !locked, "{report}");
            let codes = report["diagnostics"].as_array().unwrap();
            assert_eq!(codes.iter().any(|it| it["code"] == "PDF_ENCRYPTED"), locked, "{report}");
        }
    }
}

#[test]
fn one_page_holds_all_files() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.html");
    let html = ["--html", page.to_str().unwrap()];
    let arguments = [&TRUST[..], &html, &[SIGNED, "Cargo.toml"]].concat();
    let Some(output) = example("verify", &arguments) else { return };
    assert_eq!(output.status.code(), Some(3));
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"));
    assert!(page.contains(SIGNED) && page.contains("Cargo.toml"));
    // Where the page cannot be written, nobody takes the run for a pass.
    let arguments = [&TRUST[..], &["--html", "/dev/null/page.html", SIGNED]].concat();
    assert_exits(&arguments, 3);
}

#[test]
fn the_report_of_etsi_goes_with_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let xml = folder.path().join("etsi.xml");
    let etsi = ["--etsi", xml.to_str().unwrap()];
    assert_exits(&[&TRUST[..], &etsi, &[SIGNED]].concat(), 0);
    assert_exits(&[&TRUST[..], &etsi, &[SIGNED, SIGNED]].concat(), 64);
    assert_exits(&[&TRUST[..], &etsi, &["testdata/pdf/cairo.pdf"]].concat(), 3);
    if example("verify", &["--help"]).is_some() {
        let xml = std::fs::read_to_string(xml).unwrap();
        assert!(xml.contains("urn:etsi:019102:mainindication:total-passed"), "{xml}");
    }
}

/// Kept at one time under one policy, the verdict is the same when neither is named again.
#[test]
fn what_was_kept_gives_the_same_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("evidence.json");
    let kept = kept.to_str().unwrap();
    let time = ["--time", "2026-06-15T00:00:00Z", "--json"];
    let first = [&TRUST[..], &time, &["--save-evidence", kept, SIGNED]].concat();
    let first = assert_exits(&first, 0);
    let second = [&TRUST[..2], &["--json", "--evidence", kept, SIGNED]].concat();
    assert_eq!(first, assert_exits(&second, 0));
    // What is trusted is never taken from there.
    assert_exits(&["--json", "--evidence", kept, SIGNED], 2);
    assert_exits(&["--evidence", "Cargo.toml", SIGNED], 64);
    assert_exits(&["--evidence", kept, SIGNED, SIGNED], 64);
}

/// Of a message as of its files.
#[test]
fn what_a_message_rests_on_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (kept, message) = (folder.path().join("evidence.json"), folder.path().join("m.edxml"));
    let header = MessageHeader { to: vec![Organization::default()], ..MessageHeader::default() };
    let envelope = Envelope::new(header).attach("a.p7m", std::fs::read(SIGNED).unwrap());
    std::fs::write(&message, envelope.to_bytes().unwrap()).unwrap();
    let (kept, message) = (kept.to_str().unwrap(), message.to_str().unwrap());
    let time = ["--time", "2026-06-15T00:00:00Z", "--json"];
    let first = [&TRUST[..], &time, &["--save-evidence", kept, message]].concat();
    let first = assert_exits(&first, 0);
    let second = [&TRUST[..2], &["--json", "--evidence", kept, message]].concat();
    assert_eq!(first, assert_exits(&second, 0));
    let unreadable = [&TRUST[..], &["--save-evidence", kept, "Cargo.toml"]].concat();
    assert_exits(&unreadable, 3);
}

#[test]
fn details_are_shown_where_they_are_asked_for() {
    let reports = assert_exits(&[&TRUST[..], &["--detailed", "--json", SIGNED]].concat(), 0);
    for report in &reports {
        assert_eq!(report["conclusion"], "TOTAL_PASSED");
        assert_eq!(report["detailed"]["signatures"][0]["process"]["clause"], "EN 319 102-1 5.6");
    }
    for report in assert_exits(&[&TRUST[..], &["--json", SIGNED]].concat(), 0) {
        assert!(report["detailed"].is_null());
    }
    assert_exits(&[&TRUST[..], &["--detailed", SIGNED]].concat(), 0);
}
