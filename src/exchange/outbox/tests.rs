#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod people;
mod receivers;
mod swept;

use super::*;
use crate::envelope::edxml::{BusinessType, Envelope, OtherInfo, Priority};
use crate::exchange::fake::{Act, Lists, Member, World, acting, document, id};
use crate::exchange::journal::{Actor, Journal};
use crate::exchange::transport::Submission;

const US: &str = "H99";
const A: &str = "H98.01";
const B: &str = "H98.02";
const C: &str = "H98.03";

fn put(us: &Member, envelope: &Envelope) {
    us.outbox.put(envelope, None).unwrap();
}

fn one(world: &World) -> Member {
    let us = world.agency(US);
    put(&us, &document(US, &[A], 1, "Thông báo họp"));
    us
}

fn state(us: &Member) -> DeliveryState {
    us.only(&id(US, 1)).state
}

#[test]
fn what_is_handed_over_twice_is_sent_once() {
    let world = World::new();
    let us = one(&world);
    put(&us, &document(US, &[A], 1, "Thông báo họp"));
    assert_eq!(us.send(), Worked { done: 1, ..Worked::default() });
    put(&us, &document(US, &[A], 1, "Thông báo họp"));
    assert!(us.send().is_nothing());
    assert_eq!(world.axis.mails().len(), 1);
    assert!(us.outbox.put(&document(US, &[A], 1, "Khác"), None).is_err(), "another content");
    assert!(us.outbox.put(&document("H01", &[A], 1, "Khác"), None).is_err(), "another's");
    assert!(us.outbox.put(&document(US, &[], 2, "Khác"), None).is_err(), "for nobody");
    assert_eq!(us.outbox.next_at().unwrap(), None);
}

#[test]
fn one_agency_under_two_codes_is_one_receiver() {
    let world = World::new();
    let us = world.agency(US);
    put(&us, &document(US, &["H41", "000.00.00.H41", "x", "000.00.00.x", "H41"], 1, "Thông báo"));
    let to: Vec<_> = us.deliveries(&id(US, 1)).into_iter().map(|it| it.to).collect();
    assert_eq!(to, ["H41".into(), "x".into(), "000.00.00.x".into()]);
}

#[test]
fn a_taken_message_whose_answer_was_cut_off_is_not_sent_again() {
    let world = World::new();
    let us = one(&world);
    world.axis.script(&[Act::BreakAfter]);
    us.send();
    assert_eq!(state(&us), DeliveryState::InDoubt);
    assert!(us.send().is_nothing(), "the axis has its time");
    world.clock.pass(61);
    us.send();
    assert_eq!(state(&us), DeliveryState::Sent);
    assert_eq!((world.axis.mails().len(), world.axis.submitted()), (1, 1));
    let settled = |it: &Event| matches!(it, Event::Sent { settled: true, .. });
    assert!(us.journal().iter().any(settled));
}

#[test]
fn a_message_that_was_lost_is_sent_again() {
    let world = World::new();
    let us = one(&world);
    world.axis.script(&[Act::BreakBefore]);
    us.send();
    world.clock.pass(61);
    us.send();
    us.send();
    assert_eq!(state(&us), DeliveryState::Sent);
    assert_eq!((world.axis.mails().len(), world.axis.submitted()), (1, 2));
}

#[test]
fn each_receiver_of_one_message_is_found_in_the_list() {
    let world = World::new();
    let us = world.agency(US);
    put(&us, &document(US, &[A, B, C], 1, "Thông báo họp"));
    world.axis.script(&[Act::BreakAfter]);
    us.send();
    // A worker who settles them one by one, as when people resumed one of them.
    let mut all = us.deliveries(&id(US, 1));
    for delivery in all.iter_mut().skip(1) {
        delivery.next_at = world.clock.now().plus_seconds(600);
        assert!(us.post.store().within(|it| it.update_delivery(delivery, None, false)).unwrap());
    }
    world.clock.pass(61);
    us.send();
    world.clock.pass(600);
    us.send();
    assert!(us.deliveries(&id(US, 1)).iter().all(|it| it.state == DeliveryState::Sent));
    assert_eq!((world.axis.mails().len(), world.axis.submitted()), (3, 1));
}

