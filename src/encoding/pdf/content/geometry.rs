//! Places on a page, in default user space (ISO 32000-2 §8.3).
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use crate::encoding::pdf::object::Object;

/// A point.
pub(crate) type Point = (f64, f64);

/// A transformation `[a b c d e f]` (ISO 32000-2 §8.3.3).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Matrix(pub(crate) [f64; 6]);

impl Matrix {
    pub(crate) const IDENTITY: Self = Self([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    pub(crate) fn translation(x: f64, y: f64) -> Self {
        Self([1.0, 0.0, 0.0, 1.0, x, y])
    }

    /// Nothing where there are not six numbers.
    pub(crate) fn of(items: &[Object]) -> Option<Self> {
        numbers::<6>(items).map(Self)
    }

    /// This one first, then the other.
    pub(crate) fn then(&self, after: &Self) -> Self {
        let ([a, b, c, d, e, f], [p, q, r, s, t, u]) = (self.0, after.0);
        Self([
            a * p + b * r,
            a * q + b * s,
            c * p + d * r,
            c * q + d * s,
            e * p + f * r + t,
            e * q + f * s + u,
        ])
    }

    pub(crate) fn apply(&self, (x, y): Point) -> Point {
        let [a, b, c, d, e, f] = self.0;
        (a * x + c * y + e, b * x + d * y + f)
    }

    /// What undoes this one; nothing where it leaves no area.
    pub(crate) fn inverse(&self) -> Option<Self> {
        let [a, b, c, d, e, f] = self.0;
        let area = a * d - b * c;
        let inverse = Self([
            d / area,
            -b / area,
            -c / area,
            a / area,
            (c * f - d * e) / area,
            (b * e - a * f) / area,
        ]);
        inverse.0.iter().all(|it| it.is_finite()).then_some(inverse)
    }

    /// The smallest upright rectangle around a transformed one.
    pub(crate) fn bounds(&self, of: &Rect) -> Rect {
        let corners =
            [(of.left, of.bottom), (of.left, of.top), (of.right, of.bottom), (of.right, of.top)];
        Rect::around(corners.map(|it| self.apply(it)))
    }

    /// No length grows by more than this.
    pub(crate) fn most(&self) -> f64 {
        let [a, b, c, d, ..] = self.0;
        (a * a + b * b + c * c + d * d).sqrt()
    }

    /// Where the horizontal axis leads to, as a vector.
    pub(crate) fn horizontal(&self) -> Point {
        let [a, b, ..] = self.0;
        (a, b)
    }

    /// Whether upright rectangles stay upright.
    pub(crate) fn is_upright(&self) -> bool {
        let [a, b, c, d, ..] = self.0;
        (b == 0.0 && c == 0.0) || (a == 0.0 && d == 0.0)
    }

    /// How long a vertical length of 1 becomes.
    pub(crate) fn vertical(&self) -> f64 {
        let [_, _, c, d, ..] = self.0;
        c.hypot(d)
    }
}

/// An upright rectangle; its border belongs to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rect {
    pub(crate) left: f64,
    pub(crate) bottom: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
}

impl Rect {
    /// What is of unknown place may be anywhere.
    pub(crate) const EVERYWHERE: Self = Self {
        left: f64::NEG_INFINITY,
        bottom: f64::NEG_INFINITY,
        right: f64::INFINITY,
        top: f64::INFINITY,
    };

    /// Where nothing is.
    pub(crate) const NOWHERE: Self = Self {
        left: f64::INFINITY,
        bottom: f64::INFINITY,
        right: f64::NEG_INFINITY,
        top: f64::NEG_INFINITY,
    };

    /// The square that images are drawn on (ISO 32000-2 §8.9.5.1).
    pub(crate) const UNIT: Self = Self { left: 0.0, bottom: 0.0, right: 1.0, top: 1.0 };

    /// Two opposite corners in whatever order; nothing where there are not four numbers.
    pub(crate) fn of(items: &[Object]) -> Option<Self> {
        let [a, b, c, d] = numbers(items)?;
        Some(Self::around([(a, b), (c, d)]))
    }

