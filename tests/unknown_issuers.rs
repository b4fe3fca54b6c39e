//! Authorities of whom nothing is known today: what they said serves by the standard, falls with
//! the news that they are revoked, and is asked for more by a policy that wants that.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, unreachable_pub)]
#![allow(clippy::arithmetic_side_effects)]

mod support;

use kyso::cades::{Augmenter, Level};
use kyso::{Crl, Issuers, Limits, OcspResponse, Policy, Report, TrustStore, UtcTime, Validator};
use rcgen::{CustomExtension, KeyPair, RevocationReason};
use support::ocsp::{Answer, Question, Said};
use support::pki::{self, Authority, LEAF, MIDDLE, NOW, Pki, TSA};
use support::tsa::{self, TestTsa};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const THEN: &str = "2026-06-14T00:00:00Z";
const SOON: &str = "2026-06-20T00:00:00Z";
const LATER: &str = "2028-06-20T00:00:00Z";
const KEY: RevocationReason = RevocationReason::KeyCompromise;

const TRY_LATER: &str = "INDETERMINATE/TRY_LATER";
const REVOKED_CA: &str = "INDETERMINATE/REVOKED_CA_NO_POE";
const PASSED: &str = "TOTAL_PASSED";

fn at(text: &str) -> OffsetDateTime {
    OffsetDateTime::parse(text, &Rfc3339).unwrap()
}

/// Time-stamps are by an authority under another anchor, which has news every week.
struct World {
    pki: Pki,
    archive: Authority,
    tsa: TestTsa,
}

impl World {
    fn new() -> Self {
        let archive = pki::root("Archive");
        let key = KeyPair::generate().unwrap();
        let certificate = archive.certify(&tsa::params("Archive TSA", TSA).unwrap(), &key);
        let tsa = TestTsa::new(key, vec![certificate.der().to_vec()]).at(NOW);
        Self { pki: Pki::new(), archive, tsa }
    }

    fn validator(&self, issuers: Issuers, now: &str, lists: &[Crl]) -> Validator {
        let anchors = [&self.pki.root, &self.archive];
        let trust: TrustStore = anchors.into_iter().map(|it| it.certificate.clone()).collect();
        let mut policy = Policy::default();
        policy.issuers = issuers;
        let day = (at(now) - time::Duration::days(4)).format(&Rfc3339).unwrap();
        Validator::new(trust, policy, now.parse().unwrap())
            .with_crls(lists.to_vec())
            .with_crls([list(&self.archive, &day, &[])])
    }

    /// What the root and the authority below it said in June 2026.
    fn then(&self) -> [Crl; 2] {
        [list(&self.pki.root, THEN, &[]), list(&self.pki.middle, THEN, &[])]
    }

    /// Under a time-stamp of June 2026, with lists in it that nothing proves to be as old: they
    /// may have been made in June 2026, or by a stolen key in 2028.
    fn long_term(&self) -> Vec<u8> {
        let validator = self.validator(Issuers::default(), SOON, &self.then());
        let level = Level::Lt(&self.tsa, &validator);
        Augmenter::new(level).augment(&self.pki.signed()).unwrap()
    }

    fn archived(&self, when: &str) -> Vec<u8> {
        let validator = self.validator(Issuers::default(), SOON, &self.then());
        let tsa = self.tsa.at(when);
        Augmenter::new(Level::Lta(&tsa, &validator)).augment(&self.long_term()).unwrap()
    }

    fn judge(&self, file: &Vec<u8>, issuers: Issuers, news: &[Crl]) -> Report {
        self.validator(issuers, LATER, news).validate(file).unwrap()
    }
}

/// Good for three weeks.
fn list(issuer: &Authority, from: &str, revoked: &[(u64, &str)]) -> Crl {
    let all: Vec<_> = revoked.iter().map(|(serial, _)| (*serial, KEY)).collect();
    issuer.crl_with(&all, |list| {
        list.this_update = at(from);
        list.next_update = at(from) + time::Duration::days(21);
        for (entry, (_, since)) in list.revoked_certs.iter_mut().zip(revoked) {
            entry.revocation_time = at(since);
        }
    })
}

#[track_caller]
fn assert_concludes(report: &Report, expected: &str) {
    assert_eq!(report.conclusion().unwrap().to_string(), expected, "{report}");
    let best = report.signatures()[0].best_signature_time();
    assert_eq!(best, NOW.parse::<UtcTime>().ok(), "{report}");
}

/// EN 319 102-1 §5.5.4 step 6: what is too old today counts where it was fresh at
/// best-signature-time, whosoever it is about.
#[test]
fn an_authority_of_whom_nothing_is_known_today_serves_by_the_standard() {
    let world = World::new();
    let file = world.long_term();
    assert_concludes(&world.judge(&file, Issuers::NotRevoked, &[]), PASSED);
    // Without a time-stamp from when it was fresh, it is too old.
    let plain = world.validator(Issuers::NotRevoked, LATER, &world.then());
    let plain = plain.validate(&world.pki.signed()).unwrap();
    assert_eq!(plain.conclusion().unwrap().to_string(), TRY_LATER, "{plain}");
}

/// A key that was stolen could have made the lists in the file since.
#[test]
fn what_a_stolen_key_may_have_made_falls_with_the_news() {
    let world = World::new();
    let file = world.long_term();
    let since = [(MIDDLE, "2027-02-01T00:00:00Z")];
    let news = [list(&world.pki.root, "2028-06-16T00:00:00Z", &since)];
    for issuers in [Issuers::NotRevoked, Issuers::Good] {
        assert_concludes(&world.judge(&file, issuers, &news), REVOKED_CA);
        // News does not get old, where it is bad.
        let old = [list(&world.pki.root, "2027-03-01T00:00:00Z", &since)];
        assert_concludes(&world.judge(&file, issuers, &old), REVOKED_CA);
        // And what the signer's own list of then says is not outweighed.
        let gone = [list(&world.pki.middle, THEN, &[(LEAF, "2026-06-10T00:00:00Z")])];
        let report = world.judge(&file, issuers, &gone);
        assert_concludes(&report, "INDETERMINATE/REVOKED_NO_POE");
    }
}

