//! Operands and operators (ISO 32000-2 §7.8.2), of page content and of character maps.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use crate::encoding::pdf::lexer::{Lexer, is_regular, is_white};
use crate::encoding::pdf::object::{Dictionary, Object};
use crate::error::{ErrorKind, Result};
use crate::limits::Limits;

/// Content that is read step by step.
#[derive(Debug)]
pub(super) struct Tokens {
    bytes: Vec<u8>,
    at: usize,
    /// Where the last one began.
    start: usize,
}

#[derive(Debug, PartialEq)]
pub(super) enum Token {
    Operand(Object),
    Operator(Vec<u8>),
    /// The dictionary of an inline image, its keys written out (§8.9.7), and its data.
    Image(Dictionary, Vec<u8>),
    /// What is neither: where it ends cannot be told, so nothing follows.
    Broken,
}

impl Tokens {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, at: 0, start: 0 }
    }

    /// How many bytes were read.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Whether the last one, if it is no operator, goes on behind this place; or whether
    /// another begins at `next` that would, were nothing between them.
    pub(super) fn goes_on(&self, place: usize, next: usize) -> bool {
        let is_regular = |at: usize| self.bytes.get(at).copied().is_some_and(is_regular);
        let within = self.start < place && place < self.at;
        let joined = self.at == place && is_regular(place.saturating_sub(1)) && is_regular(next);
        within || joined
    }

    /// Whether a comment stands at this place, which is behind the token before the last
    /// one and not behind the last one's beginning.
    pub(super) fn is_comment(&self, before: usize, place: usize) -> bool {
        let between = self.bytes.get(before..place).filter(|_| place <= self.start);
        let mut lines = between.unwrap_or_default().rsplit(|it| matches!(it, b'\n' | b'\r'));
        lines.next().is_some_and(|it| it.contains(&b'%'))
    }

    /// The next one; nothing at the end.
    ///
    /// # Errors
    /// `LimitExceeded`.
    pub(super) fn next(&mut self, limits: &Limits) -> Result<Option<Token>> {
        let mut lexer = Lexer::within(self.bytes.get(self.at..).unwrap_or_default(), 0, limits);
        lexer.skip_white();
        self.start = self.bytes.len().saturating_sub(lexer.rest().len());
        let Some(first) = lexer.peek() else {
            self.at = self.bytes.len();
            return Ok(None);
        };
        let word = lexer.rest().iter().take_while(|it| is_regular(**it)).count();
        let word = lexer.rest().get(..word).unwrap_or_default().to_vec();
        let number = matches!(first, b'+' | b'-' | b'.' | b'0'..=b'9');
        let token = if word.is_empty() || number || VALUES.contains(&&*word) {
            match lexer.object() {
                Ok(object) => Token::Operand(object),
                Err(error) if error.kind() == ErrorKind::LimitExceeded => return Err(error),
                Err(_) => Token::Broken,
            }
        } else if word == b"BI" {
            lexer.skip(word.len());
            inline_image(&mut lexer)?.map_or(Token::Broken, |it| Token::Image(it.0, it.1))
        } else {
            lexer.skip(word.len());
            Token::Operator(word)
        };
        let left = lexer.rest().len();
        let broken = token == Token::Broken;
        self.at = if broken { self.bytes.len() } else { self.bytes.len().saturating_sub(left) };
        Ok(Some(token))
    }
}

const VALUES: [&[u8]; 3] = [b"true", b"false", b"null"];

/// From behind `BI` to behind `EI`; nothing where it is broken.
fn inline_image(lexer: &mut Lexer<'_>) -> Result<Option<(Dictionary, Vec<u8>)>> {
    let mut dictionary = Dictionary::new();
    loop {
        lexer.skip_white();
        if lexer.keyword("ID") {
            break;
        }
        let mut object = || match lexer.object() {
            Ok(object) => Ok(Some(object)),
            Err(error) if error.kind() == ErrorKind::LimitExceeded => Err(error),
            Err(_) => Ok(None),
        };
        let Some(Object::Name(key)) = object()? else { return Ok(None) };
        let Some(value) = object()? else { return Ok(None) };
        dictionary.push(written_out(&key).to_vec(), value, 0..0);
    }
    let rest = lexer.rest();
    let Some(end) = rest.split_first().and_then(|(white, data)| {
        is_white(*white).then(|| end_of_image(&dictionary, data)).flatten()
    }) else {
        return Ok(None);
    };
    let data = rest.get(1..end.saturating_sub(1)).unwrap_or_default().to_vec();
    lexer.skip(end.saturating_add(1));
    Ok(Some((dictionary, data)))
}

