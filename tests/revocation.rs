//! What revocation lists do to a verdict.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(missing_docs, unreachable_pub)]

mod support;

use base64::Engine;
use kyso::{
    Certificate, Crl, Limits, OcspResponse, Policy, Report, SoftwareSigner, Validator, cades,
};
use rcgen::{RevocationReason, date_time_ymd};
use support::pki::{self, CRL_URL, LEAF, MIDDLE, NOW, Pki};

const KEY: RevocationReason = RevocationReason::KeyCompromise;

fn judge(pki: &Pki, policy: Policy, crls: Vec<Crl>) -> Report {
    judge_at(pki, policy, crls, NOW)
}

fn judge_at(pki: &Pki, policy: Policy, crls: Vec<Crl>, at: &str) -> Report {
    Validator::new(pki.trust(), policy, at.parse().unwrap())
        .with_crls(crls)
        .validate(&pki.signed())
        .unwrap()
}

/// The conclusion, and a part of one of the Vietnamese sentences.
#[track_caller]
fn assert_says(report: &Report, conclusion: &str, vietnamese: &str) {
    assert_eq!(report.conclusion().unwrap().to_string(), conclusion, "{report}");
    let said = report.signatures()[0].checks().iter().any(|it| it.message_vi.contains(vietnamese));
    assert!(said, "{vietnamese:?} is not said:\n{report}");
}

#[track_caller]
fn assert_open(report: &Report, vietnamese: &str) {
    assert_says(report, "INDETERMINATE/TRY_LATER", vietnamese);
    assert!(!report.signatures()[0].missing().is_empty(), "{report}");
}

#[test]
fn with_good_lists_for_all_the_default_policy_passes() {
    let pki = Pki::new();
    let all = vec![pki.root.crl(&[]), pki.middle.crl(&[(77, KEY)])];
    let report = judge(&pki, Policy::default(), all);
    assert_says(&report, "TOTAL_PASSED", "CN=Leaf không bị thu hồi theo CRL");
    assert_says(&report, "TOTAL_PASSED", "CN=Authority không bị thu hồi theo CRL");
    assert!(report.signatures()[0].missing().is_empty());
}

#[test]
fn what_is_missing_is_named() {
    let pki = Pki::new();
    let report = judge(&pki, Policy::default(), vec![pki.root.crl(&[])]);
    assert_open(&report, "không có dữ liệu thu hồi nào");
    let missing = report.signatures()[0].missing();
    assert_eq!(missing, ["revocation: CN=Leaf", &format!("crl: {CRL_URL}")]);
}

#[test]
fn revoked_never_passes_whatever_the_policy_asks() {
    let pki = Pki::new();
    for policy in [Policy::default(), Policy::pilot()] {
        let leaf = vec![pki.root.crl(&[]), pki.middle.crl(&[(LEAF, KEY)])];
        let report = judge(&pki, policy.clone(), leaf);
        assert_says(&report, "INDETERMINATE/REVOKED_NO_POE", "(keyCompromise)");
        let middle = vec![pki.root.crl(&[(MIDDLE, KEY)]), pki.middle.crl(&[])];
        let report = judge(&pki, policy, middle);
        assert_says(&report, "INDETERMINATE/REVOKED_CA_NO_POE", "CN=Authority đã bị thu hồi");
    }
}

/// Old news of a revocation is news; old news of none is not.
#[test]
fn age_matters_to_good_news_only() {
    let pki = Pki::new();
    let good = vec![pki.root.crl(&[]), pki.middle.crl(&[])];
    let late = "2026-08-01T00:00:00Z";
    let report = judge_at(&pki, Policy::default(), good.clone(), late);
    assert_open(&report, "đã cũ");
    let mut patient = Policy::default();
    patient.revocation_max_age = Some(100 * 86_400);
    let report = judge_at(&pki, patient.clone(), good.clone(), late);
    assert_says(&report, "TOTAL_PASSED", "không bị thu hồi");
    patient.revocation_max_age = Some(86_400);
    assert_open(&judge(&pki, patient, good.clone()), "đã cũ");
    let early = judge_at(&pki, Policy::default(), good, "2026-05-20T00:00:00Z");
    assert_open(&early, "sau thời điểm kiểm tra");
    let bad = vec![pki.root.crl(&[]), pki.middle.crl(&[(LEAF, KEY)])];
    let report = judge_at(&pki, Policy::default(), bad, late);
    assert_says(&report, "INDETERMINATE/REVOKED_NO_POE", "đã bị thu hồi");
}

