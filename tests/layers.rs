//! Rooms depend one way: a shelf may use the shelves named before it, never one
//! named after it; signing and validating do not know each other; and no room
//! reads the clock.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::path::{Path, PathBuf};
use std::{fs, iter};

const SHELVES: [&str; 19] = [
    "samples",
    "error",
    "limits",
    "time",
    "source",
    "retrieval",
    "encoding",
    "crypto",
    "pki",
    "keys",
    "appearance",
    "signature",
    "validation",
    "augmentation",
    "batch",
    "envelope",
    "exchange",
    "online",
    "fuzzing",
];

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn rust_files(path: PathBuf) -> Box<dyn Iterator<Item = PathBuf>> {
    if path.is_dir() {
        Box::new(fs::read_dir(path).unwrap().flat_map(|entry| rust_files(entry.unwrap().path())))
    } else if path.extension().is_some_and(|it| it == "rs") && path.exists() {
        Box::new(iter::once(path))
    } else {
        Box::new(iter::empty())
    }
}

fn shelf_files(shelf: &str) -> Vec<PathBuf> {
    rust_files(src().join(shelf)).chain(rust_files(src().join(format!("{shelf}.rs")))).collect()
}

/// The lines of code of a file, numbered from 1; comments left out.
fn code(file: &Path) -> Vec<(usize, String)> {
    fs::read_to_string(file)
        .unwrap()
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(n, line)| (n + 1, line.to_owned()))
        .collect()
}

#[test]
fn every_file_stands_on_a_shelf() {
    let known: Vec<PathBuf> = SHELVES.iter().flat_map(|shelf| shelf_files(shelf)).collect();
    let strangers: Vec<PathBuf> = rust_files(src())
        .filter(|file| !known.contains(file) && !file.ends_with("src/lib.rs"))
        .collect();
    assert!(strangers.is_empty(), "no shelf holds {strangers:?}");
    for shelf in SHELVES {
        assert!(!shelf_files(shelf).is_empty(), "the shelf {shelf:?} is empty or was renamed");
    }
}

#[test]
fn dependencies_point_down() {
    let mut wrong = Vec::new();
    for (rank, shelf) in SHELVES.iter().enumerate() {
        for file in shelf_files(shelf) {
            for (n, line) in code(&file) {
                for used in line.split("crate::").skip(1) {
                    let name: String =
                        used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                    match SHELVES.iter().position(|it| *it == name) {
                        Some(at) if at <= rank => {}
                        _ => wrong.push(format!("{}:{n}: {shelf} uses {name:?}", file.display())),
                    }
                }
                if line.contains("super::super") {
                    wrong.push(format!("{}:{n}: super::super hides a direction", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What creates signatures lives in files called `create.rs` or `builder.rs`.
/// Validation must not reach them, or a bug in one would hide the same bug in the other.
#[test]
fn validation_does_not_sign() {
    for file in shelf_files("validation") {
        for (n, line) in code(&file) {
            for word in ["::create", "::builder", "crate::keys"] {
                let test_only = file.ends_with("tests.rs");
                assert!(test_only || !line.contains(word), "{}:{n}: {word}", file.display());
            }
        }
    }
}

#[test]
fn no_room_reads_the_clock() {
    for file in rust_files(src()).filter(|it| !it.ends_with("src/time.rs")) {
        for (n, line) in code(&file) {
            for word in ["UtcTime::now", "now_utc", "SystemTime", "Instant::now"] {
                assert!(!line.contains(word), "{}:{n}: {word}", file.display());
            }
        }
    }
}
