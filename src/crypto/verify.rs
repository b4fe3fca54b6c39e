//! The check of one signature value with one public key.

use ring::signature as primitive;

use super::algorithm::SignatureAlgorithm;
use super::digest::DigestAlgorithm;
use crate::encoding::asn1::{AlgorithmIdentifier, Tag, Value};
use crate::error::Result;

/// What the check found. That a primitive is missing says nothing about the signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verification {
    Valid,
    Invalid,
    /// The primitive, the key type or the size is not at hand.
    Unsupported,
}

/// Checks `value` over `message` with the key of a `SubjectPublicKeyInfo`
/// (RFC 5280 §4.1.2.7) given as it stands.
///
/// # Errors
/// `Malformed` when the key cannot be read.
pub(crate) fn verify(
    public_key_info: &[u8],
    algorithm: SignatureAlgorithm,
    message: &[u8],
    value: &[u8],
) -> Result<Verification> {
    let mut fields = Value::only(public_key_info, 8)?.sequence()?;
    let key_algorithm = AlgorithmIdentifier::read(&fields.required()?)?;
    let key = fields.expect(Tag::BIT_STRING)?.whole_octet_bits()?;
    let _ = key_algorithm;
    let primitive: &dyn primitive::VerificationAlgorithm = match algorithm {
        SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256) => {
            &primitive::RSA_PKCS1_2048_8192_SHA256
        }
        SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha256) => &primitive::ECDSA_P256_SHA256_ASN1,
        SignatureAlgorithm::Ed25519 => &primitive::ED25519,
        _ => return Ok(Verification::Unsupported),
    };
    let checked = primitive::UnparsedPublicKey::new(primitive, key).verify(message, value);
    Ok(if checked.is_ok() { Verification::Valid } else { Verification::Invalid })
}
