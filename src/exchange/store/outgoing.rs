//! What goes out: letters, and what becomes of each for each receiver.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::body::Body;
use super::claim::ClaimToken;
use crate::envelope::edxml::{BusinessType, Date, DocumentId, OrganId, Progress, StatusCode};
use crate::error::{Error, Result};
use crate::exchange::transport::{MessageKind, TransportId};
use crate::time::UtcTime;

/// The number of a letter in its store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LetterId(pub i64);

/// The number of a delivery in its store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeliveryId(pub i64);

/// A message to be sent.
#[derive(Debug, Clone, Copy)]
pub struct NewLetter<'a> {
    /// Whose.
    pub agency: &'a OrganId,
    /// A document or a status.
    pub kind: MessageKind,
    /// The issuer of the document that is sent, or that the status is about.
    pub issuer: &'a OrganId,
    /// Which document.
    pub document: &'a DocumentId,
    /// Its number and notation.
    pub code: &'a str,
    /// What it is about; of a status, its description.
    pub subject: &'a str,
    /// Of a status, which.
    pub status: Option<StatusCode>,
    /// From 0 to 4; the higher first.
    pub priority: i32,
    /// The message.
    pub body: &'a Body,
    /// Of a document, what has to be known of it once its bytes are gone.
    pub gist: Option<&'a Gist>,
    /// Each once.
    pub to: &'a [OrganId],
    /// When it was handed over.
    pub created: UtcTime,
}

/// A message to be sent, or that was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its number.
    pub id: LetterId,
    /// Whose.
    pub agency: OrganId,
    /// A document or a status.
    pub kind: MessageKind,
    /// The issuer of the document that is sent, or that the status is about.
    pub issuer: OrganId,
    /// Which document.
    pub document: DocumentId,
    /// Its number and notation.
    pub code: String,
    /// What it is about; of a status, its description.
    pub subject: String,
    /// Of a status, which.
    pub status: Option<StatusCode>,
    /// From 0 to 4.
    pub priority: i32,
    /// SHA-256 of the message, in lower-case hexadecimal.
    pub digest: String,
    /// Bytes of the message.
    pub length: u64,
    /// Of a document, what has to be known of it once its bytes are gone; nothing where a
    /// version of this crate wrote it that did not keep that.
    pub gist: Option<Gist>,
    /// When it was handed over.
    pub created: UtcTime,
}

/// What has to be known of a document that was sent once its bytes are thrown away: to know it
/// again, to ask for it back, and to tell what an answer is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gist {
    /// SHA-256 over what the document says and carries, in lower-case hexadecimal: the same
    /// for a repetition.
    pub content: String,
    /// New, a revocation, an update, a replacement, by its number.
    pub business: i32,
    /// The documents that it acts on.
    pub targets: Vec<DocumentId>,
    /// When it was promulgated.
    pub promulgated: Date,
}

impl Gist {
    /// What the document does.
    #[must_use]
    pub fn kind(&self) -> BusinessType {
        BusinessType::from_number(self.business)
    }
}

/// A letter on its way to one receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its number.
    pub id: DeliveryId,
    /// Of which letter.
    pub letter: LetterId,
    /// To whom.
    pub to: OrganId,
    /// How far it has come. Changed by [`Delivery::step`].
    pub state: DeliveryState,
    /// Attempts begun.
    pub attempts: u32,
    /// How often the axis refused for good to say whether it has it.
    pub refusals: u32,
    /// Whether it is sent in a message of its own, since the axis refused one for several.
    pub alone: bool,
    /// Not before then.
    pub next_at: UtcTime,
    /// When the first attempt began whose outcome is not settled.
    pub in_doubt_since: Option<UtcTime>,
    /// Its name at the axis.
    pub transport_id: Option<TransportId>,
    /// When the axis was known to have it.
    pub sent_at: Option<UtcTime>,
    /// Why the last attempt failed; empty where it did not.
    pub fault: String,
    /// What the receiver said of it.
    pub progress: Progress,
    /// Whoever holds it.
    pub claim: Option<ClaimToken>,
}

