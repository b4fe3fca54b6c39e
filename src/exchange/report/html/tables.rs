//! What stands in the page.

use std::collections::BTreeMap;

use super::Page;
use super::charts::{self, Bar};
use crate::envelope::edxml::StatusCode;
use crate::exchange::report::{
    Count, Groups, Received, Refusal, Sent, Signer, Statistics, Timeliness, Times,
};

/// Rows of a table in the page; the rest is in the tables for spreadsheets.
const MOST: usize = 100;
/// Refusals in the page, the newest; each has a reason of its own length.
const MOST_REFUSALS: usize = 50;
/// Bars of a chart.
const TOP: usize = 12;

impl Page {
    pub(super) fn about(&mut self, statistics: &Statistics, name: &str) {
        let (period, journal) = (statistics.period, &statistics.journal);
        self.markup("<table class=\"about\">\n");
        self.row("Cơ quan", "Agency", &format!("{name} ({})", statistics.agency));
        let period = format!("{} – trước {}", clock(period.from), clock(period.until));
        self.row("Kỳ báo cáo", "Period", &period);
        self.row("Tính đến", "As of", &clock(statistics.as_of));
        let whole = format!("{} · SHA-256 {}", journal.entries, journal.hash);
        self.row("Nhật ký (số mục, giá trị băm cuối)", "Journal (entries, last hash)", &whole);
        self.markup("</table>\n");
        if let Some(broken) = &journal.broken {
            self.markup("<div class=\"bad\">");
            let vi = "Nhật ký không nguyên vẹn: các số liệu dưới đây không được bảo đảm.";
            self.both("p", vi, &format!("The journal is not whole: {broken}."));
            self.markup("</div>\n");
        }
    }

    pub(super) fn key_figures(&mut self, statistics: &Statistics) {
        let (sent, received) = (&statistics.sent, &statistics.received);
        self.markup("<div class=\"key\">");
        for (value, vi, en) in [
            (sent.documents.to_string(), "văn bản gửi", "documents sent"),
            (format!("{}/{}", sent.delivered, sent.deliveries), "lượt đã gửi", "deliveries made"),
            (share(sent.timeliness), "gửi đúng hạn", "sent in time"),
            (sent.refusals.len().to_string(), "bị từ chối", "refused by receivers"),
            (received.documents.to_string(), "văn bản nhận", "documents received"),
            (share(received.timeliness), "trả lời đúng hạn", "answered in time"),
            (received.refusals.len().to_string(), "đã từ chối", "refused here"),
            (sent.stopped.to_string(), "chờ xử lý lỗi gửi", "stopped"),
        ] {
            self.markup("<div><b>");
            self.text(&value);
            self.markup("</b>");
            self.text(vi);
            self.markup("<span lang=\"en\">");
            self.text(en);
            self.markup("</span></div>\n");
        }
        self.markup("</div>\n");
        let days = charts::days(&sent.days, &received.days);
        let vi = "Văn bản theo ngày: gửi (xanh), nhận (cam)";
        self.figure(vi, "Documents by day: sent (blue), received (orange)", days);
    }

    pub(super) fn sent(&mut self, sent: &Sent) {
        self.both("h2", "Văn bản gửi đi", "Sent");
        self.timeliness("Gửi đúng hạn", "Sent in time", sent.timeliness);
        let first = ("Gửi lên trục".to_owned(), sent.sending);
        self.times([first].into_iter().chain(named(&sent.statuses)).collect());
        self.markup("<table class=\"about\">\n");
        for (vi, en, value) in [
            ("Lần gửi lỗi, đã gửi lại", "Failed attempts", sent.retries),
            ("Kết quả phải hỏi lại trục", "Outcomes found out by asking", sent.settled),
            ("Cán bộ cho gửi lại", "Sent again by a person", sent.resumed),
            ("Cán bộ hủy gửi", "Cancelled by a person", sent.cancelled),
        ] {
            self.row(vi, en, &value.to_string());
        }
        self.markup("</table>\n");
        self.counts(("Lỗi khi gửi", "Failures"), &sent.failures, str::to_owned);
        self.groups(&sent.groups);
        self.refusals(&sent.refusals);
    }

