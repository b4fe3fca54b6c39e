//! Instants. "Now" only ever comes in as an argument: the one clock of this
//! crate is [`UtcTime::now`], which nothing in it calls.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use crate::error::{Error, Result};

/// An instant, to the nanosecond, from year 0 to 9999. Written as RFC 3339.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UtcTime(OffsetDateTime);

/// Vietnam has had one zone without summer time since 1975.
const VIETNAM_HOURS: i8 = 7;

impl UtcTime {
    /// What the machine's clock says. For callers: the crate takes time as an argument.
    #[must_use]
    pub fn now() -> Self {
        Self(OffsetDateTime::now_utc())
    }

    /// From seconds since 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// `Malformed` outside the years 0 to 9999.
    pub fn from_unix(seconds: i64) -> Result<Self> {
        OffsetDateTime::from_unix_timestamp(seconds)
            .ok()
            .filter(|at| at.year() >= 0)
            .map(Self)
            .ok_or_else(|| Error::malformed(format!("{seconds} s since 1970 is no date in use")))
    }

    /// Whole seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix(self) -> i64 {
        self.0.unix_timestamp()
    }

    /// Whole milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix_millis(self) -> i64 {
        i64::try_from(self.0.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
    }

    /// From milliseconds since 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// `Malformed` outside the years 0 to 9999.
    pub fn from_unix_millis(millis: i64) -> Result<Self> {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000)
            .ok()
            .filter(|at| at.year() >= 0)
            .map(Self)
            .ok_or_else(|| Error::malformed(format!("{millis} ms since 1970 is no date in use")))
    }

    /// Whole microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix_micros(self) -> i64 {
        i64::try_from(self.0.unix_timestamp_nanos().div_euclid(1000)).unwrap_or(i64::MAX)
    }

    /// From microseconds since 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// `Malformed` outside the years 0 to 9999.
    pub fn from_unix_micros(micros: i64) -> Result<Self> {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000)
            .ok()
            .filter(|at| at.year() >= 0)
            .map(Self)
            .ok_or_else(|| Error::malformed(format!("{micros} µs since 1970 is no date in use")))
    }

    /// The instant so many milliseconds later, or the last one there is.
    #[must_use]
    pub fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(time::Duration::milliseconds(millis)))
    }

    /// The instant so many seconds later, or the last one there is.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(time::Duration::seconds(seconds)))
    }

    /// Without the fraction of a second, which ASN.1 times in DER leave out.
    #[must_use]
    pub fn whole_seconds(self) -> Self {
        Self(self.0.replace_nanosecond(0).unwrap_or(self.0))
    }

    /// As people in Vietnam read a clock: RFC 3339 at +07:00.
    #[must_use]
    pub fn vietnam(self) -> String {
        render(self.vietnam_local().replace_nanosecond(0).unwrap_or(self.0))
    }

    /// The same instant on Vietnam's wall clock.
    pub(crate) fn vietnam_local(self) -> OffsetDateTime {
        let zone = UtcOffset::from_hms(VIETNAM_HOURS, 0, 0).unwrap_or(UtcOffset::UTC);
        self.0.checked_to_offset(zone).unwrap_or(self.0)
    }

    /// Where the same instant in UTC lies outside the years that can be written, its zone
    /// stays.
    pub(crate) fn from_datetime(at: OffsetDateTime) -> Self {
        Self(at.checked_to_offset(UtcOffset::UTC).filter(|it| it.year() >= 0).unwrap_or(at))
    }

    pub(crate) fn datetime(self) -> OffsetDateTime {
        self.0
    }
}

fn render(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_else(|_| at.unix_timestamp().to_string())
}

impl fmt::Display for UtcTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&render(self.0))
    }
}

impl fmt::Debug for UtcTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for UtcTime {
    type Err = Error;

    /// RFC 3339 with a zone: `2026-11-22T08:00:00+07:00`.
    fn from_str(text: &str) -> Result<Self> {
        OffsetDateTime::parse(text, &Rfc3339).map(Self::from_datetime).map_err(|source| {
            Error::malformed(format!(
                "{text:?} is no RFC 3339 time with a zone, such as 2026-11-22T08:00:00+07:00"
            ))
            .because(source)
        })
    }
}

impl Serialize for UtcTime {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for UtcTime {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_any_zone_and_writes_utc() {
        let at: UtcTime = "2026-11-22T08:00:00+07:00".parse().unwrap();
        assert_eq!(at.to_string(), "2026-11-22T01:00:00Z");
        assert_eq!(at.vietnam(), "2026-11-22T08:00:00+07:00");
        assert_eq!(UtcTime::from_unix(at.unix()).unwrap(), at);
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in ["", "2026-11-22", "2026-02-30T00:00:00Z", "2026-11-22T08:00:00"] {
            assert!(text.parse::<UtcTime>().is_err(), "{text:?}");
        }
        assert!(UtcTime::from_unix(i64::MAX).is_err());
        assert!(UtcTime::from_unix(-62_167_219_201).is_err(), "year -1");
    }

    #[test]
    fn never_overflows() {
        let last = UtcTime::from_unix(253_402_300_799).unwrap();
        assert!(last.plus_seconds(i64::MAX) >= last);
        assert!(last.vietnam().starts_with("9999") || !last.vietnam().is_empty());
    }
}
