//! Days of the calendar in Vietnam, whatever the hour.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::{Date, Month, PrimitiveDateTime, UtcOffset};

use super::hours::TimeOfDay;
use crate::envelope::edxml;
use crate::error::{Error, Result};
use crate::time::UtcTime;

/// A day of the calendar, written `2026-02-17`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    /// *Thứ Hai.*
    Monday,
    /// *Thứ Ba.*
    Tuesday,
    /// *Thứ Tư.*
    Wednesday,
    /// *Thứ Năm.*
    Thursday,
    /// *Thứ Sáu.*
    Friday,
    /// *Thứ Bảy.*
    Saturday,
    /// *Chủ nhật.*
    Sunday,
}

impl Day {
    /// A day of the years 0 to 9999.
    ///
    /// # Errors
    /// `Malformed` when there is no such day.
    pub fn new(year: i32, month: u8, day: u8) -> Result<Self> {
        Month::try_from(month)
            .ok()
            .and_then(|month| Date::from_calendar_date(year, month, day).ok())
            .filter(|it| it.year() >= 0)
            .map(Self)
            .ok_or_else(|| Error::malformed(format!("{year}-{month}-{day} is no day")))
    }

    /// The day that it is in Vietnam at this instant.
    #[must_use]
    pub fn of(at: UtcTime) -> Self {
        Self(at.vietnam_local().date())
    }

    /// The year.
    #[must_use]
    pub fn year(self) -> i32 {
        self.0.year()
    }

    /// The month, from 1.
    #[must_use]
    pub fn month(self) -> u8 {
        u8::from(self.0.month())
    }

    /// The day of the month, from 1.
    #[must_use]
    pub fn day(self) -> u8 {
        self.0.day()
    }

    /// The day of the week.
    #[must_use]
    pub fn weekday(self) -> Weekday {
        match self.0.weekday() {
            time::Weekday::Monday => Weekday::Monday,
            time::Weekday::Tuesday => Weekday::Tuesday,
            time::Weekday::Wednesday => Weekday::Wednesday,
            time::Weekday::Thursday => Weekday::Thursday,
            time::Weekday::Friday => Weekday::Friday,
            time::Weekday::Saturday => Weekday::Saturday,
            time::Weekday::Sunday => Weekday::Sunday,
        }
    }

    /// The day after, or the last one there is.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.next_day().unwrap_or(self.0))
    }

    /// The day before, or the first one there is.
    #[must_use]
    pub fn previous(self) -> Self {
        Self(self.0.previous_day().unwrap_or(self.0))
    }

    /// When it is this time of this day in Vietnam.
    #[must_use]
    pub fn at(self, time: TimeOfDay) -> UtcTime {
        let zone = UtcOffset::from_hms(7, 0, 0).unwrap_or(UtcOffset::UTC);
        UtcTime::from_datetime(PrimitiveDateTime::new(self.0, time.time()).assume_offset(zone))
    }
}

impl TryFrom<&edxml::Date> for Day {
    type Error = Error;

    fn try_from(date: &edxml::Date) -> Result<Self> {
        let (year, month, day) =
            date.ymd().ok_or_else(|| Error::malformed(format!("{:?} is no day", date.as_str())))?;
        Self::new(year, month, day)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year(), self.month(), self.day())
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Day {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        // The wire's own reader is exact; only its separator differs.
        let wire = edxml::Date::from(text.replace('-', "/"));
        match Self::try_from(&wire) {
            Ok(day) if day.to_string() == text => Ok(day),
            _ => Err(Error::malformed(format!("{text:?} is no day such as 2026-02-17"))),
        }
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
