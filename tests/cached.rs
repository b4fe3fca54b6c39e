//! Answers kept on disk: what serves, what does not, and what a broken folder does.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::unwrap_in_result,
    missing_docs,
    unreachable_pub
)]

mod support;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::{fs, thread};

use kyso::online::Cached;
use kyso::{
    Crl, Error, ErrorKind, Limits, Memory, Policy, Request, RequestKind, Retrieve, UtcTime,
    Validator,
};
use rcgen::{RevocationReason, date_time_ymd};
use support::net::Net;
use support::ocsp::{Answer, Question, Said};
use support::pki::{CRL_URL, LEAF, NOW, Pki};

const URL: &str = "http://crl.test/../../list.crl?a=/etc/passwd";

fn at(text: &str) -> UtcTime {
    text.parse().unwrap()
}

fn list() -> Vec<u8> {
    Pki::new().root.crl(&[]).der().to_vec()
}

fn get(url: &str) -> Request<'_> {
    Request::get(RequestKind::Crl, url, 1 << 20)
}

fn serving(bytes: &[u8]) -> Arc<Net> {
    Net::default().file(URL, bytes).shared()
}

fn cached<R: Retrieve>(inner: R, folder: &Path, time: &str) -> Cached<R> {
    Cached::new(inner, folder, at(time)).unwrap()
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut all: Vec<_> = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    all.sort();
    all
}

#[test]
fn a_list_is_asked_for_once_until_its_next_update() {
    let folder = tempfile::tempdir().unwrap();
    let (list, path) = (list(), folder.path());
    let net = serving(&list);
    for _ in 0..3 {
        assert_eq!(cached(net.clone(), path, NOW).retrieve(&get(URL)).unwrap(), list);
    }
    assert_eq!(net.urls(), [URL]);
    // Its nextUpdate is the first of July.
    let late = cached(net.clone(), path, "2026-07-01T00:00:01Z");
    assert_eq!(late.retrieve(&get(URL)).unwrap(), list);
    assert_eq!(net.urls().len(), 2);
    let name = files(path)[0].file_name().unwrap().to_str().unwrap().to_owned();
    assert!(files(path).len() == 1 && name.len() == 64, "{name}");
}

/// A policy may ask for newer answers than those that serve by themselves.
#[test]
fn an_answer_serves_no_longer_than_the_policy_lets_it() {
    let folder = tempfile::tempdir().unwrap();
    let net = serving(&list());
    for (time, asked) in [(NOW, 1), ("2026-06-15T00:30:00Z", 1), ("2026-06-15T02:00:00Z", 2)] {
        let cached = cached(net.clone(), folder.path(), time).with_max_age(3_600);
        cached.retrieve(&get(URL)).unwrap();
        assert_eq!(net.urls().len(), asked, "{time}");
    }
}

/// Whoever sits on the way could else put a list there that is asked instead of the true
/// one for ever: that it is not the issuer's is found out each time, and nothing is known.
#[test]
fn a_false_list_for_a_hundred_years_keeps_the_true_one_out_for_a_week() {
    let folder = tempfile::tempdir().unwrap();
    let lasting = |list: &mut rcgen::CertificateRevocationListParams| {
        list.next_update = date_time_ymd(2126, 6, 1);
    };
    let forged = Pki::new().root.crl_with(&[], lasting).der().to_vec();
    cached(serving(&forged), folder.path(), NOW).retrieve(&get(URL)).unwrap();
    let genuine = list();
    let later = |time| cached(serving(&genuine), folder.path(), time).retrieve(&get(URL)).unwrap();
    assert_eq!(later("2026-06-21T00:00:00Z"), forged);
    assert_eq!(later("2026-06-23T00:00:00Z"), genuine);
}

#[test]
fn without_anybody_what_is_kept_is_given_however_old() {
    let folder = tempfile::tempdir().unwrap();
    let list = list();
    let offline = || Cached::offline(folder.path(), at("2030-01-01T00:00:00Z")).unwrap();
    assert_eq!(offline().retrieve(&get(URL)).unwrap_err().kind(), ErrorKind::Service);
    cached(serving(&list), folder.path(), NOW).retrieve(&get(URL)).unwrap();
    assert_eq!(offline().retrieve(&get(URL)).unwrap(), list);
}

