//! Signatures that are seen: each look on a page, signed, judged, and kept under the
//! target folder, where `tests/interop/looks.py` draws them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod support;

#[path = "support/pictures.rs"]
mod pictures;

use std::fs;
use std::path::PathBuf;

use kyso::appearance::{Appearance, CopyForm, Font, Image, Placement, Side, TimeFormat};
use kyso::pades::{EmptyField, FieldBuilder, SignatureBuilder};
use kyso::{
    CheckId, Conclusion, ErrorKind, Limits, Outcome, Policy, Report, Signer, SoftwareSigner,
    TrustStore, UtcTime, Validator,
};
use rcgen::{CertificateParams, DnType, KeyPair, KeyUsagePurpose, SanType};
use support::pki::{Authority, params, root};

const NOW: &str = "2026-11-22T08:00:00+07:00";

/// The leader, who has all that a certificate may say, and the agency.
struct Signers {
    root: Authority,
    leader: SoftwareSigner,
    agency: SoftwareSigner,
}

impl Signers {
    fn new() -> Self {
        let root = root("Root");
        let signer = |mut params: CertificateParams| {
            params.key_usages = vec![KeyUsagePurpose::ContentCommitment];
            let key = KeyPair::generate().unwrap();
            let certificate = root.certify(&params, &key);
            SoftwareSigner::from_pkcs8(&key.serialize_der(), &[certificate]).unwrap()
        };
        let mut of_leader = params("Nguyễn Văn Thử", 2);
        of_leader.distinguished_name.push(DnType::OrganizationName, "Tỉnh Thử Nghiệm");
        of_leader.distinguished_name.push(DnType::OrganizationalUnitName, "Ủy ban nhân dân");
        let title = DnType::CustomDnType(vec![2, 5, 4, 12]);
        of_leader.distinguished_name.push(title, "Chủ tịch");
        of_leader.subject_alt_names =
            vec![SanType::Rfc822Name("thu@test.invalid".try_into().unwrap())];
        let (leader, agency) =
            (signer(of_leader), signer(params("Ủy ban nhân dân tỉnh Thử Nghiệm", 3)));
        Self { root, leader, agency }
    }

    fn report(&self, pdf: &[u8]) -> Report {
        let trust: TrustStore = [self.root.certificate.clone()].into_iter().collect();
        Validator::new(trust, Policy::pilot(), at()).validate(pdf).unwrap()
    }

    /// Every signature passes, whatever later ones show.
    fn judge(&self, pdf: &[u8], signatures: usize) {
        let report = self.report(pdf);
        assert_eq!(report.signatures().len(), signatures);
        for signature in report.signatures() {
            assert_eq!(signature.conclusion(), Conclusion::TotalPassed, "{report}");
        }
    }
}

fn at() -> UtcTime {
    NOW.parse().unwrap()
}

fn serif() -> Font {
    Font::from_bytes(typst_assets::fonts().next().unwrap(), &Limits::default()).unwrap()
}

fn image(png: &[u8]) -> Image {
    Image::from_bytes(png, &Limits::default()).unwrap()
}

/// Keeps a file to be drawn.
fn keep(name: &str, pdf: &[u8]) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("looks");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(format!("{name}.pdf")), pdf).unwrap();
}

/// The end of a dispatch.
fn dispatch(attributes: &str) -> Vec<u8> {
    moved(attributes, "1 0 0 1 0 0")
}

fn moved(attributes: &str, matrix: &str) -> Vec<u8> {
    pictures::page(
        attributes,
        matrix,
        &[
            (80.0, 700.0, 11.0, "Đề nghị Sở Kiểm thử tiếp nhận và phản hồi trạng thái."),
            (400.0, 640.0, 11.0, "CHỦ TỊCH"),
            (380.0, 540.0, 11.0, "Nguyễn Văn Thử"),
        ],
    )
}

