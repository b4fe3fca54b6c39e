//! Verifying PDFs that cost more than their bytes: many signatures in one file, many
//! objects, a gigabyte read from a file; and beside them what nobody can do without: the
//! bare key operations and hashing the bytes once. `sign_verify` has the everyday sizes.
//!
//! `cargo bench --bench pdf` ends with a table of milliseconds and the ratio between the two.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

use std::cell::LazyCell;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use criterion::Criterion;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use kyso::{
    Conclusion, DigestAlgorithm, Policy, Seekable, SoftwareSigner, Source, TrustStore, UtcTime,
    Validator, pades,
};
use ring::signature::{self, KeyPair as _};

const AT: &str = "2026-11-22T08:00:00+07:00";
const COUNTS: [usize; 3] = [1, 10, 50];
const OBJECTS: usize = 60_000;
const GIGABYTE: usize = 1 << 30;

/// A row of the table: what was measured, and the signatures in the document.
type Row = (String, usize);

/// A PDF under way, with the places of its objects.
struct Pdf {
    bytes: Vec<u8>,
    places: Vec<Place>,
}

#[derive(Clone, Copy)]
enum Place {
    At(usize),
    Within { stream: usize, index: usize },
}

impl Pdf {
    fn new() -> Self {
        Self { bytes: b"%PDF-1.7\n".to_vec(), places: Vec::new() }
    }

    /// The next object, by number from 1.
    fn add(&mut self, body: &str) {
        self.begin();
        self.end(body.as_bytes());
    }

    fn begin(&mut self) {
        self.places.push(Place::At(self.bytes.len()));
        writeln!(self.bytes, "{} 0 obj", self.places.len()).unwrap();
    }

    fn end(&mut self, body: &[u8]) {
        self.bytes.extend_from_slice(body);
        self.bytes.extend_from_slice(b"\nendobj\n");
    }

    fn stream(&mut self, entries: &str, data: &[u8]) {
        self.begin();
        write!(self.bytes, "<< {entries} /Length {} >>\nstream\n", data.len()).unwrap();
        self.bytes.extend_from_slice(data);
        self.end(b"\nendstream");
    }

    fn table(mut self) -> Vec<u8> {
        let (size, at) = (self.places.len() + 1, self.bytes.len());
        write!(self.bytes, "xref\n0 {size}\n0000000000 65535 f \n").unwrap();
        for place in &self.places {
            let at = match place {
                Place::At(at) => at,
                Place::Within { .. } => unreachable!("a table has no place for it"),
            };
            writeln!(self.bytes, "{at:010} 00000 n ").unwrap();
        }
        write!(self.bytes, "trailer\n<< /Size {size} /Root 1 0 R >>\n").unwrap();
        write!(self.bytes, "startxref\n{at}\n%%EOF\n").unwrap();
        self.bytes
    }

    fn cross_reference_stream(mut self) -> Vec<u8> {
        let at = self.bytes.len();
        let own = Place::At(at);
        let mut rows = vec![0; 7];
        for place in self.places.iter().chain([&own]) {
            let (kind, first, second) = match *place {
                Place::At(at) => (1, at, 0),
                Place::Within { stream, index } => (2, stream, index),
            };
            rows.push(kind);
            rows.extend_from_slice(&first.to_be_bytes()[4..]);
            rows.extend_from_slice(&second.to_be_bytes()[6..]);
        }
        let size = self.places.len() + 2;
        let entries = format!("/Type /XRef /Size {size} /Root 1 0 R /W [1 4 2]");
        self.stream(&format!("{entries} /Filter /FlateDecode"), &deflated(&rows));
        write!(self.bytes, "startxref\n{at}\n%%EOF\n").unwrap();
        self.bytes
    }
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Catalog, pages, a page, and its content of so many bytes.
fn page(content: usize) -> Pdf {
    let mut pdf = Pdf::new();
    pdf.add("<< /Type /Catalog /Pages 2 0 R >>");
    pdf.add("<< /Type /Pages /Count 1 /Kids [ 3 0 R ] /MediaBox [ 0 0 595 842 ] >>");
    pdf.add("<< /Type /Page /Parent 2 0 R /Contents 4 0 R >>");
    pdf.stream("", &noise(content));
    pdf
}

/// Bytes that do not compress, and again and again the same.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let step = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_be_bytes()[0]
    };
    let part: Vec<u8> = (0..100_000).map(step).collect();
    let mut bytes = part.repeat(len.div_ceil(part.len()));
    bytes.truncate(len);
    bytes
}

/// An element as tagged PDFs have one for every paragraph: some 165 bytes.
fn element(n: usize) -> String {
    let id = DigestAlgorithm::Sha256.digest(&n.to_le_bytes());
    let place = format!("/P {} 0 R /Pg 3 0 R /K [ {n} {} ]", n.max(6) - 1, n + 1);
    format!("<< /Type /StructElem /S /P {place} /ID <{id}> /Lang (vi-VN) >>")
}

