//! Files of every form, and other projects' collections.
#![allow(clippy::arithmetic_side_effects)]

use std::path::{Path, PathBuf};

use super::*;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::source::Source;

fn open<'a>(source: &'a dyn Source, limits: &'a Limits) -> Result<Reader<'a>> {
    Reader::open(source, limits).or_else(|error| {
        if error.kind() != ErrorKind::Malformed {
            return Err(error);
        }
        Reader::open_recovered(source, limits, error.to_string())
    })
}

/// Pages by walking the tree, each node once.
fn count_pages(view: View<'_>) -> Result<usize> {
    let (_, catalog) = view.catalog()?;
    let mut seen = std::collections::HashSet::new();
    let mut open: Vec<Object> = catalog.get("Pages").into_iter().cloned().collect();
    let mut pages = 0;
    while let Some(node) = open.pop() {
        if let Some(reference) = node.as_reference()
            && !seen.insert(reference)
        {
            return Err(Error::malformed("the page tree runs in a circle"));
        }
        let node = view.resolve(&node)?;
        let Some(node) = node.as_dictionary() else { continue };
        if node.contains("Kids") {
            open.extend(view.array(node, "Kids")?);
        } else {
            pages += 1;
        }
    }
    Ok(pages)
}

fn corpus(folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("KYSO_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"),
        PathBuf::from,
    );
    let path = root.join(folder);
    if !path.is_dir() {
        println!("skipped: no {}", path.display());
        return None;
    }
    Some(path)
}

#[test]
fn the_robustness_collection_is_read_or_refused() {
    let Some(folder) = corpus("pdf-robustness") else { return };
    let cases = std::fs::read_to_string(folder.join("cases.json")).unwrap();
    let cases: serde_json::Value = serde_json::from_str(&cases).unwrap();
    let limits = Limits::default();
    let (mut right, mut sound, mut wrong) = (0, 0, Vec::new());
    for case in cases.as_array().unwrap() {
        let file = case["file"].as_str().unwrap();
        let bytes = std::fs::read(folder.join(file)).unwrap();
        let counted = open(&bytes, &limits).and_then(|reader| count_pages(reader.newest()));
        if case["qpdf_check"] != "ok" {
            continue;
        }
        sound += 1;
        match counted {
            Ok(pages) if Some(pages as u64) == case["pages"].as_u64() => right += 1,
            other => wrong.push(format!("{file}: {other:?}, not {}", case["pages"])),
        }
    }
    println!("right page count: {right} of {sound}; divergences: {wrong:#?}");
    // Encrypted object streams: their pages cannot be seen without decryption.
    let encrypted = |it: &String| it.contains("Unsupported") && it.contains("encrypted");
    assert!(wrong.iter().all(encrypted) && right > 250, "{wrong:#?}");
}

#[test]
fn the_static_collection_is_read_or_refused() {
    let Some(folder) = corpus("pdf-pyhanko-static") else { return };
    let limits = Limits::default();
    let (mut read, mut recovered, mut refused) = (0, Vec::new(), Vec::new());
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|it| it != "pdf") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        match open(&bytes, &limits).and_then(|it| Ok((count_pages(it.newest())?, it))) {
            Ok((_, reader)) => match reader.chain().recovered() {
                None => read += 1,
                Some(reason) => recovered.push(format!("{name}: {reason}")),
            },
            Err(error) => refused.push(format!("{name}: {error}")),
        }
    }
    println!("read {read}, searched {recovered:#?}, refused {refused:#?}");
    assert!(read > 50);
}
