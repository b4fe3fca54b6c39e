//! A part of a font as PDF embeds it: a Type 0 font whose character codes are the
//! glyphs of the part (ISO 32000-2 §9.7).

use std::collections::BTreeMap;

use subsetter::GlyphRemapper;
use ttf_parser::{RawFace, Tag};

use super::font::{Font, Glyph};
use crate::crypto::DigestAlgorithm;
use crate::encoding::pdf::{Dictionary, Object, Reference, Update};
use crate::error::{Error, Result};

/// The glyphs of a font that are used.
pub(super) struct Part<'f> {
    font: &'f Font,
    glyphs: GlyphRemapper,
    /// What each glyph of the part means.
    letters: BTreeMap<u16, char>,
}

impl<'f> Part<'f> {
    pub(super) fn new(font: &'f Font) -> Self {
        Self { font, glyphs: GlyphRemapper::new(), letters: BTreeMap::new() }
    }

    /// The character code that draws a glyph.
    pub(super) fn code(&mut self, glyph: Glyph) -> u16 {
        let code = self.glyphs.remap(glyph.id);
        self.letters.entry(code).or_insert(glyph.letter);
        code
    }

    /// Writes the font and all it needs.
    ///
    /// # Errors
    /// `Malformed` when the font's tables do not hold together.
    pub(super) fn put(&self, update: &mut Update<'_>) -> Result<Reference> {
        let (data, index) = self.font.data();
        let program = subsetter::subset(data, index, &self.glyphs).map_err(|source| {
            let name = self.font.name();
            Error::malformed(format!("the font {name} cannot be embedded")).because(source)
        })?;
        let program = Program::of(&program)?;
        let name = self.tagged_name();
        let descriptor = self.put_descriptor(update, &program, &name)?;
        let descendant = self.put_descendant(update, &program, &name, descriptor)?;
        let to_unicode = update.allocate();
        update.put_flate(to_unicode, Dictionary::new(), self.to_unicode().as_bytes())?;
        let font = update.allocate();
        let base = if program.is_cff { format!("{name}-Identity-H") } else { name };
        let dictionary = Dictionary::new()
            .with("Type", Object::name("Font"))
            .with("Subtype", Object::name("Type0"))
            .with("BaseFont", Object::name(&base))
            .with("Encoding", Object::name("Identity-H"))
            .with("DescendantFonts", Object::Array(vec![Object::Reference(descendant)]))
            .with("ToUnicode", Object::Reference(to_unicode));
        update.put(font, &Object::Dictionary(dictionary));
        Ok(font)
    }

    /// ISO 32000-2 §9.9.2: six letters tell this part from others of the same font.
    fn tagged_name(&self) -> String {
        let glyphs: Vec<u8> = self.glyphs.remapped_gids().flat_map(u16::to_be_bytes).collect();
        let digest = DigestAlgorithm::Sha256.digest(&glyphs);
        let tag: String =
            digest.value().iter().take(6).map(|byte| char::from(b'A' + byte % 26)).collect();
        format!("{tag}+{}", self.font.name())
    }

    /// ISO 32000-2 §9.8.1, Table 120.
    fn put_descriptor(
        &self,
        update: &mut Update<'_>,
        program: &Program<'_>,
        name: &str,
    ) -> Result<Reference> {
        /// Drawn by codes that are no characters (ISO 32000-2 Table 121).
        const SYMBOLIC: i64 = 4;
        /// What stems of text fonts have; for fonts that a reader has to substitute.
        const STEM: f64 = 80.0;
        let metrics = self.font.metrics();
        let flags = SYMBOLIC
            | i64::from(metrics.is_monospaced)
            | if metrics.italic_angle == 0.0 { 0 } else { 64 };
        let present = update.allocate();
        update.put_flate(present, Dictionary::new(), &program.present())?;
        let (key, file) = program.put(update)?;
        let descriptor = update.allocate();
        let dictionary = Dictionary::new()
            .with("Type", Object::name("FontDescriptor"))
            .with("FontName", Object::name(name))
            .with("Flags", Object::Integer(flags))
            .with("FontBBox", Object::Array(metrics.bounds.map(Object::number).to_vec()))
            .with("ItalicAngle", Object::number(metrics.italic_angle))
            .with("Ascent", Object::number(metrics.ascent))
            .with("Descent", Object::number(metrics.descent))
            .with("CapHeight", Object::number(metrics.capital_height))
            .with("StemV", Object::number(STEM))
            // PDF/A-1 (ISO 19005-1 §6.3.5) asks for it; later parts let it be.
            .with("CIDSet", Object::Reference(present))
            .with(key, Object::Reference(file));
        update.put(descriptor, &Object::Dictionary(dictionary));
        Ok(descriptor)
    }

