//! Documents that are raised, as validation sees them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Augmenter, Level, Vri};
use crate::augmentation::cades::tests::{NOW, World};
use crate::encoding::pdf::sample;
use crate::error::ErrorKind;
use crate::keys::{SignatureValue, Signer};
use crate::limits::Limits;
use crate::signature::Prepared;
use crate::signature::cades;
use crate::signature::pades::{self, SignatureBuilder};
use crate::signature::tsp::sample::TestTsa;
use crate::signature::tsp::{Online, TimeStampAuthority};
use crate::validation::{Conclusion, Policy, Report, SignatureLevel, TimeStampType, Validator};

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

/// In the days after, with nothing but the document.
fn alone(world: &World, year: i32, document: &[u8]) -> Report {
    let at = format!("{year}-06-20T00:00:00Z").parse().unwrap();
    Validator::new(world.trust.clone(), Policy::default(), at).validate(document).unwrap()
}

/// Each renewal stores the path of the last time-stamp, whose authority is gone by the next.
#[test]
fn renewed_again_and_again() {
    let mut world = World::until(2027, 2028);
    let signed = signed(&world.signer);
    let mut document = raised(Level::Lta(&world.tsa, &world.validator), &signed);
    let mut known = Vec::new();
    for year in 2027..2031 {
        world.go_on(year, year + 2);
        document = raised(Level::Lta(&world.tsa, &world.validator), &document);
        let limits = Limits::default();
        known.push(pades::parse(&document, &limits).unwrap().store.certificates.len());
    }
    // The first two share a root and a signer; each renewal knows one authority more.
    assert_eq!(known, [3, 4, 5, 6]);
    let report = alone(&world, 2030, &document);
    let [signature] = report.signatures() else { panic!("{report}") };
    assert_eq!(signature.conclusion(), Conclusion::TotalPassed, "{report}");
    assert_eq!(signature.level(), SignatureLevel::BaselineLta);
    assert_eq!(signature.timestamps().len(), 6);
    assert_eq!(signature.best_signature_time().unwrap().to_string(), NOW);
}

/// What nothing proves any more does not become good by one more time-stamp.
#[test]
fn what_was_renewed_too_late_is_said() {
    let mut world = World::until(2027, 2028);
    let lta = raised(Level::Lta(&world.tsa, &world.validator), &signed(&world.signer));
    world.go_on(2028, 2030);
    let error = Augmenter::new(Level::Lta(&world.tsa, &world.validator)).augment(&lta).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse);
    for said in ["nothing proves", "expired at 2028-01-01", "CN=TSA", "in Signature1"] {
        assert!(error.to_string().contains(said), "{error}");
    }
}

/// Where the signer's certificate outlives the authority, a time-stamp of today proves what
/// the old one does not any more.
#[test]
fn what_has_lapsed_is_stamped_anew() {
    let mut world = World::until(2035, 2027);
    let t = raised(Level::T(&world.tsa), &signed(&world.signer));
    world.go_on(2028, 2040);
    let lta = raised(Level::Lta(&world.tsa, &world.validator), &t);
    let report = alone(&world, 2028, &lta);
    let [signature] = report.signatures() else { panic!("{report}") };
    assert_eq!(signature.conclusion(), Conclusion::TotalPassed, "{report}");
    let proven = signature.best_signature_time().unwrap();
    assert_eq!(proven.to_string(), "2028-06-15T00:00:00Z");
    assert_eq!(signature.timestamps().len(), 3);
}

/// Of a certificate that has expired nobody says anything any more, and nobody did.
#[test]
fn what_was_not_kept_in_time_is_missing() {
    let mut world = World::until(2027, 2040);
    let t = raised(Level::T(&world.tsa), &signed(&world.signer));
    world.go_on(2028, 2040);
    let error = Augmenter::new(Level::Lt(&world.tsa, &world.validator)).augment(&t).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse);
    for said in ["CN=Leaf", "0 CRLs", "1 CRLs and 0 OCSP responses given", "names no URL"] {
        assert!(error.to_string().contains(said), "{error}");
    }
    assert!(!error.to_string().contains("CN=TSA"), "{error}");
}

