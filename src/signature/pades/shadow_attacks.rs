//! Attacks prepared by whoever made the document, before it was signed: Mainka,
//! Mladenov, Rohlmann, "Shadow Attacks" (2021). What is signed waits for what a later,
//! harmless looking update brings.

use super::attacks::start_xref;
use super::tests::{signer, time};
use super::*;
use crate::encoding::pdf::sample;
use crate::limits::Limits;

pub(super) type Objects<'a> = &'a [(u32, &'a str)];

const STREAM: &str = "<</Length 2>>\nstream\nf*\nendstream";
pub(super) const INFO: &str = "/Info 12 0 R";

/// A prepared document, signed as objects 40 and 41, then updated.
pub(super) fn found(prepared: Objects<'_>, later: Objects<'_>, info: &str) -> PdfSignatures {
    let mut pdf = b"%PDF-1.7\n".to_vec();
    let objects = sample::with(prepared);
    sample::append_table(&mut pdf, &objects, "/Size 40/Root 1 0 R/Info 12 0 R", None);
    let mut pdf = SignatureBuilder::new(&pdf, time()).sign(&signer()).unwrap();
    let prev = start_xref(&pdf);
    let later: Vec<_> = later.iter().map(|(n, body)| (*n, (*body).to_owned())).collect();
    sample::append_table(&mut pdf, &later, &format!("/Size 60/Root 1 0 R{info}"), Some(prev));
    let found = parse(&pdf, &Limits::default()).unwrap();
    assert!(found.defects.is_empty(), "{:?}", found.defects);
    found
}

pub(super) fn updated(prepared: Objects<'_>, later: Objects<'_>, info: &str) -> PdfSignature {
    let found = found(prepared, later, info);
    found.signatures.into_iter().find(|it| it.field == "Signature1").unwrap()
}

pub(super) fn changes(prepared: Objects<'_>, later: Objects<'_>) -> LaterChanges {
    updated(prepared, later, INFO).later_changes
}

fn catalog(entries: &str) -> String {
    format!("<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[41 0 R]/SigFlags 3>>{entries}>>")
}

/// What is signed refers to an object that is not there; it comes as a "certificate".
#[test]
fn content_that_comes_as_validation_data() {
    let later = catalog("/DSS<</Certs[50 0 R]>>");
    let later = [(1, later.as_str()), (50, STREAM)];
    let page = |contents| format!("<</Type/Page/Parent 2 0 R/Contents[{contents}]>>");
    assert_eq!(changes(&[(3, &page("4 0 R"))], &later), LaterChanges::LtaUpdates);
    assert_eq!(changes(&[(3, &page("4 0 R 50 0 R"))], &later), LaterChanges::Other);
}

/// The page's array of contents poses as an array of certificates, and grows.
#[test]
fn contents_that_grow_as_validation_data() {
    let page = (3, "<</Type/Page/Parent 2 0 R/Contents 11 0 R>>");
    let store = catalog("/DSS<</Certs 11 0 R>>");
    let later = [(1, store.as_str()), (11, "[4 0 R 50 0 R]"), (50, STREAM)];
    assert_eq!(changes(&[page, (11, "[4 0 R]")], &later), LaterChanges::Other);
    // The same where the signed document has it as both already.
    let root = (1, "<</Type/Catalog/Pages 2 0 R/DSS<</Certs 11 0 R>>>>");
    let later = [(11, "[4 0 R 50 0 R]"), (50, STREAM)];
    assert_eq!(changes(&[root, (11, "[4 0 R]")], &later), LaterChanges::LtaUpdates);
    assert_eq!(changes(&[root, (11, "[4 0 R]"), page], &later), LaterChanges::Other);
}

/// A container of the form, the page or the store takes the number of something else.
#[test]
fn containers_that_take_the_place_of_content() {
    const FIELD: &str = "<</Type/Annot/Subtype/Widget/FT/Sig/T(x)/Rect[0 0 0 0]/P 3 0 R>>";
    let form = |number: u32| {
        let catalog = format!("<</Type/Catalog/Pages 2 0 R/AcroForm {number} 0 R>>");
        let form = "<</Fields[41 0 R 51 0 R]/SigFlags 3>>";
        changes(&[(11, "<<>>")], &[(1, &catalog), (number, form), (51, FIELD)])
    };
    assert_eq!(form(50), LaterChanges::Signatures);
    assert_eq!(form(11), LaterChanges::Other);
    let annotations = |number: u32| {
        let catalog = "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[41 0 R 51 0 R]/SigFlags 3>>>>";
        let page = format!("<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots {number} 0 R>>");
        let later = [(1, catalog), (3, &page), (number, "[41 0 R 51 0 R]"), (51, FIELD)];
        changes(&[], &later)
    };
    assert_eq!(annotations(50), LaterChanges::Signatures);
    assert_eq!(annotations(4), LaterChanges::Other);
    let store = |number: u32| {
        let catalog = catalog(&format!("/DSS {number} 0 R"));
        changes(&[(11, "<<>>")], &[(1, &catalog), (number, "<</Certs[]>>")])
    };
    assert_eq!(store(50), LaterChanges::LtaUpdates);
    assert_eq!(store(11), LaterChanges::Other);
}

/// The document information takes the number of a font, or is one from the start.
#[test]
fn font_that_changes_as_document_information() {
    let info = (12, "<</Title(A)>>");
    let page = (3, "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F 11 0 R>>>>>>");
    let font = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>";
    let symbols = "<</Subtype/Type1/BaseFont/Symbol>>";
    let with = |prepared: Objects<'_>, later: Objects<'_>, info| {
        updated(prepared, later, info).later_changes
    };
    let better = [(12, "<</Title(B)/ModDate(D:2026)>>")];
    assert_eq!(with(&[info, page, (11, font)], &better, INFO), LaterChanges::LtaUpdates);
    let later = [(11, symbols)];
    assert_eq!(with(&[info, page, (11, font)], &later, "/Info 11 0 R"), LaterChanges::Other);
    let page = (3, "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F 12 0 R>>>>>>");
    assert_eq!(with(&[(12, font), page], &[(12, symbols)], INFO), LaterChanges::Other);
    assert_eq!(with(&[info, page], &better, INFO), LaterChanges::Other);
}

/// A later signature field that hides the page: nobody answers for it when it is
/// empty, and only a signature that passes when it is not.
#[test]
fn look_of_a_later_signature_over_the_page() {
    let catalog = "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[41 0 R 51 0 R]/SigFlags 3>>>>";
    let page = "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[41 0 R 51 0 R]>>";
    let look = "<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Length 2>>\nstream\nf*\nendstream";
    let value = (53, "<</Type/Sig/ByteRange[0 1 2 3]/Contents<00>>>");
    let field = |rectangle, more| {
        format!(
            "<</Type/Annot/Subtype/Widget/FT/Sig/T(x)/P 3 0 R/Rect[{rectangle}]/AP<</N 52 0 R>>{more}>>"
        )
    };
    let empty = field("0 0 200 200", "");
    let later = [(1, catalog), (3, page), (51, empty.as_str()), (52, look)];
    assert_eq!(changes(&[], &later), LaterChanges::Other);
    for (rectangle, drawn) in [("0 0 200 200", Some(3)), ("0 0 0 0", None), ("0 7 9 7.0", None)] {
        let signed = field(rectangle, "/V 53 0 R");
        let later = [(1, catalog), (3, page), (51, signed.as_str()), (52, look), value];
        let signature = updated(&[], &later, INFO);
        assert_eq!(signature.later_changes, LaterChanges::Signatures);
        assert_eq!(signature.drawn, drawn, "{rectangle}");
    }
}

/// Objects from the number on are no longer there for readers that mind `/Size`.
#[test]
fn update_that_cuts_the_file_short() {
    let mut pdf =
        SignatureBuilder::new(&sample::table(&sample::with(&[])), time()).sign(&signer()).unwrap();
    let prev = start_xref(&pdf);
    sample::append_table(&mut pdf, &[], "/Size 4/Root 1 0 R", Some(prev));
    let found = parse(&pdf, &Limits::default()).unwrap();
    assert_eq!(found.signatures[0].later_changes, LaterChanges::Other);
}

/// Resources that say they are a cross-reference stream: what they name was not looked
/// for as a reference, and comes as a "certificate".
#[test]
fn resources_that_pose_as_a_cross_reference_stream() {
    let later = catalog("/DSS<</Certs[50 0 R]>>");
    let later = [(1, later.as_str()), (50, STREAM)];
    let page = |resources| {
        format!("<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</XObject {resources}>>>>")
    };
    for resources in ["<</Type/XRef/Root 50 0 R>>", "11 0 R"] {
        let stream = "<</Type/XRef/Info 50 0 R/Length 1>>\nstream\n0\nendstream";
        let prepared = [(3, &page(resources)[..]), (11, stream)];
        assert_eq!(changes(&prepared, &later), LaterChanges::Other, "{resources}");
    }
}

/// Defaults of the form come later, for what was signed without a look of its own.
#[test]
fn defaults_that_draw_what_has_no_look() {
    let later =
        "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[41 0 R]/SigFlags 3/DA(/F 90 Tf 1 g)>>>>";
    let page = (3, "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[11 0 R]>>");
    for (annotation, expected) in [
        ("<</Subtype/Link/Rect[0 0 9 9]>>", LaterChanges::LtaUpdates),
        ("<</Subtype/FreeText/Rect[0 0 9 9]>>", LaterChanges::Other),
        ("<</Subtype/Widget/FT/Tx/T(a)/V(b)/Rect[0 0 9 9]>>", LaterChanges::Other),
    ] {
        assert_eq!(changes(&[page, (11, annotation)], &[(1, later)]), expected, "{annotation}");
    }
}

/// The data of a stream would not be looked at where its dictionary is the form.
#[test]
fn streams_that_pose_as_the_form() {
    let root = (1, "<</Type/Catalog/Pages 2 0 R/AcroForm 11 0 R>>");
    let form = (11, "<</Fields 13 0 R/SigFlags 3>>");
    let later = "<</Fields 13 0 R/SigFlags 1/Length 2>>\nstream\nf*\nendstream";
    assert_eq!(changes(&[root, form, (13, "[]")], &[(11, later)]), LaterChanges::Other);
}

/// A look that was signed goes, or is only shown now that the field is filled: only a
/// signature that passes may do so.
#[test]
fn filling_a_field_that_shows_something() {
    const FIELD: &str = "/Type/Annot/Subtype/Widget/FT/Sig/T(x)/P 3 0 R";
    let root = (1, "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[11 0 R]/SigFlags 3>>>>");
    let page = (3, "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[11 0 R]>>");
    let look = "<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Length 2>>\nstream\nf*\nendstream";
    let empty = "<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Length 0>>\nstream\n\nendstream";
    let value = (53, "<</Type/Sig/ByteRange[0 1 2 3]/Contents<00>>>");
    for (before, after, drawn) in [
        ("/Rect[0 0 9 9]/AP<</N 14 0 R>>", "/Rect[0 0 9 9]", Some(3)),
        ("/Rect[0 0 9 9]/AP<</N 14 0 R>>", "/Rect[0 0 9 9]/AP<</N 14 0 R>>", Some(3)),
        ("/Rect[0 0 9 9]/AP<</N 15 0 R>>", "/Rect[0 0 9 9]/AP<</N 14 0 R>>", Some(3)),
        ("/Rect[0 0 9 9]/AP<</N 15 0 R>>", "/Rect[0 0 9 9]/AP<</N 15 0 R>>", None),
        ("/Rect[0 0 0 0]", "/Rect[0 0 0 0]", None),
    ] {
        let (old, new) = (format!("<<{FIELD}{before}>>"), format!("<<{FIELD}{after}/V 53 0 R>>"));
        let prepared = [root, page, (11, &old), (14, look), (15, empty)];
        let signature = updated(&prepared, &[(11, &new), value], INFO);
        assert_eq!(signature.later_changes, LaterChanges::Signatures);
        assert_eq!(signature.drawn, drawn, "{before} to {after}");
    }
}

/// Some readers draw a field that is still to be signed.
#[test]
fn empty_field_over_the_page() {
    let catalog = "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[41 0 R 51 0 R]/SigFlags 3>>>>";
    for (rectangle, drawn) in [
        ("0 0 200 200", Some(3)),
        (".0.200 0 200 200", Some(3)),
        ("9007199254740993 0 9007199254740992 9", Some(3)),
        ("5 0 5 9", None),
    ] {
        let field = format!("<</Type/Annot/Subtype/Widget/FT/Sig/T(x)/P 3 0 R/Rect[{rectangle}]>>");
        let signature = updated(&[], &[(1, catalog), (51, &field)], INFO);
        assert_eq!(signature.later_changes, LaterChanges::Signatures);
        assert_eq!(signature.drawn, drawn, "{rectangle}");
    }
}
