//! A document with updates behind it, before anybody has written both into one file.

use std::borrow::Cow;
use std::ops::Range;

use crate::error::Result;
use crate::source::Source;

/// The document followed by what was appended: a source again, so that the next update
/// can be made without a copy of the document.
pub(crate) struct Extended<'a> {
    document: &'a dyn Source,
    appended: Vec<u8>,
}

impl<'a> Extended<'a> {
    pub(crate) fn new(document: &'a dyn Source) -> Self {
        Self { document, appended: Vec::new() }
    }

    pub(crate) fn append(&mut self, update: &[u8]) {
        self.appended.extend_from_slice(update);
    }

    /// The length of the document, and what follows it.
    pub(crate) fn into_parts(self) -> (u64, Vec<u8>) {
        (self.document.len(), self.appended)
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
