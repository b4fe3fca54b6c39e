//! Which row of the axis' list is which delivery. What is not certain is left to a person: a
//! document is never taken for sent because of another one, and never sent twice when its
//! row is there.

use std::collections::{HashMap, HashSet};

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::Outcome;
use crate::envelope::edxml::OrganId;
use crate::exchange::store::{Delivery, DeliveryId, Letter};
use crate::exchange::transport::{MessageKind, Sent};
use crate::time::UtcTime;

/// A delivery whose outcome is asked for.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) letter: &'a Letter,
    pub(super) delivery: &'a Delivery,
    /// All whom the letter is for.
    pub(super) receivers: &'a [OrganId],
}

/// A row of the axis' list, and the deliveries that have its name already.
pub(super) struct Row {
    pub(super) row: Sent,
    pub(super) known: Vec<Delivery>,
}

/// The rows and what is asked for.
pub(super) struct Listed<'a> {
    rows: Vec<Row>,
    asked: Vec<Asked<'a>>,
    same: HashMap<OrganId, OrganId>,
}

/// How well a row fits a delivery.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// Number, subject and receiver.
    Whole,
    /// All but the subject, or all but the receiver, whose code is not known.
    Doubtful,
    Not,
}

impl Row {
    /// Rows of these numbers that are not surely older.
    pub(super) fn of_interest<'c>(
        rows: Vec<Sent>,
        codes: impl Iterator<Item = &'c str>,
        since: UtcTime,
    ) -> Vec<Sent> {
        let codes: HashSet<String> = codes.map(number).collect();
        let oldest = since.vietnam_local().date();
        let since = (oldest.year(), u8::from(oldest.month()), oldest.day());
        let fits = |it: &Sent| codes.contains(&number(&it.code));
        let is_new = |it: &Sent| date(&it.sent).is_none_or(|date| date >= since);
        rows.into_iter().filter(|it| fits(it) && is_new(it)).collect()
    }
}

impl<'a> Listed<'a> {
    pub(super) fn new(rows: Vec<Row>, asked: Vec<Asked<'a>>) -> Self {
        Self { rows, asked, same: HashMap::new() }
    }

    /// Whether a row could be about a delivery if its receiver's code were understood.
    pub(super) fn has_strangers(&self) -> bool {
        let alike = |row: &Row, it: &Asked<'_>| {
            it.is_titled(&row.row) && !self.is_same(&row.row.to, &it.delivery.to)
        };
        self.rows.iter().any(|row| {
            let alike = |it: &Asked<'_>| alike(row, it) && !self.is_anothers(it, &row.row.to);
            row.known.is_empty() && self.asked.iter().any(alike)
        })
    }

    /// Codes that are the same agency's.
    pub(super) fn learn<'c>(&mut self, pairs: impl Iterator<Item = [&'c OrganId; 2]>) {
        self.same.extend(pairs.map(|[one, other]| (other.clone(), one.clone())));
    }

    pub(super) fn outcomes(&self) -> Vec<(DeliveryId, Outcome)> {
        let mut taken: HashSet<usize> = HashSet::new();
        let places: Vec<Vec<usize>> = self.asked.iter().map(|it| self.places(it)).collect();
        let found: HashSet<i64> = self
            .asked
            .iter()
            .zip(&places)
            .filter(|(_, places)| !places.is_empty())
            .map(|(it, _)| it.letter.id.0)
            .collect();
        let outcomes = self.asked.iter().zip(&places).map(|(it, mine)| {
            let rivals = places.iter().filter(|them| them.iter().any(|at| mine.contains(at)));
            let is_status = it.letter.kind == MessageKind::Status;
            let enough = is_status || mine.len() >= rivals.count();
            let free = mine.iter().find(|at| !taken.contains(at)).copied();
            let outcome =
                match free.filter(|_| enough).and_then(|at| Some((at, self.rows.get(at)?))) {
                    Some((at, row)) => {
                        taken.insert(at);
                        Outcome::Taken(row.row.id.clone(), true)
                    }
                    None if !is_status && !mine.is_empty() => unsure(TOO_FEW),
                    None if !is_status && self.is_doubtful(it) => unsure(ALMOST),
                    // The others of the same message are there: it may be listed a little later.
                    None if found.contains(&it.letter.id.0) => {
                        Outcome::Unknown { fault: PARTLY.to_owned() }
                    }
                    None => Outcome::Absent { fault: ABSENT.to_owned(), at_once: true },
                };
            (it.delivery.id, outcome)
        });
        outcomes.collect()
    }

    /// The rows that may be this delivery's.
    fn places(&self, asked: &Asked<'_>) -> Vec<usize> {
        let fits = |row: &Row| self.fit(asked, row) == Fit::Whole;
        self.rows.iter().enumerate().filter(|(_, row)| fits(row)).map(|(at, _)| at).collect()
    }

    fn is_doubtful(&self, asked: &Asked<'_>) -> bool {
        self.rows.iter().any(|row| self.fit(asked, row) == Fit::Doubtful)
    }

    fn fit(&self, asked: &Asked<'_>, row: &Row) -> Fit {
        if number(&asked.letter.code) != number(&row.row.code) || !self.is_free(asked, row) {
            return Fit::Not;
        }
        let to = &row.row.to;
        let is_mine = self.is_same(to, &asked.delivery.to);
        match (is_mine, asked.is_titled(&row.row)) {
            (true, true) => Fit::Whole,
            (true, false) => Fit::Doubtful,
            (false, true) if !self.is_anothers(asked, to) && !self.same.contains_key(to) => {
                Fit::Doubtful
            }
            (false, _) => Fit::Not,
        }
    }

    /// Where the letter names its receiver, a row is that one's.
    fn is_anothers(&self, asked: &Asked<'_>, to: &OrganId) -> bool {
        asked.receivers.iter().any(|it| self.is_same(to, it))
    }

    /// Not known as that of another letter, nor as the same receiver's.
    fn is_free(&self, asked: &Asked<'_>, row: &Row) -> bool {
        let same_letter = row.known.iter().all(|it| it.letter == asked.letter.id);
        same_letter && !row.known.iter().any(|it| self.is_same(&row.row.to, &it.to))
    }

    fn is_same(&self, one: &OrganId, other: &OrganId) -> bool {
        let code = |it| self.same.get(it).unwrap_or(it).clone();
        one.is_same_agency(other) || code(one).is_same_agency(&code(other))
    }
}

