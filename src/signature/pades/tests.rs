//! PDFs of every producer at hand, signed once and twice, judged by other programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};

use super::*;
use crate::crypto::{DigestAlgorithm, SignatureAlgorithm};
use crate::error::{Error, ErrorKind, Result};
use crate::keys::{SignatureValue, Signer, ToBeSigned};
use crate::limits::Limits;
use crate::pki::Certificate;
use crate::time::UtcTime;

/// The P-256 key of the test data.
pub(super) struct TestSigner {
    key: EcdsaKeyPair,
    chain: Vec<Certificate>,
}

fn pem(path: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/keys").join(path);
    let text = fs::read_to_string(path).unwrap();
    let body: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(body).unwrap()
}

pub(super) fn signer() -> TestSigner {
    let random = SystemRandom::new();
    let key = pem("p256.key.pem");
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &key, &random).unwrap();
    let chain = ["p256.crt.pem", "ca.crt.pem"];
    let chain = chain.map(|path| Certificate::from_der(&pem(path)).unwrap()).to_vec();
    TestSigner { key, chain }
}

impl Signer for TestSigner {
    fn certificate_chain(&self) -> &[Certificate] {
        &self.chain
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha256)
    }

    fn sign(&self, to_be_signed: &ToBeSigned) -> Result<SignatureValue> {
        let value = self
            .key
            .sign(&SystemRandom::new(), to_be_signed.bytes())
            .map_err(|_| Error::new(ErrorKind::Signer, "the key refused"))?;
        Ok(SignatureValue::new(value.as_ref().to_vec()))
    }
}

pub(super) fn time() -> UtcTime {
    "2026-11-22T01:00:00Z".parse().unwrap()
}

/// The project's own PDFs, by name.
pub(super) fn samples() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/pdf");
    let mut samples: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "pdf"))
        .map(|path| {
            (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap())
        })
        .collect();
    samples.sort();
    samples
}

pub(super) fn sample(name: &str) -> Vec<u8> {
    samples().into_iter().find(|it| it.0 == name).unwrap().1
}

/// What a program says of a file; nothing where there is no such program.
fn ask(program: &str, arguments: &[&str], pdf: &[u8]) -> Option<(bool, String)> {
    let file = tempfile::Builder::new().suffix(".pdf").tempfile().unwrap();
    fs::write(file.path(), pdf).unwrap();
    match Command::new(program).args(arguments).arg(file.path()).output() {
        Ok(output) => {
            let text = [output.stdout, output.stderr].concat();
            Some((output.status.success(), String::from_utf8_lossy(&text).into_owned()))
        }
        Err(_) => {
            println!("skipped: no {program}");
            None
        }
    }
}

fn judged_by_others(name: &str, pdf: &[u8], signatures: usize) {
    if let Some((clean, text)) = ask("qpdf", &["--check"], pdf) {
        assert!(clean && !text.contains("WARNING"), "{name}: {text}");
    }
    if let Some((_, text)) = ask("pdfsig", &["-nocert"], pdf) {
        let valid = text.matches("Signature is Valid").count();
        assert_eq!(valid, signatures, "{name}: {text}");
        assert!(text.contains("Total document signed"), "{name}: {text}");
    }
}

#[test]
fn every_producers_file_is_signed_twice() {
    let (leader, seal) = (signer(), signer());
    for (name, original) in samples() {
        if name == "qpdf-encrypted.pdf" {
            continue;
        }
        let once = SignatureBuilder::new(&original, time())
            .reason("Phê duyệt")
            .location("Hà Nội")
            .sign(&leader)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(&once[..original.len()], &original[..], "{name}: the original's bytes");
        judged_by_others(&name, &once, 1);
        let twice = SignatureBuilder::new(&once, time().plus_seconds(60))
            .rectangle([100.0, 100.0, 200.0, 150.0])
            .sub_filter(SubFilter::AdbePkcs7Detached)
            .sign(&seal)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(&twice[..once.len()], &once[..], "{name}: the first signature's bytes");
        judged_by_others(&name, &twice, 2);
        judged_by_us(&name, &twice);
        if let Some(folder) = std::env::var_os("KYSO_KEEP") {
            fs::write(PathBuf::from(folder).join(&name), &twice).unwrap();
        }
    }
}

#[test]
fn encrypted_files_are_refused_by_name() {
    let error =
        SignatureBuilder::new(&sample("qpdf-encrypted.pdf"), time()).sign(&signer()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("encrypted"), "{error}");
}

/// Leader and seal, as `every_producers_file_is_signed_twice` makes them.
fn judged_by_us(name: &str, pdf: &Vec<u8>) {
    let found = parse(pdf, &Limits::default()).unwrap();
    let [leader, seal] = &found.signatures[..] else { panic!("{name}: two signatures") };
    assert_eq!(found.defects, [], "{name}");
    for (n, signature) in [leader, seal].into_iter().enumerate() {
        assert_eq!(signature.findings, [], "{name}");
        assert_eq!(signature.field, format!("Signature{}", n + 1), "{name}");
        assert_eq!((signature.page, signature.permitted), (Some(1), None), "{name}");
        assert_eq!(signature.revision, Some(found.revisions - 1 + n), "{name}");
        let wanted = [(signature.byte_range.unwrap(), DigestAlgorithm::Sha256)];
        let digest = digests(pdf, &wanted).unwrap().remove(0);
        let held = signature.contents.windows(32).any(|it| it == digest.value());
        assert!(held, "{name}: the message digest is in the CMS");
    }
    assert_eq!(leader.reason.as_deref(), Some("Phê duyệt"));
    assert_eq!(leader.location.as_deref(), Some("Hà Nội"));
    assert_eq!((leader.claimed_time, seal.reason.as_ref()), (Some(time()), None));
    assert_eq!(leader.sub_filter.as_deref(), Some("ETSI.CAdES.detached"));
    assert_eq!(seal.sub_filter.as_deref(), Some("adbe.pkcs7.detached"));
    assert_eq!((leader.covers_whole_file, seal.covers_whole_file), (false, true), "{name}");
    assert_eq!(leader.later_changes, LaterChanges::Signatures, "{name}");
    assert_eq!((seal.later_changes, seal.bytes_following), (LaterChanges::None, 0), "{name}");
}
