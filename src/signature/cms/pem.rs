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

/// Bytes of a file in PEM that are no part of the armour of a CMS, white space aside: text
/// around it (RFC 7468 §2 lets there be some), other blocks, and lines within that are no base64.
/// None where it is binary.
pub(crate) fn besides_armour(bytes: &[u8]) -> usize {
    if bytes.first() == Some(&SEQUENCE) {
        return 0;
    }
    let (mut inside, mut besides) = (false, 0_usize);
    for line in bytes.split(|it| *it == b'\n').map(<[u8]>::trim_ascii) {
        let ours = match (boundary(line, b"-----BEGIN "), boundary(line, b"-----END ")) {
            (true, _) => {
                inside = true;
                true
            }
            (_, true) => std::mem::take(&mut inside),
            _ => inside && !line.contains(&b':') && !line.starts_with(b"-----"),
        };
        if !ours {
            besides = besides.saturating_add(line.len());
        }
    }
    besides
}

/// Whether a line begins or ends a CMS, and does nothing else.
fn boundary(line: &[u8], kind: &[u8]) -> bool {
    let label = line.strip_prefix(kind).and_then(|it| it.strip_suffix(b"-----"));
    label.is_some_and(|it| LABELS.iter().any(|label| label.as_bytes() == it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_besides_is_counted() {
        let armour = "-----BEGIN CMS-----\r\nMAAw\n AA==\n-----END CMS-----\n";
        for (text, besides) in [
            (armour.to_owned(), 0),
            (format!("\n\n{armour}\n \n"), 0),
            (format!("{armour}<p>\n</p>"), 7),
            (format!("x\n{armour}"), 1),
            (armour.replace("MAAw", "MAAw\na:b"), 3),
            (armour.replace("END CMS-----", "END CMS-----<p>"), 20),
            (format!("{armour}-----BEGIN X-----\nAAAA\n-----END X-----"), 36),
        ] {
            assert_eq!(besides_armour(text.as_bytes()), besides, "{text}");
        }
        assert_eq!(besides_armour(b"0\n-----BEGIN X-----"), 0, "binary");
    }

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
