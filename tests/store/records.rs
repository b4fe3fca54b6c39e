//! What is written is kept, all of it or nothing.

use std::panic::{AssertUnwindSafe, catch_unwind};

use kyso::edxml::{OrganId, Progress, StatusCode};
use kyso::exchange::MessageKind;
use kyso::exchange::store::{
    ClaimToken, DeliveryState, DeliveryStep, IncomingState, IncomingStep, Store,
};
use kyso::{Error, ErrorKind};

use crate::Place;
use crate::samples::{
    agency, at, claim_deliveries, claim_incoming, gist, insert_letter, letter, listed, note,
    receivers,
};

pub(crate) fn what_is_written_is_read(place: &dyn Place) {
    let store = place.open();
    let to = receivers(3);
    let id = letter(&*store, "one", 3, &to);
    let kept = store.within(|it| it.letter(id)).unwrap().unwrap();
    assert_eq!((kept.id, kept.kind, kept.priority), (id, MessageKind::Document, 3));
    assert_eq!((&kept.agency, kept.issuer.as_str()), (&agency(), "000.00.15.H51"));
    assert_eq!((kept.document.as_str(), kept.code.as_str()), ("one", "15/QĐ-UBND"));
    assert_eq!((kept.subject.as_str(), kept.length), ("V/v thử nghiệm", 3));
    assert_eq!(kept.gist, Some(gist()));
    assert_eq!((kept.status, kept.created), (Some(StatusCode::Arrived), at(0)));
    let of = store.within(|it| it.letters_of(&agency(), &"one".into())).unwrap();
    assert_eq!(of, [kept]);

    let deliveries = store.within(|it| it.deliveries_of(id)).unwrap();
    assert_eq!(deliveries.iter().map(|it| &it.to).collect::<Vec<_>>(), [&to[0], &to[1], &to[2]]);
    let mut one = claim_deliveries(&*store, 0, 7, 1).remove(1);
    assert_eq!((one.id, one.claim), (deliveries[1].id, Some(ClaimToken(7))));
    one.step(DeliveryStep::Begun).unwrap();
    (one.attempts, one.refusals, one.alone) = (4, 3, true);
    one.next_at = at(9).plus_millis(5);
    (one.in_doubt_since, one.sent_at) = (Some(at(2)), Some(at(3)));
    one.transport_id = Some("vxp-1".to_owned().into());
    one.fault = "không kết nối được".to_owned();
    assert!(store.within(|it| it.update_delivery(&one, one.claim, true)).unwrap());
    // Whoever holds it does not write over what the receiver said meanwhile.
    let said = Progress::kept(Some(StatusCode::Accepted), Some(StatusCode::TakeBackRequested));
    store.within(|it| it.set_progress(one.id, said)).unwrap();
    assert!(store.within(|it| it.update_delivery(&one, one.claim, true)).unwrap());
    one.progress = said;
    assert_eq!(store.within(|it| it.delivery(one.id)).unwrap(), Some(one));

    let (id, new) = listed(&*store, "vxp-2");
    assert!(new);
    let mut it = claim_incoming(&*store, 0, 8, 1).remove(0);
    assert_eq!((it.id, it.claim, it.state), (id, Some(ClaimToken(8)), IncomingState::Listed));
    it.step(IncomingStep::Stored).unwrap();
    (it.acknowledged, it.attempts, it.next_at) = (true, 2, at(30));
    (it.issuer, it.document) = ("000.00.16.H51".into(), "two".into());
    (it.code, it.subject, it.priority) = ("2/CV".to_owned(), "Về việc".to_owned(), 4);
    (it.digest, it.content, it.length) = ("ab".repeat(32), "cd".repeat(32), 1 << 40);
    (it.received, it.decided) = (Some(at(1)), Some(at(2)));
    (it.fault, it.reason) = ("x".to_owned(), "thiếu chữ ký".to_owned());
    it.progress = Progress::kept(Some(StatusCode::Refused), None);
    assert!(store.within(|records| records.update_incoming(&it, it.claim, true)).unwrap());
    let read = store.within(|records| records.incoming(id)).unwrap();
    assert_eq!(read.as_ref(), Some(&it));
    let named = |kind| {
        store.within(|records| records.incoming_named(&agency(), kind, &it.transport_id)).unwrap()
    };
    assert_eq!((named(MessageKind::Document), named(MessageKind::Status)), (read, None));
    let found =
        store.within(|records| records.incoming_documents(&agency(), &it.issuer, &it.document));
    assert_eq!(found.unwrap(), [it]);
}

pub(crate) fn failed_work_keeps_nothing(place: &dyn Place) {
    let store = place.open();
    let body = store.keep(&b"body".to_vec()).unwrap();
    let outcome = store.within(|records| {
        insert_letter(records, "lost", 0, &receivers(2), &body)?;
        note(records, &agency(), at(0))?;
        records.set_setting("directory", "lost")?;
        Err::<(), _>(Error::new(ErrorKind::Misuse, "the work fails"))
    });
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Misuse);
    nothing_is_kept(&*place.open(), &body.digest);
    nothing_is_kept(&*store, &body.digest);
}

