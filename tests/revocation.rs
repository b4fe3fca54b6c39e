//! What revocation lists do to a verdict.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(missing_docs, unreachable_pub)]

mod support;

use base64::Engine;
use kyso::{
    Certificate, Crl, Limits, OcspResponse, Policy, Report, SoftwareSigner, Validator, cades,
};
use rcgen::SigningKey;
use rcgen::{RevocationReason, date_time_ymd};
use support::cms::{oid, seq, tlv};
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

/// A list with these extensions besides its number, signed by the authority.
fn list_der(
    pki: &Pki,
    number: u8,
    day: u8,
    revoked: &[(u64, u8)],
    extensions: &[Vec<u8>],
) -> Vec<u8> {
    list_of_version(pki, &[2, 1, 1], number, day, revoked, extensions)
}

fn list_of_version(
    pki: &Pki,
    version: &[u8],
    number: u8,
    day: u8,
    revoked: &[(u64, u8)],
    extensions: &[Vec<u8>],
) -> Vec<u8> {
    let entries = revoked.iter().map(|(serial, reason)| {
        let serial = tlv(2, [u8::try_from(*serial).unwrap()]);
        let reason = extension("2.5.29.21", false, &tlv(0x0a, [*reason]));
        seq(&[serial, tlv(0x17, "260501000000Z"), seq(&[reason])])
    });
    let entries: Vec<_> = entries.collect();
    let mut all = vec![extension("2.5.29.20", false, &tlv(2, [number]))];
    all.extend_from_slice(extensions);
    let algorithm = seq(&[oid("1.2.840.10045.4.3.2")]);
    let name = seq(&[tlv(0x31, seq(&[oid("2.5.4.3"), tlv(0x0c, "Authority")]))]);
    let times = [format!("2606{day:02}000000Z"), "260701000000Z".into()].map(|it| tlv(0x17, it));
    let revoked = if entries.is_empty() { Vec::new() } else { seq(&entries) };
    let fields = [version.to_vec(), algorithm.clone(), name, times.concat(), revoked];
    let to_be_signed = seq(&[fields.concat(), tlv(0xa0, seq(&all))]);
    let value = [vec![0], pki.middle.issuer.key().sign(&to_be_signed).unwrap()].concat();
    seq(&[to_be_signed, algorithm, tlv(3, value)])
}

fn list(pki: &Pki, number: u8, day: u8, revoked: &[(u64, u8)], extensions: &[Vec<u8>]) -> Crl {
    let der = list_der(pki, number, day, revoked, extensions);
    Crl::from_der(der, &Limits::default()).unwrap()
}

fn extension(kind: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { tlv(1, [0xff]) } else { Vec::new() };
    seq(&[oid(kind), critical, tlv(4, value)])
}

/// Changes to list `base`, issued on a day of June.
fn delta(pki: &Pki, base: u8, number: u8, day: u8, revoked: &[(u64, u8)]) -> Crl {
    list(pki, number, day, revoked, &[extension("2.5.29.27", true, &tlv(2, [base]))])
}

const KEY_COMPROMISE: u8 = 1;
const HOLD: u8 = 6;
const REMOVE: u8 = 8;

#[test]
fn a_delta_brings_its_base_up_to_date_in_either_order() {
    let pki = Pki::new();
    let judge = |lists: [Crl; 2]| {
        let [a, b] = lists.clone();
        let one = judge(&pki, Policy::default(), vec![pki.root.crl(&[]), a.clone(), b.clone()]);
        let other = judge(&pki, Policy::default(), vec![b, a, pki.root.crl(&[])]);
        let told = |it: &Report| it.conclusion().unwrap().to_string();
        assert_eq!(told(&one), told(&other));
        one
    };
    let base = || list(&pki, 5, 1, &[], &[]);
    let on_hold = || list(&pki, 5, 1, &[(LEAF, HOLD)], &[]);
    let report = judge([base(), delta(&pki, 5, 6, 2, &[(77, KEY_COMPROMISE)])]);
    assert_says(&report, "TOTAL_PASSED", "CN=Leaf không bị thu hồi theo CRL");
    let report = judge([base(), delta(&pki, 5, 6, 2, &[(LEAF, KEY_COMPROMISE)])]);
    assert_says(&report, "INDETERMINATE/REVOKED_NO_POE", "(keyCompromise)");
    let report = judge([on_hold(), delta(&pki, 5, 6, 2, &[(LEAF, REMOVE)])]);
    assert_says(&report, "TOTAL_PASSED", "CN=Leaf không bị thu hồi");
    let report = judge([on_hold(), delta(&pki, 5, 6, 2, &[])]);
    assert_says(&report, "INDETERMINATE/REVOKED_NO_POE", "(certificateHold)");
    // Only a hold is ever lifted.
    let revoked = list(&pki, 5, 1, &[(LEAF, KEY_COMPROMISE)], &[]);
    let report = judge([revoked, delta(&pki, 5, 6, 2, &[(LEAF, REMOVE)])]);
    assert_says(&report, "INDETERMINATE/REVOKED_NO_POE", "(keyCompromise)");
}

