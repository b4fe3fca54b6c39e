//! Signature algorithms: one name for one full algorithm, from and to the
//! AlgorithmIdentifiers of RFC 4055, RFC 5754, RFC 5758, RFC 8410, RFC 8702, RFC 9688 and
//! BSI TR-03111.

use std::fmt;

use der::Sequence;
use der::asn1::{Any, ObjectIdentifier};
use serde::{Deserialize, Serialize};

use super::digest::DigestAlgorithm;
use crate::encoding::asn1::{AlgorithmIdentifier, Tag, Value, to_der};
use crate::error::{Error, Result};

/// A signature algorithm with everything that fixes it but the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SignatureAlgorithm {
    /// RSASSA-PKCS1-v1_5 (RFC 8017 §8.2): what the field's tools write and read.
    RsaPkcs1(DigestAlgorithm),
    /// RSASSA-PSS (RFC 8017 §8.1).
    RsaPss(PssParameters),
    /// ECDSA with the value as a DER SEQUENCE (RFC 5753 §7.2). The curve is the key's.
    Ecdsa(DigestAlgorithm),
    /// ECDSA with the value as both numbers at full length, one behind the other (BSI
    /// TR-03111 §5.2.1). Read, never made.
    PlainEcdsa(DigestAlgorithm),
    /// DSA (FIPS 186-4 §4), with the value as for ECDSA. Read in old documents, never made.
    Dsa(DigestAlgorithm),
    /// Ed25519 (RFC 8419).
    Ed25519,
}

/// What RSASSA-PSS lets the signer choose (RFC 4055 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PssParameters {
    /// The digest of the message.
    pub digest: DigestAlgorithm,
    /// The digest within the mask generation function MGF1.
    pub mask_digest: DigestAlgorithm,
    /// Bytes of salt.
    pub salt_length: u32,
}

impl PssParameters {
    /// The usual choice: one digest for both, and a salt as long as the digest.
    #[must_use]
    pub fn new(digest: DigestAlgorithm) -> Self {
        let salt_length = u32::try_from(digest.octets()).unwrap_or(u32::MAX);
        Self { digest, mask_digest: digest, salt_length }
    }
}

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

pub(super) const RSA_ENCRYPTION: ObjectIdentifier = oid("1.2.840.113549.1.1.1");
const MGF1: ObjectIdentifier = oid("1.2.840.113549.1.1.8");
pub(super) const RSASSA_PSS: ObjectIdentifier = oid("1.2.840.113549.1.1.10");
pub(super) const ED25519: ObjectIdentifier = oid("1.3.101.112");
pub(super) const EC_PUBLIC_KEY: ObjectIdentifier = oid("1.2.840.10045.2.1");
pub(super) const DSA: ObjectIdentifier = oid("1.2.840.10040.4.1");

