//! What a validation says: to programs as JSON, to people as text.

mod detailed;
mod etsi;
mod evidence_record;
mod html;
mod particulars;
mod revision;
mod signature;

use std::sync::Arc;

pub use detailed::DetailedReport;
pub use evidence_record::EvidenceRecordReport;
pub(super) use particulars::{Particulars, Stamp};
pub use revision::RevisionReport;
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
pub use signature::{Coverage, ReferenceReport, SignatureReport, TimeStampReport};

use super::conclusion::Conclusion;
use super::evidence::Evidence;
use super::steps::Block;
use crate::encoding::printable;
use crate::error::{Error, ErrorKind};
use crate::time::UtcTime;

/// Everything that was found out about the signatures of one document.
///
/// A report is no boolean, on purpose: a document may hold several signatures, or
/// none, and between good and bad lies what is not settled. Its serde form is the
/// JSON that the example `verify` prints; names and meanings stay.
#[must_use]
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    file: Option<String>,
    format: DocumentFormat,
    error: Option<Failure>,
    #[serde(serialize_with = "indication")]
    conclusion: Option<Conclusion>,
    policy: String,
    validation_time: Option<UtcTime>,
    signatures: Vec<SignatureReport>,
    timestamps: Vec<TimeStampReport>,
    evidence_records: Vec<EvidenceRecordReport>,
    revisions: Vec<RevisionReport>,
    #[serde(skip)]
    time_stamps: Vec<Block>,
    uncovered_entries: Vec<String>,
    diagnostics: Vec<Diagnostic>,
    #[serde(skip)]
    evidence: Option<Arc<Evidence>>,
    /// What the parts rested on that were taken in, until it is [joined](Self::joined).
    #[serde(skip)]
    parts: Vec<Arc<Evidence>>,
}

/// What kind of document it is, told by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum DocumentFormat {
    /// ISO 32000.
    #[serde(rename = "PDF")]
    Pdf,
    /// RFC 5652, in BER, DER or PEM.
    #[serde(rename = "CMS")]
    Cms,
    /// XML with signatures in it (XMLDSig, EN 319 132-1).
    #[serde(rename = "XML")]
    Xml,
    /// A time-stamp token by itself (RFC 3161).
    #[serde(rename = "TST")]
    Tst,
    /// A container of one file (EN 319 162-1).
    #[serde(rename = "ASiC-S")]
    AsicS,
    /// A container of any number of files; those of OpenDocument are taken for it.
    #[serde(rename = "ASiC-E")]
    AsicE,
    /// An evidence record by itself (RFC 4998).
    #[serde(rename = "EVIDENCE_RECORD")]
    EvidenceRecord,
    /// A message of QCVN 102:2016.
    #[serde(rename = "EDXML")]
    Edxml,
    /// None that this crate verifies.
    #[serde(rename = "UNKNOWN")]
    Unknown,
}

impl DocumentFormat {
    /// As reports spell it: `PDF`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pdf => "PDF",
            Self::Cms => "CMS",
            Self::Xml => "XML",
            Self::Tst => "TST",
            Self::AsicS => "ASiC-S",
            Self::AsicE => "ASiC-E",
            Self::EvidenceRecord => "EVIDENCE_RECORD",
            Self::Edxml => "EDXML",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// Why a document could not be read.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Failure {
    pub(super) kind: ErrorKind,
    pub(super) message: String,
    offset: Option<u64>,
}

impl Failure {
    pub(super) fn of(error: &Error) -> Self {
        Self { kind: error.kind(), message: error.to_string(), offset: error.offset() }
    }
}

/// A finding about the document as a whole.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Diagnostic {
    pub(super) code: &'static str,
    pub(super) message_vi: String,
    pub(super) message_en: String,
}

/// A report of which every signature passed, and of which there is at least one.
///
/// Code that hands out content *as trusted* should ask for this type.
#[derive(Debug, Clone)]
pub struct Validated(Report);

impl Report {
    pub(super) fn new(
        format: DocumentFormat,
        policy: &str,
        at: UtcTime,
        signatures: Vec<SignatureReport>,
    ) -> Self {
        let conclusions = signatures.iter().map(|signature| signature.conclusion);
        Self {
            file: None,
            format,
            error: None,
            conclusion: conclusions.reduce(Conclusion::worse),
            policy: policy.to_owned(),
            validation_time: Some(at),
            signatures,
            timestamps: Vec::new(),
            evidence_records: Vec::new(),
            revisions: Vec::new(),
            time_stamps: Vec::new(),
            uncovered_entries: Vec::new(),
            diagnostics: Vec::new(),
            evidence: None,
            parts: Vec::new(),
        }
    }

