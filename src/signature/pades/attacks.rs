//! Attacks on signed PDFs, each made here and named after its paper: Mladenov,
//! Mainka et al., "1 Trillion Dollar Refund" (2019), "Shadow Attacks" (2021). The list of
//! all that were published, with what each comes to, is `tests/published_attacks`.

use std::sync::OnceLock;

use super::tests::{signer, time};
use super::*;
use crate::encoding::pdf::sample;
use crate::limits::Limits;

/// One page, one signature.
fn victim() -> &'static Vec<u8> {
    static VICTIM: OnceLock<Vec<u8>> = OnceLock::new();
    VICTIM.get_or_init(|| {
        let pdf = sample::table(&sample::with(&[]));
        SignatureBuilder::new(&pdf, time()).sign(&signer()).unwrap()
    })
}

pub(super) fn start_xref(pdf: &[u8]) -> usize {
    let text = String::from_utf8_lossy(pdf);
    let (_, tail) = text.rsplit_once("startxref\n").unwrap();
    tail.lines().next().unwrap().parse().unwrap()
}

/// The victim with an incremental update that is well-formed in itself.
fn updated(objects: &[(u32, &str)]) -> Vec<u8> {
    updated_with(objects, "/Root 1 0 R")
}

fn updated_with(objects: &[(u32, &str)], trailer: &str) -> Vec<u8> {
    let mut pdf = victim().clone();
    let prev = start_xref(&pdf);
    let objects: Vec<_> = objects.iter().map(|(n, body)| (*n, (*body).to_owned())).collect();
    sample::append_table(&mut pdf, &objects, trailer, Some(prev));
    pdf
}

fn only_signature(pdf: &[u8]) -> (PdfSignatures, PdfSignature) {
    let found = parse(&pdf, &Limits::default()).unwrap();
    assert_eq!(found.signatures.len(), 1);
    let signature = found.signatures[0].clone();
    (found, signature)
}

/// Replaces the last occurrence.
fn replaced(pdf: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = pdf.windows(from.len()).rposition(|it| it == from).unwrap();
    [&pdf[..at], to, &pdf[at + from.len()..]].concat()
}

fn byte_range_text(pdf: &[u8]) -> (String, Vec<u64>) {
    let text = String::from_utf8_lossy(pdf);
    let from = text.rfind("/ByteRange [").unwrap();
    let text = &text[from..];
    let text = &text[..=text.find(']').unwrap()];
    let numbers = text[12..text.len() - 1].split(' ').map(|it| it.parse().unwrap()).collect();
    (text.to_owned(), numbers)
}

/// The victim's byte range, with spaces to keep its length.
fn with_byte_range(text: &str) -> Vec<u8> {
    let (old, _) = byte_range_text(victim());
    let padded = format!("/ByteRange {text}{:1$}", "", 60);
    let space = format!("{old}{:1$}", "", padded.len() - old.len());
    let pdf =
        replaced(victim(), &space.as_bytes()[..old.len() + 8], &padded.as_bytes()[..old.len() + 8]);
    assert_eq!(pdf.len(), victim().len());
    pdf
}

#[test]
fn the_victim_is_sound() {
    let (found, signature) = only_signature(victim());
    assert_eq!((&found.defects[..], &signature.findings[..]), (&[][..], &[][..]));
    assert!(signature.covers_whole_file);
    assert_eq!(signature.later_changes, LaterChanges::None);
}

/// Incremental saving: what is shown is replaced, overlaid or extended.
#[test]
fn incremental_saving_attack() {
    const SIG_FIELD: &str = "/Type/Annot/Subtype/Widget/FT/Sig/T(x)/Rect[0 0 9 9]/P 3 0 R";
    const FORM: &str =
        "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[21 0 R 30 0 R]/SigFlags 3>>>>";
    let action = format!("<<{SIG_FIELD}/A<</S/JavaScript/JS(1)>>>>");
    let field = format!("<<{SIG_FIELD}>>");
    let attacks: [(&str, &[(u32, &str)]); 10] = [
        ("replaced contents", &[(4, "<</Length 10>>\nstream\n0 0 9 9 re\nendstream")]),
        ("another page tree", &[(2, "<</Type/Pages/Kids[]/Count 0>>")]),
        (
            "page with other contents",
            &[
                (3, "<</Type/Page/Parent 2 0 R/Contents 30 0 R/Annots[21 0 R]>>"),
                (30, "<</Length 1>>\nstream\nq\nendstream"),
            ],
        ),
        (
            "overlay annotation",
            &[
                (3, "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[21 0 R 30 0 R]>>"),
                (30, "<</Type/Annot/Subtype/FreeText/Rect[0 0 99 99]>>"),
            ],
        ),
        ("annotation removed", &[(3, "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[]>>")]),
        (
            "open action",
            &[(
                1,
                "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[21 0 R]/SigFlags 3>>/OpenAction[3 0 R/Fit]>>",
            )],
        ),
        ("field with an action", &[(1, FORM), (30, &action)]),
        (
            "field, and contents besides",
            &[(1, FORM), (30, &field), (4, "<</Length 1>>\nstream\nq\nendstream")],
        ),
        ("stray object", &[(30, "<</Unused true>>")]),
        ("signature replaced", &[(20, "<</Type/Sig/ByteRange[0 1 2 3]/Contents<00>>>")]),
    ];
    for (name, objects) in attacks {
        let (found, signature) = only_signature(&updated(objects));
        assert_eq!(signature.later_changes, LaterChanges::Other, "{name}");
        assert!(!signature.covers_whole_file, "{name}");
        assert_eq!(found.signatures.len(), 1, "{name}");
    }
    // The same field alone is what a further signer may need.
    let (_, signature) = only_signature(&updated(&[(1, FORM), (30, &field)]));
    assert_eq!(signature.later_changes, LaterChanges::Signatures);
}