fn nothing_is_kept(store: &dyn Store, digest: &str) {
    let (letters, entries, setting) = store
        .within(|records| {
            Ok((
                records.letters_of(&agency(), &"lost".into())?,
                records.entries(&agency(), 0, 10)?,
                records.setting("directory")?,
            ))
        })
        .unwrap();
    assert_eq!((letters, entries, setting), (vec![], vec![], None));
    assert_eq!(store.open(digest).err().map(|it| it.kind()), Some(ErrorKind::Io));
    assert_eq!(claim_deliveries(store, 0, 1, 9), []);
}

pub(crate) fn work_that_panics_keeps_nothing(place: &dyn Place) {
    let store = place.open();
    let body = store.keep(&b"body".to_vec()).unwrap();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        store.within(|records| {
            insert_letter(records, "lost", 0, &receivers(2), &body)?;
            if true {
                panic!("on purpose");
            }
            Ok(())
        })
    }));
    assert!(outcome.is_err());
    nothing_is_kept(&*store, &body.digest);
}

pub(crate) fn a_message_is_listed_once(place: &dyn Place) {
    let stores = [place.open(), place.open()];
    let new: Vec<bool> = std::thread::scope(|scope| {
        let lists = (0..8).map(|n| {
            let store = &*stores[n % 2];
            scope.spawn(move || (0..20).map(|n| listed(store, &format!("vxp-{n}")).1).collect())
        });
        let lists: Vec<_> = lists.collect();
        lists.into_iter().flat_map(|it| -> Vec<bool> { it.join().unwrap() }).collect()
    });
    assert_eq!(new.iter().filter(|it| **it).count(), 20);
    let ids: Vec<_> = (0..20).map(|n| listed(&*stores[0], &format!("vxp-{n}")).0).collect();
    let again: Vec<_> = (0..20).map(|n| listed(&*stores[1], &format!("vxp-{n}")).0).collect();
    assert_eq!(ids, again);
}

pub(crate) fn lists_are_paged(place: &dyn Place) {
    let store = place.open();
    for n in 0..5 {
        letter(&*store, &format!("{n}"), n, &receivers(2));
        listed(&*store, &format!("{n}"));
    }
    let (mut after, mut pages) = (None, Vec::new());
    loop {
        let page = store
            .within(|it| it.deliveries_in(&agency(), DeliveryState::Waiting, after, 4))
            .unwrap();
        pages.push(page.len());
        let Some(last) = page.last() else { break };
        after = Some(last.id);
    }
    assert_eq!(pages, [4, 4, 2, 0]);
    let all = store.within(|it| it.incoming_in(&agency(), IncomingState::Listed, None, 9)).unwrap();
    assert!(all.is_sorted_by_key(|it| it.id));
    let rest = store
        .within(|it| it.incoming_in(&agency(), IncomingState::Listed, Some(all[2].id), 9))
        .unwrap();
    assert_eq!(rest, all[3..]);
    let other = OrganId::from("another");
    let none = store.within(|it| it.incoming_in(&other, IncomingState::Listed, None, 9));
    assert_eq!(none.unwrap(), []);
}

pub(crate) fn settings_are_replaced(place: &dyn Place) {
    let store = place.open();
    for text in ["một", "hai"] {
        store.within(|it| it.set_setting("directory", text)).unwrap();
        let kept = store.within(|it| it.setting("directory")).unwrap();
        assert_eq!(kept.as_deref(), Some(text));
    }
    assert_eq!(store.within(|it| it.setting("other")).unwrap(), None);
}

pub(crate) fn everything_outlives_its_store(place: &dyn Place) {
    let store = place.open();
    let id = letter(&*store, "one", 0, &receivers(2));
    let mut sent = claim_deliveries(&*store, 0, 1, 1).remove(0);
    sent.step(DeliveryStep::Begun).unwrap();
    sent.step(DeliveryStep::Taken).unwrap();
    (sent.sent_at, sent.transport_id) = (Some(at(5)), Some("vxp-9".to_owned().into()));
    assert!(store.within(|it| it.update_delivery(&sent, sent.claim, false)).unwrap());
    let entry = store.within(|it| note(it, &agency(), at(1))).unwrap();
    store.within(|it| it.insert_seal(&agency(), 1, b"seal")).unwrap();
    drop(store);

    let store = place.open();
    sent.claim = None;
    let deliveries = store.within(|it| it.deliveries_of(id)).unwrap();
    assert_eq!((deliveries.len(), &deliveries[0]), (2, &sent));
    let named = |id: &str| {
        let id = id.to_owned().into();
        store.within(|it| it.deliveries_named(&agency(), &id)).unwrap()
    };
    assert_eq!((named("vxp-9"), named("vxp-8")), (vec![sent], vec![]));
    let (entries, seals) =
        store.within(|it| Ok((it.entries(&agency(), 0, 9)?, it.seals(&agency())?))).unwrap();
    assert_eq!((entries, seals), (vec![entry], vec![(1, b"seal".to_vec())]));
}
