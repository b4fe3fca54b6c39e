//! Pictures: where they are opaque, and where in a colour like that of paper
//! (ISO 32000-2 §8.9.6, §11.5.3, §11.6.5.2).
//!
//! What cannot be read is opaque, and like paper. Where readers smooth what they enlarge,
//! samples are taken as they are.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::rc::Rc;

use super::geometry::{Matrix, Rect};
use super::known;
pub(crate) use super::raster::Budget;
use super::raster::{Colours, Raster, is_stencil};
use crate::encoding::pdf::filter::{Size, decode};
use crate::encoding::pdf::object::{Dictionary, Object, Stream};
use crate::encoding::pdf::reader::View;
use crate::error::Result;

/// An image as it is drawn.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Picture {
    /// From the unit square to default user space.
    pub(super) matrix: Matrix,
    pub(super) source: Source,
    /// How bright the colour is that a stencil is filled with.
    pub(super) colour: Option<f64>,
}

/// Where an image comes from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Source {
    External(Rc<Stream>),
    /// Its dictionary, and its data as they stand.
    Inline(Dictionary, Vec<u8>),
}

impl Source {
    pub(super) fn dictionary(&self) -> &Dictionary {
        match self {
            Self::External(stream) => &stream.dictionary,
            Self::Inline(dictionary, _) => dictionary,
        }
    }

    /// How many bytes it has as it stands.
    pub(super) fn length(&self, view: View<'_>) -> usize {
        match self {
            Self::External(stream) => {
                let range = view.stream_data(stream).unwrap_or(0..u64::MAX);
                let length = range.end.saturating_sub(range.start);
                usize::try_from(length).unwrap_or(usize::MAX)
            }
            Self::Inline(_, data) => data.len(),
        }
    }

    /// Whether one filter is applied to what another one gives.
    pub(super) fn is_filtered_twice(&self, view: View<'_>) -> Result<bool> {
        let filters = known(view.value(self.dictionary(), "Filter"))?;
        Ok(filters.as_array().is_some_and(|it| it.len() > 1))
    }

    /// # Errors
    /// As decoding any stream.
    pub(super) fn data(&self, view: View<'_>) -> Result<Vec<u8>> {
        match self {
            Self::External(stream) => view.decoded(stream),
            Self::Inline(dictionary, data) => {
                let reader = view.reader();
                let limit = reader.limits().pdf_stream_bytes;
                decode(dictionary, data, Size::up_to(limit), &|bytes| reader.charge(bytes))
            }
        }
    }
}

impl Picture {
    /// How much of an upright rectangle it covers, and how much of it like paper, from 0
    /// to 1. What is beyond the picture is not covered.
    pub(crate) fn cover(&self, veil: &Veil, place: &Rect) -> (f64, f64) {
        match self.matrix.inverse() {
            Some(inverse) => veil.within(&inverse.bounds(place)),
            None => (1.0, 1.0),
        }
    }

