//! Two hundred PDFs of some 111 KB, signed and verified on one thread and on all: how much
//! faster they are done by more, and beside it what the bytes' hash and the key cost alone, and
//! how much faster the machine does those on threads that share nothing.
//!
//! `cargo bench --all-features --bench batch`; `-- --test` does each once, with few.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

#[path = "speed/documents.rs"]
#[allow(dead_code, reason = "each bench uses a part of it")]
mod documents;

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::thread::{self, available_parallelism};
use std::time::{Duration, Instant};

use kyso::batch::{Batch, Made, Outcome, SignatureRequest, ToSign, ToVerify};
use kyso::{
    DigestAlgorithm, Policy, Prepared, Result, Signer, SoftwareSigner, TrustStore, UtcTime,
    Validator, pades,
};
use ring::signature::{self, KeyPair, UnparsedPublicKey};

const SIZE: usize = 111_000;
/// How long each row is measured for.
const EFFORT: Duration = Duration::from_secs(10);
const AT: &str = "2026-11-22T08:00:00+07:00";

/// Others' bytes, as if they had been read.
struct Document<'a>(&'a Vec<u8>);

impl ToSign for Document<'_> {
    type Document = Vec<u8>;
    type Kept = Vec<u8>;

    fn open(&self) -> Result<Vec<u8>> {
        Ok(self.0.clone())
    }

    fn request<'a>(&'a self, document: &'a Vec<u8>) -> Result<SignatureRequest<'a>> {
        Ok(pades::SignatureBuilder::new(document, AT.parse()?).into())
    }

    fn keep(&self, made: &Made<'_>) -> Result<Vec<u8>> {
        made.to_vec()
    }
}

impl ToVerify for Document<'_> {
    type Document = Vec<u8>;

    fn open(&self) -> Result<Vec<u8>> {
        Ok(self.0.clone())
    }
}

fn main() {
    let trial = std::env::args().any(|it| it == "--test");
    let (count, effort) = if trial { (4, Duration::ZERO) } else { (200, EFFORT) };
    let cores = available_parallelism().map_or(1, Into::into);
    let documents: Vec<_> = (0..count).map(|n| documents::pdf(SIZE, n)).collect();
    let (size, long) = (documents[0].len() / 1000, effort.as_secs());
    println!("{count} PDFs of {size} KB, best of all within {long} s; seconds");
    let title = ["floor", "ratio", "1 thr.", &format!("{cores} thr."), "ratio", "of it"];
    let [floor, most, one, all, ratio, share] = title;
    println!("{:16} {floor:>8} {most:>6} {one:>8} {all:>8} {ratio:>6} {share:>6}", "");
    for key in ["rsa2048", "p256"] {
        let signer = signer(key);
        // Each is let go as soon as it is there, as where it is written out.
        let sign = |threads, kept: &mut dyn FnMut(Vec<u8>)| {
            let batch = Batch::new().threads(threads);
            let each = |_, it: Outcome<Vec<u8>>| kept(it.into_result().unwrap());
            batch.sign_all(&signer, documents.iter().map(Document), each).unwrap();
        };
        let mut signed = Vec::new();
        sign(0, &mut |it| signed.push(it));
        // The floor: every byte hashed once, and the key once for each.
        let prepared = prepared(&documents[0], &signer);
        let message = prepared.to_be_signed();
        let alone = || drop(black_box(signer.sign(message).unwrap()));
        let floor = |threads| bare(&documents, threads, &alone);
        let times = best(effort, cores, &floor, &|threads| sign(threads, &mut drop));
        row(&format!("sign {key}"), times);

        let root = fs::read(test_file("ca.crt.pem")).unwrap();
        let trust = TrustStore::from_bytes(&root).unwrap();
        let validator = Validator::new(trust, Policy::pilot(), AT.parse::<UtcTime>().unwrap());
        let verify = |threads| {
            let each = |_, it: Outcome<_>| drop(it.into_result().unwrap());
            let batch = Batch::new().threads(threads);
            batch.verify_all(&validator, signed.iter().map(Document), each).unwrap();
        };
        let (public, value) = (public_key(key), signer.sign(message).unwrap());
        let alone = || public.verify(message.bytes(), value.bytes()).unwrap();
        let times = best(effort, cores, &|threads| bare(&documents, threads, &alone), &verify);
        row(&format!("verify {key}"), times);
    }
    println!("ratio: how many times as fast all threads are as one, of the floor and of the batch");
    println!("of it: the batch's ratio by the floor's, which is what the machine itself gains");
}

/// What nobody can do without, on threads that have nothing to do with one another.
fn bare(documents: &[Vec<u8>], threads: usize, key: &(dyn Fn() + Sync)) {
    thread::scope(|scope| {
        for some in documents.chunks(documents.len().div_ceil(threads)) {
            scope.spawn(move || {
                for document in some {
                    black_box(DigestAlgorithm::Sha256.digest(document));
                    key();
                }
            });
        }
    });
}

fn row(name: &str, times: [Duration; 4]) {
    let [floor, most, one, all] = times.map(|it| it.as_secs_f64());
    let (most, ratio) = (floor / most, one / all);
    let share = ratio / most;
    println!("{name:16} {floor:8.4} {most:6.2} {one:8.4} {all:8.4} {ratio:6.2} {share:6.2}");
}

/// The same key in ring, without any format around it.
fn public_key(key: &str) -> UnparsedPublicKey<Vec<u8>> {
    let pem = fs::read(test_file(&format!("{key}.key.pem"))).unwrap();
    let (_, der) = der::pem::decode_vec(&pem).unwrap();
    if key == "p256" {
        let random = ring::rand::SystemRandom::new();
        let scheme = &signature::ECDSA_P256_SHA256_ASN1_SIGNING;
        let pair = signature::EcdsaKeyPair::from_pkcs8(scheme, &der, &random).unwrap();
        let public = pair.public_key().as_ref().to_vec();
        return UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_ASN1, public);
    }
    let pair = signature::RsaKeyPair::from_pkcs8(&der).unwrap();
    let public = pair.public_key().as_ref().to_vec();
    UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, public)
}

/// The shortest of the floor and of the batch, each on one thread and on all, in turns: others
/// on the machine only make it longer, and what takes a hundredth of a second is tried as long
/// as what takes a tenth, to be met by them as little.
fn best(
    effort: Duration,
    cores: usize,
    floor: &dyn Fn(usize),
    batch: &dyn Fn(usize),
) -> [Duration; 4] {
    let time = |(work, threads): (&dyn Fn(usize), usize)| {
        let start = Instant::now();
        work(threads);
        start.elapsed()
    };
    let all = [(floor, 1), (floor, cores), (batch, 1), (batch, cores)];
    let (start, mut best) = (Instant::now(), [Duration::MAX; 4]);
    loop {
        let times = all.map(time);
        best = std::array::from_fn(|n| best[n].min(times[n]));
        if start.elapsed() >= effort {
            return best;
        }
    }
}

fn prepared(document: &Vec<u8>, signer: &dyn Signer) -> Prepared {
    let builder = pades::SignatureBuilder::new(document, AT.parse().unwrap());
    builder.prepare(signer.certificate_chain(), signer.algorithm()).unwrap()
}

fn signer(key: &str) -> SoftwareSigner {
    let [key, certificate] =
        ["key", "crt"].map(|it| fs::read(test_file(&format!("{key}.{it}.pem"))));
    SoftwareSigner::from_pem(&key.unwrap(), &certificate.unwrap()).unwrap()
}

fn test_file(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/keys").join(name)
}
