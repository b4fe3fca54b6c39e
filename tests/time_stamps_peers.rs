//! Time-stamps both ways with OpenSSL and pyHanko, when they are at hand: OpenSSL answers
//! what we ask; and both judge the tokens of the tests' own authority as we do, so that
//! what these prove to us is worth something. `tests/interop/run` brings pyHanko.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use kyso::tsp::{TimeStampRequest, TimeStampToken};
use kyso::{Conclusion, DigestAlgorithm, Limits, Policy, Result, UtcTime, Validator};
use rcgen::{KeyPair, date_time_ymd};
use support::certificate_pem;
use support::cms::{items, tlv};
use support::pki::Pki;
use support::tsa::{self, TestTsa};

const DOCUMENT: &[u8] = b"a document";
const DIGESTS: [DigestAlgorithm; 3] =
    [DigestAlgorithm::Sha256, DigestAlgorithm::Sha384, DigestAlgorithm::Sha512];

/// The configuration of an authority, as OpenSSL's manual has it.
const AUTHORITY: &str = "
[tsa]
serial = serial
signer_cert = tsa.pem
certs = issuers.pem
signer_key = tsa.key.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
other_policies = 1.2.3.4.5
digests = sha256, sha384, sha512
accuracy = secs:1, millisecs:500, microsecs:100
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = ESS_ALG
";

struct Openssl {
    folder: tempfile::TempDir,
}

impl Openssl {
    /// An authority under `pki`, and its trust; nothing where there is no OpenSSL 3.
    fn new(pki: &Pki) -> Option<Self> {
        let openssl = Self { folder: tempfile::tempdir().unwrap() };
        let version = Command::new("openssl").arg("version").output().ok()?;
        if !version.stdout.starts_with(b"OpenSSL 3") {
            return None;
        }
        let key = KeyPair::generate().unwrap();
        let certificate = pki.middle.certify(&tsa::params("TSA of OpenSSL", 55).unwrap(), &key);
        openssl.put("tsa.pem", certificate_pem(certificate.der()));
        openssl.put("tsa.key.pem", key.serialize_pem());
        openssl.put("issuers.pem", certificate_pem(pki.middle.certificate.der()));
        openssl.put("root.pem", certificate_pem(pki.root.certificate.der()));
        openssl.put("serial", "01");
        openssl.put("document", DOCUMENT);
        Some(openssl)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("openssl");
        command.args(arguments).current_dir(self.folder.path()).output().unwrap()
    }

    /// The answer to this request.
    fn answer(&self, request: &TimeStampRequest, reference: &str) -> Vec<u8> {
        self.put("tsa.conf", AUTHORITY.replace("ESS_ALG", reference));
        self.put("request", request.to_der().unwrap());
        let answer = ["-config", "tsa.conf", "-section", "tsa", "-queryfile", "request"];
        let done = self.run(&[&["ts", "-reply"], &answer[..], &["-out", "answer"]].concat());
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        fs::read(self.path("answer")).unwrap()
    }

    /// Whether it takes a token for one over the document.
    fn verifies(&self, token: &[u8]) -> bool {
        self.put("token", token);
        let files = ["-in", "token", "-token_in", "-data", "document", "-CAfile", "root.pem"];
        let at = time_of(token).to_string();
        let done = self.run(&[&["ts", "-verify"], &files[..], &["-attime", &at]].concat());
        // Shown where a test fails.
        println!("{}", String::from_utf8_lossy(&done.stderr));
        done.status.success()
    }
}

fn with_openssl(test: impl FnOnce(&Pki, &Openssl)) {
    let pki = Pki::new();
    match Openssl::new(&pki) {
        Some(openssl) => test(&pki, &openssl),
        None => support::skipped("openssl 3 is not at hand"),
    }
}

fn accept(request: &TimeStampRequest, answer: &[u8]) -> Result<TimeStampToken> {
    request.accept(answer, &Limits::default())
}

#[test]
fn openssl_answers_what_we_ask() {
    with_openssl(|_, openssl| {
        for digest in DIGESTS {
            for reference in ["sha1", "sha256", "sha512"] {
                let request = TimeStampRequest::new(&digest.digest(DOCUMENT)).unwrap();
                let answer = openssl.answer(&request, reference);
                let token = accept(&request, &answer).unwrap();
                assert_eq!(token.imprint(), Some(digest.digest(DOCUMENT)));
                assert_eq!(token.policy(), "1.2.3.4.1");
                assert_eq!(token.accuracy().unwrap().as_micros(), 1_500_100);
                assert!(openssl.verifies(token.der()), "{digest} {reference}");

                let other = TimeStampRequest::new(&digest.digest(DOCUMENT)).unwrap();
                let error = accept(&other, &answer).unwrap_err().to_string();
                assert!(error.contains("nonce"), "{error}");
            }
        }
    });
}

