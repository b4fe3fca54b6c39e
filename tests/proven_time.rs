//! Signatures that outlive their certificates: what time-stamps prove, and what they do not
//! (EN 319 102-1 §5.4 to §5.6).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(missing_docs, unreachable_pub)]

mod support;

use kyso::cades::{Augmenter, Level};
use kyso::tsp::TimeStampAuthority;
use kyso::{
    Acceptable, Crl, DigestAlgorithm, Policy, Report, TimeStampType, UtcTime, Validator, pades,
};
use rcgen::{CertificateParams, RevocationReason};
use support::cms::{Cms, Identity, SHA256, algorithm, attribute, items, oid, seq, sha256, tlv};
use support::pki::{self, CONTENT, LEAF, MIDDLE, NOW, Pki, TSA};
use support::tsa::{self, TestTsa};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const KEY: RevocationReason = RevocationReason::KeyCompromise;
/// The CRLs of June 2026 serve up to July.
const SOON: &str = "2026-06-20T00:00:00Z";

fn at(text: &str) -> OffsetDateTime {
    OffsetDateTime::parse(text, &Rfc3339).unwrap()
}

fn time(text: &str) -> UtcTime {
    text.parse().unwrap()
}

/// A signer whose certificate is good for the year 2026, and an authority for time-stamps.
struct World {
    pki: Pki,
    tsa: TestTsa,
    /// A second authority, under a root of its own that is trusted too.
    archive: TestTsa,
    archive_root: pki::Authority,
}

impl World {
    fn new() -> Self {
        Self::with(|_| {}, |_| {}, |_| {})
    }

    fn with(
        leaf: impl FnOnce(&mut CertificateParams),
        middle: impl FnOnce(&mut CertificateParams),
        stamper: impl FnOnce(&mut CertificateParams),
    ) -> Self {
        let mut pki = Pki::new();
        pki.middle = pki.root.authority_with("Authority", MIDDLE, middle);
        let mut params = pki::params("Leaf", LEAF);
        params.not_before = at("2026-01-01T00:00:00Z");
        params.not_after = at("2027-01-01T00:00:00Z");
        leaf(&mut params);
        pki.leaf = pki.middle.certify(&params, &pki.leaf_key);
        let tsa = pki.tsa_with(stamper);
        let archive_root = pki::root("Archive");
        let key = rcgen::KeyPair::generate().unwrap();
        let params = tsa::params("Archive TSA", TSA).unwrap();
        let chain = vec![archive_root.certify(&params, &key).der().to_vec()];
        let archive = TestTsa::new(key, chain).at(SOON);
        Self { pki, tsa, archive, archive_root }
    }

    /// Lists that are good for three weeks from this time on.
    fn crls_of(&self, from: &str, revoked: &[(u64, &str)]) -> Vec<Crl> {
        let issuers = [&self.pki.root, &self.pki.middle, &self.archive_root];
        let list = |issuer: &pki::Authority| {
            let all: Vec<_> = revoked.iter().map(|(serial, _)| (*serial, KEY)).collect();
            issuer.crl_with(&all, |list| {
                list.this_update = at(from);
                list.next_update = at(from) + time::Duration::days(21);
                for (entry, (_, since)) in list.revoked_certs.iter_mut().zip(revoked) {
                    entry.revocation_time = at(since);
                }
            })
        };
        issuers.into_iter().map(list).collect()
    }

    fn validator(&self, now: &str, crls: Vec<Crl>) -> Validator {
        let mut trust = self.pki.trust();
        trust.merge([self.archive_root.certificate.clone()].into_iter().collect());
        Validator::new(trust, Policy::default(), time(now)).with_crls(crls)
    }

    fn judge(&self, file: &Vec<u8>, now: &str, crls: Vec<Crl>) -> Report {
        self.validator(now, crls).validate(file).unwrap()
    }

    fn stamped(&self) -> Vec<u8> {
        self.stamped_by(&self.tsa)
    }

    fn stamped_by(&self, tsa: &TestTsa) -> Vec<u8> {
        Augmenter::new(Level::T(tsa)).augment(&self.pki.signed()).unwrap()
    }

