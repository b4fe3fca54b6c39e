//! Character maps (ISO 32000-2 §9.7.5, §9.10.3): from codes to text or to glyphs.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::HashMap;
use std::rc::Rc;

use super::tokens::{Token, Tokens};
use crate::encoding::pdf::object::Object;
use crate::error::Result;
use crate::limits::{Limits, within};

/// UTF-16 units of the text that one code stands for. The longest ligature of Unicode has
/// eighteen; what is longer would be repeated for each glyph.
const MOST_UNITS: usize = 64;

/// What a map file says, as far as it was understood.
#[derive(Debug, Default)]
pub(super) struct CMap {
    /// Lowest and highest codes of the same length, byte by byte.
    spaces: Vec<(Vec<u8>, Vec<u8>)>,
    texts: HashMap<u32, Rc<str>>,
    /// First and last code, and the text of the first; by the first.
    text_ranges: Vec<(u32, u32, Vec<u16>)>,
    /// First and last code, and the glyph of the first; by the first.
    glyphs: Vec<(u32, u32, u32)>,
    /// Whether anything in it was not understood.
    pub(super) doubtful: bool,
}

impl CMap {
    /// # Errors
    /// `LimitExceeded`.
    pub(super) fn parse(bytes: Vec<u8>, limits: &Limits) -> Result<Self> {
        let (mut map, mut operands) = (Self::default(), Vec::new());
        let mut tokens = Tokens::new(bytes);
        while let Some(token) = tokens.next(limits)? {
            match token {
                Token::Operand(object) => {
                    operands.push(object);
                    within(operands.len(), limits.pdf_object_values, "values in a character map")?;
                }
                Token::Operator(operator) => {
                    map.operator(&operator, &operands);
                    operands.clear();
                }
                Token::Image(..) | Token::Broken => map.doubtful = true,
            }
        }
        map.text_ranges.sort_by_key(|it| it.0);
        map.glyphs.sort_by_key(|it| it.0);
        Ok(map)
    }

    fn operator(&mut self, operator: &[u8], operands: &[Object]) {
        let understood = match operator {
            b"endcodespacerange" => groups::<2>(operands).all(|it| self.space(it)),
            b"endbfchar" => groups::<2>(operands).all(|it| self.text(it)),
            b"endbfrange" => groups::<3>(operands).all(|it| self.text_range(it)),
            b"endcidchar" => groups::<2>(operands).all(|it| self.glyph(it)),
            b"endcidrange" => groups::<3>(operands).all(|it| self.glyph_range(it)),
            b"usecmap" => false,
            _ => true,
        };
        self.doubtful |= !understood;
    }

    fn space(&mut self, items: &[Object]) -> bool {
        let [Object::String(low), Object::String(high)] = items else { return false };
        let plain = low.len() == high.len() && (1..=4).contains(&low.len());
        if plain {
            self.spaces.push((low.clone(), high.clone()));
        }
        plain
    }

    fn text(&mut self, items: &[Object]) -> bool {
        let [Object::String(code), Object::String(text)] = items else { return false };
        let text = units(text).and_then(|it| String::from_utf16(&it).ok());
        let (Some(code), Some(text)) = (number(code), text) else { return false };
        self.texts.insert(code, text.into());
        true
    }

    fn text_range(&mut self, items: &[Object]) -> bool {
        let [Object::String(first), Object::String(last), to] = items else { return false };
        let (Some(first), Some(last)) = (number(first), number(last)) else { return false };
        match to {
            Object::String(text) => {
                let text = units(text).map(|it| (first, last, it));
                let known = text.is_some();
                self.text_ranges.extend(text);
                known
            }
            Object::Array(texts) => (first..=last).zip(texts).all(|(code, text)| {
                let text = text.as_string().and_then(units);
                let text = text.and_then(|it| String::from_utf16(&it).ok());
                let known = text.is_some();
                self.texts.extend(text.map(|it| (code, it.into())));
                known
            }),
            _ => false,
        }
    }

    fn glyph(&mut self, items: &[Object]) -> bool {
        let [Object::String(code), Object::Integer(glyph)] = items else { return false };
        let (Some(code), Ok(glyph)) = (number(code), u32::try_from(*glyph)) else { return false };
        self.glyphs.push((code, code, glyph));
        true
    }

    fn glyph_range(&mut self, items: &[Object]) -> bool {
        let [Object::String(first), Object::String(last), Object::Integer(glyph)] = items else {
            return false;
        };
        let codes = number(first).zip(number(last));
        let (Some((first, last)), Ok(glyph)) = (codes, u32::try_from(*glyph)) else { return false };
        self.glyphs.push((first, last, glyph));
        true
    }

