//! What an authority issued outlives its revocation in the chain model, but not a stolen key:
//! whoever holds that writes any date (EN 319 102-1 §5.6.2.2.4 step 2 b).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(missing_docs, unreachable_pub)]

mod support;

use std::sync::Arc;

use kyso::cades::{Augmenter, Level};
use kyso::{
    Acceptable, CertificateConclusion, CertificateReport, Crl, PathRequirements, Policy, Retrieve,
    TrustStore, UtcTime, Validator, ValidityModel,
};
use rcgen::RevocationReason::{
    self, AaCompromise, AffiliationChanged, CaCompromise, CertificateHold, CessationOfOperation,
    KeyCompromise, PrivilegeWithdrawn, Superseded, Unspecified,
};
use rcgen::{CrlDistributionPoint, KeyPair, PKCS_ECDSA_P384_SHA384};
use support::net::Net;
use support::pki::{self, Authority, LEAF, MIDDLE, NOW, Pki, TSA};
use support::tsa::{self, TestTsa};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The reasons that say that the key stayed where it belongs.
const SPARING: [Option<RevocationReason>; 3] =
    [Some(AffiliationChanged), Some(Superseded), Some(CessationOfOperation)];

/// All others, and none.
const OPEN: [Option<RevocationReason>; 7] = [
    None,
    Some(Unspecified),
    Some(KeyCompromise),
    Some(CaCompromise),
    Some(AaCompromise),
    Some(PrivilegeWithdrawn),
    Some(CertificateHold),
];

/// When lists were issued that are good at [`NOW`].
const ISSUED: &str = "2026-06-01T00:00:00Z";
/// The signer's certificate is of the year 2026.
const BEFORE_ISSUE: &str = "2025-12-01T00:00:00Z";
/// Between that and the signature of 15 June.
const BEFORE_SIGNATURE: &str = "2026-03-01T00:00:00Z";
/// An archive time-stamp of this time stands between the signature and [`AFTER_ARCHIVE`].
const ARCHIVED: &str = "2026-06-17T00:00:00Z";
const AFTER_ARCHIVE: &str = "2026-06-18T00:00:00Z";
const SOON: &str = "2026-06-20T00:00:00Z";
const LATE: &str = "2028-06-20T00:00:00Z";

/// Where the root's list is.
const ROOT_URL: &str = "http://crl.test/root.crl";

const NO_CA: &str = "INDETERMINATE/REVOKED_CA_NO_POE";
const NO_SIGNER: &str = "INDETERMINATE/REVOKED_NO_POE";
const PASSED: &str = "TOTAL_PASSED";

fn at(text: &str) -> OffsetDateTime {
    OffsetDateTime::parse(text, &Rfc3339).unwrap()
}

fn time(text: &str) -> UtcTime {
    text.parse().unwrap()
}