    /// A PDF at the same level, and as it was before the time-stamp over all of it.
    fn archived_pdf(&self, when: &str) -> (Vec<u8>, Vec<u8>) {
        let validator = self.validator(SOON, self.crls_of("2026-06-16T00:00:00Z", &[]));
        let file = support::pdf::write(&[
            "<</Type/Catalog/Pages 2 0 R>>".into(),
            "<</Type/Pages/Kids[3 0 R]/Count 1>>".into(),
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]>>".into(),
        ]);
        let signed = pades::SignatureBuilder::new(&file, time(NOW)).sign(&self.pki.signer());
        let raise = |file: &Vec<u8>, level: pades::Level<'_>| {
            pades::Augmenter::new(level).augment(file).unwrap().to_vec(file).unwrap()
        };
        let long_term = raise(&signed.unwrap(), pades::Level::Lt(&self.tsa, &validator));
        let archive = self.archive.at(when);
        (raise(&long_term, pades::Level::Lta(&archive, &validator)), long_term)
    }

    /// With all that was known in June 2026 under an archive time-stamp of this time.
    fn archived(&self, when: &str) -> Vec<u8> {
        self.archived_by(&self.tsa, when)
    }

    /// By this authority first.
    fn archived_by(&self, tsa: &TestTsa, when: &str) -> Vec<u8> {
        let crls = self.crls_of("2026-06-16T00:00:00Z", &[]);
        let validator = self.validator(SOON, crls);
        let long_term = Augmenter::new(Level::Lt(tsa, &validator));
        let long_term = long_term.augment(&self.pki.signed()).unwrap();
        let archive = self.archive.at(when);
        Augmenter::new(Level::Lta(&archive, &validator)).augment(&long_term).unwrap()
    }
}

#[track_caller]
fn assert_concludes(report: &Report, expected: &str, best: Option<&str>) {
    assert_eq!(report.conclusion().unwrap().to_string(), expected, "{report}");
    assert_eq!(report.signatures()[0].best_signature_time(), best.map(time), "{report}");
}

#[track_caller]
fn assert_stamp(report: &Report, kind: TimeStampType, expected: &str) {
    let stamps = report.signatures()[0].timestamps();
    let stamp = stamps.iter().find(|it| it.kind == kind).unwrap();
    assert_eq!(stamp.conclusion.to_string(), expected, "{report}");
    assert_eq!(stamp.sub_indication, stamp.conclusion.sub_indication());
}

/// §5.4, §5.5.
#[test]
fn a_time_stamp_proves_when_the_signature_existed() {
    let world = World::new();
    let crls = world.crls_of("2026-06-16T00:00:00Z", &[]);
    let report = world.judge(&world.stamped(), SOON, crls.clone());
    assert_concludes(&report, "TOTAL_PASSED", Some(NOW));
    assert_stamp(&report, TimeStampType::SignatureTimestamp, "TOTAL_PASSED");
    let stamp = &report.signatures()[0].timestamps()[0];
    assert_eq!(stamp.path, ["CN=TSA", "CN=Authority", "CN=Root"]);
    let without = world.judge(&world.pki.signed(), SOON, crls);
    assert_concludes(&without, "TOTAL_PASSED", None);
}

/// §5.5.4 step 4 a).
#[test]
fn a_revocation_after_the_proven_time_does_no_harm() {
    let world = World::new();
    let revoked = |since| world.crls_of("2026-06-19T00:00:00Z", &[(LEAF, since)]);
    let judge = |file, since| world.judge(file, SOON, revoked(since));
    let (plain, stamped) = (&world.pki.signed(), &world.stamped());
    let (before, after) = ("2026-06-10T00:00:00Z", "2026-06-18T00:00:00Z");
    assert_concludes(&judge(stamped, after), "TOTAL_PASSED", Some(NOW));
    assert_concludes(&judge(plain, after), "INDETERMINATE/REVOKED_NO_POE", None);
    assert_concludes(&judge(stamped, before), "INDETERMINATE/REVOKED_NO_POE", Some(NOW));
    assert_concludes(&judge(stamped, NOW), "INDETERMINATE/REVOKED_NO_POE", Some(NOW));
}

