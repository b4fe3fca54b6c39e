//! Requests and answers between ourselves, and what a hostile authority may answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rcgen::KeyPair;

use super::exhaust::exhaust;
use super::sample::{Answer, TestTsa, params};
use super::{Online, Several, TimeStampAuthority, TimeStampInfo, TimeStampRequest, TimeStampToken};
use crate::crypto::{Digest, DigestAlgorithm};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::retrieval::{Request, RequestKind, Retrieve};

const URL: &str = "http://tsa.test/";

fn tsa() -> TestTsa {
    with_key(KeyPair::generate().unwrap())
}

fn with_key(key: KeyPair) -> TestTsa {
    let certificate = params("TSA", 1).unwrap().self_signed(&key).unwrap();
    TestTsa::new(key, vec![certificate.der().to_vec()])
}

fn imprint() -> Digest {
    DigestAlgorithm::Sha256.digest(b"a document")
}

fn ask(tsa: &TestTsa) -> Result<TimeStampToken> {
    tsa.time_stamp(&imprint())
}

/// What comes of an answer that is other than asked for.
fn refused(change: impl Fn(&mut Answer) + Send + Sync + 'static) -> (ErrorKind, String) {
    let error = ask(&tsa().answering(change)).unwrap_err();
    (error.kind(), error.to_string())
}

#[test]
fn a_token_is_what_was_asked_for() {
    let token = ask(&tsa().at("2026-06-15T01:02:03.25Z")).unwrap();
    assert_eq!(token.time(), "2026-06-15T01:02:03.25Z".parse().unwrap());
    assert_eq!(token.imprint(), Some(imprint()));
    assert_eq!(token.policy(), "1.3.6.1.4.1.99999.1");
    assert_eq!(token.serial().len(), 18);
    assert_eq!(token.accuracy(), None);
    let again = TimeStampToken::from_der(token.der(), &Limits::default()).unwrap();
    assert_eq!(again, token);
}

#[test]
fn an_authority_out_of_its_time_is_refused() {
    for (at, said) in [
        ("2040-01-01T00:00:00Z", None),
        ("2040-01-01T00:00:01Z", Some("expired at 2040-01-01")),
        ("2020-01-01T00:00:00Z", None),
        ("2019-12-31T23:59:59Z", Some("is good from 2020-01-01")),
    ] {
        let Some(said) = said else {
            assert!(ask(&tsa().at(at)).is_ok(), "{at}");
            continue;
        };
        let error = ask(&tsa().at(at)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Service);
        assert!(error.to_string().contains(said), "{error}");
        assert!(error.to_string().contains("CN=TSA"), "{error}");
    }
}

#[test]
fn every_digest_and_key_but_sha1() {
    let keys =
        [&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_ED25519];
    for key in keys {
        let tsa = with_key(KeyPair::generate_for(key).unwrap());
        for by in [DigestAlgorithm::Sha256, DigestAlgorithm::Sha384, DigestAlgorithm::Sha512] {
            let online = Online::new(URL, Arc::new(tsa.clone())).with_digest_algorithm(by);
            let imprint = online.digest_algorithm().digest(b"a document");
            assert_eq!(online.time_stamp(&imprint).unwrap().imprint(), Some(imprint));
        }
    }
    let sha1 = DigestAlgorithm::Sha1.digest(b"a document");
    assert_eq!(tsa().time_stamp(&sha1).unwrap_err().kind(), ErrorKind::Misuse);
}

/// RFC 3161 §2.4.1, octet by octet.
#[test]
fn a_request_is_der() {
    let request = TimeStampRequest::new(&imprint()).unwrap().with_policy("1.2.3").unwrap();
    let der = request.to_der().unwrap();
    let (head, rest) = der.split_at(20);
    let expected =
        [0x30, 0x45, 2, 1, 1, 0x30, 0x2f, 0x30, 0x0b, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];
    assert_eq!(head, expected);
    let (digest, rest) = rest.split_at(34);
    assert_eq!(digest, [&[4, 32], imprint().value()].concat());
    let (policy, rest) = rest.split_at(4);
    assert_eq!(policy, [6, 2, 0x2a, 3]);
    let (nonce, rest) = rest.split_at(10);
    assert!(nonce.starts_with(&[2, 8]) && (0x40..0x80).contains(&nonce[2]), "{nonce:02x?}");
    assert_eq!(rest, [1, 1, 0xff]);

    let read = TimeStampRequest::from_der(&der, &Limits::default()).unwrap();
    assert_eq!(read, request);
    assert_eq!((read.imprint(), read.policy()), (Some(imprint()), Some("1.2.3".to_owned())));
    assert!(read.asks_for_certificates());
    assert_ne!(
        TimeStampRequest::new(&imprint()).unwrap(),
        TimeStampRequest::new(&imprint()).unwrap()
    );
    assert_eq!(read.with_policy("none").unwrap_err().kind(), ErrorKind::Misuse);
}