    pub(super) fn received(&mut self, received: &Received) {
        self.both("h2", "Văn bản nhận được", "Received");
        self.timeliness("Trả lời đúng hạn", "Answered in time", received.timeliness);
        self.times(named(&received.statuses).collect());
        self.counts(("Kết quả xử lý", "Decisions"), &received.decisions, decision);
        self.markup("<table class=\"about\">\n");
        for (vi, en, value) in [
            ("Cán bộ quyết định", "Decided by a person", received.by_people),
            ("Nhận trùng", "Received again", received.repeated),
            ("Không đọc được", "Unreadable", received.unreadable),
        ] {
            self.row(vi, en, &value.to_string());
        }
        self.markup("</table>\n");
        let verdicts = top(&received.verdicts, verdict);
        self.figure(
            "Kết quả kiểm tra chữ ký số",
            "Verdicts on signatures",
            charts::bars(&verdicts),
        );
        self.signers(&received.signers);
        self.groups(&received.groups);
        self.refusals(&received.refusals);
    }

    fn timeliness(&mut self, vi: &str, en: &str, it: Timeliness) {
        let bar = |name: &str, length: u64, second| Bar {
            name: name.to_owned(),
            length,
            said: length.to_string(),
            second,
        };
        let bars = [
            bar("Đúng hạn · in time", it.on_time, false),
            bar("Quá hạn · late", it.late, true),
            bar("Chưa đến hạn · open", it.open, false),
        ];
        self.figure(vi, en, charts::bars(&bars));
    }

    fn times(&mut self, times: Vec<(String, Times)>) {
        let times: Vec<_> = times.into_iter().filter(|(_, it)| it.count > 0).collect();
        if times.is_empty() {
            return;
        }
        let vi = "Thời gian đến từng trạng thái: trung vị (xanh), lâu nhất (cam)";
        let en = "Time to each status: median (blue), worst (orange); logarithmic scale";
        self.figure(vi, en, charts::times(&times, duration));
        self.head(&[
            ("", "Trạng thái", "Status"),
            ("number", "Số lượt", "Count"),
            ("number", "Trung vị", "Median"),
            ("number", "Lâu nhất", "Worst"),
        ]);
        for (name, it) in &times {
            self.markup("<tr>");
            self.cell("", name);
            self.cell("number", &it.count.to_string());
            self.cell("number", &duration(it.median));
            self.cell("number", &duration(it.worst));
            self.markup("</tr>\n");
        }
        self.markup("</table>\n");
    }

    fn groups(&mut self, groups: &Groups) {
        let agencies = top(&groups.agencies, str::to_owned);
        self.figure(
            "Cơ quan trao đổi nhiều nhất",
            "Most frequent agencies",
            charts::bars(&agencies),
        );
        self.markup("<div class=\"columns\">\n");
        // The chart has said it all where there are but a few.
        if groups.agencies.len() > TOP {
            self.counts(("Cơ quan", "Agency"), &groups.agencies, str::to_owned);
        }
        self.counts(("Loại văn bản", "Kind"), &groups.kinds, str::to_owned);
        self.counts(("Độ khẩn", "Priority"), &groups.priorities, priority);
        self.counts(("Nghiệp vụ", "Business"), &groups.businesses, business);
        self.markup("</div>\n");
    }

    fn counts(&mut self, (vi, en): (&str, &str), count: &Count, name: impl Fn(&str) -> String) {
        if count.is_empty() {
            return;
        }
        self.head(&[("", vi, en), ("number", "Số lượng", "Count")]);
        for (group, number) in ordered(count).into_iter().take(MOST) {
            self.markup("<tr>");
            self.cell("", &name(group));
            self.cell("number", &number.to_string());
            self.markup("</tr>\n");
        }
        self.markup("</table>\n");
        self.and_more(count.len(), MOST);
    }

    fn signers(&mut self, signers: &[Signer]) {
        if signers.is_empty() {
            return;
        }
        self.head(&[
            ("", "Người ký", "Signer"),
            ("", "Cơ quan", "Agency"),
            ("number", "Chữ ký", "Signatures"),
            ("number", "Hợp lệ", "Passed"),
            ("number", "Không đúng thẩm quyền", "Not authorized"),
        ]);
        for it in signers.iter().take(MOST) {
            self.markup("<tr>");
            self.cell("", &it.name);
            self.cell("", &it.agency);
            for number in [it.signatures, it.passed, it.not_authorized] {
                self.cell("number", &number.to_string());
            }
            self.markup("</tr>\n");
        }
        self.markup("</table>\n");
        self.and_more(signers.len(), MOST);
    }

