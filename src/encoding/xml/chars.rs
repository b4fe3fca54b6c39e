//! Characters: the encodings that are read, what XML 1.0 §2.2 allows, references (§4.1).

use std::borrow::Cow;

use crate::error::{Error, Result};

const UTF8_MARK: &[u8] = &[0xEF, 0xBB, 0xBF];
const UTF16_BE_MARK: &[u8] = &[0xFE, 0xFF];
const UTF16_LE_MARK: &[u8] = &[0xFF, 0xFE];
const UTF16_MARK_BYTES: u64 = 2;

/// The text of a document, and how many bytes of a mark stood before it.
///
/// UTF-8 is lent. UTF-16, recognised by its byte order mark, is transcoded;
/// offsets then count bytes of the UTF-8 form.
pub(crate) fn decode(bytes: &[u8]) -> Result<(Cow<'_, str>, u64)> {
    let (text, mark) = match utf16_marked(bytes)? {
        Some(text) => (Cow::Owned(text), UTF16_MARK_BYTES),
        None => {
            let (rest, mark) = unmarked(bytes);
            (Cow::Borrowed(utf8(rest, mark)?), mark)
        }
    };
    allowed(&text, mark)?;
    Ok((text, mark))
}

/// As [`decode`], with the characters not looked at yet: a
/// [reader of bytes](super::Reader::of_bytes) does so as it comes by.
pub(crate) fn undecoded(bytes: &[u8]) -> Result<(Cow<'_, [u8]>, u64)> {
    Ok(match utf16_marked(bytes)? {
        Some(text) => (Cow::Owned(text.into_bytes()), UTF16_MARK_BYTES),
        None => {
            let (rest, mark) = unmarked(bytes);
            (Cow::Borrowed(rest), mark)
        }
    })
}

fn unmarked(bytes: &[u8]) -> (&[u8], u64) {
    bytes.strip_prefix(UTF8_MARK).map_or((bytes, 0), |rest| (rest, 3))
}

fn utf16_marked(bytes: &[u8]) -> Result<Option<String>> {
    if let Some(rest) = bytes.strip_prefix(UTF16_BE_MARK) {
        utf16(rest, u16::from_be_bytes).map(Some)
    } else if let Some(rest) = bytes.strip_prefix(UTF16_LE_MARK) {
        utf16(rest, u16::from_le_bytes).map(Some)
    } else {
        Ok(None)
    }
}

/// `bytes`, which stand at `offset`, as text.
pub(super) fn utf8(bytes: &[u8], offset: u64) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|source| not_utf8(source, offset))
}

/// Of bytes that stand at `offset`.
pub(super) fn not_utf8(source: std::str::Utf8Error, offset: u64) -> Error {
    let at = u64::try_from(source.valid_up_to()).unwrap_or(u64::MAX).saturating_add(offset);
    Error::malformed("the text is neither UTF-8 nor marked as UTF-16").at_offset(at)
}

/// Refuses `text`, which stands at `offset`, for what cannot stand in XML.
pub(super) fn allowed(text: &str, offset: u64) -> Result<()> {
    let Some((at, found)) = first_forbidden(text) else { return Ok(()) };
    let at = u64::try_from(at).unwrap_or(u64::MAX).saturating_add(offset);
    Err(Error::malformed(format!("the character {found:?} cannot stand in XML")).at_offset(at))
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Error::malformed("UTF-16 text with an odd number of bytes"));
    }
    char::decode_utf16(pairs.iter().map(|pair| unit(*pair)))
        .collect::<Result<String, _>>()
        .map_err(|_| Error::malformed("UTF-16 text with half a surrogate pair"))
}

/// XML 1.0 §2.2, production 2.
pub(crate) fn is_char(it: char) -> bool {
    !matches!(it, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}')
}

/// Whether every character can be written: production 2 again.
pub(crate) fn is_writable(text: &str) -> bool {
    first_forbidden(text).is_none()
}

/// Looks at blocks, because nearly every block of a large message is clean base64.
fn first_forbidden(text: &str) -> Option<(usize, char)> {
    const BLOCK: usize = 4096;
    let suspect = |byte: u8| (byte < 0x20 && !matches!(byte, 9 | 10 | 13)) || byte == 0xEF;
    // In one line there are not even line ends, and fewer questions are sooner answered.
    let unusual = |byte: u8| (byte < 0x20) | (byte == 0xEF);
    let block = text
        .as_bytes()
        .chunks(BLOCK)
        .position(|block| has_any(block, unusual) && has_any(block, suspect))?;
    let mut from = block.saturating_mul(BLOCK);
    while !text.is_char_boundary(from) {
        from = from.saturating_sub(1);
    }
    text.get(from..)?
        .char_indices()
        .find(|(_, it)| !is_char(*it))
        .map(|(at, it)| (from.saturating_add(at), it))
}

