//! Reads and hashes every signature: what fuzzers and the tests with hostile bytes call.

use super::lock::Restrictions;
use super::seed::Offer;
use super::{LaterChanges, digests, parse};
use crate::crypto::DigestAlgorithm;
use crate::encoding::pdf::{Object, Reader, Stream, View, fields, page_at};
use crate::error::Result;
use crate::limits::Limits;

/// Whether the bytes are a PDF; what its signatures are does not matter.
pub(crate) fn exhaust(bytes: &[u8]) -> bool {
    let _ = fields_to_sign(bytes);
    let Ok(found) = parse(&bytes, &Limits::default()) else { return false };
    let ranges = found.signatures.iter().filter_map(|it| it.byte_range);
    let wanted: Vec<_> = ranges.map(|range| (range, DigestAlgorithm::Sha256)).collect();
    digests(&bytes, &wanted).is_ok_and(|digests| digests.len() == wanted.len())
}

/// What signing reads: what earlier signatures forbid, and what fields ask for.
fn fields_to_sign(bytes: &[u8]) -> Result<()> {
    const FIELDS: usize = 8;
    let limits = Limits::default();
    let source = &bytes;
    let reader = Reader::open(source, &limits)?;
    let view = reader.newest();
    let fields = fields(view)?;
    let restrictions = Restrictions::of(view, &fields)?;
    let offer = Offer {
        sub_filter: None,
        digest: DigestAlgorithm::Sha256,
        reason: None,
        certification: None,
        lock: None,
        time_stamped: false,
        certificate_chain: &[],
    };
    for field in fields.iter().take(FIELDS) {
        let _ = restrictions.let_in(&field.name);
        let _ = offer.heed(view, &field.name, &field.dictionary);
    }
    Ok(())
}

/// A form with a look of every kind, an annotation and a signature; nobody checks its value.
const SIGNED: [&str; 15] = [
    "<</Type/Catalog/Pages 2 0 R/AcroForm 5 0 R>>",
    "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 200 200]>>",
    "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<<>>/Annots[6 0 R 8 0 R 9 0 R 12 0 R 14 0 R]>>",
    "<</Length 10>>\nstream\n0 0 5 5 re\nendstream",
    "<</Fields[6 0 R 7 0 R 9 0 R 14 0 R]/SigFlags 3>>",
    "<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/V(1)/Rect[0 0 9 9]/P 3 0 R/AP<</N 10 0 R>>>>",
    "<</FT/Ch/T(b)/Kids[8 0 R]/V(1)>>",
    "<</Type/Annot/Subtype/Widget/Parent 7 0 R/Rect[0 0 9 9]/P 3 0 R/AP 11 0 R>>",
    "<</Type/Annot/Subtype/Widget/FT/Btn/T(c)/V/Off/AS/Off/Rect[0 0 9 9]/P 3 0 R\
     /AP<</N<</Off 10 0 R/On 13 0 R>>>>>>",
    "<</Subtype/Form/BBox[0 0 9 9]/Length 0>>\nstream\n\nendstream",
    "<</N 13 0 R>>",
    "<</Type/Annot/Subtype/Square/Rect[0 0 9 9]/P 3 0 R/AP<</N 13 0 R>>>>",
    "<</Subtype/Form/BBox[0 0 9 9]/Length 16>>\nstream\n0 g 0 0 9 9 re S\nendstream",
    "<</Type/Annot/Subtype/Widget/FT/Sig/T(s)/V 15 0 R/Rect[0 0 0 0]/P 3 0 R>>",
    "<</Type/Sig/ByteRange[0 0000 0000 0000]/Contents<00>>>",
];

/// Objects of an update that others may lead to.
const ROOM: usize = 48;

/// Takes the bytes for the objects of incremental updates to a signed form, and looks at
/// what that changed. Revisions are separated by `FE`; objects by `FF`, the first byte of
/// each telling its number.
///
/// # Panics
/// Where something is called harmless though the page is another.
pub(crate) fn exhaust_changes(bytes: &[u8]) -> Option<LaterChanges> {
    let objects: Vec<_> = (1..).zip(SIGNED.map(str::as_bytes)).collect();
    let mut pdf = b"%PDF-1.7\n".to_vec();
    let mut prev = append(&mut pdf, &objects, None);
    let end = pdf.len();
    let contents = pdf.windows(4).position(|it| it == b"<00>").unwrap_or_default();
    let range = format!("[0 {contents:04} {:04} {:04}]", contents + 4, end - contents - 4);
    let at = pdf.windows(6).position(|it| it == b"[0 000").unwrap_or_default();
    pdf.splice(at..at + range.len(), range.bytes());
    for update in bytes.split(|byte| *byte == 0xfe).take(4) {
        let mut objects: Vec<(usize, &[u8])> = Vec::new();
        for object in update.split(|byte| *byte == 0xff) {
            if let [number, body @ ..] = object {
                let number = usize::from(*number) % ROOM + 1;
                if objects.iter().all(|it| it.0 != number) {
                    objects.push((number, body));
                }
            }
        }
        prev = append(&mut pdf, &objects, Some(prev));
    }
    let found = parse(&&pdf[..], &Limits::default()).ok()?;
    let signed = found.signatures.iter().find(|it| it.field == "s")?;
    if found.defects.is_empty() && signed.later_changes < LaterChanges::ClerkAddition {
        let limits = Limits::default();
        let bytes = &pdf[..];
        let reader = Reader::open(&bytes, &limits).ok()?;
        let (before, after) = (shown(reader.at(0)), shown(reader.newest()));
        assert_eq!(before, after, "called harmless");
    }
    Some(signed.later_changes)
}

