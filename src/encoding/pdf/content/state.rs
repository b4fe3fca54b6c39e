//! The graphics state (ISO 32000-2 §8.4), as far as it tells where something is drawn.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::geometry::{Matrix, Rect};
use super::marks::How;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Graphics {
    pub(super) matrix: Matrix,
    /// Nothing is drawn outside.
    pub(super) clip: Rect,
    /// Nor everywhere inside.
    pub(super) ragged: bool,
    pub(super) line_width: f64,
    /// How far a corner reaches beyond the middle of the line, in line widths.
    pub(super) miter_limit: f64,
    pub(super) mitered: bool,
    pub(super) fill: Colour,
    pub(super) stroke: Colour,
    /// Whether the colour spaces are like those of devices.
    pub(super) fill_plain: bool,
    pub(super) stroke_plain: bool,
    pub(super) opacity: f64,
    pub(super) stroke_opacity: f64,
    pub(super) blended: bool,
    pub(super) masked: bool,
    /// Overprinting, transfer functions and the like.
    pub(super) altered: bool,
    /// Within a transparency group.
    pub(super) grouped: bool,
    /// The blend mode is one that makes nothing lighter.
    pub(super) darkening: bool,
    pub(super) group: Group,
    pub(super) text: TextState,
}

/// What the groups around do to all that is drawn in them (ISO 32000-2 §11.4).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Group {
    opacity: f64,
    darkens: bool,
    /// Nothing is blended with what is beneath the group.
    isolated: bool,
}

/// From 0, black, to 1, white; nothing where it is no plain colour.
pub(super) type Colour = Option<f64>;

/// ISO 32000-2 §9.3.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TextState {
    /// Its place among the fonts of the machine.
    pub(super) font: Option<usize>,
    pub(super) size: f64,
    pub(super) char_space: f64,
    pub(super) word_space: f64,
    /// 1 for the width as it is.
    pub(super) scale: f64,
    pub(super) leading: f64,
    pub(super) rise: f64,
    pub(super) mode: i64,
}

impl Default for Graphics {
    fn default() -> Self {
        Self {
            matrix: Matrix::IDENTITY,
            clip: Rect::EVERYWHERE,
            ragged: false,
            line_width: 1.0,
            miter_limit: 10.0,
            mitered: true,
            fill: Some(0.0),
            stroke: Some(0.0),
            fill_plain: true,
            stroke_plain: true,
            opacity: 1.0,
            stroke_opacity: 1.0,
            blended: false,
            masked: false,
            altered: false,
            grouped: false,
            darkening: false,
            group: Group { opacity: 1.0, darkens: false, isolated: false },
            text: TextState::default(),
        }
    }
}

impl Default for TextState {
    fn default() -> Self {
        Self {
            font: None,
            size: 0.0,
            char_space: 0.0,
            word_space: 0.0,
            scale: 1.0,
            leading: 0.0,
            rise: 0.0,
            mode: 0,
        }
    }
}

/// What the painting of paths and text does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Paint {
    pub(super) fill: bool,
    pub(super) stroke: bool,
}

impl Graphics {
    /// How far corners reach beyond the middle of the line, in halves of its width.
    pub(super) fn corner(&self) -> f64 {
        let square = std::f64::consts::SQRT_2;
        if self.mitered { self.miter_limit.max(square) } else { square }
    }

    /// How something would be drawn now that needs so much place.
    pub(super) fn how(&self, place: &Rect, paint: Paint) -> How {
        let opaque =
            (!paint.fill || self.opacity >= 1.0) && (!paint.stroke || self.stroke_opacity >= 1.0);
        let ordinary = opaque && !self.blended && !self.masked && !self.altered && !self.grouped;
        let brightness = match (paint.fill, paint.stroke) {
            (true, true) => self.fill.zip(self.stroke).map(|(fill, stroke)| fill.max(stroke)),
            (false, true) => self.stroke,
            (..) => self.fill,
        };
        let cut = self.ragged || !self.clip.holds(place);
        let opacity = [(paint.fill, self.opacity), (paint.stroke, self.stroke_opacity)];
        let opacity = opacity.into_iter().filter(|it| it.0).map(|it| bounded(it.1));
        How {
            cut,
            ordinary,
            masked: false,
            opacity: opacity.fold(0.0, f64::max) * self.group.opacity,
            darkens: self.darkens(),
            whole: false,
            optional: false,
            hidden: false,
            brightness,
        }
    }

    fn darkens(&self) -> bool {
        self.group.darkens || (self.darkening && !self.group.isolated)
    }

    /// Begins a transparency group, which is drawn as one in the state that is now.
    pub(super) fn begin_group(&mut self, isolated: bool) {
        self.group = Group {
            opacity: self.group.opacity * bounded(self.opacity),
            darkens: self.darkens(),
            isolated: self.group.isolated || isolated,
        };
        (self.opacity, self.stroke_opacity, self.darkening) = (1.0, 1.0, false);
    }
}

/// What is no opacity is passed over by readers.
fn bounded(opacity: f64) -> f64 {
    if (0.0..=1.0).contains(&opacity) { opacity } else { 1.0 }
}

/// How bright a colour is: of one component, three or four, as the colour spaces of
/// devices have them (§8.6.4).
pub(super) fn brightness(components: &[f64]) -> Colour {
    match components {
        [gray] => Some(*gray),
        [red, green, blue] => Some((30.0 * red + 59.0 * green + 11.0 * blue) / 100.0),
        [cyan, magenta, yellow, black] => {
            let gray = (30.0 * cyan + 59.0 * magenta + 11.0 * yellow) / 100.0 + black;
            Some(1.0 - gray.min(1.0))
        }
        _ => None,
    }
}
