//! What a report says of the revisions of a PDF behind its oldest signature.

use serde::{Serialize, Serializer};

use crate::signature::pades::{Drawing, LaterChanges, RevisionChanges};

/// What one incremental update of a PDF changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RevisionReport {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) entry: Option<String>,
    /// Counted from 1, the original.
    revision: usize,
    #[serde(serialize_with = "spelled")]
    kind: Option<LaterChanges>,
    signatures: Vec<String>,
    fields: Vec<String>,
    refilled: Vec<String>,
    annotations: Vec<String>,
    pages: Vec<usize>,
    drawings: Vec<Drawing>,
}

impl RevisionReport {
    pub(in crate::validation) fn of(changes: &RevisionChanges) -> Self {
        Self {
            entry: None,
            revision: changes.revision,
            kind: changes.kind,
            signatures: changes.signatures.clone(),
            fields: changes.fields.clone(),
            refilled: changes.refilled.clone(),
            annotations: changes.annotations.clone(),
            pages: changes.pages.clone(),
            drawings: changes.drawings.clone(),
        }
    }

    /// The file that it is a revision of, in a report on a message of several.
    #[must_use]
    pub fn entry(&self) -> Option<&str> {
        self.entry.as_deref()
    }

    /// Which update, counted from 1, which is the original.
    #[must_use]
    pub fn revision(&self) -> usize {
        self.revision
    }

    /// Its kind, as `later_changes` of a signature spells it: `FORM_FILLING`; nothing where
    /// a later one is `OTHER`, so that nobody needs to know.
    #[must_use]
    pub fn kind(&self) -> Option<&'static str> {
        self.kind.map(LaterChanges::name)
    }

    /// Signature fields that were made or signed, by their full names; time-stamps are not
    /// among them.
    #[must_use]
    pub fn signatures(&self) -> &[String] {
        &self.signatures
    }

    /// Other fields that were filled in or changed, by their full names.
    #[must_use]
    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    /// Those of them that had a value or showed something already, which is another now.
    #[must_use]
    pub fn refilled(&self) -> &[String] {
        &self.refilled
    }

    /// The subtypes of the annotations that were made, changed or deleted: `Stamp`.
    #[must_use]
    pub fn annotations(&self) -> &[String] {
        &self.annotations
    }

    /// The pages concerned, as far as they are told, counted from 1.
    #[must_use]
    pub fn pages(&self) -> &[usize] {
        &self.pages
    }

    /// What was drawn on them, and where: what was added to the pages themselves, and the
    /// looks of signatures, fields and annotations.
    #[must_use]
    pub fn drawings(&self) -> &[Drawing] {
        &self.drawings
    }
}

fn spelled<S: Serializer>(kind: &Option<LaterChanges>, serializer: S) -> Result<S::Ok, S::Error> {
    kind.map(LaterChanges::name).serialize(serializer)
}
