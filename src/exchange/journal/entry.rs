//! One entry, and what chains it to the one before.

use std::fmt;

use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use super::event::Event;
use crate::envelope::edxml::{DocumentId, OrganId};
use crate::error::{Error, Result};
use crate::time::UtcTime;

/// Who did it: a program by its name, or a person as the document-management system calls
/// them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Actor(String);

impl Actor {
    /// By this name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// SHA-256 over an entry and the hash of the one before; 32 zeros before the first.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EntryHash(pub [u8; 32]);

impl EntryHash {
    /// What the first entry is chained to.
    pub const NONE: Self = Self([0; 32]);

    /// From its 32 bytes.
    ///
    /// # Errors
    /// `Malformed` where there are more or fewer.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let bytes = bytes.try_into();
        bytes.map(Self).map_err(|_| Error::malformed("the hash of a journal entry is not 32 bytes"))
    }
}

impl fmt::Display for EntryHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for EntryHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Something that happened, before it has its place in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted<'a> {
    /// Whose journal it belongs to.
    pub agency: &'a OrganId,
    /// When, by the clock of who did it.
    pub at: UtcTime,
    /// By whom.
    pub actor: &'a Actor,
    /// With which document; nothing where it is about none.
    pub document: Option<&'a DocumentId>,
    /// Who is on the other side: the receiver of what is sent, the sender of what comes.
    pub peer: Option<&'a OrganId>,
    /// SHA-256 of the message, in lower-case hexadecimal.
    pub digest: Option<&'a str>,
    /// What.
    pub event: &'a Event,
}

/// An entry in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Whose journal it is in.
    pub agency: OrganId,
    /// Its place, from 1, without gaps.
    pub sequence: u64,
    /// When, to the microsecond.
    pub at: UtcTime,
    /// By whom.
    pub actor: Actor,
    /// With which document.
    pub document: Option<DocumentId>,
    /// Who is on the other side.
    pub peer: Option<OrganId>,
    /// SHA-256 of the message, in lower-case hexadecimal.
    pub digest: Option<String>,
    /// What, in JSON, byte for byte as it was hashed. [`Entry::event`] reads it.
    pub text: String,
    /// Over all this and the hash of the entry before.
    pub hash: EntryHash,
}

impl Entry {
    /// What happened, in its place after `previous`.
    ///
    /// # Errors
    /// `Misuse` when the event cannot be written as JSON.
    pub fn after(previous: Option<(u64, EntryHash)>, noted: &Noted<'_>) -> Result<Self> {
        let (sequence, hash) = previous.unwrap_or((0, EntryHash::NONE));
        let text = serde_json::to_string(noted.event)
            .map_err(|error| Error::misuse(format!("the event cannot be written: {error}")))?;
        let mut entry = Self {
            agency: noted.agency.clone(),
            sequence: sequence.saturating_add(1),
            at: to_the_microsecond(noted.at)?,
            actor: noted.actor.clone(),
            document: noted.document.cloned(),
            peer: noted.peer.cloned(),
            digest: noted.digest.map(str::to_owned),
            text,
            hash: EntryHash::NONE,
        };
        entry.hash = entry.chained_to(hash);
        Ok(entry)
    }

    /// The hash that this entry must have after one of this hash.
    #[must_use]
    pub fn chained_to(&self, previous: EntryHash) -> EntryHash {
        let mut context = Context::new(&SHA256);
        context.update(&previous.0);
        let sequence = self.sequence.to_be_bytes();
        let at = self.micros().to_be_bytes();
        let fields = [
            Some(self.agency.as_str().as_bytes()),
            Some(sequence.as_slice()),
            Some(at.as_slice()),
            Some(self.actor.name().as_bytes()),
            self.document.as_ref().map(|it| it.as_str().as_bytes()),
            self.peer.as_ref().map(|it| it.as_str().as_bytes()),
            self.digest.as_ref().map(String::as_bytes),
            Some(self.text.as_bytes()),
        ];
        for field in fields {
            // Lengths first, so that no two entries have the same bytes; one more than the
            // length, so that an empty field is not a missing one.
            let length = field.map_or(0, |it| it.len().saturating_add(1));
            context.update(&u64::try_from(length).unwrap_or(u64::MAX).to_be_bytes());
            context.update(field.unwrap_or_default());
        }
        let mut hash = [0; 32];
        for (to, from) in hash.iter_mut().zip(context.finish().as_ref()) {
            *to = *from;
        }
        EntryHash(hash)
    }

    /// What happened.
    ///
    /// # Errors
    /// `Malformed` where the text is no event that this version knows.
    pub fn event(&self) -> Result<Event> {
        serde_json::from_str(&self.text).map_err(|error| {
            Error::malformed(format!("entry {} of the journal: {error}", self.sequence))
        })
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn micros(&self) -> i64 {
        self.at.unix_micros()
    }
}

/// Databases keep no finer time, and the hash is over what they give back.
fn to_the_microsecond(at: UtcTime) -> Result<UtcTime> {
    UtcTime::from_unix_micros(at.unix_micros())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(previous: Option<(u64, EntryHash)>, document: Option<&DocumentId>) -> Entry {
        let (agency, actor) = (OrganId::from("H99"), Actor::new("outbox"));
        let at = UtcTime::from_unix(1_700_000_000).unwrap();
        let event = Event::Acknowledged;
        let noted = Noted {
            agency: &agency,
            at,
            actor: &actor,
            document,
            peer: None,
            digest: None,
            event: &event,
        };
        Entry::after(previous, &noted).unwrap()
    }

    #[test]
    fn every_field_counts() {
        let first = entry(None, None);
        assert_eq!(first.sequence, 1);
        assert_eq!(first.hash, first.chained_to(EntryHash::NONE));
        let second = entry(Some((first.sequence, first.hash)), None);
        assert_eq!(second.sequence, 2);
        assert_ne!(second.hash, first.hash);
        assert_ne!(
            entry(None, Some(&DocumentId::from(""))).hash,
            first.hash,
            "empty is not missing"
        );
        let other = |change: &dyn Fn(&mut Entry)| {
            let mut it = first.clone();
            change(&mut it);
            it.chained_to(EntryHash::NONE)
        };
        for changed in [
            other(&|it| it.agency = "H98".into()),
            other(&|it| it.sequence = 2),
            other(&|it| it.at = it.at.plus_seconds(1)),
            other(&|it| it.actor = Actor::new("x")),
            other(&|it| it.document = Some("x".into())),
            other(&|it| it.peer = Some("x".into())),
            other(&|it| it.digest = Some("x".into())),
            other(&|it| it.text.push(' ')),
        ] {
            assert_ne!(changed, first.hash);
        }
        assert_eq!(first.event().unwrap(), Event::Acknowledged);
    }
}
