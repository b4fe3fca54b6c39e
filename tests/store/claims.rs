//! Who works on what.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use kyso::exchange::store::{
    ClaimToken, Delivery, DeliveryId, DeliveryStep, IncomingStep, LetterId,
};

use crate::Place;
use crate::samples::{agency, at, claim_deliveries, claim_incoming, letter, listed, receivers};

pub(crate) fn nothing_is_claimed_twice(place: &dyn Place) {
    let stores = [place.open(), place.open()];
    for n in 0..60 {
        letter(&*stores[0], &format!("{n}"), n % 5, &receivers(3));
    }
    let claimed: Mutex<Vec<(i64, Delivery)>> = Mutex::default();
    std::thread::scope(|scope| {
        for worker in 0..16_i64 {
            let (store, claimed) = (&*stores[usize::from(worker % 2 == 0)], &claimed);
            scope.spawn(move || {
                for round in 0.. {
                    let token = worker * 1000 + round;
                    let some = claim_deliveries(store, 0, token, 2);
                    if some.is_empty() {
                        return;
                    }
                    let letters: BTreeSet<_> = some.iter().map(|it| it.letter).collect();
                    assert!(letters.len() <= 2, "{letters:?}");
                    claimed.lock().unwrap().extend(some.into_iter().map(|it| (token, it)));
                }
            });
        }
    });
    // A worker may have found nothing while another held the last letters.
    let rest = claim_deliveries(&*stores[0], 0, -1, 100);
    let mut claimed = claimed.into_inner().unwrap();
    claimed.extend(rest.into_iter().map(|it| (-1, it)));

    let ids: BTreeSet<DeliveryId> = claimed.iter().map(|(_, it)| it.id).collect();
    assert_eq!((claimed.len(), ids.len()), (180, 180));
    let mut holders: BTreeMap<LetterId, BTreeSet<i64>> = BTreeMap::new();
    for (token, it) in &claimed {
        assert_eq!(it.claim, Some(ClaimToken(*token)));
        holders.entry(it.letter).or_default().insert(*token);
    }
    assert!(holders.values().all(|it| it.len() == 1), "a letter was shared: {holders:?}");
}

pub(crate) fn a_claim_ends_by_itself(place: &dyn Place) {
    let (store, other) = (place.open(), place.open());
    letter(&*store, "one", 0, &receivers(2));
    let first = claim_deliveries(&*store, 0, 1, 1);
    assert_eq!(first.len(), 2);
    let next = other.within(|it| it.next_delivery_at(&agency())).unwrap();
    assert_eq!(next, Some(at(60)));
    assert_eq!(claim_deliveries(&*other, 59, 2, 1), []);
    let second = claim_deliveries(&*other, 60, 2, 1);
    assert_eq!(second.len(), 2);

    // The first one wakes up late.
    let mut late = first[0].clone();
    late.step(DeliveryStep::Begun).unwrap();
    late.fault = "late".to_owned();
    assert!(!store.within(|it| it.update_delivery(&late, late.claim, false)).unwrap());
    assert_eq!(store.within(|it| it.delivery(late.id)).unwrap().as_ref(), Some(&second[0]));
    let mut holder = second[0].clone();
    holder.step(DeliveryStep::Begun).unwrap();
    assert!(other.within(|it| it.update_delivery(&holder, holder.claim, true)).unwrap());

    // What was being sent when its claim ended is claimed as it is.
    let third = claim_deliveries(&*store, 120, 3, 1);
    assert_eq!(third.iter().map(|it| it.state).collect::<Vec<_>>(), [holder.state, late_state()]);
}

fn late_state() -> kyso::exchange::store::DeliveryState {
    kyso::exchange::store::DeliveryState::Waiting
}

