//! Signatures over any file: read back here, and by OpenSSL where it is at hand.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use super::{SignatureBuilder, StructuralLevel};
use crate::crypto::{DigestAlgorithm, PssParameters, SignatureAlgorithm, verify};
use crate::encoding::asn1::Value;
use crate::error::ErrorKind;
use crate::keys::{SignatureValue, Signer, SigningOverride, SoftwareSigner};
use crate::limits::Limits;
use crate::pki::Certificate;
use crate::signature::cms::{SignedData, SignerInfo, unarmoured};
use crate::signature::request::Prepared;
use crate::source::Seekable;
use crate::time::UtcTime;

fn keys() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/keys")
}

fn signer(name: &str) -> SoftwareSigner {
    signer_with(name, name)
}

fn signer_with(key: &str, certificate: &str) -> SoftwareSigner {
    let read = |file: String| fs::read(keys().join(file)).unwrap();
    let certificates = [read(format!("{certificate}.crt.pem")), read("ca.crt.pem".into())].concat();
    SoftwareSigner::from_pem(&read(format!("{key}.key.pem")), &certificates).unwrap()
}

fn time() -> UtcTime {
    "2026-11-22T01:00:00Z".parse().unwrap()
}

fn every_signer() -> Vec<SoftwareSigner> {
    use DigestAlgorithm::{Sha256, Sha384, Sha512};
    let rsa = |algorithm| signer("rsa2048").with_algorithm(algorithm).unwrap();
    vec![
        signer("rsa2048"),
        rsa(SignatureAlgorithm::RsaPkcs1(Sha384)),
        rsa(SignatureAlgorithm::RsaPkcs1(Sha512)),
        rsa(SignatureAlgorithm::RsaPss(PssParameters::new(Sha256))),
        rsa(SignatureAlgorithm::RsaPss(PssParameters::new(Sha512))),
        signer("rsa3072"),
        signer("rsa4096"),
        signer("p256"),
        signer("p384"),
        signer("ed25519"),
    ]
}

/// Whether the CMS is a sound BASELINE-B signature over these bytes.
fn check(bytes: &[u8], document: &[u8], signer: &dyn Signer, enveloping: bool) {
    let cms = SignedData::parse(bytes, &Limits::default()).unwrap();
    let info = cms.signers()[0].as_ref().unwrap();
    let attributes = info.signed_attributes().unwrap();
    assert_eq!(attributes.faults(), []);
    assert_eq!(attributes.to_be_signed().unwrap(), attributes.as_stored());
    assert_eq!(attributes.signing_time(), Ok(Some(time())));
    // Whether its certificates were read before or not.
    for read in [&[], signer.certificate_chain()] {
        assert_eq!(StructuralLevel::of(&cms, info, read, true), StructuralLevel::BaselineB);
    }
    let protected = attributes.algorithm_protection().unwrap().unwrap();
    assert!(protected.matches(info.digest_identifier(), info.signature_identifier()));

    let held = cms.content().map(|content| content.bytes().unwrap().into_owned());
    assert_eq!(held.as_deref(), enveloping.then_some(document));
    let digest = info.digest_algorithm().unwrap().digest(document);
    assert_eq!(attributes.message_digest().unwrap().unwrap().as_ref(), digest.value());
    assert_eq!(info.signature_algorithm().unwrap(), Some(signer.algorithm()));
    let chain = signer.certificate_chain();
    assert_eq!(cms.certificates().len(), chain.len());
    let certificate = info.find_certificate(chain).unwrap();
    assert_eq!(certificate, &chain[0]);
    let over = info.bytes_to_verify().unwrap().unwrap();
    let value = verify(certificate.public_key_info(), signer.algorithm(), &over, info.signature());
    assert!(value.unwrap().is_valid());
}

/// What OpenSSL says; nothing where it is absent or does not know the algorithm.
fn openssl(signature: &[u8], document: &[u8], algorithm: SignatureAlgorithm) -> Option<bool> {
    if algorithm == SignatureAlgorithm::Ed25519 {
        return None;
    }
    openssl_verify(signature, document, &["-cades"])
}