#[test]
fn another_answer_is_refused() {
    let service = |what: &str, change: fn(&mut Answer)| {
        let (kind, text) = refused(change);
        assert_eq!(kind, ErrorKind::Service, "{text}");
        assert!(text.contains(URL.trim_end_matches('/')) && text.contains(what), "{text}");
    };
    service("over something else", |it| *it.imprint.last_mut().unwrap() ^= 1);
    service("nonce", |it| *it.nonce.last_mut().unwrap() ^= 1);
    service("nonce", |it| it.nonce.clear());
    service("1.2.3", |it| {
        it.rest = vec![0xa1, 11, 0x30, 9, 6, 2, 0x2a, 3, 1, 1, 0xff, 4, 0];
    });
    service("missing", |it| it.token = false);
    service("one signer", |it| it.signers = 0);
    service("one signer", |it| it.signers = 2);
    service("does not verify", |it| it.forged = true);
    service("not in the token", |it| it.certificates.clear());
    service("not in the token", |it| it.named.push(0));
    service("1.2.840.113549.1.7.1", |it| it.content_type = "1.2.840.113549.1.7.1");
    service("genTime", |it| it.time = "20260615000000+0700".to_owned());
    service("genTime", |it| it.time = "202606150000Z".to_owned());
}

#[test]
fn another_policy_is_refused() {
    let online = |tsa: TestTsa| Online::new(URL, Arc::new(tsa)).with_policy("1.2.3").unwrap();
    assert_eq!(online(tsa()).time_stamp(&imprint()).unwrap().policy(), "1.2.3");
    // Whatever was asked for, it gives what it has.
    let stubborn = Stubborn(tsa());
    let online = Online::new(URL, Arc::new(stubborn)).with_policy("1.2.4").unwrap();
    let error = online.time_stamp(&imprint()).unwrap_err();
    assert!(error.to_string().contains("another policy"), "{error}");
}

/// Answers as if no policy had been asked for.
#[derive(Debug)]
struct Stubborn(TestTsa);

impl Retrieve for Stubborn {
    fn retrieve(&self, request: &Request<'_>) -> Result<Vec<u8>> {
        let asked = TimeStampRequest::from_der(request.body.unwrap(), &Limits::default())?;
        let body = asked.with_policy("1.2.3")?.to_der()?;
        self.0.retrieve(&Request::post(RequestKind::TimeStamp, URL, &body, request.most_bytes))
    }
}

#[test]
fn a_refusal_says_why() {
    // A text and the bits 0 and 25 of failInfo.
    let (kind, text) = refused(|it| {
        (it.status, it.token) = (2, false);
        it.status_rest = vec![0x30, 5, 12, 3, b'N', b'o', b'\n', 3, 5, 6, 0x80, 0, 0, 0x40];
    });
    assert_eq!(kind, ErrorKind::Service);
    for part in ["rejection", "badAlg", "systemFailure", "\"No\\n\""] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(!text.contains("badRequest"), "{text}");
    for (status, word) in [(3, "waiting"), (4, "revocationWarning"), (5, "revoked"), (99, "99")] {
        // A token that comes along all the same is none.
        let (kind, text) = refused(move |it| it.status = status);
        assert!(kind == ErrorKind::Service && text.contains(word), "{text}");
    }
}

/// RFC 3161 §2.4.2: granted, but not in all respects. It is compared all the same.
#[test]
fn granted_with_modifications() {
    let tsa = tsa();
    let granted = |it: &mut Answer| it.status = 1;
    assert!(ask(&tsa.answering(granted)).is_ok());
    let (_, text) = refused(|it| (it.status, it.nonce) = (1, vec![2, 1, 1]));
    assert!(text.contains("nonce"), "{text}");
}

#[test]
fn the_rest_of_what_a_token_says() {
    let token = ask(&tsa().answering(|it| {
        // 1 s, 500 ms, 20 µs; ordered; of a directory name; with an uncritical extension.
        it.accuracy = vec![0x30, 10, 2, 1, 1, 0x80, 2, 1, 0xf4, 0x81, 1, 20, 1, 1, 0xff];
        it.rest =
            [&[0xa0, 4, 0xa4, 2, 0x30, 0][..], &[0xa1, 8, 0x30, 6, 6, 2, 0x2a, 3, 4, 0]].concat();
    }))
    .unwrap();
    assert_eq!(token.accuracy(), Some(std::time::Duration::from_micros(1_500_020)));
    let info = token.info();
    assert!(info.ordering && info.critical_extension.is_none());
    assert_eq!(info.authority_name.as_deref(), Some(&[0xa4, 2, 0x30, 0][..]));
    for accuracy in [vec![0x30, 4, 0x80, 2, 3, 0xe8], vec![0x30, 3, 0x81, 1, 0xff]] {
        let (_, text) = refused(move |it| it.accuracy = accuracy.clone());
        assert!(text.contains("accuracy"), "{text}");
    }
    // Fields in another order than the type has.
    let (_, text) = refused(|it| it.accuracy = vec![1, 1, 0xff, 0x30, 0]);
    assert!(text.contains("TSTInfo"), "{text}");
}

