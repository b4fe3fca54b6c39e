//! Services that others wrote, on loopback: certomancer's and OpenSSL's, where they are at
//! hand. `tests/interop/run` brings the first.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(clippy::panic, clippy::unwrap_in_result, clippy::print_stdout)]
#![allow(missing_docs, unreachable_pub)]
#![cfg(unix)]

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use kyso::online::Http;
use kyso::tsp::{Online, TimeStampAuthority};
use kyso::{
    Certificate, CertificateConclusion, CertificateReport, DigestAlgorithm, Policy, SoftwareSigner,
    TrustStore, UtcTime, Validator, cades,
};
use rcgen::{CustomExtension, KeyPair};
use support::pki::{self, Pki};

/// A program that is stopped when the test is done with it.
struct Served {
    child: Child,
    port: u16,
}

impl Served {
    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn http() -> Arc<Http> {
    Arc::new(Http::new().allow_private_addresses())
}

/// These services go by the machine's clock.
fn validator(trust: TrustStore) -> Validator {
    Validator::new(trust, Policy::default(), UtcTime::now()).with_retrieval(http())
}

struct Certomancer {
    folder: tempfile::TempDir,
    served: Served,
}

impl Certomancer {
    fn start() -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let program = root.join("target/peers/bin/certomancer");
        if !program.exists() {
            support::skipped(format_args!("no {}; tests/interop/run brings it", program.display()));
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        for name in ["root", "middle", "responder", "tsa", "good", "revoked"] {
            let key = KeyPair::generate().unwrap().serialize_pem();
            fs::write(folder.path().join(format!("{name}.key.pem")), key).unwrap();
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut command = Command::new(program);
        command.arg("--config").arg(root.join("tests/interop/certomancer.yml"));
        command.arg("--key-root").arg(folder.path());
        command.args(["--service-url-prefix", &format!("http://127.0.0.1:{port}"), "animate"]);
        command.args(["--no-web-ui", "--port", &port.to_string()]);
        // Whoever asks waits in the queue of a socket that listens before the server does: a
        // port that is only free can become somebody else's.
        command.envs([("WERKZEUG_RUN_MAIN", "true"), ("WERKZEUG_SERVER_FD", "0")]);
        command.stdin(OwnedFd::from(listener)).stdout(Stdio::null()).stderr(Stdio::null());
        Some(Self { folder, served: Served { child: command.spawn().unwrap(), port } })
    }

    fn certificate(&self, path: &str) -> Certificate {
        let url = self.served.url(&format!("/test/certs/{path}.crt"));
        let request = kyso::Request::get(kyso::RequestKind::Certificates, &url, 1 << 20);
        Certificate::from_der(&kyso::Retrieve::retrieve(&*http(), &request).unwrap()).unwrap()
    }

    fn trust(&self) -> TrustStore {
        [self.certificate("root/ca")].into_iter().collect()
    }

    fn tsa(&self) -> Online {
        Online::new(self.served.url("/test/tsa/tsa"), http())
    }

    /// The conclusion about a signature of this one, which holds no other certificate, and
    /// its proven time.
    fn judge(&self, name: &str, level: Option<&cades::Level<'_>>) -> (String, Option<UtcTime>) {
        let key = fs::read(self.folder.path().join(format!("{name}.key.pem"))).unwrap();
        let certificate = self.certificate(&format!("middle/issued/{name}"));
        let certificate = support::certificate_pem(certificate.der());
        let signer = SoftwareSigner::from_pem(&key, certificate.as_bytes()).unwrap();
        let document = b"a document".to_vec();
        let mut builder = cades::SignatureBuilder::new(&document, UtcTime::now()).enveloping();
        if let Some(level) = level {
            builder = builder.level(level);
        }
        let signature = builder.sign(&signer).unwrap();
        let report = validator(self.trust()).validate(&signature).unwrap();
        println!("{report}");
        let proven = report.signatures()[0].best_signature_time();
        (report.conclusion().unwrap().to_string(), proven)
    }
}

#[test]
fn certomancer_runs_the_pki() {
    let Some(certomancer) = Certomancer::start() else { return };
    let conclusion = |name| certomancer.judge(name, None).0;
    assert_eq!(conclusion("good"), "TOTAL_PASSED");
    assert_eq!(conclusion("revoked"), "INDETERMINATE/REVOKED_NO_POE");
}

#[test]
fn certomancer_issues_time_stamps() {
    let Some(certomancer) = Certomancer::start() else { return };
    let tsa = certomancer.tsa();
    let before = UtcTime::now().whole_seconds();
    for digest in [DigestAlgorithm::Sha256, DigestAlgorithm::Sha384, DigestAlgorithm::Sha512] {
        let imprint = digest.digest(b"a document");
        let token = tsa.time_stamp(&imprint).unwrap();
        assert_eq!(token.imprint(), Some(imprint));
        assert!(token.time() >= before && token.time() <= UtcTime::now());
    }
}

#[test]
fn certomancer_serves_all_levels() {
    let Some(certomancer) = Certomancer::start() else { return };
    let (tsa, validator) = (certomancer.tsa(), validator(certomancer.trust()));
    let before = UtcTime::now().whole_seconds();
    for level in [
        cades::Level::T(&tsa),
        cades::Level::Lt(&tsa, &validator),
        cades::Level::Lta(&tsa, &validator),
    ] {
        let (conclusion, proven) = certomancer.judge("good", Some(&level));
        assert_eq!(conclusion, "TOTAL_PASSED", "{level:?}");
        assert!(proven.is_some_and(|it| it >= before), "{level:?}: {proven:?}");
    }
}

/// OpenSSL's responder for the authority of `pki`, which knows one revoked certificate.
/// It says itself at which port it listens; whoever only knocks, it waits for forever.
fn openssl_ocsp(pki: &Pki, folder: &Path) -> Option<Served> {
    let version = Command::new("openssl").arg("version").output().ok()?;
    if !version.stdout.starts_with(b"OpenSSL 3") {
        return None;
    }
    let put = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).unwrap();
    put("ca.pem", support::certificate_pem(pki.middle.certificate.der()).as_bytes());
    put("ca.key.pem", pki.middle.issuer.key().serialize_pem().as_bytes());
    let line = |status, revoked, serial: u64| {
        format!("{status}\t400101000000Z\t{revoked}\t{serial:02X}\tunknown\t/CN=Leaf\n")
    };
    let good = line("V", "", GOOD);
    put("index", (good + &line("R", "260510000000Z,keyCompromise", REVOKED)).as_bytes());
    let mut command = Command::new("openssl");
    command.current_dir(folder).args(["ocsp", "-index", "index", "-CA", "ca.pem", "-ndays", "7"]);
    command.args(["-rsigner", "ca.pem", "-rkey", "ca.key.pem", "-port", "0"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    let mut said = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    let line = said.find(|line| line.as_ref().is_ok_and(|it| it.starts_with("ACCEPT")));
    // ACCEPT [::]:40841 PID=30195
    let address = line.unwrap().unwrap();
    let port = address.split_whitespace().nth(1).unwrap().rsplit_once(':').unwrap().1;
    Some(Served { port: port.parse().unwrap(), child })
}

const GOOD: u64 = 0x51;
const REVOKED: u64 = 0x52;
const UNKNOWN: u64 = 0x53;

#[test]
fn openssl_answers_about_certificates() {
    let (pki, folder) = (Pki::new(), tempfile::tempdir().unwrap());
    let Some(served) = openssl_ocsp(&pki, folder.path()) else {
        support::skipped("openssl 3 is not at hand");
        return;
    };
    let ask = |serial| check(&pki, serial, &served.url("/"));
    let good = ask(GOOD);
    assert_eq!(good.conclusion, Some(CertificateConclusion::Valid), "{good:?}");
    assert_eq!(good.revocation[0].source.as_deref(), Some("OCSP"), "{good:?}");
    let revoked = ask(REVOKED);
    assert_eq!(revoked.conclusion, Some(CertificateConclusion::Invalid), "{revoked:?}");
    assert_eq!(revoked.revocation[0].revoked_at, Some("2026-05-10T00:00:00Z".parse().unwrap()));
    assert_eq!(revoked.revocation[0].reason.as_deref(), Some("keyCompromise"));
    let unknown = ask(UNKNOWN);
    assert_eq!(unknown.conclusion, Some(CertificateConclusion::Indeterminate), "{unknown:?}");
}

/// A certificate whose status is behind this URL; the authority's own is in a list.
fn check(pki: &Pki, serial: u64, url: &str) -> CertificateReport {
    let mut params = pki::params("Leaf", serial);
    let access = support::ocsp::access(&[url], &[]);
    let identifier = [1, 3, 6, 1, 5, 5, 7, 1, 1];
    params.custom_extensions = vec![CustomExtension::from_oid_content(&identifier, access)];
    let leaf = pki.middle.certify(&params, &KeyPair::generate().unwrap());
    let list = pki.root.crl_with(&[], |list| {
        list.this_update = time::OffsetDateTime::now_utc();
        list.next_update = list.this_update + time::Duration::days(1);
    });
    validator(pki.trust())
        .with_certificates([pki.middle.certificate.clone()])
        .with_crls([list])
        .check_certificate(&leaf)
        .unwrap()
}
