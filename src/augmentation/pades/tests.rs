//! Documents that are raised, as validation sees them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Augmenter, Level};
use crate::augmentation::cades::tests::{NOW, World};
use crate::encoding::pdf::sample;
use crate::error::ErrorKind;
use crate::keys::{SignatureValue, Signer};
use crate::signature::Prepared;
use crate::signature::cades;
use crate::signature::pades::SignatureBuilder;
use crate::signature::tsp::sample::TestTsa;
use crate::signature::tsp::{Online, TimeStampAuthority};
use crate::validation::{Conclusion, Policy, SignatureLevel, TimeStampType, Validator};

fn signed(signer: &dyn Signer) -> Vec<u8> {
    let document = sample::table(&sample::with(&[]));
    SignatureBuilder::new(&document, NOW.parse().unwrap()).sign(signer).unwrap()
}

fn raised(level: Level<'_>, document: &[u8]) -> Vec<u8> {
    Augmenter::new(level).augment(document).unwrap().to_vec(document).unwrap()
}

#[track_caller]
fn judged(world: &World, document: &[u8]) -> (SignatureLevel, Conclusion, Vec<TimeStampType>) {
    let report = world.validator.validate(document).unwrap();
    let [signature] = report.signatures() else { panic!("{report}") };
    assert_eq!(signature.intact(), Some(true), "{report}");
    let stamps = signature.timestamps().iter().map(|it| it.kind).collect();
    (signature.level(), signature.conclusion(), stamps)
}

#[test]
fn every_level_is_the_one_asked_for_and_passes() {
    let (world, passed) = (World::new(), Conclusion::TotalPassed);
    let stamp = TimeStampType::DocumentTimestamp;
    let (tsa, validator) = (&world.tsa, &world.validator);
    let b = signed(&world.signer);
    assert_eq!(judged(&world, &b), (SignatureLevel::BaselineB, passed, vec![]));
    let t = raised(Level::T(tsa), &b);
    assert_eq!(judged(&world, &t), (SignatureLevel::BaselineT, passed, vec![stamp]));
    let lt = raised(Level::Lt(tsa, validator), &t);
    assert_eq!(judged(&world, &lt), (SignatureLevel::BaselineLt, passed, vec![stamp]));
    let lta = raised(Level::Lta(tsa, validator), &b);
    assert_eq!(judged(&world, &lta), (SignatureLevel::BaselineLta, passed, vec![stamp; 2]));
    let renewed = raised(Level::Lta(tsa, validator), &lta);
    assert_eq!(judged(&world, &renewed), (SignatureLevel::BaselineLta, passed, vec![stamp; 3]));
    for (before, after) in [(&b, &t), (&t, &lt), (&b, &lta), (&lta, &renewed)] {
        assert!(after.starts_with(before), "earlier bytes were touched");
    }
}

/// Nothing is at hand any more but the document, and nobody is asked.
#[test]
fn what_is_stored_suffices() {
    let world = World::new();
    let lta = raised(Level::Lta(&world.tsa, &world.validator), &signed(&world.signer));
    let report = world.validator.validate(&lta).unwrap();
    let trust = world.trust.clone();
    let alone = Validator::new(trust, Policy::default(), NOW.parse().unwrap());
    assert_eq!(alone.validate(&lta).unwrap().conclusion(), report.conclusion());
    let b = signed(&world.signer);
    assert_ne!(alone.validate(&b).unwrap().conclusion(), report.conclusion());
}

/// One call, and the value in its own time-stamp; elsewhere in three steps, stored between.
#[test]
fn a_signature_is_made_at_its_level() {
    let (world, passed) = (World::new(), Conclusion::TotalPassed);
    let (own, over) = (TimeStampType::SignatureTimestamp, TimeStampType::DocumentTimestamp);
    let (tsa, validator) = (&world.tsa, &world.validator);
    let document = sample::table(&sample::with(&[]));
    for (level, expected, stamps) in [
        (Level::T(tsa), SignatureLevel::BaselineT, vec![own]),
        (Level::Lt(tsa, validator), SignatureLevel::BaselineLt, vec![own]),
        (Level::Lta(tsa, validator), SignatureLevel::BaselineLta, vec![own, over]),
    ] {
        let builder = SignatureBuilder::new(&document, NOW.parse().unwrap()).level(&level);
        let at_once = builder.sign(&world.signer).unwrap();
        let (chain, algorithm) = (world.signer.certificate_chain(), world.signer.algorithm());
        let stored = serde_json::to_vec(&builder.prepare(chain, algorithm).unwrap()).unwrap();
        let prepared: Prepared = serde_json::from_slice(&stored).unwrap();
        let value = world.signer.sign(prepared.to_be_signed()).unwrap();
        let later = prepared.complete_at(&value, &document, &level).unwrap();
        let later = later.to_vec(&document).unwrap();
        for signed in [at_once, later] {
            assert!(signed.starts_with(&document));
            assert_eq!(judged(&world, &signed), (expected, passed, stamps.clone()));
        }
    }
}

