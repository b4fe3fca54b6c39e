//! Dates and times: written exactly, read strictly, kept as they came.

use serde::{Deserialize, Serialize};
use time::{Date as Day, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

use super::wire_text::wire_text;
use crate::error::{Error, Result};
use crate::time::UtcTime;

/// A day, `yyyy/MM/dd`. Keeps the text as it came, even where it is no day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Date(String);

wire_text!(Date);

impl Date {
    /// A day of the calendar.
    ///
    /// # Errors
    /// `Malformed` when there is no such day.
    pub fn new(year: i32, month: u8, day: u8) -> Result<Self> {
        calendar(year, month, day)
            .filter(|day| (0..=9999).contains(&day.year()))
            .map(Self::of)
            .ok_or_else(|| Error::malformed(format!("{year}/{month}/{day} is no day")))
    }

    /// The day that it is in Vietnam at this instant.
    #[must_use]
    pub fn at(instant: UtcTime) -> Self {
        Self::of(instant.vietnam_local().date())
    }

    fn of(day: Day) -> Self {
        Self(format!("{:04}/{:02}/{:02}", day.year(), u8::from(day.month()), day.day()))
    }

    /// Year, month and day, where the text is exactly `yyyy/MM/dd` and such a day
    /// exists. Vendors' readers make year 36 of `30/09/2019` and 3 March of
    /// `2019/02/31`; this one makes nothing of either.
    #[must_use]
    pub fn ymd(&self) -> Option<(i32, u8, u8)> {
        day(&self.0, [4, 2, 2]).map(|day| (day.year(), u8::from(day.month()), day.day()))
    }

    /// Whether it is written `dd/MM/yyyy`, as messages before QCVN 102 were.
    #[must_use]
    pub fn is_older_form(&self) -> bool {
        older_day(&self.0).is_some()
    }
}

/// An instant, `yyyy/MM/dd HH:mm:ss` on Vietnam's clock. Keeps the text as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(String);

wire_text!(Timestamp);

impl Timestamp {
    /// This instant, to the second.
    #[must_use]
    pub fn at(instant: UtcTime) -> Self {
        let local = instant.vietnam_local();
        let (hour, minute, second) = local.to_hms();
        Self(format!("{} {hour:02}:{minute:02}:{second:02}", Date::of(local.date())))
    }

    /// The instant, where the text is exact. The wire has no zone: it is Vietnam's.
    #[must_use]
    pub fn instant(&self) -> Option<UtcTime> {
        let (date, clock) = self.0.split_once(' ')?;
        let zone = UtcOffset::from_hms(7, 0, 0).ok()?;
        let local: OffsetDateTime =
            PrimitiveDateTime::new(day(date, [4, 2, 2])?, time_of_day(clock)?).assume_offset(zone);
        (local.year() >= 1).then(|| UtcTime::from_datetime(local))
    }

    /// Whether it is written `dd/MM/yyyy HH:mm:ss`, as messages before QCVN 102 were.
    #[must_use]
    pub fn is_older_form(&self) -> bool {
        self.0
            .split_once(' ')
            .is_some_and(|(date, clock)| older_day(date).is_some() && time_of_day(clock).is_some())
    }
}

impl From<UtcTime> for Timestamp {
    fn from(instant: UtcTime) -> Self {
        Self::at(instant)
    }
}

fn calendar(year: i32, month: u8, day: u8) -> Option<Day> {
    Day::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()
}

fn day(text: &str, lengths: [usize; 3]) -> Option<Day> {
    let [year, month, day] = numbers(text, '/', lengths)?;
    calendar(i32::from(year), u8::try_from(month).ok()?, u8::try_from(day).ok()?)
}

fn older_day(text: &str) -> Option<Day> {
    let [day, month, year] = numbers(text, '/', [2, 2, 4])?;
    calendar(i32::from(year), u8::try_from(month).ok()?, u8::try_from(day).ok()?)
}

fn time_of_day(text: &str) -> Option<Time> {
    let [hour, minute, second] = numbers(text, ':', [2, 2, 2])?;
    Time::from_hms(u8::try_from(hour).ok()?, u8::try_from(minute).ok()?, u8::try_from(second).ok()?)
        .ok()
}

/// Three numbers of exactly so many digits.
fn numbers(text: &str, between: char, lengths: [usize; 3]) -> Option<[u16; 3]> {
    let mut parts = text.split(between);
    let mut found = [0; 3];
    for (slot, length) in found.iter_mut().zip(lengths) {
        let part = parts.next()?;
        if part.len() != length || !part.bytes().all(|it| it.is_ascii_digit()) {
            return None;
        }
        *slot = part.parse().ok()?;
    }
    parts.next().is_none().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_to_the_letter() {
        assert_eq!(Date::from("2019/09/30").ymd(), Some((2019, 9, 30)));
        assert_eq!(Date::new(2019, 9, 3).unwrap().as_str(), "2019/09/03");
        assert!(Date::new(2019, 2, 29).is_err());
        for text in ["30/09/2019", "2019/02/31", "2019-09-30", "2019/9/30", "", "2019/09/30/1"] {
            assert_eq!(Date::from(text).ymd(), None, "{text}");
        }
        assert!(Date::from("30/09/2019").is_older_form());
        assert!(!Date::from("2019/02/31").is_older_form());
    }

    #[test]
    fn timestamps_are_on_vietnams_clock() {
        let at: UtcTime = "2019-09-30T01:09:10Z".parse().unwrap();
        assert_eq!(Timestamp::at(at).as_str(), "2019/09/30 08:09:10");
        assert_eq!(Timestamp::at(at).instant(), Some(at));
        let late: UtcTime = "2026-12-31T17:00:00Z".parse().unwrap();
        assert_eq!(Date::at(late).as_str(), "2027/01/01");
        for text in ["2019/09/30", "2019/09/30 24:00:00", "2019/09/30 08:09", "null", ""] {
            assert_eq!(Timestamp::from(text).instant(), None, "{text}");
        }
        assert!(Timestamp::from("30/09/2019 08:09:10").is_older_form());
    }

    #[test]
    fn the_ends_of_time_do_not_panic() {
        for text in ["0000/01/01 00:00:00", "0001/01/01 00:00:00", "9999/12/31 23:59:59"] {
            let _ = Timestamp::from(text).instant();
        }
    }
}
