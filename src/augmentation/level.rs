//! How far signatures are raised.

use std::fmt;

use crate::signature::tsp::TimeStampAuthority;
use crate::validation::Validator;

/// The baseline levels above B, each with what it takes: of CAdES (EN 319 122-1 §6), of PAdES
/// (EN 319 142-1 §6) and of XAdES (EN 319 132-1 §6).
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Level<'a> {
    /// A time-stamp by this authority proves when the signature existed. It is over the
    /// document where that is a PDF in which a signature has none yet.
    T(&'a dyn TimeStampAuthority),
    /// And what it takes to validate it is there, in a PDF for every signature: all
    /// certificates, and what says that none was revoked. The validator knows whom to trust,
    /// and whom to ask; its time is the present.
    Lt(&'a dyn TimeStampAuthority, &'a Validator),
    /// And an archive time-stamp is over all of it, in a PDF one over the document, so that it
    /// outlives keys and algorithms. What has one already gets one more over the last one.
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

    /// The highest one below LTA: for what an archive time-stamp of another kind will be over.
    pub(super) fn without_archive(self) -> Self {
        match self {
            Self::Lta(authority, validator) => Self::Lt(authority, validator),
            lower => lower,
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
