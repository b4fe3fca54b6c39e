//! The joint between what sends and receives and an axis.

use std::fmt;
use std::io::Write;

use serde::{Deserialize, Serialize};

use crate::envelope::edxml::{Message, OrganId};
use crate::error::Result;
use crate::source::Source;
use crate::time::UtcTime;

/// A way to an axis, as one agency. Implementations keep no state that a caller
/// could see; they may be shared between threads.
///
/// Failures of the other side are errors of kind
/// [`ErrorKind::Service`](crate::ErrorKind::Service) with a [`Fault`](super::Fault).
/// What a dialect does not have at all is an error of kind
/// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported), and asking again is of no use.
///
/// Messages pass piece by piece in both directions: one of 100 MB needs no 100 MB.
///
/// ```
/// use kyso::edxml::{self, Message, Organization, StatusCode, StatusMessage};
/// use kyso::exchange::{MessageKind, Transport, TransportState};
/// use kyso::{Limits, UtcTime};
///
/// /// Says "arrived" for every document that waits.
/// fn answer_arrived(axis: &dyn Transport, us: &Organization, now: UtcTime) -> kyso::Result<()> {
///     for pending in axis.pending(MessageKind::Document)? {
///         let bytes = axis.fetch_bytes(&pending.id)?;
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

    /// Writes a message to `out` as it comes, and gives its length in bytes. It stays at
    /// the axis until it is acknowledged.
    ///
    /// What was written before an error is part of a message at best, and to be thrown
    /// away: that it is whole is known at its end.
    ///
    /// # Errors
    /// As [`Transport::submit`]; `LimitExceeded` when it is larger than
    /// [`Limits::message_bytes`](crate::Limits::message_bytes); `Io` when `out` fails.
    fn fetch(&self, id: &TransportId, out: &mut dyn Write) -> Result<u64>;

    /// Tells the axis what became of the transport of a message. What became of the
    /// document is said with a status message.
    ///
    /// # Errors
    /// As [`Transport::submit`].
    fn acknowledge(&self, id: &TransportId, state: TransportState) -> Result<()>;

    /// What the axis has from this agency, since the beginning of the day in Vietnam on
    /// which `since` lies. An axis may list earlier messages too.
    ///
    /// # Errors
    /// As [`Transport::submit`]; `Unsupported` where the dialect has no such list: what
    /// became of a message whose outcome is unknown can then not be asked.
    fn sent(&self, kind: MessageKind, since: Option<UtcTime>) -> Result<Vec<Sent>>;

    /// The directory of agencies.
    ///
    /// # Errors
    /// As [`Transport::submit`].
    fn agencies(&self) -> Result<Vec<Agency>>;

    /// A message in memory, as a whole: for small ones, such as statuses.
    ///
    /// # Errors
    /// As [`Transport::fetch`].
    fn fetch_bytes(&self, id: &TransportId) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.fetch(id, &mut bytes)?;
        Ok(bytes)
    }

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
        self.submit(&Submission { kind, from, to, message: &bytes, digest: None })
    }
}

/// A message to be handed over.
#[derive(Clone, Copy)]
pub struct Submission<'a> {
    /// Which kind it is: the axis keeps them apart.
    pub kind: MessageKind,
    /// The sender. The axis wants the registered code.
    pub from: &'a OrganId,
    /// Whom a status is for: it names no receiver itself. Documents name theirs.
    pub to: Option<&'a OrganId>,
    /// The message as written: bytes in memory, or a file by
    /// [`Seekable`](crate::Seekable), which is read piece by piece, and twice where the
    /// dialect wants its digest first and it is not known.
    pub message: &'a dyn Source,
    /// SHA-256 of the message in lower-case hexadecimal, where it is known. An axis refuses a
    /// message that is not of the digest it came with: so one that was damaged where it is
    /// kept goes to nobody.
    pub digest: Option<&'a str>,
}

impl fmt::Debug for Submission<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Submission")
            .field("kind", &self.kind)
            .field("from", &self.from)
            .field("to", &self.to)
            .field("message_bytes", &self.message.len())
            .finish()
    }
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
    /// The code of the agency above it, where the directory has that one too.
    pub parent_code: Option<OrganId>,
    /// Its name.
    pub name: String,
    /// Its e-mail address.
    pub email: String,
}
