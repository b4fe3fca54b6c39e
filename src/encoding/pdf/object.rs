//! PDF objects (ISO 32000-2 §7.3), each value of a dictionary with the bytes it stands on.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

/// An indirect reference `number generation R` (ISO 32000-2 §7.3.10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Reference {
    pub(crate) number: u32,
    pub(crate) generation: u16,
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} R", self.number, self.generation)
    }
}

/// A direct object. Equality is of meaning: where it stands does not count.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Object {
    Null,
    Boolean(bool),
    Integer(i64),
    /// The digits as they stand, so that writing them again loses nothing.
    Real(Vec<u8>),
    /// Without the solidus, `#xx` decoded.
    Name(Vec<u8>),
    /// Literal or hexadecimal, decoded.
    String(Vec<u8>),
    Array(Vec<Object>),
    Dictionary(Dictionary),
    Stream(Stream),
    Reference(Reference),
}

/// A dictionary in the order it stands in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dictionary {
    entries: Vec<Entry>,
}

/// One key with its value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: Vec<u8>,
    pub(crate) value: Object,
    /// The bytes of the value: of the file, or of the decoded object stream it stands in.
    pub(crate) span: Range<u64>,
}

/// A stream: its dictionary and where its data begins in the file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stream {
    /// Its own number, by which it may be encrypted.
    pub(crate) reference: Reference,
    pub(crate) dictionary: Dictionary,
    pub(crate) start: u64,
}

impl Object {
    pub(crate) fn name(text: &str) -> Self {
        Self::Name(text.as_bytes().to_vec())
    }

    /// A number, to a thousandth. As short as others write it, who write a field anew when
    /// they sign it: what looks changed would have to be told from what is.
    pub(crate) fn number(value: f64) -> Self {
        let text = format!("{value:.3}");
        let text = text.trim_end_matches('0').trim_end_matches('.');
        Self::Real(if text == "-0" { "0" } else { text }.as_bytes().to_vec())
    }

    pub(crate) fn as_name(&self) -> Option<&[u8]> {
        if let Self::Name(name) = self { Some(name) } else { None }
    }

    pub(crate) fn as_string(&self) -> Option<&[u8]> {
        if let Self::String(bytes) = self { Some(bytes) } else { None }
    }

    pub(crate) fn as_integer(&self) -> Option<i64> {
        if let Self::Integer(value) = self { Some(*value) } else { None }
    }

    /// An integer or a real as other readers understand it, too.
    pub(crate) fn as_number(&self) -> Option<f64> {
        match self {
            Self::Integer(value) => i32::try_from(*value).ok().map(f64::from),
            Self::Real(text) => std::str::from_utf8(text).ok()?.parse().ok(),
            _ => None,
        }
    }

    pub(crate) fn as_array(&self) -> Option<&[Object]> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    pub(crate) fn as_reference(&self) -> Option<Reference> {
        if let Self::Reference(reference) = self { Some(*reference) } else { None }
    }

    /// A dictionary, or that of a stream.
    pub(crate) fn as_dictionary(&self) -> Option<&Dictionary> {
        match self {
            Self::Dictionary(dictionary) => Some(dictionary),
            Self::Stream(stream) => Some(&stream.dictionary),
            _ => None,
        }
    }

