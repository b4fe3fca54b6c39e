//! Private keys as files carry them: PKCS#8 (RFC 5208, RFC 5958), `RSAPrivateKey`
//! (RFC 8017 Annex A.1.2), `ECPrivateKey` (RFC 5915), Ed25519 (RFC 8410 §7).
#![warn(clippy::arithmetic_side_effects)]

use der::asn1::ObjectIdentifier;
use zeroize::Zeroizing;

use crate::crypto::Curve;
use crate::encoding::asn1::{AlgorithmIdentifier, Cursor, Tag, Value};
use crate::encoding::pem;
use crate::error::{Error, Result};
#[cfg(feature = "pkcs12")]
use crate::limits::Limits;

/// A private key, not yet used. Wiped when dropped; it can be neither copied nor shown.
pub(super) enum PrivateKey {
    Rsa(RsaPrivateKey),
    /// The scalar, as long as the curve asks.
    Ec(Curve, Zeroizing<Vec<u8>>),
    /// The seed.
    Ed25519(Zeroizing<Vec<u8>>),
}

/// n, e, d, p, q, dP, dQ and qInv, big-endian, without leading zeros.
pub(super) struct RsaPrivateKey(pub(super) [Zeroizing<Vec<u8>>; RSA_NUMBERS]);

const RSA_NUMBERS: usize = 8;

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSASSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// `PrivateKeyInfo > attributes > Attribute > values > value` and some within it.
const DEPTH: usize = 16;

impl PrivateKey {
    /// Reads the one private key of a PEM file.
    pub(super) fn from_pem(bytes: &[u8], password: Option<&str>) -> Result<Self> {
        let blocks = pem::blocks(bytes)?;
        let mut keys = blocks.iter().filter(|it| it.label.ends_with("PRIVATE KEY"));
        let key = keys
            .next()
            .ok_or_else(|| Error::malformed("there is no PEM block PRIVATE KEY in this file"))?;
        if keys.next().is_some() {
            return Err(Error::misuse("this file holds more than one private key"));
        }
        if key.has_headers {
            return Err(Error::unsupported(
                "the private key is encrypted the way of old OpenSSL; write it as PKCS#8: \
                 openssl pkcs8 -topk8",
            ));
        }
        match key.label.as_str() {
            "PRIVATE KEY" => Self::from_pkcs8(&key.bytes),
            "RSA PRIVATE KEY" => Self::from_rsa(&key.bytes),
            "EC PRIVATE KEY" => Self::from_ec(&key.bytes),
            "ENCRYPTED PRIVATE KEY" => Self::from_encrypted(&key.bytes, password),
            other => Err(Error::unsupported(format!(
                "a PEM block {other} is not read here; write the key as PKCS#8: \
                 openssl pkcs8 -topk8"
            ))),
        }
        .map_err(|error| error.in_element(key.label.as_str()))
    }

    #[cfg(feature = "pkcs12")]
    fn from_encrypted(der: &[u8], password: Option<&str>) -> Result<Self> {
        let password = password
            .ok_or_else(|| Error::misuse("the private key is encrypted and needs a password"))?;
        Self::from_pkcs8(&super::encryption::decrypt_key(der, password, &Limits::default())?)
    }

    #[cfg(not(feature = "pkcs12"))]
    fn from_encrypted(_: &[u8], _: Option<&str>) -> Result<Self> {
        Err(Error::unsupported("encrypted keys are read with the feature `pkcs12` only"))
    }

    /// Reads `PrivateKeyInfo`. The public key and attributes that may follow are left alone:
    /// the certificate says what the public key is.
    pub(super) fn from_pkcs8(der: &[u8]) -> Result<Self> {
        Self::read_pkcs8(der).map_err(|error| error.in_element("PrivateKeyInfo"))
    }

    fn read_pkcs8(der: &[u8]) -> Result<Self> {
        let mut fields = Value::only(der, DEPTH)?.sequence()?;
        fields.expect(Tag::INTEGER)?;
        let algorithm = AlgorithmIdentifier::read(&fields.expect(Tag::SEQUENCE)?)?;
        let key = fields.expect(Tag::OCTET_STRING)?.octets()?.into_owned();
        let key = Zeroizing::new(key);
        match algorithm.algorithm {
            RSA_ENCRYPTION | RSASSA_PSS => Self::from_rsa(&key),
            EC_PUBLIC_KEY => Self::read_ec(&key, Some(Curve::read(&algorithm))),
            ED25519 => {
                let seed = Value::only(&key, 1)?.is(Tag::OCTET_STRING)?.octets()?.into_owned();
                Ok(Self::Ed25519(Zeroizing::new(seed)))
            }
            other => Err(Error::unsupported(format!(
                "this crate does not sign with keys of algorithm {other}; \
                 leave the key in a token or service and implement `Signer`"
            ))),
        }
    }

    /// Reads `RSAPrivateKey`.
    pub(super) fn from_rsa(der: &[u8]) -> Result<Self> {
        let mut fields = Value::only(der, DEPTH)?.sequence()?;
        if fields.expect(Tag::INTEGER)?.small_integer()? != 0 {
            return Err(Error::unsupported("RSA keys of more than two primes do not sign here"));
        }
        let mut numbers: [Zeroizing<Vec<u8>>; RSA_NUMBERS] = Default::default();
        for number in &mut numbers {
            *number = natural(&mut fields)?;
        }
        fields.finish()?;
        Ok(Self::Rsa(RsaPrivateKey(numbers)))
    }

    /// Reads `ECPrivateKey` that names its curve.
    pub(super) fn from_ec(der: &[u8]) -> Result<Self> {
        Self::read_ec(der, None)
    }

    fn read_ec(der: &[u8], curve: Option<Curve>) -> Result<Self> {
        let mut fields = Value::only(der, DEPTH)?.sequence()?;
        fields.expect(Tag::INTEGER)?;
        let scalar = fields.expect(Tag::OCTET_STRING)?.octets()?.into_owned();
        let scalar = Zeroizing::new(scalar);
        let own = fields.optional(Tag::context(0))?;
        let curve = match (curve, own) {
            (Some(curve), _) => curve,
            (None, Some(named)) => Curve::named(named.explicit()?.oid().ok()),
            (None, None) => return Err(Error::malformed("an EC key does not name its curve")),
        };
        let size = curve.octets().ok_or_else(|| {
            Error::unsupported("this crate signs with the curves P-256 and P-384 only")
        })?;
        // RFC 5915 §3 wants the full length; not every writer keeps to it.
        let zeros = scalar.len().saturating_sub(size);
        let kept = scalar.get(zeros..).unwrap_or_default();
        if scalar.iter().take(zeros).any(|octet| *octet != 0) {
            return Err(Error::malformed("an EC private key is longer than its curve allows"));
        }
        let mut exact = Zeroizing::new(vec![0; size]);
        let padding = size.saturating_sub(kept.len());
        for (to, from) in exact.iter_mut().skip(padding).zip(kept) {
            *to = *from;
        }
        Ok(Self::Ec(curve, exact))
    }
}

fn natural(fields: &mut Cursor<'_>) -> Result<Zeroizing<Vec<u8>>> {
    let value = fields.expect(Tag::INTEGER)?;
    let octets = value.integer()?;
    if octets.first().is_some_and(|first| first & 0x80 != 0) {
        return Err(Error::malformed("a number of an RSA key is negative"));
    }
    let zeros = octets.iter().take_while(|octet| **octet == 0).count();
    Ok(Zeroizing::new(octets.get(zeros..).unwrap_or_default().to_vec()))
}