/// 11 MB with 60,000 objects, each by itself.
fn by_table() -> Vec<u8> {
    let mut pdf = page(100_000);
    for n in pdf.places.len() + 1..=OBJECTS {
        pdf.add(&element(n));
    }
    pdf.table()
}

/// The same number of objects and bytes, with the objects in compressed streams.
fn by_stream() -> Vec<u8> {
    const TOGETHER: usize = 200;
    let mut pdf = page(6_000_000);
    while pdf.places.len() < OBJECTS {
        let first = pdf.places.len() + 1;
        let (mut head, mut body) = (String::new(), String::new());
        for n in first..first + TOGETHER {
            write!(head, "{n} {} ", body.len()).unwrap();
            writeln!(body, "{}", element(n)).unwrap();
        }
        let stream = first + TOGETHER;
        pdf.places.extend((0..TOGETHER).map(|index| Place::Within { stream, index }));
        let entries = format!("/Type /ObjStm /N {TOGETHER} /First {}", head.len());
        let data = deflated((head + &body).as_bytes());
        pdf.stream(&format!("{entries} /Filter /FlateDecode"), &data);
    }
    pdf.cross_reference_stream()
}

fn at() -> UtcTime {
    AT.parse().unwrap()
}

fn signer(key: &str) -> SoftwareSigner {
    let key_pem = fs::read(test_file(&format!("{key}.key.pem"))).unwrap();
    let certificate = fs::read(test_file(&format!("{key}.crt.pem"))).unwrap();
    SoftwareSigner::from_pem(&key_pem, &certificate).unwrap()
}

fn signed(mut document: Vec<u8>, key: &str, times: usize) -> Vec<u8> {
    let signer = signer(key);
    for _ in 0..times {
        document = pades::SignatureBuilder::new(&document, at()).sign(&signer).unwrap();
    }
    document
}

/// Trusts the test CA, so that the path is validated too.
fn validator() -> Validator {
    let root = fs::read(test_file("ca.crt.pem")).unwrap();
    Validator::new(TrustStore::from_bytes(&root).unwrap(), Policy::pilot(), at())
}

fn test_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/keys").join(name)
}

fn assert_passed<S: Source + ?Sized>(validator: &Validator, document: &S) {
    let report = validator.validate(document).unwrap();
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
}

/// The same keys in ring, without any format around them.
fn bare_keys(c: &mut Criterion) {
    let random = ring::rand::SystemRandom::new();
    let message = [7; 200];
    let pair = signature::RsaKeyPair::from_pkcs8(&key_der("rsa2048")).unwrap();
    let sign = || {
        let mut value = vec![0; pair.public().modulus_len()];
        pair.sign(&signature::RSA_PKCS1_SHA256, &random, &message, &mut value).unwrap();
        value
    };
    c.bench_function("pdf sign alone rsa2048", |b| b.iter(sign));
    let scheme: &'static dyn signature::VerificationAlgorithm =
        &signature::RSA_PKCS1_2048_8192_SHA256;
    bare_check(c, "rsa2048", scheme, pair.public_key().as_ref(), &sign());
    let scheme = &signature::ECDSA_P256_SHA256_ASN1_SIGNING;
    let pair = signature::EcdsaKeyPair::from_pkcs8(scheme, &key_der("p256"), &random).unwrap();
    let value = pair.sign(&random, &message).unwrap();
    let public = pair.public_key().as_ref();
    bare_check(c, "p256", &signature::ECDSA_P256_SHA256_ASN1, public, value.as_ref());
}

fn bare_check(
    c: &mut Criterion,
    key: &str,
    scheme: &'static dyn signature::VerificationAlgorithm,
    public: &[u8],
    value: &[u8],
) {
    let public = signature::UnparsedPublicKey::new(scheme, public.to_vec());
    c.bench_function(&format!("pdf verify alone {key}"), |b| {
        b.iter(|| public.verify(black_box(&[7; 200]), value).unwrap());
    });
}

fn key_der(name: &str) -> Vec<u8> {
    der::pem::decode_vec(&fs::read(test_file(&format!("{name}.key.pem"))).unwrap()).unwrap().1
}

/// Hashing, right before: a busy machine is busy with both. Then verifying. The document is
/// made when it is asked for.
fn verify(c: &mut Criterion, name: &str, document: impl FnOnce() -> Vec<u8>) {
    let document = LazyCell::new(document);
    c.bench_function(&format!("pdf hash {name}"), |b| {
        let document = black_box(&**document);
        b.iter(|| DigestAlgorithm::Sha256.digest(document));
    });
    c.bench_function(&format!("pdf verify {name}"), |b| {
        let (document, validator) = (&**document, validator());
        assert_passed(&validator, document);
        b.iter(|| validator.validate(document).unwrap());
    });
}

