//! A gigabyte, read from a file.

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use kyso::{Conclusion, Seekable, cades, pades};
use ring::digest::{Context, SHA256};

use super::measure::{Effort, risen};
use super::table::Table;
use super::{documents, keys};

const BYTES: usize = 1 << 30;
/// Bytes read at once to be hashed without anything else.
const PIECE: usize = 256 << 10;

/// Removed at the end, whatever happens.
struct Files(PathBuf);

impl Files {
    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

pub(crate) fn cases(table: &mut Table, effort: Effort, quick: bool) {
    if !table.wants("1 GB") {
        return;
    }
    let folder = std::env::current_exe().unwrap().ancestors().nth(3).unwrap().join("gigabyte");
    fs::create_dir_all(&folder).unwrap();
    let files = Files(folder);
    let size = if quick { 1 << 20 } else { BYTES };
    fs::write(files.path("pdf"), documents::pdf(size, 0)).unwrap();
    for format in ["CMS", "PDF"] {
        sign(table, effort, &files, format);
        verify(table, effort, &files, format);
    }
}

fn open(path: &Path) -> Seekable<File> {
    Seekable::new(File::open(path).unwrap()).unwrap()
}

fn sign_to(files: &Files, format: &str, out: &mut dyn Write) {
    let (document, signer) = (open(&files.path("pdf")), keys::signer("rsa2048"));
    match format {
        "CMS" => cades::SignatureBuilder::new(&document, keys::at()).sign_to(&signer, out),
        _ => pades::SignatureBuilder::new(&document, keys::at()).sign_to(&signer, out),
    }
    .unwrap();
}

/// What is signed goes nowhere: what the disk costs is no figure of ours.
fn sign(table: &mut Table, effort: Effort, files: &Files, format: &str) {
    let case = format!("{format} sign, 1 GB, RSA-2048");
    let risen = risen(|| sign_to(files, format, &mut io::sink()));
    let floor = || hash_file(&files.path("pdf"), format == "PDF");
    let pair = effort.pair(1, floor, || sign_to(files, format, &mut io::sink()));
    table.ratio(&case, 1.05, &pair);
    memory(table, &case, risen);
}

fn verify(table: &mut Table, effort: Effort, files: &Files, format: &str) {
    let case = format!("{format} verify, 1 GB, RSA-2048");
    let signed = files.path("signed");
    sign_to(files, format, &mut File::create(&signed).unwrap());
    let validator = keys::validator();
    let validate = || {
        let report = match format {
            "CMS" => validator.validate_detached(&open(&signed), &open(&files.path("pdf"))),
            _ => validator.validate(&open(&signed)),
        };
        assert_eq!(report.unwrap().conclusion(), Some(Conclusion::TotalPassed));
    };
    let risen = risen(validate);
    let pair = effort.pair(1, || hash_file(&files.path("pdf"), false), validate);
    table.ratio(&case, 1.05, &pair);
    memory(table, &case, risen);
}

fn memory(table: &mut Table, case: &str, risen: Option<u64>) {
    #[expect(clippy::cast_precision_loss, reason = "a figure to be read")]
    if let Some(risen) = risen {
        let case = format!("{case}: memory above start");
        table.figure(&case, ("<=", 16.0), risen as f64 / 1024.0, "MB", String::new());
    }
}

/// Hashed; for a result that holds the document, read once more to be copied.
fn hash_file(path: &Path, copied: bool) {
    let mut context = Context::new(&SHA256);
    pieces(path, |piece| context.update(piece));
    black_box(context.finish());
    if copied {
        pieces(path, |piece| io::sink().write_all(black_box(piece)).unwrap());
    }
}

fn pieces(path: &Path, mut each: impl FnMut(&[u8])) {
    let (mut file, mut piece) = (File::open(path).unwrap(), vec![0; PIECE]);
    loop {
        match file.read(&mut piece).unwrap() {
            0 => return,
            count => each(&piece[..count]),
        }
    }
}
