//! The program `report`: what it writes, and its exit codes.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

#[path = "support/month.rs"]
mod month;
#[path = "support/skip.rs"]
mod skip;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use kyso::exchange::store::Sqlite;
use serde_json::Value;
use skip::program;

/// A folder with the store `post.db` in it.
fn folder(documents: u64) -> (tempfile::TempDir, u64) {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(folder.path().join("post.db")).unwrap();
    let entries = month::fill(&store, documents);
    (folder, entries)
}

fn report(program: &Path, folder: &Path, arguments: &[&str]) -> Output {
    let output = Command::new(program)
        .args(["--store", "post.db", "--as", "H57,UBND tỉnh TEST"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    println!("{}", String::from_utf8_lossy(&output.stdout));
    println!("{}", String::from_utf8_lossy(&output.stderr));
    output
}

/// The whole month in every form.
fn whole(program: &Path, folder: &Path) -> Output {
    let (from, until) = (month::FIRST_DAY, month::LAST_DAY);
    let files = ["--html", "out/page.html", "--csv", "out/table.csv", "--json", "out/data.json"];
    report(program, folder, &[["--from", from, "--until", until].as_slice(), &files].concat())
}

fn data(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("out/data.json")).unwrap()).unwrap()
}

fn number(data: &Value, at: &str) -> u64 {
    data.pointer(at).and_then(Value::as_u64).unwrap()
}

#[test]
fn a_month_is_written_in_every_form() {
    let Some(program) = program("report") else { return };
    let (folder, entries) = folder(2_000);
    let folder = folder.path();
    let output = whole(&program, folder);
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stdout).contains(&format!("{entries} entries")));

    let data = data(folder);
    assert_eq!(number(&data, "/journal/entries"), entries);
    assert_eq!(number(&data, "/journal/unknown"), 0);
    assert_eq!(number(&data, "/sent/documents"), 1_000);
    assert_eq!(number(&data, "/received/documents"), 1_000);
    let deliveries = number(&data, "/sent/deliveries");
    assert_eq!(number(&data, "/sent/delivered"), deliveries);
    assert_eq!(number(&data, "/sent/statuses/01/count"), deliveries);
    assert_eq!(number(&data, "/received/statuses/01/count"), 1_000);

    let table = fs::read_to_string(folder.join("out/table.csv")).unwrap();
    assert!(table.contains(&format!("\r\nsent,deliveries,{deliveries}\r\n")));
    let list = fs::read_to_string(folder.join("out/table-documents.csv")).unwrap();
    let rows = u64::try_from(list.lines().count()).unwrap();
    assert_eq!(rows, 1 + deliveries + 1_000);

    let page = fs::read_to_string(folder.join("out/page.html")).unwrap();
    assert!(page.contains("UBND tỉnh TEST (H57)"));
    assert!(page.contains("Thiếu phụ lục kèm theo"), "refusals say why");
    assert!(!page.contains("không nguyên vẹn"));
    // For whoever wants to look at it.
    let look = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report.html");
    fs::write(look, page).unwrap();
}

#[test]
fn days_outside_the_period_do_not_count() {
    let Some(program) = program("report") else { return };
    let (folder, entries) = folder(60);
    let days = ["--from", month::FIRST_DAY, "--until", month::FIRST_DAY, "--json", "out/data.json"];
    assert_eq!(report(&program, folder.path(), &days).status.code(), Some(0));
    let data = data(folder.path());
    let first = number(&data, "/sent/documents");
    assert!((1..30).contains(&first), "{first}");
    assert_eq!(number(&data, "/journal/entries"), entries, "the chain is followed from its start");
}

#[test]
fn a_journal_that_is_not_whole_is_told() {
    let Some(program) = program("report") else { return };
    let (folder, entries) = folder(20);
    let database = folder.path().join("post.db");
    assert_eq!(whole(&program, folder.path()).status.code(), Some(0));
    // What only somebody does who goes around the library.
    let changed = rusqlite::Connection::open(database)
        .unwrap()
        .execute("UPDATE entries SET at = at + 1 WHERE sequence = 7", [])
        .unwrap();
    assert_eq!(changed, 1);
    let output = whole(&program, folder.path());
    assert_eq!(output.status.code(), Some(2));
    let broken = "entry 7 of the journal, or the one before, was changed";
    assert!(String::from_utf8_lossy(&output.stdout).contains(broken));
    let data = data(folder.path());
    assert_eq!(data.pointer("/journal/broken").and_then(Value::as_str), Some(broken));
    assert_eq!(number(&data, "/journal/entries"), entries, "the rest is counted all the same");
    let page = fs::read_to_string(folder.path().join("out/page.html")).unwrap();
    assert!(page.contains("không nguyên vẹn") && page.contains(broken));
}

#[test]
fn wrong_arguments_are_told_from_failures() {
    let Some(program) = program("report") else { return };
    let (folder, _) = folder(2);
    let folder = folder.path();
    let (from, until) = (["--from", "2026-03-02"], ["--until", "2026-03-31"]);
    for wrong in [
        vec![],
        from.to_vec(),
        [from, ["--until", "2026-02-30"]].concat(),
        [["--from", "2026-04-01"], until].concat(),
        [from, until, ["--pdf", "x"]].concat(),
        [from.as_slice(), &until, &["--html"]].concat(),
        [from, until, ["--as", "H57"]].concat(),
    ] {
        let output = report(&program, folder, &wrong);
        assert_eq!(output.status.code(), Some(64), "{wrong:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("report --store FILE"));
    }
    for failing in [["--store", "nothing.db"], ["--html", "post.db/page.html"]] {
        let output = report(&program, folder, &[from, until, failing].concat());
        assert_eq!(output.status.code(), Some(1), "{failing:?}");
    }
    assert!(!folder.join("nothing.db").exists(), "no store is made");
}

/// An agency without post has a report, and a store that is somebody else's tells nothing of
/// them.
#[test]
fn nothing_is_a_report_too() {
    let Some(program) = program("report") else { return };
    let (folder, _) = folder(10);
    let (from, until) = (month::FIRST_DAY, month::LAST_DAY);
    let days = ["--from", from, "--until", until, "--as", "H01,Sở khác", "--json", "out/data.json"];
    assert_eq!(report(&program, folder.path(), &days).status.code(), Some(0));
    let data = data(folder.path());
    assert_eq!(number(&data, "/journal/entries"), 0);
    assert_eq!(number(&data, "/sent/documents"), 0);
}
