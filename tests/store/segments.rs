//! Messages that are appended to files beside the database.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use kyso::exchange::store::{Sqlite, SqliteOptions, Store};
use kyso::{Error, ErrorKind};

use crate::samples::{at, insert_letter, receivers};

fn message(n: u8) -> Vec<u8> {
    vec![n; 100_000]
}

/// Keeps a message with a letter that names it, or fails after it was appended.
fn put(store: &dyn Store, n: u8, fails: bool) -> String {
    let body = store.keep(&message(n)).unwrap();
    let put = store.within(|it| {
        insert_letter(it, &format!("letter {n}"), 0, &receivers(1), &body)?;
        if fails { Err(Error::new(ErrorKind::Io, "the machine dies")) } else { Ok(()) }
    });
    assert_eq!(put.is_err(), fails);
    body.digest
}

fn is_there(store: &dyn Store, n: u8, digest: &str) {
    let found = store.open(digest).unwrap();
    assert!(found.window(0..found.len()).unwrap() == message(n), "{n}");
}

fn files(database: &Path) -> Vec<PathBuf> {
    let folder = database.with_extension("db-segments");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    files.sort();
    files
}

fn bytes(database: &Path) -> u64 {
    files(database).iter().map(|it| it.metadata().unwrap().len()).sum()
}

#[test]
fn they_are_written_once_and_beside_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("post.db");
    let store = Sqlite::open(&path).unwrap();
    let digests: Vec<_> = (0..20).map(|n| (n, put(&store, n, false))).collect();
    let appended = bytes(&path);
    assert!((2_000_000..2_010_000).contains(&appended), "{appended}");
    let log = path.with_extension("db-wal");
    let database = path.metadata().unwrap().len() + log.metadata().unwrap().len();
    assert!(database < 2_000_000, "{database}");
    // The same again is there already, whoever names it.
    let again = store.keep(&message(3)).unwrap();
    (&store as &dyn Store).within(|it| it.insert_body(&again)).unwrap();
    assert_eq!(bytes(&path), appended);
    drop(store);
    let store = Sqlite::open(&path).unwrap();
    digests.iter().for_each(|(n, digest)| is_there(&store, *n, digest));
}

/// What was appended, and not named, is in nobody's way.
#[test]
fn whoever_dies_before_the_record_is_written_loses_that_message_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("post.db");
    let store = Sqlite::open(&path).unwrap();
    let first = put(&store, 1, false);
    let lost = put(&store, 2, true);
    assert!(bytes(&path) > 200_000, "it was appended");
    assert_eq!(store.open(&lost).err().map(|it| it.kind()), Some(ErrorKind::Io));
    // The machine may die within a message, too.
    let [file] = files(&path).try_into().unwrap();
    OpenOptions::new().append(true).open(file).unwrap().write_all(&[7; 999]).unwrap();
    let third = put(&store, 3, false);
    let second = put(&store, 2, false);
    assert_eq!(second, lost);
    let store = Sqlite::open(&path).unwrap();
    for (n, digest) in [(1, first), (2, second), (3, third)] {
        is_there(&store, n, &digest);
    }
}

#[test]
fn several_stores_append_to_the_same_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("post.db");
    let stores = [Sqlite::open(&path).unwrap(), Sqlite::open(&path).unwrap()];
    let digests: Vec<_> =
        (0..10_u8).map(|n| (n, put(&stores[usize::from(n % 2)], n, false))).collect();
    assert_eq!(files(&path).len(), 1);
    for store in &stores {
        digests.iter().for_each(|(n, digest)| is_there(store, *n, digest));
    }
}

/// A folder that was restored from an older copy than the database, and was appended to since.
#[test]
fn another_message_is_never_taken_for_the_one_that_stood_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("post.db");
    let store = Sqlite::open(&path).unwrap();
    let first = put(&store, 1, false);
    let [file] = files(&path).try_into().unwrap();
    let copy = fs::read(&file).unwrap();
    let lost = [put(&store, 2, false), put(&store, 3, false)];
    fs::write(&file, copy).unwrap();
    let fourth = put(&store, 4, false);
    is_there(&store, 1, &first);
    is_there(&store, 4, &fourth);
    for digest in lost {
        assert_eq!(store.open(&digest).err().map(|it| it.kind()), Some(ErrorKind::Io));
    }
    // It is there again once it comes again.
    let again = store.keep(&message(3)).unwrap();
    (&store as &dyn Store).within(|it| it.insert_body(&again)).unwrap();
    is_there(&store, 3, &again.digest);
    is_there(&store, 4, &fourth);
}

/// A power cut could leave a record whose message is not there, or a file that is full.
#[test]
fn nothing_is_appended_where_nobody_waits_for_the_disk_or_files_are_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("post.db");
    let appended = put(&Sqlite::open(&path).unwrap(), 1, false);
    let bytes_before = bytes(&path);
    let options = SqliteOptions::new(&path);
    for (n, options) in [(2, options.clone().durable(false)), (3, options.most_bytes(9 << 20))] {
        let store = options.open().unwrap();
        let digest = put(&store, n, false);
        assert_eq!(bytes(&path), bytes_before);
        is_there(&store, n, &digest);
        is_there(&store, 1, &appended);
    }
    assert_eq!(Sqlite::open(&path).unwrap().sweep(at(-1)).unwrap(), 0);
}
