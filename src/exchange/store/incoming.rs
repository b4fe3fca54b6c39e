//! What comes in.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::claim::ClaimToken;
use crate::envelope::edxml::{DocumentId, OrganId, Progress};
use crate::error::{Error, Result};
use crate::exchange::transport::{MessageKind, TransportId};
use crate::time::UtcTime;

/// The number of a message that came, in its store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IncomingId(pub i64);

/// A message that the axis lists.
#[derive(Debug, Clone, Copy)]
pub struct NewIncoming<'a> {
    /// For whom.
    pub agency: &'a OrganId,
    /// A document or a status.
    pub kind: MessageKind,
    /// Its name at the axis.
    pub transport_id: &'a TransportId,
    /// Who sent it, as the axis says.
    pub from: &'a OrganId,
    /// When it was first listed.
    pub listed: UtcTime,
}

/// A message that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Its number.
    pub id: IncomingId,
    /// For whom.
    pub agency: OrganId,
    /// A document or a status.
    pub kind: MessageKind,
    /// Its name at the axis.
    pub transport_id: TransportId,
    /// Who sent it, as the axis says.
    pub from: OrganId,
    /// When it was first listed.
    pub listed: UtcTime,
    /// How far it has come. Changed by [`Incoming::step`].
    pub state: IncomingState,
    /// Whether the axis knows that it is here.
    pub acknowledged: bool,
    /// Attempts begun to fetch it and, once it is here, to act on it.
    pub attempts: u32,
    /// Not before then.
    pub next_at: UtcTime,
    /// Why the last attempt failed; empty where it did not. Of what is held, that it is since
    /// it could not be read or acted upon.
    pub fault: String,
    /// Who issued the document, by the message itself; empty until it was read.
    pub issuer: OrganId,
    /// Which document; empty until it was read.
    pub document: DocumentId,
    /// Its number and notation.
    pub code: String,
    /// What it is about.
    pub subject: String,
    /// From 0 to 4.
    pub priority: i32,
    /// SHA-256 of the message, in lower-case hexadecimal; empty until it is stored.
    pub digest: String,
    /// SHA-256 over what the document says and carries, whichever way it came: the same for
    /// a repetition. Empty until it was read.
    pub content: String,
    /// Bytes of the message.
    pub length: u64,
    /// When it was stored.
    pub received: Option<UtcTime>,
    /// When it was decided upon.
    pub decided: Option<UtcTime>,
    /// Why it is held or was refused; empty otherwise.
    pub reason: String,
    /// What was said of it to its sender.
    pub progress: Progress,
    /// Whoever holds it.
    pub claim: Option<ClaimToken>,
}

impl Incoming {
    /// Takes a step.
    ///
    /// # Errors
    /// `Misuse` where it cannot be taken from here.
    pub fn step(&mut self, step: IncomingStep) -> Result<()> {
        let next = self.state.after(step);
        self.state = next.ok_or_else(|| {
            Error::misuse(format!("a message that is {} cannot be {step}", self.state))
        })?;
        Ok(())
    }
}

/// How far a message that came has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncomingState {
    /// The axis lists it: to be fetched and stored.
    Listed,
    /// It is here, and the sender was told so (01): to be examined.
    Stored,
    /// A person has to decide upon it.
    Held,
    /// A document that was taken over (03).
    Accepted,
    /// A document that was sent back (02).
    Refused,
    /// A document that its issuer revoked, replaced or took back.
    Withdrawn,
    /// A document that was here already.
    Repeated,
    /// No message, or not from whom it says, or one that a person set aside.
    Unreadable,
    /// A status, or a message about another document, that was acted upon.
    Done,
    /// It could not be fetched, until a person says otherwise.
    Stopped,
}

/// What can happen to a message that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IncomingStep {
    /// It was written to the store.
    Stored,
    /// It was found to be here already.
    Repeated,
    /// It was found to be no message, or is set aside by a person.
    Unreadable,
    /// It is left to a person.
    Held,
    /// It is taken over.
    Accepted,
    /// It is sent back.
    Refused,
    /// Its issuer revoked, replaced or took it back.
    Withdrawn,
    /// It was acted upon.
    Done,
    /// All attempts to fetch it are used up.
    Stopped,
    /// A person has it fetched after all, or acted upon.
    Resumed,
}

impl IncomingState {
    /// All ten.
    pub const ALL: [Self; 10] = [
        Self::Listed,
        Self::Stored,
        Self::Held,
        Self::Accepted,
        Self::Refused,
        Self::Withdrawn,
        Self::Repeated,
        Self::Unreadable,
        Self::Done,
        Self::Stopped,
    ];

    /// The state after a step; nothing where that step cannot be taken.
    #[must_use]
    pub fn after(self, step: IncomingStep) -> Option<Self> {
        use IncomingStep as Step;
        match (self, step) {
            (Self::Listed, Step::Stored) => Some(Self::Stored),
            (Self::Listed, Step::Stopped) => Some(Self::Stopped),
            (Self::Stopped, Step::Resumed) => Some(Self::Listed),
            (Self::Held, Step::Resumed) => Some(Self::Stored),
            (Self::Listed | Self::Stored, Step::Repeated) => Some(Self::Repeated),
            (Self::Listed | Self::Stored | Self::Held, Step::Unreadable) => Some(Self::Unreadable),
            (Self::Listed | Self::Stored | Self::Held, Step::Done) => Some(Self::Done),
            (Self::Stored, Step::Held) => Some(Self::Held),
            (Self::Stored | Self::Held, Step::Accepted) => Some(Self::Accepted),
            (Self::Stored | Self::Held, Step::Refused) => Some(Self::Refused),
            (Self::Stored | Self::Held | Self::Accepted, Step::Withdrawn) => Some(Self::Withdrawn),
            _ => None,
        }
    }

    /// Whether the inbox has to do something about it.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Listed | Self::Stored)
    }

    /// As it is kept.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::Stored => "stored",
            Self::Held => "held",
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Repeated => "repeated",
            Self::Unreadable => "unreadable",
            Self::Done => "done",
            Self::Stopped => "stopped",
        }
    }

    /// From how it is kept.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

impl fmt::Display for IncomingState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for IncomingStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stored => "stored",
            Self::Repeated => "a repetition",
            Self::Unreadable => "unreadable",
            Self::Held => "held",
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Done => "done",
            Self::Stopped => "stopped",
            Self::Resumed => "resumed",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_decided_before_it_is_stored_nor_twice() {
        for step in [IncomingStep::Accepted, IncomingStep::Refused, IncomingStep::Held] {
            assert_eq!(IncomingState::Listed.after(step), None, "{step}");
            for decided in [IncomingState::Accepted, IncomingState::Refused] {
                assert_eq!(decided.after(step), None, "{decided} {step}");
            }
        }
        for state in IncomingState::ALL {
            assert_eq!(IncomingState::from_name(state.name()), Some(state));
        }
    }
}
