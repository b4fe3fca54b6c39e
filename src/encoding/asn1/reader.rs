//! A cursor over BER values, definite and indefinite, that lends each as it stands.

use crate::error::{Error, Result};

/// Class and number of a tag (X.690 §8.1.2); whether a value is constructed is the value's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tag {
    class: u8,
    number: u32,
}

impl Tag {
    pub(crate) const BOOLEAN: Self = Self::universal(1);
    pub(crate) const INTEGER: Self = Self::universal(2);
    pub(crate) const BIT_STRING: Self = Self::universal(3);
    pub(crate) const OCTET_STRING: Self = Self::universal(4);
    pub(crate) const NULL: Self = Self::universal(5);
    pub(crate) const OID: Self = Self::universal(6);
    pub(crate) const ENUMERATED: Self = Self::universal(10);
    pub(crate) const UTF8_STRING: Self = Self::universal(12);
    pub(crate) const SEQUENCE: Self = Self::universal(16);
    pub(crate) const SET: Self = Self::universal(17);
    pub(crate) const PRINTABLE_STRING: Self = Self::universal(19);
    pub(crate) const T61_STRING: Self = Self::universal(20);
    pub(crate) const IA5_STRING: Self = Self::universal(22);
    pub(crate) const UTC_TIME: Self = Self::universal(23);
    pub(crate) const GENERALIZED_TIME: Self = Self::universal(24);
    pub(crate) const VISIBLE_STRING: Self = Self::universal(26);
    pub(crate) const UNIVERSAL_STRING: Self = Self::universal(28);
    pub(crate) const BMP_STRING: Self = Self::universal(30);

    const fn universal(number: u32) -> Self {
        Self { class: 0, number }
    }

    /// `[number]`.
    pub(crate) const fn context(number: u32) -> Self {
        Self { class: 2, number }
    }
}

/// One value where it stands: tag, length and content octets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value<'a> {
    tag: Tag,
    constructed: bool,
    raw: &'a [u8],
    header: usize,
    content: &'a [u8],
    offset: u64,
    depth: usize,
}

impl<'a> Value<'a> {
    /// The one value that `bytes` holds, with nothing behind it. `depth` bounds
    /// how many values may nest.
    pub(crate) fn only(bytes: &'a [u8], depth: usize) -> Result<Self> {
        let mut cursor = Cursor::new(bytes, depth);
        let value = cursor.required()?;
        cursor.finish()?;
        Ok(value)
    }

    /// The value that `bytes` begin with, and what follows it.
    pub(crate) fn first(bytes: &'a [u8], depth: usize) -> Result<(Self, &'a [u8])> {
        let mut cursor = Cursor::new(bytes, depth);
        let value = cursor.required()?;
        Ok((value, cursor.rest()))
    }

    pub(crate) fn tag(&self) -> Tag {
        self.tag
    }

    pub(crate) fn is_constructed(&self) -> bool {
        self.constructed
    }

    /// Whole, as it stands, end-of-contents octets included.
    pub(crate) fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The content octets, without the end-of-contents octets.
    pub(crate) fn content(&self) -> &'a [u8] {
        self.content
    }

    /// The octets of the tag (X.690 §8.1.2).
    pub(crate) fn identifier(&self) -> &'a [u8] {
        let long = self.raw.first().is_some_and(|first| first & 0x1f == 0x1f);
        let more = self.raw.iter().skip(1).take_while(|octet| long && **octet & 0x80 != 0).count();
        let octets = if long { more.saturating_add(2) } else { 1 };
        self.raw.get(..octets).unwrap_or_default()
    }

    /// Of the first octet of the tag, from the start of the input.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// The values within a constructed value.
    pub(crate) fn values(&self) -> Result<Cursor<'a>> {
        if !self.constructed {
            return Err(self.wrong("should hold other values"));
        }
        let depth = self
            .depth
            .checked_sub(1)
            .ok_or_else(|| Error::limit("nested ASN.1 values").at_offset(self.offset))?;
        let base = self.offset.saturating_add(u64_of(self.header));
        Ok(Cursor { bytes: self.content, at: 0, base, depth })
    }

    /// The values of a SEQUENCE.
    pub(crate) fn sequence(&self) -> Result<Cursor<'a>> {
        self.is(Tag::SEQUENCE)?.values()
    }

    /// Itself when it has this tag.
    pub(crate) fn is(self, tag: Tag) -> Result<Self> {
        if self.tag == tag { Ok(self) } else { Err(self.wrong("has another tag than expected")) }
    }

    /// The one value within an explicit tag.
    pub(crate) fn explicit(&self) -> Result<Self> {
        let mut values = self.values()?;
        let value = values.required()?;
        values.finish()?;
        Ok(value)
    }

    pub(super) fn wrong(&self, what: &str) -> Error {
        Error::malformed(format!(
            "an ASN.1 value (class {}, number {}) {what}",
            self.tag.class, self.tag.number
        ))
        .at_offset(self.offset)
    }
}