/// Identifiers that name a digest too: RFC 8017 Annex A.2.4, RFC 5758 §3, RFC 9688 §2 (SHA-3),
/// BSI TR-03111 §5.2.1.1, and the one that OIW gave RSA with SHA-1 before RFC 2313.
const WITH_DIGEST: [(ObjectIdentifier, SignatureAlgorithm); 37] = {
    use DigestAlgorithm::{Sha1, Sha3_224, Sha3_256, Sha3_384, Sha3_512};
    use DigestAlgorithm::{Sha224, Sha256, Sha384, Sha512};
    use SignatureAlgorithm::{Dsa, Ecdsa, PlainEcdsa, RsaPkcs1};
    [
        (oid("1.2.840.113549.1.1.5"), RsaPkcs1(Sha1)),
        (oid("1.2.840.113549.1.1.14"), RsaPkcs1(Sha224)),
        (oid("1.2.840.113549.1.1.11"), RsaPkcs1(Sha256)),
        (oid("1.2.840.113549.1.1.12"), RsaPkcs1(Sha384)),
        (oid("1.2.840.113549.1.1.13"), RsaPkcs1(Sha512)),
        (oid("2.16.840.1.101.3.4.3.13"), RsaPkcs1(Sha3_224)),
        (oid("2.16.840.1.101.3.4.3.14"), RsaPkcs1(Sha3_256)),
        (oid("2.16.840.1.101.3.4.3.15"), RsaPkcs1(Sha3_384)),
        (oid("2.16.840.1.101.3.4.3.16"), RsaPkcs1(Sha3_512)),
        (oid("1.3.14.3.2.29"), RsaPkcs1(Sha1)),
        (oid("1.2.840.10045.4.1"), Ecdsa(Sha1)),
        (oid("1.2.840.10045.4.3.1"), Ecdsa(Sha224)),
        (oid("1.2.840.10045.4.3.2"), Ecdsa(Sha256)),
        (oid("1.2.840.10045.4.3.3"), Ecdsa(Sha384)),
        (oid("1.2.840.10045.4.3.4"), Ecdsa(Sha512)),
        (oid("2.16.840.1.101.3.4.3.9"), Ecdsa(Sha3_224)),
        (oid("2.16.840.1.101.3.4.3.10"), Ecdsa(Sha3_256)),
        (oid("2.16.840.1.101.3.4.3.11"), Ecdsa(Sha3_384)),
        (oid("2.16.840.1.101.3.4.3.12"), Ecdsa(Sha3_512)),
        (oid("0.4.0.127.0.7.1.1.4.1.1"), PlainEcdsa(Sha1)),
        (oid("0.4.0.127.0.7.1.1.4.1.2"), PlainEcdsa(Sha224)),
        (oid("0.4.0.127.0.7.1.1.4.1.3"), PlainEcdsa(Sha256)),
        (oid("0.4.0.127.0.7.1.1.4.1.4"), PlainEcdsa(Sha384)),
        (oid("0.4.0.127.0.7.1.1.4.1.5"), PlainEcdsa(Sha512)),
        (oid("0.4.0.127.0.7.1.1.4.1.8"), PlainEcdsa(Sha3_224)),
        (oid("0.4.0.127.0.7.1.1.4.1.9"), PlainEcdsa(Sha3_256)),
        (oid("0.4.0.127.0.7.1.1.4.1.10"), PlainEcdsa(Sha3_384)),
        (oid("0.4.0.127.0.7.1.1.4.1.11"), PlainEcdsa(Sha3_512)),
        (oid("1.2.840.10040.4.3"), Dsa(Sha1)),
        (oid("2.16.840.1.101.3.4.3.1"), Dsa(Sha224)),
        (oid("2.16.840.1.101.3.4.3.2"), Dsa(Sha256)),
        (oid("2.16.840.1.101.3.4.3.3"), Dsa(Sha384)),
        (oid("2.16.840.1.101.3.4.3.4"), Dsa(Sha512)),
        (oid("2.16.840.1.101.3.4.3.5"), Dsa(Sha3_224)),
        (oid("2.16.840.1.101.3.4.3.6"), Dsa(Sha3_256)),
        (oid("2.16.840.1.101.3.4.3.7"), Dsa(Sha3_384)),
        (oid("2.16.840.1.101.3.4.3.8"), Dsa(Sha3_512)),
    ]
};

/// `RSASSA-PSS-params` (RFC 4055 §3.1) as this crate writes it: nothing left to defaults
/// but the trailer field.
#[derive(Sequence)]
struct PssWire {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    hash: AlgorithmIdentifier,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT")]
    mask: AlgorithmIdentifier,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT")]
    salt: u32,
}

impl SignatureAlgorithm {
    /// The digest of the message. Ed25519 digests within; beside it CMS uses
    /// SHA-512 (RFC 8419 §3.1).
    #[must_use]
    pub fn digest(self) -> DigestAlgorithm {
        match self {
            Self::RsaPkcs1(digest)
            | Self::Ecdsa(digest)
            | Self::PlainEcdsa(digest)
            | Self::Dsa(digest) => digest,
            Self::RsaPss(parameters) => parameters.digest,
            Self::Ed25519 => DigestAlgorithm::Sha512,
        }
    }

