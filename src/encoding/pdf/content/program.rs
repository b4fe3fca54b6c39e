//! Font programs that stand in the file, and which of their glyphs a code stands for
//! (ISO 32000-2 §9.6.5, §9.7.4, §9.9).
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::cell::RefCell;
use std::collections::HashMap;

use super::cff::Cff;
#[cfg(any(test, fuzzing))]
use super::effort::Effort;
use super::outlines::TrueType;
use super::shape::Drawn;
use super::type1::Type1;

/// A font program.
#[derive(Debug)]
pub(super) struct Program {
    kind: Kind,
    /// Big-endian pairs, by the number of the glyph; nothing where that is it.
    map: Option<Vec<u8>>,
    /// Whether codes are bytes that stand for names and characters.
    simple: bool,
    known: RefCell<HashMap<u32, Option<Drawn>>>,
}

#[derive(Debug)]
pub(super) enum Kind {
    TrueType(TrueType),
    Cff(Cff),
    Type1(Type1),
}

impl Program {
    pub(super) fn simple(kind: Kind) -> Self {
        Self { kind, map: None, simple: true, known: RefCell::default() }
    }

    pub(super) fn composite(kind: Kind, map: Option<Vec<u8>>) -> Self {
        Self { kind, map, simple: false, known: RefCell::default() }
    }

    /// What is drawn for a byte, with its name and the character by the encoding, or for a
    /// CID; nothing where that cannot be told.
    pub(super) fn drawn(
        &self,
        code: u32,
        name: Option<&[u8]>,
        text: Option<&str>,
    ) -> Option<Drawn> {
        if let Some(known) = self.known.borrow().get(&code) {
            return known.clone();
        }
        let drawn = if self.simple { self.of_byte(code, name, text) } else { self.of_cid(code) };
        self.known.borrow_mut().insert(code, drawn.clone());
        drawn
    }

    fn of_byte(&self, byte: u32, name: Option<&[u8]>, text: Option<&str>) -> Option<Drawn> {
        match &self.kind {
            Kind::TrueType(font) => font.of_byte(byte, name, text.and_then(|it| it.chars().next())),
            Kind::Cff(font) => font.of_byte(byte, name),
            Kind::Type1(font) => font.of_byte(byte, name),
        }
    }

    fn of_cid(&self, cid: u32) -> Option<Drawn> {
        let glyph = match &self.map {
            None => cid,
            Some(map) => {
                let pair = map.chunks_exact(2).nth(usize::try_from(cid).ok()?)?;
                pair.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte))
            }
        };
        match &self.kind {
            Kind::TrueType(font) => font.drawn(glyph),
            Kind::Cff(font) => font.of_cid(cid),
            Kind::Type1(_) => None,
        }
    }
}

/// How many glyphs of a font, of whatever kind it is, draw something.
#[cfg(any(test, fuzzing))]
pub(super) fn exhaust(bytes: &[u8]) -> usize {
    let effort = &Effort::default();
    let kinds = [
        TrueType::parse(bytes.to_vec(), effort).map(Kind::TrueType),
        Cff::parse(bytes.to_vec(), effort).map(Kind::Cff),
        Type1::parse(bytes, effort).map(Kind::Type1),
    ];
    let mut count = 0_usize;
    for kind in kinds.into_iter().flatten() {
        let mut font = Program::simple(kind);
        for name in [None, Some(&b"space"[..]), Some(b"one"), Some(b"made up")] {
            font.known.take();
            let drawn = (0..72).filter(|it| font.drawn(*it, name, Some("1")).is_some());
            count = count.saturating_add(drawn.count());
        }
        font.known.take();
        font.simple = false;
        count = count.saturating_add((0..72).filter(|it| font.of_cid(*it).is_some()).count());
    }
    count
}
