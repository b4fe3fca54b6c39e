//! On which days, and at which hours, an office works.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::day::{Day, Weekday};
use super::hours::OfficeHours;
use super::table;
use crate::error::{Error, Result};
use crate::time::UtcTime;

/// When an office works: days of the week, public holidays, days worked in their place,
/// and hours. Vietnam's by default; in a file, an agency's own.
///
/// Whatever is asked, there is an answer; how well it is founded says
/// [`Calendar::basis`]. A year without a table has its fixed holidays and weekends, and
/// its Tết is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct Calendar {
    weekdays: BTreeSet<Weekday>,
    hours: OfficeHours,
    fixed: Vec<FixedHoliday>,
    years: BTreeMap<i32, Year>,
}

/// A holiday on the same date each year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixedHoliday {
    /// From 1.
    pub month: u8,
    /// From 1.
    pub day: u8,
    /// What it is called.
    pub name: String,
}

/// What is particular to one year: Tết and the Hùng Kings' day, days given off in place
/// of weekends, days exchanged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Year {
    /// What the days rest on.
    pub basis: Basis,
    /// Where they were announced, or how they were reckoned.
    pub source: String,
    /// Days off besides weekends and fixed holidays, and why.
    pub days_off: BTreeMap<Day, String>,
    /// Days worked although they would be off, such as a Saturday in exchange.
    #[serde(default)]
    pub worked: BTreeSet<Day>,
}

/// What is known of the days off of a year; the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The State, or the agency itself, announced them.
    Announced,
    /// Reckoned from the lunar calendar and the Labour Code; what is announced later may
    /// differ by some days.
    Computed,
    /// Only weekends and fixed holidays are known.
    Unknown,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    weekdays: BTreeSet<Weekday>,
    hours: OfficeHours,
    fixed: Vec<FixedHoliday>,
    years: BTreeMap<i32, Year>,
}

/// Days of two years and some: within so many a working day is found.
const SEARCH: usize = 800;

/// Fixed holidays, fewer than a year has weeks: a year without a table has a working day.
const FIXED: usize = 40;

impl Calendar {
    /// The State's: Monday to Friday, the holidays of the Labour Code (art. 112), the years
    /// 2019 to 2026 as announced, those up to 2050 as reckoned.
    #[must_use]
    pub fn vietnam() -> Self {
        use Weekday::{Friday, Monday, Thursday, Tuesday, Wednesday};
        Self {
            weekdays: [Monday, Tuesday, Wednesday, Thursday, Friday].into(),
            hours: OfficeHours::default(),
            fixed: table::fixed(),
            years: table::years(),
        }
    }

    /// With other days of the week.
    ///
    /// # Errors
    /// `Misuse` when no working day would be left.
    pub fn with_weekdays(mut self, days: impl IntoIterator<Item = Weekday>) -> Result<Self> {
        self.weekdays = days.into_iter().collect();
        self.checked()
    }

    /// With other hours.
    #[must_use]
    pub fn with_hours(mut self, hours: OfficeHours) -> Self {
        self.hours = hours;
        self
    }

    /// With what is announced for a year, in place of what is known of it.
    ///
    /// # Errors
    /// `Misuse` when a day lies in another year, or no working day would be left.
    pub fn with_year(mut self, year: i32, days: Year) -> Result<Self> {
        self.years.insert(year, days);
        self.checked()
    }

    /// With one more day off, in a year that is in the table.
    ///
    /// # Errors
    /// `Misuse` when the year is not, or no working day would be left.
    pub fn with_day_off(mut self, day: Day, name: impl Into<String>) -> Result<Self> {
        let year = self.year_mut(day)?;
        year.worked.remove(&day);
        year.days_off.insert(day, name.into());
        self.checked()
    }

    /// With one more working day, such as a Saturday in exchange, in a year that is in the
    /// table.
    ///
    /// # Errors
    /// `Misuse` when the year is not.
    pub fn with_working_day(mut self, day: Day) -> Result<Self> {
        let year = self.year_mut(day)?;
        year.days_off.remove(&day);
        year.worked.insert(day);
        Ok(self)
    }

    fn year_mut(&mut self, day: Day) -> Result<&mut Year> {
        self.years.get_mut(&day.year()).ok_or_else(|| {
            Error::misuse(format!("the calendar has no table of the year {}", day.year()))
        })
    }

    fn checked(self) -> Result<Self> {
        if self.weekdays.is_empty() || self.fixed.len() > FIXED {
            return Err(Error::misuse("the calendar leaves no working day"));
        }
        for (number, year) in &self.years {
            if year.days_off.keys().chain(&year.worked).any(|day| day.year() != *number) {
                return Err(Error::misuse(format!("a day of another year is among {number}'s")));
            }
            let mut day = Day::new(*number, 1, 1)?;
            while !self.is_working_day(day) {
                let next = day.next();
                if next.year() != *number || next == day {
                    let what = format!("the calendar leaves no working day in {number}");
                    return Err(Error::misuse(what));
                }
                day = next;
            }
        }
        Ok(self)
    }

