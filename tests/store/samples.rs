//! Post to be kept.

use kyso::UtcTime;
use kyso::edxml::{Date, DocumentId, OrganId, StatusCode};
use kyso::exchange::MessageKind;
use kyso::exchange::journal::{Actor, Entry, Event, Noted};
use kyso::exchange::store::{
    Body, Claim, ClaimToken, Delivery, Gist, Incoming, IncomingId, LetterId, NewIncoming,
    NewLetter, Records, Store,
};

pub(crate) fn at(seconds: i64) -> UtcTime {
    UtcTime::from_unix(1_700_000_000 + seconds).unwrap()
}

pub(crate) fn agency() -> OrganId {
    OrganId::from("000.00.15.H51")
}

/// A letter to these, handed over at second 0.
pub(crate) fn letter(store: &dyn Store, name: &str, priority: i32, to: &[OrganId]) -> LetterId {
    let body = store.keep(&name.as_bytes().to_vec()).unwrap();
    store.within(|records| insert_letter(records, name, priority, to, &body)).unwrap()
}

pub(crate) fn insert_letter(
    records: &mut dyn Records,
    name: &str,
    priority: i32,
    to: &[OrganId],
    body: &Body,
) -> kyso::Result<LetterId> {
    let agency = agency();
    records.insert_letter(&NewLetter {
        agency: &agency,
        kind: MessageKind::Document,
        issuer: &agency,
        document: &DocumentId::from(name),
        code: "15/QĐ-UBND",
        subject: "V/v thử nghiệm",
        status: Some(StatusCode::Arrived),
        priority,
        body,
        gist: Some(&gist()),
        to,
        created: at(0),
    })
}

pub(crate) fn gist() -> Gist {
    Gist {
        content: "ef".repeat(32),
        business: 2,
        targets: vec!["14/QĐ-UBND".into()],
        promulgated: Date::new(2026, 11, 22).unwrap(),
    }
}

pub(crate) fn receivers(count: usize) -> Vec<OrganId> {
    (0..count).map(|n| OrganId::from(format!("000.00.{n:02}.H51"))).collect()
}

pub(crate) fn listed(store: &dyn Store, name: &str) -> (IncomingId, bool) {
    let agency = agency();
    let new = NewIncoming {
        agency: &agency,
        kind: MessageKind::Document,
        transport_id: &name.to_owned().into(),
        from: &OrganId::from("000.00.16.H51"),
        listed: at(0),
    };
    store.within(|records| records.insert_incoming(&new)).unwrap()
}

pub(crate) fn claim<'a>(agency: &'a OrganId, now: i64, token: i64, most: u32) -> Claim<'a> {
    Claim { agency, now: at(now), until: at(now + 60), token: ClaimToken(token), most }
}

pub(crate) fn claim_deliveries(
    store: &dyn Store,
    now: i64,
    token: i64,
    most: u32,
) -> Vec<Delivery> {
    let agency = agency();
    store.within(|it| it.claim_deliveries(&claim(&agency, now, token, most))).unwrap()
}

pub(crate) fn claim_incoming(store: &dyn Store, now: i64, token: i64, most: u32) -> Vec<Incoming> {
    let agency = agency();
    store.within(|it| it.claim_incoming(&claim(&agency, now, token, most))).unwrap()
}

pub(crate) fn note(
    records: &mut dyn Records,
    agency: &OrganId,
    when: UtcTime,
) -> kyso::Result<Entry> {
    records.note(&Noted {
        agency,
        at: when,
        actor: &Actor::new("outbox"),
        document: Some(&DocumentId::from("15/QĐ-UBND")),
        peer: None,
        digest: None,
        event: &Event::Acknowledged,
    })
}
