//! Letters and deliveries.

use super::value::{Row, Value, count};
use super::{Claim, ClaimToken, Connection, kind_from_name, kind_name, too_late};
use crate::envelope::edxml::{DocumentId, OrganId, Progress};
use crate::error::{Error, Result};
use crate::exchange::store::outgoing::{
    Delivery, DeliveryId, DeliveryState, Gist, Letter, LetterId, NewLetter,
};
use crate::exchange::transport::{MessageKind, TransportId};
use crate::time::UtcTime;

const LETTER: &str = "SELECT id, agency, kind, issuer, document, code, subject, status, \
                      priority, digest, length, gist, created FROM letters";
const COLUMNS: &str = "id, letter, receiver, state, attempts, refusals, alone, next_at, \
                       in_doubt_since, transport_id, sent_at, fault, handling, take_back, claim";

pub(super) fn insert(connection: &mut dyn Connection, letter: &NewLetter<'_>) -> Result<LetterId> {
    let statement = "INSERT INTO letters (agency, kind, issuer, document, code, subject, \
                     status, priority, digest, length, created, gist) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) RETURNING id";
    let gist = letter.gist.map(serde_json::to_string).transpose();
    let gist = gist.map_err(|error| Error::misuse(format!("the gist of a letter: {error}")))?;
    let values = [
        letter.agency.as_str().into(),
        kind_name(letter.kind).into(),
        letter.issuer.as_str().into(),
        letter.document.as_str().into(),
        letter.code.into(),
        letter.subject.into(),
        letter.status.into(),
        letter.priority.into(),
        (&letter.body.digest).into(),
        count(letter.body.length).into(),
        letter.created.into(),
        gist.as_deref().into(),
    ];
    let id = connection.inserted(statement, &values)?;
    let statement = "INSERT INTO deliveries (agency, priority, letter, receiver, state, open, \
                     attempts, alone, next_at, fault, due_at) \
                     VALUES (?1, ?2, ?3, ?4, ?5, 1, 0, 0, ?6, '', ?6)";
    for to in letter.to {
        let values = [
            letter.agency.as_str().into(),
            letter.priority.into(),
            id.into(),
            to.as_str().into(),
            DeliveryState::Waiting.name().into(),
            letter.created.into(),
        ];
        connection.execute(statement, &values)?;
    }
    Ok(LetterId(id))
}

fn to_letter(mut row: Row) -> Result<Letter> {
    Ok(Letter {
        id: LetterId(row.integer()?),
        agency: row.text()?.into(),
        kind: row.named(kind_from_name)?,
        issuer: row.text()?.into(),
        document: row.text()?.into(),
        code: row.text()?,
        subject: row.text()?,
        status: row.maybe_status()?,
        priority: row.number()?,
        digest: row.text()?,
        length: row.number()?,
        gist: row.maybe_json::<Gist>()?,
        created: row.time()?,
    })
}

fn to_delivery(mut row: Row) -> Result<Delivery> {
    Ok(Delivery {
        id: DeliveryId(row.integer()?),
        letter: LetterId(row.integer()?),
        to: row.text()?.into(),
        state: row.named(DeliveryState::from_name)?,
        attempts: row.number()?,
        refusals: row.number()?,
        alone: row.yes()?,
        next_at: row.time()?,
        in_doubt_since: row.maybe_time()?,
        transport_id: row.maybe_text()?.map(TransportId::from),
        sent_at: row.maybe_time()?,
        fault: row.text()?,
        progress: Progress::kept(row.maybe_status()?, row.maybe_status()?),
        claim: row.maybe_integer()?.map(ClaimToken),
    })
}

pub(super) fn letter(connection: &mut dyn Connection, id: LetterId) -> Result<Option<Letter>> {
    let query = format!("{LETTER} WHERE id = ?1");
    connection.first(&query, &[id.0.into()])?.map(to_letter).transpose()
}

pub(super) fn letters_of(
    connection: &mut dyn Connection,
    agency: &OrganId,
    document: &DocumentId,
) -> Result<Vec<Letter>> {
    connection.wait_for(&["letters", agency.as_str(), document.as_str()])?;
    let query = format!("{LETTER} WHERE agency = ?1 AND document = ?2 AND kind = ?3 ORDER BY id");
    let values =
        [agency.as_str().into(), document.as_str().into(), kind_name(MessageKind::Document).into()];
    connection.query(&query, &values)?.into_iter().map(to_letter).collect()
}

pub(super) fn deliveries_of(
    connection: &mut dyn Connection,
    letter: LetterId,
) -> Result<Vec<Delivery>> {
    let query = format!("SELECT {COLUMNS} FROM deliveries WHERE letter = ?1 ORDER BY id");
    let query = connection.dialect().locking(&query);
    connection.query(&query, &[letter.0.into()])?.into_iter().map(to_delivery).collect()
}

pub(super) fn delivery(
    connection: &mut dyn Connection,
    id: DeliveryId,
) -> Result<Option<Delivery>> {
    let query = format!("SELECT {COLUMNS} FROM deliveries WHERE id = ?1");
    let query = connection.dialect().locking(&query);
    connection.first(&query, &[id.0.into()])?.map(to_delivery).transpose()
}

