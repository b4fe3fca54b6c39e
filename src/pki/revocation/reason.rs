//! Why certificates are revoked (RFC 5280 §5.3.1, §4.2.1.13).

use std::fmt;

use crate::encoding::asn1::Value;
use crate::error::{Error, Result};

/// Why a certificate was revoked (RFC 5280 §5.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Reason(u32);

/// By number; 7 is not used.
const NAMES: [&str; 11] = [
    "unspecified",
    "keyCompromise",
    "cACompromise",
    "affiliationChanged",
    "superseded",
    "cessationOfOperation",
    "certificateHold",
    "",
    "removeFromCRL",
    "privilegeWithdrawn",
    "aACompromise",
];

impl Reason {
    /// `CRLReason ::= ENUMERATED`.
    pub(super) fn read(value: &Value<'_>) -> Result<Self> {
        let number = value.small_integer()?;
        let known = usize::try_from(number).ok().and_then(|it| NAMES.get(it));
        match known.filter(|name| !name.is_empty()) {
            Some(_) => Ok(Self(number)),
            None => Err(Error::malformed("no such reason of a revocation is defined")
                .at_offset(value.offset())),
        }
    }

    /// In a list of changes: no longer on the list (§5.3.1).
    pub(super) fn is_removal(self) -> bool {
        self.0 == 8
    }

    /// The one reason that may be taken back.
    pub(crate) fn is_hold(self) -> bool {
        self.0 == 6
    }

    /// Whether it says that the key stayed where it belongs: affiliationChanged, superseded
    /// and cessationOfOperation, of which alone X.509 has it that there is no cause to suspect
    /// that the key was compromised. privilegeWithdrawn does not speak of the key, and a hold
    /// may still end in any reason.
    pub(super) fn spares_key(self) -> bool {
        matches!(self.0, 3..=5)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(usize::try_from(self.0).ok().and_then(|it| NAMES.get(it)).unwrap_or(&""))
    }
}

/// `ReasonFlags ::= BIT STRING`: the reasons that a list speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reasons(u16);

impl Reasons {
    /// Bits 1 to 8; bit 0 is not used.
    pub(super) const ALL: Self = Self(0b0111_1111_1000_0000);
    pub(super) const NONE: Self = Self(0);

    /// Under whichever tag.
    pub(super) fn read(value: &Value<'_>) -> Result<Self> {
        let octets = match value.content().split_first() {
            Some((unused, octets)) if *unused < 8 && !value.is_constructed() => octets,
            _ => {
                return Err(
                    Error::malformed("reasons are no string of bits").at_offset(value.offset())
                );
            }
        };
        let octet = |n| octets.get(n).copied().unwrap_or_default();
        Ok(Self(u16::from_be_bytes([octet(0), octet(1)]) & Self::ALL.0))
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
