//! Fonts that texts are drawn in (ISO/IEC 14496-22, OpenType).
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::fmt;
use std::sync::Arc;

use ttf_parser::{Face, GlyphId, Permissions, Tag, name_id};
use unicode_normalization::UnicodeNormalization;

use crate::error::{Error, Result};
use crate::limits::{Limits, within};

/// A font to draw text in: OpenType with TrueType or CFF outlines, such as a `.ttf`
/// or `.otf` file. Only the glyphs that a text needs are embedded. Cheap to clone.
#[derive(Clone)]
pub struct Font(Arc<Program>);

struct Program {
    data: Vec<u8>,
    index: u32,
    name: String,
    metrics: Metrics,
}

/// In thousandths of the text's size, as PDF counts (ISO 32000-2 §9.2.4).
#[derive(Debug, Clone, Copy)]
pub(super) struct Metrics {
    /// Units of the font in a thousandth of the size.
    scale: f64,
    pub(super) ascent: f64,
    /// Below the line: negative.
    pub(super) descent: f64,
    pub(super) capital_height: f64,
    pub(super) italic_angle: f64,
    pub(super) bounds: [f64; 4],
    pub(super) is_monospaced: bool,
}

/// One letter as it is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Glyph {
    pub(super) id: u16,
    pub(super) letter: char,
    pub(super) advance: f64,
    /// Lowest and highest point, where anything is drawn.
    pub(super) height: Option<(f64, f64)>,
}

impl Font {
    /// Reads a font, the first one of a collection (`.ttc`).
    ///
    /// # Errors
    /// `Malformed` when this is no OpenType font; `Unsupported` when it is variable or
    /// has no outlines; `Misuse` when its licence bits (`OS/2.fsType`) do not let a
    /// part of it be embedded; `LimitExceeded` beyond [`Limits::font_bytes`].
    pub fn from_bytes(data: &[u8], limits: &Limits) -> Result<Self> {
        Self::from_collection(data, 0, limits)
    }

    /// Reads the font of a collection with this number, counted from 0.
    ///
    /// # Errors
    /// As [`from_bytes`](Self::from_bytes).
    pub fn from_collection(data: &[u8], index: u32, limits: &Limits) -> Result<Self> {
        within(data.len(), limits.font_bytes, "bytes of a font")?;
        let face = parse(data, index)?;
        let name = name_of(&face);
        let table = |tag: &[u8; 4]| face.raw_face().table(Tag::from_bytes(tag)).is_some();
        if table(b"fvar") {
            return Err(Error::unsupported(format!(
                "the font {name} is variable: give one with fixed outlines"
            )));
        }
        if !table(b"glyf") && !table(b"CFF ") {
            return Err(Error::unsupported(format!("the font {name} has no outlines to embed")));
        }
        may_be_embedded(&face, &name)?;
        let metrics = Metrics::of(&face)?;
        Ok(Self(Arc::new(Program { data: data.to_vec(), index, name, metrics })))
    }

    /// Its PostScript name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether it has every letter of a text. Many fonts lack some of Vietnamese.
    #[must_use]
    pub fn has(&self, text: &str) -> bool {
        self.glyphs(&text.nfc().collect::<String>()).is_ok()
    }

    pub(super) fn metrics(&self) -> Metrics {
        self.0.metrics
    }

    pub(super) fn data(&self) -> (&[u8], u32) {
        (&self.0.data, self.0.index)
    }

    /// The letters of a text, which is composed (NFC).
    ///
    /// # Errors
    /// `Misuse` when the font lacks one of them.
    pub(super) fn glyphs(&self, text: &str) -> Result<Vec<Glyph>> {
        let face = parse(&self.0.data, self.0.index)?;
        text.chars().map(|letter| self.glyph(&face, letter)).collect()
    }

