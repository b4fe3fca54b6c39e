//! What is due, what is late.

use std::cmp::Reverse;

use serde::Serialize;

use super::day::Day;
use super::rules::{Due, Duty, Rules};
use crate::envelope::edxml::Priority;
use crate::time::UtcTime;

/// A duty with a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item<T> {
    /// Which document: whatever the caller knows it by.
    pub subject: T,
    /// What has to be done.
    pub duty: Duty,
    /// When its time began.
    pub since: UtcTime,
    /// How urgent the document is.
    pub priority: Priority,
    /// The due date that the document names.
    pub due_date: Option<Day>,
    /// When it was done.
    pub done: Option<UtcTime>,
}

/// A duty that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Entry<T> {
    /// Which.
    pub item: Item<T>,
    /// Until when.
    pub due: Due,
    /// Whether that has passed.
    pub late: bool,
    /// Seconds left; fewer than none where it is late.
    pub seconds_left: i64,
}

/// The duties that are not done, what is due first before what is due later; of what is
/// due at the same moment, the more urgent first, then what has waited longer.
///
/// ```
/// use kyso::UtcTime;
/// use kyso::edxml::Priority;
/// use kyso::exchange::deadline::{Duty, Item, Rules, due_list};
///
/// # fn main() -> kyso::Result<()> {
/// let arrived: UtcTime = "2026-11-23T09:00:00+07:00".parse()?;
/// let item = |subject, priority| Item {
///     subject,
///     duty: Duty::Answer,
///     since: arrived,
///     priority,
///     due_date: None,
///     done: None,
/// };
/// let items = [item("15/QĐ-SNV", Priority::NORMAL), item("7/CĐ-TTg", Priority::EXPRESS)];
/// let list = due_list(&Rules::default(), items, arrived.plus_seconds(3600));
/// assert_eq!(list[0].item.subject, "7/CĐ-TTg");
/// assert!(list[0].late && !list[1].late);
/// # Ok(())
/// # }
/// ```
pub fn due_list<T>(
    rules: &Rules,
    items: impl IntoIterator<Item = Item<T>>,
    now: UtcTime,
) -> Vec<Entry<T>> {
    let open = items.into_iter().filter(|it| it.done.is_none());
    let mut entries: Vec<Entry<T>> = open
        .map(|item| {
            let due = rules.due(item.duty, item.since, item.priority, item.due_date);
            let late = due.is_late(None, now);
            Entry { seconds_left: due.at.unix().saturating_sub(now.unix()), item, due, late }
        })
        .collect();
    entries.sort_by_key(|it| (it.due.at, Reverse(it.item.priority), it.item.since));
    entries
}
