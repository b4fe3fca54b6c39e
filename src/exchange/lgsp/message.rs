//! A message that comes within a reply, in base64 or as it is.

use std::io::Write;

use super::reply::Reply;
use crate::error::{Error, Result};
use crate::exchange::fault::Fault;
use crate::exchange::http::{Base64Decoder, Halt, MessageOut, Scanner, json};

/// The reply to `getEdoc`, as it comes.
pub(super) struct MessageReply<'w> {
    scanner: Scanner<'static>,
    message: Message<'w>,
}

struct Message<'w> {
    form: Form,
    decoder: Base64Decoder,
    out: MessageOut<'w>,
}

#[derive(PartialEq)]
enum Form {
    Unknown,
    Xml,
    Base64,
}

/// The guide says `data.edxml`, the service says `data.data`, and the national one `data`.
const PATHS: &[&[&str]] = &[&["data", "edxml"], &["data", "data"], &["data"]];

const CALL: &str = "getEdoc";

impl<'w> MessageReply<'w> {
    pub(super) fn new(out: &'w mut dyn Write, most: u64) -> Self {
        let out = MessageOut::new(out, most);
        let message = Message { form: Form::Unknown, decoder: Base64Decoder::default(), out };
        Self { scanner: Scanner::new(PATHS), message }
    }

    pub(super) fn take(&mut self, piece: &[u8]) -> Result<()> {
        let message = &mut self.message;
        self.scanner.scan(piece, &mut |text| message.take(text)).map_err(|halt| match halt {
            Halt::Failed(error) => error,
            Halt::Garbled(why) => json::garbled(why, self.scanner.outline()).into_error(CALL),
        })
    }

    /// The length of the message, where the reply says yes and was whole.
    pub(super) fn finish(self) -> Result<u64> {
        let (found, outline) = self.scanner.finish();
        Reply::read(200, &outline).map_err(|fault| fault.into_error(CALL))?;
        if !found || self.message.form == Form::Unknown {
            return Err(unknown("the reply has no message"));
        }
        self.message.decoder.finish().map_err(|_| unknown(NO_BASE64))?;
        Ok(self.message.out.written())
    }
}

impl Message<'_> {
    fn take(&mut self, text: &[u8]) -> Result<()> {
        if self.form == Form::Unknown {
            self.form = match text.trim_ascii_start().first() {
                None => return Ok(()),
                // Or a byte order mark.
                Some(b'<' | 0xEF) => Form::Xml,
                Some(_) => Form::Base64,
            };
        }
        match self.form {
            Form::Xml => self.out.write(text),
            _ => {
                let decoded = self.decoder.decode(text).map_err(|_| unknown(NO_BASE64))?;
                self.out.write(decoded)
            }
        }
    }
}

const NO_BASE64: &str = "the message in the reply is neither XML nor base64";

fn unknown(why: &str) -> Error {
    Fault::Unknown(why.to_owned()).into_error(CALL)
}
