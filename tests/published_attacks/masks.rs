//! Sneaky signatures whose look seems to be one to see through: a picture with a mask, a
//! group, a blend mode. Whoever makes them is trusted as much as the victim.

use kyso::appearance::{Appearance, Image};
use kyso::{CheckId, Conclusion, Limits, Outcome};

use crate::forge::{PAGE, builder, document, judge, passes, refused, signed, signer, victim};

const FIELD: &str = "<</Type/Annot/Subtype/Widget/FT/Sig/T(Sneaky)/F 4/P 3 0 R/Rect[15 95 150 115]/AP<</N 7 0 R>>>>";

fn stream(keys: &str, data: &str) -> String {
    format!("<<{keys}/Length {}>>\nstream\n{data}\nendstream", data.len())
}

/// An image of these samples, in hexadecimal digits.
fn image(keys: &str, samples: &str) -> String {
    stream(&format!("/Subtype/Image/Filter/ASCIIHexDecode{keys}"), &format!("{samples}>"))
}

/// A picture of one white sample.
fn white(keys: &str) -> String {
    image(&format!("/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8{keys}"), "FF")
}

fn soft(size: (usize, usize), bits: usize, keys: &str, samples: &str) -> String {
    let keys = format!(
        "/Width {}/Height {}/ColorSpace/DeviceGray/BitsPerComponent {bits}{keys}",
        size.0, size.1
    );
    image(&keys, samples)
}

const RESOURCES: &str = "/XObject<</X 8 0 R/Y 9 0 R>>/ExtGState<</G 10 0 R>>/Font<</T 11 0 R>>";
/// From (15, 95) to (150, 115), where the letters are.
const OVER: &str = "q 135 0 0 20 0 0 cm /X Do Q";

/// A field that shows this, with objects from 8 on. The leader signs, then a colleague.
fn looks(field: &str, look: &str, objects: &[(usize, &str)]) -> Vec<u8> {
    let root = "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[6 0 R]/SigFlags 3>>>>";
    let page = PAGE.replace("14 0 R", "6 0 R");
    let mut all = vec![(1, root), (3, &page), (6, field), (7, look)];
    all.extend_from_slice(objects);
    let pdf = signed(&document(&all));
    passes(&pdf);
    builder(&pdf).field("Sneaky").sign(&signer("rsa2048")).unwrap()
}

fn form(keys: &str, content: &str) -> String {
    let keys = format!("/Subtype/Form/BBox[0 0 135 20]/Resources<<{RESOURCES}>>{keys}");
    stream(&keys, content)
}

fn drawn(content: &str, objects: &[(usize, &str)]) -> Vec<u8> {
    looks(FIELD, &form("", content), objects)
}

#[track_caller]
fn hides(content: &str, objects: &[(usize, &str)]) {
    refused(&drawn(content, objects), CheckId::CoveredText, "hides letters");
}

/// Let pass, and whoever checks is told to look.
#[track_caller]
fn lets_through(pdf: &[u8]) {
    let report = judge(pdf);
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
    let mut checks = report.signatures().iter().flat_map(|it| it.checks());
    let told = checks.find(|it| it.id == CheckId::CoveredText);
    assert_eq!(told.map(|it| it.outcome), Some(Outcome::Warning), "{report}");
}

/// Of any depth, either way round, and of its own size.
#[test]
fn mask_that_is_opaque() {
    let picture = white("/SMask 9 0 R");
    for (size, bits, keys, samples) in [
        ((1, 1), 8, "", "FF"),
        ((1, 1), 8, "/Decode[1 0]", "00"),
        ((1, 1), 1, "", "80"),
        ((2, 1), 2, "", "F0"),
        ((2, 2), 4, "", "FFFF"),
        ((1, 1), 16, "", "FFFF"),
        ((1, 1), 8, "/Matte[0]", "FF"),
        ((1, 1), 8, "/Interpolate true", "C8"),
        // The left half, the upper one, and every other letter or so.
        ((2, 1), 8, "", "FF00"),
        ((1, 2), 8, "", "00FF"),
        ((16, 1), 8, "", "FF00FF00FF00FF00FF00FF00FF00FF00"),
    ] {
        hides(OVER, &[(8, &picture), (9, &soft(size, bits, keys, samples))]);
    }
    for (filter, samples) in
        [("RunLengthDecode", "000080"), ("ASCIIHexDecode", "3030"), ("ASCII85Decode", "21217E")]
    {
        let mask = soft((1, 1), 8, "", samples);
        let filters = format!("[/ASCIIHexDecode/{filter}]");
        let mask = mask.replace("/ASCIIHexDecode", &filters);
        lets_through(&drawn(OVER, &[(8, &picture), (9, &mask)]));
    }
    for (bits, keys, samples) in
        [(8, "", "00"), (8, "/Decode[1 0]", "FF"), (1, "", "00"), (8, "", "50")]
    {
        let mask = soft((1, 1), bits, keys, samples);
        lets_through(&drawn(OVER, &[(8, &picture), (9, &mask)]));
    }
    // To the right of the letters, as it stands and turned by a quarter.
    let mask = soft((4, 1), 8, "", "000000FF");
    lets_through(&drawn(OVER, &[(8, &picture), (9, &mask)]));
    let turned = "q 0 -20 135 0 0 20 cm /X Do Q";
    let mask = soft((1, 4), 8, "", "FF000000");
    lets_through(&drawn(turned, &[(8, &picture), (9, &mask)]));
    let mask = soft((1, 4), 8, "", "000000FF");
    hides(turned, &[(8, &picture), (9, &mask)]);
}