pub(crate) fn only_the_holder_writes(place: &dyn Place) {
    let store = place.open();
    let id = letter(&*store, "one", 0, &receivers(1));
    let free = store.within(|it| it.deliveries_of(id)).unwrap().remove(0);
    let write = |it: &Delivery, claim, keep| {
        store.within(|records| records.update_delivery(it, claim, keep)).unwrap()
    };
    assert!(write(&free, None, false), "nobody holds it");
    assert!(!write(&free, Some(ClaimToken(1)), false), "nobody has such a claim");
    let held = claim_deliveries(&*store, 0, 5, 1).remove(0);
    assert!(!write(&held, None, false));
    assert!(!write(&held, Some(ClaimToken(6)), false));
    assert!(write(&held, Some(ClaimToken(5)), true));
    assert_eq!(claim_deliveries(&*store, 59, 7, 1), []);
    assert!(write(&held, Some(ClaimToken(5)), false));
    assert!(!write(&held, Some(ClaimToken(5)), false), "the claim has ended");
    assert_eq!(claim_deliveries(&*store, 0, 8, 1).len(), 1);
}

pub(crate) fn the_urgent_go_first(place: &dyn Place) {
    let store = place.open();
    for (name, priority) in [("a", 0), ("b", 3), ("c", 1), ("d", 3), ("e", 0)] {
        letter(&*store, name, priority, &receivers(2));
        listed(&*store, name);
    }
    let order = |some: Vec<Delivery>| {
        let name = |it: &Delivery| {
            let letter = store.within(|records| records.letter(it.letter)).unwrap();
            letter.unwrap().document.to_string()
        };
        some.iter().map(name).collect::<String>()
    };
    assert_eq!(order(claim_deliveries(&*store, 0, 1, 3)), "bbddcc");
    assert_eq!(order(claim_deliveries(&*store, 0, 2, 3)), "aaee");

    for mut it in claim_incoming(&*store, 0, 3, 9) {
        it.step(IncomingStep::Stored).unwrap();
        it.priority = i32::from(it.transport_id.as_str() == "d");
        assert!(store.within(|records| records.update_incoming(&it, it.claim, false)).unwrap());
    }
    let names: String =
        claim_incoming(&*store, 0, 4, 3).iter().map(|it| it.transport_id.to_string()).collect();
    assert_eq!(names, "dab");
}

pub(crate) fn one_that_goes_alone_is_claimed_alone(place: &dyn Place) {
    let store = place.open();
    letter(&*store, "one", 0, &receivers(5));
    for mut it in claim_deliveries(&*store, 0, 1, 1).into_iter().skip(2) {
        it.alone = true;
        assert!(store.within(|records| records.update_delivery(&it, it.claim, false)).unwrap());
    }
    // The first two are held until second 60.
    assert_eq!(claim_deliveries(&*store, 0, 2, 1).len(), 1);
    assert_eq!(claim_deliveries(&*store, 0, 3, 9).len(), 2);
    let again = claim_deliveries(&*store, 60, 4, 1);
    assert_eq!(again.iter().map(|it| it.alone).collect::<Vec<_>>(), [false, false]);
}

pub(crate) fn a_pause_is_kept(place: &dyn Place) {
    let store = place.open();
    letter(&*store, "one", 0, &receivers(3));
    let mut held = claim_deliveries(&*store, 0, 1, 1);
    let next = || store.within(|it| it.next_delivery_at(&agency())).unwrap();
    for (it, pause) in held.iter_mut().zip([100, 50, 0]) {
        it.next_at = at(pause);
        if pause == 0 {
            it.step(DeliveryStep::Begun).unwrap();
            it.step(DeliveryStep::Taken).unwrap();
        }
        assert!(store.within(|records| records.update_delivery(it, it.claim, false)).unwrap());
    }
    assert_eq!(next(), Some(at(50)));
    assert_eq!(claim_deliveries(&*store, 49, 2, 1), []);
    let due = claim_deliveries(&*store, 50, 2, 1);
    assert_eq!(due.iter().map(|it| it.id).collect::<Vec<_>>(), [held[1].id]);
    // The other one is due before that claim ends.
    assert_eq!(next(), Some(at(100)));
    assert_eq!(claim_deliveries(&*store, 110, 3, 9).len(), 2);
}