    /// The hours.
    #[must_use]
    pub fn hours(&self) -> OfficeHours {
        self.hours
    }

    /// What is known of the days off of a year.
    #[must_use]
    pub fn basis(&self, year: i32) -> Basis {
        self.years.get(&year).map_or(Basis::Unknown, |it| it.basis)
    }

    /// What is particular to a year; nothing where it is not in the table.
    #[must_use]
    pub fn year(&self, year: i32) -> Option<&Year> {
        self.years.get(&year)
    }

    /// What a day off is called; nothing on working days and plain weekends.
    #[must_use]
    pub fn holiday(&self, day: Day) -> Option<&str> {
        let year = self.years.get(&day.year());
        if year.is_some_and(|it| it.worked.contains(&day)) {
            return None;
        }
        let fixed = self.fixed.iter().find(|it| (it.month, it.day) == (day.month(), day.day()));
        fixed.map(|it| it.name.as_str()).or_else(|| year?.days_off.get(&day).map(String::as_str))
    }

    /// Whether people work on this day.
    #[must_use]
    pub fn is_working_day(&self, day: Day) -> bool {
        let worked = self.years.get(&day.year()).is_some_and(|it| it.worked.contains(&day));
        worked || (self.weekdays.contains(&day.weekday()) && self.holiday(day).is_none())
    }

    /// The first working day after this one.
    #[must_use]
    pub fn next_working_day(&self, after: Day) -> Day {
        self.working_day_from(after.next())
    }

    /// This day, or the first working day after it.
    pub(super) fn working_day_from(&self, day: Day) -> Day {
        let mut found = day;
        for _ in 0..SEARCH {
            if self.is_working_day(found) {
                return found;
            }
            found = found.next();
        }
        // Only where the calendar itself ends, with the year 9999.
        day
    }

    /// This day, or the last working day before it.
    pub(super) fn working_day_until(&self, day: Day) -> Day {
        let mut found = day;
        for _ in 0..SEARCH {
            if self.is_working_day(found) {
                return found;
            }
            found = found.previous();
        }
        day
    }

    /// Whether it is a working day within office hours.
    #[must_use]
    pub fn is_working(&self, at: UtcTime) -> bool {
        self.next_working_moment(at) == at
    }

    /// This instant if it is within office hours, or the next at which they begin.
    #[must_use]
    pub fn next_working_moment(&self, at: UtcTime) -> UtcTime {
        let day = Day::of(at);
        if self.is_working_day(day) {
            for span in self.hours.spans() {
                if at < day.at(span.to) {
                    return at.max(day.at(span.from));
                }
            }
        }
        self.next_working_day(day).at(self.hours.morning().from).max(at)
    }

    /// When the office closes on the day of the next working moment.
    #[must_use]
    pub fn end_of_working_day(&self, at: UtcTime) -> UtcTime {
        Day::of(self.next_working_moment(at)).at(self.hours.end()).max(at)
    }

    /// When the morning ends of the first working day after the one on which it is now in
    /// Vietnam, worked or not.
    #[must_use]
    pub fn end_of_next_morning(&self, at: UtcTime) -> UtcTime {
        self.next_working_day(Day::of(at)).at(self.hours.morning().to).max(at)
    }

    /// When the office closes on the first working day after the one on which it is now in
    /// Vietnam, worked or not.
    #[must_use]
    pub fn end_of_next_working_day(&self, at: UtcTime) -> UtcTime {
        self.next_working_day(Day::of(at)).at(self.hours.end()).max(at)
    }

    /// The instant at which so many minutes of office hours have passed.
    #[must_use]
    pub fn plus_working_minutes(&self, at: UtcTime, minutes: u16) -> UtcTime {
        let mut now = self.next_working_moment(at);
        let mut left = i64::from(minutes) * 60;
        // Each turn ends a span of at least a minute.
        for _ in 0..=minutes {
            let day = Day::of(now);
            let end = self.hours.spans().map(|it| day.at(it.to)).find(|end| now < *end);
            let room = end.map_or(0, |end| end.unix() - now.unix());
            if left <= room {
                break;
            }
            left -= room;
            now = self.next_working_moment(end.unwrap_or(now));
        }
        now.plus_seconds(left)
    }

    /// What is known of all the years between two instants.
    pub(super) fn basis_between(&self, from: UtcTime, to: UtcTime) -> Basis {
        let (first, last) = (Day::of(from).year(), Day::of(to).year());
        // Two ends do: deadlines do not reach over a whole year.
        self.basis(first).max(self.basis(last))
    }
}

impl Default for Calendar {
    fn default() -> Self {
        Self::vietnam()
    }
}

impl TryFrom<Written> for Calendar {
    type Error = Error;

    fn try_from(written: Written) -> Result<Self> {
        let Written { weekdays, hours, fixed, years } = written;
        Self { weekdays, hours, fixed, years }.checked()
    }
}
