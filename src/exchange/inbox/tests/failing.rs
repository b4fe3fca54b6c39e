//! A store that fails now and then.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::error::{Error, ErrorKind, Result};
use crate::exchange::store::{Body, Store};
use crate::source::Source;

/// A store that counts the transactions that write, and does not keep an answer to one
/// document.
struct Failing {
    inner: Arc<dyn Store>,
    writes: AtomicUsize,
    keeps_no_answer_to: String,
}

impl Failing {
    fn pair(number: u32) -> (Pair, Arc<Self>) {
        let mut world = World::new();
        let failing = Arc::new(Self {
            inner: world.store.clone(),
            writes: AtomicUsize::new(0),
            keeps_no_answer_to: id(A, number).as_str().to_owned(),
        });
        let a = world.agency(A);
        world.store = failing.clone();
        let b = world.agency(B);
        (Pair { world, a, b }, failing)
    }
}

impl Store for Failing {
    fn transaction(&self, work: &mut dyn FnMut(&mut dyn Records) -> Result<()>) -> Result<()> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.inner.transaction(work)
    }

    fn read(&self, work: &mut dyn FnMut(&mut dyn Records) -> Result<()>) -> Result<()> {
        self.inner.read(work)
    }

    fn keep(&self, message: &dyn Source) -> Result<Body> {
        let bytes = message.window(0..message.len())?;
        let text = String::from_utf8_lossy(&bytes);
        if text.contains("edXML:StatusCode") && text.contains(&self.keeps_no_answer_to) {
            return Err(Error::new(ErrorKind::Io, "no room"));
        }
        self.inner.keep(message)
    }

    fn open(&self, digest: &str) -> Result<Box<dyn Source>> {
        self.inner.open(digest)
    }
}

#[test]
fn one_answer_that_cannot_be_made_holds_up_none_of_the_others() {
    let (pair, _) = Failing::pair(2);
    for number in 1..=3 {
        pair.put(&pair.document(number, "Thông báo"));
    }
    pair.a.send();
    pair.b.inbox.poll(&pair.b.seat).unwrap();
    pair.b.inbox.work(&pair.b.seat).unwrap();
    for number in [1, 3] {
        assert_eq!(pair.states(number), [IncomingState::Accepted], "{number}");
    }
    assert_eq!(pair.states(2), [], "it was not stored: its sender would not know");
    let us = &pair.b.post;
    let listed = us.store().within(|it| it.incoming_in(us.id(), IncomingState::Listed, None, 9));
    let listed = listed.unwrap().remove(0);
    assert!(listed.fault.contains("no room"), "{}", listed.fault);
    assert!(pair.b.inbox.work(&pair.b.seat).unwrap().is_nothing(), "later");
    let states: Vec<_> = pair.world.axis.mails().iter().map(|it| it.state).collect();
    let (done, processing) = (TransportState::Done, TransportState::Processing);
    assert_eq!(states, [done, processing, done]);
    // A person sees it, however often it is tried.
    let now = || pair.world.clock.now();
    assert_eq!(pair.b.inbox.failing(now(), None, 9).unwrap(), [], "it was listed just now");
    for _ in 0..20 {
        pair.world.clock.pass(7_200);
        pair.b.inbox.work(&pair.b.seat).unwrap();
    }
    let failing = pair.b.inbox.failing(now(), None, 9).unwrap();
    assert_eq!(failing.iter().map(|it| it.id).collect::<Vec<_>>(), [listed.id]);
    assert!(failing[0].fault.contains("no room"), "{}", failing[0].fault);
    assert_eq!(pair.b.inbox.failing(now(), Some(listed.id), 9).unwrap(), []);
    // It is taken once the store can.
    pair.world.clock.pass(7_200);
    let (whole, world) = (pair.world.folder.path().join("post.db"), &pair.world);
    let mut again = world.agency(B);
    again.post.store = crate::exchange::fake::open(whole);
    again.inbox =
        Inbox::new(&again.post, Arc::new(crate::exchange::fake::Judge { gives_back: false }));
    again.inbox.work(&again.seat).unwrap();
    assert_eq!(pair.states(2), [IncomingState::Accepted]);
    assert_eq!(again.inbox.failing(now(), None, 9).unwrap(), []);
}

#[test]
fn what_was_said_before_is_looked_up_without_writing() {
    let (pair, store) = Failing::pair(9);
    pair.put(&pair.document(1, "Thông báo"));
    pair.a.send();
    pair.b.inbox.poll(&pair.b.seat).unwrap();
    let claim = pair.b.post.claim().unwrap();
    let listed = pair.b.inbox.begin(&claim).unwrap().remove(0);
    let mut parcels = vec![pair.b.inbox.fetch(&pair.b.seat, listed)];
    let before = store.writes.load(Ordering::SeqCst);
    pair.b.inbox.store(&claim, &mut parcels).unwrap();
    assert_eq!(store.writes.load(Ordering::SeqCst) - before, 1, "the step itself");
    let before = store.writes.load(Ordering::SeqCst);
    pair.b.inbox.held(None, 9).unwrap();
    pair.b.inbox.stopped(None, 9).unwrap();
    pair.b.outbox.stopped(None, 9).unwrap();
    pair.b.outbox.next_at().unwrap();
    assert_eq!(store.writes.load(Ordering::SeqCst), before, "lists only read");
}
