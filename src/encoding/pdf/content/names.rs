//! Names of glyphs, and what encodings and the standard fonts have them for
//! (ISO 32000-2 Annex D, §9.6.2.2).
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::HashMap;
use std::sync::OnceLock;

use super::letters::composed;

/// Name, character, codes in [`Encoding`]s, widths in [`FAMILIES`].
struct Row {
    name: &'static str,
    character: char,
    codes: [Option<u8>; 3],
    widths: [u16; 6],
}

/// The Latin character set, as ISO 32000-2 Table D.2 has it, with the widths of Adobe's
/// metrics of the standard fonts.
const TABLE: &str = include_str!("glyphs.txt");

const FAMILIES: [&str; 6] = [
    "Helvetica",
    "Helvetica-Bold",
    "Times-Roman",
    "Times-Bold",
    "Times-Italic",
    "Times-BoldItalic",
];

fn rows() -> &'static [Row] {
    static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
    ROWS.get_or_init(|| TABLE.lines().filter_map(row).collect())
}

fn row(line: &'static str) -> Option<Row> {
    let mut words = line.split(' ');
    let name = words.next()?;
    let character = char::from_u32(u32::from_str_radix(words.next()?, 16).ok()?)?;
    let mut codes = [None; 3];
    for code in &mut codes {
        *code = u8::from_str_radix(words.next()?, 16).ok();
    }
    let mut widths = [0; 6];
    for width in &mut widths {
        *width = words.next()?.parse().ok()?;
    }
    Some(Row { name, character, codes, widths })
}

/// A predefined encoding (ISO 32000-2 §9.6.5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Standard,
    MacRoman,
    WinAnsi,
}

impl Encoding {
    pub(super) fn named(name: &[u8]) -> Option<Self> {
        match name {
            b"StandardEncoding" => Some(Self::Standard),
            b"MacRomanEncoding" => Some(Self::MacRoman),
            b"WinAnsiEncoding" => Some(Self::WinAnsi),
            _ => None,
        }
    }

    fn code(self, row: &Row) -> Option<u8> {
        let [standard, mac, win] = row.codes;
        match self {
            Self::Standard => standard,
            Self::MacRoman => mac,
            Self::WinAnsi => win,
        }
    }

    /// Codes and the names of the glyphs that they stand for.
    pub(super) fn names(self) -> impl Iterator<Item = (u8, &'static str)> {
        let more: &[(u8, &str)] = match self {
            Self::Standard => &[],
            Self::MacRoman => &[(0xca, "space")],
            Self::WinAnsi => &[(0xa0, "space"), (0xad, "hyphen")],
        };
        let rows = rows().iter().filter_map(move |row| Some((self.code(row)?, row.name)));
        rows.chain(more.iter().copied())
    }

    /// Codes and the characters they stand for.
    pub(super) fn characters(self) -> impl Iterator<Item = (u8, char)> {
        let more: &[(u8, char)] = match self {
            Self::Standard => &[],
            Self::MacRoman => &[(0xca, ' ')],
            // The non-breaking space and the soft hyphen (Table D.2, notes).
            Self::WinAnsi => &[(0xa0, ' '), (0xad, '-')],
        };
        let rows = rows().iter().filter_map(move |row| Some((self.code(row)?, row.character)));
        rows.chain(more.iter().copied())
    }
}

/// The text that a glyph of this name shows, composed; nothing where the name does not
/// tell.
pub(super) fn text_of(name: &[u8]) -> Option<String> {
    /// Bytes of a name that writers may count on (ISO 32000-1 Annex C).
    const LONGEST: usize = 127;
    let name = std::str::from_utf8(name).ok().filter(|it| it.len() <= LONGEST)?;
    // What follows a full stop tells variants (Adobe Glyph List specification, 2).
    let name = name.split('.').next().filter(|it| !it.is_empty())?;
    let text: Option<String> = name.split('_').map(part).collect();
    text.map(|it| composed(&it))
}

fn part(name: &str) -> Option<String> {
    static NAMES: OnceLock<HashMap<&str, char>> = OnceLock::new();
    let names = NAMES.get_or_init(|| rows().iter().map(|it| (it.name, it.character)).collect());
    if let Some(character) = names.get(name) {
        return Some(character.to_string());
    }
    if let Some(digits) = name.strip_prefix("uni").filter(|it| it.len() >= 4) {
        let units = digits
            .as_bytes()
            .chunks(4)
            .map(|it| u16::from_str_radix(std::str::from_utf8(it).ok()?, 16).ok());
        let units: Option<Vec<u16>> = units.collect();
        return units.and_then(|it| String::from_utf16(&it).ok());
    }
    let digits = name.strip_prefix('u').filter(|it| (4..=6).contains(&it.len()));
    if let Some(code) = digits.and_then(|it| u32::from_str_radix(it, 16).ok()) {
        return char::from_u32(code).map(String::from);
    }
    accented(name)
}

