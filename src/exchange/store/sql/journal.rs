//! The journal.

use std::borrow::Cow;

use super::Connection;
use super::value::{Row, count};
use crate::envelope::edxml::{DocumentId, OrganId};
use crate::error::{Error, Result};
use crate::exchange::journal::{Actor, Entry, EntryHash, Noted};
use crate::time::UtcTime;

const ENTRY: &str =
    "SELECT agency, sequence, at, actor, document, peer, digest, event, hash FROM entries";

/// The ends of the journals that a transaction appends to: each is read and locked once, until
/// the transaction ends, so that no two entries follow the same one, and written once.
#[derive(Default)]
pub(super) struct Heads(Vec<Head>);

struct Head {
    agency: OrganId,
    last: Option<(u64, EntryHash)>,
    /// The latest time of all entries so far: the first entry at or after an instant is the
    /// first whose `latest` is.
    latest: i64,
    /// Whether it is to be written.
    moved: bool,
}

impl Heads {
    /// The journal of an agency, locked; made where there is none.
    fn of(&mut self, connection: &mut dyn Connection, agency: &OrganId) -> Result<&mut Head> {
        let at = match self.0.iter().position(|it| it.agency == *agency) {
            Some(at) => at,
            None => {
                self.0.push(head(connection, agency)?);
                self.0.len().saturating_sub(1)
            }
        };
        self.0.get_mut(at).ok_or_else(|| Error::misuse("a journal has no end"))
    }

    /// Nobody else writes to this journal until the transaction ends.
    pub(super) fn lock(&mut self, connection: &mut dyn Connection, of: &OrganId) -> Result<()> {
        self.of(connection, of).map(drop)
    }

    pub(super) fn note(
        &mut self,
        connection: &mut dyn Connection,
        noted: &Noted<'_>,
    ) -> Result<Entry> {
        let head = self.of(connection, noted.agency)?;
        let entry = entry_after(head.last, noted)?;
        let latest = head.latest.max(entry.micros());
        append(connection, &entry, latest)?;
        (head.last, head.latest, head.moved) = (Some((entry.sequence, entry.hash)), latest, true);
        Ok(entry)
    }

    /// Writes what was moved: before the transaction ends.
    pub(super) fn write(&mut self, connection: &mut dyn Connection) -> Result<()> {
        let statement =
            "UPDATE journals SET sequence = ?2, latest = ?3, hash = ?4 WHERE agency = ?1";
        for head in self.0.iter_mut().filter(|it| it.moved) {
            let Some((sequence, hash)) = head.last else { continue };
            let agency = head.agency.as_str().into();
            let values =
                [agency, count(sequence).into(), head.latest.into(), hash.0.as_slice().into()];
            connection.execute(statement, &values)?;
            head.moved = false;
        }
        Ok(())
    }
}

fn head(connection: &mut dyn Connection, agency: &OrganId) -> Result<Head> {
    let name = agency.as_str();
    let statement = "INSERT INTO journals (agency, sequence, latest, hash) VALUES (?1, 0, ?2, ?3) \
                     ON CONFLICT (agency) DO NOTHING";
    let query = "SELECT sequence, latest, hash FROM journals WHERE agency = ?1";
    let query = connection.dialect().locking(query);
    let mut row = connection.first(&query, &[name.into()])?;
    if row.is_none() {
        let none = EntryHash::NONE;
        connection.execute(statement, &[name.into(), i64::MIN.into(), none.0.as_slice().into()])?;
        row = connection.first(&query, &[name.into()])?;
    }
    let mut row = row.ok_or_else(|| Error::misuse("a journal is neither there nor new"))?;
    let (sequence, latest) = (row.number::<u64>()?, row.integer()?);
    let hash = EntryHash::from_bytes(&row.bytes()?)?;
    let last = (sequence > 0).then_some((sequence, hash));
    Ok(Head { agency: agency.clone(), last, latest, moved: false })
}

