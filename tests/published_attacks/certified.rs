//! Attacks on certified documents: what the certification permits is put to another use.

use kyso::appearance::{Appearance, Image};
use kyso::pades::DocMdp::{self, Annotating, FormFilling, NoChanges};
use kyso::{CheckId, Conclusion, Limits, Outcome};

use crate::forge::{
    append, builder, catalog, certified, changed, document, judge, not_permitted, passes, refused,
    signed, signer, with_annotations, with_fields,
};

fn victim(permission: DocMdp) -> Vec<u8> {
    let pdf = certified(&document(&[]), permission);
    passes(&pdf);
    pdf
}

/// The catalog of a certified document.
fn root(root: &str) -> String {
    root.replace("/Pages", "/Perms<</DocMDP 13 0 R>>/Pages")
}

const LOOK: &str = "<</Type/XObject/Subtype/Form/BBox[0 0 90 20]/Resources<</Font<</F 5 0 R>>>>/Length 57>>\
                    \nstream\n1 g 0 0 90 20 re f 0 g BT /F 12 Tf (Pay 9999999) Tj ET   \nendstream";

/// An annotation over what is signed, with a look that hides it.
fn annotated(permission: DocMdp, annotation: &str) -> Vec<u8> {
    let page = with_annotations("20 0 R");
    let annotation =
        format!("<</Type/Annot{annotation}/Rect[15 95 150 115]/F 4/P 3 0 R/AP<</N 21 0 R>>>>");
    append(&victim(permission), &[(3, &page), (20, &annotation), (21, LOOK)])
}

/// Permitted by P 3, and it covers what is signed all the same.
#[track_caller]
fn evil(annotation: &str) {
    for permission in [NoChanges, FormFilling] {
        not_permitted(&annotated(permission, annotation));
    }
    changed(&annotated(Annotating, annotation));
}

#[test]
fn eaa_free_text() {
    evil("/Subtype/FreeText/Contents(Pay 9999999)/DA(/F 12 Tf)");
}

#[test]
fn eaa_stamp() {
    evil("/Subtype/Stamp/Name/Approved");
}

#[test]
fn eaa_redact() {
    evil(
        "/Subtype/Redact/QuadPoints[15 115 150 115 15 95 150 95]/IC[1 1 1]/OverlayText(Pay 9999999)",
    );
}

#[test]
fn eaa_of_every_other_kind() {
    for kind in ["Square", "Highlight", "Ink", "Line", "Polygon", "Watermark", "Link"] {
        evil(&format!("/Subtype/{kind}"));
    }
}

/// Readers show these in a way of their own; some might take the look.
#[test]
fn eaa_popup_with_a_look() {
    evil("/Subtype/Popup");
}

/// An old annotation gets another look.
#[test]
fn eaa_look_exchanged() {
    let page = with_annotations("7 0 R").replace("14 0 R ", "");
    let note = "<</Type/Annot/Subtype/Stamp/Rect[15 95 150 115]/F 4/P 3 0 R/AP<</N 8 0 R>>>>";
    let empty = "<</Type/XObject/Subtype/Form/BBox[0 0 90 20]/Length 0>>\nstream\n\nendstream";
    for permission in [NoChanges, FormFilling] {
        let pdf = certified(&document(&[(3, &page), (7, note), (8, empty)]), permission);
        passes(&pdf);
        not_permitted(&append(&pdf, &[(8, LOOK)]));
        not_permitted(&append(&pdf, &[(7, &note.replace("8 0 R", "20 0 R")), (20, LOOK)]));
    }
    let pdf = certified(&document(&[(3, &page), (7, note), (8, empty)]), Annotating);
    changed(&append(&pdf, &[(8, LOOK)]));
}

/// A field for signatures over what is signed.
fn sneaky(permission: DocMdp, more: &str, value: Option<&str>) -> Vec<u8> {
    let (root, page) = (root(&with_fields("20 0 R")), with_annotations("20 0 R"));
    let field = format!(
        "<</Type/Annot/Subtype/Widget/FT/Sig/T(Sneaky)/Rect[15 95 150 115]/F 4/P 3 0 R{more}>>"
    );
    let mut objects = vec![(1, root.as_str()), (3, &page), (20, &field), (21, LOOK)];
    objects.extend(value.map(|it| (22, it)));
    append(&victim(permission), &objects)
}

