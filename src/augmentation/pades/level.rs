//! How far the signatures of a PDF are raised.

use std::fmt;

use crate::signature::tsp::TimeStampAuthority;
use crate::validation::Validator;

/// The baseline levels of EN 319 142-1 §6 above B, each with what it takes.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Level<'a> {
    /// A time-stamp by this authority over the document proves when it existed, where
    /// there is a signature that has none yet.
    T(&'a dyn TimeStampAuthority),
    /// And the document security store holds what it takes to validate every signature:
    /// all certificates, and what says that none was revoked. The validator knows whom to
    /// trust, and whom to ask; its time is the present.
    Lt(&'a dyn TimeStampAuthority, &'a Validator),
    /// And a time-stamp is over all of it, so that it outlives keys and algorithms. A
    /// document that has one already gets one more, over the data of the last one.
    Lta(&'a dyn TimeStampAuthority, &'a Validator),
}

impl<'a> Level<'a> {
    pub(super) fn authority(self) -> &'a dyn TimeStampAuthority {
        match self {
            Self::T(authority) | Self::Lt(authority, _) | Self::Lta(authority, _) => authority,
        }
    }

    pub(super) fn validator(self) -> Option<&'a Validator> {
        match self {
            Self::T(_) => None,
            Self::Lt(_, validator) | Self::Lta(_, validator) => Some(validator),
        }
    }
}

impl fmt::Debug for Level<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::T(_) => "T",
            Self::Lt(..) => "LT",
            Self::Lta(..) => "LTA",
        })
    }
}
