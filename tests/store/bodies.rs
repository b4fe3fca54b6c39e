//! The bytes of messages.

use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;
use std::time::{Duration, SystemTime};

use kyso::exchange::store::{DeliveryStep, IncomingStep, NotKept};
use kyso::{DigestAlgorithm, ErrorKind, Source, UtcTime};

use crate::Place;
use crate::samples::{
    at, claim_deliveries, claim_incoming, insert_letter, letter, listed, receivers,
};

/// Bytes that are made as they are asked for, never more than a mebibyte at once.
pub(crate) struct Endless(pub(crate) u64);

impl Source for Endless {
    fn len(&self) -> u64 {
        self.0
    }

    fn window(&self, range: Range<u64>) -> kyso::Result<Cow<'_, [u8]>> {
        assert!(range.end - range.start <= 1 << 20, "asked for {range:?} at once");
        Ok(range.map(|n| (n.wrapping_mul(2_654_435_761) >> 16) as u8).collect())
    }
}

pub(crate) fn same(one: &dyn Source, other: &dyn Source) {
    assert_eq!(one.len(), other.len());
    let mut from = 0;
    while from < one.len() {
        let to = one.len().min(from + (100 << 10));
        assert!(one.window(from..to).unwrap() == other.window(from..to).unwrap(), "{from}");
        from = to;
    }
}

pub(crate) fn small_and_large_ones_come_back(place: &dyn Place) {
    let store = place.open();
    for length in [0, 1, 256 << 10, (256 << 10) + 1, 5 << 20] {
        let source = Endless(length);
        let body = store.keep(&source).unwrap();
        assert_eq!((body.length, body.bytes.is_some()), (length, length <= 256 << 10));
        let whole: Vec<u8> = (0..length)
            .step_by(1 << 16)
            .flat_map(|n| source.window(n..length.min(n + (1 << 16))).unwrap().into_owned())
            .collect();
        assert_eq!(body.digest, DigestAlgorithm::Sha256.digest(&whole).to_string());
        assert_eq!(store.keep_as(&source, &body.digest).unwrap(), body);
        let none = store.keep_as(&source, "../../etc/passwd").unwrap_err();
        assert_eq!(none.kind(), ErrorKind::Misuse);
        for _ in 0..2 {
            store.within(|it| it.insert_body(&body)).unwrap();
        }
        same(&*place.open().open(&body.digest).unwrap(), &source);
    }
}

pub(crate) fn without_a_record_there_is_no_body(place: &dyn Place) {
    let store = place.open();
    let mut body = store.keep(&Endless(300 << 10)).unwrap();
    let kind = |digest: &str| store.open(digest).err().map(|it| it.kind());
    assert_eq!(kind(&body.digest), Some(ErrorKind::Io), "kept ready, no more");
    assert!(store.open(&body.digest).is_err_and(|it| NotKept::is_behind(&it)));
    for digest in ["", "../../../etc/passwd", &"AB".repeat(32), &"ab".repeat(33)] {
        assert_eq!(kind(digest), Some(ErrorKind::Misuse), "{digest}");
    }
    body.digest = "ab".repeat(32);
    let outcome = store.within(|it| insert_letter(it, "one", 0, &receivers(1), &body));
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Io, "there is no such object");
}

