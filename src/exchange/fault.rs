//! Why an axis did not do what it was asked, and what may be done about it.

use std::fmt;

use crate::error::{Error, ErrorKind};

/// What a failed call says about the request. It is the source of an error of kind
/// [`ErrorKind::Service`]; [`Fault::of`] gets it back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The axis answered no.
    Refused {
        /// Its code.
        code: i32,
        /// Its words.
        text: String,
        /// What may be done.
        retry: Retry,
    },
    /// Nothing arrived: no connection came about.
    NotSent(String),
    /// It may have arrived and been acted upon: the connection broke, or what came
    /// back cannot be understood.
    Unknown(String),
}

/// What may be done after a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Retry {
    /// The same request will fail again: a person has to act.
    Never,
    /// The same request may succeed later.
    Later,
    /// The request may have been carried out. Sending is not idempotent on the axis:
    /// ask what it has ([`Transport::sent`](super::Transport::sent)) before sending again.
    AskFirst,
}

impl Fault {
    /// The fault behind an error; nothing where the error is of another kind.
    #[must_use]
    pub fn of(error: &Error) -> Option<&Self> {
        std::error::Error::source(error)?.downcast_ref()
    }

    /// What may be done.
    #[must_use]
    pub fn retry(&self) -> Retry {
        match self {
            Self::Refused { retry, .. } => *retry,
            Self::NotSent(_) => Retry::Later,
            Self::Unknown(_) => Retry::AskFirst,
        }
    }

    /// Whether it is about one receiver, so that the others of the same message could have
    /// it: unknown to the axis (18) or locked (23).
    #[must_use]
    pub fn is_about_a_receiver(&self) -> bool {
        matches!(self, Self::Refused { code: 18 | 23, .. })
    }

    /// The error of a call that failed so; `doing` is the call's name. For those who
    /// implement [`Transport`](super::Transport).
    #[must_use]
    pub fn into_error(self, doing: &str) -> Error {
        Error::new(ErrorKind::Service, format!("{doing}: {self}")).because(self)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { code, text, .. } => {
                write!(f, "the axis refused with code {code}: {text}")
            }
            Self::NotSent(why) => write!(f, "the axis was not reached: {why}"),
            Self::Unknown(why) => write!(f, "it is not known what the axis did: {why}"),
        }
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_out_of_an_error() {
        let fault = Fault::Unknown("cut off".into());
        let error = fault.clone().into_error("sending");
        assert_eq!(error.kind(), ErrorKind::Service);
        assert_eq!(Fault::of(&error), Some(&fault));
        assert_eq!(fault.retry(), Retry::AskFirst);
        assert_eq!(Fault::of(&Error::misuse("x")), None);
    }
}