/// An entry of texts that every database gives back as they were hashed.
fn entry_after(previous: Option<(u64, EntryHash)>, noted: &Noted<'_>) -> Result<Entry> {
    let actor = Actor::new(without_zeros(noted.actor.name()));
    let document = noted.document.map(|it| DocumentId::from(&*without_zeros(it.as_str())));
    let peer = noted.peer.map(|it| OrganId::from(&*without_zeros(it.as_str())));
    let digest = noted.digest.map(without_zeros);
    let noted = Noted {
        actor: &actor,
        document: document.as_ref(),
        peer: peer.as_ref(),
        digest: digest.as_deref(),
        ..noted.clone()
    };
    Entry::after(previous, &noted)
}

/// PostgreSQL keeps no text with U+0000.
pub(in crate::exchange::store) fn without_zeros(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{FFFD}").into() } else { text.into() }
}

fn append(connection: &mut dyn Connection, entry: &Entry, latest: i64) -> Result<()> {
    let statement = "INSERT INTO entries (agency, sequence, latest, at, actor, document, peer, \
                     digest, event, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let values = [
        entry.agency.as_str().into(),
        count(entry.sequence).into(),
        latest.into(),
        entry.micros().into(),
        entry.actor.name().into(),
        entry.document.as_ref().map(DocumentId::as_str).into(),
        entry.peer.as_ref().map(OrganId::as_str).into(),
        entry.digest.as_ref().into(),
        (&entry.text).into(),
        entry.hash.0.as_slice().into(),
    ];
    connection.execute(statement, &values).map(drop)
}

fn to_entry(mut row: Row) -> Result<Entry> {
    Ok(Entry {
        agency: row.text()?.into(),
        sequence: row.number()?,
        at: row.time()?,
        actor: Actor::new(row.text()?),
        document: row.maybe_text()?.map(DocumentId::from),
        peer: row.maybe_text()?.map(OrganId::from),
        digest: row.maybe_text()?,
        text: row.text()?,
        hash: EntryHash::from_bytes(&row.bytes()?)?,
    })
}

pub(super) fn entries(
    connection: &mut dyn Connection,
    agency: &OrganId,
    from: u64,
    most: u32,
) -> Result<Vec<Entry>> {
    let query = format!("{ENTRY} WHERE agency = ?1 AND sequence >= ?2 ORDER BY sequence LIMIT ?3");
    let values = [agency.as_str().into(), count(from).into(), most.into()];
    connection.query(&query, &values)?.into_iter().map(to_entry).collect()
}

pub(super) const SINCE: &str = "SELECT sequence FROM entries WHERE agency = ?1 \
                                AND latest >= ?2 ORDER BY latest, sequence LIMIT 1";

pub(super) fn first_since(
    connection: &mut dyn Connection,
    agency: &OrganId,
    at: UtcTime,
) -> Result<u64> {
    if let Some(mut row) = connection.first(SINCE, &[agency.as_str().into(), at.into()])? {
        return row.number();
    }
    let query = "SELECT sequence FROM journals WHERE agency = ?1";
    let last = connection.first(query, &[agency.as_str().into()])?;
    Ok(last.map_or(Ok(0), |mut row| row.number::<u64>())?.saturating_add(1))
}

pub(super) fn insert_seal(
    connection: &mut dyn Connection,
    agency: &OrganId,
    through: u64,
    seal: &[u8],
) -> Result<()> {
    let statement = "INSERT INTO seals (agency, through, seal) VALUES (?1, ?2, ?3)";
    connection.execute(statement, &[agency.as_str().into(), count(through).into(), seal.into()])?;
    Ok(())
}

pub(super) fn seals(
    connection: &mut dyn Connection,
    agency: &OrganId,
) -> Result<Vec<(u64, Vec<u8>)>> {
    let query = "SELECT through, seal FROM seals WHERE agency = ?1 ORDER BY through, id";
    let rows = connection.query(query, &[agency.as_str().into()])?;
    rows.into_iter().map(|mut row| Ok((row.number()?, row.bytes()?))).collect()
}
