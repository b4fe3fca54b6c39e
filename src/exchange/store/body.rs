//! The bytes of a message, made ready to be kept.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use crate::error::Error;

/// A message on its way into a store: see [`Store::keep`](super::Store::keep).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// SHA-256, in lower-case hexadecimal.
    pub digest: String,
    /// How many bytes.
    pub length: u64,
    /// The bytes, where they are written with the record that names them; nothing where they
    /// are kept beside the database already.
    pub bytes: Option<Arc<[u8]>>,
}

/// The source of an error where a message is to be opened whose bytes are not kept: they were
/// thrown away, or lost. Another attempt gives the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotKept;

impl NotKept {
    /// Whether this is what an error comes from.
    #[must_use]
    pub fn is_behind(error: &Error) -> bool {
        error.source().is_some_and(|it| it.is::<Self>())
    }
}

impl fmt::Display for NotKept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bytes of the message are not kept")
    }
}

impl StdError for NotKept {}
