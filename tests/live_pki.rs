//! A real PKI on loopback: what its services say, or fail to say, and what a signature is
//! worth then.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(missing_docs, unreachable_pub)]

mod support;

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use kyso::online::Http;
use kyso::tsp::{Online, TimeStampAuthority};
use kyso::{Acceptable, DigestAlgorithm, Policy, Report, Validator, cades, pades};
use rcgen::{ExtendedKeyUsagePurpose, RevocationReason, date_time_ymd};
use support::live::{Knowledge, LEAF, Live, ONE, Reply, TSA, TWO, Word};
use support::tsa::{stamped, time_stamping};

const SIGNED: &str = "2026-06-15T08:00:00Z";
const NOW: &str = "2026-06-20T00:00:00Z";
const DOCUMENT: &[u8] = "Công văn".as_bytes();

fn http() -> Arc<Http> {
    let short = Duration::from_secs(2);
    Arc::new(Http::new().with_timeouts(short, short).allow_private_addresses())
}

/// A signature of this leaf, whose certificate alone is in it.
fn signed(live: &Live) -> Vec<u8> {
    let claimed = SIGNED.parse().unwrap();
    let document = DOCUMENT.to_vec();
    cades::SignatureBuilder::new(&document, claimed).enveloping().sign(&live.signer()).unwrap()
}

fn judge(live: &Live, signature: &Vec<u8>) -> Report {
    judge_at(live, signature, NOW)
}

fn judge_at(live: &Live, signature: &Vec<u8>, at: &str) -> Report {
    Validator::new(live.trust(), Policy::default(), at.parse().unwrap())
        .with_retrieval(http())
        .validate(signature)
        .unwrap()
}

#[track_caller]
fn assert_concludes(report: &Report, expected: &str) {
    assert_eq!(report.conclusion().unwrap().to_string(), expected, "{report}");
}

/// What would settle it, as what came of each URL that was tried in vain.
#[track_caller]
fn assert_missing(report: &Report, what: &str) {
    let missing = report.signatures()[0].missing();
    assert!(missing.iter().any(|it| it.contains(what)), "{what} is not in {missing:#?}");
}

fn revoke(live: &Live, serial: u64, since: &'static str, why: RevocationReason) {
    live.learn(|knows| knows.revoked.push((serial, since, why)));
}

#[test]
fn good() {
    let live = Live::new();
    assert_concludes(&judge(&live, &signed(&live)), "TOTAL_PASSED");
    for path in ["/one.cer", "/two.cer", "/root.crl", "/one.crl", "/ocsp"] {
        let asked = live.server.asked();
        assert!(asked.contains(&path.to_owned()), "{path} is not among {asked:?}");
    }
}

/// Without a proof of when it was made, a signature of a revoked certificate may be older
/// than the revocation, or not.
#[test]
fn revoked() {
    for since in ["2026-06-10T00:00:00Z", "2026-06-17T00:00:00Z"] {
        let live = Live::new();
        revoke(&live, LEAF, since, RevocationReason::CessationOfOperation);
        assert_concludes(&judge(&live, &signed(&live)), "INDETERMINATE/REVOKED_NO_POE");
    }
}

#[test]
fn revoked_intermediate() {
    for serial in [ONE, TWO] {
        let live = Live::new();
        revoke(&live, serial, "2026-06-10T00:00:00Z", RevocationReason::CessationOfOperation);
        assert_concludes(&judge(&live, &signed(&live)), "INDETERMINATE/REVOKED_CA_NO_POE");
    }
}

#[test]
fn expired() {
    let live = Live::with(|plan| plan.leaf.not_after = date_time_ymd(2026, 6, 18));
    assert_concludes(&judge(&live, &signed(&live)), "INDETERMINATE/OUT_OF_BOUNDS_NO_POE");
}

/// What the responder does not say, the list may.
#[test]
fn responder_down_but_the_list_is_there() {
    let live = Live::new();
    live.answer(|_| Reply::Status(503));
    assert_concludes(&judge(&live, &signed(&live)), "TOTAL_PASSED");
    assert!(live.server.asked().contains(&"/two.crl".to_owned()));
}

