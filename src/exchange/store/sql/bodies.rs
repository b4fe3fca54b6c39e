//! The bytes of messages, in the database or beside it.

use std::sync::Arc;

use super::segments::{Place, Segments};
use super::value::{Value, count};
use super::{Connection, Database, Kept, Work};
use crate::crypto::DigestAlgorithm;
use crate::error::{Error, ErrorKind, Result};
use crate::exchange::store::objects::{self, Objects};
use crate::exchange::store::{Body, NotKept};
use crate::source::Source;
use crate::time::UtcTime;

/// A small message is read into memory, and a large one into the place for those. What is said
/// to be its digest is taken for it where it is small.
pub(super) fn keep(
    objects: &dyn Objects,
    most: u64,
    message: &dyn Source,
    known: Option<&str>,
) -> Result<Body> {
    let length = message.len();
    known.map_or(Ok(()), objects::check)?;
    if length > most {
        let digest = objects.put(message)?;
        return Ok(Body { digest, length, bytes: None });
    }
    let bytes = message.window(0..length)?;
    let digest = known.map(str::to_owned);
    let digest = digest.unwrap_or_else(|| DigestAlgorithm::Sha256.digest(&bytes).to_string());
    Ok(Body { digest, length, bytes: Some(Arc::from(bytes)) })
}

/// Locks the record of the body until the transaction ends, so that nobody throws it away
/// before the record that names it is seen.
pub(super) fn insert(work: &mut Work<'_>, body: &Body) -> Result<()> {
    objects::check(&body.digest)?;
    if work.appending.as_ref().is_some_and(|it| it.takes(body)) {
        return append(work, body);
    }
    let statement = "INSERT INTO bodies (digest, length, bytes) VALUES (?1, ?2, ?3) \
                     ON CONFLICT (digest) DO UPDATE SET length = excluded.length \
                     RETURNING CASE WHEN bytes IS NULL AND segment IS NULL THEN 1 ELSE 0 END";
    let values = [(&body.digest).into(), count(body.length).into(), body.bytes.as_deref().into()];
    let beside = work.connection.inserted(statement, &values)? != 0;
    if beside && !work.objects.has(&body.digest)? {
        return Err(missing(&body.digest));
    }
    Ok(())
}

/// What is there already is not appended again; what was lost is there again.
fn append(work: &mut Work<'_>, body: &Body) -> Result<()> {
    let query = "SELECT CASE WHEN bytes IS NULL THEN 0 ELSE 1 END, segment, place \
                 FROM bodies WHERE digest = ?1";
    let digest = Value::from(&body.digest);
    let found = work.connection.first(query, &[digest])?;
    let (Some(appending), Some(bytes)) = (&mut work.appending, &body.bytes) else { return Ok(()) };
    if let Some(mut row) = found {
        let is_there = row.yes()?
            || match Place::of(&mut row)? {
                Some(place) => appending.has(place, body)?,
                None => work.objects.has(&body.digest)?,
            };
        if is_there {
            return Ok(());
        }
    }
    let Place { segment, offset } = appending.append(&body.digest, bytes)?;
    let statement = "INSERT INTO bodies (digest, length, segment, place) VALUES (?1, ?2, ?3, ?4) \
                     ON CONFLICT (digest) DO UPDATE \
                     SET segment = excluded.segment, place = excluded.place";
    let values = [digest, count(body.length).into(), count(segment).into(), count(offset).into()];
    work.connection.execute(statement, &values).map(drop)
}

/// Locks the record, as an insertion does.
pub(super) fn has(connection: &mut dyn Connection, digest: &str) -> Result<bool> {
    let query = connection.dialect().locking("SELECT 1 FROM bodies WHERE digest = ?1");
    Ok(connection.first(&query, &[digest.into()])?.is_some())
}

pub(super) fn open(
    database: &dyn Database,
    objects: &dyn Objects,
    segments: Option<&Segments>,
    digest: &str,
) -> Result<Box<dyn Source>> {
    objects::check(digest)?;
    let mut found = None;
    database.read(&mut |connection| {
        let query = "SELECT bytes, length, segment, place FROM bodies WHERE digest = ?1";
        found = connection.first(query, &[digest.into()])?;
        Ok(())
    })?;
    let mut row = found.ok_or_else(|| missing(digest))?;
    if let Some(bytes) = row.maybe_bytes()? {
        return Ok(Box::new(bytes));
    }
    let length = row.number()?;
    let Some(place) = Place::of(&mut row)? else {
        return objects.open(digest).map_err(|error| match objects.has(digest) {
            Ok(false) => missing(digest),
            _ => error,
        });
    };
    let found = segments.map(|it| it.open(place, digest, length)).transpose()?;
    found.flatten().map(|it| Box::new(it) as Box<dyn Source>).ok_or_else(|| missing(digest))
}

