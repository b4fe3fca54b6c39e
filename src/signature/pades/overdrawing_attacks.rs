//! What a clerk's addition would seem to leave alone, and hides or makes another of what
//! the leader signed.

use super::addition_attacks::{FONT, FONTS, Objects, page, stream, updated, with_page};
use super::facts::LaterChanges;
use crate::encoding::pdf::content::samples;

/// A page that says this, with these fonts as `F` and `K`, and what is added to it.
fn onto(signed: &str, fonts: [&str; 2], content: &str, more: Objects<'_>) -> LaterChanges {
    let page = page("[50 0 R 4 0 R 52 0 R]", FONTS);
    let page = page.replace("/Type/Page", "/Type/Page/Annots[41 0 R]");
    let (signed, first, after) = (stream(signed), stream("q"), stream(content));
    let mut later = vec![(3, page.as_str()), (50, &first), (51, fonts[1]), (52, &after)];
    later.extend_from_slice(more);
    updated(&[(4, &signed), (10, fonts[0]), (11, &stream(BLANK))], &later).0.later_changes
}

const SUM: &str = "BT /F 12 Tf 20 150 Td (100) Tj ET";
/// Digits are said to be spaces.
const BLANK: &str = "1 begincodespacerange <00><ff> endcodespacerange \
                     3 beginbfchar <30><0020><31><0020><39><0020> endbfchar";

fn blank_font() -> String {
    FONT.replace(">>", "/ToUnicode 11 0 R>>")
}

#[test]
fn sum_that_gets_another_digit() {
    let small = "Q BT /K 5 Tf 38.2 156 Td (2) Tj ET";
    for (what, content) in [
        ("a digit behind", "Q BT /K 12 Tf 38.2 150 Td (0) Tj ET"),
        ("a digit behind, a little higher", "Q BT /K 12 Tf 38.2 151 Td (0) Tj ET"),
        ("a digit before", "Q BT /K 12 Tf 13.8 150 Td (9) Tj ET"),
        ("a minus sign", "Q BT /K 12 Tf 15.8 150 Td (-) Tj ET"),
        ("a minus sign that is drawn", "Q 15 153 4.5 1 re f"),
        ("thousands", "Q BT /K 12 Tf 38.2 150 Td (.000) Tj ET"),
        ("an exponent", small),
    ] {
        assert_eq!(onto(SUM, [FONT, FONT], content, &[]), LaterChanges::Other, "{what}");
    }
    let name = "BT /F 12 Tf 20 150 Td (Nguyen Van A) Tj ET";
    let more = "Q BT /K 12 Tf 89.6 150 Td (nh) Tj ET";
    assert_eq!(onto(name, [FONT, FONT], more, &[]), LaterChanges::Other);
    let decimals = "BT /F 12 Tf 20 150 Td (100.) Tj ET";
    let more = "Q BT /K 12 Tf 41.2 150 Td (000) Tj ET";
    assert_eq!(onto(decimals, [FONT, FONT], more, &[]), LaterChanges::Other);
}

#[test]
fn what_stands_apart_is_added() {
    for content in [
        "Q BT /K 12 Tf 50 150 Td (0) Tj ET",
        "Q BT /K 12 Tf 38.2 130 Td (0) Tj ET",
        "Q 60 140 60 20 re S",
    ] {
        assert_eq!(onto(SUM, [FONT, FONT], content, &[]), LaterChanges::ClerkAddition, "{content}");
    }
    // Up to the colon and to the slash, as numbers are.
    let number = "BT /F 12 Tf 20 150 Td (So:     /QD) Tj ET";
    let content = "Q BT /K 12 Tf 36.2 150 Td (1/15) Tj ET";
    assert_eq!(onto(number, [FONT, FONT], content, &[]), LaterChanges::Other);
    let content = "Q BT /K 12 Tf 36.2 150 Td (15) Tj ET";
    assert_eq!(onto(number, [FONT, FONT], content, &[]), LaterChanges::ClerkAddition);
}

