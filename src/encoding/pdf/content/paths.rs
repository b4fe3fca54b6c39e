//! Paths: how far they reach when they are filled or stroked (ISO 32000-2 §8.5).
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::geometry::{Bounds, Point, Rect};
use super::machine::Machine;
use super::marks::Ink;
use super::state::{Graphics, Paint};
use crate::encoding::pdf::object::Object;
use crate::error::Result;

/// A path that is not painted yet, in default user space.
#[derive(Debug, Default)]
pub(super) struct Path {
    done: Vec<Subpath>,
    current: Option<Subpath>,
    /// Whether it becomes a clipping path.
    clips: bool,
}

/// Curves stay between their control points.
#[derive(Debug, Clone, Copy)]
struct Subpath {
    bounds: Bounds,
    segments: usize,
    /// Whether there may be corners: not of a single straight line.
    corners: bool,
    /// Upright, and nothing else.
    rectangle: bool,
}

impl Path {
    pub(super) fn is_empty(&self) -> bool {
        self.done.is_empty() && self.current.is_none()
    }

    fn end(&mut self) {
        self.done.extend(self.current.take().filter(|it| it.segments > 0));
    }
}

impl Subpath {
    fn at(point: Point) -> Self {
        let mut bounds = Bounds::default();
        bounds.add(point);
        Self { bounds, segments: 0, corners: false, rectangle: false }
    }

    /// How far a line reaches beyond its middle.
    fn reach(&self, state: &Graphics) -> f64 {
        /// Readers draw no thinner lines, in points.
        const THINNEST: f64 = 0.25;
        let corners = match (self.rectangle, self.corners) {
            (true, _) => 1.0,
            (_, true) => state.corner(),
            // Square ends.
            _ => std::f64::consts::SQRT_2,
        };
        let half = state.line_width.abs() / 2.0;
        (half * corners * state.matrix.most()).max(THINNEST)
    }
}

impl Machine<'_> {
    /// Whether it was an operator of paths.
    pub(super) fn path(&mut self, operator: &[u8], operands: &[Object]) -> Result<bool> {
        match operator {
            b"m" => {
                if let Some([x, y]) = self.numbers(operands) {
                    self.path.end();
                    self.path.current = Some(Subpath::at(self.state.matrix.apply((x, y))));
                }
            }
            b"l" => self.segment::<2>(operands),
            b"c" => self.segment::<6>(operands),
            b"v" | b"y" => self.segment::<4>(operands),
            b"re" => self.rectangle(operands),
            b"h" | b"W" | b"W*" | b"n" | b"S" | b"s" | b"f" | b"F" | b"f*" | b"B" | b"B*"
            | b"b" | b"b*" => {
                if !operands.is_empty() {
                    self.doubt("the operands of an operator");
                }
                return self.painting(operator);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn painting(&mut self, operator: &[u8]) -> Result<bool> {
        let (fill, stroke) = match operator {
            b"h" => {
                self.close();
                return Ok(true);
            }
            b"W" | b"W*" => {
                self.path.clips = true;
                return Ok(true);
            }
            b"n" => (false, false),
            b"S" | b"s" => (false, true),
            b"f" | b"F" | b"f*" => (true, false),
            _ => (true, true),
        };
        if matches!(operator, b"s" | b"b" | b"b*") {
            self.close();
        }
        self.paint(Paint { fill, stroke })?;
        Ok(true)
    }

    fn close(&mut self) {
        if let Some(current) = &mut self.path.current {
            current.corners = true;
        }
    }

    fn segment<const N: usize>(&mut self, operands: &[Object]) {
        let Some(numbers) = self.numbers::<N>(operands) else { return };
        let Some(current) = &mut self.path.current else {
            self.doubt("a line that begins nowhere");
            return;
        };
        for pair in numbers.chunks_exact(2) {
            if let [x, y] = pair {
                current.bounds.add(self.state.matrix.apply((*x, *y)));
            }
        }
        // Curves turn back within themselves.
        current.corners |= current.segments > 0 || N > 2;
        current.segments = current.segments.saturating_add(1);
    }

    fn rectangle(&mut self, operands: &[Object]) {
        let Some([x, y, width, height]) = self.numbers(operands) else { return };
        self.path.end();
        let matrix = &self.state.matrix;
        let corners = [(x + width, y), (x + width, y + height), (x, y + height)];
        let mut subpath = Subpath::at(matrix.apply((x, y)));
        corners.into_iter().for_each(|it| subpath.bounds.add(matrix.apply(it)));
        subpath.segments = 4;
        subpath.rectangle = matrix.is_upright();
        self.path.done.push(subpath);
        self.path.current = Some(Subpath::at(matrix.apply((x, y))));
    }

    /// Paints, and clips what follows.
    fn paint(&mut self, paint: Paint) -> Result<()> {
        let mut path = std::mem::take(&mut self.path);
        path.end();
        let (filled, stroked) = (paint.fill, paint.stroke);
        let nothing = !filled && !stroked;
        for subpath in path.done.iter().filter(|_| !nothing) {
            // A point of an area is within one of the subpaths, by either rule.
            let place = subpath.bounds.rect().unwrap_or(Rect::EVERYWHERE);
            let reach = if stroked { subpath.reach(&self.state) } else { 0.0 };
            let place = place.grown(reach);
            let mut how = self.state.how(&place, paint);
            // Of several, one may be a hole in another.
            how.whole = filled && subpath.rectangle && path.done.len() == 1 && !self.state.ragged;
            self.add(Ink::Path { filled, stroked }, place, how)?;
        }
        if path.clips {
            self.clip(&path.done);
        }
        Ok(())
    }

    fn clip(&mut self, path: &[Subpath]) {
        let places = path.iter().filter_map(|it| it.bounds.rect());
        let Some(place) = places.reduce(|a, b| a.union(&b)) else {
            self.doubt("a clipping path without a path");
            return;
        };
        let rectangle = matches!(path, [one] if one.rectangle);
        self.clip_to(&place, rectangle);
    }

    /// From now on, nothing is drawn outside, and everything inside where it is `all`.
    pub(super) fn clip_to(&mut self, place: &Rect, all: bool) {
        self.state.clip = self.state.clip.common(place).unwrap_or(Rect::NOWHERE);
        self.state.ragged |= !all;
    }
}
