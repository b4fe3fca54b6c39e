//! What validators remember changes how long an answer takes and nothing else.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod support;

use std::thread;

use kyso::{
    Certificate, Conclusion, Crl, Memory, OcspResponse, PathRequirements, Policy, Report,
    TrustStore, UtcTime, Validator,
};
use rcgen::RevocationReason;

use support::pki::{LEAF, NOW, Pki};

fn validator(pki: &Pki, at: &str) -> Validator {
    pki.validator(at.parse().unwrap())
}

/// Validators whose answers differ, each for one reason.
fn validators(pki: &Pki) -> Vec<Validator> {
    let revoked = pki.middle.crl(&[(LEAF, RevocationReason::KeyCompromise)]);
    let mut requirements = PathRequirements::default();
    requirements.max_depth = Some(0);
    let stranger: TrustStore = [Pki::new().root.certificate].into_iter().collect();
    let now: UtcTime = NOW.parse().unwrap();
    vec![
        validator(pki, NOW),
        validator(pki, NOW).with_crls([revoked]),
        validator(pki, NOW).with_requirements(requirements),
        // The lists are stale, and then the certificates have expired.
        validator(pki, "2027-01-01T00:00:00Z"),
        validator(pki, "2041-01-01T00:00:00Z"),
        Validator::new(stranger, Policy::default(), now),
        Validator::new(pki.trust(), Policy::default(), now),
    ]
}

fn json(report: &Report) -> String {
    serde_json::to_string(report).unwrap()
}

#[test]
fn validators_that_share_a_memory_judge_as_each_alone() {
    let pki = Pki::new();
    let document = pki.signed();
    let judge = |it: &Validator| json(&it.validate(&document).unwrap());
    let alone: Vec<_> = validators(&pki)
        .into_iter()
        .map(|it| {
            let fresh = judge(&it);
            // Its own memory gives the same answer again.
            assert_eq!(judge(&it), fresh);
            fresh
        })
        .collect();
    let mut different = alone.clone();
    different.sort();
    different.dedup();
    assert_eq!(different.len(), alone.len(), "each asks something else");
    let memory = Memory::new();
    let validators: Vec<_> =
        validators(&pki).into_iter().map(|it| it.with_memory(&memory)).collect();
    for _ in 0..2 {
        for (validator, alone) in validators.iter().zip(&alone) {
            assert_eq!(&judge(validator), alone);
        }
        for (validator, alone) in validators.iter().zip(&alone).rev() {
            assert_eq!(&judge(validator), alone);
        }
    }
}

/// A bad signature by a certificate that is remembered as good is still bad.
#[test]
fn no_document_vouches_for_another() {
    let pki = Pki::new();
    let document = pki.signed();
    let validator = validator(&pki, NOW);
    let conclusion = |it: &Vec<u8>| validator.validate(it).unwrap().conclusion();
    assert_eq!(conclusion(&document), Some(Conclusion::TotalPassed));
    let at = document.windows(3).position(|it| it == "Côn".as_bytes().first_chunk::<3>().unwrap());
    let mut changed = document.clone();
    changed[at.unwrap()] ^= 1;
    assert!(matches!(conclusion(&changed), Some(Conclusion::TotalFailed(_))));
    let mut changed = document.clone();
    // In the signature value, which comes last.
    *changed.last_mut().unwrap() ^= 1;
    assert!(matches!(conclusion(&changed), Some(Conclusion::TotalFailed(_))));
    assert_eq!(conclusion(&document), Some(Conclusion::TotalPassed));
}

/// What takes no reference to a key or a document can be shared by the threads of a server.
#[test]
fn one_validator_serves_many_threads() {
    fn is_shared<T: Send + Sync + Clone + 'static>() {}
    is_shared::<Validator>();
    is_shared::<Memory>();
    is_shared::<Certificate>();
    is_shared::<Crl>();
    is_shared::<OcspResponse>();
    is_shared::<TrustStore>();
    let pki = Pki::new();
    let document = pki.signed();
    let validators = validators(&pki);
    let alone: Vec<_> =
        validators.iter().map(|it| json(&it.validate(&document).unwrap())).collect();
    thread::scope(|scope| {
        for n in 0..8 {
            let (validators, alone, document) = (&validators, &alone, &document);
            scope.spawn(move || {
                for turn in 0..20 {
                    let which = (n + turn) % validators.len();
                    let report = validators[which].clone().validate(document).unwrap();
                    assert_eq!(json(&report), alone[which]);
                }
            });
        }
    });
}
