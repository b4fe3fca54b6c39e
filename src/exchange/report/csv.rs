//! The figures as tables for spreadsheets (RFC 4180): UTF-8 with a mark at its beginning,
//! without which Excel shows no Vietnamese.

use std::io::{self, Write};

use super::documents::{Direction, Listed};
use super::statistics::{Count, Groups, Statistics, Timeliness};
use super::times::Times;

const MARK: &[u8] = "\u{feff}".as_bytes();

impl Statistics {
    /// A long table: what is counted, the group within it, the figure. Times are seconds,
    /// instants are as people in Vietnam read a clock.
    ///
    /// # Errors
    /// What `out` fails with.
    pub fn write_csv(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(MARK)?;
        row(out, &["what", "group", "figure"])?;
        row(out, &["agency", "", self.agency.as_str()])?;
        row(out, &["period", "from", &self.period.from.vietnam()])?;
        row(out, &["period", "until", &self.period.until.vietnam()])?;
        row(out, &["as_of", "", &self.as_of.vietnam()])?;
        self.sent_rows(out)?;
        self.received_rows(out)?;
        figure(out, "journal", "entries", self.journal.entries)?;
        figure(out, "journal", "unknown", self.journal.unknown)?;
        row(out, &["journal", "hash", &self.journal.hash])?;
        row(out, &["journal", "broken", self.journal.broken.as_deref().unwrap_or_default()])
    }

    fn sent_rows(&self, out: &mut dyn Write) -> io::Result<()> {
        let it = &self.sent;
        for (group, number) in [
            ("documents", it.documents),
            ("deliveries", it.deliveries),
            ("delivered", it.delivered),
            ("stopped", it.stopped),
            ("resumed", it.resumed),
            ("cancelled", it.cancelled),
            ("retries", it.retries),
            ("settled", it.settled),
            ("refused", u64::try_from(it.refusals.len()).unwrap_or(u64::MAX)),
        ] {
            figure(out, "sent", group, number)?;
        }
        timeliness(out, "sent.timeliness", it.timeliness)?;
        times(out, "sent.sending", "", &it.sending)?;
        for (status, them) in &it.statuses {
            times(out, "sent.statuses", status, them)?;
        }
        groups(out, "sent", &it.groups)?;
        counts(out, "sent.days", &it.days)?;
        counts(out, "sent.failures", &it.failures)
    }

    fn received_rows(&self, out: &mut dyn Write) -> io::Result<()> {
        let it = &self.received;
        for (group, number) in [
            ("documents", it.documents),
            ("repeated", it.repeated),
            ("unreadable", it.unreadable),
            ("by_people", it.by_people),
        ] {
            figure(out, "received", group, number)?;
        }
        counts(out, "received.decisions", &it.decisions)?;
        timeliness(out, "received.timeliness", it.timeliness)?;
        for (status, them) in &it.statuses {
            times(out, "received.statuses", status, them)?;
        }
        groups(out, "received", &it.groups)?;
        counts(out, "received.days", &it.days)?;
        counts(out, "received.verdicts", &it.verdicts)?;
        for signer in &it.signers {
            let who = format!("{}; {}", signer.name, signer.agency);
            figure(out, "received.signers.signatures", &who, signer.signatures)?;
            figure(out, "received.signers.passed", &who, signer.passed)?;
            figure(out, "received.signers.not_authorized", &who, signer.not_authorized)?;
        }
        Ok(())
    }
}

/// One row for each document: what [`Tally::documents`](super::Tally::documents) gives.
///
/// # Errors
/// What `out` fails with.
pub fn write_documents_csv(documents: &[Listed], out: &mut dyn Write) -> io::Result<()> {
    out.write_all(MARK)?;
    row(
        out,
        &[
            "direction",
            "document",
            "code",
            "subject",
            "kind",
            "peer",
            "priority",
            "business",
            "since",
            "done",
            "due",
            "timeliness",
            "statuses",
            "decision",
            "verdict",
            "reason",
        ],
    )?;
    for it in documents {
        let statuses: Vec<String> =
            it.statuses.iter().map(|(code, at)| format!("{code} {}", at.vietnam())).collect();
        let direction = if it.direction == Direction::Sent { "sent" } else { "received" };
        row(
            out,
            &[
                direction,
                it.document.as_str(),
                &it.code,
                &it.subject,
                &it.kind,
                it.peer.as_str(),
                &it.priority.to_string(),
                &it.business.to_string(),
                &it.since.vietnam(),
                &it.done.map(|it| it.vietnam()).unwrap_or_default(),
                &it.due.vietnam(),
                it.timeliness,
                &statuses.join("; "),
                &it.decision,
                &it.verdict,
                &it.reason,
            ],
        )?;
    }
    Ok(())
}

fn figure(out: &mut dyn Write, what: &str, group: &str, number: u64) -> io::Result<()> {
    row(out, &[what, group, &number.to_string()])
}

fn counts(out: &mut dyn Write, what: &str, count: &Count) -> io::Result<()> {
    count.iter().try_for_each(|(group, number)| figure(out, what, group, *number))
}

fn groups(out: &mut dyn Write, what: &str, groups: &Groups) -> io::Result<()> {
    counts(out, &format!("{what}.agencies"), &groups.agencies)?;
    counts(out, &format!("{what}.kinds"), &groups.kinds)?;
    counts(out, &format!("{what}.priorities"), &groups.priorities)?;
    counts(out, &format!("{what}.businesses"), &groups.businesses)
}

fn timeliness(out: &mut dyn Write, what: &str, it: Timeliness) -> io::Result<()> {
    figure(out, what, "on_time", it.on_time)?;
    figure(out, what, "late", it.late)?;
    figure(out, what, "open", it.open)
}

fn times(out: &mut dyn Write, what: &str, group: &str, it: &Times) -> io::Result<()> {
    figure(out, &format!("{what}.count"), group, it.count)?;
    figure(out, &format!("{what}.median"), group, it.median)?;
    figure(out, &format!("{what}.worst"), group, it.worst)
}

fn row(out: &mut dyn Write, cells: &[&str]) -> io::Result<()> {
    let cells: Vec<String> = cells.iter().map(|it| cell(it)).collect();
    write!(out, "{}\r\n", cells.join(","))
}

/// What begins like a formula would be one to a spreadsheet, and documents are others': an
/// apostrophe before it makes it a text. Numbers below zero stay numbers.
fn cell(text: &str) -> String {
    let is_formula = text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
        || text.starts_with(['\t', '\r', '\n']);
    let guard = if is_formula && text.parse::<i64>().is_err() { "'" } else { "" };
    if guard.is_empty() && !text.contains(['"', ',', ';', '\r', '\n', '\t']) {
        return text.to_owned();
    }
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}
