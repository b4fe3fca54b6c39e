//! Where the post of an agency is kept, so that nothing is lost and nothing is done twice.
//!
//! A [`Store`] keeps [`Letter`]s that go out, each with a [`Delivery`] for every receiver,
//! [`Incoming`] messages, and the [`journal`](super::journal). All that belongs together is
//! written in one transaction through [`Records`]: no step is taken without its entry.
//!
//! Whoever works on something claims it first ([`Claim`]). A claim ends by itself, so that
//! what a killed worker held is taken up by another one; whoever writes under a claim that
//! has ended writes nothing.

mod body;
mod claim;
mod incoming;
#[cfg(any(feature = "object-store", feature = "postgres", feature = "sqlite"))]
pub mod objects;
mod outgoing;
mod post_office;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use self::body::{Body, NotKept};
pub use self::claim::{Claim, ClaimToken};
pub use self::incoming::{Incoming, IncomingId, IncomingState, IncomingStep, NewIncoming};
pub use self::outgoing::{
    Delivery, DeliveryId, DeliveryState, DeliveryStep, Gist, Letter, LetterId, NewLetter,
};
pub use self::post_office::{Accepted, Mail, NewMail, PostOffice};
#[cfg(feature = "postgres")]
pub use self::postgres::{Postgres, PostgresOptions};
#[cfg(feature = "sqlite")]
pub use self::sqlite::{Sqlite, SqliteOptions};

use super::journal::{Entry, Noted};
use super::transport::{MessageKind, TransportId};
use crate::envelope::edxml::{DocumentId, OrganId, Progress};
use crate::error::{Error, Result};
use crate::source::Source;
use crate::time::UtcTime;

/// A database, and a place for messages that are too large for it. Used by many threads at
/// once, and, where the database can, by many processes.
///
/// Errors are of kind [`ErrorKind::Io`](crate::ErrorKind::Io): the database or the disk
/// failed, and the step can be taken again.
pub trait Store: Send + Sync {
    /// Carries `work` out within one transaction: all that it writes is kept once this
    /// returns `Ok`, across a crash of the machine, and nothing of it otherwise.
    ///
    /// `work` is carried out again where the database asks for that, and must do nothing
    /// else than read and write records.
    ///
    /// # Errors
    /// `Io`, and what `work` fails with.
    fn transaction(&self, work: &mut dyn FnMut(&mut dyn Records) -> Result<()>) -> Result<()>;

    /// Carries out `work` that only reads. It waits for nobody who writes, and nobody waits
    /// for it: what it saw may be otherwise by the time that it ends.
    ///
    /// # Errors
    /// `Io`, and what `work` fails with.
    fn read(&self, work: &mut dyn FnMut(&mut dyn Records) -> Result<()>) -> Result<()> {
        self.transaction(work)
    }

    /// Makes ready to keep a message: a large one is written beside the database at once,
    /// under its digest; a small one goes into it, or is appended to a file, with the record
    /// that names it.
    ///
    /// # Errors
    /// `Io`.
    fn keep(&self, message: &dyn Source) -> Result<Body>;

    /// As [`Store::keep`], for who knows the SHA-256 of the message, in lower-case hexadecimal,
    /// from these very bytes: a small one is not digested again.
    ///
    /// # Errors
    /// As [`Store::keep`]; `Misuse` where `digest` is none.
    fn keep_as(&self, message: &dyn Source, digest: &str) -> Result<Body> {
        let _ = digest;
        self.keep(message)
    }

    /// A message that is kept, by its SHA-256 in lower-case hexadecimal.
    ///
    /// # Errors
    /// `Io`, also where there is none of this digest: [`NotKept`] is its source then.
    fn open(&self, digest: &str) -> Result<Box<dyn Source>>;
}

impl dyn Store + '_ {
    /// As [`Store::transaction`], with what `work` comes to.
    ///
    /// # Errors
    /// As [`Store::transaction`].
    pub fn within<T>(&self, mut work: impl FnMut(&mut dyn Records) -> Result<T>) -> Result<T> {
        let mut outcome = None;
        self.transaction(&mut |records| {
            outcome = Some(work(records)?);
            Ok(())
        })?;
        outcome.ok_or_else(not_carried_out)
    }

    /// As [`Store::read`], with what `work` comes to.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub fn look<T>(&self, mut work: impl FnMut(&mut dyn Records) -> Result<T>) -> Result<T> {
        let mut outcome = None;
        self.read(&mut |records| {
            outcome = Some(work(records)?);
            Ok(())
        })?;
        outcome.ok_or_else(not_carried_out)
    }
}