/// §5.5.4 step 4 d): with revocation information from before the end.
#[test]
fn a_certificate_may_expire_after_the_proven_time() {
    let world = World::new();
    let now = "2028-06-20T00:00:00Z";
    let fresh = world.crls_of("2028-06-16T00:00:00Z", &[]);
    let then = world.crls_of("2026-06-16T00:00:00Z", &[]);
    let both = [fresh.clone(), then.clone()].concat();
    let (plain, stamped) = (world.pki.signed(), world.stamped());
    let open = "INDETERMINATE/OUT_OF_BOUNDS_NO_POE";
    assert_concludes(&world.judge(&stamped, now, both.clone()), "TOTAL_PASSED", Some(NOW));
    assert_concludes(&world.judge(&plain, now, both), open, None);
    // Today's list need not name what has expired, so that it says nothing.
    assert_concludes(&world.judge(&stamped, now, fresh), open, Some(NOW));
    // Nothing says that the time-stamping authority is good today.
    assert_concludes(&world.judge(&stamped, now, then), open, None);
}

#[test]
fn a_proven_time_outside_of_the_certificate_is_said() {
    let world = World::new();
    let early = world.stamped_by(&world.tsa.at("2025-12-01T00:00:00Z"));
    let crls = world.crls_of("2026-06-16T00:00:00Z", &[]);
    let report = world.judge(&early, SOON, crls);
    assert_concludes(&report, "TOTAL_FAILED/NOT_YET_VALID", Some("2025-12-01T00:00:00Z"));
    let late = world.stamped_by(&world.tsa.at("2027-06-15T00:00:00Z"));
    let now = "2027-06-20T00:00:00Z";
    let all = [("2027-06-16T00:00:00Z"), ("2026-12-20T00:00:00Z")];
    let crls = all.iter().flat_map(|from| world.crls_of(from, &[])).collect();
    let report = world.judge(&late, now, crls);
    let open = "INDETERMINATE/OUT_OF_BOUNDS_NO_POE";
    assert_concludes(&report, open, Some("2027-06-15T00:00:00Z"));
}

/// §5.6: everything but the archive's authority has expired.
#[test]
fn an_archive_time_stamp_outlives_everybody() {
    let end = |params: &mut CertificateParams| params.not_after = at("2029-01-01T00:00:00Z");
    let world = World::with(|_| {}, end, end);
    let now = "2035-06-20T00:00:00Z";
    let crls = || world.crls_of("2035-06-16T00:00:00Z", &[]);
    let archived = world.archived(SOON);
    let report = world.judge(&archived, now, crls());
    assert_concludes(&report, "TOTAL_PASSED", Some(NOW));
    assert_stamp(&report, TimeStampType::SignatureTimestamp, "TOTAL_PASSED");
    assert_stamp(&report, TimeStampType::ArchiveTimestamp, "TOTAL_PASSED");
    let open = "INDETERMINATE/OUT_OF_BOUNDS_NO_POE";
    assert_concludes(&world.judge(&world.stamped(), now, crls()), open, None);
    // Without its own revocation information the archive's authority proves nothing.
    assert_concludes(&world.judge(&archived, now, Vec::new()), open, None);
}

/// The same in a PDF: what the document security store holds is proven by the time-stamp
/// over the document after it.
/// It is proven, though it helps nothing that is open.
#[test]
fn a_time_stamp_of_this_very_second_proves_that_second() {
    let world = World::new();
    let report = world.judge(&world.stamped(), NOW, world.crls_of("2026-06-14T00:00:00Z", &[]));
    assert_concludes(&report, "TOTAL_PASSED", Some(NOW));
    let said = format!("{report}");
    assert!(said.contains("A time-stamp proves that the signature existed at"), "{said}");
    assert!(!said.contains("No time-stamp proves"), "{said}");
    let report =
        world.judge(&world.stamped(), NOW, world.crls_of("2026-06-14T00:00:00Z", &[(LEAF, NOW)]));
    assert_concludes(&report, "INDETERMINATE/REVOKED_NO_POE", Some(NOW));
}