fn signatures(c: &mut Criterion, rows: &mut Vec<Row>) {
    for key in ["rsa2048", "p256"] {
        for count in COUNTS {
            let name = format!("{count} signatures {key}");
            verify(c, &name, || signed(page(100_000).table(), key, count));
            rows.push((format!("verify {name}"), count));
        }
    }
}

fn objects(c: &mut Criterion, rows: &mut Vec<Row>) {
    for form in ["table", "stream"] {
        for count in [1, 2] {
            let name = format!("{OBJECTS} objects by {form} {count} signatures rsa2048");
            let document = || if form == "table" { by_table() } else { by_stream() };
            verify(c, &name, || signed(document(), "rsa2048", count));
            rows.push((format!("verify {name}"), count));
        }
    }
}

/// Bytes read at once to be hashed without anything else.
const PIECE: usize = 256 << 10;

/// Read from files, written nowhere. Too much for a trial run.
fn gigabyte(c: &mut Criterion, rows: &mut Vec<Row>) {
    let (plain, done) = (target().join("gigabyte.pdf"), target().join("gigabyte-signed.pdf"));
    let open = |path: &Path| Seekable::new(File::open(path).unwrap()).unwrap();
    let signer = signer("rsa2048");
    let sign = |out: &mut dyn io::Write| {
        pades::SignatureBuilder::new(&open(&plain), at()).sign_to(&signer, out).unwrap();
    };
    let files = LazyCell::new(|| {
        fs::write(&plain, page(GIGABYTE).table()).unwrap();
        sign(&mut File::create(&done).unwrap());
    });
    c.bench_function("pdf hash 1 GB rsa2048", |b| {
        LazyCell::force(&files);
        b.iter(|| hash(&plain));
    });
    c.bench_function("pdf sign 1 GB rsa2048", |b| {
        LazyCell::force(&files);
        b.iter(|| sign(&mut io::sink()));
    });
    c.bench_function("pdf verify 1 GB rsa2048", |b| {
        LazyCell::force(&files);
        let (document, validator) = (open(&done), validator());
        assert_passed(&validator, &document);
        b.iter(|| validator.validate(&document).unwrap());
    });
    rows.extend(["sign", "verify"].map(|it| (format!("{it} 1 GB rsa2048"), 1)));
    for path in [&plain, &done] {
        // Nothing was made where something else was asked for.
        drop(fs::remove_file(path));
    }
}

fn hash(path: &Path) -> ring::digest::Digest {
    let (mut file, mut piece) = (File::open(path).unwrap(), vec![0; PIECE]);
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    loop {
        match file.read(&mut piece).unwrap() {
            0 => return context.finish(),
            count => context.update(&piece[..count]),
        }
    }
}

/// Milliseconds a document and a signature, and how many times as long as the key
/// operations and hashing take.
fn table(rows: &[Row], since: SystemTime) {
    let mut table = String::new();
    for (name, count) in rows {
        let (operation, what) = name.split_once(' ').unwrap();
        let key = what.rsplit_once(' ').unwrap().1;
        let hash = measured(&format!("pdf hash {what}"), since);
        let alone = measured(&format!("pdf {operation} alone {key}"), since);
        // Nothing was measured in a trial run, or not all of it when only some was asked for.
        let (Some(whole), Some(hash), Some(alone)) =
            (measured(&format!("pdf {name}"), since), hash, alone)
        else {
            continue;
        };
        let count = f64::from(u32::try_from(*count).unwrap());
        let (ms, each) = (whole / 1e6, whole / count / 1e6);
        let ratio = whole / (hash + count * alone);
        writeln!(table, "{name:48} {ms:12.3} {each:12.3} {ratio:8.2}").unwrap();
    }
    if !table.is_empty() {
        println!("{:48} {:>12} {:>12} {:>8}\n{table}", "", "ms", "a signature", "ratio");
        println!("ratio: to the bare key operations and hashing the document once");
    }
}

/// Nanoseconds, from what criterion kept of this run.
fn measured(benchmark: &str, since: SystemTime) -> Option<f64> {
    let path = target().join("criterion").join(benchmark).join("new/estimates.json");
    if fs::metadata(&path).ok()?.modified().ok()? < since {
        return None;
    }
    let estimates: serde_json::Value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    estimates.get("median")?.get("point_estimate")?.as_f64()
}

fn target() -> PathBuf {
    // Cargo puts benches into `target/release/deps`.
    std::env::current_exe().unwrap().ancestors().nth(3).unwrap().to_path_buf()
}

fn main() {
    let start = SystemTime::now();
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let mut rows = Vec::new();
    bare_keys(&mut criterion);
    signatures(&mut criterion, &mut rows);
    objects(&mut criterion, &mut rows);
    let asked_for = |it: &str| std::env::args().any(|argument| argument == it);
    // As criterion tells a trial run.
    if asked_for("--bench") && !asked_for("--test") {
        gigabyte(&mut criterion, &mut rows);
    }
    criterion.final_summary();
    table(&rows, start);
}
