//! How far a signature is raised.

use std::fmt;

use super::augmenter::Augmenter;
use crate::error::Result;
use crate::signature::tsp::TimeStampAuthority;
use crate::signature::xades::Augment;
use crate::source::Files;
use crate::validation::Validator;

/// The baseline levels of EN 319 132-1 §6 above B, each with what it takes.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Level<'a> {
    /// A time-stamp by this authority proves when the signature existed.
    T(&'a dyn TimeStampAuthority),
    /// And it holds what it takes to validate it: all certificates, and what says that
    /// none was revoked. The validator knows whom to trust, and whom to ask; its time is
    /// the present.
    Lt(&'a dyn TimeStampAuthority, &'a Validator),
    /// And an archive time-stamp is over all of it, so that it outlives keys and
    /// algorithms. A signature that is there already gets one more over the last one.
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

impl Augment for Level<'_> {
    fn augment(&self, signature: Vec<u8>, files: &dyn Files) -> Result<Vec<u8>> {
        Augmenter::new(*self).augment_with_files(&signature, files)
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