#[test]
fn a_document_time_stamp_outlives_everybody() {
    let end = |params: &mut CertificateParams| params.not_after = at("2029-01-01T00:00:00Z");
    let world = World::with(|_| {}, end, end);
    let crls = || world.crls_of("2035-06-16T00:00:00Z", &[]);
    let now = "2035-06-20T00:00:00Z";
    let (archived, long_term) = world.archived_pdf(SOON);
    let report = world.judge(&archived, now, crls());
    assert_concludes(&report, "TOTAL_PASSED", Some(NOW));
    let stamps = report.signatures()[0].timestamps();
    assert!(stamps.len() >= 2, "{report}");
    assert!(stamps.iter().all(|it| it.conclusion.to_string() == "TOTAL_PASSED"), "{report}");
    let open = "INDETERMINATE/OUT_OF_BOUNDS_NO_POE";
    assert_concludes(&world.judge(&long_term, now, crls()), open, None);
    let (late, _) = world.archived_pdf("2028-06-20T00:00:00Z");
    assert_concludes(&world.judge(&late, now, crls()), open, Some("2028-06-20T00:00:00Z"));
}

/// §5.5.4 step 4 c): an algorithm was strong enough when the signature is proven to exist.
#[test]
fn an_algorithm_may_age_after_the_proven_time() {
    let long = |params: &mut CertificateParams| params.not_after = at("2040-01-01T00:00:00Z");
    let mut world = World::with(long, |_| {}, |_| {});
    world.pki.leaf_key = rcgen::KeyPair::try_from(support::cms::Identity::rsa().key).unwrap();
    let mut params = pki::params("Leaf", LEAF);
    long(&mut params);
    world.pki.leaf = world.pki.middle.certify(&params, &world.pki.leaf_key);
    let end = Acceptable::Until(time("2027-01-01T00:00:00Z"));
    let mut policy = Policy::default();
    policy.algorithms.rsa.insert(2048, end);
    let now = "2028-06-20T00:00:00Z";
    let crls = world.crls_of("2028-06-16T00:00:00Z", &[]);
    let judge = |file: &Vec<u8>| {
        let validator = Validator::new(world.pki.trust(), policy.clone(), time(now));
        validator.with_crls(crls.clone()).validate(file).unwrap()
    };
    let open = "INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE_NO_POE";
    assert_concludes(&judge(&world.stamped()), "TOTAL_PASSED", Some(NOW));
    // The time that the signer claims is the same.
    assert_concludes(&judge(&world.pki.signed()), open, None);
    let late = "2027-06-15T00:00:00Z";
    assert_concludes(&judge(&world.stamped_by(&world.tsa.at(late))), open, Some(late));
    policy.algorithms.rsa.insert(2048, Acceptable::Never);
    let validator = Validator::new(world.pki.trust(), policy, time(now)).with_crls(crls);
    let never = validator.validate(&world.stamped()).unwrap();
    assert_concludes(&never, "INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE", Some(NOW));
}

/// §5.6: everybody's keys are too short today, but those of the archive's authority.
#[test]
fn an_archive_time_stamp_outlives_algorithms() {
    let long = |params: &mut CertificateParams| params.not_after = at("2040-01-01T00:00:00Z");
    let mut world = World::with(long, |_| {}, |_| {});
    let strong = || rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let mut params = pki::params("Archive", 1);
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign, rcgen::KeyUsagePurpose::CrlSign];
    let key = strong();
    let root = kyso::Certificate::from_der(params.self_signed(&key).unwrap().der()).unwrap();
    let issuer = rcgen::Issuer::new(params, key);
    world.archive_root = pki::Authority { issuer, certificate: root };
    let key = strong();
    let certificate = world.archive_root.certify(&tsa::params("Archive TSA", TSA).unwrap(), &key);
    world.archive = TestTsa::new(key, vec![certificate.der().to_vec()]);
    let mut policy = Policy::default();
    let end = Acceptable::Until(time("2027-01-01T00:00:00Z"));
    policy.algorithms.elliptic_curves = [(256, end), (384, Acceptable::Always)].into();
    let now = "2028-06-20T00:00:00Z";
    let mut trust = world.pki.trust();
    trust.merge([world.archive_root.certificate.clone()].into_iter().collect());
    let validator = Validator::new(trust, policy, time(now))
        .with_crls(world.crls_of("2028-06-16T00:00:00Z", &[]));
    let judge = |file: &Vec<u8>| validator.validate(file).unwrap();
    let open = "INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE_NO_POE";
    assert_concludes(&judge(&world.stamped()), open, None);
    assert_concludes(&judge(&world.archived(SOON)), "TOTAL_PASSED", Some(NOW));
    let late = "2027-06-20T00:00:00Z";
    assert_concludes(&judge(&world.archived(late)), open, Some(late));
}

