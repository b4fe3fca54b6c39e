//! Documents that are raised, as validation sees them.

use super::{Augmenter, Level};
use crate::augmentation::cades::tests::{NOW, World};
use crate::encoding::pdf::sample;
use crate::error::ErrorKind;
use crate::keys::Signer;
use crate::signature::pades::SignatureBuilder;
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
