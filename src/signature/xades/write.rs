//! Pieces of XML text that signatures are made of.

use crate::encoding::xml::is_writable;
use crate::error::{Error, Result};
use crate::signature::xmldsig;

/// A text as it stands between tags and in attributes.
///
/// # Errors
/// `Misuse` when it has characters that XML cannot carry.
pub(super) fn escaped(text: &str) -> Result<String> {
    if !is_writable(text) {
        return Err(Error::misuse("a text has characters that XML cannot carry"));
    }
    // A text must not have `]]>` in it.
    Ok(xmldsig::escaped(text).replace('>', "&gt;"))
}

/// An element that holds a text.
pub(super) fn element(name: &str, text: &str) -> Result<String> {
    Ok(format!("<{name}>{}</{name}>", escaped(text)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_written_so_that_they_are_read_again() {
        assert_eq!(escaped("a<b & \"c\"\r\n").unwrap(), "a&lt;b &amp; &quot;c&quot;&#xD;&#xA;");
        assert!(escaped("\u{0}").is_err());
    }
}