/// What goes in one message hangs on the first due delivery of its letter: whoever locks
/// that one has them all, so that no two workers share a letter. One that is sent alone
/// hangs on itself.
///
/// `+due_at` keeps the database from an index by time, which would have to be sorted: all
/// of a long queue, for a few.
pub(super) const HEADS: &str = "
SELECT d.id, d.letter, d.alone FROM deliveries d
WHERE d.agency = ?1 AND d.open = 1 AND (+d.due_at <= ?2 OR +d.due_at > ?4)
AND (d.alone = 1 OR NOT EXISTS (
    SELECT 1 FROM deliveries e WHERE e.letter = d.letter AND e.id < d.id
    AND e.open = 1 AND e.alone = 0 AND (+e.due_at <= ?2 OR +e.due_at > ?4)))
ORDER BY d.priority DESC, d.letter, d.id LIMIT ?3";

pub(super) fn claim(connection: &mut dyn Connection, claim: &Claim<'_>) -> Result<Vec<Delivery>> {
    let query = connection.dialect().skipping_locked(HEADS);
    let late = too_late(claim);
    let values = [claim.agency.as_str().into(), claim.now.into(), claim.most.into(), late.into()];
    let heads = connection.query(&query, &values)?;
    let update = "UPDATE deliveries SET claim = ?1, claim_until = ?2, \
                  due_at = CASE WHEN next_at > ?2 AND next_at <= ?4 THEN next_at ELSE ?2 END \
                  WHERE open = 1 AND (due_at <= ?3 OR due_at > ?4)";
    let one = format!("{update} AND id = ?5 RETURNING {COLUMNS}");
    let together = format!("{update} AND letter = ?5 AND alone = 0 RETURNING {COLUMNS}");
    let mut claimed = Vec::new();
    for mut head in heads {
        let (id, letter, alone) = (head.integer()?, head.integer()?, head.yes()?);
        let (statement, which) = if alone { (&one, id) } else { (&together, letter) };
        let values: [Value<'_>; 5] =
            [claim.token.0.into(), claim.until.into(), claim.now.into(), late.into(), which.into()];
        let mut rows = connection
            .query(statement, &values)?
            .into_iter()
            .map(to_delivery)
            .collect::<Result<Vec<_>>>()?;
        rows.sort_by_key(|it| it.id);
        claimed.append(&mut rows);
    }
    Ok(claimed)
}

pub(super) fn update(
    connection: &mut dyn Connection,
    it: &Delivery,
    claim: Option<ClaimToken>,
    keep_claim: bool,
) -> Result<bool> {
    let holder = if claim.is_some() { "claim = ?13" } else { "claim IS NULL" };
    let ends = if keep_claim && claim.is_some() {
        "due_at = CASE WHEN ?6 > claim_until THEN ?6 ELSE claim_until END"
    } else {
        "claim = NULL, claim_until = NULL, due_at = ?6"
    };
    let statement = format!(
        "UPDATE deliveries SET state = ?2, open = ?3, attempts = ?4, alone = ?5, next_at = ?6, \
         in_doubt_since = ?7, transport_id = ?8, sent_at = ?9, fault = ?10, refusals = ?12, \
         {ends} WHERE id = ?1 AND letter = ?11 AND {holder}"
    );
    let mut values = vec![
        it.id.0.into(),
        it.state.name().into(),
        it.state.is_open().into(),
        it.attempts.into(),
        it.alone.into(),
        it.next_at.into(),
        it.in_doubt_since.into(),
        it.transport_id.as_ref().map(TransportId::as_str).into(),
        it.sent_at.into(),
        (&it.fault).into(),
        it.letter.0.into(),
        it.refusals.into(),
    ];
    values.extend(claim.map(|it| Value::from(it.0)));
    Ok(connection.execute(&statement, &values)? > 0)
}

pub(super) const NEXT: &str =
    "SELECT due_at FROM deliveries WHERE agency = ?1 AND open = 1 ORDER BY due_at LIMIT 1";

pub(super) fn next_at(
    connection: &mut dyn Connection,
    agency: &OrganId,
) -> Result<Option<UtcTime>> {
    connection.first(NEXT, &[agency.as_str().into()])?.map(|mut row| row.time()).transpose()
}

pub(super) fn set_progress(
    connection: &mut dyn Connection,
    id: DeliveryId,
    progress: Progress,
) -> Result<()> {
    let statement = "UPDATE deliveries SET handling = ?2, take_back = ?3 WHERE id = ?1";
    let values = [id.0.into(), progress.handling().into(), progress.take_back().into()];
    connection.execute(statement, &values).map(drop)
}

pub(super) fn named(
    connection: &mut dyn Connection,
    agency: &OrganId,
    id: &TransportId,
) -> Result<Vec<Delivery>> {
    let query = format!(
        "SELECT {COLUMNS} FROM deliveries WHERE agency = ?1 AND transport_id = ?2 ORDER BY id"
    );
    let rows = connection.query(&query, &[agency.as_str().into(), id.as_str().into()])?;
    rows.into_iter().map(to_delivery).collect()
}

pub(super) fn in_state(
    connection: &mut dyn Connection,
    agency: &OrganId,
    state: DeliveryState,
    after: Option<DeliveryId>,
    most: u32,
) -> Result<Vec<Delivery>> {
    let query = format!(
        "SELECT {COLUMNS} FROM deliveries WHERE agency = ?1 AND state = ?2 AND id > ?3 \
         ORDER BY id LIMIT ?4"
    );
    let after = after.map_or(0, |it| it.0);
    let values = [agency.as_str().into(), state.name().into(), after.into(), most.into()];
    connection.query(&query, &values)?.into_iter().map(to_delivery).collect()
}
