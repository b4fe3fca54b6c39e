//! One logic for every database that speaks SQL: what differs between them is in
//! [`Dialect`] and behind [`Connection`].

mod bodies;
mod incoming;
mod journal;
mod outgoing;
pub(super) mod post_office;
mod room;
mod schema;
mod segments;
mod value;

use self::journal::Heads;
use self::segments::Appending;
use super::claim::{Claim, ClaimToken};
use super::incoming::{Incoming, IncomingId, IncomingState, NewIncoming};
use super::objects::Objects;
use super::outgoing::{Delivery, DeliveryId, DeliveryState, Letter, LetterId, NewLetter};
use super::{Body, Records};
use crate::envelope::edxml::{DocumentId, OrganId, Progress};
use crate::error::{Error, Result};
use crate::exchange::journal::{Entry, Noted};
use crate::exchange::transport::{MessageKind, TransportId};
use crate::time::UtcTime;

pub(super) use self::room::{Room, kept_in_a_room};
pub(super) use self::schema::migrate;
#[cfg(test)]
pub(super) use self::schema::migrate_to;
#[cfg(feature = "sqlite")]
pub(super) use self::segments::Segments;
pub(super) use self::value::{Cell, Row, Value};

/// Whose SQL it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "a build may have one of them only")]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
    /// PostgreSQL within a transaction that only reads: it locks nothing.
    PostgresReading,
}

impl Dialect {
    /// Put behind a query: nobody else writes the rows it gives until the transaction ends.
    /// In SQLite there is but one writer at a time.
    fn locking(self, query: &str) -> String {
        match self {
            Self::Sqlite | Self::PostgresReading => query.to_owned(),
            Self::Postgres => format!("{query} FOR UPDATE"),
        }
    }

    /// The same, but rows that somebody else has locked are left out.
    fn skipping_locked(self, query: &str) -> String {
        match self {
            Self::Sqlite | Self::PostgresReading => query.to_owned(),
            Self::Postgres => format!("{query} FOR UPDATE SKIP LOCKED"),
        }
    }
}

/// A connection to a database, within a transaction. Placeholders are `?1`, `?2`, …
pub(super) trait Connection {
    fn dialect(&self) -> Dialect;

    /// Several statements without values.
    fn run(&mut self, statements: &str) -> Result<()>;

