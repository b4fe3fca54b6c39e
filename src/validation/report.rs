//! What a validation says: to programs as JSON, to people as text.

mod detailed;
mod etsi;
mod html;
mod particulars;

use std::sync::Arc;

pub use detailed::DetailedReport;
pub(super) use particulars::{Particulars, Stamp};
use serde::ser::{SerializeStruct, Serializer};
use serde::{Deserialize, Serialize};

use super::check::Check;
use super::conclusion::Conclusion;
use super::evidence::Evidence;
use super::facts::{Form, PdfWords, SignatureLevel, TimeStampType};
use super::steps::Block;
use crate::error::{Error, ErrorKind};
use crate::pki::TrustAnchor;
use crate::signature::pades::LaterChanges;
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
    #[serde(skip)]
    time_stamps: Vec<Block>,
    uncovered_entries: Vec<String>,
    diagnostics: Vec<Diagnostic>,
    #[serde(skip)]
    evidence: Option<Arc<Evidence>>,
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
    /// A time-stamp token by itself (RFC 3161).
    #[serde(rename = "TST")]
    Tst,
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
            Self::Tst => "TST",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// Why a document could not be read.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Failure {
    kind: ErrorKind,
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

/// Everything that was found out about one signature.
#[derive(Debug, Clone)]
pub struct SignatureReport {
    pub(super) id: String,
    pub(super) form: Form,
    pub(super) level: SignatureLevel,
    pub(super) conclusion: Conclusion,
    pub(super) intact: Option<bool>,
    pub(super) signature_value_ok: Option<bool>,
    pub(super) references: Vec<ReferenceReport>,
    pub(super) signature_algorithm: Option<String>,
    pub(super) digest_algorithm: Option<String>,
    pub(super) signer: Option<String>,
    pub(super) signer_name: Option<String>,
    pub(super) agency: Option<String>,
    pub(super) issuer: Option<String>,
    pub(super) serial: Option<String>,
    pub(super) claimed_time: Option<UtcTime>,
    pub(super) best_signature_time: Option<UtcTime>,
    pub(super) block: Block,
    pub(super) trust_domain: Option<String>,
    pub(super) path: Vec<String>,
    pub(super) counter_signature: bool,
    pub(super) covers: Coverage,
    pub(super) pdf: Option<PdfWords>,
    pub(super) later_changes: Option<LaterChanges>,
    pub(super) permitted: Option<bool>,
    pub(super) timestamps: Vec<TimeStampReport>,
    pub(super) checks: Vec<Check>,
    pub(super) missing: Vec<String>,
    pub(super) missing_vi: Vec<String>,
    pub(super) particulars: Box<Particulars>,
}

/// Data that a signature covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ReferenceReport {
    /// What it is called.
    pub name: String,
    /// Whether it is at hand.
    pub found: bool,
    /// Whether it is what was signed; nothing where that could not be computed.
    pub intact: Option<bool>,
}

/// What of a file a signature covers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Coverage {
    /// All of it but the signature itself; nothing where that does not apply.
    pub whole_file: Option<bool>,
    /// Start and length of both stretches of a PDF.
    pub byte_range: Option<[u64; 4]>,
    /// The entry of a container.
    pub entry: Option<String>,
}

