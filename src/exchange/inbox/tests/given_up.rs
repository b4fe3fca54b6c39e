//! What is here and can be read or acted upon no more, and what people do about it.

use super::*;
use crate::error::ErrorKind;
use crate::exchange::fake::Judge;
use crate::exchange::retry::Pauses;
use crate::exchange::store::Sqlite;
use crate::limits::Limits;

const TRIES: u32 = 3;

/// Another inbox on the same post, of few tries, which reads messages up to so many bytes.
fn inbox(pair: &Pair, bytes: u64) -> Inbox {
    let mut rules = pair.world.rules.clone();
    rules.pauses = Pauses { tries: TRIES, ..Pauses::default() };
    let limits = Limits { message_bytes: bytes, ..Limits::default() };
    let post = pair.world.post(B).with_limits(limits).with_rules(rules);
    Inbox::new(&post, Arc::new(Judge { gives_back: false }))
}

/// It works for a day.
fn work(pair: &Pair, inbox: &Inbox) {
    for _ in 0..24 {
        while !inbox.work(&pair.b.seat).unwrap().is_nothing() {}
        pair.world.clock.pass(3_600);
    }
}

/// A document that was stored while it could be read, and cannot be now.
fn unread(subject: &str) -> (Pair, Incoming) {
    let pair = Pair::new();
    pair.put(&pair.document(1, subject));
    pair.a.send();
    pair.b.inbox.poll(&pair.b.seat).unwrap();
    let claim = pair.b.post.claim().unwrap();
    let listed = pair.b.inbox.begin(&claim).unwrap().remove(0);
    let mut parcels = vec![pair.b.inbox.fetch(&pair.b.seat, listed)];
    pair.b.inbox.store(&claim, &mut parcels).unwrap();
    pair.b.post.release_claims().unwrap();
    assert_eq!(pair.states(1), [IncomingState::Stored]);
    let narrow = inbox(&pair, 10);
    work(&pair, &narrow);
    let held = narrow.held(None, 9).unwrap();
    let [held] = held.as_slice() else { panic!("{held:?}") };
    (pair, held.clone())
}

fn last(pair: &Pair) -> crate::exchange::journal::Entry {
    let entries = Journal::new(&pair.b.post).entries(1).collect::<crate::error::Result<Vec<_>>>();
    entries.unwrap().pop().unwrap()
}

#[test]
fn what_cannot_be_read_again_and_again_is_left_to_a_person() {
    let (pair, held) = unread("Thông báo");
    assert_eq!((held.attempts, held.acknowledged), (TRIES, true));
    assert!(!held.fault.is_empty() && held.reason.contains(&held.fault), "{}", held.reason);
    assert!(held.reason.starts_with("Đã nhận nhưng"), "{}", held.reason);
    let given_up = |it: &&Event| matches!(it, Event::HandlingGivenUp { .. });
    assert_eq!(pair.b.journal().iter().filter(given_up).count(), 1);
    assert_eq!(last(&pair).document, Some(id(A, 1)));
    let narrow = inbox(&pair, 10);
    assert!(narrow.work(&pair.b.seat).unwrap().is_nothing(), "it is in nobody's hands");
    let error = narrow.document(held.id).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse, "{error}");
    assert!(Journal::new(&pair.b.post).follow().unwrap().is_ok());
}

#[test]
fn it_is_tried_again_when_a_person_says_so() {
    let (pair, held) = unread("Thông báo");
    assert!(pair.a.inbox.resume(held.id, &Pair::clerk()).is_err(), "another agency's");
    pair.b.inbox.resume(held.id, &Pair::clerk()).unwrap();
    let entry = last(&pair);
    let resumed = Event::HandlingResumed { transport_id: held.transport_id.clone() };
    assert_eq!((entry.event().unwrap(), entry.actor), (resumed, Pair::clerk()));
    assert_eq!(pair.states(1), [IncomingState::Stored]);
    // In vain, which takes as many tries as before, and then with wider limits.
    let narrow = inbox(&pair, 10);
    work(&pair, &narrow);
    assert_eq!(narrow.held(None, 9).unwrap().remove(0).attempts, TRIES);
    pair.b.inbox.resume(held.id, &Pair::clerk()).unwrap();
    pair.run();
    assert_eq!(pair.states(1), [IncomingState::Accepted]);
    assert_eq!(pair.handling(1).0, Some(StatusCode::Accepted));
    let came = pair.b.came(A, &id(A, 1)).remove(0);
    assert_eq!((came.fault, came.reason), (String::new(), String::new()));
}

#[test]
fn it_is_refused_by_what_its_record_says() {
    let (pair, held) = unread("Thông báo");
    let narrow = inbox(&pair, 10);
    let decide = |decision, reason| narrow.decide(held.id, decision, reason, &Pair::clerk());
    let error = decide(Decision::Accepted, "").unwrap_err();
    assert!(error.to_string().contains("set it aside"), "{error}");
    assert!(decide(Decision::Refused, " ").is_err(), "the sender has to know why");
    decide(Decision::Refused, "Tệp quá lớn, đề nghị gửi lại.").unwrap();
    assert!(decide(Decision::Refused, "Tệp quá lớn.").is_err(), "once");
    pair.run();
    assert_eq!(pair.states(1), [IncomingState::Refused]);
    assert_eq!(pair.handling(1).0, Some(StatusCode::Refused));
    let told = |it: &Event| {
        matches!(it, Event::StatusReceived { code: StatusCode::Refused, description, .. }
            if description.contains("quá lớn"))
    };
    assert!(pair.a.journal().iter().any(told));
}

