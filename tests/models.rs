//! When certificates have to be valid and not revoked, what is known of those that have
//! expired, and what an application asks of paths besides.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, unreachable_pub)]

mod support;

use std::sync::Mutex;

use kyso::{
    Certificate, CertificateConclusion, CertificateReport, Crl, Limits, OcspResponse,
    PathRequirements, Policy, TrustAnchor, TrustStore, Validator, ValidityModel,
};
use rcgen::{
    BasicConstraints, IsCa, Issuer, KeyPair, KeyUsagePurpose, RevocationReason, SigningKey,
    date_time_ymd,
};
use support::cms::{oid, seq, tlv};
use support::ocsp::{Answer, Question, Said};
use support::pki::{self, Authority, NOW};
use time::OffsetDateTime;

/// An authority whose time ended in 2025, and a certificate that outlives it.
struct Outlived {
    root: Authority,
    authority: Authority,
    officer: Certificate,
}

const AUTHORITY: u64 = 5;
const OFFICER: u64 = 6;

impl Outlived {
    /// The officer's certificate is of this year.
    fn since(year: i32) -> Self {
        let root = pki::root("Root");
        let mut params = pki::params("Authority", AUTHORITY);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.not_after = date_time_ymd(2025, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = root.certify(&params, &key);
        let authority = Authority { issuer: Issuer::new(params, key), certificate };
        let mut params = pki::params("Officer", OFFICER);
        params.not_before = date_time_ymd(year, 1, 1);
        params.not_after = date_time_ymd(2030, 1, 1);
        let officer = authority.certify(&params, &KeyPair::generate().unwrap());
        Self { root, authority, officer }
    }

    fn validator(&self, model: ValidityModel, policy: Policy, at: &str) -> Validator {
        let mut requirements = PathRequirements::default();
        requirements.validity_model = model;
        let trust: TrustStore = [self.root.certificate.clone()].into_iter().collect();
        Validator::new(trust, policy, at.parse().unwrap())
            .with_certificates([self.authority.certificate.clone()])
            .with_requirements(requirements)
    }

    fn check(&self, model: ValidityModel, at: &str) -> CertificateReport {
        self.validator(model, Policy::pilot(), at).check_certificate(&self.officer).unwrap()
    }

    /// The root's list, with the authority on it since then.
    fn list(&self, revoked: Option<OffsetDateTime>) -> Crl {
        let on_it = revoked.map(|_| (AUTHORITY, RevocationReason::CessationOfOperation));
        self.root.crl_with(on_it.as_slice(), |list| {
            for entry in &mut list.revoked_certs {
                entry.revocation_time = revoked.unwrap();
            }
        })
    }

    fn check_with(&self, model: ValidityModel, lists: Vec<Crl>) -> CertificateReport {
        let lists = lists.into_iter().chain([self.authority.crl(&[])]);
        self.validator(model, Policy::default(), NOW)
            .with_crls(lists)
            .check_certificate(&self.officer)
            .unwrap()
    }
}

#[track_caller]
fn assert_concludes(report: &CertificateReport, conclusion: CertificateConclusion, why: &str) {
    assert_eq!(report.conclusion, Some(conclusion), "{report:?}");
    let reason = report.reason.as_deref().unwrap_or_default();
    assert!(reason.contains(why), "{reason}");
}

use CertificateConclusion::{Indeterminate, Invalid, Valid};

#[test]
fn what_an_authority_issued_outlives_it_in_a_chain_only() {
    let pki = Outlived::since(2024);
    let shell = pki.check(ValidityModel::Shell, NOW);
    assert_concludes(&shell, Invalid, "CN=Authority expired");
    assert_concludes(&pki.check(ValidityModel::Chain, NOW), Valid, "");
    let late = pki.check(ValidityModel::Chain, "2031-01-01T00:00:00Z");
    assert_concludes(&late, Invalid, "CN=Officer expired");
    let early = pki.check(ValidityModel::Chain, "2023-01-01T00:00:00Z");
    assert_concludes(&early, Invalid, "CN=Officer");
}

#[test]
fn what_was_issued_after_its_authority_expired_is_of_no_worth() {
    let pki = Outlived::since(2026);
    for model in [ValidityModel::Shell, ValidityModel::Chain] {
        assert_concludes(&pki.check(model, NOW), Invalid, "CN=Authority expired");
    }
}

#[test]
fn a_chain_asks_whether_authorities_were_revoked_when_they_issued() {
    let pki = Outlived::since(2024);
    let since = |year| vec![pki.list(Some(date_time_ymd(year, 6, 1)))];
    let later = pki.check_with(ValidityModel::Chain, since(2024));
    assert_concludes(&later, Valid, "");
    let before = pki.check_with(ValidityModel::Chain, since(2023));
    assert_concludes(&before, Invalid, "CN=Authority was revoked");
}

/// An issuer may drop what has expired from its lists.
#[test]
fn not_to_be_listed_after_expiry_says_nothing() {
    let pki = Outlived::since(2024);
    let report = pki.check_with(ValidityModel::Chain, vec![pki.list(None)]);
    assert_concludes(&report, Indeterminate, "after the certificate expired");
    let old = pki.root.crl_with(&[], |list| {
        list.this_update = date_time_ymd(2024, 12, 1);
        list.next_update = date_time_ymd(2027, 1, 1);
    });
    assert_concludes(&pki.check_with(ValidityModel::Chain, vec![old]), Valid, "");
}

/// Unless the issuer says that it keeps those that expired since then (X.509 §9.5.2.8).
#[test]
fn a_list_that_keeps_what_expired_says_that_it_is_good() {
    let pki = Outlived::since(2024);
    let list = |kept_since: &str| {
        let said = seq(&[oid("2.5.29.60"), tlv(4, tlv(0x18, kept_since))]);
        let algorithm = seq(&[oid("1.2.840.10045.4.3.2")]);
        let name = seq(&[tlv(0x31, seq(&[oid("2.5.4.3"), tlv(0x0c, "Root")]))]);
        let times = ["260601000000Z", "260701000000Z"].map(|it| tlv(0x17, it)).concat();
        let fields = [tlv(2, [1]), algorithm.clone(), name, times, tlv(0xa0, seq(&[said]))];
        let to_be_signed = seq(&fields);
        let value = pki.root.issuer.key().sign(&to_be_signed).unwrap();
        let der = seq(&[to_be_signed, algorithm, tlv(3, [vec![0], value].concat())]);
        Crl::from_der(der, &Limits::default()).unwrap()
    };
    let kept = pki.check_with(ValidityModel::Chain, vec![list("20240101000000Z")]);
    assert_concludes(&kept, Valid, "");
    let dropped = pki.check_with(ValidityModel::Chain, vec![list("20250601000000Z")]);
    assert_concludes(&dropped, Indeterminate, "after the certificate expired");
}

/// Unless a responder says that it keeps those that expired since then (RFC 6960 §4.4.4).
#[test]
fn an_archive_answers_for_what_expired_after_its_cutoff() {
    let pki = Outlived::since(2024);
    let root_key = KeyPair::from_pem(&pki.root.issuer.key().serialize_pem()).unwrap();
    let question = Question::about(&pki.authority.certificate, &pki.root);
    for (cutoff, conclusion) in [
        (None, Indeterminate),
        (Some(date_time_ymd(2025, 6, 1)), Indeterminate),
        (Some(date_time_ymd(2020, 1, 1)), Valid),
    ] {
        let mut answer = Answer::new(Said::Good, date_time_ymd(2026, 6, 1));
        answer.archive_cutoff = cutoff;
        let response = answer.to(&question, &root_key);
        let response = OcspResponse::from_der(&response, &Limits::default()).unwrap();
        let report = pki
            .validator(ValidityModel::Chain, Policy::default(), NOW)
            .with_crls([pki.authority.crl(&[])])
            .with_ocsp_responses([response])
            .check_certificate(&pki.officer)
            .unwrap();
        assert_eq!(report.conclusion, Some(conclusion), "{cutoff:?}: {report:?}");
    }
}

#[test]
fn a_check_of_the_application_can_only_reject() {
    let key = KeyPair::generate().unwrap();
    let (a, b) = (pki::root("Root A"), pki::root("Root B"));
    // One authority that both certified: two paths lead to the officer.
    let mut params = pki::params("Authority", AUTHORITY);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let candidates = [a.certify(&params, &key), b.certify(&params, &key)];
    let issuer = Authority { issuer: Issuer::new(params, key), certificate: candidates[0].clone() };
    let officer_key = KeyPair::generate().unwrap();
    let officer = issuer.certify(&pki::params("Officer", OFFICER), &officer_key);
    let anchors = [(&a, "A"), (&b, "B")].map(|(root, domain)| {
        TrustAnchor::from_certificate(root.certificate.clone()).with_domain(domain)
    });
    let trust: TrustStore = anchors.into_iter().collect();
    let validator = || {
        Validator::new(trust.clone(), Policy::pilot(), NOW.parse().unwrap())
            .with_certificates(candidates.clone())
    };
    for domain in ["A", "B"] {
        let report = validator()
            .with_path_check(move |path: &[Certificate], anchor: &TrustAnchor| {
                assert_eq!(path.len(), 2);
                let wanted = anchor.domain() == Some(domain);
                if wanted { Ok(()) } else { Err(format!("{domain} is wanted")) }
            })
            .check_certificate(&officer)
            .unwrap();
        assert_concludes(&report, Valid, "");
        assert_eq!(report.trust_domain.as_deref(), Some(domain));
    }
    let none = |_: &[Certificate], _: &TrustAnchor| Err("nobody is wanted".to_owned());
    let report = validator().with_path_check(none).check_certificate(&officer).unwrap();
    assert_concludes(&report, Invalid, "nobody is wanted");
    assert_eq!(report.tried.len(), 2);
    // What does not hold by itself is not asked about, and nothing makes it hold.
    let asked = std::sync::Arc::new(Mutex::new(0));
    let count = std::sync::Arc::clone(&asked);
    let yes = move |_: &[Certificate], _: &TrustAnchor| {
        *count.lock().unwrap() += 1;
        Ok(())
    };
    let stranger = pki::root("Stranger").certify(&pki::params("Officer", 7), &officer_key);
    let report = validator().with_path_check(yes).check_certificate(&stranger).unwrap();
    assert_eq!(report.conclusion, Some(Indeterminate));
    assert_eq!(*asked.lock().unwrap(), 0);
}

#[test]
fn the_model_can_be_kept_in_a_file() {
    let chain: PathRequirements = serde_json::from_str(r#"{"validity_model":"chain"}"#).unwrap();
    assert_eq!(chain.validity_model, ValidityModel::Chain);
    let said = serde_json::to_value(&chain).unwrap();
    assert_eq!(said["validity_model"], "chain");
    assert!(serde_json::from_str::<PathRequirements>(r#"{"validity_model":"none"}"#).is_err());
    assert_eq!(PathRequirements::default().validity_model, ValidityModel::Shell);
}
