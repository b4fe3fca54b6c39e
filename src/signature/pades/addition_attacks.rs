//! What a clerk adds to a page after the leader has signed, and what only looks like it.

use super::attacks::start_xref;
use super::tests::{signer, time};
use super::*;
use crate::encoding::pdf::content::samples;
use crate::encoding::pdf::sample;
use crate::limits::Limits;

pub(super) type Objects<'a> = &'a [(u32, &'a str)];

pub(super) const FONT: &str =
    "<</Type/Font/Subtype/Type1/BaseFont/Times-Roman/Encoding/WinAnsiEncoding>>";
const LEADER: &str = "BT /F 12 Tf 20 150 Td (So:        /QD-UBND) Tj ET 20 100 50 30 re S";
const NUMBER: &str = "Q q BT /K 12 Tf 38 150 Td (15) Tj ET Q";

pub(super) fn stream(data: &str) -> String {
    format!("<</Length {}>>\nstream\n{data}\nendstream", data.len())
}

pub(super) fn page(contents: &str, resources: &str) -> String {
    format!("<</Type/Page/Parent 2 0 R/Contents {contents}/Resources<<{resources}>>>>")
}

/// One page of a decision, with what is another before it was signed and after.
pub(super) fn updated(
    prepared: Objects<'_>,
    later: Objects<'_>,
) -> (PdfSignature, Vec<RevisionChanges>) {
    let (signed, contents) = (page("4 0 R", "/Font<</F 10 0 R>>"), stream(LEADER));
    let mut first = vec![(3, signed.as_str()), (4, contents.as_str()), (10, FONT)];
    first.extend_from_slice(prepared);
    let mut pdf = b"%PDF-1.7\n".to_vec();
    sample::append_table(&mut pdf, &sample::with(&first), "/Size 40/Root 1 0 R", None);
    let mut pdf = SignatureBuilder::new(&pdf, time()).sign(&signer()).unwrap();
    let prev = start_xref(&pdf);
    let later: Vec<_> = later.iter().map(|(n, body)| (*n, (*body).to_owned())).collect();
    sample::append_table(&mut pdf, &later, "/Size 70/Root 1 0 R", Some(prev));
    let found = parse(&pdf, &Limits::default()).unwrap();
    assert!(found.defects.is_empty(), "{:?}", found.defects);
    let changes = found.changes;
    (found.signatures.into_iter().find(|it| it.field == "Signature1").unwrap(), changes)
}

/// The signature's widget is on the page since it was signed.
const ADDED: &str = "/Annots[41 0 R]";
pub(super) const FONTS: &str = "/Font<</F 10 0 R/K 51 0 R>>";

pub(super) fn with_page(contents: &str, resources: &str, streams: Objects<'_>) -> LaterChanges {
    let page = page(contents, resources).replace("/Type/Page", &format!("/Type/Page{ADDED}"));
    let streams: Vec<_> = streams.iter().map(|(n, data)| (*n, stream(data))).collect();
    let mut later = vec![(3, page.as_str()), (51, FONT)];
    later.extend(streams.iter().map(|(n, body)| (*n, body.as_str())));
    updated(&[], &later).0.later_changes
}

/// Between `q` and `Q`, as iText, pyHanko, MuPDF and PDFBox write it.
fn added(content: &str) -> LaterChanges {
    with_page("[50 0 R 4 0 R 52 0 R]", FONTS, &[(50, "q"), (52, content)])
}

#[test]
fn number_and_date_are_told() {
    let page = page("[50 0 R 4 0 R 52 0 R]", FONTS);
    let page = page.replace("/Type/Page", "/Type/Page/Annots[41 0 R]");
    let (first, second) = (stream("q\n"), stream(NUMBER));
    let (signature, changes) = updated(&[], &[(3, &page), (50, &first), (51, FONT), (52, &second)]);
    assert_eq!(signature.later_changes, LaterChanges::ClerkAddition);
    assert_eq!((signature.drawn, signature.kinds.clerk_addition), (Some(3), true));
    let [change] = &changes[..] else { panic!("one revision: {changes:?}") };
    assert_eq!((change.revision, &change.pages[..]), (3, &[1][..]));
    let [drawing] = &change.drawings[..] else { panic!("one line: {change:?}") };
    assert_eq!((drawing.page, drawing.kind), (Some(1), DrawingKind::Text));
    assert_eq!(drawing.text, "15");
    let [left, bottom, right, top] = drawing.place;
    assert!(left == 38.0 && right == 50.0 && bottom > 147.0 && top < 162.0, "{drawing:?}");
}

#[test]
fn what_is_purely_added() {
    for content in [
        NUMBER,
        "Q\nq 1 0 0 1 120 20 cm 1 0 0 rg 0 0 30 30 re f Q BT /K 9 Tf 5 5 Td (x) Tj ET",
        "Q",
        // By a font of the page.
        "Q BT /F 9 Tf 5 5 Td (x) Tj ET",
    ] {
        assert_eq!(added(content), LaterChanges::ClerkAddition, "{content}");
    }
    let two = [(50, "q"), (52, "Q"), (53, "BT /K 9 Tf 5 5 Td (x) Tj ET")];
    let several = with_page("[50 0 R 4 0 R 52 0 R 53 0 R]", FONTS, &two);
    assert_eq!(several, LaterChanges::ClerkAddition);
}

#[test]
fn what_hides_or_touches_what_was_signed() {
    for (what, content) in [
        ("text over text", "Q BT /K 12 Tf 20 150 Td (15) Tj ET"),
        ("text that begins in text", "Q BT /K 12 Tf 30 150 Td (15) Tj ET"),
        ("a white box", "Q 1 g 20 145 60 20 re f"),
        ("a white box beside", "Q 1 g 120 20 9 9 re f"),
        ("a box", "Q 15 95 60 40 re f"),
        ("a line through it", "Q 0 155 m 200 155 l S"),
        ("a thick line beside it", "Q 40 w 0 180 m 200 180 l S"),
        ("scaled over all", "Q 500 0 0 500 0 0 cm BT /K 1 Tf (x) Tj ET"),
        ("scaled by its matrix", "Q BT /K 1 Tf 300 0 0 300 0 0 Tm (x) Tj ET"),
        ("far from the page", "Q BT /K 9 Tf 900 5 Td (x) Tj ET"),
        ("shading", "Q /S sh"),
    ] {
        assert_eq!(added(content), LaterChanges::Other, "{what}");
    }
}

#[test]
fn what_is_not_plainly_seen() {
    for (what, content) in [
        ("invisible", "Q BT 3 Tr /K 9 Tf 5 5 Td (x) Tj ET"),
        ("white text", "Q BT 1 g /K 9 Tf 5 5 Td (x) Tj ET"),
        ("in a layer", "Q /OC /M BDC BT /K 9 Tf 5 5 Td (x) Tj ET EMC"),
        ("marked", "Q /Span <</ActualText(y)>> BDC BT /K 9 Tf 5 5 Td (x) Tj ET EMC"),
        ("cut", "Q 5 5 2 2 re W n BT /K 9 Tf 5 5 Td (x) Tj ET"),
        ("of unknown glyphs", "Q BT /K 9 Tf 5 5 Td (\\001) Tj ET"),
        ("of an unknown font", "Q BT /Z 9 Tf 5 5 Td (x) Tj ET"),
        ("by an unknown operator", "Q 5 xyzzy"),
    ] {
        assert_eq!(added(content), LaterChanges::Other, "{what}");
    }
    let states = "/Font<</F 10 0 R/K 51 0 R>>/ExtGState<</G";
    for state in ["<</ca .1>>", "<</BM/Difference>>", "<</SMask<</S/Luminosity/G 4 0 R>>>>"] {
        let resources = format!("{states} {state}>>");
        let content = "Q /G gs BT /K 9 Tf 5 5 Td (x) Tj ET";
        let streams = [(50, "q"), (52, content)];
        let changes = with_page("[50 0 R 4 0 R 52 0 R]", &resources, &streams);
        assert_eq!(changes, LaterChanges::Other, "{state}");
    }
}

#[test]
fn what_the_old_content_is_drawn_in() {
    for (what, before) in [
        ("moved", "q 1 0 0 1 50 0 cm"),
        ("dashed", "q [1 9] 0 d"),
        ("coloured", "q 1 0 0 RG"),
        ("clipped away", "q 0 0 1 1 re W n"),
        ("in a layer", "q /OC /M BDC"),
        ("in a string", "q ("),
        ("under a box", "0 0 9 9 re f q"),
        ("not saved", ""),
    ] {
        let streams = [(50, before), (52, "Q")];
        let changes = with_page("[50 0 R 4 0 R 52 0 R]", FONTS, &streams);
        assert_eq!(changes, LaterChanges::Other, "{what}");
    }
    for (what, after) in
        [("not restored", "0 0 1 1 re n"), ("restored twice", "Q Q"), ("open", "Q q")]
    {
        assert_eq!(added(after), LaterChanges::Other, "{what}");
    }
}

/// The signed content itself leaves more saved than it restores.
#[test]
fn content_that_is_not_balanced() {
    let leaves = stream(&format!("q 2 0 0 2 0 0 cm [1 9] 0 d {LEADER}"));
    let with = |after: &str| {
        let page = page("[50 0 R 4 0 R 52 0 R]", FONTS);
        let page = page.replace("/Type/Page", "/Type/Page/Annots[41 0 R]");
        let (first, after) = (stream("q"), stream(after));
        let later = [(3, page.as_str()), (50, &first), (51, FONT), (52, &after)];
        updated(&[(4, &leaves)], &later).0.later_changes
    };
    assert_eq!(with("Q BT /K 9 Tf 150 5 Td (x) Tj ET"), LaterChanges::Other);
    assert_eq!(with("Q Q BT /K 9 Tf 150 5 Td (x) Tj ET"), LaterChanges::ClerkAddition);
    assert_eq!(with("Q Q Q BT /K 9 Tf 150 5 Td (x) Tj ET"), LaterChanges::Other);
}

#[test]
fn contents_that_are_not_the_old_ones() {
    for (what, contents, streams) in [
        ("replaced", "52 0 R", &[(52, LEADER)][..]),
        ("replaced and added", "[52 0 R 53 0 R]", &[(52, LEADER), (53, "q Q")]),
        ("rewritten", "[50 0 R 4 0 R 52 0 R]", &[(50, "q"), (52, "Q"), (4, "q Q")]),
        ("twice", "[50 0 R 4 0 R 52 0 R 4 0 R]", &[(50, "q"), (52, "Q")]),
        ("gone", "[50 0 R 52 0 R]", &[(50, "q"), (52, "Q")]),
    ] {
        assert_eq!(with_page(contents, FONTS, streams), LaterChanges::Other, "{what}");
    }
}

#[test]
fn resources_that_are_not_the_old_ones() {
    let streams = [(50, "q"), (52, "Q BT /K 9 Tf 5 5 Td (x) Tj ET")];
    for (what, resources) in [
        ("a font swapped", "/Font<</F 51 0 R/K 51 0 R>>"),
        ("a font gone", "/Font<</K 51 0 R>>"),
        ("a name twice", "/Font<</F 51 0 R/F 10 0 R/K 51 0 R>>"),
        ("another kind", "/Font<</F 10 0 R/K 51 0 R>>/Properties<</M 10 0 R>>"),
        ("colours swapped", "/Font<</F 10 0 R/K 51 0 R>>/ColorSpace<</DefaultGray[/Separation]>>"),
    ] {
        let changes = with_page("[50 0 R 4 0 R 52 0 R]", resources, &streams);
        assert_eq!(changes, LaterChanges::Other, "{what}");
    }
    // The font itself is another under its old number.
    let page = page("[50 0 R 4 0 R 52 0 R]", FONTS);
    let page = page.replace("/Type/Page", "/Type/Page/Annots[41 0 R]");
    let (first, after, symbol) =
        (stream("q"), stream(NUMBER), FONT.replace("Times-Roman", "Symbol"));
    let later = [(3, page.as_str()), (10, &symbol), (50, &first), (51, FONT), (52, &after)];
    assert_eq!(updated(&[], &later).0.later_changes, LaterChanges::Other);
}

/// What was signed waits for a name that is not there yet (shadow attack: hide and replace).
#[test]
fn content_that_waits_for_a_resource() {
    let waits = stream(&format!("{LEADER} /W Do"));
    let form = "<</Subtype/Form/BBox[0 0 9 9]/Length 12>>\nstream\n0 0 9 9 re f\nendstream";
    let page = page("[50 0 R 4 0 R 52 0 R]", "/Font<</F 10 0 R/K 51 0 R>>/XObject<</W 53 0 R>>");
    let page = page.replace("/Type/Page", "/Type/Page/Annots[41 0 R]");
    let (first, after) = (stream("q"), stream(NUMBER));
    let later = [(3, page.as_str()), (50, &first), (51, FONT), (52, &after), (53, form)];
    assert_eq!(updated(&[(4, &waits)], &later).0.later_changes, LaterChanges::Other);
    assert_eq!(updated(&[], &later).0.later_changes, LaterChanges::ClerkAddition);
}

/// Everything else of the page stays as it is.
#[test]
fn pages_that_are_cropped_or_turned() {
    for entry in ["/CropBox[0 0 99 99]", "/Rotate 180", "/UserUnit 2", "/MediaBox[0 0 99 99]"] {
        let page = page("[50 0 R 4 0 R 52 0 R]", FONTS);
        let page = page.replace("/Type/Page", &format!("/Type/Page/Annots[41 0 R]{entry}"));
        let (first, after) = (stream("q"), stream(NUMBER));
        let later = [(3, page.as_str()), (50, &first), (51, FONT), (52, &after)];
        assert_eq!(updated(&[], &later).0.later_changes, LaterChanges::Other, "{entry}");
    }
}

/// Something stands on an annotation, and not on the page's own content.
#[test]
fn drawing_over_annotations() {
    let stamp = "<</Type/Annot/Subtype/Stamp/Rect[0 0 20 20]>>";
    let signed =
        page("4 0 R", "/Font<</F 10 0 R>>").replace("/Type/Page", "/Type/Page/Annots[11 0 R]");
    let page = page("[50 0 R 4 0 R 52 0 R]", FONTS);
    let page = page.replace("/Type/Page", "/Type/Page/Annots[11 0 R 41 0 R]");
    let with = |content: &str| {
        let (first, after) = (stream("q"), stream(content));
        let later = [(3, page.as_str()), (50, &first), (51, FONT), (52, &after)];
        updated(&[(3, &signed), (11, stamp)], &later).0.later_changes
    };
    assert_eq!(with("Q BT /K 9 Tf 5 5 Td (x) Tj ET"), LaterChanges::Other);
    assert_eq!(with("Q BT /K 9 Tf 50 5 Td (x) Tj ET"), LaterChanges::ClerkAddition);
}

/// A producer's white page is paper; a white box on something is not.
#[test]
fn white_areas_under_what_was_signed() {
    let with = |leader: &str| {
        let page = page("[50 0 R 4 0 R 52 0 R]", FONTS);
        let page = page.replace("/Type/Page", "/Type/Page/Annots[41 0 R]");
        let (signed, first, after) = (stream(leader), stream("q"), stream(NUMBER));
        let later = [(3, page.as_str()), (50, &first), (51, FONT), (52, &after)];
        updated(&[(4, &signed)], &later).0.later_changes
    };
    assert_eq!(with(&format!("q 1 g 0 0 200 200 re f Q {LEADER}")), LaterChanges::ClerkAddition);
    assert_eq!(with(&format!("{LEADER} q 1 g 0 0 200 200 re f Q")), LaterChanges::Other);
    assert_eq!(with(&format!("q .9 g 0 0 200 200 re f Q {LEADER}")), LaterChanges::Other);
}

/// The page stays as it is, and what it leads to grows.
#[test]
fn contents_and_resources_that_grow_in_place() {
    let signed = "<</Type/Page/Parent 2 0 R/Contents 12 0 R/Resources 13 0 R>>";
    let resources = "<</Font<</F 10 0 R>>>>";
    let (first, after) = (stream("q"), stream(NUMBER));
    let with = |prepared: Objects<'_>, resources: &str| {
        let mut before = vec![(3, signed), (12, "[4 0 R]"), (13, "<</Font<</F 10 0 R>>>>")];
        before.extend_from_slice(prepared);
        let grown = [(12, "[50 0 R 4 0 R 52 0 R]"), (13, resources)];
        let new = [(50, first.as_str()), (51, FONT), (52, after.as_str())];
        updated(&before, &[&grown[..], &new[..]].concat()).0.later_changes
    };
    let grown = "<</Font<</F 10 0 R/K 51 0 R>>>>";
    assert_eq!(with(&[], grown), LaterChanges::ClerkAddition);
    assert_eq!(with(&[], "<</Font<</F 51 0 R/K 51 0 R>>>>"), LaterChanges::Other);
    // Another page has the same resources, and may wait for the name.
    let pages = (2, "<</Type/Pages/Kids[3 0 R 14 0 R]/Count 2/MediaBox[0 0 200 200]>>");
    let other = (14, "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources 13 0 R>>");
    assert_eq!(with(&[pages, other], grown), LaterChanges::Other);
    let own = (14, "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources 15 0 R>>");
    assert_eq!(with(&[pages, own, (15, resources)], grown), LaterChanges::ClerkAddition);
}

/// What a font says of its glyphs is not what it draws.
#[test]
fn fonts_in_the_file() {
    let hex = |bytes: &[u8]| {
        let digits: String = bytes.iter().map(|it| format!("{it:02x}")).collect();
        format!(
            "<</Filter/ASCIIHexDecode/Length {}>>\nstream\n{digits}>\nendstream",
            digits.len() + 1
        )
    };
    let honest = samples::true_type();
    let mut huge = honest.clone();
    let at = huge.windows(4).position(|it| it == [0, 100, 1, 0x90]).unwrap();
    huge[at + 2] = 0x7f;
    let with = |program: &[u8], key: &str| {
        let page = page("[50 0 R 4 0 R 52 0 R]", FONTS);
        let page = page.replace("/Type/Page", "/Type/Page/Annots[41 0 R]");
        let (first, after) = (stream("q"), stream("Q BT /K 12 Tf 38 150 Td <0001> Tj ET"));
        let font = "<</Type/Font/Subtype/Type0/Encoding/Identity-H/BaseFont/X\
                    /DescendantFonts[53 0 R]/ToUnicode 55 0 R>>";
        let descendant = format!(
            "<</Subtype/CIDFontType2/DW 600/CIDToGIDMap/Identity/FontDescriptor<<{key} 54 0 R>>>>"
        );
        let map = stream(
            "1 begincodespacerange <0000><ffff> endcodespacerange 1 beginbfchar <0001><0035> endbfchar",
        );
        let later = [
            (3, page.as_str()),
            (50, &first),
            (51, font),
            (52, &after),
            (53, &descendant),
            (54, &hex(program)),
            (55, &map),
        ];
        updated(&[], &later).0.later_changes
    };
    assert_eq!(with(&honest, "/FontFile2"), LaterChanges::ClerkAddition);
    assert_eq!(with(&huge, "/FontFile2"), LaterChanges::Other);
    assert_eq!(with(&honest, "/FontFile3"), LaterChanges::Other);
    assert_eq!(with(&honest[..40], "/FontFile2"), LaterChanges::Other);
}

/// A font that the reader brings is drawn as the reader has it.
#[test]
fn fonts_of_the_reader() {
    let with = |font: &str, content: &str| {
        let page = page("[50 0 R 4 0 R 52 0 R]", FONTS);
        let page = page.replace("/Type/Page", "/Type/Page/Annots[41 0 R]");
        let (first, after) = (stream("q"), stream(content));
        let map = stream(
            "1 begincodespacerange <00><ff> endcodespacerange 1 beginbfchar <31><0037> endbfchar",
        );
        let later = [(3, page.as_str()), (50, &first), (51, font), (52, &after), (56, &map)];
        let (signature, changes) = updated(&[], &later);
        let drawing = changes[0].drawings.first().map(|it| it.text.clone());
        (signature.later_changes, drawing)
    };
    let font = |entries: &str| {
        format!(
            "<</Type/Font/Subtype/TrueType/Encoding/WinAnsiEncoding/ToUnicode 56 0 R{entries}>>"
        )
    };
    let widths = |width: &str| format!("/FirstChar 32/Widths[{}]", format!("{width} ").repeat(96));
    let times = |width| font(&format!("/BaseFont/TimesNewRomanPSMT{}", widths(width)));
    // It says "7", and the reader draws "1".
    let told = with(&times("500"), "Q BT /K 12 Tf 38 150 Td (1) Tj ET");
    assert_eq!(told, (LaterChanges::ClerkAddition, Some("1".to_owned())));
    // Widths of nothing do not make glyphs narrow.
    let narrow = with(&times("0"), "Q BT /K 90 Tf 1 141 Td (M) Tj ET");
    assert_eq!(narrow.0, LaterChanges::Other);
    // Who knows how far the glyphs of that one reach?
    let unknown = font(&format!("/BaseFont/Zapfino{}", widths("500")));
    assert_eq!(with(&unknown, "Q BT /K 12 Tf 38 150 Td (1) Tj ET").0, LaterChanges::Other);
}