/// Validation data alone are that; dressed as such, anything else is not.
#[test]
fn security_store_as_a_cover() {
    const CATALOG: &str =
        "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[21 0 R]/SigFlags 3>>/DSS 30 0 R>>";
    const STREAM: &str = "<</Length 2>>\nstream\n0\0\nendstream";
    let good: [(u32, &str); 4] =
        [(1, CATALOG), (30, "<</Certs 31 0 R>>"), (31, "[32 0 R]"), (32, STREAM)];
    let (_, signature) = only_signature(&updated(&good));
    assert_eq!(signature.later_changes, LaterChanges::LtaUpdates);
    for bad in [
        [(1, CATALOG), (30, "<</Certs 31 0 R/Kids[]>>"), (31, "[32 0 R]"), (32, STREAM)],
        [(1, CATALOG), (30, "<</Certs 31 0 R>>"), (31, "[4 0 R]"), (4, STREAM)],
        [(1, CATALOG), (30, "<</Certs 2 0 R>>"), (2, "[32 0 R]"), (32, STREAM)],
        [(1, CATALOG), (30, "<</Certs 31 0 R>>"), (31, "[32 0 R]"), (32, "<</Type/Page>>")],
    ] {
        let (_, signature) = only_signature(&updated(&bad));
        assert_eq!(signature.later_changes, LaterChanges::Other, "{bad:?}");
    }
}

/// Incremental saving without what makes an update one.
#[test]
fn incremental_saving_attack_without_a_chain() {
    let body = b"4 0 obj\n<</Length 1>>\nstream\nq\nendstream\nendobj\n";
    for tail in [&b""[..], b"trailer\n<</Root 1 0 R>>\n", b"startxref\n0\n%%EOF\n"] {
        let pdf = [&victim()[..], body, tail].concat();
        let (found, signature) = only_signature(&pdf);
        assert!(!found.defects.is_empty());
        assert!(!signature.covers_whole_file);
        assert_eq!(signature.later_changes, LaterChanges::Other);
    }
}

/// Objects that no section names, within an update that is harmless but for something
/// that readers repair.
#[test]
fn incremental_saving_attack_on_readers_that_repair() {
    let catalog = "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[21 0 R]/SigFlags 3>>/DSS<</Certs[30 0 R]>>>>";
    let change = |behind: &str| {
        let body = format!("{catalog}\nendobj\n{behind}");
        only_signature(&updated(&[(1, &body), (30, "<</Length 1>>\nstream\n0\nendstream")]))
            .1
            .later_changes
    };
    assert_eq!(change(""), LaterChanges::LtaUpdates);
    let hidden = "4 0 obj\n<</Length 1>>\nstream\nq\nendstream\n";
    assert_eq!(change(hidden), LaterChanges::Other);
    assert_eq!(change("trailer\n<</Root 30 0 R>>\n"), LaterChanges::Other);
}

/// Another catalog through the trailer.
#[test]
fn trailer_that_names_another_catalog() {
    let catalog = "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[21 0 R]>>>>";
    let (_, signature) = only_signature(&updated_with(&[(30, catalog)], "/Root 30 0 R"));
    assert_eq!(signature.later_changes, LaterChanges::Other);
}

/// An entry that points behind its own revision: the object can be added later
/// without any cross-reference section saying so.
#[test]
fn entry_that_points_behind_its_revision() {
    let pdf = updated(&[(30, "(x)")]);
    let at = start_xref(&pdf);
    let line = String::from_utf8_lossy(&pdf[at..]).into_owned();
    let entry = line.lines().nth(2).unwrap().to_owned();
    let pdf =
        replaced(&pdf, entry.as_bytes(), format!("{:010} 00000 n ", pdf.len() + 50).as_bytes());
    let (found, _) = only_signature(&pdf);
    assert!(matches!(&found.defects[..], [FileDefect::Irregular(it)] if it.contains("behind")));
}

