//! Base64 as it comes in: pieces of any length, with or without white space.

use base64::{Engine, decoded_len_estimate};

use crate::encoding::base64::WIDE;

/// Base64 that is decoded as it comes in pieces, white space left out.
///
/// What has no white space in it, as the national kit writes it, is decoded from where it
/// stands; of the rest white space is left out first, which takes a copy.
pub(super) struct Decoder {
    /// What is decoded, and behind `length` what is written over.
    bytes: Vec<u8>,
    length: usize,
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

/// Without a way out in between, which the compiler makes wide.
fn has_space(text: &[u8]) -> bool {
    text.iter().fold(false, |seen, it| seen | (*it <= b' '))
}

/// White space of XML (XML 1.0 §2.3): a form feed is none.
fn is_space(it: u8) -> bool {
    matches!(it, b' ' | b'\t' | b'\r' | b'\n')
}

/// Appends what is no white space.
fn push_dense(out: &mut Vec<u8>, text: &[u8]) {
    let (mut rest, mut length) = (text, 0);
    while !rest.is_empty() {
        // Lines are as long as the one before.
        let again = rest.split_at_checked(length).is_some_and(|(line, behind)| {
            behind.first().is_some_and(|it| is_space(*it)) && !has_space(line)
        });
        if !again {
            length = rest.iter().position(|it| is_space(*it)).unwrap_or(rest.len());
        }
        let (line, behind) = rest.split_at(length);
        out.extend_from_slice(line);
        let spaces = behind.iter().take_while(|it| is_space(**it)).count();
        rest = behind.get(spaces..).unwrap_or_default();
    }
}

/// Characters looked at and decoded at once: few enough to be still at hand for the second, and
/// for what comes of them.
const PIECE: usize = 16 << 10;

/// Where base64 is in lines, one ends within so many characters (RFC 2045 §6.8, with room).
const LINE: usize = 128;

impl Decoder {
    /// Writes over what `bytes` held.
    pub(super) fn over(bytes: Vec<u8>, limit: usize) -> Self {
        Self { bytes, length: 0, carry: Vec::with_capacity(4), limit, ended: false }
    }

    /// Bytes that may come.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Takes text that is base64 and white space of XML to the last character, or fails.
    pub(super) fn push(&mut self, text: &[u8]) -> Result<(), DecodeFault> {
        let expected = text.len().saturating_div(4).saturating_mul(3);
        let expected = expected.min(self.limit.saturating_sub(self.length));
        self.bytes.reserve(self.length.saturating_add(expected).saturating_sub(self.bytes.len()));
        let mut dense = Vec::new();
        for piece in text.chunks(PIECE) {
            if !self.push_whole(piece)? {
                dense.clear();
                push_dense(&mut dense, piece);
                self.push_run(&dense)?;
            }
        }
        Ok(())
    }

    /// A piece without white space. False, and nothing was done, where there is some: looked
    /// for where lines would show it and where characters are carried over, and in the rest
    /// only if it cannot be decoded as it stands.
    fn push_whole(&mut self, piece: &[u8]) -> Result<bool, DecodeFault> {
        let (first, last) = (piece.get(..LINE), piece.last_chunk::<3>());
        if has_space(first.unwrap_or(piece)) || last.is_some_and(|it| has_space(it)) {
            return Ok(false);
        }
        let (length, carry, ended) = (self.length, self.carry.clone(), self.ended);
        match self.push_run(piece) {
            Err(DecodeFault::Malformed) if has_space(piece) => {
                (self.length, self.carry, self.ended) = (length, carry, ended);
                Ok(false)
            }
            done => done.map(|()| true),
        }
    }

    fn push_run(&mut self, mut run: &[u8]) -> Result<(), DecodeFault> {
        if !self.carry.is_empty() {
            let wanted = 4_usize.saturating_sub(self.carry.len()).min(run.len());
            let (first, rest) = run.split_at(wanted);
            self.wait(first)?;
            run = rest;
            if self.carry.len() == 4 {
                let group = std::mem::take(&mut self.carry);
                self.decode(&group)?;
            }
        }
        let whole = run.len().saturating_sub(run.len() % 4);
        let (groups, rest) = run.split_at(whole);
        if !groups.is_empty() {
            self.decode(groups)?;
        }
        self.wait(rest)
    }

    /// Less than a group, of which its characters are looked at already: who pushes a text may
    /// rely on its being nothing but base64.
    fn wait(&mut self, some: &[u8]) -> Result<(), DecodeFault> {
        if !some.iter().all(|it| it.is_ascii_alphanumeric() || b"+/=".contains(it)) {
            return Err(DecodeFault::Malformed);
        }
        self.carry.extend_from_slice(some);
        Ok(())
    }

