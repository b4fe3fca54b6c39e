//! A page as it is seen: what of it is visible, which way it is turned, and how large
//! its units are (ISO 32000-2 §7.7.3.3, §14.11.2).
#![warn(clippy::indexing_slicing)]

use super::form::Turn;
use super::geometry::{Rectangle, Size};
use crate::encoding::pdf::content::inherited;
use crate::encoding::pdf::{Dictionary, Object, View};
use crate::error::{Error, Result};

/// Between the units of a page and points as they are seen, from the lower left corner
/// of what is visible.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    /// Left, bottom, right, top of what is visible, in the page's units.
    visible: [f64; 4],
    pub(crate) turn: Turn,
    /// Points in one unit.
    unit: f64,
}

impl Page {
    /// # Errors
    /// `Malformed` when the page has no size.
    pub(crate) fn of(view: View<'_>, page: &Dictionary) -> Result<Self> {
        let inherited = |key| inherited(view, page, key);
        let media = rectangle(&inherited("MediaBox")?);
        let media = media.ok_or_else(|| Error::malformed("the page has no MediaBox"))?;
        let crop = rectangle(&inherited("CropBox")?).unwrap_or(media);
        let [a, b] = [media, crop];
        let shared = [a[0].max(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].min(b[3])];
        // Readers take the whole page where the two have nothing in common.
        let visible = if shared[0] < shared[2] && shared[1] < shared[3] { shared } else { media };
        let rotate = inherited("Rotate")?.as_number().unwrap_or(0.0);
        let turn = match rotate.rem_euclid(360.0) {
            90.0 => Turn::Quarter,
            180.0 => Turn::Half,
            270.0 => Turn::ThreeQuarters,
            _ => Turn::None,
        };
        // Of the page alone (Table 31); no more than ISO 32000-1 Annex C has.
        let unit = view.value(page, "UserUnit")?.as_number();
        let unit = unit.filter(|it| (0.001..=75_000.0).contains(it)).unwrap_or(1.0);
        Ok(Self { visible, turn, unit })
    }

    /// Of what is visible, as it is seen.
    pub(crate) fn size(&self) -> Size {
        let [left, bottom, right, top] = self.visible;
        self.upright(Size { width: (right - left) * self.unit, height: (top - bottom) * self.unit })
    }

    /// Of a rectangle in the page's units, as it is seen.
    pub(crate) fn size_of(&self, corners: [f64; 4]) -> Size {
        self.seen(corners).size
    }

    fn upright(&self, size: Size) -> Size {
        match self.turn {
            Turn::None | Turn::Half => size,
            Turn::Quarter | Turn::ThreeQuarters => Size { width: size.height, height: size.width },
        }
    }

    /// A rectangle in the page's units, as it is seen.
    pub(crate) fn seen(&self, corners: [f64; 4]) -> Rectangle {
        let [x0, y0, x1, y1] = corners;
        let (a, b) = (self.point_seen(x0, y0), self.point_seen(x1, y1));
        let (left, bottom) = (a.0.min(b.0), a.1.min(b.1));
        let size = Size { width: (a.0 - b.0).abs(), height: (a.1 - b.1).abs() };
        Rectangle { left, bottom, size }
    }

    fn point_seen(&self, x: f64, y: f64) -> (f64, f64) {
        let [left, bottom, right, top] = self.visible;
        let (x, y) = match self.turn {
            Turn::None => (x - left, y - bottom),
            Turn::Quarter => (y - bottom, right - x),
            Turn::Half => (right - x, top - y),
            Turn::ThreeQuarters => (top - y, x - left),
        };
        (x * self.unit, y * self.unit)
    }

    /// What is seen as this rectangle, in the page's units.
    pub(crate) fn corners(&self, seen: Rectangle) -> [f64; 4] {
        let (a, b) = (self.point(seen.left, seen.bottom), self.point(seen.right(), seen.top()));
        [a.0.min(b.0), a.1.min(b.1), a.0.max(b.0), a.1.max(b.1)]
    }

    fn point(&self, x: f64, y: f64) -> (f64, f64) {
        let [left, bottom, right, top] = self.visible;
        let (x, y) = (x / self.unit, y / self.unit);
        match self.turn {
            Turn::None => (left + x, bottom + y),
            Turn::Quarter => (right - y, bottom + x),
            Turn::Half => (right - x, top - y),
            Turn::ThreeQuarters => (left + y, top - x),
        }
    }

    /// Whether a rectangle in the page's units is wholly visible.
    pub(crate) fn shows(&self, corners: [f64; 4]) -> bool {
        use super::geometry::TOLERANCE;
        let (seen, size) = (self.seen(corners), self.size());
        let least = -TOLERANCE;
        seen.left >= least
            && seen.bottom >= least
            && seen.right() <= size.width + TOLERANCE
            && seen.top() <= size.height + TOLERANCE
    }
}

/// Left, bottom, right, top; nothing for what has no area or no sensible numbers.
pub(crate) fn rectangle(object: &Object) -> Option<[f64; 4]> {
    /// Readers that compute with 32 bits see other numbers beyond.
    const MOST: f64 = 1e6;
    let corners: Vec<f64> = object.as_array()?.iter().filter_map(Object::as_number).collect();
    let [x0, y0, x1, y1] = corners.try_into().ok()?;
    let corners = [x0.min(x1), y0.min(y1), x0.max(x1), y0.max(y1)];
    let sensible = corners.iter().all(|it: &f64| it.abs() < MOST);
    (sensible && corners[0] < corners[2] && corners[1] < corners[3]).then_some(corners)
}
