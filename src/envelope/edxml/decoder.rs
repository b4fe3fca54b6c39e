//! Base64 as it comes in: pieces of any length, with or without white space.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Base64 that is decoded as it comes in pieces, white space left out.
///
/// Pieces without white space, as the national kit writes them, are decoded from
/// where they stand, without a copy.
pub(super) struct Decoder {
    bytes: Vec<u8>,
    /// Characters that wait for the rest of their group of four.
    carry: Vec<u8>,
    limit: usize,
    ended: bool,
}

/// Why text is no base64, or too much of it.
pub(super) enum DecodeFault {
    Malformed,
    TooLong,
}

/// Block by block without a way out in between, which the compiler makes wide.
fn has_space(text: &[u8]) -> bool {
    text.chunks(4096).any(|block| block.iter().fold(false, |seen, it| seen | (*it <= b' ')))
}

/// Characters decoded at once.
const PIECE: usize = 48 << 10;

impl Decoder {
    pub(super) fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), carry: Vec::with_capacity(4), limit, ended: false }
    }

    pub(super) fn push(&mut self, text: &str) -> Result<(), DecodeFault> {
        let expected = text.len().saturating_div(4).saturating_mul(3);
        self.bytes.reserve(expected.min(self.limit.saturating_sub(self.bytes.len())));
        if !has_space(text.as_bytes()) {
            return self.push_run(text.as_bytes());
        }
        text.split_ascii_whitespace().try_for_each(|run| self.push_run(run.as_bytes()))
    }

    fn push_run(&mut self, mut run: &[u8]) -> Result<(), DecodeFault> {
        if !self.carry.is_empty() {
            let wanted = 4_usize.saturating_sub(self.carry.len()).min(run.len());
            let (first, rest) = run.split_at(wanted);
            self.carry.extend_from_slice(first);
            run = rest;
            if self.carry.len() == 4 {
                let group = std::mem::take(&mut self.carry);
                self.decode(&group)?;
            }
        }
        let whole = run.len().saturating_sub(run.len() % 4);
        let (groups, rest) = run.split_at(whole);
        for piece in groups.chunks(PIECE) {
            self.decode(piece)?;
        }
        self.carry.extend_from_slice(rest);
        Ok(())
    }

    fn decode(&mut self, groups: &[u8]) -> Result<(), DecodeFault> {
        // Nothing follows padding.
        if self.ended {
            return Err(DecodeFault::Malformed);
        }
        STANDARD.decode_vec(groups, &mut self.bytes).map_err(|_| DecodeFault::Malformed)?;
        self.ended = groups.ends_with(b"=");
        if self.bytes.len() > self.limit { Err(DecodeFault::TooLong) } else { Ok(()) }
    }

    pub(super) fn finish(self) -> Result<Vec<u8>, DecodeFault> {
        if self.carry.is_empty() { Ok(self.bytes) } else { Err(DecodeFault::Malformed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(pieces: &[&str], limit: usize) -> Result<Vec<u8>, &'static str> {
        let mut decoder = Decoder::new(limit);
        pieces.iter().try_for_each(|it| decoder.push(it)).and_then(|()| decoder.finish()).map_err(
            |it| match it {
                DecodeFault::Malformed => "malformed",
                DecodeFault::TooLong => "too long",
            },
        )
    }

    #[test]
    fn base64_in_pieces() {
        let bytes: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[1]).collect();
        let text = STANDARD.encode(&bytes);
        assert_eq!(decode(&[&text], bytes.len()).unwrap(), bytes);
        let (a, b) = text.split_at(12_345);
        let (b, c) = b.split_at(2);
        let wrapped = format!("\r\n {a}\n");
        assert_eq!(decode(&[&wrapped, b, c, " \n"], bytes.len()).unwrap(), bytes);
        assert_eq!(decode(&[&text], bytes.len() - 1), Err("too long"));
        for bad in ["!!notbase64!!", "QUJD=", "QUI", "QUI=QUJD", "QUI=\nQUJD", "QUJ-", "=", "QQ==="]
        {
            assert_eq!(decode(&[bad], 100), Err("malformed"), "{bad}");
        }
        assert_eq!(decode(&[], 100).unwrap(), b"");
    }
}
