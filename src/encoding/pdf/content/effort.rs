//! How much is done to look into the fonts of what is drawn.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::cell::Cell;
use std::rc::Rc;

/// Points and steps that may still be gone through. All fonts of a page, of its forms or of
/// an annotation have them in common: there may be as many fonts as somebody likes.
#[derive(Debug, Clone)]
pub(super) struct Effort(Rc<Cell<usize>>);

impl Default for Effort {
    fn default() -> Self {
        /// Large fonts have a million, and few pages show more of them than some glyphs.
        const STEPS: usize = 16_000_000;
        Self(Rc::new(Cell::new(STEPS)))
    }
}

impl Effort {
    /// Nothing where fewer are left.
    pub(super) fn spend(&self, steps: usize) -> Option<()> {
        self.0.set(self.0.get().checked_sub(steps)?);
        Some(())
    }
}

#[cfg(test)]
impl Effort {
    pub(super) fn of(steps: usize) -> Self {
        Self(Rc::new(Cell::new(steps)))
    }

    pub(super) fn left(&self) -> usize {
        self.0.get()
    }
}
