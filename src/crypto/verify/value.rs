//! Signature values that are two numbers: ECDSA and DSA.
#![warn(clippy::arithmetic_side_effects)]

use der::asn1::UintRef;
use der::{Decode, Sequence};

/// The numbers of a value, big-endian, without leading zeros.
pub(super) struct Halves<'a> {
    pub(super) r: &'a [u8],
    pub(super) s: &'a [u8],
}

/// `ECDSA-Sig-Value` (RFC 5753 §7.2), `Dss-Sig-Value` (RFC 3279 §2.2.2).
#[derive(Sequence)]
struct Wire<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

impl<'a> Halves<'a> {
    /// DER only. Where other encodings pass, one signature has many values, and some
    /// programs pass what others refuse.
    pub(super) fn read(value: &'a [u8]) -> Option<Self> {
        let Wire { r, s } = Wire::from_der(value).ok()?;
        Some(Self { r: r.as_bytes(), s: s.as_bytes() })
    }

    /// Both numbers at the length that the curve gives them (BSI TR-03111 §5.2.1). Nothing
    /// where one is longer.
    #[cfg(feature = "curves")]
    pub(super) fn at_full_length(&self, octets: usize) -> Option<Vec<u8>> {
        let mut full = Vec::with_capacity(octets.saturating_mul(2));
        for number in [self.r, self.s] {
            let zeros = octets.checked_sub(number.len())?;
            full.resize(full.len().saturating_add(zeros), 0);
            full.extend_from_slice(number);
        }
        Some(full)
    }
}
