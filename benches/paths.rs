//! Verifying 200 CMS of 111 KB that stand under one chain (a leaf with RSA-2048, two
//! authorities with RSA-4096), and beside it what nobody can do without: the bare
//! operations with the keys and hashing the content once.
//!
//! `cargo bench --bench paths` ends with a table of microseconds a document and the ratio
//! between the two; `-- --documents FOLDER` writes the documents for `benches/peers/run`, which
//! measures OpenSSL on them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

use std::cell::Cell;
use std::fs;
use std::hint::black_box;
use std::ops::Range;
use std::path::Path;
use std::time::{Duration, SystemTime};

use criterion::Criterion;
use kyso::{
    Certificate, Conclusion, DigestAlgorithm, Policy, SoftwareSigner, TrustStore, UtcTime,
    Validator, cades,
};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_RSA_SHA256, SerialNumber, date_time_ymd,
};
use ring::signature::{self, KeyPair as _};

const DOCUMENTS: usize = 200;
const SIZE: usize = 111_000;
const AT: &str = "2026-11-22T08:00:00+07:00";

/// Documents and the root that they lead to.
struct Set {
    documents: Vec<Vec<u8>>,
    /// Where the content stands in each.
    content: Range<usize>,
    root: Certificate,
}

impl Set {
    fn new() -> Self {
        let root = authority("Root", None);
        let middle = authority("Authority", Some(&root.0));
        let mut params = params("Officer");
        params.key_usages = vec![KeyUsagePurpose::ContentCommitment];
        let leaf_key = key("rsa2048");
        let leaf = params.signed_by(&leaf_key, &middle.0).unwrap();
        let leaf = Certificate::from_der(leaf.der()).unwrap();
        let chain = [leaf, middle.1];
        let signer = SoftwareSigner::from_pkcs8(&leaf_key.serialize_der(), &chain).unwrap();
        let content: Vec<u8> = (0..SIZE).map(|n| n.to_le_bytes()[n % 2]).collect();
        let sign = |n: usize| {
            let mut content = content.clone();
            content[..8].copy_from_slice(&n.to_le_bytes());
            let builder = cades::SignatureBuilder::new(&content, AT.parse().unwrap());
            builder.enveloping().sign(&signer).unwrap()
        };
        let documents: Vec<_> = (0..DOCUMENTS).map(sign).collect();
        let start = documents[0].windows(64).position(|it| it == &content[8..72]).unwrap() - 8;
        assert!(documents.iter().all(|it| it[start + 8..start + SIZE] == content[8..]));
        Self { documents, content: start..start + SIZE, root: root.1 }
    }

    fn validator(&self) -> Validator {
        let trust: TrustStore = [self.root.clone()].into_iter().collect();
        Validator::new(trust, Policy::pilot(), AT.parse::<UtcTime>().unwrap())
    }
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.serial_number = Some(SerialNumber::from(u64::try_from(name.len()).unwrap()));
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2040, 1, 1);
    params.use_authority_key_identifier_extension = true;
    params
}

/// Both authorities have one key, which costs as much as two.
fn authority(
    name: &str,
    above: Option<&Issuer<'_, KeyPair>>,
) -> (Issuer<'static, KeyPair>, Certificate) {
    let mut params = params(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = key("rsa4096");
    let certificate = match above {
        Some(above) => params.signed_by(&key, above).unwrap(),
        None => params.self_signed(&key).unwrap(),
    };
    let certificate = Certificate::from_der(certificate.der()).unwrap();
    (Issuer::new(params, key), certificate)
}

fn key_der(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/keys");
    let pem = fs::read(path.join(format!("{name}.key.pem"))).unwrap();
    der::pem::decode_vec(&pem).unwrap().1
}

fn key(name: &str) -> KeyPair {
    let der = key_der(name);
    KeyPair::from_pkcs8_der_and_sign_algo(&der.as_slice().into(), &PKCS_RSA_SHA256).unwrap()
}

/// The same key in ring, without any format around it.
fn bare_key(c: &mut Criterion, name: &str) {
    let pair = signature::RsaKeyPair::from_pkcs8(&key_der(name)).unwrap();
    let message = [7; 200];
    let mut value = vec![0; pair.public().modulus_len()];
    let random = ring::rand::SystemRandom::new();
    pair.sign(&signature::RSA_PKCS1_SHA256, &random, &message, &mut value).unwrap();
    let public = signature::UnparsedPublicKey::new(
        &signature::RSA_PKCS1_2048_8192_SHA256,
        pair.public_key().as_ref().to_vec(),
    );
    c.bench_function(&format!("paths {name} alone"), |b| {
        b.iter(|| public.verify(black_box(&message), &value).unwrap());
    });
}

fn documents(c: &mut Criterion, set: &Set) {
    bare_key(c, "rsa2048");
    bare_key(c, "rsa4096");
    let turn = Cell::new(0);
    let next = || {
        turn.set((turn.get() + 1) % DOCUMENTS);
        &set.documents[turn.get()]
    };
    let validate = |validator: &Validator| {
        let report = validator.validate(next()).unwrap();
        assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
    };
    // Each in its turn: that the next document has to come from memory is part of hashing.
    c.bench_function("paths hash", |b| {
        b.iter(|| DigestAlgorithm::Sha256.digest(black_box(&next()[set.content.clone()])));
    });
    c.bench_function("paths first", |b| {
        b.iter(|| validate(&set.validator()));
    });
    let validator = set.validator();
    c.bench_function("paths remembered", |b| {
        b.iter(|| validate(&validator));
    });
}

/// Microseconds a document, and how many times as long as keys and hashing take.
fn table(since: SystemTime) -> Option<()> {
    let measured = |name| measured(name, since);
    let (hash, leaf) = (measured("paths hash")?, measured("paths rsa2048 alone")?);
    let above = 2.0 * measured("paths rsa4096 alone")?;
    println!("{:24} {:>12} {:>8}", "", "us/document", "ratio");
    for (name, floor) in [("paths first", hash + leaf + above), ("paths remembered", hash + leaf)] {
        let whole = measured(name)?;
        println!("{name:24} {:12.1} {:8.2}", whole / 1e3, whole / floor);
    }
    println!("ratio: to hashing once and the key operations that are left to make");
    Some(())
}

/// Nanoseconds, from what criterion kept of this run.
fn measured(benchmark: &str, since: SystemTime) -> Option<f64> {
    let target = std::env::current_exe().ok()?.ancestors().nth(3)?.to_path_buf();
    let path = target.join("criterion").join(benchmark).join("new/estimates.json");
    if fs::metadata(&path).ok()?.modified().ok()? < since {
        return None;
    }
    let estimates: serde_json::Value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    estimates.get("median")?.get("point_estimate")?.as_f64()
}

/// What the peers are given.
fn write_documents(set: &Set, folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("root.der"), set.root.der()).unwrap();
    for (n, document) in set.documents.iter().enumerate() {
        fs::write(folder.join(format!("{n:03}.p7m")), document).unwrap();
    }
}

fn main() {
    let start = SystemTime::now();
    let set = Set::new();
    // Cargo adds one of its own.
    let arguments: Vec<_> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    if let [option, folder] = arguments.as_slice()
        && option == "--documents"
    {
        return write_documents(&set, Path::new(folder));
    }
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    documents(&mut criterion, &set);
    criterion.final_summary();
    table(start);
}
