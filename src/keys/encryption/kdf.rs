//! From a password to a key: PBKDF2 (RFC 8018 §5.2) and PKCS#12 (RFC 7292 Annex B).
#![warn(clippy::arithmetic_side_effects)]

use std::num::NonZeroU32;

use der::asn1::ObjectIdentifier;
use ring::{digest, hmac, pbkdf2};
use sha2::{Digest as _, Sha224};
use zeroize::Zeroizing;

use super::{oid, read_algorithm};
use crate::encoding::asn1::Value;
use crate::error::{Error, Result};
use crate::limits::Limits;

/// The iterations that one file may still cost, whatever it asks for in its parts.
pub(in crate::keys) struct Budget {
    left: u64,
    limit: u32,
}

impl Budget {
    pub(in crate::keys) fn new(limits: &Limits) -> Self {
        Self { left: u64::from(limits.kdf_iterations), limit: limits.kdf_iterations }
    }

    fn spend(&mut self, iterations: u32, octets: usize, each: usize) -> Result<()> {
        let blocks = u64::try_from(octets.div_ceil(each)).unwrap_or(u64::MAX);
        let cost = u64::from(iterations).saturating_mul(blocks);
        self.left = self.left.checked_sub(cost).ok_or_else(|| {
            Error::limit(format_args!("{} iterations of key derivation", self.limit))
        })?;
        Ok(())
    }
}

/// A hash as the derivations and MACs of key files use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::keys) enum Hash {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

/// The "diversifier" of RFC 7292 Annex B.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::keys) enum Purpose {
    Key = 1,
    Iv = 2,
    Mac = 3,
}

const HASHES: [(Hash, ObjectIdentifier, ObjectIdentifier); 5] = [
    (Hash::Sha1, oid("1.3.14.3.2.26"), oid("1.2.840.113549.2.7")),
    (Hash::Sha224, oid("2.16.840.1.101.3.4.2.4"), oid("1.2.840.113549.2.8")),
    (Hash::Sha256, oid("2.16.840.1.101.3.4.2.1"), oid("1.2.840.113549.2.9")),
    (Hash::Sha384, oid("2.16.840.1.101.3.4.2.2"), oid("1.2.840.113549.2.10")),
    (Hash::Sha512, oid("2.16.840.1.101.3.4.2.3"), oid("1.2.840.113549.2.11")),
];

impl Hash {
    /// Named by the digest.
    pub(in crate::keys) fn of_digest(oid: ObjectIdentifier) -> Result<Self> {
        let known = HASHES.iter().find(|(_, digest, _)| *digest == oid);
        known.map(|(hash, ..)| *hash).ok_or_else(|| unknown(oid))
    }

    /// Named by an AlgorithmIdentifier for HMAC (RFC 8018 Annex B.1).
    pub(in crate::keys) fn of_hmac(algorithm: &Value<'_>) -> Result<Self> {
        let (oid, _) = read_algorithm(algorithm)?;
        let known = HASHES.iter().find(|(.., hmac)| *hmac == oid);
        known.map(|(hash, ..)| *hash).ok_or_else(|| unknown(oid))
    }