/// Many tokens beside one signature cost no more than their number.
#[test]
fn many_tokens_are_bounded() {
    let world = World::new();
    let signed = world.pki.signed();
    let one = token(&world.tsa, &signature_value(&signed));
    let with = |count: usize| {
        let values = tlv(0x31, one.repeat(count));
        unsigned(&signed, &seq(&[oid(SIGNATURE_TIME_STAMP), values]))
    };
    let judge = |count| {
        let crls = world.crls_of("2026-06-16T00:00:00Z", &[]);
        world.validator(SOON, crls).validate(&with(count))
    };
    assert_concludes(&judge(100).unwrap(), "TOTAL_PASSED", Some(NOW));
    assert_eq!(judge(201).unwrap_err().kind(), kyso::ErrorKind::LimitExceeded);
    // What is asked again at times in the past is bounded, too.
    let mut limits = kyso::Limits::default();
    limits.revocation_past = 2;
    let now = "2028-06-20T00:00:00Z";
    let validator = world.validator(now, world.crls_of("2028-06-16T00:00:00Z", &[]));
    let refused = validator.with_limits(limits).validate(&world.archived(SOON)).unwrap_err();
    assert_eq!(refused.kind(), kyso::ErrorKind::LimitExceeded);
}

/// What was proven only when it was stale already proves nothing.
#[test]
fn an_archive_time_stamp_that_came_late_does_not_help() {
    let end = |params: &mut CertificateParams| params.not_after = at("2029-01-01T00:00:00Z");
    let world = World::with(|_| {}, end, end);
    let archived = world.archived("2028-06-20T00:00:00Z");
    let crls = world.crls_of("2035-06-16T00:00:00Z", &[]);
    let report = world.judge(&archived, "2035-06-20T00:00:00Z", crls);
    let open = "INDETERMINATE/OUT_OF_BOUNDS_NO_POE";
    assert_concludes(&report, open, Some("2028-06-20T00:00:00Z"));
    assert_stamp(&report, TimeStampType::SignatureTimestamp, open);
    assert_stamp(&report, TimeStampType::ArchiveTimestamp, "TOTAL_PASSED");
}

/// An authority that was compromised could have made its lists of yesterday today.
#[test]
fn a_revoked_authority_takes_proof_of_what_it_said() {
    let long = |params: &mut CertificateParams| params.not_after = at("2040-01-01T00:00:00Z");
    let world = World::with(long, |_| {}, |_| {});
    let now = "2027-06-20T00:00:00Z";
    let revoked = [(MIDDLE, "2027-02-01T00:00:00Z")];
    let crls = || world.crls_of("2027-06-16T00:00:00Z", &revoked);
    let passed = world.judge(&world.archived(SOON), now, crls());
    assert_concludes(&passed, "TOTAL_PASSED", Some(NOW));
    let open = "INDETERMINATE/REVOKED_CA_NO_POE";
    assert_concludes(&world.judge(&world.stamped(), now, crls()), open, None);
    let late = world.archived("2027-03-01T00:00:00Z");
    let report = world.judge(&late, now, crls());
    assert_concludes(&report, open, Some("2027-03-01T00:00:00Z"));
}

