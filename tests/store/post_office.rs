//! What an axis keeps for its agencies.

use std::sync::atomic::{AtomicUsize, Ordering};

use kyso::ErrorKind;
use kyso::edxml::OrganId;
use kyso::exchange::store::{Accepted, Body, Mail, NewMail, PostOffice};
use kyso::exchange::{MessageKind, TransportId, TransportState};

use crate::Place;
use crate::samples::{at, receivers};

pub(crate) fn named(name: &str) -> TransportId {
    name.to_owned().into()
}

/// Hands a message over to these, under a tag, at a second.
pub(crate) fn hand(
    office: &dyn PostOffice,
    tag: &str,
    to: &[OrganId],
    body: &Body,
    second: i64,
) -> kyso::Result<Accepted> {
    let to: Vec<_> = to.iter().map(|it| (it.clone(), named(&format!("{tag} to {it}")))).collect();
    office.accept(&NewMail {
        tag,
        kind: MessageKind::Document,
        from: &OrganId::from("000.00.15.H51"),
        title: "V/v thử nghiệm",
        notation: "15/QĐ-UBND",
        body,
        to: &to,
        sent_as: &named(&format!("{tag} sent")),
        at: at(second),
    })
}

fn names(list: &[Mail]) -> Vec<&str> {
    list.iter().map(|it| it.id.as_str()).collect()
}

pub(crate) fn mail_waits_until_it_is_taken_over(place: &dyn Place) {
    let office = place.office();
    let to = receivers(2);
    let body = office.keep(&b"one".to_vec()).unwrap();
    for (tag, second) in [("a", 1), ("b", 3), ("c", 2)] {
        assert_eq!(hand(&*office, tag, &to, &body, second).unwrap(), Accepted::New);
    }
    let document = MessageKind::Document;
    let waiting = |since, most| place.office().waiting(&to[0], document, since, most).unwrap();
    assert_eq!(
        names(&waiting(None, 9)),
        ["a to 000.00.00.H51", "c to 000.00.00.H51", "b to 000.00.00.H51"]
    );
    assert_eq!(names(&waiting(Some(at(2)), 1)), ["c to 000.00.00.H51"]);
    assert_eq!(office.waiting(&to[0], MessageKind::Status, None, 9).unwrap(), []);
    assert_eq!(office.count(&to[0], document).unwrap(), 3);

    let one = waiting(None, 1).remove(0);
    let expected = Mail {
        id: named("a to 000.00.00.H51"),
        sent_as: named("a sent"),
        kind: document,
        from: OrganId::from("000.00.15.H51"),
        to: to[0].clone(),
        title: "V/v thử nghiệm".to_owned(),
        notation: "15/QĐ-UBND".to_owned(),
        digest: body.digest.clone(),
        length: 3,
        state: TransportState::Initial,
        at: at(1),
    };
    assert_eq!(one, expected);
    assert_eq!(office.mail(&to[0], &one.id).unwrap(), Some(expected));
    assert_eq!(office.mail(&to[1], &one.id).unwrap(), None, "it is not theirs");
    assert_eq!(office.advance(&to[1], &one.id, TransportState::Done).unwrap(), None);

    let before = |state| office.advance(&to[0], &one.id, state).unwrap().unwrap().state;
    assert_eq!(before(TransportState::Processing), TransportState::Initial);
    assert_eq!(before(TransportState::Initial), TransportState::Processing);
    assert_eq!((waiting(None, 9).len(), office.count(&to[0], document).unwrap()), (3, 2));
    assert_eq!(before(TransportState::Fail), TransportState::Processing);
    assert_eq!(before(TransportState::Done), TransportState::Fail, "taken over after all");
    assert_eq!(waiting(None, 9).len(), 2);
    assert_eq!(before(TransportState::Processing), TransportState::Done);
    assert_eq!(before(TransportState::Fail), TransportState::Done);
    assert_eq!(waiting(None, 9).len(), 2, "said late");
    let state = office.mail(&to[0], &one.id).unwrap().map(|it| it.state);
    assert_eq!(state, Some(TransportState::Done));
    assert_eq!(office.waiting(&to[1], document, None, 9).unwrap().len(), 3);
}

pub(crate) fn what_was_sent_is_listed_for_its_sender(place: &dyn Place) {
    let office = place.office();
    let (to, from) = (receivers(2), OrganId::from("000.00.15.H51"));
    let body = office.keep(&b"one".to_vec()).unwrap();
    hand(&*office, "a", &to, &body, 1).unwrap();
    hand(&*office, "b", &to[..1], &body, 2).unwrap();
    let done = named("a to 000.00.01.H51");
    assert!(office.advance(&to[1], &done, TransportState::Done).unwrap().is_some());
    let sent = |since, name: Option<&TransportId>| {
        office.sent(&from, MessageKind::Document, since, name).unwrap()
    };
    let all = sent(None, None);
    assert_eq!(names(&all), ["a to 000.00.00.H51", "a to 000.00.01.H51", "b to 000.00.00.H51"]);
    assert_eq!(all[1].state, TransportState::Done);
    assert_eq!(sent(Some(at(2)), None), all[2..]);
    assert_eq!(sent(None, Some(&named("a sent"))), all[..2]);
    assert_eq!(office.sent(&to[0], MessageKind::Document, None, None).unwrap(), []);
}