/// The `/Rect` of the field that was written last.
fn rectangle(pdf: &[u8]) -> [f64; 4] {
    let text = String::from_utf8_lossy(pdf);
    let corners = text.rsplit_once("/Rect [").unwrap().1.split_once(']').unwrap().0;
    let corners: Vec<f64> = corners.split(' ').map(|it| it.parse().unwrap()).collect();
    corners.try_into().unwrap()
}

/// Signed by the leader, then by the agency.
fn both(signers: &Signers, page: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let signature = Appearance::leader(image(&pictures::handwriting()), 50.0).unwrap();
    let first = SignatureBuilder::new(page, at())
        .field("Leader")
        .placement(Placement::between("CHỦ TỊCH", "Nguyễn Văn Thử"))
        .appearance(signature)
        .sign(&signers.leader)
        .unwrap();
    let seal = Appearance::agency(image(&pictures::seal()), 40.0).unwrap();
    let second = SignatureBuilder::new(&first, at())
        .field("Agency")
        .placement(Placement::left_of("Leader"))
        .appearance(seal)
        .sign(&signers.agency)
        .unwrap();
    (first, second)
}

/// Decree 30/2020/NĐ-CP, Annex I: between position and name, and over a third of it.
#[test]
fn the_leader_then_the_agency() {
    const MILLIMETRE: f64 = 72.0 / 25.4;
    let signers = Signers::new();
    let (first, second) = both(&signers, &dispatch(""));
    signers.judge(&first, 1);
    signers.judge(&second, 2);
    keep("leader-agency", &second);
    let (leader, agency) = (rectangle(&first), rectangle(&second));
    let width = leader[2] - leader[0];
    assert!((width - 50.0 * MILLIMETRE).abs() < 0.1, "{leader:?}");
    let centre = f64::midpoint(leader[0], leader[2]);
    assert!((415.0..435.0).contains(&centre), "in the column of both texts: {leader:?}");
    assert!(leader[1] > 545.0 && leader[3] < 640.0, "between their base lines: {leader:?}");
    let overlap = (agency[2] - leader[0]) / width;
    assert!((0.25..=0.40).contains(&overlap) && agency[0] < leader[0], "{overlap}");
    assert!((agency[2] - agency[0] - 40.0 * MILLIMETRE).abs() < 0.1, "{agency:?}");
    assert!((agency[3] - agency[1] - 40.0 * MILLIMETRE).abs() < 0.1, "{agency:?}");
    let heights = agency[1] + agency[3] - leader[1] - leader[3];
    assert!(heights.abs() < 0.1, "at one height: {agency:?}");
}

/// A seal lies on words by law: its lines leave them to be read, wherever they cross them.
/// What is solid in it does not.
#[test]
fn a_seal_on_printed_words() {
    const MILLIMETRE: f64 = 72.0 / 25.4;
    let signers = Signers::new();
    let page = dispatch("");
    let leader = Appearance::leader(image(&pictures::handwriting()), 50.0).unwrap();
    let first = SignatureBuilder::new(&page, at())
        .field("Leader")
        .placement(Placement::between("CHỦ TỊCH", "Nguyễn Văn Thử"))
        .appearance(leader)
        .sign(&signers.leader)
        .unwrap();
    let sealed = |x: f64, y: f64, millimetres: f64| {
        let seal = Appearance::agency(image(&pictures::seal()), millimetres).unwrap();
        let half = millimetres * MILLIMETRE / 2.0;
        SignatureBuilder::new(&first, at())
            .field("Agency")
            .rectangle([x - half, y - half, x + half, y + half])
            .appearance(seal)
            .sign(&signers.agency)
            .unwrap()
    };
    // So far from the middle, in parts of the seal, that the star is elsewhere.
    for part in [-0.49, -0.47, 0.28, 0.33, 0.45, 0.48] {
        let pdf = sealed(230.0, 703.0 + part * 40.0 * MILLIMETRE, 40.0);
        signers.judge(&pdf, 2);
        let report = signers.report(&pdf);
        assert_eq!(covered_text(&report), Some(Outcome::Warning), "{report}");
    }
    // From the side, across "CHỦ TỊCH" and over a third of the signature.
    signers.judge(&sealed(345.0, 600.0, 42.0), 2);
    signers.judge(&sealed(359.0, 600.0, 36.0), 2);
    keep("seal-on-words", &sealed(345.0, 620.0, 42.0));
    let report = signers.report(&sealed(230.0, 703.0, 40.0));
    assert_eq!(covered_text(&report), Some(Outcome::Failed), "{report}");
}

