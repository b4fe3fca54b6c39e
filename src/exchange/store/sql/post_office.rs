//! What an axis keeps.

use super::value::{Row, Value, count};
use super::{Connection, Work, kind_from_name, kind_name};
use crate::envelope::edxml::OrganId;
use crate::error::{Error, Result};
use crate::exchange::store::Records;
use crate::exchange::store::post_office::{Accepted, Mail, NewMail};
use crate::exchange::transport::{MessageKind, TransportId, TransportState};
use crate::time::UtcTime;

macro_rules! mail_where {
    ($conditions:literal) => {
        concat!(
            "SELECT m.transport_id, d.sent_as, m.kind, d.sender, m.receiver, d.title, d.notation, \
             d.digest, d.length, m.state, m.at \
             FROM mail m JOIN dispatches d ON d.id = m.dispatch WHERE ",
            $conditions
        )
    };
}

const ONE: &str = mail_where!("m.receiver = ?1 AND m.transport_id = ?2");
pub(super) const WAITING: &str = mail_where!(
    "m.receiver = ?1 AND m.kind = ?2 AND m.open = 1 AND m.at >= ?3 \
     ORDER BY m.at, m.id LIMIT ?4"
);
const SENT: &str =
    mail_where!("d.sender = ?1 AND d.kind = ?2 AND d.at >= ?3 ORDER BY d.at, d.id, m.id");
const SENT_AS: &str = mail_where!(
    "d.sender = ?1 AND d.kind = ?2 AND d.at >= ?3 AND d.sent_as = ?4 ORDER BY d.at, d.id, m.id"
);
pub(super) const FRESH: &str =
    "SELECT COUNT(*) FROM mail WHERE receiver = ?1 AND kind = ?2 AND state = 'initial'";

/// Of two that are the same, one waits for the other here and then finds it.
pub(super) fn accept(work: &mut Work<'_>, mail: &NewMail<'_>) -> Result<Accepted> {
    let statement = "INSERT INTO dispatches (tag, kind, sender, title, notation, digest, length, \
                     sent_as, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
                     ON CONFLICT (tag) DO NOTHING RETURNING id";
    let (kind, at) = (kind_name(mail.kind), mail.at.into());
    let values = [
        mail.tag.into(),
        kind.into(),
        mail.from.as_str().into(),
        mail.title.into(),
        mail.notation.into(),
        (&mail.body.digest).into(),
        count(mail.body.length).into(),
        mail.sent_as.as_str().into(),
        at,
    ];
    let Some(mut row) = work.connection.first(statement, &values)? else {
        let known = taken(work.connection, mail.tag)?;
        let known = known.ok_or_else(|| Error::misuse("a dispatch is neither there nor new"))?;
        return Ok(Accepted::Replayed(known));
    };
    let dispatch = row.integer()?;
    work.insert_body(mail.body)?;
    let statement = "INSERT INTO mail (dispatch, receiver, kind, transport_id, state, open, at) \
                     VALUES (?1, ?2, ?3, ?4, 'initial', 1, ?5)";
    for (to, id) in mail.to {
        let values = [dispatch.into(), to.as_str().into(), kind.into(), id.as_str().into(), at];
        work.connection.execute(statement, &values)?;
    }
    Ok(Accepted::New)
}

fn to_mail(mut row: Row) -> Result<Mail> {
    Ok(Mail {
        id: row.text()?.into(),
        sent_as: row.text()?.into(),
        kind: row.named(kind_from_name)?,
        from: row.text()?.into(),
        to: row.text()?.into(),
        title: row.text()?,
        notation: row.text()?,
        digest: row.text()?,
        length: row.number()?,
        state: row.named(TransportState::from_name)?,
        at: row.time()?,
    })
}

fn select(connection: &mut dyn Connection, query: &str, values: &[Value<'_>]) -> Result<Vec<Mail>> {
    connection.query(query, values)?.into_iter().map(to_mail).collect()
}

/// Before any time that is kept.
const EVER: Value<'_> = Value::Integer(i64::MIN);

pub(in crate::exchange::store) fn waiting(
    connection: &mut dyn Connection,
    to: &OrganId,
    kind: MessageKind,
    since: Option<UtcTime>,
    most: u32,
) -> Result<Vec<Mail>> {
    let since = since.map_or(EVER, Value::from);
    let values = [to.as_str().into(), kind_name(kind).into(), since, most.into()];
    select(connection, WAITING, &values)
}

pub(in crate::exchange::store) fn mail(
    connection: &mut dyn Connection,
    to: &OrganId,
    id: &TransportId,
) -> Result<Option<Mail>> {
    let values = [to.as_str().into(), id.as_str().into()];
    Ok(select(connection, ONE, &values)?.pop())
}

pub(in crate::exchange::store) fn taken(
    connection: &mut dyn Connection,
    tag: &str,
) -> Result<Option<TransportId>> {
    let query = "SELECT sent_as FROM dispatches WHERE tag = ?1";
    let row = connection.first(query, &[tag.into()])?;
    row.map(|mut row| Ok(row.text()?.into())).transpose()
}

/// Compared and set, so that nothing is locked where nothing changes, and the dispatch that
/// other receivers share never. Where somebody was faster it is read again, which ends: it
/// only ever goes on.
pub(super) fn advance(
    connection: &mut dyn Connection,
    to: &OrganId,
    id: &TransportId,
    state: TransportState,
) -> Result<Option<Mail>> {
    let open = matches!(state, TransportState::Initial | TransportState::Processing);
    let statement = "UPDATE mail SET state = ?3, open = ?4 \
                     WHERE receiver = ?1 AND transport_id = ?2 AND state = ?5";
    loop {
        let before = match mail(connection, to, id)? {
            Some(before) if rank(state) > rank(before.state) => before,
            unchanged => return Ok(unchanged),
        };
        let values = [
            to.as_str().into(),
            id.as_str().into(),
            state.name().into(),
            open.into(),
            before.state.name().into(),
        ];
        if connection.execute(statement, &values)? > 0 {
            return Ok(Some(before));
        }
    }
}

/// How far it is.
fn rank(state: TransportState) -> u8 {
    match state {
        TransportState::Initial => 0,
        TransportState::Processing => 1,
        TransportState::Fail => 2,
        TransportState::Done => 3,
    }
}

pub(in crate::exchange::store) fn sent(
    connection: &mut dyn Connection,
    from: &OrganId,
    kind: MessageKind,
    since: Option<UtcTime>,
    sent_as: Option<&TransportId>,
) -> Result<Vec<Mail>> {
    let query = if sent_as.is_some() { SENT_AS } else { SENT };
    let since = since.map_or(EVER, Value::from);
    let mut values = vec![from.as_str().into(), kind_name(kind).into(), since];
    values.extend(sent_as.map(|it| Value::from(it.as_str())));
    select(connection, query, &values)
}

pub(in crate::exchange::store) fn fresh(
    connection: &mut dyn Connection,
    to: &OrganId,
    kind: MessageKind,
) -> Result<u64> {
    let row = connection.first(FRESH, &[to.as_str().into(), kind_name(kind).into()])?;
    row.map_or(Ok(0), |mut row| row.number())
}
