//! Bytes to objects (ISO 32000-2 §7.2, §7.3), within bounds and with offsets.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::object::{Dictionary, Object, Reference};
use crate::error::{Error, Result};
use crate::limits::Limits;

/// Walks over PDF syntax in a part of a file.
#[derive(Debug)]
pub(crate) struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where `bytes` begin in the file.
    base: u64,
    depth: usize,
    /// How many more values may be read.
    values: usize,
    starved: bool,
}

pub(crate) const fn is_white(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

const fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

pub(crate) const fn is_regular(byte: u8) -> bool {
    !is_white(byte) && !is_delimiter(byte)
}

impl<'a> Lexer<'a> {
    /// `depth` bounds how many arrays and dictionaries may nest.
    pub(crate) fn new(bytes: &'a [u8], base: u64, depth: usize) -> Self {
        Self { bytes, at: 0, base, depth, values: usize::MAX, starved: false }
    }

    /// Within these bounds.
    pub(crate) fn within(bytes: &'a [u8], base: u64, limits: &Limits) -> Self {
        Self { values: limits.pdf_object_values, ..Self::new(bytes, base, limits.pdf_depth) }
    }

    /// Whether the end of the bytes was looked at: with more of them the answer
    /// could be another.
    pub(crate) fn starved(&self) -> bool {
        self.starved
    }

    /// Where the next byte stands in the file.
    pub(crate) fn offset(&self) -> u64 {
        self.base.saturating_add(u64::try_from(self.at).unwrap_or(u64::MAX))
    }

    pub(crate) fn error(&self, what: &str) -> Error {
        Error::malformed(what).at_offset(self.offset())
    }

    pub(crate) fn peek(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied();
        self.starved |= byte.is_none();
        byte
    }

    fn bump(&mut self) -> Option<u8> {
        let byte = self.peek();
        self.at = self.at.saturating_add(usize::from(byte.is_some()));
        byte
    }

    /// What is left.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    pub(crate) fn skip(&mut self, count: usize) {
        self.at = self.at.saturating_add(count).min(self.bytes.len());
    }

    /// White space and comments.
    pub(crate) fn skip_white(&mut self) {
        while let Some(byte) = self.peek() {
            if byte == b'%' {
                while self.peek().is_some_and(|it| it != b'\n' && it != b'\r') {
                    self.skip(1);
                }
            } else if is_white(byte) {
                self.skip(1);
            } else {
                break;
            }
        }
    }

    /// Takes `word` where it stands next, as a whole token.
    pub(crate) fn keyword(&mut self, word: &str) -> bool {
        let rest = self.rest();
        let whole = rest.starts_with(word.as_bytes())
            && rest.get(word.len()).is_none_or(|byte| !is_regular(*byte));
        self.starved |= rest.len() <= word.len();
        if whole {
            self.skip(word.len());
        }
        whole
    }

    /// A number without sign, as offsets and object numbers are.
    pub(crate) fn unsigned(&mut self) -> Option<u64> {
        let start = self.at;
        let mut value: u64 = 0;
        while let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
            let digit = u64::from(digit.saturating_sub(b'0'));
            value = value.checked_mul(10)?.checked_add(digit)?;
            self.skip(1);
        }
        (self.at > start).then_some(value)
    }

    /// `number generation obj`.
    pub(crate) fn object_header(&mut self) -> Option<Reference> {
        let number = u32::try_from(self.unsigned()?).ok()?;
        self.skip_white();
        let generation = u16::try_from(self.unsigned()?).ok()?;
        self.skip_white();
        // Some writers leave no space between `obj` and a number or name.
        let rest = self.rest();
        self.starved |= rest.len() < 3;
        rest.starts_with(b"obj").then(|| self.skip(3))?;
        Some(Reference { number, generation })
    }

    /// The object that stands next. A stream's dictionary is given as dictionary.
    pub(crate) fn object(&mut self) -> Result<Object> {
        self.object_within(self.depth)
    }

    fn object_within(&mut self, depth: usize) -> Result<Object> {
        self.values = self
            .values
            .checked_sub(1)
            .ok_or_else(|| Error::limit("values in a PDF object").at_offset(self.offset()))?;
        self.skip_white();
        match self.peek() {
            Some(b'/') => self.name().map(Object::Name),
            Some(b'(') => self.literal_string(),
            Some(b'[') => self.array(depth),
            Some(b'<') => {
                if self.bytes.get(self.at.saturating_add(1)) == Some(&b'<') {
                    self.skip(2);
                    self.dictionary(depth).map(Object::Dictionary)
                } else {
                    self.hex_string()
                }
            }
            Some(b'+' | b'-' | b'.' | b'0'..=b'9') => self.number(),
            Some(_) if self.keyword("true") => Ok(Object::Boolean(true)),
            Some(_) if self.keyword("false") => Ok(Object::Boolean(false)),
            Some(_) if self.keyword("null") => Ok(Object::Null),
            Some(_) => Err(self.error("this is no PDF object")),
            None => Err(self.error("a PDF object ends too early")),
        }
    }

    fn deeper(&self, depth: usize) -> Result<usize> {
        depth.checked_sub(1).ok_or_else(|| {
            Error::limit(format_args!("{} nested PDF objects", self.depth)).at_offset(self.offset())
        })
    }

    fn array(&mut self, depth: usize) -> Result<Object> {
        let depth = self.deeper(depth)?;
        self.skip(1);
        let mut items = Vec::new();
        loop {
            self.skip_white();
            if self.peek() == Some(b']') {
                self.skip(1);
                return Ok(Object::Array(items));
            }
            items.push(self.object_within(depth)?);
        }
    }

    fn dictionary(&mut self, depth: usize) -> Result<Dictionary> {
        let depth = self.deeper(depth)?;
        let mut dictionary = Dictionary::new();
        loop {
            self.skip_white();
            match self.peek() {
                Some(b'>') => {
                    self.skip(1);
                    if self.bump() != Some(b'>') {
                        return Err(self.error("a dictionary ends with one > only"));
                    }
                    return Ok(dictionary);
                }
                Some(b'/') => {
                    let key = self.name()?;
                    self.skip_white();
                    let start = self.offset();
                    let value = self.object_within(depth)?;
                    dictionary.push(key, value, start..self.offset());
                }
                _ => return Err(self.error("a dictionary holds something that is no key")),
            }
        }
    }

    fn name(&mut self) -> Result<Vec<u8>> {
        self.skip(1);
        let plain = self.rest().iter().take_while(|it| is_regular(**it) && **it != b'#').count();
        let mut name = self.rest().get(..plain).unwrap_or_default().to_vec();
        self.skip(plain);
        while let Some(byte) = self.peek().filter(|it| is_regular(*it)) {
            self.skip(1);
            let digits = (self.bytes.get(self.at), self.bytes.get(self.at.saturating_add(1)));
            match (byte, digits) {
                (b'#', (Some(high), Some(low))) => match (hex_digit(*high), hex_digit(*low)) {
                    (Some(high), Some(low)) => {
                        name.push(high << 4 | low);
                        self.skip(2);
                    }
                    // PDF 1.1 took the sign for itself; so do all readers.
                    _ => name.push(byte),
                },
                _ => name.push(byte),
            }
        }
        Ok(name)
    }

    /// An integer, a real, or a reference: `12`, `-.5`, `12 0 R`.
    fn number(&mut self) -> Result<Object> {
        let start = self.at;
        while self.peek().is_some_and(|it| matches!(it, b'+' | b'-' | b'.' | b'0'..=b'9')) {
            self.skip(1);
        }
        let text = self.bytes.get(start..self.at).unwrap_or_default();
        let Some(value) = integer(text) else {
            if text.iter().any(u8::is_ascii_digit) || text.contains(&b'.') {
                return Ok(Object::Real(text.to_vec()));
            }
            return Err(self.error("a sign without a number"));
        };
        if text.first().is_some_and(u8::is_ascii_digit)
            && let Ok(number) = u32::try_from(value)
            && let Some(reference) = self.reference(number)
        {
            return Ok(Object::Reference(reference));
        }
        Ok(Object::Integer(value))
    }

    /// What makes a reference of a number that was read; otherwise nothing is taken.
    fn reference(&mut self, number: u32) -> Option<Reference> {
        let back = self.at;
        let reference = self.reference_tail(number);
        if reference.is_none() {
            self.at = back;
        }
        reference
    }

    fn reference_tail(&mut self, number: u32) -> Option<Reference> {
        self.peek().filter(|it| is_white(*it) || *it == b'%')?;
        self.skip_white();
        let generation = u16::try_from(self.unsigned()?).ok()?;
        self.peek().filter(|it| is_white(*it) || *it == b'%')?;
        self.skip_white();
        self.keyword("R").then_some(Reference { number, generation })
    }

    /// ISO 32000-2 §7.3.4.2.
    fn literal_string(&mut self) -> Result<Object> {
        self.skip(1);
        let mut bytes = Vec::new();
        let mut open = 1_usize;
        while let Some(byte) = self.bump() {
            match byte {
                b'(' => open = open.saturating_add(1),
                b')' => {
                    open = open.saturating_sub(1);
                    if open == 0 {
                        return Ok(Object::String(bytes));
                    }
                }
                b'\\' => {
                    self.escape(&mut bytes);
                    continue;
                }
                b'\r' => {
                    // Any end of line within a string is a line feed.
                    if self.peek() == Some(b'\n') {
                        self.skip(1);
                    }
                    bytes.push(b'\n');
                    continue;
                }
                _ => {}
            }
            bytes.push(byte);
        }
        Err(self.error("a string does not end"))
    }

    fn escape(&mut self, bytes: &mut Vec<u8>) {
        match self.bump() {
            Some(b'n') => bytes.push(b'\n'),
            Some(b'r') => bytes.push(b'\r'),
            Some(b't') => bytes.push(b'\t'),
            Some(b'b') => bytes.push(8),
            Some(b'f') => bytes.push(0x0c),
            Some(b'\r') => {
                if self.peek() == Some(b'\n') {
                    self.skip(1);
                }
            }
            Some(b'\n') | None => {}
            Some(first @ b'0'..=b'7') => {
                let mut value = first & 7;
                for _ in 0..2 {
                    let Some(digit) = self.peek().filter(|it| (b'0'..=b'7').contains(it)) else {
                        break;
                    };
                    self.skip(1);
                    // High-order overflow is ignored (§7.3.4.2).
                    value = value.wrapping_shl(3) | (digit & 7);
                }
                bytes.push(value);
            }
            Some(other) => bytes.push(other),
        }
    }

    /// ISO 32000-2 §7.3.4.3; an odd last digit is followed by 0.
    fn hex_string(&mut self) -> Result<Object> {
        self.skip(1);
        let mut bytes = self.hex_pairs();
        let mut half = None;
        while let Some(byte) = self.bump() {
            match (byte, hex_digit(byte), half) {
                (b'>', ..) => {
                    bytes.extend(half.map(|high: u8| high << 4));
                    return Ok(Object::String(bytes));
                }
                (_, Some(digit), None) => half = Some(digit),
                (_, Some(digit), Some(high)) => {
                    bytes.push(high << 4 | digit);
                    half = None;
                }
                (white, None, _) if is_white(white) => {}
                _ => return Err(self.error("a hexadecimal string holds something else")),
            }
        }
        Err(self.error("a hexadecimal string does not end"))
    }

    /// The bytes of all pairs of digits that stand together: in signatures, all there are.
    fn hex_pairs(&mut self) -> Vec<u8> {
        let rest = self.rest();
        let mut count = 0_usize;
        for some in rest.chunks(TOGETHER) {
            // Without a branch, so that many are looked at at once.
            if !some.iter().fold(true, |all, it| all & is_digit(*it)) {
                let digits = some.iter().take_while(|it| is_digit(**it)).count();
                count = count.saturating_add(digits);
                break;
            }
            count = count.saturating_add(some.len());
        }
        let (pairs, _) = rest.get(..count).unwrap_or_default().as_chunks::<2>();
        let bytes: Vec<u8> = pairs.iter().map(|pair| value(*pair)).collect();
        self.skip(bytes.len().saturating_mul(2));
        bytes
    }
}