    fn refusals(&mut self, refusals: &[Refusal]) {
        if refusals.is_empty() {
            return;
        }
        self.both("h3", "Từ chối tiếp nhận", "Refusals");
        self.head(&[
            ("when", "Thời điểm", "When"),
            ("code", "Số, ký hiệu", "Code"),
            ("who", "Cơ quan", "Agency"),
            ("", "Lý do", "Reason"),
        ]);
        for it in refusals.iter().rev().take(MOST_REFUSALS) {
            self.markup("<tr>");
            self.cell("when", &clock(it.at));
            self.cell("code", &it.code);
            self.cell("who", it.agency.as_str());
            self.cell("", &it.reason);
            self.markup("</tr>\n");
        }
        self.markup("</table>\n");
        self.and_more(refusals.len(), MOST_REFUSALS);
    }

    /// Each column with its class, and its name.
    fn head(&mut self, columns: &[(&str, &str, &str)]) {
        self.markup("<table>\n<thead><tr>");
        columns.iter().for_each(|(class, vi, en)| self.both_as("th", class, vi, en));
        self.markup("</tr></thead>\n");
    }

    fn and_more(&mut self, all: usize, shown: usize) {
        let more = all.saturating_sub(shown);
        if more > 0 {
            let (vi, en) = (format!("Và {more} dòng khác."), format!("And {more} more."));
            self.both("p", &vi, &en);
        }
    }
}

fn ordered(count: &Count) -> Vec<(&str, u64)> {
    let mut all: Vec<(&str, u64)> = count.iter().map(|(it, n)| (it.as_str(), *n)).collect();
    all.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
    all
}

fn top(count: &Count, name: impl Fn(&str) -> String) -> Vec<Bar> {
    let bar = |(it, length): (&str, u64)| Bar {
        name: name(it),
        length,
        said: length.to_string(),
        second: false,
    };
    ordered(count).into_iter().take(TOP).map(bar).collect()
}

fn named(statuses: &BTreeMap<String, Times>) -> impl Iterator<Item = (String, Times)> + '_ {
    statuses.iter().map(|(code, it)| {
        let status = code.parse().ok().map(StatusCode::from_number);
        (format!("{code} {}", status.map_or("", StatusCode::name_vi)), *it)
    })
}

/// As people in Vietnam write it: `31/03/2026 07:30`.
fn clock(at: crate::time::UtcTime) -> String {
    let text = at.vietnam();
    let (day, time) = text.split_once('T').unwrap_or((&text, ""));
    let time: String = time.chars().take(5).collect();
    format!("{} {time}", charts::day(day))
}

fn share(it: Timeliness) -> String {
    let done = it.on_time.saturating_add(it.late);
    let percent = it.on_time.saturating_mul(100).checked_div(done);
    percent.map_or("–".to_owned(), |it| format!("{it} %"))
}

/// The two largest units are enough.
fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} giây"),
        60..3600 => format!("{} phút {} giây", seconds / 60, seconds % 60),
        3600..86_400 => format!("{} giờ {} phút", seconds / 3600, seconds / 60 % 60),
        _ => format!("{} ngày {} giờ", seconds / 86_400, seconds / 3600 % 24),
    }
}

fn decision(name: &str) -> String {
    let words = match name {
        "accepted" => "Đã tiếp nhận · accepted",
        "refused" => "Từ chối · refused",
        "held" => "Chờ cán bộ quyết định · held",
        "set_aside" => "Cán bộ gác lại · set aside",
        _ => "Chưa xử lý · open",
    };
    words.to_owned()
}

fn verdict(name: &str) -> String {
    match name {
        "TOTAL_PASSED" => "Hợp lệ · TOTAL-PASSED".to_owned(),
        "TOTAL_FAILED" => "Không hợp lệ · FAILED".to_owned(),
        "INDETERMINATE" => "Chưa xác định".to_owned(),
        "unsigned" => "Không ký · unsigned".to_owned(),
        other => other.to_owned(),
    }
}

fn priority(number: &str) -> String {
    match number {
        "0" => "Thường · normal".to_owned(),
        "1" => "Khẩn · urgent".to_owned(),
        "2" => "Thượng khẩn · very urgent".to_owned(),
        "3" => "Hỏa tốc · express".to_owned(),
        "4" => "Hỏa tốc hẹn giờ · express at a time".to_owned(),
        other => other.to_owned(),
    }
}

fn business(number: &str) -> String {
    match number {
        "0" => "Văn bản mới · new".to_owned(),
        "1" => "Thu hồi · revocation".to_owned(),
        "2" => "Cập nhật · update".to_owned(),
        "3" => "Thay thế · replacement".to_owned(),
        other => other.to_owned(),
    }
}