/// Text that is said to be blank, and is not.
#[test]
fn text_that_is_said_to_be_blank() {
    let content = "Q BT /K 12 Tf 20 150 Td (999) Tj ET";
    assert_eq!(onto(SUM, [FONT, &blank_font()], content, &[]), LaterChanges::Other);
    assert_eq!(onto(SUM, [&blank_font(), FONT], content, &[]), LaterChanges::Other);
}

/// Readers take no heed of widths when they draw glyphs that they bring.
#[test]
fn glyphs_that_are_said_to_have_no_width() {
    let zero = vec!["0"; 224].join(" ");
    let widths = format!("/FirstChar 32/LastChar 255/Widths[{zero}]>>");
    let content = "Q BT /K 90 Tf 10 110 Td (W) Tj ET";
    for font in [FONT.to_owned(), FONT.replace("Times-Roman", "Arial-Black")] {
        let font = font.replace(">>", &widths);
        assert_eq!(onto(SUM, [FONT, &font], content, &[]), LaterChanges::Other, "{font}");
    }
}

/// Slanted letters reach into the next one's place.
#[test]
fn glyphs_that_reach_beyond_their_width() {
    let font = FONT.replace("Times-Roman", "Times-Italic");
    let content = "Q BT /K 60 Tf 2 115 Td (f) Tj ET";
    assert_eq!(onto(SUM, [FONT, &font], content, &[]), LaterChanges::Other);
}

/// The signed content's own colours are made others (ISO 32000-2 §8.6.5.6).
#[test]
fn colour_spaces_that_stand_for_those_of_devices() {
    let white = "[/Separation/Black/DeviceGray<</FunctionType 2/Domain[0 1]/C0[1]/C1[1]/N 1>>]";
    let streams = [(50, "q"), (52, "Q BT /K 9 Tf 5 5 Td (x) Tj ET")];
    for name in ["DefaultGray", "DefaultRGB", "DefaultCMYK"] {
        let resources = format!("{FONTS}/ColorSpace<</{name} {white}>>");
        let changes = with_page("[50 0 R 4 0 R 52 0 R]", &resources, &streams);
        assert_eq!(changes, LaterChanges::Other, "{name}");
    }
}

/// Corners that reach far beyond their lines.
#[test]
fn corners_of_lines() {
    for (what, content) in [
        ("a curve that is closed", "Q 6 w 60 M 120 152 m 150 151 150 155 120 153 c s"),
        ("a curve that turns back", "Q 6 w 60 M 120 152 m 40 152 40 152.1 120 152.2 c S"),
        ("a line that is closed", "Q 6 w 60 M 120 152 m 60 152.1 l h 120 152 m 9 9 l S"),
        ("the edges of text", "Q BT 2 Tr 2 w 60 M /K 12 Tf 70 153 Td (VVV) Tj ET"),
    ] {
        assert_eq!(onto(SUM, [FONT, FONT], content, &[]), LaterChanges::Other, "{what}");
    }
    let content = "Q 1 w 1 j 100 20 m 150 20 150 30 100 30 c s 20 140 m 90 140 l S";
    assert_eq!(onto(SUM, [FONT, FONT], content, &[]), LaterChanges::ClerkAddition);
}

/// What one stream begins another one ends: where the seam is in a string or a number, some
/// readers show a sum, and others show another.
#[test]
fn seams_that_make_another_of_what_was_signed() {
    let page =
        |contents: &str| page(contents, FONTS).replace("/Type/Page", "/Type/Page/Annots[41 0 R]");
    let with = |signed: [&str; 2], added: [&str; 2]| {
        let before = [stream(signed[0]), stream(signed[1])];
        let after = [stream("q"), stream(added[0]), stream(added[1])];
        let first = super::addition_attacks::page("[4 0 R 12 0 R]", "/Font<</F 10 0 R>>");
        let now = page("[50 0 R 4 0 R 12 0 R 52 0 R 53 0 R]");
        let prepared = [(3, first.as_str()), (4, &before[0]), (12, &before[1])];
        let later =
            [(3, now.as_str()), (50, &after[0]), (51, FONT), (52, &after[1]), (53, &after[2])];
        updated(&prepared, &later).0.later_changes
    };
    let (signed, added) = ([SUM, "0 g"], ["Q BT /K 12 Tf 60 150 Td ", "(5) Tj ET"]);
    assert_eq!(with(signed, added), LaterChanges::ClerkAddition);
    let other = LaterChanges::Other;
    assert_eq!(with(["BT /F 12 Tf 20 150 Td <31", "3530> Tj ET"], added), other);
    assert_eq!(with(["BT /F 12 Tf 20 150 Td [(1) 5", "0 (50)] TJ ET"], added), other);
    assert_eq!(with(signed, ["Q BT /K 12 Tf 6", "0 150 Td (5) Tj ET"]), other);
    assert_eq!(with(signed, ["Q BT /K 12 Tf 60 150 Td <35", "30> Tj ET"]), other);
    assert_eq!(with([SUM, "0 g 1"], ["50 w Q", "0 g"]), other);
}

