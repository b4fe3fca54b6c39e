//! Shadow attacks: whoever made the document prepared it before it was signed. What is
//! signed waits for what a later, harmless looking update brings.

use crate::forge::{
    FORGED, PAGE, append, append_with, catalog, changed, document, find, passes, refilled, section,
    signed, start_xref,
};

/// Over the page's content lies an image, which is all that the signer sees.
fn covered() -> Vec<u8> {
    let page = PAGE
        .replace("/Contents 4 0 R", "/Contents[4 0 R 7 0 R]")
        .replace("/Font", "/XObject<</Cover 8 0 R>>/Font")
        .replace("/Annots[14 0 R]", "");
    let draw = "<</Length 27>>\nstream\n200 0 0 200 0 0 cm /Cover Do\nendstream";
    let image = "<</Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8\
                 /Length 1>>\nstream\nA\nendstream";
    let pdf = signed(&document(&[(3, &page), (7, draw), (8, image)]));
    passes(&pdf);
    pdf
}

#[test]
fn shadow_hide_cover_freed() {
    let pdf = covered();
    for row in
        ["8 1\n0000000000 00001 f \n", "8 1\n0000000000 65535 f \n", "7 1\n0000000000 00001 f \n"]
    {
        changed(&section(&pdf, row, "/Root 1 0 R", start_xref(&pdf)));
    }
}

#[test]
fn shadow_hide_cover_exchanged() {
    for body in ["null", "<</Metadata(x)>>", "<</Length 0>>\nstream\n\nendstream"] {
        changed(&append(&covered(), &[(8, body)]));
    }
}

/// The cover belongs to a layer, which is switched off.
#[test]
fn shadow_hide_by_optional_content() {
    let group = "<</Type/OCG/Name(Cover)>>";
    let root = |off: &str| {
        let layers = format!("/OCProperties<</OCGs[9 0 R]/D<</Order[9 0 R]{off}>>>>");
        catalog(&layers).replace("/AcroForm<</SigFlags 3/Fields[14 0 R]>>", "")
    };
    let pdf = signed(&document(&[(1, &root("")), (9, group)]));
    passes(&pdf);
    let off = catalog("/OCProperties<</OCGs[9 0 R]/D<</Order[9 0 R]/OFF[9 0 R]>>>>");
    changed(&append(&pdf, &[(1, &off)]));
    changed(&append(&pdf, &[(9, "<</Type/OCG/Name(Cover)/Usage<</View<</ViewState/OFF>>>>>>")]));
}

/// The digits look otherwise in the font that comes.
#[test]
fn shadow_replace_font() {
    let pdf = signed(&document(&[]));
    let swapped =
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding<</Differences[48/nine/one]>>>>";
    changed(&append(&pdf, &[(5, swapped)]));
    changed(&append(&pdf, &[(5, "<</Type/Font/Subtype/Type3/FontBBox[0 0 1 1]/CharProcs<<>>>>")]));
    // The page refers to a font that comes only now.
    let page = PAGE.replace("5 0 R", "20 0 R").replace("/Annots[14 0 R]", "");
    let pdf = signed(&document(&[(3, &page)]));
    changed(&append(&pdf, &[(20, swapped)]));
}

/// A text field of this value, and with this look.
fn field(value: &str, look: &str) -> String {
    format!(
        "<</Type/Annot/Subtype/Widget/FT/Tx/T(sum)/V({value})/Rect[9 9 99 30]/P 3 0 R\
         /AP<</N {look}>>/DA(/F 9 Tf)>>"
    )
}

fn look(text: &str) -> String {
    let data = format!("/Tx BMC BT /F 9 Tf ({text}) Tj ET EMC");
    format!(
        "<</Type/XObject/Subtype/Form/BBox[0 0 90 21]/Resources<</Font<</F 5 0 R>>>>/Length {}>>\
         \nstream\n{data}\nendstream",
        data.len()
    )
}

/// A text field shows one sum and holds another; the look of that stands in the file.
fn with_a_field() -> Vec<u8> {
    let root = "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[7 0 R]/DR<</Font<</F 5 0 R>>>>>>>>";
    let page = PAGE.replace("14 0 R", "7 0 R");
    let (value, low, high) = (field("Pay 999", "8 0 R"), look("Pay 100"), look("Pay 999"));
    let parts = [(1, root), (3, &page), (7, &value), (8, &low), (9, &high)];
    let pdf = signed(&document(&parts));
    passes(&pdf);
    pdf
}

#[test]
fn shadow_replace_look_under_its_number() {
    changed(&append(&with_a_field(), &[(8, &look("Pay 999"))]));
}

/// The value stays, its look becomes another: the prepared one, or a new one.
#[test]
fn shadow_replace_look_of_a_value() {
    let (prepared, new) = (field("Pay 999", "9 0 R"), field("Pay 999", "20 0 R"));
    refilled(&append(&with_a_field(), &[(7, &prepared)]));
    refilled(&append(&with_a_field(), &[(7, &new), (20, &look("Pay 999"))]));
}

/// Value and look become others together.
#[test]
fn shadow_replace_value_of_a_form() {
    let other = field("Pay 500", "20 0 R");
    refilled(&append(&with_a_field(), &[(7, &other), (20, &look("Pay 500"))]));
}

/// Another version of the content stands in the file already, which nothing refers to;
/// a table that names it is all that comes.
#[test]
fn shadow_hide_and_replace_by_table() {
    let hidden = format!("4 0 obj\n{FORGED}\nendobj");
    for (before, after) in [("<</Length 900>>\nstream\n", "\nendstream"), ("% ", "\nnull")] {
        let body = format!("{before}{hidden:900}{after}");
        let pdf = signed(&document(&[(9, &body)]));
        passes(&pdf);
        let at = find(&pdf, &hidden);
        let row = format!("4 1\n{at:010} 00000 n \n");
        changed(&section(&pdf, &row, "/Root 1 0 R", start_xref(&pdf)));
    }
}

/// Another document stands in the file already; a trailer that names it is all that comes.
#[test]
fn shadow_hide_and_replace_by_root() {
    let page = PAGE.replace("2 0 R", "7 0 R").replace("4 0 R", "9 0 R");
    let parts = [
        (6, "<</Type/Catalog/Pages 7 0 R/AcroForm<</SigFlags 3/Fields[14 0 R]>>>>"),
        (7, "<</Type/Pages/Kids[8 0 R]/Count 1/MediaBox[0 0 200 200]>>"),
        (8, &page),
        (9, FORGED),
    ];
    let pdf = signed(&document(&parts));
    passes(&pdf);
    changed(&append_with(&pdf, &[], "/Root 6 0 R"));
    changed(&append_with(&pdf, &[(1, parts[0].1)], "/Root 1 0 R"));
}

/// What is signed refers to a number that nothing has; content comes under it, dressed as
/// what may come.
#[test]
fn shadow_hide_and_replace_by_numbers_to_come() {
    let page =
        PAGE.replace("/Contents 4 0 R", "/Contents[4 0 R 20 0 R]").replace("/Annots[14 0 R]", "");
    let pdf = signed(&document(&[(3, &page)]));
    let store = catalog("/DSS<</Certs[20 0 R]>>");
    changed(&append(&pdf, &[(1, &store), (20, FORGED)]));
    changed(&append_with(&pdf, &[(20, FORGED)], "/Root 1 0 R/Info 20 0 R"));
}
