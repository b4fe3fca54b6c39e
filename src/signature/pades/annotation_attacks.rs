//! Annotations that came, changed or went after signing: Rohlmann et al., "Breaking the
//! Specification: PDF Certification" (2021), evil annotations, and what poses as one.

use super::shadow_attacks::{INFO, Objects, changes, found};
use super::*;

const LOOK: &str =
    "<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Length 10>>\nstream\n0 0 9 9 re\nendstream";
const PAGE: (u32, &str) = (3, "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[11 0 R 13 0 R]>>");
const NOTE: &str = "/Type/Annot/Subtype/Square/Rect[0 0 9 9]/P 3 0 R/T(An)/Popup 13 0 R";
const POPUP: (u32, &str) = (13, "<</Type/Annot/Subtype/Popup/Rect[9 9 20 20]/Parent 11 0 R>>");

/// A page with a note, and its popup.
fn noted(later: Objects<'_>) -> LaterChanges {
    let note = format!("<<{NOTE}/AP<</N 14 0 R>>>>");
    changes(&[PAGE, (11, &note), POPUP, (14, LOOK)], later)
}

/// A page that gets one more annotation.
fn added(annotation: &str, more: Objects<'_>) -> LaterChanges {
    let page = "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[41 0 R 50 0 R]>>";
    let mut later = vec![(3, page), (50, annotation)];
    later.extend(more);
    changes(&[(3, "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[]>>")], &later)
}

#[test]
fn annotations_that_come() {
    let stamp = "<</Type/Annot/Subtype/Stamp/Rect[0 0 9 9]/P 3 0 R/AP<</N 51 0 R>>>>";
    assert_eq!(added(stamp, &[(51, LOOK)]), LaterChanges::Annotations);
    let note = "<</Subtype/FreeText/Rect[0 0 9 9]/DA(0 g)/AP<</N 51 0 R>>/Popup 52 0 R>>";
    let popup = "<</Subtype/Popup/Rect[0 0 9 9]/Parent 50 0 R/Open false>>";
    assert_eq!(added(note, &[(51, LOOK), (52, popup)]), LaterChanges::Annotations);
    for link in ["/A<</S/URI/URI(https://chinhphu.vn)>>", "/Dest[3 0 R/Fit]", "/A<</S/GoTo/D(a)>>"]
    {
        let link = format!("<</Subtype/Link/Rect[0 0 9 9]{link}>>");
        assert_eq!(added(&link, &[]), LaterChanges::Annotations, "{link}");
    }
}

/// Kinds and actions that do more than show something, and looks that are left to readers.
#[test]
fn annotations_that_do_more() {
    for kind in [
        "Widget",
        "Screen",
        "RichMedia",
        "3D",
        "Movie",
        "Sound",
        "FileAttachment",
        "Watermark",
        "Redact",
        "PrinterMark",
        "TrapNet",
        "Projection",
        "Form",
        "Page",
    ] {
        let annotation = format!("<</Subtype/{kind}/Rect[0 0 9 9]/AP<</N 51 0 R>>>>");
        assert_eq!(added(&annotation, &[(51, LOOK)]), LaterChanges::Other, "{kind}");
    }
    for more in [
        "/A<</S/JavaScript/JS(1)>>",
        "/A<</S/URI/URI(javascript:1)>>",
        "/A<</S/URI/URI(a)/Next<</S/JavaScript/JS(1)>>>>",
        "/A<</S/Launch/F(a)>>",
        "/A<</S/SubmitForm/F(a)>>",
        "/AA<</E<</S/JavaScript/JS(1)>>>>",
        "/PA<</S/URI/URI(a)>>",
        "/OC 51 0 R",
        "/Dest 51 0 R",
        "/FT/Tx",
        "/Kids[4 0 R]",
        "/Contents 4 0 R",
        "/Subtype/Link",
    ] {
        let link = format!("<</Subtype/Link/Rect[0 0 9 9]{more}>>");
        let later = [(51, "<<>>")];
        let later = if more.contains("51") { &later[..] } else { &[] };
        assert_eq!(added(&link, later), LaterChanges::Other, "{more}");
    }
    let silent = "<</Subtype/FreeText/Rect[0 0 9 9]/DA(/F 9 Tf 1 g)/Contents(a)>>";
    assert_eq!(added(silent, &[]), LaterChanges::Other);
    let acting = "<</Subtype/Square/Rect[0 0 9 9]/AP<</N 51 0 R>>/A<</S/GoTo/D(a)>>>>";
    assert_eq!(added(acting, &[(51, LOOK)]), LaterChanges::Other);
    let popup = "<</Subtype/Popup/Rect[0 0 9 9]/A<</S/JavaScript/JS(1)>>>>";
    let note = "<</Subtype/Square/Rect[0 0 9 9]/AP<</N 51 0 R>>/Popup 52 0 R>>";
    assert_eq!(added(note, &[(51, LOOK), (52, popup)]), LaterChanges::Other);
}

