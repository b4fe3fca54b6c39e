//! CAdES beyond level B: made in one call, raised later, and what stands in the way.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#![allow(missing_docs)]

mod support;

use kyso::tsp::{TimeStampAuthority, TimeStampToken};
use kyso::{
    Digest, DigestAlgorithm, ErrorKind, Limits, Policy, SignatureLevel, SignatureReport, Signer,
    UtcTime, Validator, cades,
};
use rcgen::RevocationReason;
use support::pki::{CONTENT, LEAF, NOW, Pki};
use support::tsa::TestTsa;

fn at(text: &str) -> UtcTime {
    text.parse().unwrap()
}

fn builder() -> cades::SignatureBuilder<'static, [u8]> {
    cades::SignatureBuilder::new(CONTENT, at(NOW))
}

/// Knows whom to trust, and nothing of revocation.
fn bare(pki: &Pki) -> Validator {
    Validator::new(pki.trust(), Policy::default(), at(NOW))
}

fn validator(pki: &Pki) -> Validator {
    bare(pki).with_crls([pki.root.crl(&[]), pki.middle.crl(&[])])
}

fn report(pki: &Pki, signature: &[u8]) -> Vec<SignatureReport> {
    let report = validator(pki).validate_detached(signature, CONTENT).unwrap();
    report.signatures().to_vec()
}

fn imprints(report: &SignatureReport) -> Vec<Option<bool>> {
    report.timestamps().iter().map(|it| it.imprint_intact).collect()
}

#[test]
fn every_level_is_what_it_says() {
    let pki = Pki::new();
    let (tsa, validator) = (pki.tsa(), validator(&pki));
    let levels = [
        (cades::Level::T(&tsa), SignatureLevel::BaselineT, 1),
        (cades::Level::Lt(&tsa, &validator), SignatureLevel::BaselineLt, 1),
        (cades::Level::Lta(&tsa, &validator), SignatureLevel::BaselineLta, 2),
    ];
    let signed = builder().sign(&pki.signer()).unwrap();
    assert_eq!(report(&pki, &signed)[0].level(), SignatureLevel::BaselineB);
    for (level, expected, stamps) in levels {
        let raised = cades::Augmenter::new(level);
        let remote = {
            let signer = pki.signer();
            let chain = signer.certificate_chain();
            let prepared = builder().prepare(chain, signer.algorithm()).unwrap();
            let value = signer.sign(prepared.to_be_signed()).unwrap();
            prepared.complete(&value).unwrap().to_vec(CONTENT).unwrap()
        };
        for signature in [
            builder().level(&level).sign(&pki.signer()).unwrap(),
            raised.augment_detached(&signed, CONTENT).unwrap(),
            raised.augment_detached(&remote, CONTENT).unwrap(),
        ] {
            let report = &report(&pki, &signature)[0];
            assert_eq!(report.level(), expected);
            assert_eq!(report.intact(), Some(true));
            assert_eq!(imprints(report), vec![Some(true); stamps]);
            // Over another content, an archive time-stamp is not what it should be.
            let other = validator.validate_detached(&signature, b"another").unwrap();
            let stamps = imprints(&other.signatures()[0]);
            assert_eq!(stamps.contains(&Some(false)), expected == SignatureLevel::BaselineLta);
        }
    }
}

/// LT is more than some revocation data: it has to be there for each certificate of the
/// paths, the signer's and the authorities'.
#[test]
fn one_list_short_is_no_long_term_level() {
    let pki = Pki::new();
    let lists = [pki.root.crl(&[]), pki.middle.crl(&[])];
    let (tsa, validator) = (pki.tsa(), bare(&pki).with_crls(lists.clone()));
    for level in [cades::Level::Lt(&tsa, &validator), cades::Level::Lta(&tsa, &validator)] {
        let whole = builder().level(&level).sign(&pki.signer()).unwrap();
        assert_ne!(report(&pki, &whole)[0].level(), SignatureLevel::BaselineT);
        for (list, issuer) in lists.iter().zip(["Root", "Authority"]) {
            let mut short = whole.clone();
            let list = place_of(list.der(), &whole);
            let name = list + place_of(issuer.as_bytes(), &whole[list..]);
            short[name] = b'X';
            let report = &report(&pki, &short)[0];
            assert_eq!(report.level(), SignatureLevel::BaselineT, "without that of {issuer}");
            assert_eq!(report.intact(), Some(true));
        }
    }
}

