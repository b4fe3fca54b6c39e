#![allow(clippy::panic)]

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use super::*;

type Task<'w> = Box<dyn FnMut(&mut dyn Connection) -> Result<()> + Send + 'w>;

struct Room {
    writers: Writers,
    path: PathBuf,
    synced: Arc<AtomicUsize>,
    disk_fails: Arc<AtomicBool>,
    _folder: TempDir,
}

impl Room {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("post.db");
        let connection = Sql::open(&path).unwrap();
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        connection.pragma_update(None, "foreign_keys", true).unwrap();
        let table = "CREATE TABLE numbers (n INTEGER PRIMARY KEY, \
                     other INTEGER REFERENCES numbers (n) DEFERRABLE INITIALLY DEFERRED)";
        connection.execute_batch(table).unwrap();
        let (synced, disk_fails) = <(Arc<AtomicUsize>, Arc<AtomicBool>)>::default();
        let (count, fails) = (Arc::clone(&synced), Arc::clone(&disk_fails));
        let writers = Writers::new(connection, true, move || {
            count.fetch_add(1, Ordering::SeqCst);
            match fails.load(Ordering::SeqCst) {
                true => Err(Error::new(ErrorKind::Io, "the disk")),
                false => Ok(()),
            }
        });
        Self { writers, path, synced, disk_fails, _folder: folder }
    }

    /// The first holds the others up until all of them wait.
    fn together(&self, first: Task<'_>, others: Vec<Task<'_>>) -> Vec<Result<()>> {
        self.with(first, others, Kept::AtOnce)
    }

    /// The others write in this way.
    fn with(&self, mut first: Task<'_>, others: Vec<Task<'_>>, kept: Kept) -> Vec<Result<()>> {
        let (writers, many, begun) = (&self.writers, others.len(), AtomicBool::new(false));
        let begun = &begun;
        thread::scope(|scope| {
            let first = scope.spawn(move || {
                writers.write(Kept::AtOnce, &mut |it| {
                    begun.store(true, Ordering::SeqCst);
                    wait(|| writers.waiting.load(Ordering::SeqCst) == many);
                    first(it)
                })
            });
            wait(|| begun.load(Ordering::SeqCst));
            let others = others
                .into_iter()
                .map(|mut other| scope.spawn(move || writers.write(kept, &mut *other)));
            let all: Vec<_> = [first].into_iter().chain(others.collect::<Vec<_>>()).collect();
            // Who panics has failed, too.
            all.into_iter().map(|it| it.join().unwrap_or_else(|_| Err(failure()))).collect()
        })
    }
}

fn wait(until: impl Fn() -> bool) {
    while !until() {
        thread::sleep(Duration::from_millis(1));
    }
}

fn failure() -> Error {
    Error::new(ErrorKind::Io, "this one alone")
}

/// What anybody else sees.
fn seen(path: &Path) -> Vec<i64> {
    let connection = Sql::open(path).unwrap();
    let mut statement = connection.prepare("SELECT n FROM numbers ORDER BY n").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(|it| it.unwrap()).collect()
}

fn run<'w>(statement: impl Into<String>) -> Task<'w> {
    let statement = statement.into();
    Box::new(move |it| it.run(&statement))
}

fn insert<'w>(n: i64) -> Task<'w> {
    run(format!("INSERT INTO numbers (n) VALUES ({n})"))
}

/// Fails where this does not hold by then.
fn insert_while<'w>(n: i64, holds: impl Fn() -> bool + Send + 'w) -> Task<'w> {
    let mut insert = insert(n);
    Box::new(move |it| {
        insert(it)?;
        if holds() { Ok(()) } else { Err(failure()) }
    })
}

fn inserts<'w>(numbers: impl Iterator<Item = i64>) -> Vec<Task<'w>> {
    numbers.map(insert).collect()
}

fn succeeded(all: &[Result<()>]) -> usize {
    all.iter().filter(|it| it.is_ok()).count()
}

#[test]
fn who_writes_at_the_same_time_waits_for_the_disk_once() {
    let room = Room::new();
    let path = &room.path;
    // Nobody's is written before everybody's is.
    let watched = |n| insert_while(n, || seen(path).is_empty());
    let all = room.together(watched(0), (1..5).map(watched).collect());
    assert_eq!(succeeded(&all), 5, "{all:?}");
    assert_eq!(seen(path), [0, 1, 2, 3, 4]);
    assert_eq!(room.synced.load(Ordering::SeqCst), 1);
    room.writers.write(Kept::AtOnce, &mut *insert(5)).unwrap();
    assert_eq!(seen(path), [0, 1, 2, 3, 4, 5]);
    assert_eq!(room.synced.load(Ordering::SeqCst), 2);
}

