//! What lists and answers about revocation are signed by: too weak, they say of nobody that he
//! is good, unless a time-stamp proves that they are from before; and still that he is revoked.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, unreachable_pub)]
#![allow(clippy::arithmetic_side_effects)]

mod support;

use kyso::cades::{Augmenter, Level as CadesLevel};
use kyso::tsp::{TimeStampAuthority, TimeStampToken};
use kyso::{
    Acceptable, Block, BlockId, Certificate, CertificateConclusion, CheckId, Crl, Digest,
    DigestAlgorithm, Level, Limits, OcspResponse, Outcome, Policy, Report, TrustStore, UtcTime,
    Validator,
};
use rcgen::{CustomExtension, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P384_SHA384, RevocationReason};
use support::ocsp::{Answer, Question, Said};
use support::pki::{self, Authority, LEAF, NOW, Pki, TSA};
use support::tsa::{self, TestTsa};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const SOON: &str = "2026-06-20T00:00:00Z";
const END: &str = "2027-01-01T00:00:00Z";
const LATER: &str = "2028-06-20T00:00:00Z";
const KEY: RevocationReason = RevocationReason::KeyCompromise;

const OPEN: &str = "INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE_NO_POE";
const NEVER: &str = "INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE";
const REVOKED: &str = "INDETERMINATE/REVOKED_NO_POE";
const PASSED: &str = "TOTAL_PASSED";

fn at(text: &str) -> OffsetDateTime {
    OffsetDateTime::parse(text, &Rfc3339).unwrap()
}

fn time(text: &str) -> UtcTime {
    text.parse().unwrap()
}

/// The signer's authority is trusted for itself, so that nothing of the path but the signer's
/// own certificate is signed by an authority; time-stamps come from elsewhere and are strong.
struct World {
    pki: Pki,
    archive: Authority,
    tsa: Strong,
}

impl World {
    fn new() -> Self {
        Self::under(Pki::new())
    }

    fn under(pki: Pki) -> Self {
        let strong = || KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
        let archive = pki::root_of("Archive", strong());
        let key = strong();
        let certificate = archive.certify(&tsa::params("Archive TSA", TSA).unwrap(), &key);
        let tsa = TestTsa::new(key, vec![certificate.der().to_vec()]).at(NOW);
        Self { pki, archive, tsa: Strong(tsa) }
    }

    /// Whose authority has this key.
    fn by(key: KeyPair) -> Self {
        let mut pki = Pki::new();
        pki.middle = pki::root_of("Authority", key);
        let mut params = pki::params("Leaf", LEAF);
        params.key_usages = vec![KeyUsagePurpose::ContentCommitment];
        pki.leaf = pki.middle.certify(&params, &pki.leaf_key);
        Self::under(pki)
    }

    fn trust(&self) -> TrustStore {
        [&self.pki.middle, &self.archive].map(|it| it.certificate.clone()).into_iter().collect()
    }

    /// Good for three weeks.
    fn list(&self, from: &str, revoked: &[u64]) -> Crl {
        Self::list_of(&self.pki.middle, from, revoked)
    }

    fn list_of(issuer: &Authority, from: &str, revoked: &[u64]) -> Crl {
        let revoked: Vec<_> = revoked.iter().map(|serial| (*serial, KEY)).collect();
        issuer.crl_with(&revoked, |list| {
            list.this_update = at(from);
            list.next_update = at(from) + time::Duration::days(21);
        })
    }

    fn validator(&self, policy: Policy, now: &str, lists: Vec<Crl>) -> Validator {
        let day = at(now) - time::Duration::days(4);
        let of_archive = Self::list_of(&self.archive, &day.format(&Rfc3339).unwrap(), &[]);
        Validator::new(self.trust(), policy, time(now)).with_crls(lists).with_crls([of_archive])
    }

    fn judge(&self, policy: Policy, now: &str, lists: Vec<Crl>) -> Report {
        self.validator(policy, now, lists).validate(&self.pki.signed()).unwrap()
    }
}

/// Who answers in the authority's stead, with a P-256 key and SHA-256.
struct Responder<'a> {
    world: &'a World,
    key: KeyPair,
    certificate: Certificate,
}

impl<'a> Responder<'a> {
    fn of(world: &'a World) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = pki::params("Responder", 44);
        let no_check = [1, 3, 6, 1, 5, 5, 7, 48, 1, 5];
        params.custom_extensions = vec![
            tsa::purpose(&["1.3.6.1.5.5.7.3.9"], false),
            CustomExtension::from_oid_content(&no_check, vec![5, 0]),
        ];
        let certificate = world.pki.middle.certify(&params, &key);
        Self { world, key, certificate }
    }

    fn says(&self, said: Said) -> OcspResponse {
        let mut answer = Answer::new(said, at("2028-06-16T00:00:00Z"));
        answer.certificates = vec![self.certificate.der().to_vec()];
        let question = Question::about(&self.world.pki.leaf, &self.world.pki.middle);
        OcspResponse::from_der(&answer.to(&question, &self.key), &Limits::default()).unwrap()
    }
}

