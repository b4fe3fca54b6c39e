//! Digests: their names, and computing them as the bytes stream by.

use std::fmt;

use der::asn1::ObjectIdentifier;
use ring::digest as primitive;
use serde::{Deserialize, Serialize};

use crate::encoding::asn1::AlgorithmIdentifier;
use crate::error::{Error, Result};

/// A digest algorithm, named as in RFC 5754 and FIPS 180-4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum DigestAlgorithm {
    /// Read in old documents, never made.
    #[serde(rename = "SHA1")]
    Sha1,
    /// The one that this crate signs with unless told otherwise.
    #[serde(rename = "SHA256")]
    Sha256,
    /// SHA-384.
    #[serde(rename = "SHA384")]
    Sha384,
    /// SHA-512.
    #[serde(rename = "SHA512")]
    Sha512,
}

const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");

impl DigestAlgorithm {
    /// As reports spell it: `SHA256`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha384 => "SHA384",
            Self::Sha512 => "SHA512",
        }
    }

    pub(crate) fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Sha1 => SHA1,
            Self::Sha256 => SHA256,
            Self::Sha384 => SHA384,
            Self::Sha512 => SHA512,
        }
    }

    /// Nothing for a digest that this crate cannot compute.
    pub(crate) fn from_oid(oid: ObjectIdentifier) -> Option<Self> {
        [Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512]
            .into_iter()
            .find(|it| it.oid() == oid)
    }

    /// RFC 5754 §2: the parameters are left out when writing.
    pub(crate) fn identifier(self) -> AlgorithmIdentifier {
        AlgorithmIdentifier::without_parameters(self.oid())
    }

    /// The digest of bytes that are all at hand.
    #[must_use]
    pub fn digest(self, bytes: &[u8]) -> Digest {
        let mut context = DigestContext::new(self);
        context.update(bytes);
        context.finish()
    }

    fn primitive(self) -> &'static primitive::Algorithm {
        match self {
            Self::Sha1 => &primitive::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &primitive::SHA256,
            Self::Sha384 => &primitive::SHA384,
            Self::Sha512 => &primitive::SHA512,
        }
    }
}

impl fmt::Display for DigestAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A digest and the algorithm that made it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Digest {
    algorithm: DigestAlgorithm,
    value: Vec<u8>,
}

impl Digest {
    /// A digest that was computed elsewhere.
    ///
    /// # Errors
    /// `Misuse` when it is not as long as the algorithm's digests are.
    pub fn new(algorithm: DigestAlgorithm, value: impl Into<Vec<u8>>) -> Result<Self> {
        let value = value.into();
        if value.len() == algorithm.primitive().output_len() {
            Ok(Self { algorithm, value })
        } else {
            Err(Error::misuse(format!("{} bytes are no {algorithm} digest", value.len())))
        }
    }

    /// What made it.
    #[must_use]
    pub fn algorithm(&self) -> DigestAlgorithm {
        self.algorithm
    }

    /// Its bytes.
    #[must_use]
    pub fn value(&self) -> &[u8] {
        &self.value
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{self}", self.algorithm)
    }
}

/// A digest under way. Cloning it forks the stream: what came so far is shared.
#[derive(Clone)]
pub(crate) struct DigestContext {
    algorithm: DigestAlgorithm,
    state: primitive::Context,
}

impl DigestContext {
    pub(crate) fn new(algorithm: DigestAlgorithm) -> Self {
        Self { algorithm, state: primitive::Context::new(algorithm.primitive()) }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.state.update(bytes);
    }

    pub(crate) fn finish(self) -> Digest {
        Digest { algorithm: self.algorithm, value: self.state.finish().as_ref().to_vec() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4's own example: the digest of "abc".
    #[test]
    fn abc() {
        for (algorithm, expected) in [
            (DigestAlgorithm::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (
                DigestAlgorithm::Sha256,
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
        ] {
            assert_eq!(algorithm.digest(b"abc").to_string(), expected);
            assert_eq!(DigestAlgorithm::from_oid(algorithm.oid()), Some(algorithm));
        }
    }
}
