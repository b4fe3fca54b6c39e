//! CMS in PEM's armour (RFC 7468 §8 and §9).

use std::borrow::Cow;

use crate::encoding::pem;
use crate::error::{Error, Result};

/// The labels that CMS goes by: RFC 7468 §9, its §8, and what OpenSSL calls it.
const LABELS: [&str; 3] = ["CMS", "PKCS7", "PKCS #7 SIGNED DATA"];

/// What every `ContentInfo` begins with, and no text.
const SEQUENCE: u8 = 0x30;

/// The bytes of a CMS: lent where they are binary, decoded where they are in PEM.
///
/// # Errors
/// `Malformed` when the armour does not close, holds what is no base64, or another thing.
pub(crate) fn unarmoured(bytes: &[u8]) -> Result<Cow<'_, [u8]>> {
    if bytes.first() == Some(&SEQUENCE) {
        return Ok(Cow::Borrowed(bytes));
    }
    let blocks = pem::blocks(bytes)?;
    if blocks.is_empty() {
        return Ok(Cow::Borrowed(bytes));
    }
    let mut found = blocks.into_iter().filter(|block| LABELS.contains(&block.label.as_str()));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(Cow::Owned(one.bytes.to_vec())),
        // To read one would leave it to chance whose signature is looked at.
        (Some(_), Some(_)) => Err(Error::malformed("the PEM holds more than one CMS")),
        (None, _) => Err(Error::malformed("the PEM holds something else than a CMS")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn armour_of_every_label() {
        for label in LABELS {
            let pem = format!("a\n-----BEGIN {label}-----\r\nMAAw\nAA==\n-----END {label}-----\n");
            assert_eq!(unarmoured(pem.as_bytes()).unwrap().as_ref(), [0x30, 0, 0x30, 0]);
        }
        for plain in [&b"\x30\x80-----BEGIN CMS-----"[..], b"%PDF", b""] {
            assert_eq!(unarmoured(plain).unwrap().as_ref(), plain);
        }
    }

    #[test]
    fn broken_armour_and_other_contents_are_refused() {
        for pem in [
            "-----BEGIN CMS-----\nMAA=",
            "-----BEGIN CMS-----\nM!A=\n-----END CMS-----",
            "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----",
            &"-----BEGIN CMS-----\nMAA=\n-----END CMS-----\n".repeat(2),
        ] {
            assert!(unarmoured(pem.as_bytes()).is_err(), "{pem}");
        }
    }
}
