//! Attacks through readers that repair: a signed document has an object that no
//! cross-reference section names, and a harmless update is written so that some reader
//! refuses it, searches the file, and shows that object.

use super::attacks::start_xref;
use super::tests::{signer, time};
use super::*;
use crate::encoding::pdf::sample;
use crate::limits::Limits;

const CATALOG: &str =
    "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[21 0 R]/SigFlags 3>>/DSS<</Certs[30 0 R]>>>>";
const CERTIFICATE: &str = "<</Length 2>>\nstream\n00\nendstream";

/// A signed document with a hidden object.
fn victim() -> Vec<u8> {
    let mut pdf = sample::table(&sample::with(&[]));
    let table = pdf.windows(5).rposition(|it| it == b"xref\n").unwrap() - "start".len();
    let table = pdf[..table].windows(5).rposition(|it| it == b"xref\n").unwrap();
    let hidden = b"4 0 obj\n<</Length 10>>\nstream\n0 0 9 9 re\nendstream\nendobj\n";
    let start = start_xref(&pdf);
    assert_eq!(start, table);
    pdf.splice(table..table, hidden.iter().copied());
    let text = format!("startxref\n{start}\n");
    let end = pdf.len() - text.len() - "%%EOF\n".len();
    pdf.truncate(end);
    pdf.extend_from_slice(format!("startxref\n{}\n%%EOF\n", start + hidden.len()).as_bytes());
    SignatureBuilder::new(&pdf, time()).sign(&signer()).unwrap()
}

/// The victim with validation data; `(from, to)` is done to what was appended, whose
/// lengths stay.
fn updated(victim: &[u8], from: &str, to: &str) -> LaterChanges {
    let mut pdf = victim.to_vec();
    let objects = [(1, CATALOG.to_owned()), (30, CERTIFICATE.to_owned())];
    sample::append_table(&mut pdf, &objects, "/Size 40/Root 1 0 R", Some(start_xref(victim)));
    let appended = pdf.split_off(victim.len());
    let text = String::from_utf8(appended).unwrap();
    assert!(text.contains(from), "{from}");
    pdf.extend_from_slice(text.replacen(from, to, 1).as_bytes());
    let found = parse(&pdf, &Limits::default()).unwrap();
    assert_eq!(found.signatures.len(), 1);
    found.signatures[0].later_changes
}

#[test]
fn updates_that_readers_refuse() {
    let victim = victim();
    assert_eq!(updated(&victim, "%%EOF\n", "%%EOF\n"), LaterChanges::LtaUpdates);
    let previous = format!("/Prev {}", start_xref(&victim));
    let real = format!("{previous}.0");
    let spaces = format!("startxref\n{:1200}", "");
    for (from, to) in [
        (&previous[..], &real[..]),
        ("/Size 40", "/Size 8388609"),
        ("/Size 40", "/Size 2147483648"),
        ("xref\n1 1\n", "xref\n99999999 0\n1 1\n"),
        ("xref\n1 1\n", "xref\n4294967294 0\n1 1\n"),
        ("xref\n1 1\n", "xref\n9000000 1\n0000000000 65535 f \n1 1\n"),
        ("xref\n1 1\n", "xref\n1%c\n 1\n"),
        ("xref\n1 1\n", "xref\n%c\n1 1\n"),
        ("xref\n1 1\n", "xref%c\n1 1\n"),
        ("xref\n1 1\n", "xref\n1 1 "),
        ("xref\n1 1\n", "xref\n1\x001\x00"),
        ("xref\n1 1\n", "%c\nxref\n1 1\n"),
        (" 00000 n \n", " 00000 n"),
        ("startxref\n", "startxref %c\n"),
        ("startxref\n", &spaces),
        ("1 0 obj", "1 0obj"),
        ("1 0 obj", "1%c\n0 obj"),
        ("1 0 obj", "1\x000\x00obj"),
        ("/Length 2>>", "/Length 1>>"),
    ] {
        assert_eq!(updated(&victim, from, to), LaterChanges::Other, "{from:?} as {to:?}");
    }
}

/// White space alone, so that `startxref` is no longer where readers look for it.
#[test]
fn white_space_that_hides_the_end() {
    for (size, expected) in [(2, LaterChanges::None), (1_100, LaterChanges::Other)] {
        let pdf = [victim(), vec![b'\n'; size]].concat();
        let found = parse(&pdf, &Limits::default()).unwrap();
        assert_eq!(found.signatures[0].later_changes, expected, "{size}");
    }
}