fn not_carried_out() -> Error {
    Error::misuse("the store did not carry the work out")
}

/// Reads and writes within a transaction.
///
/// Each fails with `Io` where the database fails; what else is said stands beside it.
pub trait Records {
    /// Keeps a letter, its bytes, and a delivery that is due at once for each receiver.
    ///
    /// # Errors
    /// `Io`.
    fn insert_letter(&mut self, letter: &NewLetter<'_>) -> Result<LetterId>;

    /// A letter.
    ///
    /// # Errors
    /// `Io`.
    fn letter(&mut self, id: LetterId) -> Result<Option<Letter>>;

    /// The letters that brought a document of this agency, the oldest first.
    ///
    /// # Errors
    /// `Io`.
    fn letters_of(&mut self, agency: &OrganId, document: &DocumentId) -> Result<Vec<Letter>>;

    /// The deliveries of a letter, in the order of its receivers.
    ///
    /// # Errors
    /// `Io`.
    fn deliveries_of(&mut self, letter: LetterId) -> Result<Vec<Delivery>>;

    /// One delivery.
    ///
    /// # Errors
    /// `Io`.
    fn delivery(&mut self, id: DeliveryId) -> Result<Option<Delivery>>;

    /// Claims deliveries that are due ([`DeliveryState::is_open`]) and in nobody's hands: all
    /// due ones of a letter together, urgent letters first, the older first.
    ///
    /// What is not due within two days after the claim would end was put off by a clock
    /// that was wrong: it is due.
    ///
    /// # Errors
    /// `Io`.
    fn claim_deliveries(&mut self, claim: &Claim<'_>) -> Result<Vec<Delivery>>;

    /// Writes what may change of a delivery but its progress: `true` where it was written.
    /// `claim` is the token that it was claimed with, and ends where `keep_claim` is
    /// `false`; `None` writes only where nobody holds it.
    ///
    /// # Errors
    /// `Io`.
    fn update_delivery(
        &mut self,
        delivery: &Delivery,
        claim: Option<ClaimToken>,
        keep_claim: bool,
    ) -> Result<bool>;

    /// Writes what the receiver said of a delivery, whoever holds it: a status may come while
    /// the message it is about is still being sent.
    ///
    /// # Errors
    /// `Io`.
    fn set_progress(&mut self, id: DeliveryId, progress: Progress) -> Result<()>;

    /// When the next delivery is due that nobody holds, or that a claim which ends may set
    /// free.
    ///
    /// # Errors
    /// `Io`.
    fn next_delivery_at(&mut self, agency: &OrganId) -> Result<Option<UtcTime>>;

    /// The deliveries that have this name at the axis: one message may be for several.
    ///
    /// # Errors
    /// `Io`.
    fn deliveries_named(&mut self, agency: &OrganId, id: &TransportId) -> Result<Vec<Delivery>>;

    /// Notes a message that the axis lists: its record, and whether it is new. There is one
    /// record for each agency, kind and name at the axis.
    ///
    /// # Errors
    /// `Io`.
    fn insert_incoming(&mut self, incoming: &NewIncoming<'_>) -> Result<(IncomingId, bool)>;

    /// A message that came.
    ///
    /// # Errors
    /// `Io`.
    fn incoming(&mut self, id: IncomingId) -> Result<Option<Incoming>>;

    /// By its name at the axis.
    ///
    /// # Errors
    /// `Io`.
    fn incoming_named(
        &mut self,
        agency: &OrganId,
        kind: MessageKind,
        id: &TransportId,
    ) -> Result<Option<Incoming>>;

    /// The document messages that came with this identifier from this issuer, the oldest
    /// first. Codes are compared as texts.
    ///
    /// # Errors
    /// `Io`.
    fn incoming_documents(
        &mut self,
        agency: &OrganId,
        issuer: &OrganId,
        document: &DocumentId,
    ) -> Result<Vec<Incoming>>;

    /// Claims messages that have to be worked on ([`IncomingState::is_open`], or not
    /// acknowledged yet) and are due, the urgent first, the older first.
    ///
    /// # Errors
    /// `Io`.
    fn claim_incoming(&mut self, claim: &Claim<'_>) -> Result<Vec<Incoming>>;

    /// Writes what may change of a message that came, as [`Records::update_delivery`].
    ///
    /// # Errors
    /// `Io`.
    fn update_incoming(
        &mut self,
        incoming: &Incoming,
        claim: Option<ClaimToken>,
        keep_claim: bool,
    ) -> Result<bool>;

    /// Messages in this state, the oldest first, after `after`, at most so many.
    ///
    /// # Errors
    /// `Io`.
    fn incoming_in(
        &mut self,
        agency: &OrganId,
        state: IncomingState,
        after: Option<IncomingId>,
        most: u32,
    ) -> Result<Vec<Incoming>>;

    /// Deliveries in this state, the oldest first, after `after`, at most so many.
    ///
    /// # Errors
    /// `Io`.
    fn deliveries_in(
        &mut self,
        agency: &OrganId,
        state: DeliveryState,
        after: Option<DeliveryId>,
        most: u32,
    ) -> Result<Vec<Delivery>>;

    /// Has whoever else works on an agency's post wait until this transaction ends. Called
    /// first where a transaction touches several records: otherwise two of them may wait
    /// for one another.
    ///
    /// # Errors
    /// `Io`.
    fn serialize(&mut self, agency: &OrganId) -> Result<()>;

    /// Ends what one claim holds, or, with `None`, what any claim of the agency does: for a
    /// program that knows that it is the only one at work, such as after a restart. How many
    /// records were held.
    ///
    /// # Errors
    /// `Io`.
    fn release_claims(&mut self, agency: &OrganId, of: Option<ClaimToken>) -> Result<u64>;

    /// As [`Records::release_claims`] with `None`, of deliveries alone.
    ///
    /// # Errors
    /// `Io`.
    fn release_deliveries(&mut self, agency: &OrganId) -> Result<u64>;

    /// As [`Records::release_claims`] with `None`, of what comes in alone.
    ///
    /// # Errors
    /// `Io`.
    fn release_incoming(&mut self, agency: &OrganId) -> Result<u64>;

    /// Makes the bytes of a message kept by this transaction.
    ///
    /// # Errors
    /// `Io`.
    fn insert_body(&mut self, body: &Body) -> Result<()>;

    /// Whether the bytes of a message are kept; where they are, they stay until this
    /// transaction ends.
    ///
    /// # Errors
    /// `Io`.
    fn has_body(&mut self, digest: &str) -> Result<bool>;

    /// Writes the next entry of an agency's journal. Whoever else writes to the same journal
    /// waits until this transaction ends: write it last.
    ///
    /// # Errors
    /// `Io`.
    fn note(&mut self, noted: &Noted<'_>) -> Result<Entry>;

    /// Entries of an agency's journal from this place on, at most so many.
    ///
    /// # Errors
    /// `Io`.
    fn entries(&mut self, agency: &OrganId, from: u64, most: u32) -> Result<Vec<Entry>>;

    /// The place of the first entry that was written at or after an instant; one after the
    /// last where there is none. Clocks jump: entries before it may be younger.
    ///
    /// # Errors
    /// `Io`.
    fn first_entry_since(&mut self, agency: &OrganId, at: UtcTime) -> Result<u64>;

    /// Keeps a seal over the journal up to an entry.
    ///
    /// # Errors
    /// `Io`.
    fn insert_seal(&mut self, agency: &OrganId, through: u64, seal: &[u8]) -> Result<()>;

    /// The seals over a journal, each with the entry it reaches to.
    ///
    /// # Errors
    /// `Io`.
    fn seals(&mut self, agency: &OrganId) -> Result<Vec<(u64, Vec<u8>)>>;

    /// A small text under a name, such as the directory of agencies.
    ///
    /// # Errors
    /// `Io`.
    fn setting(&mut self, name: &str) -> Result<Option<String>>;

    /// Keeps a small text under a name.
    ///
    /// # Errors
    /// `Io`.
    fn set_setting(&mut self, name: &str, value: &str) -> Result<()>;
}
