//! PEM (RFC 7468), read as liberally as its §3 lets: text around the blocks, any
//! length of line, any end of line. A block may hold a private key, so every copy
//! made here is wiped.
#![warn(clippy::arithmetic_side_effects)]

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// One block: what its label says it holds.
pub(crate) struct Block {
    pub(crate) label: String,
    pub(crate) bytes: Zeroizing<Vec<u8>>,
    /// Whether header lines stand before the bytes, as RFC 1421 had it: old OpenSSL says there
    /// how the bytes are encrypted.
    pub(crate) has_headers: bool,
}

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";

struct Open {
    label: String,
    offset: u64,
    text: Zeroizing<Vec<u8>>,
    has_headers: bool,
}

/// The blocks of a file in order; none is no error here.
///
/// # Errors
/// `Malformed` for a block that does not end or is no base64.
pub(crate) fn blocks(bytes: &[u8]) -> Result<Vec<Block>> {
    let mut found = Vec::new();
    let mut open: Option<Open> = None;
    let mut rest = bytes;
    while !rest.is_empty() {
        let length = rest.iter().position(|it| *it == b'\n').unwrap_or(rest.len());
        let line = rest.get(..length).unwrap_or_default().trim_ascii();
        if let Some(label) = line.strip_prefix(BEGIN) {
            if let Some(open) = open {
                return Err(open.wrong("a PEM block has no end"));
            }
            let offset = bytes.len().saturating_sub(rest.len());
            open = Some(Open {
                label: String::from_utf8_lossy(label).trim_end_matches('-').to_owned(),
                offset: u64::try_from(offset).unwrap_or(u64::MAX),
                text: Zeroizing::default(),
                has_headers: false,
            });
        } else if line.starts_with(END) {
            found.extend(open.take().map(Open::close).transpose()?);
        } else if let Some(open) = &mut open {
            open.push(line);
        }
        rest = rest.get(length.saturating_add(1)..).unwrap_or_default();
    }
    match open {
        Some(open) => Err(open.wrong("a PEM block has no end")),
        None => Ok(found),
    }
}

impl Open {
    fn push(&mut self, line: &[u8]) {
        if line.contains(&b':') {
            self.has_headers = true;
            return;
        }
        // Growing by hand: a vector that moves leaves what it held behind.
        let length = self.text.len().saturating_add(line.len());
        if length > self.text.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(length.saturating_mul(2)));
            larger.extend_from_slice(&self.text);
            self.text = larger;
        }
        self.text.extend_from_slice(line);
    }

    fn close(self) -> Result<Block> {
        let engine = GeneralPurpose::new(
            &STANDARD,
            GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
        );
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.text.len()));
        // The cause is left out: it would show an octet of what may be a key.
        if engine.decode_vec(&*self.text, &mut bytes).is_err() {
            return Err(self.wrong("a PEM block is no base64"));
        }
        Ok(Block { label: self.label, bytes, has_headers: self.has_headers })
    }

    fn wrong(&self, what: &str) -> Error {
        Error::malformed(what).at_offset(self.offset).in_element(self.label.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn reads_blocks_among_other_text() {
        let text = b"Bag Attributes\r\n  x: y\r\n-----BEGIN A B-----\r\nAQ\r\n I=\r\n-----END A B-----\r\n\
            more\n-----BEGIN C-----\n-----END C-----";
        let found = blocks(text).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].label.as_str(), found[0].bytes.as_slice()), ("A B", &[1, 2][..]));
        assert_eq!((found[1].label.as_str(), found[1].bytes.len()), ("C", 0));
        assert!(blocks(b"no PEM at all").unwrap().is_empty());
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        for text in [
            "x\n-----BEGIN A-----\nAQI=\n",
            "x\n-----BEGIN A-----\nA?I=\n-----END A-----",
            "x\n-----BEGIN A-----\n-----BEGIN A-----\n-----END A-----",
        ] {
            let error = blocks(text.as_bytes()).err().unwrap();
            assert_eq!((error.kind(), error.offset()), (ErrorKind::Malformed, Some(2)));
        }
    }

    #[test]
    fn header_lines_are_noticed() {
        let text = b"-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\n\nAQI\n-----END A-----";
        let found = blocks(text).unwrap();
        assert!(found[0].has_headers);
        assert_eq!(found[0].bytes.as_slice(), [1, 2]);
    }
}
