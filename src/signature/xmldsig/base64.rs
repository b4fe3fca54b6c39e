//! Base64 as XML has it: with white space anywhere (RFC 2045 §6.8, XMLDSig §6.6.2).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::encoding::xml::{Document, NodeId, Sink};
use crate::error::{Error, Result};

const PIECE: usize = 16 << 10;

/// Decodes what is written and hands it on.
pub(super) struct Decoder<'s> {
    sink: &'s mut dyn Sink,
    /// Letters that wait for the rest of their four, and at most so many.
    letters: Vec<u8>,
    octets: Vec<u8>,
    ended: bool,
}

impl<'s> Decoder<'s> {
    pub(super) fn new(sink: &'s mut dyn Sink) -> Self {
        Self { sink, letters: Vec::new(), octets: Vec::new(), ended: false }
    }

    /// All is written.
    pub(super) fn finish(mut self) -> Result<()> {
        self.decode(true)
    }

    fn decode(&mut self, last: bool) -> Result<()> {
        let whole = if last { self.letters.len() } else { self.letters.len() & !3 };
        let ready = self.letters.get(..whole).unwrap_or_default();
        if ready.is_empty() {
            return Ok(());
        }
        if self.ended {
            return Err(no_base64());
        }
        self.ended = ready.last() == Some(&b'=');
        self.octets.clear();
        STANDARD.decode_vec(ready, &mut self.octets).map_err(|_| no_base64())?;
        self.letters.drain(..whole);
        self.sink.write(&self.octets)
    }
}

impl Sink for Decoder<'_> {
    fn write(&mut self, octets: &[u8]) -> Result<()> {
        for piece in octets.chunks(PIECE) {
            let letters = piece.iter().filter(|it| !matches!(it, b' ' | b'\t' | b'\r' | b'\n'));
            self.letters.extend(letters);
            self.decode(false)?;
        }
        Ok(())
    }

    fn effort(&mut self, octets: usize) -> Result<()> {
        self.sink.effort(octets)
    }
}

fn no_base64() -> Error {
    Error::malformed("the text is no base64")
}

/// The octets that the text of an element stands for.
pub(crate) fn octets(document: &Document<'_>, element: NodeId) -> Result<Vec<u8>> {
    let mut octets = Vec::new();
    let mut decoder = Decoder::new(&mut octets);
    let name = || document.element(element).map_or("", |it| it.local);
    decoder
        .write(document.text_of(element).as_bytes())
        .and_then(|()| decoder.finish())
        .map_err(|it| it.at_offset(document.offset(element)).in_element(name()))?;
    Ok(octets)
}
