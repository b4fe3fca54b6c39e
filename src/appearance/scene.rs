//! What is drawn, from the lower left corner of a box that is seen upright.

use super::font::{Font, Glyph};
use super::geometry::{Rectangle, Size};
use super::image::Image;

/// A look that is ready to be drawn.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) size: Size,
    pub(super) font: Option<Font>,
    /// From the lowest to the one on top.
    pub(super) marks: Vec<Mark>,
}

#[derive(Debug, Clone)]
pub(super) enum Mark {
    /// Letters from left to right.
    Row {
        glyphs: Vec<Glyph>,
        left: f64,
        base: f64,
        font_size: f64,
    },
    Picture {
        image: Image,
        place: Rectangle,
    },
    /// A rectangle's outline, so thick.
    Frame {
        place: Rectangle,
        line: f64,
    },
}
