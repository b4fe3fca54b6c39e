//! What people see of deliveries, and decide about them.

use super::*;

#[test]
fn what_goes_on_failing_is_listed_until_it_is_sent() {
    let world = World::new();
    let us = one(&world);
    let refuses = || world.axis.script(&[Act::Refuse(20)]);
    let failing = |after, most| {
        let found = us.outbox.failing(world.clock.now(), after, most).unwrap();
        found.iter().map(|it| it.id).collect::<Vec<_>>()
    };
    refuses();
    us.send();
    assert_eq!(failing(None, 9), [], "it was handed over just now");
    world.clock.pass(1);
    put(&us, &document(US, &[A], 2, "Thông báo"));
    let (first, second) = (us.only(&id(US, 1)), us.only(&id(US, 2)).id);
    assert!(first.fault.contains("20"), "{}", first.fault);
    assert_eq!(failing(None, 9), [first.id], "the other was not tried");
    refuses();
    us.send();
    world.clock.pass(1);
    assert_eq!(failing(None, 9), [first.id, second]);
    assert_eq!((failing(None, 1), failing(Some(first.id), 9)), (vec![first.id], vec![second]));
    world.clock.pass(4_000);
    while !us.send().is_nothing() {}
    assert_eq!((failing(None, 9), state(&us)), (vec![], DeliveryState::Sent));
}

#[test]
fn what_people_decide() {
    let world = World::new();
    let us = one(&world);
    world.axis.script(&[Act::Refuse(22)]);
    us.send();
    let by = Actor::new("chị Hoa");
    let stopped = us.outbox.stopped(None, 9).unwrap();
    us.outbox.cancel(stopped[0].id, &by).unwrap();
    assert!(us.outbox.cancel(stopped[0].id, &by).is_err());
    let other = world.agency("H01");
    assert!(other.outbox.resume(stopped[0].id, &by).is_err(), "another agency's");
    assert!(us.send().is_nothing());
    assert!(
        us.outbox.take_back(&id(US, 1), None, "Nhầm").unwrap().receivers.is_empty(),
        "never sent"
    );
    let decided = |it: &Event| matches!(it, Event::SendingDecided { again: false, .. });
    assert!(us.journal().iter().any(decided));
}

#[test]
fn what_was_cancelled_is_sent_when_a_person_resumes_it() {
    let world = World::new();
    let us = world.agency(US);
    let by = Actor::new("chị Hoa");
    let both = document(US, &[A, B], 1, "Thông báo họp");
    put(&us, &both);
    let first = us.deliveries(&id(US, 1)).remove(0);
    us.outbox.cancel(first.id, &by).unwrap();
    for envelope in [&both, &document(US, &[A], 1, "Thông báo họp")] {
        let error = us.outbox.put(envelope, None).unwrap_err();
        let wanted = format!("cancelled for {A}: have delivery {} resumed", first.id.0);
        assert!(error.to_string().contains(&wanted), "{error}");
    }
    put(&us, &document(US, &[B], 1, "Thông báo họp"));
    while !us.send().is_nothing() {}
    assert_eq!(world.axis.documents_for(B).len(), 1);
    us.outbox.resume(first.id, &by).unwrap();
    put(&us, &both);
    while !us.send().is_nothing() {}
    assert_eq!([A, B].map(|it| world.axis.documents_for(it).len()), [1, 1]);
    assert!(us.outbox.resume(first.id, &by).is_err(), "it was sent");
}