/// Of two signatures, what is missing for one is no matter for the other.
#[test]
fn one_of_several_is_raised() {
    let (world, other) = (World::new(), World::new());
    let at = NOW.parse().unwrap();
    let first = sample::table(&sample::with(&[]));
    let first = SignatureBuilder::new(&first, at).field("Leader").sign(&other.signer).unwrap();
    let both = SignatureBuilder::new(&first, at).field("Agency").sign(&world.signer).unwrap();
    let level = Level::Lta(&world.tsa, &world.validator);
    let error = Augmenter::new(level).augment(&both).unwrap_err();
    assert!(error.to_string().contains("no path leads"), "{error}");
    let raised = Augmenter::new(level).field("Agency").augment(&both).unwrap();
    let report = world.validator.validate(&raised.to_vec(&both).unwrap()).unwrap();
    let [leader, agency] = report.signatures() else { panic!("{report}") };
    assert_ne!(leader.conclusion(), Conclusion::TotalPassed, "{report}");
    assert_eq!(agency.conclusion(), Conclusion::TotalPassed, "{report}");
    assert_eq!(agency.level(), SignatureLevel::BaselineLta);
    let unknown = Augmenter::new(level).field("Nobody").augment(&both).unwrap_err();
    assert!(unknown.to_string().contains("Nobody"), "{unknown}");
    // The same while signing: the last one is the one that was asked for.
    let signed = SignatureBuilder::new(&first, at).level(&level).sign(&world.signer).unwrap();
    let report = world.validator.validate(&signed).unwrap();
    assert_eq!(report.signatures()[1].level(), SignatureLevel::BaselineLta, "{report}");
}

/// What is said of each signature besides is read again, said once, and no modification.
#[test]
fn what_is_about_a_signature_is_said() {
    let world = World::new();
    let (own, vri) = (TimeStampType::SignatureTimestamp, TimeStampType::VriTimestamp);
    let document = sample::table(&sample::with(&[]));
    let level = Level::Lt(&world.tsa, &world.validator);
    for (how, stamps) in [(Vri::Claimed, vec![own]), (Vri::TimeStamped, vec![own, vri])] {
        let augmenter = Augmenter::new(level).with_vri(how);
        let builder = SignatureBuilder::new(&document, NOW.parse().unwrap()).level(&augmenter);
        let signed = builder.sign(&world.signer).unwrap();
        let expected = (SignatureLevel::BaselineLt, Conclusion::TotalPassed, stamps);
        assert_eq!(judged(&world, &signed), expected);
        assert!(augmenter.augment(&signed).unwrap().appended().is_empty());
        let found = pades::parse(&signed, &Limits::default()).unwrap();
        let name = String::from_utf8(found.signatures[0].name_in_store()).unwrap();
        let text = String::from_utf8_lossy(&signed);
        assert!(text.contains(&format!("/VRI <</{name} <</Cert [")), "{name}");
        assert_eq!(text.contains("/TU (D:20260615070000+07'00')"), how == Vri::Claimed);
        // A renewal says it of the time-stamp, too, and leaves the signature's as it is.
        let lta = raised(Level::Lta(&world.tsa, &world.validator), &signed);
        let again = Augmenter::new(Level::Lta(&world.tsa, &world.validator)).with_vri(how);
        let again = again.augment(&lta).unwrap().to_vec(&lta).unwrap();
        let report = world.validator.validate(&again).unwrap();
        assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
        let [signature] = report.signatures() else { panic!("{report}") };
        assert_eq!(signature.later_changes(), Some("LTA_UPDATES"), "{report}");
    }
}

/// Some writers call a time-stamp over the document a signature; its format tells.
#[test]
fn a_time_stamp_that_is_called_a_signature_is_one() {
    let world = World::new();
    let lta = raised(Level::Lta(&world.tsa, &world.validator), &signed(&world.signer));
    let needle = b"/Type /DocTimeStamp\n/Filter /Adobe.PPKLite\n";
    let at = lta.windows(needle.len()).rposition(|it| it == needle).unwrap();
    // What it is over changes with it, which is no matter here.
    let mut called = lta.clone();
    called[at..][..19].copy_from_slice(b"/Type /Sig         ");
    let again = raised(Level::Lta(&world.tsa, &world.validator), &called);
    let (_, _, stamps) = judged(&world, &again);
    assert_eq!(stamps.len(), 3);
}
