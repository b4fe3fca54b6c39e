//! Public keys as certificates carry them: RFC 3279 §2.3, RFC 4055, RFC 5480, RFC 5639,
//! RFC 8410.
#![warn(clippy::arithmetic_side_effects)]

use der::asn1::ObjectIdentifier;

use super::dsa::DsaKey;
use super::rsa::RsaKey;
use super::{CheckDigest, Verification};
use crate::crypto::algorithm::{DSA, EC_PUBLIC_KEY, ED25519, RSA_ENCRYPTION, RSASSA_PSS};
use crate::crypto::algorithm::{PssParameters, SignatureAlgorithm};
use crate::crypto::digest::Digest;
use crate::encoding::asn1::{AlgorithmIdentifier, Tag, Value};
use crate::error::{Error, Result};

/// A key by what can be done with it.
pub(crate) enum PublicKey<'a> {
    Rsa(RsaKey<'a>),
    /// A key that signs by PSS only (RFC 4055 §1.2).
    RsaPss(RsaKey<'a>, PssUse),
    Ec(EcKey<'a>),
    Dsa(DsaKey<'a>),
    Ed25519(&'a [u8]),
    Other,
}

/// A point (SEC 1 §2.3.3), as it stands, on a curve.
pub(crate) struct EcKey<'a> {
    pub(crate) curve: Curve,
    pub(crate) point: &'a [u8],
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
    P521,
    BrainpoolP256r1,
    BrainpoolP256t1,
    BrainpoolP384r1,
    BrainpoolP384t1,
    Other,
}

/// RFC 5480 §2.1.1.1 and RFC 5639 §4.1.
const CURVES: [(ObjectIdentifier, Curve); 7] = {
    const fn oid(text: &str) -> ObjectIdentifier {
        ObjectIdentifier::new_unwrap(text)
    }
    [
        (oid("1.2.840.10045.3.1.7"), Curve::P256),
        (oid("1.3.132.0.34"), Curve::P384),
        (oid("1.3.132.0.35"), Curve::P521),
        (oid("1.3.36.3.3.2.8.1.1.7"), Curve::BrainpoolP256r1),
        (oid("1.3.36.3.3.2.8.1.1.8"), Curve::BrainpoolP256t1),
        (oid("1.3.36.3.3.2.8.1.1.11"), Curve::BrainpoolP384r1),
        (oid("1.3.36.3.3.2.8.1.1.12"), Curve::BrainpoolP384t1),
    ]
};

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
            EC_PUBLIC_KEY => Self::Ec(EcKey { curve: Curve::read(&algorithm), point: key }),
            DSA => Self::Dsa(DsaKey::read(&algorithm, key)?),
            ED25519 if key.len() == ED25519_OCTETS => Self::Ed25519(key),
            ED25519 => return Err(Error::malformed("an Ed25519 key is not 32 octets long")),
            _ => Self::Other,
        })
    }

    /// The outcome when this key is not for this algorithm.
    pub(crate) fn refuses(&self, algorithm: SignatureAlgorithm) -> Option<Verification> {
        use SignatureAlgorithm::{Dsa, Ecdsa, Ed25519, PlainEcdsa, RsaPkcs1, RsaPss};
        match (self, algorithm) {
            (Self::Other, _) => Some(Verification::Unsupported),
            (Self::RsaPss(_, use_), RsaPss(parameters)) => use_.refuses(parameters),
            (Self::Rsa(_), RsaPkcs1(_) | RsaPss(_))
            | (Self::Ec(_), Ecdsa(_) | PlainEcdsa(_))
            | (Self::Dsa(_), Dsa(_))
            | (Self::Ed25519(_), Ed25519) => None,
            _ => Some(Verification::Invalid),
        }
    }

    /// Whether values by this algorithm are made, and are this key's.
    pub(crate) fn signs_by(&self, algorithm: SignatureAlgorithm) -> bool {
        self.refuses(algorithm).is_none() && algorithm.is_made()
    }

    /// What checks values of this key over a digest, where something does.
    pub(super) fn beyond_ring(&self) -> Option<&dyn CheckDigest> {
        match self {
            Self::Rsa(key) | Self::RsaPss(key, _) => Some(key),
            Self::Ec(key) => Some(key),
            Self::Dsa(key) => Some(key),
            Self::Ed25519(_) | Self::Other => None,
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
        let known = CURVES.iter().find(|(oid, _)| Some(*oid) == curve);
        known.map_or(Self::Other, |(_, curve)| *curve)
    }

    /// How long its scalars are.
    pub(crate) fn octets(self) -> Option<usize> {
        match self {
            Self::P256 | Self::BrainpoolP256r1 | Self::BrainpoolP256t1 => Some(32),
            Self::P384 | Self::BrainpoolP384r1 | Self::BrainpoolP384t1 => Some(48),
            Self::P521 => Some(66),
            Self::Other => None,
        }
    }
}

impl EcKey<'_> {
    /// SEC 1 §2.3.3: ring takes no compressed points.
    pub(super) fn is_uncompressed(&self) -> bool {
        self.point.first() == Some(&4)
    }
}

impl CheckDigest for EcKey<'_> {
    #[cfg(feature = "curves")]
    fn check(&self, algorithm: SignatureAlgorithm, digest: &Digest, value: &[u8]) -> Verification {
        super::ecdsa::check(self, algorithm, digest, value)
    }

    #[cfg(not(feature = "curves"))]
    fn check(&self, _: SignatureAlgorithm, _: &Digest, _: &[u8]) -> Verification {
        Verification::Unsupported
    }
}
