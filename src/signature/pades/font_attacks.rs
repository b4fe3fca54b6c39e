//! Pages whose fonts were prepared to say something else than they draw, so that a later
//! addition makes another of what the leader signed.

use super::addition_attacks::{FONT, FONTS, page, stream, updated};
use super::facts::LaterChanges;
use crate::encoding::pdf::content::samples::{SHAPES, cff_of, true_type_of, type_1_of};

use LaterChanges::{ClerkAddition, Other};

fn hex(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|it| format!("{it:02x}")).collect();
    format!("<</Filter/ASCIIHexDecode/Length {}>>\nstream\n{digits}>\nendstream", digits.len() + 1)
}

/// How a font stands in the file.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// By the numbers of glyphs, as word processors write it.
    TrueType,
    /// So, too, with the outlines of OpenType.
    Cff,
    /// By the names of glyphs.
    SimpleTrueType,
    SimpleCff,
    Type1,
}

const KINDS: [Kind; 5] =
    [Kind::TrueType, Kind::Cff, Kind::SimpleTrueType, Kind::SimpleCff, Kind::Type1];

impl Kind {
    /// The font, its descendant and its program, as objects 10, 12 and 13.
    fn objects(self) -> [String; 3] {
        let differences: String = SHAPES.iter().map(|it| format!("/{}", it.0)).collect();
        let composite = |kind: &str, program: &str| {
            let font = "<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H\
                        /DescendantFonts[12 0 R]/ToUnicode 14 0 R>>";
            let descriptor = format!("/FontDescriptor<</Flags 4/{program} 13 0 R>>");
            [font.to_owned(), format!("<</Subtype/{kind}/DW 600{descriptor}>>")]
        };
        let simple = |kind: &str, program: &str| {
            let widths = "600 ".repeat(SHAPES.len());
            let font = format!(
                "<</Type/Font/Subtype/{kind}/BaseFont/X/FirstChar 1/Widths[{widths}]\
                 /FontDescriptor<</Flags 4/{program} 13 0 R>>\
                 /Encoding<</Differences[1{differences}]>>/ToUnicode 14 0 R>>"
            );
            [font, "null".to_owned()]
        };
        let ([font, descendant], program) = match self {
            Self::TrueType => (composite("CIDFontType2", "FontFile2"), true_type_of(&SHAPES)),
            Self::Cff => (composite("CIDFontType0", "FontFile3"), cff_of(&SHAPES)),
            Self::SimpleTrueType => (simple("TrueType", "FontFile2"), true_type_of(&SHAPES)),
            Self::SimpleCff => (simple("Type1", "FontFile3"), cff_of(&SHAPES)),
            Self::Type1 => (simple("Type1", "FontFile"), type_1_of(&SHAPES)),
        };
        [font, descendant, hex(&program)]
    }

    /// A string of these glyphs.
    fn string(self, names: &[&str]) -> String {
        let code = |name: &&str| SHAPES.iter().position(|it| it.0 == *name).unwrap() + 1;
        let two = matches!(self, Self::TrueType | Self::Cff);
        let digit = |code| if two { format!("{code:04x}") } else { format!("{code:02x}") };
        format!("<{}>", names.iter().map(code).map(digit).collect::<String>())
    }

    /// What text the glyphs are said to stand for.
    fn map(self, texts: &[(&str, char)]) -> String {
        let lines = texts
            .iter()
            .map(|(name, text)| format!("{} <{:04x}> ", self.string(&[name]), u32::from(*text)));
        let (low, high) =
            if self.string(&["one"]).len() > 4 { ("0000", "ffff") } else { ("00", "ff") };
        stream(&format!(
            "1 begincodespacerange <{low}><{high}> endcodespacerange {} beginbfchar {}endbfchar",
            texts.len(),
            lines.collect::<String>()
        ))
    }
}

