//! Why a path does not hold.

use serde::Serialize;

use crate::pki::Certificate;
use crate::time::UtcTime;

/// Why a path does not hold. Ordered: a later reason says more about what stands
/// between the end entity and trust, and is the one to report when several paths fail.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) enum Fault {
    /// Nobody at hand has issued it.
    NoIssuer,
    /// Authorities of the issuer's name are at hand, all with other keys than the one that the
    /// certificate names by its identifier (RFC 5280 §4.2.1.1): its own issuer is missing.
    OtherKey,
    /// More certificates than [`Limits::path_length`](crate::Limits::path_length).
    TooLong,
    /// The issuer's key did not make the signature.
    BadSignature,
    /// The signature's algorithm cannot be computed here.
    UnsupportedAlgorithm {
        algorithm: String,
    },
    /// The certificate as such is broken.
    Malformed {
        what: String,
    },
    /// RFC 5280 §6.1.4 (k): the issuer is no certification authority.
    NotAuthority,
    /// RFC 5280 §6.1.4 (n): the issuer's key may not sign certificates.
    KeyUsage,
    /// RFC 5280 §6.1.4 (l): more authorities than the one above allows.
    PathLength,
    /// RFC 5280 §6.1.4 (o), §6.1.5 (f).
    UnprocessedExtension {
        oid: String,
    },
    /// RFC 5280 §6.1.3 (b) and (c): an authority above does not permit this name.
    NameConstraint {
        name: String,
    },
    /// RFC 5280 §6.1.3 (f), §6.1.5 (g): a policy is required, and none holds.
    NoPolicy,
    /// The caller requires a purpose that the certificate does not allow.
    Purpose {
        oid: String,
    },
    NotYetValid {
        not_before: UtcTime,
    },
    Expired {
        not_after: UtcTime,
    },
    /// The caller trusted the anchor up to a date only.
    AnchorPastSunset {
        sunset: UtcTime,
    },
    /// The caller's own check rejects the path, which holds otherwise.
    Rejected {
        why: String,
    },
}

impl Fault {
    /// Whether another validation time could settle it.
    pub(crate) fn is_about_time(&self) -> bool {
        matches!(self, Self::NotYetValid { .. } | Self::Expired { .. })
    }
}

/// A path that was tried, and why it does not hold.
#[derive(Debug, Clone)]
pub(crate) struct Rejection {
    /// From the end entity on, as far as the search came.
    pub(crate) certificates: Vec<Certificate>,
    /// The certificate that the fault is about, as an index into `certificates`.
    pub(crate) at: usize,
    pub(crate) fault: Fault,
}

impl Rejection {
    /// The subject of the certificate that the fault is about.
    pub(crate) fn subject(&self) -> String {
        let certificate = self.certificates.get(self.at).or(self.certificates.last());
        certificate.map(Certificate::subject).unwrap_or_default()
    }
}
