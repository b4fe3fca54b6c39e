//! Bytes within text forms such as JSON: `#[serde(with = "…::base64")]`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

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
        return STANDARD.decode(text).ok();
    }
    let digits: Vec<u8> = text.bytes().filter(|it| !blank(it)).collect();
    STANDARD.decode(digits).ok()
}

/// The bytes in one line.
pub(crate) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&encode(bytes))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    STANDARD.decode(text).map_err(serde::de::Error::custom)
}
