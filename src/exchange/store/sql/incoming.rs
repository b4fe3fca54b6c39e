//! What comes in.

use super::value::{Row, Value, count};
use super::{Claim, ClaimToken, Connection, kind_from_name, kind_name, too_late};
use crate::envelope::edxml::{DocumentId, OrganId, Progress};
use crate::error::{Error, Result};
use crate::exchange::store::incoming::{Incoming, IncomingId, IncomingState, NewIncoming};
use crate::exchange::transport::{MessageKind, TransportId};

const COLUMNS: &str = "id, agency, kind, transport_id, sender, listed, state, acknowledged, \
                       attempts, next_at, fault, issuer, document, code, subject, priority, \
                       digest, content, length, received, decided, reason, handling, \
                       take_back, claim";

pub(super) fn insert(
    connection: &mut dyn Connection,
    new: &NewIncoming<'_>,
) -> Result<(IncomingId, bool)> {
    let statement = "INSERT INTO incoming (agency, kind, transport_id, sender, listed, state, \
                     open, acknowledged, attempts, next_at, fault, issuer, document, code, \
                     subject, priority, digest, content, length, reason, due_at) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, 0, 0, ?5, '', '', '', '', '', 0, \
                     '', '', 0, '', ?5) \
                     ON CONFLICT (agency, kind, transport_id) DO NOTHING RETURNING id";
    let (agency, kind) = (new.agency.as_str(), kind_name(new.kind));
    let name = new.transport_id.as_str();
    let values = [
        agency.into(),
        kind.into(),
        name.into(),
        new.from.as_str().into(),
        new.listed.into(),
        IncomingState::Listed.name().into(),
    ];
    if let Some(mut row) = connection.first(statement, &values)? {
        return Ok((IncomingId(row.integer()?), true));
    }
    let query = "SELECT id FROM incoming WHERE agency = ?1 AND kind = ?2 AND transport_id = ?3";
    let row = connection.first(query, &[agency.into(), kind.into(), name.into()])?;
    let mut row = row.ok_or_else(|| Error::misuse("a record is neither there nor new"))?;
    Ok((IncomingId(row.integer()?), false))
}

fn to_incoming(mut row: Row) -> Result<Incoming> {
    Ok(Incoming {
        id: IncomingId(row.integer()?),
        agency: row.text()?.into(),
        kind: row.named(kind_from_name)?,
        transport_id: row.text()?.into(),
        from: row.text()?.into(),
        listed: row.time()?,
        state: row.named(IncomingState::from_name)?,
        acknowledged: row.yes()?,
        attempts: row.number()?,
        next_at: row.time()?,
        fault: row.text()?,
        issuer: row.text()?.into(),
        document: row.text()?.into(),
        code: row.text()?,
        subject: row.text()?,
        priority: row.number()?,
        digest: row.text()?,
        content: row.text()?,
        length: row.number()?,
        received: row.maybe_time()?,
        decided: row.maybe_time()?,
        reason: row.text()?,
        progress: Progress::kept(row.maybe_status()?, row.maybe_status()?),
        claim: row.maybe_integer()?.map(ClaimToken),
    })
}

