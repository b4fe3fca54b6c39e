//! What is signed, where it says that it is, and which field it fills.

use kyso::CheckId::{LaterChanges, PdfByteRange, PdfDictionary, PdfStructure};
use kyso::pades::EmptyField;

use crate::forge::{
    FIELD, FORGED, PAGE, SIGNATURE, append, builder, contents, crafted, digits, document, find,
    judge, overwritten, passes, refused, section, signer, start_xref, victim, with_annotations,
    with_fields,
};

/// The digest holds, and that is not enough.
#[track_caller]
fn game(range: impl Fn(crate::forge::Place) -> [usize; 4], words: &str) {
    let pdf = crafted(range);
    assert_eq!(judge(&pdf).signatures()[0].intact(), Some(true));
    refused(&pdf, PdfByteRange, words);
}

#[test]
fn byte_range_not_from_the_start() {
    passes(&crafted(|at| at.range()));
    game(|at| [9, at.start - 9, at.end, at.len - at.end], "the first bytes of the file");
}

#[test]
fn byte_range_with_a_gap_too_wide() {
    let words = "not exactly the signature's Contents";
    game(|at| [0, at.start - 1, at.end, at.len - at.end], words);
    game(|at| [0, at.start, at.end + 1, at.len - at.end - 1], words);
    game(|at| [0, at.start - 200, at.end + 20, at.len - at.end - 20], words);
}

#[test]
fn byte_range_that_ends_early() {
    game(|at| [0, at.start, at.end, at.len - at.end - 7], "the end of a revision");
    game(|at| [0, at.start, at.end, 0], "the end of a revision");
}

#[test]
fn byte_range_of_one_side() {
    game(|at| [0, 0, at.end, at.len - at.end], "does not cover its own dictionary");
    game(|at| [0, at.start, at.len, 0], "not exactly the signature's Contents");
}

/// The gap lies elsewhere; what is signed is another's.
#[test]
fn byte_range_elsewhere() {
    game(|_| [0, 100, 200, 100], "not exactly the signature's Contents");
}

#[test]
fn contents_with_trailing_bytes() {
    let victim = victim();
    let place = contents(&victim);
    for text in ["01>", "00ff>", "3000>"] {
        let end = place.end - text.len()..place.end;
        refused(&overwritten(&victim, end, text), PdfByteRange, "bytes follow the signature");
    }
}

/// Behind the one that is checked stands another's.
#[test]
fn contents_with_a_second_signature() {
    let victim = victim();
    let place = contents(&victim);
    let first = digits(&victim);
    let room = place.len() - "/Contents <>".len() - first.len();
    let second = &first[..room.min(first.len()) & !1];
    let text = format!("/Contents <{first}{second}>");
    refused(&overwritten(&victim, place, &text), PdfByteRange, "bytes follow the signature");
}

const VALUE: &str = "<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/adbe.pkcs7.detached/ByteRange[0 1 2 3]/Contents<3000>>>";

/// Another signature takes the field, and the first is nobody's.
#[test]
fn two_signatures_on_one_field() {
    let victim = victim();
    let field =
        "<</Type/Annot/Subtype/Widget/FT/Sig/T(Leader)/Rect[0 0 0 0]/F 132/P 3 0 R/V 20 0 R>>";
    let pdf = append(&victim, &[(FIELD, field), (20, VALUE)]);
    refused(&pdf, PdfByteRange, "");
    // The field and its widget name one each.
    let parent = "<</FT/Sig/T(Leader)/V 13 0 R/Kids[21 0 R]>>";
    let kid = "<</Type/Annot/Subtype/Widget/Parent 14 0 R/Rect[0 0 0 0]/F 132/P 3 0 R/V 20 0 R>>";
    let page = PAGE.replace("14 0 R", "21 0 R");
    let pdf = append(&victim, &[(FIELD, parent), (21, kid), (3, &page), (20, VALUE)]);
    refused(&pdf, LaterChanges, "");
}

/// Two fields name one signature.
#[test]
fn one_signature_on_two_fields() {
    let field =
        "<</Type/Annot/Subtype/Widget/FT/Sig/T(Other)/Rect[0 0 0 0]/F 132/P 3 0 R/V 13 0 R>>";
    let (root, page) = (with_fields("20 0 R"), with_annotations("20 0 R"));
    let pdf = append(&victim(), &[(1, &root), (3, &page), (20, field)]);
    refused(&pdf, PdfDictionary, "two fields share one signature");
}

/// A second field of the same full name, however it is spelt.
#[test]
fn names_that_collide() {
    let widget = "/Type/Annot/Subtype/Widget/FT/Sig/Rect[0 0 0 0]/F 132/P 3 0 R/V 22 0 R>>";
    let same = format!("<</T(Leader){widget}");
    let utf16 = format!("<</T<FEFF004C00650061006400650072>{widget}");
    let octal = format!("<</T(\\114eader){widget}");
    let nameless = format!("<</Parent 21 0 R/T(Leader){widget}");
    let (root, page) = (with_fields("20 0 R"), with_annotations("20 0 R"));
    for field in [&same, &utf16, &octal] {
        let pdf = append(&victim(), &[(1, &root), (3, &page), (20, field), (22, VALUE)]);
        refused(&pdf, PdfDictionary, "two fields have the same name");
    }
    // Below a field without a name of its own.
    let root = with_fields("21 0 R");
    let above = "<</Kids[20 0 R]>>";
    let objects = [(1, &root[..]), (3, &page), (20, &nameless), (21, above), (22, VALUE)];
    refused(&append(&victim(), &objects), PdfDictionary, "two fields have the same name");
}

