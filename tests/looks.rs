//! Signatures that are seen: each look on a page, signed, judged, and kept under the
//! target folder, where `tests/interop/looks.py` draws them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod support;

#[path = "support/pictures.rs"]
mod pictures;

use std::fs;
use std::path::PathBuf;

use kyso::appearance::{Appearance, CopyForm, Font, Image, Placement, TimeFormat};
use kyso::pades::SignatureBuilder;
use kyso::{Conclusion, Limits, Policy, SoftwareSigner, TrustStore, UtcTime, Validator};
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

    /// Every signature passes, whatever later ones show.
    fn judge(&self, pdf: &[u8], signatures: usize) {
        let trust: TrustStore = [self.root.certificate.clone()].into_iter().collect();
        let validator = Validator::new(trust, Policy::pilot(), at());
        let report = validator.validate(pdf).unwrap();
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
    pictures::page(
        attributes,
        &[
            (80.0, 700.0, 11.0, "Đề nghị Sở Kiểm thử tiếp nhận và phản hồi trạng thái."),
            (400.0, 640.0, 11.0, "CHỦ TỊCH"),
            (380.0, 540.0, 11.0, "Nguyễn Văn Thử"),
        ],
    )
}

#[test]
fn the_leader_then_the_agency() {
    let signers = Signers::new();
    let signature = Appearance::leader(image(&pictures::handwriting()), 50.0).unwrap();
    let page = dispatch("");
    let first = SignatureBuilder::new(&page, at())
        .field("Leader")
        .rectangle([355.0, 556.0, 497.0, 633.0])
        .appearance(signature)
        .sign(&signers.leader)
        .unwrap();
    signers.judge(&first, 1);
    let seal = Appearance::agency(image(&pictures::seal()), 40.0).unwrap();
    let both = SignatureBuilder::new(&first, at())
        .field("Agency")
        .placement(Placement::left_of("Leader"))
        .appearance(seal)
        .sign(&signers.agency)
        .unwrap();
    signers.judge(&both, 2);
    keep("leader-agency", &both);
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
