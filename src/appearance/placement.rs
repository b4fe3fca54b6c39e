//! Where a look goes on its page.

use super::anchor::{anchored, between};
use super::geometry::{MILLIMETRE, Rectangle, Size};
use super::look::{Appearance, Kind};
use super::page::{Page, rectangle};
use crate::encoding::pdf::{Field, Reference, View, fields, page_at, page_of};
use crate::error::{Error, Result};

/// Where a look goes, if not into a given rectangle or an empty field that is there.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Placement {
    /// Top right on its page as it is seen, inside the margins that Decree
    /// 30/2020/NĐ-CP, Annex I sets.
    TopRight,
    /// In the middle between two texts on one page, the second below the first: as the
    /// leader's signature goes between the position and the full name.
    Between {
        /// The text above, such as the position.
        above: String,
        /// The text below, such as the name.
        below: String,
    },
    /// At a text on the page.
    Anchor {
        /// The text, on one line; its spaces do not count.
        text: String,
        /// On which side of the text.
        side: Side,
    },
    /// Over the left part of another signature's field and beyond it, at the same
    /// height: as a seal goes over the leader's signature.
    LeftOf {
        /// The other field's name.
        field: String,
        /// How much of the other's width is covered: [`ONE_THIRD`](Self::ONE_THIRD),
        /// or what the decree's "about" leaves around it, 0.25 to 0.40.
        overlap: f64,
    },
}

/// Where something is that stands at a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// On it, both centres in one place.
    Over,
    /// Above it, both centres on one line.
    Above,
    /// Below it, both centres on one line.
    Below,
    /// On its left, both centres at one height.
    Left,
    /// On its right, both centres at one height.
    Right,
}

impl Placement {
    /// As the decree has it.
    pub const ONE_THIRD: f64 = 1.0 / 3.0;

    /// In the middle between a text and one below it.
    pub fn between(above: impl Into<String>, below: impl Into<String>) -> Self {
        Self::Between { above: above.into(), below: below.into() }
    }

    /// At a text.
    pub fn anchor(text: impl Into<String>, side: Side) -> Self {
        Self::Anchor { text: text.into(), side }
    }

    /// Over one third of another signature, from the left.
    pub fn left_of(field: impl Into<String>) -> Self {
        Self::LeftOf { field: field.into(), overlap: Self::ONE_THIRD }
    }
}

/// A place that was found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) page: Reference,
    /// In the page's units: left, bottom, right, top.
    pub(crate) rectangle: [f64; 4],
}

impl Appearance {
    /// Where it goes by itself, if the law says so without knowing the document.
    pub(crate) fn own_placement(&self) -> Option<Placement> {
        match &self.kind {
            Kind::Words(words) if words.in_corner => Some(Placement::TopRight),
            Kind::Leader(_) | Kind::Agency(_) | Kind::Words(_) => None,
        }
    }
}

/// Finds the place of a look of this size; `page`, from 0, is the one asked for.
///
/// # Errors
/// `Misuse` when there is no such page, field or text, when the text stands more than
/// once, or when the place is not wholly visible; `Malformed` when the pages cannot be
/// read; `LimitExceeded`.
pub(crate) fn place(
    view: View<'_>,
    placement: &Placement,
    look: &Appearance,
    size: Size,
    page: Option<u64>,
) -> Result<Place> {
    match placement {
        Placement::TopRight => top_right(view, size, page.unwrap_or(0)),
        Placement::LeftOf { field, overlap } => left_of(view, field, *overlap, size, page),
        Placement::Between { above, below } => between(view, (above, below), look, size, page),
        Placement::Anchor { text, side } => anchored(view, text, *side, size, page),
    }
}

/// The page so many from the first.
pub(super) fn page(view: View<'_>, n: u64) -> Result<(Reference, Page)> {
    let found = page_at(view, n)?.ok_or_else(|| {
        Error::misuse(format!("this PDF has no page {} to sign on", n.saturating_add(1)))
    })?;
    Ok((found.0, Page::of(view, &found.1)?))
}

fn top_right(view: View<'_>, size: Size, n: u64) -> Result<Place> {
    /// Three lines end above the text, whose margin is 20 to 25 mm.
    const TOP: f64 = 5.0 * MILLIMETRE;
    /// As the text: 15 to 20 mm.
    const RIGHT: f64 = 15.0 * MILLIMETRE;
    let (reference, page) = page(view, n)?;
    let whole = page.size();
    let left = whole.width - RIGHT - size.width;
    let bottom = whole.height - TOP - size.height;
    on(reference, &page, Rectangle { left, bottom, size })
}

fn left_of(
    view: View<'_>,
    name: &str,
    overlap: f64,
    size: Size,
    wanted: Option<u64>,
) -> Result<Place> {
    if !(0.25..=0.40).contains(&overlap) {
        return Err(Error::misuse(format!("an overlap of {overlap} is not about one third")));
    }
    let fields = fields(view)?;
    let field = fields.iter().find(|it| it.name == name);
    let field = field.ok_or_else(|| Error::misuse(format!("there is no field {name:?}")))?;
    let (reference, page, other) = seen_at(view, field)?;
    if wanted.map(|n| self::page(view, n)).transpose()?.is_some_and(|it| it.0 != reference) {
        return Err(Error::misuse(format!("the field {name:?} is on another page")));
    }
    let left = other.left + overlap * other.size.width - size.width;
    let bottom = other.bottom + (other.size.height - size.height) / 2.0;
    on(reference, &page, Rectangle { left, bottom, size })
}

/// The page and the area of a field that is seen in one place.
fn seen_at(view: View<'_>, field: &Field) -> Result<(Reference, Page, Rectangle)> {
    let name = &field.name;
    let unseen = || Error::misuse(format!("the field {name:?} is not seen anywhere"));
    let (own, widget) = field.widgets.first().ok_or_else(unseen)?;
    let corners = rectangle(&view.value(widget, "Rect")?).ok_or_else(unseen)?;
    let (reference, page) = page_of(view, *own, widget)?.ok_or_else(unseen)?;
    let page = Page::of(view, &page)?;
    let seen = page.seen(corners);
    Ok((reference, page, seen))
}

pub(super) fn on(reference: Reference, page: &Page, place: Rectangle) -> Result<Place> {
    let rectangle = page.corners(place);
    visible(page, rectangle)?;
    Ok(Place { page: reference, rectangle })
}

/// # Errors
/// `Misuse` when a rectangle in the page's units is not wholly visible.
pub(crate) fn visible(page: &Page, rectangle: [f64; 4]) -> Result<()> {
    if page.shows(rectangle) {
        return Ok(());
    }
    let [left, bottom, right, top] = rectangle.map(|it| format!("{it:.1}"));
    Err(Error::misuse(format!(
        "the look would reach beyond what is visible of its page: {left},{bottom},{right},{top}"
    )))
}