fn hex(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|it| format!("{it:02x}")).collect();
    format!("<</Filter/ASCIIHexDecode/Length {}>>\nstream\n{digits}>\nendstream", digits.len() + 1)
}

/// A glyph of a font in the file, far from what was signed.
fn embedded(program: &[u8], kind: &str, map: &str) -> LaterChanges {
    let font = "<</Type/Font/Subtype/Type0/Encoding/Identity-H/BaseFont/X\
                /DescendantFonts[53 0 R]/ToUnicode 55 0 R>>";
    let descendant = format!("<</Subtype/{kind}/DW 600{map}/FontDescriptor<</FontFile2 54 0 R>>>>");
    let text = stream(
        "1 begincodespacerange <0000><ffff> endcodespacerange 1 beginbfchar <0001><0035> endbfchar",
    );
    let more = [(53, descendant.as_str()), (54, &hex(program)), (55, &text)];
    onto(SUM, [FONT, font], "Q BT /K 12 Tf 120 150 Td <0001> Tj ET", &more)
}

/// Readers put a glyph where its bearing says, whatever its points are (OpenType `hmtx`).
#[test]
fn glyphs_that_are_moved_by_their_bearing() {
    let identity = "/CIDToGIDMap/Identity";
    let with = |bearing| embedded(&samples::with_bearing(bearing), "CIDFontType2", identity);
    assert_eq!(with(100), LaterChanges::ClerkAddition);
    assert_eq!(with(-7000), LaterChanges::Other);
}

/// Maps to glyphs are for fonts of one type only (ISO 32000-2 Table 115).
#[test]
fn glyphs_by_a_map_that_is_not_read() {
    let identity = "/CIDToGIDMap/Identity";
    let program = samples::true_type();
    assert_eq!(embedded(&program, "CIDFontType2", identity), LaterChanges::ClerkAddition);
    assert_eq!(embedded(&program, "CIDFontType0", identity), LaterChanges::Other);
}

/// Poppler and MuPDF let a comment go on in the next stream.
#[test]
fn comments_that_swallow_what_follows() {
    let moved = "Q BT /K 12 Tf 20 150 Td %";
    let shown = "130 -130 Td\n(999) Tj ET";
    for (end, expected) in [
        ("", LaterChanges::Other),
        ("\n", LaterChanges::ClerkAddition),
        (" a\r", LaterChanges::ClerkAddition),
        ("\n% b", LaterChanges::Other),
    ] {
        let moved = format!("{moved}{end}");
        let streams = [(50, "q"), (52, &*moved), (53, shown)];
        let changes = with_page("[50 0 R 4 0 R 52 0 R 53 0 R]", FONTS, &streams);
        assert_eq!(changes, expected, "{moved}");
    }
    let signed = format!("{SUM} 1 0 0 1 20 20 cm % end");
    let content = "Q BT /K 12 Tf 120 20 Td (15) Tj ET";
    assert_eq!(onto(&signed, [FONT, FONT], content, &[]), LaterChanges::Other);
    // In a string, and at the very end, it is none.
    let signed = "BT /F 12 Tf 20 150 Td (100%) Tj ET";
    let content = "Q BT /K 12 Tf 120 20 Td (15) Tj ET % end";
    assert_eq!(onto(signed, [FONT, FONT], content, &[]), LaterChanges::ClerkAddition);
}
