//! The process dies at every call to the store and at every call to the axis, or the call
//! fails: afterwards the exchange is what it is when nothing happens.
//!
//! At each call one or two of the ways in which it can end badly are tried; all of them with
//! `KYSO_FAULTS=full cargo test --lib exchange::crash`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(clippy::panic)]

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::fake::{Act, Member, World, acting, die, document, id};
use super::journal::{Journal, StatusEffect};
use super::store::{Body, IncomingState, Records, Store};
use super::transport::{MessageKind, TransportState};
use crate::envelope::edxml::{BusinessType, Envelope};
use crate::error::{Error, ErrorKind, Result};
use crate::exchange::journal::Event;
use crate::source::Source;

const A: &str = "H99";
const B: &str = "H98.01";
const C: &str = "H98.02";

/// What befalls the call of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    DiesBefore,
    DiesAfter,
    FailsBefore,
    /// It is written, and the caller is told that it failed.
    FailsAfter,
}

/// A store whose `n`-th call ends badly.
struct Doomed {
    inner: Arc<dyn Store>,
    calls: AtomicUsize,
    doom: Option<(usize, Fate)>,
}

impl Doomed {
    fn call<T>(&self, carried_out: impl FnOnce() -> Result<T>) -> Result<T> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        let failed = || Error::new(ErrorKind::Io, "the database is gone");
        match self.doom {
            Some((at, fate)) if at == call => match fate {
                Fate::DiesBefore => die(),
                Fate::FailsBefore => Err(failed()),
                Fate::DiesAfter => {
                    let _ = carried_out();
                    die()
                }
                Fate::FailsAfter => carried_out().and_then(|_| Err(failed())),
            },
            _ => carried_out(),
        }
    }
}

impl Store for Doomed {
    fn transaction(&self, work: &mut dyn FnMut(&mut dyn Records) -> Result<()>) -> Result<()> {
        self.call(|| self.inner.transaction(work))
    }

    fn keep(&self, message: &dyn Source) -> Result<Body> {
        self.call(|| self.inner.keep(message))
    }

    fn open(&self, digest: &str) -> Result<Box<dyn Source>> {
        self.call(|| self.inner.open(digest))
    }
}

/// What is done, whatever becomes of it: as a program that starts again until all is done.
fn survive(world: &mut World, steps: &dyn Fn(&World) -> Result<()>) {
    for _ in 0..9 {
        match catch_unwind(AssertUnwindSafe(|| steps(world))) {
            Ok(Ok(())) => return,
            Ok(Err(error)) => assert_eq!(error.kind(), ErrorKind::Io, "{error}"),
            Err(_) => {
                for code in [A, B, C] {
                    let released = catch_unwind(AssertUnwindSafe(|| {
                        world.post(code).release_claims().unwrap();
                    }));
                    assert!(released.is_ok(), "it dies once");
                }
            }
        }
    }
    panic!("it never ends");
}

fn members(world: &World) -> [Member; 3] {
    [A, B, C].map(|code| world.agency(code))
}

/// Ten minutes in which everybody works.
fn work(world: &World) -> Result<()> {
    for _ in 0..4 {
        for member in members(world) {
            while !member.outbox.work(&member.seat)?.is_nothing() {}
            match member.inbox.poll(&member.seat) {
                Err(error) if error.kind() == ErrorKind::Service => continue,
                polled => polled?,
            };
            while !member.inbox.work(&member.seat)?.is_nothing() {}
        }
        world.clock.pass(150);
    }
    Ok(())
}

fn envelopes() -> [Envelope; 3] {
    [
        document(A, &[B, C], 1, "Thông báo"),
        document(A, &[B], 2, "Thông báo xấu"),
        document(B, &[A], 3, "Báo cáo"),
    ]
}

/// Documents there and back, refused and accepted, one revoked and one wanted back.
fn exchange(world: &mut World) {
    survive(world, &|world| {
        for envelope in envelopes() {
            let from = world.agency(envelope.header.from.organ_id.as_str());
            from.outbox.put(&envelope, None)?;
        }
        work(world)
    });
    survive(world, &|world| {
        let revocation =
            acting(document(A, &[B, C], 1, "Thu hồi"), BusinessType::Revocation, &id(A, 1));
        world.agency(A).outbox.put(&revocation, None)?;
        let asked = world.agency(B).outbox.take_back(&id(B, 3), None, "Gửi nhầm")?;
        assert!(asked.left_out.is_empty());
        work(world)
    });
    survive(world, &work);
}

