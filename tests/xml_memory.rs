//! Signatures over an attachment that is a hundred megabytes in base64: what stands beside the
//! signature is streamed, and so is what is put into it; a document that a signature is put into
//! is in memory once, and what is verified takes less than three times the file.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kyso::{
    Conclusion, Policy, Report, Seekable, SoftwareSigner, Source, TrustStore, UtcTime, Validator,
    xades, xmldsig,
};

const BLOCK: usize = 3 << 20;
/// In base64 more than a hundred megabytes.
const BLOCKS: usize = 26;

fn now() -> UtcTime {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

fn signer() -> SoftwareSigner {
    let read = |end: &str| fs::read(format!("testdata/keys/p256.{end}.pem")).unwrap();
    SoftwareSigner::from_pem(&read("key"), &read("crt")).unwrap()
}

fn validator() -> Validator {
    let trust = fs::read("testdata/keys/ca.crt.pem").unwrap();
    Validator::new(TrustStore::from_bytes(&trust).unwrap(), Policy::pilot(), now())
}

fn open(path: &Path) -> Seekable<File> {
    Seekable::new(File::open(path).unwrap()).unwrap()
}

/// Makes a file by pieces.
fn written(path: &Path, write: impl FnOnce(&mut BufWriter<File>)) {
    let mut file = BufWriter::new(File::create(path).unwrap());
    write(&mut file);
    file.into_inner().unwrap();
}

fn block() -> Vec<u8> {
    (0..BLOCK).map(|n| u8::try_from(n * 7 % 251).unwrap()).collect()
}

/// The most memory, in megabytes, while it is done; Linux alone tells.
fn most(case: &str, work: impl FnOnce()) -> Option<u64> {
    let forgotten = fs::write("/proc/self/clear_refs", "5").is_ok();
    work();
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let most = line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()? >> 10;
    println!("{case}: {most} MB of memory at most");
    forgotten.then_some(most)
}

fn assert_passed(report: &Report) {
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
}

#[test]
fn a_hundred_megabytes_take_no_more_than_they_must() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    written(&path("large"), |file| {
        let block = block();
        (0..BLOCKS).for_each(|_| file.write_all(&block).unwrap());
    });
    let large = open(&path("large"));
    let beside = most("detached, signed and verified", || {
        let builder = xades::SignatureBuilder::detached("large.bin", &large, now());
        let signature = builder.sign(&signer()).unwrap();
        let files = [("large.bin", &large)];
        assert_passed(&validator().validate_with_files(&signature, &files.to_vec()).unwrap());
        assert_passed(&validator().validate_detached(&signature, &large).unwrap());
    });
    assert!(beside.is_none_or(|it| it < 64), "{beside:?} MB");

    let inside = path("inside.xml");
    let around = most("enveloping, signed", || {
        written(&inside, |file| {
            xmldsig::SignatureBuilder::enveloping(&large, now()).sign_to(&signer(), file).unwrap();
        });
        written(&inside, |file| {
            xades::SignatureBuilder::enveloping(&large, now()).sign_to(&signer(), file).unwrap();
        });
    });
    assert!(around.is_none_or(|it| it < 64), "{around:?} MB");
    within_three_times("enveloping, verified", &inside);

    // As a message has it: in an element of the document that is signed.
    let (document, signed) = (path("document.xml"), path("signed.xml"));
    written(&document, |file| {
        file.write_all(b"<m><a name=\"cong-van.pdf\">").unwrap();
        let text = STANDARD.encode(block());
        (0..BLOCKS).for_each(|_| file.write_all(text.as_bytes()).unwrap());
        file.write_all(b"</a></m>").unwrap();
    });
    let document = open(&document);
    let within = most("enveloped, signed", || {
        written(&signed, |file| {
            xades::SignatureBuilder::enveloped(&document, now()).sign_to(&signer(), file).unwrap();
        });
    });
    // The document itself, and what is not its text.
    let size = document.len() >> 20;
    assert!(within.is_none_or(|it| it < size + size / 4), "{within:?} MB for {size}");
    within_three_times("enveloped, verified", &signed);
    what_is_left_out_is_forgotten();
}

/// What each of many references leaves out is not kept for all of them.
fn what_is_left_out_is_forgotten() {
    let canonical = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let reference = |n: usize| {
        format!(
            "<ds:Reference URI=\"\"><ds:Transforms><ds:Transform \
             Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"><ds:XPath>\
             not(ancestor-or-self::e)</ds:XPath></ds:Transform><ds:Transform \
             Algorithm=\"{canonical}\"><c:InclusiveNamespaces xmlns:c=\"{canonical}\" \
             PrefixList=\"a{n}\"/></ds:Transform></ds:Transforms><ds:DigestMethod \
             Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/>\
             <ds:DigestValue>AAAA</ds:DigestValue></ds:Reference>"
        )
    };
    let document = format!(
        "<r>{}<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo>\
         <ds:CanonicalizationMethod Algorithm=\"{canonical}\"/><ds:SignatureMethod \
         Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"/>{}</ds:SignedInfo>\
         <ds:SignatureValue>AAAA</ds:SignatureValue></ds:Signature></r>",
        "<e/>".repeat(100_000),
        (0..400).map(reference).collect::<String>()
    );
    let most = most("left out", || {
        let report = validator().validate(document.as_bytes()).unwrap();
        assert_eq!(report.signatures()[0].references().len(), 400);
    });
    assert!(most.is_none_or(|it| it < 100), "{most:?} MB");
}

fn within_three_times(case: &str, path: &Path) {
    let size = fs::metadata(path).unwrap().len() >> 20;
    let most = most(case, || {
        let report = validator().validate(&open(path)).unwrap();
        assert_passed(&report);
    });
    println!("{case}: {size} MB of file");
    assert!(most.is_none_or(|it| it < 3 * size), "{most:?} MB for a file of {size}");
}