    /// Whether another draws the same, wherever it is.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let same = match (&self.source, &other.source) {
            (Source::External(a), Source::External(b)) => Rc::ptr_eq(a, b),
            _ => false,
        };
        same && self.colour == other.colour
    }

    /// Where it is opaque.
    ///
    /// # Errors
    /// `LimitExceeded`; `Io`. What cannot be read is opaque.
    pub(crate) fn veil(&self, view: View<'_>, budget: &mut Budget) -> Result<Veil> {
        let dictionary = self.source.dictionary();
        if dictionary.duplicate().is_some() {
            return Ok(Veil::opaque());
        }
        if is_stencil(view, dictionary)? {
            let Some(stencil) = Raster::read(view, &self.source, 1, budget)? else {
                return Ok(Veil::opaque());
            };
            let light = likeness(self.colour.unwrap_or(1.0));
            return Ok(Veil::of(stencil.width, stencil.height, |x, y| {
                let cover = part(1.0 - stencil.value(x, y, 0));
                (cover, cover.min(light))
            }));
        }
        let paint = Paint::of(view, &self.source, budget)?;
        self.masked(view, &paint, budget)
    }

    fn masked(&self, view: View<'_>, paint: &Paint, budget: &mut Budget) -> Result<Veil> {
        let dictionary = self.source.dictionary();
        let soft = match known(view.value(dictionary, "SMask"))? {
            Object::Null => None,
            mask => Some(mask),
        };
        let hard = known(view.value(dictionary, "Mask"))?;
        if dictionary.contains("SMaskInData") {
            return Ok(Veil::opaque());
        }
        let (mask, inverted) = match (soft, hard) {
            (Some(Object::Stream(mask)), _) => (mask, false),
            (None, Object::Stream(mask)) => (mask, true),
            (None, Object::Array(ranges)) => return Ok(paint.keyed(&ranges, budget)),
            (None, Object::Null) => return Ok(paint.veil((1, 1), |_, _| 1.0, budget)),
            _ => return Ok(Veil::opaque()),
        };
        // What its samples stand for differs (§8.9.6.3, §11.6.5.2).
        let fits = is_stencil(view, &mask.dictionary)? == inverted;
        // Colours that were mixed with another one (§11.6.5.2).
        let mixed = mask.dictionary.contains("Matte");
        let mask = Source::External(Rc::new(mask));
        let gray = inverted || is_gray(view, mask.dictionary())?;
        let mask = Raster::read(view, &mask, 1, budget)?;
        let Some(mask) = mask.filter(|_| fits && gray) else { return Ok(Veil::opaque()) };
        let opacity = |x, y| {
            let value = mask.value(x, y, 0);
            if inverted { 1.0 - value } else { value }
        };
        let unknown = Paint(None);
        let paint = if mixed { &unknown } else { paint };
        Ok(paint.veil((mask.width, mask.height), opacity, budget))
    }
}

fn is_gray(view: View<'_>, dictionary: &Dictionary) -> Result<bool> {
    let space = dictionary.get("ColorSpace").unwrap_or(&Object::Null);
    Ok(matches!(Colours::of(view, space)?, Some(Colours::Plain(1))))
}

/// The colours of an image, where they can be read.
struct Paint(Option<(Raster, Colours)>);

impl Paint {
    fn of(view: View<'_>, source: &Source, budget: &mut Budget) -> Result<Self> {
        let space = source.dictionary().get("ColorSpace").unwrap_or(&Object::Null);
        let Some(colours) = Colours::of(view, space)? else { return Ok(Self(None)) };
        let raster = Raster::read(view, source, colours.components(), budget)?;
        Ok(Self(raster.map(|it| (it, colours))))
    }

    /// Under a mask of this size. What counts of several samples that lie in one place is
    /// the one that covers most, and the one that is most like paper.
    fn veil(
        &self,
        mask: (usize, usize),
        opacity: impl Fn(usize, usize) -> f64,
        budget: &mut Budget,
    ) -> Veil {
        let Self(Some((raster, colours))) = self else {
            return Veil::of(mask.0, mask.1, |x, y| {
                let cover = part(opacity(x, y));
                (cover, cover)
            });
        };
        let colour = (raster.width, raster.height);
        let finer = (mask.0.max(colour.0), mask.1.max(colour.1));
        if !budget.take(finer.0.saturating_mul(finer.1)) {
            return Veil::opaque();
        }
        Veil::of(finer.0, finer.1, |x, y| {
            let most = |size, of: &dyn Fn(usize, usize) -> u8| at((x, y), finer, size, of);
            let cover = most(mask, &|x, y| part(opacity(x, y)));
            if cover == 0 {
                return (0, 0);
            }
            let light = |x, y| likeness(colours.brightness(raster, x, y));
            (cover, cover.min(most(colour, &light)))
        })
    }

