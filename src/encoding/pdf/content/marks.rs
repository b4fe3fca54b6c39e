//! What content puts on a page, and where.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::rc::Rc;

use super::geometry::{Point, Rect};
use super::pictures::Picture;

/// What a page or one of its annotations draws, in that order.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    pub(crate) marks: Vec<Mark>,
    /// What was not understood: there may be more on the page than `marks`, or less.
    pub(crate) doubts: Vec<Doubt>,
    /// How each of the content streams left off.
    pub(crate) parts: Vec<Part>,
}

/// Something that was drawn.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mark {
    pub(crate) ink: Ink,
    /// Nothing of it is elsewhere, in default user space; but see [`Outline`].
    pub(crate) place: Rect,
    /// Which of the content streams drew it, from 0.
    pub(crate) part: usize,
    pub(crate) how: How,
    /// What a picture shows.
    pub(crate) picture: Option<Rc<Picture>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ink {
    Glyph(Box<Glyph>),
    Image,
    Path { filled: bool, stroked: bool },
    Shading,
}

/// One glyph, which may be a blank.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Glyph {
    /// What it stands for; nothing where the font does not tell.
    pub(crate) text: Option<Rc<str>>,
    /// Where it begins on the baseline, and where the next one does.
    pub(crate) origin: Point,
    pub(crate) end: Point,
    /// How high letters of this size are, as the font's size tells.
    pub(crate) size: f64,
    pub(crate) outline: Outline,
    /// How far it may reach beyond its place, as slanted letters do.
    pub(crate) overhang: f64,
    /// Whether it is certain that it shows the mark of punctuation which is its text.
    pub(crate) punctuation: bool,
}

/// What the place of a glyph rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outline {
    /// The width and the height that the font is known for; the reader brings it.
    Usual,
    /// What the file says of the font. The reader brings it, and may draw other glyphs.
    Unknown,
    /// What the file says of the font. It brings it, too, and what it draws was not
    /// understood: that may reach anywhere.
    Unread,
    /// The outline of the glyph.
    Read,
    /// The outline of the glyph, which shows nothing.
    Empty,
}

/// How something was drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct How {
    /// Whether the clipping path may hide a part of it.
    pub(crate) cut: bool,
    /// Whether it covers what is beneath, and nothing else: opaque, in the normal blend
    /// mode, without masks, groups or overprinting.
    pub(crate) ordinary: bool,
    /// Whether it is a picture with a mask of its own, and may let through what is beneath.
    pub(crate) masked: bool,
    /// It covers no more of what is beneath, from 0 to 1; masks and what is not evaluated
    /// are not counted.
    pub(crate) opacity: f64,
    /// Whether it is blended so that nothing dark beneath becomes lighter.
    pub(crate) darkens: bool,
    /// Whether all of its place is painted.
    pub(crate) whole: bool,
    /// Whether it may be switched off (ISO 32000-2 §8.11).
    pub(crate) optional: bool,
    /// Whether it is not to be seen: text in rendering mode 3 or 7.
    pub(crate) hidden: bool,
    /// From 0, black, to 1, white; nothing where it is no plain colour.
    pub(crate) brightness: Option<f64>,
}

/// Something that was not understood.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Doubt {
    pub(crate) what: &'static str,
    /// Which of the content streams said it, from 0.
    pub(crate) part: usize,
    /// Whether it is only about which glyphs a text has, and how wide they are.
    pub(crate) of_glyphs: bool,
}

/// How a content stream left off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    /// Graphics states that were saved (`q`) and not restored yet.
    pub(crate) saved: usize,
    /// How often none was left to be restored (`Q`).
    pub(crate) underflows: usize,
    /// Whether the graphics state is that of the beginning.
    pub(crate) pristine: bool,
    /// Whether a path, text, marked content or an operator is still to be ended.
    pub(crate) open: bool,
    /// Whether it has marked content with properties: another text, or a layer.
    pub(crate) properties: bool,
}

impl Mark {
    #[cfg(test)]
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.ink {
            Ink::Glyph(glyph) => glyph.text.as_deref(),
            _ => None,
        }
    }

    /// Whether it leaves nothing on the page, as white space does.
    pub(crate) fn is_blank(&self) -> bool {
        match &self.ink {
            Ink::Glyph(glyph) => match glyph.outline {
                Outline::Empty => true,
                Outline::Read | Outline::Unknown | Outline::Unread => false,
                Outline::Usual => glyph.is_space(),
            },
            _ => false,
        }
    }
}

impl Glyph {
    /// Whether it stands for white space.
    pub(crate) fn is_space(&self) -> bool {
        self.text.as_deref().is_some_and(|it| it.chars().all(char::is_whitespace))
    }
}