fn select(
    connection: &mut dyn Connection,
    conditions: &str,
    values: &[Value<'_>],
) -> Result<Vec<Incoming>> {
    let query = format!("SELECT {COLUMNS} FROM incoming WHERE {conditions}");
    connection.query(&query, values)?.into_iter().map(to_incoming).collect()
}

/// Records that may be changed next.
fn select_locking(
    connection: &mut dyn Connection,
    conditions: &str,
    values: &[Value<'_>],
) -> Result<Vec<Incoming>> {
    let conditions = connection.dialect().locking(conditions);
    select(connection, &conditions, values)
}

pub(super) fn one(connection: &mut dyn Connection, id: IncomingId) -> Result<Option<Incoming>> {
    Ok(select_locking(connection, "id = ?1", &[id.0.into()])?.pop())
}

pub(super) fn named(
    connection: &mut dyn Connection,
    agency: &OrganId,
    kind: MessageKind,
    id: &TransportId,
) -> Result<Option<Incoming>> {
    let conditions = "agency = ?1 AND kind = ?2 AND transport_id = ?3";
    let values = [agency.as_str().into(), kind_name(kind).into(), id.as_str().into()];
    Ok(select_locking(connection, conditions, &values)?.pop())
}

pub(super) fn documents(
    connection: &mut dyn Connection,
    agency: &OrganId,
    issuer: &OrganId,
    document: &DocumentId,
) -> Result<Vec<Incoming>> {
    let (agency, issuer, document) = (agency.as_str(), issuer.as_str(), document.as_str());
    connection.wait_for(&["incoming", agency, issuer, document])?;
    let conditions = "agency = ?1 AND issuer = ?2 AND document = ?3 AND kind = ?4 ORDER BY id";
    let kind = kind_name(MessageKind::Document);
    let values = [agency.into(), issuer.into(), document.into(), kind.into()];
    select_locking(connection, conditions, &values)
}

/// As with deliveries, the database is kept from an index by time.
pub(super) const DUE: &str = "SELECT id FROM incoming WHERE agency = ?1 AND open = 1 \
                              AND (+due_at <= ?2 OR +due_at > ?4) ORDER BY priority DESC, id LIMIT ?3";

pub(super) fn claim(connection: &mut dyn Connection, claim: &Claim<'_>) -> Result<Vec<Incoming>> {
    let due = connection.dialect().skipping_locked(DUE);
    let statement = format!(
        "WITH due AS ({due}) UPDATE incoming SET claim = ?5, claim_until = ?6, \
         due_at = CASE WHEN next_at > ?6 AND next_at <= ?4 THEN next_at ELSE ?6 END \
         WHERE id IN (SELECT id FROM due) RETURNING {COLUMNS}"
    );
    let values = [
        claim.agency.as_str().into(),
        claim.now.into(),
        claim.most.into(),
        too_late(claim).into(),
        claim.token.0.into(),
        claim.until.into(),
    ];
    let rows = connection.query(&statement, &values)?;
    let mut claimed = rows.into_iter().map(to_incoming).collect::<Result<Vec<_>>>()?;
    claimed.sort_by_key(|it| (std::cmp::Reverse(it.priority), it.id));
    Ok(claimed)
}

/// What was given up is in nobody's hands until a person resumes it, though the axis does
/// not know that it is here: it is not.
fn is_open(it: &Incoming) -> bool {
    it.state.is_open() || (!it.acknowledged && it.state != IncomingState::Stopped)
}

pub(super) fn update(
    connection: &mut dyn Connection,
    it: &Incoming,
    claim: Option<ClaimToken>,
    keep_claim: bool,
) -> Result<bool> {
    let holder = if claim.is_some() { "claim = ?22" } else { "claim IS NULL" };
    let ends = if keep_claim && claim.is_some() {
        "due_at = CASE WHEN ?6 > claim_until THEN ?6 ELSE claim_until END"
    } else {
        "claim = NULL, claim_until = NULL, due_at = ?6"
    };
    let statement = format!(
        "UPDATE incoming SET state = ?2, open = ?3, acknowledged = ?4, attempts = ?5, \
         next_at = ?6, fault = ?7, issuer = ?8, document = ?9, code = ?10, subject = ?11, \
         priority = ?12, digest = ?13, content = ?14, length = ?15, received = ?16, \
         decided = ?17, reason = ?18, handling = ?19, take_back = ?20, {ends} \
         WHERE id = ?1 AND agency = ?21 AND {holder}"
    );
    let mut values = vec![
        it.id.0.into(),
        it.state.name().into(),
        is_open(it).into(),
        it.acknowledged.into(),
        it.attempts.into(),
        it.next_at.into(),
        (&it.fault).into(),
        it.issuer.as_str().into(),
        it.document.as_str().into(),
        (&it.code).into(),
        (&it.subject).into(),
        it.priority.into(),
        (&it.digest).into(),
        (&it.content).into(),
        count(it.length).into(),
        it.received.into(),
        it.decided.into(),
        (&it.reason).into(),
        it.progress.handling().into(),
        it.progress.take_back().into(),
        it.agency.as_str().into(),
    ];
    values.extend(claim.map(|it| Value::from(it.0)));
    Ok(connection.execute(&statement, &values)? > 0)
}

pub(super) fn in_state(
    connection: &mut dyn Connection,
    agency: &OrganId,
    state: IncomingState,
    after: Option<IncomingId>,
    most: u32,
) -> Result<Vec<Incoming>> {
    let conditions = "agency = ?1 AND state = ?2 AND id > ?3 ORDER BY id LIMIT ?4";
    let after = after.map_or(0, |it| it.0);
    let values = [agency.as_str().into(), state.name().into(), after.into(), most.into()];
    select(connection, conditions, &values)
}