/// A page with these glyphs at (20, 150), 12 points high and 7.2 wide each, said to be these
/// texts; and what is added to it.
fn onto(kind: Kind, glyphs: &[&str], texts: &[(&str, char)], added: &str) -> LaterChanges {
    let [font, descendant, program] = kind.objects();
    onto_font(&[&font, &descendant, &program, &kind.map(texts)], &kind.string(glyphs), added)
}

fn onto_font(font: &[&str; 4], string: &str, added: &str) -> LaterChanges {
    let now = page("[50 0 R 4 0 R 52 0 R]", FONTS);
    let now = now.replace("/Type/Page", "/Type/Page/Annots[41 0 R]");
    let signed = stream(&format!("BT /F 12 Tf 20 150 Td {string} Tj ET"));
    let (first, after) = (stream("q"), stream(added));
    let later = [(3, now.as_str()), (50, &first), (51, FONT), (52, &after)];
    let [font, descendant, program, map] = font;
    let prepared = [(4, &*signed), (10, font), (12, descendant), (13, program), (14, map)];
    updated(&prepared, &later).0.later_changes
}

const HONEST: [(&str, char); 6] =
    [("space", ' '), ("one", '1'), ("zero", '0'), ("colon", ':'), ("slash", '/'), ("hyphen", '-')];

/// Text at this place on the line.
fn at(left: f64, text: &str) -> String {
    format!("Q BT /K 12 Tf {left} 150 Td ({text}) Tj ET")
}

/// What the leader saw blank is filled up to the marks beside it, whatever kind of font the
/// page has.
#[test]
fn numbers_between_the_marks_of_honest_fonts() {
    for kind in KINDS {
        for (left, right) in [("colon", "slash"), ("hyphen", "hyphen"), ("slash", "colon")] {
            let glyphs = [&[left][..], &["space"; 4], &[right, "one"]].concat();
            let changes = onto(kind, &glyphs, &HONEST, &at(28.0, "1234"));
            assert_eq!(changes, ClerkAddition, "{kind:?} {left}");
            assert_eq!(onto(kind, &glyphs, &HONEST, &at(24.0, "1")), Other, "{kind:?} {left}");
        }
        let apart = onto(kind, &["one", "zero"], &HONEST, &at(50.0, "15"));
        assert_eq!(apart, ClerkAddition, "{kind:?}");
        assert_eq!(onto(kind, &["one", "zero"], &HONEST, &at(38.0, "15")), Other, "{kind:?}");
    }
}

/// "1" is said to be a colon: what follows is another sum.
#[test]
fn digits_that_are_said_to_be_marks() {
    for kind in KINDS {
        for said in [':', '/', '-', '–', '(', ')', '.', ',', '…', '\u{2022}', '²'] {
            let texts = [("one", said), ("zero", said)];
            for digit in ["one", "zero"] {
                let behind = onto(kind, &[digit], &texts, &at(30.0, "50"));
                assert_eq!(behind, Other, "{kind:?} {said}");
                let before = onto(kind, &[digit], &texts, &at(10.0, "9"));
                assert_eq!(before, Other, "{kind:?} {said}");
            }
        }
        // Nothing is said at all.
        assert_eq!(onto(kind, &["one"], &[], &at(30.0, "50")), Other, "{kind:?}");
        // One mark is said to be another.
        let texts = [("slash", ':'), ("colon", '-')];
        for mark in ["slash", "colon"] {
            assert_eq!(onto(kind, &[mark], &texts, &at(28.0, "5")), Other, "{kind:?} {mark}");
        }
    }
}

/// The outline tells what is blank, and nothing else does.
#[test]
fn ink_that_is_said_to_be_blank() {
    for kind in KINDS {
        let texts = [("one", ' '), ("space", '1'), ("colon", ':')];
        let on = onto(kind, &["colon", "one", "one"], &texts, &at(29.0, "8"));
        assert_eq!(on, Other, "{kind:?}");
        let on = onto(kind, &["colon", "space", "space"], &texts, &at(29.0, "8"));
        assert_eq!(on, ClerkAddition, "{kind:?}");
    }
}

