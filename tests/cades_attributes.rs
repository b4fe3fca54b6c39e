//! What a signer may sign along, and who may sign a signature: policies, time-stamps over
//! the content, countersignatures.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#![allow(missing_docs)]

mod support;

use kyso::{
    Digest, DigestAlgorithm, ErrorKind, Report, SignatureLevel, SignatureReport, TimeStampType,
    UtcTime, cades,
};
use support::pki::{CONTENT, NOW, Pki};

fn at(text: &str) -> UtcTime {
    text.parse().unwrap()
}

fn builder() -> cades::SignatureBuilder<'static, [u8]> {
    cades::SignatureBuilder::new(CONTENT, at(NOW))
}

fn report(pki: &Pki, signature: &[u8]) -> Report {
    pki.validator(at(NOW)).validate_detached(signature, CONTENT).unwrap()
}

fn imprints(report: &SignatureReport) -> Vec<(TimeStampType, Option<bool>)> {
    report.timestamps().iter().map(|it| (it.kind, it.imprint_intact)).collect()
}

#[test]
fn content_time_stamps_are_signed_along() {
    let pki = Pki::new();
    let (tsa, other) = (pki.tsa(), pki.tsa());
    let builder = builder().content_time_stamp(&tsa).content_time_stamp(&other);
    let signature = builder.sign(&pki.signer()).unwrap();
    let report = report(&pki, &signature);
    let one = &report.signatures()[0];
    assert_eq!((one.intact(), one.level()), (Some(true), SignatureLevel::BaselineB));
    assert_eq!(imprints(one), [(TimeStampType::ContentTimestamp, Some(true)); 2]);
    let elsewhere = pki.validator(at(NOW)).validate_detached(&signature, b"another").unwrap();
    let imprints = imprints(&elsewhere.signatures()[0]);
    assert_eq!(imprints, [(TimeStampType::ContentTimestamp, Some(false)); 2]);
    // Its authority's certificate belongs to the validation data.
    let validator = pki.validator(at(NOW));
    let level = cades::Level::Lta(&tsa, &validator);
    let raised = cades::Augmenter::new(level).augment_detached(&signature, CONTENT).unwrap();
    let report = validator.validate_detached(&raised, CONTENT).unwrap();
    assert_eq!(report.signatures()[0].level(), SignatureLevel::BaselineLta);
    assert_eq!(report.signatures()[0].timestamps().len(), 4);
}

#[test]
fn a_policy_is_named_with_its_digest() {
    let pki = Pki::new();
    let digest = DigestAlgorithm::Sha256.digest(b"the rules");
    let explicit = cades::SignaturePolicy::explicit("1.2.3.4", digest).unwrap();
    let located = explicit.clone().at("https://example.vn/rules.pdf").unwrap();
    for (policy, said) in [
        (cades::SignaturePolicy::implied(), "implied"),
        (explicit, "1.2.3.4"),
        (located, "1.2.3.4"),
    ] {
        let signature = builder().signature_policy(policy).sign(&pki.signer()).unwrap();
        let report = report(&pki, &signature);
        let one = &report.signatures()[0];
        assert_eq!((one.intact(), one.level()), (Some(true), SignatureLevel::BaselineB));
        let checks = serde_json::to_string(one.checks()).unwrap();
        assert!(checks.contains(said), "{checks}");
    }
    let sha1 = DigestAlgorithm::Sha1.digest(b"");
    let wrong = [
        cades::SignaturePolicy::explicit("1.2.3.4", sha1),
        cades::SignaturePolicy::explicit(
            "rules",
            Digest::new(DigestAlgorithm::Sha256, [0; 32]).unwrap(),
        ),
        cades::SignaturePolicy::implied().at("https://example.vn"),
    ];
    assert!(wrong.into_iter().all(|it| it.unwrap_err().kind() == ErrorKind::Misuse));
}

