//! What is remembered is used for the same question alone.

use super::Memory;
use super::build::{PathFinder, Search, ValidatedPath};
use super::checks::Checks;
use super::memory::{Key, Remembered};
use super::requirements::{PathRequirements, ValidityModel};
use super::tests::{at, authority, party, trusting};
use crate::error::ErrorKind;
use crate::limits::Limits;
use crate::pki::{Certificate, TrustAnchor, TrustStore};
use crate::time::UtcTime;

/// A question that has an answer.
#[derive(Clone)]
struct Question {
    end_entity: Certificate,
    candidates: Vec<Certificate>,
    trust: TrustStore,
    requirements: PathRequirements,
    at: UtcTime,
    limits: Limits,
}

impl Question {
    fn new() -> Self {
        let (root, middle) = (authority("root"), authority("middle"));
        Self {
            end_entity: party("leaf").issued_by(&middle),
            candidates: vec![middle.issued_by(&root)],
            trust: trusting([root.self_issued()]),
            requirements: PathRequirements::default(),
            at: at("2026-06-01T00:00:00Z"),
            limits: Limits::default(),
        }
    }

    fn finder<'a>(&'a self, checks: &'a Checks) -> PathFinder<'a> {
        let Self { candidates, trust, requirements, at, limits, .. } = self;
        let at = *at;
        PathFinder {
            trust,
            candidates,
            at,
            requirements,
            checks,
            check: None,
            issuers: None,
            limits,
        }
    }

    fn ask(&self, memory: &Memory) -> Search {
        self.finder(&Checks::with(memory)).find(&self.end_entity).unwrap()
    }

    fn answer(&self, memory: &Memory) -> Option<ValidatedPath> {
        match self.ask(memory) {
            Search::Found(path) => Some(path),
            Search::NotFound(_) => None,
        }
    }
}

/// A memory that answers the question with a path that no search would find.
fn planted(question: &Question) -> (Memory, ValidatedPath) {
    let memory = Memory::new();
    let stranger = Question::new().answer(&Memory::new()).unwrap();
    let checks = Checks::default();
    let key = Key::of(&question.finder(&checks), &question.end_entity);
    memory.remember_path(key, Remembered { path: stranger.clone(), signatures: Vec::new() });
    (memory, stranger)
}

#[test]
fn the_same_question_is_answered_from_memory() {
    let question = Question::new();
    let (memory, stranger) = planted(&question);
    let answered = question.answer(&memory).unwrap();
    assert_eq!(answered.certificates(), stranger.certificates());
    // Certificates are what their bytes are, wherever they were read.
    let mut again = question.clone();
    again.end_entity = Certificate::from_der(question.end_entity.der()).unwrap();
    again.trust = question.trust.anchors().iter().cloned().collect();
    assert_eq!(again.answer(&memory).unwrap().certificates(), stranger.certificates());
}

#[test]
fn whatever_is_asked_differently_is_searched_anew() {
    type Change = fn(&mut Question);
    let changes: [(&str, Change); 13] = [
        ("end entity", |it| it.end_entity = Question::new().end_entity),
        ("no candidates", |it| it.candidates.clear()),
        ("another candidate", |it| it.candidates.push(authority("other").self_issued())),
        ("a candidate twice", |it| it.candidates.push(it.candidates[0].clone())),
        ("another anchor", |it| it.trust.merge(trusting([authority("other").self_issued()]))),
        ("no anchor", |it| it.trust = TrustStore::new()),
        ("a label", |it| it.trust = anchors(it, |anchor| anchor.with_domain("công vụ"))),
        ("a sunset", |it| {
            it.trust = anchors(it, |anchor| anchor.with_sunset(at("2030-01-01T00:00:00Z")));
        }),
        ("constraints", |it| {
            it.trust = anchors(it, TrustAnchor::with_constraints_of_certificate);
        }),
        ("requirements", |it| it.requirements.max_depth = Some(5)),
        ("model", |it| it.requirements.validity_model = ValidityModel::Chain),
        ("limits", |it| it.limits.path_length -= 1),
        ("before", |it| it.at = at("1999-01-01T00:00:00Z")),
    ];
    for (what, change) in changes {
        let mut question = Question::new();
        let (memory, stranger) = planted(&question);
        change(&mut question);
        let found = question.answer(&memory);
        let alone = question.answer(&Memory::new());
        let certificates =
            |it: &Option<ValidatedPath>| it.clone().map(|it| it.certificates().to_vec());
        assert_eq!(certificates(&found), certificates(&alone), "{what}");
        assert_ne!(certificates(&found).as_deref(), Some(stranger.certificates()), "{what}");
    }
}

fn anchors(question: &Question, change: impl Fn(TrustAnchor) -> TrustAnchor) -> TrustStore {
    question.trust.anchors().iter().cloned().map(change).collect()
}

#[test]
fn the_callers_own_check_is_asked_each_time() {
    let question = Question::new();
    let (memory, stranger) = planted(&question);
    let checks = Checks::with(&memory);
    let rejects = |_: &[Certificate], _: &TrustAnchor| Err("no".to_owned());
    let accepts = |_: &[Certificate], _: &TrustAnchor| Ok(());
    let finder = PathFinder { check: Some(&accepts), ..question.finder(&checks) };
    match finder.find(&question.end_entity).unwrap() {
        Search::Found(path) => assert_ne!(path.certificates(), stranger.certificates()),
        Search::NotFound(why) => panic!("{why:?}"),
    }
    let finder = PathFinder { check: Some(&rejects), ..question.finder(&checks) };
    assert!(matches!(finder.find(&question.end_entity).unwrap(), Search::NotFound(_)));
}

