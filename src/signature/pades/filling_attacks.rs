//! Forms that were filled in after signing, and what hides behind that: Mainka, Mladenov,
//! Rohlmann, "Shadow Attacks" (2021), and Rohlmann et al., "Breaking the Specification:
//! PDF Certification" (2021).

use super::shadow_attacks::{INFO, Objects, changes, updated};
use super::*;

const ROOT: (u32, &str) =
    (1, "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[11 0 R 13 0 R 16 0 R]>>>>");
const PAGE: (u32, &str) =
    (3, "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[11 0 R 14 0 R 15 0 R 16 0 R]>>");
const TEXT: &str = "/Type/Annot/Subtype/Widget/FT/Tx/T(so)/Rect[0 0 9 9]/P 3 0 R";
const LOOK: &str =
    "<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Length 14>>\nstream\nBT (1) Tj ET  \nendstream";
const FORM: &str = "<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Length 0>>\nstream\n\nendstream";

/// A text field, a group of two widgets, and a check box, with looks.
fn form() -> Vec<(u32, String)> {
    let widget = |more: &str| {
        format!("<</Type/Annot/Subtype/Widget/Parent 13 0 R/Rect[9 9 12 12]/P 3 0 R{more}>>")
    };
    vec![
        (ROOT.0, ROOT.1.to_owned()),
        (PAGE.0, PAGE.1.to_owned()),
        (11, format!("<<{TEXT}/V(1)/AP<</N 17 0 R>>>>")),
        (13, "<</FT/Ch/T(nhom)/Kids[14 0 R 15 0 R]/V(a)>>".to_owned()),
        (14, widget("/AP 19 0 R")),
        (15, widget("/AP 19 0 R")),
        (
            16,
            "<</Type/Annot/Subtype/Widget/FT/Btn/T(o)/Rect[0 9 3 12]/P 3 0 R/V/Off/AS/Off\
             /AP<</N<</Off 18 0 R/Yes 21 0 R>>>>>>"
                .to_owned(),
        ),
        (17, FORM.to_owned()),
        (18, FORM.to_owned()),
        (19, "<</N 20 0 R>>".to_owned()),
        (20, FORM.to_owned()),
        (21, LOOK.to_owned()),
    ]
}

fn prepared(more: Objects<'_>, later: Objects<'_>) -> PdfSignature {
    let form = form();
    let mut all: Vec<(u32, &str)> = form.iter().map(|(n, body)| (*n, &body[..])).collect();
    all.extend(more);
    updated(&all, later, INFO)
}

fn after(later: Objects<'_>) -> LaterChanges {
    prepared(&[], later).later_changes
}

#[test]
fn values_with_their_looks() {
    let text = format!("<<{TEXT}/V(15)/AP<</N 50 0 R>>/M(D:2026)>>");
    assert_eq!(after(&[(11, &text), (50, LOOK)]), LaterChanges::FormFilling);
    // The look written anew in its place, which was this field's alone.
    let text = format!("<<{TEXT}/V(15)/AP<</N 17 0 R>>>>");
    assert_eq!(after(&[(11, &text), (17, LOOK)]), LaterChanges::FormFilling);
    let value = format!("<<{TEXT}/V 50 0 R/AP<</N 17 0 R>>>>");
    assert_eq!(after(&[(11, &value), (50, "(15)")]), LaterChanges::FormFilling);
    let choice = "<</FT/Ch/T(nhom)/Kids[14 0 R 15 0 R]/V[(a)(b)]/I[0 1]>>";
    assert_eq!(after(&[(13, choice)]), LaterChanges::FormFilling);
    let button = "<</Type/Annot/Subtype/Widget/FT/Btn/T(o)/Rect[0 9 3 12]/P 3 0 R/V/Yes/AS/Yes\
                  /AP<</N<</Off 18 0 R/Yes 21 0 R>>>>>>";
    assert_eq!(after(&[(16, button)]), LaterChanges::FormFilling);
}

