//! The journal of an agency as its store has it, and the seals over it.

use super::chain::{Break, Chain};
use super::entry::{Entry, EntryHash, Noted};
use super::event::Event;
use crate::envelope::edxml::OrganId;
use crate::error::{Error, Result};
use crate::exchange::post::Post;
use crate::time::UtcTime;
use crate::validation::{Report, Validator};

/// The journal of an agency.
#[derive(Debug, Clone)]
pub struct Journal {
    post: Post,
}

/// A seal that was put on a journal, and what holds of it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Sealed {
    /// The last entry that it is over.
    pub through: u64,
    /// Whether the entries up to there have the hash that was sealed.
    pub holds: bool,
    /// What a validator says of the signature.
    pub report: Report,
}

impl Journal {
    /// Of this post.
    #[must_use]
    pub fn new(post: &Post) -> Self {
        Self { post: post.clone() }
    }

    /// The entries from this place on, read a thousand at a time. Begins at 1.
    pub fn entries(&self, from: u64) -> impl Iterator<Item = Result<Entry>> + '_ {
        let mut next = Some(from.max(1));
        let mut read = Vec::new().into_iter();
        std::iter::from_fn(move || {
            if let Some(entry) = read.next() {
                return Some(Ok(entry));
            }
            let from = next.take()?;
            match self.post.store().look(|it| it.entries(self.post.id(), from, A_PAGE)) {
                Ok(page) => {
                    next = page.last().map(|it| it.sequence.saturating_add(1));
                    read = page.into_iter();
                    read.next().map(Ok)
                }
                Err(error) => Some(Err(error)),
            }
        })
    }

    /// The entries that were written since then, as far as clocks can be relied on.
    ///
    /// # Errors
    /// Where the store fails.
    pub fn since(&self, at: UtcTime) -> Result<impl Iterator<Item = Result<Entry>> + '_> {
        let first = self.post.store().look(|it| it.first_entry_since(self.post.id(), at))?;
        Ok(self.entries(first))
    }

    /// Follows the whole chain: where it ends, or where it breaks.
    ///
    /// That entries are missing at the end shows only by a seal that reaches further.
    ///
    /// # Errors
    /// Where the store fails.
    pub fn follow(&self) -> Result<Result<Chain, Break>> {
        let mut chain = Chain::default();
        for entry in self.entries(1) {
            if let Err(broken) = chain.follow(&entry?) {
                return Ok(Err(broken));
            }
        }
        Ok(Ok(chain))
    }

    /// Seals the journal as it stands: `sign` makes a detached signature over a statement
    /// that names the agency, the last entry and its hash, best with a time-stamp. The seal
    /// is kept, and an entry says so. The last entry that it is over.
    ///
    /// ```no_run
    /// # fn example(journal: &kyso::exchange::journal::Journal, officer: &dyn kyso::Signer)
    /// # -> kyso::Result<u64> {
    /// use kyso::{UtcTime, cades};
    ///
    /// journal.seal(|statement| cades::SignatureBuilder::new(statement, UtcTime::now()).sign(officer))
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Misuse` where the chain is broken, which no seal mends, or nothing is in it; what
    /// `sign` fails with; where the store fails.
    pub fn seal(&self, sign: impl FnOnce(&[u8]) -> Result<Vec<u8>>) -> Result<u64> {
        let chain = self.follow()?.map_err(|broken| Error::misuse(broken.to_string()))?;
        let through = chain.entries();
        if through == 0 {
            return Err(Error::misuse("nothing is in the journal that could be sealed"));
        }
        let seal = sign(&statement(self.post.id(), through, chain.hash()))?;
        let event = Event::Sealed { through };
        let now = self.post.now();
        self.post.store().within(|records| {
            records.insert_seal(self.post.id(), through, &seal)?;
            let actor = &self.post.actor;
            let (document, peer, digest) = (None, None, None);
            let agency = self.post.id();
            records.note(&Noted {
                agency,
                at: now,
                actor,
                document,
                peer,
                digest,
                event: &event,
            })?;
            Ok(())
        })?;
        Ok(through)
    }

    /// Holds each seal against the entries, and its signature against a validator.
    ///
    /// # Errors
    /// What keeps the validator from a verdict; where the store fails.
    pub fn seals(&self, validator: &Validator) -> Result<Vec<Sealed>> {
        let mut seals = self.post.store().look(|it| it.seals(self.post.id()))?;
        seals.sort_by_key(|(through, _)| *through);
        let (mut chain, mut entries) = (Chain::default(), self.entries(1));
        let (mut broken, mut found) = (false, Vec::new());
        for (through, seal) in seals {
            while !broken && chain.entries() < through {
                match entries.next() {
                    Some(entry) => broken = chain.follow(&entry?).is_err(),
                    None => break,
                }
            }
            let holds = !broken && chain.entries() == through;
            let statement = statement(self.post.id(), through, chain.hash());
            let report = validator.validate_detached(seal.as_slice(), statement.as_slice())?;
            // A countersignature is over the one that it confirms, and not over the statement.
            let mut own = report.signatures().iter().filter(|it| !it.is_counter_signature());
            let covered = own.any(|it| it.intact() == Some(true));
            found.push(Sealed { through, holds: holds && covered, report });
        }
        Ok(found)
    }
}

const A_PAGE: u32 = 1000;

/// What is sealed, so that a person can read it.
fn statement(agency: &OrganId, through: u64, hash: EntryHash) -> Vec<u8> {
    format!("Journal of {agency}\r\nEntries: {through}\r\nSHA-256: {hash}\r\n").into_bytes()
}