    fn glyph(&self, face: &Face<'_>, letter: char) -> Result<Glyph> {
        let id = face.glyph_index(letter).filter(|it| it.0 != 0).ok_or_else(|| {
            let (code, name) = (u32::from(letter), self.name());
            Error::misuse(format!("the font {name} has no letter {letter:?} (U+{code:04X})"))
        })?;
        let scale = self.0.metrics.scale;
        let advance = face.glyph_hor_advance(id).map_or(0.0, f64::from);
        let height = face
            .glyph_bounding_box(id)
            .map(|it| (f64::from(it.y_min) * scale, f64::from(it.y_max) * scale));
        Ok(Glyph { id: id.0, letter, advance: (advance * scale).round(), height })
    }

    /// How wide a glyph is, in thousandths of the size.
    pub(super) fn advances(&self, ids: impl Iterator<Item = u16>) -> Result<Vec<f64>> {
        let face = parse(&self.0.data, self.0.index)?;
        let scale = self.0.metrics.scale;
        let of = |id| face.glyph_hor_advance(GlyphId(id)).map_or(0.0, f64::from) * scale;
        Ok(ids.map(|id| of(id).round()).collect())
    }
}

impl fmt::Debug for Font {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Font").field(&self.0.name).finish()
    }
}

impl Metrics {
    fn of(face: &Face<'_>) -> Result<Self> {
        // OpenType: 16 to 16384.
        let units = Some(face.units_per_em()).filter(|it| *it >= 16);
        let units = units.ok_or_else(|| Error::malformed("a font has no size of its own"))?;
        let scale = 1000.0 / f64::from(units);
        let of = |it: i16| f64::from(it) * scale;
        let bounds = face.global_bounding_box();
        Ok(Self {
            scale,
            ascent: of(face.ascender()),
            descent: of(face.descender()),
            capital_height: of(face.capital_height().unwrap_or_else(|| face.ascender())),
            italic_angle: f64::from(face.italic_angle()),
            bounds: [of(bounds.x_min), of(bounds.y_min), of(bounds.x_max), of(bounds.y_max)],
            is_monospaced: face.is_monospaced(),
        })
    }
}

fn parse(data: &[u8], index: u32) -> Result<Face<'_>> {
    if !is_countable(data) {
        return Err(Error::malformed("a collection counts more fonts than it has bytes for"));
    }
    Face::parse(data, index)
        .map_err(|source| Error::malformed("this is no OpenType font").because(source))
}

/// Whether a collection has room for as many offsets as it counts: the parser reckons with
/// their bytes before it looks, beyond what its numbers hold.
fn is_countable(data: &[u8]) -> bool {
    const TAG_VERSION: usize = 8;
    let Some(collection) = data.strip_prefix(b"ttcf") else { return true };
    let count = collection.get(TAG_VERSION - 4..TAG_VERSION).unwrap_or_default();
    let count = count.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    let room = data.len().saturating_sub(TAG_VERSION + 4) / 4;
    u64::try_from(room).is_ok_and(|room| count <= room)
}

/// OpenType, `OS/2.fsType`. Without that table, as in fonts for one system only, nothing
/// is forbidden.
fn may_be_embedded(face: &Face<'_>, name: &str) -> Result<()> {
    let forbidden = |what: &str| {
        Err(Error::misuse(format!("the font {name} does not permit {what}: give another")))
    };
    let Some(licence) = face.tables().os2 else { return Ok(()) };
    if licence.permissions() == Some(Permissions::Restricted) {
        return forbidden("being embedded in documents");
    }
    if !licence.is_subsetting_allowed() {
        return forbidden("embedding a part of it");
    }
    if !licence.is_outline_embedding_allowed() {
        return forbidden("embedding its outlines");
    }
    Ok(())
}

/// ISO 32000-2 §9.8.1 Table 120: `/FontName` is the PostScript name.
fn name_of(face: &Face<'_>) -> String {
    const MOST: usize = 63;
    let names = face.names().into_iter();
    let name = names
        .filter(|it| it.name_id == name_id::POST_SCRIPT_NAME)
        .find_map(|it| it.to_string())
        .unwrap_or_default();
    let plain: String =
        name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(MOST).collect();
    if plain.is_empty() { "Font".to_owned() } else { plain }
}
