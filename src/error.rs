//! Why an operation could not be carried out.
//!
//! An [`Error`] is never a statement about a signature: a bad signature is a
//! finding in a report, and a verdict is a value. An error says what failed,
//! where, and through [`ErrorKind`] whose turn it is to act.

use std::error::Error as StdError;
use std::fmt;

/// The result of every fallible operation of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation could not be carried out, where, and whose turn it is.
#[derive(thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] Box<Inner>);

/// In words: it is what a program prints whose `main` gives the error back.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.0.kind)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{what}{}", Places(places))]
struct Inner {
    kind: ErrorKind,
    what: String,
    places: Vec<Place>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// Whose turn it is to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input is not what it claims to be: its maker has to mend it.
    Malformed,
    /// The input is sound, but asks for something this crate does not do.
    Unsupported,
    /// A bound in [`Limits`](crate::Limits) was reached; nothing is concluded.
    LimitExceeded,
    /// The call is wrong: the embedding application has to change it.
    Misuse,
    /// The key, its certificate or its holder refused.
    Signer,
    /// A service on the other side of a network refused, failed or was silent.
    Service,
    /// Reading or writing failed.
    Io,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "malformed input",
            Self::Unsupported => "unsupported input",
            Self::LimitExceeded => "limit exceeded",
            Self::Misuse => "wrong use",
            Self::Signer => "signer refused",
            Self::Service => "service failed",
            Self::Io => "input or output failed",
        })
    }
}

/// Where in the input something failed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// Bytes from the start of the input that was handed in.
    Offset(u64),
    /// An element, field, object or attribute, by its name in its standard.
    Element(String),
    /// A certificate, by its subject (RFC 4514).
    Certificate(String),
    /// A file within a message or container, by its name.
    Entry(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Offset(at) => write!(f, "at byte {at}"),
            Self::Element(name) => write!(f, "in {name}"),
            Self::Certificate(subject) => write!(f, "certificate {subject}"),
            Self::Entry(name) => write!(f, "file {name:?}"),
        }
    }
}

struct Places<'a>(&'a [Place]);

impl fmt::Display for Places<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, place) in self.0.iter().enumerate() {
            f.write_str(if n == 0 { " (" } else { ", " })?;
            place.fmt(f)?;
        }
        f.write_str(if self.0.is_empty() { "" } else { ")" })
    }
}

impl Error {
    /// An error of this kind; `what` is a clause that a person can read.
    pub fn new(kind: ErrorKind, what: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, what: what.into(), places: Vec::new(), source: None }))
    }

    pub(crate) fn malformed(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Malformed, what)
    }

    pub(crate) fn unsupported(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, what)
    }

    pub(crate) fn misuse(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Misuse, what)
    }

    /// `what` is the name of the bound and its value, as in "32 nested objects".
    pub(crate) fn limit(what: impl fmt::Display) -> Self {
        Self::new(ErrorKind::LimitExceeded, format!("more than the limit of {what}"))
    }

    /// Adds a place; the innermost comes first.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.0.places.push(place);
        self
    }

    #[must_use]
    pub(crate) fn at_offset(self, offset: u64) -> Self {
        self.at(Place::Offset(offset))
    }

    #[must_use]
    pub(crate) fn in_element(self, name: impl Into<String>) -> Self {
        self.at(Place::Element(name.into()))
    }

    #[must_use]
    pub(crate) fn in_entry(self, name: impl Into<String>) -> Self {
        self.at(Place::Entry(name.into()))
    }

    /// Keeps what caused it; the cause's type is not part of the API.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Whose turn it is to act.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Where it happened, innermost first; empty where there is no such place.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.0.places
    }

    /// Bytes from the start of the input, where they are known.
    #[must_use]
    pub fn offset(&self) -> Option<u64> {
        self.0.places.iter().find_map(|place| match place {
            Place::Offset(at) => Some(*at),
            Place::Element(_) | Place::Certificate(_) | Place::Entry(_) => None,
        })
    }
}

impl From<std::io::Error> for Error {
    fn from(source: std::io::Error) -> Self {
        Self::new(ErrorKind::Io, format!("reading or writing failed: {source}")).because(source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_where_and_why() {
        let error = Error::malformed("the cross-reference table ends too early")
            .at_offset(1234)
            .in_element("trailer")
            .because("no more bytes");
        assert_eq!(
            error.to_string(),
            "the cross-reference table ends too early (at byte 1234, in trailer)"
        );
        assert_eq!(error.kind(), ErrorKind::Malformed);
        assert_eq!(error.offset(), Some(1234));
        assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("no more bytes"));
    }
}
