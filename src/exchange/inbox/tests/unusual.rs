//! What comes at a bad time, again, or to an inbox that is not as it was.

use super::*;
use crate::exchange::fake::Judge;
use crate::limits::Limits;

impl Pair {
    /// The inbox of an agency that takes no message larger than this.
    fn narrow(&self, code: &str, bytes: u64) -> Inbox {
        let limits = Limits { message_bytes: bytes, ..Limits::default() };
        let post = self.world.post(code).with_limits(limits);
        Inbox::new(&post, Arc::new(Judge { gives_back: false }))
    }
}

fn exhaust(inbox: &Inbox, transport: &dyn Transport) {
    let mut rounds = 0;
    while !inbox.work(transport).unwrap().is_nothing() {
        rounds += 1;
        assert!(rounds < 9, "it spins");
    }
}

#[test]
fn what_cannot_be_read_any_more_waits_until_it_can() {
    let pair = Pair::new();
    pair.put(&pair.document(1, "Thông báo hỏng"));
    pair.run();
    pair.world.clock.pass(7_200);
    exhaust(&pair.narrow(B, 10), &pair.b.seat);
    let came = pair.b.came(A, &id(A, 1)).remove(0);
    assert_eq!((came.state, came.fault.is_empty()), (IncomingState::Stored, false));
    assert!(came.next_at > pair.world.clock.now());
}

#[test]
fn one_status_that_cannot_be_acted_upon_holds_up_none_of_the_others() {
    let pair = Pair::giving_back(true);
    pair.put(&pair.document(1, "Thông báo"));
    pair.put(&pair.document(2, "Thông báo"));
    pair.run();
    let large = pair.revocation(1).attach("b.pdf", vec![b'b'; 100_000]);
    pair.put(&large);
    // What it revokes is in its bytes alone, which are too large then.
    pair.world.forget_gists();
    pair.a.send();
    pair.b.receive();
    pair.says(B, A, 2, StatusCode::Finished);
    while !pair.b.send().is_nothing() {}
    pair.a.inbox.poll(&pair.a.seat).unwrap();
    exhaust(&pair.narrow(A, 50_000), &pair.a.seat);
    assert_eq!(pair.handling(2).0, Some(StatusCode::Finished));
    assert_eq!(pair.handling(1).1, Some(StatusCode::TakeBackRequested));
    pair.run();
    assert_eq!(pair.handling(1).1, Some(StatusCode::TakeBackAgreed), "it waited");
}

#[test]
fn what_comes_again_after_it_was_decided_upon_is_answered_as_before() {
    let pair = Pair::new();
    let (good, bad) = (pair.document(1, "Thông báo"), pair.document(2, "Thông báo xấu"));
    let doubtful = pair.document(3, "Thông báo ngờ");
    for envelope in [&good, &bad, &doubtful] {
        pair.put(envelope);
    }
    pair.put(&pair.document(4, "Thông báo"));
    pair.run();
    pair.put(&pair.revocation(4));
    pair.run();
    let held = pair.b.inbox.held(None, 9).unwrap();
    let revocation = held.iter().find(|it| it.document == id(A, 4)).unwrap();
    let no = |it| pair.b.inbox.decide(it, Decision::Refused, "Đã giải quyết", &Pair::clerk());
    no(revocation.id).unwrap();
    pair.run();
    let before = pair.effects().len();
    for envelope in [&good, &bad, &doubtful, &pair.revocation(4)] {
        let bytes = envelope.to_bytes().unwrap();
        pair.world.axis.drop_off(MessageKind::Document, A, B, bytes);
    }
    pair.run();
    let said = pair.a.journal().into_iter().filter_map(|it| match it {
        Event::StatusReceived { code, description, effect } => Some((code, description, effect)),
        _ => None,
    });
    let mut said: Vec<_> = said.skip(before).collect();
    said.sort_by_key(|it| it.0.number());
    use StatusCode::{Accepted, Refused, TakeBackRefused};
    let reason = "Tệp a.pdf: chữ ký không đúng.".to_owned();
    let nothing = StatusEffect::None;
    assert_eq!(
        said,
        [
            (Refused, reason, nothing),
            (Accepted, Accepted.name_vi().to_owned(), nothing),
            (TakeBackRefused, "Đã giải quyết".to_owned(), nothing),
        ],
        "what is held is answered when it is decided upon"
    );
    assert_eq!(pair.states(2), [IncomingState::Refused, IncomingState::Repeated]);
    // Each time, however often.
    pair.world.axis.drop_off(MessageKind::Document, A, B, bad.to_bytes().unwrap());
    pair.run();
    assert_eq!(pair.effects().len(), before + 4);
}

