//! The figures as a page that can be printed and filed: Vietnamese first, English beneath;
//! what matters most first, then charts and tables. It loads nothing, runs nothing, and
//! nothing in it is markup but what stands here.

mod charts;
mod tables;

use std::fmt::Write;

use super::statistics::Statistics;
use crate::encoding::{escape, printable};

impl Statistics {
    /// The report as a page of HTML that stands by itself and can be printed on A4; `name` is
    /// the agency's.
    ///
    /// All that comes from documents is text in it and can be nothing else; the page forbids
    /// the browser to load or to run anything.
    #[must_use]
    pub fn to_html(&self, name: &str) -> String {
        let mut page = Page { out: HEAD.to_owned() };
        page.both(
            "h1",
            "Báo cáo gửi, nhận văn bản điện tử",
            "Report on the exchange of electronic documents",
        );
        page.about(self, name);
        page.key_figures(self);
        page.sent(&self.sent);
        page.received(&self.received);
        page.out.push_str("</body>\n</html>\n");
        page.out
    }
}

const HEAD: &str = r#"<!DOCTYPE html>
<html lang="vi">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>Báo cáo gửi, nhận văn bản điện tử</title>
<style>
@page { size: A4; margin: 20mm 15mm 20mm 25mm; }
body { font: 15px/1.4 "Times New Roman", "Liberation Serif", "Noto Serif", serif; max-width: 46em; margin: 2em auto; padding: 0 1em; color: #111; }
h1 { font-size: 1.4em; text-align: center; text-transform: uppercase; margin: .3em 0 .8em; } h2 { font-size: 1.2em; margin: 1.4em 0 .3em; border-bottom: 1px solid #999; } h3 { font-size: 1em; margin: 1em 0 .3em; }
[lang=en] { color: #555; font-size: .85em; font-style: italic; display: block; text-transform: none; font-weight: normal; }
table { border-collapse: collapse; width: 100%; margin: .3em 0 .8em; } th, td { text-align: left; vertical-align: top; padding: .2em .5em; border-bottom: 1px solid #ddd; overflow-wrap: anywhere; }
th { font-weight: normal; } thead th { font-weight: bold; } .number { text-align: right; white-space: nowrap; overflow-wrap: normal; }
th.number { white-space: normal; width: 5.5em; } .when, .code, .who { font-size: .88em; } .when { white-space: nowrap; } .code { width: 8.5em; } .who { width: 6.5em; }
.about th { width: 30%; } .columns { columns: 2; column-gap: 2em; }
.key { display: grid; grid-template-columns: repeat(4, 1fr); gap: .5em; margin: 1em 0; } .key div { border: 1px solid #999; padding: .4em .6em; font-size: .9em; break-inside: avoid; } .key b { display: block; font-size: 1.7em; line-height: 1.2; }
.bad { border-left: .5em solid #a3150f; background: #fbeae9; padding: .4em .8em; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
figure { margin: .6em 0; break-inside: avoid; } svg { width: 100%; height: auto; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
@media print { body { margin: 0; max-width: none; padding: 0; font-size: 11pt; } tr { break-inside: avoid; } thead { display: table-header-group; break-after: avoid; } h2, h3 { break-after: avoid; } }
</style>
</head>
<body>
"#;

/// What has been written so far.
struct Page {
    out: String,
}

impl Page {
    fn both(&mut self, element: &str, vi: &str, en: &str) {
        self.both_as(element, "", vi, en);
    }

    fn both_as(&mut self, element: &str, class: &str, vi: &str, en: &str) {
        self.open(element, class);
        self.text(vi);
        self.markup("<span lang=\"en\">");
        self.text(en);
        self.markup("</span>");
        self.close(element);
    }

    fn cell(&mut self, class: &str, value: &str) {
        self.open("td", class);
        // What is written from right to left must not move what stands beside it.
        self.markup("<bdi>");
        self.text(value);
        self.markup("</bdi>");
        self.close("td");
    }

    fn row(&mut self, vi: &str, en: &str, value: &str) {
        self.markup("<tr>");
        self.both("th", vi, en);
        self.cell("", value);
        self.markup("</tr>\n");
    }

    fn open(&mut self, element: &str, class: &str) {
        // A string never fails to be written to.
        let _ = match class {
            "" => write!(self.out, "<{element}>"),
            _ => write!(self.out, "<{element} class=\"{class}\">"),
        };
    }

    fn close(&mut self, element: &str) {
        let _ = writeln!(self.out, "</{element}>");
    }

    fn figure(&mut self, vi: &str, en: &str, svg: Option<String>) {
        let Some(svg) = svg else { return };
        self.markup("<figure>");
        self.both("h3", vi, en);
        self.markup(&svg);
        self.markup("</figure>\n");
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