/// Digests by SHA-384, as it signs.
struct Strong(TestTsa);

impl TimeStampAuthority for Strong {
    fn time_stamp(&self, imprint: &Digest) -> kyso::Result<TimeStampToken> {
        self.0.time_stamp(imprint)
    }

    fn digest_algorithm(&self) -> DigestAlgorithm {
        DigestAlgorithm::Sha384
    }
}

/// Signers may sign by SHA-256 for ever, authorities as long as this.
fn policy(sha256: Acceptable) -> Policy {
    let mut policy = Policy::default();
    policy.algorithms.digests.insert(DigestAlgorithm::Sha256, Acceptable::Always);
    let authorities =
        [(DigestAlgorithm::Sha256, sha256), (DigestAlgorithm::Sha384, Acceptable::Always)];
    policy.algorithms.authority_digests = Some(authorities.into());
    policy
}

fn ended() -> Policy {
    policy(Acceptable::Until(time(END)))
}

/// Where validation time sliding came to.
fn slid_to(block: &Block) -> Vec<UtcTime> {
    let own = (block.id == BlockId::ValidationTimeSliding).then_some(block.at);
    own.into_iter().chain(block.blocks.iter().flat_map(slid_to)).collect()
}

#[track_caller]
fn assert_concludes(report: &Report, expected: &str) {
    assert_eq!(report.conclusion().unwrap().to_string(), expected, "{report}");
}

fn strength(report: &Report) -> Option<Outcome> {
    let checks = report.signatures()[0].checks();
    checks.iter().find(|it| it.id == CheckId::RevocationStrength).map(|it| it.outcome)
}

/// §5.5.4 step 10.
#[test]
fn a_list_is_as_good_as_its_digest() {
    let world = World::new();
    for (sha256, expected, outcome) in [
        (Acceptable::Always, PASSED, None),
        (Acceptable::Until(time("2029-01-01T00:00:00Z")), PASSED, None),
        (Acceptable::Discouraged, PASSED, Some(Outcome::Warning)),
        (Acceptable::Until(time(END)), OPEN, Some(Outcome::Failed)),
        (Acceptable::Never, NEVER, Some(Outcome::Failed)),
    ] {
        let fresh = world.list("2028-06-16T00:00:00Z", &[]);
        let report = world.judge(policy(sha256), LATER, vec![fresh]);
        assert_concludes(&report, expected);
        assert_eq!(strength(&report), outcome, "{report}");
    }
}

#[test]
fn what_is_too_weak_is_named() {
    let world = World::new();
    let fresh = || vec![world.list("2028-06-16T00:00:00Z", &[])];
    let report = world.judge(ended(), LATER, fresh());
    let signature = &report.signatures()[0];
    let check = signature.checks().iter().find(|it| it.id == CheckId::RevocationStrength).unwrap();
    for part in ["The CRL of CN=Authority of 2028-06-16", "uses SHA256", "until 2027-01-01"] {
        assert!(check.message_en.contains(part), "{}", check.message_en);
    }
    for part in ["CRL của CN=Authority lúc 2028-06-16", "dùng SHA256", "đến 2027-01-01"] {
        assert!(check.message_vi.contains(part), "{}", check.message_vi);
    }
    let missing = signature.missing().join("\n");
    for part in ["without SHA256", "CN=Authority", "2027-01-01", pki::CRL_URL] {
        assert!(missing.contains(part), "{missing}");
    }
    let report = world.validator(ended(), LATER, fresh()).check_certificate(&world.pki.leaf);
    let report = report.unwrap();
    assert_eq!(report.conclusion, Some(CertificateConclusion::Indeterminate));
    assert!(report.reason.as_deref().unwrap().contains("uses SHA256"), "{report}");
}

#[test]
fn the_policy_says_what_weakness_weighs() {
    let world = World::new();
    for (level, expected, outcome) in [
        (Level::Fail, OPEN, Some(Outcome::Failed)),
        (Level::Warn, PASSED, Some(Outcome::Warning)),
        (Level::Inform, PASSED, Some(Outcome::Information)),
        (Level::Ignore, PASSED, None),
    ] {
        let mut policy = ended();
        policy.levels.insert(CheckId::RevocationStrength, level);
        let fresh = world.list("2028-06-16T00:00:00Z", &[]);
        let report = world.judge(policy, LATER, vec![fresh]);
        assert_concludes(&report, expected);
        assert_eq!(strength(&report), outcome, "{report}");
    }
}

/// Nothing is won by forging that but a refusal.
#[test]
fn a_weak_list_revokes_all_the_same() {
    let world = World::new();
    let listed = || world.list("2028-06-16T00:00:00Z", &[LEAF]);
    for sha256 in [Acceptable::Always, Acceptable::Until(time(END)), Acceptable::Never] {
        assert_concludes(&world.judge(policy(sha256), LATER, vec![listed()]), REVOKED);
    }
    let mut lenient = policy(Acceptable::Never);
    lenient.revocation = kyso::Revocation::NotRequired;
    assert_concludes(&world.judge(lenient.clone(), LATER, vec![listed()]), REVOKED);
    // Where nobody asks, what is too weak is as good as nothing.
    let good = world.list("2028-06-16T00:00:00Z", &[]);
    assert_concludes(&world.judge(lenient, LATER, vec![good]), PASSED);
}

