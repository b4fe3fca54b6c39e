//! The joint between the inbox and whoever says what becomes of a document.

use crate::envelope::edxml::{Diagnostic, Envelope, OrganId};
use crate::error::Result;
use crate::exchange::journal::{Decision, FileVerdict};
use crate::time::UtcTime;

/// Says what becomes of documents. `kyso`'s own is `Examiner`; a document-management system
/// may have its own, or look at what that one says first.
pub trait Examine: Send + Sync {
    /// What becomes of a document that came, of which its reader noted `diagnostics`.
    ///
    /// # Errors
    /// Only where nothing can be said now and may be later, such as when a disk fails: the
    /// document is examined again, for ever where that is of kind `Io`, and otherwise until
    /// all tries are used up: then a person decides. What cannot be verified is `Held`, not an
    /// error.
    fn examine(
        &self,
        envelope: &Envelope,
        diagnostics: &[Diagnostic],
        at: UtcTime,
    ) -> Result<Examination>;

    /// Whether both codes are the same agency's. The axis vouches for who handed a message
    /// over, not for what stands in it.
    fn is_same_agency(&self, one: &OrganId, other: &OrganId) -> SenderIs {
        if one.is_same_agency(other) { SenderIs::Same } else { SenderIs::Other }
    }

    /// Whether a revocation is followed without a person, as is a wish to have a document
    /// back: the receiver deletes it and says so (Decree 30/2020/NĐ-CP, article 18).
    fn gives_back(&self, document: &crate::envelope::edxml::DocumentId) -> bool {
        let _ = document;
        false
    }
}

/// Whether a message is from whom it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SenderIs {
    /// It is.
    Same,
    /// It is from another agency.
    Other,
}

/// What became of a document, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examination {
    /// What.
    pub decision: Decision,
    /// Why, in Vietnamese, so that the sender's clerk, or the own one where it is held, can
    /// act on it; empty where it is accepted.
    pub reason: String,
    /// What was found, file by file.
    pub files: Vec<FileVerdict>,
}
