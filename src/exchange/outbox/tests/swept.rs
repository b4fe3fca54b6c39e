//! What is known of documents whose bytes were thrown away.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::envelope::edxml::StatusCode;
use crate::error::{ErrorKind, Result};
use crate::exchange::store::{Body, Sqlite, Store};
use crate::source::Source;

/// Throws away all that is finished.
fn sweep(world: &World) -> u64 {
    world.clock.pass(60);
    Sqlite::open(world.path()).unwrap().sweep(world.clock.now()).unwrap()
}

fn sent_and_swept(world: &World) -> Member {
    let us = one(world);
    us.send();
    assert_eq!(sweep(world), 1);
    us
}

#[test]
fn a_repetition_is_known_after_its_bytes_are_gone() {
    let world = World::new();
    let us = sent_and_swept(&world);
    let letter = us.outbox.put(&document(US, &[A], 1, "Thông báo họp"), None).unwrap();
    assert_eq!(letter, us.only(&id(US, 1)).letter);
    assert!(us.send().is_nothing());
    let error = us.outbox.put(&document(US, &[A], 1, "Khác"), None).unwrap_err();
    assert!(error.to_string().contains("another content"), "{error}");
}

#[test]
fn what_was_swept_is_revoked_and_asked_for() {
    let world = World::new();
    let us = sent_and_swept(&world);
    assert_eq!(us.outbox.take_back(&id(US, 1), None, "Nhầm").unwrap().receivers, [A.into()]);
    us.send();
    let asked = world.axis.mails().pop().unwrap();
    let message = crate::envelope::edxml::parse(&asked.bytes, &Default::default()).unwrap().message;
    let crate::envelope::edxml::Message::Status(asked) = message else { panic!("a document") };
    let sent = document(US, &[A], 1, "Thông báo họp").header;
    let wanted = crate::envelope::edxml::StatusMessage::take_back(
        &sent,
        A.into(),
        "Nhầm",
        world.clock.now(),
    );
    assert_eq!(asked, wanted, "as if its bytes were there");
    let revocation =
        acting(document(US, &[A], 1, "Thông báo họp"), BusinessType::Revocation, &id(US, 1));
    put(&us, &revocation);
    us.send();
    assert_eq!(world.axis.documents_for(A).len(), 2);
}

#[test]
fn the_answer_to_a_swept_revocation_is_acted_upon() {
    let (agreed, refused) = (StatusCode::TakeBackAgreed, StatusCode::TakeBackRefused);
    for (code, is_earlier) in [(agreed, false), (refused, false), (agreed, true)] {
        let world = World::new();
        let us = one(&world);
        let mut revocation =
            acting(document(US, &[A], 2, "Thu hồi"), BusinessType::Revocation, &id(US, 1));
        revocation.header.document_id = "revocation".into();
        put(&us, &revocation);
        while !us.send().is_nothing() {}
        assert_eq!(sweep(&world), 2);
        if is_earlier {
            world.forget_gists();
        }
        let mut answer = crate::envelope::edxml::StatusMessage::answer(
            &revocation.header,
            crate::envelope::edxml::Organization::new(A, "Nơi nhận"),
            code,
            "",
            world.clock.now(),
        );
        answer.response_for.document_id = "revocation".into();
        world.axis.drop_off(MessageKind::Status, A, US, answer.to_bytes().unwrap());
        us.receive();
        // What a letter of an earlier version revoked nobody can tell.
        let wanted = if is_earlier { StatusCode::TakeBackRequested } else { code };
        assert_eq!(us.only(&id(US, 1)).progress.take_back(), Some(wanted));
        assert_eq!(us.only(&"revocation".into()).progress.take_back(), Some(code));
    }
}

#[test]
fn letters_of_an_earlier_version() {
    let world = World::new();
    let us = one(&world);
    us.send();
    world.forget_gists();
    put(&us, &document(US, &[A], 1, "Thông báo họp"));
    assert_eq!(us.deliveries(&id(US, 1)).len(), 1, "its bytes are there still");
    assert_eq!(us.outbox.take_back(&id(US, 1), None, "Nhầm").unwrap().receivers, [A.into()]);

    let world = World::new();
    let us = sent_and_swept(&world);
    world.forget_gists();
    put(&us, &document(US, &[A], 1, "Thông báo họp"));
    assert_eq!(us.deliveries(&id(US, 1)).len(), 1, "the same bytes");
    let error = us.outbox.put(&document(US, &[A], 1, "Khác"), None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse);
    assert!(error.to_string().contains("send an update"), "{error}");
    let error = us.outbox.take_back(&id(US, 1), None, "Nhầm").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse);
    assert!(error.to_string().contains("send a revocation"), "{error}");
    let revocation =
        acting(document(US, &[A], 1, "Thông báo họp"), BusinessType::Revocation, &id(US, 1));
    put(&us, &revocation);
    us.send();
    assert_eq!(world.axis.documents_for(A).len(), 2);
}

#[test]
fn of_some_receivers_nobody_knows_what_to_ask_for() {
    let world = World::new();
    let us = world.agency(US);
    for to in [[A, B].as_slice(), &[C]] {
        put(&us, &document(US, to, 1, "Thông báo họp"));
        us.send();
    }
    assert_eq!(sweep(&world), 2);
    world.forget_gists();
    // One of them has it again, by an update under the same identifier.
    let update = acting(document(US, &[A], 1, "Sửa"), BusinessType::Update, &id(US, 1));
    put(&us, &update);
    us.send();
    let some = us.outbox.take_back(&id(US, 1), Some(&[B.into()]), "Nhầm").unwrap();
    assert_eq!((some.receivers, some.left_out), (Vec::new(), vec![B.into()]));
    let all = us.outbox.take_back(&id(US, 1), None, "Nhầm").unwrap();
    assert_eq!((all.receivers, all.left_out), (vec![A.into()], vec![C.into(), B.into()]));
}

#[test]
fn what_was_cancelled_and_swept_is_not_resumed() {
    let world = World::new();
    let us = one(&world);
    let by = Actor::new("chị Hoa");
    let delivery = us.only(&id(US, 1));
    us.outbox.cancel(delivery.id, &by).unwrap();
    assert_eq!(sweep(&world), 1);
    let error = us.outbox.resume(delivery.id, &by).unwrap_err();
    assert!(error.to_string().contains("send an update"), "{error}");
    assert_eq!(state(&us), DeliveryState::Cancelled);
}

/// Counts what is kept.
struct Counting(std::sync::Arc<dyn Store>, AtomicUsize);

impl Store for Counting {
    fn transaction(&self, work: &mut dyn FnMut(&mut dyn Records) -> Result<()>) -> Result<()> {
        self.0.transaction(work)
    }

    fn keep(&self, message: &dyn Source) -> Result<Body> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.keep(message)
    }

    fn open(&self, digest: &str) -> Result<Box<dyn Source>> {
        self.0.open(digest)
    }
}

#[test]
fn nothing_is_kept_for_a_repetition() {
    let mut world = World::new();
    let store = std::sync::Arc::new(Counting(world.store.clone(), AtomicUsize::new(0)));
    world.store = store.clone();
    let us = one(&world);
    assert_eq!(store.1.load(Ordering::SeqCst), 1);
    put(&us, &document(US, &[A], 1, "Thông báo họp"));
    assert!(us.outbox.put(&document(US, &[A], 1, "Khác"), None).is_err());
    assert_eq!(store.1.load(Ordering::SeqCst), 1);
}