/// A full stop within a name, against a field within a field.
#[test]
fn names_that_collide_by_a_full_stop() {
    let pdf = document(&[]);
    let pdf = builder(&pdf).field("Leader.Sign").sign(&signer("p256")).unwrap();
    let text = String::from_utf8_lossy(&pdf).into_owned();
    let fields = text.split("/Fields [").nth(1).unwrap().split(']').next().unwrap();
    let root =
        format!("<</Type/Catalog/Pages 2 0 R/AcroForm<</SigFlags 3/Fields[{fields} 20 0 R]>>>>");
    let field =
        "<</T(Leader.Sign)/Type/Annot/Subtype/Widget/FT/Sig/Rect[0 0 0 0]/F 132/P 3 0 R/V 22 0 R>>";
    let pdf = append(&pdf, &[(1, &root), (20, field), (22, VALUE)]);
    refused(&pdf, PdfDictionary, "two fields have the same name");
    // It cannot be made in the first place.
    let pdf = document(&[]);
    let fields = ["A", "A.B"].map(EmptyField::new);
    let both = fields
        .into_iter()
        .fold(kyso::pades::FieldBuilder::new(&pdf[..]), |it, field| it.field(field));
    assert!(both.add().is_err());
}

/// The victim with a section of these rows; objects stand before it.
fn rows(objects: &str, rows: impl Fn(usize) -> String) -> Vec<u8> {
    let victim = victim();
    let pdf = [&victim[..], objects.as_bytes()].concat();
    section(&pdf, &rows(victim.len()), "/Root 1 0 R", start_xref(&victim))
}

fn forged() -> String {
    format!("4 0 obj\n{FORGED}\nendobj\n")
}

fn entry(at: usize) -> String {
    format!("{at:010} 00000 n \n")
}

/// Readers differ in which of the two they take.
#[test]
fn xref_entries_that_stand_twice() {
    let original = find(&victim(), "\n4 0 obj") + 1;
    for twice in [[0, 1], [1, 0]] {
        let pdf = rows(&forged(), |at| {
            let both = [at, original];
            format!("4 1\n{}4 1\n{}", entry(both[twice[0]]), entry(both[twice[1]]))
        });
        refused(&pdf, PdfStructure, "");
    }
}

#[test]
fn xref_entries_that_are_mangled() {
    for row in [
        "4 1\nxxxxxxxxxx 00000 n \n",
        "4 1\n0000000000 00000 z \n",
        "4 1\n00000\n",
        "4 -1\n",
        "4 1\n-000000001 00000 n \n",
        "4 1\n9999999999 00000 n \n",
    ] {
        let pdf = rows(&forged(), |_| row.to_owned());
        refused(&pdf, PdfStructure, "");
    }
}

/// They lead to something else than they say.
#[test]
fn xref_entries_to_another_object() {
    let font = find(&victim(), "\n5 0 obj") + 1;
    refused(&rows("", |_| format!("4 1\n{}", entry(font))), LaterChanges, "");
    refused(&rows("", |_| format!("4 1\n{}", entry(font + 3))), LaterChanges, "");
    refused(&rows(&forged(), |at| format!("4 1\n{}", entry(at + 1))), LaterChanges, "");
    refused(&rows("", |_| "4 1\n0000000000 00000 f \n".to_owned()), LaterChanges, "");
    refused(&rows(&forged(), |at| format!("4 1\n{at:010} 00001 n \n")), LaterChanges, "");
}

/// The chain leaves out the revision that was signed, or runs in a circle.
#[test]
fn xref_chains_that_leave_out_what_was_signed() {
    let victim = victim();
    let text = String::from_utf8_lossy(&victim).into_owned();
    let first: usize =
        text.split("startxref\n").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
    let at = victim.len();
    let pdf = [&victim[..], forged().as_bytes()].concat();
    let signature = find(&victim, &format!("\n{SIGNATURE} 0 obj")) + 1;
    let field = find(&victim, &format!("\n{FIELD} 0 obj")) + 1;
    let page = find(&victim, "\n3 0 obj") + 1;
    let root = find(&victim, "\n1 0 obj") + 1;
    let table = format!(
        "1 1\n{}3 2\n{}{}13 2\n{}{}",
        entry(root),
        entry(page),
        entry(at),
        entry(signature),
        entry(field)
    );
    refused(&section(&pdf, &table, "/Root 1 0 R", first), LaterChanges, "");
    let own = pdf.len();
    refused(&section(&pdf, &table, "/Root 1 0 R", own), PdfStructure, "");
}

/// Somebody who is trusted empties the leader's field, writes what he likes, and signs
/// there himself: that is his document, but the report tells what it was.
#[test]
fn signature_taken_away_and_signed_anew() {
    let empty = "<</Type/Catalog/Pages 2 0 R/AcroForm<</SigFlags 3/Fields[]>>>>";
    let pdf =
        append(&victim(), &[(1, empty), (3, &PAGE.replace("/Annots[14 0 R]", "")), (4, FORGED)]);
    let anew = builder(&pdf).field("Leader").sign(&signer("rsa2048")).unwrap();
    let report = judge(&anew);
    assert_eq!(report.signatures().len(), 1, "{report}");
    let told: Vec<_> = report.diagnostics().map(|it| it.1.to_owned()).collect();
    assert_eq!(told.len(), 1, "{report}");
    assert!(told[0].contains("“Leader” that revision 2 of the file had"), "{report}");
    assert!(judge(&victim()).diagnostics().next().is_none());
}
