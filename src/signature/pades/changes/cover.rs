//! How much of one letter lies under what was drawn on it later.
//!
//! A seal is laid on words by law (Decree 30/2020/NĐ-CP, Annex I): red lines of about a
//! millimetre on transparent ground. Such a line takes up to two thirds of a small letter,
//! and leaves its form to be seen, since it is of another colour than paper. What is meant
//! to hide a letter either has the colour of paper, and then the ink alone has to be
//! covered, however thin; or another colour, and then nearly all of it has to be. So two
//! things are measured: whether anything like paper lies on a letter, and whether almost
//! nothing of it is left.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use crate::encoding::pdf::content::{Ink, Mark, Rect};

/// A letter that was signed.
#[derive(Clone)]
pub(super) struct Letter {
    /// Nothing of it is elsewhere.
    pub(super) place: Rect,
    /// Where its form is told: from the base line to about the height of small letters.
    core: Rect,
    cover: Option<Box<Cover>>,
}

/// Parts of a letter, narrower than its strokes are.
const ACROSS: u8 = 8;
const UP: u8 = 16;
const CELLS: usize = 128;

/// How much of each part is covered. What several cover is at most the sum of what each
/// does: it is not told whether they leave the same open.
#[derive(Clone)]
struct Cover {
    /// Of the place, by what is like paper.
    light: [f32; CELLS],
    /// Of the core, by anything.
    core: [f32; CELLS],
}

impl Letter {
    pub(super) fn of(mark: &Mark) -> Self {
        let core = core(mark).filter(|it| it.touches(&mark.place)).unwrap_or(mark.place);
        Self { place: mark.place.grown(LEAST), core: core.grown(LEAST), cover: None }
    }

    /// A place where a letter may be.
    pub(super) fn at(place: Rect) -> Self {
        Self { place, core: place, cover: None }
    }

    /// Lays something upon it that covers so much of a rectangle, and so much like paper.
    pub(super) fn lay(&mut self, on: &Rect, covers: impl Fn(&Rect) -> (f64, f64)) {
        let cover = self
            .cover
            .get_or_insert_with(|| Box::new(Cover { light: [0.0; CELLS], core: [0.0; CELLS] }));
        if !self.place.width().is_finite() || !self.place.height().is_finite() {
            // What is at no finite place may be covered anywhere.
            cover.core = [1.0; CELLS];
            return;
        }
        for (sum, cell) in cover.light.iter_mut().zip(cells(&self.place)) {
            *sum += narrowed(covers(&cell).1 * share(&cell, on));
        }
        for (sum, cell) in cover.core.iter_mut().zip(cells(&self.core)) {
            *sum += narrowed(covers(&cell).0 * share(&cell, on));
        }
    }

    /// Whether it can no longer be read for sure.
    pub(super) fn is_hidden(&self) -> bool {
        /// What is covered more than this is not seen. Less leaves letters gray.
        const GONE: f32 = 0.6;
        /// As much as the dot that parts thousands takes of its place.
        const SPOTS: usize = 2;
        /// More than any line of a seal covers, even where it runs aslant.
        const MOST: f32 = 0.75;
        let Some(cover) = &self.cover else { return false };
        let gone = cover.light.iter().filter(|it| **it > GONE).count();
        let covered: f32 = cover.core.iter().map(|it| it.min(1.0)).sum();
        let all = f32::from(ACROSS) * f32::from(UP);
        gone >= SPOTS || covered >= all * MOST
    }
}

/// Points that letters are made wider by, that none is without an area.
const LEAST: f64 = 0.01;

fn core(mark: &Mark) -> Option<Rect> {
    /// Of the size. What is narrower, such as an i, is told by what is beside it, too.
    const WIDE: f64 = 0.6;
    const HIGH: f64 = 0.5;
    let Ink::Glyph(glyph) = &mark.ink else { return None };
    let ((x, y), (to_x, to_y)) = (glyph.origin, glyph.end);
    let (along, up) = (to_x - x, to_y - y);
    let width = along.hypot(up);
    let (along, up) = (along / width, up / width);
    let more = ((WIDE * glyph.size - width) / 2.0).max(0.0);
    let high = HIGH * glyph.size;
    let first = (x - along * more, y - up * more);
    let last = (to_x + along * more, to_y + up * more);
    let above = |it: (f64, f64)| (it.0 - up * high, it.1 + along * high);
    let core = Rect::around([first, last, above(first), above(last)]);
    (core.width().is_finite() && core.height().is_finite()).then_some(core)
}

fn cells(of: &Rect) -> impl Iterator<Item = Rect> {
    let (left, bottom) = (of.left, of.bottom);
    let (width, height) = (of.width() / f64::from(ACROSS), of.height() / f64::from(UP));
    (0..UP).flat_map(move |row| {
        (0..ACROSS).map(move |column| {
            let (x, y) = (left + width * f64::from(column), bottom + height * f64::from(row));
            Rect { left: x, bottom: y, right: x + width, top: y + height }
        })
    })
}

/// How much of a part lies within.
fn share(cell: &Rect, on: &Rect) -> f64 {
    let area = |it: &Rect| it.width() * it.height();
    cell.common(on).map_or(0.0, |it| area(&it) / area(cell))
}

/// There are many of them.
fn narrowed(part: f64) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "it is about 0 to 1")]
    let part = part as f32;
    part
}