/// What everybody has in the end.
fn outcome(world: &World) -> BTreeMap<String, usize> {
    let mut all = BTreeMap::new();
    let mut count = |what: String| *all.entry(what).or_insert(0_usize) += 1;
    for mail in world.axis.mails() {
        assert_eq!(mail.state, TransportState::Done, "taken over by its receiver");
        count(format!("{:?} {} {} {}→{}", mail.kind, mail.code, mail.subject, mail.from, mail.to));
    }
    for member in members(world) {
        let us = member.post.agency().organ_id.clone();
        for (from, number) in [(A, 1), (A, 2), (B, 3)] {
            for it in member.deliveries(&id(from, number)) {
                // What is said after it was given back is late, and changes nothing.
                let back = it.progress.take_back();
                let far = it.progress.handling().filter(|_| back.is_none());
                count(format!("{us} sent {number} to {}: {} {far:?} {back:?}", it.to, it.state));
                assert!(!it.state.is_open());
            }
            for it in member.came(from, &id(from, number)) {
                assert!(it.acknowledged);
                count(format!("{us} has {number}: {} {:?}", it.state, it.progress));
            }
        }
        for state in [IncomingState::Listed, IncomingState::Stored, IncomingState::Stopped] {
            let left = member.post.store().within(|it| it.incoming_in(&us, state, None, 9));
            assert!(left.unwrap().is_empty(), "{us} has something {state}");
        }
        assert_eq!(member.outbox.next_at().unwrap(), None);
        let journal = member.journal();
        for event in &journal {
            if let Event::StatusReceived { code, effect, .. } = event {
                // 01 may come after 03, and then changes nothing.
                assert_ne!(*effect, StatusEffect::Unmatched, "{us}: {code}");
                count(format!("{us} was told {code}"));
            }
        }
        let received = journal.iter().filter(|it| it.name() == "received").count();
        count(format!("{us} journals {received} received"));
        let chain = Journal::new(&member.post).follow().unwrap().unwrap();
        assert_eq!(chain.entries(), u64::try_from(journal.len()).unwrap());
    }
    all
}

fn world() -> World {
    World { gives_back: true, ..World::new() }
}

fn undisturbed() -> (BTreeMap<String, usize>, usize, usize) {
    let mut world = world();
    let doomed = Arc::new(Doomed {
        inner: Arc::clone(&world.store),
        calls: AtomicUsize::new(0),
        doom: None,
    });
    world.store = Arc::clone(&doomed) as Arc<dyn Store>;
    exchange(&mut world);
    let calls = doomed.calls.load(Ordering::SeqCst);
    (outcome(&world), calls, world.axis.calls())
}

/// So many of them, others with each call, or all.
fn some<T: Copy>(all: &[T], call: usize, most: usize) -> Vec<T> {
    let full = std::env::var("KYSO_FAULTS").is_ok_and(|it| it == "full");
    let most = if full { all.len() } else { most };
    all.iter().copied().cycle().skip(call * most % all.len()).take(most).collect()
}

#[test]
fn an_exchange_that_nothing_disturbs() {
    let (outcome, ..) = undisturbed();
    let documents: Vec<_> = outcome.iter().filter(|it| it.0.starts_with("Document")).collect();
    assert_eq!(documents.len(), 6, "{documents:#?}");
    assert!(documents.iter().all(|it| *it.1 == 1));
    let b = format!("{B} has 1: withdrawn");
    assert!(outcome.keys().any(|it| it.starts_with(&b)), "{outcome:#?}");
}

#[test]
fn the_store_fails_or_the_process_dies_at_every_call_of_it() {
    let (wanted, calls, _) = undisturbed();
    assert!(calls > 100, "{calls}");
    for call in 1..=calls {
        let fates = [Fate::DiesAfter, Fate::FailsBefore, Fate::DiesBefore, Fate::FailsAfter];
        for fate in some(&fates, call, 1) {
            let mut world = world();
            let (inner, calls) = (Arc::clone(&world.store), AtomicUsize::new(0));
            world.store = Arc::new(Doomed { inner, calls, doom: Some((call, fate)) });
            exchange(&mut world);
            assert_eq!(outcome(&world), wanted, "{fate:?} at call {call} of the store");
        }
    }
}

#[test]
fn the_axis_breaks_off_or_the_process_dies_at_every_call_of_it() {
    let (wanted, _, calls) = undisturbed();
    assert!(calls > 50, "{calls}");
    for call in 1..=calls {
        let acts =
            [Act::BreakBefore, Act::DieAfter, Act::BreakAfter, Act::DieBefore, Act::NotReached];
        for act in some(&acts, call, 2) {
            let mut world = world();
            world.axis.breaks(call, act);
            exchange(&mut world);
            assert_eq!(outcome(&world), wanted, "{act:?} at call {call} of the axis");
        }
    }
}

#[test]
fn everything_comes_twice_and_in_another_order() {
    let (wanted, ..) = undisturbed();
    let mut world = world();
    world.axis.doubles_and_reverses();
    exchange(&mut world);
    let documents = |it: &World| -> Vec<_> {
        let mails = it.axis.mails().into_iter();
        let mut all: Vec<_> = mails
            .filter(|it| it.kind == MessageKind::Document)
            .map(|it| (it.code, it.subject, it.to))
            .collect();
        all.sort();
        all
    };
    let clean = wanted.iter().filter(|it| it.0.starts_with("Document")).count();
    assert_eq!(documents(&world).len(), clean);
    for member in members(&world) {
        assert!(Journal::new(&member.post).follow().unwrap().is_ok());
        for (from, number) in [(A, 1), (A, 2), (B, 3)] {
            let came = member.came(from, &id(from, number));
            let repeated = came.iter().filter(|it| it.state == IncomingState::Repeated).count();
            assert_eq!(repeated * 2, came.len(), "each came twice, and once counts");
        }
    }
}