/// Fails in its own way, and counts how often it was asked.
#[derive(Debug)]
struct Down(&'static str, ErrorKind, Arc<AtomicU32>);

impl Retrieve for Down {
    fn retrieve(&self, _: &Request<'_>) -> Result<Vec<u8>> {
        self.2.fetch_add(1, Ordering::Relaxed);
        Err(Error::new(self.1, self.0))
    }
}

#[test]
fn the_next_authority_steps_in() {
    let asked = Arc::new(AtomicU32::new(0));
    let down = |what, kind| -> Box<dyn TimeStampAuthority + Send + Sync> {
        let retrieve = Arc::new(Down(what, kind, asked.clone()));
        Box::new(
            Online::new(format!("http://{what}.test"), retrieve)
                .with_digest_algorithm(DigestAlgorithm::Sha512),
        )
    };
    let several = Several::new(vec![
        down("silent", ErrorKind::Service),
        down("endless", ErrorKind::LimitExceeded),
        Box::new(tsa().answering(|it| it.nonce.clear())),
        Box::new(tsa()),
        down("spared", ErrorKind::Service),
    ]);
    assert_eq!(several.digest_algorithm(), DigestAlgorithm::Sha512);
    let imprint = several.digest_algorithm().digest(b"a document");
    assert_eq!(several.time_stamp(&imprint).unwrap().imprint(), Some(imprint.clone()));
    assert_eq!(asked.load(Ordering::Relaxed), 2);

    let none = Several::new(vec![
        down("silent", ErrorKind::Service),
        Box::new(tsa().answering(|it| it.nonce.clear())),
    ]);
    let error = none.time_stamp(&imprint).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Service);
    for part in ["http://silent.test", "http://tsa.test", "nonce"] {
        assert!(error.to_string().contains(part), "{error}");
    }
    let misuse = |several: Several| several.time_stamp(&imprint).unwrap_err().kind();
    assert_eq!(misuse(Several::new(Vec::new())), ErrorKind::Misuse);
    assert_eq!(misuse(Several::new(vec![down("wrong", ErrorKind::Misuse)])), ErrorKind::Misuse);
}

#[test]
fn every_truncation_and_every_bit() {
    let limits = Limits::default();
    let request = TimeStampRequest::new(&imprint()).unwrap();
    let body = request.to_der().unwrap();
    let response = tsa().respond(&body).unwrap();
    let token = request.accept(&response, &limits).unwrap();
    assert!(exhaust(&body) && exhaust(&response) && exhaust(token.der()));
    for whole in [&body, &response, &token.der().to_vec()] {
        for end in 0..whole.len() {
            assert!(!exhaust(&whole[..end]), "{end} bytes");
        }
        assert!(!exhaust(&[whole, &[0][..]].concat()), "a byte more");
    }
    // Whatever bit is another: either it is refused, or the token says the same.
    for at in 0..response.len() {
        for bit in 0..8 {
            let mut changed = response.clone();
            changed[at] ^= 1 << bit;
            exhaust(&changed);
            if let Ok(other) = request.accept(&changed, &limits) {
                assert_eq!(other.info(), token.info(), "bit {bit} of byte {at}");
            }
        }
    }
}

#[test]
fn bounds_are_named() {
    let limits = Limits { time_stamp_bytes: 100, ..Limits::default() };
    let online = Online::new(URL, Arc::new(tsa())).with_limits(limits.clone());
    let error = online.time_stamp(&imprint()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded, "{error}");
    let read = TimeStampRequest::from_der(&[0; 101], &limits).unwrap_err();
    assert_eq!(read.kind(), ErrorKind::LimitExceeded);
    let deep = [[0x30, 0x80].repeat(100_000), vec![0; 200_000]].concat();
    assert!(TimeStampInfo::read(&deep, &Limits::default()).is_err());
}

/// The policy of a token may be under an arc of 2 that is beyond 39 (X.660 §6.1).
#[test]
fn large_numbers_of_a_policy_are_read() {
    let mut info = ask(&tsa()).unwrap().info().clone();
    info.policy = vec![0x82, 0x12, 0x84, 0x37, 0x86, 0x7a];
    assert_eq!(info.policy(), "2.194.567.890");
    info.policy = vec![0x80; 40];
    assert_eq!(info.policy(), "");
}