/// Digits that are looked at together.
const TOGETHER: usize = 128;

pub(crate) const fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte.wrapping_sub(b'0')),
        b'a'..=b'f' => Some(byte.wrapping_sub(b'a').wrapping_add(10)),
        b'A'..=b'F' => Some(byte.wrapping_sub(b'A').wrapping_add(10)),
        _ => None,
    }
}

/// Whether it is a hexadecimal digit.
fn is_digit(byte: u8) -> bool {
    (byte.wrapping_sub(b'0') < 10) | ((byte | 0x20).wrapping_sub(b'a') < 6)
}

/// What two digits stand for: letters are 9 more than their last four bits. Both at once, in
/// one number, so that the compiler need not take pairs apart to do many together.
fn value(pair: [u8; 2]) -> u8 {
    let digits = u16::from_le_bytes(pair);
    let letters = digits >> 6 & 0x0101;
    let [high, low] =
        (digits & 0x0F0F).wrapping_add(letters << 3).wrapping_add(letters).to_le_bytes();
    high << 4 | low
}

fn integer(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn read(text: &[u8]) -> Result<Object> {
        Lexer::new(text, 0, 10).object()
    }

    /// By whichever way it is read, a digit is the same, and no other byte is one.
    #[test]
    fn hexadecimal_digits_at_every_place() {
        for byte in 0..=u8::MAX {
            assert_eq!(is_digit(byte).then(|| value([b'0', byte])), hex_digit(byte), "{byte}");
            let high = hex_digit(byte).map(|it| it << 4);
            assert_eq!(is_digit(byte).then(|| value([byte, b'0'])), high, "{byte}");
        }
        // White space and what is no digit, wherever it stands among digits that are read at once.
        let digits = b"0123456789abcdefABCDEF".repeat(14);
        let bytes: Vec<u8> = digits.chunks(2).map(|it| value([it[0], it[1]])).collect();
        for at in 0..=digits.len() {
            let (before, after) = digits.split_at(at);
            let text = [b"<", before, b"\n", after, b">"].concat();
            assert_eq!(read(&text).unwrap(), Object::String(bytes.clone()), "{at}");
            let text = [b"<", before, b"g", after, b">"].concat();
            assert_eq!(read(&text).unwrap_err().kind(), ErrorKind::Malformed, "{at}");
        }
    }

    #[test]
    fn every_kind_of_object() {
        let string = |bytes: &[u8]| Object::String(bytes.to_vec());
        for (text, expected) in [
            (&b" null "[..], Object::Null),
            (b"true", Object::Boolean(true)),
            (b"%c\n-17 ", Object::Integer(-17)),
            (b"+4.", Object::Real(b"+4.".to_vec())),
            (b"/A#20B#zz ", Object::Name(b"A B#zz".to_vec())),
            (b"/ ", Object::Name(Vec::new())),
            (b"(a(b)\\)\\051\\8\r\n\\\r\n\\n)", string(b"a(b)))8\n\n")),
            (b"(\\400)", string(b"\0")),
            (b"<4 1 4\n2 7>", string(b"ABp")),
            (b"12 0 R", Object::Reference(Reference { number: 12, generation: 0 })),
            (b"12 0 Rx", Object::Integer(12)),
            (
                b"[1 2 3 0 R]",
                Object::Array(vec![
                    Object::Integer(1),
                    Object::Integer(2),
                    Object::Reference(Reference { number: 3, generation: 0 }),
                ]),
            ),
        ] {
            assert_eq!(read(text).unwrap(), expected, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn values_know_where_they_stand() {
        let mut lexer = Lexer::new(b"<</A <00>/B(x)>>", 100, 5);
        let Object::Dictionary(read) = lexer.object().unwrap() else { panic!("a dictionary") };
        assert_eq!(read.entry("A").unwrap().span, 105..109);
        assert_eq!(read.entry("B").unwrap().span, 111..114);
        assert!(!lexer.starved());
    }

    #[test]
    fn refuses_what_does_not_end_or_nests_too_deep() {
        for text in
            [&b"("[..], b"<", b"<4x>", b"[", b"<<", b"<</A>>", b"<</A 1>", b"<<1 2>>", b"-", b""]
        {
            let error = read(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Malformed, "{}", String::from_utf8_lossy(text));
        }
        let deep = b"[".repeat(1_000_000);
        assert_eq!(read(&deep).unwrap_err().kind(), ErrorKind::LimitExceeded);
        let deep = b"<</A".repeat(1_000_000);
        assert_eq!(read(&deep).unwrap_err().kind(), ErrorKind::LimitExceeded);
    }

    #[test]
    fn knows_when_it_wants_more() {
        for (text, starved) in
            [(&b"12"[..], true), (b"12 0", true), (b"12 0 R", true), (b"(a) ", false)]
        {
            let mut lexer = Lexer::new(text, 0, 5);
            lexer.object().unwrap();
            assert_eq!(lexer.starved(), starved, "{}", String::from_utf8_lossy(text));
        }
    }
}
