//! Names of algorithms, digests, and the check of one signature value with one
//! public key. No certificates, no trust, and no secrets: those who hold keys
//! live in `keys`.

mod algorithm;
mod digest;
mod value;
mod verify;

pub use algorithm::{PssParameters, SignatureAlgorithm};
pub(crate) use digest::DigestContext;
pub use digest::{Digest, DigestAlgorithm};
#[cfg(any(feature = "http", feature = "pkcs11"))]
pub(crate) use value::Halves;
pub(crate) use verify::{Curve, PublicKey, Verification, verify, verify_digest};