fn covered_text(report: &Report) -> Option<Outcome> {
    let checks = report.signatures()[0].checks();
    checks.iter().find(|it| it.id == CheckId::CoveredText).map(|it| it.outcome)
}

/// Where something on the upright page is on another one.
type Moved = fn([f64; 4]) -> [f64; 4];

/// What is between and left of something is so as it is seen, not as the page counts.
#[test]
fn pages_that_are_turned_and_in_other_units() {
    let signers = Signers::new();
    let upright = rectangle(&both(&signers, &dispatch("")).1);
    let cases: [(&str, &str, &str, Moved); 6] = [
        ("quarter", "/Rotate 90/MediaBox[0 0 842 595]", "0 1 -1 0 842 0", |[a, b, c, d]| {
            [842.0 - d, a, 842.0 - b, c]
        }),
        ("half", "/Rotate 180", "-1 0 0 -1 595 842", |[a, b, c, d]| {
            [595.0 - c, 842.0 - d, 595.0 - a, 842.0 - b]
        }),
        (
            "three-quarters",
            "/Rotate 270/MediaBox[0 0 842 595]",
            "0 -1 1 0 0 595",
            |[a, b, c, d]| [b, 595.0 - c, d, 595.0 - a],
        ),
        ("units", "/UserUnit 2/MediaBox[0 0 298 421]", ".5 0 0 .5 0 0", |it| it.map(|it| it / 2.0)),
        ("cropped", "/CropBox[100 300 560 742]", "1 0 0 1 0 0", |it| it),
        ("moved", "/MediaBox[-100 -200 495 642]", "1 0 0 1 -100 -200", |[a, b, c, d]| {
            [a - 100.0, b - 200.0, c - 100.0, d - 200.0]
        }),
    ];
    for (name, attributes, matrix, wanted) in cases {
        let (_, second) = both(&signers, &moved(attributes, matrix));
        signers.judge(&second, 2);
        keep(&format!("leader-agency-{name}"), &second);
        let (found, wanted) = (rectangle(&second), wanted(upright));
        let close = found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 0.1);
        assert!(close, "{attributes}: {found:?} {wanted:?}");
    }
}

#[test]
fn places_at_a_text() {
    let signers = Signers::new();
    let page = dispatch("");
    let place = |text: &str, side| {
        let look = Appearance::picture(image(&pictures::handwriting()), 10.0).unwrap();
        SignatureBuilder::new(&page, at())
            .placement(Placement::anchor(text, side))
            .appearance(look)
            .sign(&signers.leader)
            .map(|it| rectangle(&it))
    };
    // The letters of "CHỦ TỊCH" stand from about 400 to 458 and on 640.
    let over = place("CHỦ TỊCH", Side::Over).unwrap();
    assert!(over[0] > 400.0 && over[2] < 458.0 && over[1] < 645.0 && over[3] > 640.0, "{over:?}");
    assert!(place("CHỦ TỊCH", Side::Above).unwrap()[1] > 645.0);
    assert!(place("CHỦ TỊCH", Side::Below).unwrap()[3] < 641.0);
    assert!(place("CHỦ TỊCH", Side::Left).unwrap()[2] < 402.0);
    // However it is composed, and whatever its spaces.
    let parts = "CHU\u{309}TI\u{323}CH";
    assert!(place(parts, Side::Right).unwrap()[0] > 450.0);
    let error = place("CHÁNH ÁN", Side::Over).unwrap_err().to_string();
    assert!(error.contains("is not found"), "{error}");
    let error = place("n", Side::Over).unwrap_err().to_string();
    assert!(error.contains("more than once"), "{error}");
}

