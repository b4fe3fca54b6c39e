//! Base64 that comes in pieces.

use std::mem;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Decodes base64 as it comes, blanks and line ends left out, padding at the end alone.
#[derive(Default)]
pub(crate) struct Base64Decoder {
    /// What came and is not decoded yet: less than four letters.
    waiting: Vec<u8>,
    decoded: Vec<u8>,
    /// Padding came: nothing may follow.
    padded: bool,
}

/// The text is no base64.
#[derive(Debug)]
pub(crate) struct NotBase64;

impl Base64Decoder {
    /// Takes a piece in, and gives what can be decoded now.
    pub(crate) fn decode(&mut self, piece: &[u8]) -> Result<&[u8], NotBase64> {
        self.decoded.clear();
        // Most have no blank, and are decoded where they stand.
        if piece.iter().fold(false, |any, it| any | (*it <= b' ')) {
            let letters = piece.iter().copied().filter(|it| !it.is_ascii_whitespace());
            self.take(&letters.collect::<Vec<_>>())?;
        } else {
            self.take(piece)?;
        }
        Ok(&self.decoded)
    }

    /// Nothing more comes.
    pub(crate) fn finish(self) -> Result<(), NotBase64> {
        if self.waiting.is_empty() { Ok(()) } else { Err(NotBase64) }
    }

    fn take(&mut self, letters: &[u8]) -> Result<(), NotBase64> {
        let missing = LETTERS.saturating_sub(self.waiting.len()) % LETTERS;
        let (first, rest) = letters.split_at(missing.min(letters.len()));
        self.waiting.extend_from_slice(first);
        if self.waiting.len() == LETTERS {
            let four = mem::take(&mut self.waiting);
            self.whole(&four)?;
        }
        let (whole, last) = rest.split_at(rest.len().saturating_sub(rest.len() % LETTERS));
        self.whole(whole)?;
        self.waiting.extend_from_slice(last);
        Ok(())
    }

    fn whole(&mut self, text: &[u8]) -> Result<(), NotBase64> {
        if self.padded && !text.is_empty() {
            return Err(NotBase64);
        }
        STANDARD.decode_vec(text, &mut self.decoded).map_err(|_| NotBase64)?;
        self.padded |= text.ends_with(b"=");
        Ok(())
    }
}

/// So many letters are three bytes.
const LETTERS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str, size: usize) -> Result<Vec<u8>, NotBase64> {
        let mut decoder = Base64Decoder::default();
        let mut bytes = Vec::new();
        for piece in text.as_bytes().chunks(size) {
            bytes.extend_from_slice(decoder.decode(piece)?);
        }
        decoder.finish()?;
        Ok(bytes)
    }

    #[test]
    fn pieces_of_any_size_are_the_same_text() {
        for len in 0..40_u8 {
            let bytes: Vec<u8> = (0..len).map(|it| it.wrapping_mul(37)).collect();
            let text = STANDARD.encode(&bytes);
            let lines = text.as_bytes().chunks(5).map(|it| [it, b"\r\n"].concat());
            let lines = String::from_utf8(lines.flatten().collect()).unwrap();
            for size in 1..=text.len().max(1) {
                assert_eq!(decode(&text, size).unwrap(), bytes);
                assert_eq!(decode(&lines, size).unwrap(), bytes);
            }
        }
    }

    #[test]
    fn refuses_what_is_none_however_it_is_cut() {
        for text in [
            "A", "AA", "AAA", "AA=A", "AA==AAAA", "AA==AA==", "A===", "====", "AAA.", "AA=", "AB==",
        ] {
            for size in 1..=8 {
                assert!(decode(text, size).is_err(), "{text} by {size}");
            }
        }
    }
}