/// Of several times at which it was revoked, the earliest bounds what it said: a stolen key
/// could have made the list with the later one.
#[test]
fn a_later_revocation_hides_no_earlier_one() {
    let long = |params: &mut CertificateParams| params.not_after = at("2040-01-01T00:00:00Z");
    let world = World::with(long, |_| {}, |_| {});
    let now = "2027-06-20T00:00:00Z";
    let since = |when| world.crls_of("2027-06-16T00:00:00Z", &[(MIDDLE, when)]);
    let archived = world.archived_by(&world.archive.at(NOW), SOON);
    let (late, early) = (since("2027-02-01T00:00:00Z"), since("2026-06-18T00:00:00Z"));
    let open = "INDETERMINATE/REVOKED_CA_NO_POE";
    assert_concludes(&world.judge(&archived, now, late.clone()), "TOTAL_PASSED", Some(NOW));
    for both in [[late.clone(), early.clone()], [early, late]] {
        assert_concludes(&world.judge(&archived, now, both.concat()), open, Some(NOW));
    }
}

/// RFC 3161 §2.3, and whoever else might have signed a token.
#[test]
fn only_time_stamping_authorities_prove_times() {
    let crls = |world: &World| world.crls_of("2026-06-16T00:00:00Z", &[]);
    let stamp = |world: &World, file: &Vec<u8>, expected: &str| {
        let report = world.judge(file, SOON, crls(world));
        assert_concludes(&report, "TOTAL_PASSED", None);
        assert_stamp(&report, TimeStampType::SignatureTimestamp, expected);
    };
    let chain = "INDETERMINATE/CHAIN_CONSTRAINTS_FAILURE";
    let uncritical = World::with(
        |_| {},
        |_| {},
        |params| params.custom_extensions = vec![tsa::time_stamping(false)],
    );
    stamp(&uncritical, &uncritical.stamped(), chain);
    let other = World::with(|_| {}, |_| {}, |params| params.custom_extensions = Vec::new());
    stamp(&other, &other.stamped(), chain);
    // The signer stamps his own signature.
    let world = World::new();
    let key = rcgen::KeyPair::try_from(world.pki.leaf_key.serialize_der()).unwrap();
    let certificates = [&world.pki.leaf, &world.pki.middle.certificate];
    let chain_of = certificates.iter().map(|it| it.der().to_vec()).collect();
    let own = TestTsa::new(key, chain_of).at("2026-02-01T00:00:00Z");
    stamp(&world, &world.stamped_by(&own), chain);
    let stranger = World::new();
    stamp(&world, &world.stamped_by(&stranger.tsa), "INDETERMINATE/NO_CERTIFICATE_CHAIN_FOUND");
}

#[test]
fn time_stamping_authorities_may_have_anchors_of_their_own() {
    let world = World::new();
    let file = world.stamped();
    let crls = world.crls_of("2026-06-16T00:00:00Z", &[]);
    let other = [world.archive_root.certificate.clone()].into_iter().collect();
    let validator = world.validator(SOON, crls).with_time_stamp_trust(other);
    let report = validator.validate(&file).unwrap();
    assert_concludes(&report, "TOTAL_PASSED", None);
    assert_stamp(
        &report,
        TimeStampType::SignatureTimestamp,
        "INDETERMINATE/NO_CERTIFICATE_CHAIN_FOUND",
    );
}

