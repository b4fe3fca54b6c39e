//! The bytes of a message, made ready to be kept.

use std::sync::Arc;

/// A message on its way into a store: see [`Store::keep`](super::Store::keep).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// SHA-256, in lower-case hexadecimal.
    pub digest: String,
    /// How many bytes.
    pub length: u64,
    /// The bytes, where they go into the database; nothing where they are kept beside it
    /// already.
    pub bytes: Option<Arc<[u8]>>,
}