pub(crate) fn what_came_is_claimed_until_it_is_done_with(place: &dyn Place) {
    let store = place.open();
    listed(&*store, "one");
    let step = |now, step: Option<IncomingStep>, acknowledged| {
        let mut it = claim_incoming(&*store, now, now, 1).remove(0);
        it.acknowledged = acknowledged;
        if let Some(step) = step {
            it.step(step).unwrap();
        }
        assert!(store.within(|records| records.update_incoming(&it, it.claim, false)).unwrap());
        it
    };
    step(1, Some(IncomingStep::Stored), false);
    step(2, Some(IncomingStep::Accepted), false);
    let it = step(3, None, true);
    assert_eq!(claim_incoming(&*store, 1000, 9, 1), [], "accepted, and the axis knows");
    assert!(!store.within(|records| records.update_incoming(&it, it.claim, false)).unwrap());

    listed(&*store, "two");
    let mut it = step(4, Some(IncomingStep::Stopped), false);
    assert_eq!(claim_incoming(&*store, 1000, 9, 1), [], "left to a person");
    it.step(IncomingStep::Resumed).unwrap();
    assert!(store.within(|records| records.update_incoming(&it, None, false)).unwrap());
    assert_eq!(claim_incoming(&*store, 1000, 9, 1).len(), 1);
}

pub(crate) fn claims_are_released(place: &dyn Place) {
    let store = place.open();
    letter(&*store, "one", 0, &receivers(2));
    listed(&*store, "vxp-1");
    let release = |of: Option<i64>| {
        store.within(|it| it.release_claims(&agency(), of.map(ClaimToken))).unwrap()
    };
    assert_eq!(claim_deliveries(&*store, 0, 1, 9).len(), 2);
    assert_eq!(claim_incoming(&*store, 0, 2, 9).len(), 1);
    assert_eq!(release(Some(1)), 2);
    assert_eq!(claim_deliveries(&*store, 0, 3, 9).len(), 2);
    assert!(claim_incoming(&*store, 0, 3, 9).is_empty(), "another's");
    assert_eq!(release(None), 3);
    assert_eq!(claim_incoming(&*store, 0, 4, 9).len(), 1);
    assert_eq!(claim_deliveries(&*store, 0, 4, 9).len(), 2);
    // One side alone.
    assert_eq!(store.within(|it| it.release_deliveries(&agency())).unwrap(), 2);
    assert_eq!(claim_deliveries(&*store, 0, 5, 9).len(), 2);
    assert!(claim_incoming(&*store, 0, 5, 9).is_empty(), "what comes in is held still");
    assert_eq!(store.within(|it| it.release_incoming(&agency())).unwrap(), 1);
    assert!(claim_deliveries(&*store, 0, 6, 9).is_empty(), "what goes out is held still");
    assert_eq!(claim_incoming(&*store, 0, 6, 9).len(), 1);
    let other = "H01".into();
    assert_eq!(store.within(|it| it.release_deliveries(&other)).unwrap(), 0);
    assert_eq!(store.within(|it| it.release_incoming(&other)).unwrap(), 0);
}

pub(crate) fn what_a_wrong_clock_put_off_is_due(place: &dyn Place) {
    let store = place.open();
    letter(&*store, "one", 0, &receivers(2));
    listed(&*store, "vxp-1");
    let years = 10 * 365 * 86_400;
    // The clock is ten years ahead, the machine dies, and the clock is set right.
    assert_eq!(claim_deliveries(&*store, years, 1, 9).len(), 2);
    assert_eq!(claim_incoming(&*store, years, 1, 9).len(), 1);
    assert_eq!(claim_deliveries(&*store, 1, 2, 9).len(), 2);
    assert_eq!(claim_incoming(&*store, 1, 2, 9).len(), 1);
    assert!(claim_deliveries(&*store, 2, 3, 9).is_empty(), "and held once");
    assert!(claim_incoming(&*store, 2, 3, 9).is_empty());
}
