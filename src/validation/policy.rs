//! What is asked of a signature. Plain data: an agency can keep it in a file. The
//! one place where facts are judged.

mod algorithms;
mod presets;

pub(super) use self::algorithms::Weakness;
pub use self::algorithms::{Acceptable, AlgorithmConstraints};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::check::{Check, CheckId, Fact, Finding, Level, Outcome};
use super::conclusion::Conclusion;

/// What is asked of a signature.
///
/// [`Policy::default`] asks for everything that EN 319 102-1 asks of a signature at
/// the time of validation. [`Policy::vietnam_official`] and [`Policy::etsi`] are ready made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Policy {
    /// Reports repeat it.
    pub name: String,
    /// Whether revocation has to be known.
    pub revocation: Revocation,
    /// How many seconds old revocation information may be at the validation time
    /// (EN 319 102-1 §5.2.5.4). Where nothing is said, it serves until the next one was to
    /// be issued; information that does not say when that is does not serve then.
    pub revocation_max_age: Option<u64>,
    /// What has to be known at the validation time of those who issued certificates of the
    /// path, where nothing proves that what they said of them is older.
    pub issuers: Issuers,
    /// Which algorithms and key sizes are strong enough.
    pub algorithms: AlgorithmConstraints,
    /// Where the caller departs from the weights below. What a signature *is* (its
    /// value, its digests, its structure, its path to an anchor) cannot be waived.
    pub levels: BTreeMap<CheckId, Level>,
}

/// Whether it has to be known that no certificate of the path is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum Revocation {
    /// It has to be. Without that knowledge the conclusion is INDETERMINATE.
    #[default]
    Required,
    /// It need not be; every report says so.
    NotRequired,
}

/// What has to be known at the validation time of the authorities of a path, where nothing but
/// the present proves that the revocation information by them existed. It is asked when a
/// time-stamp proves the signature to be older, and where revocation is [`Revocation::Required`].
///
/// Whether it is known that an authority *was* good, when the signature is proven to have
/// existed, is always asked; and one that is known to be revoked never serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum Issuers {
    /// It is enough that none is known to be revoked. Information that was fresh when the
    /// signature is proven to have existed settles what is too old today (EN 319 102-1 §5.5.4
    /// step 6), so that a document with long-term validation data stays valid offline. A key
    /// that was stolen since then could have made that information, for as long as nobody at
    /// hand says that its certificate is revoked.
    #[default]
    NotRevoked,
    /// Each has to be known to be good. Without news of the authorities the conclusion is
    /// INDETERMINATE (TRY_LATER), but where archive time-stamps prove that the information
    /// is older (§5.6.2).
    Good,
}

impl Policy {
    /// How much a check weighs under this policy.
    #[must_use]
    pub fn level(&self, id: CheckId) -> Level {
        match id {
            // What a signature is. No policy can make these pass.
            CheckId::FormatStructure
            | CheckId::SignedAttributes
            | CheckId::PdfByteRange
            | CheckId::PdfEncapsulatedContent
            | CheckId::SigningCertificate
            | CheckId::SignedData
            | CheckId::MessageDigest
            | CheckId::ContentType
            | CheckId::AlgorithmAgreement
            | CheckId::SignatureValue
            | CheckId::CertificationPath
            | CheckId::CertificateValidity
            | CheckId::TimeStampPurpose
            | CheckId::TimeStampImprint
            | CheckId::TimeStampTime
            | CheckId::EvidenceRecordObjects
            | CheckId::EvidenceRecordChain
            | CheckId::LongTermValidation
            | CheckId::PastValidation
            | CheckId::LaterChanges
            | CheckId::PermittedChanges => Level::Fail,
            // Its weight comes with the fact itself, from the field above.
            CheckId::Revocation => Level::Fail,
            CheckId::PdfDictionary
            | CheckId::PdfStructure
            | CheckId::KeyUsage
            | CheckId::DigestStrength
            | CheckId::KeyStrength
            | CheckId::PathStrength
            | CheckId::RevocationStrength
            | CheckId::SignaturePolicy
            | CheckId::TimeStampOrder
            // What the signer saw there is another now.
            | CheckId::FormRefilling
            // It can be read no more; who signed later does not answer for that.
            | CheckId::CoveredText
            | CheckId::Annotations => self.own_or(id, Level::Fail),
            CheckId::SigningCertificateReference
            | CheckId::SigningCertificateIssuerSerial
            | CheckId::SignatureEncoding
            // XMLDSig §5.1: the signer says nothing of what a manifest names but its digests.
            | CheckId::ManifestEntries
            // ISO 32000-2 §12.8.2.2: a form may be filled in where nobody forbade it.
            | CheckId::FormFilling
            // It hides nothing, and must be covered by a signature that passes, anyway.
            | CheckId::ClerkAddition
            // Only the certificate says who signed; a look may leave it out.
            | CheckId::Appearance => self.own_or(id, Level::Warn),
            // A time-stamp that proves nothing harms nothing: §5.5.4 step 3, §5.6.3.4 step 5 d).
            CheckId::TimeStampValidation | CheckId::EvidenceRecordValidation => {
                self.own_or(id, Level::Warn)
            }
            CheckId::ClaimedTime => self.own_or(id, Level::Inform),
            // What a proven time says against a signature is no opinion.
            CheckId::ProvenTime => Level::Fail,
        }
    }

    fn own_or(&self, id: CheckId, usual: Level) -> Level {
        self.levels.get(&id).copied().unwrap_or(usual)
    }

    /// Judges one finding: its line in the report, unless the policy ignores it, and
    /// what follows for the signature.
    pub(super) fn judge(&self, finding: Finding) -> (Option<Check>, Option<Conclusion>) {
        let (outcome, follows) = match (finding.fact, self.level(finding.id)) {
            (Fact::Holds, _) => (Outcome::Ok, None),
            (Fact::Noted, _) => (Outcome::Information, None),
            (Fact::Warned, _) => (Outcome::Warning, None),
            (Fact::Broken(_) | Fact::Unknown(_), Level::Ignore) => return (None, None),
            (Fact::Broken(_) | Fact::Unknown(_), Level::Inform) => (Outcome::Information, None),
            (Fact::Broken(_) | Fact::Unknown(_), Level::Warn) => (Outcome::Warning, None),
            (Fact::Broken(follows), Level::Fail) => (Outcome::Failed, Some(follows)),
            (Fact::Unknown(follows), Level::Fail) => (Outcome::NotChecked, Some(follows)),
        };
        let check = Check {
            id: finding.id,
            clause: finding.id.clause(),
            outcome,
            message_vi: finding.message.vi,
            message_en: finding.message.en,
        };
        (Some(check), follows)
    }
}