/// Whatever is wrong with both of them, the signature is neither good nor bad, and the
/// report says who was asked.
#[test]
fn services_that_fail() {
    type Fault = fn(Vec<u8>) -> Reply;
    let faults: [(&str, Fault); 5] = [
        ("down", |_| Reply::Status(503)),
        ("late", |answer| Reply::Late(Duration::from_secs(30), answer)),
        ("endless", |_| Reply::Endless),
        ("too short", Reply::Short),
        ("no answer at all", |_| Reply::Bytes(b"<html>".to_vec())),
    ];
    // Side by side: some of them take their time.
    std::thread::scope(|scope| {
        for (name, fault) in faults {
            scope.spawn(move || {
                let live = Live::new();
                live.answer(fault);
                live.server.on("/two.crl", move |_| fault(Vec::new()));
                let report = judge(&live, &signed(&live));
                println!("{name}: {:#?}", report.signatures()[0].missing());
                assert_concludes(&report, "INDETERMINATE/TRY_LATER");
                assert_missing(&report, &live.server.url("/ocsp"));
                assert_missing(&report, &live.server.url("/two.crl"));
            });
        }
    });
}

/// A responder that lies: by another key, about another certificate, or about the question.
#[test]
fn lying() {
    type Lie = fn(&mut Word);
    let lies: [(&str, Lie); 3] = [
        ("forged", |word| word.forged = true),
        ("another certificate", |word| word.serial = vec![99]),
        ("another question", |word| word.nonce = word.nonce.as_ref().map(|_| nonce())),
    ];
    for (name, lie) in lies {
        let live = Live::new();
        live.server.on("/two.crl", |_| Reply::Status(404));
        live.lie(lie);
        let report = judge(&live, &signed(&live));
        println!("{name}: {:#?}", report.signatures()[0].missing());
        assert_concludes(&report, "INDETERMINATE/TRY_LATER");
        assert_missing(&report, &live.server.url("/ocsp"));
    }
}

/// The nonce of somebody else's question.
fn nonce() -> Vec<u8> {
    use support::cms::{oid, seq, tlv};
    seq(&[oid("1.3.6.1.5.5.7.48.1.2"), tlv(4, tlv(4, [7; 32]))])
}

#[test]
fn stale() {
    let live = Live::new();
    live.learn(|knows| {
        *knows = Knowledge {
            this_update: "2026-01-01T00:00:00Z",
            next_update: "2026-02-01T00:00:00Z",
            ..knows.clone()
        };
    });
    assert_concludes(&judge(&live, &signed(&live)), "INDETERMINATE/TRY_LATER");
}

/// The signature with a time-stamp of this time, issued over HTTP.
fn stamped_at(live: &Live, time: &str) -> Vec<u8> {
    live.tick(time);
    stamped(&signed(live), &Online::new(live.server.url("/tsa"), http()))
}

fn proven(report: &Report) -> Option<String> {
    report.signatures()[0].best_signature_time().map(|it| it.to_string())
}

#[test]
fn good_with_a_time_stamp() {
    let live = Live::new();
    let report = judge(&live, &stamped_at(&live, SIGNED));
    assert_concludes(&report, "TOTAL_PASSED");
    assert_eq!(proven(&report).as_deref(), Some(SIGNED));
}

#[test]
fn revoked_after_the_proven_time() {
    for why in [RevocationReason::CessationOfOperation, RevocationReason::KeyCompromise] {
        let live = Live::new();
        let signature = stamped_at(&live, SIGNED);
        revoke(&live, LEAF, "2026-06-17T00:00:00Z", why);
        assert_concludes(&judge(&live, &signature), "TOTAL_PASSED");
    }
}