/// Walks over values that stand side by side.
#[derive(Debug, Clone)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    base: u64,
    depth: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8], depth: usize) -> Self {
        Self { bytes, at: 0, base: 0, depth }
    }

    /// The next value, or nothing at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Value<'a>>> {
        if self.at >= self.bytes.len() { Ok(None) } else { self.required().map(Some) }
    }

    /// The next value; that there is none is an error.
    pub(crate) fn required(&mut self) -> Result<Value<'a>> {
        let header = self.header_at(self.at)?;
        let end = match header.length {
            Some(length) => {
                header.content.checked_add(length).filter(|end| *end <= self.bytes.len())
            }
            None => Some(self.end_of_indefinite(header.content)?),
        };
        let end =
            end.ok_or_else(|| self.error(self.at, "an ASN.1 value is longer than its input"))?;
        let content_end = if header.length.is_none() { end.saturating_sub(EOC) } else { end };
        let value = Value {
            tag: header.tag,
            constructed: header.constructed,
            raw: self.slice(self.at, end)?,
            header: header.content.saturating_sub(self.at),
            content: self.slice(header.content, content_end)?,
            offset: self.base.saturating_add(u64_of(self.at)),
            depth: self.depth,
        };
        self.at = end;
        Ok(value)
    }

    /// The next value, which must have this tag.
    pub(crate) fn expect(&mut self, tag: Tag) -> Result<Value<'a>> {
        self.required()?.is(tag)
    }

    /// The next value if it has this tag; otherwise the cursor stays.
    pub(crate) fn optional(&mut self, tag: Tag) -> Result<Option<Value<'a>>> {
        if self.at < self.bytes.len() && self.header_at(self.at)?.tag == tag {
            self.required().map(Some)
        } else {
            Ok(None)
        }
    }

    /// Nothing may follow.
    pub(crate) fn finish(&self) -> Result<()> {
        if self.at == self.bytes.len() {
            Ok(())
        } else {
            Err(self.error(self.at, "bytes follow the last ASN.1 value"))
        }
    }

    /// What was not walked over yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Where that begins, from the start of the input.
    pub(crate) fn offset(&self) -> u64 {
        self.base.saturating_add(u64_of(self.at))
    }

    /// Steps over octets that the caller has read itself.
    pub(crate) fn skip(&mut self, octets: usize) {
        self.at = self.at.saturating_add(octets).min(self.bytes.len());
    }

    fn slice(&self, from: usize, to: usize) -> Result<&'a [u8]> {
        self.bytes.get(from..to).ok_or_else(|| self.error(from, "an ASN.1 value ends too early"))
    }

    fn byte(&self, at: usize) -> Result<u8> {
        self.bytes.get(at).copied().ok_or_else(|| self.error(at, "an ASN.1 value ends too early"))
    }

    fn error(&self, at: usize, what: &str) -> Error {
        Error::malformed(what).at_offset(self.base.saturating_add(u64_of(at)))
    }

    /// X.690 §8.1.2 and §8.1.3.
    fn header_at(&self, start: usize) -> Result<Header> {
        let first = self.byte(start)?;
        let mut at = start.saturating_add(1);
        let mut number = u32::from(first & 0x1f);
        if number == 0x1f {
            number = 0;
            loop {
                let byte = self.byte(at)?;
                at = at.saturating_add(1);
                number = number
                    .checked_mul(128)
                    .map(|shifted| shifted | u32::from(byte & 0x7f))
                    .ok_or_else(|| self.error(start, "an ASN.1 tag number is too large"))?;
                if byte & 0x80 == 0 {
                    break;
                }
            }
        }
        let constructed = first & 0x20 != 0;
        let (length, content) = self.length_at(at)?;
        if length.is_none() && !constructed {
            return Err(self.error(start, "a primitive ASN.1 value has no definite length"));
        }
        Ok(Header { tag: Tag { class: first >> 6, number }, constructed, length, content })
    }

    /// The length (nothing where indefinite) and where the content begins.
    fn length_at(&self, at: usize) -> Result<(Option<usize>, usize)> {
        let first = self.byte(at)?;
        let next = at.saturating_add(1);
        match first {
            0..0x80 => Ok((Some(usize::from(first)), next)),
            0x80 => Ok((None, next)),
            _ => {
                let octets = usize::from(first & 0x7f);
                let content = next.saturating_add(octets);
                let length = self.slice(next, content)?.iter().try_fold(0_usize, |sum, byte| {
                    sum.checked_mul(256)?.checked_add(usize::from(*byte))
                });
                let length =
                    length.ok_or_else(|| self.error(at, "an ASN.1 length is too large"))?;
                Ok((Some(length), content))
            }
        }
    }

    /// Just behind the end-of-contents octets that close what begins at `at`.
    /// Definite values within are stepped over; only indefinite ones nest.
    fn end_of_indefinite(&self, mut at: usize) -> Result<usize> {
        let mut open = 1_usize;
        loop {
            if self.slice(at, at.saturating_add(EOC))? == [0, 0] {
                at = at.saturating_add(EOC);
                open = open.saturating_sub(1);
                if open == 0 {
                    return Ok(at);
                }
                continue;
            }
            let header = self.header_at(at)?;
            at = match header.length {
                Some(length) => header.content.saturating_add(length),
                None => {
                    open = open.saturating_add(1);
                    if open > self.depth {
                        return Err(Error::limit("nested ASN.1 values").at_offset(u64_of(at)));
                    }
                    header.content
                }
            };
        }
    }
}

