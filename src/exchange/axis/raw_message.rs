//! A message that comes as it is, in the place of a reply.

use std::io::Write;

use ureq::Body;
use ureq::http::{Response, header};

use super::call::Call;
use super::reply::Reply;
use crate::error::{Error, Result};
use crate::exchange::fault::Fault;
use crate::exchange::http::MessageOut;

/// The answer to `downloadEdoc`, as it comes.
pub(super) struct RawMessage<'w> {
    call: Call,
    succeeded: bool,
    /// The answer says where it ends, so that one that was cut off is known.
    has_end: bool,
    /// What came before it was known to be a message, then its last bytes.
    kept: Vec<u8>,
    is_message: bool,
    out: MessageOut<'w>,
}

/// Bytes by which a message is told from a reply or an error page.
const START: usize = 1 << 10;
/// Bytes of a reply that says no.
const REPLY: usize = 64 << 10;
/// Bytes at the end of a message in which the end of its root stands.
const END: usize = 256;

impl<'w> RawMessage<'w> {
    pub(super) fn new(
        call: Call,
        answer: &Response<Body>,
        out: &'w mut dyn Write,
        most: u64,
    ) -> Self {
        let has = |name| answer.headers().contains_key(name);
        Self {
            call,
            succeeded: answer.status().is_success(),
            has_end: has(header::CONTENT_LENGTH) || has(header::TRANSFER_ENCODING),
            kept: Vec::new(),
            is_message: false,
            out: MessageOut::new(out, most),
        }
    }

    pub(super) fn take(&mut self, piece: &[u8]) -> Result<()> {
        if self.is_message {
            return self.write(piece);
        }
        self.kept.extend_from_slice(piece);
        let start = text_of(&self.kept);
        if start.is_empty() || start.first() == Some(&b'{') || !self.succeeded {
            self.kept.truncate(REPLY);
            return Ok(());
        }
        if start.len() < START {
            return Ok(());
        }
        self.begin()
    }

    /// The length of the message, where it is one and was whole.
    pub(super) fn finish(mut self) -> Result<u64> {
        if !self.is_message {
            let start = text_of(&self.kept);
            // A failure comes as a reply, mostly.
            if start.is_empty() || start.first() == Some(&b'{') {
                return Err(match Reply::read(start) {
                    Err(fault) => fault.into_error(self.call.path()),
                    Ok(_) => self.unknown("a reply in place of the message"),
                });
            }
            if !self.succeeded {
                return Err(self.unknown("an error page in place of the message"));
            }
            self.begin()?;
        }
        if !self.has_end && !self.kept.trim_ascii_end().ends_with(b"edXML>") {
            return Err(self.unknown("the message may have been cut off"));
        }
        Ok(self.out.written())
    }

    /// What came so far is the beginning of a message.
    fn begin(&mut self) -> Result<()> {
        let start = text_of(&self.kept).to_ascii_lowercase();
        if start.starts_with(b"<!doctype html") || start.starts_with(b"<html") {
            return Err(self.unknown("a web page in place of the message"));
        }
        self.is_message = true;
        let kept = std::mem::take(&mut self.kept);
        self.write(&kept)
    }

    fn write(&mut self, piece: &[u8]) -> Result<()> {
        self.kept.extend_from_slice(piece.get(piece.len().saturating_sub(END)..).unwrap_or(piece));
        self.kept.drain(..self.kept.len().saturating_sub(END));
        self.out.write(piece)
    }

    fn unknown(&self, why: &str) -> Error {
        Fault::Unknown(why.to_owned()).into_error(self.call.path())
    }
}

/// Without a byte order mark and blanks before it.
fn text_of(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start()
}
