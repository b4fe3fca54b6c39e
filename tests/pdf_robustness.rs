//! Every PDF of other projects' collections of broken, strange and hostile files ends in a
//! report or a clean error, in bounded time and memory. Those that qpdf finds sound and we
//! refuse stand in `tests/divergences/pdf-robustness.json` with their reasons; one that is
//! read again fails, too.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]
#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use kyso::{Error, ErrorKind, Policy, TrustStore, UtcTime, Validator};
use serde_json::Value;

/// What the collections allow; without optimisations, on a machine that is busy.
const LONGEST: Duration = Duration::from_secs(30);

/// Why there is no report; the password stands in the names of some: `U=view`.
fn refusal(path: &Path) -> Option<Error> {
    let at: UtcTime = "2026-06-15T00:00:00Z".parse().unwrap();
    let name = path.display().to_string();
    let password =
        name.split_once("U=").map_or("", |it| it.1.split([',', '.']).next().unwrap_or(""));
    let validator = Validator::new(TrustStore::new(), Policy::pilot(), at).with_password(password);
    let bytes = fs::read(path).unwrap();
    let begun = Instant::now();
    let refusal = validator.validate(&bytes).err();
    assert!(begun.elapsed() < LONGEST, "{name}: {:?}", begun.elapsed());
    if let Some(error) = &refusal {
        let clean = [ErrorKind::Malformed, ErrorKind::Unsupported, ErrorKind::LimitExceeded];
        assert!(clean.contains(&error.kind()), "{name}: {error}");
    }
    refusal
}

#[test]
fn sound_files_are_read_or_stand_in_the_list() {
    let Some(folder) = support::samples::corpus("pdf-robustness") else { return };
    let cases: Vec<Value> =
        serde_json::from_slice(&fs::read(folder.join("cases.json")).unwrap()).unwrap();
    let list = fs::read("tests/divergences/pdf-robustness.json").unwrap();
    let list: Vec<Value> = serde_json::from_slice(&list).unwrap();
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let mut known: BTreeMap<String, &Value> = list.iter().map(|it| (text(it, "id"), it)).collect();
    let (mut sound, mut read, mut broken, mut wrong) = (0, 0, 0, Vec::new());
    for case in &cases {
        let refusal = refusal(&folder.join(text(case, "file")));
        let id = text(case, "id");
        if case["qpdf_check"] != "ok" {
            broken += usize::from(refusal.is_none());
            continue;
        }
        sound += 1;
        match (refusal, known.remove(&id)) {
            (None, None) => read += 1,
            (None, Some(_)) => wrong.push(format!("{id}: is read now, though it is listed")),
            (Some(error), Some(entry))
                if text(entry, "actual") == error.to_string()
                    && !text(entry, "reason").is_empty() => {}
            (Some(error), _) => wrong.push(format!("{id}: {error}")),
        }
    }
    wrong.extend(known.keys().map(|id| format!("{id}: listed, but there is no such case")));
    println!(
        "pdf-robustness: {read} of {sound} sound files read, {} listed divergences",
        list.len()
    );
    println!("pdf-robustness: {broken} of {} others read", cases.len() - sound);
    assert!(wrong.is_empty(), "{} diverge:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_other_file_ends_in_an_answer() {
    for collection in ["pdf-pyhanko-static", "pdf-attacks"] {
        let Some(folder) = support::samples::corpus(collection) else { continue };
        let (mut folders, mut read, mut refused) = (vec![folder], 0, 0);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|it| it == "pdf") {
                    let counter = if refusal(&path).is_none() { &mut read } else { &mut refused };
                    *counter += 1;
                }
            }
        }
        println!("{collection}: {read} read, {refused} cleanly refused");
        assert!(read > refused, "{collection}");
    }
}
