//! Signature values that are two numbers: ECDSA and DSA.
#![warn(clippy::arithmetic_side_effects)]

#[cfg(any(feature = "http", feature = "pkcs11"))]
use der::Encode;
use der::asn1::UintRef;
use der::{Decode, Sequence};

/// The numbers of a value, big-endian, without leading zeros.
pub(crate) struct Halves<'a> {
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
    pub(crate) fn read(value: &'a [u8]) -> Option<Self> {
        let Wire { r, s } = Wire::from_der(value).ok()?;
        Some(Self { r: r.as_bytes(), s: s.as_bytes() })
    }

    /// Of two numbers at one length, one behind the other, as tokens give them (PKCS #11 3.1
    /// §6.3.1) and some services.
    #[cfg(any(feature = "http", feature = "pkcs11"))]
    pub(crate) fn of_full_length(value: &'a [u8]) -> Option<Self> {
        let octets = value.len().checked_div(2).filter(|it| *it > 0)?;
        let (r, s) = value.split_at_checked(octets)?;
        (r.len() == s.len()).then_some(Self { r, s })
    }

    /// As CMS carries them.
    #[cfg(any(feature = "http", feature = "pkcs11"))]
    pub(crate) fn to_der(&self) -> Option<Vec<u8>> {
        let number = |octets| UintRef::new(octets).ok();
        Wire { r: number(self.r)?, s: number(self.s)? }.to_der().ok()
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

#[cfg(all(test, any(feature = "http", feature = "pkcs11")))]
mod tests {
    use super::*;

    #[test]
    fn numbers_at_full_length_become_der() {
        let der = |raw: &[u8]| Halves::of_full_length(raw).and_then(|it| it.to_der());
        assert_eq!(
            der(&[0x00, 0x00, 0x01, 0x80, 0x00, 0x02]).unwrap(),
            [0x30, 0x09, 0x02, 0x01, 0x01, 0x02, 0x04, 0x00, 0x80, 0x00, 0x02]
        );
        assert_eq!(der(&[0, 0]).unwrap(), [0x30, 6, 2, 1, 0, 2, 1, 0]);
        assert_eq!((der(&[]), der(&[1]), der(&[1, 2, 3])), (None, None, None));
    }
}