#[test]
fn openssl_refuses_in_words() {
    with_openssl(|_, openssl| {
        let request = || TimeStampRequest::new(&DigestAlgorithm::Sha256.digest(DOCUMENT)).unwrap();
        let known = request().with_policy("1.2.3.4.5").unwrap();
        let token = accept(&known, &openssl.answer(&known, "sha256")).unwrap();
        assert_eq!(token.policy(), "1.2.3.4.5");
        let unknown = request().with_policy("1.2.3.4.6").unwrap();
        let error = accept(&unknown, &openssl.answer(&unknown, "sha256")).unwrap_err().to_string();
        for part in ["rejection", "unacceptedPolicy", "Requested policy is not supported"] {
            assert!(error.contains(part), "{part} is not in {error}");
        }
    });
}

fn time_of(token: &[u8]) -> i64 {
    TimeStampToken::from_der(token, &Limits::default()).unwrap().time().unix()
}

/// As an authority answers it, right or wrong; no client looks at it.
fn token(tsa: &TestTsa) -> Vec<u8> {
    let request = TimeStampRequest::new(&DigestAlgorithm::Sha256.digest(DOCUMENT)).unwrap();
    let answer = tsa.respond(&request.to_der().unwrap()).unwrap();
    tlv(0x30, items(items(&answer)[0].1)[1].1)
}

/// Tokens, and whether each proves that the document existed.
fn tokens(pki: &Pki) -> Vec<(&'static str, Vec<u8>, bool)> {
    let tsa = pki.tsa();
    let purpose = |usages: &[&str], critical: bool| {
        let purpose = tsa::purpose(usages, critical);
        token(&pki.tsa_with(|it| it.custom_extensions = vec![purpose]))
    };
    let (stamping, signing) = ("1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.3");
    vec![
        ("good", token(&tsa), true),
        ("with a fraction", token(&tsa.at("2026-06-15T12:00:00.5Z")), true),
        (
            "over another document",
            token(&tsa.answering(|it| *it.imprint.last_mut().unwrap() ^= 1)),
            false,
        ),
        ("forged", token(&tsa.answering(|it| it.forged = true)), false),
        ("of two signers", token(&tsa.answering(|it| it.signers = 2)), false),
        ("naming another certificate", token(&tsa.answering(|it| it.named.push(0))), false),
        ("not critically for time-stamps", purpose(&[stamping], false), false),
        ("for other things, too", purpose(&[stamping, signing], true), false),
        ("for other things", purpose(&[signing], true), false),
        (
            "by an expired authority",
            token(&pki.tsa_with(|it| it.not_after = date_time_ymd(2026, 6, 1))),
            false,
        ),
        ("by an authority unknown here", token(&Pki::new().tsa()), false),
    ]
}

/// Tokens that pyHanko takes all the same: it wants the one purpose to be there, but
/// neither alone nor critical, as RFC 3161 §2.3 has it.
const LAX: [&str; 2] = ["not critically for time-stamps", "for other things, too"];

fn we_verify(pki: &Pki, token: &[u8]) -> bool {
    let at = UtcTime::from_unix(time_of(token)).unwrap();
    let report = Validator::new(pki.trust(), Policy::pilot(), at)
        .validate_time_stamp(&token.to_vec(), &DOCUMENT.to_vec())
        .unwrap();
    report.conclusion() == Some(Conclusion::TotalPassed)
}

#[test]
fn tokens_are_judged() {
    let pki = Pki::new();
    for (name, token, good) in tokens(&pki) {
        assert_eq!(we_verify(&pki, &token), good, "{name}");
    }
}

#[test]
fn openssl_judges_tokens_as_we_do() {
    with_openssl(|pki, openssl| {
        for (name, token, good) in tokens(pki) {
            let theirs = openssl.verifies(&token);
            assert_eq!(theirs, good, "{name}");
        }
    });
}

#[test]
fn pyhanko_judges_tokens_as_we_do() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("target/peers/bin/python");
    if !python.exists() {
        support::skipped(format_args!("no {}; tests/interop/run makes it", python.display()));
        return;
    }
    let (pki, folder) = (Pki::new(), tempfile::tempdir().unwrap());
    let path = |name: &str| folder.path().join(name);
    fs::write(path("root.pem"), certificate_pem(pki.root.certificate.der())).unwrap();
    fs::write(path("document"), DOCUMENT).unwrap();
    let tokens = tokens(&pki);
    let mut command = Command::new(python);
    command.arg(root.join("tests/interop/tokens.py")).args([path("root.pem"), path("document")]);
    for (n, (_, token, _)) in tokens.iter().enumerate() {
        fs::write(path(&n.to_string()), token).unwrap();
        command.arg(path(&n.to_string()));
    }
    let done = command.output().unwrap();
    let said = String::from_utf8(done.stdout).unwrap();
    println!("{said}{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(said.lines().count(), tokens.len());
    for ((name, _, good), said) in tokens.into_iter().zip(said.lines()) {
        assert_eq!(said == "good", good || LAX.contains(&name), "{name}: {said}");
    }
}