impl Asked<'_> {
    /// Whether the row has the letter's subject, which axes cut short and write without
    /// accents.
    fn is_titled(&self, row: &Sent) -> bool {
        if number(&self.letter.code) != number(&row.code) {
            return false;
        }
        let (ours, theirs) = (plain(&self.letter.subject), plain(&row.subject));
        let cut = theirs.chars().count() >= CUT && ours.starts_with(&theirs);
        ours == theirs || (cut && self.letter.kind == MessageKind::Document)
    }
}

/// Letters of a subject that was cut short and still tells which one it is.
const CUT: usize = 30;

const ABSENT: &str = "the axis does not have it";
const PARTLY: &str = "the axis has it for other receivers, and not for this one yet";
const TOO_FEW: &str =
    "the axis has one message of this number and subject where several may have been sent";
const ALMOST: &str =
    "the axis has a message of this number with another subject or for a code that is not known";

fn unsure(reason: &str) -> Outcome {
    Outcome::Never { code: None, reason: reason.to_owned() }
}

/// A number and notation, however it is spaced and capitalised.
fn number(code: &str) -> String {
    code.nfc().filter(|it| !it.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// Letters and digits without accents.
fn plain(text: &str) -> String {
    let letters = text.nfkd().filter(|it| !is_combining_mark(*it)).flat_map(char::to_lowercase);
    letters.map(|it| if it == 'đ' { 'd' } else { it }).filter(|it| it.is_alphanumeric()).collect()
}

/// The date in a time as axes write it: year first, or day first.
fn date(text: &str) -> Option<(i32, u8, u8)> {
    let mut parts = text.split(|it: char| !it.is_ascii_digit()).filter(|it| !it.is_empty());
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    let (year, day) = match (first.len(), third.len()) {
        (4, ..=2) => (first, third),
        (..=2, 4) => (third, first),
        _ => return None,
    };
    Some((year.parse().ok()?, second.parse().ok()?, day.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_as_axes_write_them() {
        assert_eq!(number("15 / QĐ-UBND"), number("15/qđ-ubnd"));
        assert_ne!(number("15/QĐ-UBND"), number("15/QD-UBND"));
        assert_eq!(plain("V/v  Phê duyệt Đề án"), plain("v/v phe duyet de an"));
        assert_ne!(plain("Báo cáo tháng 1"), plain("Báo cáo tháng 2"));
        assert_eq!(date("2026-11-22 08:00:00"), Some((2026, 11, 22)));
        assert_eq!(date("22/11/2026 08:00"), Some((2026, 11, 22)));
        assert_eq!(date("2026-11-22T08:00:00+07:00"), Some((2026, 11, 22)));
        for none in ["", "20261122", "1700000000", "1/2"] {
            assert_eq!(date(none), None, "{none}");
        }
    }
}
