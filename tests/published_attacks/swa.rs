//! Signature wrapping attacks: the signed bytes are moved apart, and what is shown
//! stands between them. The digest holds.

use kyso::CheckId::{PdfByteRange, PdfDictionary};

use crate::forge::{
    FORGED, byte_range, contents, crafted_with, digits, find, judge, overwritten, passes, refused,
    start_xref, victim,
};

/// The victim, with its second signed stretch moved to the end: `startxref` there leads
/// to a table of the attacker's, at the place where the signed one stood.
fn wrapped(byte_range_again: bool) -> Vec<u8> {
    let victim = victim();
    let (_, [_, before, after, rest]) = byte_range(&victim);
    let (table, second) = (start_xref(&victim), after + 4_000);
    let mut pdf = [&victim[..before], format!("<{}>", digits(&victim)).as_bytes()].concat();
    if byte_range_again {
        pdf.extend(format!("/ByteRange [0 {before} {second} {rest}]").bytes());
    }
    pdf.extend(b">>\nendobj\n");
    let mut rows = String::new();
    let field = find(&victim, "14 0 obj\n");
    let field = &victim[field..table];
    for (number, object) in [(4, format!("4 0 obj\n{FORGED}\nendobj\n").as_bytes()), (14, field)] {
        rows += &format!("{number} 1\n{:010} 00000 n \n", pdf.len());
        pdf.extend(object);
    }
    for number in [1, 3, 13] {
        rows += &format!(
            "{number} 1\n{:010} 00000 n \n",
            find(&victim, &format!("\n{number} 0 obj")) + 1
        );
    }
    pdf.resize(table, b' ');
    let text = String::from_utf8_lossy(&victim).into_owned();
    let original = text.split("startxref\n").nth(1).unwrap().lines().next().unwrap();
    pdf.extend(format!("xref\n{rows}trailer\n<</Size 15/Root 1 0 R/Prev {original}>>\n").bytes());
    assert!(pdf.len() <= second);
    pdf.resize(second, b' ');
    pdf.extend(&victim[after..]);
    pdf
}

/// The new ByteRange stands in what is not signed.
#[test]
fn swa_second_byte_range_in_the_gap() {
    let pdf = wrapped(true);
    assert_eq!(judge(&pdf).signatures()[0].intact(), Some(true), "the digest holds");
    refused(&pdf, PdfDictionary, "a key stands twice");
    refused(&pdf, PdfByteRange, "not exactly the signature's Contents");
}

/// The old one is left as it was, for readers that look for it.
#[test]
fn swa_second_part_moved() {
    refused(&wrapped(false), PdfByteRange, "");
}

/// Contents end early; objects stand in the rest of the gap, where nobody moved anything.
#[test]
fn swa_objects_within_the_gap() {
    let victim = victim();
    let place = contents(&victim);
    let objects = format!("4 0 obj\n{FORGED}\nendobj\n");
    let closed = format!("/Contents <{}>>>\nendobj\n{objects}20 0 obj\n<<", digits(&victim));
    let pdf = overwritten(&victim, place.clone(), &closed);
    assert_eq!(judge(&pdf).signatures()[0].intact(), Some(true));
    refused(&pdf, PdfByteRange, "not exactly the signature's Contents");
    // Without that, the dictionary is none.
    let open = format!("/Contents <{}>\n{objects}", digits(&victim));
    refused(&overwritten(&victim, place, &open), PdfDictionary, "cannot be read");
}

/// Made for it: ByteRange is not signed at all, and can be whatever it is wanted to be.
#[test]
fn swa_byte_range_unsigned() {
    let sound = crafted_with(|at| (at.range(), String::new()));
    passes(&sound);
    let unsigned = crafted_with(|at| {
        let [a, b, c, d] = at.range();
        (at.range(), format!("/ByteRange [{a} {b} {c} {d}]"))
    });
    assert_eq!(judge(&unsigned).signatures()[0].intact(), Some(true));
    refused(&unsigned, PdfByteRange, "not exactly the signature's Contents");
}
