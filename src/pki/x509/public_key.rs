//! The kind and size of a public key, which is what policies ask about.

use der::asn1::ObjectIdentifier;
use serde::Serialize;

use crate::crypto;
use crate::encoding::asn1::{AlgorithmIdentifier, Value};

/// The kind and size of a public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum PublicKey {
    Rsa {
        /// Bits of the modulus.
        bits: usize,
    },
    EllipticCurve {
        /// Bits of the field, as far as the curve is known.
        bits: Option<usize>,
    },
    Dsa {
        /// Bits of the prime, where the key has it and does not inherit it.
        bits: Option<usize>,
    },
    Ed25519,
    Other,
}

/// RFC 5480 §2.1.1.1 and RFC 5639: the curves met in certificates.
const CURVES: [(&str, usize); 14] = [
    ("1.2.840.10045.3.1.1", 192),
    ("1.2.840.10045.3.1.7", 256),
    ("1.3.132.0.10", 256),
    ("1.3.132.0.33", 224),
    ("1.3.132.0.34", 384),
    ("1.3.132.0.35", 521),
    ("1.3.36.3.3.2.8.1.1.7", 256),
    ("1.3.36.3.3.2.8.1.1.8", 256),
    ("1.3.36.3.3.2.8.1.1.9", 320),
    ("1.3.36.3.3.2.8.1.1.10", 320),
    ("1.3.36.3.3.2.8.1.1.11", 384),
    ("1.3.36.3.3.2.8.1.1.12", 384),
    ("1.3.36.3.3.2.8.1.1.13", 512),
    ("1.3.36.3.3.2.8.1.1.14", 512),
];

/// `SubjectPublicKeyInfo > AlgorithmIdentifier`, whose parameters may be a curve spelt out.
const DEPTH: usize = 8;

impl PublicKey {
    /// Of a `SubjectPublicKeyInfo`, by the reader that checks signatures: a key that it
    /// reads and another one does not would be as strong as anybody asks.
    pub(crate) fn of(public_key_info: &[u8]) -> Self {
        match crypto::PublicKey::read(public_key_info) {
            Ok(crypto::PublicKey::Rsa(key) | crypto::PublicKey::RsaPss(key, _)) => {
                Self::Rsa { bits: significant_bits(key.modulus()) }
            }
            Ok(crypto::PublicKey::Dsa(key)) => {
                Self::Dsa { bits: key.bits().and_then(|bits| usize::try_from(bits).ok()) }
            }
            Ok(crypto::PublicKey::Ec(_)) => {
                let curve = curve(public_key_info).map(|oid| oid.to_string());
                let known = CURVES.iter().find(|(oid, _)| Some(*oid) == curve.as_deref());
                Self::EllipticCurve { bits: known.map(|(_, bits)| *bits) }
            }
            Ok(crypto::PublicKey::Ed25519(_)) => Self::Ed25519,
            Ok(crypto::PublicKey::Other) | Err(_) => Self::Other,
        }
    }
}

/// The curve where it is named (RFC 5480 §2.1.1).
fn curve(public_key_info: &[u8]) -> Option<ObjectIdentifier> {
    let mut fields = Value::only(public_key_info, DEPTH).ok()?.sequence().ok()?;
    let algorithm = AlgorithmIdentifier::read(&fields.required().ok()?).ok()?;
    algorithm.parameters?.decode_as().ok()
}

/// Bits of a big-endian number without its leading zeros.
fn significant_bits(octets: &[u8]) -> usize {
    let mut rest = octets.iter().skip_while(|octet| **octet == 0);
    let first = rest.next().map_or(0, |octet| 8_u32.saturating_sub(octet.leading_zeros()));
    let first = usize::try_from(first).unwrap_or(0);
    rest.count().saturating_mul(8).saturating_add(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::pem;

    #[test]
    fn kinds_and_sizes() {
        use PublicKey::{Ed25519, EllipticCurve, Rsa};
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/keys");
        for (name, expected) in [
            ("rsa3072", Rsa { bits: 3072 }),
            // An RSASSA-PSS key (RFC 4055 §1.2) is an RSA key like any other.
            ("rsapss", Rsa { bits: 2048 }),
            ("p384", EllipticCurve { bits: Some(384) }),
            ("ed25519", Ed25519),
        ] {
            let pem = std::fs::read(format!("{directory}/{name}.crt.pem")).unwrap();
            let der = &pem::blocks(&pem).unwrap()[0].bytes;
            let certificate = crate::pki::Certificate::from_der(der).unwrap();
            assert_eq!(certificate.public_key(), expected, "{name}");
        }
        assert_eq!(PublicKey::of(b"none"), PublicKey::Other);
    }

    #[test]
    fn leading_zeros_do_not_count() {
        assert_eq!(significant_bits(&[]), 0);
        assert_eq!(significant_bits(&[0, 0x01, 0xff]), 9);
        assert_eq!(significant_bits(&[0x80; 256]), 2048);
    }
}
