//! One document for several receivers, in one message or in more.

use super::*;

fn mails_to(world: &World, to: &str) -> usize {
    world.axis.documents_for(to).len()
}

#[test]
fn others_have_it_too_when_it_is_handed_over_for_them() {
    let world = World::new();
    let us = world.agency(US);
    for _ in 0..2 {
        put(&us, &document(US, &[A, B], 1, "Thông báo họp"));
        put(&us, &document(US, &[B], 1, "Thông báo họp"));
        put(&us, &document(US, &[C], 1, "Thông báo họp"));
        while !us.send().is_nothing() {}
    }
    assert_eq!([A, B, C].map(|it| mails_to(&world, it)), [1, 1, 1]);
    let mixed = us.outbox.put(&document(US, &[A, "H98.04"], 1, "Thông báo họp"), None);
    assert!(mixed.unwrap_err().to_string().contains("for those alone"));
    let asked = us.outbox.take_back(&id(US, 1), None, "Nhầm").unwrap().receivers;
    assert_eq!(asked.len(), 3, "in whichever message they had it: {asked:?}");
}

#[test]
fn what_may_have_come_can_be_asked_for_though_it_was_cancelled() {
    let world = World::new();
    let us = one(&world);
    world.axis.spells(A, "?");
    world.axis.script(&[Act::BreakAfter]);
    us.send();
    world.clock.pass(61);
    us.send();
    let stopped = us.outbox.stopped(None, 9).unwrap();
    us.outbox.cancel(stopped[0].id, &Actor::new("chị Hoa")).unwrap();
    assert_eq!(us.outbox.take_back(&id(US, 1), None, "Nhầm").unwrap().receivers, [A.into()]);
}

/// An axis that does not say what it has, and a document that was sent once and is in doubt.
fn resending(lists: Lists) -> (World, Member) {
    let mut world = World::new();
    (world.rules.resend_in_doubt, world.rules.questions) = (true, 1);
    let us = one(&world);
    world.axis.lists(lists);
    world.axis.script(&[Act::BreakAfter]);
    us.send();
    world.clock.pass(61);
    us.send();
    assert_eq!(us.only(&id(US, 1)).state, DeliveryState::Waiting);
    (world, us)
}

#[test]
fn a_doubt_outlives_the_attempts_that_follow_it() {
    for lists in [Lists::Never, Lists::Refused(19)] {
        for act in [Act::Refuse(22), Act::Refuse(20), Act::NotReached] {
            let (world, us) = resending(lists);
            assert!(us.only(&id(US, 1)).in_doubt_since.is_some(), "nobody said anything");
            world.axis.script(&[act]);
            us.send();
            let second = us.only(&id(US, 1));
            assert_ne!(second.state, DeliveryState::Sent, "{act:?}");
            assert!(second.in_doubt_since.is_some(), "{act:?}: of the first nobody knows");
            let known = |it: &Event| matches!(it, Event::SendingFailed { unknown: false, .. });
            assert!(!us.journal().iter().any(known), "{act:?}");
            if second.state == DeliveryState::Stopped {
                us.outbox.resume(second.id, &Actor::new("chị Hoa")).unwrap();
                world.axis.script(&[Act::NotReached]);
                us.send();
            }
            let asked = us.outbox.take_back(&id(US, 1), None, "Nhầm").unwrap().receivers;
            assert_eq!(asked, [A.into()], "{act:?}");
        }
    }
}

#[test]
fn one_refused_receiver_of_a_message_in_doubt_is_asked_for_it() {
    let mut world = World::new();
    world.rules.resend_in_doubt = true;
    let us = world.agency(US);
    put(&us, &document(US, &[A, B], 1, "Thông báo họp"));
    world.axis.lists(Lists::Never);
    world.axis.script(&[Act::BreakAfter]);
    us.send();
    world.clock.pass(61);
    us.send();
    world.axis.does_not_know(B);
    while !us.send().is_nothing() {}
    let asked = us.outbox.take_back(&id(US, 1), None, "Nhầm").unwrap().receivers;
    assert_eq!(asked, [A.into(), B.into()]);
}

#[test]
fn the_list_of_the_axis_ends_every_doubt() {
    let (world, us) = resending(Lists::Never);
    world.axis.script(&[Act::BreakBefore]);
    us.send();
    let doubted = us.only(&id(US, 1));
    assert_eq!(doubted.state, DeliveryState::InDoubt);
    // Another axis, which has a list and none of it.
    let other = crate::exchange::fake::Axis::new();
    world.clock.pass(61);
    us.outbox.work(&other.seat(US)).unwrap();
    let absent = us.only(&id(US, 1));
    assert_eq!((absent.state, absent.in_doubt_since), (DeliveryState::Waiting, None));
    us.outbox.cancel(absent.id, &Actor::new("chị Hoa")).unwrap();
    assert!(us.outbox.take_back(&id(US, 1), None, "Nhầm").unwrap().receivers.is_empty());
}

#[test]
fn what_was_refused_at_the_first_attempt_is_in_no_doubt() {
    for act in [Act::Refuse(22), Act::Refuse(20), Act::NotReached] {
        let world = World::new();
        let us = one(&world);
        world.axis.script(&[act]);
        us.send();
        assert_eq!(us.only(&id(US, 1)).in_doubt_since, None, "{act:?}");
        assert!(us.outbox.take_back(&id(US, 1), None, "Nhầm").unwrap().receivers.is_empty());
    }
}
