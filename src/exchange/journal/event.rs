//! What can happen.

use serde::{Deserialize, Serialize};

use crate::envelope::edxml::{BusinessType, Date, DocumentId, MessageHeader, OrganId, StatusCode};
use crate::exchange::transport::{MessageKind, TransportId};
use crate::time::UtcTime;

/// What a document is, as far as a journal needs it to stand by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentFacts {
    /// Who issued it.
    pub issuer: OrganId,
    /// Its identifier.
    pub id: DocumentId,
    /// Number and notation: `15/QĐ-UBND`.
    pub code: String,
    /// What it is about.
    pub subject: String,
    /// Which kind: `Công văn`.
    pub kind: String,
    /// From 0 to 4 (`edxml::Priority`).
    pub priority: i32,
    /// New, a revocation, an update, a replacement.
    pub business: i32,
    /// When it was promulgated.
    pub promulgated: Date,
    /// When its sender asks for an answer; empty where they do not.
    pub due: Date,
}

impl DocumentFacts {
    /// Of a document with this header.
    #[must_use]
    pub fn of(header: &MessageHeader, business: BusinessType) -> Self {
        Self {
            issuer: header.from.organ_id.clone(),
            id: header.document_id.clone(),
            code: header.code.to_string(),
            subject: header.subject.clone(),
            kind: header.document_type.name.clone(),
            priority: header.other_info.as_ref().and_then(|it| it.priority).map_or(0, |it| it.0),
            business: business.number(),
            promulgated: header.promulgation.date.clone(),
            due: header.due_date.clone(),
        }
    }
}

/// Something that happened to a message. Which document, who is on the other side and the
/// digest of the message stand in the entry itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// A document was handed to the outbox.
    Queued {
        /// Which.
        document: DocumentFacts,
        /// For whom.
        to: Vec<OrganId>,
        /// When its last signature was made, where that is known: from then on the time
        /// runs within which it has to be sent.
        signed_at: Option<UtcTime>,
    },
    /// A status was put into the outbox, for the entry's peer.
    AnswerQueued {
        /// Which.
        code: StatusCode,
        /// In words.
        description: String,
    },
    /// An attempt to send begins; how it ends is not known before the next entry.
    SendingBegun {
        /// What.
        message: MessageKind,
        /// To whom.
        to: Vec<OrganId>,
        /// The how manieth, from 1.
        attempt: u32,
    },
    /// The axis has it.
    Sent {
        /// What.
        message: MessageKind,
        /// For whom.
        to: Vec<OrganId>,
        /// Its name at the axis.
        transport_id: TransportId,
        /// Whether that was found out by asking, after the outcome had been unknown.
        settled: bool,
    },
    /// An attempt failed, and another follows.
    SendingFailed {
        /// What.
        message: MessageKind,
        /// To whom.
        to: Vec<OrganId>,
        /// Why, without secrets.
        fault: String,
        /// Whether the axis may have it.
        unknown: bool,
        /// Not before then.
        next_at: UtcTime,
    },
    /// It is not sent: the axis refused for good, or all tries are used up.
    SendingGivenUp {
        /// What.
        message: MessageKind,
        /// To whom.
        to: Vec<OrganId>,
        /// The axis' code, where it gave one.
        code: Option<i32>,
        /// Why.
        reason: String,
    },
    /// A person has it sent again, or not at all.
    SendingDecided {
        /// To whom.
        to: OrganId,
        /// Whether it is tried again.
        again: bool,
    },
    /// A document came and is stored. The peer is who the axis says sent it.
    Received {
        /// Which.
        document: DocumentFacts,
        /// Its name at the axis.
        transport_id: TransportId,
        /// Bytes of the message.
        length: u64,
    },
    /// A document came that is here already.
    Repeated {
        /// Its name at the axis.
        transport_id: TransportId,
    },
    /// What came is no message, or one that may not be from whom it says.
    Unreadable {
        /// Its name at the axis.
        transport_id: TransportId,
        /// Why.
        reason: String,
    },
    /// A message that the axis lists is not fetched, until a person says otherwise: it
    /// refused for good, or all tries are used up.
    FetchingGivenUp {
        /// Its name at the axis.
        transport_id: TransportId,
        /// Why.
        reason: String,
    },
    /// A person has a message fetched after all.
    FetchingResumed {
        /// Its name at the axis.
        transport_id: TransportId,
    },
    /// A message that is here could not be read or acted upon until all tries were used up:
    /// a person decides.
    HandlingGivenUp {
        /// Its name at the axis.
        transport_id: TransportId,
        /// Why.
        reason: String,
    },
    /// A person has a message tried again that could not be read or acted upon.
    HandlingResumed {
        /// Its name at the axis.
        transport_id: TransportId,
    },
    /// A person set a message aside that could not be read or acted upon; its sender is told
    /// nothing.
    SetAside {
        /// Why.
        reason: String,
    },
    /// The axis was told that a message is here.
    Acknowledged,
    /// A document was examined.
    Examined {
        /// What followed by the agency's rule.
        decision: Decision,
        /// Why, for the sender's clerk; empty where it was accepted.
        reason: String,
        /// What was found, file by file.
        files: Vec<FileVerdict>,
    },
    /// A person decided on what was held.
    Decided {
        /// What.
        decision: Decision,
        /// Why.
        reason: String,
    },
    /// A status came from the entry's peer.
    StatusReceived {
        /// Which.
        code: StatusCode,
        /// In words.
        description: String,
        /// What it changed.
        effect: StatusEffect,
    },
    /// An earlier document was acted upon, by a message or a status of its issuer.
    ActedUpon {
        /// How.
        effect: TakenEffect,
        /// By which message.
        by: DocumentId,
    },
    /// The journal was sealed.
    Sealed {
        /// Up to this entry.
        through: u64,
    },
}

