//! Signatures by OpenSSL, pyHanko and MuPDF, kept in `testdata/signed`.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;

use kyso::{Policy, Report, TrustStore, UtcTime, Validator};

fn validate(name: &str) -> Report {
    let trust = TrustStore::from_bytes(&fs::read("testdata/keys/ca.crt.pem").unwrap()).unwrap();
    let at: UtcTime = "2026-12-01T00:00:00Z".parse().unwrap();
    let validator = Validator::new(trust, Policy::pilot(), at);
    let file = fs::read(format!("testdata/signed/{name}")).unwrap();
    if name.contains("detached") {
        let content = fs::read("testdata/signed/content.txt").unwrap();
        validator.validate_detached(&file, &content).unwrap()
    } else {
        validator.validate(&file).unwrap()
    }
}

#[test]
fn all_are_accepted_and_sha_1_is_graded() {
    let mut tried = 0;
    for entry in fs::read_dir("testdata/signed").unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if !name.ends_with(".p7") && !name.ends_with(".pdf") {
            continue;
        }
        let report = validate(&name);
        let expected = match name.starts_with("mutool") {
            true => "INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
            false => "TOTAL_PASSED",
        };
        assert_eq!(report.conclusion().unwrap().to_string(), expected, "{name}: {report}");
        assert!(report.signatures().iter().all(|it| it.intact() == Some(true)), "{name}");
        tried += 1;
    }
    assert!(tried >= 12, "{tried}");
}

/// The leader signs, then the agency seals; both stay good, and the report says so.
#[test]
fn a_second_signature_leaves_the_first_good() {
    let report = validate("pyhanko-p256-sha256-reportlab-form.pdf");
    let [leader, agency] = report.signatures() else { panic!("two signatures") };
    assert_eq!((leader.id(), agency.id()), ("Leader", "Agency"));
    assert_eq!(leader.later_changes(), Some("SIGNATURES"));
    assert_eq!(leader.covers().whole_file, Some(false));
    assert_eq!(agency.later_changes(), Some("NONE"));
    assert_eq!(agency.covers().whole_file, Some(true));
}
