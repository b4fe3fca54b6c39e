//! Incremental saving attacks: the signed bytes stay, and what is shown is appended.

use kyso::CheckId::PdfStructure;

use crate::forge::{
    FORGED, SIGNATURE, append, append_with, catalog, changed, contents, refused, start_xref, victim,
};

/// Variant 1: a whole update.
#[test]
fn isa_with_xref_and_trailer() {
    let other =
        "<</Type/Page/Parent 2 0 R/Contents 20 0 R/Resources<</Font<</F 5 0 R>>>>/Annots[14 0 R]>>";
    let pages = "<</Type/Pages/Kids[3 0 R 21 0 R]/Count 2/MediaBox[0 0 200 200]>>";
    let attacks: [(&str, &[(usize, &str)]); 6] = [
        ("contents", &[(4, FORGED)]),
        ("page", &[(3, other), (20, FORGED)]),
        ("page added", &[(2, pages), (21, other), (20, FORGED)]),
        ("page gone", &[(2, "<</Type/Pages/Kids[]/Count 0/MediaBox[0 0 200 200]>>")]),
        ("font", &[(5, "<</Type/Font/Subtype/Type1/BaseFont/Symbol>>")]),
        ("catalog", &[(1, &catalog("/OpenAction[3 0 R/Fit]"))]),
    ];
    for (name, objects) in attacks {
        println!("{name}");
        changed(&append(&victim(), objects));
    }
    // Through the trailer alone.
    let root = catalog("").replace("2 0 R", "21 0 R");
    let pages = "<</Type/Pages/Kids[22 0 R]/Count 1/MediaBox[0 0 200 200]>>";
    let page = other.replace("2 0 R", "21 0 R");
    let objects = [(19, root.as_str()), (21, pages), (22, &page), (20, FORGED)];
    changed(&append_with(&victim(), &objects, "/Root 19 0 R"));
}

/// Variant 2: an object and a trailer, without a table that says where it is.
#[test]
fn isa_with_trailer_only() {
    let victim = victim();
    let (at, previous) = (victim.len(), start_xref(&victim));
    for tail in [
        format!("trailer\n<</Size 60/Root 1 0 R/Prev {previous}>>\nstartxref\n{at}\n%%EOF\n"),
        format!("trailer\n<</Size 60/Root 1 0 R>>\nstartxref\n{previous}\n%%EOF\n"),
        format!("trailer\n<</Size 60/Root 1 0 R/Prev {previous}>>\nstartxref\n0\n%%EOF\n"),
    ] {
        let pdf = [&victim[..], format!("4 0 obj\n{FORGED}\nendobj\n{tail}").as_bytes()].concat();
        refused(&pdf, PdfStructure, "");
        changed(&pdf);
    }
}

/// Variant 3: an object, and nothing besides.
#[test]
fn isa_with_body_only() {
    let body = format!("4 0 obj\n{FORGED}\nendobj\n");
    for tail in ["", "%%EOF\n", "startxref\n", "xref\n"] {
        let pdf = [&victim()[..], body.as_bytes(), tail.as_bytes()].concat();
        refused(&pdf, PdfStructure, "");
        changed(&pdf);
    }
}

/// Variant 4: with a copy of the signature, so that the last bytes look signed.
#[test]
fn isa_with_copied_signature() {
    let victim = victim();
    let start = crate::forge::find(&victim, &format!("{SIGNATURE} 0 obj\n"));
    let end = start + victim[start..].windows(7).position(|it| it == b"endobj\n").unwrap() + 7;
    let copy = &victim[start..end];
    assert!(contents(copy).len() > 1_000);
    let body = format!("4 0 obj\n{FORGED}\nendobj\n");
    for tail in ["", "%%EOF\n"] {
        changed(&[&victim[..], body.as_bytes(), copy, tail.as_bytes()].concat());
        changed(&[&victim[..], copy, body.as_bytes(), tail.as_bytes()].concat());
    }
    // The copy within a well-formed update is the signature's new place.
    let text = String::from_utf8_lossy(copy).into_owned();
    let text = text.split_once("obj\n").unwrap().1.trim_end().trim_end_matches("endobj").trim_end();
    changed(&append(&victim, &[(4, FORGED), (SIGNATURE, text)]));
}