    /// Takes in the report on a part of the document, such as a file of a message: what it
    /// says names the part from now on. After the last one, all has to be
    /// [joined](Self::joined).
    pub(crate) fn with_part(mut self, entry: &str, mut part: Self) -> Self {
        part.leave_time_alone();
        let conclusions = [self.conclusion, part.conclusion].into_iter().flatten();
        self.conclusion = conclusions.reduce(Conclusion::worse);
        part.belongs_to(entry);
        self.signatures.append(&mut part.signatures);
        self.evidence_records.append(&mut part.evidence_records);
        self.timestamps.append(&mut part.timestamps);
        self.time_stamps.append(&mut part.time_stamps);
        self.revisions.append(&mut part.revisions);
        self.uncovered_entries.append(&mut part.uncovered_entries);
        self.diagnostics.append(&mut part.diagnostics);
        self.parts.extend(part.evidence);
        if let Some(failure) = part.error {
            self = self.with_diagnostic(
                "ENTRY_UNREADABLE",
                format!("Không đọc được tệp “{}”.", printable(entry)),
                format!("The file “{}” cannot be read: {}", printable(entry), failure.message),
            );
        }
        self
    }

    /// With what the parts rested on that were taken in.
    pub(crate) fn joined(mut self) -> Self {
        let parts = std::mem::take(&mut self.parts);
        self.evidence = match self.evidence {
            Some(own) if !parts.is_empty() => {
                Some(Arc::new(Arc::unwrap_or_clone(own).with_parts(&parts)))
            }
            own => own,
        };
        self
    }

    /// An authority that says when a file was there is nobody who signed it: of a time-stamp
    /// token by itself the time is left, and no signature.
    fn leave_time_alone(&mut self) {
        if self.format != DocumentFormat::Tst {
            return;
        }
        self.conclusion = None;
        for it in std::mem::take(&mut self.signatures) {
            self.timestamps.extend(it.timestamps);
            self.time_stamps.push(it.block);
        }
    }

    /// Names the file that all of this is about.
    fn belongs_to(&mut self, entry: &str) {
        let within = |it: &mut Option<String>| {
            let place = it.take().map_or_else(|| entry.to_owned(), |it| format!("{entry}/{it}"));
            *it = Some(place);
        };
        self.signatures.iter_mut().for_each(|it| within(&mut it.covers.entry));
        if matches!(self.format, DocumentFormat::AsicS | DocumentFormat::AsicE) {
            let files = self.signatures.iter_mut().flat_map(|it| &mut it.covers.files);
            files.for_each(|it| *it = format!("{entry}/{it}"));
        }
        self.evidence_records.iter_mut().for_each(|it| within(&mut it.entry));
        self.timestamps.iter_mut().for_each(|it| within(&mut it.entry));
        self.revisions.iter_mut().for_each(|it| within(&mut it.entry));
        self.uncovered_entries.iter_mut().for_each(|it| *it = format!("{entry}/{it}"));
        for it in &mut self.diagnostics {
            it.message_vi = format!("{}: {}", printable(entry), it.message_vi);
            it.message_en = format!("{}: {}", printable(entry), it.message_en);
        }
    }

    /// Concludes no better than this, whatever the signatures by themselves came to.
    pub(crate) fn worsened(mut self, conclusion: Conclusion) -> Self {
        self.conclusion = Some(self.conclusion.map_or(conclusion, |it| it.worse(conclusion)));
        self
    }

    pub(super) fn with_evidence(mut self, evidence: Option<Evidence>) -> Self {
        self.evidence = evidence.map(Arc::new);
        self
    }

    /// The report on a document that could not be read: nothing is concluded.
    pub fn unreadable(error: &Error) -> Self {
        Self {
            file: None,
            format: DocumentFormat::Unknown,
            error: Some(Failure::of(error)),
            conclusion: None,
            policy: String::new(),
            validation_time: None,
            signatures: Vec::new(),
            timestamps: Vec::new(),
            evidence_records: Vec::new(),
            revisions: Vec::new(),
            time_stamps: Vec::new(),
            uncovered_entries: Vec::new(),
            diagnostics: Vec::new(),
            evidence: None,
            parts: Vec::new(),
        }
    }

    /// Names the file that it is about.
    pub fn for_file(mut self, name: impl Into<String>) -> Self {
        self.file = Some(name.into());
        self
    }

    /// Adds a finding about the document as a whole, such as an input that the
    /// embedding application was given and could not use.
    pub fn with_diagnostic(
        mut self,
        code: &'static str,
        message_vi: impl Into<String>,
        message_en: impl Into<String>,
    ) -> Self {
        let (message_vi, message_en) = (message_vi.into(), message_en.into());
        self.diagnostics.push(Diagnostic { code, message_vi, message_en });
        self
    }

    /// The file's name, where one was given.
    #[must_use]
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// What kind of document it is.
    #[must_use]
    pub fn format(&self) -> DocumentFormat {
        self.format
    }