/// What becomes of a document that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// 03.
    Accepted,
    /// 02, with a reason.
    Refused,
    /// Nothing yet: a person decides.
    Held,
}

/// What was found in one file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileVerdict {
    /// Its name.
    pub name: String,
    /// The verdict of EN 319 102-1, `TOTAL_PASSED` and so on; empty where nothing is signed.
    pub indication: String,
    /// Each signature.
    pub signatures: Vec<SignerVerdict>,
}

/// What was found about one signature.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignerVerdict {
    /// Who signed, by the certificate.
    pub name: String,
    /// Of which agency, by the certificate.
    pub agency: String,
    /// The verdict.
    pub indication: String,
    /// Its reason; empty where it passed.
    pub sub_indication: String,
    /// Whether they may sign for the agency that sent it; nothing where that is not known.
    pub authorized: Option<bool>,
}

/// What a status changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusEffect {
    /// It moved the document on.
    Applied,
    /// It came late or twice: nothing.
    None,
    /// It is about no document that was sent to whoever says it.
    Unmatched,
}

/// What a message did to an earlier document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TakenEffect {
    /// It is revoked.
    Revoked,
    /// It has a newer version.
    Updated,
    /// Another takes its place.
    Replaced,
    /// Its issuer asked to have it back.
    TakeBackRequested,
    /// It was given back.
    TakenBack,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As it should.
    Done,
    /// It is to be done again.
    Failed,
    /// With a no.
    Refused,
    /// A person has to act.
    Held,
}

impl Event {
    /// What it is called, also where it is kept: `sent`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Queued { .. } => "queued",
            Self::AnswerQueued { .. } => "answer_queued",
            Self::SendingBegun { .. } => "sending_begun",
            Self::Sent { .. } => "sent",
            Self::SendingFailed { .. } => "sending_failed",
            Self::SendingGivenUp { .. } => "sending_given_up",
            Self::SendingDecided { .. } => "sending_decided",
            Self::Received { .. } => "received",
            Self::Repeated { .. } => "repeated",
            Self::Unreadable { .. } => "unreadable",
            Self::FetchingGivenUp { .. } => "fetching_given_up",
            Self::FetchingResumed { .. } => "fetching_resumed",
            Self::HandlingGivenUp { .. } => "handling_given_up",
            Self::HandlingResumed { .. } => "handling_resumed",
            Self::SetAside { .. } => "set_aside",
            Self::Acknowledged => "acknowledged",
            Self::Examined { .. } => "examined",
            Self::Decided { .. } => "decided",
            Self::StatusReceived { .. } => "status_received",
            Self::ActedUpon { .. } => "acted_upon",
            Self::Sealed { .. } => "sealed",
        }
    }

    /// How it ended.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::SendingFailed { .. } => Outcome::Failed,
            Self::SendingGivenUp { .. }
            | Self::FetchingGivenUp { .. }
            | Self::HandlingGivenUp { .. } => Outcome::Held,
            Self::Unreadable { .. } | Self::SetAside { .. } => Outcome::Refused,
            Self::Examined { decision, .. } | Self::Decided { decision, .. } => match decision {
                Decision::Accepted => Outcome::Done,
                Decision::Refused => Outcome::Refused,
                Decision::Held => Outcome::Held,
            },
            _ => Outcome::Done,
        }
    }
}
