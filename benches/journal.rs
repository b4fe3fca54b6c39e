//! The report on a journal of a million entries in SQLite: all of them read, the chain
//! followed, everything counted, the page made; beside the floor of reading the rows and
//! hashing what is in them, in the same run.
//!
//! `cargo bench --bench journal`
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

#[path = "../tests/support/month.rs"]
mod month;

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kyso::UtcTime;
use kyso::edxml::Organization;
use kyso::exchange::Post;
use kyso::exchange::deadline::Rules;
use kyso::exchange::journal::{Chain, Journal};
use kyso::exchange::report::{Period, Tally};
use kyso::exchange::store::Sqlite;
use ring::digest::{Context, SHA256};
use rusqlite::types::ValueRef;

/// They come to a little more than a million entries.
const DOCUMENTS: u64 = 130_000;

fn main() {
    let small = std::env::args().any(|it| it == "--test");
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = folder.path().join("post.db");
    let store = Arc::new(Sqlite::open(&path).unwrap());
    let start = Instant::now();
    let entries = month::fill(&*store, if small { 100 } else { DOCUMENTS });
    println!("{entries} entries written in {:.1} s", start.elapsed().as_secs_f64());

    let post = Post::new(store, Organization::new(month::AGENCY, "UBND TEST"), UtcTime::now);
    let journal = Journal::new(&post);
    let rules = Rules::default();
    let rows = || assert_eq!(rows_and_hash(&path), entries);
    let read =
        || assert_eq!(u64::try_from(journal.entries(1).filter(Result::is_ok).count()), Ok(entries));
    let followed = || {
        let mut chain = Chain::default();
        journal.entries(1).for_each(|it| chain.follow(&it.unwrap()).unwrap());
        assert_eq!(chain.entries(), entries);
    };
    let events = || {
        journal.entries(1).for_each(|it| drop(black_box(it.unwrap().event().unwrap())));
    };
    let counted = || {
        let mut tally = Tally::new(month::AGENCY.into(), period(), &rules);
        journal.entries(1).for_each(|it| tally.add(&it.unwrap()));
        let statistics = tally.finish(UtcTime::now());
        assert_eq!(
            (statistics.journal.entries, statistics.journal.broken.as_ref()),
            (entries, None)
        );
        black_box(statistics.to_html("UBND TEST"));
    };
    // Once, so that the file is in memory for all of them.
    rows();
    let floor = measured("floor: rows read and hashed", entries, None, rows);
    measured("entries read", entries, Some(floor), read);
    measured("... and the chain followed", entries, Some(floor), followed);
    measured("entries read, and their events", entries, Some(floor), events);
    measured("the report", entries, Some(floor), counted);
    println!("memory of the process at most {} MB", peak().unwrap_or_default());
}

fn period() -> Period {
    let begin = |day: &str| format!("{day}T00:00:00+07:00").parse::<UtcTime>().unwrap();
    Period { from: begin(month::FIRST_DAY), until: begin(month::LAST_DAY).plus_seconds(86_400) }
}

fn measured(name: &str, entries: u64, floor: Option<Duration>, work: impl Fn()) -> Duration {
    let start = Instant::now();
    work();
    let took = start.elapsed();
    let each = took.as_secs_f64() * 1e6 / f64::from(u32::try_from(entries).unwrap());
    let times = floor.map_or(1.0, |it| took.as_secs_f64() / it.as_secs_f64());
    println!("{name:32} {:6.2} s {each:6.2} us each {times:5.2} x", took.as_secs_f64());
    took
}

/// As little as can be done with every byte of every row.
fn rows_and_hash(path: &Path) -> u64 {
    let connection = rusqlite::Connection::open(path).unwrap();
    let query = "SELECT agency, sequence, at, actor, document, peer, digest, event, hash \
                 FROM entries WHERE agency = ?1 ORDER BY sequence";
    let mut statement = connection.prepare(query).unwrap();
    let mut rows = statement.query([month::AGENCY]).unwrap();
    let mut count = 0;
    while let Some(row) = rows.next().unwrap() {
        let mut context = Context::new(&SHA256);
        for column in 0..9 {
            match row.get_ref(column).unwrap() {
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => context.update(bytes),
                ValueRef::Integer(number) => context.update(&number.to_be_bytes()),
                _ => {}
            }
        }
        black_box(context.finish());
        count += 1;
    }
    count
}

/// The most megabytes that the process ever had in memory; known on Linux alone.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? / 1000)
}
