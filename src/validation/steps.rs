//! What each building block and each process came to (EN 319 102-1 §5.2 to §5.6), with its
//! checks: the tree that a detailed report shows.

use std::fmt;

use serde::Serialize;

use super::check::Check;
use super::conclusion::Conclusion;
use crate::time::UtcTime;

/// A building block or a process of EN 319 102-1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum BlockId {
    /// Whether it is a signature at all, and where and how its format wants it.
    FormatChecking,
    /// Whose certificate it is.
    IdentificationOfSigningCertificate,
    /// What the signer and the embedding application ask for.
    ValidationContextInitialization,
    /// Whether information on revocation is at hand, and fresh.
    RevocationFreshness,
    /// Whether a path of certificates holds.
    X509CertificateValidation,
    /// Whether the signer's key signed this data.
    CryptographicVerification,
    /// Whether the policy accepts the signature.
    SignatureAcceptance,
    /// The process for basic signatures.
    BasicSignature,
    /// The process for time-stamps.
    TimeStamp,
    /// The process for signatures with time and with long-term validation data.
    LongTerm,
    /// The process for signatures with archival data.
    Archival,
    /// Whether a path held at a time in the past.
    PastCertificateValidation,
    /// Up to when it can be relied on.
    ValidationTimeSliding,
    /// Whether a signature was good at a time in the past.
    PastSignatureValidation,
    /// The process for evidence records.
    EvidenceRecord,
}

impl BlockId {
    /// The clause of EN 319 102-1 that describes it.
    #[must_use]
    pub fn clause(self) -> &'static str {
        match self {
            Self::FormatChecking => "5.2.2",
            Self::IdentificationOfSigningCertificate => "5.2.3",
            Self::ValidationContextInitialization => "5.2.4",
            Self::RevocationFreshness => "5.2.5",
            Self::X509CertificateValidation => "5.2.6",
            Self::CryptographicVerification => "5.2.7",
            Self::SignatureAcceptance => "5.2.8",
            Self::BasicSignature => "5.3",
            Self::TimeStamp => "5.4",
            Self::LongTerm => "5.5",
            Self::Archival => "5.6",
            Self::PastCertificateValidation => "5.6.2.1",
            Self::ValidationTimeSliding => "5.6.2.2",
            Self::PastSignatureValidation => "5.6.2.4",
            Self::EvidenceRecord => "5.6.2.5",
        }
    }
}

impl fmt::Display for BlockId {
    /// As the JSON of reports spells it: `FORMAT_CHECKING`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// What one building block or process came to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Block {
    /// Which one.
    pub id: BlockId,
    /// What it is about, where that is not the signature itself: a time-stamp.
    pub about: Option<String>,
    /// The time that it asked about.
    pub at: UtcTime,
    /// What it came to.
    pub conclusion: Conclusion,
    /// What it asked.
    pub checks: Vec<Check>,
    /// The blocks that it is made of.
    pub blocks: Vec<Block>,
}

impl Block {
    /// One that has asked nothing yet.
    pub(super) fn new(id: BlockId, at: UtcTime) -> Self {
        let conclusion = Conclusion::TotalPassed;
        Self { id, about: None, at, conclusion, checks: Vec::new(), blocks: Vec::new() }
    }

    /// All checks of it and of what it is made of, in their order.
    pub(super) fn into_checks(self) -> Vec<Check> {
        let mut all = self.checks;
        all.extend(self.blocks.into_iter().flat_map(Self::into_checks));
        all
    }
}
