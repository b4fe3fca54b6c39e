//! Sign, verify, package and exchange official electronic documents.
#![allow(dead_code, unused_imports)] // while the rooms are being furnished

mod error;
mod limits;
mod source;
mod time;

mod encoding;

mod crypto;

mod pki;

mod keys;

mod signature;

mod validation;

mod envelope;

pub mod exchange;

pub use crate::crypto::{Digest, DigestAlgorithm, PssParameters, SignatureAlgorithm};
pub use crate::envelope::edxml;
pub use crate::error::{Error, ErrorKind, Place, Result};
#[cfg(feature = "pkcs12")]
pub use crate::keys::pkcs12;
pub use crate::keys::{SignatureValue, Signer, SigningOverride, SoftwareSigner, ToBeSigned};
pub use crate::limits::Limits;
pub use crate::pki::{Certificate, TrustAnchor, TrustStore};
pub use crate::signature::{Prepared, Signed};
pub use crate::source::{Seekable, Source};
pub use crate::time::UtcTime;
pub use crate::validation::{
    AlgorithmConstraints, Check, CheckId, Conclusion, Coverage, DocumentFormat, Failed, Form,
    Indeterminate, Level, Outcome, Policy, ReferenceReport, Report, Revocation, SignatureLevel,
    SignatureReport, TimeStampReport, TimeStampType, Validated, Validator,
};

/// CAdES: CMS signatures over any file (EN 319 122-1).
pub mod cades {
    pub use crate::signature::cades::SignatureBuilder;
}

/// PAdES: signatures in PDF (EN 319 142-1).
pub mod pades {
    pub use crate::signature::pades::{SignatureBuilder, SubFilter};
}

/// The national document axis' HTTP protocol, as its kit (SDK VXP 2.0) speaks it.
///
/// What both sides need is here without any I/O: signed headers and their check
/// ([`SignedHeaders`](axis::SignedHeaders), [`verify`](axis::verify)), the digest of
/// the body, replies. [`Client`](axis::Client) is the sending and receiving side over
/// real HTTP. A gateway is among the examples.
///
/// The signature of the headers covers neither the call nor its body, and it says no
/// receiver and no expiry: whoever sees a request can replay it elsewhere. The body
/// is bound by its digest alone, which is among the signed headers. Use TLS.
#[cfg(feature = "http")]
pub mod axis {
    pub use crate::exchange::axis::{
        AgencyRow, Call, Client, Credentials, ErrorCode, ReceivedRow, Rejection, Reply, SentRow,
        SignedHeaders, Verified, hash_file, message_within, timestamp, verify,
    };
}

/// Doors for fuzzers into rooms that have no other: there only when fuzzing.
#[cfg(fuzzing)]
#[doc(hidden)]
#[allow(missing_docs, clippy::must_use_candidate)]
pub mod fuzzing {
    use crate::crypto::{SignatureAlgorithm, verify};
    use crate::encoding::zip;
    use crate::signature::cms::exhaust;

    /// Whether the value holds; nothing where the key is none.
    pub fn verify_value(
        public_key_info: &[u8],
        algorithm: SignatureAlgorithm,
        message: &[u8],
        value: &[u8],
    ) -> Option<bool> {
        verify(public_key_info, algorithm, message, value).ok().map(|it| it.is_valid())
    }

    pub fn zip(bytes: &[u8]) -> Option<Vec<u8>> {
        let _ = zip::list(bytes, 64);
        zip::read_single(bytes, 1 << 20).ok()
    }

    pub fn cms(bytes: &[u8]) -> bool {
        exhaust::exhaust(bytes)
    }

    pub fn pdf(bytes: &[u8]) -> bool {
        crate::encoding::pdf::exhaust::exhaust(bytes)
    }

    pub fn pdf_signatures(bytes: &[u8]) -> bool {
        crate::signature::pades::exhaust::exhaust(bytes)
    }

    pub fn cms_attributes(bytes: &[u8]) -> bool {
        exhaust::exhaust_attributes(bytes)
    }
}
