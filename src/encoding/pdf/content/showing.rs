//! Text: which glyphs are shown, and where (ISO 32000-2 §9.3, §9.4).
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::rc::Rc;

use super::font::{Code, Font, SLANTED};
use super::geometry::{Matrix, Rect};
use super::known;
use super::machine::Machine;
use super::marks::{Glyph, Ink, Outline};
use super::shape::{Reach, is_punctuation, placed};
use super::state::Paint;
use crate::encoding::pdf::object::{Dictionary, Object};
use crate::error::Result;

impl Machine<'_> {
    /// Whether it was an operator of text.
    pub(super) fn text(&mut self, operator: &[u8], operands: &[Object]) -> Result<bool> {
        match operator {
            b"BT" => self.begin_text(operands),
            b"ET" => self.end_text(operands),
            b"Tf" => self.select_font(operands)?,
            b"Tc" | b"Tw" | b"Tz" | b"TL" | b"Ts" | b"Tr" => self.text_state(operator, operands),
            b"Td" | b"TD" | b"Tm" | b"T*" => self.move_text(operator, operands),
            b"Tj" | b"TJ" | b"'" | b"\"" => self.show(operator, operands)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn begin_text(&mut self, operands: &[Object]) {
        let Some(frame) = self.frames.last_mut() else { return };
        let again = frame.text.replace((Matrix::IDENTITY, Matrix::IDENTITY)).is_some();
        if again || !operands.is_empty() {
            self.doubt("text that begins within text");
        }
    }

    fn end_text(&mut self, operands: &[Object]) {
        let Some(frame) = self.frames.last_mut() else { return };
        if frame.text.take().is_none() || !operands.is_empty() {
            self.doubt("text that ends without having begun");
        }
    }

    fn text_state(&mut self, operator: &[u8], operands: &[Object]) {
        let Some([value]) = self.numbers(operands) else { return };
        let text = &mut self.state.text;
        match operator {
            b"Tc" => text.char_space = value,
            b"Tw" => text.word_space = value,
            b"Tz" => text.scale = value / 100.0,
            b"TL" => text.leading = value,
            b"Ts" => text.rise = value,
            _ => match operands {
                [Object::Integer(mode @ 0..=7)] => text.mode = *mode,
                _ => self.doubt("the operands of an operator"),
            },
        }
    }

    fn move_text(&mut self, operator: &[u8], operands: &[Object]) {
        let leading = self.state.text.leading;
        let to = match operator {
            b"Tm" => {
                let Some(numbers) = self.numbers(operands) else { return };
                return self.set_line(|_| Matrix(numbers));
            }
            b"T*" if operands.is_empty() => [0.0, -leading],
            _ => {
                let Some(to) = self.numbers(operands) else { return };
                to
            }
        };
        if operator == b"TD" {
            self.state.text.leading = -to[1];
        }
        self.next_line(to);
    }

    fn next_line(&mut self, [x, y]: [f64; 2]) {
        self.set_line(|line| Matrix::translation(x, y).then(&line));
    }

    fn set_line(&mut self, line: impl Fn(Matrix) -> Matrix) {
        let text = self.frames.last_mut().and_then(|it| it.text.as_mut());
        match text {
            Some(text) => {
                let line = line(text.1);
                *text = (line, line);
            }
            None => self.doubt("an operator of text outside of text"),
        }
    }

    fn select_font(&mut self, operands: &[Object]) -> Result<()> {
        let [Object::Name(name), size] = operands else {
            self.doubt("the operands of an operator");
            return Ok(());
        };
        let font = match self.font(name)? {
            None => {
                self.doubt_glyphs("a font that is not there");
                self.stand_in()?
            }
            found => found,
        };
        self.set_font(font, size.as_number());
        Ok(())
    }

    pub(super) fn set_font(&mut self, font: Option<usize>, size: Option<f64>) {
        if font.is_none() || size.is_none() {
            self.doubt("a font that is not there");
        }
        self.state.text.font = font;
        self.state.text.size = size.unwrap_or(f64::NAN);
    }

    /// A font that readers bring, in place of one that is not there. Not all do.
    fn stand_in(&mut self) -> Result<Option<usize>> {
        let font = Dictionary::new()
            .with("Subtype", Object::name("Type1"))
            .with("BaseFont", Object::name("Helvetica"));
        self.font_of(&Object::Dictionary(font))
    }

    /// A font by its name among the resources.
    fn font(&mut self, name: &[u8]) -> Result<Option<usize>> {
        let known =
            self.frames.last().and_then(|it| it.resources.fonts.borrow().get(name).copied());
        if known.is_some() {
            return Ok(known);
        }
        let object = self.resource("Font", name)?;
        let font = self.font_of(&object)?;
        if let Some((frame, font)) = self.frames.last().zip(font) {
            frame.resources.fonts.borrow_mut().insert(name.to_vec(), font);
        }
        Ok(font)
    }

    /// The font that an object is.
    pub(super) fn font_of(&mut self, object: &Object) -> Result<Option<usize>> {
        let reference = object.as_reference();
        if let Some(font) = reference.and_then(|it| self.fonts_by_reference.get(&it)) {
            return Ok(Some(*font));
        }
        let resolved = known(self.view.resolve(object))?;
        let Object::Dictionary(dictionary) = &resolved else { return Ok(None) };
        let place = self.fonts.len();
        let font = self.read_font(dictionary)?;
        self.spend(font.bytes)?;
        self.fonts.push(Rc::new(font));
        self.fonts_by_reference.extend(reference.map(|it| (it, place)));
        Ok(Some(place))
    }

    fn read_font(&mut self, dictionary: &Dictionary) -> Result<Font> {
        /// What reading a font takes, about.
        const BYTES: usize = 4 << 10;
        self.spend(BYTES)?;
        Font::read(self.view, dictionary, &self.effort)
    }

    fn show(&mut self, operator: &[u8], operands: &[Object]) -> Result<()> {
        let shown = match (operator, operands) {
            (b"TJ", [Object::Array(items)]) => items.clone(),
            (b"Tj", [string @ Object::String(_)]) => vec![string.clone()],
            (b"'", [string @ Object::String(_)]) => {
                self.next_line([0.0, -self.state.text.leading]);
                vec![string.clone()]
            }
            (b"\"", [word, character, string @ Object::String(_)]) => {
                self.text_state(b"Tw", std::slice::from_ref(word));
                self.text_state(b"Tc", std::slice::from_ref(character));
                self.next_line([0.0, -self.state.text.leading]);
                vec![string.clone()]
            }
            _ => {
                self.doubt("the operands of an operator");
                return Ok(());
            }
        };
        let font = self.state.text.font.and_then(|it| self.fonts.get(it)).cloned();
        let inside = self.frames.last().is_some_and(|it| it.text.is_some());
        let Some(font) = font.filter(|_| inside) else {
            self.doubt("text without a font, or outside of text");
            return Ok(());
        };
        font.doubts.iter().for_each(|what| self.doubt(what));
        for item in &shown {
            match item {
                Object::String(string) => self.show_string(string, &font)?,
                item => match item.as_number() {
                    Some(by) => self.advance(-by / 1000.0 * self.state.text.size),
                    None => self.doubt("the operands of an operator"),
                },
            }
        }
        Ok(())
    }

    /// Moves on along the line, the scaling not counted yet.
    fn advance(&mut self, by: f64) {
        let by = Matrix::translation(by * self.state.text.scale, 0.0);
        if let Some(text) = self.frames.last_mut().and_then(|it| it.text.as_mut()) {
            text.0 = by.then(&text.0);
        }
    }

    fn show_string(&mut self, string: &[u8], font: &Font) -> Result<()> {
        for code in font.codes(string) {
            if code.width.is_none() {
                self.doubt_glyphs("a font that does not tell how wide a glyph is");
            }
            self.show_glyph(&code, font)?;
            let text = &self.state.text;
            let word = if code.is_space { text.word_space } else { 0.0 };
            let width = code.width.unwrap_or_default();
            self.advance(width * text.size + text.char_space + word);
        }
        Ok(())
    }

    fn show_glyph(&mut self, code: &Code, font: &Font) -> Result<()> {
        let text = &self.state.text;
        let (mode, size) = (text.mode, text.size);
        let paint =
            Paint { fill: matches!(mode, 0 | 2 | 4 | 6), stroke: matches!(mode, 1 | 2 | 5 | 6) };
        // Nothing that was clipped to glyphs is drawn all over them.
        self.state.ragged |= mode >= 4;
        let scaled = Matrix([size * text.scale, 0.0, 0.0, size, 0.0, text.rise]);
        let at = self.frames.last().and_then(|it| it.text).map_or(Matrix::IDENTITY, |it| it.0);
        let matrix = scaled.then(&at).then(&self.state.matrix);
        let width = code.width.unwrap_or_default();
        let (bottom, top) = font.extent;
        let right = code.usual_width.map_or(width, |it| it.max(width));
        let usual = Rect { left: 0.0, bottom, right, top };
        let (reach, outline) = match code.drawn.as_ref().map(|it| it.reach) {
            Some(Reach::Within(reach)) => (reach, Outline::Read),
            Some(Reach::Nothing) => (usual, Outline::Empty),
            None if code.usual_width.is_some() => (usual, Outline::Usual),
            None if code.unread => (usual, Outline::Unread),
            None => (usual, Outline::Unknown),
        };
        let mut place = matrix.bounds(&reach);
        if paint.stroke {
            let half = self.state.line_width.abs() / 2.0;
            place = place.grown(half * self.state.corner() * self.state.matrix.most());
        }
        let glyph = Glyph {
            text: code.text.clone(),
            origin: matrix.apply((0.0, 0.0)),
            end: matrix.apply((width, 0.0)),
            size: matrix.vertical(),
            outline,
            overhang: overhang(code, font, outline) * matrix.most(),
            punctuation: shows_punctuation(code, outline, &matrix) && !paint.stroke,
        };
        let mut how = self.state.how(&place, paint);
        how.hidden = !paint.fill && !paint.stroke;
        self.add(Ink::Glyph(Box::new(glyph)), place, how)
    }
}

fn overhang(code: &Code, font: &Font, outline: Outline) -> f64 {
    let digits = |it: &str| it.chars().all(|it| it.is_ascii_digit());
    let digit = font.overhang < SLANTED && code.text.as_deref().is_some_and(digits);
    if outline == Outline::Usual && !digit { font.overhang } else { 0.0 }
}

/// Whether a code stands for a mark of punctuation and draws it.
fn shows_punctuation(code: &Code, outline: Outline, matrix: &Matrix) -> bool {
    let Some(text) = code.text.as_deref() else { return false };
    match (outline, &code.drawn) {
        (Outline::Usual, _) => text.chars().all(|it| !it.is_alphanumeric()),
        (Outline::Read, Some(drawn)) => is_punctuation(text, &placed(&drawn.contours, matrix)),
        _ => false,
    }
}