/// A time-stamp proves the signature no older than itself, but neither that it is younger
/// than the revocation (EN 319 102-1 §5.5.4).
#[test]
fn revoked_before_the_proven_time() {
    let live = Live::new();
    let signature = stamped_at(&live, SIGNED);
    revoke(&live, LEAF, "2026-06-10T00:00:00Z", RevocationReason::CessationOfOperation);
    assert_concludes(&judge(&live, &signature), "INDETERMINATE/REVOKED_NO_POE");
}

#[test]
fn intermediate_revoked_after_the_proven_time() {
    for serial in [ONE, TWO] {
        let live = Live::new();
        let signature = stamped_at(&live, SIGNED);
        revoke(&live, serial, "2026-06-17T00:00:00Z", RevocationReason::CaCompromise);
        assert_concludes(&judge(&live, &signature), "INDETERMINATE/REVOKED_CA_NO_POE");
    }
}

#[test]
fn expired_with_a_time_stamp() {
    let live = Live::with(|plan| plan.leaf.not_after = date_time_ymd(2026, 6, 18));
    assert_concludes(&judge(&live, &stamped_at(&live, SIGNED)), "TOTAL_PASSED");
    // Too late.
    let late = stamped_at(&live, "2026-06-19T00:00:00Z");
    assert_concludes(&judge(&live, &late), "INDETERMINATE/OUT_OF_BOUNDS_NO_POE");
}

/// A time-stamp that proves nothing is no harm where nothing has to be proven; and no help
/// where it does.
#[track_caller]
fn assert_useless(live: &Live, signature: &Vec<u8>, expected: &str, why: &str) {
    let report = judge(live, signature);
    assert_concludes(&report, expected);
    assert_eq!(proven(&report), None);
    let stamp = &report.signatures()[0].timestamps()[0];
    assert_eq!(stamp.conclusion.to_string(), why, "{report}");
}

#[test]
fn tsa_expired() {
    let why = "INDETERMINATE/OUT_OF_BOUNDS_NO_POE";
    let live = Live::with(|plan| plan.tsa.not_after = date_time_ymd(2026, 6, 18));
    assert_useless(&live, &stamped_at(&live, SIGNED), "TOTAL_PASSED", why);
    let live = Live::with(|plan| {
        plan.tsa.not_after = date_time_ymd(2026, 6, 18);
        plan.leaf.not_after = date_time_ymd(2026, 6, 18);
    });
    assert_useless(&live, &stamped_at(&live, SIGNED), why, why);
}

#[test]
fn tsa_revoked() {
    for reason in [RevocationReason::KeyCompromise, RevocationReason::Superseded] {
        let live = Live::new();
        let signature = stamped_at(&live, SIGNED);
        revoke(&live, TSA, "2026-06-17T00:00:00Z", reason);
        let why = "INDETERMINATE/REVOKED_NO_POE";
        assert_useless(&live, &signature, "TOTAL_PASSED", why);
        revoke(&live, LEAF, "2026-06-17T00:00:00Z", reason);
        assert_useless(&live, &signature, why, why);
    }
}

/// Its certificate is good for other things, or for these in other words (RFC 3161 §2.3).
#[test]
fn tsa_for_other_things() {
    for usage in ["uncritical", "any"] {
        let live = Live::with(|plan| {
            plan.tsa.custom_extensions.retain(|it| !it.oid_components().eq([2, 5, 29, 37]));
            match usage {
                "any" => plan.tsa.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any],
                _ => plan.tsa.custom_extensions.push(time_stamping(false)),
            }
        });
        let signature = stamped_at(&live, SIGNED);
        let why = "INDETERMINATE/CHAIN_CONSTRAINTS_FAILURE";
        assert_useless(&live, &signature, "TOTAL_PASSED", why);
    }
}

/// The signature with a time-stamp, all validation data as it was in the afternoon, and an
/// archive time-stamp of the next day.
fn archived(live: &Live) -> Vec<u8> {
    let signature = stamped_at(live, SIGNED);
    know(live, "2026-06-15T12:00:00Z", "2026-07-15T12:00:00Z");
    archived_again(live, &signature, "2026-06-16T00:00:00Z")
}