/// Without a way out in between, which the compiler makes wide.
fn has_any(block: &[u8], what: impl Fn(u8) -> bool) -> bool {
    block.iter().fold(false, |seen, byte| seen | what(*byte))
}

/// A name with at most one colon (Namespaces in XML 1.0 §4). ASCII is checked to
/// the letter; beyond it everything but white space is let through.
pub(crate) fn is_qualified_name(name: &str) -> bool {
    let mut parts = name.split(':');
    let first = parts.next().is_some_and(is_local_name);
    let second = parts.next().is_none_or(is_local_name);
    first && second && parts.next().is_none()
}

fn is_local_name(name: &str) -> bool {
    let starts = |it: char| it.is_ascii_alphabetic() || it == '_' || !it.is_ascii();
    let goes_on = |it: char| starts(it) || it.is_ascii_digit() || matches!(it, '-' | '.');
    name.chars().next().is_some_and(starts)
        && name.chars().all(|it| goes_on(it) && !it.is_whitespace())
}

/// What `&name;` stands for: one of the five, or a character by number.
pub(crate) fn resolve(name: &str) -> Option<char> {
    let number = match name {
        "amp" => return Some('&'),
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        _ => name.strip_prefix('#')?,
    };
    let (digits, radix) = match number.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    // `from_str_radix` takes a sign, XML does not.
    digits
        .chars()
        .all(|it| it.is_digit(radix))
        .then(|| u32::from_str_radix(digits, radix).ok())
        .flatten()
        .and_then(char::from_u32)
        .filter(|it| is_char(*it))
}

/// The value of an attribute as §3.3.3 has it: references replaced, each white
/// space a blank. Nothing where a reference means nothing.
pub(crate) fn attribute_value(raw: &str) -> Option<Cow<'_, str>> {
    if !raw.contains(['&', '\t', '\n', '\r']) {
        return Some(Cow::Borrowed(raw));
    }
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('&') {
        push_blank(&mut value, before);
        let (name, after) = after.split_once(';')?;
        value.push(resolve(name)?);
        rest = after;
    }
    push_blank(&mut value, rest);
    Some(Cow::Owned(value))
}

fn push_blank(value: &mut String, raw: &str) {
    for it in raw.replace("\r\n", "\n").chars() {
        value.push(if matches!(it, '\t' | '\n' | '\r') { ' ' } else { it });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_marked_encodings() {
        let mut le = vec![0xFF, 0xFE];
        let mut be = vec![0xFE, 0xFF];
        for unit in "<ố/>".encode_utf16() {
            le.extend(unit.to_le_bytes());
            be.extend(unit.to_be_bytes());
        }
        let mut utf8 = UTF8_MARK.to_vec();
        utf8.extend("<ố/>".bytes());
        for (bytes, mark) in [(le, 2), (be, 2), (utf8, 3), ("<ố/>".as_bytes().to_vec(), 0)] {
            let (text, at) = decode(&bytes).unwrap();
            assert_eq!((text.as_ref(), at), ("<ố/>", mark));
        }
        assert!(decode(&[0xFF, 0xFE, 0x41]).is_err(), "odd");
        assert!(decode(&[0xFF, 0xFE, 0x00, 0xD8]).is_err(), "half a pair");
        assert_eq!(decode(b"<a>\xC3(</a>").unwrap_err().offset(), Some(3));
    }

    #[test]
    fn finds_forbidden_characters_at_their_place() {
        let mut text = "ế".repeat(5000);
        text.push('\u{FFFF}');
        assert_eq!(decode(text.as_bytes()).unwrap_err().offset(), Some(15_000));
        assert_eq!(decode(b"ab\x01").unwrap_err().offset(), Some(2));
        assert!(decode("\u{FFFD} is allowed\t\r\n".as_bytes()).is_ok());
    }

    #[test]
    fn resolves_the_five_and_numbers_only() {
        assert_eq!(resolve("#x1ED1"), Some('ố'));
        assert_eq!(resolve("#65"), Some('A'));
        for name in ["e", "#", "#x", "#+65", "#0", "#xD800", "#x110000", "#99999999999", "AMP"] {
            assert_eq!(resolve(name), None, "{name}");
        }
        assert_eq!(attribute_value("a&amp;b\r\nc").unwrap(), "a&b c");
        assert_eq!(attribute_value("&e;"), None);
        assert_eq!(attribute_value("&amp"), None);
    }

    #[test]
    fn names() {
        for good in ["a", "edXML:From", "_x-1.2", "số"] {
            assert!(is_qualified_name(good), "{good}");
        }
        for bad in ["", ":a", "a:", "a:b:c", "1a", "a b", "a\u{A0}b", "a=", "-a"] {
            assert!(!is_qualified_name(bad), "{bad}");
        }
    }
}