/// A token that is broken, or over something else, or from a time when its authority was not
/// vouched for.
#[test]
fn forged_tokens_prove_nothing() {
    let world = World::new();
    let now = "2028-06-20T00:00:00Z";
    let crls: Vec<_> = ["2028-06-16T00:00:00Z", "2026-06-16T00:00:00Z"]
        .iter()
        .flat_map(|from| world.crls_of(from, &[]))
        .collect();
    let open = "INDETERMINATE/OUT_OF_BOUNDS_NO_POE";
    let judge = |file: &Vec<u8>, expected: &str| {
        let report = world.judge(file, now, crls.clone());
        assert_concludes(&report, open, None);
        assert_stamp(&report, TimeStampType::SignatureTimestamp, expected);
    };
    let signed = world.pki.signed();
    let value = signature_value(&signed);
    let stamped = |tsa: &TestTsa, over: &[u8]| {
        unsigned(&signed, &attribute(SIGNATURE_TIME_STAMP, token(tsa, over)))
    };
    let good = world.judge(&stamped(&world.tsa, &value), now, crls.clone());
    assert_concludes(&good, "TOTAL_PASSED", Some(NOW));
    judge(&stamped(&world.tsa, b"another signature"), "TOTAL_FAILED/HASH_FAILURE");
    let forger = world.tsa.answering(|answer| answer.forged = true);
    judge(&stamped(&forger, &value), "TOTAL_FAILED/SIG_CRYPTO_FAILURE");
    let early = world.tsa.at("2019-06-01T00:00:00Z");
    judge(&stamped(&early, &value), "TOTAL_FAILED/NOT_YET_VALID");
    let garbage = unsigned(&signed, &attribute(SIGNATURE_TIME_STAMP, vec![0x30, 3, 2, 1, 1]));
    judge(&garbage, "TOTAL_FAILED/FORMAT_FAILURE");
}

/// Whoever is revoked may have made tokens of any time.
#[test]
fn a_revoked_time_stamping_authority_takes_proof_of_its_tokens() {
    let end = |params: &mut CertificateParams| params.not_after = at("2040-01-01T00:00:00Z");
    let world = World::with(end, |_| {}, |_| {});
    // Serial numbers are the issuer's: the archive's authority has the same.
    let crls = |since: &str| {
        let mut crls = world.crls_of("2027-06-16T00:00:00Z", &[(TSA, since)]);
        crls.pop();
        crls.extend(world.crls_of("2027-06-16T00:00:00Z", &[]).pop());
        crls
    };
    let now = "2027-06-20T00:00:00Z";
    let revoked = crls("2027-02-01T00:00:00Z");
    let report = world.judge(&world.stamped(), now, revoked.clone());
    assert_concludes(&report, "TOTAL_PASSED", None);
    assert_stamp(&report, TimeStampType::SignatureTimestamp, "INDETERMINATE/REVOKED_NO_POE");
    let report = world.judge(&world.archived(SOON), now, revoked);
    assert_concludes(&report, "TOTAL_PASSED", Some(NOW));
    let report = world.judge(&world.archived(SOON), now, crls("2026-06-18T00:00:00Z"));
    assert_concludes(&report, "TOTAL_PASSED", Some(SOON));
    assert_stamp(&report, TimeStampType::SignatureTimestamp, "INDETERMINATE/REVOKED_NO_POE");
}

/// Whatever the authority answers; the library's own client would refuse most of it.
fn token(tsa: &TestTsa, over: &[u8]) -> Vec<u8> {
    let imprint = seq(&[algorithm(SHA256), tlv(4, sha256(over))]);
    let response = tsa.respond(&seq(&[vec![2, 1, 1], imprint, vec![1, 1, 0xff]])).unwrap();
    let (tag, content) = items(items(&response)[0].1)[1];
    tlv(tag, content)
}

const SIGNATURE_TIME_STAMP: &str = "1.2.840.113549.1.9.16.2.14";
const CONTENT_TIME_STAMP: &str = "1.2.840.113549.1.9.16.2.20";

/// The parts of a SignedData, down to those of its one signer.
fn parts(cms: &[u8]) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let split = |bytes: &[u8]| -> Vec<Vec<u8>> {
        items(bytes).into_iter().map(|(tag, content)| tlv(tag, content)).collect()
    };
    let inside = |bytes: &[u8]| items(bytes)[0].1.to_vec();
    let content_info = split(&inside(cms));
    let mut signed_data = split(&inside(&inside(&content_info[1])));
    let signers = signed_data.pop().unwrap();
    (signed_data, split(&inside(&inside(&signers))))
}

fn unsigned(cms: &[u8], attribute: &[u8]) -> Vec<u8> {
    let (mut signed_data, mut signer) = parts(cms);
    signer.push(tlv(0xa1, attribute));
    signed_data.push(tlv(0x31, seq(&signer)));
    seq(&[oid("1.2.840.113549.1.7.2"), tlv(0xa0, seq(&signed_data))])
}