fn archived_again(live: &Live, signature: &[u8], time: &str) -> Vec<u8> {
    live.tick(time);
    let tsa = Online::new(live.server.url("/tsa"), http());
    let validator = Validator::new(live.trust(), Policy::default(), time.parse().unwrap())
        .with_retrieval(http());
    cades::Augmenter::new(cades::Level::Lta(&tsa, &validator)).augment(signature).unwrap()
}

fn know(live: &Live, this_update: &'static str, next_update: &'static str) {
    live.learn(|knows| *knows = Knowledge { this_update, next_update, ..knows.clone() });
}

#[test]
fn archived_before_the_authority_was_revoked() {
    let live = Live::new();
    let signature = archived(&live);
    know(&live, "2026-06-18T00:00:00Z", "2026-07-18T00:00:00Z");
    revoke(&live, TWO, "2026-06-17T00:00:00Z", RevocationReason::CaCompromise);
    let report = judge(&live, &signature);
    assert_concludes(&report, "TOTAL_PASSED");
    assert_eq!(proven(&report).as_deref(), Some(SIGNED));
}

/// Every certificate of the signer's path is out of its time, and its services are gone.
#[test]
fn archived_and_looked_at_after_years() {
    let live = Live::with(|plan| plan.leaf.not_after = date_time_ymd(2026, 6, 18));
    let signature = archived(&live);
    know(&live, "2030-01-01T00:00:00Z", "2030-02-01T00:00:00Z");
    for path in ["/two.crl", "/ocsp"] {
        live.server.on(path, |_| Reply::Status(410));
    }
    let report = judge_at(&live, &signature, "2030-01-02T00:00:00Z");
    assert_concludes(&report, "TOTAL_PASSED");
    assert_eq!(proven(&report).as_deref(), Some(SIGNED));
}

/// The authority of the archive time-stamp is revoked before anybody renewed it, or after.
#[test]
fn archived_again_before_the_tsa_was_revoked() {
    let live = Live::with(|plan| plan.leaf.not_after = date_time_ymd(2026, 6, 18));
    let first = archived(&live);
    let other = Live { tsa: live.another_tsa(), ..live };
    know(&other, "2026-07-10T00:00:00Z", "2026-08-10T00:00:00Z");
    let renewed = archived_again(&other, &first, "2026-07-11T00:00:00Z");
    know(&other, "2026-08-01T00:00:00Z", "2026-09-01T00:00:00Z");
    revoke(&other, TSA, "2026-07-20T00:00:00Z", RevocationReason::KeyCompromise);
    let judged = |signature| judge_at(&other, signature, "2026-08-02T00:00:00Z");
    assert_concludes(&judged(&first), "INDETERMINATE/OUT_OF_BOUNDS_NO_POE");
    assert_concludes(&judged(&renewed), "TOTAL_PASSED");
}

/// SHA-256 is good until 2028. Whoever stamped everything by something stronger before then
/// has nothing to fear.
#[test]
fn algorithm_past_its_date() {
    let live = Live::new();
    let first = archived(&live);
    know(&live, "2027-06-01T00:00:00Z", "2027-07-01T00:00:00Z");
    let (tsa, anchor) = live.stronger_tsa();
    let live = Live { tsa, ..live };
    let roots = [live.root.certificate.clone(), anchor];
    let trust = || roots.iter().cloned().collect();
    live.tick("2027-06-02T00:00:00Z");
    let tsa =
        Online::new(live.server.url("/tsa"), http()).with_digest_algorithm(DigestAlgorithm::Sha384);
    let validator = |policy: &Policy, at: &str| {
        Validator::new(trust(), policy.clone(), at.parse().unwrap()).with_retrieval(http())
    };
    let today = validator(&Policy::default(), "2027-06-02T00:00:00Z");
    let renewed = cades::Augmenter::new(cades::Level::Lta(&tsa, &today)).augment(&first).unwrap();

    know(&live, "2030-01-01T00:00:00Z", "2030-02-01T00:00:00Z");
    let mut policy = Policy::default();
    let until = Acceptable::Until("2028-01-01T00:00:00Z".parse().unwrap());
    policy.algorithms.digests.insert(DigestAlgorithm::Sha256, until);
    let then = validator(&policy, "2030-01-02T00:00:00Z");
    let weak = "INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE_NO_POE";
    assert_concludes(&then.validate(&first).unwrap(), weak);
    let report = then.validate(&renewed).unwrap();
    assert_concludes(&report, "TOTAL_PASSED");
    assert_eq!(proven(&report).as_deref(), Some(SIGNED));
    // What never was good enough, nothing saves.
    policy.algorithms.digests.insert(DigestAlgorithm::Sha256, Acceptable::Never);
    let then = validator(&policy, "2030-01-02T00:00:00Z");
    let report = then.validate(&renewed).unwrap();
    assert_concludes(&report, "INDETERMINATE/CRYPTO_CONSTRAINTS_FAILURE");
}