fn missing(digest: &str) -> Error {
    Error::new(ErrorKind::Io, format!("no message with the digest {digest} is kept"))
        .because(NotKept)
}

/// Throws away what stands beside the database since before an instant and has no record; how
/// many.
pub(super) fn sweep_unnamed(
    database: &dyn Database,
    objects: &dyn Objects,
    before: UtcTime,
) -> Result<u64> {
    let mut removed = objects.clear(before)?;
    objects.older(before, &mut |digest| {
        let mut is_named = true;
        database.read(&mut |connection| {
            let query = "SELECT 1 FROM bodies WHERE digest = ?1";
            is_named = connection.first(query, &[digest.into()])?.is_some();
            Ok(())
        })?;
        if !is_named {
            database.write(Kept::Alone, &mut |connection| {
                is_named = !remove_unnamed(connection, objects, digest)?;
                Ok(())
            })?;
            removed = removed.saturating_add(u64::from(!is_named));
        }
        Ok(())
    })?;
    Ok(removed)
}

/// A record is made and taken away again: whoever inserts one meanwhile waits, and then finds
/// the object gone, which is to be kept again.
fn remove_unnamed(
    connection: &mut dyn Connection,
    objects: &dyn Objects,
    digest: &str,
) -> Result<bool> {
    let statement =
        "INSERT INTO bodies (digest, length) VALUES (?1, 0) ON CONFLICT (digest) DO NOTHING";
    if connection.execute(statement, &[digest.into()])? == 0 {
        return Ok(false);
    }
    objects.remove(digest)?;
    connection.execute("DELETE FROM bodies WHERE digest = ?1", &[digest.into()])?;
    Ok(true)
}

/// Digests that were looked at, and thrown away, in one transaction.
const AT_ONCE: u32 = 100;

/// What nothing refers to but records that are finished since before `before`.
const SPENT: &str = "
    NOT EXISTS (SELECT 1 FROM letters l WHERE l.digest = bodies.digest AND (
        l.created >= ?2 OR EXISTS (SELECT 1 FROM deliveries d WHERE d.letter = l.id
            AND (d.open = 1 OR d.state = 'stopped' OR d.sent_at >= ?2))))
    AND NOT EXISTS (SELECT 1 FROM incoming i WHERE i.digest = bodies.digest AND (
        i.open = 1 OR i.state IN ('stopped', 'held') OR i.listed >= ?2
        OR i.received >= ?2 OR i.decided >= ?2))
    AND NOT EXISTS (SELECT 1 FROM dispatches p WHERE p.digest = bodies.digest AND (
        p.at >= ?2 OR EXISTS (SELECT 1 FROM mail m WHERE m.dispatch = p.id AND m.open = 1)))";

/// Throws away the bytes of messages that were finished before an instant; how many.
pub(super) fn sweep(
    database: &dyn Database,
    objects: &dyn Objects,
    before: UtcTime,
) -> Result<u64> {
    let (mut removed, mut after) = (0_u64, String::new());
    loop {
        let (mut swept, mut last) = (0_u64, None);
        database.write(Kept::Alone, &mut |connection| {
            (swept, last) = sweep_some(connection, objects, before.into(), &after)?;
            Ok(())
        })?;
        removed = removed.saturating_add(swept);
        match last {
            Some(digest) => after = digest,
            None => return Ok(removed),
        }
    }
}

/// Each is locked first, and only then looked for in the records: whoever names it meanwhile
/// waits, and then finds it gone.
fn sweep_some(
    connection: &mut dyn Connection,
    objects: &dyn Objects,
    before: Value<'_>,
    after: &str,
) -> Result<(u64, Option<String>)> {
    let query = "SELECT digest FROM bodies WHERE digest > ?1 ORDER BY digest LIMIT ?2";
    let query = connection.dialect().locking(query);
    let rows = connection.query(&query, &[after.into(), AT_ONCE.into()])?;
    let digests = rows.into_iter().map(|mut row| row.text()).collect::<Result<Vec<_>>>()?;
    let statement = format!(
        "DELETE FROM bodies WHERE digest = ?1 AND {SPENT} \
         RETURNING CASE WHEN bytes IS NULL THEN 1 ELSE 0 END"
    );
    let mut swept = 0_u64;
    for digest in &digests {
        if let Some(mut row) = connection.first(&statement, &[digest.into(), before])? {
            swept = swept.saturating_add(1);
            if row.yes()? {
                objects.remove(digest)?;
            }
        }
    }
    Ok((swept, digests.last().cloned()))
}
