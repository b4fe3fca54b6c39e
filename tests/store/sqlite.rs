//! The contract by SQLite, and what holds for it alone.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use kyso::exchange::store::{NotKept, PostOffice, Sqlite, SqliteOptions, Store};
use kyso::{ErrorKind, UtcTime};

use crate::Place;
use crate::bodies::Endless;
use crate::samples::{agency, at, claim_deliveries, letter, note, receivers};

struct File(tempfile::TempDir);

impl File {
    fn path(&self) -> PathBuf {
        self.0.path().join("post.db")
    }
}

impl Place for File {
    fn office(&self) -> Arc<dyn PostOffice> {
        Arc::new(Sqlite::open(self.path()).unwrap())
    }

    fn sweep(&self, before: UtcTime) -> u64 {
        Sqlite::open(self.path()).unwrap().sweep(before).unwrap()
    }

    fn sweep_unnamed(&self, before: UtcTime) -> u64 {
        Sqlite::open(self.path()).unwrap().sweep_unnamed(before, UtcTime::now()).unwrap()
    }

    fn age(&self, at: UtcTime) {
        crate::bodies::age(&self.0.path().join("post.db-messages"), at);
    }
}

fn file(_: &str) -> Option<File> {
    Some(File(tempfile::tempdir().unwrap()))
}

crate::contract! { file }

/// Bytes that were lost beside the database are told from a disk that fails.
#[test]
fn what_was_lost_beside_the_database_is_said_to_be() {
    let place = file("").unwrap();
    let store = place.open();
    let body = store.keep(&Endless(300 << 10)).unwrap();
    store.within(|it| it.insert_body(&body)).unwrap();
    let beside = place.0.path().join("post.db-messages").join(&body.digest[..2]);
    std::fs::remove_file(beside.join(&body.digest)).unwrap();
    let lost = store.open(&body.digest).err().unwrap();
    assert_eq!((lost.kind(), NotKept::is_behind(&lost)), (ErrorKind::Io, true));
    assert!(lost.to_string().contains(&body.digest), "{lost}");
}

/// Set for the other process of a test: where the store is.
const OTHER: &str = "KYSO_STORE_OF_ANOTHER_PROCESS";

/// Not a test by itself: what the other processes do.
#[test]
fn another_process() {
    let Some(path) = std::env::var_os(OTHER) else { return };
    let store = Sqlite::open(path).unwrap();
    for n in 0..40 {
        letter(&store, &format!("{} {n}", std::process::id()), 0, &receivers(1));
        (&store as &dyn Store).within(|it| note(it, &agency(), at(n))).unwrap();
    }
}

#[test]
fn several_processes_share_one_file() {
    let place = file("").unwrap();
    let store = place.open();
    let others: Vec<_> = (0..3)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "sqlite::another_process"])
                .env(OTHER, place.path())
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for n in 0..40 {
        letter(&*store, &format!("here {n}"), 0, &receivers(1));
        store.within(|it| note(it, &agency(), at(n))).unwrap();
    }
    for mut other in others {
        assert!(other.wait().unwrap().success());
    }
    assert_eq!(claim_deliveries(&*store, 0, 1, 1000).len(), 160);
    let entries = store.within(|it| it.entries(&agency(), 0, 1000)).unwrap();
    assert_eq!(entries.len(), 160);
    for (before, entry) in entries.iter().zip(entries.iter().skip(1)) {
        assert_eq!(entry.hash, entry.chained_to(before.hash));
    }
}

#[test]
fn a_full_disk_is_an_error_and_leaves_all_sound() {
    let place = file("").unwrap();
    drop(place.open());
    let small = SqliteOptions::new(place.path()).most_bytes(400 << 10).durable(false);
    let store: Arc<dyn Store> = Arc::new(small.open().unwrap());
    let mut kept = 0;
    let error = loop {
        let body = store.keep(&vec![u8::try_from(kept).unwrap(); 20 << 10]).unwrap();
        let outcome = store.within(|it| {
            crate::samples::insert_letter(it, &format!("{kept}"), 0, &receivers(2), &body)?;
            note(it, &agency(), at(0))
        });
        match outcome {
            Ok(_) => kept += 1,
            Err(error) => break error,
        }
        assert!(kept < 100, "the file grows on");
    };
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    // What was kept is there, and all that is short of room still works once there is some.
    assert_eq!(claim_deliveries(&*place.open(), 0, 1, 1000).len(), 2 * kept);
    let roomy = place.open();
    letter(&*roomy, "more", 0, &receivers(2));
    roomy.within(|it| note(it, &agency(), at(0))).unwrap();
    let entries = store.within(|it| it.entries(&agency(), 0, 1000)).unwrap();
    assert_eq!(entries.len(), kept + 1);
}

#[test]
fn what_is_no_database_is_refused() {
    let place = file("").unwrap();
    std::fs::write(place.path(), "not a database at all".repeat(300)).unwrap();
    let error = Sqlite::open(place.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.to_string().contains("post.db"), "{error}");
    let error = Sqlite::open(place.0.path().join("no/such/folder/post.db")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
}

/// What a writer leaves that dies while it writes.
#[test]
fn unfinished_files_are_swept_after_a_day() {
    let place = file("").unwrap();
    let store = Sqlite::open(place.path()).unwrap();
    let folder = place.0.path().join("post.db-messages");
    let names = [format!("{}.part", "0f".repeat(16)), "notes.part".to_owned()];
    for name in &names {
        std::fs::write(folder.join(name), "half").unwrap();
    }
    let tomorrow = UtcTime::now().plus_seconds(86_400);
    assert_eq!(store.sweep_unnamed(tomorrow, UtcTime::now()).unwrap(), 0, "it is being written");
    crate::bodies::age(&folder, at(0));
    assert_eq!(store.sweep_unnamed(tomorrow, UtcTime::now()).unwrap(), 1);
    assert_eq!(names.map(|it| folder.join(it).exists()), [false, true], "another's file stays");
}