    fn decode(&mut self, groups: &[u8]) -> Result<(), DecodeFault> {
        // Nothing follows padding.
        if self.ended {
            return Err(DecodeFault::Malformed);
        }
        // Memory that was there before is not filled with zeros only to be written over.
        let wanted = self.length.saturating_add(decoded_len_estimate(groups.len()));
        if self.bytes.len() < wanted {
            self.bytes.resize(wanted, 0);
        }
        let room = self.bytes.get_mut(self.length..).unwrap_or_default();
        let written = WIDE.decode_slice(groups, room).map_err(|_| DecodeFault::Malformed)?;
        self.length = self.length.saturating_add(written);
        self.ended = groups.ends_with(b"=");
        if self.length > self.limit { Err(DecodeFault::TooLong) } else { Ok(()) }
    }

    pub(super) fn finish(mut self) -> Result<Vec<u8>, DecodeFault> {
        self.bytes.truncate(self.length);
        if self.carry.is_empty() { Ok(self.bytes) } else { Err(DecodeFault::Malformed) }
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn decode(pieces: &[&str], limit: usize) -> Result<Vec<u8>, &'static str> {
        let mut decoder = Decoder::over(b"before".to_vec(), limit);
        pieces
            .iter()
            .try_for_each(|it| decoder.push(it.as_bytes()))
            .and_then(|()| decoder.finish())
            .map_err(|it| match it {
                DecodeFault::Malformed => "malformed",
                DecodeFault::TooLong => "too long",
            })
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
        // In one line but for one end, wherever it stands and wherever the text is cut.
        let whole = bytes.get(..24_580).unwrap();
        let padded = STANDARD.encode(whole);
        let some = padded.strip_suffix("==").unwrap();
        assert_eq!(some.len(), PIECE * 2 + 6);
        for at in (PIECE - 9..PIECE + 9).chain(PIECE * 2 - 9..some.len()) {
            let (a, b) = some.split_at(at);
            let spaced = format!("{a}\n{b}");
            let joined = format!("{spaced}==");
            assert_eq!(decode(&[&joined], bytes.len()).unwrap(), whole, "{at}");
            assert_eq!(decode(&[a, "\n", b, "=="], bytes.len()).unwrap(), whole, "{at}");
            assert_eq!(decode(&[&spaced, "="], bytes.len()), Err("malformed"), "{at}");
        }
        assert_eq!(decode(&[&format!("{text}\n")], bytes.len()).unwrap(), bytes);
        for bad in ["!!notbase64!!", "QUJD=", "QUI", "QUI=QUJD", "QUI=\nQUJD", "QUJ-", "=", "QQ==="]
        {
            assert_eq!(decode(&[bad], 100), Err("malformed"), "{bad}");
        }
        assert_eq!(decode(&[], 100).unwrap(), b"");
    }

    /// Lines of one length, as MIME has them, and of any, with white space around them: what
    /// is left without it is what counts, wherever pieces end.
    #[test]
    fn base64_in_lines() {
        let bytes: Vec<u8> = (0..150_001_u32).map(|n| (n / 3).to_le_bytes()[0]).collect();
        let text = STANDARD.encode(&bytes);
        for (length, end) in [(76, "\r\n"), (64, "\n"), (1, " "), (4, "\n\n\t"), (60_000, "\n  ")] {
            let mut lines = String::new();
            let mut rest = text.as_str();
            let mut n = 0_usize;
            while !rest.is_empty() {
                // Now and then one is shorter.
                let most = if n % 50 == 49 { length / 2 + 1 } else { length };
                let (line, behind) = rest.split_at(most.min(rest.len()));
                lines.extend([line, end]);
                (rest, n) = (behind, n + 1);
            }
            assert_eq!(decode(&[&lines], bytes.len()).unwrap(), bytes, "{length}");
            let at = lines.len() / 2;
            let (a, b) = lines.split_at(at);
            assert_eq!(decode(&[a, b], bytes.len()).unwrap(), bytes, "{length}");
            assert_eq!(decode(&[a, "-", b], bytes.len() + 9), Err("malformed"), "{length}");
            assert_eq!(decode(&[&lines, "QUJD"], bytes.len() + 9), Err("malformed"), "{length}");
            assert_eq!(decode(&[&lines], bytes.len() - 1), Err("too long"), "{length}");
        }
    }
}