/// A responder that signs with SHA-256 beside an authority that does not.
#[test]
fn a_weak_answer_neither_settles_nor_hides_a_strong_list() {
    let world = World::by(KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap());
    let responder = Responder::of(&world);
    let judge = |policy, said, lists| {
        let validator = world.validator(policy, LATER, lists);
        validator.with_ocsp_responses([responder.says(said)]).validate(&world.pki.signed()).unwrap()
    };
    let strong = |revoked: &[u64]| vec![world.list("2028-06-16T00:00:00Z", revoked)];
    let gone = Said::Revoked(at("2028-01-01T00:00:00Z"), 1);
    let fine = policy(Acceptable::Always);
    assert_concludes(&judge(fine, Said::Good, vec![]), PASSED);
    assert_concludes(&judge(ended(), Said::Good, vec![]), OPEN);
    assert_concludes(&judge(ended(), Said::Good, strong(&[])), PASSED);
    assert_concludes(&judge(ended(), Said::Good, strong(&[LEAF])), REVOKED);
    assert_concludes(&judge(ended(), gone, vec![]), REVOKED);
    assert_concludes(&judge(ended(), gone, strong(&[])), REVOKED);
}

/// The authority's key is too short for its list, and for the certificate of a responder whose
/// own key is not.
#[test]
fn keys_count_and_so_does_who_made_the_signer() {
    let world = World::by(KeyPair::try_from(support::cms::Identity::rsa().key).unwrap());
    let answer = Responder::of(&world).says(Said::Good);
    let list = world.list("2028-06-16T00:00:00Z", &[]);
    let judge = |rsa, lists: &[Crl], answers: &[OcspResponse]| {
        let mut policy = Policy::default();
        policy.algorithms.rsa = [(2048, rsa)].into();
        policy.levels.insert(CheckId::PathStrength, Level::Warn);
        let validator = world.validator(policy, LATER, lists.to_vec());
        let validator = validator.with_ocsp_responses(answers.to_vec());
        validator.validate(&world.pki.signed()).unwrap()
    };
    let ended = Acceptable::Until(time(END));
    for (lists, answers, named) in [
        (&[list][..], &[][..], "The CRL of CN=Authority of 2028-06-16"),
        (&[], &[answer], "The certificate of CN=Responder, who signed"),
    ] {
        assert_concludes(&judge(Acceptable::Always, lists, answers), PASSED);
        let report = judge(ended, lists, answers);
        assert_concludes(&report, OPEN);
        let report = report.to_string();
        assert!(report.contains(named) && report.contains("uses RSA 2048 bit"), "{report}");
    }
}

/// §5.6.2.4 step 4, and §5.5.4 step 10 for what nothing proves to be older.
#[test]
fn a_time_stamp_from_before_saves_what_lists_said() {
    let world = World::new();
    let then = vec![world.list("2026-06-14T00:00:00Z", &[])];
    let archived = |when: &str| {
        let validator = world.validator(Policy::default(), SOON, then.clone());
        let signed = world.pki.signed();
        let long_term = Augmenter::new(CadesLevel::Lt(&world.tsa, &validator)).augment(&signed);
        let tsa = Strong(world.tsa.0.at(when));
        Augmenter::new(CadesLevel::Lta(&tsa, &validator)).augment(&long_term.unwrap()).unwrap()
    };
    let fresh = || vec![world.list("2028-06-16T00:00:00Z", &[])];
    let judge = |file: &Vec<u8>| world.validator(ended(), LATER, fresh()).validate(file).unwrap();
    assert_concludes(&judge(&archived(SOON)), PASSED);
    assert_concludes(&judge(&archived("2027-02-01T00:00:00Z")), OPEN);
    let stamped = Augmenter::new(CadesLevel::T(&world.tsa)).augment(&world.pki.signed()).unwrap();
    assert_concludes(&judge(&stamped), OPEN);
    // §5.6.2.2.4 step 2 d): nothing that the list says reaches beyond the end of its digest.
    for (end, control) in [(END, "2026-07-05T00:00:00Z"), (SOON, SOON)] {
        let policy = policy(Acceptable::Until(time(end)));
        let report = world.validator(policy, LATER, fresh()).validate(&archived(SOON)).unwrap();
        assert_concludes(&report, PASSED);
        assert_eq!(slid_to(report.signatures()[0].block()), [time(control)]);
    }
    // What never was strong enough, no proof saves.
    let never = world.validator(policy(Acceptable::Never), LATER, fresh());
    assert_concludes(&never.validate(&archived(SOON)).unwrap(), NEVER);
    // And what was revoked by a list that is weak today stays so.
    let gone = world.validator(ended(), LATER, vec![world.list("2028-06-16T00:00:00Z", &[LEAF])]);
    assert_concludes(&gone.validate(&archived(SOON)).unwrap(), REVOKED);
}
