//! Keys that sign a digest, as those of tokens and services do. For tests alone: slow, and
//! it takes no care of what an attacker could measure.

use kyso::{Digest, DigestAlgorithm, PssParameters, SignatureAlgorithm};
use num_bigint::BigUint;

/// A private key out of a file in PKCS#8.
pub(crate) enum RawKey {
    Rsa { modulus: BigUint, exponent: BigUint, octets: usize },
    P256(BigUint),
}

impl RawKey {
    pub(crate) fn from_pem(pem: &[u8]) -> Self {
        let text = std::str::from_utf8(pem).unwrap();
        let base64: String = text.lines().filter(|it| !it.starts_with("--")).collect();
        let engine = base64::engine::general_purpose::STANDARD;
        let der = base64::Engine::decode(&engine, base64).unwrap();
        // PrivateKeyInfo: version, algorithm, key.
        let key = children(children(&der)[0]);
        let inner = children(children(key[2])[0]);
        let number = |bytes: &[u8]| BigUint::from_bytes_be(bytes);
        if inner.len() > 4 {
            let modulus = number(inner[1]);
            let octets = usize::try_from(modulus.bits().div_ceil(8)).unwrap();
            Self::Rsa { modulus, exponent: number(inner[3]), octets }
        } else {
            Self::P256(number(inner[1]))
        }
    }

    /// The value over a digest. Of ECDSA both numbers at full length.
    pub(crate) fn sign(&self, algorithm: SignatureAlgorithm, digest: &[u8]) -> Vec<u8> {
        match (self, algorithm) {
            (Self::Rsa { .. }, SignatureAlgorithm::RsaPkcs1(by)) => {
                self.power(&pkcs1(by, digest, self.octets()))
            }
            (Self::Rsa { .. }, SignatureAlgorithm::RsaPss(by)) => {
                self.power(&pss(by, digest, self.octets()))
            }
            (Self::P256(secret), SignatureAlgorithm::Ecdsa(_)) => p256::sign(secret, digest),
            _ => panic!("no {algorithm} by this key"),
        }
    }

    fn octets(&self) -> usize {
        match self {
            Self::Rsa { octets, .. } => *octets,
            Self::P256(_) => 32,
        }
    }

    fn power(&self, block: &[u8]) -> Vec<u8> {
        let Self::Rsa { modulus, exponent, octets } = self else { panic!("no RSA") };
        at_length(&BigUint::from_bytes_be(block).modpow(exponent, modulus), *octets)
    }
}

/// Both numbers of a value as a DER SEQUENCE.
pub(crate) fn der_pair(value: &[u8]) -> Vec<u8> {
    let (r, s) = value.split_at(value.len() / 2);
    let mut body = Vec::new();
    for half in [r, s] {
        let mut number = BigUint::from_bytes_be(half).to_bytes_be();
        if number[0] >= 0x80 {
            number.insert(0, 0);
        }
        body.extend([2, u8::try_from(number.len()).unwrap()]);
        body.extend(number);
    }
    [&[0x30, u8::try_from(body.len()).unwrap()][..], &body].concat()
}

/// The contents of the DER values that stand in a row.
fn children(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let (length, start) = match bytes[1] {
            short @ 0..0x80 => (usize::from(short), 2),
            long => {
                let octets = usize::from(long & 0x7f);
                let length =
                    bytes[2..2 + octets].iter().fold(0, |it, byte| it << 8 | usize::from(*byte));
                (length, 2 + octets)
            }
        };
        all.push(&bytes[start..start + length]);
        bytes = &bytes[start + length..];
    }
    all
}

fn at_length(number: &BigUint, octets: usize) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    [vec![0; octets - bytes.len()], bytes].concat()
}

