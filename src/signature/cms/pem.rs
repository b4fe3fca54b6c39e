//! CMS in PEM's armour (RFC 7468 §8 and §9).

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::error::{Error, Result};

/// The labels that CMS goes by: RFC 7468 §8, its §9, and what PKCS#7 tools write.
const LABELS: [&str; 3] = ["CMS", "PKCS7", "PKCS #7 SIGNED DATA"];

const BEGIN: &str = "-----BEGIN ";
const DASHES: &str = "-----";

/// The bytes of a CMS: lent where they are binary, decoded where they are in PEM.
///
/// # Errors
/// `Malformed` when the armour does not close, or holds what is no base64.
pub(crate) fn unarmoured(bytes: &[u8]) -> Result<Cow<'_, [u8]>> {
    let Some((label, inner)) = armoured(bytes) else { return Ok(Cow::Borrowed(bytes)) };
    let end = format!("-----END {label}{DASHES}");
    let (body, _) = inner
        .split_once(&end)
        .ok_or_else(|| Error::malformed(format!("the PEM armour has no {end:?}")))?;
    let compact: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD
        .decode(compact)
        .map(Cow::Owned)
        .map_err(|source| Error::malformed("the PEM armour holds no base64").because(source))
}

/// The label and what follows its line, where the text begins with one of [`LABELS`].
fn armoured(bytes: &[u8]) -> Option<(&'static str, &str)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let rest = text.trim_start().strip_prefix(BEGIN)?;
    LABELS.iter().find_map(|label| {
        let inner = rest.strip_prefix(label)?.strip_prefix(DASHES)?;
        Some((*label, inner))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn armour_of_every_label() {
        for label in LABELS {
            let pem = format!("\n-----BEGIN {label}-----\r\nMAAw\nAA==\n-----END {label}-----\n");
            assert_eq!(unarmoured(pem.as_bytes()).unwrap().as_ref(), [0x30, 0, 0x30, 0]);
        }
        assert_eq!(unarmoured(&[0x30, 0]).unwrap().as_ref(), [0x30, 0]);
    }

    #[test]
    fn broken_armour_is_malformed() {
        for pem in ["-----BEGIN CMS-----MAA=", "-----BEGIN CMS-----M!A=-----END CMS-----"] {
            assert!(unarmoured(pem.as_bytes()).is_err(), "{pem}");
        }
    }
}