#[test]
fn who_fails_undoes_what_it_did_alone() {
    let fails = |n| -> Task<'_> {
        let mut insert = insert(n);
        Box::new(move |it| insert(it).and(Err(failure())))
    };
    let room = Room::new();
    let all = room.together(fails(0), inserts(1..4));
    assert_eq!((succeeded(&all), seen(&room.path)), (3, vec![1, 2, 3]), "{all:?}");
    let mut others = inserts(5..8);
    others.insert(1, fails(4));
    let all = room.together(insert(8), others);
    assert_eq!((succeeded(&all), seen(&room.path)), (4, vec![1, 2, 3, 5, 6, 7, 8]), "{all:?}");
}

#[test]
fn what_is_not_written_nobody_is_told_was() {
    let room = Room::new();
    // It refers to what is never there, which shows when the transaction ends.
    let refers = || run("INSERT INTO numbers (n, other) VALUES (9, 99)");
    let all = room.together(refers(), inserts(0..3));
    assert_eq!((succeeded(&all), seen(&room.path)), (0, vec![]), "{all:?}");
    let all = room.together(insert(0), vec![insert(1), refers(), insert(2)]);
    assert_eq!((succeeded(&all), seen(&room.path)), (0, vec![]), "{all:?}");

    room.disk_fails.store(true, Ordering::SeqCst);
    let all = room.together(insert(0), inserts(1..4));
    assert_eq!((succeeded(&all), seen(&room.path)), (0, vec![]), "{all:?}");
    room.disk_fails.store(false, Ordering::SeqCst);
    let all = room.together(insert(0), inserts(1..4));
    assert_eq!((succeeded(&all), seen(&room.path)), (4, vec![0, 1, 2, 3]), "{all:?}");
}

/// As a database does whose disk is full: those before are told, and those after begin anew.
#[test]
fn what_the_database_undoes_by_itself_is_lost_for_all() {
    let room = Room::new();
    let all = room.together(insert(0), vec![run("ROLLBACK")]);
    assert_eq!((succeeded(&all), seen(&room.path)), (0, vec![]), "{all:?}");
    let mut others = inserts(1..4);
    others.push(run("ROLLBACK"));
    let all = room.together(insert(0), others);
    assert_eq!(succeeded(&all), seen(&room.path).len(), "{all:?}");
}

#[test]
fn who_panics_leaves_nothing_behind() {
    let room = Room::new();
    let panics: Task<'_> = Box::new(|_| panic!("as a test has it"));
    let all = room.together(insert(0), vec![panics]);
    assert_eq!((succeeded(&all), seen(&room.path)), (0, vec![]), "{all:?}");
    room.writers.write(Kept::AtOnce, &mut *insert(1)).unwrap();
    assert_eq!(seen(&room.path), [1]);
}

/// What is kept soon does not have those wait in vain who want it kept at once.
#[test]
fn who_waits_for_the_disk_joins_nobody_who_does_not() {
    let room = Room::new();
    let path = &room.path;
    let (writers, begun) = (&room.writers, AtomicBool::new(false));
    thread::scope(|scope| {
        let soon = scope.spawn(|| {
            writers.write(Kept::Soon, &mut |it| {
                begun.store(true, Ordering::SeqCst);
                wait(|| writers.waiting.load(Ordering::SeqCst) == 1);
                insert(0)(it)
            })
        });
        wait(|| begun.load(Ordering::SeqCst));
        let at_once = writers.write(Kept::AtOnce, &mut |it| {
            assert_eq!(seen(path), [0]);
            insert(1)(it)
        });
        at_once.and(soon.join().unwrap()).unwrap();
    });
    assert_eq!(seen(path), [0, 1]);
}

/// What it looks at is written, and nobody has it wait for more.
#[test]
fn who_is_to_be_alone_shares_with_nobody() {
    let room = Room::new();
    let path = &room.path;
    let watched = |n| insert_while(n, || seen(path).contains(&0));
    let all = room.with(insert(0), vec![watched(1), watched(2)], Kept::Alone);
    assert_eq!((succeeded(&all), seen(path)), (3, vec![0, 1, 2]), "{all:?}");
    assert_eq!(room.synced.load(Ordering::SeqCst), 3);
}

/// Such as that there is something already, which then never was.
#[test]
fn why_one_fails_is_told_only_once_what_it_saw_is_written() {
    let room = Room::new();
    room.disk_fails.store(true, Ordering::SeqCst);
    let sees: Task<'_> =
        Box::new(|it| match it.query("SELECT n FROM numbers WHERE n = 0", &[])?.is_empty() {
            true => Ok(()),
            false => Err(Error::misuse("it is there already")),
        });
    let all = room.together(insert(0), vec![sees]);
    let kinds: Vec<_> = all.iter().map(|it| it.as_ref().map_err(Error::kind)).collect();
    assert_eq!(kinds, [Err(ErrorKind::Io), Err(ErrorKind::Io)], "{all:?}");
}

#[test]
fn so_many_share_and_no_more() {
    let room = Room::new();
    let many = i64::try_from(MOST).unwrap();
    let all = room.together(insert(0), inserts(1..=many));
    assert_eq!(succeeded(&all), MOST + 1, "{all:?}");
    assert_eq!(room.synced.load(Ordering::SeqCst), 2);
}