#[test]
fn annotations_that_change_or_go() {
    let moved = format!("<<{}/AP<</N 14 0 R>>>>", NOTE.replace("[0 0 9 9]", "[0 0 20 9]"));
    assert_eq!(noted(&[(11, &moved)]), LaterChanges::Annotations);
    let redrawn = format!("<<{NOTE}/AP<</N 50 0 R>>/Contents(a)>>");
    assert_eq!(noted(&[(11, &redrawn), (50, LOOK)]), LaterChanges::Annotations);
    let gone = "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[41 0 R]>>";
    assert_eq!(noted(&[(3, gone)]), LaterChanges::Annotations);
    for more in ["/OC 50 0 R", "/A<</S/GoTo/D(a)>>", "/FT/Tx", "/AA<<>>"] {
        let changed = format!("<<{NOTE}/AP<</N 14 0 R>>{more}>>");
        let later = [(11, &changed[..]), (50, "<<>>")];
        let later = if more.contains("50") { &later } else { &later[..1] };
        assert_eq!(noted(later), LaterChanges::Other, "{more}");
    }
    let link = format!("<<{}/AP<</N 14 0 R>>>>", NOTE.replace("Square", "Link"));
    assert_eq!(noted(&[(11, &link)]), LaterChanges::Other, "of another kind");
}

/// The signed document has a graphics state, a page or a policy that is an annotation, too.
#[test]
fn content_that_changes_as_an_annotation() {
    let note = format!("<<{NOTE}/CA 1/AP<</N 14 0 R>>>>");
    let faint = format!("<<{NOTE}/CA 0/AP<</N 14 0 R>>>>");
    let change = |resources: &str| {
        let page =
            format!("<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[11 0 R 13 0 R]{resources}>>");
        let popup = (13, "<</Subtype/Popup/Rect[9 9 20 20]>>");
        changes(&[(3, &page), (11, &note), popup, (14, LOOK)], &[(11, &faint)])
    };
    assert_eq!(change(""), LaterChanges::Annotations);
    for name in ["G", "Popup", "Parent", "IRT", "Obj"] {
        let resources = format!("/Resources<</ExtGState<</{name} 11 0 R>>>>");
        assert_eq!(change(&resources), LaterChanges::Other, "{name}");
    }
    // What no page shows as an annotation is something else.
    let page = (3, "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[]>>");
    let later = format!("<<{NOTE}/Contents(a)/AP<</N 14 0 R>>>>");
    let prepared = [page, (11, &note), POPUP, (14, LOOK)];
    assert_eq!(changes(&prepared, &[(11, &later)]), LaterChanges::Other);
}

/// Objects that are freed with an annotation, while something still leads to them.
#[test]
fn objects_that_are_freed() {
    let freed = |number: u32, annotations: &str| {
        let note = format!("<<{NOTE}/AP<</N 14 0 R>>>>");
        let page = format!("<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[{annotations}]>>");
        let mut later = vec![(3, page.as_str())];
        if !annotations.contains("13") {
            later.push((13, "free"));
        }
        later.push((number, "free"));
        found(&[PAGE, (11, &note), POPUP, (14, LOOK)], &later, INFO).signatures[0].later_changes
    };
    assert_eq!(freed(11, "41 0 R"), LaterChanges::Annotations);
    assert_eq!(freed(14, "13 0 R 41 0 R"), LaterChanges::Other, "the note leads there");
    assert_eq!(freed(4, "41 0 R"), LaterChanges::Other);
    assert_eq!(freed(11, "11 0 R 13 0 R 41 0 R"), LaterChanges::Other, "without being taken away");
}

/// What came is named, with its page; and it may hide what was signed.
#[test]
fn annotations_are_named() {
    let page = "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[41 0 R 50 0 R]>>";
    let stamp = "<</Type/Annot/Subtype/Stamp/Rect[0 0 9 9]/P 3 0 R/AP<</N 51 0 R>>>>";
    let prepared = [(3, "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[]>>")];
    let found = found(&prepared, &[(3, page), (50, stamp), (51, LOOK)], INFO);
    let [change] = &found.changes[..] else { panic!("one revision behind the signed one") };
    assert_eq!((&change.annotations[..], &change.pages[..]), (&["Stamp".to_owned()][..], &[1][..]));
    assert_eq!(found.signatures[0].drawn, Some(3));
}

