//! When an office is open on a working day.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result};

/// A time on Vietnam's clock, to the minute, written `07:30`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(time::Time);

impl TimeOfDay {
    /// From 00:00 to 23:59.
    ///
    /// # Errors
    /// `Malformed` when there is no such time.
    pub fn new(hour: u8, minute: u8) -> Result<Self> {
        time::Time::from_hms(hour, minute, 0)
            .map(Self)
            .map_err(|_| Error::malformed(format!("{hour}:{minute} is no time of the day")))
    }

    pub(super) fn time(self) -> time::Time {
        self.0
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0.hour(), self.0.minute())
    }
}

impl fmt::Debug for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for TimeOfDay {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        text.split_once(':')
            .and_then(|(hour, minute)| Self::new(hour.parse().ok()?, minute.parse().ok()?).ok())
            .filter(|it| it.to_string() == text)
            .ok_or_else(|| Error::malformed(format!("{text:?} is no time such as 07:30")))
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// From one time of the day until just before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Span {
    /// The first moment.
    pub from: TimeOfDay,
    /// The first moment after.
    pub to: TimeOfDay,
}

/// When an office is open on a working day: in the morning and, where it is, in the
/// afternoon. No law sets the hours for all; provinces and ministries set their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct OfficeHours {
    morning: Span,
    #[serde(skip_serializing_if = "Option::is_none")]
    afternoon: Option<Span>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    morning: Span,
    afternoon: Option<Span>,
}

impl OfficeHours {
    /// Hours of one day.
    ///
    /// # Errors
    /// `Misuse` when one ends before it begins, or the afternoon begins in the morning.
    pub fn new(morning: Span, afternoon: Option<Span>) -> Result<Self> {
        let spans = [Some(morning), afternoon];
        let runs = spans.iter().flatten().all(|it| it.from < it.to);
        if runs && afternoon.is_none_or(|it| morning.to <= it.from) {
            Ok(Self { morning, afternoon })
        } else {
            Err(Error::misuse("office hours end before they begin"))
        }
    }

    /// The morning.
    #[must_use]
    pub fn morning(&self) -> Span {
        self.morning
    }

    /// The afternoon, where the office is open then.
    #[must_use]
    pub fn afternoon(&self) -> Option<Span> {
        self.afternoon
    }

    /// When the office closes.
    #[must_use]
    pub fn end(&self) -> TimeOfDay {
        self.afternoon.unwrap_or(self.morning).to
    }

    pub(super) fn spans(&self) -> impl Iterator<Item = Span> {
        [Some(self.morning), self.afternoon].into_iter().flatten()
    }
}

impl Default for OfficeHours {
    /// 08:00 to 12:00 and 13:00 to 17:00.
    fn default() -> Self {
        let time = |hour| TimeOfDay(time::Time::MIDNIGHT + time::Duration::hours(hour));
        Self {
            morning: Span { from: time(8), to: time(12) },
            afternoon: Some(Span { from: time(13), to: time(17) }),
        }
    }
}

impl TryFrom<Written> for OfficeHours {
    type Error = Error;

    fn try_from(written: Written) -> Result<Self> {
        Self::new(written.morning, written.afternoon)
    }
}
