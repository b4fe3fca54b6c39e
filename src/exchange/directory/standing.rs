//! What a valid signature is worth to an agency's name.

use serde::Serialize;

use super::authorization::{Authorization, Role};
use crate::encoding::steers;
use crate::envelope::edxml::OrganId;
use crate::time::UtcTime;

/// The code of the finding that a valid signature is not by one who may sign for the
/// agency.
pub const SIGNER_NOT_OF_AGENCY: &str = "SIGNER_NOT_OF_AGENCY";

/// Whether who signed may sign for an agency. It says nothing of the signature: that is
/// the report's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Standing<'a> {
    /// The signer may sign for the agency.
    Authorized {
        /// By what was set.
        by: &'a Authorization,
    },
    /// Others may, the signer may not.
    NotAuthorized(NotAuthorized),
    /// Nothing is set for that agency, or there is none of that code.
    Unknown,
    /// The signature did not pass, so that it is not proven who signed.
    Unproven,
}

/// Who is not authorized to sign for whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NotAuthorized {
    /// The signer's name in the certificate.
    pub signer: String,
    /// The agency's name in the directory.
    pub agency: String,
    /// The code that was asked for.
    pub code: OrganId,
    /// Why not.
    pub why: Why,
}

/// Why a signer may not sign for an agency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Why {
    /// Nothing that is set is about the signer.
    NotListed,
    /// The signer may, in another role.
    Role(Role),
    /// The signer may from then on.
    NotYet(UtcTime),
    /// The signer might until then.
    Ended(UtcTime),
}

/// A finding beside the verdict, for
/// [`Report::with_diagnostic`](crate::Report::with_diagnostic).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// Stable: [`SIGNER_NOT_OF_AGENCY`].
    pub code: &'static str,
    /// A sentence in Vietnamese.
    pub message_vi: String,
    /// The same in English.
    pub message_en: String,
}

impl Standing<'_> {
    /// Whether the signer may sign for the agency.
    #[must_use]
    pub fn is_authorized(&self) -> bool {
        matches!(self, Self::Authorized { .. })
    }

    /// What a clerk has to be told; nothing where there is nothing against the signer.
    #[must_use]
    pub fn finding(&self) -> Option<Finding> {
        match self {
            Self::NotAuthorized(it) => Some(it.finding()),
            Self::Authorized { .. } | Self::Unknown | Self::Unproven => None,
        }
    }
}

impl NotAuthorized {
    /// In sentences.
    #[must_use]
    pub fn finding(&self) -> Finding {
        let (signer, agency) = (shown(&self.signer), shown(&self.agency));
        let code = shown(self.code.as_str());
        let (why_vi, why_en) = self.why.clause();
        Finding {
            code: SIGNER_NOT_OF_AGENCY,
            message_vi: format!(
                "Chữ ký hợp lệ nhưng người ký {signer} không được ký thay cơ quan {agency} \
                 ({code}){why_vi}."
            ),
            message_en: format!(
                "The signature is valid, but its signer {signer} may not sign for the agency \
                 {agency} ({code}){why_en}."
            ),
        }
    }
}

impl Why {
    fn clause(self) -> (String, String) {
        match self {
            Self::NotListed => (String::new(), String::new()),
            Self::Role(role) => {
                (format!(" với tư cách {}", role.name_vi()), format!(" as {}", role.name_en()))
            }
            Self::NotYet(from) => {
                let from = from.vietnam();
                (format!(" trước {from}"), format!(" before {from}"))
            }
            Self::Ended(until) => {
                let until = until.vietnam();
                (format!(" từ {until}"), format!(" since {until}"))
            }
        }
    }
}

/// Names come from outside, and must not steer what shows them.
fn shown(text: &str) -> String {
    text.chars().map(|c| if steers(c) { '\u{fffd}' } else { c }).collect()
}
