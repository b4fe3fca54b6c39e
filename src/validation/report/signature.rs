//! What a report says of one signature and of its time-stamps.

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use super::evidence_record::EvidenceRecordReport;
use super::particulars::Particulars;
use crate::pki::{Certificate, TrustAnchor};
use crate::signature::pades::LaterChanges;
use crate::time::UtcTime;
use crate::validation::check::Check;
use crate::validation::conclusion::Conclusion;
use crate::validation::facts::{
    Claims, Form, PdfWords, ReferencedElement, SignatureLevel, TimeStampType,
};
use crate::validation::steps::Block;

/// Everything that was found out about one signature.
#[derive(Debug, Clone)]
pub struct SignatureReport {
    pub(in crate::validation) id: String,
    pub(in crate::validation) form: Form,
    pub(in crate::validation) level: SignatureLevel,
    pub(in crate::validation) conclusion: Conclusion,
    pub(in crate::validation) intact: Option<bool>,
    pub(in crate::validation) signature_value_ok: Option<bool>,
    pub(in crate::validation) references: Vec<ReferenceReport>,
    pub(in crate::validation) signature_algorithm: Option<String>,
    pub(in crate::validation) digest_algorithm: Option<String>,
    pub(in crate::validation) signer: Option<String>,
    pub(in crate::validation) signer_name: Option<String>,
    pub(in crate::validation) agency: Option<String>,
    pub(in crate::validation) issuer: Option<String>,
    pub(in crate::validation) serial: Option<String>,
    pub(in crate::validation) claimed_time: Option<UtcTime>,
    pub(in crate::validation) claims: Claims,
    pub(in crate::validation) best_signature_time: Option<UtcTime>,
    pub(in crate::validation) block: Block,
    pub(in crate::validation) trust_domain: Option<String>,
    pub(in crate::validation) path: Vec<String>,
    pub(in crate::validation) counter_signature: bool,
    pub(in crate::validation) covers: Coverage,
    pub(in crate::validation) pdf: Option<PdfWords>,
    pub(in crate::validation) later_changes: Option<LaterChanges>,
    pub(in crate::validation) permitted: Option<bool>,
    pub(in crate::validation) timestamps: Vec<TimeStampReport>,
    pub(in crate::validation) evidence_records: Vec<EvidenceRecordReport>,
    pub(in crate::validation) checks: Vec<Check>,
    pub(in crate::validation) missing: Vec<String>,
    pub(in crate::validation) missing_vi: Vec<String>,
    pub(in crate::validation) particulars: Box<Particulars>,
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
    /// The element of an XML document that it is to, where it stands: what `name` leads other
    /// programs to may be another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub element: Option<ReferencedElement>,
    /// What XML names the steps by that were taken before it was digested.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub transforms: Vec<String>,
}

impl ReferenceReport {
    pub(in crate::validation) fn new(name: String, found: bool, intact: Option<bool>) -> Self {
        Self { name, found, intact, element: None, transforms: Vec::new() }
    }
}

/// What of a file a signature covers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Coverage {
    /// All of it but the signature itself; nothing where that does not apply.
    pub whole_file: Option<bool>,
    /// Start and length of both stretches of a PDF.
    pub byte_range: Option<[u64; 4]>,
    /// The entry of a container that is signed: a file, or the manifest that lists the files,
    /// which then stand among the references.
    pub entry: Option<String>,
    /// Files beside the signature that it covers whole, as they are: entries of its container,
    /// or what was handed in with it. The JSON leaves it out where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// Whether the file is a container, and these its files.
    #[serde(skip)]
    pub(in crate::validation) container: bool,
}

/// A time-stamp beside a signature, judged by EN 319 102-1 §5.4 and §5.6.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TimeStampReport {
    /// The file that it is over, where it is over one of the files of a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
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

    /// The signing certificate. That it is there says nothing about the signature.
    #[must_use]
    pub fn certificate(&self) -> Option<&Certificate> {
        self.particulars.signer()
    }

    /// When the signer claims to have signed. It proves nothing.
    #[must_use]
    pub fn claimed_time(&self) -> Option<UtcTime> {
        self.claimed_time
    }

    /// What the signer says besides, which nothing proves either.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
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

    /// The anchors that its own path, those of its time-stamps and those of its evidence
    /// records reached.
    pub(in crate::validation) fn anchors(&self) -> impl Iterator<Item = &TrustAnchor> {
        let records = self.evidence_records.iter().flat_map(EvidenceRecordReport::anchors);
        self.particulars.anchors().chain(records)
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

    /// Evidence records in its attributes.
    #[must_use]
    pub fn evidence_records(&self) -> &[EvidenceRecordReport] {
        &self.evidence_records
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
        self.later_changes.map(LaterChanges::name)
    }
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
        out.serialize_field("claims", &self.claims)?;
        out.serialize_field("best_signature_time", &self.best_signature_time)?;
        out.serialize_field("trust_domain", &self.trust_domain)?;
        out.serialize_field("path", &self.path)?;
        out.serialize_field("counter_signature", &self.counter_signature)?;
        out.serialize_field("covers", &self.covers)?;
        out.serialize_field("pdf", &self.pdf)?;
        out.serialize_field("later_changes", &self.later_changes())?;
        out.serialize_field("permitted", &self.permitted)?;
        out.serialize_field("timestamps", &self.timestamps)?;
        out.serialize_field("evidence_records", &self.evidence_records)?;
        out.serialize_field("checks", &self.checks)?;
        out.serialize_field("missing", &self.missing)?;
        out.serialize_field("missing_vi", &self.missing_vi)?;
        out.end()
    }
}

/// How many fields the serde form of a signature has; a hint to the serialiser.
const FIELDS: usize = 30;
