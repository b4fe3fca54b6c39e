//! Places by the text that is found on pages.
#![warn(clippy::indexing_slicing)]

use super::geometry::{Rectangle, Size};
use super::look::Appearance;
use super::page::Page;
use super::placement::{Place, Side, on, page};
use crate::encoding::pdf::content::{Mark, find, page_marks};
use crate::encoding::pdf::{Reference, View, all_pages, page_at};
use crate::error::{Error, Result};

/// Texts that belong together on a page, as they are seen.
struct Found<const N: usize> {
    reference: Reference,
    page: Page,
    /// One place for each text that was looked for.
    places: [Rectangle; N],
}

/// In the middle between two texts, and no higher than what is between them.
pub(super) fn between(
    view: View<'_>,
    (above, below): (&str, &str),
    look: &Appearance,
    size: Size,
    wanted: Option<u64>,
) -> Result<Place> {
    let what = format!("{above:?} with {below:?} below");
    let found = only(view, wanted, &what, |texts| pairs(texts, above, below))?;
    let [first, second] = found.places;
    let room = Size { width: found.page.size().width, height: first.bottom - second.top() };
    let size = look.shrunk(size, room);
    if !size.fits(room) || size.height < LEAST {
        return Err(Error::misuse(format!("there is no room between {above:?} and {below:?}")));
    }
    let centre = (first.left + first.right() + second.left + second.right()) / 4.0;
    let left = centre - size.width / 2.0;
    let bottom = second.top() + (room.height - size.height) / 2.0;
    on(found.reference, &found.page, Rectangle { left, bottom, size })
}

/// What is lower than this, in points, is not seen.
const LEAST: f64 = 4.0;

/// At one side of a text.
pub(super) fn anchored(
    view: View<'_>,
    text: &str,
    side: Side,
    size: Size,
    wanted: Option<u64>,
) -> Result<Place> {
    let what = format!("{text:?}");
    let alone = |texts: &Texts<'_>| texts.of(text).into_iter().map(|it| [it]).collect();
    let found = only(view, wanted, &what, alone)?;
    let [place] = found.places;
    let middle = (place.left + place.size.width / 2.0, place.bottom + place.size.height / 2.0);
    let (left, bottom) = (middle.0 - size.width / 2.0, middle.1 - size.height / 2.0);
    let (left, bottom) = match side {
        Side::Over => (left, bottom),
        Side::Above => (left, place.top()),
        Side::Below => (left, place.bottom - size.height),
        Side::Left => (place.left - size.width, bottom),
        Side::Right => (place.right(), bottom),
    };
    on(found.reference, &found.page, Rectangle { left, bottom, size })
}

/// Texts on one page.
struct Texts<'a> {
    page: Page,
    marks: &'a [Mark],
}

impl Texts<'_> {
    /// Every place of a text, as it is seen.
    fn of(&self, text: &str) -> Vec<Rectangle> {
        /// One that stands more often names no place.
        const MOST: usize = 1_000;
        let corners = find(self.marks, text).into_iter().take(MOST);
        corners.map(|it| self.page.seen([it.left, it.bottom, it.right, it.top])).collect()
    }
}

/// Each text above with the nearest text below it in the same column.
fn pairs(texts: &Texts<'_>, above: &str, below: &str) -> Vec<[Rectangle; 2]> {
    let below = texts.of(below);
    let beneath = |upper: &Rectangle| {
        let lower = below.iter().filter(|it| {
            let in_column = it.left < upper.right() && upper.left < it.right();
            in_column && it.top() <= upper.bottom + it.size.height / 2.0
        });
        lower.max_by(|a, b| a.bottom.total_cmp(&b.bottom)).copied()
    };
    let pair = |upper: Rectangle| beneath(&upper).map(|lower| [upper, lower]);
    texts.of(above).into_iter().filter_map(pair).collect()
}

/// What is found once on the page that is asked for, or once on all pages.
fn only<const N: usize>(
    view: View<'_>,
    wanted: Option<u64>,
    what: &str,
    search: impl Fn(&Texts<'_>) -> Vec<[Rectangle; N]>,
) -> Result<Found<N>> {
    // A page that is asked for and not there is said not to be there.
    page(view, wanted.unwrap_or(0))?;
    let pages: Box<dyn Iterator<Item = _>> = match wanted {
        Some(n) => Box::new(page_at(view, n).transpose().into_iter()),
        None => Box::new(all_pages(view)?),
    };
    let (mut only, mut doubtful) = (None, false);
    for found in pages {
        let (reference, dictionary) = found?;
        let marks = page_marks(view, &dictionary, view.reader().limits())?;
        doubtful |= !marks.doubts.is_empty();
        let page = Page::of(view, &dictionary)?;
        for places in search(&Texts { page, marks: &marks.marks }) {
            if only.replace(Found { reference, page, places }).is_some() {
                return Err(Error::misuse(format!(
                    "{what} is found more than once: say on which page, or more of the text"
                )));
            }
        }
    }
    let doubt = if doubtful { ", but not all that is drawn could be read" } else { "" };
    only.ok_or_else(|| Error::misuse(format!("{what} is not found on the page{doubt}")))
}
