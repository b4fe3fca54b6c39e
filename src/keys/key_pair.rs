//! A private key that fits a public one, ready to sign by ring.
#![warn(clippy::arithmetic_side_effects)]

use ring::error::Unspecified;
use ring::rand::SystemRandom;
use ring::rsa::KeyPairComponents;
use ring::signature as primitive;
use ring::signature::{EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair, RsaPublicKeyComponents};

use super::private_key::{PrivateKey, RsaPrivateKey};
use crate::crypto::{Curve, DigestAlgorithm, PssParameters, PublicKey, SignatureAlgorithm};
use crate::error::{Error, ErrorKind, Result};

pub(super) enum KeyPair {
    Rsa(Box<RsaKeyPair>),
    Ecdsa(Curve, Box<EcdsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
}

impl KeyPair {
    /// Nothing when the two are not of one pair. The public key is the certificate's, for EC
    /// keys written by Java and others do not carry theirs.
    ///
    /// # Errors
    /// `Unsupported` when they are, but ring does not sign with the key.
    pub(super) fn open(key: &PrivateKey, public: &PublicKey<'_>) -> Result<Option<Self>> {
        Ok(match (key, public) {
            (PrivateKey::Rsa(key), PublicKey::Rsa(public) | PublicKey::RsaPss(public, _)) => {
                let [n, e, ..] = &key.0;
                if (n.as_slice(), e.as_slice()) == (public.modulus(), public.exponent()) {
                    Some(Self::Rsa(Box::new(open_rsa(key)?)))
                } else {
                    None
                }
            }
            (PrivateKey::Ec(curve, scalar), PublicKey::Ec(public)) if *curve == public.curve => {
                let algorithm = match curve {
                    Curve::P256 => &primitive::ECDSA_P256_SHA256_ASN1_SIGNING,
                    Curve::P384 => &primitive::ECDSA_P384_SHA384_ASN1_SIGNING,
                    _ => return Ok(None),
                };
                let random = SystemRandom::new();
                EcdsaKeyPair::from_private_key_and_public_key(
                    algorithm,
                    scalar,
                    public.point,
                    &random,
                )
                .ok()
                .map(|pair| Self::Ecdsa(*curve, Box::new(pair)))
            }
            (PrivateKey::Ed25519(seed), PublicKey::Ed25519(point)) => {
                Ed25519KeyPair::from_seed_and_public_key(seed, point)
                    .ok()
                    .map(|pair| Self::Ed25519(Box::new(pair)))
            }
            _ => None,
        })
    }

    pub(super) fn can(&self, algorithm: SignatureAlgorithm) -> bool {
        match self {
            Self::Rsa(_) => rsa_padding(algorithm).is_some(),
            Self::Ecdsa(curve, _) => algorithm == ecdsa(*curve),
            Self::Ed25519(_) => algorithm == SignatureAlgorithm::Ed25519,
        }
    }

    /// PKCS#1 v1.5 with SHA-256 for RSA is what all of the field's tools read; ring signs with
    /// one digest for each curve.
    pub(super) fn default_algorithm(&self, public: &PublicKey<'_>) -> SignatureAlgorithm {
        match (self, public) {
            (Self::Rsa(_), PublicKey::RsaPss(_, own)) => SignatureAlgorithm::RsaPss(
                own.parameters().unwrap_or(PssParameters::new(DigestAlgorithm::Sha256)),
            ),
            (Self::Rsa(_), _) => SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256),
            (Self::Ecdsa(curve, _), _) => ecdsa(*curve),
            (Self::Ed25519(_), _) => SignatureAlgorithm::Ed25519,
        }
    }

    pub(super) fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>> {
        let random = SystemRandom::new();
        let value = match self {
            Self::Rsa(key) => {
                let mut value = vec![0; key.public().modulus_len()];
                rsa_padding(algorithm)
                    .ok_or(Unspecified)
                    .and_then(|padding| key.sign(padding, &random, message, &mut value))
                    .map(|()| value)
            }
            Self::Ecdsa(_, key) => key.sign(&random, message).map(|it| it.as_ref().to_vec()),
            Self::Ed25519(key) => Ok(key.sign(message).as_ref().to_vec()),
        };
        value.map_err(|_| Error::new(ErrorKind::Signer, "the private key could not sign"))
    }
}

fn open_rsa(key: &RsaPrivateKey) -> Result<RsaKeyPair> {
    let [n, e, d, p, q, dp, dq, q_inv] = &key.0;
    let primes_fit = [p, q].iter().all(|it| bits(it).is_multiple_of(512));
    if !(2048..=4096).contains(&bits(n)) || !primes_fit {
        return Err(Error::unsupported(format!(
            "this crate signs with RSA keys of 2048, 3072 and 4096 bits, and this one has {}; \
             use such a key, or leave this one in a token or service and implement `Signer`",
            bits(n)
        )));
    }
    if bits(e) < 17 {
        return Err(Error::unsupported(
            "this crate signs with RSA keys whose public exponent is 65537 or more, and this \
             one's is less; use such a key, or leave this one in a token or service and \
             implement `Signer`",
        ));
    }
    RsaKeyPair::from_components(&KeyPairComponents {
        public_key: RsaPublicKeyComponents { n: n.as_slice(), e: e.as_slice() },
        d: d.as_slice(),
        p: p.as_slice(),
        q: q.as_slice(),
        dP: dp.as_slice(),
        dQ: dq.as_slice(),
        qInv: q_inv.as_slice(),
    })
    .map_err(|source| {
        Error::malformed("the numbers of this RSA key do not go together")
            .because(source.to_string())
    })
}

/// Of a number without leading zeros.
fn bits(number: &[u8]) -> usize {
    let zeros = number.first().map_or(0, |first| first.leading_zeros());
    number.len().saturating_mul(8).saturating_sub(usize::try_from(zeros).unwrap_or(0))
}

fn ecdsa(curve: Curve) -> SignatureAlgorithm {
    SignatureAlgorithm::Ecdsa(match curve {
        Curve::P384 => DigestAlgorithm::Sha384,
        _ => DigestAlgorithm::Sha256,
    })
}

/// The other digests are read in documents and never made.
fn rsa_padding(algorithm: SignatureAlgorithm) -> Option<&'static dyn primitive::RsaEncoding> {
    use DigestAlgorithm::{Sha256, Sha384, Sha512};
    match algorithm {
        SignatureAlgorithm::RsaPkcs1(digest) => match digest {
            Sha256 => Some(&primitive::RSA_PKCS1_SHA256),
            Sha384 => Some(&primitive::RSA_PKCS1_SHA384),
            Sha512 => Some(&primitive::RSA_PKCS1_SHA512),
            _ => None,
        },
        SignatureAlgorithm::RsaPss(parameters)
            if parameters == PssParameters::new(parameters.digest) =>
        {
            match parameters.digest {
                Sha256 => Some(&primitive::RSA_PSS_SHA256),
                Sha384 => Some(&primitive::RSA_PSS_SHA384),
                Sha512 => Some(&primitive::RSA_PSS_SHA512),
                _ => None,
            }
        }
        _ => None,
    }
}