/// As programs make it from a PNG file: compressed.
#[test]
fn mask_of_a_picture_from_a_file() {
    for (pixel, hidden) in [
        ([255, 255, 255, 254], true),
        ([200, 16, 24, 254], true),
        ([200, 16, 24, 128], false),
        ([255, 255, 255, 40], false),
    ] {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, 2, 2);
        encoder.set_color(png::ColorType::Rgba);
        encoder.write_header().unwrap().write_image_data(&pixel.repeat(4)).unwrap();
        let picture = Image::from_bytes(&file, &Limits::default()).unwrap();
        let pdf = builder(&victim())
            .field("Sneaky")
            .appearance(Appearance::picture(picture, 10.0).unwrap())
            .rectangle([15.0, 95.0, 150.0, 115.0])
            .sign(&signer("rsa2048"))
            .unwrap();
        if hidden {
            refused(&pdf, CheckId::CoveredText, "hides letters");
        } else {
            lets_through(&pdf);
        }
    }
}

/// No more than the ink of the letters is covered, in the colour of paper.
#[test]
fn mask_in_the_form_of_letters() {
    let picture = white("/SMask 9 0 R");
    let stripes = format!("{}{}", "00".repeat(10), "FFFF0000".repeat(2));
    let mask = soft((1, 18), 8, "", &stripes);
    hides(OVER, &[(8, &picture), (9, &mask)]);
    // The same lines in red leave the letters to be seen.
    let red = picture.replace("/DeviceGray", "/DeviceRGB").replace("FF>", "C81018>");
    let red = red.replace("/Length 3", "/Length 7");
    lets_through(&drawn(OVER, &[(8, &red), (9, &mask)]));
    // White and red under one mask, each a sample wider than the other.
    let pair = image(
        "/Width 3/Height 1/ColorSpace[/Indexed/DeviceRGB 1<C81018FFFFFF>]/BitsPerComponent 8/SMask 9 0 R",
        "000100",
    );
    let mask = soft((4, 1), 8, "", "00FF0000");
    hides(OVER, &[(8, &pair), (9, &mask)]);
}

#[test]
fn mask_that_is_a_stencil() {
    let picture = white("/Mask 9 0 R");
    let stencil = |keys: &str, samples: &str| {
        image(&format!("/Width 1/Height 1/ImageMask true{keys}"), samples)
    };
    for (keys, samples) in [("", "00"), ("/Decode[1 0]", "80")] {
        hides(OVER, &[(8, &picture), (9, &stencil(keys, samples))]);
        // The same as a picture of its own, filled with white or with a pattern's colour.
        for colour in ["1 g", "/Pattern cs /P scn", "0.8 0.1 0.1 rg"] {
            let content = format!("{colour} {OVER}");
            hides(&content, &[(8, &stencil(keys, samples))]);
        }
    }
    lets_through(&drawn(OVER, &[(8, &picture), (9, &stencil("", "80"))]));
    let inline =
        |sample| format!("1 g 135 0 0 20 0 0 cm BI /W 1/H 1/IM true/F/AHx ID {sample}> EI");
    hides(&inline("00"), &[]);
    lets_through(&drawn(&inline("80"), &[]));
}

#[test]
fn mask_by_colours() {
    let picture = |range: &str| white(&format!("/Mask[{range}]"));
    hides(OVER, &[(8, &picture("0 10"))]);
    hides(OVER, &[(8, &picture("0 10 0 10"))]);
    lets_through(&drawn(OVER, &[(8, &picture("250 255"))]));
}

/// None of which hides a letter by itself.
#[test]
fn masks_side_by_side() {
    let red =
        image("/Width 1/Height 1/ColorSpace/DeviceRGB/BitsPerComponent 8/SMask 9 0 R", "C81018");
    let mask = soft((1, 1), 8, "", "FE");
    let tiles = |step: usize| -> String {
        (0..135 / step).map(|n| format!("q 2 0 0 20 {} 0 cm /X Do Q\n", n * step)).collect()
    };
    let objects = [(8, red.as_str()), (9, &mask)];
    hides(&tiles(2), &objects);
    lets_through(&drawn(&tiles(4), &objects));
}

