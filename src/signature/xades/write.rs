//! Pieces of XML text that signatures are made of.

use std::fmt::Write;

use crate::encoding::base64;
use crate::encoding::xml::is_writable;
use crate::error::{Error, Result};
use crate::pki::Certificate;

/// A text as it stands between tags and in attributes.
///
/// # Errors
/// `Misuse` when it has characters that XML cannot carry.
pub(super) fn escaped(text: &str) -> Result<String> {
    if !is_writable(text) {
        return Err(Error::misuse("a text has characters that XML cannot carry"));
    }
    let mut out = String::with_capacity(text.len());
    for it in text.chars() {
        match it {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => {
                // Writing to a String does not fail.
                let _ = write!(out, "&#x{:X};", u32::from(it));
            }
            _ => out.push(it),
        }
    }
    Ok(out)
}

/// An element that holds a text.
pub(super) fn element(name: &str, text: &str) -> Result<String> {
    Ok(format!("<{name}>{}</{name}>", escaped(text)?))
}

/// `DigestMethod` and `DigestValue`.
pub(super) fn digest(uri: &str, value: &[u8]) -> String {
    format!(
        "<ds:DigestMethod Algorithm=\"{uri}\"></ds:DigestMethod><ds:DigestValue>{}</ds:DigestValue>",
        base64::encode(value)
    )
}

/// `KeyInfo` with the signer's certificate and those of its path.
pub(super) fn key_info(chain: &[Certificate]) -> String {
    let certificates = chain
        .iter()
        .map(|it| format!("<ds:X509Certificate>{}</ds:X509Certificate>", base64::encode(it.der())));
    let certificates: String = certificates.collect();
    format!("<ds:KeyInfo><ds:X509Data>{certificates}</ds:X509Data></ds:KeyInfo>")
}

/// A name of a file as a relative URI (RFC 3986 §2).
pub(super) fn uri_of(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_names_are_written_so_that_they_are_read_again() {
        assert_eq!(escaped("a<b & \"c\"\r\n").unwrap(), "a&lt;b &amp; &quot;c&quot;&#xD;&#xA;");
        assert!(escaped("\u{0}").is_err());
        assert_eq!(uri_of("Công văn/1.pdf"), "C%C3%B4ng%20v%C4%83n/1.pdf");
    }
}
