//! The reply to `getEdoc`, written as it is read.

use std::io::{self, Read};
use std::mem;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::call::Call;
use super::reply::Reply;
use crate::source::Source;

/// The reply to `getEdoc` with a message that need not be in memory: for a gateway to hand
/// to its HTTP server, with its [length](Self::len).
///
/// ```
/// use std::io::Read;
/// use kyso::axis::EdocReply;
///
/// let mut json = String::new();
/// EdocReply::new(b"<edXML/>").read_to_string(&mut json)?;
/// assert!(json.contains(r#""data":"PGVkWE1MLz4=""#));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct EdocReply<S> {
    message: S,
    /// How much of the message has been encoded.
    at: u64,
    len: u64,
    /// What is encoded and not read yet, and how much of it was read.
    ready: String,
    read: usize,
    /// What comes behind the message.
    end: String,
}

/// Bytes of a message encoded at once: three bytes are four letters.
const PIECE: u64 = 48 << 10;

impl<S: Source> EdocReply<S> {
    /// A reply that says yes.
    pub fn new(message: S) -> Self {
        // Where the empty text stands, the message comes.
        let json = Reply::ok(Call::GetEdoc).to_json();
        let (start, end) = json.split_once(DATA).unwrap_or_default();
        let (start, end) = (format!("{start}{DATA}"), end.to_owned());
        let encoded = message.len().div_ceil(3).saturating_mul(4);
        let around = u64::try_from(start.len().saturating_add(end.len())).unwrap_or(u64::MAX);
        let len = encoded.saturating_add(around);
        Self { message, at: 0, len, ready: start, read: 0, end }
    }

    /// Bytes of the whole reply, for `Content-Length`.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "it is never empty")]
    pub fn len(&self) -> u64 {
        self.len
    }

    fn refill(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.read = 0;
        let to = self.at.saturating_add(PIECE).min(self.message.len());
        if self.at < to {
            let piece = self.message.window(self.at..to).map_err(io::Error::other)?;
            STANDARD.encode_string(piece, &mut self.ready);
            self.at = to;
        } else {
            self.ready.push_str(&mem::take(&mut self.end));
        }
        Ok(())
    }
}

const DATA: &str = "\"data\":\"";

impl<S: Source> Read for EdocReply<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read >= self.ready.len() {
            self.refill()?;
        }
        let n = self.ready.as_bytes().get(self.read..).unwrap_or_default().read(buffer)?;
        self.read = self.read.saturating_add(n);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_reply_that_would_be_built_as_a_whole() {
        for size in [0, 1, 2, 3, 1000, 49_152, 49_153, 200_001] {
            let message: Vec<u8> = (0..size).map(|n: u32| n.to_le_bytes()[0]).collect();
            let reply = EdocReply::new(&message);
            let (length, mut read) = (reply.len(), Vec::new());
            io::BufReader::with_capacity(777, reply).read_to_end(&mut read).unwrap();
            assert_eq!(length, read.len() as u64);
            let whole = Reply::ok(Call::GetEdoc).with_data(STANDARD.encode(&message));
            assert_eq!(String::from_utf8(read).unwrap(), whole.to_json(), "{size}");
        }
    }
}