/// As [`openssl`], with options of its own.
fn openssl_verify(signature: &[u8], document: &[u8], options: &[&str]) -> Option<bool> {
    let folder = tempfile::tempdir().unwrap();
    let (cms, content) = (folder.path().join("cms"), folder.path().join("content"));
    fs::write(&cms, signature).unwrap();
    fs::write(&content, document).unwrap();
    let out = Command::new("openssl")
        .args(["cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any"])
        .args(options)
        .args(["-out", "/dev/null", "-CAfile"])
        .arg(keys().join("ca.crt.pem"))
        .arg("-in")
        .arg(&cms)
        .arg("-content")
        .arg(&content)
        .output();
    match out {
        Ok(out) => Some(out.status.success()),
        Err(error) => {
            assert_eq!(error.kind(), io::ErrorKind::NotFound);
            println!("skipped: openssl is not there");
            None
        }
    }
}

#[test]
fn every_algorithm_makes_a_baseline_b_signature() {
    let document = "Kính gửi: Văn phòng.".as_bytes();
    for signer in every_signer() {
        for enveloping in [false, true] {
            let builder = SignatureBuilder::new(document, time());
            let builder = if enveloping { builder.enveloping() } else { builder };
            let bytes = builder.sign(&signer).unwrap();
            check(&bytes, document, &signer, enveloping);
            let algorithm = signer.algorithm();
            assert_ne!(openssl(&bytes, document, algorithm), Some(false), "{algorithm}");
        }
    }
    let bytes = SignatureBuilder::new(document, time()).sign(&signer("p256")).unwrap();
    assert_ne!(openssl(&bytes, b"another", signer("p256").algorithm()), Some(true));
}

/// Lengths around the steps of DER, from memory and from a stream.
#[test]
fn documents_of_every_length() {
    let signer = signer("p256");
    for length in [0, 1, 127, 128, 255, 256, 65_535, 65_536, 300_000] {
        let document = vec![b'x'; length];
        for enveloping in [false, true] {
            let stream = Seekable::new(io::Cursor::new(document.clone())).unwrap();
            let builder = SignatureBuilder::new(&stream, time());
            let builder = if enveloping { builder.enveloping() } else { builder };
            let mut out = Vec::new();
            builder.sign_to(&signer, &mut out).unwrap();
            check(&out, &document, &signer, enveloping);
        }
    }
}

#[test]
fn the_value_may_come_tomorrow() {
    let (document, signer) = (b"a document".as_slice(), signer("rsa2048"));
    let builder = SignatureBuilder::new(document, time()).enveloping().mime_type("text/plain");
    let prepared = builder.prepare(signer.certificate_chain(), signer.algorithm()).unwrap();
    let kept = serde_json::to_string(&prepared).unwrap();
    assert!(!kept.contains("a document"));

    let again = || serde_json::from_str::<Prepared>(&kept).unwrap();
    let value = signer.sign(again().to_be_signed()).unwrap();
    let signed = again().complete(&value).unwrap();
    check(&signed.to_vec(document).unwrap(), document, &signer, true);
    let other = signed.to_vec(b"b document".as_slice()).unwrap_err();
    assert_eq!(other.kind(), ErrorKind::Misuse);

    let mut wrong = value.bytes().to_vec();
    wrong[7] ^= 1;
    let refused = again().complete(&SignatureValue::new(wrong)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Signer);
}

/// What is known of a value is known of one document and one certificate.
#[test]
fn a_value_that_was_just_made_fits_one_place() {
    let time = time();
    let prepared = |document: &[u8], signer: &SoftwareSigner| {
        let builder = SignatureBuilder::new(document, time);
        builder.prepare(signer.certificate_chain(), signer.algorithm()).unwrap()
    };
    for key in ["rsa2048", "p256"] {
        let signer = signer(key);
        let value = signer.sign(prepared(b"one", &signer).to_be_signed()).unwrap();
        let _ = prepared(b"one", &signer).complete(&value).unwrap();
        let refused = prepared(b"another", &signer).complete(&value).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Signer);
    }
}

#[test]
fn mime_type_is_signed() {
    let builder = SignatureBuilder::new(b"%PDF".as_slice(), time()).mime_type("application/pdf");
    let bytes = builder.sign(&signer("p256")).unwrap();
    let cms = SignedData::parse(&bytes, &Limits::default()).unwrap();
    let attributes = cms.signers()[0].as_ref().unwrap().signed_attributes().unwrap();
    assert_eq!(attributes.mime_type(), Ok(Some("application/pdf".into())));
}

