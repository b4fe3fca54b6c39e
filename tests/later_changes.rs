//! What came after a signature, held to what its signer permits: DocMDP, FieldMDP and
//! locks (ISO 32000-2 §12.8.2), and the attacks on certified documents (Rohlmann et al.,
//! "Breaking the Specification: PDF Certification", 2021).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod support;

use std::fs;

use kyso::pades::{DocMdp, FieldLock, SignatureBuilder};
use kyso::{
    CheckId, Conclusion, Level, Policy, Report, SigningOverride, SoftwareSigner, TrustStore,
    UtcTime, Validator,
};

const NOW: &str = "2026-11-22T08:00:00+07:00";
const DARK: &str = "<</Subtype/Form/BBox[0 0 9 9]/Length 16>>\nstream\n0 g 0 0 9 9 re S\nendstream";
const WHITE: &str =
    "<</Subtype/Form/BBox[0 0 9 9]/Length 16>>\nstream\n1 g 0 0 9 9 re f\nendstream";

type Objects<'a> = &'a [(u32, &'a str)];

fn signer(certificate: &str) -> SoftwareSigner {
    let read = |name: &str| fs::read(format!("testdata/keys/{name}.pem")).unwrap();
    SoftwareSigner::from_pem(&read("p256.key"), &read(&format!("{certificate}.crt"))).unwrap()
}

/// One page with two text fields, `so` and `nhom.ten`.
fn form() -> Vec<u8> {
    let empty = "<</Subtype/Form/BBox[0 0 9 9]/Length 0>>\nstream\n\nendstream";
    support::pdf::write(&[
        "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R 7 0 R]>>>>".into(),
        "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 200 200]/Resources<<>>>>".into(),
        "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[5 0 R 8 0 R]>>".into(),
        "<</Length 10>>\nstream\n0 0 5 5 re\nendstream".into(),
        format!("<<{SO}/AP<</N 6 0 R>>>>"),
        empty.into(),
        "<</T(nhom)/Kids[8 0 R]>>".into(),
        format!("<<{TEN}/AP<</N 9 0 R>>>>"),
        empty.into(),
    ])
}

const SO: &str = "/Type/Annot/Subtype/Widget/FT/Tx/T(so)/Rect[0 0 9 9]/P 3 0 R";
const TEN: &str = "/Type/Annot/Subtype/Widget/FT/Tx/T(ten)/Parent 7 0 R/Rect[9 0 18 9]/P 3 0 R";

/// Signed as objects 10 and 11.
fn signed<'a>(
    form: &'a [u8],
    how: impl FnOnce(SignatureBuilder<'a, [u8]>) -> SignatureBuilder<'a, [u8]>,
) -> Vec<u8> {
    how(SignatureBuilder::new(form, NOW.parse().unwrap())).sign(&signer("p256")).unwrap()
}

/// Signed once more by whoever.
fn signed_again(pdf: &[u8], certificate: &str) -> Vec<u8> {
    SignatureBuilder::new(pdf, NOW.parse::<UtcTime>().unwrap())
        .allow(SigningOverride::ExpiredCertificate)
        .sign(&signer(certificate))
        .unwrap()
}

/// An incremental update.
fn updated(pdf: &[u8], objects: Objects<'_>) -> Vec<u8> {
    let text = String::from_utf8_lossy(pdf);
    let (_, prev) = text.rsplit_once("startxref\n").unwrap();
    let prev = prev.lines().next().unwrap();
    let (mut pdf, mut rows) = (pdf.to_vec(), String::new());
    for (number, body) in objects {
        rows += &format!("{number} 1\n{:010} 00000 n \n", pdf.len());
        pdf.extend(format!("{number} 0 obj\n{body}\nendobj\n").bytes());
    }
    let at = pdf.len();
    let trailer = format!("<</Size 99/Root 1 0 R/Prev {prev}>>");
    pdf.extend(format!("xref\n{rows}trailer\n{trailer}\nstartxref\n{at}\n%%EOF\n").bytes());
    pdf
}

fn so(look: &str) -> Vec<(u32, String)> {
    vec![(5, format!("<<{SO}/V(15)/AP<</N 50 0 R>>>>")), (50, look.to_owned())]
}

fn ten() -> Vec<(u32, String)> {
    vec![(8, format!("<<{TEN}/V(An)/AP<</N 51 0 R>>>>")), (51, DARK.to_owned())]
}

fn annotation(body: &str, look: &str) -> Vec<(u32, String)> {
    let page = "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[5 0 R 8 0 R 11 0 R 60 0 R]>>";
    let mut all = vec![(3, page.to_owned()), (60, body.to_owned())];
    if body.contains("61 0 R") {
        all.push((61, look.to_owned()));
    }
    all
}

fn link() -> Vec<(u32, String)> {
    annotation("<</Subtype/Link/Rect[0 0 9 9]/P 3 0 R/A<</S/URI/URI(https://a.vn)>>>>", "")
}

fn stamp() -> Vec<(u32, String)> {
    annotation("<</Subtype/Stamp/Rect[0 0 200 200]/P 3 0 R/AP<</N 61 0 R>>>>", WHITE)
}

fn with(pdf: &[u8], objects: &[(u32, String)]) -> Vec<u8> {
    let objects: Vec<_> = objects.iter().map(|(n, body)| (*n, &body[..])).collect();
    updated(pdf, &objects)
}

fn judged_by(policy: Policy, pdf: &[u8]) -> Report {
    let trust = TrustStore::from_bytes(&fs::read("testdata/keys/ca.crt.pem").unwrap()).unwrap();
    Validator::new(trust, policy, NOW.parse().unwrap()).validate(pdf).unwrap()
}

/// Conclusion, kind and permission of the first signature.
fn first(pdf: &[u8]) -> (String, Option<&'static str>, Option<bool>) {
    let report = judged_by(Policy::pilot(), pdf);
    let signature = &report.signatures()[0];
    let json = serde_json::to_value(&report).unwrap();
    let permitted = json["signatures"][0]["permitted"].as_bool();
    (signature.conclusion().to_string(), signature.later_changes(), permitted)
}

const PASSED: &str = "TOTAL_PASSED";
const HELD: &str = "INDETERMINATE/SIG_CONSTRAINTS_FAILURE";
const FORBIDDEN: &str = "TOTAL_FAILED/FORMAT_FAILURE";

#[test]
fn a_filled_form_passes_and_is_told() {
    let (form, fill) = (form(), so(DARK));
    let pdf = with(&signed(&form, |it| it), &fill);
    assert_eq!(first(&pdf), (PASSED.into(), Some("FORM_FILLING"), None));
    let report = judged_by(Policy::pilot(), &pdf);
    let checks = report.signatures()[0].checks();
    let told = checks.iter().find(|it| it.id == CheckId::FormFilling).unwrap();
    assert!(told.message_en.contains("revision 3: field so (page 1)"), "{}", told.message_en);
    let json = serde_json::to_value(&report).unwrap();
    let revision = serde_json::json!({
        "revision": 3, "kind": "FORM_FILLING", "signatures": [], "fields": ["so"],
        "annotations": [], "pages": [1],
    });
    let told = json["revisions"].as_array().unwrap();
    assert_eq!(told.len(), 1);
    for (key, value) in revision.as_object().unwrap() {
        assert_eq!(&told[0][key], value, "{key}");
    }
    let mut policy = Policy::pilot();
    policy.levels.insert(CheckId::FormFilling, Level::Fail);
    assert_eq!(judged_by(policy, &pdf).conclusion().unwrap().to_string(), HELD);
}

/// "Shadow Attacks": a field hides the page. A later signature may answer for it.
#[test]
fn what_is_drawn_over_the_page_needs_an_answer() {
    let form = form();
    let pdf = with(&signed(&form, |it| it), &so(WHITE));
    assert_eq!(first(&pdf).0, HELD);
    assert_eq!(first(&signed_again(&pdf, "p256")).0, PASSED);
    assert_eq!(first(&signed_again(&pdf, "expired")).0, HELD);
}

/// Incremental saving attack: whatever the policy, and whoever signs it afterwards.
#[test]
fn a_replaced_page_never_passes() {
    let form = form();
    let base = signed(&form, |it| it);
    let page = |contents: u32| {
        format!("<</Type/Page/Parent 2 0 R/Contents {contents} 0 R/Annots[5 0 R 8 0 R 11 0 R]>>")
    };
    let (other, own) = (page(50), page(4));
    let stream = "<</Length 16>>\nstream\n1 g 0 0 9 9 re f\nendstream";
    let tree = "<</Type/Pages/Kids[3 0 R 50 0 R]/Count 2/MediaBox[0 0 200 200]/Resources<<>>>>";
    let root = "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R 7 0 R 11 0 R]/SigFlags 3>>";
    let layers = format!("{root}/OCProperties<</D<</ON[50 0 R]>>/OCGs[50 0 R]>>>>");
    let opened = format!("{root}/OpenAction<</S/JavaScript/JS(1)>>>>");
    let attacks: [(&str, Objects<'_>); 6] = [
        ("replaced contents", &[(4, stream)]),
        ("other contents", &[(3, &other), (50, stream)]),
        ("page added", &[(2, tree), (50, &own)]),
        ("layer switched on", &[(1, &layers), (50, "<</Type/OCG/Name(a)>>")]),
        ("action", &[(1, &opened)]),
        ("form filled in besides", &[(5, &so(DARK)[0].1), (50, DARK), (4, stream)]),
    ];
    let mut lenient = Policy::pilot();
    for id in [
        CheckId::LaterChanges,
        CheckId::FormFilling,
        CheckId::Annotations,
        CheckId::ClerkAddition,
        CheckId::PermittedChanges,
    ] {
        lenient.levels.insert(id, Level::Ignore);
    }
    for (name, objects) in attacks {
        let pdf = updated(&base, objects);
        assert_eq!(first(&pdf).0, HELD, "{name}");
        for pdf in [&pdf, &signed_again(&pdf, "p256")] {
            for policy in [lenient.clone(), Policy::pilot(), Policy::vietnam_official()] {
                let report = judged_by(policy, pdf);
                assert_ne!(report.signatures()[0].conclusion(), Conclusion::TotalPassed, "{name}");
            }
        }
        let revisions = serde_json::to_value(judged_by(Policy::pilot(), &pdf)).unwrap();
        assert_eq!(revisions["revisions"][0]["kind"], "OTHER", "{name}");
    }
}

#[test]
fn annotations_pass_only_where_they_are_permitted() {
    let form = form();
    let plain = signed(&form, |it| it);
    assert_eq!(first(&with(&plain, &link())), (HELD.into(), Some("ANNOTATIONS"), None));
    let mut policy = Policy::pilot();
    policy.levels.insert(CheckId::Annotations, Level::Warn);
    let report = judged_by(policy, &with(&plain, &link()));
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed));
    let certified = signed(&form, |it| it.certify(DocMdp::Annotating));
    assert_eq!(first(&with(&certified, &link())), (PASSED.into(), Some("ANNOTATIONS"), Some(true)));
}

/// Evil annotation attack: the certification permits it, and it hides what was certified.
#[test]
fn evil_annotation_attack() {
    let form = form();
    let certified = signed(&form, |it| it.certify(DocMdp::Annotating));
    let pdf = with(&certified, &stamp());
    assert_eq!(first(&pdf), (HELD.into(), Some("ANNOTATIONS"), Some(true)));
    assert_eq!(first(&signed_again(&pdf, "expired")).0, HELD);
    assert_eq!(first(&signed_again(&pdf, "p256")).0, PASSED);
}

#[test]
fn certifications_bind_what_follows() {
    let form = form();
    for (permission, fill, note) in [
        (DocMdp::NoChanges, FORBIDDEN, FORBIDDEN),
        (DocMdp::FormFilling, PASSED, FORBIDDEN),
        (DocMdp::Annotating, PASSED, PASSED),
    ] {
        let certified = signed(&form, |it| it.certify(permission));
        assert_eq!(first(&certified), (PASSED.into(), Some("NONE"), Some(true)));
        let (filled, noted) = (with(&certified, &so(DARK)), with(&certified, &link()));
        assert_eq!(first(&filled).0, fill, "{permission:?}");
        assert_eq!(first(&noted).0, note, "{permission:?}");
        assert_eq!(first(&filled).2, Some(fill == PASSED), "{permission:?}");
    }
}

#[test]
fn locks_bind_what_follows() {
    let form = form();
    let all = FieldLock::all();
    for (lock, number, name) in [
        (all.clone(), FORBIDDEN, FORBIDDEN),
        (FieldLock::include(["so"]), FORBIDDEN, PASSED),
        (FieldLock::include(["nhom"]), PASSED, FORBIDDEN),
        (FieldLock::include(["nhom.ten"]), PASSED, FORBIDDEN),
        (FieldLock::include(["nho", "ten", "s"]), PASSED, PASSED),
        (FieldLock::exclude(["so"]), PASSED, FORBIDDEN),
        (FieldLock::exclude(["nhom"]), FORBIDDEN, PASSED),
        (FieldLock::include(["x"]).permitting(DocMdp::NoChanges), FORBIDDEN, FORBIDDEN),
        (FieldLock::include(["x"]).permitting(DocMdp::FormFilling), PASSED, PASSED),
    ] {
        let locked = signed(&form, |it| it.lock(lock.clone()));
        assert_eq!(first(&with(&locked, &so(DARK))).0, number, "{lock:?}");
        assert_eq!(first(&with(&locked, &ten())).0, name, "{lock:?}");
        assert_eq!(first(&with(&locked, &[])).2, Some(true), "{lock:?}");
    }
    let locked = signed(&form, |it| it.lock(all));
    let report = judged_by(Policy::pilot(), &with(&locked, &ten()));
    let checks = report.signatures()[0].checks();
    let told = checks.iter().find(|it| it.id == CheckId::PermittedChanges).unwrap();
    assert!(told.message_en.contains("nhom.ten") && told.message_en.contains("revision 3"));
}

/// What one signer locked, those after him are bound by too; what came in between is no
/// business of theirs.
#[test]
fn every_signature_before_binds() {
    let form = form();
    let locked = signed(&form, |it| it.lock(FieldLock::include(["so"])));
    let conclusions = |pdf: &[u8]| {
        let report = judged_by(Policy::pilot(), pdf);
        let all = report.signatures().iter().map(|it| it.conclusion().to_string());
        all.collect::<Vec<_>>()
    };
    let after_both = with(&signed_again(&locked, "p256"), &so(DARK));
    assert_eq!(conclusions(&after_both), [FORBIDDEN, FORBIDDEN]);
    let between = signed_again(&with(&locked, &so(DARK)), "p256");
    assert_eq!(conclusions(&between), [FORBIDDEN, PASSED]);
    let other = with(&signed_again(&locked, "p256"), &ten());
    assert_eq!(conclusions(&other), [PASSED, PASSED]);
}

/// What the agency signs is what is left: that the leader had signed is told.
#[test]
fn a_signature_that_was_taken_away_is_told() {
    let pdf = signed(&form(), |it| it.field("<b>Lãnh đạo"));
    let without = [
        (1, "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R 7 0 R]/SigFlags 3>>>>"),
        (3, "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[5 0 R 8 0 R]>>"),
    ];
    let report = judged_by(Policy::pilot(), &signed_again(&updated(&pdf, &without), "p256"));
    let [agency] = report.signatures() else { panic!("{report}") };
    assert_eq!(agency.conclusion(), Conclusion::TotalPassed, "{report}");
    let json = serde_json::to_value(&report).unwrap();
    let [told] = &json["diagnostics"].as_array().unwrap()[..] else { panic!("{json}") };
    assert_eq!(told["code"], "SIGNATURE_WITHDRAWN");
    for language in ["message_vi", "message_en"] {
        let message = told[language].as_str().unwrap();
        assert!(message.contains("<b>Lãnh đạo") && message.contains(" 2 "), "{message}");
        assert!(report.to_string().contains(message), "{report}");
    }
    let page = report.to_html();
    assert!(page.contains("&lt;b&gt;Lãnh đạo") && !page.contains("<b>"), "{page}");
}

/// What `verify` shows of each signature besides: its level and what of the file it covers.
#[test]
fn level_and_coverage_are_told() {
    let pdf = signed_again(&signed(&form(), |it| it), "p256");
    let report = judged_by(Policy::pilot(), &pdf);
    let (text, page) = (report.to_string(), report.to_html());
    assert_eq!(text.matches("Form and level: PAdES BASELINE-B").count(), 2, "{text}");
    for (vi, en) in
        [("phiên bản 2 trong 3 của tệp", "revision 2 of 3"), ("toàn bộ tệp", "the whole file")]
    {
        assert!(text.contains(&format!("Phạm vi ký / Covers: {vi} / {en}")), "{text}");
        assert!(page.contains(vi) && page.contains(en), "{page}");
    }
}
