//! What an axis keeps for its agencies.

use super::Store;
use super::body::Body;
use crate::envelope::edxml::OrganId;
use crate::error::Result;
use crate::exchange::transport::{MessageKind, TransportId, TransportState};
use crate::time::UtcTime;

/// The post of many agencies, kept by whoever stands between them. Bodies are kept and
/// opened as in any [`Store`].
///
/// Errors are of kind [`ErrorKind::Io`](crate::ErrorKind::Io).
pub trait PostOffice: Store {
    /// Takes a message for all its receivers, or finds that it was taken already: nothing
    /// is delivered twice then.
    ///
    /// # Errors
    /// `Io`, also where a receiver has another message of the same name.
    fn accept(&self, mail: &NewMail<'_>) -> Result<Accepted>;

    /// What an agency has not taken over yet and came at or after an instant, the oldest
    /// first, at most so many.
    ///
    /// # Errors
    /// `Io`.
    fn waiting(
        &self,
        to: &OrganId,
        kind: MessageKind,
        since: Option<UtcTime>,
        most: u32,
    ) -> Result<Vec<Mail>>;

    /// One message to an agency, by its name at the receiver's side.
    ///
    /// # Errors
    /// `Io`.
    fn mail(&self, to: &OrganId, id: &TransportId) -> Result<Option<Mail>>;

    /// The name that a message was given whose request has this tag, where it was taken.
    ///
    /// # Errors
    /// `Io`.
    fn taken(&self, tag: &str) -> Result<Option<TransportId>>;

    /// Notes how far the transport of a message to an agency has come, and gives the message
    /// as it was before. It never goes back, whatever is said late: what failed may be taken
    /// over later, what was taken over is.
    ///
    /// What was said last may be lost in a power cut, or where the database's server
    /// crashes, though not in a crash of the program:
    /// the message is listed again then, and whoever has it says so again.
    ///
    /// # Errors
    /// `Io`.
    fn advance(
        &self,
        to: &OrganId,
        id: &TransportId,
        state: TransportState,
    ) -> Result<Option<Mail>>;

    /// What was taken from an agency at or after an instant, the oldest first, one for each
    /// receiver; only that of one name at the sender's side, where that is given.
    ///
    /// # Errors
    /// `Io`.
    fn sent(
        &self,
        from: &OrganId,
        kind: MessageKind,
        since: Option<UtcTime>,
        sent_as: Option<&TransportId>,
    ) -> Result<Vec<Mail>>;

    /// How many messages to an agency were not fetched yet.
    ///
    /// # Errors
    /// `Io`.
    fn count(&self, to: &OrganId, kind: MessageKind) -> Result<u64>;
}

/// A message that an agency hands over.
#[derive(Debug, Clone, Copy)]
pub struct NewMail<'a> {
    /// What tells this request from all others and is the same when it is repeated: a hash
    /// over what its sender signed.
    pub tag: &'a str,
    /// A document or a status.
    pub kind: MessageKind,
    /// Who sends it.
    pub from: &'a OrganId,
    /// What it is about.
    pub title: &'a str,
    /// The document's number and notation.
    pub notation: &'a str,
    /// The message.
    pub body: &'a Body,
    /// To whom, each once, and its name at their side.
    pub to: &'a [(OrganId, TransportId)],
    /// Its name at the sender's side.
    pub sent_as: &'a TransportId,
    /// When it came.
    pub at: UtcTime,
}

/// What became of a message that was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// It is kept for its receivers.
    New,
    /// The same request came before, and this is the name it was given then.
    Replayed(TransportId),
}

/// A message for one receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Its name at the receiver's side.
    pub id: TransportId,
    /// Its name at the sender's side, the same for all receivers.
    pub sent_as: TransportId,
    /// A document or a status.
    pub kind: MessageKind,
    /// Who sent it.
    pub from: OrganId,
    /// To whom.
    pub to: OrganId,
    /// What it is about.
    pub title: String,
    /// The document's number and notation.
    pub notation: String,
    /// SHA-256 of the message, in lower-case hexadecimal.
    pub digest: String,
    /// Bytes of the message.
    pub length: u64,
    /// How far its transport has come.
    pub state: TransportState,
    /// When it came.
    pub at: UtcTime,
}