/// Another time is another question where something begins or ends between the two.
#[test]
fn times_are_told_apart_by_what_they_change() {
    let mut question = Question::new();
    let sunset = at("2026-09-01T00:00:00Z");
    question.trust = anchors(&question, |anchor| anchor.with_sunset(sunset));
    let (memory, stranger) = planted(&question);
    let is_remembered = |time: UtcTime| {
        let found = Question { at: time, ..question.clone() }.answer(&memory);
        found.is_some_and(|it| it.certificates() == stranger.certificates())
    };
    let (from, to) = (question.end_entity.not_before(), question.end_entity.not_after());
    let last = to.min(sunset);
    for within in [from, from.plus_seconds(1), question.at, last.plus_seconds(-1), last] {
        assert!(is_remembered(within), "{within}");
    }
    for outside in [from.plus_seconds(-1), last.plus_seconds(1), to.plus_seconds(1)] {
        assert!(!is_remembered(outside), "{outside}");
    }
}

/// A path that held is none once its certificate has expired, and again none the second
/// time: what fails is not remembered.
#[test]
fn only_what_holds_is_remembered() {
    let memory = Memory::new();
    let mut question = Question::new();
    assert!(question.answer(&memory).is_some());
    question.at = question.end_entity.not_after().plus_seconds(1);
    for _ in 0..2 {
        assert!(question.answer(&memory).is_none());
    }
    assert!(format!("{memory:?}").contains("paths: 1"), "{memory:?}");
}

/// What is remembered counts for a document as what is computed does.
#[test]
fn bounds_do_not_depend_on_what_came_before() {
    let memory = Memory::new();
    let mut question = Question::new();
    assert!(question.answer(&memory).is_some());
    question.limits.paths_signatures = 1;
    for memory in [&memory, &Memory::new()] {
        let found = question.finder(&Checks::with(memory)).find(&question.end_entity);
        assert_eq!(found.unwrap_err().kind(), ErrorKind::LimitExceeded);
    }
    // Two searches of one document share a bound, and the authority's signature.
    question.limits.paths_signatures = 2;
    for _ in 0..2 {
        let checks = Checks::with(&memory);
        for _ in 0..2 {
            question.finder(&checks).find(&question.end_entity).unwrap();
        }
        let other = Question::new();
        let finder = PathFinder { limits: &question.limits, ..other.finder(&checks) };
        let found = finder.find(&other.end_entity);
        assert_eq!(found.unwrap_err().kind(), ErrorKind::LimitExceeded);
    }
}

#[test]
fn a_signature_that_is_wrong_stays_wrong() {
    let (memory, root) = (Memory::new(), authority("root"));
    let mut question = Question::new();
    // Of the same name with another key.
    question.candidates = vec![authority("middle").issued_by(&root)];
    question.trust = trusting([root.self_issued()]);
    for _ in 0..2 {
        assert!(question.answer(&memory).is_none());
    }
}

#[test]
fn no_more_is_kept_than_allowed() {
    let memory = Memory::new();
    let limits = Limits { remembered: 4, ..Limits::default() };
    let first = Question { limits: limits.clone(), ..Question::new() };
    for _ in 0..6 {
        let other = Question { limits: limits.clone(), ..Question::new() };
        // What is used stays.
        for question in [&first, &other] {
            assert!(question.answer(&memory).is_some());
            memory.certificate(question.end_entity.der(), &limits).unwrap();
        }
    }
    let kept = format!("{memory:?}");
    let numbers = kept.split(|c: char| !c.is_ascii_digit()).filter_map(|it| it.parse().ok());
    assert!(numbers.clone().count() == 4 && numbers.clone().all(|it: usize| it <= 8), "{kept}");
    let none = Limits { remembered: 0, ..Limits::default() };
    let memory = Memory::new();
    assert!(Question { limits: none, ..first }.answer(&memory).is_some());
    assert!(format!("{memory:?}").contains("paths: 0"), "{memory:?}");
}

#[test]
fn a_certificate_beyond_the_limit_is_not_given_from_memory() {
    let (memory, der) = (Memory::new(), authority("root").self_issued().der().to_vec());
    memory.certificate(&der, &Limits::default()).unwrap();
    let limits = Limits { certificate_bytes: der.len() - 1, ..Limits::default() };
    let error = memory.certificate(&der, &limits).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    assert!(memory.certificate(&der[1..], &Limits::default()).is_err());
}

#[test]
fn certificates_that_end_alike_are_told_apart() {
    let (memory, limits) = (Memory::new(), Limits::default());
    let one = authority("root").self_issued();
    let mut other = one.der().to_vec();
    let serial = one.serial_octets();
    let place = other.windows(serial.len()).position(|it| it == serial).unwrap();
    other[place + serial.len() - 1] ^= 1;
    for _ in 0..2 {
        for der in [one.der(), &other] {
            assert_eq!(memory.certificate(der, &limits).unwrap().der(), der);
        }
    }
    assert!(format!("{memory:?}").contains("certificates: 1"), "{memory:?}");
}
