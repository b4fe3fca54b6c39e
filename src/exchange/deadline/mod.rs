//! Until when a document has to be sent, and answered: the rules of Decision
//! 28/2018/QĐ-TTg and Decree 30/2020/NĐ-CP over the working days of the State's offices.
//!
//! Everything is plain data, so that an agency keeps its own in a file: the [`Calendar`]
//! says when people work, the [`Rules`] say within what a [`Duty`] has to be done, and
//! [`due_list`] orders what is open. Now is an argument; the zone is Vietnam's.
//!
//! What the law says, as published texts of it have it, and what it leaves open:
//!
//! | duty | the law | by default here |
//! |---|---|---|
//! | send | on the day of signing, at the latest in the morning of the next working day (Decision 28/2018 art. 6(2)); at the latest within the next working day (Decree 30/2020 art. 18(1)) | the stricter: the next morning |
//! | send, urgent | at once after signing (both) | minutes: an agency's setting |
//! | say that it arrived (01), accept or refuse it (03, 02) | notice to the sender on the same day (Decree 30/2020 art. 21(2)(c)) | the end of the working day |
//! | refuse it | in good time (Decision 28/2018 art. 9(1)) | the same |
//! | any of these, urgent | registered, submitted and handed on at once (Decree 30/2020 art. 4(2)(c), Decision 28/2018 art. 6(2)) | minutes: an agency's setting |
//! | answer a wish to have it back (15, 16) | the receiver cancels the document and tells the sender (Decree 30/2020 art. 18(4)(b)); no time is named | the end of the working day: an agency's setting |
//!
//! Hours of the office are the agency's, too, and so is what "at once" means.
//!
//! ```
//! use kyso::UtcTime;
//! use kyso::edxml::Priority;
//! use kyso::exchange::deadline::{Duty, Rules};
//!
//! # fn main() -> kyso::Result<()> {
//! let rules = Rules::default();
//! // Signed on the last Friday before Tết 2026, after the office closed.
//! let signed: UtcTime = "2026-02-13T17:01:00+07:00".parse()?;
//! let due = rules.due(Duty::Send, signed, Priority::NORMAL, None);
//! assert_eq!(due.at.vietnam(), "2026-02-23T12:00:00+07:00");
//! assert_eq!(due.law, "Decision 28/2018/QĐ-TTg art. 6(2)");
//! assert!(!due.is_late(None, signed));
//! # Ok(())
//! # }
//! ```

mod calendar;
mod day;
mod hours;
mod list;
mod rules;
mod table;
#[cfg(test)]
mod tests;

pub use self::calendar::{Basis, Calendar, FixedHoliday, Year};
pub use self::day::{Day, Weekday};
pub use self::hours::{OfficeHours, Span, TimeOfDay};
pub use self::list::{Entry, Item, due_list};
pub use self::rules::{AtOnce, Clock, Due, Duty, Rules, Within};