/// Universal signature forgery: `/Contents` or `/ByteRange` gone, emptied, nulled.
#[test]
fn universal_signature_forgery() {
    let dictionary = |extra: &str| {
        let body =
            format!("<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached{extra}>>");
        let (_, signature) = only_signature(&updated(&[(20, &body)]));
        assert!(!signature.covers_whole_file);
        signature.findings
    };
    let range = format!("/ByteRange[0 10 20 {}]", victim().len() - 20);
    for (extra, expected) in [
        (range.clone(), Finding::ContentsMissing),
        (format!("{range}/Contents null"), Finding::ContentsMissing),
        (format!("{range}/Contents<>"), Finding::ContentsMissing),
        (format!("{range}/Contents(0\\202)"), Finding::ContentsNotHexadecimal),
        (format!("{range}/Contents<3003>"), Finding::ContentsNotAsn1),
        (format!("{range}/Contents<3000FF>"), Finding::ContentsTrailingBytes),
        (format!("{range}/Contents<3000>/Contents<3000>"), Finding::DuplicateKey),
        (format!("{range}/Contents<3000>"), Finding::GapIsNotContents),
        (format!("{range}/Contents<3000>/Type/Page"), Finding::TypeUnknown),
        ("/Contents<3000>".to_owned(), Finding::ByteRangeMissing),
        ("/Contents<3000>/ByteRange null".to_owned(), Finding::ByteRangeMissing),
        ("/Contents<3000>/ByteRange[]".to_owned(), Finding::ByteRangeNotFourIntegers),
        ("/Contents<3000>/ByteRange[0 1 2 -3]".to_owned(), Finding::ByteRangeNegative),
        ("/Contents<3000>/ByteRange[0 0 0 99999999]".to_owned(), Finding::ByteRangeOutOfFile),
    ] {
        let findings = dictionary(&extra);
        assert!(findings.contains(&expected), "{extra}: {findings:?}");
    }
}

/// Signature wrapping: the byte range leaves out more than the signature.
#[test]
fn signature_wrapping_attack() {
    let (_, numbers) = byte_range_text(victim());
    let [_, before, after, rest] = numbers[..] else { panic!("four numbers") };
    for (text, expected) in [
        (format!("[0 {} {after} {rest}]", before - 1), Finding::GapIsNotContents),
        (format!("[0 {before} {} {}]", after + 1, rest - 1), Finding::GapIsNotContents),
        (format!("[0 {} {} {}]", before + 1, after - 1, rest + 1), Finding::GapIsNotContents),
        (format!("[9 {} {after} {rest}]", before - 9), Finding::ByteRangeNotFromStart),
        (format!("[0 {before} {after} {}]", rest - 7), Finding::EndIsNotRevisionEnd),
        (format!("[0 0 {after} {rest}]"), Finding::DictionaryNotCovered),
        (format!("[0 {before} {after} {}]", rest + 1), Finding::ByteRangeOutOfFile),
        (format!("[0 {after} {before} {rest}]"), Finding::ByteRangeOutOfFile),
    ] {
        let (_, signature) = only_signature(&with_byte_range(&text));
        assert!(signature.findings.contains(&expected), "{text}: {:?}", signature.findings);
        assert!(!signature.covers_whole_file, "{text}");
    }
}

/// Two fields, one signature; and two fields of one name.
#[test]
fn shared_signatures_and_names() {
    let catalog = "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[21 0 R 30 0 R]/SigFlags 3>>>>";
    let field =
        "<</Type/Annot/Subtype/Widget/FT/Sig/T(Signature1)/V 20 0 R/Rect[0 0 0 0]/P 3 0 R>>";
    let found = parse(&updated(&[(1, catalog), (30, field)]), &Limits::default()).unwrap();
    assert_eq!(found.signatures.len(), 2);
    for signature in &found.signatures {
        assert_eq!(signature.later_changes, LaterChanges::Other);
        for finding in [Finding::SharedDictionary, Finding::DuplicateFieldName, Finding::GapShared]
        {
            assert!(signature.findings.contains(&finding), "{:?}", signature.findings);
        }
    }
}

/// A signature that no field leads to is seen nevertheless.
#[test]
fn signature_outside_of_the_form() {
    let catalog = "<</Type/Catalog/Pages 2 0 R>>";
    let (_, signature) = only_signature(&updated(&[(1, catalog)]));
    assert!(signature.findings.contains(&Finding::NotInForm));
}

/// A reader asked for the broken file guesses; the guess is never unsaid.
#[test]
fn mutations_of_a_signed_file_end_in_an_answer() {
    let base = updated(&[(30, "(x)")]);
    let mut state = 7_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize
    };
    // The zeros of the signature's place are left alone: they are most of the file.
    let digits = base.windows(64).position(|it| it == [b'0'; 64]).unwrap();
    let end = digits + base[digits..].iter().position(|it| *it == b'>').unwrap();
    for _ in 0..1_000 {
        let mut pdf = base.clone();
        for _ in 0..=next() % 3 {
            let at = next() % (pdf.len() - (end - digits));
            let at = if at < digits { at } else { at + end - digits };
            match next() % 3 {
                0 => pdf[at] = next().to_le_bytes()[0],
                1 => pdf[at] = b"0123456789<>[]()/ R"[next() % 19],
                _ => pdf.splice(at..at, base[..at.min(30)].to_vec()).for_each(drop),
            }
        }
        exhaust::exhaust(&pdf);
    }
}