#[test]
fn words_in_the_corner_of_any_page() {
    let signers = Signers::new();
    let pages = [
        ("upright", ""),
        ("quarter", "/Rotate 90"),
        ("half", "/Rotate 180"),
        ("three-quarters", "/Rotate -90"),
        ("cropped", "/CropBox[50 100 545 742]"),
        ("units", "/UserUnit 2/MediaBox[0 0 298 421]"),
        ("all", "/UserUnit 2/MediaBox[0 0 298 421]/CropBox[20 30 280 400]/Rotate 450"),
    ];
    for (name, attributes) in pages {
        let page = dispatch(attributes);
        let look = Appearance::appendix(serif(), "01/TEST-UBND");
        let signed =
            SignatureBuilder::new(&page, at()).appearance(look).sign(&signers.agency).unwrap();
        signers.judge(&signed, 1);
        keep(&format!("appendix-{name}"), &signed);
        if name == "upright" {
            // 15 mm from the right edge, 5 mm from the upper one.
            let place = rectangle(&signed);
            let (right, top) = (595.0 - 15.0 * 72.0 / 25.4, 842.0 - 5.0 * 72.0 / 25.4);
            assert!((place[2] - right).abs() < 0.1 && (place[3] - top).abs() < 0.1, "{place:?}");
            assert!(place[0] > 595.0 / 2.0, "{place:?}");
        }
    }
    let page = dispatch("");
    let look = Appearance::copy(serif(), CopyForm::SaoY);
    let signed = SignatureBuilder::new(&page, at()).appearance(look).sign(&signers.agency).unwrap();
    keep("copy", &signed);
}

#[test]
fn words_with_labels() {
    let signers = Signers::new();
    let page = dispatch("");
    let plain = Appearance::labelled(serif());
    let dotted = plain.clone().time_format(TimeFormat::Dotted).framed();
    let true_type = Font::from_bytes(dejavu::serif::regular(), &Limits::default()).unwrap();
    let narrow = Appearance::labelled(true_type).framed();
    let with_picture = plain.clone().beside(image(&pictures::handwriting())).framed();
    for (name, look, rectangle) in [
        ("text", plain, [70.0, 580.0, 300.0, 660.0]),
        ("text-framed", dotted, [70.0, 580.0, 250.0, 660.0]),
        ("text-narrow", narrow, [70.0, 560.0, 190.0, 660.0]),
        ("text-picture", with_picture, [70.0, 560.0, 330.0, 660.0]),
    ] {
        let signed = SignatureBuilder::new(&page, at())
            .rectangle(rectangle)
            .appearance(look)
            .sign(&signers.leader)
            .unwrap();
        signers.judge(&signed, 1);
        keep(name, &signed);
    }
}

/// An empty field that is there keeps its rectangle, and the look goes into it.
#[test]
fn an_empty_field_gets_the_look() {
    let signers = Signers::new();
    let page = dispatch("");
    let place = [70.0, 500.0, 300.0, 560.0];
    let field = EmptyField::new("Seal").rectangle(place);
    let empty = FieldBuilder::new(&page).field(field).add().unwrap();
    let look = Appearance::labelled(serif());
    let signed = SignatureBuilder::new(&empty, at())
        .field("Seal")
        .appearance(look.clone())
        .sign(&signers.leader)
        .unwrap();
    signers.judge(&signed, 1);
    assert_eq!(rectangle(&signed), place);
    let update = String::from_utf8_lossy(&signed[empty.len()..]);
    assert!(update.contains("LibertinusSerif") && update.contains("/AP <</N "));
    assert!(!update.contains("NeedAppearances"));
    // One that is not seen cannot show anything.
    let hidden = FieldBuilder::new(&page).field(EmptyField::new("Seal")).add().unwrap();
    let error = SignatureBuilder::new(&hidden, at())
        .field("Seal")
        .appearance(look)
        .sign(&signers.leader)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse);
}

