//! The report as it is printed: on A4, with nothing beyond the margins or cut, where a
//! browser and poppler are at hand.
#![allow(
    clippy::unwrap_used,
    clippy::unwrap_in_result,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs
)]

mod support;

use std::path::Path;
use std::process::Command;

use kyso::{Policy, Report, SoftwareSigner, UtcTime, Validator, cades};
use rcgen::{DnType, KeyPair};
use support::pki::{self, NOW, Pki};

/// Names without a space: nothing says where a line may end.
const SIGNER: &str =
    "Trung_tâm_Công_nghệ_thông_tin_và_Chuyển_đổi_số_thuộc_Văn_phòng_Ủy_ban_nhân_dân";
const SERVICE: &str = "tailieu.kythuat.vanphong.uybannhandan.tinhthunghiem.invalid/thu-muc/van-ban";

fn run(program: &str, arguments: &[&str]) -> Option<String> {
    match Command::new(program).args(arguments).output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{program}: {said}");
            Some(String::from_utf8(output.stdout).unwrap())
        }
        Err(error) => {
            support::skipped(format_args!("{program}: {error}"));
            None
        }
    }
}

/// Whichever there is.
fn browser() -> Option<&'static str> {
    let known = ["chromium", "google-chrome", "chrome", "chromium-browser"];
    let found = known.into_iter().find(|it| Command::new(it).arg("--version").output().is_ok());
    if found.is_none() {
        support::skipped(format_args!("no browser of {known:?}"));
    }
    found
}

/// Of several files: signed twice over, open, and not to be read.
fn page() -> String {
    let pki = Pki::new();
    let (mut params, key) = (pki::params(SIGNER, 77), KeyPair::generate().unwrap());
    params.distinguished_name.push(DnType::OrganizationName, SIGNER);
    let leaf = pki.middle.certify(&params, &key);
    let chain = [leaf, pki.middle.certificate.clone()];
    let signer = SoftwareSigner::from_pkcs8(&key.serialize_der(), &chain).unwrap();
    let at: UtcTime = NOW.parse().unwrap();
    let content = b"content".to_vec();
    let signed = cades::SignatureBuilder::new(&content, at).enveloping().sign(&signer).unwrap();
    let report = |policy| {
        let validator = Validator::new(pki.trust(), policy, at);
        let report = validator.validate(&signed).unwrap().for_file(format!("{SERVICE}.p7m"));
        report.with_diagnostic(
            "TEST",
            format!("Không tải được dữ liệu của {SIGNER}_{SIGNER} từ https://{SERVICE}/{SERVICE}."),
            format!("Data of {SIGNER}_{SIGNER} could not be had from https://{SERVICE}/{SERVICE}."),
        )
    };
    let broken = kyso::Error::new(kyso::ErrorKind::Malformed, format!("no {SIGNER}{SIGNER}"));
    let unreadable = Report::unreadable(&broken).for_file(SERVICE.repeat(3));
    let reports = [report(Policy::pilot()), report(Policy::default()), unreadable];
    Report::to_html_page(&reports)
}

/// What `pdftotext -bbox` says of a page: its words and where they are, in points.
struct Printed {
    width: f64,
    height: f64,
    words: Vec<([f64; 4], String)>,
}

fn attribute(line: &str, name: &str) -> f64 {
    let (_, rest) = line.split_once(&format!("{name}=\"")).unwrap();
    rest.split('"').next().unwrap().parse().unwrap()
}

fn pages(boxes: &str) -> Vec<Printed> {
    let mut pages = Vec::new();
    for line in boxes.lines().map(str::trim) {
        if line.starts_with("<page ") {
            let (width, height) = (attribute(line, "width"), attribute(line, "height"));
            pages.push(Printed { width, height, words: Vec::new() });
        } else if line.starts_with("<word ") {
            let place = ["xMin", "yMin", "xMax", "yMax"].map(|it| attribute(line, it));
            let (_, text) = line.split_once('>').unwrap();
            let text = text.strip_suffix("</word>").unwrap().to_owned();
            pages.last_mut().unwrap().words.push((place, text));
        }
    }
    pages
}

fn printed(html: &str, folder: &Path) -> Option<Vec<Printed>> {
    let [page, pdf, boxes] = ["page.html", "page.pdf", "boxes.html"].map(|it| folder.join(it));
    std::fs::write(&page, html).unwrap();
    let profile = format!("--user-data-dir={}", folder.join("profile").display());
    let into = format!("--print-to-pdf={}", pdf.display());
    let options =
        ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", &profile, &into];
    let address = format!("file://{}", page.display());
    run(browser()?, &[&options[..], &[&address]].concat())?;
    run("pdftotext", &["-bbox", pdf.to_str().unwrap(), boxes.to_str().unwrap()])?;
    Some(pages(&std::fs::read_to_string(boxes).unwrap()))
}

#[test]
fn a_report_fits_on_a4() {
    const MILLIMETRE: f64 = 72.0 / 25.4;
    /// Letters that lean reach a little into the margin, and numbers are rounded.
    const NEAR: f64 = 1.5;
    let folder = tempfile::tempdir().unwrap();
    let html = page();
    let Some(pages) = printed(&html, folder.path()) else { return };
    assert!((2..20).contains(&pages.len()), "{} pages", pages.len());
    let (left, right) = (30.0 * MILLIMETRE - NEAR, 195.0 * MILLIMETRE + NEAR);
    let (top, bottom) = (20.0 * MILLIMETRE - NEAR, 277.0 * MILLIMETRE + NEAR);
    for (n, page) in pages.iter().enumerate() {
        let size = [page.width / MILLIMETRE - 210.0, page.height / MILLIMETRE - 297.0];
        assert!(size.iter().all(|it| it.abs() < 0.5), "page {n}: {} {}", page.width, page.height);
        assert!(page.words.len() > 5, "page {n} is as good as empty: {:?}", page.words);
        for (place, text) in &page.words {
            let inside = place[0] >= left && place[2] <= right;
            assert!(inside && place[1] >= top && place[3] <= bottom, "{n}: {text:?} {place:?}");
        }
    }
    // However lines were broken, nothing was left out.
    let text: String = pages.iter().flat_map(|it| &it.words).map(|it| it.1.as_str()).collect();
    let joined = format!("{SIGNER}_{SIGNER}");
    let address = format!("https://{SERVICE}/{SERVICE}.");
    for whole in [SIGNER.repeat(2), SERVICE.repeat(3), joined, address] {
        assert!(text.contains(&whole), "{whole}\n{text}");
    }
}
