//! References to certificates by digest: `CertIDType` and `CertIDTypeV2` (EN 319 132-1 §5.2.2).
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::properties::{child, dsig_or_own, text};
use crate::crypto::DigestAlgorithm;
use crate::encoding::asn1::{Tag, Value};
use crate::encoding::base64;
use crate::encoding::xml::{Document, NodeId};
use crate::pki::Certificate;
use crate::signature::xmldsig::digest_algorithm;

/// A certificate, by its digest.
#[derive(Debug, Clone)]
pub(crate) struct CertificateReference {
    /// Nothing for one that this crate cannot compute.
    pub(crate) algorithm: Option<DigestAlgorithm>,
    digest: Vec<u8>,
    issuer_serial: Option<IssuerSerial>,
    /// Where the certificate is said to be.
    pub(crate) uri: bool,
}

#[derive(Debug, Clone)]
enum IssuerSerial {
    /// The octets of the serial number. The issuer stands beside it as a text, of which
    /// there are too many spellings to hold it against a name.
    First(Vec<u8>),
    /// `IssuerSerial` of RFC 5035 §4 in DER: the name where it is a directory name, and the
    /// octets of the number.
    Second {
        issuer: Option<Vec<u8>>,
        serial: Vec<u8>,
    },
    Unreadable,
}

/// The longest serial numbers have 20 octets.
const DIGITS: usize = 64;

impl CertificateReference {
    /// Nothing where the digest is missing or cannot be read.
    pub(super) fn read(document: &Document<'_>, cert: NodeId) -> Option<Self> {
        let digest = child(document, cert, "CertDigest")?;
        let method = dsig_or_own(document, digest, "DigestMethod")?;
        let value = dsig_or_own(document, digest, "DigestValue")?;
        let first = child(document, cert, "IssuerSerial").map(|it| {
            let serial = dsig_or_own(document, it, "X509SerialNumber").map(|it| text(document, it));
            let serial = serial.and_then(|it| from_decimal(&it));
            serial.map_or(IssuerSerial::Unreadable, IssuerSerial::First)
        });
        let second = child(document, cert, "IssuerSerialV2").map(|it| {
            let der = base64::decode(&document.text_of(it));
            der.and_then(|it| second(&it)).unwrap_or(IssuerSerial::Unreadable)
        });
        Some(Self {
            algorithm: digest_algorithm(document.attribute(method, "Algorithm")?),
            digest: base64::decode(&document.text_of(value))?,
            issuer_serial: second.or(first),
            uri: document.attribute(cert, "URI").is_some(),
        })
    }

    /// Whether it is written as TS 101 903 has it.
    pub(crate) fn is_first(&self) -> bool {
        matches!(self.issuer_serial, Some(IssuerSerial::First(_)))
    }

    /// What the certificate's digest is to be; nothing where it cannot be computed.
    pub(crate) fn stated(&self) -> Option<(DigestAlgorithm, &[u8])> {
        Some((self.algorithm?, &self.digest))
    }

    /// Whether the digest is this certificate's; nothing where it cannot be computed.
    pub(crate) fn digest_matches(&self, certificate: &Certificate) -> Option<bool> {
        Some(match self.algorithm? {
            DigestAlgorithm::Sha256 => certificate.digest()[..] == *self.digest,
            algorithm => algorithm.digest(certificate.der()).value() == self.digest,
        })
    }

    /// Whether issuer and serial number are this certificate's; nothing where they are left
    /// out.
    pub(crate) fn issuer_serial_matches(&self, certificate: &Certificate) -> Option<bool> {
        Some(match self.issuer_serial.as_ref()? {
            IssuerSerial::First(serial) => serial == unsigned(certificate.serial_octets()),
            IssuerSerial::Second { issuer, serial } => {
                let name = certificate.issuer_name().der();
                issuer.as_ref().is_none_or(|it| it == name) && serial == certificate.serial_octets()
            }
            IssuerSerial::Unreadable => false,
        })
    }
}

/// `SEQUENCE { issuer GeneralNames, serialNumber INTEGER }`
fn second(der: &[u8]) -> Option<IssuerSerial> {
    let mut fields = Value::only(der, 64).ok()?.sequence().ok()?;
    let mut names = fields.required().ok()?.sequence().ok()?;
    let mut issuer = None;
    while let Some(name) = names.next().ok()? {
        // GeneralName: directoryName [4] EXPLICIT Name (RFC 5280 §4.2.1.6).
        if name.tag() == Tag::context(4) {
            issuer = Some(name.explicit().ok()?.canonical().ok()?);
        }
    }
    let serial = fields.expect(Tag::INTEGER).ok()?.content().to_vec();
    Some(IssuerSerial::Second { issuer, serial })
}

/// The number without zeros before it.
fn unsigned(octets: &[u8]) -> &[u8] {
    let zeros = octets.iter().take_while(|it| **it == 0).count();
    octets.get(zeros..).unwrap_or_default()
}

/// The octets of a decimal number; nothing where it is none, or longer than any serial number.
pub(crate) fn from_decimal(digits: &str) -> Option<Vec<u8>> {
    if digits.is_empty() || digits.len() > DIGITS {
        return None;
    }
    let mut octets: Vec<u8> = Vec::new();
    for digit in digits.chars() {
        let mut carry = u16::try_from(digit.to_digit(10)?).ok()?;
        for octet in octets.iter_mut().rev() {
            let sum = u16::from(*octet).checked_mul(10)?.checked_add(carry)?;
            *octet = u8::try_from(sum & 0xff).ok()?;
            carry = sum >> 8;
        }
        if carry > 0 {
            octets.insert(0, u8::try_from(carry).ok()?);
        }
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_numbers_are_read_as_octets() {
        assert_eq!(from_decimal("544893").unwrap(), [0x08, 0x50, 0x7d]);
        assert_eq!(from_decimal("256").unwrap(), [1, 0]);
        assert_eq!(from_decimal("0").unwrap(), Vec::<u8>::new());
        assert_eq!(from_decimal("1x"), None);
        assert_eq!(from_decimal(&"9".repeat(65)), None);
    }
}
