//! Font programs, real ones and hostile ones.

use super::cff::Cff;
use super::effort::Effort;
use super::exhaust::exhaust;
use super::geometry::{Bounds, Rect};
use super::outlines::TrueType;
use super::program::{Kind, Program};
use super::samples::{SHAPES, cff_of, true_type_of, type_1_of};
use super::shape::{Reach, is_punctuation};

/// What another reader goes through.
#[derive(Default)]
struct Through(Bounds);

impl ttf_parser::OutlineBuilder for Through {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.add((x.into(), y.into()));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.0.add((x.into(), y.into()));
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.0.add((x1.into(), y1.into()));
        self.0.add((x.into(), y.into()));
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.quad_to(x1, y1, x2, y2);
        self.line_to(x, y);
    }

    fn close(&mut self) {}
}

fn cff_fonts() -> impl Iterator<Item = &'static [u8]> {
    typst_assets::fonts().filter(|it| it.starts_with(b"OTTO")).step_by(5)
}

/// Thousands of glyphs with curves of all kinds, subroutines and masks of hints.
#[test]
fn outlines_of_real_fonts_are_as_another_reader_has_them() {
    for bytes in cff_fonts() {
        let face = ttf_parser::Face::parse(bytes, 0).unwrap();
        let font = Cff::parse(bytes.to_vec(), &Effort::default()).unwrap();
        let mut seen = 0;
        for glyph in (0..face.number_of_glyphs()).step_by(3) {
            let mut through = Through::default();
            let _ = face.outline_glyph(ttf_parser::GlyphId(glyph), &mut through);
            let found = font.of_cid(glyph.into()).map(|it| it.reach);
            match (found, through.0.rect()) {
                (Some(Reach::Nothing), None) => {}
                (Some(Reach::Within(found)), Some(expected)) => {
                    let em = |it: f64| it / 1000.0;
                    let Rect { left, bottom, right, top } = expected;
                    let [left, bottom, right, top] = [left, bottom, right, top].map(em);
                    let expected = Rect { left, bottom, right, top };
                    let near =
                        found.grown(1e-4).holds(&expected) && expected.grown(1e-4).holds(&found);
                    assert!(near, "{glyph}: {found:?} {expected:?}");
                    seen += 1;
                }
                other => panic!("{glyph}: {other:?}"),
            }
        }
        assert!(seen > 500, "{seen}");
    }
}

/// The marks beside which numbers are put look like those in all fonts; no digit and no
/// letter does.
#[test]
fn marks_of_punctuation_in_real_fonts() {
    let dejavu = [dejavu::serif::regular(), dejavu::sans::regular(), dejavu::serif::bold()];
    for bytes in dejavu.into_iter().chain(cff_fonts()) {
        let face = ttf_parser::Face::parse(bytes, 0).unwrap();
        let kind = match Cff::parse(bytes.to_vec(), &Effort::default()) {
            Some(font) => Kind::Cff(font),
            None => Kind::TrueType(TrueType::parse(bytes.to_vec(), &Effort::default()).unwrap()),
        };
        let font = Program::composite(kind, None);
        let shows = |character: char, text: &str| {
            let glyph = face.glyph_index(character).unwrap().0;
            let drawn = font.drawn(glyph.into(), None, None).unwrap();
            is_punctuation(text, &drawn.contours)
        };
        for mark in [":", "/", "-", "–"] {
            let character = mark.chars().next().unwrap();
            assert!(shows(character, mark), "{mark} {:?}", face.names().into_iter().next());
            for other in ('0'..='9').chain('A'..='Z').chain('a'..='z') {
                assert!(!shows(other, mark), "{other} {mark}");
            }
        }
    }
}

/// Readers count the accents and the subroutines of such fonts in the same way.
#[test]
fn programs_of_every_kind_draw_the_same() {
    let reach = |font: &Program, name: &str| {
        let drawn = font.drawn(1, Some(name.as_bytes()), None).unwrap();
        match drawn.reach {
            Reach::Nothing => None,
            Reach::Within(it) => Some([it.left, it.bottom, it.right, it.top].map(|it| it * 1000.0)),
        }
    };
    for (name, shape) in SHAPES {
        let mut bounds = Bounds::default();
        shape.concat().iter().for_each(|it| bounds.add((it.0.into(), it.1.into())));
        let expected = bounds.rect().map(|it| [it.left, it.bottom, it.right, it.top]);
        let type_1 = super::type1::Type1::parse(&type_1_of(&SHAPES), &Effort::default()).unwrap();
        let cff = Cff::parse(cff_of(&SHAPES), &Effort::default()).unwrap();
        for kind in [Kind::Type1(type_1), Kind::Cff(cff)] {
            let found = reach(&Program::simple(kind), name);
            let near = found
                .zip(expected)
                .is_none_or(|(a, b)| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 0.01));
            assert!(near && found.is_some() == expected.is_some(), "{name}: {found:?}");
        }
    }
}

#[test]
fn no_font_is_too_hostile() {
    for bytes in [cff_of(&SHAPES), type_1_of(&SHAPES), true_type_of(&SHAPES)] {
        assert!(exhaust(&bytes) > 0);
        for at in 0..bytes.len() {
            let mut bent = bytes.clone();
            for byte in [0x1d, 0xff] {
                bent[at] = byte;
                exhaust(&bent);
            }
            exhaust(&bytes[..at]);
        }
    }
}

/// What is hidden from some readers, or stands there twice, is not understood.
#[test]
fn programs_that_readers_differ_in() {
    use super::type1::Type1;
    let font = type_1_of(&SHAPES);
    assert!(Type1::parse(&font, &Effort::default()).is_some());
    let with = |from: &str, to: &str| {
        let at = font.windows(from.len()).position(|it| it == from.as_bytes()).unwrap();
        [&font[..at], to.as_bytes(), &font[at + from.len()..]].concat()
    };
    for (from, to) in [
        ("0.001 0 0 0.001", "0.01 0 0 0.01"),
        ("/FontMatrix", "%/FontMatrix"),
        ("/Encoding", "/FontMatrix [1 0 0 1 0 0] def /Encoding"),
        ("dup 65", "dup 65 /one put dup 65"),
        ("currentfile eexec", "% eexec 0000\ncurrentfile eexec"),
        ("currentfile eexec", "/CharStrings 1 dict\ncurrentfile eexec"),
    ] {
        assert!(Type1::parse(&with(from, to), &Effort::default()).is_none(), "{to}");
    }
    let twice = [SHAPES[0], SHAPES[1], SHAPES[1]];
    assert!(Type1::parse(&type_1_of(&twice), &Effort::default()).is_none());
    let font = Cff::parse(cff_of(&twice), &Effort::default()).unwrap();
    assert!(font.of_byte(1, Some(b"one")).is_none() && font.of_byte(1, Some(b"space")).is_some());
    assert!(font.of_byte(1, Some(b"two")).is_none());
}
