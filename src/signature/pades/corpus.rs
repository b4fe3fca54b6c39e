//! Other projects' collections: attacks, and what another implementation says.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use super::*;
use crate::error::ErrorKind;
use crate::limits::Limits;
use crate::samples::corpus;

fn json(path: &Path) -> Json {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Whether a reader could take the signature for a sound one over the file as shown.
fn looks_clean(found: &PdfSignatures, signature: &PdfSignature) -> bool {
    found.defects.is_empty()
        && signature.findings.is_empty()
        && signature.later_changes < LaterChanges::Other
}

#[test]
fn no_attack_of_the_collection_looks_clean() {
    let Some(folder) = corpus("pdf-attacks") else { return };
    for case in json(&folder.join("cases.json")).as_array().unwrap() {
        let file = case["file"].as_str().unwrap();
        let pdf = fs::read(folder.join(file)).unwrap();
        let found = parse(&pdf, &Limits::default()).unwrap();
        assert_eq!(found.signatures.len(), 1, "{file}");
        for signature in &found.signatures {
            println!("{file}: {:?} {:?}", found.defects, signature.findings);
            assert!(!signature.findings.is_empty(), "{file}");
            assert!(!looks_clean(&found, signature), "{file}: {signature:?}");
        }
    }
}

/// What the other implementation says of one signature, against ours.
struct Case<'a> {
    ours: &'a PdfSignature,
    theirs: &'a Json,
}

impl Case<'_> {
    fn byte_range_agrees(&self) -> bool {
        let wrong = self.ours.findings.iter().any(|finding| {
            finding.prevents_digest()
                || matches!(finding, Finding::GapIsNotContents | Finding::DictionaryChanged)
        });
        self.theirs["byterange_valid"] == !wrong
    }

    fn changes_agree(&self) -> bool {
        self.theirs["mod_detected"] == (self.ours.later_changes > LaterChanges::None)
            && (self.theirs["mod_undefined"].as_u64() == Some(0)
                || self.ours.later_changes == LaterChanges::Other)
    }
}

/// Where we part from the other implementation, and why.
const KNOWN: [(&str, &str); 9] = [
    (
        "pades-5-signatures-and-1-document-timestamp.pdf",
        "Prev is 0: the chain is broken, and we say so",
    ),
    (
        "pades-spoofing-replaced-reason.pdf",
        "the dictionary was replaced: its ByteRange is not its own",
    ),
    ("hello_signed_INCSAVE_signed_EDITED.pdf", "the dictionary was changed after signing"),
    ("pdf-eof.pdf", "the byte range reaches beyond the file: no revision, hence in doubt"),
    ("pdf-signed-corrupted.pdf", "the byte range reaches beyond the file"),
    ("pdf-signed-out-of-byteRange.pdf", "the byte range reaches beyond the file"),
    ("certified-no-change-permitted.pdf", "the signature covers the whole file, nothing follows"),
    ("Signature-P-SK-1 (HASH_FAILURE).pdf", "Type stands twice, which is a finding"),
    ("pades-tst-with-sig-type.pdf", "Type says Sig, SubFilter a time-stamp: counted as it says"),
];

#[test]
fn another_implementation_counts_and_covers_as_we_do() {
    let Some(folder) = corpus("dss") else { return };
    let (mut same, mut all, mut divergences) = (0, 0, Vec::new());
    for case in json(&folder.join("expectations.json")).as_array().unwrap() {
        let file = case["file"].as_str().unwrap();
        let of_interest = file.starts_with("pades/") && file.ends_with(".pdf");
        let path = folder.join(file);
        if !of_interest || case["confidence"] != "high" || !path.exists() {
            continue;
        }
        let pdf = fs::read(path).unwrap();
        let found = parse(&pdf, &Limits::default()).unwrap();
        all += 1;
        let before = divergences.len();
        let signatures: Vec<_> = found
            .signatures
            .iter()
            .filter(|it| it.kind == super::facts::SignatureKind::Signature)
            .collect();
        if case["expect"]["signatures"] != signatures.len() {
            let theirs = &case["expect"]["signatures"];
            divergences.push(format!("{file}: {} signatures, not {theirs}", signatures.len()));
        }
        for theirs in case["expect"]["per_signature"].as_array().unwrap() {
            let named = |it: &&&PdfSignature| theirs["fields"][0] == it.field;
            let Some(ours) = signatures.iter().find(named) else { continue };
            let case = Case { ours, theirs };
            if !case.byte_range_agrees() || !case.changes_agree() {
                let (cover, later) = (&ours.findings, ours.later_changes);
                divergences.push(format!(
                    "{file}: {} has {cover:?} {later:?}, not {} {} {}",
                    ours.field,
                    theirs["byterange_valid"],
                    theirs["mod_detected"],
                    theirs["mod_undefined"]
                ));
            }
        }
        same += usize::from(divergences.len() == before);
    }
    println!("dss, changes of PDFs: {same} of {all} agree, {} listed divergences", KNOWN.len());
    let mut unknown = Vec::new();
    for divergence in divergences {
        match KNOWN.iter().find(|it| divergence.contains(it.0)) {
            Some((_, reason)) => println!("  {divergence}: {reason}"),
            None => unknown.push(divergence),
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
}

#[test]
fn broken_files_end_in_a_clean_answer() {
    for name in ["pdf-robustness/qpdf", "pdf-robustness/pdfbox", "pdf-pyhanko-static"] {
        let Some(folder) = corpus(name) else { return };
        let (mut read, mut refused) = (0, 0);
        for entry in fs::read_dir(folder).unwrap() {
            let Ok(pdf) = fs::read(entry.unwrap().path()) else { continue };
            match parse(&pdf, &Limits::default()) {
                Ok(_) => read += 1,
                Err(error) => {
                    let expected = [ErrorKind::Malformed, ErrorKind::Unsupported];
                    assert!(expected.contains(&error.kind()), "{error}");
                    refused += 1;
                }
            }
        }
        println!("{name}: {read} read, {refused} refused");
        assert!(read > refused);
    }
}
