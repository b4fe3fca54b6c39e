//! A password as people type it.

use std::fmt;

#[cfg(feature = "encrypted-pdf")]
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// None, or one that is wiped when it is dropped and never printed.
#[derive(Clone, Default)]
pub(crate) struct Password(Option<Zeroizing<String>>);

impl Password {
    #[cfg(feature = "encrypted-pdf")]
    pub(crate) fn new(text: &str) -> Self {
        Self(Some(Zeroizing::new(text.to_owned())))
    }

    /// The spellings that writers are known for, likeliest first: UTF-8 as it was typed and
    /// in composed letters (NFKC), which is right from AES-256 on (ISO 32000-2 §7.6.4.3.3;
    /// nothing else of RFC 4013 is done), and Latin-1, which PDFDocEncoding is for what
    /// keyboards have.
    #[cfg(feature = "encrypted-pdf")]
    pub(super) fn spellings(&self) -> Vec<Zeroizing<Vec<u8>>> {
        let Some(text) = self.0.as_ref().filter(|it| !it.is_empty()) else { return Vec::new() };
        let mut spellings = vec![Zeroizing::new(text.as_bytes().to_vec())];
        // Buffers never grow, which would leave a copy.
        let length = text.nfkc().map(char::len_utf8).sum();
        let mut composed = Zeroizing::new(String::with_capacity(length));
        composed.extend(text.nfkc());
        if *composed != **text {
            spellings.push(Zeroizing::new(composed.as_bytes().to_vec()));
        }
        // As long as in UTF-8 at most.
        let mut latin = Zeroizing::new(Vec::with_capacity(length));
        latin.extend(composed.chars().map_while(|it| u8::try_from(u32::from(it)).ok()));
        if !composed.is_ascii() && latin.len() == composed.chars().count() {
            spellings.push(latin);
        }
        spellings
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Password" } else { "no password" })
    }
}
