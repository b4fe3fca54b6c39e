//! The report on an agency's exchange over a period, told from its journal, whose chain is
//! followed on the way.
//!
//! ```text
//! cargo run --release --example report -- --store post.db --as "H99,UBND TEST" \
//!     --from 2026-11-01 --until 2026-11-30 --html report.html
//! ```
//!
//! Exit: 0 the journal is whole · 1 it failed · 2 the journal is not whole, and what was asked
//! for is written all the same · 64 wrong usage.
#![allow(clippy::print_stdout, reason = "a program speaks to who runs it")]

#[path = "support/arguments.rs"]
mod arguments;
#[path = "support/files.rs"]
mod files;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use files::write_whole;
use kyso::UtcTime;
use kyso::edxml::Organization;
use kyso::exchange::Post;
use kyso::exchange::deadline::{Day, Rules};
use kyso::exchange::journal::Journal;
use kyso::exchange::report::{Period, Statistics, Tally, write_documents_csv};
use kyso::exchange::store::Sqlite;

const USAGE: &str = "\
report --store FILE --as CODE,NAME --from DATE --until DATE [OPTIONS]
  --from, --until   the first and the last day in Vietnam, such as 2026-11-30
  --rules FILE      when things were due, as JSON (default: the law's)
  --html FILE       a page with charts, for printing
  --csv FILE        the figures as a table; NAME-documents.csv beside it names each document
  --json FILE       the figures as data";

struct Options {
    store: PathBuf,
    agency: Organization,
    period: Period,
    rules: Rules,
    html: Option<PathBuf>,
    csv: Option<PathBuf>,
    json: Option<PathBuf>,
}

fn main() -> ExitCode {
    let options = match Options::read() {
        Ok(options) => options,
        Err(error) => return arguments::wrong_usage(&*error, USAGE),
    };
    match run(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(2),
        Err(error) => arguments::failed("report", &*error),
    }
}

/// Whether the journal is whole.
fn run(options: &Options) -> Result<bool, Box<dyn Error>> {
    // A report does not make a store where there is none.
    fs::metadata(&options.store)
        .map_err(|error| format!("{}: {error}", options.store.display()))?;
    let store = Arc::new(Sqlite::open(&options.store)?);
    let journal = Journal::new(&Post::new(store, options.agency.clone(), UtcTime::now));
    let agency = options.agency.organ_id.clone();
    let mut tally = Tally::new(agency, options.period, &options.rules);
    for entry in journal.entries(1) {
        tally.add(&entry?);
    }
    let now = UtcTime::now();
    if let Some(path) = &options.csv {
        let mut list = Vec::new();
        write_documents_csv(&tally.documents(now), &mut list)?;
        write_whole(&documents_beside(path), &list)?;
    }
    let statistics = tally.finish(now);
    write(options, &statistics)?;
    say(&statistics);
    Ok(statistics.journal.broken.is_none())
}

fn write(options: &Options, statistics: &Statistics) -> Result<(), Box<dyn Error>> {
    if let Some(path) = &options.html {
        write_whole(path, statistics.to_html(&options.agency.organ_name).as_bytes())?;
    }
    if let Some(path) = &options.csv {
        let mut table = Vec::new();
        statistics.write_csv(&mut table)?;
        write_whole(path, &table)?;
    }
    if let Some(path) = &options.json {
        write_whole(path, &serde_json::to_vec_pretty(statistics)?)?;
    }
    Ok(())
}

fn say(statistics: &Statistics) {
    let (sent, received, journal) = (&statistics.sent, &statistics.received, &statistics.journal);
    match &journal.broken {
        Some(broken) => println!("The journal is not whole: {broken}"),
        None => println!("Journal: {} entries, SHA-256 {}", journal.entries, journal.hash),
    }
    println!("Sent: {} documents, {} deliveries", sent.documents, sent.deliveries);
    println!("  {:?}", sent.timeliness);
    println!("Received: {} documents", received.documents);
    println!("  {:?}", received.timeliness);
}

fn documents_beside(path: &Path) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{stem}-documents.csv"))
}

impl Options {
    fn read() -> Result<Self, Box<dyn Error>> {
        let (mut store, mut agency, mut from, mut until) = (None, None, None, None);
        let (mut html, mut csv, mut json, mut rules) = (None, None, None, Rules::default());
        let mut arguments = arguments::all()?;
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name} wants a value"))?;
            match name.as_str() {
                "--store" => store = Some(value.into()),
                "--as" => {
                    let (code, name) = value.split_once(',').ok_or("--as wants CODE,NAME")?;
                    agency = Some(Organization::new(code, name));
                }
                "--from" => from = Some(value.parse::<Day>()?),
                "--until" => until = Some(value.parse::<Day>()?),
                "--html" => html = Some(value.into()),
                "--csv" => csv = Some(value.into()),
                "--json" => json = Some(value.into()),
                "--rules" => rules = serde_json::from_slice(&fs::read(value)?)?,
                _ => return Err(format!("no option {name}").into()),
            }
        }
        let begin = |day: Day| format!("{day}T00:00:00+07:00").parse::<UtcTime>();
        let (from, until) = from.zip(until).ok_or("name the days --from and --until")?;
        let period = Period { from: begin(from)?, until: begin(until.next())? };
        if until < from {
            return Err("--until is before --from".into());
        }
        let store = store.ok_or("name the store")?;
        let agency = agency.ok_or("name the agency: --as CODE,NAME")?;
        Ok(Self { store, agency, period, rules, html, csv, json })
    }
}
