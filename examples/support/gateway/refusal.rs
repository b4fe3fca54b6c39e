//! Why a call is refused.

use std::fmt;

use kyso::axis::ErrorCode;

/// A code of the axis, and what it means here.
#[derive(Debug)]
pub(super) struct No(pub(super) ErrorCode, pub(super) String);

impl No {
    pub(super) fn because(code: ErrorCode) -> Self {
        Self(code, code.text().to_owned())
    }

    /// The store or the disk failed: the same may succeed later. What failed is nobody's
    /// business but the operator's.
    #[allow(clippy::print_stderr, reason = "the gateway speaks to who runs it")]
    pub(super) fn failed(why: impl fmt::Display) -> Self {
        eprintln!("the axis failed: {why}");
        Self::because(ErrorCode::SYSTEM)
    }
}
