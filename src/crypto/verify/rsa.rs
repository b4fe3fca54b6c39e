//! The public operation of RSA (RFC 8017 §8.1.2 and §8.2.2) for what ring does not do.
//!
//! No secret passes through here, so nothing needs constant time.
#![warn(clippy::arithmetic_side_effects)]

use num_bigint::BigUint;
use ring::signature::RsaPublicKeyComponents;

use super::{CheckDigest, Verification, natural};
use crate::crypto::algorithm::{PssParameters, SignatureAlgorithm};
use crate::crypto::digest::{Digest, DigestAlgorithm, DigestContext};
use crate::encoding::asn1::{Tag, Value};
use crate::error::Result;

/// The numbers of an RSA public key, big-endian, without leading zeros.
pub(crate) struct RsaKey<'a> {
    modulus: &'a [u8],
    exponent: &'a [u8],
}

/// Below, the digest fills the key; OpenSSL stops at the upper one, too.
const MODULUS_BITS: std::ops::RangeInclusive<u64> = 512..=16_384;

/// FIPS 186-4 §B.3.1: the exponent is shorter than 256 bits.
const EXPONENT_BITS: u64 = 256;

/// The cost grows with both, so that large keys may have OpenSSL's 64 bits only: no check
/// takes longer than some 30 ms.
const LARGE_MODULUS_BITS: u64 = 3072;
const LARGE_EXPONENT_BITS: u64 = 64;

/// The modulus, whose sign some cards of Estonia's left out: in DER it is a negative number
/// then, and as such no key's. OpenSSL and Bouncy Castle read the octets for what they are, and
/// so do we: there is no other key that they could mean.
fn modulus<'a>(value: &Value<'a>) -> Result<&'a [u8]> {
    let octets = value.is(Tag::INTEGER)?.integer()?;
    let zeros = octets.iter().take_while(|octet| **octet == 0).count();
    Ok(octets.get(zeros..).unwrap_or_default())
}

impl<'a> RsaKey<'a> {
    /// Reads `RSAPublicKey` (RFC 8017 Annex A.1.1).
    pub(super) fn read(der: &'a [u8]) -> Result<Self> {
        let mut fields = Value::only(der, 2)?.sequence()?;
        let modulus = modulus(&fields.required()?)?;
        let exponent = natural(&fields.required()?)?;
        fields.finish()?;
        Ok(Self { modulus, exponent })
    }

    /// Without leading zeros.
    pub(crate) fn modulus(&self) -> &'a [u8] {
        self.modulus
    }

    pub(crate) fn exponent(&self) -> &'a [u8] {
        self.exponent
    }

    pub(super) fn components(&self) -> RsaPublicKeyComponents<&'a [u8]> {
        RsaPublicKeyComponents { n: self.modulus, e: self.exponent }
    }

    /// The numbers, when they are those of an RSA key that can be computed with.
    fn usable(&self) -> Option<(BigUint, BigUint)> {
        let short = octets(*MODULUS_BITS.end())?;
        if self.modulus.len() > short || self.exponent.len() > short {
            return None;
        }
        let modulus = BigUint::from_bytes_be(self.modulus);
        let exponent = BigUint::from_bytes_be(self.exponent);
        let large = modulus.bits() > LARGE_MODULUS_BITS;
        let longest = if large { LARGE_EXPONENT_BITS } else { EXPONENT_BITS };
        // An exponent of 1 would make every value its own signature.
        let sound = MODULUS_BITS.contains(&modulus.bits())
            && modulus.bit(0)
            && exponent.bit(0)
            && (2..=longest).contains(&exponent.bits());
        sound.then_some((modulus, exponent))
    }
}

impl CheckDigest for RsaKey<'_> {
    fn check(&self, algorithm: SignatureAlgorithm, digest: &Digest, value: &[u8]) -> Verification {
        let Some((modulus, exponent)) = self.usable() else { return Verification::Unsupported };
        let signature = BigUint::from_bytes_be(value);
        // RFC 8017 §8.2.2 step 1 and §5.2.2 step 1.
        if value.len() != self.modulus.len() || signature >= modulus {
            return Verification::Invalid;
        }
        let message = signature.modpow(&exponent, &modulus).to_bytes_be();
        match algorithm {
            SignatureAlgorithm::RsaPkcs1(_) => {
                let Some(encoded) = padded(&message, self.modulus.len()) else {
                    return Verification::Invalid;
                };
                verify_pkcs1(&encoded, digest)
            }
            SignatureAlgorithm::RsaPss(parameters) => {
                let bits = modulus.bits().saturating_sub(1);
                let Some(encoded) = octets(bits).and_then(|size| padded(&message, size)) else {
                    return Verification::Invalid;
                };
                if verify_pss(&encoded, bits, digest, parameters).is_some() {
                    Verification::Valid
                } else {
                    Verification::Invalid
                }
            }
            _ => Verification::Invalid,
        }
    }
}