pub(crate) fn a_request_is_taken_once(place: &dyn Place) {
    let offices = [place.office(), place.office()];
    let to = receivers(3);
    let new = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for n in 0..8_usize {
            let (office, to, new) = (&*offices[n % 2], &to, &new);
            scope.spawn(move || {
                let body = office.keep(&b"one".to_vec()).unwrap();
                for tag in ["a", "b", "c", "d", "e"] {
                    match hand(office, tag, to, &body, 0).unwrap() {
                        Accepted::New => {
                            new.fetch_add(1, Ordering::SeqCst);
                        }
                        Accepted::Replayed(name) => {
                            assert_eq!(name, named(&format!("{tag} sent")));
                        }
                    }
                }
            });
        }
    });
    assert_eq!(new.into_inner(), 5);
    assert_eq!(offices[1].taken("c").unwrap(), Some(named("c sent")));
    assert_eq!(offices[1].taken("f").unwrap(), None);
    assert_eq!(offices[0].waiting(&to[2], MessageKind::Document, None, 99).unwrap().len(), 5);
}

pub(crate) fn mail_is_for_all_receivers_or_none(place: &dyn Place) {
    let office = place.office();
    let to = receivers(1);
    let body = office.keep(&b"one".to_vec()).unwrap();
    let twice = [to[0].clone(), to[0].clone()];
    assert_eq!(hand(&*office, "a", &twice, &body, 0).unwrap_err().kind(), ErrorKind::Io);
    assert_eq!(office.waiting(&to[0], MessageKind::Document, None, 9).unwrap(), []);
    assert_eq!(hand(&*office, "a", &to, &body, 0).unwrap(), Accepted::New);
}

pub(crate) fn mail_that_waits_is_not_swept(place: &dyn Place) {
    let office = place.office();
    let to = receivers(2);
    let body = office.keep(&b"one".to_vec()).unwrap();
    hand(&*office, "a", &to, &body, 0).unwrap();
    for (n, swept) in [(0, 0), (1, 1)] {
        let id = named(&format!("a to {}", to[n]));
        assert!(office.advance(&to[n], &id, TransportState::Done).unwrap().is_some());
        assert_eq!(place.sweep(at(0)), 0, "it came later");
        assert_eq!(place.sweep(at(1)), swept);
    }
    assert!(office.mail(&to[0], &named("a to 000.00.00.H51")).unwrap().is_some());
}

pub(crate) fn many_say_at_once_how_far_it_is(place: &dyn Place) {
    let offices = [place.office(), place.office()];
    let to = receivers(1);
    let body = offices[0].keep(&b"one".to_vec()).unwrap();
    for round in 0..5 {
        let tag = format!("a{round}");
        hand(&*offices[0], &tag, &to, &body, 0).unwrap();
        let id = named(&format!("{tag} to {}", to[0]));
        let (before, all) = (std::sync::Mutex::new(Vec::new()), std::sync::Barrier::new(6));
        std::thread::scope(|scope| {
            for n in 0..6_usize {
                let (office, to, id) = (&*offices[n % 2], &to[0], &id);
                let (before, all) = (&before, &all);
                scope.spawn(move || {
                    use TransportState::{Done, Fail, Processing};
                    let state = [Processing, Fail, Done][n % 3];
                    all.wait();
                    let was = office.advance(to, id, state).unwrap().unwrap().state;
                    before.lock().unwrap().push((was, state));
                });
            }
        });
        // Each that changed it saw what the one before it had made of it.
        let (mut state, mut changes) = (TransportState::Initial, 0);
        let before = before.into_inner().unwrap();
        let step = |state| before.iter().find(|it| it.0 == state && is_later(it.1, it.0));
        while let Some((_, next)) = step(state) {
            (state, changes) = (*next, changes + 1);
        }
        assert_eq!(state, TransportState::Done);
        let changed = before.iter().filter(|(was, to)| is_later(*to, *was)).count();
        assert_eq!(changed, changes, "{before:?}");
    }
}

fn is_later(one: TransportState, other: TransportState) -> bool {
    use TransportState::{Done, Fail, Initial, Processing};
    let rank = |it| [Initial, Processing, Fail, Done].iter().position(|known| *known == it);
    rank(one) > rank(other)
}