/// A signed PDF, raised in the morning to T and the next day to LTA.
fn archived_pdf(live: &Live) -> [Vec<u8>; 3] {
    let document = fs::read("testdata/pdf/libreoffice.pdf").unwrap();
    let signed = pades::SignatureBuilder::new(&document, SIGNED.parse().unwrap())
        .sign(&live.signer())
        .unwrap();
    let tsa = Online::new(live.server.url("/tsa"), http());
    let raise = |level: pades::Level<'_>, pdf: &Vec<u8>| {
        pades::Augmenter::new(level).augment(pdf).unwrap().to_vec(pdf).unwrap()
    };
    live.tick(SIGNED);
    let stamped = raise(pades::Level::T(&tsa), &signed);
    know(live, "2026-06-15T12:00:00Z", "2026-07-15T12:00:00Z");
    live.tick("2026-06-16T00:00:00Z");
    let validator =
        Validator::new(live.trust(), Policy::default(), "2026-06-16T00:00:00Z".parse().unwrap())
            .with_retrieval(http());
    let archived = raise(pades::Level::Lta(&tsa, &validator), &stamped);
    [signed, stamped, archived]
}

#[test]
fn pdf_of_a_certificate_that_was_revoked_later() {
    let live = Live::new();
    let [signed, stamped, archived] = archived_pdf(&live);
    know(&live, "2026-06-18T00:00:00Z", "2026-07-18T00:00:00Z");
    revoke(&live, LEAF, "2026-06-17T00:00:00Z", RevocationReason::KeyCompromise);
    assert_concludes(&judge(&live, &signed), "INDETERMINATE/REVOKED_NO_POE");
    for pdf in [stamped, archived] {
        let report = judge(&live, &pdf);
        assert_concludes(&report, "TOTAL_PASSED");
        assert_eq!(proven(&report).as_deref(), Some(SIGNED));
    }
}

#[test]
fn pdf_of_an_authority_that_was_revoked_later() {
    let live = Live::new();
    let [signed, stamped, archived] = archived_pdf(&live);
    know(&live, "2026-06-18T00:00:00Z", "2026-07-18T00:00:00Z");
    revoke(&live, TWO, "2026-06-17T00:00:00Z", RevocationReason::CaCompromise);
    for pdf in [signed, stamped] {
        assert_concludes(&judge(&live, &pdf), "INDETERMINATE/REVOKED_CA_NO_POE");
    }
    assert_concludes(&judge(&live, &archived), "TOTAL_PASSED");
}

