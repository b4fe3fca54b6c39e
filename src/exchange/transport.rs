//! The joint between what sends and receives and an axis.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::envelope::edxml::{Message, OrganId};
use crate::error::Result;

/// A way to an axis, as one agency. Implementations keep no state that a caller
/// could see; they may be shared between threads.
///
/// Failures of the other side are errors of kind
/// [`ErrorKind::Service`](crate::ErrorKind::Service) with a [`Fault`](super::Fault).
///
/// ```
/// use kyso::edxml::{self, Message, Organization, StatusCode, StatusMessage};
/// use kyso::exchange::{MessageKind, Transport, TransportState};
/// use kyso::{Limits, UtcTime};
///
/// /// Says "arrived" for every document that waits.
/// fn answer_arrived(axis: &dyn Transport, us: &Organization, now: UtcTime) -> kyso::Result<()> {
///     for pending in axis.pending(MessageKind::Document)? {
///         let bytes = axis.fetch(&pending.id)?;
///         if let Message::Document(it) = edxml::parse(&bytes, &Limits::default())?.message {
///             let arrived = StatusCode::Arrived;
///             let answer =
///                 StatusMessage::answer(&it.header, us.clone(), arrived, arrived.name_vi(), now);
///             axis.send(&Message::Status(answer))?;
///         }
///         axis.acknowledge(&pending.id, TransportState::Done)?;
///     }
///     Ok(())
/// }
/// ```
pub trait Transport: Send + Sync {
    /// Hands a message over. Not idempotent: after
    /// [`Fault::Unknown`](super::Fault::Unknown), ask [`Transport::sent`] first.
    ///
    /// # Errors
    /// `Service` when the axis refuses, is not reached, or its answer is not understood.
    fn submit(&self, submission: &Submission<'_>) -> Result<TransportId>;

    /// What waits to be fetched.
    ///
    /// # Errors
    /// As [`Transport::submit`].
    fn pending(&self, kind: MessageKind) -> Result<Vec<Pending>>;

    /// The bytes of a message. It stays until it is acknowledged.
    ///
    /// # Errors
    /// As [`Transport::submit`]; `LimitExceeded` when it is larger than allowed.
    fn fetch(&self, id: &TransportId) -> Result<Vec<u8>>;

    /// Tells the axis what became of the transport of a message. What became of the
    /// document is said with a status message.
    ///
    /// # Errors
    /// As [`Transport::submit`].
    fn acknowledge(&self, id: &TransportId, state: TransportState) -> Result<()>;

    /// What the axis has from this agency.
    ///
    /// # Errors
    /// As [`Transport::submit`].
    fn sent(&self, kind: MessageKind) -> Result<Vec<Sent>>;

    /// The directory of agencies.
    ///
    /// # Errors
    /// As [`Transport::submit`].
    fn agencies(&self) -> Result<Vec<Agency>>;

    /// Writes a message and hands it over, under the code of its sender.
    ///
    /// # Errors
    /// As [`Transport::submit`], and what writing the message fails with.
    fn send(&self, message: &Message) -> Result<TransportId> {
        let bytes = message.to_bytes()?;
        let (kind, from, to) = match message {
            Message::Document(it) => (MessageKind::Document, &it.header.from.organ_id, None),
            Message::Status(it) => {
                (MessageKind::Status, &it.from.organ_id, Some(&it.response_for.organ_id))
            }
        };
        self.submit(&Submission { kind, from, to, bytes: &bytes })
    }
}

/// A message to be handed over.
#[derive(Debug, Clone, Copy)]
pub struct Submission<'a> {
    /// Which kind it is: the axis keeps them apart.
    pub kind: MessageKind,
    /// The sender. The axis wants the registered code.
    pub from: &'a OrganId,
    /// Whom a status is for: it names no receiver itself. Documents name theirs.
    pub to: Option<&'a OrganId>,
    /// The message as written.
    pub bytes: &'a [u8],
}

/// The two kinds of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// A document with its annexes.
    Document,
    /// What became of one.
    Status,
}

/// The name under which an axis keeps a message. Not the document's identifier.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TransportId(String);

impl TransportId {
    /// As the axis wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for TransportId {
    fn from(id: String) -> Self {
        Self(id)
    }
}

impl fmt::Display for TransportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How far the transport of a message has come at its receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransportState {
    /// Not fetched yet.
    Initial,
    /// Fetched, and being worked on.
    Processing,
    /// Taken over: it will not be listed again.
    Done,
    /// It could not be taken over.
    Fail,
}

impl TransportState {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Initial, Self::Processing, Self::Done, Self::Fail];

    /// As the axis spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::Processing => "processing",
            Self::Done => "done",
            Self::Fail => "fail",
        }
    }

    /// From the axis' spelling, in either case; one dialect shouts.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name().eq_ignore_ascii_case(name))
    }
}

/// A message that waits to be fetched. Texts are the axis' own, times included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Under which name to fetch it.
    pub id: TransportId,
    /// Which kind it is.
    pub kind: MessageKind,
    /// Who sent it.
    pub from: OrganId,
    /// To whom.
    pub to: OrganId,
    /// How far its transport has come; nothing where the axis says something unknown.
    pub state: Option<TransportState>,
    /// When the axis took it.
    pub created: String,
}

/// A message that the axis took from this agency, for one receiver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// Its name at the sender's side.
    pub id: TransportId,
    /// Which kind it is.
    pub kind: MessageKind,
    /// To whom.
    pub to: OrganId,
    /// The document's subject.
    pub subject: String,
    /// The document's number and notation.
    pub code: String,
    /// When the axis took it.
    pub sent: String,
    /// How far it has come at the receiver.
    pub state: Option<TransportState>,
}

/// An agency of the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agency {
    /// Its code, as the axis registers it.
    pub code: OrganId,
    /// Its code by the other scheme, where the axis knows it.
    pub other_code: Option<OrganId>,
    /// Its name.
    pub name: String,
    /// Its e-mail address.
    pub email: String,
}