    /// Without the colours in these ranges (§8.9.6.4).
    fn keyed(&self, ranges: &[Object], budget: &mut Budget) -> Veil {
        let Self(Some((raster, colours))) = self else { return Veil::opaque() };
        let ranges: Option<Vec<i64>> = ranges.iter().map(Object::as_integer).collect();
        let whole = colours.components().saturating_mul(2);
        let Some(ranges) = ranges.filter(|it| it.len() == whole) else { return Veil::opaque() };
        let opacity = |x, y| {
            let within = ranges.chunks_exact(2).enumerate().all(|(component, range)| {
                let sample = i64::from(raster.raw(x, y, component));
                matches!(range, [low, high] if (*low..=*high).contains(&sample))
            });
            if within { 0.0 } else { 1.0 }
        };
        self.veil((raster.width, raster.height), opacity, budget)
    }
}

/// The most of an image of this size at one sample of a finer grid, which may lie on the
/// border of two.
fn at(
    (x, y): (usize, usize),
    finer: (usize, usize),
    size: (usize, usize),
    of: &dyn Fn(usize, usize) -> u8,
) -> u8 {
    if finer == size {
        return of(x, y);
    }
    let both = |at: usize, finer: usize, size: usize| {
        let first = at.saturating_mul(size);
        let last = first.saturating_add(size).saturating_sub(1);
        let within = |it: usize| it.checked_div(finer).unwrap_or_default();
        (within(first), within(last))
    };
    let ((left, right), (top, bottom)) = (both(x, finer.0, size.0), both(y, finer.1, size.1));
    let upper = of(left, top).max(of(right, top));
    upper.max(of(left, bottom)).max(of(right, bottom))
}

/// From 0 to 255.
fn part(of: f64) -> u8 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within")]
    let part = (of.clamp(0.0, 1.0) * 255.0).round() as u8;
    // What is no number is nothing known.
    if of.is_nan() { u8::MAX } else { part }
}

/// How much a colour is like paper, from 0 to 255: red and blue, as seals and signatures
/// have them, are not at all; pink edges of red lines are a little.
fn likeness(brightness: f64) -> u8 {
    const UNLIKE: f64 = 0.6;
    const LIKE: f64 = 0.9;
    part((brightness - UNLIKE) / (LIKE - UNLIKE))
}

/// How much is covered from the upper left corner to each sample, and how much like paper.
#[derive(Debug)]
pub(crate) struct Veil {
    /// Samples from one side of the picture to the other, and from top to bottom. Of more
    /// than are kept, several count as the one among them that covers most.
    across: f64,
    down: f64,
    columns: usize,
    rows: usize,
    sums: Vec<(u32, u32)>,
}

impl Veil {
    /// So many samples are kept each way: the sums of all of them are below 2³².
    const MOST: usize = 2048;

    fn opaque() -> Self {
        Self::of(1, 1, |_, _| (u8::MAX, u8::MAX))
    }

    fn of(width: usize, height: usize, sample: impl Fn(usize, usize) -> (u8, u8)) -> Self {
        let by = width.max(height).div_ceil(Self::MOST).max(1);
        let (columns, rows) = (width.div_ceil(by), height.div_ceil(by));
        let mut above = vec![(0_u32, 0_u32); columns.saturating_add(1)];
        let mut sums = above.clone();
        for row in 0..rows {
            let mut line = vec![(0_u8, 0_u8); columns];
            let top = row.saturating_mul(by);
            for y in top..top.saturating_add(by).min(height) {
                for x in 0..width {
                    let kept = x.checked_div(by).and_then(|it| line.get_mut(it));
                    let (cover, light) = sample(x, y);
                    if let Some(kept) = kept {
                        *kept = (kept.0.max(cover), kept.1.max(light));
                    }
                }
            }
            add(&mut above, &line);
            sums.extend_from_slice(&above);
        }
        let kept = |samples: usize| as_number(samples) / as_number(by);
        Self { across: kept(width), down: kept(height), columns, rows, sums }
    }

