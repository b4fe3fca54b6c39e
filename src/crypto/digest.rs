//! Digests: their names, and computing them as the bytes stream by.

use std::fmt;

use der::asn1::ObjectIdentifier;
use ring::digest as primitive;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha224};
use sha3::{Sha3_224, Sha3_256, Sha3_384, Sha3_512};

use crate::encoding::asn1::AlgorithmIdentifier;
use crate::error::{Error, Result};

/// A digest algorithm, named as in RFC 5754, RFC 8702, FIPS 180-4 and FIPS 202.
///
/// All are read; what this crate signs is SHA-256, SHA-384 or SHA-512.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum DigestAlgorithm {
    /// Read in old documents, never made.
    #[serde(rename = "SHA1")]
    Sha1,
    /// Read, never made.
    #[serde(rename = "SHA224")]
    Sha224,
    /// The one that this crate signs with unless told otherwise.
    #[serde(rename = "SHA256")]
    Sha256,
    /// SHA-384.
    #[serde(rename = "SHA384")]
    Sha384,
    /// SHA-512.
    #[serde(rename = "SHA512")]
    Sha512,
    /// Read, never made.
    #[serde(rename = "SHA3_224")]
    Sha3_224,
    /// Read, never made: the field's tools cannot read it.
    #[serde(rename = "SHA3_256")]
    Sha3_256,
    /// As [`Sha3_256`](Self::Sha3_256).
    #[serde(rename = "SHA3_384")]
    Sha3_384,
    /// As [`Sha3_256`](Self::Sha3_256).
    #[serde(rename = "SHA3_512")]
    Sha3_512,
}

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

impl DigestAlgorithm {
    pub(crate) const ALL: [Self; 9] = [
        Self::Sha1,
        Self::Sha224,
        Self::Sha256,
        Self::Sha384,
        Self::Sha512,
        Self::Sha3_224,
        Self::Sha3_256,
        Self::Sha3_384,
        Self::Sha3_512,
    ];

    /// As reports spell it: `SHA256`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.facts().0
    }

    pub(crate) fn oid(self) -> ObjectIdentifier {
        self.facts().1
    }

    /// How long its digests are.
    pub(crate) fn octets(self) -> usize {
        self.facts().2
    }

    /// RFC 5754 §2, RFC 8702 §2: name, identifier, octets.
    fn facts(self) -> (&'static str, ObjectIdentifier, usize) {
        match self {
            Self::Sha1 => ("SHA1", const { oid("1.3.14.3.2.26") }, 20),
            Self::Sha224 => ("SHA224", const { oid("2.16.840.1.101.3.4.2.4") }, 28),
            Self::Sha256 => ("SHA256", const { oid("2.16.840.1.101.3.4.2.1") }, 32),
            Self::Sha384 => ("SHA384", const { oid("2.16.840.1.101.3.4.2.2") }, 48),
            Self::Sha512 => ("SHA512", const { oid("2.16.840.1.101.3.4.2.3") }, 64),
            Self::Sha3_224 => ("SHA3_224", const { oid("2.16.840.1.101.3.4.2.7") }, 28),
            Self::Sha3_256 => ("SHA3_256", const { oid("2.16.840.1.101.3.4.2.8") }, 32),
            Self::Sha3_384 => ("SHA3_384", const { oid("2.16.840.1.101.3.4.2.9") }, 48),
            Self::Sha3_512 => ("SHA3_512", const { oid("2.16.840.1.101.3.4.2.10") }, 64),
        }
    }

    /// Nothing for a digest that this crate cannot compute.
    pub(crate) fn from_oid(oid: ObjectIdentifier) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.oid() == oid)
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
        if value.len() == algorithm.octets() {
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
    state: State,
}

/// ring's where it has one: nothing else is as fast.
#[derive(Clone)]
enum State {
    Ring(primitive::Context),
    Sha224(Sha224),
    Sha3_224(Sha3_224),
    Sha3_256(Sha3_256),
    Sha3_384(Sha3_384),
    Sha3_512(Sha3_512),
}

impl DigestContext {
    pub(crate) fn new(algorithm: DigestAlgorithm) -> Self {
        let by_ring = |algorithm| State::Ring(primitive::Context::new(algorithm));
        let state = match algorithm {
            DigestAlgorithm::Sha1 => by_ring(&primitive::SHA1_FOR_LEGACY_USE_ONLY),
            DigestAlgorithm::Sha224 => State::Sha224(Sha224::new()),
            DigestAlgorithm::Sha256 => by_ring(&primitive::SHA256),
            DigestAlgorithm::Sha384 => by_ring(&primitive::SHA384),
            DigestAlgorithm::Sha512 => by_ring(&primitive::SHA512),
            DigestAlgorithm::Sha3_224 => State::Sha3_224(Sha3_224::new()),
            DigestAlgorithm::Sha3_256 => State::Sha3_256(Sha3_256::new()),
            DigestAlgorithm::Sha3_384 => State::Sha3_384(Sha3_384::new()),
            DigestAlgorithm::Sha3_512 => State::Sha3_512(Sha3_512::new()),
        };
        Self { algorithm, state }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match &mut self.state {
            State::Ring(state) => state.update(bytes),
            State::Sha224(state) => state.update(bytes),
            State::Sha3_224(state) => state.update(bytes),
            State::Sha3_256(state) => state.update(bytes),
            State::Sha3_384(state) => state.update(bytes),
            State::Sha3_512(state) => state.update(bytes),
        }
    }

    pub(crate) fn finish(self) -> Digest {
        let value = match self.state {
            State::Ring(state) => state.finish().as_ref().to_vec(),
            State::Sha224(state) => state.finalize().to_vec(),
            State::Sha3_224(state) => state.finalize().to_vec(),
            State::Sha3_256(state) => state.finalize().to_vec(),
            State::Sha3_384(state) => state.finalize().to_vec(),
            State::Sha3_512(state) => state.finalize().to_vec(),
        };
        Digest { algorithm: self.algorithm, value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of FIPS 180-4 and FIPS 202: the digest of "abc", in two pieces.
    #[test]
    fn abc() {
        let expected = [
            "a9993e364706816aba3e25717850c26c9cd0d89d",
            "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed\
             8086072ba1e7cc2358baeca134c825a7",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf",
            "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532",
            "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b2\
             98d88cea927ac7f539f1edf228376d25",
            "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e\
             10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0",
        ];
        for (algorithm, expected) in DigestAlgorithm::ALL.into_iter().zip(expected) {
            let mut context = DigestContext::new(algorithm);
            context.update(b"a");
            let fork = context.clone();
            for mut context in [context, fork] {
                context.update(b"bc");
                assert_eq!(context.finish().to_string(), expected);
            }
            assert_eq!(algorithm.digest(b"abc").to_string(), expected);
            assert_eq!(DigestAlgorithm::from_oid(algorithm.oid()), Some(algorithm));
            assert_eq!(expected.len(), 2 * algorithm.octets());
            assert_eq!(serde_json::to_value(algorithm).unwrap(), algorithm.name());
        }
    }
}
