//! A revocation list of a million entries (49 MB): reading it, checking its signature and
//! looking up one number, beside hashing it once; further look-ups; and its memory.
//!
//! `cargo bench --bench crl` ends with a table.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use criterion::{BatchSize, Criterion};
use kyso::{
    Certificate, CertificateStatus, Crl, DigestAlgorithm, Limits, Policy, TrustStore, UtcTime,
    Validator,
};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_RSA_SHA256, SerialNumber, date_time_ymd,
};
use ring::signature;

const ENTRIES: u32 = 1_000_000;
const AT: &str = "2026-11-22T08:00:00+07:00";
/// In a process of its own, which has nothing else in memory.
const ALONE: &str = "KYSO_BENCH_ALONE";

/// `SEQUENCE { 16 octets of number, a date, the reason superseded }`.
fn entry(n: u32) -> Vec<u8> {
    let date = b"260101000000Z";
    let reason = [0x30, 12, 0x30, 10, 6, 3, 0x55, 0x1d, 0x15, 4, 3, 10, 1, 4];
    let parts = [&[0x30, 47][..], &[2, 16], &serial(n), &[0x17, 13], date, &reason];
    parts.concat()
}

/// As authorities choose them: at random.
fn serial(n: u32) -> [u8; 16] {
    let digest = DigestAlgorithm::Sha256.digest(&n.to_be_bytes());
    let mut serial: [u8; 16] = digest.value().first_chunk().copied().unwrap();
    serial[0] = serial[0] & 0x3f | 0x40;
    serial
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    let mut value = Vec::with_capacity(content.len() + 6);
    value.extend([tag, 0x84]);
    value.extend(length);
    value.extend_from_slice(content);
    value
}

fn list(entries: u32) -> Vec<u8> {
    let algorithm = [0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11, 5, 0];
    let name = [&[0x30, 15, 0x31, 13, 0x30, 11, 6, 3, 0x55, 4, 3, 12, 4][..], b"Root"].concat();
    let head = [
        &[2, 1, 1][..],
        &algorithm,
        &name,
        &[0x17, 13],
        b"261101000000Z",
        &[0x17, 13],
        b"261201000000Z",
    ];
    let mut revoked = Vec::with_capacity(49 * usize::try_from(entries).unwrap());
    (0..entries).for_each(|n| revoked.extend(entry(n)));
    let tbs = tlv(0x30, &[&head.concat(), &tlv(0x30, &revoked)[..]].concat());
    drop(revoked);
    let pair = signature::RsaKeyPair::from_pkcs8(&key_der()).unwrap();
    let mut value = vec![0; pair.public().modulus_len()];
    let random = ring::rand::SystemRandom::new();
    pair.sign(&signature::RSA_PKCS1_SHA256, &random, &tbs, &mut value).unwrap();
    let bits = [&[3, 0x82, 1, 1, 0][..], &value].concat();
    tlv(0x30, &[&tbs, &algorithm[..], &bits].concat())
}

fn key_der() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/keys/rsa2048.key.pem");
    der::pem::decode_vec(&fs::read(path).unwrap()).unwrap().1
}

fn key() -> KeyPair {
    let der = key_der();
    KeyPair::from_pkcs8_der_and_sign_algo(&der.as_slice().into(), &PKCS_RSA_SHA256).unwrap()
}

fn params(name: &str, serial: &[u8]) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.serial_number = Some(SerialNumber::from_slice(serial));
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2040, 1, 1);
    params
}

/// The root, and certificates of which every second one is on the list.
struct Pki {
    root: Certificate,
    leaves: Vec<Certificate>,
}

impl Pki {
    fn new() -> Self {
        let mut root = params("Root", &[1]);
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = Certificate::from_der(root.self_signed(&key()).unwrap().der()).unwrap();
        let issuer = Issuer::new(root, key());
        let leaf = |n: u32| {
            let mut serial = serial(n / 2 * 997 % ENTRIES);
            serial[0] |= if n.is_multiple_of(2) { 0x20 } else { 0 };
            let leaf = params("Officer", &serial).signed_by(&key(), &issuer).unwrap();
            Certificate::from_der(leaf.der()).unwrap()
        };
        Self { root: certificate, leaves: (0..64).map(leaf).collect() }
    }

    fn validator(&self, list: Vec<u8>) -> Validator {
        let trust: TrustStore = [self.root.clone()].into_iter().collect();
        let crl = Crl::from_der(list, &Limits::default()).unwrap();
        let at = AT.parse::<UtcTime>().unwrap();
        Validator::new(trust, Policy::default(), at).with_crls([crl])
    }
}

fn status(validator: &Validator, certificate: &Certificate) -> CertificateStatus {
    let report = validator.check_certificate(certificate).unwrap();
    report.revocation.first().unwrap().status
}

fn entries(c: &mut Criterion) {
    let pki = Pki::new();
    let der = list(ENTRIES);
    c.bench_function("crl hash", |b| {
        b.iter(|| DigestAlgorithm::Sha256.digest(black_box(&der)));
    });
    c.bench_function("crl first", |b| {
        let check = |list: Vec<u8>| {
            let validator = pki.validator(list);
            (status(&validator, pki.leaves.first().unwrap()), validator)
        };
        b.iter_batched(|| der.clone(), check, BatchSize::PerIteration);
    });
    let validator = pki.validator(der);
    let mut leaves = pki.leaves.iter().cycle();
    c.bench_function("crl next", |b| {
        b.iter(|| status(&validator, leaves.next().unwrap()));
    });
}

fn target() -> PathBuf {
    std::env::current_exe().unwrap().ancestors().nth(3).unwrap().to_path_buf()
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

fn table(since: SystemTime) {
    let measured = |name| measured(name, since);
    let (Some(hash), Some(first)) = (measured("crl hash"), measured("crl first")) else { return };
    let (ms, ratio) = (first / 1e6, first / hash);
    println!("read, check, first look-up {ms:8.1} ms {ratio:8.2} times as long as hashing it");
    if let Some(next) = measured("crl next") {
        println!("a further certificate      {:8.1} us", next / 1e3);
    }
    let path = million();
    fs::write(&path, list(ENTRIES)).unwrap();
    let alone = Command::new(std::env::current_exe().unwrap()).env(ALONE, "1").output().unwrap();
    fs::remove_file(path).unwrap();
    print!("{}", String::from_utf8_lossy(&alone.stdout));
}

/// The list as a file.
fn million() -> PathBuf {
    target().join("million.crl")
}

/// Reads the list from a file, as those do who validate, and says what that took.
fn memory() {
    let pki = Pki::new();
    let list = fs::read(million()).unwrap();
    let size = list.len();
    let validator = pki.validator(list);
    for leaf in &pki.leaves {
        assert_ne!(status(&validator, leaf), CertificateStatus::Unknown);
    }
    if let Some(peak) = peak() {
        let ratio = ratio(peak, size);
        println!("memory of the process      {:8} kB {ratio:8.2} times its size", peak / 1000);
    }
}

/// The most octets that the process ever had in memory; known on Linux alone.
fn peak() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<usize>().ok()? * 1024)
}

fn ratio(one: usize, other: usize) -> f64 {
    Duration::from_nanos(one.try_into().unwrap()).as_secs_f64()
        / Duration::from_nanos(other.try_into().unwrap()).as_secs_f64()
}

fn main() {
    if std::env::var_os(ALONE).is_some() {
        return memory();
    }
    let start = SystemTime::now();
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    entries(&mut criterion);
    criterion.final_summary();
    table(start);
}
