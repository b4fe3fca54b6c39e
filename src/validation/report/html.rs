//! A report as a page that a clerk can print and file: Vietnamese first, English beneath;
//! the verdict first, then who, for whom, when and by which path, then what came after,
//! and the technical part folded. It loads nothing, runs nothing, and nothing in it is
//! markup but what stands here.

mod signature;

use super::{Failure, Report, SignatureReport};
use crate::encoding::escape;
use crate::time::UtcTime;
use crate::validation::conclusion::Conclusion;
use crate::validation::text::{printable, sentence, summary};

impl Report {
    /// The report as a page of HTML that stands by itself and can be printed on A4.
    ///
    /// All that comes from the document, such as names, is text in it and can be nothing
    /// else; the page forbids the browser to load or to run anything.
    #[must_use]
    pub fn to_html(&self) -> String {
        Self::to_html_page([self])
    }

    /// One page on several documents.
    #[must_use]
    pub fn to_html_page<'a>(reports: impl IntoIterator<Item = &'a Self>) -> String {
        let mut page = Page { out: HEAD.to_owned() };
        for report in reports {
            page.report(report);
        }
        page.out.push_str(FOOT);
        page.out
    }
}

/// The policy in the head keeps a browser from loading or running anything.
const HEAD: &str = r#"<!DOCTYPE html>
<html lang="vi">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>Kết quả kiểm tra chữ ký số</title>
<style>
@page { size: A4; margin: 20mm 15mm 20mm 30mm; }
body { font: 15px/1.4 "Times New Roman", "Liberation Serif", "Noto Serif", serif; max-width: 46em; margin: 2em auto; padding: 0 1em; color: #111; overflow-wrap: break-word; }
h1 { font-size: 1.4em; text-align: center; text-transform: uppercase; margin: .3em 0 .8em; } h2 { font-size: 1.1em; margin: .8em 0 .3em; }
p { margin: .2em 0; }
[lang=en] { color: #555; font-size: .85em; font-style: italic; display: block; text-transform: none; font-weight: normal; }
.verdict { border: 1px solid; border-left-width: .5em; padding: .5em .9em; margin: .6em 0; font-weight: bold; font-size: 1.1em; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
.passed { border-color: #17692f; background: #eaf6ed; } .failed { border-color: #a3150f; background: #fbeae9; } .open { border-color: #b07a00; background: #fdf5e2; }
section { border-top: 1px solid #999; margin-top: 1.2em; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .2em .5em; border-bottom: 1px solid #ddd; }
th { width: 30%; font-weight: normal; } td { overflow-wrap: anywhere; } .mark { width: 2.2em; font-family: monospace; } .clause { width: 9em; font-size: .85em; }
.list th { width: auto; font-weight: bold; } .bad { font-weight: bold; }
details { margin: .6em 0; font-size: .92em; } summary { cursor: pointer; color: #333; }
footer { font-size: .85em; color: #555; border-top: 1px solid #999; margin-top: 1.5em; }
@media print { body { margin: 0; max-width: none; font-size: 11pt; } tr, .verdict { break-inside: avoid; } h2 { break-after: avoid; } }
</style>
</head>
<body>
"#;

const FOOT: &str = r#"<footer>
<p>Thời gian ký do người ký khai báo không phải là bằng chứng; chỉ dấu thời gian hợp lệ mới chứng minh thời điểm.
<span lang="en">A claimed signing time proves nothing; only a valid time-stamp proves when a signature existed.</span></p>
</footer>
</body>
</html>
"#;

/// What has been written so far.
struct Page {
    out: String,
}

impl Page {
    fn report(&mut self, report: &Report) {
        self.both("h1", "Kết quả kiểm tra chữ ký số", "Signature validation report");
        match report.failure().map(Failure::sentence) {
            Some((vi, en)) => self.verdict("failed", &vi, &en),
            None => {
                let (vi, en) = summary(report);
                self.verdict(report.conclusion().map_or("open", class), &vi, &en);
            }
        }
        self.markup("<table>\n");
        self.optional("Tệp", "File", report.file());
        if report.error().is_none() {
            self.row("Định dạng", "Format", report.format().name());
        }
        self.time("Thời điểm kiểm tra", "Validation time", report.validation_time());
        let policy = Some(report.policy()).filter(|it| !it.is_empty());
        self.optional("Chính sách kiểm tra", "Validation policy", policy);
        self.markup("</table>\n");
        for (vi, en) in report.diagnostics() {
            self.both("p", vi, en);
        }
        for record in report.evidence_records() {
            self.evidence_record(record);
        }
        self.overview(report.signatures());
        for signature in report.signatures() {
            self.signature(signature);
        }
    }

    /// Where there are several: which of them is which, at a glance.
    fn overview(&mut self, signatures: &[SignatureReport]) {
        if signatures.len() < 2 {
            return;
        }
        self.markup("<table class=\"list\">\n<tr>");
        self.both("th", "Chữ ký", "Signature");
        self.both("th", "Người ký", "Signer");
        self.both("th", "Kết luận", "Conclusion");
        self.markup("</tr>\n");
        for signature in signatures {
            let (vi, en) = sentence(signature.conclusion());
            self.markup("<tr>");
            self.cell("td", signature.id());
            let signer = signature.signer_name().or(signature.signer());
            self.cell("td", signer.unwrap_or("?"));
            self.both("td", vi, en);
            self.markup("</tr>\n");
        }
        self.markup("</table>\n");
    }

    fn verdict(&mut self, class: &str, vi: &str, en: &str) {
        self.markup(&format!("<div class=\"verdict {class}\">"));
        self.both("p", vi, en);
        self.markup("</div>\n");
    }

    fn time(&mut self, vi: &str, en: &str, at: Option<UtcTime>) {
        self.optional(vi, en, at.map(UtcTime::vietnam).as_deref());
    }

    fn optional(&mut self, vi: &str, en: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.row(vi, en, value);
        }
    }

    fn row(&mut self, vi: &str, en: &str, value: &str) {
        self.markup("<tr>");
        self.both("th", vi, en);
        self.cell("td", value);
        self.markup("</tr>\n");
    }

    /// A row whose value is said in both languages.
    fn row_both(&mut self, label: (&str, &str), value: (&str, &str)) {
        self.markup("<tr>");
        self.both("th", label.0, label.1);
        self.both("td", value.0, value.1);
        self.markup("</tr>\n");
    }

    fn cell(&mut self, element: &str, value: &str) {
        // What is written from right to left must not move what stands beside it.
        self.markup(&format!("<{element}><bdi>"));
        self.text(value);
        self.markup(&format!("</bdi></{element}>"));
    }

    fn both(&mut self, element: &str, vi: &str, en: &str) {
        self.markup(&format!("<{element}><bdi>"));
        self.text(vi);
        self.markup("</bdi><span lang=\"en\"><bdi>");
        self.text(en);
        self.markup(&format!("</bdi></span></{element}>\n"));
    }

    /// Of this room's own making; nothing from outside goes through here.
    fn markup(&mut self, markup: &str) {
        self.out.push_str(markup);
    }

    /// Whatever it holds, it is text.
    fn text(&mut self, text: &str) {
        self.out.push_str(&escape(&printable(text)));
    }
}

fn class(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::TotalPassed => "passed",
        Conclusion::TotalFailed(_) => "failed",
        Conclusion::Indeterminate(_) => "open",
    }
}
