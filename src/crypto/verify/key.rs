//! Public keys as certificates carry them: RFC 3279 §2.3, RFC 4055, RFC 5480, RFC 8410.
#![warn(clippy::arithmetic_side_effects)]

use der::asn1::ObjectIdentifier;

use super::Verification;
use super::rsa::RsaKey;
use crate::crypto::algorithm::{EC_PUBLIC_KEY, ED25519, RSA_ENCRYPTION, RSASSA_PSS};
use crate::crypto::algorithm::{PssParameters, SignatureAlgorithm};
use crate::encoding::asn1::{AlgorithmIdentifier, Tag, Value};
use crate::error::{Error, Result};

/// A key by what can be done with it.
pub(crate) enum PublicKey<'a> {
    Rsa(RsaKey<'a>),
    /// A key that signs by PSS only (RFC 4055 §1.2).
    RsaPss(RsaKey<'a>, PssUse),
    Ec(Curve, &'a [u8]),
    Ed25519(&'a [u8]),
    Other,
}

/// What an RSASSA-PSS key says about its own use.
pub(crate) enum PssUse {
    Free,
    Only(PssParameters),
    /// It names a digest that this crate does not compute.
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    Other,
}

const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");

/// `SubjectPublicKeyInfo > AlgorithmIdentifier`, and `RSAPublicKey > INTEGER`.
const DEPTH: usize = 8;

impl<'a> PublicKey<'a> {
    /// Reads a `SubjectPublicKeyInfo`.
    pub(crate) fn read(public_key_info: &'a [u8]) -> Result<Self> {
        Self::read_fields(public_key_info).map_err(|error| error.in_element("subjectPublicKeyInfo"))
    }

    fn read_fields(public_key_info: &'a [u8]) -> Result<Self> {
        let mut fields = Value::only(public_key_info, DEPTH)?.sequence()?;
        let algorithm = AlgorithmIdentifier::read(&fields.required()?)?;
        let key = fields.expect(Tag::BIT_STRING)?.whole_octet_bits()?;
        fields.finish()?;
        Ok(match algorithm.algorithm {
            RSA_ENCRYPTION => Self::Rsa(RsaKey::read(key)?),
            RSASSA_PSS => Self::RsaPss(RsaKey::read(key)?, PssUse::read(&algorithm)?),
            EC_PUBLIC_KEY => Self::Ec(Curve::read(&algorithm), key),
            ED25519 if key.len() == ED25519_OCTETS => Self::Ed25519(key),
            ED25519 => return Err(Error::malformed("an Ed25519 key is not 32 octets long")),
            _ => Self::Other,
        })
    }

    /// The outcome when this key is not for this algorithm.
    pub(crate) fn refuses(&self, algorithm: SignatureAlgorithm) -> Option<Verification> {
        use SignatureAlgorithm::{Ecdsa, Ed25519, RsaPkcs1, RsaPss};
        match (self, algorithm) {
            (Self::Other, _) => Some(Verification::Unsupported),
            (Self::RsaPss(_, use_), RsaPss(parameters)) => use_.refuses(parameters),
            (Self::Rsa(_), RsaPkcs1(_) | RsaPss(_))
            | (Self::Ec(..), Ecdsa(_))
            | (Self::Ed25519(_), Ed25519) => None,
            _ => Some(Verification::Invalid),
        }
    }
}

const ED25519_OCTETS: usize = 32;

impl PssUse {
    fn read(algorithm: &AlgorithmIdentifier) -> Result<Self> {
        if algorithm.parameters.is_none() {
            return Ok(Self::Free);
        }
        Ok(match SignatureAlgorithm::read(algorithm, None)? {
            Some(SignatureAlgorithm::RsaPss(parameters)) => Self::Only(parameters),
            _ => Self::Unknown,
        })
    }

    /// The ones that it insists on.
    pub(crate) fn parameters(&self) -> Option<PssParameters> {
        match self {
            Self::Only(parameters) => Some(*parameters),
            Self::Free | Self::Unknown => None,
        }
    }

    /// RFC 4055 §3.3: the same digests, and at least this much salt.
    fn refuses(&self, asked: PssParameters) -> Option<Verification> {
        match self {
            Self::Free => None,
            Self::Unknown => Some(Verification::Unsupported),
            Self::Only(own) => {
                let same = (own.digest, own.mask_digest) == (asked.digest, asked.mask_digest);
                let allowed = same && asked.salt_length >= own.salt_length;
                if allowed { None } else { Some(Verification::Invalid) }
            }
        }
    }
}

impl Curve {
    /// RFC 5480 §2.1.1: only named curves; those spelt out are not trusted to be what they seem
    /// (CVE-2020-0601).
    pub(crate) fn read(algorithm: &AlgorithmIdentifier) -> Self {
        Self::named(algorithm.parameters.as_ref().and_then(|it| it.decode_as().ok()))
    }

    pub(crate) fn named(curve: Option<ObjectIdentifier>) -> Self {
        match curve {
            Some(P256) => Self::P256,
            Some(P384) => Self::P384,
            _ => Self::Other,
        }
    }

    /// How long its scalars are.
    pub(crate) fn octets(self) -> Option<usize> {
        match self {
            Self::P256 => Some(32),
            Self::P384 => Some(48),
            Self::Other => None,
        }
    }
}

/// SEC 1 §2.3.3: ring takes no compressed points.
pub(super) fn is_uncompressed(point: &[u8]) -> bool {
    point.first() == Some(&4)
}
