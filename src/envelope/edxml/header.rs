//! The document message and its header (QCVN 102:2016 §1). An empty text means
//! that there is none: that is how the wire has it.

use serde::{Deserialize, Serialize};

use super::attachment::Attachment;
use super::date::{Date, Timestamp};
use super::identifier::{Code, DocumentId, OrganId};
use super::organization::Organization;
use super::signature::Signature;
use super::trace::{Business, BusinessType, TraceHeader};
use crate::time::UtcTime;

/// A document message: who sends what to whom, how it came, and the files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// What the document is, and for whom.
    pub header: MessageHeader,
    /// The systems it passed through, the sender's own first. Each appends one.
    pub trace: Vec<TraceHeader>,
    /// Whether it is new or changes an earlier document. The axis loses it sometimes.
    pub business: Option<Business>,
    /// The `Signature` element, as it came. It proves nothing.
    pub signature: Option<Signature>,
    /// The files.
    pub attachments: Vec<Attachment>,
}

impl Envelope {
    /// A new document without files yet.
    #[must_use]
    pub fn new(header: MessageHeader) -> Self {
        let business = Some(Business::default());
        Self { header, business, ..Self::default() }
    }

    /// Says when it left the sender's system.
    #[must_use]
    pub fn sent_at(mut self, at: UtcTime) -> Self {
        let organ_id = self.header.from.organ_id.clone();
        self.trace.push(TraceHeader { organ_id, timestamp: Timestamp::at(at) });
        self
    }

    /// Adds a file, coded as the national kit codes one of its name.
    #[must_use]
    pub fn attach(mut self, name: impl Into<String>, content: Vec<u8>) -> Self {
        let id = format!("cid:{}", self.attachments.len().saturating_add(1));
        self.attachments.push(Attachment::new(id, name, content));
        self
    }

    /// The documents that this message revokes, updates or replaces; none where it
    /// is new.
    ///
    /// A revocation names its target in up to three places, of which the first that
    /// is filled counts: the business information, the message's own identifier (a
    /// revocation is sent under the identifier of what it revokes), what it responds to.
    #[must_use]
    pub fn targets(&self) -> Vec<&DocumentId> {
        let Some(business) = &self.business else { return Vec::new() };
        let named = business.document_id.as_ref().filter(|it| !it.is_empty());
        match business.kind {
            BusinessType::Revocation => {
                let responses = self.header.response_for.iter().map(|it| &it.document_id);
                named
                    .into_iter()
                    .chain([&self.header.document_id])
                    .chain(responses)
                    .find(|it| !it.is_empty())
                    .into_iter()
                    .collect()
            }
            BusinessType::Update => named.into_iter().collect(),
            BusinessType::Replacement => {
                business.replacements.iter().map(|it| &it.document_id).collect()
            }
            BusinessType::New | BusinessType::Other(_) => Vec::new(),
        }
    }
}

/// The header of a document message (QCVN 102:2016 §1.1–1.14).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageHeader {
    /// The sender. On the axis its code must be the registered one.
    pub from: Organization,
    /// The receivers.
    pub to: Vec<Organization>,
    /// The document's identifier.
    pub document_id: DocumentId,
    /// Its number and notation (*số, ký hiệu*).
    pub code: Code,
    /// Where and when it was promulgated.
    pub promulgation: PromulgationInfo,
    /// What kind of document it is.
    pub document_type: DocumentType,
    /// What it is about (*trích yếu*).
    pub subject: String,
    /// A summary.
    pub content: String,
    /// Who signed it.
    pub signer: SignerInfo,
    /// When an answer is due.
    pub due_date: Date,
    /// Priority, numbers of pages and copies, appendices.
    pub other_info: Option<OtherInfo>,
    /// The documents that it answers.
    pub response_for: Vec<ResponseFor>,
    /// 1 no steering document, 2 steering (*chỉ đạo*), 3 a report on steering; 0 occurs.
    pub steering_type: Option<i32>,
    /// Whom the document itself names as receivers (*nơi nhận*).
    pub to_places: Vec<String>,
    /// Codes of tasks that it reports on; an extension of the national kit.
    pub response_for_tasks: Vec<String>,
    /// `MCDT_DT` marks dossiers of one-stop offices; an extension of the national kit.
    pub application_type: String,
}

/// Where and when a document was promulgated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromulgationInfo {
    /// The place.
    pub place: String,
    /// The day.
    pub date: Date,
}

/// The kind of a document. Any number is let through: senders use many.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentType {
    /// 1 legal normative document, 2 administrative document.
    pub group: Option<i32>,
    /// Within its group; 18 of group 2 is *công văn*.
    pub detail: Option<i32>,
    /// Its name: *Công văn*.
    pub name: String,
}

/// Who signed a document, in words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignerInfo {
    /// By what authority: *TL. BỘ TRƯỞNG*.
    pub competence: String,
    /// The position.
    pub position: String,
    /// The name.
    pub full_name: String,
}

/// How urgent a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Priority(pub i32);

impl Priority {
    /// *Thường.*
    pub const NORMAL: Self = Self(0);
    /// *Khẩn.*
    pub const URGENT: Self = Self(1);
    /// *Thượng khẩn.*
    pub const VERY_URGENT: Self = Self(2);
    /// *Hỏa tốc.*
    pub const EXPRESS: Self = Self(3);
    /// *Hỏa tốc hẹn giờ.*
    pub const EXPRESS_AT_TIME: Self = Self(4);
}

/// What else is known of a document (QCVN 102:2016 §1.11).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherInfo {
    /// How urgent it is.
    pub priority: Option<Priority>,
    /// Where it may go.
    pub sphere_of_promulgation: String,
    /// Who typed it.
    pub typer_notation: String,
    /// How many copies.
    pub promulgation_amount: Option<i32>,
    /// How many pages.
    pub page_amount: Option<i32>,
    /// Documents that it replies to; an extension of the national kit.
    pub reply_fors: Vec<String>,
    /// Whether it directs; an extension of the national kit, always written.
    pub direction: bool,
    /// Codes that it refers to; an extension of the national kit.
    pub reference_codes: Vec<String>,
    /// Names of its appendices.
    pub appendixes: Vec<String>,
}

/// A document that a message answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseFor {
    /// Who issued it.
    pub organ_id: OrganId,
    /// Its number and notation, joined.
    pub code: String,
    /// Its identifier.
    pub document_id: DocumentId,
    /// The day of its promulgation.
    pub promulgation_date: Date,
}

impl ResponseFor {
    /// What an answer to this document says that it answers.
    #[must_use]
    pub fn to(header: &MessageHeader) -> Self {
        Self {
            organ_id: header.from.organ_id.clone(),
            code: header.code.to_string(),
            document_id: header.document_id.clone(),
            promulgation_date: header.promulgation.date.clone(),
        }
    }
}
