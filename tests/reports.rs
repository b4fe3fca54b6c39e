//! Reports for people: what is in them, and that nothing which comes from a document
//! can be more than text there.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod support;

use kyso::cades::Level;
use kyso::{Error, ErrorKind, Policy, Report, SoftwareSigner, UtcTime, Validator, cades};
use rcgen::{DnType, KeyPair};
use support::pki::{self, NOW, Pki};

/// Markup, a quotation mark, a colour, a line of its own, and letters turned round.
const HOSTILE: &str = "<script>alert(1)</script>\"'&\u{1b}[32m\nChữ ký hợp lệ\u{202e}cba\u{2066}";

/// Signed by someone of this name, in a file of this name.
fn report(name: &str, policy: Policy) -> Report {
    let pki = Pki::new();
    let (mut params, key) = (pki::params(name, 77), KeyPair::generate().unwrap());
    params.distinguished_name.push(DnType::OrganizationName, name);
    let leaf = pki.middle.certify(&params, &key);
    let chain = [leaf, pki.middle.certificate.clone()];
    let signer = SoftwareSigner::from_pkcs8(&key.serialize_der(), &chain).unwrap();
    let at: UtcTime = NOW.parse().unwrap();
    let content = b"content".to_vec();
    let signed = cades::SignatureBuilder::new(&content, at).enveloping().sign(&signer).unwrap();
    let validator = Validator::new(pki.trust(), policy, at);
    validator.validate(&signed).unwrap().for_file(format!("{name}.p7m"))
}

#[test]
fn a_page_says_what_a_clerk_asks() {
    let page = report("Nguyễn Thị Ánh", Policy::pilot()).to_html();
    for said in [
        "Nguyễn Thị Ánh.p7m",
        "Tất cả 1 chữ ký trên tài liệu đều hợp lệ.",
        "The signature is valid. (TOTAL_PASSED)",
        "2026-06-15T07:00:00+07:00",
        "Giá trị chữ ký do đúng khóa của người ký tạo ra.",
        "EN 319 102-1 5.2.7",
        "class=\"verdict passed\"",
    ] {
        assert!(page.contains(said), "{said:?} is missing:\n{page}");
    }
    let open = report("A", Policy::default()).to_html();
    assert!(
        open.contains("class=\"verdict open\"") && open.contains("INDETERMINATE/TRY_LATER"),
        "{open}"
    );
    assert!(open.contains("thông tin thu hồi về chứng thư số của "), "{open}");
}

/// The verdict comes first; what only an expert needs is folded, at the end.
#[test]
fn a_page_goes_from_the_verdict_to_what_is_folded() {
    let page = report("A", Policy::default()).to_html();
    let at = |said: &str| page.find(said).unwrap_or_else(|| panic!("{said:?} in\n{page}"));
    let order = [
        "<h1>",
        "verdict open",
        "Chữ ký “1”",
        "Còn thiếu: ",
        "Người ký",
        "Chứng thư số",
        "Gốc tin cậy",
        "<details>",
        "Số sê-ri",
        "EN 319 102-1 5.2.7",
    ];
    assert!(order.windows(2).all(|it| at(it[0]) < at(it[1])), "{page}");
    assert_eq!(page.matches("<details>").count(), page.matches("</details>").count());
}

/// Each `<` begins markup of the page's own, and no control character is left.
#[test]
fn nothing_from_a_document_is_more_than_text_in_a_page() {
    let page = report(HOSTILE, Policy::pilot()).to_html();
    let own = [
        "!DOCTYPE html",
        "html",
        "/html",
        "head",
        "/head",
        "meta",
        "title",
        "/title",
        "style",
        "/style",
        "body",
        "/body",
        "h1",
        "/h1",
        "h2",
        "/h2",
        "p",
        "/p",
        "table",
        "/table",
        "tr",
        "/tr",
        "th",
        "/th",
        "td",
        "/td",
        "bdi",
        "/bdi",
        "span",
        "/span",
        "div",
        "/div",
        "section",
        "/section",
        "details",
        "/details",
        "summary",
        "/summary",
        "footer",
        "/footer",
    ];
    for tag in page.split('<').skip(1) {
        let name = tag.split('>').next().unwrap();
        let known = own.contains(&name) || own.iter().any(|it| name.starts_with(&format!("{it} ")));
        assert!(known, "<{name}>");
        assert!(!name.contains("script") && !name.contains("alert"), "<{name}>");
    }
    assert!(!page.chars().any(|c| c.is_control() && c != '\n'));
    assert!(!page.contains(['\u{202e}', '\u{2066}']));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(!page.lines().any(|line| line.starts_with("Chữ ký hợp lệ")));
}

#[test]
fn a_page_on_what_cannot_be_read_is_no_more_markup() {
    let error = Error::new(ErrorKind::Malformed, format!("no {HOSTILE}"));
    let page = Report::unreadable(&error).for_file(HOSTILE).to_html();
    assert!(page.contains("Không đọc được tệp") && !page.contains("<script>"), "{page}");
}