/// Revoked after the time in question is not revoked at that time.
#[test]
fn a_later_revocation_is_none_yet() {
    let pki = Pki::new();
    let later = pki.middle.crl_with(&[(LEAF, KEY)], |list| {
        list.revoked_certs[0].revocation_time = date_time_ymd(2026, 6, 20);
    });
    let report = judge(&pki, Policy::default(), vec![pki.root.crl(&[]), later]);
    assert_says(&report, "TOTAL_PASSED", "CN=Leaf không bị thu hồi");
}

/// Only a hold can be taken back, by a later list.
#[test]
fn the_latest_list_says_whether_a_hold_lasts() {
    let pki = Pki::new();
    let on_hold = |day| {
        let hold = [(LEAF, RevocationReason::CertificateHold)];
        pki.middle.crl_with(&hold, |list| list.this_update = date_time_ymd(2026, 6, day))
    };
    let free = || pki.middle.crl_with(&[], |list| list.this_update = date_time_ymd(2026, 6, 5));
    let judge = |list| judge(&pki, Policy::default(), vec![pki.root.crl(&[]), list, free()]);
    assert_says(&judge(on_hold(1)), "TOTAL_PASSED", "CN=Leaf không bị thu hồi");
    assert_says(&judge(on_hold(9)), "INDETERMINATE/REVOKED_NO_POE", "(certificateHold)");
    let revoked = pki.middle.crl(&[(LEAF, KEY)]);
    assert_says(&judge(revoked), "INDETERMINATE/REVOKED_NO_POE", "(keyCompromise)");
}

/// Nobody but the issuer is believed, neither for good nor for bad.
#[test]
fn lists_of_others_say_nothing() {
    let pki = Pki::new();
    let stranger = pki::root("Authority");
    for revoked in [&[][..], &[(LEAF, KEY)]] {
        let forged = vec![pki.root.crl(&[]), stranger.crl(revoked)];
        assert_open(&judge(&pki, Policy::default(), forged), "không do cơ quan cấp ký");
        let other = vec![pki.root.crl(&[]), pki.root.crl(revoked)];
        assert_open(&judge(&pki, Policy::default(), other), "không có dữ liệu thu hồi nào");
    }
    let forged = vec![stranger.crl(&[(LEAF, KEY)])];
    let report = judge(&pki, Policy::pilot(), forged);
    assert_says(&report, "TOTAL_PASSED", "không yêu cầu");
}

#[test]
fn the_issuers_key_has_to_be_for_lists() {
    let pki = Pki::with(false);
    let list = list_without_right(&pki);
    let report = judge(&pki, Policy::default(), vec![pki.root.crl(&[]), list]);
    assert_open(&report, "không có thẩm quyền");
}

/// The test library refuses to sign such a list, unless it does not know the key usage.
fn list_without_right(pki: &Pki) -> Crl {
    let key = rcgen::KeyPair::from_pem(&pki.middle.issuer.key().serialize_pem()).unwrap();
    let mut params = pki::params("Authority", MIDDLE);
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let issuer = rcgen::Issuer::new(params, key);
    pki::Authority { issuer, certificate: pki.middle.certificate.clone() }.crl(&[])
}

/// RFC 5280 §5.2.5: a part of a list is about those that name it.
#[test]
fn a_partition_is_about_those_that_name_it() {
    let pki = Pki::new();
    let judge = |uri: &str| {
        let part = Some(pki::partition(uri));
        let part = pki.middle.crl_with(&[], |list| list.issuing_distribution_point = part);
        judge(&pki, Policy::default(), vec![pki.root.crl(&[]), part])
    };
    assert_says(&judge(CRL_URL), "TOTAL_PASSED", "CN=Leaf không bị thu hồi");
    assert_open(&judge("http://crl.test/other.crl"), "không áp dụng cho chứng thư số này");
}

#[test]
fn a_part_for_authorities_is_not_about_signers() {
    let pki = Pki::new();
    for (scope, conclusion) in [
        (rcgen::CrlScope::CaCertsOnly, "INDETERMINATE/TRY_LATER"),
        (rcgen::CrlScope::UserCertsOnly, "TOTAL_PASSED"),
    ] {
        let mut part = pki::partition(CRL_URL);
        part.scope = Some(scope);
        let part = pki.middle.crl_with(&[], |list| list.issuing_distribution_point = Some(part));
        let report = judge(&pki, Policy::default(), vec![pki.root.crl(&[]), part]);
        assert_eq!(report.conclusion().unwrap().to_string(), conclusion, "{report}");
    }
}