    pub(in crate::keys) fn output_octets(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    fn block_octets(self) -> usize {
        match self {
            Self::Sha1 | Self::Sha224 | Self::Sha256 => 64,
            Self::Sha384 | Self::Sha512 => 128,
        }
    }

    /// RFC 2104.
    pub(in crate::keys) fn hmac(self, key: &[u8], message: &[u8]) -> Vec<u8> {
        let by_ring =
            |algorithm| hmac::sign(&hmac::Key::new(algorithm, key), message).as_ref().to_vec();
        match self {
            Self::Sha1 => by_ring(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
            Self::Sha224 => HmacSha224::new(key).sign(&[message]).to_vec(),
            Self::Sha256 => by_ring(hmac::HMAC_SHA256),
            Self::Sha384 => by_ring(hmac::HMAC_SHA384),
            Self::Sha512 => by_ring(hmac::HMAC_SHA512),
        }
    }

    pub(super) fn derive_pbkdf2(
        self,
        password: &[u8],
        salt: &[u8],
        iterations: u32,
        octets: usize,
        budget: &mut Budget,
    ) -> Result<Zeroizing<Vec<u8>>> {
        budget.spend(iterations, octets, self.output_octets())?;
        let iterations = positive(iterations)?;
        let mut key = Zeroizing::new(vec![0; octets]);
        let algorithm = match self {
            Self::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
            Self::Sha224 => {
                pbkdf2_sha224(password, salt, iterations, &mut key);
                return Ok(key);
            }
            Self::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
            Self::Sha384 => pbkdf2::PBKDF2_HMAC_SHA384,
            Self::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
        };
        pbkdf2::derive(algorithm, iterations, salt, password, &mut key);
        Ok(key)
    }

    /// RFC 7292 Annex B.2; its steps by number.
    pub(in crate::keys) fn derive_pkcs12(
        self,
        purpose: Purpose,
        password: &[u8],
        salt: &[u8],
        iterations: u32,
        octets: usize,
        budget: &mut Budget,
    ) -> Result<Zeroizing<Vec<u8>>> {
        budget.spend(iterations, octets, self.output_octets())?;
        let iterations = positive(iterations)?;
        let block = self.block_octets();
        // 1 to 4
        let diversifier = vec![purpose as u8; block];
        let mut input = filled(salt, block);
        input.extend_from_slice(&filled(password, block));
        let mut key = Zeroizing::new(Vec::with_capacity(octets.saturating_add(block)));
        // 6
        while key.len() < octets {
            // A
            let hash = self.digest(&[&diversifier, &input], iterations);
            key.extend_from_slice(&hash);
            // B, C
            for part in input.chunks_exact_mut(block) {
                add_one_and(part, &hash);
            }
        }
        key.truncate(octets);
        Ok(key)
    }

    /// Of the parts one after another, then `iterations - 1` times of what came out.
    fn digest(self, parts: &[&[u8]], iterations: NonZeroU32) -> Zeroizing<Vec<u8>> {
        let more = 1..iterations.get();
        let by_ring = |algorithm| {
            let mut context = digest::Context::new(algorithm);
            parts.iter().for_each(|part| context.update(part));
            let first = context.finish();
            more.clone().fold(first, |hash, _| digest::digest(algorithm, hash.as_ref()))
        };
        let hash = match self {
            Self::Sha1 => by_ring(&digest::SHA1_FOR_LEGACY_USE_ONLY),
            Self::Sha224 => {
                return Zeroizing::new(
                    more.fold(sha224(parts), |hash, _| sha224(&[&hash])).to_vec(),
                );
            }
            Self::Sha256 => by_ring(&digest::SHA256),
            Self::Sha384 => by_ring(&digest::SHA384),
            Self::Sha512 => by_ring(&digest::SHA512),
        };
        Zeroizing::new(hash.as_ref().to_vec())
    }
}

fn unknown(oid: ObjectIdentifier) -> Error {
    Error::unsupported(format!("key files that use the hash {oid} are not read"))
}

fn positive(iterations: u32) -> Result<NonZeroU32> {
    NonZeroU32::new(iterations)
        .ok_or_else(|| Error::malformed("a key derivation asks for no iteration at all"))
}

/// `text` over and over, up to a multiple of `block` (Annex B.2 steps 2 and 3).
fn filled(text: &[u8], block: usize) -> Zeroizing<Vec<u8>> {
    repeated(text, text.len().div_ceil(block).saturating_mul(block))
}

fn repeated(text: &[u8], octets: usize) -> Zeroizing<Vec<u8>> {
    let mut repeated = Zeroizing::new(Vec::with_capacity(octets));
    repeated.extend(text.iter().cycle().take(octets));
    repeated
}

/// `part = part + hash… + 1` (Annex B.2 step 6 B and C).
fn add_one_and(part: &mut [u8], hash: &[u8]) {
    let addend = repeated(hash, part.len());
    let mut carry = 1_u16;
    for (octet, addend) in part.iter_mut().zip(addend.iter()).rev() {
        let sum = u16::from(*octet).saturating_add(u16::from(*addend)).saturating_add(carry);
        let [high, low] = sum.to_be_bytes();
        *octet = low;
        carry = u16::from(high);
    }
}

fn sha224(parts: &[&[u8]]) -> [u8; 28] {
    let mut hash = Sha224::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().into()
}

/// RFC 2104 over SHA-224, which ring lacks.
struct HmacSha224 {
    inner: Zeroizing<[u8; 64]>,
    outer: Zeroizing<[u8; 64]>,
}

impl HmacSha224 {
    fn new(key: &[u8]) -> Self {
        let mut inner = Zeroizing::new([0x36; 64]);
        let mut outer = Zeroizing::new([0x5c; 64]);
        let hashed = Zeroizing::new(sha224(&[key]));
        let key = if key.len() > inner.len() { &hashed[..] } else { key };
        for (key, (inner, outer)) in key.iter().zip(inner.iter_mut().zip(outer.iter_mut())) {
            *inner ^= key;
            *outer ^= key;
        }
        Self { inner, outer }
    }

    fn sign(&self, parts: &[&[u8]]) -> [u8; 28] {
        let mut all = vec![&self.inner[..]];
        all.extend(parts);
        sha224(&[&self.outer[..], &sha224(&all)])
    }
}

/// RFC 8018 §5.2; its steps by number.
fn pbkdf2_sha224(password: &[u8], salt: &[u8], iterations: NonZeroU32, key: &mut [u8]) {
    let prf = HmacSha224::new(password);
    // 3, 4
    for (part, number) in key.chunks_mut(28).zip(1_u32..) {
        let mut last = Zeroizing::new(prf.sign(&[salt, &number.to_be_bytes()]));
        let mut sum = last.clone();
        for _ in 1..iterations.get() {
            last = Zeroizing::new(prf.sign(&[&last[..]]));
            for (sum, last) in sum.iter_mut().zip(last.iter()) {
                *sum ^= last;
            }
        }
        for (to, from) in part.iter_mut().zip(sum.iter()) {
            *to = *from;
        }
    }
}
