//! Signing and verifying PDFs of 100 KB and 10 MB, and beside them what nobody can do
//! without: the bare key operation and hashing the bytes once.
//!
//! `cargo bench --bench sign_verify` ends with a table of documents a second and the ratio
//! between the two.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use criterion::Criterion;
use kyso::{
    DigestAlgorithm, Policy, Signer, SoftwareSigner, TrustStore, UtcTime, Validator, pades,
};
use ring::signature::{self, KeyPair};

const SIZES: [(&str, usize); 2] = [("100 KB", 100_000), ("10 MB", 10_000_000)];
const KEYS: [&str; 2] = ["rsa2048", "p256"];

fn documents(c: &mut Criterion) {
    for key in KEYS {
        let signer = signer(key);
        bare_key(c, key);
        for (name, size) in SIZES {
            let document = pdf(size);
            // Right before: a busy machine is busy with both.
            c.bench_function(&format!("hash {name} {key}"), |b| {
                b.iter(|| DigestAlgorithm::Sha256.digest(black_box(&document)));
            });
            let at = "2026-11-22T08:00:00+07:00".parse().unwrap();
            let sign = || pades::SignatureBuilder::new(&document, at).sign(&signer).unwrap();
            c.bench_function(&format!("sign {name} {key}"), |b| b.iter(sign));
            let signed = sign();
            let validator = validator(at);
            c.bench_function(&format!("verify {name} {key}"), |b| {
                b.iter(|| validator.validate(&signed).unwrap());
            });
        }
    }
}

/// The same key in ring, without any format around it.
fn bare_key(c: &mut Criterion, key: &str) {
    let pem = fs::read(test_file(&format!("{key}.key.pem"))).unwrap();
    let (_, der) = der::pem::decode_vec(&pem).unwrap();
    let random = ring::rand::SystemRandom::new();
    let message = [7; 200];
    if key == "p256" {
        let scheme = &signature::ECDSA_P256_SHA256_ASN1_SIGNING;
        let pair = signature::EcdsaKeyPair::from_pkcs8(scheme, &der, &random).unwrap();
        let sign = || pair.sign(&random, &message).unwrap();
        c.bench_function(&format!("sign alone {key}"), |b| b.iter(sign));
        let public = signature::UnparsedPublicKey::new(
            &signature::ECDSA_P256_SHA256_ASN1,
            pair.public_key().as_ref().to_vec(),
        );
        let value = sign();
        let verify = || public.verify(&message, value.as_ref()).unwrap();
        c.bench_function(&format!("verify alone {key}"), |b| b.iter(verify));
    } else {
        let pair = signature::RsaKeyPair::from_pkcs8(&der).unwrap();
        let sign = || {
            let mut value = vec![0; pair.public().modulus_len()];
            pair.sign(&signature::RSA_PKCS1_SHA256, &random, &message, &mut value).unwrap();
            value
        };
        c.bench_function(&format!("sign alone {key}"), |b| b.iter(sign));
        let public = signature::UnparsedPublicKey::new(
            &signature::RSA_PKCS1_2048_8192_SHA256,
            pair.public_key().as_ref().to_vec(),
        );
        let value = sign();
        let verify = || public.verify(&message, &value).unwrap();
        c.bench_function(&format!("verify alone {key}"), |b| b.iter(verify));
    }
}

/// Documents a second, and how many times as long as key operation and hashing take.
fn table(since: SystemTime) {
    let mut rows = Vec::new();
    for operation in ["sign", "verify"] {
        for key in KEYS {
            let alone = measured(&format!("{operation} alone {key}"), since);
            for (size, _) in SIZES {
                let hash = measured(&format!("hash {size} {key}"), since);
                rows.push((format!("{operation} {size} {key}"), alone, hash));
            }
        }
    }
    let mut table = String::new();
    for (name, alone, hash) in rows {
        // Nothing was measured in a trial run, or not all of it when only some was asked for.
        if let (Some(whole), Some(alone), Some(hash)) = (measured(&name, since), alone, hash) {
            let ratio = whole / (alone + hash);
            writeln!(table, "{name:24} {:12.1} {ratio:8.2}", 1e9 / whole).unwrap();
        }
    }
    if !table.is_empty() {
        println!("{:24} {:>12} {:>8}\n{table}", "", "documents/s", "ratio");
        println!("ratio: to the bare key operation and hashing the document once");
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

fn signer(key: &str) -> impl Signer {
    let key_pem = fs::read(test_file(&format!("{key}.key.pem"))).unwrap();
    let certificate = fs::read(test_file(&format!("{key}.crt.pem"))).unwrap();
    SoftwareSigner::from_pem(&key_pem, &certificate).unwrap()
}

/// Trusts the test CA, so that the path is validated too.
fn validator(at: UtcTime) -> Validator {
    let root = fs::read(test_file("ca.crt.pem")).unwrap();
    Validator::new(TrustStore::from_bytes(&root).unwrap(), Policy::pilot(), at)
}

fn test_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/keys").join(name)
}

/// A page and a content stream of some 20 KB for every 20 KB asked for.
fn pdf(size: usize) -> Vec<u8> {
    let stream: String =
        (0..1000).map(|n| format!("{n:04} {:04} m 0 0 l S\n", n * 7 % 842)).collect();
    let pages = size.div_ceil(stream.len());
    let kids: String = (0..pages).map(|n| format!("{} 0 R ", 3 + 2 * n)).collect();
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        format!("<< /Type /Pages /Count {pages} /Kids [ {kids}] /MediaBox [0 0 595 842] >>"),
    ];
    for n in 0..pages {
        let content = 4 + 2 * n;
        objects.push(format!("<< /Type /Page /Parent 2 0 R /Contents {content} 0 R >>"));
        let length = stream.len();
        objects.push(format!("<< /Length {length} >>\nstream\n{stream}\nendstream"));
    }
    let mut out = String::from("%PDF-1.7\n");
    let mut table = String::from("0000000000 65535 f \n");
    for (index, object) in objects.iter().enumerate() {
        writeln!(table, "{:010} 00000 n ", out.len()).unwrap();
        writeln!(out, "{} 0 obj\n{object}\nendobj", index + 1).unwrap();
    }
    let (size, at) = (objects.len() + 1, out.len());
    write!(out, "xref\n0 {size}\n{table}trailer\n<< /Size {size} /Root 1 0 R >>\n").unwrap();
    write!(out, "startxref\n{at}\n%%EOF\n").unwrap();
    out.into_bytes()
}

fn main() {
    let start = SystemTime::now();
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    documents(&mut criterion);
    criterion.final_summary();
    table(start);
}