/// Anything else of a field: where it is, what it does, how it is drawn, whose it is.
#[test]
fn more_than_a_value() {
    let text = |more: &str| format!("<<{TEXT}/AP<</N 17 0 R>>{more}>>");
    let catalog = |form: &str| {
        format!(
            "<</Type/Catalog/Pages 2 0 R/AcroForm\
             <</Fields[11 0 R 13 0 R 16 0 R 41 0 R]/SigFlags 3{form}>>>>"
        )
    };
    assert_eq!(after(&[(11, &text("/V(2)"))]), LaterChanges::FormFilling);
    assert_eq!(after(&[(1, &catalog(""))]), LaterChanges::None);
    let moved = text("/V(2)").replace("[0 0 9 9]", "[0 0 90 9]");
    let renamed = text("/V(2)").replace("(so)", "(ten)");
    for bad in [
        text("/V(2)/F 2"),
        text("/V(2)/A<</S/JavaScript/JS(1)>>"),
        text("/V(2)/AA<</K<</S/JavaScript/JS(1)>>>>"),
        text("/V(2)/MK<</BG[1]>>"),
        text("/V(2)/DA(/F 90 Tf)"),
        text("/V(2)/Ff 4096"),
        text("/V(2)/OC 50 0 R"),
        text("/V/Yes"),
        text("/V[(1)]"),
        text("/V 4 0 R"),
        text("/V(2)/V(3)"),
        moved,
        renamed,
    ] {
        assert_eq!(after(&[(11, &bad), (50, "<<>>")]), LaterChanges::Other, "{bad}");
    }
    for bad in ["/XFA[(a)50 0 R]", "/CO[11 0 R]", "/NeedAppearances true", "/DA(/F 9 Tf 1 g)"] {
        let later = [(1, &catalog(bad)[..]), (50, FORM)];
        let changes = after(if bad.contains("50") { &later } else { &later[..1] });
        assert_eq!(changes, LaterChanges::Other, "{bad}");
    }
    // A value that is none of a field that there is.
    assert_eq!(changes(&[(11, "<</V(1)>>")], &[(11, "<</V(2)>>")]), LaterChanges::Other);
    let orphan = [(11, "<</Subtype/Widget/FT/Tx/T(a)/V(1)>>")];
    let later = [(11, "<</Subtype/Widget/FT/Tx/T(a)/V(2)>>")];
    assert_eq!(changes(&orphan, &later), LaterChanges::Other);
}

/// New fields, and fields that go, are no filling in.
#[test]
fn fields_that_come_or_go() {
    let catalog = |fields: &str| {
        format!("<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[{fields}]/SigFlags 3>>>>")
    };
    let new = "<</Subtype/Widget/FT/Tx/T(new)/V(x)/Rect[0 0 9 9]>>";
    let more = catalog("11 0 R 13 0 R 16 0 R 41 0 R 50 0 R");
    assert_eq!(after(&[(1, &more), (50, new)]), LaterChanges::Other);
    assert_eq!(after(&[(1, &catalog("11 0 R 13 0 R 41 0 R"))]), LaterChanges::Other);
    let kids = "<</FT/Ch/T(nhom)/Kids[14 0 R]/V(b)>>";
    assert_eq!(after(&[(13, kids)]), LaterChanges::Other);
}

/// A look that is shared is changed for all who share it: the page's own content, another
/// field, the signature's.
#[test]
fn looks_that_are_shared() {
    let text = format!("<<{TEXT}/V(15)/AP<</N 17 0 R>>>>");
    let later = [(11, &text[..]), (17, LOOK)];
    let page = "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[11 0 R]\
                /Resources<</XObject<</X 17 0 R>>>>>>";
    assert_eq!(prepared(&[(3, page)], &later).later_changes, LaterChanges::Other);
    // Both widgets of the group have their looks by one dictionary.
    let choice = "<</FT/Ch/T(nhom)/Kids[14 0 R 15 0 R]/V(b)>>";
    assert_eq!(after(&[(13, choice), (20, LOOK)]), LaterChanges::Other);
    // A look alone, without the field.
    assert_eq!(after(&[(17, LOOK)]), LaterChanges::Other);
    // The stream of the page's content poses as the look.
    let text = format!("<<{TEXT}/V(15)/AP<</N 4 0 R>>>>");
    assert_eq!(after(&[(11, &text), (4, LOOK)]), LaterChanges::Other);
}

/// "Shadow Attacks", hide and replace: what the field refers to waits for an object.
#[test]
fn look_that_was_missing() {
    let text = format!("<<{TEXT}/V(1)/AP<</N 50 0 R>>>>");
    let later = format!("<<{TEXT}/V(2)/AP<</N 50 0 R>>>>");
    let signature = prepared(&[(11, &text)], &[(11, &later), (50, LOOK)]);
    assert_eq!(signature.later_changes, LaterChanges::Other);
}