#[test]
fn pdf_looked_at_after_years() {
    let live = Live::with(|plan| plan.leaf.not_after = date_time_ymd(2026, 6, 18));
    let [signed, stamped, archived] = archived_pdf(&live);
    know(&live, "2030-01-01T00:00:00Z", "2030-02-01T00:00:00Z");
    for path in ["/two.crl", "/ocsp"] {
        live.server.on(path, |_| Reply::Status(410));
    }
    let judged = |pdf| judge_at(&live, pdf, "2030-01-02T00:00:00Z");
    for pdf in [&signed, &stamped] {
        assert_concludes(&judged(pdf), "INDETERMINATE/OUT_OF_BOUNDS_NO_POE");
    }
    assert_missing(&judged(&signed), "time-stamp: from before 2026-06-18");
    assert_missing(&judged(&stamped), "revocation: CN=Leaf");
    assert_concludes(&judged(&archived), "TOTAL_PASSED");
}

fn libreoffice() -> Vec<u8> {
    fs::read("testdata/pdf/libreoffice.pdf").unwrap()
}

/// Whom to ask, in the afternoon of the day on which it is signed.
fn asking(live: &Live) -> (Online, Validator) {
    know(live, "2026-06-15T12:00:00Z", "2026-07-15T12:00:00Z");
    live.tick("2026-06-15T13:00:00Z");
    let validator =
        Validator::new(live.trust(), Policy::default(), "2026-06-15T13:00:00Z".parse().unwrap())
            .with_retrieval(http());
    (Online::new(live.server.url("/tsa"), http()), validator)
}

/// What a signature asks for when it is made suffices when nobody answers any more.
#[test]
fn pdf_signed_at_a_level() {
    let live = Live::with(|plan| plan.leaf.not_after = date_time_ymd(2026, 6, 18));
    let (tsa, validator) = asking(&live);
    let (document, at) = (libreoffice(), SIGNED.parse().unwrap());
    let signed = |level: &pades::Level<'_>| {
        pades::SignatureBuilder::new(&document, at).level(level).sign(&live.signer()).unwrap()
    };
    let t = signed(&pades::Level::T(&tsa));
    let lt = signed(&pades::Level::Lt(&tsa, &validator));
    let lta = signed(&pades::Level::Lta(&tsa, &validator));
    for (pdf, level) in [(&t, "BASELINE-T"), (&lt, "BASELINE-LT"), (&lta, "BASELINE-LTA")] {
        let report = judge_at(&live, pdf, "2026-06-16T00:00:00Z");
        assert_concludes(&report, "TOTAL_PASSED");
        assert_eq!(serde_json::to_value(report.signatures()[0].level()).unwrap(), level);
        assert_eq!(proven(&report).as_deref(), Some("2026-06-15T13:00:00Z"));
    }
    let gone = |pdf: &Vec<u8>| {
        Validator::new(live.trust(), Policy::default(), "2026-06-20T00:00:00Z".parse().unwrap())
            .validate(pdf)
            .unwrap()
    };
    assert_concludes(&gone(&t), "INDETERMINATE/NO_CERTIFICATE_CHAIN_FOUND");
    assert_concludes(&gone(&lta), "TOTAL_PASSED");
}

/// Nothing is written of a signature that could not be made as it was asked for.
#[test]
fn pdf_that_cannot_be_of_its_level() {
    type Fault = fn(&Live);
    let faults: [(&str, Fault, &str); 4] = [
        ("T", |live| live.server.on("/tsa", |_| Reply::Status(503)), "/tsa"),
        ("T", |live| live.server.on("/tsa", |_| Reply::Bytes(b"<html>".to_vec())), "/tsa"),
        ("LT", |live| live.server.on("/one.crl", |_| Reply::Status(404)), "CN=Two"),
        ("LTA", |live| live.server.on("/one.crl", |_| Reply::Status(404)), "/one.crl"),
    ];
    for (level, fault, said) in faults {
        let live = Live::new();
        let (tsa, validator) = asking(&live);
        fault(&live);
        let level = match level {
            "T" => pades::Level::T(&tsa),
            "LT" => pades::Level::Lt(&tsa, &validator),
            _ => pades::Level::Lta(&tsa, &validator),
        };
        let (document, mut out) = (libreoffice(), Vec::new());
        let builder = pades::SignatureBuilder::new(&document, SIGNED.parse().unwrap());
        let error = builder.level(&level).sign_to(&live.signer(), &mut out).unwrap_err();
        assert_eq!(error.kind(), kyso::ErrorKind::Service, "{error}");
        assert!(error.to_string().contains(said), "{said} is not in {error}");
        assert!(out.is_empty());
    }
}