/// Any byte of a list changed: never a panic, and what is believed is what was signed.
#[test]
fn no_changed_byte_frees_a_revoked_certificate() {
    let pki = Pki::new();
    let list = pki.middle.crl_with(&[(LEAF, KEY)], |_| {});
    let der = list.der().to_vec();
    let signed = pki.signed();
    let root = pki.root.crl(&[]);
    for at in (0..der.len()).step_by(3) {
        let mut changed = der.clone();
        changed[at] ^= 1;
        let Ok(list) = Crl::from_der(changed, &Limits::default()) else { continue };
        let report = Validator::new(pki.trust(), Policy::default(), NOW.parse().unwrap())
            .with_crls([root.clone(), list])
            .validate(&signed)
            .unwrap();
        assert_ne!(report.conclusion().unwrap().to_string(), "TOTAL_PASSED", "byte {at}");
    }
}

#[test]
fn files_hold_lists_in_either_form() {
    let pki = Pki::new();
    let der = pki.root.crl(&[(1, KEY)]).der().to_vec();
    let pem = format!(
        "-----BEGIN X509 CRL-----\n{}\n-----END X509 CRL-----\n",
        base64::engine::general_purpose::STANDARD.encode(&der)
    );
    for (bytes, count) in [(der, 1), (pem.repeat(2).into_bytes(), 2)] {
        let all = Crl::all_from(bytes, &Limits::default()).unwrap();
        assert_eq!(all.len(), count);
        assert_eq!((all[0].issuer().as_str(), all[0].len()), ("CN=Root", 1));
    }
    assert!(Crl::all_from(b"nothing".to_vec(), &Limits::default()).is_err());
}

/// A responder's answers, made by OpenSSL: see `make.sh` beside them.
fn response(name: &str) -> OcspResponse {
    let bytes = std::fs::read(format!("testdata/revocation/{name}.ors")).unwrap();
    OcspResponse::from_der(&bytes, &Limits::default()).unwrap()
}

fn judge_responses(names: &[&str], at: &str) -> Report {
    let read = |name: &str| std::fs::read(format!("testdata/{name}")).unwrap();
    let (key, leaf) = (read("keys/p256.key.pem"), read("revocation/leaf.pem"));
    let signer = SoftwareSigner::from_pem(&key, &leaf).unwrap();
    let at = at.parse().unwrap();
    let content = pki::CONTENT.to_vec();
    let signed = cades::SignatureBuilder::new(&content, at).enveloping().sign(&signer).unwrap();
    let anchor = Certificate::all_from(&read("revocation/ca.pem"), &Limits::default()).unwrap();
    Validator::new(anchor.into_iter().collect(), Policy::default(), at)
        .with_ocsp_responses(names.iter().map(|it| response(it)))
        .validate(&signed)
        .unwrap()
}

const LATER: &str = "2027-01-01T00:00:00Z";

#[test]
fn responses_of_the_issuer_and_of_whom_it_charged_are_believed() {
    for name in ["good", "good-key-id", "good-sha256", "delegated"] {
        let report = judge_responses(&[name], LATER);
        assert_says(&report, "TOTAL_PASSED", "không bị thu hồi theo OCSP");
    }
    for name in ["revoked", "delegated-revoked"] {
        let report = judge_responses(&[name, "good"], LATER);
        assert_says(&report, "INDETERMINATE/REVOKED_NO_POE", "(keyCompromise) theo OCSP");
    }
}

#[test]
fn responses_that_prove_nothing_say_why() {
    for (name, why) in [
        ("unknown", "không biết chứng thư số này"),
        ("refused", "từ chối trả lời (mã 3)"),
        ("no-usage", "không có thẩm quyền"),
        ("foreign", "không có thẩm quyền"),
        ("stranger", "không có thẩm quyền"),
        ("no-check-missing", "chưa biết có bị thu hồi hay không"),
    ] {
        let report = judge_responses(&[name], LATER);
        assert_open(&report, why);
        let missing = report.signatures()[0].missing();
        assert!(missing.contains(&"ocsp: http://ocsp.test/".to_owned()), "{missing:?}");
    }
}
