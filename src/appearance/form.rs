//! A look as PDF draws it: a form XObject (ISO 32000-2 §8.10, §12.5.5).

use super::embed::Part;
use super::geometry::Rectangle;
use super::image::Transparency;
use super::scene::{Mark, Scene};
use crate::encoding::pdf::{Dictionary, Object, Reference, Update};
use crate::error::Result;

/// What the numbers of a colour mean. Both kinds are independent of the device, so that
/// a document needs no output intent for them (PDF/A).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colours {
    Grey,
    Rgb,
}

impl Colours {
    pub(super) fn components(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::Rgb => 3,
        }
    }
}

/// CalGray or CalRGB, with the white, the primaries and about the gamma of sRGB
/// (ISO 32000-2 §8.6.5.2, §8.6.5.3; IEC 61966-2-1).
pub(super) fn put_colours(update: &mut Update<'_>, colours: Colours) -> Reference {
    const WHITE: [f64; 3] = [0.9505, 1.0, 1.089];
    const GAMMA: f64 = 2.2;
    const PRIMARIES: [f64; 9] =
        [0.4124, 0.2126, 0.0193, 0.3576, 0.7152, 0.1192, 0.1805, 0.0722, 0.9505];
    let numbers = |all: &[f64]| Object::Array(all.iter().map(|it| precise(*it)).collect());
    let white = Dictionary::new().with("WhitePoint", numbers(&WHITE));
    let (family, about) = match colours {
        Colours::Grey => ("CalGray", white.with("Gamma", precise(GAMMA))),
        Colours::Rgb => {
            let about = white.with("Gamma", numbers(&[GAMMA; 3]));
            ("CalRGB", about.with("Matrix", numbers(&PRIMARIES)))
        }
    };
    let space = update.allocate();
    update.put(space, &Object::Array(vec![Object::name(family), Object::Dictionary(about)]));
    space
}

fn precise(value: f64) -> Object {
    Object::Real(format!("{value:.4}").into_bytes())
}

/// Quarter turns of a page, clockwise (ISO 32000-2 Table 31, `/Rotate`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    None,
    Quarter,
    Half,
    ThreeQuarters,
}

impl Turn {
    /// The matrix that turns what is drawn back upright. Where it comes to lie is the
    /// annotation's rectangle's business (ISO 32000-2 §12.5.5, algorithm 8).
    fn matrix(self) -> [i64; 6] {
        match self {
            Self::None => [1, 0, 0, 1, 0, 0],
            Self::Quarter => [0, 1, -1, 0, 0, 0],
            Self::Half => [-1, 0, 0, -1, 0, 0],
            Self::ThreeQuarters => [0, -1, 1, 0, 0, 0],
        }
    }
}

/// Writes a look for a page that is turned so.
///
/// # Errors
/// `Malformed` when the font's tables do not hold together.
pub(crate) fn put_form(
    update: &mut Update<'_>,
    scene: &Scene,
    turn: Turn,
    transparency: Transparency,
) -> Result<Reference> {
    let (content, resources) = drawn(update, scene, transparency)?;
    let form = update.allocate();
    let bounds = [0.0, 0.0, scene.size.width, scene.size.height].map(Object::number).to_vec();
    let dictionary = Dictionary::new()
        .with("Type", Object::name("XObject"))
        .with("Subtype", Object::name("Form"))
        .with("BBox", Object::Array(bounds))
        .with("Matrix", Object::Array(turn.matrix().map(Object::Integer).to_vec()))
        .with("Resources", Object::Dictionary(resources));
    update.put_flate(form, dictionary, content.as_bytes())?;
    Ok(form)
}

/// The operators, and what they name.
fn drawn(
    update: &mut Update<'_>,
    scene: &Scene,
    transparency: Transparency,
) -> Result<(String, Dictionary)> {
    let ink = put_colours(update, Colours::Grey);
    let mut resources = Dictionary::new().with("ColorSpace", named("Ink", ink));
    let mut content = "/Ink cs 0 sc /Ink CS 0 SC\n".to_owned();
    let mut images = Dictionary::new();
    let mut part = scene.font.as_ref().map(Part::new);
    for mark in &scene.marks {
        match mark {
            Mark::Row { glyphs, left, base, font_size } => {
                let Some(part) = &mut part else { continue };
                let codes = glyphs.iter().map(|it| format!("{:04X}", part.code(*it)));
                content.push_str(&text(codes.collect(), *font_size, (*left, *base)));
            }
            Mark::Picture { image, place } => {
                let name = format!("Image{}", images.entries().len());
                images.set(&name, Object::Reference(image.put(update, transparency)?));
                content.push_str(&picture(&name, *place));
            }
            Mark::Frame { place, line } => content.push_str(&frame(*place, *line)),
        }
    }
    if let Some(part) = &part {
        resources.set("Font", named("Font", part.put(update)?));
    }
    if !images.entries().is_empty() {
        resources.set("XObject", Object::Dictionary(images));
    }
    Ok((content, resources))
}

fn text(codes: String, font_size: f64, (left, base): (f64, f64)) -> String {
    let (left, base) = (rounded(left), rounded(base));
    format!("BT /Font {font_size} Tf 1 0 0 1 {left} {base} Tm <{codes}> Tj ET\n")
}

fn picture(name: &str, place: Rectangle) -> String {
    let [left, bottom, width, height] = numbers(place);
    format!("q {width} 0 0 {height} {left} {bottom} cm /{name} Do Q\n")
}

fn frame(place: Rectangle, line: f64) -> String {
    let [left, bottom, width, height] = numbers(place);
    format!("{line} w {left} {bottom} {width} {height} re S\n")
}

fn numbers(place: Rectangle) -> [f64; 4] {
    [place.left, place.bottom, place.size.width, place.size.height].map(rounded)
}

fn named(name: &str, reference: Reference) -> Object {
    Object::Dictionary(Dictionary::new().with(name, Object::Reference(reference)))
}

/// To a thousandth of a point.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