/// All that is missing is said at once, with what came of every URL; of the rest nothing.
#[test]
fn pdf_of_which_data_is_missing() {
    let live = Live::new();
    let (tsa, validator) = asking(&live);
    let document = libreoffice();
    let signed = pades::SignatureBuilder::new(&document, SIGNED.parse().unwrap())
        .sign(&live.signer())
        .unwrap();
    for path in ["/one.crl", "/two.crl"] {
        live.server.on(path, |_| Reply::Status(404));
    }
    live.answer(|_| Reply::Status(503));
    let level = pades::Level::Lt(&tsa, &validator);
    let error = pades::Augmenter::new(level).augment(&signed).unwrap_err();
    assert_eq!(error.kind(), kyso::ErrorKind::Service);
    let places: Vec<_> = error.places().iter().map(ToString::to_string).collect();
    let all = ["CN=Leaf", "CN=Two", "CN=TSA"].map(|it| format!("certificate {it}"));
    assert_eq!(places, all, "{error}");
    for path in ["/ocsp", "/one.crl", "/two.crl"] {
        let said = format!("asked {}: ", live.server.url(path));
        assert!(error.to_string().contains(&said), "{said} is not in {error}");
    }
    assert!(error.to_string().contains("0 CRLs and 0 OCSP responses in the document"), "{error}");
    assert!(!error.to_string().contains("/root.crl"), "{error}");
}

/// A year later, by an authority whose certificate is out of its time.
#[test]
fn pdf_renewed_by_an_authority_that_has_expired() {
    let live = Live::with(|plan| plan.tsa.not_after = date_time_ymd(2027, 1, 1));
    let (tsa, validator) = asking(&live);
    let document = libreoffice();
    let level = pades::Level::Lta(&tsa, &validator);
    let signed = pades::SignatureBuilder::new(&document, SIGNED.parse().unwrap())
        .level(&level)
        .sign(&live.signer())
        .unwrap();
    know(&live, "2027-06-15T12:00:00Z", "2027-07-15T12:00:00Z");
    live.tick("2027-06-15T13:00:00Z");
    let validator =
        Validator::new(live.trust(), Policy::default(), "2027-06-15T13:00:00Z".parse().unwrap())
            .with_retrieval(http());
    let level = pades::Level::Lta(&tsa, &validator);
    let error = pades::Augmenter::new(level).augment(&signed).unwrap_err();
    assert_eq!(error.kind(), kyso::ErrorKind::Service);
    assert!(error.to_string().contains("expired at 2027-01-01"), "{error}");
}

#[test]
fn time_stamps_over_http() {
    let live = Live::new();
    let tsa = Online::new(live.server.url("/tsa"), http());
    let imprint = DigestAlgorithm::Sha256.digest(DOCUMENT);
    live.tick(SIGNED);
    assert_eq!(tsa.time_stamp(&imprint).unwrap().time(), SIGNED.parse().unwrap());
    let other = live.tsa.answering(|answer| *answer.nonce.last_mut().unwrap() ^= 1);
    live.server.on("/tsa", move |body| Reply::Bytes(other.respond(body).unwrap()));
    let error = tsa.time_stamp(&imprint).unwrap_err();
    assert!(error.to_string().contains("nonce"), "{error}");
    live.server.on("/tsa", |_| Reply::Status(503));
    let error = tsa.time_stamp(&imprint).unwrap_err();
    assert_eq!(error.kind(), kyso::ErrorKind::Service);
    assert!(error.to_string().contains(&live.server.url("/tsa")), "{error}");
    live.server.on("/tsa", |_| Reply::Endless);
    assert_eq!(tsa.time_stamp(&imprint).unwrap_err().kind(), kyso::ErrorKind::LimitExceeded);
}