    /// ISO 32000-2 §9.7.4, Table 115.
    fn put_descendant(
        &self,
        update: &mut Update<'_>,
        program: &Program<'_>,
        name: &str,
        descriptor: Reference,
    ) -> Result<Reference> {
        let system = Dictionary::new()
            .with("Registry", Object::String(b"Adobe".to_vec()))
            .with("Ordering", Object::String(b"Identity".to_vec()))
            .with("Supplement", Object::Integer(0));
        let widths = self.font.advances(self.glyphs.remapped_gids())?;
        let widths = widths.into_iter().map(Object::number).collect();
        let kind = if program.is_cff { "CIDFontType0" } else { "CIDFontType2" };
        let mut dictionary = Dictionary::new()
            .with("Type", Object::name("Font"))
            .with("Subtype", Object::name(kind))
            .with("BaseFont", Object::name(name))
            .with("CIDSystemInfo", Object::Dictionary(system))
            .with("FontDescriptor", Object::Reference(descriptor))
            .with("W", Object::Array(vec![Object::Integer(0), Object::Array(widths)]));
        if !program.is_cff {
            dictionary.set("CIDToGIDMap", Object::name("Identity"));
        }
        let descendant = update.allocate();
        update.put(descendant, &Object::Dictionary(dictionary));
        Ok(descendant)
    }

    /// What copying and searching give (ISO 32000-2 §9.10.3).
    fn to_unicode(&self) -> String {
        /// As many mappings as one block may have.
        const BLOCK: usize = 100;
        let mut map = String::from(
            "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n\
             /CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n\
             /CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n\
             1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n",
        );
        let letters: Vec<_> = self.letters.iter().collect();
        for block in letters.chunks(BLOCK) {
            map.push_str(&format!("{} beginbfchar\n", block.len()));
            for (code, letter) in block {
                let mut units = [0; 2];
                let units = letter.encode_utf16(&mut units).iter();
                let units: String = units.map(|unit| format!("{unit:04X}")).collect();
                map.push_str(&format!("<{code:04X}> <{units}>\n"));
            }
            map.push_str("endbfchar\n");
        }
        map.push_str("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n");
        map
    }
}

/// What is embedded: a TrueType file, or the table of a CFF one.
struct Program<'d> {
    data: &'d [u8],
    is_cff: bool,
    glyphs: u16,
}

impl<'d> Program<'d> {
    fn of(file: &'d [u8]) -> Result<Self> {
        let wrong = || Error::malformed("the part of a font to embed cannot be read");
        let face = RawFace::parse(file, 0).map_err(|source| wrong().because(source))?;
        let count = face.table(Tag::from_bytes(b"maxp")).and_then(|it| it.get(4..6));
        let Some([high, low]) = count else { return Err(wrong()) };
        let glyphs = u16::from_be_bytes([*high, *low]);
        Ok(match face.table(Tag::from_bytes(b"CFF ")) {
            Some(data) => Self { data, is_cff: true, glyphs },
            None => Self { data: file, is_cff: false, glyphs },
        })
    }

    /// Writes it; gives the key that names it (ISO 32000-2 Table 124).
    fn put(&self, update: &mut Update<'_>) -> Result<(&'static str, Reference)> {
        let file = update.allocate();
        let length = i64::try_from(self.data.len()).unwrap_or(i64::MAX);
        let (key, about) = if self.is_cff {
            ("FontFile3", Dictionary::new().with("Subtype", Object::name("CIDFontType0C")))
        } else {
            ("FontFile2", Dictionary::new().with("Length1", Object::Integer(length)))
        };
        update.put_flate(file, about, self.data)?;
        Ok((key, file))
    }

    /// A bit for each glyph, the first one the highest of its byte: all are there.
    fn present(&self) -> Vec<u8> {
        let glyphs = usize::from(self.glyphs);
        let mut bits = vec![0xff_u8; glyphs.div_ceil(8)];
        if let Some(last) = bits.last_mut().filter(|_| !glyphs.is_multiple_of(8)) {
            *last = !(0xff >> (glyphs % 8));
        }
        bits
    }
}
