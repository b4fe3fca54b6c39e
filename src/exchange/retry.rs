//! How long to wait before a call is tried again.

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

/// Pauses that double from one try to the next and are spread, so that a hundred agencies
/// which lost the axis together do not come back together.
///
/// The default is what provincial guides ask for: five tries after the first, 30 seconds
/// doubled each time; then the pauses go on at an hour up to two days in all.
///
/// An axis that is not reached at all, and a disk that fails, use up no tries: what waits is
/// sent once they are back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pauses {
    /// Milliseconds before the second try.
    pub first: u64,
    /// Most milliseconds between two tries; a day is the most in any case.
    pub most: u64,
    /// How many tries there are in all, before a person is asked.
    pub tries: u32,
    /// By how many percent a pause may be shorter or longer.
    pub spread: u8,
}

impl Default for Pauses {
    fn default() -> Self {
        Self { first: 30_000, most: 3_600_000, tries: 53, spread: 20 }
    }
}

impl Pauses {
    /// Milliseconds to wait after so many tries; nothing where it was the last. `of` is what
    /// is tried: the same gets the same pause, which needs no chance to be spread.
    #[must_use]
    pub fn after(&self, tries: u32, of: &str) -> Option<u64> {
        if tries >= self.tries {
            return None;
        }
        let doubled = 1_u64.checked_shl(tries.saturating_sub(1)).unwrap_or(u64::MAX);
        let pause = self.first.saturating_mul(doubled).min(self.most);
        let spread = u64::from(self.spread.min(100));
        let widest = pause.saturating_mul(spread) / 100;
        let least = pause.saturating_sub(widest);
        let room = widest.saturating_mul(2).saturating_add(1);
        Some(least.saturating_add(lot(of, tries) % room))
    }
}

/// A number that looks like chance.
fn lot(of: &str, tries: u32) -> u64 {
    let hash = digest(&SHA256, format!("{tries} {of}").as_bytes());
    hash.as_ref().iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_within_their_spread() {
        let pauses = Pauses { first: 1000, most: 20_000, tries: 8, spread: 20 };
        for (tries, middle) in [(1, 1000), (2, 2000), (3, 4000), (5, 16_000), (7, 20_000)] {
            for of in ["a", "b", "c", "d"] {
                let pause = pauses.after(tries, of).unwrap();
                assert!((middle * 8 / 10..=middle * 12 / 10).contains(&pause), "{tries} {pause}");
            }
        }
        assert_eq!(pauses.after(8, "a"), None);
        let of = |it: u32| pauses.after(3, &it.to_string()).unwrap();
        assert!((0..50).any(|it| of(it) != of(0)), "they are spread");
        assert_eq!(Pauses { first: u64::MAX, ..pauses }.after(7, "a").map(|it| it > 0), Some(true));
    }
}