fn place_of(part: &[u8], whole: &[u8]) -> usize {
    whole.windows(part.len()).position(|it| it == part).unwrap()
}

/// However much there is to compare, no more than that is.
#[test]
fn comparisons_for_the_level_are_bounded() {
    let pki = Pki::new();
    let (tsa, validator) = (pki.tsa(), validator(&pki));
    let lt = cades::Level::Lt(&tsa, &validator);
    let lt = builder().level(&lt).sign(&pki.signer()).unwrap();
    let validate = |comparisons| {
        let mut limits = Limits::default();
        limits.level_comparisons = comparisons;
        bare(&pki).with_limits(limits).validate_detached(&lt, CONTENT)
    };
    assert_eq!(validate(10).unwrap_err().kind(), ErrorKind::LimitExceeded);
    assert_eq!(validate(200).unwrap().signatures()[0].level(), SignatureLevel::BaselineLt);
}

#[test]
fn an_enveloping_signature_needs_no_content() {
    let pki = Pki::new();
    let (tsa, validator) = (pki.tsa(), validator(&pki));
    let level = cades::Level::Lta(&tsa, &validator);
    let signed = builder().enveloping().sign(&pki.signer()).unwrap();
    let at_once = builder().enveloping().level(&level).sign(&pki.signer()).unwrap();
    let later = cades::Augmenter::new(level).augment(&signed).unwrap();
    for signature in [at_once, later] {
        let report = validator.validate(&signature).unwrap();
        assert_eq!(report.signatures()[0].level(), SignatureLevel::BaselineLta);
        assert_eq!(imprints(&report.signatures()[0]), [Some(true); 2]);
    }
    // Where the content is elsewhere, an archive time-stamp cannot do without.
    let detached = builder().sign(&pki.signer()).unwrap();
    let error = cades::Augmenter::new(level).augment(&detached).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse);
}

/// The archive grows, and each older time-stamp stays what it was.
#[test]
fn an_archive_is_renewed_again_and_again() {
    let pki = Pki::new();
    let (tsa, validator) = (pki.tsa(), validator(&pki));
    let level = cades::Level::Lta(&tsa, &validator);
    let mut signature = builder().level(&level).sign(&pki.signer()).unwrap();
    for n in 2..5_usize {
        let day = format!("2026-06-{:02}T00:00:00Z", 15 + n);
        let tsa = pki.tsa().at(at(&day));
        let level = cades::Level::Lta(&tsa, &validator);
        signature = cades::Augmenter::new(level).augment_detached(&signature, CONTENT).unwrap();
        assert_eq!(imprints(&report(&pki, &signature)[0]), vec![Some(true); n + 1]);
    }
}

#[test]
fn one_of_several_signers_is_raised() {
    let pki = Pki::new();
    let (tsa, validator) = (pki.tsa(), validator(&pki));
    let first = builder().sign(&pki.signer()).unwrap();
    let both = builder().beside(&first).sign(&pki.signer()).unwrap();
    let level = cades::Level::Lta(&tsa, &validator);
    let levels = |signature: &[u8]| -> Vec<SignatureLevel> {
        report(&pki, signature).iter().map(SignatureReport::level).collect()
    };
    let one = cades::Augmenter::new(level).signer(1).augment_detached(&both, CONTENT).unwrap();
    assert_eq!(levels(&one), [SignatureLevel::BaselineB, SignatureLevel::BaselineLta]);
    let all = cades::Augmenter::new(level).augment_detached(&both, CONTENT).unwrap();
    assert_eq!(levels(&all), [SignatureLevel::BaselineLta; 2]);
    assert!(report(&pki, &all).iter().all(|it| imprints(it) == [Some(true); 2]));
    let error = cades::Augmenter::new(level).signer(2).augment_detached(&both, CONTENT);
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Misuse);
}