#[test]
fn an_older_message_of_the_same_number_is_not_taken_for_it() {
    let world = World::new();
    let us = one(&world);
    us.send();
    world.clock.pass(30 * 86_400);
    // The same number, subject and receiver: an update under an identifier of its own.
    let first = document(US, &[A], 1, "Thông báo họp");
    let mut update = acting(first.clone(), BusinessType::Update, &id(US, 1));
    update.header.document_id = "second".into();
    put(&us, &update);
    world.axis.script(&[Act::BreakBefore]);
    us.send();
    world.clock.pass(61);
    us.send();
    us.send();
    assert_eq!(us.only(&"second".into()).state, DeliveryState::Sent);
    assert_eq!(world.axis.mails().len(), 2, "it was sent, not taken for the first");
}

#[test]
fn a_message_of_another_subject_is_left_to_a_person() {
    let world = World::new();
    let us = one(&world);
    // Sent by another program of this agency, which this store does not know.
    let other = document(US, &[A], 1, "Chuyện khác hẳn").to_bytes().unwrap();
    let from = US.into();
    let message = Submission {
        kind: MessageKind::Document,
        from: &from,
        to: None,
        message: &other,
        digest: None,
    };
    us.seat.submit(&message).unwrap();
    world.axis.script(&[Act::BreakBefore]);
    us.send();
    world.clock.pass(61);
    assert_eq!(us.send(), Worked { left_to_people: 1, ..Worked::default() });
    assert_eq!(state(&us), DeliveryState::Stopped);
    let stopped = us.outbox.stopped(None, 9).unwrap();
    us.outbox.resume(stopped[0].id, &Actor::new("chị Hoa")).unwrap();
    us.send();
    assert_eq!(state(&us), DeliveryState::Sent);
}

#[test]
fn subjects_without_accents_and_other_codes_are_understood() {
    let world = World::new();
    let us = world.agency(US);
    put(&us, &document(US, &[A, B], 1, "V/v Đề án lự"));
    world.axis.spells(A, "000.00.01.H98");
    world.axis.writes_plainly();
    world.axis.script(&[Act::BreakAfter]);
    us.send();
    world.clock.pass(61);
    us.send();
    assert!(us.deliveries(&id(US, 1)).iter().all(|it| it.state == DeliveryState::Sent));
    assert_eq!(world.axis.submitted(), 1);
}

#[test]
fn a_receiver_whose_code_nobody_knows_is_left_to_a_person() {
    let world = World::new();
    let us = one(&world);
    world.axis.spells(A, "?");
    world.axis.script(&[Act::BreakAfter]);
    us.send();
    world.clock.pass(61);
    us.send();
    assert_eq!(state(&us), DeliveryState::Stopped);
    assert_eq!(world.axis.submitted(), 1);
}

#[test]
fn two_of_the_same_number_and_subject_in_doubt_and_one_in_the_list() {
    let world = World::new();
    let us = one(&world);
    let mut other = document(US, &[A], 1, "Thông báo họp");
    other.header.document_id = "last year's".into();
    put(&us, &other);
    world.axis.script(&[Act::BreakAfter, Act::BreakBefore]);
    us.send();
    world.clock.pass(61);
    assert_eq!(us.send().left_to_people, 2, "which of both it is nobody knows");
    assert_eq!(world.axis.submitted(), 2);
}

#[test]
fn an_axis_without_a_list() {
    for resend in [false, true] {
        let mut world = World::new();
        world.rules.resend_in_doubt = resend;
        let us = one(&world);
        world.axis.lists(Lists::Never);
        world.axis.script(&[Act::BreakAfter]);
        us.send();
        world.clock.pass(61);
        us.send();
        us.send();
        let (wanted, mails) =
            if resend { (DeliveryState::Sent, 2) } else { (DeliveryState::Stopped, 1) };
        assert_eq!((state(&us), world.axis.mails().len()), (wanted, mails));
    }
}

