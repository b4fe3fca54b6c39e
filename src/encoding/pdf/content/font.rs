//! Fonts, as far as they tell which text is shown and how wide it is (ISO 32000-2 §9.5
//! to §9.10), and how far its glyphs reach.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::cell::Cell;
use std::rc::Rc;

use super::cff::Cff;
use super::cmap::CMap;
use super::effort::Effort;
use super::geometry::Matrix;
use super::known;
use super::names::{Encoding, Standard, text_of};
use super::outlines::TrueType;
use super::program::{Kind, Program};
use super::shape::{Drawn, Reach};
use super::type1::Type1;
use super::widths::Widths;
use crate::encoding::pdf::object::{Dictionary, Object, Stream};
use crate::encoding::pdf::reader::View;
use crate::error::Result;

/// A font.
#[derive(Debug)]
pub(super) struct Font {
    codes: Codes,
    widths: Widths,
    to_text: Option<CMap>,
    /// Texts of single bytes, by the encoding.
    texts: Vec<Option<Rc<str>>>,
    /// Names of the glyphs of single bytes, by the encoding.
    names: Vec<Option<Rc<[u8]>>>,
    /// How far glyphs reach below and above the baseline, for a size of 1.
    pub(super) extent: (f64, f64),
    /// How far letters reach into the place of the next one, for a size of 1.
    pub(super) overhang: f64,
    /// Where its glyphs are drawn by.
    pub(super) outlines: Outlines,
    /// What was not understood of it.
    pub(super) doubts: Vec<&'static str>,
    /// How many bytes were decoded for it, and what was read in other ways, in as many bytes
    /// as it takes about.
    pub(super) bytes: usize,
}

/// What draws the glyphs of a font.
#[derive(Debug)]
pub(super) enum Outlines {
    /// The reader brings the font: nobody knows which, or one of known measures.
    Reader(Option<Standard>),
    /// The file does, in a way that is not understood.
    File,
    /// The file does.
    Program(Box<Program>),
    /// Streams of content (§9.6.4).
    Content,
}

/// By the byte.
type Texts = Vec<Option<Rc<str>>>;
type Names = Vec<Option<Rc<[u8]>>>;

#[derive(Debug)]
enum Codes {
    Single,
    /// Two bytes each, which are the number of the glyph, too.
    Identity,
    Mapped(CMap),
}

/// One code of a string that is shown.
#[derive(Debug, Clone)]
pub(super) struct Code {
    pub(super) text: Option<Rc<str>>,
    /// For a size of 1.
    pub(super) width: Option<f64>,
    /// Whether word spacing applies (§9.3.3).
    pub(super) is_space: bool,
    /// What the glyph draws, where its outline was looked at.
    pub(super) drawn: Option<Drawn>,
    /// Whether it is drawn by the file, and nobody knows how.
    pub(super) unread: bool,
    /// How wide the glyph is at least, where the reader brings it: what the file says of
    /// its width need not be true.
    pub(super) usual_width: Option<f64>,
}

impl Font {
    /// # Errors
    /// `LimitExceeded`; `Io`. What else is wrong is a doubt.
    pub(super) fn read(view: View<'_>, dictionary: &Dictionary, effort: &Effort) -> Result<Self> {
        let reader = FontReader { view, effort, doubts: Vec::new(), bytes: Cell::new(0) };
        let kind = reader.value(dictionary, "Subtype")?;
        match kind.as_name() {
            Some(b"Type0") => reader.composite(dictionary),
            Some(b"Type3") => reader.type_3(dictionary),
            Some(b"Type1" | b"MMType1" | b"TrueType") => reader.simple(dictionary),
            _ => {
                let mut font = reader.simple(dictionary)?;
                font.doubts.push("the font is of an unknown type");
                Ok(font)
            }
        }
    }

    /// The codes of a string.
    pub(super) fn codes(&self, string: &[u8]) -> Vec<Code> {
        let (mut rest, mut codes) = (string, Vec::with_capacity(string.len()));
        while let Some(first) = rest.first() {
            let (code, length) = match &self.codes {
                Codes::Single => (Some(u32::from(*first)), 1),
                Codes::Identity => match rest {
                    [high, low, ..] => (Some(u32::from(u16::from_be_bytes([*high, *low]))), 2),
                    _ => (None, 1),
                },
                Codes::Mapped(map) => {
                    map.code(rest).map_or((None, 1), |(code, length)| (Some(code), length))
                }
            };
            codes.push(self.code(code, length));
            rest = rest.get(length..).unwrap_or_default();
        }
        codes
    }