/// A time-stamp beside a signature, judged by EN 319 102-1 §5.4 and §5.6.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TimeStampReport {
    /// What it is over.
    #[serde(rename = "type")]
    pub kind: TimeStampType,
    /// What it says; nothing where the token cannot be read.
    pub time: Option<UtcTime>,
    /// Whether it is over this signature; nothing where that was not computed.
    pub imprint_intact: Option<bool>,
    /// Whether its own signature value verifies; nothing where that was not computed.
    pub signature_intact: Option<bool>,
    /// What it came to: whether it proves the time that it says.
    pub conclusion: Conclusion,
    /// Why it does not.
    pub sub_indication: Option<&'static str>,
    /// The authority's path as far as it was found: subjects from its certificate on, then
    /// the anchor.
    pub path: Vec<String>,
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
            time_stamps: Vec::new(),
            uncovered_entries: Vec::new(),
            diagnostics: Vec::new(),
            evidence: None,
        }
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
            time_stamps: Vec::new(),
            uncovered_entries: Vec::new(),
            diagnostics: Vec::new(),
            evidence: None,
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

    /// The worst of the signatures; nothing where nothing is signed.
    #[must_use]
    pub fn conclusion(&self) -> Option<Conclusion> {
        self.conclusion
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

    /// The time-stamps over the document as a whole, in its order. Those that cover a
    /// signature stand beside it, too; where nothing is signed, they stand here alone.
    #[must_use]
    pub fn document_timestamps(&self) -> &[TimeStampReport] {
        &self.timestamps
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
    /// The report itself, when one did not pass or there is none.
    #[expect(clippy::result_large_err, reason = "the report is what the caller needs then")]
    pub fn into_validated(self) -> Result<Validated, Self> {
        match self.conclusion {
            Some(Conclusion::TotalPassed) => Ok(Validated(self)),
            Some(Conclusion::Indeterminate(_) | Conclusion::TotalFailed(_)) | None => Err(self),
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

impl SignatureReport {
    /// The PDF field's name, or the signature's position.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The format.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form
    }

    /// How far its structure goes.
    #[must_use]
    pub fn level(&self) -> SignatureLevel {
        self.level
    }

    /// What it came to.
    #[must_use]
    pub fn conclusion(&self) -> Conclusion {
        self.conclusion
    }

    /// Whether value and content are what was signed. Trust plays no part. Nothing
    /// where an algorithm is not supported.
    #[must_use]
    pub fn intact(&self) -> Option<bool> {
        self.intact
    }

    /// Whether the signer's key made the signature value.
    #[must_use]
    pub fn signature_value_ok(&self) -> Option<bool> {
        self.signature_value_ok
    }

    /// The data that it covers.
    #[must_use]
    pub fn references(&self) -> &[ReferenceReport] {
        &self.references
    }

    /// The signing certificate's subject (RFC 4514).
    #[must_use]
    pub fn signer(&self) -> Option<&str> {
        self.signer.as_deref()
    }

    /// The signer's common name.
    #[must_use]
    pub fn signer_name(&self) -> Option<&str> {
        self.signer_name.as_deref()
    }

    /// The organisation in the signing certificate.
    #[must_use]
    pub fn agency(&self) -> Option<&str> {
        self.agency.as_deref()
    }

    /// The signing certificate's issuer (RFC 4514).
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// The signing certificate's serial number in hexadecimal.
    #[must_use]
    pub fn serial(&self) -> Option<&str> {
        self.serial.as_deref()
    }

    /// When the signer claims to have signed. It proves nothing.
    #[must_use]
    pub fn claimed_time(&self) -> Option<UtcTime> {
        self.claimed_time
    }

    /// When it is proven to have existed, at the latest: by a time-stamp that itself
    /// validates. Nothing where there is none.
    #[must_use]
    pub fn best_signature_time(&self) -> Option<UtcTime> {
        self.best_signature_time
    }

    /// What each process and each building block of EN 319 102-1 came to.
    #[must_use]
    pub fn block(&self) -> &Block {
        &self.block
    }

    /// The label of the anchor that was reached.
    #[must_use]
    pub fn trust_domain(&self) -> Option<&str> {
        self.trust_domain.as_deref()
    }

    /// The anchors that its own path and those of its time-stamps reached.
    pub(super) fn anchors(&self) -> impl Iterator<Item = &TrustAnchor> {
        self.particulars.anchors()
    }

    /// The path as far as it was found: subjects from the signer on, then the anchor.
    #[must_use]
    pub fn path(&self) -> &[String] {
        &self.path
    }

    /// Whether it signs another signature.
    #[must_use]
    pub fn is_counter_signature(&self) -> bool {
        self.counter_signature
    }

    /// What of the file it covers.
    #[must_use]
    pub fn covers(&self) -> &Coverage {
        &self.covers
    }

    /// What it says of itself, where it stands in a PDF.
    #[must_use]
    pub fn pdf(&self) -> Option<&PdfWords> {
        self.pdf.as_ref()
    }

    /// Time-stamps beside it.
    #[must_use]
    pub fn timestamps(&self) -> &[TimeStampReport] {
        &self.timestamps
    }

    /// Every check, in the order of the standard.
    #[must_use]
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// What would settle an INDETERMINATE: certificates, URLs, files.
    #[must_use]
    pub fn missing(&self) -> &[String] {
        &self.missing
    }

    /// The same in Vietnamese, in the same order.
    #[must_use]
    pub fn missing_vi(&self) -> &[String] {
        &self.missing_vi
    }

    /// What came after it, as `verify` prints it.
    #[must_use]
    pub fn later_changes(&self) -> Option<&'static str> {
        self.later_changes.map(|changes| match changes {
            LaterChanges::None => "NONE",
            LaterChanges::LtaUpdates => "LTA_UPDATES",
            LaterChanges::Signatures => "SIGNATURES",
            LaterChanges::Other => "OTHER",
        })
    }
}

fn indication<S: Serializer>(
    conclusion: &Option<Conclusion>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    conclusion.map(Conclusion::indication).serialize(serializer)
}

impl Serialize for SignatureReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("SignatureReport", FIELDS)?;
        out.serialize_field("id", &self.id)?;
        out.serialize_field("form", &self.form)?;
        out.serialize_field("level", &self.level)?;
        out.serialize_field("conclusion", &self.conclusion)?;
        out.serialize_field("sub_indication", &self.conclusion.sub_indication())?;
        out.serialize_field("intact", &self.intact)?;
        out.serialize_field("signature_value_ok", &self.signature_value_ok)?;
        out.serialize_field("references", &self.references)?;
        out.serialize_field("signature_algorithm", &self.signature_algorithm)?;
        out.serialize_field("digest_algorithm", &self.digest_algorithm)?;
        out.serialize_field("signer", &self.signer)?;
        out.serialize_field("signer_name", &self.signer_name)?;
        out.serialize_field("agency", &self.agency)?;
        out.serialize_field("issuer", &self.issuer)?;
        out.serialize_field("serial", &self.serial)?;
        out.serialize_field("claimed_time", &self.claimed_time)?;
        out.serialize_field("best_signature_time", &self.best_signature_time)?;
        out.serialize_field("trust_domain", &self.trust_domain)?;
        out.serialize_field("path", &self.path)?;
        out.serialize_field("counter_signature", &self.counter_signature)?;
        out.serialize_field("covers", &self.covers)?;
        out.serialize_field("pdf", &self.pdf)?;
        out.serialize_field("later_changes", &self.later_changes())?;
        out.serialize_field("permitted", &self.permitted)?;
        out.serialize_field("timestamps", &self.timestamps)?;
        out.serialize_field("checks", &self.checks)?;
        out.serialize_field("missing", &self.missing)?;
        out.serialize_field("missing_vi", &self.missing_vi)?;
        out.end()
    }
}

/// How many fields the serde form of a signature has; a hint to the serialiser.
const FIELDS: usize = 28;