/// Evil annotation attack by borders: white lines wipe out what is under them.
#[test]
fn borders_that_hide() {
    let drawn = |more: &str| {
        let link = format!("<</Subtype/Link/Rect[0 0 9 9]/P 3 0 R{more}>>");
        let page = "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[41 0 R 50 0 R]>>";
        let prepared = [(3, "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[]>>")];
        let found = found(&prepared, &[(3, page), (50, &link)], INFO);
        assert_eq!(found.signatures[0].later_changes, LaterChanges::Annotations, "{more}");
        found.signatures[0].drawn
    };
    for (more, expected) in [
        ("", None),
        ("/C[0 0 .4]", None),
        ("/C[1]/Border[0 0 0]", None),
        ("/C[1]", Some(3)),
        ("/C[0 0 0 0]", Some(3)),
        ("/C[0 0 .9]", Some(3)),
        ("/Border[0 0 90]", Some(3)),
        ("/Border[0 0]", Some(3)),
        ("/BS<</W 9>>", Some(3)),
        ("/BS<</W 0>>/C[1 1 1]", None),
    ] {
        assert_eq!(drawn(more), expected, "{more}");
    }
}

/// A look that says it is on an empty page, and is shown on one with text: what it hides
/// would be looked for where nothing is.
#[test]
fn looks_that_name_another_page() {
    let root = (2, "<</Type/Pages/Kids[3 0 R 15 0 R]/Count 2/MediaBox[0 0 200 200]>>");
    let blank = (15, "<</Type/Page/Parent 2 0 R/Annots[]>>");
    let shown = "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[]>>";
    let page = "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[41 0 R 51 0 R]>>";
    let form = "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[41 0 R 51 0 R]/SigFlags 3>>>>";
    let value = (53, "<</Type/Sig/ByteRange[0 1 2 3]/Contents<00>>>");
    for (named, expected) in [(3, None), (15, Some(LaterChanges::Other))] {
        let stamp = format!("<</Subtype/Stamp/Rect[0 0 9 9]/P {named} 0 R/AP<</N 52 0 R>>>>");
        let later = [(3, page), (51, &stamp[..]), (52, LOOK)];
        let came = changes(&[root, blank, (3, shown)], &later);
        assert_eq!(came, expected.unwrap_or(LaterChanges::Annotations), "a stamp, {named}");

        let field = format!(
            "<</Subtype/Widget/FT/Sig/T(x)/Rect[0 0 9 9]/P {named} 0 R/AP<</N 52 0 R>>/V 53 0 R>>"
        );
        let later = [(1, form), (3, page), (51, &field[..]), (52, LOOK), value];
        let made = changes(&[root, blank, (3, shown)], &later);
        assert_eq!(made, expected.unwrap_or(LaterChanges::Signatures), "a new field, {named}");
    }
}

/// The same of a field that was there already.
#[test]
fn looks_of_fields_that_name_another_page() {
    let root = (2, "<</Type/Pages/Kids[3 0 R 15 0 R]/Count 2/MediaBox[0 0 200 200]>>");
    let form = (1, "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[11 0 R]/SigFlags 3>>>>");
    let value = (53, "<</Type/Sig/ByteRange[0 1 2 3]/Contents<00>>>");
    let page = |annotations: &str| {
        format!("<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[{annotations}]>>")
    };
    let filled = |own: bool, annotations: [&str; 2], more: &str| {
        let (first, second) = (page(annotations[0]), page(annotations[1]));
        let widget = "/Type/Annot/Subtype/Widget/Rect[0 0 9 9]/P 3 0 R";
        let (field, widget) = match own {
            true => ("<</FT/Sig/T(x)/Kids[13 0 R]".to_owned(), format!("<<{widget}/Parent 11 0 R")),
            false => (format!("<<{widget}/FT/Sig/T(x)"), "<<".to_owned()),
        };
        let close = |it: &str, more: &str| format!("{it}{more}>>");
        let (old, kid) = (close(&field, ""), close(&widget, ""));
        let prepared = [form, root, (3, &first), (15, &second), (11, &old), (13, &kid)];
        let (new, look) = match own {
            true => (close(&field, "/V 53 0 R"), close(&widget, more)),
            false => (close(&field, &format!("/V 53 0 R{more}")), String::new()),
        };
        let mut later = vec![(11, new.as_str()), (52, LOOK), value];
        if own {
            later.push((13, &look));
        }
        changes(&prepared, &later)
    };
    for (own, number) in [(false, "11 0 R"), (true, "13 0 R")] {
        let look = "/AP<</N 52 0 R>>";
        let shown = filled(own, [number, ""], look);
        assert_eq!(shown, LaterChanges::Signatures, "{number} where it says");
        assert_eq!(filled(own, ["", number], look), LaterChanges::Other, "{number} elsewhere");
        let twice = filled(own, [number, number], look);
        assert_eq!(twice, LaterChanges::Other, "{number} on both pages");
    }
}
