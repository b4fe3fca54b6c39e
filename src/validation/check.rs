//! A check: what it is called, which clause asks for it, what it found.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::conclusion::Conclusion;

/// Every question that is asked about a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum CheckId {
    /// The signature can be read, and its parts are as its format asks.
    FormatStructure,
    /// No signed attribute is there twice or with several values.
    SignedAttributes,
    /// The PDF signature covers exactly the file up to its end but its own value.
    PdfByteRange,
    /// The signature dictionary, its field and its value are beyond doubt.
    PdfDictionary,
    /// A content within a detached signature is the one that is signed.
    PdfEncapsulatedContent,
    /// The PDF could be read without repairing or guessing.
    PdfStructure,
    /// It is known which certificate signed.
    SigningCertificate,
    /// The signed attributes name the signing certificate.
    SigningCertificateReference,
    /// Issuer and serial number in that name are the certificate's.
    SigningCertificateIssuerSerial,
    /// The signature policy that the signer names.
    SignaturePolicy,
    /// The signed data is at hand.
    SignedData,
    /// The content's digest is the one that was signed.
    MessageDigest,
    /// What the signed manifests name is at hand and is what they were made over.
    ManifestEntries,
    /// The content's type is the one that was signed.
    ContentType,
    /// Digest and signature algorithm agree with each other wherever they are named.
    AlgorithmAgreement,
    /// The signer's key made the signature value.
    SignatureValue,
    /// The signature value is written as its standard asks.
    SignatureEncoding,
    /// A path leads from a trust anchor to the signing certificate.
    CertificationPath,
    /// The signing certificate is within its time.
    CertificateValidity,
    /// No certificate of the path is revoked.
    Revocation,
    /// The certificate's key may sign documents.
    KeyUsage,
    /// The digest is strong enough.
    DigestStrength,
    /// The signer's key is strong enough.
    KeyStrength,
    /// The algorithms and keys of the path are strong enough.
    PathStrength,
    /// The algorithms and keys are strong enough that lists and answers about revocation are
    /// signed by.
    RevocationStrength,
    /// When the signer claims to have signed.
    ClaimedTime,
    /// What proves when the signature existed.
    ProvenTime,
    /// The certificate of a time-stamping authority is for nothing else.
    TimeStampPurpose,
    /// A time-stamp is over what it has to be over.
    TimeStampImprint,
    /// When a time-stamp says that it was issued.
    TimeStampTime,
    /// Whether a time-stamp can be relied on.
    TimeStampValidation,
    /// Time-stamps over the content are older than those over the signature.
    TimeStampOrder,
    /// An evidence record is over what it has to be over.
    EvidenceRecordObjects,
    /// The archive time-stamps of an evidence record renew each other in the order of time.
    EvidenceRecordChain,
    /// Whether an evidence record can be relied on.
    EvidenceRecordValidation,
    /// The certificates were good when the signature is proven to have existed, by issuers
    /// who are good today.
    LongTermValidation,
    /// The certificates were good when the signature is proven to have existed, by what is
    /// proven to be as old.
    PastValidation,
    /// What the signature shows of its signer.
    Appearance,
    /// What came after the signature, as far as it is more than forms and annotations.
    LaterChanges,
    /// Fields of the form that were filled in after the signature.
    FormFilling,
    /// Fields of the form that were not empty when it was signed, and were changed since.
    FormRefilling,
    /// Looks that lie on what was signed.
    CoveredText,
    /// Annotations that were made, changed or deleted after the signature.
    Annotations,
    /// What was added to the pages after the signature, hiding nothing.
    ClerkAddition,
    /// Whether that was permitted.
    PermittedChanges,
}