/// A glyph is said to be as wide as others, and reaches over half of the page.
#[test]
fn ink_where_there_is_said_to_be_none() {
    for kind in KINDS {
        let texts = [("wide", 'x')];
        assert_eq!(onto(kind, &["wide"], &texts, &at(60.0, "15")), Other, "{kind:?}");
        assert_eq!(onto(kind, &["wide"], &texts, &at(90.0, "15")), ClerkAddition, "{kind:?}");
    }
}

/// What is not understood of a font may be drawn anywhere.
#[test]
fn programs_that_are_not_understood() {
    for kind in KINDS {
        let [font, descendant, program] = kind.objects();
        let map = kind.map(&HONEST);
        let broken = stream("no font");
        let string = kind.string(&["one"]);
        for (program, expected) in [(&broken, Other), (&program, ClerkAddition)] {
            let font = [&*font, &descendant, program, &map];
            assert_eq!(onto_font(&font, &string, &at(120.0, "15")), expected, "{kind:?}");
        }
    }
}

/// Readers find a glyph by a name that nobody else knows, and others by the byte.
#[test]
fn glyphs_by_names_that_are_made_up() {
    let mut shapes = SHAPES;
    shapes[1].0 = "zork";
    let program = hex(&true_type_of(&shapes));
    let font = |name: &str| {
        format!(
            "<</Type/Font/Subtype/TrueType/BaseFont/X/FirstChar 65/Widths[600]/ToUnicode 14 0 R\
             /FontDescriptor<</Flags 4/FontFile2 13 0 R>>/Encoding<</Differences[65/{name}]>>>>"
        )
    };
    let map = stream(
        "1 begincodespacerange <00><ff> endcodespacerange 1 beginbfchar <41><0020> endbfchar",
    );
    for (name, expected) in [("zork", Other), ("zero", Other), ("space", ClerkAddition)] {
        let font = [&font(name), "null", &program, &map];
        let changes = onto_font(&font, "<41>", &at(21.0, "8"));
        assert_eq!(changes, expected, "{name}");
    }
}

/// A dash that is turned is a one.
#[test]
fn marks_that_are_turned_or_stretched() {
    let kind = Kind::TrueType;
    let [font, descendant, program] = kind.objects();
    let map = kind.map(&HONEST);
    let with = |string: String| {
        let font = [&*font, &descendant, &program, &map];
        onto_font(&font, &string, &at(28.0, "50"))
    };
    let (dash, slash) = (kind.string(&["hyphen"]), kind.string(&["slash"]));
    assert_eq!(with(dash.clone()), ClerkAddition);
    assert_eq!(with(format!("0 2 -2 0 30 148 Tm {dash}")), Other);
    assert_eq!(with(format!("10 Tz {dash}")), Other);
    assert_eq!(with(slash.clone()), ClerkAddition);
    assert_eq!(with(format!("60 Tz {slash}")), Other);
    assert_eq!(with(format!("1 0 -.4 1 30 150 Tm {slash}")), Other);
}

/// The glyphs of the font lie on their side, and so does the page: what is seen behind a
/// number stands below it.
#[test]
fn glyphs_and_pages_that_are_turned() {
    for (rotate, expected) in
        [("", ClerkAddition), ("/Rotate 0", ClerkAddition), ("/Rotate 90", Other)]
    {
        let turned = |it: String| it.replace("/Type/Page", &format!("/Type/Page{rotate}"));
        let before = turned(page("4 0 R", "/Font<</F 10 0 R>>"));
        let now = turned(page("[50 0 R 4 0 R 52 0 R]", FONTS));
        let now = now.replace("/Type/Page", "/Type/Page/Annots[41 0 R]");
        let signed = stream("BT /F 12 Tf 20 150 Td (1) Tj ET");
        let (first, after) = (stream("q"), stream("Q BT /K 12 Tf 20 135 Td (5) Tj ET"));
        let later = [(3, now.as_str()), (50, &first), (51, FONT), (52, &after)];
        let changes = updated(&[(3, &before), (4, &signed)], &later).0.later_changes;
        assert_eq!(changes, expected, "{rotate}");
    }
}