pub(crate) fn only_what_is_finished_is_swept(place: &dyn Place) {
    let store = place.open();
    let large = store.keep(&Endless(300 << 10)).unwrap();
    store.within(|it| insert_letter(it, "large", 4, &receivers(1), &large)).unwrap();
    letter(&*store, "open", 0, &receivers(2));
    listed(&*store, "held");
    let held = store.keep(&b"held".to_vec()).unwrap();
    let mut came = claim_incoming(&*store, 0, 1, 1).remove(0);
    came.step(IncomingStep::Stored).unwrap();
    came.step(IncomingStep::Held).unwrap();
    (came.acknowledged, came.received) = (true, Some(at(1)));
    came.digest.clone_from(&held.digest);
    store.within(|it| it.insert_body(&held)).unwrap();
    assert!(store.within(|it| it.update_incoming(&came, came.claim, false)).unwrap());
    assert_eq!(place.sweep(at(1000)), 0, "nothing is finished");

    let mut sent = claim_deliveries(&*store, 0, 1, 1).remove(0);
    sent.step(DeliveryStep::Begun).unwrap();
    sent.step(DeliveryStep::Taken).unwrap();
    sent.sent_at = Some(at(50));
    assert!(store.within(|it| it.update_delivery(&sent, sent.claim, false)).unwrap());
    assert_eq!(place.sweep(at(50)), 0, "finished too late");
    assert_eq!(place.sweep(at(51)), 1);
    let gone = store.open(&large.digest).err().unwrap();
    assert_eq!((gone.kind(), NotKept::is_behind(&gone)), (ErrorKind::Io, true));
    let letter = store.within(|it| it.letter(sent.letter)).unwrap();
    assert_eq!(letter.map(|it| it.digest).as_ref(), Some(&large.digest), "its record stays");
    same(&*store.open(&held.digest).unwrap(), &b"held");

    // It can come again.
    let again = store.keep(&Endless(300 << 10)).unwrap();
    store.within(|it| it.insert_body(&again)).unwrap();
    same(&*store.open(&large.digest).unwrap(), &Endless(300 << 10));
}

/// Whoever throws bytes away waits for one who is just naming them again.
pub(crate) fn what_is_just_being_named_is_not_swept(place: &dyn Place) {
    let store = place.open();
    let bodies = [Endless(300 << 10), Endless(9)].map(|it| store.keep(&it).unwrap());
    for body in &bodies {
        store.within(|it| it.insert_body(body)).unwrap();
    }
    let (named, swept) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let naming = scope.spawn(|| {
            store.within(|it| {
                for body in &bodies {
                    insert_letter(it, "again", 0, &receivers(1), body)?;
                }
                named.send(()).unwrap();
                std::thread::sleep(Duration::from_millis(300));
                Ok(())
            })
        });
        swept.recv().unwrap();
        assert_eq!(place.sweep(at(1000)), 0);
        naming.join().unwrap().unwrap();
    });
    for body in &bodies {
        assert_eq!(store.open(&body.digest).unwrap().len(), body.length);
    }
}

/// Has all files of a folder be written at an instant.
pub(crate) fn age(folder: &Path, at: UtcTime) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            age(&path, at);
        } else {
            let since = Duration::from_secs(at.unix().try_into().unwrap());
            let file = std::fs::File::options().append(true).open(path).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + since).unwrap();
        }
    }
}

pub(crate) fn what_has_no_record_is_swept_after_a_day(place: &dyn Place) {
    let store = place.open();
    let named = store.keep(&Endless(300 << 10)).unwrap();
    store.within(|it| insert_letter(it, "large", 4, &receivers(1), &named)).unwrap();
    let unnamed = store.keep(&Endless(301 << 10)).unwrap();
    let tomorrow = UtcTime::now().plus_seconds(86_400);
    assert_eq!(place.sweep_unnamed(tomorrow), 0, "they may be just being kept");
    place.age(at(50));
    assert_eq!(place.sweep_unnamed(at(50)), 0);
    assert_eq!(place.sweep_unnamed(at(51)), 1);
    assert_eq!(place.sweep_unnamed(tomorrow), 0);
    same(&*store.open(&named.digest).unwrap(), &Endless(300 << 10));
    // Whoever was about to name it keeps it again.
    let outcome = store.within(|it| insert_letter(it, "late", 0, &receivers(1), &unnamed));
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Io);
    let again = store.keep(&Endless(301 << 10)).unwrap();
    store.within(|it| insert_letter(it, "late", 0, &receivers(1), &again)).unwrap();
    same(&*store.open(&again.digest).unwrap(), &Endless(301 << 10));
}
