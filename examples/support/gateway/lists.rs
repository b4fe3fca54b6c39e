//! What waits for an agency, and what it sent.

use kyso::UtcTime;
use kyso::axis::{ErrorCode, ReceivedRow, SentRow, Verified};
use kyso::edxml::{Date, OrganId};
use kyso::exchange::store::{Mail, PostOffice};
use kyso::exchange::{MessageKind, TransportId};

use super::refusal::No;

/// Rows of a list; who takes over what waits is told of the rest then.
const ROWS: u32 = 10_000;

/// What waits, without what was taken over or could not be.
pub(super) fn received(store: &dyn PostOffice, caller: &Verified) -> Result<Vec<ReceivedRow>, No> {
    let (since, until) = days(caller)?;
    let to = OrganId::from(caller.system_id());
    let waiting = store.waiting(&to, kind(caller), since, ROWS).map_err(No::failed)?;
    let waiting = waiting.into_iter().filter(|it| until.is_none_or(|until| it.at < until));
    Ok(waiting.map(received_row).collect())
}

fn received_row(mail: Mail) -> ReceivedRow {
    ReceivedRow {
        doc_id: mail.id.to_string(),
        service_type: "eDoc".to_owned(),
        message_type: wire(mail.kind).to_owned(),
        created_time: mail.at.vietnam(),
        updated_time: mail.at.vietnam(),
        from: mail.from.to_string(),
        to: mail.to.to_string(),
        status: mail.state.name().to_owned(),
        status_desc: String::new(),
    }
}

/// What was sent: of one message, where it is named.
pub(super) fn sent(store: &dyn PostOffice, caller: &Verified) -> Result<Vec<SentRow>, No> {
    let (since, until) = days(caller)?;
    let from = OrganId::from(caller.system_id());
    let id = caller.parameter("docId").filter(|it| !it.is_empty());
    let id = id.map(|it| TransportId::from(it.to_owned()));
    let sent = store.sent(&from, kind(caller), since, id.as_ref()).map_err(No::failed)?;
    let sent = sent.into_iter().filter(|it| until.is_none_or(|until| it.at < until));
    Ok(sent.map(sent_row).collect())
}

fn sent_row(mail: Mail) -> SentRow {
    SentRow {
        service_type: "eDoc".to_owned(),
        message_type: wire(mail.kind).to_owned(),
        sender_doc_id: mail.sent_as.to_string(),
        receiver_doc_id: mail.id.to_string(),
        from_code: mail.from.to_string(),
        to_code: mail.to.to_string(),
        title: mail.title,
        notation: mail.notation,
        sent_time: mail.at.vietnam(),
        send_status: "done".to_owned(),
        receive_status: mail.state.name().to_owned(),
        ..SentRow::default()
    }
}

fn kind(caller: &Verified) -> MessageKind {
    match caller.parameter("messagetype") {
        Some("status") => MessageKind::Status,
        _ => MessageKind::Document,
    }
}

fn wire(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Document => "edoc",
        MessageKind::Status => "status",
    }
}

const DAY: i64 = 86_400;

/// From the beginning of the first day of a list to the end of the last, in Vietnam.
fn days(caller: &Verified) -> Result<(Option<UtcTime>, Option<UtcTime>), No> {
    let day = |name| match caller.parameter(name).filter(|it| !it.is_empty()) {
        None => Ok(None),
        Some(text) => midnight(text).map(Some).ok_or_else(|| {
            No(ErrorCode::SYSTEM, format!("{name} khong hop le: phai la yyyy/MM/dd"))
        }),
    };
    let last = day("toDate")?;
    Ok((day("fromDate")?, last.map(|it| it.plus_seconds(DAY))))
}

fn midnight(text: &str) -> Option<UtcTime> {
    let (year, month, day) = Date::from(text).ymd()?;
    format!("{year:04}-{month:02}-{day:02}T00:00:00+07:00").parse().ok()
}
