//! A report as a page that a clerk can print: Vietnamese first, English beneath. It
//! loads nothing, runs nothing, and nothing in it is markup but what stands here.

use super::{Report, SignatureReport, TimeStampReport};
use crate::encoding::escape;
use crate::time::UtcTime;
use crate::validation::check::{Check, Outcome};
use crate::validation::conclusion::Conclusion;
use crate::validation::text::{mark, printable, sentence, summary};

impl Report {
    /// The report as a page of HTML that stands by itself and can be printed.
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
body { font: 15px/1.45 "Times New Roman", "Noto Serif", serif; max-width: 46em; margin: 2em auto; padding: 0 1em; color: #111; }
h1 { font-size: 1.5em; text-align: center; } h2 { font-size: 1.15em; }
[lang=en] { color: #555; font-size: .88em; font-style: italic; display: block; }
section { border: 1px solid #999; border-left: .5em solid #999; padding: 0 1em 1em; margin: 1.2em 0; }
.passed { border-left-color: #17692f; } .failed { border-left-color: #a3150f; } .open { border-left-color: #b07a00; }
.verdict { font-weight: bold; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .25em .5em; border-bottom: 1px solid #ddd; }
th { width: 32%; font-weight: normal; } td { overflow-wrap: anywhere; } .mark { width: 2.2em; font-family: monospace; }
footer { font-size: .85em; color: #555; }
@media print { body { margin: 0; } section, tr { break-inside: avoid; } }
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
        self.markup("<h1>Kết quả kiểm tra chữ ký số<span lang=\"en\">Signature validation report</span></h1>\n");
        self.markup("<table>\n");
        self.optional("Tệp", "File", report.file());
        if report.error().is_none() {
            self.row("Định dạng", "Format", report.format().name());
        }
        self.time("Thời điểm kiểm tra", "Validation time", report.validation_time());
        let policy = Some(report.policy()).filter(|it| !it.is_empty());
        self.optional("Chính sách", "Policy", policy);
        self.markup("</table>\n");
        match report.error() {
            Some(error) => self.unreadable(error),
            None => {
                let (vi, en) = summary(report);
                self.verdict(&vi, &en);
            }
        }
        for (vi, en) in report.diagnostics() {
            self.both("p", vi, en);
        }
        for signature in report.signatures() {
            self.signature(signature);
        }
    }

    fn unreadable(&mut self, error: &str) {
        self.verdict(
            &format!("Không đọc được tệp: {error}."),
            &format!("The file cannot be read: {error}."),
        );
    }

    fn signature(&mut self, signature: &SignatureReport) {
        let conclusion = signature.conclusion();
        let class = match conclusion {
            Conclusion::TotalPassed => "passed",
            Conclusion::TotalFailed(_) => "failed",
            Conclusion::Indeterminate(_) => "open",
        };
        self.markup(&format!("<section class=\"{class}\">\n"));
        self.both(
            "h2",
            &format!("Chữ ký “{}”", signature.id()),
            &format!("Signature “{}”", signature.id()),
        );
        let (vi, en) = sentence(conclusion);
        self.verdict(vi, &format!("{en} ({conclusion})"));
        self.markup("<table>\n");
        self.who(signature);
        self.when(signature);
        for (vi, en) in signature.missing_vi().iter().zip(signature.missing()) {
            self.row("Còn thiếu", "Missing", &format!("{vi} / {en}"));
        }
        self.what(signature);
        self.markup("</table>\n");
        self.checks(signature.checks());
        self.markup("</section>\n");
    }

    fn who(&mut self, signature: &SignatureReport) {
        let signer = signature.signer_name().or(signature.signer());
        self.optional("Người ký", "Signer", signer);
        self.optional("Cơ quan", "Agency", signature.agency());
        self.optional("Tên trong chứng thư số", "Name in the certificate", signature.signer());
        self.optional("Cơ quan cấp chứng thư số", "Issuer", signature.issuer());
        self.optional("Số sê-ri", "Serial number", signature.serial());
        self.optional("Miền tin cậy", "Trust domain", signature.trust_domain());
    }

    fn when(&mut self, signature: &SignatureReport) {
        self.time(
            "Được chứng minh đã ký trước",
            "Proven to exist by",
            signature.best_signature_time(),
        );
        for stamp in signature.timestamps() {
            self.time_stamp(stamp);
        }
        self.time(
            "Thời gian ký do người ký khai báo",
            "Time claimed by the signer",
            signature.claimed_time(),
        );
    }

    fn time_stamp(&mut self, stamp: &TimeStampReport) {
        let time = stamp.time.map_or_else(|| "?".to_owned(), UtcTime::vietnam);
        let text = format!("{time} ({})", stamp.conclusion);
        self.row("Dấu thời gian", "Time-stamp", &text);
    }

    fn what(&mut self, signature: &SignatureReport) {
        if let Some(pdf) = signature.pdf() {
            self.optional("Lý do ký", "Reason", pdf.reason.as_deref());
            self.optional("Địa điểm ký", "Location", pdf.location.as_deref());
        }
        match signature.covers().whole_file {
            Some(true) => self.row("Phạm vi ký", "Covers", "toàn bộ tệp / the whole file"),
            Some(false) => {
                self.row("Phạm vi ký", "Covers", "một phiên bản trước / an earlier revision");
            }
            None => {}
        }
    }

    fn checks(&mut self, checks: &[Check]) {
        self.markup("<table>\n");
        for check in checks {
            self.markup(match check.outcome {
                Outcome::Failed | Outcome::NotChecked => {
                    "<tr class=\"verdict\"><td class=\"mark\">"
                }
                Outcome::Ok | Outcome::Information | Outcome::Warning => "<tr><td class=\"mark\">",
            });
            self.text(mark(check.outcome));
            self.markup("</td>");
            self.both("td", &check.message_vi, &check.message_en);
            self.markup("<td>");
            self.text(check.clause);
            self.markup("</td></tr>\n");
        }
        self.markup("</table>\n");
    }

    fn verdict(&mut self, vi: &str, en: &str) {
        self.markup("<div class=\"verdict\">");
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
        // What is written from right to left must not move what stands beside it.
        self.markup("<td><bdi>");
        self.text(value);
        self.markup("</bdi></td></tr>\n");
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