fn octets(bits: u64) -> Option<usize> {
    usize::try_from(bits.div_ceil(8)).ok()
}

/// I2OSP (RFC 8017 §4.1); nothing where the number is too large.
fn padded(number: &[u8], size: usize) -> Option<Vec<u8>> {
    // num-bigint writes zero as one octet.
    let number = if number == [0] { &[][..] } else { number };
    let mut octets = vec![0; size.checked_sub(number.len())?];
    octets.extend_from_slice(number);
    Some(octets)
}

/// EMSA-PKCS1-v1_5 (RFC 8017 §9.2): the one right encoding is made and compared, as
/// nothing that parses the padding can be fooled by it (CVE-2006-4339).
fn verify_pkcs1(encoded: &[u8], digest: &Digest) -> Verification {
    let is = |info: Vec<u8>| {
        // Step 3: at least eight octets of padding.
        let padding = encoded.len().checked_sub(info.len().saturating_add(3));
        padding.is_some_and(|padding| {
            let mut expected = vec![0, 1];
            expected.resize(padding.saturating_add(2), 0xff);
            expected.push(0);
            expected.extend(info);
            padding >= 8 && expected == encoded
        })
    };
    if is(digest_info(digest, &[5, 0])) {
        Verification::Valid
    } else if is(digest_info(digest, &[])) {
        Verification::ValidWithoutNull
    } else {
        Verification::Invalid
    }
}

/// `DigestInfo` (RFC 8017 §9.2); every length in it is below 128.
fn digest_info(digest: &Digest, parameters: &[u8]) -> Vec<u8> {
    fn put(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let content = parts.concat();
        let mut value = vec![tag, u8::try_from(content.len()).unwrap_or(u8::MAX)];
        value.extend(content);
        value
    }
    let oid = put(6, &[digest.algorithm().oid().as_bytes()]);
    let algorithm = put(0x30, &[&oid, parameters]);
    put(0x30, &[&algorithm, &put(4, &[digest.value()])])
}

/// EMSA-PSS-VERIFY (RFC 8017 §9.1.2) of an encoding of `bits` bits; its steps by number.
fn verify_pss(encoded: &[u8], bits: u64, digest: &Digest, parameters: PssParameters) -> Option<()> {
    let salt_length = usize::try_from(parameters.salt_length).ok()?;
    let hash_length = digest.value().len();
    // 3, 4
    let (0xbc, encoded) = encoded.split_last()? else { return None };
    let block_length = encoded.len().checked_sub(hash_length)?;
    let padding_length = block_length.checked_sub(salt_length.checked_add(1)?)?;
    // 5, 6
    let (masked, hash) = encoded.split_at_checked(block_length)?;
    let unused = u8::try_from(8_u64.wrapping_sub(bits.rem_euclid(8)).rem_euclid(8)).ok()?;
    let keep = 0xff_u8.checked_shr(u32::from(unused))?;
    if masked.first()? & !keep != 0 {
        return None;
    }
    // 7, 8, 9
    let mask = mask(parameters.mask_digest, hash, block_length);
    let mut block: Vec<u8> = masked.iter().zip(mask).map(|(a, b)| a ^ b).collect();
    *block.first_mut()? &= keep;
    // 10
    let (padding, rest) = block.split_at_checked(padding_length)?;
    let (1, salt) = rest.split_first()? else { return None };
    if padding.iter().any(|octet| *octet != 0) {
        return None;
    }
    // 12, 13, 14
    let mut context = DigestContext::new(parameters.digest);
    context.update(&[0; 8]);
    context.update(digest.value());
    context.update(salt);
    (context.finish().value() == hash).then_some(())
}

/// MGF1 (RFC 8017 Annex B.2.1).
fn mask(algorithm: DigestAlgorithm, seed: &[u8], length: usize) -> Vec<u8> {
    let mut mask = Vec::with_capacity(length);
    for counter in 0_u32.. {
        if mask.len() >= length {
            break;
        }
        let mut context = DigestContext::new(algorithm);
        context.update(seed);
        context.update(&counter.to_be_bytes());
        mask.extend_from_slice(context.finish().value());
    }
    mask.truncate(length);
    mask
}
