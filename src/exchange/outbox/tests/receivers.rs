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
    let asked = us.outbox.take_back(&id(US, 1), None, "Nhầm").unwrap();
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
    assert_eq!(us.outbox.take_back(&id(US, 1), None, "Nhầm").unwrap(), [A.into()]);
}
