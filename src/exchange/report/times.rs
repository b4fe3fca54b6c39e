//! How long things took.

use serde::Serialize;

/// How long something took, in seconds, over all that did it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Times {
    /// How many did.
    pub count: u64,
    /// Half of them took no longer.
    pub median: u64,
    /// The longest.
    pub worst: u64,
}

impl Times {
    /// Of these, in seconds.
    #[must_use]
    pub fn of(mut seconds: Vec<u64>) -> Self {
        seconds.sort_unstable();
        let middle = seconds.len().saturating_sub(1) / 2;
        Self {
            count: u64::try_from(seconds.len()).unwrap_or(u64::MAX),
            median: seconds.get(middle).copied().unwrap_or_default(),
            worst: seconds.last().copied().unwrap_or_default(),
        }
    }
}
