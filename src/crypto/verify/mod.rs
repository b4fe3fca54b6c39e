//! The check of one signature value with one public key.
//!
//! ring does what it can. What it does not do goes through [`CheckDigest`]: RSA (small and
//! huge keys, old DigestInfo spellings, PSS with free parameters) and DSA on big numbers, and
//! ECDSA beyond four pairs of curve and digest by the crates of the feature `curves`. None of
//! them handles a secret. What nothing does is [`Verification::Unsupported`], which says
//! nothing about the signature: Ed448 and brainpoolP512r1, for want of a crate to rely on,
//! and curves that are spelt out.

mod dsa;
#[cfg(feature = "curves")]
mod ecdsa;
mod key;
mod rsa;

#[cfg(test)]
mod boringssl;
#[cfg(test)]
mod wycheproof;

pub(crate) use self::key::{Curve, PublicKey};

use ring::signature as primitive;

use super::algorithm::{PssParameters, SignatureAlgorithm};
use super::digest::{Digest, DigestAlgorithm};
use crate::encoding::asn1::{Tag, Value};
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

/// The joint for what ring does not do: a public key that checks values over a digest.
/// Whoever stands behind it takes any bytes for a value, and some 30 ms at most.
trait CheckDigest {
    /// `algorithm` is one that the key does not refuse, and `digest` is its.
    fn check(&self, algorithm: SignatureAlgorithm, digest: &Digest, value: &[u8]) -> Verification;
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
    match by_ring(&key, algorithm, message, value) {
        Some(found) => Ok(found),
        None => Ok(check_digest(&key, algorithm, &algorithm.digest().digest(message), value)),
    }
}

/// Nothing where ring cannot say.
fn by_ring(
    key: &PublicKey<'_>,
    algorithm: SignatureAlgorithm,
    message: &[u8],
    value: &[u8],
) -> Option<Verification> {
    let unparsed = |algorithm: &'static dyn primitive::VerificationAlgorithm, point| {
        let key = primitive::UnparsedPublicKey::new(algorithm, point);
        Verification::from_ring(key.verify(message, value))
    };
    match key {
        PublicKey::Rsa(key) | PublicKey::RsaPss(key, _) => {
            let checked = key.components().verify(rsa_by_ring(algorithm)?, message, value);
            // A value that ring refuses may still be good by the rules that it lacks.
            checked.is_ok().then_some(Verification::Valid)
        }
        PublicKey::Ec(key) if key.is_uncompressed() => {
            Some(unparsed(ecdsa_by_ring(key.curve, algorithm)?, key.point))
        }
        PublicKey::Ed25519(point) => Some(unparsed(&primitive::ED25519, point)),
        PublicKey::Ec(_) | PublicKey::Dsa(_) | PublicKey::Other => None,
    }
}

fn check_digest(
    key: &PublicKey<'_>,
    algorithm: SignatureAlgorithm,
    digest: &Digest,
    value: &[u8],
) -> Verification {
    let check = |key: &dyn CheckDigest| key.check(algorithm, digest, value);
    key.beyond_ring().map_or(Verification::Unsupported, check)
}

/// As [`verify`], over a message of which only the digest is at hand. Not by ring, which takes
/// no digest, and not for Ed25519 (RFC 8032 §5.1), which has none to take.
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
    Ok(check_digest(&key, algorithm, digest, value))
}

/// The octets of an INTEGER that is not negative, without the zeros before it.
fn natural<'a>(value: &Value<'a>) -> Result<&'a [u8]> {
    let octets = value.is(Tag::INTEGER)?.integer()?;
    if octets.first().is_some_and(|first| first & 0x80 != 0) {
        return Err(Error::malformed("a number of a key is negative").at_offset(value.offset()));
    }
    let zeros = octets.iter().take_while(|octet| **octet == 0).count();
    Ok(octets.get(zeros..).unwrap_or_default())
}

fn rsa_by_ring(algorithm: SignatureAlgorithm) -> Option<&'static primitive::RsaParameters> {
    use DigestAlgorithm::{Sha1, Sha256, Sha384, Sha512};
    match algorithm {
        SignatureAlgorithm::RsaPkcs1(digest) => match digest {
            Sha1 => Some(&primitive::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY),
            Sha256 => Some(&primitive::RSA_PKCS1_2048_8192_SHA256),
            Sha384 => Some(&primitive::RSA_PKCS1_2048_8192_SHA384),
            Sha512 => Some(&primitive::RSA_PKCS1_2048_8192_SHA512),
            _ => None,
        },
        // ring knows one choice of the parameters for each digest.
        SignatureAlgorithm::RsaPss(parameters)
            if parameters == PssParameters::new(parameters.digest) =>
        {
            match parameters.digest {
                Sha256 => Some(&primitive::RSA_PSS_2048_8192_SHA256),
                Sha384 => Some(&primitive::RSA_PSS_2048_8192_SHA384),
                Sha512 => Some(&primitive::RSA_PSS_2048_8192_SHA512),
                _ => None,
            }
        }
        _ => None,
    }
}

fn ecdsa_by_ring(
    curve: Curve,
    algorithm: SignatureAlgorithm,
) -> Option<&'static primitive::EcdsaVerificationAlgorithm> {
    use DigestAlgorithm::{Sha256, Sha384};
    use SignatureAlgorithm::{Ecdsa, PlainEcdsa};
    match (curve, algorithm) {
        (Curve::P256, Ecdsa(Sha256)) => Some(&primitive::ECDSA_P256_SHA256_ASN1),
        (Curve::P256, Ecdsa(Sha384)) => Some(&primitive::ECDSA_P256_SHA384_ASN1),
        (Curve::P384, Ecdsa(Sha256)) => Some(&primitive::ECDSA_P384_SHA256_ASN1),
        (Curve::P384, Ecdsa(Sha384)) => Some(&primitive::ECDSA_P384_SHA384_ASN1),
        (Curve::P256, PlainEcdsa(Sha256)) => Some(&primitive::ECDSA_P256_SHA256_FIXED),
        (Curve::P384, PlainEcdsa(Sha384)) => Some(&primitive::ECDSA_P384_SHA384_FIXED),
        _ => None,
    }
}

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod tests;
