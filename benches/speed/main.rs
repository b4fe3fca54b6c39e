//! How fast signing, verifying and packaging are, each beside its floor in the same run: the
//! bare key operation, SHA-256 over the document and, for signing, one copy of it.
//!
//! `cargo bench --all-features --bench speed` prints the table of README, in some minutes;
//! `-- CASE` only cases whose names have that in them; `-- --documents FOLDER` writes the
//! documents for `benches/peers/run`, which measures others on them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

mod documents;
mod keys;
mod large;
mod measure;
mod table;
mod xml;

use std::cell::RefCell;
use std::fs;
use std::hint::black_box;
use std::path::Path;

use kyso::edxml::{self, Attachment, Code, Envelope, MessageHeader, Organization};
use kyso::{Conclusion, DigestAlgorithm, Limits, SoftwareSigner, Validator, cades, pades};

use self::keys::Bare;
use self::measure::Effort;
use self::table::Table;

/// As long as dispatches are.
const SIZE: usize = 111_000;
const DOCUMENTS: usize = 200;

fn main() {
    // Cargo adds one of its own.
    let arguments: Vec<_> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    if let [option, folder] = arguments.as_slice()
        && option == "--documents"
    {
        return write_documents(Path::new(folder));
    }
    let quick = arguments.iter().any(|it| it == "--test");
    let effort = Effort::new(quick);
    let mut table = Table::of(arguments.into_iter().find(|it| !it.starts_with("--")));
    cms(&mut table, effort);
    many_pdfs(&mut table, effort, if quick { 4 } else { DOCUMENTS });
    many_signatures(&mut table, effort);
    many_objects(&mut table, effort);
    messages(&mut table, effort);
    xml::cases(&mut table, effort, quick);
    large::cases(&mut table, effort, quick);
    table.print();
}

fn hash(bytes: &[u8]) {
    black_box(DigestAlgorithm::Sha256.digest(black_box(bytes)));
}

fn sign_pdf(document: &[u8], signer: &SoftwareSigner) -> Vec<u8> {
    pades::SignatureBuilder::new(document, keys::at()).sign(signer).unwrap()
}

fn validate(validator: &Validator, document: &[u8]) {
    let report = validator.validate(document).unwrap();
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed));
}

/// Signatures that hold the document, as a peer's in the same form.
fn cms(table: &mut Table, effort: Effort) {
    let document = documents::noise(SIZE);
    for (name, key, most) in [("RSA-2048", "rsa2048", 1.03), ("P-256", "p256", 1.15)] {
        let case = format!("CMS sign, {name}, 111 KB");
        if !table.wants(&case) {
            continue;
        }
        let (signer, bare) = (keys::signer(key), Bare::new(key));
        let sign = || {
            let builder = cades::SignatureBuilder::new(&document, keys::at()).enveloping();
            black_box(builder.sign(&signer).unwrap());
        };
        let pair = effort.pair(50, || sign_floor(&bare, &document), sign);
        table.ratio(&case, most, &pair);
    }
}

fn sign_floor(bare: &Bare, document: &[u8]) {
    hash(document);
    black_box(bare.sign());
    black_box(black_box(document).to_vec());
}

fn many_pdfs(table: &mut Table, effort: Effort, count: usize) {
    let documents: Vec<Vec<u8>> = (0..count).map(|n| documents::pdf(SIZE, n)).collect();
    for (name, key, most) in [("RSA-2048", "rsa2048", 1.15), ("P-256", "p256", 1.6)] {
        let (signer, bare) = (keys::signer(key), Bare::new(key));
        let case = format!("PAdES B-B sign, {name}, {count} PDFs of 111 KB");
        if table.wants(&case) {
            let floor = || documents.iter().for_each(|it| sign_floor(&bare, it));
            let whole = || documents.iter().for_each(|it| drop(black_box(sign_pdf(it, &signer))));
            table.ratio(&case, most, &effort.pair(1, floor, whole));
        }
        let case = format!("PAdES verify, {name}, {count} PDFs of 111 KB, path remembered");
        if table.wants(&case) {
            let signed: Vec<_> = documents.iter().map(|it| sign_pdf(it, &signer)).collect();
            let validator = keys::validator();
            let floor = || {
                signed.iter().for_each(|it| {
                    hash(it);
                    bare.verify();
                });
            };
            let whole = || signed.iter().for_each(|it| validate(&validator, it));
            table.ratio(&case, 1.5, &effort.pair(1, floor, whole));
        }
    }
}

/// With all that later revisions changed told.
fn many_signatures(table: &mut Table, effort: Effort) {
    let case = "50 signatures in one PDF, with what later revisions changed, RSA-2048";
    if !table.wants(case) {
        return;
    }
    let (document, validator) = (signed_often(50), keys::validator());
    let bare = Bare::new("rsa2048");
    let floor = || {
        hash(&document);
        (0..50).for_each(|_| bare.verify());
    };
    let pair = effort.pair(1, floor, || validate(&validator, &document));
    let beside = format!("{:.2} x floor", pair.ratio);
    table.figure(case, ("<=", 10.0), pair.whole.as_secs_f64() * 1e3, "ms", beside);
}

fn signed_often(times: usize) -> Vec<u8> {
    let signer = keys::signer("rsa2048");
    (0..times).fold(documents::pdf(SIZE, 0), |document, _| sign_pdf(&document, &signer))
}