/// RFC 8017 §9.2.
fn pkcs1(by: DigestAlgorithm, digest: &[u8], octets: usize) -> Vec<u8> {
    let last = match by {
        DigestAlgorithm::Sha256 => 1,
        DigestAlgorithm::Sha384 => 2,
        _ => 3,
    };
    let length = u8::try_from(digest.len()).unwrap();
    let mut info =
        vec![0x30, 17 + length, 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, last];
    info.extend([5, 0, 4, length]);
    info.extend(digest);
    let filler = vec![0xff; octets - info.len() - 3];
    [&[0, 1][..], &filler, &[0], &info].concat()
}

/// RFC 8017 §9.1.1, with a salt that is always the same.
fn pss(by: PssParameters, digest: &[u8], octets: usize) -> Vec<u8> {
    let salt = vec![7; usize::try_from(by.salt_length).unwrap()];
    let hash = by.digest.digest(&[&[0; 8][..], digest, &salt].concat());
    let mut block = vec![0; octets - hash.value().len() - salt.len() - 2];
    block.push(1);
    block.extend(&salt);
    let mask = (0_u32..).flat_map(|n| {
        let piece = by.mask_digest.digest(&[hash.value(), &n.to_be_bytes()].concat());
        Digest::value(&piece).to_vec()
    });
    for (byte, mask) in block.iter_mut().zip(mask) {
        *byte ^= mask;
    }
    block[0] &= 0x7f;
    [&block, hash.value(), &[0xbc][..]].concat()
}

/// ECDSA on P-256 (FIPS 186-4 §6, SEC 2 §2.4.2), on affine points.
mod p256 {
    use super::{BigUint, DigestAlgorithm, at_length};

    type Point = Option<(BigUint, BigUint)>;

    fn number(hex: &[u8]) -> BigUint {
        BigUint::parse_bytes(hex, 16).unwrap()
    }

    fn prime() -> BigUint {
        number(b"ffffffff00000001000000000000000000000000ffffffffffffffffffffffff")
    }

    fn order() -> BigUint {
        number(b"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")
    }

    fn base() -> Point {
        Some((
            number(b"6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"),
            number(b"4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"),
        ))
    }

    fn inverse(of: &BigUint, modulus: &BigUint) -> BigUint {
        of.modpow(&(modulus - 2_u32), modulus)
    }

    fn add(left: &Point, right: &Point, p: &BigUint) -> Point {
        let (Some((x1, y1)), Some((x2, y2))) = (left, right) else {
            return left.clone().or_else(|| right.clone());
        };
        let slope = if x1 == x2 {
            if (y1 + y2) % p == BigUint::ZERO {
                return None;
            }
            // The curve's a is -3.
            (x1 * x1 * 3_u32 + p * 3_u32 - 3_u32) * inverse(&(y1 * 2_u32 % p), p) % p
        } else {
            (p + y2 - y1) * inverse(&((p + x2 - x1) % p), p) % p
        };
        let x = (&slope * &slope + p * 2_u32 - x1 - x2) % p;
        let y = (slope * (p + x1 - &x) + p - y1) % p;
        Some((x, y))
    }

    fn times(scalar: &BigUint, p: &BigUint) -> Point {
        let (mut sum, mut power) = (None, base());
        for bit in 0..scalar.bits() {
            if scalar.bit(bit) {
                sum = add(&sum, &power, p);
            }
            power = add(&power.clone(), &power, p);
        }
        sum
    }

    pub(super) fn sign(secret: &BigUint, digest: &[u8]) -> Vec<u8> {
        let (p, n) = (prime(), order());
        // The same for the same digest, and another for each: no source of chance is wanted.
        let nonce = DigestAlgorithm::Sha256.digest(&[&secret.to_bytes_be(), digest].concat());
        let k = BigUint::from_bytes_be(nonce.value()) % &n;
        let r = times(&k, &p).unwrap().0 % &n;
        let hash = BigUint::from_bytes_be(&digest[..digest.len().min(32)]);
        let s = inverse(&k, &n) * (hash + &r * secret) % &n;
        [at_length(&r, 32), at_length(&s, 32)].concat()
    }
}
