//! Who works on what.

use crate::envelope::edxml::OrganId;
use crate::time::UtcTime;

/// A wish to work on what is due.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// Whose post.
    pub agency: &'a OrganId,
    /// What is due by then.
    pub now: UtcTime,
    /// The claim ends then, whatever became of the worker. Longer than any call to the axis
    /// may take.
    pub until: UtcTime,
    /// What nobody else has: random.
    pub token: ClaimToken,
    /// Most records; a letter's deliveries count as one.
    pub most: u32,
}

/// Tells one claim from all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClaimToken(pub i64);