#[test]
fn another_question_has_another_answer() {
    let folder = tempfile::tempdir().unwrap();
    let list = list();
    cached(serving(&list), folder.path(), NOW).retrieve(&get(URL)).unwrap();
    let offline = Cached::offline(folder.path(), at(NOW)).unwrap();
    let other = URL.replace("list", "List");
    for request in [
        get(&other),
        Request::get(RequestKind::Certificates, URL, 1 << 20),
        Request::post(RequestKind::Ocsp, URL, b"question", 1 << 20),
        Request::get(RequestKind::Crl, URL, 10),
    ] {
        assert!(offline.retrieve(&request).is_err(), "{request:?}");
    }
}

/// What cannot be read, what refuses, and what does not say how long it serves.
#[test]
fn what_is_not_worth_keeping_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    for (kind, answer) in [
        (RequestKind::Crl, b"<html>Not found</html>".to_vec()),
        (RequestKind::Ocsp, support::ocsp::refusal(3)),
        (RequestKind::TimeStamp, list()),
    ] {
        let net = serving(&answer);
        let request = Request::get(kind, URL, 1 << 20);
        assert_eq!(cached(net, folder.path(), NOW).retrieve(&request).unwrap(), answer);
        assert!(files(folder.path()).is_empty(), "{kind:?}");
    }
}

#[test]
fn a_broken_file_is_asked_for_anew() {
    let folder = tempfile::tempdir().unwrap();
    let list = list();
    let net = serving(&list);
    cached(net.clone(), folder.path(), NOW).retrieve(&get(URL)).unwrap();
    let file = files(folder.path()).remove(0);
    let whole = fs::read(&file).unwrap();
    let mut forged = whole.clone();
    forged[200] ^= 1;
    for broken in [forged, whole[..whole.len() / 2].to_vec(), Vec::new()] {
        fs::write(&file, broken).unwrap();
        let offline = Cached::offline(folder.path(), at(NOW)).unwrap();
        assert!(offline.retrieve(&get(URL)).is_err());
        assert_eq!(cached(net.clone(), folder.path(), NOW).retrieve(&get(URL)).unwrap(), list);
        assert_eq!(fs::read(&file).unwrap(), whole, "it was not mended");
    }
}

/// Another's file in the folder is neither read nor taken away.
#[test]
fn the_folder_stays_within_its_bound() {
    let folder = tempfile::tempdir().unwrap();
    let stranger = folder.path().join("notes.txt");
    fs::write(&stranger, vec![b'x'; 100_000]).unwrap();
    let list = list();
    let most = u64::try_from(list.len() * 4).unwrap();
    for n in 0..12 {
        let url = format!("http://crl.test/{n}");
        let net = Net::default().file(&url, &list).shared();
        let cached = cached(net, folder.path(), NOW).with_most_bytes(most);
        assert_eq!(cached.retrieve(&get(&url)).unwrap(), list);
        let all = files(folder.path());
        let held = all.iter().filter(|it| **it != stranger);
        let held: u64 = held.map(|it| fs::metadata(it).unwrap().len()).sum();
        assert!(held <= most && held > 0, "{held} of {most}");
    }
    assert!(stranger.exists());
    let tiny = cached(serving(&list), folder.path(), NOW).with_most_bytes(10);
    assert_eq!(tiny.retrieve(&get(URL)).unwrap(), list, "what cannot be kept is used");
}

/// As several processes would: nobody ever sees half an answer.
#[test]
fn many_share_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let list = list();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for n in 0..20 {
                    let time = if n % 2 == 0 { NOW } else { "2027-01-01T00:00:00Z" };
                    let cached = cached(serving(&list), folder.path(), time);
                    assert_eq!(cached.retrieve(&get(URL)).unwrap(), list);
                }
            });
        }
    });
    assert_eq!(files(folder.path()).len(), 1, "parts are left: {:?}", files(folder.path()));
}

#[test]
fn a_folder_that_cannot_be_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    let error = Cached::offline(file.join("folder"), at(NOW)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
}

/// A validation that asked once goes the same way without a network.
#[test]
fn a_validation_is_repeated_offline() {
    let folder = tempfile::tempdir().unwrap();
    let pki = Pki::new();
    let leaf = pki.middle.crl(&[]);
    let net = Net::default().file(CRL_URL, leaf.der()).shared();
    let validate = |retrieval: Arc<dyn Retrieve>| {
        let report = Validator::new(pki.trust(), Policy::default(), at(NOW))
            .with_crls([pki.root.crl(&[])])
            .with_retrieval(retrieval)
            .validate(&pki.signed())
            .unwrap();
        report.conclusion().unwrap().to_string()
    };
    let offline = || Arc::new(Cached::offline(folder.path(), at(NOW)).unwrap());
    assert_eq!(validate(offline()), "INDETERMINATE/TRY_LATER");
    assert_eq!(validate(Arc::new(cached(net, folder.path(), NOW))), "TOTAL_PASSED");
    assert_eq!(validate(offline()), "TOTAL_PASSED");
}

