//! Lines of text in a box: smaller down to a floor, then wrapped, then refused.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::font::{Font, Glyph};
use super::geometry::{MILLIMETRE, Size, TOLERANCE};
use crate::encoding::steers;
use crate::error::{Error, Result};

/// How large text is, in points: as it should be, and the least that it may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub(super) nominal: f64,
    pub(super) floor: f64,
}

/// Text that is ready to be drawn.
#[derive(Debug, Clone)]
pub(super) struct Block {
    pub(super) lines: Vec<Row>,
    /// Of the letters, in points.
    pub(super) font_size: f64,
    /// Of all lines together.
    pub(super) size: Size,
}

/// One line of it.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) glyphs: Vec<Glyph>,
    /// The base line, from the top of the block.
    pub(super) base: f64,
}

/// How much text may be shown: nobody reads more on a stamp.
const LETTERS: usize = 4_000;

/// Sets lines of text. Where `room` is, the block is no larger.
///
/// # Errors
/// `Misuse` when the text does not fit, when it is empty or has nothing to draw, or
/// when the font lacks a letter.
pub(super) fn set(font: &Font, texts: &[String], sizes: Sizes, room: Size) -> Result<Block> {
    let lines = texts.iter().map(|text| letters(font, text)).collect::<Result<Vec<_>>>()?;
    if lines.iter().all(Vec::is_empty) {
        return Err(Error::misuse("a look in words has nothing to say"));
    }
    if lines.iter().map(Vec::len).sum::<usize>() > LETTERS {
        return Err(Error::misuse(format!("more than {LETTERS} letters are to be shown")));
    }
    let mut size = sizes.nominal;
    while size > sizes.floor {
        let block = Block::of(font, lines.clone(), size);
        if block.size.fits(room) {
            return Ok(block);
        }
        size -= STEP;
    }
    let wrapped = lines.iter().map(|line| wrap(line, sizes.floor, room.width));
    let wrapped: Option<Vec<Vec<Vec<Glyph>>>> = wrapped.collect();
    wrapped
        .map(|lines| Block::of(font, lines.into_iter().flatten().collect(), sizes.floor))
        .filter(|block| block.size.fits(room))
        .ok_or_else(|| too_large(texts, sizes.floor, room))
}

/// By how much letters get smaller, in points.
const STEP: f64 = 0.25;

fn too_large(texts: &[String], floor: f64, room: Size) -> Error {
    let (width, height) = (room.width / MILLIMETRE, room.height / MILLIMETRE);
    let longest = texts.iter().max_by_key(|it| it.chars().count()).map_or("", String::as_str);
    Error::misuse(format!(
        "{longest:?} and what stands with it do not fit {width:.1} × {height:.1} mm even at \
         {floor} pt: give it more room, or say it shorter"
    ))
}

/// One line in composed letters (NFC), whatever form the text came in.
///
/// # Errors
/// `Misuse` when it holds what is not drawn letter by letter from left to right, or
/// what the font lacks.
fn letters(font: &Font, text: &str) -> Result<Vec<Glyph>> {
    let composed: String = text.nfc().collect();
    if let Some(letter) = composed.chars().find(|it| !is_drawn_alone(*it)) {
        let code = u32::from(letter);
        return Err(Error::unsupported(format!(
            "{text:?} holds U+{code:04X}, which cannot be drawn as a letter of its own"
        )));
    }
    font.glyphs(composed.trim())
}

/// Letters of scripts that are written from left to right, each by its own glyph. Marks
/// that are part of no composed letter, and what steers other letters, are none.
fn is_drawn_alone(letter: char) -> bool {
    let shaped = matches!(u32::from(letter),
        0x590..=0x10_9f | 0x1700..=0x1cff | 0xa800..=0xabff | 0xfb1d..=0xfdff | 0xfe70..=0xfeff
        | 0x1_0800..=0x1_1fff | 0x1_e800..=0x1_eeff);
    !shaped && !steers(letter) && !is_combining_mark(letter)
}

/// How wide glyphs are together, in points.
pub(super) fn width(glyphs: &[Glyph], font_size: f64) -> f64 {
    glyphs.iter().map(|it| it.advance).sum::<f64>() * font_size / 1000.0
}

/// Breaks a line at its spaces; nothing when a word alone is too wide.
fn wrap(line: &[Glyph], font_size: f64, room: f64) -> Option<Vec<Vec<Glyph>>> {
    let is_space = |glyph: &Glyph| glyph.letter == ' ';
    let fits = |glyphs: &[Glyph]| width(glyphs, font_size) <= room + TOLERANCE;
    let mut lines: Vec<Vec<Glyph>> = Vec::new();
    let mut gap = None;
    for word in line.split(is_space).filter(|it| !it.is_empty()) {
        if !fits(word) {
            return None;
        }
        gap = gap.or_else(|| line.iter().find(|it| is_space(it)).copied());
        match lines.last_mut() {
            Some(last) => {
                let mut longer = last.clone();
                longer.extend(gap);
                longer.extend_from_slice(word);
                if fits(&longer) {
                    *last = longer;
                } else {
                    lines.push(word.to_vec());
                }
            }
            None => lines.push(word.to_vec()),
        }
    }
    Some(lines)
}

impl Block {
    fn of(font: &Font, lines: Vec<Vec<Glyph>>, font_size: f64) -> Self {
        let metrics = font.metrics();
        let points = |thousandths: f64| thousandths * font_size / 1000.0;
        let mut size = Size { width: 0.0, height: 0.0 };
        let mut rows = Vec::new();
        for glyphs in lines {
            // Two accents on a capital may be higher than the font says it is.
            let heights = || glyphs.iter().filter_map(|it| it.height);
            let highest = heights().map(|it| it.1).fold(metrics.ascent, f64::max);
            let lowest = heights().map(|it| it.0).fold(metrics.descent, f64::min);
            let base = size.height + points(highest);
            size.height = base - points(lowest);
            size.width = size.width.max(width(&glyphs, font_size));
            rows.push(Row { glyphs, base });
        }
        Self { lines: rows, font_size, size }
    }
}
