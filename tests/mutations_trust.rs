//! Any byte changed of what proves something about a signature (a time-stamp, a list, an
//! answer): never a panic, and never a pass that rests on a byte that nobody signed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(missing_docs, unreachable_pub)]

mod support;

use std::ops::Range;
use std::sync::LazyLock;

use kyso::tsp::TimeStampToken;
use kyso::{Conclusion, Crl, Limits, OcspResponse, Policy, Validator};
use proptest::prelude::*;
use rcgen::{RevocationReason, date_time_ymd};
use support::cms::{algorithm, items, seq, tlv};
use support::ocsp::{Answer, Question, Said};
use support::pki::{LEAF, NOW, Pki};
use support::tsa::stamped;

/// After the certificate was revoked, and long after it signed.
const LATER: &str = "2026-06-25T00:00:00Z";

fn passes(validator: &Validator, file: &[u8]) -> bool {
    let report = validator.validate(file);
    report.is_ok_and(|it| it.conclusion() == Some(Conclusion::TotalPassed))
}

/// The places of these parts, each of which is there once.
fn places(file: &[u8], parts: &[&[u8]]) -> Vec<Range<usize>> {
    let place = |part: &&[u8]| {
        let mut found = file.windows(part.len()).enumerate().filter(|(_, it)| it == part);
        let at = found.next().unwrap().0;
        assert!(found.next().is_none(), "there twice");
        at..at + part.len()
    };
    parts.iter().map(place).collect()
}

/// Changes every byte, by its lowest bit and wholly in turn. Where it is one of `covered`,
/// `passes` must say no.
#[track_caller]
fn assert_counts(file: &[u8], covered: &[Range<usize>], passes: impl Fn(&[u8]) -> bool) {
    assert!(passes(file), "as it is");
    for at in 0..file.len() {
        let mask = if at % 2 == 0 { 0x01 } else { 0xff };
        let mut changed = file.to_vec();
        changed[at] ^= mask;
        let passed = passes(&changed);
        let counts = covered.iter().any(|it| it.contains(&at));
        assert!(!passed || !counts, "byte {at} of {} ({mask:#x})", file.len());
    }
}

/// Revoked after it signed: only a time-stamp saves the signature.
struct Revoked {
    pki: Pki,
    validator: Validator,
}

impl Revoked {
    fn new() -> Self {
        let pki = Pki::new();
        let superseded = [(LEAF, RevocationReason::Superseded)];
        let list = pki.middle.crl_with(&superseded, |list| {
            list.revoked_certs[0].revocation_time = date_time_ymd(2026, 6, 20);
            list.this_update = date_time_ymd(2026, 6, 21);
        });
        let crls = [pki.root.crl(&[]), list];
        let validator =
            Validator::new(pki.trust(), Policy::default(), LATER.parse().unwrap()).with_crls(crls);
        Self { pki, validator }
    }
}

/// Fields of the SignedData of a CMS.
fn signed_data(cms: &[u8]) -> Vec<(u8, &[u8])> {
    items(items(items(items(cms)[0].1)[1].1)[0].1)
}

/// A field of the only signer.
fn of_signer(cms: &[u8], tag: u8) -> &[u8] {
    let signer = items(items(signed_data(cms).last().unwrap().1)[0].1);
    signer.into_iter().find(|it| it.0 == tag).unwrap().1
}

/// What the signer of a CMS signed, and the value.
fn signed_parts(cms: &[u8]) -> [&[u8]; 3] {
    let encapsulated = items(signed_data(cms).iter().rfind(|it| it.0 == 0x30).unwrap().1)[1].1;
    [items(encapsulated)[0].1, of_signer(cms, 0xa0), of_signer(cms, 4)]
}

#[test]
fn every_signed_byte_of_a_time_stamp_counts() {
    let Revoked { pki, validator } = Revoked::new();
    let signed = pki.signed();
    assert!(!passes(&validator, &signed), "without a time-stamp it is revoked");
    let file = stamped(&signed, &pki.tsa());
    let token = items(items(items(of_signer(&file, 0xa1))[0].1)[1].1)[0].1;
    let token = tlv(0x30, token);
    let authority = tlv(0x30, items(signed_data(&token)[3].1)[0].1);
    let mut parts = signed_parts(&token).to_vec();
    parts.extend(signed_parts(&file));
    parts.extend([authority.as_slice(), pki.leaf.der()]);
    let covered = places(&file, &parts);
    assert_counts(&file, &covered, |changed| passes(&validator, changed));
}

/// `CertID` (RFC 6960 §4.1.1) of the signer's certificate.
fn question(pki: &Pki) -> Question {
    let sha1 = |bytes: &[u8]| {
        let digest = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, bytes);
        tlv(4, digest)
    };
    let issuer = items(items(items(pki.middle.certificate.der())[0].1)[0].1);
    let (name, key) = (tlv(0x30, issuer[5].1), items(issuer[6].1)[1].1);
    let serial = vec![u8::try_from(LEAF).unwrap()];
    let id = [algorithm("1.3.14.3.2.26"), sha1(&name), sha1(&key[1..]), tlv(2, &serial)];
    Question { id: seq(&id), serial, nonce: None }
}

