//! What a certification forbids does not stand against what makes signatures last; and a
//! field that asks for a time-stamp gets one.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod support;

use kyso::pades::{
    Augmenter, DocMdp, EmptyField, FieldBuilder, FieldLock, Level, SeedValues, SignatureBuilder,
};
use kyso::{Conclusion, ErrorKind, Policy, UtcTime, Validator};
use support::pki::{NOW, Pki};

fn now() -> UtcTime {
    NOW.parse().unwrap()
}

fn document() -> Vec<u8> {
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 200 200]>>",
        "<</Type/Page/Parent 2 0 R/Resources<<>>>>",
    ];
    support::pdf::write(&objects.map(str::to_owned))
}

/// ISO 32000-2 Table 257: validation data and document time-stamps always may come.
#[test]
fn time_stamps_come_after_a_certification_that_permits_nothing() {
    let (pki, pdf) = (Pki::new(), document());
    let tsa = pki.tsa();
    let certified = SignatureBuilder::new(&pdf, now())
        .certify(DocMdp::NoChanges)
        .lock(FieldLock::all())
        .sign(&pki.signer())
        .unwrap();
    let stamped = Augmenter::new(Level::T(&tsa)).augment(&certified).unwrap();
    let stamped = stamped.to_vec(&certified).unwrap();
    let report = Validator::new(pki.trust(), Policy::pilot(), now()).validate(&stamped).unwrap();
    let signature = &report.signatures()[0];
    assert_eq!(signature.conclusion(), Conclusion::TotalPassed, "{report}");
    assert_eq!(signature.timestamps().len(), 1, "{report}");
    let further = SignatureBuilder::new(&stamped, now()).sign(&pki.signer()).unwrap_err();
    assert!(further.to_string().contains("permits no further signature"), "{further}");
    let late = SignatureBuilder::new(&stamped, now()).certify(DocMdp::NoChanges);
    assert_eq!(late.sign(&pki.signer()).unwrap_err().kind(), ErrorKind::Misuse);
}

#[test]
fn a_field_that_asks_for_a_time_stamp() {
    let (pki, pdf) = (Pki::new(), document());
    let seed = SeedValues::new().time_stamp("http://tsa.example.vn");
    let field = EmptyField::new("Leader").seed(seed);
    let pdf = FieldBuilder::new(&pdf).field(field).add().unwrap();
    let builder = SignatureBuilder::new(&pdf, now()).field("Leader");
    let without = builder.sign(&pki.signer()).unwrap_err();
    assert!(without.to_string().contains("http://tsa.example.vn"), "{without}");
    let (tsa, builder) = (pki.tsa(), SignatureBuilder::new(&pdf, now()).field("Leader"));
    let level = Level::T(&tsa);
    let signed = builder.level(&level).sign(&pki.signer()).unwrap();
    let report = Validator::new(pki.trust(), Policy::pilot(), now()).validate(&signed).unwrap();
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
    assert_eq!(report.signatures()[0].timestamps().len(), 1);
}
