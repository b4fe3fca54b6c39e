//! A document with updates behind it, before anybody has written both into one file.

use std::borrow::Cow;
use std::io::Write;
use std::ops::Range;

use crate::error::{Error, Result};
use crate::source::{Source, for_each_piece};

/// The document followed by what was appended: a source again, so that the next update
/// can be made without a copy of the document.
pub(super) struct Extended<'a> {
    document: &'a dyn Source,
    appended: Vec<u8>,
}

impl<'a> Extended<'a> {
    pub(super) fn new(document: &'a dyn Source) -> Self {
        Self { document, appended: Vec::new() }
    }

    pub(super) fn append(&mut self, update: &[u8]) {
        self.appended.extend_from_slice(update);
    }

    pub(super) fn into_augmented(self) -> Augmented {
        Augmented { original: self.document.len(), appended: self.appended }
    }
}

impl Source for Extended<'_> {
    fn len(&self) -> u64 {
        self.document.len().saturating_add(Source::len(&self.appended))
    }

    fn window(&self, range: Range<u64>) -> Result<Cow<'_, [u8]>> {
        let border = self.document.len();
        let behind = |at: u64| at.saturating_sub(border);
        if range.end <= border {
            self.document.window(range)
        } else if range.start >= border {
            self.appended.window(behind(range.start)..behind(range.end))
        } else {
            let mut both = self.document.window(range.start..border)?.into_owned();
            both.extend_from_slice(&self.appended.window(0..behind(range.end))?);
            Ok(Cow::Owned(both))
        }
    }
}

/// What makes the document a raised one: the bytes that follow it.
#[derive(Debug)]
#[must_use = "nothing is written until it is written out"]
pub struct Augmented {
    original: u64,
    appended: Vec<u8>,
}

impl Augmented {
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
