//! Any byte of a signed document changed: never a panic, and never a pass where the
//! byte is a signed one.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![allow(missing_docs, unreachable_pub)]

mod support;

use kyso::{Conclusion, Policy, TrustStore, UtcTime, Validator};
use proptest::prelude::*;
use support::cms::{self, Cms, Identity};
use support::pdf::Pdf;

fn validator() -> Validator {
    let trust = TrustStore::from_bytes(&std::fs::read("testdata/keys/ca.crt.pem").unwrap());
    let at: UtcTime = "2026-11-22T00:00:00Z".parse().unwrap();
    Validator::new(trust.unwrap(), Policy::pilot(), at)
}

fn passes(file: &[u8]) -> bool {
    let report = validator().validate(file);
    report.is_ok_and(|it| it.conclusion() == Some(Conclusion::TotalPassed))
}

/// Every single byte, by its lowest bit and wholly.
fn changes(file: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> + '_ {
    (0..file.len()).flat_map(move |at| {
        [0x01, 0xff].map(|mask| {
            let mut changed = file.to_vec();
            changed[at] ^= mask;
            (at, changed)
        })
    })
}

fn enveloping() -> Vec<u8> {
    let rsa = Identity::rsa();
    let mut cms = Cms::over(b"content", &rsa);
    cms.content = Some(b"content".to_vec());
    cms.signed_by(&rsa)
}

/// Where these bytes stand.
fn place(file: &[u8], part: &[u8]) -> std::ops::Range<usize> {
    let at = file.windows(part.len()).position(|window| window == part).unwrap();
    at..at + part.len()
}

#[test]
fn every_signed_byte_of_a_cms_counts() {
    let rsa = Identity::rsa();
    let file = enveloping();
    assert!(passes(&file));
    let cms = Cms::over(b"content", &rsa);
    let attributes = cms.in_order();
    let signed = [
        place(&file, b"content"),
        place(&file, cms::items(&attributes)[0].1),
        place(&file, &rsa.sign_rsa(&attributes)),
        place(&file, &rsa.certificate),
    ];
    for (at, changed) in changes(&file) {
        let passed = passes(&changed);
        assert!(!passed || !signed.iter().any(|it| it.contains(&at)), "byte {at} is not covered");
    }
}

#[test]
fn every_byte_of_a_pdf_but_the_padding_counts() {
    let rsa = Identity::rsa();
    let file = Pdf::default().signed(|covered| Cms::over(covered, &rsa).signed_by(&rsa));
    assert!(passes(&file));
    let hole = place(&file, b"/Contents<").end..file.len();
    let length = file[hole.clone()].iter().position(|byte| *byte == b'>').unwrap();
    let hole = hole.start..hole.start + length;
    for (at, changed) in changes(&file) {
        // Within Contents the CMS above is the judge; here only that nothing panics.
        if hole.contains(&at) && at % 16 != 0 {
            continue;
        }
        let passed = passes(&changed);
        assert!(!passed || hole.contains(&at), "byte {at} is not covered");
    }
}

/// What the kinds of document begin with.
const HEADS: &[&[u8]] = &[
    b"",
    b"%PDF-1.7\n",
    b"-----BEGIN CMS-----\n",
    b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80",
];

proptest! {
    /// Several places at once, bytes dropped and doubled, and plain noise.
    #[test]
    fn nothing_panics(
        noise in proptest::collection::vec(any::<u8>(), 0..300),
        at in any::<prop::sample::Index>(),
        drop in 0_usize..64,
        head in prop::sample::select(HEADS),
    ) {
        let _ = validator().validate(&[head, &noise].concat());
        let mut file = enveloping();
        let at = at.index(file.len());
        let end = (at + drop).min(file.len());
        file.splice(at..end, noise.iter().take(drop).copied());
        let _ = validator().validate(&file);
        let _ = validator().validate_detached(&file, &noise);
    }
}
