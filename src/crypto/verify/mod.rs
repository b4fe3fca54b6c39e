//! The check of one signature value with one public key.
//!
//! ring does what it can. Public-key RSA that it does not do (small and huge keys,
//! old DigestInfo spellings, PSS with free parameters, digests computed elsewhere)
//! is done here; it handles no secret. What neither does is [`Verification::Unsupported`],
//! which says nothing about the signature.

mod key;
mod rsa;

#[cfg(test)]
mod wycheproof;

pub(crate) use self::key::{Curve, PublicKey};

use ring::signature as primitive;

use super::algorithm::{PssParameters, SignatureAlgorithm};
use super::digest::{Digest, DigestAlgorithm};
use crate::error::{Error, Result};

/// What the check found. That a primitive is missing says nothing about the signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verification {
    Valid,
    /// As `Valid`, but the DigestInfo lacks the NULL parameters that RFC 8017 §9.2
    /// asks for. Old signers wrote so; a report should warn of it.
    ValidWithoutNull,
    Invalid,
    /// The primitive, the key type or the size is not at hand.
    Unsupported,
}

impl Verification {
    pub(crate) fn is_valid(self) -> bool {
        matches!(self, Self::Valid | Self::ValidWithoutNull)
    }

    fn from_ring(checked: Result<(), ring::error::Unspecified>) -> Self {
        if checked.is_ok() { Self::Valid } else { Self::Invalid }
    }
}

/// Checks `value` over `message` with the key of a `SubjectPublicKeyInfo`
/// (RFC 5280 §4.1.2.7) given as it stands.
///
/// A key of another kind than the algorithm needs makes the value invalid; so does
/// an RSASSA-PSS key whose own parameters (RFC 4055 §1.2) forbid this use.
///
/// # Errors
/// `Malformed` when the key cannot be read.
pub(crate) fn verify(
    public_key_info: &[u8],
    algorithm: SignatureAlgorithm,
    message: &[u8],
    value: &[u8],
) -> Result<Verification> {
    let key = PublicKey::read(public_key_info)?;
    if let Some(refused) = key.refuses(algorithm) {
        return Ok(refused);
    }
    Ok(match (&key, algorithm) {
        (PublicKey::Rsa(key) | PublicKey::RsaPss(key, _), _) => {
            // A value that ring refuses may still be good by the rules that it lacks.
            match rsa_by_ring(algorithm) {
                Some(primitive) if key.components().verify(primitive, message, value).is_ok() => {
                    Verification::Valid
                }
                _ => key.verify(algorithm, &algorithm.digest().digest(message), value),
            }
        }
        (PublicKey::Ec(curve, point), SignatureAlgorithm::Ecdsa(digest)) => {
            match ecdsa_by_ring(*curve, digest) {
                Some(primitive) if key::is_uncompressed(point) => Verification::from_ring(
                    primitive::UnparsedPublicKey::new(primitive, point).verify(message, value),
                ),
                _ => Verification::Unsupported,
            }
        }
        (PublicKey::Ed25519(point), SignatureAlgorithm::Ed25519) => Verification::from_ring(
            primitive::UnparsedPublicKey::new(&primitive::ED25519, point).verify(message, value),
        ),
        _ => Verification::Unsupported,
    })
}

/// As [`verify`], over a message of which only the digest is at hand. RSA only:
/// ring takes no digest for ECDSA, and Ed25519 (RFC 8032 §5.1) has none to take.
///
/// # Errors
/// `Malformed` when the key cannot be read; `Misuse` when the algorithm wants another digest.
pub(crate) fn verify_digest(
    public_key_info: &[u8],
    algorithm: SignatureAlgorithm,
    digest: &Digest,
    value: &[u8],
) -> Result<Verification> {
    if digest.algorithm() != algorithm.digest() {
        return Err(Error::misuse(format!("{algorithm} does not sign a {}", digest.algorithm())));
    }
    let key = PublicKey::read(public_key_info)?;
    if let Some(refused) = key.refuses(algorithm) {
        return Ok(refused);
    }
    Ok(match &key {
        PublicKey::Rsa(key) | PublicKey::RsaPss(key, _) => key.verify(algorithm, digest, value),
        _ => Verification::Unsupported,
    })
}

fn rsa_by_ring(algorithm: SignatureAlgorithm) -> Option<&'static primitive::RsaParameters> {
    use DigestAlgorithm::{Sha1, Sha256, Sha384, Sha512};
    match algorithm {
        SignatureAlgorithm::RsaPkcs1(digest) => Some(match digest {
            Sha1 => &primitive::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            Sha256 => &primitive::RSA_PKCS1_2048_8192_SHA256,
            Sha384 => &primitive::RSA_PKCS1_2048_8192_SHA384,
            Sha512 => &primitive::RSA_PKCS1_2048_8192_SHA512,
        }),
        // ring knows one choice of the parameters for each digest.
        SignatureAlgorithm::RsaPss(parameters)
            if parameters == PssParameters::new(parameters.digest) =>
        {
            match parameters.digest {
                Sha1 => None,
                Sha256 => Some(&primitive::RSA_PSS_2048_8192_SHA256),
                Sha384 => Some(&primitive::RSA_PSS_2048_8192_SHA384),
                Sha512 => Some(&primitive::RSA_PSS_2048_8192_SHA512),
            }
        }
        _ => None,
    }
}

fn ecdsa_by_ring(
    curve: Curve,
    digest: DigestAlgorithm,
) -> Option<&'static primitive::EcdsaVerificationAlgorithm> {
    use DigestAlgorithm::{Sha256, Sha384};
    match (curve, digest) {
        (Curve::P256, Sha256) => Some(&primitive::ECDSA_P256_SHA256_ASN1),
        (Curve::P256, Sha384) => Some(&primitive::ECDSA_P256_SHA384_ASN1),
        (Curve::P384, Sha256) => Some(&primitive::ECDSA_P384_SHA256_ASN1),
        (Curve::P384, Sha384) => Some(&primitive::ECDSA_P384_SHA384_ASN1),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