/// `Acircumflexacute`: a letter and its marks.
fn accented(name: &str) -> Option<String> {
    const MARKS: [(&str, char); 9] = [
        ("grave", '\u{300}'),
        ("hookabove", '\u{309}'),
        ("tilde", '\u{303}'),
        ("acute", '\u{301}'),
        ("dotbelow", '\u{323}'),
        ("circumflex", '\u{302}'),
        ("breve", '\u{306}'),
        ("horn", '\u{31b}'),
        ("dieresis", '\u{308}'),
    ];
    match name {
        "Dcroat" | "Dslash" => return Some("Đ".to_owned()),
        "dcroat" | "dslash" | "dmacron" => return Some("đ".to_owned()),
        _ => {}
    }
    let mut letters = name.chars();
    let letter = letters.next().filter(char::is_ascii_alphabetic)?;
    let (mut text, mut rest) = (letter.to_string(), letters.as_str());
    while !rest.is_empty() {
        let (word, mark) = MARKS.iter().find(|it| rest.starts_with(it.0))?;
        text.push(*mark);
        rest = rest.strip_prefix(word)?;
    }
    Some(text)
}

/// One of the standard Latin fonts, which need not say their widths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standard {
    Courier,
    /// Its place in [`FAMILIES`].
    Family(usize),
}

impl Standard {
    /// By its own name, or by the one that Windows has for a font of the same metrics.
    pub(super) fn named(name: &[u8]) -> Option<Self> {
        let name = std::str::from_utf8(name).ok()?.replace(' ', "");
        let (family, style) = name.split_once(['-', ',']).unwrap_or((&name, ""));
        let style = style.strip_suffix("MT").unwrap_or(style);
        let (bold, slanted) = match style {
            "" | "Roman" => (false, false),
            "Bold" => (true, false),
            "Italic" | "Oblique" => (false, true),
            "BoldItalic" | "BoldOblique" => (true, true),
            _ => return None,
        };
        let family = match (family, bold, slanted) {
            ("Courier" | "CourierNew" | "CourierNewPS" | "CourierNewPSMT", ..) => {
                return Some(Self::Courier);
            }
            ("Helvetica" | "Arial" | "ArialMT", false, _) => "Helvetica",
            ("Helvetica" | "Arial", true, _) => "Helvetica-Bold",
            ("Times" | "TimesNewRoman" | "TimesNewRomanPS" | "TimesNewRomanPSMT", ..) => {
                match (bold, slanted) {
                    (false, false) => "Times-Roman",
                    (true, false) => "Times-Bold",
                    (false, true) => "Times-Italic",
                    (true, true) => "Times-BoldItalic",
                }
            }
            _ => return None,
        };
        FAMILIES.iter().position(|it| *it == family).map(Self::Family)
    }

    /// In thousandths of the size.
    pub(super) fn width(self, character: char) -> Option<f64> {
        match self {
            Self::Courier => Some(600.0),
            Self::Family(family) => {
                let row = rows().iter().find(|it| it.character == character)?;
                row.widths.get(family).map(|it| f64::from(*it))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole() {
        assert_eq!(rows().len(), TABLE.lines().count());
        let codes = |encoding: Encoding| encoding.characters().collect::<HashMap<_, _>>();
        let (standard, mac, win) =
            (codes(Encoding::Standard), codes(Encoding::MacRoman), codes(Encoding::WinAnsi));
        assert_eq!((standard.len(), win.len()), (149, 218));
        assert_eq!((standard[&0x27], win[&0x27], mac[&0x80], win[&0x80]), ('’', '\'', 'Ä', '€'));
    }

    #[test]
    fn names_tell_text() {
        for (name, text) in [
            ("A", "A"),
            ("Acircumflexacute", "Ấ"),
            ("uhorndotbelow", "ự"),
            ("uni1EA4", "Ấ"),
            ("uni00410301", "Á"),
            ("u1EA5.alt", "ấ"),
            ("f_i", "fi"),
            ("dcroat", "đ"),
        ] {
            assert_eq!(text_of(name.as_bytes()).as_deref(), Some(text), "{name}");
        }
        let long = "f_".repeat(1_000) + "f";
        for name in [&long, "", ".notdef", "g12", "Axyz", "uniXYZW", "c\u{e9}"] {
            assert_eq!(text_of(name.as_bytes()), None, "{name}");
        }
    }

    #[test]
    fn standard_fonts_have_widths() {
        let width = |font: &[u8], letter| Standard::named(font).and_then(|it| it.width(letter));
        assert_eq!(width(b"Helvetica", 'A'), Some(667.0));
        assert_eq!(width(b"Helvetica-BoldOblique", 'A'), Some(722.0));
        assert_eq!(width(b"Times-BoldItalic", 'A'), Some(667.0));
        assert_eq!(width(b"Courier-Bold", '€'), Some(600.0));
        assert_eq!(width(b"TimesNewRomanPS-BoldMT", 'A'), Some(722.0));
        assert_eq!(width(b"Arial,BoldItalic", 'A'), Some(722.0));
        assert_eq!(width(b"ArialMT", 'A'), Some(667.0));
        assert_eq!((width(b"Arial-Black", 'A'), width(b"Zapfino", 'A')), (None, None));
        assert_eq!((width(b"Symbol", 'A'), width(b"Times-Roman", 'ấ')), (None, None));
    }
}