/// Writes objects with a table that names them; gives the table's offset.
fn append(pdf: &mut Vec<u8>, objects: &[(usize, &[u8])], prev: Option<usize>) -> usize {
    let mut rows = String::new();
    for (number, body) in objects {
        rows += &format!("{number} 1\n{:010} 00000 n \n", pdf.len());
        pdf.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
        pdf.extend_from_slice(body);
        pdf.extend_from_slice(b"\nendobj\n");
    }
    let at = pdf.len();
    let prev = prev.map(|it| format!("/Prev {it}")).unwrap_or_default();
    let trailer = format!("<</Size {}/Root 1 0 R{prev}>>", ROOM + 1);
    let tail = format!("xref\n{rows}trailer\n{trailer}\nstartxref\n{at}\n%%EOF\n");
    pdf.extend_from_slice(tail.as_bytes());
    at
}

/// What the only page draws by itself.
fn shown(view: View<'_>) -> Option<(Object, Vec<u8>)> {
    let (_, page) = page_at(view, 0).ok()??;
    let Ok(Object::Stream(content)) = view.value(&page, "Contents") else { return None };
    let bytes = view.decoded(&content).ok()?;
    let Stream { dictionary, .. } = content;
    let resources = view.value(&page, "Resources").ok()?;
    Some((Object::Array(vec![Object::Dictionary(dictionary), resources]), bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn updates_reach_the_analysis() {
        let object = |number: u8, body: &str| [&[number - 1], body.as_bytes(), &[0xff]].concat();
        let text = SIGNED[5].replace("/V(1)", "/V(2)");
        assert_eq!(exhaust_changes(b""), Some(LaterChanges::None));
        assert_eq!(exhaust_changes(&object(6, &text)), Some(LaterChanges::FormFilling));
        let square = SIGNED[11].replace("[0 0 9 9]", "[0 0 7 7]");
        let both = [object(6, &text), vec![0xfe], object(12, &square)].concat();
        assert_eq!(exhaust_changes(&both), Some(LaterChanges::Annotations));
        assert_eq!(exhaust_changes(&object(4, "null")), Some(LaterChanges::Other));
    }

    /// What the page draws stays whatever is called harmless, over a thousand updates that
    /// are almost so.
    #[test]
    fn mutations_of_updates_end_in_an_answer() {
        let object = |number: u8, body: &str| [&[number - 1], body.as_bytes(), &[0xff]].concat();
        let look = "<</Subtype/Form/BBox[0 0 9 9]/Length 16>>\nstream\n1 g 0 0 9 9 re f\nendstream";
        let page = SIGNED[2].replace("14 0 R]", "14 0 R 20 0 R]");
        let stamp = "<</Subtype/Stamp/Rect[0 0 9 9]/AP<</N 21 0 R>>/P 3 0 R/Popup 22 0 R>>";
        let popup = "<</Subtype/Popup/Parent 20 0 R/Rect[0 0 9 9]>>";
        let text = SIGNED[5].replace("/V(1)", "/V(2)").replace("10 0 R", "20 0 R");
        let seeds = [
            [object(6, &text), object(20, look)].concat(),
            [object(3, &page), object(20, stamp), object(21, look), object(22, popup)].concat(),
            [object(8, &SIGNED[7].replace("11 0 R", "20 0 R")), object(20, SIGNED[10])].concat(),
            object(9, &SIGNED[8].replace("/Off/AS/Off", "/On/AS/On")),
            object(12, &SIGNED[11].replace("[0 0 9 9]", "[0 0 7 7]")),
        ];
        let mut state = 11_u32;
        let mut next = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            usize::try_from(state >> 8).unwrap()
        };
        let mut harmless = 0;
        for round in 0..1_000 {
            let mut bytes = seeds[round % seeds.len()].clone();
            for _ in 0..next() % 4 {
                let (at, from) = (next() % bytes.len(), next() % bytes.len());
                match next() % 4 {
                    0 => bytes[at] = b"0123456789<>[]()/ R\xff\xfe"[next() % 21],
                    1 => bytes[at] = bytes[from],
                    2 => drop(bytes.splice(at..at, SIGNED[next() % 15].bytes())),
                    _ => drop(bytes.splice(at..at, bytes[from..].to_vec())),
                }
            }
            harmless += usize::from(exhaust_changes(&bytes) < Some(LaterChanges::Other));
        }
        assert!((100..1_000).contains(&harmless), "{harmless}");
    }
}