/// The widget of one field says that it belongs to another.
#[test]
fn widgets_between_two_fields() {
    let prepare = [(16, "<</FT/Tx/T(khac)/Kids[14 0 R]>>")];
    let widget =
        "<</Type/Annot/Subtype/Widget/Parent 13 0 R/Rect[9 9 12 12]/P 3 0 R/AP<</N 50 0 R>>>>";
    let signature = prepared(&prepare, &[(14, widget), (50, LOOK)]);
    assert_eq!(signature.later_changes, LaterChanges::Other);
}

/// What is told of each revision.
#[test]
fn fields_are_named() {
    let form = form();
    let all: Vec<(u32, &str)> = form.iter().map(|(n, body)| (*n, &body[..])).collect();
    let text = format!("<<{TEXT}/V(15)/AP<</N 50 0 R>>>>");
    let found = super::shadow_attacks::found(&all, &[(11, &text), (50, LOOK)], INFO);
    let [change] = &found.changes[..] else { panic!("one revision behind the signed one") };
    assert_eq!((change.revision, change.kind), (3, Some(LaterChanges::FormFilling)));
    assert_eq!((&change.fields[..], &change.pages[..]), (&["so".to_owned()][..], &[1][..]));
}

fn look(content: &str) -> String {
    format!(
        "<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</I 22 0 R>>>>/Length {}>>\n\
         stream\n{content}\nendstream",
        content.len()
    )
}

/// "Shadow Attacks", hide and replace by fields: a look that covers what was signed, or
/// uncovers what was covered, is only let pass by a later signature.
#[test]
fn looks_that_hide_or_uncover() {
    const IMAGE: (u32, &str) = (
        22,
        "<</Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray/Length 1>>\n\
         stream\n0\nendstream",
    );
    const WHITE: &str = "1 g 0 0 9 9 re f";
    let text = format!("<<{TEXT}/V(15)/AP<</N 50 0 R>>>>");
    let drawn = |before: &str, after: &str| {
        let (before, after) = (look(before), look(after));
        let signature = prepared(&[IMAGE, (17, &before)], &[(11, &text), (50, &after)]);
        assert_eq!(signature.later_changes, LaterChanges::FormFilling);
        signature.drawn
    };
    let white_text = format!("{WHITE} 0 g BT /F 9 Tf (15) Tj ET");
    for (before, after, expected) in [
        ("", "0 0 1 rg BT /F 9 Tf (15) Tj ET 0 0 9 9 re S", None),
        ("0 g 2 2 4 4 re f", "", None),
        ("", WHITE, Some(3)),
        ("", "1 g BT /F 9 Tf (15) Tj ET", Some(3)),
        ("", "/I Do", Some(3)),
        ("", "/Unknown sh", Some(3)),
        ("", "0 g 0 0 9 9 re f 1 1 1 RG 1 1 m 8 8 l S", Some(3)),
        (WHITE, WHITE, None),
        (WHITE, &white_text, None),
        (WHITE, "", Some(3)),
        (WHITE, "1 g 0 0 9 8 re f", Some(3)),
    ] {
        assert_eq!(drawn(before, after), expected, "{before:?} to {after:?}");
    }
}

/// The same over letters: they can be read no more, whoever signs later.
#[test]
fn looks_that_hide_letters() {
    const FONT: &str = "<</Type/Font/Subtype/Type1/BaseFont/Times-Roman>>";
    const WHITE: &str = "1 g 0 0 9 9 re f 0 g";
    let text = format!("<<{TEXT}/V(15)/AP<</N 50 0 R>>>>");
    let page = PAGE.1.replace("/Annots", "/Resources<</Font<</F 30 0 R>>>>/Annots");
    // A field that is computed is named once more.
    let root = ROOT.1.replace("/Fields", "/CO[11 0 R]/Fields");
    let hides = |signed: &str, before: &str, after: &str| {
        let (before, after) = (look(before), look(after));
        let content = format!("<</Length {}>>\nstream\n{signed}\nendstream", signed.len());
        let mut all = form();
        all.retain(|it| ![1, 3, 17].contains(&it.0));
        let mut all: Vec<_> = all.iter().map(|it| (it.0, &it.1[..])).collect();
        all.extend([
            (1, &root[..]),
            (3, &page[..]),
            (4, &content),
            (17, &before),
            (22, "null"),
            (30, FONT),
        ]);
        let signature = updated(&all, &[(11, &text), (50, &after)], INFO);
        assert_eq!(signature.later_changes, LaterChanges::FormFilling);
        signature.kinds.hides
    };
    let beneath = "BT /F 9 Tf 1 1 Td (100) Tj ET";
    assert!(hides(beneath, "", WHITE));
    assert!(!hides(beneath, "", "0 g 1 1 5 5 re f"), "dark ink puts nothing in their place");
    assert!(!hides(beneath, WHITE, WHITE), "as it was signed");
    assert!(!hides("BT /F 9 Tf 99 99 Td (100) Tj ET", "", WHITE), "elsewhere");
}

