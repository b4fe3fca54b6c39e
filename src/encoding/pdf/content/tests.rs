//! Pages that draw, and where.
#![allow(clippy::float_cmp, clippy::unwrap_in_result)]

use super::*;
use crate::encoding::pdf::{Reader, page_at, sample};
use crate::error::ErrorKind;

const HELVETICA: &str = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>";

pub(super) fn stream(entries: &str, data: &str) -> String {
    format!("<<{entries}/Length {}>>\nstream\n{data}\nendstream", data.len())
}

/// A page with this content, and the objects from 10 on.
pub(super) fn drawn_with(
    limits: &Limits,
    contents: &[&str],
    resources: &str,
    more: &[(u32, &str)],
) -> Result<Marks> {
    let numbers: Vec<String> = (0..contents.len()).map(|n| format!("{} 0 R", 30 + n)).collect();
    let page = format!(
        "<</Type/Page/Parent 2 0 R/Contents[{}]/Resources<<{resources}>>>>",
        numbers.join(" ")
    );
    let streams: Vec<String> = contents.iter().map(|it| stream("", it)).collect();
    let mut objects = vec![(3, page.as_str()), (10, HELVETICA)];
    objects.extend_from_slice(more);
    objects.extend((30..).zip(streams.iter().map(String::as_str)));
    let file = sample::table(&sample::with(&objects));
    let source = &file.as_slice();
    let reader = Reader::open(source, limits).unwrap();
    let (_, page) = page_at(reader.newest(), 0).unwrap().unwrap();
    page_marks(reader.newest(), &page, limits)
}

const RESOURCES: &str = "/Font<</F 10 0 R/G 11 0 R>>/XObject<</X 12 0 R>>/ExtGState<</S 13 0 R>>";

fn drawn(content: &str, more: &[(u32, &str)]) -> Marks {
    drawn_with(&Limits::default(), &[content], RESOURCES, more).unwrap()
}

fn understood(content: &str, more: &[(u32, &str)]) -> Vec<Mark> {
    let drawn = drawn(content, more);
    assert_eq!(drawn.doubts, [], "{content}");
    drawn.marks
}

fn place(left: f64, bottom: f64, right: f64, top: f64) -> Rect {
    Rect { left, bottom, right, top }
}

fn near(a: &Rect, b: &Rect) -> bool {
    a.grown(0.01).holds(b) && b.grown(0.01).holds(a)
}

#[test]
fn areas_and_lines() {
    let marks = understood("2 0 0 2 10 0 cm 1 2 3 4 re f", &[]);
    assert_eq!(marks[0].place, place(12.0, 4.0, 18.0, 12.0));
    assert_eq!(marks[0].ink, Ink::Path { filled: true, stroked: false });
    let marks = understood("4 w 10 10 m 20 10 l S 0 0 m 5 5 l n", &[]);
    assert_eq!(marks.len(), 1);
    assert!(marks[0].place.holds(&place(8.0, 8.0, 22.0, 12.0)), "{:?}", marks[0].place);
    assert!(place(5.0, 5.0, 25.0, 15.0).holds(&marks[0].place), "{:?}", marks[0].place);
    // Each subpath by itself, and a curve within its control points.
    let marks = understood("0 0 9 9 re 50 50 m 60 70 80 70 90 50 c f*", &[]);
    let places: Vec<Rect> = marks.iter().map(|it| it.place).collect();
    assert_eq!(places, [place(0.0, 0.0, 9.0, 9.0), place(50.0, 50.0, 90.0, 70.0)]);
    // Sharp corners reach far.
    let sharp = understood("4 w 0 0 m 50 1 l 0 2 l S", &[]);
    assert!(sharp[0].place.right >= 70.0);
}

#[test]
fn clipping_only_shrinks() {
    let marks = understood("0 0 10 10 re W n 5 5 100 100 re f", &[]);
    assert_eq!(marks[0].place, place(5.0, 5.0, 10.0, 10.0));
    assert!(marks[0].how.cut);
    let marks = understood("0 0 99 99 re W n 5 5 10 10 re f", &[]);
    assert!(!marks[0].how.cut);
    // A clipping path of another shape may cut anything.
    let marks = understood("0 0 m 99 0 l 0 99 l W n 5 5 10 10 re f", &[]);
    assert!(marks[0].how.cut);
    // Out of sight, and back again.
    let marks = understood("q 0 0 1 1 re W n 5 5 9 9 re f Q 5 5 9 9 re f", &[]);
    assert_eq!(marks.len(), 1);
    assert!(!marks[0].how.cut);
}