#[test]
fn an_axis_that_refuses_to_show_its_list() {
    for (code, resend, wanted, mails) in [
        (19, false, DeliveryState::Stopped, 1),
        (19, true, DeliveryState::Sent, 2),
        (20, false, DeliveryState::InDoubt, 1),
    ] {
        let mut world = World::new();
        (world.rules.resend_in_doubt, world.rules.questions) = (resend, 4);
        let us = one(&world);
        world.axis.lists(Lists::Refused(code));
        world.axis.script(&[Act::BreakAfter]);
        us.send();
        for asked in 1..=4 {
            assert_eq!(state(&us), DeliveryState::InDoubt, "{code} after {asked}");
            world.clock.pass(4_000);
            us.send();
        }
        us.send();
        assert_eq!((state(&us), world.axis.mails().len()), (wanted, mails), "{code} {resend}");
        let Some(stopped) = us.outbox.stopped(None, 9).unwrap().pop() else { continue };
        assert!(stopped.fault.contains("asked 4 times"), "{}", stopped.fault);
        assert!(stopped.in_doubt_since.is_some(), "it may be there still");
        us.outbox.resume(stopped.id, &Actor::new("chị Hoa")).unwrap();
        assert_eq!(us.only(&id(US, 1)).refusals, 0);
    }
}

#[test]
fn a_revocation_does_not_overtake_what_it_revokes() {
    let world = World::new();
    let us = one(&world);
    let revocation =
        acting(document(US, &[A], 1, "Thông báo họp"), BusinessType::Revocation, &id(US, 1));
    put(&us, &revocation);
    world.axis.script(&[Act::BreakBefore]);
    us.send();
    assert_eq!(world.axis.submitted(), 1, "its turn has not come");
    for _ in 0..4 {
        world.clock.pass(61);
        us.send();
    }
    let states: Vec<_> = us.deliveries(&id(US, 1)).iter().map(|it| it.state).collect();
    assert_eq!(states, [DeliveryState::Sent; 2]);
    let mails = world.axis.mails();
    assert_eq!(mails.len(), 2);
    let kind = |bytes: &[u8]| match crate::envelope::edxml::parse(bytes, &Default::default()) {
        Ok(parsed) => match parsed.message {
            crate::envelope::edxml::Message::Document(it) => it.business.unwrap().kind,
            _ => panic!("a status"),
        },
        Err(error) => panic!("{error}"),
    };
    assert_eq!(kind(&mails[0].bytes), BusinessType::New);
    assert_eq!(kind(&mails[1].bytes), BusinessType::Revocation);
}

#[test]
fn codes_of_the_axis() {
    for (code, wanted) in [
        (10, DeliveryState::Stopped),
        (15, DeliveryState::Stopped),
        (18, DeliveryState::Stopped),
        (19, DeliveryState::Stopped),
        (20, DeliveryState::Waiting),
        (21, DeliveryState::Waiting),
        (22, DeliveryState::Stopped),
        (23, DeliveryState::Stopped),
    ] {
        let world = World::new();
        let us = one(&world);
        world.axis.script(&[Act::Refuse(code)]);
        us.send();
        let delivery = us.only(&id(US, 1));
        assert_eq!(delivery.state, wanted, "{code}");
        assert!(delivery.fault.contains(&code.to_string()), "{}", delivery.fault);
        assert!(us.send().is_nothing());
        world.clock.pass(40);
        us.send();
        let sent = wanted == DeliveryState::Waiting;
        assert_eq!(state(&us) == DeliveryState::Sent, sent, "{code}");
    }
}

#[test]
fn attempts_end_where_the_axis_refuses_and_not_where_it_is_away() {
    let mut world = World::new();
    world.rules.pauses.tries = 3;
    let us = one(&world);
    world.axis.is_down(true);
    for _ in 0..50 {
        us.send();
        world.clock.pass(400);
    }
    let delivery = us.only(&id(US, 1));
    assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Waiting, 0));
    world.axis.is_down(false);
    world.axis.script(&[Act::Refuse(20); 9]);
    for _ in 0..5 {
        us.send();
        world.clock.pass(400);
    }
    assert_eq!((state(&us), world.axis.submitted()), (DeliveryState::Stopped, 3));
}

#[test]
fn one_message_is_tried_while_the_axis_is_away() {
    let world = World::new();
    let us = world.agency(US);
    for n in 0..100 {
        put(&us, &document(US, &[A], n, "Thông báo"));
    }
    world.axis.is_down(true);
    let mut rounds = 0;
    while !us.send().is_nothing() {
        rounds += 1;
        assert!(rounds < 5, "it spins");
    }
    assert_eq!(world.axis.calls(), 1);
    let next = us.outbox.next_at().unwrap().unwrap();
    assert!(next > world.clock.now());
    world.axis.is_down(false);
    world.clock.pass(400);
    while !us.send().is_nothing() {}
    assert_eq!(world.axis.mails().len(), 100);
    let begun = us.journal().iter().filter(|it| it.name() == "sending_begun").count();
    let ended = |it: &&Event| matches!(it.name(), "sent" | "sending_failed");
    assert_eq!(us.journal().iter().filter(ended).count(), begun, "each begun one has an end");
}