#[test]
fn a_policy_may_ask_for_authorities_that_are_known_to_be_good() {
    let world = World::new();
    let file = world.long_term();
    let report = world.judge(&file, Issuers::Good, &[]);
    assert_concludes(&report, TRY_LATER);
    let said = "the certificate of CN=Authority was not revoked at 2028-06-20";
    let block = report.signatures()[0].block();
    assert!(format!("{block:?}").contains(said), "{block:?}");
    let news = [list(&world.pki.root, "2028-06-16T00:00:00Z", &[])];
    assert_concludes(&world.judge(&file, Issuers::Good, &news), PASSED);
    let text = serde_json::to_string(&Issuers::Good).unwrap();
    let file = format!(r#"{{"issuers": {text}}}"#);
    assert_eq!(serde_json::from_str::<Policy>(&file).unwrap().issuers, Issuers::Good);
    // Where revocation need not be known, that of authorities need not, either.
    let mut pilot = Policy::pilot();
    pilot.issuers = Issuers::Good;
    let trust = [world.pki.root.certificate.clone()].into_iter().collect();
    let report = Validator::new(trust, pilot, LATER.parse().unwrap());
    let report = report.validate(&world.pki.signed()).unwrap();
    assert_eq!(report.conclusion().unwrap().to_string(), PASSED, "{report}");
}

/// §5.6.2.2: proven to exist while the authority was known to be good, what it said needs no
/// news of it; proven too late, it does not help.
#[test]
fn an_archive_time_stamp_asks_for_no_news() {
    let world = World::new();
    let in_time = world.archived(SOON);
    assert_concludes(&world.judge(&in_time, Issuers::Good, &[]), PASSED);
    let late = world.archived("2026-08-01T00:00:00Z");
    assert_concludes(&world.judge(&late, Issuers::Good, &[]), TRY_LATER);
    let since = [(MIDDLE, "2026-07-20T00:00:00Z")];
    let news = [list(&world.pki.root, "2028-06-16T00:00:00Z", &since)];
    assert_concludes(&world.judge(&in_time, Issuers::NotRevoked, &news), PASSED);
    assert_concludes(&world.judge(&late, Issuers::NotRevoked, &news), REVOKED_CA);
}

/// The file itself holds, and a time-stamp proves, that the authority was revoked before what it
/// said is proven to exist; by a responder who is out of its time today.
#[test]
fn bad_news_is_heard_from_those_who_are_gone() {
    let world = World::new();
    let key = KeyPair::generate().unwrap();
    let mut params = pki::params("Responder", 44);
    params.not_after = at("2027-01-01T00:00:00Z");
    params.custom_extensions = vec![
        tsa::purpose(&["1.3.6.1.5.5.7.3.9"], false),
        CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 48, 1, 5], vec![5, 0]),
    ];
    let responder = world.pki.root.certify(&params, &key);
    let archived = |said| {
        let mut answer = Answer::new(said, at("2026-06-19T00:00:00Z"));
        answer.certificates = vec![responder.der().to_vec()];
        let question = Question::about(&world.pki.middle.certificate, &world.pki.root);
        let answer = OcspResponse::from_der(&answer.to(&question, &key), &Limits::default());
        let validator = world.validator(Issuers::NotRevoked, SOON, &world.then());
        let validator = validator.with_ocsp_responses([answer.unwrap()]);
        let long_term = Augmenter::new(Level::Lt(&world.tsa, &validator));
        let long_term = long_term.augment(&world.pki.signed()).unwrap();
        let tsa = world.tsa.at(SOON);
        Augmenter::new(Level::Lta(&tsa, &validator)).augment(&long_term).unwrap()
    };
    let judge = |said| world.judge(&archived(said), Issuers::NotRevoked, &[]);
    assert_concludes(&judge(Said::Good), PASSED);
    assert_concludes(&judge(Said::Revoked(at("2026-06-19T12:00:00Z"), 1)), TRY_LATER);
}

/// Another authority of the same name is at hand: that makes no forgery of what the missing one
/// issued.
#[test]
fn a_missing_issuer_and_a_changed_certificate_have_words_of_their_own() {
    let (ours, theirs) = (Pki::new(), Pki::new());
    let validator = Validator::new(ours.trust(), Policy::pilot(), NOW.parse().unwrap());
    let report = validator.validate(&theirs.signed()).unwrap();
    let expected = kyso::Indeterminate::NoCertificateChainFound;
    assert_eq!(report.conclusion(), Some(expected.into()), "{report}");
    let text = report.to_string();
    let subject = theirs.middle.certificate.subject();
    let told = format!("Thiếu chứng thư số của cơ quan cấp cho {subject}");
    assert!(text.contains(&told) && text.contains("issuer's certificate is missing"), "{text}");
    assert!(!text.contains("giả mạo"), "{text}");
    let mut changed = ours.middle.certificate.der().to_vec();
    *changed.last_mut().unwrap() ^= 1;
    let changed = kyso::Certificate::from_der(&changed).unwrap();
    let text = validator.check_certificate(&changed).unwrap().to_string();
    assert!(text.contains("giả mạo") && text.contains("changed or forged"), "{text}");
    assert!(!text.contains("Thiếu chứng thư"), "{text}");
}