/// Each answer of a responder is kept by the question: issuer and certificate.
#[test]
fn answers_of_a_responder_are_kept_by_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let pki = Pki::new();
    let key = rcgen::KeyPair::from_pem(&pki.root.issuer.key().serialize_pem()).unwrap();
    let answer = Answer::new(Said::Good, date_time_ymd(2026, 6, 1));
    let question = Question::about(&pki.middle.certificate, &pki.root);
    let bytes = answer.to(&question, &key);
    let (first, second) = (question.id.clone(), vec![1; question.id.len()]);
    let ask = |body| Request::post(RequestKind::Ocsp, URL, body, 1 << 20);
    let net = serving(&bytes);
    for _ in 0..2 {
        cached(net.clone(), folder.path(), NOW).retrieve(&ask(&first)).unwrap();
    }
    cached(net.clone(), folder.path(), NOW).retrieve(&ask(&second)).unwrap();
    assert_eq!(net.urls().len(), 2);
    let down = Net::default().at(URL, |_| Err(Error::new(ErrorKind::Service, "down"))).shared();
    let kept = cached(down, folder.path(), NOW).retrieve(&ask(&first)).unwrap();
    assert_eq!(kept, bytes);
}

/// Answers, and how often each was asked for.
#[derive(Debug)]
struct Counting<R> {
    inner: R,
    given: Mutex<Vec<String>>,
}

impl<R: Retrieve> Retrieve for Counting<R> {
    fn retrieve(&self, request: &Request<'_>) -> kyso::Result<Vec<u8>> {
        self.given.lock().unwrap().push(request.url.to_owned());
        self.inner.retrieve(request)
    }

    fn remembers(&self) -> bool {
        self.inner.remembers()
    }

    fn edition(&self, request: &Request<'_>) -> Option<Vec<u8>> {
        self.inner.edition(request)
    }
}

/// A list of a million entries takes longer than all else about a document.
#[test]
fn a_kept_list_is_read_once_for_many_documents() {
    let (pki, folder) = (Pki::new(), tempfile::tempdir().unwrap());
    let list = |revoked: &[(u64, RevocationReason)], day| {
        pki.middle.crl_with(revoked, |list| {
            list.this_update = date_time_ymd(2026, 6, day);
            list.next_update = date_time_ymd(2026, 6, day + 10);
        })
    };
    let memory = Memory::new();
    // Another validator each time, as on another day.
    let judge = |list: &Crl, time: &str, limits: Limits| {
        let net = Net::default().file(CRL_URL, list.der()).shared();
        let counting =
            Counting { inner: cached(net, folder.path(), time), given: Mutex::default() };
        let counting = Arc::new(counting);
        let retrieval: Arc<dyn Retrieve> = counting.clone();
        let validator = Validator::new(pki.trust(), Policy::default(), at(time))
            .with_crls([pki.root.crl(&[])])
            .with_limits(limits)
            .with_memory(&memory)
            .with_retrieval(retrieval);
        let conclusion = validator.validate(&pki.signed()).unwrap().conclusion().unwrap();
        let given = counting.given.lock().unwrap().len();
        (conclusion.to_string(), given)
    };
    let (first, usual) = (list(&[], 10), Limits::default);
    let good = |given| ("TOTAL_PASSED".to_owned(), given);
    assert_eq!(judge(&first, NOW, usual()), good(1));
    // It was not kept when it came.
    assert_eq!(judge(&first, NOW, usual()), good(1));
    for _ in 0..3 {
        assert_eq!(judge(&first, "2026-06-19T00:00:00Z", usual()), good(0));
    }
    // Bounds are the same for what was read before.
    let mut small = usual();
    small.retrieved_bytes = 100;
    assert_eq!(judge(&first, NOW, small).0, "INDETERMINATE/TRY_LATER");
    // The next one is due.
    let next = list(&[(LEAF, RevocationReason::KeyCompromise)], 20);
    let revoked = |given| ("INDETERMINATE/REVOKED_NO_POE".to_owned(), given);
    let later = "2026-06-21T00:00:00Z";
    assert_eq!(judge(&next, later, usual()), revoked(1));
    assert_eq!(judge(&next, later, usual()), revoked(1));
    assert_eq!(judge(&next, later, usual()), revoked(0));
}