/// The page is signed first by someone else: what a later signature shows is a
/// signature, and no other change.
#[test]
fn later_looks_are_signatures() {
    let signers = Signers::new();
    let (_, both) = both(&signers, &dispatch(""));
    let look = Appearance::appendix(serif(), "01/TEST-UBND");
    let three = SignatureBuilder::new(&both, at()).appearance(look).sign(&signers.agency).unwrap();
    signers.judge(&three, 3);
}

/// A key elsewhere: the look is there before the value is.
#[test]
fn prepared_with_a_look() {
    let signers = Signers::new();
    let page = dispatch("");
    let look = Appearance::copy(serif(), CopyForm::SaoLuc);
    let signer = &signers.agency;
    let prepared = SignatureBuilder::new(&page, at())
        .appearance(look)
        .prepare(signer.certificate_chain(), signer.algorithm())
        .unwrap();
    let value = signer.sign(prepared.to_be_signed()).unwrap();
    let signed = prepared.complete(&value).unwrap().to_vec(&page).unwrap();
    signers.judge(&signed, 1);
}

/// ISO 19005-1 §6.4: no soft masks; later parts have them.
#[test]
fn pdf_a_1_stays_opaque_or_clear() {
    let signers = Signers::new();
    let masks = |part: &str| {
        let page = pictures::archived(part);
        let look = Appearance::leader(image(&pictures::handwriting()), 50.0).unwrap();
        let signed = SignatureBuilder::new(&page, at())
            .rectangle([355.0, 556.0, 497.0, 633.0])
            .appearance(look)
            .sign(&signers.leader)
            .unwrap();
        keep(&format!("archived-{part}"), &signed);
        let update = String::from_utf8_lossy(&signed[page.len()..]).into_owned();
        (update.contains("/SMask"), update.contains("/Mask"))
    };
    assert_eq!(masks("1"), (false, true));
    assert_eq!(masks("2"), (true, false));
    assert_eq!(masks("3"), (true, false));
}

#[test]
fn looks_without_a_place_or_beyond_the_page() {
    let signers = Signers::new();
    let page = dispatch("/CropBox[50 50 545 792]");
    let look = Appearance::picture(image(&pictures::handwriting()), 30.0).unwrap();
    let refused = |change: fn(SignatureBuilder<'_, Vec<u8>>) -> SignatureBuilder<'_, Vec<u8>>| {
        let builder = SignatureBuilder::new(&page, at()).appearance(look.clone());
        let error = change(builder).sign(&signers.leader).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misuse, "{error}");
        error.to_string()
    };
    assert!(refused(|it| it).contains("needs a place"));
    assert!(refused(|it| it.rectangle([10.0, 60.0, 99.0, 99.0])).contains("beyond"));
    assert!(refused(|it| it.page(2).rectangle([60.0, 60.0, 99.0, 99.0])).contains("no page 2"));
    assert!(refused(|it| it.placement(Placement::left_of("x"))).contains("no field"));
    let twice = |it: SignatureBuilder<'_, Vec<u8>>| -> String {
        let it = it.rectangle([60.0, 60.0, 99.0, 99.0]).placement(Placement::TopRight);
        it.sign(&signers.leader).unwrap_err().to_string()
    };
    assert!(
        twice(SignatureBuilder::new(&page, at()).appearance(look.clone())).contains("not both")
    );
    let alone = SignatureBuilder::new(&page, at()).placement(Placement::TopRight);
    assert_eq!(alone.sign(&signers.leader).unwrap_err().kind(), ErrorKind::Misuse);
}