#[test]
fn text_by_the_widths_of_its_font() {
    let marks = understood("BT /F 10 Tf 100 50 Td (A b) Tj ET", &[]);
    assert_eq!(marks.len(), 3);
    assert_eq!(marks.iter().map(|it| it.text().unwrap()).collect::<String>(), "A b");
    assert!(near(&marks[0].place, &place(100.0, 47.8, 106.67, 59.0)));
    assert!(near(&marks[2].place, &place(109.45, 47.8, 115.01, 59.0)));
    assert!(marks[1].is_blank() && !marks[0].is_blank());
    // Spacing, scaling, rise, lines and kerning.
    let content =
        "BT /F 10 Tf 1 Tc 5 Tw 50 Tz 2 Ts 12 TL 1 0 0 1 10 100 Tm [(A) -100 ( A)] TJ T* (A) ' ET";
    let marks = understood(content, &[]);
    let left = |n: usize| marks[n].place.left;
    assert!((left(1) - (10.0 + (6.67 + 1.0 + 1.0) / 2.0)).abs() < 1e-9);
    assert!((left(2) - left(1) - (2.78 + 1.0 + 5.0) / 2.0).abs() < 1e-9);
    assert!((marks[3].place.bottom - (100.0 - 24.0 + 2.0 - 2.2)).abs() < 1e-9);
    // Turned, hidden and outlined.
    let marks = understood("BT /F 10 Tf 0 1 -1 0 50 50 Tm (A) Tj 3 Tr (A) Tj 1 Tr (A) Tj ET", &[]);
    assert!(near(&marks[0].place, &place(41.0, 50.0, 52.2, 56.67)));
    assert_eq!(marks.iter().map(|it| it.how.hidden).collect::<Vec<_>>(), [false, true, false]);
    assert!(marks[2].place.left < marks[0].place.left);
}

/// As word processors write Vietnamese.
#[test]
fn text_by_maps_of_codes() {
    let map = stream(
        "",
        "1 begincodespacerange <0000><ffff> endcodespacerange 1 beginbfchar <0003><0020> endbfchar \
         1 beginbfrange <0010><0012> [<0053> <1ED1> <003A>] endbfrange",
    );
    let font = "<</Subtype/Type0/Encoding/Identity-H/ToUnicode 15 0 R/DescendantFonts[16 0 R]>>";
    let descendant = "<</Subtype/CIDFontType2/DW 500/W[16[700] 17 18 300]\
                      /FontDescriptor<</Ascent 950/Descent -250/FontFile2 15 0 R>>>>";
    let objects = [(11, font), (15, map.as_str()), (16, descendant)];
    let marks = understood("BT /G 10 Tf 0 9 Td <001000110012000300ff> Tj ET", &objects);
    let texts: Vec<_> = marks.iter().map(Mark::text).collect();
    assert_eq!(texts, [Some("S"), Some("ố"), Some(":"), Some(" "), None]);
    assert!(near(&marks[1].place, &place(7.0, 6.5, 10.0, 18.5)));
    assert!(near(&marks[4].place, &place(18.0, 6.5, 23.0, 18.5)));
    let Ink::Glyph(glyph) = &marks[0].ink else { panic!("a glyph") };
    assert_eq!(glyph.outline, Outline::Unread);
    // By the names of glyphs.
    let font = "<</Subtype/Type1/BaseFont/AAAAAA+X/FirstChar 65/Widths[500 600]\
                /Encoding<</BaseEncoding/WinAnsiEncoding/Differences[65/ohornacute/uni1EA4]>>>>";
    let marks = understood("BT /G 10 Tf (AB) Tj ET", &[(11, font)]);
    assert_eq!(marks.iter().map(|it| it.text().unwrap()).collect::<String>(), "ớẤ");
}