/// Only the document that was signed under will do, whoever claims to have it.
#[test]
fn the_policy_at_hand_has_to_be_the_one_signed_under() {
    let pki = Pki::new();
    // A policy in ASN.1 is digested without its last part: the digest over the first two.
    let (algorithm, rules) = ([0x30, 3, 6, 1, 42], [0x30, 3, 2, 1, 7]);
    let first_two = [&algorithm[..], &rules].concat();
    let asn1 = [&[0x30, 13][..], &first_two, &[4, 1, 0]].concat();
    let named = |digested: &[u8]| {
        let digest = DigestAlgorithm::Sha512.digest(digested);
        let policy = cades::SignaturePolicy::explicit("1.2.3.4", digest).unwrap();
        builder().signature_policy(policy).sign(&pki.signer()).unwrap()
    };
    let words = |signature: &[u8], policy: &str, document: &[u8]| {
        let validator = pki.validator(at(NOW)).with_signature_policy(policy, document);
        let report = validator.validate_detached(signature, CONTENT).unwrap();
        let conclusion = report.signatures()[0].conclusion();
        conclusion.sub_indication().unwrap_or(conclusion.indication()).to_owned()
    };
    let (plain, coded) = (named(b"the rules"), named(&first_two));
    assert_eq!(words(&plain, "1.2.3.4", b"the rules"), "TOTAL_PASSED");
    assert_eq!(words(&plain, "1.2.3.4", b"other rules"), "POLICY_PROCESSING_ERROR");
    assert_eq!(words(&plain, "1.2.3.5", b"other rules"), "TOTAL_PASSED");
    assert_eq!(words(&coded, "1.2.3.4", &asn1), "TOTAL_PASSED");
    assert_eq!(words(&coded, "1.2.3.4", &asn1[..12]), "POLICY_PROCESSING_ERROR");
}

#[test]
fn a_signature_is_countersigned() {
    let pki = Pki::new();
    let tsa = pki.tsa();
    let first = builder().sign(&pki.signer()).unwrap();
    let both = builder().beside(&first).sign(&pki.signer()).unwrap();
    let counter = |signature: &[u8], place| {
        cades::CounterSignatureBuilder::new(signature, at(NOW)).signer(place).sign(&pki.signer())
    };
    let once = counter(&both, 1).unwrap();
    let twice = counter(&once, 1).unwrap();
    let report_of = |signature: &[u8]| -> Vec<(bool, Option<bool>, SignatureLevel)> {
        let all = report(&pki, signature);
        all.signatures()
            .iter()
            .map(|it| (it.is_counter_signature(), it.intact(), it.level()))
            .collect()
    };
    let (direct, over) = (
        (false, Some(true), SignatureLevel::BaselineB),
        (true, Some(true), SignatureLevel::BaselineB),
    );
    assert_eq!(report_of(&once), [direct, direct, over]);
    assert_eq!(report_of(&twice), [direct, direct, over, over]);
    assert_eq!(counter(&both, 2).unwrap_err().kind(), ErrorKind::Misuse);
    assert_eq!(counter(b"\x30\x00", 0).unwrap_err().kind(), ErrorKind::Malformed);

    // One that comes later than an archive time-stamp harms it in nothing.
    let validator = pki.validator(at(NOW));
    let level = cades::Level::Lta(&tsa, &validator);
    let archived = cades::Augmenter::new(level).augment_detached(&twice, CONTENT).unwrap();
    let later = counter(&archived, 0).unwrap();
    for (signature, count) in [(&archived, 4), (&later, 5)] {
        let report = report(&pki, signature);
        assert_eq!(report.signatures().len(), count);
        let direct = report.signatures().iter().filter(|it| !it.is_counter_signature());
        for one in direct {
            assert_eq!(one.level(), SignatureLevel::BaselineLta);
            assert!(one.timestamps().iter().all(|it| it.imprint_intact == Some(true)));
        }
    }
    // It is archived in its turn.
    assert!(cades::Augmenter::new(level).augment_detached(&later, CONTENT).is_ok());
}

/// A countersignature is over one value: moved to another, it is broken.
#[test]
fn a_countersignature_of_another_signature_is_broken() {
    let pki = Pki::new();
    let counter = |signature: &[u8]| {
        let builder = cades::CounterSignatureBuilder::new(signature, at(NOW));
        builder.sign(&pki.signer()).unwrap()
    };
    let signed = builder().sign(&pki.signer()).unwrap();
    let countersigned = counter(&signed);
    // ECDSA signs anew each time; the value of the other one stands in its place.
    let other = builder().sign(&pki.signer()).unwrap();
    let (old, new) = (value(&signed), value(&other));
    if old.len() != new.len() {
        return a_countersignature_of_another_signature_is_broken();
    }
    let place = countersigned.windows(old.len()).position(|it| it == old).unwrap();
    let mut moved = countersigned;
    moved[place..place + old.len()].copy_from_slice(&new);
    let report = report(&pki, &moved);
    let intact: Vec<_> = report.signatures().iter().map(|it| it.intact()).collect();
    assert_eq!(intact, [Some(true), Some(false)]);
}

/// The last OCTET STRING of a CMS with one signer and nothing unsigned.
fn value(signature: &[u8]) -> Vec<u8> {
    let length = (68..=72).find(|it| {
        let at = signature.len() - it;
        signature[at - 2..at] == [4, u8::try_from(*it).unwrap()] && signature[at] == 0x30
    });
    signature[signature.len() - length.unwrap()..].to_vec()
}