#[test]
fn what_is_put_off_is_acknowledged_in_the_journal_too() {
    let pair = Pair::giving_back(true);
    pair.put(&pair.document(1, "Thông báo hỏng"));
    let mut lonely = pair.revocation(2);
    lonely.header.document_id = "lonely".into();
    pair.put(&lonely);
    pair.says(A, B, 9, StatusCode::TakeBackRequested);
    pair.run();
    pair.world.clock.pass(90_000);
    pair.run();
    let journal = pair.b.journal();
    let acknowledged = journal.iter().filter(|it| it.name() == "acknowledged").count();
    assert_eq!(acknowledged, 3);
    assert_eq!(pair.b.inbox.held(None, 9).unwrap().len(), 1, "what revokes what never came");
}

#[test]
fn what_cannot_be_fetched_is_noted_and_left_to_a_person() {
    let pair = Pair::new();
    pair.put(&pair.document(1, "Thông báo"));
    pair.a.send();
    pair.b.inbox.poll(&pair.b.seat).unwrap();
    // The axis has it no more.
    let mut gone = pair.world.agency(B);
    gone.seat = crate::exchange::fake::Axis::new().seat(B);
    assert_eq!(gone.inbox.work(&gone.seat).unwrap(), Worked::LEFT);
    let given_up = |it: &Event| matches!(it, Event::FetchingGivenUp { .. });
    assert!(pair.b.journal().iter().any(given_up));
    let stopped = pair.b.inbox.stopped(None, 9).unwrap();
    let by = Actor::new("chị Hoa");
    assert!(pair.a.inbox.resume(stopped[0].id, &by).is_err(), "another agency's");
    pair.b.inbox.resume(stopped[0].id, &by).unwrap();
    assert!(pair.b.inbox.resume(stopped[0].id, &by).is_err(), "it waits already");
    let entries = Journal::new(&pair.b.post).entries(1).collect::<crate::error::Result<Vec<_>>>();
    let resumed = entries.unwrap().pop().unwrap();
    let transport_id = stopped[0].transport_id.clone();
    assert_eq!(resumed.event().unwrap(), Event::FetchingResumed { transport_id });
    assert_eq!((resumed.actor, resumed.peer), (by, Some(A.into())));
    pair.run();
    assert_eq!(pair.states(1), [IncomingState::Accepted]);
}

#[test]
fn what_is_opened_to_be_examined_counts_as_what_is_fetched() {
    let pair = Pair::new();
    pair.put(&pair.document(1, "Thông báo hỏng"));
    pair.run();
    pair.world.clock.pass(7_200);
    let claim = pair.b.post.claim().unwrap();
    let stored = pair.b.inbox.begin(&claim).unwrap().remove(0);
    let length = stored.length;
    assert_eq!(pair.b.inbox.fetch(&pair.b.seat, stored).bytes(), length);
    assert!(length > 0);
}

#[test]
fn one_side_ends_its_own_claims_and_all_of_them() {
    let pair = Pair::new();
    pair.put(&pair.document(1, "Thông báo"));
    pair.run();
    // It was decided upon, and the axis is just being told so again; another is new.
    pair.world.axis.forget();
    pair.put(&pair.document(2, "Thông báo"));
    pair.a.send();
    pair.b.inbox.poll(&pair.b.seat).unwrap();
    pair.b.outbox.put(&document(B, &[A], 3, "Báo cáo"), None).unwrap();
    let claim = pair.b.post.claim().unwrap();
    assert_eq!(pair.b.inbox.begin(&claim).unwrap().len(), 2);
    let sending = |it: &mut dyn Records| it.claim_deliveries(&claim);
    assert_eq!(pair.b.post.step(sending).unwrap().len(), 1);
    assert_eq!(pair.b.inbox.release_claims().unwrap(), 2);
    assert_eq!(pair.b.inbox.begin(&claim).unwrap().len(), 2);
    assert_eq!(pair.b.outbox.release_claims().unwrap(), 1, "what comes in is held still");
    assert_eq!(pair.b.post.release_claims().unwrap(), 2);
}
