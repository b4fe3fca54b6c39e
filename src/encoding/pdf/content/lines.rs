//! Text as it is read: glyphs that follow each other along one baseline.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::geometry::{Point, Rect};
use super::letters::composed;
#[cfg(any(feature = "appearance", test, fuzzing))]
use super::letters::{decomposed, is_mark};
use super::marks::{Glyph, Ink, Mark};

/// Text on one baseline.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    /// Composed, with single spaces where there are gaps.
    pub(crate) text: String,
    pub(crate) place: Rect,
}

/// A glyph on its way along a line that runs in some direction.
struct Placed<'m> {
    glyph: &'m Glyph,
    place: Rect,
    /// Degrees, whole ones.
    direction: i32,
    /// How far along the line it begins and ends, and how high the line is.
    begin: f64,
    end: f64,
    height: f64,
}

/// The lines of text among what was drawn, from top to bottom as they are read. What is
/// hidden is left out; glyphs without text are U+FFFD.
pub(crate) fn lines(marks: &[Mark]) -> Vec<Line> {
    rows(marks).iter().map(|row| line(row)).collect()
}

#[cfg(any(feature = "appearance", test, fuzzing))]
/// Where a text stands, whatever its white space and however its letters are composed.
/// It is on one line.
pub(crate) fn find(marks: &[Mark], text: &str) -> Vec<Rect> {
    let wanted = bare(text);
    if wanted.is_empty() {
        return Vec::new();
    }
    rows(marks).iter().flat_map(|row| find_in(row, &wanted)).collect()
}

#[cfg(any(feature = "appearance", test, fuzzing))]
fn bare(text: &str) -> String {
    decomposed(&text.split_whitespace().collect::<String>())
}

#[cfg(any(feature = "appearance", test, fuzzing))]
fn find_in(row: &[Placed<'_>], wanted: &str) -> Vec<Rect> {
    let mut text = String::new();
    let mut ends = Vec::with_capacity(row.len());
    for placed in row {
        text.push_str(&bare(placed.glyph.text.as_deref().unwrap_or("\u{fffd}")));
        ends.push(text.len());
    }
    // Marks may be glyphs of their own, written after the letter, in any order.
    let ordered = decomposed(&text);
    let glyph_at = |at: usize| ends.partition_point(|end| *end <= at);
    // A letter is not found in one that has a mark more.
    let whole = |at: usize| {
        let behind = ordered.get(at.saturating_add(wanted.len())..).unwrap_or_default();
        !behind.chars().next().is_some_and(is_mark)
    };
    let found = ordered.match_indices(wanted).filter(|it| whole(it.0)).map(|(at, _)| {
        let last = at.saturating_add(wanted.len()).saturating_sub(1);
        let glyphs = row.iter().take(glyph_at(last).saturating_add(1)).skip(glyph_at(at));
        glyphs.map(|it| it.place).reduce(|a, b| a.union(&b))
    });
    found.flatten().collect()
}

fn line(row: &[Placed<'_>]) -> Line {
    /// What is farther apart than so much of the size is another word.
    const GAP: f64 = 0.2;
    let (mut text, mut end) = (String::new(), None);
    for placed in row {
        let apart = end.is_some_and(|it| placed.begin - it > GAP * placed.glyph.size);
        if apart {
            text.push(' ');
        }
        text.push_str(placed.glyph.text.as_deref().unwrap_or("\u{fffd}"));
        end = Some(placed.end);
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let place = row.iter().map(|it| it.place).reduce(|a, b| a.union(&b));
    Line { text: composed(&words.join(" ")), place: place.unwrap_or(Rect::NOWHERE) }
}

/// Glyphs line by line, each once.
fn rows(marks: &[Mark]) -> Vec<Vec<Placed<'_>>> {
    let mut all: Vec<Placed<'_>> = marks.iter().filter_map(placed).collect();
    all.sort_by(|a, b| a.direction.cmp(&b.direction).then(b.height.total_cmp(&a.height)));
    let mut rows: Vec<Vec<Placed<'_>>> = Vec::new();
    for placed in all {
        match rows.last_mut() {
            Some(row) if row.last().is_some_and(|it| on_one_line(it, &placed)) => row.push(placed),
            _ => rows.push(vec![placed]),
        }
    }
    for row in &mut rows {
        row.sort_by(|a, b| a.begin.total_cmp(&b.begin));
        // Bold letters may be the same ones drawn twice.
        row.dedup_by(|b, a| {
            let apart = (b.begin - a.begin).abs();
            a.glyph.text == b.glyph.text && apart < 0.1 * a.glyph.size
        });
    }
    rows.retain(|row| row.iter().any(|it| !it.glyph.is_space()));
    rows
}

fn on_one_line(a: &Placed<'_>, b: &Placed<'_>) -> bool {
    const MOST: f64 = 0.3;
    let size = a.glyph.size.min(b.glyph.size);
    a.direction == b.direction && (a.height - b.height).abs() <= MOST * size
}

fn placed(mark: &Mark) -> Option<Placed<'_>> {
    let Ink::Glyph(glyph) = &mark.ink else { return None };
    let (from, to): (Point, Point) = (glyph.origin, glyph.end);
    let (x, y) = (to.0 - from.0, to.1 - from.1);
    let length = x.hypot(y);
    // Marks that stand on the letter before have no width.
    let (x, y) = if length > 0.0 { (x / length, y / length) } else { (1.0, 0.0) };
    let known = [from.0, from.1, length].iter().all(|it| it.is_finite());
    if mark.how.hidden || !known {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "degrees are small")]
    let direction = y.atan2(x).to_degrees().round() as i32;
    let begin = from.0 * x + from.1 * y;
    Some(Placed {
        glyph,
        place: mark.place,
        direction,
        begin,
        end: begin + length,
        height: from.1 * x - from.0 * y,
    })
}