#[test]
fn every_byte_of_an_answer_counts() {
    let pki = Pki::new();
    let answer = Answer::new(Said::Good, date_time_ymd(2026, 6, 10));
    let answer = answer.to(&question(&pki), pki.middle.issuer.key());
    // ResponseData and its signature; the name of the algorithm between is bound by neither.
    let basic = items(items(items(items(items(&answer)[0].1)[1].1)[0].1)[1].1)[0];
    let basic = items(basic.1);
    let covered = places(&answer, &[basic[0].1, basic[2].1]);
    let signed = pki.signed();
    let validator = Validator::new(pki.trust(), Policy::default(), NOW.parse().unwrap())
        .with_crls([pki.root.crl(&[])]);
    assert!(!passes(&validator, &signed), "nothing is known of the signer's certificate");
    assert_counts(&answer, &covered, |changed| {
        let Ok(answer) = OcspResponse::from_der(changed, &Limits::default()) else { return false };
        passes(&validator.clone().with_ocsp_responses([answer]), &signed)
    });
}

/// A list that says it is free of the signer's certificate, and was made by none.
#[test]
fn every_byte_of_a_list_counts() {
    let pki = Pki::new();
    let list = pki.middle.crl(&[(77, RevocationReason::KeyCompromise)]);
    let whole = items(items(list.der())[0].1);
    let covered = places(list.der(), &[whole[0].1, whole[2].1]);
    let signed = pki.signed();
    let validator = Validator::new(pki.trust(), Policy::default(), NOW.parse().unwrap())
        .with_crls([pki.root.crl(&[])]);
    assert_counts(list.der(), &covered, |changed| {
        let Ok(list) = Crl::from_der(changed, &Limits::default()) else { return false };
        passes(&validator.clone().with_crls([list]), &signed)
    });
}

/// A token is about one signature, and about no other of the same signer.
#[test]
fn a_token_over_another_signature_proves_nothing() {
    let Revoked { pki, validator } = Revoked::new();
    let (one, other) = (pki.signed(), pki.signed());
    assert_ne!(of_signer(&one, 4), of_signer(&other, 4), "ECDSA signs anew");
    let saved = stamped(&one, &pki.tsa());
    let unsigned = tlv(0xa1, of_signer(&saved, 0xa1));
    let moved = with_unsigned(&other, &unsigned);
    assert!(passes(&validator, &with_unsigned(&one, &unsigned)));
    assert!(!passes(&validator, &moved));
}

/// The only signer with these unsigned attributes.
fn with_unsigned(cms: &[u8], unsigned: &[u8]) -> Vec<u8> {
    let parts = |bytes: &[u8]| -> Vec<Vec<u8>> {
        items(bytes).into_iter().map(|(tag, content)| tlv(tag, content)).collect()
    };
    let kind = tlv(6, items(items(cms)[0].1)[0].1);
    let mut fields: Vec<_> =
        signed_data(cms).into_iter().map(|(tag, content)| tlv(tag, content)).collect();
    let mut signer = parts(items(items(fields.last().unwrap())[0].1)[0].1);
    signer.push(unsigned.to_vec());
    *fields.last_mut().unwrap() = tlv(0x31, seq(&signer));
    seq(&[kind, tlv(0xa0, seq(&fields))])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Bytes dropped, doubled and replaced in a signature with a time-stamp, a list and an
    /// answer: what comes of it is a verdict or an error.
    #[test]
    fn nothing_panics(
        noise in proptest::collection::vec(any::<u8>(), 0..64),
        at in any::<prop::sample::Index>(),
        drop in 0_usize..64,
    ) {
        let spliced = |bytes: &[u8]| {
            let at = at.index(bytes.len());
            let mut changed = bytes.to_vec();
            changed.splice(at..(at + drop).min(bytes.len()), noise.iter().copied());
            changed
        };
        let (case, file, answer) = &*MATERIAL;
        let _ = case.validator.validate(&spliced(file));
        let _ = TimeStampToken::from_der(spliced(file), &Limits::default());
        let list = Crl::from_der(spliced(case.pki.root.crl(&[]).der()), &Limits::default());
        let answer = OcspResponse::from_der(&spliced(answer), &Limits::default());
        let _ = case.validator.clone().with_crls(list).with_ocsp_responses(answer).validate(file);
    }
}

static MATERIAL: LazyLock<(Revoked, Vec<u8>, Vec<u8>)> = LazyLock::new(|| {
    let case = Revoked::new();
    let file = stamped(&case.pki.signed(), &case.pki.tsa());
    let answer = Answer::new(Said::Good, date_time_ymd(2026, 6, 10));
    let answer = answer.to(&question(&case.pki), case.pki.middle.issuer.key());
    (case, file, answer)
});
