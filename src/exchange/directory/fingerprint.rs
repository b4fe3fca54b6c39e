//! What a certificate or a key is known by.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::crypto::DigestAlgorithm;
use crate::error::{Error, Result};

/// A SHA-256 digest, written as 64 hexadecimal digits; read with colons and spaces, too.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let digest = DigestAlgorithm::Sha256.digest(bytes);
        Self(digest.value().first_chunk().copied().unwrap_or_default())
    }
}

impl From<[u8; 32]> for Fingerprint {
    fn from(digest: [u8; 32]) -> Self {
        Self(digest)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Fingerprint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let none = || Error::malformed(format!("{text:?} is no SHA-256 digest in hexadecimal"));
        let mut digits = text.chars().filter(|it| !matches!(it, ':' | ' '));
        let mut digest = [0; 32];
        for byte in &mut digest {
            for _ in 0..2 {
                let digit = digits.next().and_then(|it| it.to_digit(16)).ok_or_else(none)?;
                *byte = (*byte << 4) | u8::try_from(digit).map_err(|_| none())?;
            }
        }
        if digits.next().is_some() { Err(none()) } else { Ok(Self(digest)) }
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