/// The outlines of an embedded font tell more than what the font says of them.
#[test]
fn text_by_the_outlines_of_its_font() {
    let hex: String = samples::true_type().iter().map(|it| format!("{it:02x}")).collect();
    let program = stream("/Filter/ASCIIHexDecode", &format!("{hex}>"));
    let font = "<</Subtype/Type0/Encoding/Identity-H/DescendantFonts[16 0 R]>>";
    let with = |descendant: &str, content: &str| {
        let map = stream("", "\0\u{1}\0\u{2}");
        let objects = [(11, font), (15, program.as_str()), (16, descendant), (17, map.as_str())];
        understood(content, &objects)
    };
    let descendant =
        "<</Subtype/CIDFontType2/DW 600/FontDescriptor<</FontFile2 15 0 R>>/CIDToGIDMap";
    let marks = with(&format!("{descendant}/Identity>>"), "BT /G 10 Tf <000000010002> Tj ET");
    let outlines: Vec<_> = marks.iter().map(|it| (outline(it), it.is_blank())).collect();
    let read = (Outline::Read, false);
    assert_eq!(outlines, [(Outline::Empty, true), read, read]);
    assert!(near(&marks[1].place, &place(7.0, -2.0, 11.0, 7.0)));
    assert!(near(&marks[2].place, &place(13.0, -2.0, 18.5, 11.5)));
    let marks = with(&format!("{descendant} 17 0 R>>"), "BT /G 10 Tf <00000009> Tj ET");
    assert!(near(&marks[0].place, &place(1.0, -2.0, 5.0, 7.0)));
    assert_eq!(outline(&marks[1]), Outline::Unread);
    // Which glyph a code of a simple font stands for is not asked: the largest counts.
    let font = "<</Subtype/TrueType/BaseFont/X/FirstChar 65/Widths[500]/Encoding/WinAnsiEncoding\
                /FontDescriptor<</Flags 32/FontFile2 15 0 R>>>>";
    let marks = understood("BT /G 10 Tf (A) Tj ET", &[(11, font), (15, &program)]);
    assert!(near(&marks[0].place, &place(1.0, -2.0, 6.5, 11.5)));
    assert_eq!(marks[0].text(), Some("A"));
}

fn outline(mark: &Mark) -> Outline {
    let Ink::Glyph(glyph) = &mark.ink else { panic!("a glyph") };
    glyph.outline
}

#[test]
fn images_and_forms() {
    let image = stream("/Subtype/Image/Width 1/Height 1", "x");
    let marks = understood("30 0 0 20 5 5 cm /X Do", &[(12, &image)]);
    assert_eq!((&marks[0].ink, marks[0].place), (&Ink::Image, place(5.0, 5.0, 35.0, 25.0)));
    let marks = understood("9 0 0 9 0 0 cm BI /W 1/H 1/BPC 8/CS/G ID x EI", &[]);
    assert_eq!(marks[0].place, place(0.0, 0.0, 9.0, 9.0));
    // A form is clipped, and leaves nothing behind.
    let form = stream("/Subtype/Form/BBox[0 0 10 10]/Matrix[1 0 0 1 5 0]", "q 2 w 0 0 99 5 re f");
    let marks = understood("2 0 0 2 0 0 cm /X Do 0 0 1 1 re f", &[(12, &form)]);
    assert_eq!(marks[0].place, place(10.0, 0.0, 30.0, 10.0));
    assert_eq!(marks[1].place, place(0.0, 0.0, 2.0, 2.0));
    let group =
        stream("/Subtype/Form/BBox[0 0 10 10]/Group<</S/Transparency>>/OC 9 0 R", "0 0 5 5 re f");
    let marks = understood("/X Do", &[(12, &group)]);
    assert!(!marks[0].how.ordinary && marks[0].how.optional);
}

