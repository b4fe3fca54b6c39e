//! Time-stamps both ways with OpenSSL, when it is at hand: it answers what we ask and we
//! read it; and it verifies the tokens of the tests' own authority, so that what these
//! prove to us is worth something.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, unreachable_pub)]

mod support;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use kyso::tsp::{TimeStampAuthority, TimeStampRequest, TimeStampToken};
use kyso::{DigestAlgorithm, Limits, Result};
use rcgen::KeyPair;
use support::pki::Pki;
use support::{certificate_pem, tsa};

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
    fn verifies(&self, token: &TimeStampToken) -> bool {
        self.put("token", token.der());
        let files = ["-in", "token", "-token_in", "-data", "document", "-CAfile", "root.pem"];
        let at = token.time().unix().to_string();
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
        None => println!("skipped: openssl 3 is not at hand"),
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
                assert!(openssl.verifies(&token), "{digest} {reference}");

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

#[test]
fn openssl_verifies_the_tests_own_tokens() {
    with_openssl(|pki, openssl| {
        let tsa = pki.tsa();
        for digest in DIGESTS {
            let token = tsa.at("2026-06-15T12:00:00.5Z").time_stamp(&digest.digest(DOCUMENT));
            assert!(openssl.verifies(&token.unwrap()), "{digest}");
        }
        let other = tsa.time_stamp(&DigestAlgorithm::Sha256.digest(b"another")).unwrap();
        assert!(!openssl.verifies(&other));
        let uncritical = pki.tsa_with(|it| it.custom_extensions = vec![tsa::time_stamping(false)]);
        let token = uncritical.time_stamp(&DigestAlgorithm::Sha256.digest(DOCUMENT)).unwrap();
        assert!(!openssl.verifies(&token), "its extended key usage is not critical");
    });
}
