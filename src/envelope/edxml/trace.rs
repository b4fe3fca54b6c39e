//! How a message came and what it does to earlier documents (QCVN 102:2016 §2).

use serde::{Deserialize, Serialize};

use super::date::Timestamp;
use super::identifier::{DocumentId, OrganId};
use super::organization::StaffInfo;

/// A system that a message passed through.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceHeader {
    /// The system; the axis leaves it out or writes `null`.
    pub organ_id: OrganId,
    /// When.
    pub timestamp: Timestamp,
}

/// What a document message does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BusinessType {
    /// It brings a new document.
    #[default]
    New,
    /// It revokes an earlier one (*thu hồi*).
    Revocation,
    /// It changes an earlier one (*cập nhật*).
    Update,
    /// It replaces earlier ones (*thay thế*).
    Replacement,
    /// The regulation knows no such number. Never to be taken for a new document.
    Other(i32),
}

impl BusinessType {
    /// The number on the wire.
    #[must_use]
    pub fn number(self) -> i32 {
        match self {
            Self::New => 0,
            Self::Revocation => 1,
            Self::Update => 2,
            Self::Replacement => 3,
            Self::Other(number) => number,
        }
    }

    /// From the number on the wire.
    #[must_use]
    pub fn from_number(number: i32) -> Self {
        match number {
            0 => Self::New,
            1 => Self::Revocation,
            2 => Self::Update,
            3 => Self::Replacement,
            other => Self::Other(other),
        }
    }
}

/// The business information of a document message (§2.2).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Business {
    /// What the message does.
    pub kind: BusinessType,
    /// Why, in words.
    pub reason: String,
    /// Whether a copy on paper is sent as well: 0 or 1.
    pub paper: Option<i32>,
    /// What an update changed.
    pub document_info: Option<BusinessDocumentInfo>,
    /// The earlier document.
    pub document_id: Option<DocumentId>,
    /// Who did it.
    pub staff: Option<StaffInfo>,
    /// What a replacement replaces.
    pub replacements: Vec<ReplacementInfo>,
}

/// Which parts an update changed (§2.2.3): 1 means changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BusinessDocumentInfo {
    /// The document's own information.
    pub document_info: Option<i32>,
    /// The list of its receivers.
    pub document_receiver: Option<i32>,
    /// Receivers added and removed.
    pub receivers: Vec<Receiver>,
}

/// A receiver that an update adds or removes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receiver {
    /// The agency.
    pub organ_id: OrganId,
    /// 0 removed, 1 added.
    pub receiver_type: Option<i32>,
}

/// A document that is replaced, and to whom it went (§2.2.7).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplacementInfo {
    /// The document replaced.
    pub document_id: DocumentId,
    /// To whom it went.
    pub organ_ids: Vec<OrganId>,
}