#[test]
fn one_refused_receiver_does_not_hold_up_the_rest() {
    for code in [18, 23] {
        let world = World::new();
        let us = world.agency(US);
        put(&us, &document(US, &[A, B, C], 1, "Thông báo họp"));
        if code == 18 {
            world.axis.does_not_know(B)
        } else {
            world.axis.locks(B, true)
        }
        while !us.send().is_nothing() {}
        let states: Vec<_> = us.deliveries(&id(US, 1)).iter().map(|it| it.state).collect();
        let (sent, stopped) = (DeliveryState::Sent, DeliveryState::Stopped);
        assert_eq!(states, [sent, stopped, sent]);
        assert_eq!(world.axis.mails().len(), 2, "each once");
        world.axis.locks(B, false);
        let stopped = us.outbox.stopped(None, 9).unwrap();
        us.outbox.resume(stopped[0].id, &Actor::new("chị Hoa")).unwrap();
        us.send();
        assert_eq!(world.axis.mails().len(), if code == 18 { 2 } else { 3 });
    }
}

#[test]
fn the_urgent_go_first() {
    let mut world = World::new();
    world.rules.batch = 1;
    let us = world.agency(US);
    for (n, priority) in [(1, 0), (2, 1), (3, 3), (4, 2)] {
        let mut envelope = document(US, &[A], n, "Thông báo");
        envelope.header.other_info =
            Some(OtherInfo { priority: Some(Priority(priority)), ..OtherInfo::default() });
        put(&us, &envelope);
    }
    while !us.send().is_nothing() {}
    let order: Vec<_> = world.axis.mails().into_iter().map(|it| it.code).collect();
    assert_eq!(order, ["3/TB-UBND", "4/TB-UBND", "2/TB-UBND", "1/TB-UBND"]);
}

#[test]
fn what_a_dead_worker_was_sending_is_asked_for() {
    for act in [Act::DieBefore, Act::DieAfter] {
        let world = World::new();
        let us = one(&world);
        world.axis.script(&[act]);
        let died = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| us.send()));
        assert!(died.is_err());
        assert_eq!(state(&us), DeliveryState::Sending);
        let us = world.agency(US);
        assert!(us.send().is_nothing(), "another holds it");
        assert_eq!(us.post.release_claims().unwrap(), 1);
        us.send();
        assert_eq!(world.axis.submitted(), 1, "asked before it is sent again, and not at once");
        world.clock.pass(61);
        us.send();
        us.send();
        assert_eq!((state(&us), world.axis.mails().len()), (DeliveryState::Sent, 1));
    }
}

#[test]
fn a_worker_whose_claim_ended_writes_nothing() {
    let world = World::new();
    let us = one(&world);
    let claim = us.post.claim().unwrap();
    let begun = us.outbox.begin(&claim).unwrap();
    world.clock.pass(1_801);
    let other = world.agency(US);
    other.send();
    assert_eq!(state(&us), DeliveryState::InDoubt);
    let outcome = Outcome::Taken("s7".to_owned().into(), false);
    let delivery = begun.parcels[0].deliveries[0].id;
    us.outbox.record(&claim, &begun, vec![(delivery, outcome)]).unwrap();
    assert_eq!(state(&us), DeliveryState::InDoubt);
}

#[test]
fn a_clock_that_jumps() {
    let world = World::new();
    let us = one(&world);
    world.clock.pass(10 * 365 * 86_400);
    world.axis.script(&[Act::BreakAfter]);
    us.send();
    world.clock.pass(-10 * 365 * 86_400);
    us.send();
    us.send();
    assert_eq!((state(&us), world.axis.submitted()), (DeliveryState::Sent, 1));
    put(&us, &document(US, &[A], 2, "Thông báo"));
    world.clock.pass(-365 * 86_400);
    us.send();
    assert_eq!(us.only(&id(US, 2)).state, DeliveryState::Sent, "it does not wait for a year");
    assert!(Journal::new(&us.post).follow().unwrap().is_ok());
}