    /// How much of a part of the unit square is covered, and how much of it like paper.
    fn within(&self, place: &Rect) -> (f64, f64) {
        let Some(inner) = place.common(&Rect::UNIT) else { return (0.0, 0.0) };
        let area = |it: &Rect| it.width() * it.height();
        let inside = area(&inner) / area(place);
        if !area(place).is_finite() || !inside.is_finite() {
            return (1.0, 1.0);
        }
        let columns = stretch(inner.left, inner.right, self.across, self.columns);
        // The first row is the uppermost one.
        let rows = stretch(1.0 - inner.top, 1.0 - inner.bottom, self.down, self.rows);
        let stride = self.columns.saturating_add(1);
        let sum = |row: usize, column: usize| {
            let at = row.saturating_mul(stride).saturating_add(column);
            self.sums.get(at).copied().unwrap_or_default()
        };
        let (first, last) = (sum(rows.0, columns.0), sum(rows.1, columns.1));
        let (right, lower) = (sum(rows.0, columns.1), sum(rows.1, columns.0));
        let samples = as_number(rows.1.saturating_sub(rows.0))
            * as_number(columns.1.saturating_sub(columns.0));
        let mean = |of: fn((u32, u32)) -> u32| {
            let [first, last, right, lower] =
                [first, last, right, lower].map(|it| f64::from(of(it)));
            (last - right - lower + first) / (samples * 255.0) * inside
        };
        (mean(|it| it.0), mean(|it| it.1))
    }
}

/// Makes the sums down to one row those down to the next one.
fn add(sums: &mut [(u32, u32)], row: &[(u8, u8)]) {
    let mut left = (0_u32, 0_u32);
    for (sum, sample) in sums.iter_mut().skip(1).zip(row) {
        left.0 = left.0.saturating_add(sample.0.into());
        left.1 = left.1.saturating_add(sample.1.into());
        *sum = (sum.0.saturating_add(left.0), sum.1.saturating_add(left.1));
    }
}

fn as_number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The samples of a stretch, at least one.
fn stretch(from: f64, to: f64, samples: f64, kept: usize) -> (usize, usize) {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within")]
    let whole = |it: f64| it.clamp(0.0, as_number(kept)) as usize;
    let first = whole((from * samples).floor()).min(kept.saturating_sub(1));
    (first, whole((to * samples).ceil()).max(first.saturating_add(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(left: f64, bottom: f64, right: f64, top: f64) -> Rect {
        Rect { left, bottom, right, top }
    }

    /// The first row is the uppermost one; what is beyond is not covered.
    #[test]
    fn parts_of_a_veil() {
        let veil = Veil::of(2, 2, |x, y| if (x, y) == (0, 0) { (255, 51) } else { (0, 0) });
        assert_eq!(veil.within(&rect(0.0, 0.5, 0.5, 1.0)), (1.0, 0.2));
        assert_eq!(veil.within(&rect(0.0, 0.0, 0.5, 0.5)), (0.0, 0.0));
        assert_eq!(veil.within(&Rect::UNIT), (0.25, 0.05));
        assert_eq!(veil.within(&rect(-0.5, 0.5, 0.5, 1.0)), (0.5, 0.1));
        assert_eq!(veil.within(&rect(2.0, 2.0, 3.0, 3.0)), (0.0, 0.0));
        assert_eq!(Veil::opaque().within(&Rect::EVERYWHERE), (1.0, 1.0));
    }

    /// Of more samples than are kept none is lost.
    #[test]
    fn large_veils_are_made_smaller() {
        let veil = Veil::of(4097, 3, |x, y| if (x, y) == (4096, 2) { (255, 0) } else { (0, 0) });
        assert_eq!((veil.columns, veil.rows), (1366, 1));
        assert_eq!(veil.within(&rect(0.9999, 0.0, 1.0, 1.0)).0, 1.0);
        assert_eq!(veil.within(&rect(0.0, 0.0, 0.9, 1.0)).0, 0.0);
    }

    #[test]
    fn one_sample_may_lie_on_two() {
        let of = |x, _| if x == 1 { 9 } else { 0 };
        let most = [0, 1, 2].map(|x| at((x, 0), (3, 1), (2, 1), &of));
        assert_eq!(most, [0, 9, 9]);
    }

    #[test]
    fn colours_like_paper() {
        assert_eq!([0.28, 0.6, 0.9, 1.0, f64::NAN].map(likeness), [0, 0, 255, 255, 255]);
    }
}