    /// What a byte stands for by the encoding.
    fn encoded(&self, code: u32) -> Option<Rc<str>> {
        self.texts.get(usize::try_from(code).ok()?).cloned().flatten()
    }

    fn code(&self, code: Option<u32>, length: usize) -> Code {
        let glyph = code.and_then(|code| match &self.codes {
            Codes::Mapped(map) => map.glyph_of(code),
            Codes::Single | Codes::Identity => Some(code),
        });
        let encoded = code.and_then(|it| self.encoded(it));
        let mapped = code.zip(self.to_text.as_ref()).and_then(|(code, map)| map.text_of(code));
        let (mut usual_width, mut drawn) = (None, None);
        let text = match &self.outlines {
            // What a reader draws goes by the encoding, whatever the map says.
            Outlines::Reader(Some(standard)) if encoded.is_some() => {
                let character = encoded.as_deref().and_then(|it| it.chars().next());
                usual_width = character.and_then(|it| standard.width(it)).map(|it| it / 1000.0);
                encoded
            }
            Outlines::Reader(_) => {
                // A space is one in whatever font that is.
                let blank = encoded.as_deref() == Some(" ") && code == Some(32);
                drawn = blank.then(|| Drawn::within(Reach::Nothing));
                mapped.or(encoded)
            }
            Outlines::Program(program) => {
                let name =
                    code.and_then(|it| self.names.get(usize::try_from(it).ok()?)?.as_deref());
                drawn = glyph.and_then(|it| program.drawn(it, name, encoded.as_deref()));
                mapped.or(encoded)
            }
            Outlines::File | Outlines::Content => mapped.or(encoded),
        };
        let unread =
            drawn.is_none() && matches!(self.outlines, Outlines::Program(_) | Outlines::File);
        let width = glyph.and_then(|it| self.widths.of(it));
        Code { text, width, is_space: length == 1 && code == Some(32), drawn, unread, usual_width }
    }
}

struct FontReader<'r> {
    view: View<'r>,
    effort: &'r Effort,
    doubts: Vec<&'static str>,
    bytes: Cell<usize>,
}

/// What an item of an array takes, about.
const ITEM: usize = 16;