    /// As [`as_dictionary`](Self::as_dictionary), without copying it.
    pub(crate) fn into_dictionary(self) -> Option<Dictionary> {
        match self {
            Self::Dictionary(dictionary) => Some(dictionary),
            Self::Stream(stream) => Some(stream.dictionary),
            _ => None,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

impl Dictionary {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The value of `key`. Where a key stands twice, most readers take the last.
    pub(crate) fn get(&self, key: &str) -> Option<&Object> {
        self.entry(key).map(|entry| &entry.value)
    }

    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.key == key.as_bytes())
    }

    pub(crate) fn contains(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(super) fn entries_mut(&mut self) -> &mut [Entry] {
        &mut self.entries
    }

    /// Whether `/Type` says so.
    pub(crate) fn is_a(&self, kind: &str) -> bool {
        self.get("Type").and_then(Object::as_name) == Some(kind.as_bytes())
    }

    /// A key that stands twice, if there is one (ISO 32000-2 §7.3.7 forbids it).
    pub(crate) fn duplicate(&self) -> Option<&[u8]> {
        let mut keys: Vec<&[u8]> = self.entries.iter().map(|entry| entry.key.as_slice()).collect();
        keys.sort_unstable();
        keys.windows(2).find_map(|pair| match pair {
            [a, b] if a == b => Some(*a),
            _ => None,
        })
    }

    pub(crate) fn push(&mut self, key: Vec<u8>, value: Object, span: Range<u64>) {
        self.entries.push(Entry { key, value, span });
    }

    /// Gives `key` this value, in its old place where it had one.
    pub(crate) fn set(&mut self, key: &str, value: Object) {
        match self.entries.iter_mut().rev().find(|entry| entry.key == key.as_bytes()) {
            Some(entry) => entry.value = value,
            None => self.push(key.as_bytes().to_vec(), value, 0..0),
        }
    }

    /// For dictionaries that are being made.
    #[must_use]
    pub(crate) fn with(mut self, key: &str, value: Object) -> Self {
        self.set(key, value);
        self
    }
}

impl PartialEq for Dictionary {
    /// Equal when both hold the same keys with equal values, in whatever order; none
    /// is equal to one in which a key stands twice.
    fn eq(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.by_key(), other.by_key());
        ours.len() == self.entries.len()
            && theirs.len() == other.entries.len()
            && ours.len() == theirs.len()
            && ours.iter().all(|(key, value)| theirs.get(key) == Some(value))
    }
}

impl Dictionary {
    /// Where a key stands twice, the last.
    fn by_key(&self) -> HashMap<&[u8], &Object> {
        self.entries.iter().map(|entry| (entry.key.as_slice(), &entry.value)).collect()
    }
}

/// Text as PDF writes it outside of content (ISO 32000-2 §7.9.2.2): ASCII as it is,
/// anything else as UTF-16BE with its mark.
pub(crate) fn text_string(text: &str) -> Object {
    if text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return Object::String(text.as_bytes().to_vec());
    }
    let units = text.encode_utf16().flat_map(u16::to_be_bytes);
    Object::String([0xfe, 0xff].into_iter().chain(units).collect())
}

/// What a text string says; what cannot be read becomes U+FFFD.
pub(crate) fn text_of(bytes: &[u8]) -> String {
    match bytes {
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        // Not in the standard, but written.
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => bytes.iter().map(|byte| pdf_doc_encoding(*byte)).collect(),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks(2).map(|pair| match *pair {
        [a, b] => unit([a, b]),
        _ => 0xfffd,
    });
    char::decode_utf16(units).map(|it| it.unwrap_or('\u{fffd}')).collect()
}

/// PDFDocEncoding (ISO 32000-2 Annex D.3): Latin-1 but for these two runs.
fn pdf_doc_encoding(byte: u8) -> char {
    const ACCENTS: [char; 8] = ['˘', 'ˇ', 'ˆ', '˙', '˝', '˛', '˚', '˜'];
    const PUNCTUATION: [char; 33] = [
        '•', '†', '‡', '…', '—', '–', 'ƒ', '⁄', '‹', '›', '−', '‰', '„', '“', '”', '‘', '’', '‚',
        '™', 'ﬁ', 'ﬂ', 'Ł', 'Œ', 'Š', 'Ÿ', 'Ž', 'ı', 'ł', 'œ', 'š', 'ž', '\u{fffd}', '€',
    ];
    let run = |table: &[char], first: u8| {
        table.get(usize::from(byte.saturating_sub(first))).copied().unwrap_or('\u{fffd}')
    };
    match byte {
        0x18..=0x1f => run(&ACCENTS, 0x18),
        0x80..=0xa0 => run(&PUNCTUATION, 0x80),
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_every_coding() {
        let vietnamese = "Phê duyệt Quyết định số 15/QĐ-UBND";
        let Object::String(bytes) = text_string(vietnamese) else { panic!("a string") };
        assert_eq!(bytes[..2], [0xfe, 0xff]);
        assert_eq!(text_of(&bytes), vietnamese);
        assert_eq!(text_string("Approved"), Object::String(b"Approved".to_vec()));
        assert_eq!(text_of(b"\xef\xbb\xbf\xc4\x90"), "Đ");
        assert_eq!(text_of(b"caf\xe9 \xa0 \x84 \x18"), "café € — ˘");
        assert_eq!(text_of(b"\xfe\xff\0"), "\u{fffd}");
    }

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (-0.0001, "0"),
            (50.0, "50"),
            (0.25, "0.25"),
            (-7.5, "-7.5"),
            (100.0, "100"),
        ] {
            assert_eq!(Object::number(value), Object::Real(text.as_bytes().to_vec()), "{value}");
        }
    }

    #[test]
    fn equality_is_of_meaning() {
        let a = Dictionary::new().with("A", Object::Integer(1)).with("B", Object::Null);
        let b = Dictionary::new().with("B", Object::Null).with("A", Object::Integer(1));
        assert_eq!(a, b);
        assert_ne!(a, b.clone().with("A", Object::Integer(2)));
        let mut twice = a.clone();
        twice.push(b"A".to_vec(), Object::Integer(1), 0..0);
        assert_eq!(twice.duplicate(), Some(&b"A"[..]));
        assert_ne!(twice, twice.clone(), "a key that stands twice has no one meaning");
    }
}
