//! The chain of entries.

use kyso::edxml::OrganId;
use kyso::exchange::journal::{Actor, EntryHash, Event, Noted};
use kyso::exchange::store::Store;

use crate::Place;
use crate::samples::{agency, at, note};

/// The entries of a journal, each found to follow the one before.
fn checked(store: &dyn Store, agency: &OrganId) -> u64 {
    let entries = store.within(|it| it.entries(agency, 0, u32::MAX)).unwrap();
    let mut hash = EntryHash::NONE;
    for (entry, place) in entries.iter().zip(1_u64..) {
        assert_eq!(entry.sequence, place);
        assert_eq!(entry.hash, entry.chained_to(hash), "entry {place} of {agency}");
        hash = entry.hash;
    }
    u64::try_from(entries.len()).unwrap()
}

pub(crate) fn the_chain_is_unbroken(place: &dyn Place) {
    let stores = [place.open(), place.open()];
    let agencies: Vec<OrganId> = ["A", "B", "C"].map(OrganId::from).to_vec();
    std::thread::scope(|scope| {
        for worker in 0..6_usize {
            let (store, agencies) = (&*stores[worker % 2], &agencies);
            scope.spawn(move || {
                for n in 0..30_i64 {
                    let one = &agencies[(worker + usize::try_from(n).unwrap()) % 3];
                    let fails = n % 5 == 0;
                    let outcome = store.within(|it| {
                        note(it, one, at(n))?;
                        note(it, one, at(n))?;
                        if fails {
                            Err(kyso::Error::new(kyso::ErrorKind::Misuse, "x"))
                        } else {
                            Ok(())
                        }
                    });
                    assert_eq!(outcome.is_err(), fails);
                }
            });
        }
    });
    let counts: u64 = agencies.iter().map(|it| checked(&*stores[0], it)).sum();
    assert_eq!(counts, 6 * 24 * 2);
}

pub(crate) fn entries_since_an_instant(place: &dyn Place) {
    let store = place.open();
    let first = |when| store.within(|it| it.first_entry_since(&agency(), at(when))).unwrap();
    assert_eq!(first(0), 1);
    // The clock jumps back after the third.
    for when in [10, 20, 50, 30, 40, 60] {
        store.within(|it| note(it, &agency(), at(when))).unwrap();
    }
    for (when, place) in [(0, 1), (10, 1), (11, 2), (21, 3), (30, 3), (50, 3), (51, 6), (61, 7)] {
        assert_eq!(first(when), place, "since {when}");
    }
    let some = store.within(|it| it.entries(&agency(), 3, 2)).unwrap();
    assert_eq!(some.iter().map(|it| it.sequence).collect::<Vec<_>>(), [3, 4]);
    assert_eq!(checked(&*store, &agency()), 6);
    assert_eq!(checked(&*store, &OrganId::from("another")), 0);
}

/// Times finer than any database keeps, texts that not every one takes.
pub(crate) fn entries_are_as_they_were_hashed(place: &dyn Place) {
    let store = place.open();
    let early = "1901-02-03T04:05:06.123456789Z".parse().unwrap();
    let event = Event::Unreadable {
        transport_id: "\0\u{1F600}".to_owned().into(),
        reason: "dòng 1\n\"dòng\0 2\"".to_owned(),
    };
    for when in [at(0).plus_millis(1), early] {
        let noted = Noted {
            agency: &agency(),
            at: when,
            actor: &Actor::new("Nguyễn\0 Văn A"),
            document: Some(&"".into()),
            peer: Some(&"H99\0".into()),
            digest: Some("ab"),
            event: &event,
        };
        let written = store.within(|it| it.note(&noted)).unwrap();
        let read = place.open().within(|it| it.entries(&agency(), written.sequence, 1)).unwrap();
        assert_eq!(read, [written]);
        assert_eq!(read[0].event().unwrap(), event);
    }
    assert_eq!(checked(&*store, &agency()), 2);
}