    /// Whether anything is still to be signed so: what is read in documents is more.
    pub(crate) fn is_made(self) -> bool {
        use DigestAlgorithm::{Sha256, Sha384, Sha512};
        let made = |digest| matches!(digest, Sha256 | Sha384 | Sha512);
        match self {
            Self::RsaPkcs1(digest) | Self::Ecdsa(digest) => made(digest),
            Self::RsaPss(parameters) => made(parameters.digest) && made(parameters.mask_digest),
            Self::Ed25519 => true,
            Self::PlainEcdsa(_) | Self::Dsa(_) => false,
        }
    }

    /// What a CMS or a certificate says for it.
    ///
    /// # Errors
    /// `Misuse` when the value cannot be written as DER, which no name of an algorithm causes.
    pub(crate) fn identifier(self) -> Result<AlgorithmIdentifier> {
        let of =
            |wanted: Self| WITH_DIGEST.iter().find(|(_, it)| *it == wanted).map(|(oid, _)| *oid);
        match self {
            // RFC 8017 Annex A.2.4: the parameters of these are NULL.
            Self::RsaPkcs1(_) => {
                Ok(AlgorithmIdentifier::with_null(of(self).unwrap_or(RSA_ENCRYPTION)))
            }
            Self::Ecdsa(_) | Self::PlainEcdsa(_) => {
                Ok(AlgorithmIdentifier::without_parameters(of(self).unwrap_or(EC_PUBLIC_KEY)))
            }
            // RFC 5758 §3.1: absent, too.
            Self::Dsa(_) => Ok(AlgorithmIdentifier::without_parameters(of(self).unwrap_or(DSA))),
            Self::Ed25519 => Ok(AlgorithmIdentifier::without_parameters(ED25519)),
            Self::RsaPss(parameters) => Ok(AlgorithmIdentifier {
                algorithm: RSASSA_PSS,
                parameters: Some(parameters.to_any()?),
            }),
        }
    }

    /// The digest that an AlgorithmIdentifier of a signature names itself. Nothing where it
    /// names none, or digests within.
    pub(crate) fn named_digest(identifier: &AlgorithmIdentifier) -> Option<ObjectIdentifier> {
        match Self::read(identifier, None) {
            Ok(Some(Self::Ed25519) | None) | Err(_) => None,
            Ok(Some(known)) => Some(known.digest().oid()),
        }
    }

    /// What an AlgorithmIdentifier means. CMS may name the digest beside it
    /// (RFC 5652 §5.3 with plain `rsaEncryption`); `digest` is that name.
    ///
    /// Nothing for an algorithm that this crate does not know.
    ///
    /// # Errors
    /// `Malformed` when the parameters are not what the algorithm asks for.
    pub(crate) fn read(
        identifier: &AlgorithmIdentifier,
        digest: Option<DigestAlgorithm>,
    ) -> Result<Option<Self>> {
        let oid = identifier.algorithm;
        if let Some((_, known)) = WITH_DIGEST.iter().find(|(it, _)| *it == oid) {
            return Ok(Some(*known));
        }
        Ok(match oid {
            RSA_ENCRYPTION => digest.map(Self::RsaPkcs1),
            // Not a signature algorithm by RFC 5753, but some signers write it.
            EC_PUBLIC_KEY => digest.map(Self::Ecdsa),
            DSA => digest.map(Self::Dsa),
            ED25519 => Some(Self::Ed25519),
            RSASSA_PSS => PssParameters::read(identifier.parameters.as_ref())?.map(Self::RsaPss),
            _ => None,
        })
    }
}

impl PssParameters {
    fn to_any(self) -> Result<Any> {
        let unwritable = |source| Error::misuse("PSS parameters cannot be written").because(source);
        let hash = AlgorithmIdentifier::with_null(self.digest.oid());
        let mask_digest = AlgorithmIdentifier::with_null(self.mask_digest.oid());
        let mask = AlgorithmIdentifier {
            algorithm: MGF1,
            parameters: Some(Any::encode_from(&mask_digest).map_err(unwritable)?),
        };
        Any::encode_from(&PssWire { hash, mask, salt: self.salt_length }).map_err(unwritable)
    }

