//! The level of a PDF signature by its structure (EN 319 142-1 §6.3, EN 319 142-2 §5).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod support;

use kyso::{Conclusion, Policy, SignatureLevel, TrustStore, Validator, pades};
use support::cms::{
    Cms, Identity, SIGNING_CERTIFICATE_V2, SIGNING_TIME, attribute, oid, seq, sha256, tlv,
};
use support::pdf::Pdf;
use support::pki::{NOW, Pki};

const SIGNATURE_POLICY: &str = "1.2.840.113549.1.9.16.2.15";
const COMMITMENT_TYPE: &str = "1.2.840.113549.1.9.16.2.16";

const PADES: &str = "/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/M(D:20260601000000Z)";
const UNTIMED: &str = "/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached";
const REASONED: &str = "/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/M(D:20260601000000Z)\
                        /Reason(Approved)";
const ADOBE: &str = "/Filter/Adobe.PPKLite/SubFilter/adbe.pkcs7.detached/M(D:20260601000000Z)";

fn level(dictionary: &'static str, change: impl FnOnce(&mut Cms)) -> SignatureLevel {
    let identity = Identity::rsa();
    let file = Pdf { dictionary, ..Pdf::default() }.signed(|covered| {
        let mut cms = Cms::over(covered, &identity);
        cms.without(SIGNING_TIME);
        change(&mut cms);
        cms.signed.sort();
        cms.signed_by(&identity)
    });
    let at = "2026-11-22T00:00:00Z".parse().unwrap();
    let validator = Validator::new(TrustStore::new(), Policy::default(), at);
    let report = validator.validate(&file).unwrap();
    assert_eq!(report.signatures()[0].intact(), Some(true), "{report}");
    report.signatures()[0].level()
}

fn policy(cms: &mut Cms) {
    let hash = seq(&[seq(&[oid("2.16.840.1.101.3.4.2.1")]), tlv(4, sha256(b"policy"))]);
    cms.signed.push(attribute(SIGNATURE_POLICY, seq(&[oid("1.2.3"), hash])));
}

fn commitment(cms: &mut Cms) {
    let approval = seq(&[oid("1.2.840.113549.1.9.16.6.5")]);
    cms.signed.push(attribute(COMMITMENT_TYPE, approval));
}

#[test]
fn baseline_is_what_its_clause_asks_for() {
    assert_eq!(level(PADES, |_| {}), SignatureLevel::BaselineB);
    assert_eq!(level(REASONED, |_| {}), SignatureLevel::BaselineB);
    assert_eq!(level(PADES, policy), SignatureLevel::BaselineB);
    assert_eq!(level(PADES, commitment), SignatureLevel::BaselineB);
}

/// The time claimed stands in the dictionary, and nowhere else.
#[test]
fn the_time_is_the_dictionarys() {
    let timed = |cms: &mut Cms| {
        cms.signed.push(attribute(SIGNING_TIME, tlv(23, "260601000000Z")));
    };
    assert_eq!(level(PADES, timed), SignatureLevel::Bes);
    assert_eq!(level(UNTIMED, |_| {}), SignatureLevel::Bes);
    let both = |cms: &mut Cms| {
        timed(cms);
        policy(cms);
    };
    assert_eq!(level(PADES, both), SignatureLevel::Epes);
}

/// The dictionary's reason stands beside neither a policy nor a commitment.
#[test]
fn one_thing_says_why_it_was_signed() {
    assert_eq!(level(REASONED, policy), SignatureLevel::Bes);
    assert_eq!(level(REASONED, commitment), SignatureLevel::NotEtsi);
}

#[test]
fn what_no_profile_takes_is_none() {
    assert_eq!(level(ADOBE, |_| {}), SignatureLevel::NotEtsi);
    let unnamed = |cms: &mut Cms| cms.without(SIGNING_CERTIFICATE_V2);
    assert_eq!(level(PADES, unnamed), SignatureLevel::NotEtsi);
}

fn levels(pki: &Pki, file: &Vec<u8>) -> Vec<SignatureLevel> {
    let validator = Validator::new(pki.trust(), Policy::pilot(), NOW.parse().unwrap());
    let report = validator.validate(file).unwrap();
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
    report.signatures().iter().map(|it| it.level()).collect()
}

/// In the signature or over the document; and of no matter for what is no PAdES.
#[test]
fn one_time_stamp_makes_it_t() {
    let (pki, at) = (Pki::new(), NOW.parse().unwrap());
    let (tsa, document) = (pki.tsa(), std::fs::read("testdata/pdf/libreoffice.pdf").unwrap());
    let level = pades::Level::T(&tsa);
    let signed =
        |format: pades::SubFilter| pades::SignatureBuilder::new(&document, at).sub_filter(format);
    let within = signed(pades::SubFilter::EtsiCadesDetached).level(&level).sign(&pki.signer());
    assert_eq!(levels(&pki, &within.unwrap()), [SignatureLevel::BaselineT]);
    let b = signed(pades::SubFilter::EtsiCadesDetached).sign(&pki.signer()).unwrap();
    let over = pades::Augmenter::new(level).augment(&b).unwrap().to_vec(&b).unwrap();
    assert_eq!(levels(&pki, &over), [SignatureLevel::BaselineT]);
    let adobe = signed(pades::SubFilter::AdbePkcs7Detached).level(&level).sign(&pki.signer());
    assert_eq!(levels(&pki, &adobe.unwrap()), [SignatureLevel::NotEtsi]);
}

/// Signing at a level raises nobody else; raising all of them does.
#[test]
fn each_signature_has_a_level_of_its_own() {
    let (pki, at) = (Pki::new(), NOW.parse().unwrap());
    let validator = Validator::new(pki.trust(), Policy::default(), at)
        .with_crls([pki.root.crl(&[]), pki.middle.crl(&[])]);
    let (tsa, document) = (pki.tsa(), std::fs::read("testdata/pdf/libreoffice.pdf").unwrap());
    let leader =
        pades::SignatureBuilder::new(&document, at).field("Leader").sign(&pki.signer()).unwrap();
    let level = pades::Level::Lt(&tsa, &validator);
    let builder = pades::SignatureBuilder::new(&leader, at).field("Agency").level(&level);
    let sealed = builder.sign(&pki.signer()).unwrap();
    assert_eq!(levels(&pki, &sealed), [SignatureLevel::BaselineB, SignatureLevel::BaselineLt]);
    let archive = pades::Level::Lta(&tsa, &validator);
    let raised = pades::Augmenter::new(archive).augment(&sealed).unwrap().to_vec(&sealed).unwrap();
    assert_eq!(levels(&pki, &raised), [SignatureLevel::BaselineLta; 2]);
}