/// RFC 5280 §5.2.4: a base older than the delta builds on, a delta that is no later than
/// the list, another scope or key: nothing is combined.
#[test]
fn a_delta_changes_its_own_base_only() {
    let pki = Pki::new();
    let on_hold = |number| list(&pki, number, 1, &[(LEAF, HOLD)], &[]);
    let scope = extension("2.5.29.28", true, &seq(&[tlv(0x81, [0xff])]));
    let key = extension("2.5.29.35", false, &seq(&[tlv(0x80, [7; 20])]));
    let remove = |more: &[Vec<u8>], base| {
        let kind = extension("2.5.29.27", true, &tlv(2, [base]));
        list(&pki, 9, 2, &[(LEAF, REMOVE)], &[&[kind], more].concat())
    };
    for (base, delta, lifted) in [
        (on_hold(5), remove(&[], 5), true),
        (on_hold(8), remove(&[], 5), true),
        (on_hold(4), remove(&[], 5), false),
        (on_hold(9), remove(&[], 5), false),
        (on_hold(5), remove(&[scope], 5), false),
        (on_hold(5), remove(&[key], 5), false),
    ] {
        let lists = vec![pki.root.crl(&[]), base, delta];
        let report = judge(&pki, Policy::default(), lists);
        let passed = report.conclusion().unwrap().to_string() == "TOTAL_PASSED";
        assert_eq!(passed, lifted, "{report}");
    }
}

/// A later list of other reasons does not lift a hold, though an earlier list and it speak
/// of all reasons together.
#[test]
fn a_later_list_of_other_reasons_lifts_no_hold() {
    let pki = Pki::new();
    let key_compromise = seq(&[tlv(0x83, [6, 0x40])]);
    let part = list(&pki, 7, 9, &[], &[extension("2.5.29.28", true, &key_compromise)]);
    let judge = |last: &Crl| {
        let (earlier, hold) = (list(&pki, 5, 1, &[], &[]), list(&pki, 6, 5, &[(LEAF, HOLD)], &[]));
        judge(&pki, Policy::default(), vec![pki.root.crl(&[]), earlier, hold, last.clone()])
    };
    let report = judge(&part);
    assert_says(&report, "INDETERMINATE/REVOKED_NO_POE", "(certificateHold)");
    let report = judge(&list(&pki, 7, 9, &[], &[]));
    assert_says(&report, "TOTAL_PASSED", "CN=Leaf không bị thu hồi");
}

/// RFC 5280 §5.1.2.1: a list that says more than version 1 can is of version 2. What a
/// reader of version 1 passes over may change whom the list is about.
#[test]
fn a_list_of_version_1_with_extensions_says_nothing() {
    let pki = Pki::new();
    for (version, passes) in [(&[2, 1, 1][..], true), (&[], false), (&[2, 1, 0], false)] {
        let der = list_of_version(&pki, version, 5, 1, &[], &[]);
        let lists = vec![pki.root.crl(&[]), Crl::from_der(der, &Limits::default()).unwrap()];
        let report = judge(&pki, Policy::default(), lists);
        match passes {
            true => assert_says(&report, "TOTAL_PASSED", "CN=Leaf không bị thu hồi"),
            false => assert_open(&report, "CRL của CN=Authority bị lỗi"),
        }
    }
}

/// Without a base, not to be among the changes says nothing; to be does.
#[test]
fn a_delta_alone_says_who_is_revoked_and_not_who_is_not() {
    let pki = Pki::new();
    let alone = |revoked: &[(u64, u8)]| {
        judge(&pki, Policy::default(), vec![pki.root.crl(&[]), delta(&pki, 5, 6, 2, revoked)])
    };
    assert_open(&alone(&[]), "không có danh sách gốc tương ứng");
    assert_open(&alone(&[(LEAF, REMOVE)]), "không có danh sách gốc tương ứng");
    let revoked = alone(&[(LEAF, KEY_COMPROMISE)]);
    assert_says(&revoked, "INDETERMINATE/REVOKED_NO_POE", "(keyCompromise)");
}

/// A base that is out of date serves again with a delta that is not (§5.2.4: the times of
/// the constructed list are the delta's).
#[test]
fn a_fresh_delta_renews_a_base() {
    let pki = Pki::new();
    let mut patient = Policy::default();
    patient.revocation_max_age = Some(5 * 86_400);
    let base = list(&pki, 5, 1, &[], &[]);
    let report = judge(&pki, patient.clone(), vec![pki.root.crl_with(&[], fresh), base.clone()]);
    assert_open(&report, "đã cũ");
    let lists = vec![pki.root.crl_with(&[], fresh), base, delta(&pki, 5, 6, 12, &[])];
    assert_says(&judge(&pki, patient, lists), "TOTAL_PASSED", "CN=Leaf không bị thu hồi");
}

fn fresh(list: &mut rcgen::CertificateRevocationListParams) {
    list.this_update = date_time_ymd(2026, 6, 14);
}

/// Cut anywhere: never a panic, never a list.
#[test]
fn deltas_cut_short_are_none() {
    let whole = delta(&Pki::new(), 5, 6, 2, &[(LEAF, KEY_COMPROMISE)]).der().to_vec();
    for end in 0..whole.len() {
        assert!(Crl::from_der(&whole[..end], &Limits::default()).is_err(), "{end}");
    }
    let negative = extension("2.5.29.27", true, &tlv(2, [0x80]));
    let der = list_der(&Pki::new(), 1, 1, &[], &[negative]);
    assert!(Crl::from_der(der, &Limits::default()).is_err(), "a negative number is read");
}

/// Lists by many signers, whose own status is to be had from each other's lists only.
#[test]
fn lists_that_vouch_for_each_others_signers_are_bounded() {
    let pki = Pki::new();
    // Each has the name of the authority and a key of its own, so that each may have signed
    // the list about any other.
    let others: Vec<_> = (0..40).map(|n| pki.root.authority("Authority", 100 + n, true)).collect();
    let lists: Vec<_> = others.iter().flat_map(|it| vec![it.crl(&[]); 10]).collect();
    let report = Validator::new(pki.trust(), Policy::default(), NOW.parse().unwrap())
        .with_certificates(others.iter().map(|it| it.certificate.clone()))
        .with_crls(lists)
        .check_certificate(&pki.leaf);
    let report = report.unwrap();
    assert_ne!(report.conclusion, Some(kyso::CertificateConclusion::Valid), "{report:?}");
}
