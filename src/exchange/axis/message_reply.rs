//! A message that comes in base64 within a reply.

use std::io::Write;

use super::call::Call;
use super::reply::Reply;
use crate::error::{Error, Result};
use crate::exchange::fault::Fault;
use crate::exchange::http::{Base64Decoder, Halt, MessageOut, Scanner, json};

/// The reply to `getEdoc`, as it comes.
pub(super) struct MessageReply<'w> {
    call: Call,
    scanner: Scanner<'static>,
    decoder: Base64Decoder,
    out: MessageOut<'w>,
}

impl<'w> MessageReply<'w> {
    pub(super) fn new(call: Call, out: &'w mut dyn Write, most: u64) -> Self {
        let out = MessageOut::new(out, most);
        let (scanner, decoder) = (Scanner::new(&[&["data"]]), Base64Decoder::default());
        Self { call, scanner, decoder, out }
    }

    pub(super) fn take(&mut self, piece: &[u8]) -> Result<()> {
        let (call, decoder, out) = (self.call, &mut self.decoder, &mut self.out);
        let scanned = self.scanner.scan(piece, &mut |text| {
            let decoded = decoder.decode(text).map_err(|_| unknown(call, NO_BASE64))?;
            out.write(decoded)
        });
        scanned.map_err(|halt| match halt {
            Halt::Failed(error) => error,
            Halt::Garbled(why) => {
                json::garbled(why, self.scanner.outline()).into_error(call.path())
            }
        })
    }

    /// The length of the message, where the reply says yes and was whole.
    pub(super) fn finish(self) -> Result<u64> {
        let Self { call, scanner, decoder, out } = self;
        let (found, outline) = scanner.finish();
        Reply::read(&outline).map_err(|fault| fault.into_error(call.path()))?;
        if !found {
            return Err(unknown(call, "the reply has no data"));
        }
        decoder.finish().map_err(|_| unknown(call, NO_BASE64))?;
        Ok(out.written())
    }
}

const NO_BASE64: &str = "the data is no base64";

fn unknown(call: Call, why: &str) -> Error {
    Fault::Unknown(why.to_owned()).into_error(call.path())
}