    /// Why it could not be read.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        self.error.as_ref().map(|error| error.message.as_str())
    }

    pub(super) fn failure(&self) -> Option<&Failure> {
        self.error.as_ref()
    }

    /// The worst of the signatures; nothing where there is none. A time-stamp token by itself
    /// has its authority's signature, and an evidence record none. A message that its seal
    /// contradicts has failed, whatever its signatures came to.
    #[must_use]
    pub fn conclusion(&self) -> Option<Conclusion> {
        self.conclusion
    }

    /// The worst of the [evidence records](Self::evidence_records) over the document or its
    /// parts: they say since when it is there, and never who answers for it.
    #[must_use]
    pub fn evidence_conclusion(&self) -> Option<Conclusion> {
        self.evidence_records.iter().map(|it| it.conclusion).reduce(Conclusion::worse)
    }

    /// Whether somebody signed, well or not: a time-stamp token by itself and an evidence
    /// record say when, and not who.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        !self.signatures.is_empty() && self.format != DocumentFormat::Tst
    }

    /// The name of the policy that judged.
    #[must_use]
    pub fn policy(&self) -> &str {
        &self.policy
    }

    /// The time at which it was judged.
    #[must_use]
    pub fn validation_time(&self) -> Option<UtcTime> {
        self.validation_time
    }

    /// The signatures, in the order of the document.
    #[must_use]
    pub fn signatures(&self) -> &[SignatureReport] {
        &self.signatures
    }

    /// What each process and block came to for the time-stamps over the document as a whole
    /// (EN 319 142-1 §5.4.3).
    #[must_use]
    pub fn time_stamps(&self) -> &[Block] {
        &self.time_stamps
    }

    /// The time-stamps over the document as a whole, in its order, or over a file of a message.
    /// Those that cover a signature stand beside it, too; where nothing is signed, they stand
    /// here alone.
    #[must_use]
    pub fn document_timestamps(&self) -> &[TimeStampReport] {
        &self.timestamps
    }

    /// Evidence records over the document or its parts. Those in the attributes of a
    /// signature stand beside it.
    #[must_use]
    pub fn evidence_records(&self) -> &[EvidenceRecordReport] {
        &self.evidence_records
    }

    pub(super) fn with_evidence_records(mut self, records: Vec<EvidenceRecordReport>) -> Self {
        self.evidence_records = records;
        self
    }

    /// What each update of a PDF changed that came after its oldest signature, oldest first.
    #[must_use]
    pub fn revisions(&self) -> &[RevisionReport] {
        &self.revisions
    }

    /// The files of a container that no signature is over as a whole: nobody answers for them.
    /// Those of its folder `META-INF` are among them that are in no use there.
    #[must_use]
    pub fn uncovered_entries(&self) -> &[String] {
        &self.uncovered_entries
    }

    pub(crate) fn with_uncovered(mut self, entries: Vec<String>) -> Self {
        self.uncovered_entries = entries;
        self
    }

    pub(super) fn with_revisions(mut self, revisions: Vec<RevisionReport>) -> Self {
        self.revisions = revisions;
        self
    }

    pub(super) fn with_time_stamps(
        mut self,
        reports: impl IntoIterator<Item = TimeStampReport>,
        blocks: Vec<Block>,
    ) -> Self {
        self.timestamps = reports.into_iter().collect();
        self.time_stamps = blocks;
        self
    }

    /// What the validation rested on, where the validator was told to
    /// [keep it](super::Validator::keep_evidence).
    #[must_use]
    pub fn evidence(&self) -> Option<&Evidence> {
        self.evidence.as_deref()
    }

    /// The proof that every signature passed.
    ///
    /// # Errors
    /// The report itself, when one did not pass or [nobody signed](Self::is_signed).
    #[expect(clippy::result_large_err, reason = "the report is what the caller needs then")]
    pub fn into_validated(self) -> Result<Validated, Self> {
        match self.conclusion {
            Some(Conclusion::TotalPassed) if self.is_signed() => Ok(Validated(self)),
            Some(
                Conclusion::TotalPassed | Conclusion::Indeterminate(_) | Conclusion::TotalFailed(_),
            )
            | None => Err(self),
        }
    }

    /// Findings about the document as a whole, in Vietnamese and in English.
    pub fn diagnostics(&self) -> impl Iterator<Item = (&str, &str)> {
        self.diagnostics.iter().map(|it| (it.message_vi.as_str(), it.message_en.as_str()))
    }
}

impl Validated {
    /// The report.
    pub fn report(&self) -> &Report {
        &self.0
    }
}

fn indication<S: Serializer>(
    conclusion: &Option<Conclusion>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    conclusion.map(Conclusion::indication).serialize(serializer)
}
