//! What fonts cost is counted for all of them together.

use super::effort::Effort;
use super::outlines::TrueType;
use super::samples::{many_points, true_type};
use super::tests::{drawn_with, stream};
use super::{Ink, Outline};
use crate::error::ErrorKind;
use crate::limits::Limits;

/// Two fonts have the effort in common, and a glyph within another takes some, too.
#[test]
fn fonts_share_what_is_left() {
    let effort = Effort::of(10);
    let fonts = [(), ()].map(|()| TrueType::parse(true_type(), &effort).unwrap());
    // Three points.
    assert!(fonts[0].drawn(1).is_some());
    assert_eq!(effort.left(), 6);
    // Put together from two of them: six points in three glyphs.
    assert!(fonts[1].drawn(2).is_none());
    assert!(effort.left() < 6);
    let enough = Effort::of(9);
    assert!(TrueType::parse(true_type(), &enough).unwrap().drawn(2).is_some());
    assert_eq!(enough.left(), 0);
}

/// Each of them stays within what one font may take; all of them do not.
#[test]
fn hundreds_of_fonts_on_a_page_cost_as_much_as_one() {
    const FONTS: u32 = 300;
    let font: String = many_points().iter().map(|it| format!("{it:02x}")).collect();
    let file = stream("/Filter/ASCIIHexDecode", &format!("{font}>"));
    let descendant = "<</Type/Font/Subtype/CIDFontType2/BaseFont/X/CIDToGIDMap/Identity\
                      /DW 500/FontDescriptor 18 0 R>>";
    let descriptor = "<</Type/FontDescriptor/FontName/X/Flags 4/FontFile2 19 0 R>>";
    let whole =
        "<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H/DescendantFonts[17 0 R]>>";
    let mut objects = vec![(17, descendant), (18, descriptor), (19, file.as_str())];
    objects.extend((100..100 + FONTS).map(|n| (n, whole)));
    let fonts: String = (0..FONTS).map(|n| format!("/F{n} {} 0 R", 100 + n)).collect();
    let content: String = (0..FONTS).map(|n| format!("/F{n} 1 Tf <0000> Tj ")).collect();
    let resources = format!("/Font<<{fonts}>>");
    let content = format!("BT {content} ET");
    let marks = drawn_with(&Limits::default(), &[&content], &resources, &objects).unwrap().marks;
    let count = |outline| {
        let glyphs = marks.iter().filter_map(|it| match &it.ink {
            Ink::Glyph(glyph) => Some(glyph.outline),
            _ => None,
        });
        glyphs.filter(|it| *it == outline).count()
    };
    let (read, unread) = (count(Outline::Read), count(Outline::Unread));
    assert_eq!(read + unread, 300, "{read} {unread}");
    // Sixteen million points, of 65,536 each.
    assert_eq!(read, 244);
}

/// A font that stands in the resources of a form itself is read once, not whenever the form
/// is drawn.
#[test]
fn a_font_within_a_form_is_read_once() {
    let form = stream(
        "/Subtype/Form/BBox[0 0 99 99]/Resources<</Font<</F<</Type/Font/Subtype/Type1\
         /BaseFont/Helvetica>>>>>>",
        "BT /F 9 Tf (1) Tj ET",
    );
    // Each time it is read takes some thousand bytes of those which a page may have.
    let limits = Limits { pdf_content_bytes: 64 << 10, ..Limits::default() };
    let times = 500;
    let content = "/X Do ".repeat(times);
    let resources = "/XObject<</X 12 0 R>>";
    let objects = [(12, form.as_str())];
    let found = drawn_with(&limits, &[&content], resources, &objects).unwrap();
    assert_eq!((found.marks.len(), found.doubts.len()), (times, 0), "{:?}", found.doubts);
}

/// What a font that is read again and again says at length is counted.
#[test]
fn what_a_font_says_at_length_is_counted() {
    let widths = "1 ".repeat(100_000);
    let state = format!("<</Font[<</Type/Font/Subtype/Type1/BaseFont/X/Widths[{widths}]>> 9]>>");
    let limits = Limits { pdf_content_bytes: 16 << 20, ..Limits::default() };
    let draw = |times: usize| {
        let content = "/S gs ".repeat(times);
        let resources = "/ExtGState<</S 13 0 R>>";
        drawn_with(&limits, &[&content], resources, &[(13, &state)])
    };
    draw(2).unwrap();
    let error = draw(20).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
}