#[test]
fn how_something_is_drawn() {
    let one = |content: &str, state: &str| understood(content, &[(13, state)])[0].how;
    let plain = one("0 0 5 5 re f", "<<>>");
    assert!(plain.ordinary && !plain.optional && plain.brightness == Some(0.0));
    assert_eq!(one("1 1 1 rg 0 0 5 5 re f", "<<>>").brightness, Some(1.0));
    assert_eq!(one("0 0 0 0 k 0 0 5 5 re f", "<<>>").brightness, Some(1.0));
    assert_eq!(one("/Cs cs 1 scn 0 0 5 5 re f", "<<>>").brightness, None);
    assert_eq!(one("1 G 0 0 5 5 re s", "<<>>").brightness, Some(1.0));
    for state in
        ["<</ca .5>>", "<</BM/Multiply>>", "<</SMask<</S/Alpha>>>>", "<</op true>>", "<</TR 1>>"]
    {
        assert!(!one("/S gs 0 0 5 5 re f", state).ordinary, "{state}");
        assert!(one("q /S gs Q 0 0 5 5 re f", state).ordinary, "{state}");
    }
    assert!(one("/OC /P BDC 0 0 5 5 re f EMC", "<<>>").optional);
    assert!(!one("/P <</MCID 0>> BDC 0 0 5 5 re f EMC", "<<>>").optional);
}

#[test]
fn what_is_not_understood_is_said() {
    let type_3 =
        "<</Subtype/Type3/FontMatrix[.001 0 0 .001 0 0]/FirstChar 65/Widths[500]/CharProcs<<>>>>";
    let no_widths = "<</Subtype/TrueType/BaseFont/Calibri/Encoding/WinAnsiEncoding>>";
    let itself = stream("/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 12 0 R>>>>", "/X Do");
    for (content, what) in [
        ("1 2 3 xyz", "an unknown operator"),
        ("1 re", "the operands of an operator"),
        ("(a) 0 0 5 5 re f", "the operands of an operator"),
        ("5 5 l", "a line that begins nowhere"),
        ("BT (A) Tj ET", "text without a font, or outside of text"),
        ("/F 9 Tf (A) Tj", "text without a font, or outside of text"),
        ("BT /Zz 9 Tf ET", "a font that is not there"),
        ("BT /G 9 Tf (A) Tj ET", "a font that does not tell how wide a glyph is"),
        ("Q", "a state is restored that was not saved"),
        ("EMC", "marked content that ends without having begun"),
        ("1 2", "operands without an operator"),
        ("BT", "content that ends within text or a path"),
        ("/X Do", "a form that draws itself"),
        ("/Y Do", "an external object that is not there"),
        ("q ) 0 0 5 5 re f", "content that is broken"),
        ("W n", "a clipping path without a path"),
    ] {
        let drawn = drawn(content, &[(11, no_widths), (12, &itself)]);
        assert_eq!(drawn.doubts[0].what, what, "{content}");
    }
    let drawn = drawn("BT /G 9 Tf (A) Tj ET", &[(11, type_3)]);
    assert_eq!(drawn.doubts[0].what, "glyphs that are content of their own");
}

/// How each content stream leaves off.
#[test]
fn parts_of_content() {
    let limits = Limits::default();
    let contents = ["q", "q 1 0 0 1 5 5 cm 0 0 2 2 re f", "Q Q 0 0 2 2 re f /F 9 ", "Tf BT ET"];
    let drawn = drawn_with(&limits, &contents, RESOURCES, &[]).unwrap();
    assert_eq!(drawn.doubts, []);
    let of: Vec<_> = drawn.marks.iter().map(|it| (it.part, it.place.left)).collect();
    assert_eq!(of, [(1, 5.0), (2, 0.0)]);
    let parts: Vec<_> =
        drawn.parts.iter().map(|it| (it.saved, it.pristine, it.open, it.underflows)).collect();
    let expected =
        [(1, true, false, 0), (2, false, false, 0), (0, true, true, 0), (0, false, false, 0)];
    assert_eq!(parts, expected);
    let drawn =
        drawn_with(&limits, &["/A <<>> BDC", "EMC Q /A BMC EMC", ""], RESOURCES, &[]).unwrap();
    let parts: Vec<_> =
        drawn.parts.iter().map(|it| (it.open, it.properties, it.underflows)).collect();
    assert_eq!(parts, [(true, true, 0), (false, false, 1), (false, false, 1)]);
}