impl Delivery {
    /// Takes a step.
    ///
    /// # Errors
    /// `Misuse` where it cannot be taken from here.
    pub fn step(&mut self, step: DeliveryStep) -> Result<()> {
        let next = self.state.after(step);
        self.state = next.ok_or_else(|| {
            Error::misuse(format!("a delivery that is {} cannot be {step}", self.state))
        })?;
        Ok(())
    }
}

/// How far a delivery has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// To be sent.
    Waiting,
    /// Being sent. Where the claim on it ended, the outcome is in doubt.
    Sending,
    /// The axis may have it: it is asked before it is sent again.
    InDoubt,
    /// The axis has it.
    Sent,
    /// It is not sent, until a person says otherwise.
    Stopped,
    /// A person decided that it is not sent.
    Cancelled,
}

/// What can happen to a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryStep {
    /// An attempt begins.
    Begun,
    /// The axis has it.
    Taken,
    /// It surely does not have it, and may take it later.
    Postponed,
    /// Nobody knows whether it has it.
    Doubted,
    /// No attempt will help, or all are used up.
    Stopped,
    /// A person has it sent after all.
    Resumed,
    /// A person has it not sent.
    Cancelled,
}

impl DeliveryState {
    /// All six.
    pub const ALL: [Self; 6] =
        [Self::Waiting, Self::Sending, Self::InDoubt, Self::Sent, Self::Stopped, Self::Cancelled];

    /// The state after a step; nothing where that step cannot be taken.
    #[must_use]
    pub fn after(self, step: DeliveryStep) -> Option<Self> {
        use DeliveryStep as Step;
        match (self, step) {
            (Self::Waiting, Step::Begun) => Some(Self::Sending),
            (Self::Sending | Self::InDoubt, Step::Taken) => Some(Self::Sent),
            (Self::Sending | Self::InDoubt, Step::Postponed)
            | (Self::Stopped | Self::Cancelled, Step::Resumed) => Some(Self::Waiting),
            (Self::Sending | Self::InDoubt, Step::Doubted) => Some(Self::InDoubt),
            (Self::Waiting | Self::Sending | Self::InDoubt, Step::Stopped) => Some(Self::Stopped),
            (Self::Waiting | Self::Stopped, Step::Cancelled) => Some(Self::Cancelled),
            _ => None,
        }
    }

    /// Whether the outbox has to do something about it.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Sending | Self::InDoubt)
    }

    /// As it is kept.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::InDoubt => "in_doubt",
            Self::Sent => "sent",
            Self::Stopped => "stopped",
            Self::Cancelled => "cancelled",
        }
    }

    /// From how it is kept.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

impl fmt::Display for DeliveryState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for DeliveryStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Begun => "begun",
            Self::Taken => "taken by the axis",
            Self::Postponed => "postponed",
            Self::Doubted => "put in doubt",
            Self::Stopped => "stopped",
            Self::Resumed => "resumed",
            Self::Cancelled => "cancelled",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: [DeliveryStep; 7] = [
        DeliveryStep::Begun,
        DeliveryStep::Taken,
        DeliveryStep::Postponed,
        DeliveryStep::Doubted,
        DeliveryStep::Stopped,
        DeliveryStep::Resumed,
        DeliveryStep::Cancelled,
    ];

    #[test]
    fn what_the_axis_has_is_never_sent_again() {
        let leads_on = |state: DeliveryState| {
            STEPS.into_iter().filter(|it| state.after(*it).is_some()).collect::<Vec<_>>()
        };
        assert_eq!(leads_on(DeliveryState::Sent), []);
        assert_eq!(leads_on(DeliveryState::Cancelled), [DeliveryStep::Resumed]);
        // Only what surely is not there is sent: a doubt is settled first.
        for state in DeliveryState::ALL {
            let begun = state.after(DeliveryStep::Begun);
            assert_eq!(begun.is_some(), state == DeliveryState::Waiting, "{state}");
        }
        assert_eq!(DeliveryState::Sending.after(DeliveryStep::Cancelled), None);
    }

    #[test]
    fn every_open_state_comes_to_an_end() {
        for state in DeliveryState::ALL.into_iter().filter(|it| it.is_open()) {
            assert_eq!(state.after(DeliveryStep::Stopped), Some(DeliveryState::Stopped), "{state}");
        }
        for state in DeliveryState::ALL {
            assert_eq!(DeliveryState::from_name(state.name()), Some(state));
        }
    }
}
