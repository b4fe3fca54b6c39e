//! What OpenSSL, pyHanko and MuPDF signed (`testdata/signed`), verified offline.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};

use kyso::{Conclusion, Indeterminate, Policy, Report, TrustStore, Validator};

fn test_data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)
}

fn validator() -> Validator {
    let root = fs::read(test_data("keys/ca.crt.pem")).unwrap();
    let at = "2026-11-22T08:00:00+07:00".parse().unwrap();
    Validator::new(TrustStore::from_bytes(&root).unwrap(), Policy::pilot(), at)
}

/// Each file with its detached content, where it has one.
fn samples() -> Vec<(String, Vec<u8>, Option<Vec<u8>>)> {
    let content = fs::read(test_data("signed/content.txt")).unwrap();
    let files = fs::read_dir(test_data("signed")).unwrap().map(|entry| entry.unwrap().path());
    let mut samples: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|it| it == "p7" || it == "pdf"))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let detached = name.contains("-detached").then(|| content.clone());
            (name, fs::read(path).unwrap(), detached)
        })
        .collect();
    samples.sort();
    assert_eq!(samples.len(), 12);
    samples
}

fn validate(validator: &Validator, bytes: &[u8], content: Option<&[u8]>) -> kyso::Result<Report> {
    match content {
        Some(content) => validator.validate_detached(bytes, content),
        None => validator.validate(bytes),
    }
}

#[test]
fn signatures_by_others_pass() {
    let validator = validator();
    for (name, bytes, content) in samples() {
        let report = validate(&validator, &bytes, content.as_deref()).unwrap();
        let twice = name.starts_with("pyhanko") && name.ends_with(".pdf");
        assert_eq!(report.signatures().len(), if twice { 2 } else { 1 }, "{name}");
        for signature in report.signatures() {
            assert_eq!(signature.intact(), Some(true), "{name}: {report}");
            // MuPDF signs the SHA-1 of a document.
            let expected = if name.starts_with("mutool") {
                Conclusion::Indeterminate(Indeterminate::CryptoConstraintsFailureNoPoe)
            } else {
                Conclusion::TotalPassed
            };
            assert_eq!(signature.conclusion(), expected, "{name}: {report}");
        }
    }
}

#[test]
fn one_other_bit_and_they_do_not() {
    let validator = validator();
    for (name, mut bytes, mut content) in samples() {
        match &mut content {
            Some(content) => content[3] ^= 1,
            None if name.ends_with(".pdf") => bytes[100] ^= 1,
            None => {
                let held = bytes.windows(4).position(|it| it == b"nghi").unwrap();
                bytes[held] ^= 1;
            }
        }
        // A PDF may become unreadable; it may not pass.
        if let Ok(report) = validate(&validator, &bytes, content.as_deref()) {
            assert_ne!(report.conclusion(), Some(Conclusion::TotalPassed), "{name}: {report}");
            assert!(report.signatures().iter().all(|it| it.intact() != Some(true)), "{name}");
        }
    }
}
