//! What came after each signature, and whether those before let it be: DocMDP
//! (ISO 32000-2 §12.8.2.2), FieldMDP (§12.8.2.4) and the locks of signature fields
//! (§12.7.5.5). A signature binds every revision behind its own.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::cmp::Reverse;
use std::collections::HashMap;

use super::changes::{Since, later_changes};
use super::facts::{LaterChanges, PdfSignature, RevisionChanges, Unlocked};
use super::lock::FieldLock;
use crate::encoding::pdf::Reader;
use crate::error::Result;
use crate::limits::{Limits, within};

/// Changes that are told of one signature; the document's list has them all.
const TOLD: usize = 4;

/// Says of each signature, sorted by the ends of their byte ranges, what came after it;
/// gives what each revision behind the oldest of them changed.
///
/// # Errors
/// `LimitExceeded`; `Io`.
pub(super) fn add_later_changes(
    reader: &Reader<'_>,
    signatures: &mut [PdfSignature],
) -> Result<Vec<RevisionChanges>> {
    let oldest = signatures.iter().filter_map(|it| it.revision).min();
    let Some(oldest) = oldest else { return Ok(Vec::new()) };
    let (since, changes) = later_changes(reader, oldest)?;
    for signature in signatures.iter_mut() {
        let Some(behind) = signature.revision.map(|it| it.saturating_sub(oldest)) else { continue };
        let later = changes.iter().skip(behind);
        let worth = later.filter(|it| it.kind > Some(LaterChanges::LtaUpdates));
        signature.changes = worth.take(TOLD).map(RevisionChanges::brief).collect();
        if let Some(Since { changes, kinds, drawn }) = since.get(behind) {
            (signature.later_changes, signature.drawn) = (*changes, *drawn);
            signature.kinds = *kinds;
        }
    }
    judge(signatures, &changes, reader.limits())?;
    Ok(changes)
}

fn judge(
    signatures: &mut [PdfSignature],
    changes: &[RevisionChanges],
    limits: &Limits,
) -> Result<()> {
    let mut locked = Locked::new(changes, limits);
    let (mut permission, mut unlocked): (Option<u8>, Option<Unlocked>) = (None, None);
    let mut restricted = false;
    for signature in signatures {
        let locks = signature.locks.iter().filter_map(|it| Some(it.permission()?.p()));
        // What was once forbidden, nobody permits again.
        permission = signature.certification.into_iter().chain(locks).chain(permission).min();
        let revision = signature.revision.unwrap_or_default();
        unlocked = [locked.broken(signature, revision)?, unlocked]
            .into_iter()
            .flatten()
            .max_by_key(|it| it.revision);
        restricted |= permission.is_some() || !signature.locks.is_empty();
        signature.permission = permission;
        signature.unlocked = unlocked.clone().filter(|it| it.revision > revision);
        let most = permission.map_or(LaterChanges::Other, most);
        let keeps = signature.later_changes <= most && signature.unlocked.is_none();
        // Whether a locked field is among what cannot be told is not known.
        let told = permission.is_some()
            || signature.unlocked.is_some()
            || signature.later_changes < LaterChanges::Other;
        signature.permitted = (restricted && told).then_some(keeps);
    }
    Ok(())
}

/// ISO 32000-2 Table 257: validation data and document time-stamps always may come.
fn most(permission: u8) -> LaterChanges {
    match permission {
        1 => LaterChanges::LtaUpdates,
        2 => LaterChanges::FormFilling,
        _ => LaterChanges::Annotations,
    }
}

/// The fields that were changed, to be held against locks.
struct Locked<'a> {
    /// With the last revision that changed each, latest first.
    changed: Vec<(&'a str, usize)>,
    compared: usize,
    limits: &'a Limits,
}

impl<'a> Locked<'a> {
    fn new(changes: &'a [RevisionChanges], limits: &'a Limits) -> Self {
        let mut last = HashMap::new();
        for change in changes {
            for name in change.fields.iter().chain(&change.signatures) {
                last.insert(name.as_str(), change.revision);
            }
        }
        let mut changed: Vec<_> = last.into_iter().collect();
        changed.sort_unstable_by_key(|it| (Reverse(it.1), it.0));
        Self { changed, compared: 0, limits }
    }

    /// The last change behind a revision to what the signature locks.
    fn broken(&mut self, by: &PdfSignature, revision: usize) -> Result<Option<Unlocked>> {
        if by.locks.is_empty() {
            return Ok(None);
        }
        // A list may be empty, and what is asked of it is not for nothing.
        let names = by.locks.iter().map(FieldLock::names).sum::<usize>().max(1);
        for (field, last) in self.changed.iter().take_while(|it| it.1 > revision) {
            self.compared = self.compared.saturating_add(names);
            within(self.compared, self.limits.pdf_lock_comparisons, "fields held against locks")?;
            if by.locks.iter().any(|lock| lock.covers(field)) {
                let (field, by) = ((*field).to_owned(), by.field.clone());
                return Ok(Some(Unlocked { field, by, revision: *last }));
            }
        }
        Ok(None)
    }
}