/// The same by a state that was signed and not shown.
#[test]
fn state_that_hides() {
    let field = |state: &str| {
        format!(
            "<</Type/Annot/Subtype/Widget/FT/Btn/T(o)/Rect[0 9 3 12]/P 3 0 R/V/{state}/AS/{state}\
             /AP<</N<</Off 18 0 R/Yes 21 0 R>>>>>>"
        )
    };
    let on = field("Yes");
    for (content, expected) in [("0 g 1 1 m 8 8 l S", None), ("1 g 0 0 9 9 re f", Some(3))] {
        let yes = look(content);
        let signature = prepared(&[(21, &yes)], &[(16, &on)]);
        assert_eq!(signature.later_changes, LaterChanges::FormFilling);
        assert_eq!(signature.drawn, expected, "{content}");
    }
}

/// What a reader draws of its own accord is not told by the file.
#[test]
fn looks_that_readers_make() {
    let root = |more: &str| {
        format!("<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[11 0 R 41 0 R]/SigFlags 3{more}>>>>")
    };
    let signed = "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[11 0 R]>>>>";
    let field = |value: &str| format!("<<{TEXT}/V({value})>>");
    let (before, after) = (field("1"), field("2"));
    let change = |later: Objects<'_>| updated(&[(1, signed), (11, &before)], later, INFO);
    let filled = change(&[(11, &after)]);
    assert_eq!((filled.later_changes, filled.drawn), (LaterChanges::FormFilling, Some(3)));
    let root = root("/NeedAppearances true");
    let filled = change(&[(1, &root), (11, &after)]);
    assert_eq!((filled.later_changes, filled.drawn), (LaterChanges::FormFilling, Some(3)));
    // All fields would look otherwise, filled in or not.
    assert_eq!(change(&[(1, &root)]).later_changes, LaterChanges::Other);
}

/// Fonts for the fields to come. What was signed without a look could come to have one.
#[test]
fn fonts_of_the_form() {
    const FONT: &str = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>";
    let form = |fonts: &str| {
        format!(
            "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[41 0 R]/SigFlags 3\
             /DR<</Font<</A 11 0 R{fonts}>>>>>>>>"
        )
    };
    let signed = form("").replace("41 0 R", "");
    let prepared = [(1, &signed[..]), (11, FONT)];
    let more = form("/B 50 0 R");
    assert_eq!(changes(&prepared, &[(1, &more), (50, FONT)]), LaterChanges::LtaUpdates);
    let other = form("").replace("/A 11 0 R", "/A 50 0 R");
    assert_eq!(changes(&prepared, &[(1, &other), (50, FONT)]), LaterChanges::Other);
    assert_eq!(changes(&prepared, &[(11, "<</Subtype/Type3>>")]), LaterChanges::Other);
    let seen = (3, "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[13 0 R]>>");
    let free = (13, "<</Subtype/FreeText/Rect[0 0 9 9]/DA(/B 9 Tf)/Contents(a)>>");
    let prepared = [prepared[0], prepared[1], seen, free];
    assert_eq!(changes(&prepared, &[(1, &more), (50, FONT)]), LaterChanges::Other);
}

/// XMP is no part of what is shown.
#[test]
fn metadata_that_comes() {
    const XMP: &str = "<</Type/Metadata/Subtype/XML/Length 4>>\nstream\n<x/>\nendstream";
    let root =
        "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[41 0 R]/SigFlags 3>>/Metadata 50 0 R>>";
    assert_eq!(changes(&[], &[(1, root), (50, XMP)]), LaterChanges::LtaUpdates);
    assert_eq!(changes(&[], &[(1, root), (50, FORM)]), LaterChanges::Other);
}
