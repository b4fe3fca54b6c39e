//! What an agency makes of documents that come: each file verified, each signer held against
//! who may sign for the sender, and all of it come to one answer by the agency's rules.

mod files;
mod kinds;
mod words;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Serialize};

use self::files::{Examined, examined};
use super::directory::Directory;
use super::inbox::{Examination, Examine, SenderIs};
use super::journal::{Decision, FileVerdict};
use crate::envelope::edxml::{Diagnostic, DocumentId, Envelope, OrganId, Severity};
use crate::error::Result;
use crate::time::UtcTime;
use crate::validation::{Report, Validator};

/// Examines documents by a [`Validator`] and, where there is one, by the [`Directory`] of
/// agencies.
///
/// A file is a PDF, XML or a container (EN 319 162-1), whose signatures are within; one with a
/// signature beside it (`plan.xlsx` and `plan.xlsx.p7s`), which hides none that is within, or
/// one that an XML signature in the message is over; or it is not signed. What it is, its
/// content tells. Where its signatures leave something of it out, such as a file of a
/// container, that is an unsigned file. A
/// [seal](Envelope::seal) is held against the message that it came with. A document with
/// a file that fails is refused whatever the rules are, and so is a message on whose meaning
/// two readers may differ; a file that asks for more than this program does is indeterminate.
/// The answer names every file and every reason, for the sender's clerk.
pub struct Examiner {
    validator: Validator,
    rules: ExaminerRules,
    directory: RwLock<Option<Arc<Directory>>>,
    keep: Option<Box<Keep>>,
}

type Keep = dyn Fn(&Envelope, &[(String, Report)]) -> Result<()> + Send + Sync;

/// What is done about that which is neither good nor bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExaminerRules {
    /// A signature is INDETERMINATE.
    pub indeterminate: Doubt,
    /// A file is not signed, in a message that brings signed ones.
    pub unsigned_file: Doubt,
    /// Nothing in the message is signed.
    pub nothing_signed: Doubt,
    /// Nobody who signed a file may sign for the agency that sent it.
    pub not_authorized: Doubt,
    /// A seal over the message passes, and something is not as it was sealed that the axis may
    /// have changed. Where it makes another document of it, it is refused whatever this says.
    pub differs_from_seal: Doubt,
    /// Whether a document goes back without a person when its issuer revokes it, or asks to
    /// have it back.
    pub gives_back: bool,
}

/// What a rule says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// It does not matter.
    Overlook,
    /// A person decides.
    Hold,
    /// It is sent back.
    Refuse,
}

impl Default for ExaminerRules {
    fn default() -> Self {
        Self {
            indeterminate: Doubt::Hold,
            unsigned_file: Doubt::Hold,
            nothing_signed: Doubt::Hold,
            not_authorized: Doubt::Hold,
            differs_from_seal: Doubt::Hold,
            gives_back: false,
        }
    }
}

impl Examiner {
    /// By this validator, which is asked as of the time of each examination.
    #[must_use]
    pub fn new(validator: Validator) -> Self {
        let directory = RwLock::new(None);
        Self { validator, rules: ExaminerRules::default(), directory, keep: None }
    }

    /// By these rules.
    #[must_use]
    pub fn with_rules(mut self, rules: ExaminerRules) -> Self {
        self.rules = rules;
        self
    }

    /// Hands the reports on a document to `keep` before it is decided upon: the law wants them
    /// kept with it. What `keep` fails with has the document examined again.
    #[must_use]
    pub fn with_reports(
        mut self,
        keep: impl Fn(&Envelope, &[(String, Report)]) -> Result<()> + Send + Sync + 'static,
    ) -> Self {
        self.keep = Some(Box::new(keep));
        self
    }

    /// Goes by this directory from now on.
    pub fn set_directory(&self, directory: Directory) {
        let mut kept = self.directory.write().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(Arc::new(directory));
    }

    fn directory(&self) -> Option<Arc<Directory>> {
        self.directory.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What the files come to.
    fn judge(&self, files: &[Examined]) -> (Decision, String) {
        let nothing = files.iter().all(|it| !it.is_signed());
        let (mut decision, mut reasons) = (Decision::Accepted, Vec::new());
        if nothing {
            weigh(&mut decision, self.rules.nothing_signed);
            reasons.push((self.rules.nothing_signed, words::NOTHING_SIGNED.to_owned()));
        }
        for file in files.iter().filter(|it| !nothing || it.is_bad()) {
            let (doubt, reason) = file.doubt(&self.rules);
            weigh(&mut decision, doubt);
            reasons.push((doubt, reason));
        }
        let reasons: Vec<String> =
            reasons.into_iter().filter(|it| it.0 != Doubt::Overlook).map(|it| it.1).collect();
        (decision, reasons.join(" "))
    }
}

/// The gravest counts.
fn weigh(decision: &mut Decision, doubt: Doubt) {
    *decision = match (*decision, doubt) {
        (Decision::Refused, _) | (_, Doubt::Refuse) => Decision::Refused,
        (Decision::Held, _) | (_, Doubt::Hold) => Decision::Held,
        (Decision::Accepted, Doubt::Overlook) => Decision::Accepted,
    };
}

impl Examine for Examiner {
    fn examine(
        &self,
        envelope: &Envelope,
        diagnostics: &[Diagnostic],
        at: UtcTime,
    ) -> Result<Examination> {
        let grave = diagnostics.iter().find(|it| it.code.severity() == Severity::Error);
        if let Some(grave) = grave {
            let reason = grave.message_vi.clone();
            return Ok(Examination { decision: Decision::Refused, reason, files: Vec::new() });
        }
        // A moment is as good as the next: what was remembered within this second serves.
        let validator = self.validator.as_of(at.whole_seconds().plus_seconds(1));
        let directory = self.directory();
        let sender = &envelope.header.from.organ_id;
        let files = examined(envelope, &validator, directory.as_deref(), sender, at)?;
        let (decision, reason) = self.judge(&files);
        let verdicts: Vec<FileVerdict> = files.iter().map(|it| it.verdict.clone()).collect();
        if let Some(keep) = &self.keep {
            let reports = files.into_iter().filter_map(|it| Some((it.verdict.name, it.report?)));
            keep(envelope, &reports.collect::<Vec<_>>())?;
        }
        Ok(Examination { decision, reason, files: verdicts })
    }

    fn is_same_agency(&self, one: &OrganId, other: &OrganId) -> SenderIs {
        let same = |it: &Directory| match (it.get(one), it.get(other)) {
            (Some(one), Some(other)) => std::ptr::eq(one, other),
            _ => false,
        };
        let known = || self.directory().is_some_and(|it| same(&it));
        if one.is_same_agency(other) || known() { SenderIs::Same } else { SenderIs::Other }
    }

    fn gives_back(&self, _document: &DocumentId) -> bool {
        self.rules.gives_back
    }
}

impl fmt::Debug for Examiner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Examiner").field("rules", &self.rules).finish_non_exhaustive()
    }
}