fn signature_value(cms: &[u8]) -> Vec<u8> {
    let (_, signer) = parts(cms);
    items(signer.last().unwrap())[0].1.to_vec()
}

/// A signature by a key that is trusted for itself, with a time-stamp over the content among
/// what is signed.
fn with_content_stamp(world: &World, when: &str) -> (Identity, Vec<u8>) {
    let identity = Identity::rsa();
    let digest = DigestAlgorithm::Sha256.digest(CONTENT);
    let token = world.tsa.at(when).time_stamp(&digest).unwrap();
    let mut cms = Cms::over(CONTENT, &identity);
    cms.content = Some(CONTENT.to_vec());
    cms.signed.push(attribute(CONTENT_TIME_STAMP, token.der().to_vec()));
    cms.signed.sort();
    let signed = cms.signed_by(&identity);
    (identity, signed)
}

/// §5.3.4: what is signed proves that the signature is younger.
#[test]
fn a_signature_after_the_end_of_its_certificate_fails() {
    let judge = |end: &'static str, revoked: &[(u64, &str)]| {
        let world = World::with(|params| params.not_after = at(end), |_| {}, |_| {});
        let (certificate, key) =
            (world.pki.leaf.der().to_vec(), world.pki.leaf_key.serialize_der());
        let identity = Identity { certificate, key };
        let mut cms = Cms::over(CONTENT, &identity);
        cms.content = Some(CONTENT.to_vec());
        cms.certificates.push(world.pki.middle.certificate.der().to_vec());
        cms.algorithm = seq(&[oid("1.2.840.10045.4.3.2")]);
        let token = token(&world.tsa.at("2026-06-12T00:00:00Z"), CONTENT);
        cms.signed.push(attribute(CONTENT_TIME_STAMP, token));
        cms.signed.sort();
        let value = identity.sign_p256(&cms.in_order());
        let crls = world.crls_of("2026-06-16T00:00:00Z", revoked);
        world.judge(&cms.with_value(&identity, &value), SOON, crls)
    };
    let far = "2027-01-01T00:00:00Z";
    assert_concludes(&judge(far, &[]), "TOTAL_PASSED", None);
    let revoked = [(LEAF, "2026-06-11T00:00:00Z")];
    assert_concludes(&judge(far, &revoked), "TOTAL_FAILED/REVOKED", None);
    let later = [(LEAF, "2026-06-13T00:00:00Z")];
    assert_concludes(&judge(far, &later), "INDETERMINATE/REVOKED_NO_POE", None);
    assert_concludes(&judge("2026-06-11T00:00:00Z", &[]), "TOTAL_FAILED/EXPIRED", None);
    let open = "INDETERMINATE/OUT_OF_BOUNDS_NO_POE";
    assert_concludes(&judge("2026-06-13T00:00:00Z", &[]), open, None);
}

/// §5.5.4 step 4 e).
#[test]
fn the_content_is_older_than_the_signature() {
    let world = World::new();
    let judge = |content: &str, now: &str| {
        let (identity, signed) = with_content_stamp(&world, content);
        let value = DigestAlgorithm::Sha256.digest(&signature_value(&signed));
        let token = world.tsa.time_stamp(&value).unwrap();
        let file = unsigned(&signed, &attribute(SIGNATURE_TIME_STAMP, token.der().to_vec()));
        let signer = kyso::Certificate::from_der(&identity.certificate).unwrap();
        let mut trust = world.pki.trust();
        trust.merge([signer].into_iter().collect());
        let crls = world.crls_of("2026-06-16T00:00:00Z", &[]);
        let validator = Validator::new(trust, Policy::default(), time(now)).with_crls(crls);
        validator.validate(&file).unwrap()
    };
    assert_concludes(&judge("2026-06-14T00:00:00Z", SOON), "TOTAL_PASSED", Some(NOW));
    let wrong = judge("2026-06-16T00:00:00Z", SOON);
    assert_concludes(&wrong, "INDETERMINATE/TIMESTAMP_ORDER_FAILURE", Some(NOW));
}