/// Readers differ in what they put between the streams of a page (§7.8.2).
#[test]
fn operands_that_are_cut_by_the_end_of_a_stream() {
    let doubts = |contents: &[&str]| {
        drawn_with(&Limits::default(), contents, RESOURCES, &[]).unwrap().doubts
    };
    for contents in [
        &["BT /F 9 Tf (1", "50) Tj ET"][..],
        &["BT /F 9 Tf <31", "35> Tj ET"],
        &["BT /F 9 Tf [(1) 5", "(50)] TJ ET"],
        &["BT /F 9 Tf 1", "50 Td (1) Tj ET"],
        &["BT /F 9 Tf 1", "", "", "50 Td (1) Tj ET"],
        &["BT /", "F 9 Tf (1) Tj ET"],
        &["/A <</B 1", "/C 2>> BDC EMC"],
        &["0 0 1 1 re fals", "e n"],
        &["BI /W 1/H 2/BPC 8/CS/G ID x", "EI"],
    ] {
        assert_ne!(doubts(contents), [], "{contents:?}");
    }
    for contents in [
        &["q", "BT /F 9 Tf (1)", "Tj ET", "Q"][..],
        &["BT /F 9 ", "Tf 1 ", "", " 50 Td", "[(1)]TJ ET"],
        &["q", "1 0 0 1 5 5 cm 0 0 1", " 1 re", "f", "Q"],
    ] {
        assert_eq!(doubts(contents), [], "{contents:?}");
    }
}

#[test]
fn looks_of_annotations() {
    let look = stream(
        "/Subtype/Form/BBox[0 0 10 10]/Resources<</Font<</F 10 0 R>>>>",
        "BT /F 5 Tf 1 2 Td (Ng) Tj ET",
    );
    let file = sample::table(&sample::with(&[(10, HELVETICA), (12, &look)]));
    let (source, limits) = (&file.as_slice(), Limits::default());
    let reader = Reader::open(source, &limits).unwrap();
    let corners = [100, 100, 120, 140].map(Object::Integer);
    let annotation = |look: &str| {
        let number = look.parse().unwrap_or_default();
        let look = Object::Reference(crate::encoding::pdf::Reference { number, generation: 0 });
        let looks = Dictionary::new().with("N", look);
        Dictionary::new()
            .with("Rect", Object::Array(corners.to_vec()))
            .with("AP", Object::Dictionary(looks))
    };
    let view = reader.newest();
    let marks = annotation_marks(view, &annotation("12"), &limits).unwrap().unwrap();
    assert_eq!(marks.doubts, []);
    assert_eq!(lines(&marks.marks)[0].text, "Ng");
    assert!((marks.marks[0].place.left - 102.0).abs() < 1e-9);
    assert!((marks.marks[0].place.bottom - (100.0 + (2.0 - 1.1) * 4.0)).abs() < 1e-9);
    assert!(annotation_marks(view, &annotation("99"), &limits).unwrap().is_none());
}

#[test]
fn text_is_found_however_it_is_written() {
    // Out of order, the letters apart, and a mark of its own.
    let map = stream(
        "",
        "1 begincodespacerange <00><ff> endcodespacerange 3 beginbfchar <41><0041> <61><0061> \
         <68><0068> <6e><006e> <74><0074> <31><0301> <32><00EA> <33><1ECB> <56><0056> <69><0069> endbfchar",
    );
    let font = "<</Subtype/TrueType/BaseFont/X/FirstChar 0/Widths 16 0 R/ToUnicode 15 0 R>>";
    let widths = format!("[{}]", "500 ".repeat(256));
    let objects = [(11, font), (15, map.as_str()), (16, widths.as_str())];
    let content = "BT /G 10 Tf 1 0 0 1 60 100 Tm (Nam) Tj ET BT /G 10 Tf 20 100 Td (Vi) Tj 10.5 0 Td (2) Tj (1t) Tj ET";
    let marks = understood(content, &objects);
    let text: Vec<_> = lines(&marks).into_iter().map(|it| it.text).collect();
    assert_eq!(text, ["Viết \u{fffd}a\u{fffd}"]);
    for wanted in ["Viết", "vi".to_uppercase().as_str(), "Vie\u{302}\u{301}t", "i ế t"] {
        let found = find(&marks, wanted);
        let expected = usize::from(wanted != "VI");
        assert_eq!(found.len(), expected, "{wanted}");
    }
    // Not in the middle of a letter.
    assert_eq!(find(&marks, "Viê"), []);
    let found = find(&marks, "Vi")[0];
    assert!(near(&found, &place(20.0, 97.8, 30.0, 109.0)));
}

