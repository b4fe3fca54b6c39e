//! Base64 (RFC 4648 §4), and bytes within text forms such as JSON:
//! `#[serde(with = "…::base64")]`.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What `base64` has of many bytes at once, by what the processor can do (AVX2, NEON), which is
/// found out once; some eight times as fast as one after the other.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
type Wide = base64::engine::Simd;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
type Wide = base64::engine::GeneralPurpose;

/// Padding is written and asked for, and bits that stand for nothing are zero: what
/// [`STANDARD`](base64::engine::general_purpose::STANDARD) writes and takes.
pub(crate) static WIDE: LazyLock<Wide> = LazyLock::new(wide);

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn wide() -> Wide {
    Wide::standard(PAD)
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn wide() -> Wide {
    Wide::new(&base64::alphabet::STANDARD, PAD)
}

/// Bytes that stand in text forms as base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Octets(#[serde(with = "self")] Vec<u8>);

impl Octets {
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl From<&[u8]> for Octets {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

/// What a text of XML says (XML Schema Part 2 §3.2.16): white space may stand anywhere. Nothing
/// where other characters do, or some are missing.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let blank = |it: &u8| matches!(it, b' ' | b'\t' | b'\r' | b'\n');
    if !text.bytes().any(|it| blank(&it)) {
        return WIDE.decode(text).ok();
    }
    let digits: Vec<u8> = text.bytes().filter(|it| !blank(it)).collect();
    WIDE.decode(digits).ok()
}

/// The bytes in one line.
pub(crate) fn encode(bytes: &[u8]) -> String {
    WIDE.encode(bytes)
}

/// How long the text of so many bytes is.
pub(crate) fn encoded_len(bytes: u64) -> u64 {
    bytes.div_ceil(3).saturating_mul(4)
}

pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&encode(bytes))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    WIDE.decode(text).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    /// Texts of every length around what is done at once, and the same with one character
    /// changed: into all there are near the end, where padding and bits left over are.
    #[test]
    fn many_at_once_are_what_one_by_one_is() {
        let bytes: Vec<u8> = (0..500_u32).map(|n| (n * n / 7).to_le_bytes()[0]).collect();
        let lengths = (0..10).chain(90..110).chain(180..200).chain([383, 384, 385, 499]);
        for length in lengths {
            let some = &bytes[..length];
            let text = encode(some);
            assert_eq!(text, STANDARD.encode(some), "{length}");
            let long = |it: usize| u64::try_from(it).unwrap();
            assert_eq!(encoded_len(long(length)), long(text.len()), "{length}");
            assert_eq!(WIDE.decode(&text).unwrap(), some, "{length}");
            let mut changed = text.into_bytes();
            for at in
                (0..changed.len()).step_by(5).chain(changed.len().saturating_sub(4)..changed.len())
            {
                let before = changed[at];
                let near_end = at + 4 >= changed.len();
                for byte in if near_end { 0..=255 } else { b'*'..=b'@' } {
                    changed[at] = byte;
                    let (wide, one) = (WIDE.decode(&changed), STANDARD.decode(&changed));
                    assert_eq!(wide.ok(), one.ok(), "{length}: {byte} at {at}");
                }
                changed[at] = before;
                let cut = (WIDE.decode(&changed[..at]).ok(), STANDARD.decode(&changed[..at]).ok());
                assert_eq!(cut.0, cut.1, "{length}: cut at {at}");
            }
        }
    }
}
