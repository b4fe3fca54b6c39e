//! What is read, and how far its characters were looked at.

use std::ops::Range;

use crate::encoding::xml::chars::{allowed, utf8};
use crate::error::Result;

/// UTF-8 whose characters are looked at no later than when they are read, each once.
pub(super) struct Source<'a> {
    bytes: &'a [u8],
    /// Bytes before `bytes` in what the caller handed in.
    mark: u64,
    /// Where what was looked at ends.
    looked: usize,
}

impl<'a> Source<'a> {
    /// All of it was looked at.
    pub(super) fn of_text(text: &'a str, mark: u64) -> Self {
        Self { bytes: text.as_bytes(), mark, looked: text.len() }
    }

    pub(super) fn of_bytes(bytes: &'a [u8], mark: u64) -> Self {
        Self { bytes, mark, looked: 0 }
    }

    pub(super) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    pub(super) fn mark(&self) -> u64 {
        self.mark
    }

    /// Of a place in the bytes.
    pub(super) fn offset(&self, place: u64) -> u64 {
        place.saturating_add(self.mark)
    }

    /// As [`offset`](Self::offset) gave it.
    pub(super) fn place(&self, offset: u64) -> usize {
        usize::try_from(offset.saturating_sub(self.mark)).unwrap_or(usize::MAX)
    }

    /// Of what was looked at; nothing where it is no UTF-8, which that never is.
    pub(super) fn text(&self, places: Range<usize>) -> &'a str {
        let bytes = self.bytes.get(places).unwrap_or_default();
        str::from_utf8(bytes).unwrap_or_default()
    }

    /// What stands before `end` was read.
    ///
    /// # Errors
    /// `Malformed` where no character of XML stands (XML 1.0 §2.2), with its offset.
    pub(super) fn look(&mut self, end: usize) -> Result<()> {
        let Some(new) = self.bytes.get(self.looked..end) else { return Ok(()) };
        let offset = self.offset(u64::try_from(self.looked).unwrap_or(u64::MAX));
        allowed(utf8(new, offset)?, offset)?;
        self.looked = end;
        Ok(())
    }

    /// What stands before `end` was looked at by somebody else.
    pub(super) fn looked(&mut self, end: usize) {
        self.looked = self.looked.max(end);
    }
}
