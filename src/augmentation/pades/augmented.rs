//! What raising a document comes to.

use std::io::Write;

use crate::error::{Error, Result};
use crate::source::{Source, for_each_piece};

/// What makes the document a raised one: the bytes that follow it.
#[derive(Debug)]
#[must_use = "nothing is written until it is written out"]
pub struct Augmented {
    original: u64,
    appended: Vec<u8>,
}

impl Augmented {
    pub(super) fn new(original: u64, appended: Vec<u8>) -> Self {
        Self { original, appended }
    }

    pub(super) fn into_appended(self) -> Vec<u8> {
        self.appended
    }

    /// The bytes behind the document; none where nothing was left to be done.
    #[must_use]
    pub fn appended(&self) -> &[u8] {
        &self.appended
    }

    /// Writes the document, which is the one that was raised, and what follows it.
    ///
    /// # Errors
    /// `Misuse`, before a byte is written, when the document has another length; `Io` when
    /// reading or writing fails.
    pub fn write_to<S: Source + ?Sized>(&self, document: &S, out: &mut dyn Write) -> Result<()> {
        if document.len() != self.original {
            return Err(Error::misuse("this is not the document that was raised"));
        }
        for_each_piece(document, 0..document.len(), |piece| Ok(out.write_all(piece)?))?;
        Ok(out.write_all(&self.appended)?)
    }

    /// The whole in memory.
    ///
    /// # Errors
    /// As [`write_to`](Self::write_to).
    pub fn to_vec<S: Source + ?Sized>(&self, document: &S) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.write_to(document, &mut bytes)?;
        Ok(bytes)
    }
}