fn many_objects(table: &mut Table, effort: Effort) {
    let signer = keys::signer("rsa2048");
    for form in ["classic", "xref stream"] {
        let case = format!("PAdES verify, 11 MB with 60,000 objects, {form}");
        if !table.wants(&case) {
            continue;
        }
        let plain = if form == "classic" { documents::by_table() } else { documents::by_stream() };
        let once = sign_pdf(&plain, &signer);
        let validator = keys::validator();
        let pair = effort.pair(1, || hash(&once), || validate(&validator, &once));
        table.ratio(&case, 1.3, &pair);
        // Every object is then searched for what leads to what is new.
        let twice = sign_pdf(&once, &signer);
        let pair = effort.pair(1, || hash(&twice), || validate(&validator, &twice));
        table.told(&format!("{case}, signed twice"), &pair);
    }
}

fn message() -> Envelope {
    let header = MessageHeader {
        from: Organization::new("000.00.00.G22", "Văn phòng Chính phủ"),
        to: vec![Organization::new("H13", "UBND thành phố Cần Thơ")],
        document_id: "000.00.00.G22,2026/11/22,7816/VPCP-TTĐT".into(),
        code: Code::new("7816", "VPCP-TTĐT"),
        subject: "V/v liên thông văn bản".into(),
        ..MessageHeader::default()
    };
    (0..100).fold(Envelope::new(header), |it, n| {
        it.attach(format!("{n}.pdf"), documents::pdf(1 << 20, n))
    })
}

/// Beside what memory alone costs: a copy of the text for one that is written, one of the
/// contents for one that is read, each into new memory. What Python's and Java's own base64
/// reach is for `benches/peers/run` to say.
fn messages(table: &mut Table, effort: Effort) {
    let (packaging, reading) = ("edXML package, 100 x 1 MB", "edXML read, 100 x 1 MB");
    let handing_out = "edXML read one by one, 100 x 1 MB";
    if ![packaging, reading, handing_out].iter().any(|it| table.wants(it)) {
        return;
    }
    let message = message();
    let contents: Vec<&[u8]> = message.attachments.iter().filter_map(|it| it.bytes()).collect();
    let size = contents.iter().map(|it| it.len()).sum();
    let (bytes, limits) = (message.to_bytes().unwrap(), Limits::default());
    let copy = || drop(black_box(black_box(&bytes).to_vec()));
    let pair = effort.pair(1, copy, || drop(black_box(message.to_bytes().unwrap())));
    rate(table, packaging, size, &pair);
    let copy = || {
        let copies: Vec<Vec<u8>> = contents.iter().map(|it| black_box(it).to_vec()).collect();
        drop(black_box(copies));
    };
    let pair = effort.pair(1, copy, || drop(black_box(edxml::parse(&bytes, &limits).unwrap())));
    rate(table, reading, size, &pair);
    // Files that go elsewhere, each in the memory of the one before.
    let out = RefCell::new(Vec::new());
    let refill = |write: &dyn Fn(&mut Vec<u8>)| {
        let mut out = out.borrow_mut();
        out.clear();
        write(&mut out);
        black_box(&out);
    };
    let copy = || contents.iter().for_each(|it| refill(&|out| out.extend_from_slice(it)));
    let each = || {
        let mut seen = 0;
        let mut each = |it: &Attachment| {
            seen += black_box(it.bytes()).unwrap().len();
            Ok(())
        };
        drop(black_box(edxml::parse_files(&bytes, &limits, &mut each).unwrap()));
        assert_eq!(seen, size);
    };
    rate(table, handing_out, size, &effort.pair(1, copy, each));
}

#[expect(clippy::cast_precision_loss, reason = "a figure to be read")]
fn rate(table: &mut Table, case: &str, bytes: usize, pair: &measure::Pair) {
    let megabytes = bytes as f64 / 1e6;
    let (whole, bare) = (pair.whole.as_secs_f64(), pair.floor.as_secs_f64());
    let beside = format!("{:.2} x a copy alone ({:.0} MB/s)", pair.ratio, megabytes / bare);
    table.figure(case, (">=", 0.0), megabytes / whole, "MB/s", beside);
}

/// What the peers are given.
fn write_documents(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).unwrap();
    write("document.bin", &documents::noise(SIZE));
    write("document.pdf", &documents::pdf(SIZE, 0));
    write("fifty.pdf", &signed_often(50));
    for key in ["rsa2048", "p256"] {
        let signed = sign_pdf(&documents::pdf(SIZE, 0), &keys::signer(key));
        write(&format!("signed-{key}.pdf"), &signed);
    }
    let signer = keys::signer("rsa2048");
    for (name, size) in xml::SIZES {
        let (plain, name) = (xml::document(size), name.replace(' ', ""));
        write(&format!("plain-{name}.xml"), &plain);
        write(&format!("signed-{name}.xml"), &xml::signed(&plain, "XMLDSig", &signer));
    }
    for (form, plain) in [("classic", documents::by_table()), ("stream", documents::by_stream())] {
        let once = sign_pdf(&plain, &signer);
        write(&format!("objects-{form}.pdf"), &once);
        write(&format!("objects-{form}-twice.pdf"), &sign_pdf(&once, &signer));
    }
}