    /// Around all of the points; everywhere, where one of them is at no finite place.
    pub(crate) fn around<const N: usize>(points: [Point; N]) -> Self {
        let mut all = Bounds::default();
        points.into_iter().for_each(|it| all.add(it));
        all.rect().unwrap_or(Self::EVERYWHERE)
    }

    pub(crate) fn union(&self, other: &Self) -> Self {
        Self {
            left: self.left.min(other.left),
            bottom: self.bottom.min(other.bottom),
            right: self.right.max(other.right),
            top: self.top.max(other.top),
        }
    }

    /// What both have in common.
    pub(crate) fn common(&self, other: &Self) -> Option<Self> {
        let common = Self {
            left: self.left.max(other.left),
            bottom: self.bottom.max(other.bottom),
            right: self.right.min(other.right),
            top: self.top.min(other.top),
        };
        (common.left <= common.right && common.bottom <= common.top).then_some(common)
    }

    pub(crate) fn touches(&self, other: &Self) -> bool {
        self.common(other).is_some()
    }

    pub(crate) fn holds(&self, other: &Self) -> bool {
        self.common(other) == Some(*other)
    }

    /// Wider by so much on each side.
    pub(crate) fn grown(&self, by: f64) -> Self {
        if !by.is_finite() {
            return Self::EVERYWHERE;
        }
        Self {
            left: self.left - by,
            bottom: self.bottom - by,
            right: self.right + by,
            top: self.top + by,
        }
    }

    pub(crate) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(crate) fn height(&self) -> f64 {
        self.top - self.bottom
    }
}

/// Grows around points.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bounds(Option<Rect>);

impl Bounds {
    pub(super) fn add(&mut self, (x, y): Point) {
        let point = if x.is_finite() && y.is_finite() {
            Rect { left: x, bottom: y, right: x, top: y }
        } else {
            Rect::EVERYWHERE
        };
        self.0 = Some(self.0.map_or(point, |it| it.union(&point)));
    }

    /// Nothing where there was no point.
    pub(super) fn rect(&self) -> Option<Rect> {
        self.0
    }
}

/// Exactly so many numbers.
pub(super) fn numbers<const N: usize>(items: &[Object]) -> Option<[f64; N]> {
    let numbers: Option<Vec<f64>> = items.iter().map(Object::as_number).collect();
    numbers?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matrices_and_rectangles() {
        let half = Matrix([0.5, 0.0, 0.0, 0.5, 10.0, 0.0]);
        let turned = Matrix([0.0, 1.0, -1.0, 0.0, 0.0, 0.0]);
        assert_eq!(half.then(&turned).apply((2.0, 4.0)), (-2.0, 11.0));
        let both = half.then(&turned);
        assert_eq!(both.inverse().unwrap().apply((-2.0, 11.0)), (2.0, 4.0));
        assert_eq!(Matrix([1.0, 2.0, 2.0, 4.0, 0.0, 0.0]).inverse(), None);
        let square = turned.bounds(&Rect::UNIT);
        assert_eq!(square, Rect { left: -1.0, bottom: 0.0, right: 0.0, top: 1.0 });
        assert!(square.touches(&Rect::UNIT) && !square.holds(&Rect::UNIT));
        assert!(Rect::EVERYWHERE.holds(&square) && square.grown(1.0).holds(&Rect::UNIT));
        assert!(!square.grown(-0.1).touches(&Rect::UNIT));
    }

    #[test]
    fn what_is_at_no_place_may_be_anywhere() {
        let wild = Matrix([f64::MAX, 0.0, f64::MAX, 1.0, f64::MAX, 0.0]);
        assert_eq!(wild.then(&wild).bounds(&Rect::UNIT), Rect::EVERYWHERE);
        assert_eq!(Rect::UNIT.grown(f64::NAN), Rect::EVERYWHERE);
    }
}
