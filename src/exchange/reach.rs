//! Whether the axis is reached at all.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::retry::Pauses;
use crate::time::UtcTime;

/// While an axis is not reached, one message is tried now and then instead of all that wait,
/// and none of them has an attempt less.
#[derive(Debug, Default)]
pub(super) struct Reach(Mutex<Option<Missed>>);

#[derive(Debug, Clone, Copy)]
struct Missed {
    times: u32,
    since: UtcTime,
    until: UtcTime,
}

/// The longest pause: what is most urgent waits no longer than this once the axis is back.
const MOST: u64 = 300_000;

impl Reach {
    pub(super) fn reached(&self) {
        *self.missed_lately() = None;
    }

    pub(super) fn missed(&self, pauses: &Pauses, now: UtcTime, of: &str) {
        let mut missed = self.missed_lately();
        let times = missed.map_or(0, |it| it.times).saturating_add(1);
        let endless = Pauses { tries: u32::MAX, ..pauses.clone() };
        let pause = endless.after(times, of).unwrap_or(MOST).min(MOST);
        let until = now.plus_millis(i64::try_from(pause).unwrap_or(i64::MAX));
        *missed = Some(Missed { times, since: now, until });
    }

    /// Until when it is not tried. A clock that was set back ends that.
    pub(super) fn out_until(&self, now: UtcTime) -> Option<UtcTime> {
        let missed = (*self.missed_lately())?;
        (missed.since <= now && now < missed.until).then_some(missed.until)
    }

    fn missed_lately(&self) -> MutexGuard<'_, Option<Missed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
