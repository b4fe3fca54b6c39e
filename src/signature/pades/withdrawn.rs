//! Signatures that an earlier revision had and the newest one has no more: somebody
//! emptied their field, or took it away.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::facts::{PdfSignature, Withdrawn};
use crate::encoding::pdf::{Object, Reader, Reference, View, fields};
use crate::error::{ErrorKind, Result};

/// Revisions that are looked at. More are written by programs that save a form at each
/// key; what is told here decides nothing.
const MOST: usize = 64;

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
    for n in (0..earlier).filter(|n| !closed(n.saturating_add(1))).take(MOST) {
        let there = match signed_there(reader, n) {
            Ok(there) => there,
            Err(error) => match error.kind() {
                ErrorKind::Malformed | ErrorKind::Unsupported => continue,
                _ => return Err(error),
            },
        };
        for (field, signature) in there {
            let stays = signatures.iter().any(|it| it.dictionary == Some(signature));
            if !stays && found.iter().all(|it| it.signature != signature) {
                found.push(Withdrawn { field, signature, revision: n.saturating_add(1) });
            }
        }
    }
    Ok(found)
}

/// The signatures of a revision, counted from 0. What an update brings is looked through
/// first: asking all fields after each would cost the square of the updates.
fn signed_there(reader: &Reader<'_>, n: usize) -> Result<Vec<(String, Reference)>> {
    let view = reader.at(n);
    let written = reader.chain().revisions().get(n).filter(|_| n > 0);
    let mut brings = written.is_none();
    for number in written.iter().flat_map(|it| &it.changed) {
        brings |= is_signature(&view.get(Reference { number: *number, generation: 0 })?);
    }
    if brings { signed_fields(view) } else { Ok(Vec::new()) }
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
