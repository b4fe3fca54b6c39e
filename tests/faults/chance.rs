//! Chance that can be had again: the same seed throws the same.

use std::sync::{Mutex, PoisonError};

/// SplitMix64. Threads that share one take turns, so that a seed brings back the kind and the
/// frequency of what happens, and not each moment of it.
pub(crate) struct Chance(Mutex<u64>);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }

    fn next(&self) -> u64 {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut it = *state;
        it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        it ^ (it >> 31)
    }

    /// From `least` to `most`, both among them.
    pub(crate) fn between(&self, least: u64, most: u64) -> u64 {
        least + self.next() % (most - least + 1)
    }

    /// A place in something of so many.
    pub(crate) fn below(&self, many: usize) -> usize {
        usize::try_from(self.between(0, many.max(1) as u64 - 1)).unwrap()
    }

    /// Once in so many times.
    pub(crate) fn once_in(&self, times: u64) -> bool {
        self.between(1, times) == 1
    }
}
