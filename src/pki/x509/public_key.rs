//! The kind and size of a public key, which is what policies ask about.

use serde::Serialize;
use x509_parser::prelude::SubjectPublicKeyInfo;
use x509_parser::public_key::PublicKey as Parsed;

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
    Ed25519,
    Other,
}

/// RFC 5480 §2.1.1.1 and RFC 5639: the curves met in certificates.
const CURVES: [(&str, usize); 10] = [
    ("1.2.840.10045.3.1.1", 192),
    ("1.2.840.10045.3.1.7", 256),
    ("1.3.132.0.10", 256),
    ("1.3.132.0.33", 224),
    ("1.3.132.0.34", 384),
    ("1.3.132.0.35", 521),
    ("1.3.36.3.3.2.8.1.1.7", 256),
    ("1.3.36.3.3.2.8.1.1.9", 320),
    ("1.3.36.3.3.2.8.1.1.11", 384),
    ("1.3.36.3.3.2.8.1.1.13", 512),
];
const ED25519: &str = "1.3.101.112";

impl PublicKey {
    pub(super) fn of(info: &SubjectPublicKeyInfo<'_>) -> Self {
        match info.parsed() {
            Ok(Parsed::RSA(key)) => Self::Rsa { bits: significant_bits(key.modulus) },
            Ok(Parsed::EC(_)) => {
                let curve = info.algorithm.parameters.as_ref().and_then(|it| it.as_oid().ok());
                let curve = curve.map(|oid| oid.to_id_string());
                let known = CURVES.iter().find(|(oid, _)| Some(*oid) == curve.as_deref());
                Self::EllipticCurve { bits: known.map(|(_, bits)| *bits) }
            }
            _ if info.algorithm.algorithm.to_id_string() == ED25519 => Self::Ed25519,
            _ => Self::Other,
        }
    }
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
    use super::significant_bits;

    #[test]
    fn leading_zeros_do_not_count() {
        assert_eq!(significant_bits(&[]), 0);
        assert_eq!(significant_bits(&[0, 0x01, 0xff]), 9);
        assert_eq!(significant_bits(&[0x80; 256]), 2048);
    }
}