    /// The text that a code stands for.
    pub(super) fn text_of(&self, code: u32) -> Option<Rc<str>> {
        if let Some(text) = self.texts.get(&code) {
            return Some(Rc::clone(text));
        }
        let (first, last, text) = in_ranges(&self.text_ranges, code, |it| it.0)?;
        let mut units = text.clone();
        // Only the last of them counts on (§9.10.3).
        let unit = units.last_mut().filter(|_| code <= *last)?;
        *unit = unit.checked_add(u16::try_from(code.saturating_sub(*first)).ok()?)?;
        String::from_utf16(&units).ok().map(Rc::from)
    }

    /// The number of the glyph that a code stands for.
    pub(super) fn glyph_of(&self, code: u32) -> Option<u32> {
        let (first, last, glyph) = in_ranges(&self.glyphs, code, |it| it.0)?;
        (code <= *last).then(|| glyph.saturating_add(code.saturating_sub(*first)))
    }

    /// The code that stands first, and its length; nothing where none does.
    pub(super) fn code(&self, bytes: &[u8]) -> Option<(u32, usize)> {
        let space = self.spaces.iter().find(|(low, high)| {
            let within = |(byte, (low, high)): (&u8, (&u8, &u8))| (low..=high).contains(&byte);
            bytes.len() >= low.len() && bytes.iter().zip(low.iter().zip(high)).all(within)
        })?;
        let code = number(bytes.get(..space.0.len())?)?;
        Some((code, space.0.len()))
    }
}

/// The last range that begins at or before the code.
fn in_ranges<T>(ranges: &[T], code: u32, first: impl Fn(&T) -> u32) -> Option<&T> {
    let behind = ranges.partition_point(|it| first(it) <= code);
    ranges.get(behind.checked_sub(1)?)
}

/// The number of entries stands before the operator that begins them.
fn groups<const N: usize>(operands: &[Object]) -> std::slice::ChunksExact<'_, Object> {
    operands.chunks_exact(N)
}

/// Nothing for a text that is too long to be that of one code.
fn units(bytes: &[u8]) -> Option<Vec<u16>> {
    let unit = |pair: &[u8]| pair.iter().fold(0_u16, |sum, byte| sum << 8 | u16::from(*byte));
    let units = bytes.chunks(2);
    (units.len() <= MOST_UNITS).then(|| units.map(unit).collect())
}

fn number(code: &[u8]) -> Option<u32> {
    let short = (1..=4).contains(&code.len());
    short.then(|| code.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(text: &str) -> CMap {
        CMap::parse(text.as_bytes().to_vec(), &Limits::default()).unwrap()
    }

    #[test]
    fn codes_to_text_and_glyphs() {
        let map =
            map("/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def
             2 begincodespacerange <00> <7f> <8000> <ffff> endcodespacerange
             1 beginbfchar <0041> <1EA40041> endbfchar
             2 beginbfrange <0050> <0052> <0061> <0060> <0061> [<0078> <D83DDE00>] endbfrange
             1 begincidrange <8000> <8010> 5 endcidrange 1 begincidchar <20> 1 endcidchar
             endcmap end end");
        assert!(!map.doubtful);
        let text = |code| map.text_of(code).as_deref().map(str::to_owned);
        assert_eq!(text(0x41).as_deref(), Some("ẤA"));
        assert_eq!(text(0x52).as_deref(), Some("c"));
        assert_eq!((text(0x53), text(0x40)), (None, None));
        assert_eq!(text(0x61).as_deref(), Some("😀"));
        assert_eq!((map.glyph_of(0x8003), map.glyph_of(0x8011)), (Some(8), None));
        assert_eq!(
            (map.code(b"A"), map.code(b"\x80\x01\x02")),
            (Some((0x41, 1)), Some((0x8001, 2)))
        );
        assert_eq!(map.code(b"\x80"), None);
    }

    #[test]
    fn says_what_it_does_not_understand() {
        for text in [
            "/Other usecmap",
            "1 beginbfchar <41> /A endbfchar",
            "1 beginbfrange <41> <42> 7 endbfrange",
            "1 begincidchar <41> <42> endcidchar",
            "1 begincodespacerange <0041> <42> endcodespacerange",
            "begincmap )",
        ] {
            assert!(map(text).doubtful, "{text}");
        }
        let long = "0041".repeat(MOST_UNITS + 1);
        for text in [
            format!("1 beginbfchar <41> <{long}> endbfchar"),
            format!("1 beginbfrange <41> <42> <{long}> endbfrange"),
            format!("1 beginbfrange <41> <42> [<{long}>] endbfrange"),
        ] {
            assert!(map(&text).text_of(0x41).is_none(), "as long as a book");
        }
        assert!(map("1 beginbfrange <0000> <ffffffff> [<0041>] endbfrange").text_of(1).is_none());
    }
}
