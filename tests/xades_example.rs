//! The programs `sign` and `verify` take XML as they take PDFs: by its content.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::path::Path;

const AT: &str = "2026-06-01T00:00:00Z";
const KEY: [&str; 6] =
    ["--key", "testdata/keys/p256.key.pem", "--cert", "testdata/keys/p256.crt.pem", "--time", AT];
const TRUST: [&str; 6] = ["--trust", "testdata/keys/ca.crt.pem", "--policy", "pilot", "--time", AT];

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn xml_is_signed_within_and_files_beside() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let (document, annex) = (file("văn bản.xml"), file("annex.bin"));
    std::fs::write(&document, "<?xml version='1.0'?>\n<a>Công văn</a>\n").unwrap();
    std::fs::write(&annex, [0, 1, 2]).unwrap();
    let sign = |options: &[&str], from: &Path, to: &Path| {
        support::run("sign", &[&KEY[..], options, &[text(from), text(to)]].concat())
    };
    let verify = |options: &[&str], of: &Path| {
        support::run("verify", &[&TRUST[..], &["--json"], options, &[text(of)]].concat()).unwrap()
    };
    let signed = file("signed.xml");
    let Some((code, said)) = sign(&[], &document, &signed) else { return };
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = verify(&[], &signed);
    assert_eq!(code, Some(0), "{said}");
    let report: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(report["format"], "XML");
    assert_eq!(report["signatures"][0]["form"], "XAdES");
    assert_eq!(report["signatures"][0]["covers"]["whole_file"], true);
    let etsi = file("report.xml");
    assert_eq!(verify(&["--etsi", text(&etsi)], &signed).0, Some(0));
    assert!(std::fs::read_to_string(&etsi).unwrap().contains("total-passed"));
    let beside = file("beside.xml");
    let (code, said) = sign(&["--xades", "--detached"], &annex, &beside).unwrap();
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(verify(&[], &beside).0, Some(2));
    assert_eq!(verify(&["--content", text(&annex)], &beside).0, Some(0));
    let named = format!("annex.bin={}", text(&annex));
    assert_eq!(verify(&["--content", &named], &beside).0, Some(0));
    let other = format!("other.bin={}", text(&annex));
    assert_eq!(verify(&["--content", &other], &beside).0, Some(2));
    // A PDF is signed as it was asked for, and not within itself.
    let pdf = Path::new("testdata/pdf/libreoffice.pdf");
    let (code, said) = sign(&["--xades", "--detached"], pdf, &beside).unwrap();
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(verify(&["--content", text(pdf)], &beside).0, Some(0));
    let around = file("around.xml");
    sign(&["--xades", "--enveloping"], &annex, &around).unwrap();
    assert_eq!(verify(&[], &around).0, Some(0));
}