#[test]
fn unfit_certificates_sign_only_when_told_so() {
    let document = b"a document".as_slice();
    for (name, by_name) in [
        ("expired", SigningOverride::ExpiredCertificate),
        ("future", SigningOverride::NotYetValidCertificate),
        ("encipherment", SigningOverride::KeyUsage),
    ] {
        let signer = signer_with("p256", name);
        let error = SignatureBuilder::new(document, time()).sign(&signer).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Signer, "{name}");
        let allowed = SignatureBuilder::new(document, time()).allow(by_name);
        check(&allowed.sign(&signer).unwrap(), document, &signer, false);
    }
}

/// Whether each signer of the CMS signed the document, and its certificate came with it.
fn signers_of(bytes: &[u8], document: &[u8]) -> Vec<bool> {
    let cms = SignedData::parse(bytes, &Limits::default()).unwrap();
    let certificates: Vec<_> =
        cms.certificates().iter().map(|der| Certificate::from_der(der).unwrap()).collect();
    let signed = |info: &SignerInfo<'_>| {
        let certificate = info.find_certificate(&certificates).unwrap();
        let digest = info.digest_algorithm().unwrap().digest(document);
        let algorithm = info.signature_algorithm().unwrap().unwrap();
        let over = info.bytes_to_verify().unwrap().unwrap();
        let key = certificate.public_key_info();
        let stated = info.signed_attributes().unwrap().message_digest().unwrap().unwrap();
        stated.as_ref() == digest.value()
            && verify(key, algorithm, &over, info.signature()).unwrap().is_valid()
    };
    cms.signers().iter().map(|it| signed(it.as_ref().unwrap())).collect()
}

#[test]
fn a_second_signer_leaves_the_first_as_it_was() {
    let document = fs::read(keys().join("../cms/content.txt")).unwrap();
    for first in ["detached.p7s", "keyid.p7s", "p384.p7s", "nocerts.p7s", "armoured.pem"] {
        let existing = fs::read(keys().join("../cms").join(first)).unwrap();
        let builder = SignatureBuilder::new(&document, time()).beside(&existing);
        let joined = builder.sign(&signer("p256")).unwrap();
        if first != "nocerts.p7s" {
            assert_eq!(signers_of(&joined, &document), [true, true], "{first}");
            assert_ne!(openssl_verify(&joined, &document, &[]), Some(false), "{first}");
        }

        let existing = unarmoured(&existing).unwrap();
        let info = signer_info(&existing);
        assert!(joined.windows(info.len()).any(|window| window == info), "{first}");
    }
}

/// The one `SignerInfo` of a CMS as it stands: the last element of the last.
fn signer_info(cms: &[u8]) -> &[u8] {
    let mut value = Value::only(cms, 16).unwrap();
    for _ in 0..4 {
        let mut values = value.values().unwrap();
        while let Some(next) = values.next().unwrap() {
            value = next;
        }
    }
    value.raw()
}

#[test]
fn three_signers_from_one_file() {
    let document = b"a document".as_slice();
    let mut cms = SignatureBuilder::new(document, time()).sign(&signer("rsa2048")).unwrap();
    for name in ["ed25519", "p384"] {
        let builder = SignatureBuilder::new(document, time()).beside(&cms);
        cms = builder.sign(&signer(name)).unwrap();
    }
    assert_eq!(signers_of(&cms, document), [true, true, true]);
    let read = SignedData::parse(&cms, &Limits::default()).unwrap();
    assert_eq!(read.certificates().len(), 4, "three signers and their one issuer");
}

#[test]
fn nobody_signs_beside_what_does_not_fit() {
    let document = b"a document".as_slice();
    let other = SignatureBuilder::new(b"another".as_slice(), time());
    let detached = other.sign(&signer("p256")).unwrap();
    let enveloping = SignatureBuilder::new(document, time()).enveloping();
    let enveloping = enveloping.sign(&signer("p256")).unwrap();
    for (existing, kind) in [
        (detached.as_slice(), ErrorKind::Misuse),
        (&enveloping, ErrorKind::Misuse),
        (b"no CMS", ErrorKind::Malformed),
    ] {
        let builder = SignatureBuilder::new(document, time()).beside(existing);
        assert_eq!(builder.sign(&signer("p256")).unwrap_err().kind(), kind);
    }
}