impl FontReader<'_> {
    fn value(&self, dictionary: &Dictionary, key: &str) -> Result<Object> {
        known(self.view.value(dictionary, key))
    }

    fn dictionary(&self, parent: &Dictionary, key: &str) -> Result<Dictionary> {
        let object = self.value(parent, key)?;
        Ok(object.as_dictionary().cloned().unwrap_or_default())
    }

    fn decoded(&self, stream: &Stream) -> Result<Option<Vec<u8>>> {
        let bytes = known(self.view.decoded(stream).map(Some))?;
        let length = bytes.as_ref().map_or(0, Vec::len);
        self.bytes.set(self.bytes.get().saturating_add(length));
        Ok(bytes)
    }

    /// Counts numbers and names of arrays.
    fn note_items(&self, count: usize) {
        let bytes = count.saturating_mul(ITEM);
        self.bytes.set(self.bytes.get().saturating_add(bytes));
    }

    fn simple(self, font: &Dictionary) -> Result<Font> {
        let descriptor = self.dictionary(font, "FontDescriptor")?;
        let name = self.value(font, "BaseFont")?;
        let standard = name.as_name().and_then(Standard::named);
        let outlines = match self.outlines(&descriptor, None)? {
            Outlines::Reader(_) => Outlines::Reader(standard),
            other => other,
        };
        let (texts, names) = self.encoding(font, &descriptor, &outlines)?;
        let mut widths = Widths::simple(self.view, font, &descriptor)?;
        self.note_items(widths.items);
        if widths.is_empty() {
            let standard = standard.filter(|_| matches!(outlines, Outlines::Reader(_)));
            widths = standard.map_or(widths, |it| Widths::standard(it, &texts));
        }
        let to_text = self.to_text(font)?;
        let extent = self.extent(&descriptor)?;
        let (codes, overhang) = (Codes::Single, overhang(name.as_name().unwrap_or_default()));
        let (doubts, bytes) = (self.doubts, self.bytes.get());
        Ok(Font { codes, widths, to_text, texts, names, extent, overhang, outlines, doubts, bytes })
    }

    fn type_3(mut self, font: &Dictionary) -> Result<Font> {
        self.doubts.push("glyphs that are content of their own");
        let (texts, names) = self.encoding(font, &Dictionary::new(), &Outlines::Content)?;
        let matrix = self.value(font, "FontMatrix")?;
        let matrix = matrix.as_array().and_then(Matrix::of).unwrap_or(Matrix([f64::NAN; 6]));
        let widths = Widths::simple(self.view, font, &Dictionary::new())?;
        self.note_items(widths.items);
        let widths = widths.scaled(matrix.horizontal().0 * 1000.0);
        let to_text = self.to_text(font)?;
        Ok(Font {
            codes: Codes::Single,
            widths,
            to_text,
            texts,
            names,
            extent: EXTENT,
            overhang: 0.0,
            outlines: Outlines::Content,
            doubts: self.doubts,
            bytes: self.bytes.get(),
        })
    }

    fn composite(mut self, font: &Dictionary) -> Result<Font> {
        let descendants = self.value(font, "DescendantFonts")?;
        let descendant = descendants.as_array().and_then(<[_]>::first).cloned();
        let descendant = known(self.view.resolve(&descendant.unwrap_or(Object::Null)))?;
        let empty = Dictionary::new();
        let descendant = descendant.as_dictionary().unwrap_or(&empty);
        let descriptor = self.dictionary(descendant, "FontDescriptor")?;
        let codes = self.codes(font)?;
        let widths = Widths::composite(self.view, descendant)?;
        self.note_items(widths.items);
        let to_text = self.to_text(font)?;
        let outlines = self.outlines(&descriptor, Some(descendant))?;
        let (extent, texts, names) = (self.extent(&descriptor)?, Vec::new(), Vec::new());
        let (doubts, bytes, overhang) = (self.doubts, self.bytes.get(), 0.0);
        Ok(Font { codes, widths, to_text, texts, names, extent, overhang, outlines, doubts, bytes })
    }

    /// Which codes there are (§9.7.5).
    fn codes(&mut self, font: &Dictionary) -> Result<Codes> {
        match self.value(font, "Encoding")? {
            Object::Name(name) if name == b"Identity-H" => return Ok(Codes::Identity),
            Object::Stream(stream) => {
                if let Some(map) = self.map(&stream)? {
                    let vertical = stream.dictionary.get("WMode").and_then(Object::as_integer);
                    let based = stream.dictionary.contains("UseCMap");
                    if vertical.unwrap_or_default() != 0 || based || map.doubtful {
                        self.doubts.push("the font's map of codes");
                    }
                    return Ok(Codes::Mapped(map));
                }
            }
            _ => {}
        }
        self.doubts.push("the font's map of codes");
        Ok(Codes::Identity)
    }

    fn to_text(&self, font: &Dictionary) -> Result<Option<CMap>> {
        match self.value(font, "ToUnicode")? {
            Object::Stream(stream) => self.map(&stream),
            _ => Ok(None),
        }
    }

    fn map(&self, stream: &Stream) -> Result<Option<CMap>> {
        let bytes = self.decoded(stream)?;
        bytes.map(|it| CMap::parse(it, self.view.reader().limits())).transpose()
    }

    /// What single bytes stand for (§9.6.5).
    fn encoding(
        &self,
        font: &Dictionary,
        descriptor: &Dictionary,
        outlines: &Outlines,
    ) -> Result<(Texts, Names)> {
        const SYMBOLIC: i64 = 4;
        let encoding = self.value(font, "Encoding")?;
        let empty = Dictionary::new();
        let dictionary = encoding.as_dictionary().unwrap_or(&empty);
        let base = self.value(dictionary, "BaseEncoding")?;
        let named = encoding.as_name().or(base.as_name()).and_then(Encoding::named);
        let name = self.value(font, "BaseFont")?;
        let flags = descriptor.get("Flags").and_then(Object::as_integer);
        // Whatever the font itself has, otherwise.
        let latin = flags.map_or_else(
            || name.as_name().and_then(Standard::named).is_some(),
            |it| it & SYMBOLIC == 0 && matches!(outlines, Outlines::Reader(_)),
        );
        let (mut texts, mut names) = (vec![None; 256], vec![None; 256]);
        if let Some(encoding) = named.or(latin.then_some(Encoding::Standard)) {
            for (code, character) in encoding.characters() {
                if let Some(text) = texts.get_mut(usize::from(code)) {
                    *text = Some(character.to_string().into());
                }
            }
            for (code, name) in encoding.names() {
                if let Some(own) = names.get_mut(usize::from(code)) {
                    *own = Some(name.as_bytes().into());
                }
            }
        }
        let differences = self.value(dictionary, "Differences")?;
        self.note_items(differences.as_array().map_or(0, <[_]>::len));
        differ(&mut texts, &mut names, differences.as_array().unwrap_or_default());
        Ok((texts, names))
    }

    /// `descendant` is that of a composite font.
    fn outlines(
        &self,
        descriptor: &Dictionary,
        descendant: Option<&Dictionary>,
    ) -> Result<Outlines> {
        let mut programs = Vec::new();
        for key in ["FontFile", "FontFile2", "FontFile3"] {
            let program = self.value(descriptor, key)?;
            programs.extend((!program.is_null()).then_some((key, program)));
        }
        let (key, program) = match &programs[..] {
            [] => return Ok(Outlines::Reader(None)),
            [(key, Object::Stream(program))] => (*key, program),
            _ => return Ok(Outlines::File),
        };
        let kind = |program: Vec<u8>| match key {
            "FontFile" => Type1::parse(&program, self.effort).map(Kind::Type1),
            "FontFile2" => TrueType::parse(program, self.effort).map(Kind::TrueType),
            _ => Cff::parse(program, self.effort).map(Kind::Cff),
        };
        let Some(kind) = self.decoded(program)?.and_then(kind) else { return Ok(Outlines::File) };
        let Some(descendant) = descendant else {
            return Ok(Outlines::Program(Box::new(Program::simple(kind))));
        };
        // Of another type, its glyphs are found in another way (§9.7.4.2).
        let subtype = self.value(descendant, "Subtype")?;
        let map = self.value(descendant, "CIDToGIDMap")?;
        let map = match (&kind, subtype.as_name(), map) {
            (Kind::Cff(_), Some(b"CIDFontType0"), Object::Null)
            | (Kind::TrueType(_), Some(b"CIDFontType2"), Object::Null) => None,
            (Kind::TrueType(_), Some(b"CIDFontType2"), Object::Name(it)) if it == b"Identity" => {
                None
            }
            (Kind::TrueType(_), Some(b"CIDFontType2"), Object::Stream(map)) => {
                match self.decoded(&map)? {
                    Some(map) => Some(map),
                    None => return Ok(Outlines::File),
                }
            }
            _ => return Ok(Outlines::File),
        };
        Ok(Outlines::Program(Box::new(Program::composite(kind, map))))
    }

    /// What the descriptor says, but never less than letters need (§9.8).
    fn extent(&self, descriptor: &Dictionary) -> Result<(f64, f64)> {
        let number = |key| -> Result<f64> {
            Ok(self.value(descriptor, key)?.as_number().unwrap_or_default() / 1000.0)
        };
        let (below, above) = (number("Descent")?, number("Ascent")?);
        let (least, most) = (EXTENT, (-1.0, 2.0));
        Ok((below.clamp(most.0, least.0), above.clamp(least.1, most.1)))
    }
}

/// Latin letters with two marks above, or one below, stay within.
const EXTENT: (f64, f64) = (-0.22, 0.9);

/// Of letters in the standard fonts, about, by their metrics; digits have none that stand
/// upright.
fn overhang(name: &[u8]) -> f64 {
    let has = |word: &[u8]| name.windows(word.len()).any(|it| it == word);
    if has(b"Italic") || has(b"Oblique") { SLANTED } else { 0.08 }
}

pub(super) const SLANTED: f64 = 0.18;

/// `[39 /quotesingle 96 /grave]` (§9.6.5.1).
fn differ(texts: &mut Texts, names: &mut Names, differences: &[Object]) {
    let mut code = 0_usize;
    for item in differences {
        match item {
            Object::Integer(value) => code = usize::try_from(*value).unwrap_or(usize::MAX),
            Object::Name(name) => {
                if let Some(text) = texts.get_mut(code) {
                    *text = text_of(name).map(Rc::from);
                }
                if let Some(own) = names.get_mut(code) {
                    *own = Some(name.as_slice().into());
                }
                code = code.saturating_add(1);
            }
            _ => {}
        }
    }
}
