//! What is added to the content of pages.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::{Doubt, Judged, Step};
use crate::encoding::pdf::Dictionary;

impl Step<'_> {
    /// A page whose `Contents` or `Resources` are not what they were. Nothing of that is
    /// told to be purely added.
    pub(super) fn drawing(&mut self, _old: &Dictionary, _new: &Dictionary) -> Judged {
        Err(Doubt::Unexplained)
    }
}
