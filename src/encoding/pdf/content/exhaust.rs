//! Draws whatever bytes are given: what fuzzers and the tests with hostile bytes call.

use super::{Budget, Marks, Rect, annotation_marks, find, lines, page_marks};
use crate::encoding::pdf::{Object, Reader, View, page_at};
use crate::limits::Limits;

/// How many marks there are; the bytes are a page's content, then, behind a line of `%%`,
/// further objects, or a whole PDF, or a font program as a PDF has it.
pub(crate) fn exhaust(bytes: &[u8]) -> usize {
    // Fuzzers shall find what takes long for its size, not what is large.
    let limits = Limits {
        pdf_content_operators: 50_000,
        pdf_content_bytes: 4 << 20,
        pdf_content_marks: 50_000,
        ..Limits::default()
    };
    const FONTS: [&[u8]; 4] = [&[0, 1, 0, 0], b"OTTO", &[1, 0, 4], b"%!PS"];
    if FONTS.iter().any(|it| bytes.starts_with(it)) {
        return super::program::exhaust(bytes);
    }
    let wrapped = wrap(bytes);
    let file = if bytes.starts_with(b"%PDF") { bytes } else { &wrapped };
    let source = &file;
    let Ok(reader) = Reader::open_recovered(source, &limits, String::new()) else { return 0 };
    let view = reader.newest();
    let mut count = 0_usize;
    for n in 0..4 {
        let Ok(Some((_, page))) = page_at(view, n) else { break };
        if let Ok(marks) = page_marks(view, &page, &limits) {
            count = count.saturating_add(look_through(view, &marks));
            let _ = (lines(&marks.marks), find(&marks.marks, "ký"));
        }
        let annotations = page.get("Annots").and_then(Object::as_array).unwrap_or_default();
        for annotation in annotations.iter().filter_map(|it| view.resolve(it).ok()) {
            let Some(annotation) = annotation.as_dictionary() else { continue };
            if let Ok(Some(marks)) = annotation_marks(view, annotation, &limits) {
                count = count.saturating_add(look_through(view, &marks));
            }
        }
    }
    count
}

/// How many marks there are; what masks the pictures among them is read, too.
fn look_through(view: View<'_>, marks: &Marks) -> usize {
    let mut budget = Budget(1 << 20);
    for (picture, place) in
        marks.marks.iter().filter_map(|it| Some((it.picture.as_ref()?, it.place)))
    {
        if let Ok(veil) = picture.veil(view, &mut budget) {
            for place in [place, Rect::UNIT, Rect::EVERYWHERE] {
                let (cover, light) = picture.cover(&veil, &place);
                assert!((0.0..=1.001).contains(&cover) && light <= cover + 0.001);
            }
        }
    }
    marks.marks.len()
}

fn wrap(bytes: &[u8]) -> Vec<u8> {
    let cut = bytes.windows(3).position(|it| it == b"%%\n").unwrap_or(bytes.len());
    let (content, objects) = bytes.split_at(cut);
    let head = format!(
        "%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n\
         2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n\
         3 0 obj\n<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources 5 0 R/Annots[6 0 R]>>\n\
         endobj\n4 0 obj\n<</Length {}>>\nstream\n",
        content.len()
    );
    let tail = b"\nendstream\nendobj\n\
        5 0 obj\n<</Font<</F 7 0 R>>/XObject<</X 8 0 R/Y 10 0 R>>/ExtGState<</G 9 0 R>>>>\nendobj\n\
        7 0 obj\n<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>\nendobj\n";
    [head.as_bytes(), content, tail, objects, b"\ntrailer\n<</Root 1 0 R>>\n"].concat()
}
