//! The look of a later signature lies on a page that an earlier one signed: who made
//! it has to answer for it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::fs;

use kyso::pades::SignatureBuilder;
use kyso::{Conclusion, Policy, SigningOverride, SoftwareSigner, TrustStore, UtcTime, Validator};

const NOW: &str = "2026-11-22T08:00:00+07:00";

fn signer(key: &str, certificate: &str) -> SoftwareSigner {
    let read = |name: &str| fs::read(format!("testdata/keys/{name}.pem")).unwrap();
    let (key, certificate) = (read(&format!("{key}.key")), read(&format!("{certificate}.crt")));
    SoftwareSigner::from_pem(&key, &certificate).unwrap()
}

/// What the two signatures come to, when the second is made so.
fn conclusions(second: &SoftwareSigner, rectangle: Option<[f64; 4]>) -> Vec<String> {
    let at: UtcTime = NOW.parse().unwrap();
    let pdf = fs::read("testdata/pdf/libreoffice.pdf").unwrap();
    let pdf = SignatureBuilder::new(&pdf, at).sign(&signer("p256", "p256")).unwrap();
    let mut builder = SignatureBuilder::new(&pdf, at).allow(SigningOverride::ExpiredCertificate);
    if let Some(rectangle) = rectangle {
        builder = builder.rectangle(rectangle);
    }
    let pdf = builder.sign(second).unwrap();
    let trust = TrustStore::from_bytes(&fs::read("testdata/keys/ca.crt.pem").unwrap()).unwrap();
    let report = Validator::new(trust, Policy::pilot(), at).validate(&pdf).unwrap();
    for signature in report.signatures() {
        let later = signature.checks().iter().filter(|it| it.message_en.contains("look"));
        let passes = signature.conclusion() == Conclusion::TotalPassed;
        assert!(later.count() == 0 || !passes, "{report}");
    }
    report.signatures().iter().map(|it| it.conclusion().to_string()).collect()
}

#[test]
fn a_look_is_let_pass_under_a_signature_that_passes() {
    let whole = Some([0.0, 0.0, 595.0, 842.0]);
    let (good, expired) = (signer("rsa2048", "rsa2048"), signer("p256", "expired"));
    assert_eq!(conclusions(&good, whole), ["TOTAL_PASSED", "TOTAL_PASSED"]);
    let unanswered = conclusions(&expired, whole);
    assert!(unanswered[0].contains("SIG_CONSTRAINTS_FAILURE"), "{unanswered:?}");
    assert_ne!(unanswered[1], "TOTAL_PASSED");
    // One that shows nothing hides nothing, whatever it is worth.
    assert_eq!(conclusions(&expired, None)[0], "TOTAL_PASSED");
}