/// Where `EI` ends.
fn end_of_image(dictionary: &Dictionary, data: &[u8]) -> Option<usize> {
    let ends = |at: usize| {
        let rest = data.get(at..)?;
        let white = rest.iter().take_while(|it| is_white(**it)).count();
        let (word, behind) = rest.get(white..)?.split_at_checked(2)?;
        let ends = word == b"EI" && behind.first().is_none_or(|it| !is_regular(*it));
        ends.then(|| at.saturating_add(white).saturating_add(2))
    };
    if let Some(length) = plain_length(dictionary) {
        return ends(length);
    }
    let white = data.iter().enumerate().filter(|(_, byte)| is_white(**byte));
    white.map(|(at, _)| at).find_map(|at| {
        let directly = data.get(at.saturating_add(1)..)?.starts_with(b"EI");
        directly.then(|| ends(at)).flatten()
    })
}

/// How many bytes the samples take, where no filter is applied.
fn plain_length(image: &Dictionary) -> Option<usize> {
    if image.contains("Filter") {
        return None;
    }
    let number =
        |key| image.get(key).and_then(Object::as_integer).and_then(|it| usize::try_from(it).ok());
    let mask = image.get("ImageMask") == Some(&Object::Boolean(true));
    let components = match image.get("ColorSpace") {
        _ if mask => 1,
        Some(Object::Name(name)) => match name.as_slice() {
            b"DeviceGray" | b"G" => 1,
            b"DeviceRGB" | b"RGB" => 3,
            b"DeviceCMYK" | b"CMYK" => 4,
            _ => return None,
        },
        Some(Object::Array(_)) => 1,
        _ => return None,
    };
    let bits = if mask { 1 } else { number("BitsPerComponent")? };
    let row = number("Width")?.checked_mul(components)?.checked_mul(bits)?.div_ceil(8);
    row.checked_mul(number("Height")?)
}

/// ISO 32000-2 Table 91.
fn written_out(key: &[u8]) -> &[u8] {
    match key {
        b"BPC" => b"BitsPerComponent",
        b"CS" => b"ColorSpace",
        b"D" => b"Decode",
        b"DP" => b"DecodeParms",
        b"F" => b"Filter",
        b"H" => b"Height",
        b"IM" => b"ImageMask",
        b"I" => b"Interpolate",
        b"L" => b"Length",
        b"W" => b"Width",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(content: &[u8]) -> Vec<Token> {
        let (mut tokens, limits) = (Tokens::new(content.to_vec()), Limits::default());
        std::iter::from_fn(|| tokens.next(&limits).unwrap()).collect()
    }

    #[test]
    fn operands_and_operators() {
        let read = all(b"q 1 -.5 /F1<</A 1>>(x)'T*%c\n[1]TJ");
        let operators: Vec<_> = read
            .iter()
            .filter_map(|it| if let Token::Operator(it) = it { Some(&it[..]) } else { None })
            .collect();
        assert_eq!(operators, [&b"q"[..], b"'T*", b"TJ"]);
        assert_eq!(read.len(), 9);
    }

    #[test]
    fn what_is_broken_ends_it() {
        for content in [&b"q ) Q Q"[..], b"q (a Q", b"q BI /W 1 ID xx", b"q BI W ID x EI Q"] {
            let read = all(content);
            assert_eq!(read.len(), 2, "{}", String::from_utf8_lossy(content));
            assert_eq!(read[1], Token::Broken);
        }
    }

    /// Samples that look like operators do not end a plain image.
    #[test]
    fn inline_images() {
        let read = all(b"BI /W 4/H 2/BPC 8/CS/G ID ab EI cd\nEI Q");
        assert!(
            matches!(&read[0], Token::Image(it, data) if it.contains("Width") && data.starts_with(b"ab EI cd"))
        );
        assert_eq!(read[1..], [Token::Operator(b"Q".to_vec())]);
        let read = all(b"BI /W 4/H 2/F/Fl ID abEIcd EI Q");
        assert_eq!(read.len(), 2);
    }
}