/// The value is checked before anybody is asked, and the document before anything is stored
/// about another.
#[test]
fn what_is_completed_at_a_level_is_what_was_prepared() {
    let world = World::new();
    let document = sample::table(&sample::with(&[]));
    let level = Level::Lt(&world.tsa, &world.validator);
    let (chain, algorithm) = (world.signer.certificate_chain(), world.signer.algorithm());
    let at = NOW.parse().unwrap();
    let prepared = || {
        let builder = SignatureBuilder::new(&document, at).level(&level);
        let stored = serde_json::to_vec(&builder.prepare(chain, algorithm).unwrap()).unwrap();
        serde_json::from_slice::<Prepared>(&stored).unwrap()
    };
    let value = world.signer.sign(prepared().to_be_signed()).unwrap();
    let mut other = document.clone();
    other[9] ^= 1;
    let error = prepared().complete_at(&value, &other, &level).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse, "{error}");
    let (tsa, asked) = counted(&world.tsa);
    let wrong = SignatureValue::new(vec![0; 64]);
    assert!(prepared().complete_at(&wrong, &document, &Level::T(&tsa)).is_err());
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    let cades = cades::SignatureBuilder::new(&document, at).prepare(chain, algorithm).unwrap();
    let value = world.signer.sign(cades.to_be_signed()).unwrap();
    let error = cades.complete_at(&value, &document, &Level::T(&tsa)).unwrap_err();
    assert_eq!((error.kind(), asked.load(Ordering::Relaxed)), (ErrorKind::Misuse, 0), "{error}");
}

fn counted(tsa: &TestTsa) -> (TestTsa, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let tsa = tsa.answering(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    (tsa, asked)
}

/// What was kept is told from what the token takes.
#[test]
fn room_is_kept_for_the_time_stamp() {
    let world = World::new();
    let document = sample::table(&sample::with(&[]));
    let signed = |tsa: &dyn TimeStampAuthority, space: Option<usize>| {
        let level = Level::T(tsa);
        let mut builder = SignatureBuilder::new(&document, NOW.parse().unwrap()).level(&level);
        if let Some(space) = space {
            builder = builder.time_stamp_space(space);
        }
        builder.sign(&world.signer)
    };
    let known = Online::new("http://tsa.test", Arc::new(world.tsa.clone()));
    let known = known.with_certificate_chain(world.signer.certificate_chain());
    let (roomy, tight) = (signed(&world.tsa, None).unwrap(), signed(&known, None).unwrap());
    assert!(tight.len() + 20_000 < roomy.len(), "{} and {}", tight.len(), roomy.len());
    assert!(signed(&known, Some(8_000)).unwrap().len() > tight.len());
    let large = world.tsa.answering(|it| it.certificates = vec![it.certificates.concat(); 20]);
    let error = signed(&large, Some(1_000)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse);
    assert!(error.to_string().contains("kept"), "{error}");
}

#[test]
fn nothing_left_to_do_adds_nothing() {
    let world = World::new();
    let t = raised(Level::T(&world.tsa), &signed(&world.signer));
    assert!(Augmenter::new(Level::T(&world.tsa)).augment(&t).unwrap().appended().is_empty());
    let level = Level::Lt(&world.tsa, &world.validator);
    let lt = raised(level, &t);
    assert!(Augmenter::new(level).augment(&lt).unwrap().appended().is_empty());
}

#[test]
fn what_is_missing_is_said_of_its_certificate() {
    let world = World::new();
    let trust = world.trust.clone();
    let blind = Validator::new(trust, Policy::default(), NOW.parse().unwrap());
    let b = signed(&world.signer);
    let error = Augmenter::new(Level::Lt(&world.tsa, &blind)).augment(&b).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse);
    assert!(error.to_string().contains("CN=Leaf"), "{error}");
    let unsigned = sample::table(&sample::with(&[]));
    let error = Augmenter::new(Level::T(&world.tsa)).augment(&unsigned).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse);
}
