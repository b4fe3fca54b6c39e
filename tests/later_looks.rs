//! The look of a later signature lies on a page that an earlier one signed: who made
//! it has to answer for it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::fs;

use kyso::pades::{DrawingKind, SignatureBuilder};
use kyso::{Conclusion, Policy, SigningOverride, SoftwareSigner, TrustStore, UtcTime, Validator};

const NOW: &str = "2026-11-22T08:00:00+07:00";

fn signer(key: &str, certificate: &str) -> SoftwareSigner {
    let read = |name: &str| fs::read(format!("testdata/keys/{name}.pem")).unwrap();
    let (key, certificate) = (read(&format!("{key}.key")), read(&format!("{certificate}.crt")));
    SoftwareSigner::from_pem(&key, &certificate).unwrap()
}

/// One page with an empty field for a signature, which shows something.
fn prepared() -> Vec<u8> {
    let objects = [
        "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]/SigFlags 3>>>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 200 200]>>",
        "<</Type/Page/Parent 2 0 R/Resources<<>>/Annots[4 0 R]>>",
        "<</Type/Annot/Subtype/Widget/FT/Sig/T(seal)/F 4/P 3 0 R/Rect[0 0 99 99]/AP<</N 5 0 R>>>>",
        "<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Length 13>>\nstream\n0 0 9 9 re f*\nendstream",
    ];
    let (mut pdf, mut rows) = ("%PDF-1.7\n".to_owned(), String::new());
    for (n, body) in objects.iter().enumerate() {
        rows += &format!("{:010} 00000 n \n", pdf.len());
        pdf += &format!("{} 0 obj\n{body}\nendobj\n", n + 1);
    }
    let at = pdf.len();
    pdf += &format!(
        "xref\n0 6\n0000000000 65535 f \n{rows}trailer\n<</Size 6/Root 1 0 R>>\n\
         startxref\n{at}\n%%EOF\n"
    );
    pdf.into_bytes()
}

/// What the two signatures come to, when the second is made so.
fn conclusions(second: &SoftwareSigner, field: Option<&str>) -> Vec<String> {
    let at: UtcTime = NOW.parse().unwrap();
    let pdf = prepared();
    let pdf = SignatureBuilder::new(&pdf, at).sign(&signer("p256", "p256")).unwrap();
    let mut builder = SignatureBuilder::new(&pdf, at).allow(SigningOverride::ExpiredCertificate);
    builder = match field {
        Some(field) => builder.field(field),
        // Signed without a picture: such a look is empty.
        None => builder.rectangle([0.0, 0.0, 99.0, 99.0]),
    };
    let pdf = builder.sign(second).unwrap();
    let trust = TrustStore::from_bytes(&fs::read("testdata/keys/ca.crt.pem").unwrap()).unwrap();
    let report = Validator::new(trust, Policy::pilot(), at).validate(&pdf).unwrap();
    if field.is_some() {
        let drawing = &report.revisions()[0].drawings()[0];
        assert_eq!((drawing.kind, drawing.page), (DrawingKind::SignatureLook, Some(1)));
        assert_eq!(drawing.place, [0.0, 0.0, 99.0, 99.0]);
    }
    for signature in report.signatures() {
        let later = signature.checks().iter().filter(|it| it.message_en.contains("look"));
        let passes = signature.conclusion() == Conclusion::TotalPassed;
        assert!(later.count() == 0 || !passes, "{report}");
    }
    report.signatures().iter().map(|it| it.conclusion().to_string()).collect()
}

#[test]
fn a_look_is_let_pass_under_a_signature_that_passes() {
    let shown = Some("seal");
    let (good, expired) = (signer("rsa2048", "rsa2048"), signer("p256", "expired"));
    assert_eq!(conclusions(&good, shown), ["TOTAL_PASSED", "TOTAL_PASSED"]);
    let unanswered = conclusions(&expired, shown);
    assert!(unanswered[0].contains("SIG_CONSTRAINTS_FAILURE"), "{unanswered:?}");
    assert_ne!(unanswered[1], "TOTAL_PASSED");
    // One that shows nothing hides nothing, whatever it is worth.
    assert_eq!(conclusions(&expired, None)[0], "TOTAL_PASSED");
}
