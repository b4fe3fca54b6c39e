//! Values of signatures as XML has them, for the check (XMLDSig 1.1 §6.4, RFC 9231 §2.3.6).

use std::borrow::Cow;

use super::Signature;
use crate::crypto::{PublicKey, SignatureAlgorithm, Verification, verify};
use crate::encoding::asn1::writer::{INTEGER, SEQUENCE, tlv};
use crate::encoding::asn1::{Tag, Value};
use crate::encoding::base64;
use crate::error::{Error, Result};
use crate::keys::SignatureValue;
use crate::pki::Certificate;

impl Signature {
    /// Checks its value with the key of a `SubjectPublicKeyInfo`, over the canonical octets of
    /// `SignedInfo`, where these are known.
    ///
    /// # Errors
    /// `Malformed` when the key cannot be read.
    pub(crate) fn check_value(
        &self,
        over: Option<&[u8]>,
        public_key_info: &[u8],
    ) -> Result<Verification> {
        match (self.signed_info.method.algorithm, over) {
            (Some(algorithm), Some(over)) => check(public_key_info, algorithm, over, &self.value),
            _ => Ok(Verification::Unsupported),
        }
    }
}

/// Checks a value over the canonical octets of `SignedInfo`.
///
/// # Errors
/// `Malformed` when the key cannot be read.
fn check(
    public_key_info: &[u8],
    algorithm: SignatureAlgorithm,
    signed: &[u8],
    value: &[u8],
) -> Result<Verification> {
    let value = match algorithm {
        SignatureAlgorithm::Dsa(_) => match halves(value) {
            Some((r, s)) => Cow::Owned(tlv(SEQUENCE, &[&integer(r), &integer(s)])),
            None => return Ok(Verification::Invalid),
        },
        SignatureAlgorithm::PlainEcdsa(digest) if is_der(public_key_info, value)? => {
            let algorithm = SignatureAlgorithm::Ecdsa(digest);
            return verify(public_key_info, algorithm, signed, value);
        }
        SignatureAlgorithm::PlainEcdsa(_) => at_length(public_key_info, value)?,
        _ => Cow::Borrowed(value),
    };
    verify(public_key_info, algorithm, signed, &value)
}

/// A value as XML writes it, in base64: of ECDSA both numbers at full length, where keys give
/// a SEQUENCE of them.
///
/// # Errors
/// `Misuse` when the value is not of its algorithm.
pub(crate) fn value_in_xml(
    certificate: &Certificate,
    algorithm: SignatureAlgorithm,
    value: &SignatureValue,
) -> Result<Vec<u8>> {
    let raw = match algorithm {
        SignatureAlgorithm::Ecdsa(_) => plain(certificate.public_key_info(), value.bytes())?
            .ok_or_else(|| Error::misuse("the value is none of ECDSA"))?,
        _ => value.bytes().to_vec(),
    };
    Ok(base64::encode(&raw).into_bytes())
}

fn plain(public_key_info: &[u8], value: &[u8]) -> Result<Option<Vec<u8>>> {
    let PublicKey::Ec(key) = PublicKey::read(public_key_info)? else { return Ok(None) };
    let Some(octets) = key.curve.octets() else { return Ok(None) };
    let mut numbers = Value::only(value, 2)?.sequence()?;
    let mut plain = Vec::with_capacity(octets.saturating_mul(2));
    for _ in 0..2 {
        let number = numbers.expect(Tag::INTEGER)?.integer()?;
        let zeros = number.iter().take_while(|it| **it == 0).count();
        let number = number.get(zeros..).unwrap_or_default();
        let Some(missing) = octets.checked_sub(number.len()) else { return Ok(None) };
        plain.resize(plain.len().saturating_add(missing), 0);
        plain.extend_from_slice(number);
    }
    numbers.finish()?;
    Ok(Some(plain))
}

fn halves(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let even = value.len().is_multiple_of(2) && !value.is_empty();
    even.then(|| value.split_at_checked(value.len() / 2)).flatten()
}

/// A number that is not negative, as DER.
pub(super) fn integer(octets: &[u8]) -> Vec<u8> {
    let zeros = octets.iter().take_while(|it| **it == 0).count();
    let octets = octets.get(zeros..).unwrap_or_default();
    let sign: &[u8] = if octets.first().is_none_or(|it| *it >= 0x80) { &[0] } else { &[] };
    tlv(INTEGER, &[sign, octets])
}

/// Some signers write the SEQUENCE of both numbers, as CMS has it: it means the same, and
/// cannot be taken for the other form, which has its length.
fn is_der(public_key_info: &[u8], value: &[u8]) -> Result<bool> {
    let PublicKey::Ec(key) = PublicKey::read(public_key_info)? else { return Ok(false) };
    let plain = key.curve.octets().is_some_and(|it| it.saturating_mul(2) == value.len());
    Ok(!plain && Value::only(value, 2).is_ok_and(|it| it.is(Tag::SEQUENCE).is_ok()))
}

/// Both numbers at the length that the curve gives them: some signers write zeros before
/// them, which change neither.
fn at_length<'v>(public_key_info: &[u8], value: &'v [u8]) -> Result<Cow<'v, [u8]>> {
    let PublicKey::Ec(key) = PublicKey::read(public_key_info)? else {
        return Ok(Cow::Borrowed(value));
    };
    let (Some(octets), Some((r, s))) = (key.curve.octets(), halves(value)) else {
        return Ok(Cow::Borrowed(value));
    };
    let shortened = |number: &'v [u8]| {
        let (zeros, rest) = number.split_at_checked(number.len().checked_sub(octets)?)?;
        zeros.iter().all(|it| *it == 0).then_some(rest)
    };
    Ok(match (shortened(r), shortened(s)) {
        (Some(r), Some(s)) if r.len() < value.len() / 2 => Cow::Owned([r, s].concat()),
        _ => Cow::Borrowed(value),
    })
}
