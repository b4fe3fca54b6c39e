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
#[cfg(feature = "http")]
pub use crate::exchange::axis;
#[cfg(feature = "pkcs12")]
pub use crate::keys::pkcs12;
pub use crate::keys::{SignatureValue, Signer, SigningOverride, SoftwareSigner, ToBeSigned};
pub use crate::limits::Limits;
pub use crate::pki::{Certificate, TrustAnchor, TrustStore};
pub use crate::signature::{Prepared, Signed};
pub use crate::source::{Seekable, Source};
pub use crate::time::UtcTime;

/// CAdES: CMS signatures over any file (EN 319 122-1).
pub mod cades {
    pub use crate::signature::cades::SignatureBuilder;
}

/// PAdES: signatures in PDF (EN 319 142-1).
pub mod pades {
    pub use crate::signature::pades::{SignatureBuilder, SubFilter};
}

/// Doors for fuzzers into rooms that have no other: there only when fuzzing.
#[cfg(fuzzing)]
#[doc(hidden)]
#[allow(missing_docs, clippy::must_use_candidate)]
pub mod fuzzing {
    use crate::crypto::{SignatureAlgorithm, verify};
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

    pub fn cms(bytes: &[u8]) -> bool {
        exhaust::exhaust(bytes)
    }

    pub fn cms_attributes(bytes: &[u8]) -> bool {
        exhaust::exhaust_attributes(bytes)
    }
}
