//! The check of DSA (FIPS 186-4 §4.7), which old documents and test suites have. Its
//! numbers are public, so nothing needs constant time.
#![warn(clippy::arithmetic_side_effects)]

use num_bigint::BigUint;

use super::{CheckDigest, Verification, natural};
use crate::crypto::algorithm::SignatureAlgorithm;
use crate::crypto::digest::Digest;
use crate::crypto::value::Halves;
use crate::encoding::asn1::{AlgorithmIdentifier, Tag, Value, to_der};
use crate::error::Result;

/// A DSA public key (RFC 3279 §2.3.2), its numbers big-endian.
pub(crate) struct DsaKey<'a> {
    /// p, q and g; nothing where the key says that they are its issuer's.
    domain: Option<[Vec<u8>; 3]>,
    public: &'a [u8],
}

/// FIPS 186-4 §4.2 ends at 3072 bits; what is smaller than its 1024 is weak, but can be
/// checked. The cost grows with the cube.
const PRIME_BITS: std::ops::RangeInclusive<u64> = 512..=4096;

/// FIPS 186-4 §4.2.
const ORDER_BITS: [u64; 3] = [160, 224, 256];

/// `Dss-Parms > INTEGER`.
const DEPTH: usize = 2;

impl<'a> DsaKey<'a> {
    pub(super) fn read(algorithm: &AlgorithmIdentifier, key: &'a [u8]) -> Result<Self> {
        let domain = match &algorithm.parameters {
            Some(parameters) if !parameters.is_null() => {
                let der = to_der(parameters)?;
                let mut fields = Value::only(&der, DEPTH)?.sequence()?;
                let mut next = || natural(&fields.required()?).map(<[u8]>::to_vec);
                let domain = [next()?, next()?, next()?];
                fields.finish()?;
                Some(domain)
            }
            _ => None,
        };
        Ok(Self { domain, public: natural(&Value::only(key, 1)?.is(Tag::INTEGER)?)? })
    }

    #[cfg(test)]
    pub(super) fn domain(&self) -> Option<&[Vec<u8>; 3]> {
        self.domain.as_ref()
    }

    /// Bits of p, where the key has it itself.
    pub(crate) fn bits(&self) -> Option<u64> {
        self.domain.as_ref().map(|[p, ..]| BigUint::from_bytes_be(p).bits())
    }

    /// The numbers, when they are those of a DSA key that can be computed with: p and q of
    /// sizes that there are, g and the key in the subgroup of q (FIPS 186-4 §4.1). Outside it
    /// there are values that sign everything.
    fn usable(&self) -> Option<Numbers> {
        let domain = self.domain.as_ref()?;
        let longest = usize::try_from(PRIME_BITS.end().div_ceil(8)).ok()?;
        if domain.iter().any(|it| it.len() > longest) || self.public.len() > longest {
            return None;
        }
        let [p, q, g] = domain.each_ref().map(|it| BigUint::from_bytes_be(it));
        let y = BigUint::from_bytes_be(self.public);
        let one = BigUint::from(1_u8);
        let sized = PRIME_BITS.contains(&p.bits()) && ORDER_BITS.contains(&q.bits());
        let odd = p.bit(0) && q.bit(0) && p.bits() > q.bits();
        let in_group = |it: &BigUint| *it > one && *it < p && it.modpow(&q, &p) == one;
        let sound = sized && odd && in_group(&g) && in_group(&y);
        sound.then_some(Numbers { p, q, g, y })
    }
}

struct Numbers {
    p: BigUint,
    q: BigUint,
    g: BigUint,
    y: BigUint,
}

impl CheckDigest for DsaKey<'_> {
    fn check(&self, _: SignatureAlgorithm, digest: &Digest, value: &[u8]) -> Verification {
        // What is no value costs nothing.
        let Some(halves) = Halves::read(value) else { return Verification::Invalid };
        let Some(numbers) = self.usable() else { return Verification::Unsupported };
        match numbers.check(digest.value(), &halves) {
            Some(true) => Verification::Valid,
            Some(false) | None => Verification::Invalid,
        }
    }
}

impl Numbers {
    /// FIPS 186-4 §4.7. Nothing for numbers that no value has.
    #[allow(clippy::arithmetic_side_effects)] // of numbers that grow as they need
    fn check(&self, digest: &[u8], value: &Halves<'_>) -> Option<bool> {
        let Self { p, q, g, y } = self;
        let (r, s) = (BigUint::from_bytes_be(value.r), BigUint::from_bytes_be(value.s));
        let in_range = |it: &BigUint| *it != BigUint::ZERO && it < q;
        if !in_range(&r) || !in_range(&s) {
            return None;
        }
        let w = s.modinv(q)?;
        // The leftmost bits of the digest; all of ORDER_BITS are whole octets.
        let octets = usize::try_from(q.bits() / 8).ok()?;
        let z = BigUint::from_bytes_be(digest.get(..octets).unwrap_or(digest));
        let (u1, u2) = (z * &w % q, &r * &w % q);
        let v = g.modpow(&u1, p) * y.modpow(&u2, p) % p % q;
        Some(v == r)
    }
}
