//! PDF 2.0 (ISO 32000-2) as other producers write it: no table, objects in streams, texts in
//! UTF-8 and associated files.

use super::tests::{judged_by_others, signer, time};
use super::*;
use crate::encoding::pdf::{Object, Reader, sample, text_of};
use crate::limits::Limits;

const BOX: &str = "Ô của lãnh đạo";
const FILE: &str = "dữ liệu.xml";

/// In UTF-8, which a mark at the beginning tells (§7.9.2.2).
fn text(of: &str) -> String {
    format!("(\u{feff}{of})")
}

fn document() -> Vec<u8> {
    let (name, file) = (text(BOX), text(FILE));
    let catalog = format!(
        "<</Type/Catalog/Pages 2 0 R/Lang(vi-VN)/AF[7 0 R]/Metadata 9 0 R/AcroForm 5 0 R\
         /Names<</EmbeddedFiles<</Names[{file} 7 0 R]>>>>/Extensions<<>>\
         /ViewerPreferences<</DisplayDocTitle true>>>>"
    );
    let field =
        format!("<</Type/Annot/Subtype/Widget/FT/Sig/T{name}/Rect[10 10 90 50]/F 132/P 3 0 R>>");
    let associated = format!(
        "<</Type/Filespec/F(data.xml)/UF{file}/Desc{file}/AFRelationship/Data/EF<</F 8 0 R/UF 8 0 R>>>>"
    );
    let metadata = "<?xpacket begin=''?><x:xmpmeta xmlns:x='adobe:ns:meta/'/><?xpacket end='w'?>";
    let metadata = format!(
        "<</Type/Metadata/Subtype/XML/Length {}>>\nstream\n{metadata}\nendstream",
        metadata.len()
    );
    let objects = sample::with(&[
        (1, &catalog),
        (3, "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[6 0 R]/AF[7 0 R]>>"),
        (5, "<</Fields[6 0 R]>>"),
        (6, &field),
        (7, &associated),
        (8, "<</Type/EmbeddedFile/Subtype/application#2Fxml/Length 4>>\nstream\n<a/>\nendstream"),
        (9, &metadata),
    ]);
    let pdf = sample::streams(&objects, &[1, 2, 3, 5, 6, 7]);
    let (_, rest) = pdf.split_at(8);
    [b"%PDF-2.0", rest].concat()
}

#[test]
fn a_document_of_the_second_edition_stays_one() {
    let original = document();
    let builder = SignatureBuilder::new(&original, time()).field(BOX).reason("Phê duyệt");
    let once = builder.sign(&signer()).unwrap();
    judged_by_others("PDF 2.0", &once, 1);
    let second = SignatureBuilder::new(&once, time().plus_seconds(60)).field("Đóng dấu");
    let twice = second.sign(&signer()).unwrap();
    judged_by_others("PDF 2.0, twice", &twice, 2);
    assert!(twice.starts_with(&once) && once.starts_with(&original));
    // It says what it is where it begins, and nothing takes it back (§7.7.2, Version).
    assert!(twice.starts_with(b"%PDF-2.0"));
    let updates = &twice[original.len()..];
    let has = |word: &[u8]| updates.windows(word.len()).any(|it| it == word);
    assert!(!has(b"/Version") && !has(b"trailer") && has(b"/XRef"));

    let found = parse(&twice, &Limits::default()).unwrap();
    assert_eq!((found.revisions, &found.defects[..]), (3, &[][..]));
    let [first, last] = &found.signatures[..] else { panic!("{}", found.signatures.len()) };
    assert_eq!((first.field.as_str(), last.field.as_str()), (BOX, "Đóng dấu"));
    assert_eq!(first.reason.as_deref(), Some("Phê duyệt"));
    assert_eq!((&first.findings[..], &last.findings[..]), (&[][..], &[][..]));
    assert_eq!(first.later_changes, LaterChanges::Signatures);
    assert_eq!(last.later_changes, LaterChanges::None);

    let (source, limits) = (&twice.as_slice(), Limits::default());
    let reader = Reader::open(source, &limits).unwrap();
    let (_, catalog) = reader.newest().catalog().unwrap();
    let associated = reader.newest().array(&catalog, "AF").unwrap();
    let associated = reader.newest().resolve(&associated[0]).unwrap();
    let associated = associated.as_dictionary().unwrap();
    let name = associated.get("UF").and_then(Object::as_string).map(text_of);
    assert_eq!(name.as_deref(), Some(FILE));
    assert_eq!(associated.get("AFRelationship"), Some(&Object::name("Data")));
}
