//! Why a list or an answer says nothing about a certificate.

use crate::time::UtcTime;

/// Why a list or an answer says nothing about a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// It is broken.
    Malformed {
        what: String,
    },
    /// An extension must be understood, and is not (RFC 5280 §5.2, §5.3).
    UnprocessedExtension {
        oid: String,
    },
    /// RFC 5280 §5.2.4: a list of changes, and none that it changes is at hand.
    Delta,
    /// It is about other certificates (RFC 5280 §5.2.5).
    OutOfScope,
    /// Together the lists at hand do not speak of every reason (RFC 5280 §6.3.3).
    SomeReasonsOnly,
    /// No key that may speak for the issuer made the signature.
    BadSignature,
    UnsupportedAlgorithm {
        algorithm: String,
    },
    /// The certificate of the one who signed it is not at hand, or not below the anchor.
    NoSigner,
    /// The one who signed it may not (RFC 5280 §6.3.3 (f), RFC 6960 §4.2.2.2).
    NotAuthorised,
    /// Whether the one who signed it is revoked is not known, or he is.
    SignerStatus,
    /// It was issued after the time in question.
    NotYetIssued {
        this_update: UtcTime,
    },
    /// Newer information was to be had at the time in question.
    Stale {
        this_update: UtcTime,
        next_update: Option<UtcTime>,
    },
    /// What it hangs on is too weak for it to say that a certificate is good.
    TooWeak {
        this_update: UtcTime,
    },
    /// It was issued after the certificate expired, and does not say that such ones are kept
    /// on it: that it does not list the certificate says nothing.
    AfterExpiry {
        this_update: UtcTime,
    },
    /// The responder does not know the certificate (RFC 6960 §2.2).
    Unknown,
    /// The responder refused to answer (RFC 6960 §2.3).
    Refused {
        status: u32,
    },
    /// RFC 9654: the answer is to another question.
    WrongNonce,
    /// It was asked for elsewhere, and did not come.
    NotRetrieved {
        why: String,
    },
}