#[test]
fn everything_is_bounded() {
    let narrow = |change: fn(&mut Limits)| {
        let mut limits = Limits::default();
        change(&mut limits);
        limits
    };
    let twice =
        stream("/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 14 0 R>>>>", "/X Do /X Do");
    let again = stream("/Subtype/Form/BBox[0 0 9 9]", "0 0 1 1 re f");
    let objects = [(12, twice.as_str()), (14, again.as_str())];
    for (limits, content) in [
        (narrow(|it| it.pdf_content_operators = 20), "q ".repeat(21)),
        (narrow(|it| it.pdf_content_depth = 20), "q ".repeat(21)),
        (narrow(|it| it.pdf_content_depth = 2), "/X Do".to_owned()),
        (narrow(|it| it.pdf_content_marks = 1), "/X Do".to_owned()),
        (narrow(|it| it.pdf_content_bytes = 30), "/X Do".to_owned()),
    ] {
        let error = drawn_with(&limits, &[&content], RESOURCES, &objects).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LimitExceeded, "{content}");
    }
    assert_eq!(understood("/X Do", &objects).len(), 2);
}

#[test]
fn no_bytes_are_too_hostile() {
    let content: &[u8] = b"q BT /F 9 Tf 1 0 0 1 5 5 Tm [(Ky\\341)-5<41>]TJ ET /X Do BI/W 1/H 1/BPC 8/CS/G ID x EI Q \
        /G gs 0 0 1 rg 5 5 m 6 6 l 7 7 8 8 9 9 c h B*%%\n8 0 obj <</Subtype/Form/BBox[0 0 9 9]/Length 4>> stream\n\
        f* /Y Do Q\nendstream endobj 10 0 obj <</Subtype/Image/Width 2/Height 1/ColorSpace/DeviceRGB/BitsPerComponent 4\
        /Decode[1 0 0 1 0 1]/SMask 11 0 R/Length 3>> stream\nabc\nendstream endobj 11 0 obj <</Width 3/Height 2\
        /ColorSpace/DeviceGray/BitsPerComponent 2/Filter/RL/Length 4>> stream\n\x01ab\x80\nendstream endobj 6 0 obj <</Rect[0 0 9 9]/AP<</N 8 0 R>>>> endobj";
    assert!(exhaust::exhaust(content) > 0);
    for at in 0..content.len() {
        let mut bent = content.to_vec();
        for byte in [0, b')', b'9', b'/', 0xff] {
            bent[at] = byte;
            exhaust::exhaust(&bent);
        }
        exhaust::exhaust(&content[..at]);
    }
}

/// What is too much is told before all of it is in memory.
#[test]
fn streams_of_one_page_are_counted_one_by_one() {
    let limits = Limits {
        pdf_content_bytes: 2_000,
        pdf_read_factor: 0,
        pdf_read_bytes: 9_000,
        ..Limits::default()
    };
    let content = " ".repeat(1_500);
    let error = drawn_with(&limits, &[content.as_str(); 8], RESOURCES, &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    assert!(error.to_string().contains("page content"), "{error}");
}

/// Names are bytes; of two the last counts. As many as there are, each is found at once.
#[test]
fn resources_by_their_names() {
    let form = stream("/Type/XObject/Subtype/Form/BBox[0 0 9 9]", "0 0 1 1 re f");
    let resources = "/XObject<</A#ff 12 0 R/B 13 0 R/B 12 0 R>>";
    for content in ["/A#ff Do", "/B Do", "/A#FF Do /B Do"] {
        let marks = drawn_with(&Limits::default(), &[content], resources, &[(12, &form)]).unwrap();
        assert_eq!(marks.doubts, [], "{content}");
        assert!(!marks.marks.is_empty(), "{content}");
    }
    let many: String = (0..40_000).map(|n| format!("/N{n} 13 0 R")).collect();
    let names: String = (0..40_000).map(|n| format!("/N{n} gs ")).collect();
    let resources = format!("/ExtGState<<{many}>>");
    let marks = drawn_with(&Limits::default(), &[&names], &resources, &[(13, "<</LW 2>>")]);
    assert_eq!(marks.unwrap().doubts, []);
}