/// Readers differ in whether the table or the stream beside it hides an object.
#[test]
fn hybrid_update_that_frees_in_one_of_its_parts() {
    let mut pdf = victim();
    let text = String::from_utf8_lossy(&pdf).into_owned();
    let (page, prev) = (text.find("\n4 0 obj").unwrap() + 1, start_xref(&pdf));
    let beside = pdf.len();
    let rows = format!("01{page:08x}0000>");
    let stream = format!(
        "33 0 obj\n<</Type/XRef/Size 40/W[1 4 2]/Index[4 1]/Filter/ASCIIHexDecode/Length {}>>\n\
         stream\n{rows}\nendstream\nendobj\n",
        rows.len()
    );
    pdf.extend_from_slice(stream.as_bytes());
    let at = pdf.len();
    let table = format!(
        "xref\n4 1\n0000000000 00001 f \ntrailer\n<</Size 40/Root 1 0 R/Prev {prev}\
         /XRefStm {beside}>>\nstartxref\n{at}\n%%EOF\n"
    );
    pdf.extend_from_slice(table.as_bytes());
    let found = parse(&pdf, &Limits::default()).unwrap();
    assert_eq!(found.signatures[0].later_changes, LaterChanges::Other);
}

/// What a reader takes for an object when it searches, within a harmless update.
#[test]
fn objects_that_only_a_search_finds() {
    let victim = victim();
    let hidden = "<</Length 1>>\nstream\nq\nendstream\nendobj\n";
    let far = format!("4{:200}0 obj", "");
    for header in [
        "4 0 obj",
        "4\u{b}0\u{b}obj",
        "4\x000\x00obj",
        "4 %x\n0 obj",
        "4 0 %x\nobj",
        "4294967300 0 obj",
        "4 65536 obj",
        "4 -0 obj",
        "4 00000000000 obj",
        &far,
    ] {
        for place in ["xref\n1 1\n", "startxref\n"] {
            let to = format!("{header}\n{hidden}{place}");
            assert_eq!(updated(&victim, place, &to), LaterChanges::Other, "{header:?}");
        }
        let certificate = format!("00\nendstream\nendobj\n{header}\n{hidden}");
        let to = format!("/Length {}>>\nstream\n{certificate}\nendstream", certificate.len());
        let mut pdf = victim.clone();
        let objects = [(1, CATALOG.to_owned()), (30, format!("<<{to}"))];
        sample::append_table(&mut pdf, &objects, "/Size 40/Root 1 0 R", Some(start_xref(&victim)));
        let found = parse(&pdf, &Limits::default()).unwrap();
        assert_eq!(found.signatures[0].later_changes, LaterChanges::Other, "{header:?}");
    }
}

/// An object stream that holds more than is named, a cross-reference stream that is
/// none, and a catalog: a reader that repairs believes them.
#[test]
fn certificates_that_a_search_takes_for_more() {
    for certificate in [
        "<</Type/ObjStm/N 1/First 4/Length 8>>\nstream\n4 0 null\nendstream",
        "<</Type/XRef/Root 31 0 R/Length 2>>\nstream\n00\nendstream",
        "<</Type/Catalog/Pages 2 0 R/Length 2>>\nstream\n00\nendstream",
    ] {
        for catalog in [CATALOG, &CATALOG.replace("/DSS<</Certs[30 0 R]>>", "")] {
            let (victim, mut pdf) = (victim(), victim());
            let objects = [(1, catalog.to_owned()), (30, certificate.to_owned())];
            let prev = start_xref(&victim);
            sample::append_table(&mut pdf, &objects, "/Size 40/Root 1 0 R", Some(prev));
            let found = parse(&pdf, &Limits::default()).unwrap();
            assert_eq!(found.signatures[0].later_changes, LaterChanges::Other, "{certificate}");
        }
    }
}

/// The same refusals for cross-reference streams.
#[test]
fn stream_updates_that_readers_refuse() {
    let victim = SignatureBuilder::new(&sample::streams(&sample::with(&[]), &[1, 2, 3]), time())
        .sign(&signer())
        .unwrap();
    let change = |entries: &str, kind: &str| {
        let (mut pdf, at, prev) = (victim.clone(), victim.len(), start_xref(&victim));
        let text = format!(
            "33 0 obj\n<</Type/XRef/Size 40/Root 1 0 R/Prev {prev}/Index[32 2]{entries}\
             /Filter/ASCIIHexDecode/Length 29>>\nstream\n{kind}000000000000\
             01{at:08x}0000>\nendstream\nendobj\nstartxref\n{at}\n%%EOF\n"
        );
        pdf.extend_from_slice(text.as_bytes());
        let found = parse(&pdf, &Limits::default()).unwrap();
        (found.signatures[0].later_changes, found.defects.len())
    };
    assert_eq!(change("/W[1 4 2]", "00"), (LaterChanges::None, 0));
    assert_eq!(change("/W[1 4 2]", "03"), (LaterChanges::None, 1));
    assert_eq!(change("/W[1.0 4 2]", "00"), (LaterChanges::Other, 0));
    assert_eq!(change("/W[1 4 2]/XRefStm 5", "00"), (LaterChanges::Other, 0));
}

/// A reference to nothing, which makes a reader search.
#[test]
fn update_that_refers_to_nothing() {
    let victim = victim();
    assert_eq!(updated(&victim, "/Root", "/Info 39 0 R/Root"), LaterChanges::Other);
    let extended = "<</Length 2/A 39 0 R>>";
    assert_eq!(updated(&victim, "<</Length 2>>", extended), LaterChanges::Other);
}