/// What a clerk reads first is in one language: the technical reason stands in English alone.
#[test]
fn what_cannot_be_read_is_told_in_vietnamese_by_its_kind() {
    const REASON: &str = "the token stream broke off";
    for (kind, said) in [
        (ErrorKind::Malformed, "tệp bị hỏng hoặc không đúng định dạng."),
        (ErrorKind::Unsupported, "tệp dùng định dạng hoặc tính năng chưa được hỗ trợ."),
        (ErrorKind::LimitExceeded, "tệp vượt quá giới hạn xử lý đã đặt."),
        (ErrorKind::Io, "tệp không đọc được từ nơi lưu trữ."),
    ] {
        let error = Error::new(kind, REASON);
        let report = Report::unreadable(&error);
        let vietnamese = format!("Không đọc được tệp: {said}");
        let english = format!("The file cannot be read: {REASON}.");
        let text = report.to_string();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[..2], [vietnamese.as_str(), &format!("  {english}")], "{text}");
        let page = report.to_html();
        assert!(page.contains(&vietnamese) && page.contains(&english), "{page}");
        assert_eq!(page.matches(REASON).count(), 1, "{page}");
        let certificate = kyso::CertificateReport::unreadable(&error).to_string();
        assert!(certificate.starts_with(&format!("{vietnamese}\n  {english}")), "{certificate}");
    }
}

/// Of a PDF that is broken or locked, too.
#[test]
fn what_is_wrong_with_a_pdf_is_told_in_vietnamese() {
    let read = |name: &str| std::fs::read(format!("testdata/pdf/{name}")).unwrap();
    let bent = |mut pdf: Vec<u8>, from: &[u8], to: &[u8]| {
        let at = pdf.windows(from.len()).rposition(|it| it == from).unwrap();
        pdf[at..at + to.len()].copy_from_slice(to);
        pdf
    };
    let locked = read("locked/qpdf-form-filling.pdf");
    for (pdf, code, reason) in [
        (bent(read("cairo.pdf"), b"startxref\n", b"startxxxx\n"), "PDF_STRUCTURE", "startxref"),
        (bent(locked.clone(), b"/Standard", b"/Standarb"), "PDF_ENCRYPTED", "Standarb"),
        (locked, "PDF_ENCRYPTED", "password"),
    ] {
        let validator = Validator::new(Pki::new().trust(), Policy::pilot(), NOW.parse().unwrap());
        let report = serde_json::to_value(validator.validate(&pdf).unwrap()).unwrap();
        let found = report["diagnostics"].as_array().unwrap();
        let found: Vec<_> = found.iter().filter(|it| it["code"] == code).collect();
        let [diagnostic] = &found[..] else { panic!("one {code}: {report}") };
        let [vi, en] = ["message_vi", "message_en"].map(|it| diagnostic[it].as_str().unwrap());
        assert!(en.contains(reason), "{en}");
        let (_, why) = en.split_once(": ").unwrap();
        assert!(!vi.contains(why) && !vi.contains(reason), "{vi}");
        let (_, why) = vi.split_once(": ").unwrap();
        assert!(!why.is_ascii(), "{vi}");
    }
}

/// The verdict on the whole comes first, then who, then what is missing.
#[test]
fn the_text_begins_with_what_a_clerk_asks_first() {
    let text = report("A", Policy::default()).to_string();
    let at = |said: &str| text.find(said).unwrap_or_else(|| panic!("{said:?} in\n{text}"));
    assert!(at("Chưa xác định được mọi chữ ký (0/1") < at("Chữ ký “1”"));
    assert!(at("Người ký / Signer: A") < at("Còn thiếu: "));
    assert!(at("Còn thiếu: ") < at("[+]"));
    assert!(at("Còn thiếu: thông tin thu hồi về chứng thư số của ") < at("Missing: revocation: "));
}

/// A claimed time is said to be one; a proven time stands above what is missing.
#[test]
fn a_proven_time_is_told_from_a_claimed_one() {
    let pki = Pki::new();
    let at: UtcTime = NOW.parse().unwrap();
    let later = at.plus_seconds(86_400);
    let (tsa, content) = (pki.tsa(), b"content".to_vec());
    let level = Level::T(&tsa);
    let signed = cades::SignatureBuilder::new(&content, at).enveloping().level(&level);
    let signed = signed.sign(&pki.signer()).unwrap();
    let validator = Validator::new(pki.trust(), Policy::pilot(), later);
    let report = validator.validate(&signed).unwrap();
    let proven = "2026-06-15T07:00:00+07:00";
    let text = report.to_string();
    assert!(text.contains(&format!("Proven to exist by: {proven}")), "{text}");
    assert!(text.contains(&format!("Claimed time: {proven}")), "{text}");
    let page = report.to_html();
    assert!(page.contains("Được chứng minh đã ký trước") && page.contains(proven), "{page}");
    assert!(page.contains(&format!("{proven} (TOTAL_PASSED)")), "{page}");
    let claimed_only = validator.validate(&pki.signed()).unwrap();
    assert!(!claimed_only.to_string().contains("Proven to exist by"));
    assert!(!claimed_only.to_html().contains("Proven to exist by"));
}

#[test]
fn no_name_forges_a_line_of_the_text() {
    let text = report(HOSTILE, Policy::pilot()).to_string();
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
    assert!(!text.contains('\u{202e}'));
    assert!(!text.lines().any(|line| line.starts_with("Chữ ký hợp lệ")), "{text}");
}