struct Header {
    tag: Tag,
    constructed: bool,
    length: Option<usize>,
    content: usize,
}

/// Octets of an end-of-contents mark.
const EOC: usize = 2;

fn u64_of(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn reads_indefinite_within_definite_as_it_stands() {
        let bytes = [0x30, 0x0b, 0x30, 0x80, 0x24, 0x80, 0x04, 0x01, 0xaa, 0, 0, 0, 0];
        let outer = Value::only(&bytes, 8).unwrap();
        let inner = outer.sequence().unwrap().expect(Tag::SEQUENCE).unwrap();
        assert_eq!(inner.raw(), &bytes[2..]);
        assert_eq!(inner.content(), &bytes[4..11]);
        assert_eq!(inner.offset(), 2);
        let octets = inner.explicit().unwrap();
        assert_eq!((octets.offset(), octets.octets().unwrap().as_ref()), (4, &[0xaa_u8][..]));
    }

    #[test]
    fn refuses_lengths_that_lie() {
        for bytes in [
            &[0x30, 0x05, 0x02][..],
            &[0x30, 0x88, 255, 255, 255, 255, 255, 255, 255, 255],
            &[0x30, 0x80, 0x02, 0x01],
            &[0x04, 0x80, 0, 0],
            &[0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0],
        ] {
            let error = Value::only(bytes, 8).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Malformed, "{bytes:02x?}");
            assert!(error.offset().is_some());
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let deep: Vec<u8> = [0x30, 0x80].repeat(100_000);
        assert_eq!(Value::only(&deep, 64).unwrap_err().kind(), ErrorKind::LimitExceeded);
        let mut value = Value::only(&[0x30, 2, 0x30, 0], 1).unwrap();
        value = value.explicit().unwrap();
        assert_eq!(value.values().unwrap_err().kind(), ErrorKind::LimitExceeded);
    }
}