#[test]
fn masks_upon_each_other() {
    let (picture, mask) = (white("/SMask 9 0 R"), soft((1, 1), 8, "", "66"));
    let objects = [(8, picture.as_str()), (9, &mask)];
    lets_through(&drawn(OVER, &objects));
    hides(&OVER.repeat(3), &objects);
    // The same by constant opacity.
    let (picture, state) = (white(""), "<</ca .4>>");
    let objects = [(8, picture.as_str()), (10, state)];
    let content = format!("/G gs {OVER}\n");
    lets_through(&drawn(&content, &objects));
    hides(&content.repeat(3), &objects);
    lets_through(&drawn("/G gs 1 g 0 0 135 20 re f", &objects));
    hides(&"/G gs 1 g 0 0 135 20 re f\n".repeat(3), &objects);
}

/// One that the verifier does not understand may be opaque.
#[test]
fn mask_that_cannot_be_read() {
    let picture = white("/SMask 9 0 R");
    let (mask, bomb) = (soft((1, 1), 8, "", "FF"), soft((20_000, 20_000), 8, "", "00"));
    for mask in [
        mask.replace("/ASCIIHexDecode", "/DCTDecode"),
        mask.replace("/DeviceGray", "/DeviceRGB"),
        mask.replace("FF>", "zz>"),
        mask.replace("/Width 1", "/Width 2"),
        mask.replace("/Width 1", "/Width -1"),
        mask.replace("BitsPerComponent 8", "BitsPerComponent 7"),
        "(none)".to_owned(),
        bomb,
    ] {
        hides(OVER, &[(8, &picture), (9, &mask)]);
    }
    // Over nothing that was signed, it does not matter.
    let mask = mask.replace("/ASCIIHexDecode", "/DCTDecode");
    let beside = FIELD.replace("[15 95 150 115]", "[15 20 150 40]");
    passes(&looks(&beside, &form("", OVER), &[(8, &picture), (9, &mask)]));
}

/// Softened by the graphics state, by a group around it, or by how it is blended, and
/// nothing is to be seen through it.
#[test]
fn masks_of_the_graphics_state() {
    let cover = "1 g 0 0 135 20 re f";
    let group = "<</Type/Mask/S/Luminosity/G 12 0 R>>";
    let luminosity = form("/Group<</S/Transparency/CS/DeviceGray>>", cover);
    let state = format!("<</SMask {group}>>");
    hides(&format!("/G gs {cover}"), &[(10, &state), (12, &luminosity)]);
    for state in ["<</ca .99>>", "<</BM/Screen>>", "<</BM[/Multiply/Normal]>>", "<</ca(x)>>"] {
        hides(&format!("/G gs {cover}"), &[(10, state)]);
    }
    for keys in ["/Group<</S/Transparency>>", "/Group<</S/Transparency/I true>>"] {
        let group = form(keys, cover);
        hides("/X Do", &[(8, &group)]);
        refused(&looks(FIELD, &group, &[]), CheckId::CoveredText, "hides letters");
        // Nothing is beneath it that it could be blended with.
        let isolated = form("/Group<</S/Transparency/I true>>", &format!("/G gs {cover}"));
        hides("/X Do", &[(8, &isolated), (10, "<</BM/Multiply>>")]);
        // What the group is to be drawn with holds for all of it.
        for state in ["<</ca .3>>", "<</BM/Multiply>>"] {
            lets_through(&drawn("/G gs /X Do", &[(8, &group), (10, state)]));
        }
    }
}

/// What is not understood may be anywhere, and anything.
#[test]
fn looks_that_cannot_be_read() {
    let letter = "<</Type/Font/Subtype/Type3/FontBBox[0 0 1 1]/FontMatrix[1 0 0 1 0 0]/FirstChar 65\
                  /LastChar 65/Widths[1]/Encoding<</Differences[65/A]>>/CharProcs<</A 12 0 R>>>>";
    let glyph = stream("", "1 0 d0 1 g 0 0 135 20 re f");
    hides("BT /T 1 Tf (A) Tj ET", &[(11, letter), (12, &glyph)]);
    hides("(x) 9 0 0 9 0 0 cm 1 g 0 0 15 3 re f", &[]);
    hides("/Y Do", &[(9, "<</Length 2/Subtype/PS>>\nstream\n\n\nendstream")]);
}

/// Letters under black bars are no longer read, either.
#[test]
fn bars_of_ink() {
    hides("0 0 135 20 re f", &[]);
    // Underlined, and within a frame.
    passes(&drawn("0 2 135 1 re f 0 0 135 20 re S", &[]));
}

/// The widget does not say on which page it is.
#[test]
fn mask_on_a_page_that_is_not_named() {
    let field = FIELD.replace("/P 3 0 R", "");
    let (picture, mask) = (white("/SMask 9 0 R"), soft((1, 1), 8, "", "FF"));
    let pdf = looks(&field, &form("", OVER), &[(8, &picture), (9, &mask)]);
    refused(&pdf, CheckId::CoveredText, "hides letters");
    let mask = soft((1, 1), 8, "", "00");
    lets_through(&looks(&field, &form("", OVER), &[(8, &picture), (9, &mask)]));
}
