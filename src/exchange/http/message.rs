//! A message on its way to the caller.

use std::io::Write;

use crate::error::{Error, Result};

/// Writes a message to where the caller wants it, and no more than allowed.
pub(crate) struct MessageOut<'w> {
    out: &'w mut dyn Write,
    written: u64,
    most: u64,
}

impl<'w> MessageOut<'w> {
    pub(crate) fn new(out: &'w mut dyn Write, most: u64) -> Self {
        Self { out, written: 0, most }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.written = self.written.saturating_add(len);
        if self.written > self.most {
            return Err(Error::limit(format_args!("{} bytes in one message", self.most)));
        }
        Ok(self.out.write_all(bytes)?)
    }

    /// Bytes written so far.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }
}