    /// One statement; how many rows it touched.
    fn execute(&mut self, statement: &str, values: &[Value<'_>]) -> Result<u64>;

    /// One statement that gives rows.
    fn query(&mut self, statement: &str, values: &[Value<'_>]) -> Result<Vec<Row>>;
}

impl dyn Connection + '_ {
    fn first(&mut self, statement: &str, values: &[Value<'_>]) -> Result<Option<Row>> {
        Ok(self.query(statement, values)?.into_iter().next())
    }

    /// The number that an `INSERT … RETURNING` gives.
    fn inserted(&mut self, statement: &str, values: &[Value<'_>]) -> Result<i64> {
        let row = self.first(statement, values)?;
        row.ok_or_else(|| Error::misuse("an insertion gave no number"))?.integer()
    }

    /// Whoever works on the same subject waits until this transaction ends, even where
    /// there is no record of it yet that could be locked.
    fn wait_for(&mut self, subject: &[&str]) -> Result<()> {
        if self.dialect() == Dialect::Postgres {
            let text = subject.join("\n");
            let statement = "SELECT 1 FROM pg_advisory_xact_lock(hashtextextended(?1, 0))";
            self.query(statement, &[text.as_str().into()])?;
        }
        Ok(())
    }
}

/// What is asked again and again, and the index that answers it.
#[cfg(all(test, feature = "sqlite"))]
pub(super) const FREQUENT: [(&str, &str); 6] = [
    (outgoing::HEADS, "deliveries_open"),
    (outgoing::NEXT, "deliveries_due"),
    (incoming::DUE, "incoming_open"),
    (journal::SINCE, "entries_since"),
    (post_office::WAITING, "mail_open"),
    (post_office::FRESH, "mail_new"),
];

/// What outlives a power cut, and a crash of the database's server, of what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// All, once the transaction has ended.
    AtOnce,
    /// As at once, in a transaction that nobody shares: for what also does what cannot be
    /// undone, and so may go by nothing that may yet be.
    Alone,
    /// All, once a later transaction that is kept at once has ended: for what is said again
    /// where it was lost.
    Soon,
}

/// Something that has connections.
pub(super) trait Database: Send + Sync {
    /// Carries `work` out within a transaction that writes, and again where the database
    /// asks for it. A crash of the program alone undoes nothing of it in either case.
    ///
    /// # Errors
    /// `Io`, and what `work` fails with.
    fn write(
        &self,
        kept: Kept,
        work: &mut dyn FnMut(&mut dyn Connection) -> Result<()>,
    ) -> Result<()>;

    /// Carries `work` out, which only reads.
    ///
    /// # Errors
    /// As [`Database::write`].
    fn read(&self, work: &mut dyn FnMut(&mut dyn Connection) -> Result<()>) -> Result<()>;
}

fn kind_name(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Document => "document",
        MessageKind::Status => "status",
    }
}

fn kind_from_name(name: &str) -> Option<MessageKind> {
    [MessageKind::Document, MessageKind::Status].into_iter().find(|it| kind_name(*it) == name)
}

/// A claim ends, and what is held is due as if nobody had held it.
fn release_claims(
    connection: &mut dyn Connection,
    tables: &[&str],
    agency: &OrganId,
    of: Option<ClaimToken>,
) -> Result<u64> {
    let which = if of.is_some() { "claim = ?2" } else { "claim IS NOT NULL" };
    let mut values = vec![agency.as_str().into()];
    values.extend(of.map(|it| Value::from(it.0)));
    let mut released = 0_u64;
    for table in tables {
        let statement = format!(
            "UPDATE {table} SET claim = NULL, claim_until = NULL, due_at = next_at \
             WHERE agency = ?1 AND open = 1 AND {which}"
        );
        released = released.saturating_add(connection.execute(&statement, &values)?);
    }
    Ok(released)
}

/// What is due later than this was put off by a clock that was wrong: no pause and no claim
/// is as long.
fn too_late(claim: &Claim<'_>) -> UtcTime {
    claim.until.plus_seconds(TWO_DAYS)
}

const TWO_DAYS: i64 = 2 * 86_400;

/// Records within one transaction.
struct Work<'c> {
    connection: &'c mut dyn Connection,
    objects: &'c dyn Objects,
    /// Where messages are appended to files.
    appending: Option<Appending<'c>>,
    heads: Heads,
}

impl Records for Work<'_> {
    fn insert_letter(&mut self, letter: &NewLetter<'_>) -> Result<LetterId> {
        self.insert_body(letter.body)?;
        outgoing::insert(self.connection, letter)
    }

    fn letter(&mut self, id: LetterId) -> Result<Option<Letter>> {
        outgoing::letter(self.connection, id)
    }

    fn letters_of(&mut self, agency: &OrganId, document: &DocumentId) -> Result<Vec<Letter>> {
        outgoing::letters_of(self.connection, agency, document)
    }

    fn deliveries_of(&mut self, letter: LetterId) -> Result<Vec<Delivery>> {
        outgoing::deliveries_of(self.connection, letter)
    }

    fn delivery(&mut self, id: DeliveryId) -> Result<Option<Delivery>> {
        outgoing::delivery(self.connection, id)
    }

    fn claim_deliveries(&mut self, claim: &Claim<'_>) -> Result<Vec<Delivery>> {
        outgoing::claim(self.connection, claim)
    }

    fn update_delivery(
        &mut self,
        delivery: &Delivery,
        claim: Option<ClaimToken>,
        keep_claim: bool,
    ) -> Result<bool> {
        outgoing::update(self.connection, delivery, claim, keep_claim)
    }

    fn next_delivery_at(&mut self, agency: &OrganId) -> Result<Option<UtcTime>> {
        outgoing::next_at(self.connection, agency)
    }

    fn set_progress(&mut self, id: DeliveryId, progress: Progress) -> Result<()> {
        outgoing::set_progress(self.connection, id, progress)
    }

    fn deliveries_named(&mut self, agency: &OrganId, id: &TransportId) -> Result<Vec<Delivery>> {
        outgoing::named(self.connection, agency, id)
    }

    fn insert_incoming(&mut self, new: &NewIncoming<'_>) -> Result<(IncomingId, bool)> {
        incoming::insert(self.connection, new)
    }

    fn incoming(&mut self, id: IncomingId) -> Result<Option<Incoming>> {
        incoming::one(self.connection, id)
    }

    fn incoming_named(
        &mut self,
        agency: &OrganId,
        kind: MessageKind,
        id: &TransportId,
    ) -> Result<Option<Incoming>> {
        incoming::named(self.connection, agency, kind, id)
    }

    fn incoming_documents(
        &mut self,
        agency: &OrganId,
        issuer: &OrganId,
        document: &DocumentId,
    ) -> Result<Vec<Incoming>> {
        incoming::documents(self.connection, agency, issuer, document)
    }

    fn claim_incoming(&mut self, claim: &Claim<'_>) -> Result<Vec<Incoming>> {
        incoming::claim(self.connection, claim)
    }

    fn update_incoming(
        &mut self,
        it: &Incoming,
        claim: Option<ClaimToken>,
        keep_claim: bool,
    ) -> Result<bool> {
        incoming::update(self.connection, it, claim, keep_claim)
    }

    fn incoming_in(
        &mut self,
        agency: &OrganId,
        state: IncomingState,
        after: Option<IncomingId>,
        most: u32,
    ) -> Result<Vec<Incoming>> {
        incoming::in_state(self.connection, agency, state, after, most)
    }

    fn deliveries_in(
        &mut self,
        agency: &OrganId,
        state: DeliveryState,
        after: Option<DeliveryId>,
        most: u32,
    ) -> Result<Vec<Delivery>> {
        outgoing::in_state(self.connection, agency, state, after, most)
    }

    fn serialize(&mut self, agency: &OrganId) -> Result<()> {
        self.heads.lock(self.connection, agency)
    }

    fn release_claims(&mut self, agency: &OrganId, of: Option<ClaimToken>) -> Result<u64> {
        release_claims(self.connection, &["deliveries", "incoming"], agency, of)
    }

    fn release_deliveries(&mut self, agency: &OrganId) -> Result<u64> {
        release_claims(self.connection, &["deliveries"], agency, None)
    }

    fn release_incoming(&mut self, agency: &OrganId) -> Result<u64> {
        release_claims(self.connection, &["incoming"], agency, None)
    }

    fn insert_body(&mut self, body: &Body) -> Result<()> {
        bodies::insert(self, body)
    }

    fn has_body(&mut self, digest: &str) -> Result<bool> {
        bodies::has(self.connection, digest)
    }

    fn note(&mut self, noted: &Noted<'_>) -> Result<Entry> {
        self.heads.note(self.connection, noted)
    }

    fn entries(&mut self, agency: &OrganId, from: u64, most: u32) -> Result<Vec<Entry>> {
        journal::entries(self.connection, agency, from, most)
    }

    fn first_entry_since(&mut self, agency: &OrganId, at: UtcTime) -> Result<u64> {
        self.heads.write(self.connection)?;
        journal::first_since(self.connection, agency, at)
    }

    fn insert_seal(&mut self, agency: &OrganId, through: u64, seal: &[u8]) -> Result<()> {
        journal::insert_seal(self.connection, agency, through, seal)
    }

    fn seals(&mut self, agency: &OrganId) -> Result<Vec<(u64, Vec<u8>)>> {
        journal::seals(self.connection, agency)
    }

    fn setting(&mut self, name: &str) -> Result<Option<String>> {
        let query = "SELECT value FROM settings WHERE name = ?1";
        let query = self.connection.dialect().locking(query);
        self.connection.first(&query, &[name.into()])?.map(|mut row| row.text()).transpose()
    }

    fn set_setting(&mut self, name: &str, value: &str) -> Result<()> {
        let statement = "INSERT INTO settings (name, value) VALUES (?1, ?2) \
                         ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        self.connection.execute(statement, &[name.into(), value.into()])?;
        Ok(())
    }
}