impl CheckId {
    /// The clause that asks for it.
    #[must_use]
    pub fn clause(self) -> &'static str {
        match self {
            Self::FormatStructure
            | Self::SignedAttributes
            | Self::PdfByteRange
            | Self::PdfDictionary
            | Self::PdfEncapsulatedContent
            | Self::PdfStructure => "EN 319 102-1 5.2.2",
            Self::SigningCertificate
            | Self::SigningCertificateReference
            | Self::SigningCertificateIssuerSerial => "EN 319 102-1 5.2.3",
            Self::SignaturePolicy => "EN 319 102-1 5.2.4",
            Self::CertificationPath | Self::CertificateValidity | Self::Revocation => {
                "EN 319 102-1 5.2.6"
            }
            Self::SignedData
            | Self::MessageDigest
            | Self::ManifestEntries
            | Self::ContentType
            | Self::AlgorithmAgreement
            | Self::SignatureValue
            | Self::SignatureEncoding => "EN 319 102-1 5.2.7",
            Self::KeyUsage
            | Self::DigestStrength
            | Self::KeyStrength
            | Self::PathStrength
            | Self::ClaimedTime
            | Self::Appearance
            | Self::LaterChanges
            | Self::FormFilling
            | Self::FormRefilling
            | Self::CoveredText
            | Self::Annotations
            | Self::ClerkAddition
            | Self::PermittedChanges => "EN 319 102-1 5.2.8",
            Self::TimeStampPurpose
            | Self::TimeStampImprint
            | Self::TimeStampTime
            | Self::TimeStampValidation => "EN 319 102-1 5.4",
            Self::ProvenTime
            | Self::TimeStampOrder
            | Self::LongTermValidation
            | Self::RevocationStrength => "EN 319 102-1 5.5",
            Self::EvidenceRecordObjects
            | Self::EvidenceRecordChain
            | Self::EvidenceRecordValidation => "EN 319 102-1 5.6.2.5",
            Self::PastValidation => "EN 319 102-1 5.6",
        }
    }
}

impl fmt::Display for CheckId {
    /// As the JSON of reports spells it: `SIGNATURE_VALUE`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// How much a check weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Level {
    /// It is not even shown.
    Ignore,
    /// It is shown.
    Inform,
    /// It is shown as a warning.
    Warn,
    /// The signature does not pass.
    Fail,
}

/// What a check came to, under a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum Outcome {
    /// It holds.
    Ok,
    /// It is worth knowing.
    Information,
    /// It does not hold, and the policy lets it pass with a warning.
    Warning,
    /// It could not be made, and the policy asks for it.
    NotChecked,
    /// It does not hold.
    Failed,
}

/// One line of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Check {
    /// Which check.
    pub id: CheckId,
    /// The clause that asks for it.
    pub clause: &'static str,
    /// What it came to.
    pub outcome: Outcome,
    /// A sentence in Vietnamese.
    pub message_vi: String,
    /// The same in English.
    pub message_en: String,
}

/// What a check found, before any policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) id: CheckId,
    pub(super) fact: Fact,
    pub(super) message: Message,
}

/// The fact that a check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fact {
    Holds,
    /// Neither good nor bad.
    Noted,
    /// It does not hold, which the policy's own data takes for a warning.
    Warned,
    /// It does not hold; if the policy minds, this follows.
    Broken(Conclusion),
    /// It could not be found out; if the policy minds, this follows.
    Unknown(Conclusion),
}

/// One sentence, twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) vi: String,
    pub(super) en: String,
}

/// A sentence in Vietnamese and in English.
pub(super) fn say(vi: impl Into<String>, en: impl Into<String>) -> Message {
    Message { vi: vi.into(), en: en.into() }
}

impl Finding {
    pub(super) fn holds(id: CheckId, message: Message) -> Self {
        Self { id, fact: Fact::Holds, message }
    }

    pub(super) fn noted(id: CheckId, message: Message) -> Self {
        Self { id, fact: Fact::Noted, message }
    }

    pub(super) fn warned(id: CheckId, message: Message) -> Self {
        Self { id, fact: Fact::Warned, message }
    }

    /// Lets it decide nothing.
    pub(super) fn only_warn(&mut self) {
        if matches!(self.fact, Fact::Broken(_) | Fact::Unknown(_)) {
            self.fact = Fact::Warned;
        }
    }

    pub(super) fn broken(id: CheckId, follows: impl Into<Conclusion>, message: Message) -> Self {
        Self { id, fact: Fact::Broken(follows.into()), message }
    }

    pub(super) fn unknown(id: CheckId, follows: impl Into<Conclusion>, message: Message) -> Self {
        Self { id, fact: Fact::Unknown(follows.into()), message }
    }
}