#[test]
fn it_is_set_aside_and_nobody_is_told() {
    let (pair, held) = unread("Thông báo");
    assert!(pair.b.inbox.set_aside(held.id, "", &Pair::clerk()).is_err(), "why?");
    pair.b.inbox.set_aside(held.id, "Đã nhận bản giấy.", &Pair::clerk()).unwrap();
    let entry = last(&pair);
    let event = Event::SetAside { reason: "Đã nhận bản giấy.".to_owned() };
    assert_eq!((entry.event().unwrap(), entry.actor), (event, Pair::clerk()));
    assert!(pair.b.inbox.set_aside(held.id, "Đã nhận bản giấy.", &Pair::clerk()).is_err(), "once");
    assert!(pair.b.inbox.held(None, 9).unwrap().is_empty());
    pair.run();
    assert_eq!(pair.states(1), [IncomingState::Unreadable]);
    assert_eq!(pair.handling(1).0, Some(StatusCode::Arrived));
}

#[test]
fn what_waits_for_a_decision_is_neither_resumed_nor_set_aside() {
    let pair = Pair::new();
    pair.put(&pair.document(1, "Thông báo ngờ"));
    let mut lonely = pair.revocation(2);
    lonely.header.document_id = "lonely".into();
    pair.put(&lonely);
    pair.run();
    let held = pair.b.inbox.held(None, 9).unwrap();
    assert_eq!(held.len(), 2);
    for it in held {
        assert!(pair.b.inbox.resume(it.id, &Pair::clerk()).is_err(), "{}", it.document);
        assert!(pair.b.inbox.set_aside(it.id, "Thôi", &Pair::clerk()).is_err());
    }
}

#[test]
fn what_waited_for_its_document_in_vain_waits_for_a_decision() {
    let pair = Pair::giving_back(true);
    let mut lonely = pair.revocation(2);
    lonely.header.document_id = "lonely".into();
    pair.put(&lonely);
    pair.run();
    pair.world.clock.pass(90_000);
    pair.run();
    let held = pair.b.inbox.held(None, 9).unwrap().remove(0);
    assert_eq!(held.fault, "");
    assert!(pair.b.inbox.resume(held.id, &Pair::clerk()).is_err());
}

#[test]
fn a_wish_waits_for_its_document_however_few_tries_there_are() {
    let mut world = World { gives_back: true, ..World::new() };
    world.rules.pauses = Pauses { tries: 1, ..Pauses::default() };
    let (a, b) = (world.agency(A), world.agency(B));
    let pair = Pair { world, a, b };
    pair.says(A, B, 1, StatusCode::TakeBackRequested);
    pair.run();
    let bytes = pair.document(1, "Thông báo").to_bytes().unwrap();
    pair.world.axis.drop_off(MessageKind::Document, A, B, bytes);
    pair.run();
    pair.world.clock.pass(3_600);
    pair.run();
    assert_eq!(pair.states(1), [IncomingState::Withdrawn]);
}

/// Someone removed the record of its bytes by hand.
fn lose_bytes(pair: &Pair, digest: &str) {
    let connection = rusqlite::Connection::open(pair.world.path()).unwrap();
    let lost = connection.execute("DELETE FROM bodies WHERE digest = ?1", [digest]).unwrap();
    assert_eq!(lost, 1);
}

#[test]
fn what_was_lost_is_left_to_a_person() {
    let (pair, held) = unread("Thông báo");
    pair.b.inbox.resume(held.id, &Pair::clerk()).unwrap();
    lose_bytes(&pair, &held.digest);
    let few = inbox(&pair, Limits::default().message_bytes);
    work(&pair, &few);
    let lost = few.held(None, 9).unwrap().remove(0);
    assert!(lost.reason.contains(&lost.digest), "{}", lost.reason);
    let decide = |decision| few.decide(lost.id, decision, "Mất tệp.", &Pair::clerk());
    let error = decide(Decision::Accepted).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse);
    assert!(error.to_string().contains("not kept any more"), "{error}");
    decide(Decision::Refused).unwrap();
    pair.run();
    assert_eq!(pair.handling(1).0, Some(StatusCode::Refused));
}

#[test]
fn a_status_that_is_lost_is_set_aside() {
    let pair = Pair::new();
    pair.put(&pair.document(1, "Thông báo"));
    pair.run();
    pair.says(A, B, 9, StatusCode::TakeBackRequested);
    let few = inbox(&pair, Limits::default().message_bytes);
    few.poll(&pair.b.seat).unwrap();
    few.work(&pair.b.seat).unwrap();
    let us = &pair.b.post;
    let stored = us
        .store()
        .within(|it| it.incoming_in(us.id(), IncomingState::Stored, None, 9))
        .unwrap()
        .remove(0);
    lose_bytes(&pair, &stored.digest);
    work(&pair, &few);
    let lost = few.held(None, 9).unwrap().remove(0);
    assert_eq!((lost.id, lost.kind), (stored.id, MessageKind::Status));
    assert!(few.decide(lost.id, Decision::Refused, "Mất.", &Pair::clerk()).is_err());
    few.set_aside(lost.id, "Mất.", &Pair::clerk()).unwrap();
    assert!(few.held(None, 9).unwrap().is_empty());
}

#[test]
fn what_was_thrown_away_is_said_to_be() {
    let pair = Pair::new();
    pair.put(&pair.document(1, "Thông báo"));
    pair.run();
    pair.world.clock.pass(60);
    let store = Sqlite::open(pair.world.path()).unwrap();
    assert!(store.sweep(pair.world.clock.now()).unwrap() > 0);
    let came = pair.b.came(A, &id(A, 1)).remove(0);
    let told = pair.b.inbox.tell(came.id, StatusCode::Finished, "", &Pair::clerk());
    for error in [pair.b.inbox.document(came.id).unwrap_err(), told.unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Misuse, "another attempt gives the same");
        assert!(error.to_string().contains("not kept any more"), "{error}");
    }
}