#[test]
fn what_is_missing_is_named() {
    let pki = Pki::new();
    let tsa = pki.tsa();
    let signed = builder().sign(&pki.signer()).unwrap();
    let raise = |validator: &Validator| {
        cades::Augmenter::new(cades::Level::Lt(&tsa, validator)).augment_detached(&signed, CONTENT)
    };
    let nothing = raise(&bare(&pki)).unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::Misuse);
    assert!(nothing.to_string().contains("certificate CN=Leaf"), "{nothing}");
    // The authority's own certificate is the next one.
    let half = raise(&bare(&pki).with_crls([pki.middle.crl(&[])])).unwrap_err();
    assert_eq!(half.kind(), ErrorKind::Misuse);
    assert!(half.to_string().contains("certificate CN=Authority"), "{half}");
    let stranger = Pki::new();
    let trusts_others = Validator::new(stranger.trust(), Policy::default(), at(NOW));
    let error = raise(&trusts_others).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse);
    assert!(error.to_string().contains("no path leads"), "{error}");
}

#[test]
fn services_that_are_silent_are_named() {
    #[derive(Debug)]
    struct Silent;
    impl kyso::Retrieve for Silent {
        fn retrieve(&self, _: &kyso::Request<'_>) -> kyso::Result<Vec<u8>> {
            Err(kyso::Error::new(ErrorKind::Service, "nobody answers"))
        }
    }
    let pki = Pki::new();
    let tsa = pki.tsa();
    let asking = Validator::new(pki.trust(), Policy::default(), at(NOW))
        .with_retrieval(std::sync::Arc::new(Silent));
    let error = builder().level(&cades::Level::Lt(&tsa, &asking)).sign(&pki.signer()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Service);
    let text = error.to_string();
    assert!(text.contains("http://crl.test/leaf.crl") && text.contains("CN=Leaf"), "{text}");
}

#[test]
fn a_revoked_certificate_is_raised_only_when_it_signed_before() {
    let pki = Pki::new();
    let lists = [pki.root.crl(&[]), pki.middle.crl(&[(LEAF, RevocationReason::Superseded)])];
    let validator = bare(&pki).with_crls(lists);
    let raise = |tsa: &TestTsa| {
        let signed = builder().sign(&pki.signer()).unwrap();
        cades::Augmenter::new(cades::Level::Lt(tsa, &validator)).augment_detached(&signed, CONTENT)
    };
    // The list says: since the 1st of May.
    let error = raise(&pki.tsa()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Signer);
    assert!(error.to_string().contains("CN=Leaf"), "{error}");
    assert!(raise(&pki.tsa().at(at("2026-04-15T00:00:00Z"))).is_ok());
}

/// An authority of the application's own that answers another question.
struct Liar<'a>(&'a TestTsa);

impl TimeStampAuthority for Liar<'_> {
    fn time_stamp(&self, _: &Digest) -> kyso::Result<TimeStampToken> {
        self.0.time_stamp(&DigestAlgorithm::Sha256.digest(b"something else"))
    }
}

#[test]
fn what_cannot_be_right_is_refused() {
    let pki = Pki::new();
    let tsa = pki.tsa();
    let level = cades::Level::T(&tsa);
    let signed = builder().sign(&pki.signer()).unwrap();
    let raise = |signature: &[u8], content: &[u8]| {
        cades::Augmenter::new(level).augment_detached(signature, content).err().map(|it| it.kind())
    };
    assert_eq!(raise(&signed, b"another content"), Some(ErrorKind::Misuse));
    assert_eq!(raise(b"no CMS", CONTENT), Some(ErrorKind::Malformed));
    assert_eq!(raise(&[&signed[..], b"\0"].concat(), CONTENT), Some(ErrorKind::Misuse));
    let liar = Liar(&tsa);
    let error = builder().level(&cades::Level::T(&liar)).sign(&pki.signer()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Service);
    // What comes after completing cannot be prepared.
    let signer = pki.signer();
    let prepared = builder().level(&level).prepare(signer.certificate_chain(), signer.algorithm());
    assert_eq!(prepared.unwrap_err().kind(), ErrorKind::Misuse);
    // T twice is T.
    let once = cades::Augmenter::new(level).augment_detached(&signed, CONTENT).unwrap();
    assert_eq!(cades::Augmenter::new(level).augment_detached(&once, CONTENT).unwrap(), once);
}

/// No byte of a truncated signature is read past its end, and none of them is raised.
#[test]
fn truncated_signatures_are_refused() {
    let pki = Pki::new();
    let tsa = pki.tsa();
    let signed = builder().sign(&pki.signer()).unwrap();
    let level = cades::Augmenter::new(cades::Level::T(&tsa));
    for length in 0..signed.len() {
        assert!(level.augment_detached(&signed[..length], CONTENT).is_err(), "{length}");
    }
}
