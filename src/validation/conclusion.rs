//! What a validation concludes: EN 319 102-1 §5.1.3, table 5 and table 6.

use std::fmt;

use serde::{Serialize, Serializer};

/// The status of one signature. Complete by definition: every caller answers all three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Conclusion {
    /// The signature is good, by the policy, at the validation time.
    TotalPassed,
    /// What is at hand does not settle it.
    Indeterminate(Indeterminate),
    /// The signature is bad whatever else may come to light.
    TotalFailed(Failed),
}

/// Why a signature is bad (EN 319 102-1 table 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Failed {
    /// It does not follow its format so far that it could be processed.
    FormatFailure,
    /// A digest of the signed data is not the one that was signed.
    HashFailure,
    /// The signer's key did not make the signature value.
    SigCryptoFailure,
    /// The signing certificate was revoked before a proven existence of the signature.
    Revoked,
    /// The signature is proven to be later than the certificate's last day.
    Expired,
    /// The signature is proven to be earlier than the certificate's first day.
    NotYetValid,
}

/// What is open (EN 319 102-1 table 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Indeterminate {
    /// A constraint of the policy on the signature does not hold.
    SigConstraintsFailure,
    /// A constraint of the policy on the certificates does not hold.
    ChainConstraintsFailure,
    /// The path of certificates does not hold for another reason.
    CertificateChainGeneralFailure,
    /// An algorithm or key size is too weak, and nothing proves that it was not at the time.
    CryptoConstraintsFailureNoPoe,
    /// An algorithm or key size is too weak.
    CryptoConstraintsFailure,
    /// The signature policy cannot be processed.
    PolicyProcessingError,
    /// The signature policy is not at hand.
    SignaturePolicyNotAvailable,
    /// Time-stamps contradict each other.
    TimestampOrderFailure,
    /// It cannot be told which certificate signed.
    NoSigningCertificateFound,
    /// No path leads to a trust anchor.
    NoCertificateChainFound,
    /// A path leads only to an anchor that is no longer trusted.
    NoCertificateChainFoundNoPoe,
    /// The signing certificate was revoked; nothing proves that the signature is older.
    RevokedNoPoe,
    /// An authority's certificate was revoked; nothing proves that the signature is older.
    RevokedCaNoPoe,
    /// The signing certificate is out of its time, though not revoked.
    OutOfBoundsNotRevoked,
    /// A certificate is out of its time; nothing proves that the signature falls within.
    OutOfBoundsNoPoe,
    /// Revocation information is at hand, but nothing proves that it existed while its issuer
    /// could be relied on.
    RevocationOutOfBoundsNoPoe,
    /// Nothing proves that an object existed in time.
    NoPoe,
    /// More revocation data, now or later, would settle it.
    TryLater,
    /// The signed data is not at hand.
    SignedDataNotFound,
    /// Any other reason; the checks say which.
    Generic,
}

impl Conclusion {
    /// `TOTAL_PASSED`, `INDETERMINATE` or `TOTAL_FAILED`.
    #[must_use]
    pub fn indication(self) -> &'static str {
        match self {
            Self::TotalPassed => "TOTAL_PASSED",
            Self::Indeterminate(_) => "INDETERMINATE",
            Self::TotalFailed(_) => "TOTAL_FAILED",
        }
    }

    /// The standard's name of the reason; nothing where the signature passed.
    #[must_use]
    pub fn sub_indication(self) -> Option<&'static str> {
        match self {
            Self::TotalPassed => None,
            Self::Indeterminate(why) => Some(why.name()),
            Self::TotalFailed(why) => Some(why.name()),
        }
    }

    /// The worse of two: failed, then indeterminate; of equals, the first.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        if other.rank() > self.rank() { other } else { self }
    }

    fn rank(self) -> u8 {
        match self {
            Self::TotalPassed => 0,
            Self::Indeterminate(_) => 1,
            Self::TotalFailed(_) => 2,
        }
    }
}

impl Failed {
    /// As the standard spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::FormatFailure => "FORMAT_FAILURE",
            Self::HashFailure => "HASH_FAILURE",
            Self::SigCryptoFailure => "SIG_CRYPTO_FAILURE",
            Self::Revoked => "REVOKED",
            Self::Expired => "EXPIRED",
            Self::NotYetValid => "NOT_YET_VALID",
        }
    }
}

impl Indeterminate {
    /// As the standard spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SigConstraintsFailure => "SIG_CONSTRAINTS_FAILURE",
            Self::ChainConstraintsFailure => "CHAIN_CONSTRAINTS_FAILURE",
            Self::CertificateChainGeneralFailure => "CERTIFICATE_CHAIN_GENERAL_FAILURE",
            Self::CryptoConstraintsFailureNoPoe => "CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
            Self::CryptoConstraintsFailure => "CRYPTO_CONSTRAINTS_FAILURE",
            Self::PolicyProcessingError => "POLICY_PROCESSING_ERROR",
            Self::SignaturePolicyNotAvailable => "SIGNATURE_POLICY_NOT_AVAILABLE",
            Self::TimestampOrderFailure => "TIMESTAMP_ORDER_FAILURE",
            Self::NoSigningCertificateFound => "NO_SIGNING_CERTIFICATE_FOUND",
            Self::NoCertificateChainFound => "NO_CERTIFICATE_CHAIN_FOUND",
            Self::NoCertificateChainFoundNoPoe => "NO_CERTIFICATE_CHAIN_FOUND_NO_POE",
            Self::RevokedNoPoe => "REVOKED_NO_POE",
            Self::RevokedCaNoPoe => "REVOKED_CA_NO_POE",
            Self::OutOfBoundsNotRevoked => "OUT_OF_BOUNDS_NOT_REVOKED",
            Self::OutOfBoundsNoPoe => "OUT_OF_BOUNDS_NO_POE",
            Self::RevocationOutOfBoundsNoPoe => "REVOCATION_OUT_OF_BOUNDS_NO_POE",
            Self::NoPoe => "NO_POE",
            Self::TryLater => "TRY_LATER",
            Self::SignedDataNotFound => "SIGNED_DATA_NOT_FOUND",
            Self::Generic => "GENERIC",
        }
    }
}

impl From<Failed> for Conclusion {
    fn from(why: Failed) -> Self {
        Self::TotalFailed(why)
    }
}

impl From<Indeterminate> for Conclusion {
    fn from(why: Indeterminate) -> Self {
        Self::Indeterminate(why)
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Indeterminate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Conclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.indication())?;
        self.sub_indication().map_or(Ok(()), |why| write!(f, "/{why}"))
    }
}

impl Serialize for Conclusion {
    /// The indication alone; reports write the sub-indication beside it.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.indication())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_wins_and_the_first_of_equals() {
        let open = Conclusion::from(Indeterminate::TryLater);
        let failed = Conclusion::from(Failed::HashFailure);
        assert_eq!(Conclusion::TotalPassed.worse(open), open);
        assert_eq!(failed.worse(open), failed);
        assert_eq!(open.worse(Indeterminate::Generic.into()), open);
        assert_eq!(failed.to_string(), "TOTAL_FAILED/HASH_FAILURE");
    }
}