/// One who is revoked: whose number, since when, and why.
type Revoked = (u64, &'static str, Option<RevocationReason>);

/// A signer under an authority, and authorities for time-stamps that have nothing to do with
/// either, and longer keys.
struct World {
    pki: Pki,
    stamps: Authority,
    tsa: TestTsa,
}

impl World {
    fn new() -> Self {
        let mut pki = Pki::new();
        pki.middle = pki.root.authority_with("Authority", MIDDLE, |params| {
            let uris = vec![ROOT_URL.to_owned()];
            params.crl_distribution_points = vec![CrlDistributionPoint { uris }];
        });
        let mut params = pki::params("Leaf", LEAF);
        params.not_before = at("2026-01-01T00:00:00Z");
        pki.leaf = pki.middle.certify(&params, &pki.leaf_key);
        let key = || KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
        let (stamps, key) = (pki::root_of("Stamps", key()), key());
        let certificate = stamps.certify(&tsa::params("TSA", TSA).unwrap(), &key);
        let tsa = TestTsa::new(key, vec![certificate.der().to_vec()]).at(NOW);
        Self { pki, stamps, tsa }
    }

    /// Lists that are good for three weeks from this time on.
    fn crls(&self, from: &str, revoked: &[Revoked]) -> Vec<Crl> {
        let issuers = [&self.pki.root, &self.pki.middle, &self.stamps];
        issuers.map(|it| list(it, from, revoked)).to_vec()
    }

    fn validator(&self, model: ValidityModel, now: &str, crls: Vec<Crl>) -> Validator {
        self.validator_with(Policy::default(), model, now, crls)
    }

    fn validator_with(
        &self,
        policy: Policy,
        model: ValidityModel,
        now: &str,
        crls: Vec<Crl>,
    ) -> Validator {
        let mut trust: TrustStore = self.pki.trust();
        trust.merge([self.stamps.certificate.clone()].into_iter().collect());
        let mut requirements = PathRequirements::default();
        requirements.validity_model = model;
        Validator::new(trust, policy, time(now)).with_requirements(requirements).with_crls(crls)
    }

    fn chain(&self, now: &str, crls: Vec<Crl>) -> Validator {
        self.validator(ValidityModel::Chain, now, crls)
    }

    fn stamped(&self) -> Vec<u8> {
        Augmenter::new(Level::T(&self.tsa)).augment(&self.pki.signed()).unwrap()
    }

    /// All that was known when nobody was revoked, under an archive time-stamp of this time.
    fn archived(&self, when: &str) -> Vec<u8> {
        let validator = self.chain(SOON, self.crls("2026-06-16T00:00:00Z", &[]));
        let long_term = Augmenter::new(Level::Lt(&self.tsa, &validator));
        let long_term = long_term.augment(&self.pki.signed()).unwrap();
        let archive = self.tsa.at(when);
        Augmenter::new(Level::Lta(&archive, &validator)).augment(&long_term).unwrap()
    }

    /// Whether the signer's certificate may be relied on, with these lists of the root.
    fn check(&self, lists: impl IntoIterator<Item = Crl>) -> CertificateReport {
        let issuers = [self.pki.middle.certificate.clone()];
        let lists = lists.into_iter().chain([list(&self.pki.middle, ISSUED, &[])]);
        self.chain(NOW, lists.collect())
            .with_certificates(issuers)
            .check_certificate(&self.pki.leaf)
            .unwrap()
    }
}

/// A list that is good for three weeks from this time on.
fn list(issuer: &Authority, from: &str, revoked: &[Revoked]) -> Crl {
    let all: Vec<_> = revoked.iter().map(|it| (it.0, it.2.unwrap_or(Unspecified))).collect();
    issuer.crl_with(&all, |list| {
        list.this_update = at(from);
        list.next_update = at(from) + time::Duration::days(21);
        for (entry, (_, since, reason)) in list.revoked_certs.iter_mut().zip(revoked) {
            entry.revocation_time = at(since);
            entry.reason_code = *reason;
        }
    })
}

#[track_caller]
fn assert_concludes(validator: &Validator, file: &Vec<u8>, expected: &str, why: &str) {
    let report = validator.validate(file).unwrap();
    assert_eq!(report.conclusion().unwrap().to_string(), expected, "{why}: {report}");
}

/// Runs the case for each reason of a class, with what has to follow.
fn each_reason(sparing: &str, open: &str, case: impl Fn(Option<RevocationReason>, &str)) {
    SPARING.into_iter().for_each(|it| case(it, sparing));
    OPEN.into_iter().for_each(|it| case(it, open));
}

#[test]
fn only_reasons_that_spare_the_key_leave_a_certificate_its_worth() {
    let world = World::new();
    let check = |reason| {
        let revoked = [(MIDDLE, BEFORE_SIGNATURE, reason)];
        world.check([list(&world.pki.root, ISSUED, &revoked)]).conclusion
    };
    for reason in SPARING {
        assert_eq!(check(reason), Some(CertificateConclusion::Valid), "{reason:?}");
    }
    for reason in OPEN {
        assert_eq!(check(reason), Some(CertificateConclusion::Invalid), "{reason:?}");
    }
}

#[test]
fn one_word_that_leaves_the_reason_open_is_enough() {
    let world = World::new();
    let check = |earlier, later| {
        let list = |(from, reason)| {
            list(&world.pki.root, from, &[(MIDDLE, BEFORE_SIGNATURE, Some(reason))])
        };
        let lists = [(ISSUED, earlier), ("2026-06-10T00:00:00Z", later)];
        world.check(lists.map(list)).conclusion.unwrap()
    };
    use CertificateConclusion::{Invalid, Valid};
    assert_eq!(check(Superseded, KeyCompromise), Invalid);
    assert_eq!(check(KeyCompromise, Superseded), Invalid);
    assert_eq!(check(Superseded, CessationOfOperation), Valid);
    // Why it was on hold is known by then.
    assert_eq!(check(CertificateHold, Superseded), Valid);
    assert_eq!(check(CertificateHold, KeyCompromise), Invalid);
}

#[test]
fn a_hold_that_was_taken_back_does_no_harm() {
    let world = World::new();
    let held = [(MIDDLE, BEFORE_SIGNATURE, Some(CertificateHold))];
    let held = list(&world.pki.root, ISSUED, &held);
    let free = list(&world.pki.root, "2026-06-10T00:00:00Z", &[]);
    let conclusion = |lists: &[Crl]| world.check(lists.to_vec()).conclusion;
    assert_eq!(conclusion(&[held.clone(), free]), Some(CertificateConclusion::Valid));
    assert_eq!(conclusion(&[held]), Some(CertificateConclusion::Invalid));
}

/// Else whoever holds a stolen key brings an old list along, and keeps the new one back.
#[test]
fn news_of_an_authority_in_its_time_have_to_be_new() {
    let world = World::new();
    let old = list(&world.pki.root, "2025-12-20T00:00:00Z", &[]);
    let report = world.check([old.clone()]);
    assert_eq!(report.conclusion, Some(CertificateConclusion::Indeterminate), "{report:?}");
    assert!(report.reason.unwrap().contains("too old"));
    let new = list(&world.pki.root, ISSUED, &[]);
    assert_eq!(world.check([old, new]).conclusion, Some(CertificateConclusion::Valid));
}

/// A time-stamp does not make the old list newer; one that was good when the signature is
/// proven to have existed serves later on, too.
#[test]
fn news_of_an_authority_have_to_be_as_new_as_the_proven_time() {
    let world = World::new();
    let stamped = world.stamped();
    let judge = |root_list: &str, expected: &str| {
        let mut crls = world.crls("2026-06-20T00:00:00Z", &[]);
        crls[0] = list(&world.pki.root, root_list, &[]);
        let validator = world.chain("2026-07-05T00:00:00Z", crls);
        assert_concludes(&validator, &stamped, expected, root_list);
    };
    judge("2025-12-20T00:00:00Z", "INDETERMINATE/TRY_LATER");
    judge("2026-06-10T00:00:00Z", PASSED);
}

/// That it was good when it issued is no reason not to ask what became of it.
#[test]
fn an_old_list_at_hand_does_not_keep_a_new_one_from_being_asked_for() {
    let world = World::new();
    let lists =
        [list(&world.pki.root, "2025-12-20T00:00:00Z", &[]), list(&world.pki.middle, ISSUED, &[])];
    let check = |revoked: &[Revoked]| {
        let new = list(&world.pki.root, ISSUED, revoked);
        let net: Arc<dyn Retrieve> = Net::default().file(ROOT_URL, new.der()).shared();
        let validator = world.chain(NOW, lists.to_vec()).with_retrieval(net);
        let validator = validator.with_certificates([world.pki.middle.certificate.clone()]);
        validator.check_certificate(&world.pki.leaf).unwrap().conclusion
    };
    assert_eq!(check(&[]), Some(CertificateConclusion::Valid));
    let stolen = (MIDDLE, BEFORE_SIGNATURE, Some(KeyCompromise));
    assert_eq!(check(&[stolen]), Some(CertificateConclusion::Invalid));
}

/// §5.3.
#[test]
fn a_basic_signature_falls_with_a_key_that_may_be_stolen() {
    let world = World::new();
    let signed = world.pki.signed();
    let judge = |since, reason, expected: &str| {
        let crls = world.crls("2026-06-16T00:00:00Z", &[(MIDDLE, since, reason)]);
        assert_concludes(
            &world.chain(SOON, crls.clone()),
            &signed,
            expected,
            &format!("{reason:?}"),
        );
        let shell = world.validator(ValidityModel::Shell, SOON, crls);
        assert_concludes(&shell, &signed, NO_CA, "the shell model asks for no reason");
    };
    each_reason(PASSED, NO_CA, |reason, expected| judge(BEFORE_SIGNATURE, reason, expected));
    each_reason(NO_CA, NO_CA, |reason, expected| judge(BEFORE_ISSUE, reason, expected));
}

/// §5.5: a time-stamp settles that the signer was revoked later, and not that the authority's
/// key was stolen, as nothing proves the signer's certificate and what was said of it.
#[test]
fn a_time_stamp_alone_does_not_help_against_a_stolen_key() {
    let world = World::new();
    let (signed, stamped) = (world.pki.signed(), world.stamped());
    for since in [BEFORE_SIGNATURE, AFTER_ARCHIVE] {
        each_reason(PASSED, NO_SIGNER, |reason, expected| {
            let signer = (LEAF, AFTER_ARCHIVE, Some(Superseded));
            let crls = world.crls("2026-06-19T00:00:00Z", &[(MIDDLE, since, reason), signer]);
            let validator = world.chain(SOON, crls);
            assert_concludes(&validator, &stamped, expected, &format!("{reason:?} {since}"));
            assert_concludes(&validator, &signed, NO_SIGNER, "not without it");
        });
    }
}

/// §5.6: what is proven to be older than the revocation, and all that it hangs on, was not
/// made with a stolen key.
#[test]
fn an_archive_time_stamp_from_before_the_revocation_does() {
    let world = World::new();
    let archived = world.archived(ARCHIVED);
    let judge = |since, reason, file, expected: &str| {
        let crls = world.crls("2026-06-19T00:00:00Z", &[(MIDDLE, since, reason)]);
        let why = format!("{reason:?} {since}");
        assert_concludes(&world.chain(SOON, crls), file, expected, &why);
    };
    each_reason(PASSED, PASSED, |reason, expected| {
        judge(AFTER_ARCHIVE, reason, &archived, expected);
    });
    let late = world.archived("2026-06-18T12:00:00Z");
    each_reason(PASSED, NO_CA, |reason, expected| {
        judge(AFTER_ARCHIVE, reason, &late, expected);
        // As soon as it is told that the key was stolen long before.
        judge(BEFORE_SIGNATURE, reason, &archived, expected);
    });
    each_reason(NO_CA, NO_CA, |reason, expected| {
        judge(BEFORE_ISSUE, reason, &archived, expected);
    });
}

/// §5.6.2.2: only the archive settles that the others' keys are too short today, and its time
/// slides to a revocation that may be a theft.
#[test]
fn validation_time_slides_to_a_revocation_that_may_be_a_theft() {
    let world = World::new();
    let archived = world.archived(ARCHIVED);
    let mut policy = Policy::default();
    let end = Acceptable::Until(time("2027-01-01T00:00:00Z"));
    policy.algorithms.elliptic_curves = [(256, end), (384, Acceptable::Always)].into();
    let judge = |since, reason, expected: &str| {
        let crls = world.crls("2028-06-16T00:00:00Z", &[(MIDDLE, since, reason)]);
        let validator = world.validator_with(policy.clone(), ValidityModel::Chain, LATE, crls);
        assert_concludes(&validator, &archived, expected, &format!("{reason:?} {since}"));
    };
    each_reason(PASSED, PASSED, |reason, expected| judge(AFTER_ARCHIVE, reason, expected));
    let open = NO_CA;
    each_reason(PASSED, open, |reason, expected| judge(BEFORE_SIGNATURE, reason, expected));
}
