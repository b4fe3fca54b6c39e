//! Signatures that an earlier revision had and the newest one has no more: somebody
//! emptied their field, or took it away.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::facts::{PdfSignature, Withdrawn};
use crate::encoding::pdf::{Location, Object, Reader, Reference, View, fields};
use crate::error::{ErrorKind, Result};

/// Revisions that brought a signature, of which the fields are asked. More bring none: they
/// are written by programs that save a form at each key. What is told here decides nothing.
const MOST: usize = 64;
/// Objects of updates that are looked at.
const OBJECTS: usize = 100_000;

/// The signatures of earlier revisions that no field of the newest leads to. Where a
/// signature that is there closes a revision, that one is not looked at: what was there
/// before is what it covers, and what came to it later is told of it.
///
/// # Errors
/// `LimitExceeded`; `Io`. What cannot be read held none.
pub(super) fn withdrawn(
    reader: &Reader<'_>,
    signatures: &[PdfSignature],
) -> Result<Vec<Withdrawn>> {
    let earlier = reader.chain().revisions().len().saturating_sub(1);
    let closed = |revision| signatures.iter().any(|it| it.revision == Some(revision));
    let mut found: Vec<Withdrawn> = Vec::new();
    let (mut asked, mut objects) = (0, OBJECTS);
    for n in (0..earlier).filter(|n| !closed(n.saturating_add(1))) {
        if asked == MOST {
            break;
        }
        let there = match signed_there(reader, n, &mut objects) {
            Ok(Some(there)) => there,
            Ok(None) => continue,
            Err(error) => match error.kind() {
                ErrorKind::Malformed | ErrorKind::Unsupported => continue,
                _ => return Err(error),
            },
        };
        asked = asked.saturating_add(1);
        for (field, signature) in there {
            let stays = signatures.iter().any(|it| it.dictionary == Some(signature));
            if !stays && found.iter().all(|it| it.signature != signature) {
                found.push(Withdrawn { field, signature, revision: n.saturating_add(1) });
            }
        }
    }
    Ok(found)
}

/// The signatures of a revision, counted from 0; nothing where it brought none. What an
/// update brings is looked through first: asking all fields after each would cost the
/// square of the updates.
fn signed_there(
    reader: &Reader<'_>,
    n: usize,
    objects: &mut usize,
) -> Result<Option<Vec<(String, Reference)>>> {
    let view = reader.at(n);
    let written = reader.chain().revisions().get(n).filter(|_| n > 0);
    let mut brings = written.is_none();
    for number in written.iter().flat_map(|it| &it.changed).copied() {
        // A signature that covers anything stands in the file itself.
        let Location::At { generation, .. } = view.locate(number) else { continue };
        let Some(left) = objects.checked_sub(1).filter(|_| !brings) else { break };
        *objects = left;
        match view.get(Reference { number, generation }) {
            Ok(object) => brings = is_signature(&object),
            Err(error) if error.kind() == ErrorKind::Malformed => {}
            Err(error) => return Err(error),
        }
    }
    if brings { signed_fields(view).map(Some) } else { Ok(None) }
}

fn is_signature(object: &Object) -> bool {
    let signed = object.as_dictionary();
    signed.is_some_and(|it| it.contains("ByteRange") && it.contains("Contents"))
}

/// Fields and the objects that are their signatures.
fn signed_fields(view: View<'_>) -> Result<Vec<(String, Reference)>> {
    let mut found = Vec::new();
    for field in fields(view)?.into_iter().filter(|it| it.is_signature()) {
        let Some(reference) = field.value.as_ref().and_then(|it| it.as_reference()) else {
            continue;
        };
        if is_signature(&view.get(reference)?) {
            found.push((field.name, reference));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::arithmetic_side_effects)]
    use crate::encoding::pdf::sample;
    use crate::limits::Limits;
    use crate::signature::pades::attacks::start_xref;
    use crate::signature::pades::parse;
    use crate::signature::pades::tests::sign;

    const FORM: &str = "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[]/SigFlags 3>>>>";

    const PAGE: &str = "<</Type/Page/Parent 2 0 R/Contents 4 0 R>>";
    const TAKEN: [(u32, &str); 2] = [(1, FORM), (3, PAGE)];

    fn updated(mut pdf: Vec<u8>, objects: &[(u32, &str)]) -> Vec<u8> {
        let prev = start_xref(&pdf);
        let objects: Vec<_> = objects.iter().map(|it| (it.0, it.1.to_owned())).collect();
        sample::append_table(&mut pdf, &objects, "/Size 60/Root 1 0 R", Some(prev));
        pdf
    }

    fn gone(pdf: &[u8]) -> Vec<(String, usize)> {
        let found = parse(&pdf, &Limits::default()).unwrap();
        found.withdrawn.into_iter().map(|it| (it.field, it.revision)).collect()
    }

    #[test]
    fn a_signature_whose_field_was_taken_away_is_told() {
        let signed = sign(&sample::table(&sample::with(&[])));
        assert_eq!(gone(&signed), []);
        let unsigned = updated(signed, &TAKEN);
        assert_eq!(gone(&unsigned), [("Signature1".to_owned(), 2)]);
        // Whoever signs next covers what is left.
        assert_eq!(gone(&sign(&unsigned)), [("Signature1".to_owned(), 2)]);
    }

    /// What a program saved before, however often, hides nothing.
    #[test]
    fn many_revisions_before_the_signature_do_not_hide_it() {
        let mut pdf = sample::table(&sample::with(&[]));
        for n in 0..super::MOST + 6 {
            pdf = updated(pdf, &[(30, &format!("({n})"))]);
        }
        let unsigned = updated(sign(&pdf), &TAKEN);
        assert_eq!(gone(&unsigned), [("Signature1".to_owned(), super::MOST + 8)]);
    }

    /// Objects may have another generation than 0 (ISO 32000-2 §7.3.10).
    #[test]
    fn a_signature_of_another_generation_is_told() {
        let field = "<</FT/Sig/T(x)/V 31 1 R/P 3 0 R/Subtype/Widget/Rect[0 0 0 0]>>";
        let form = "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[30 0 R]/SigFlags 3>>>>";
        let mut pdf = sample::table(&sample::with(&[]));
        let at = pdf.len();
        let value = "<</Type/Sig/ByteRange[0 1 2 3]/Contents<00>>>";
        pdf.extend_from_slice(format!("31 1 obj\n{value}\nendobj\n").as_bytes());
        let places: Vec<usize> = [(1, form), (30, field)]
            .iter()
            .map(|(number, body)| {
                let at = pdf.len();
                pdf.extend_from_slice(format!("{number} 0 obj\n{body}\nendobj\n").as_bytes());
                at
            })
            .collect();
        let prev = start_xref(&pdf);
        let table = pdf.len();
        let rows = format!(
            "1 1\n{:010} 00000 n \n30 2\n{:010} 00000 n \n{at:010} 00001 n \n",
            places.first().unwrap(),
            places.last().unwrap()
        );
        let text = format!(
            "xref\n{rows}trailer\n<</Size 60/Root 1 0 R/Prev {prev}>>\nstartxref\n{table}\n%%EOF\n"
        );
        pdf.extend_from_slice(text.as_bytes());
        assert_eq!(gone(&updated(pdf, &TAKEN)), [("x".to_owned(), 2)]);
    }
}