/// Empty, with a look: nobody signed what hides the rest.
#[test]
fn ssa_empty_field_with_a_look() {
    for permission in [NoChanges, FormFilling, Annotating] {
        let pdf = sneaky(permission, "/AP<</N 21 0 R>>", None);
        changed(&pdf);
        let caption = sneaky(permission, "/MK<</CA(Pay 9999999)/BG[1 1 1]>>/AP<</N 21 0 R>>", None);
        changed(&caption);
    }
}

/// With a value that is no signature.
#[test]
fn ssa_value_that_is_none() {
    for value in [
        "<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/adbe.pkcs7.detached>>",
        "<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/adbe.pkcs7.detached/ByteRange[0 1 2 3]/Contents<3000>>>",
        "<</Type/Sig>>",
    ] {
        for permission in [NoChanges, FormFilling, Annotating] {
            changed(&sneaky(permission, "/AP<</N 21 0 R>>/V 22 0 R", Some(value)));
        }
    }
}

/// Signed indeed, by who is not to be relied on.
#[test]
fn ssa_signed_by_a_stranger() {
    // Of an authority that nobody trusts.
    let stranger = crate::support::pki::Pki::new().signer();
    for permission in [FormFilling, Annotating] {
        let pdf = builder(&victim(permission))
            .field("Sneaky")
            .rectangle([15.0, 95.0, 150.0, 115.0])
            .sign(&stranger)
            .unwrap();
        // Whoever draws nothing hides nothing; the document as a whole does not pass.
        assert_ne!(judge(&pdf).conclusion(), Some(Conclusion::TotalPassed));
    }
}

/// A picture of one colour, opaque or to be seen through.
fn picture(alpha: bool) -> Image {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 1, 1);
    encoder.set_color(if alpha { png::ColorType::Rgba } else { png::ColorType::Rgb });
    let pixel: &[u8] = if alpha { &[255, 0, 0, 128] } else { &[255, 255, 255] };
    encoder.write_header().unwrap().write_image_data(pixel).unwrap();
    Image::from_bytes(&file, &Limits::default()).unwrap()
}

fn sealed(pdf: &[u8], alpha: bool, rectangle: [f64; 4]) -> Vec<u8> {
    builder(pdf)
        .field("Sneaky")
        .appearance(Appearance::picture(picture(alpha), 10.0).unwrap())
        .rectangle(rectangle)
        .sign(&signer("rsa2048"))
        .unwrap()
}

/// Signed indeed, by one who is trusted as much as the victim: he answers for what he
/// shows, and not for what he hides.
#[test]
fn ssa_signed_by_a_colleague() {
    let (over, beside) = ([15.0, 95.0, 150.0, 115.0], [15.0, 20.0, 150.0, 60.0]);
    for pdf in [victim(FormFilling), victim(Annotating), signed(&document(&[]))] {
        passes(&sealed(&pdf, false, beside));
        refused(&sealed(&pdf, false, over), CheckId::CoveredText, "hides letters");
        // A seal may lie on letters; whoever checks is told to look.
        let seal = sealed(&pdf, true, over);
        passes(&seal);
        let report = judge(&seal);
        let mut checks = report.signatures().iter().flat_map(|it| it.checks());
        let told = checks.find(|it| it.id == CheckId::CoveredText).unwrap();
        assert_eq!(told.outcome, Outcome::Warning);
    }
}

/// Ours makes none where it is forbidden.
#[test]
fn ssa_is_not_made_where_nothing_is_permitted() {
    assert!(builder(&victim(NoChanges)).sign(&signer("p256")).is_err());
}

#[test]
fn code_that_runs_when_opened() {
    let script = "<</S/JavaScript/JS(this.getField\\(1\\))>>";
    for entry in [
        format!("/OpenAction {script}"),
        format!("/AA<</WC {script}>>"),
        format!("/Names<</JavaScript<</Names[(x) {script}]>>>>"),
    ] {
        for permission in [NoChanges, FormFilling, Annotating] {
            let pdf = append(&victim(permission), &[(1, &root(&catalog(&entry)))]);
            not_permitted(&pdf);
            changed(&pdf);
        }
    }
}

/// The certification is no longer named, so that nobody asks what it permits.
#[test]
fn certification_taken_off_the_catalog() {
    for permission in [NoChanges, FormFilling] {
        changed(&append(&victim(permission), &[(1, &catalog(""))]));
        let more = root(&catalog("")).replace("13 0 R", "20 0 R");
        let other = "<</Reference[<</TransformMethod/DocMDP/TransformParams<</P 3>>>>]>>";
        changed(&append(&victim(permission), &[(1, &more), (20, other)]));
    }
}