    /// RFC 4055 §3.1; every field has a default.
    fn read(parameters: Option<&Any>) -> Result<Option<Self>> {
        let mut hash = DigestAlgorithm::Sha1.oid();
        let mut mask = (MGF1, DigestAlgorithm::Sha1.oid());
        let mut salt_length = 20;
        if let Some(parameters) = parameters {
            let der = to_der(parameters)?;
            let mut fields = Value::only(&der, PSS_DEPTH)?.sequence()?;
            if let Some(field) = fields.optional(Tag::context(0))? {
                hash = AlgorithmIdentifier::read(&field.explicit()?)?.algorithm;
            }
            if let Some(field) = fields.optional(Tag::context(1))? {
                mask = read_mask(&field.explicit()?)?;
            }
            if let Some(field) = fields.optional(Tag::context(2))? {
                salt_length = field.explicit()?.small_integer()?;
            }
            if let Some(field) = fields.optional(Tag::context(3))?
                && field.explicit()?.small_integer()? != 1
            {
                return Err(Error::malformed("PSS parameters name an unknown trailer field"));
            }
            fields.finish()?;
        }
        let digests = (DigestAlgorithm::from_oid(hash), DigestAlgorithm::from_oid(mask.1));
        Ok(match digests {
            (Some(digest), Some(mask_digest)) if mask.0 == MGF1 => {
                Some(Self { digest, mask_digest, salt_length })
            }
            _ => None,
        })
    }
}

/// PSS parameters nest four deep.
const PSS_DEPTH: usize = 8;

fn read_mask(value: &Value<'_>) -> Result<(ObjectIdentifier, ObjectIdentifier)> {
    let mut fields = value.sequence()?;
    let function = fields.expect(Tag::OID)?.oid()?;
    let digest = AlgorithmIdentifier::read(&fields.required()?)?;
    Ok((function, digest.algorithm))
}

impl fmt::Display for SignatureAlgorithm {
    /// As reports spell it: `RSA_SHA256`, `RSA_SSA_PSS_SHA256_MGF1`, `ECDSA_SHA3_256`,
    /// `PLAIN_ECDSA_SHA256`, `DSA_SHA1`, `ED25519`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RsaPkcs1(digest) => write!(f, "RSA_{digest}"),
            Self::RsaPss(parameters) => write!(f, "RSA_SSA_PSS_{}_MGF1", parameters.digest),
            Self::Ecdsa(digest) => write!(f, "ECDSA_{digest}"),
            Self::PlainEcdsa(digest) => write!(f, "PLAIN_ECDSA_{digest}"),
            Self::Dsa(digest) => write!(f, "DSA_{digest}"),
            Self::Ed25519 => f.write_str("ED25519"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_is_read_as_written() {
        let mut all = vec![SignatureAlgorithm::Ed25519];
        for digest in DigestAlgorithm::ALL {
            all.push(SignatureAlgorithm::RsaPkcs1(digest));
            all.push(SignatureAlgorithm::Ecdsa(digest));
            all.push(SignatureAlgorithm::PlainEcdsa(digest));
            all.push(SignatureAlgorithm::Dsa(digest));
            all.push(SignatureAlgorithm::RsaPss(PssParameters::new(digest)));
        }
        for algorithm in all {
            let der = to_der(&algorithm.identifier().unwrap()).unwrap();
            let value = Value::only(&der, 8).unwrap();
            let read = AlgorithmIdentifier::read(&value).unwrap();
            assert_eq!(SignatureAlgorithm::read(&read, None).unwrap(), Some(algorithm));
        }
    }

    /// RFC 4055 §3.1: absent parameters mean SHA-1 throughout.
    #[test]
    fn pss_defaults() {
        let identifier = AlgorithmIdentifier::without_parameters(RSASSA_PSS);
        let expected = SignatureAlgorithm::RsaPss(PssParameters::new(DigestAlgorithm::Sha1));
        assert_eq!(SignatureAlgorithm::read(&identifier, None).unwrap(), Some(expected));
    }
}
