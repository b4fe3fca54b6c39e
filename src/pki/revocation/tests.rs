//! The shapes of lists, and looking numbers up in them.

use proptest::prelude::*;

use super::entries::Entries;
use super::{Crl, OcspResponse, exhaust};
use crate::encoding::asn1::Value;
use crate::encoding::asn1::writer::{INTEGER, SEQUENCE, UTC_TIME, tlv};
use crate::encoding::pem;
use crate::error::ErrorKind;
use crate::limits::Limits;

fn entry(serial: &[u8]) -> Vec<u8> {
    tlv(SEQUENCE, &[&tlv(INTEGER, &[serial]), &tlv(UTC_TIME, &[b"260101000000Z"])])
}

fn list(entries: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    tlv(SEQUENCE, &[&entries.collect::<Vec<_>>().concat()])
}

/// Whether the number is listed by the one who issued the list.
fn lists(entries: &Entries, der: &[u8], serial: &[u8]) -> bool {
    entries.find(der, serial, b"a name", true).unwrap().is_some()
}

#[test]
fn every_one_of_a_hundred_thousand_is_found_and_no_other() {
    let serial = |n: u32| (n * 2).to_be_bytes();
    let der = list((1..=100_000).map(|n| entry(&serial(n))));
    let entries = Entries::read(Some(Value::only(&der, 8).unwrap())).unwrap();
    assert_eq!(entries.len(), 100_000);
    for n in 1..=100_000 {
        assert!(lists(&entries, &der, &serial(n)), "{n}");
        assert!(!lists(&entries, &der, &(n * 2 + 1).to_be_bytes()), "{n}");
    }
    // Of a list whose entries are half as long as real ones.
    assert!(entries.bytes() < der.len() / 4, "{} besides {}", entries.bytes(), der.len());
}

#[test]
fn numbers_are_compared_as_numbers() {
    let der = list([&[0x00, 0xff][..], &[0x80], &[0, 0, 5]].into_iter().map(entry));
    let entries = Entries::read(Some(Value::only(&der, 8).unwrap())).unwrap();
    for listed in [&[0, 0xff][..], &[0, 0, 0xff], &[0x80], &[5], &[0, 5]] {
        assert!(lists(&entries, &der, listed), "{listed:02x?}");
    }
    for other in [&[0xff][..], &[0, 0x80], &[0]] {
        assert!(!lists(&entries, &der, other), "{other:02x?}");
    }
}

/// What is walked over in haste and what is read in full is the same list.
#[test]
fn every_spelling_of_an_entry_is_found() {
    let extension = |oid: u8, critical: bool, value: &[u8]| {
        let critical = if critical { tlv(1, &[&[0xff]]) } else { Vec::new() };
        let oid = tlv(6, &[&[0x55, 0x1d, oid]]);
        tlv(SEQUENCE, &[&oid, &critical, &tlv(4, &[value])])
    };
    let reason = extension(21, false, &[10, 1, 1]);
    let date = extension(24, false, &tlv(24, &[b"20260101000000Z"]));
    let long = extension(100, false, &[0; 200]);
    let extensions: [&[&[u8]]; 7] = [
        &[],
        &[&reason],
        &[&reason, &date],
        &[&extension(21, true, &[10, 1, 1])],
        &[&long],
        &[&reason, &long],
        &[&extension(99, false, &[5, 0])],
    ];
    let entry = |n: u8| {
        let extensions = extensions[usize::from(n % 7)].concat();
        let extensions =
            if n.is_multiple_of(7) { Vec::new() } else { tlv(SEQUENCE, &[&extensions]) };
        let time = if n.is_multiple_of(2) {
            (UTC_TIME, &b"260101000000Z"[..])
        } else {
            (24, &b"20260101000000Z"[..])
        };
        tlv(SEQUENCE, &[&tlv(INTEGER, &[&[n]]), &tlv(time.0, &[time.1]), &extensions])
    };
    let der = list((1..100).map(entry));
    let entries = Entries::read(Some(Value::only(&der, 8).unwrap())).unwrap();
    assert_eq!((entries.len(), entries.unprocessed()), (99, None));
    for n in 1..100 {
        let found = entries.find(&der, &[n], b"a name", true).unwrap().unwrap();
        let has_reason = [1, 2, 3, 5].contains(&(n % 7));
        assert_eq!(
            found.reason.map(|it| it.to_string()),
            has_reason.then(|| "keyCompromise".into())
        );
        assert!(
            !lists(&entries, &der, b"a name")
                && entries.find(&der, &[n], b"a name", false).unwrap().is_none()
        );
    }
    let critical = tlv(SEQUENCE, &[&extension(99, true, &[5, 0])]);
    let stranger = tlv(SEQUENCE, &[&entry(7)[2..], &critical]);
    let der = list([entry(7), stranger, entry(14)].into_iter());
    let entries = Entries::read(Some(Value::only(&der, 8).unwrap())).unwrap();
    assert_eq!((entries.len(), entries.unprocessed()), (3, Some("2.5.29.99")));
}

/// Lengths that lie within an entry are no entry, in haste as in full.
#[test]
fn no_length_within_an_entry_may_lie() {
    let reason = [0x30, 12, 0x30, 10, 6, 3, 0x55, 0x1d, 21, 4, 3, 10, 1, 1];
    let good = tlv(SEQUENCE, &[&entry(&[7])[2..], &reason]);
    let reads = |one: &[u8]| {
        let der = tlv(SEQUENCE, &[&entry(&[5]), one, &entry(&[9])]);
        Value::only(&der, 8).and_then(|it| Entries::read(Some(it))).is_ok()
    };
    assert!(reads(&good));
    // Of the entry, its number, its date, the extensions, the extension, its name and value.
    for at in [1, 3, 6, 21, 23, 25, 30] {
        for change in [1, 2, 4, 0x80, 0xff] {
            let mut lying = good.clone();
            lying[at] ^= change;
            assert!(!reads(&lying), "{at} {change}");
        }
    }
}

/// Or else a list of one number costs the square of its length.
#[test]
fn one_number_for_ever_is_refused() {
    let der = list((0..100_000).map(|_| entry(&[7])));
    let read = Entries::read(Some(Value::only(&der, 8).unwrap()));
    assert_eq!(read.err().unwrap().kind(), ErrorKind::LimitExceeded);
}

#[test]
fn a_list_beyond_the_limit_is_not_read() {
    let limits = Limits { crl_bytes: 10, ..Limits::default() };
    assert_eq!(Crl::from_der(vec![0; 11], &limits).unwrap_err().kind(), ErrorKind::LimitExceeded);
}

const RESPONSE: &[u8] = include_bytes!("../../../testdata/revocation/delegated.ors");

#[test]
fn a_response_beyond_the_limit_is_not_read() {
    for limits in [
        Limits { ocsp_bytes: 10, ..Limits::default() },
        Limits { ocsp_answers: 0, ..Limits::default() },
    ] {
        let read = OcspResponse::from_der(RESPONSE, &limits);
        // One answer is within no answers as little as within no bytes.
        assert_eq!(read.unwrap_err().kind(), ErrorKind::LimitExceeded);
    }
}

proptest! {
    /// Bytes changed, dropped and put in, and lengths that lie.
    #[test]
    fn nothing_panics(
        noise in proptest::collection::vec(any::<u8>(), 0..40),
        at in any::<prop::sample::Index>(),
        drop in 0_usize..40,
    ) {
        let limits = Limits::default();
        let crl = list((1..9).map(|n| entry(&[n])));
        for sample in [RESPONSE, &crl] {
            let mut bytes = sample.to_vec();
            let at = at.index(bytes.len());
            let end = (at + drop).min(bytes.len());
            bytes.splice(at..end, noise.iter().copied());
            let _ = OcspResponse::all_from(&bytes, &limits);
            let _ = Crl::all_from(bytes.clone(), &limits);
            let _ = Value::only(&bytes, 8).and_then(|it| Entries::read(Some(it)));
        }
    }
}

fn read(name: &str) -> Vec<u8> {
    std::fs::read(format!("testdata/revocation/{name}")).unwrap()
}

fn blocks(bytes: &[u8]) -> Vec<u8> {
    pem::blocks(bytes).unwrap().iter().flat_map(|it| it.bytes.to_vec()).collect()
}

/// A certificate, an answer about it, and its issuer, side by side.
#[test]
fn paths_and_what_is_said_of_them_may_be_cut_and_changed_anywhere() {
    let (leaf, ca, answer) = (read("leaf.pem"), read("ca.pem"), read("good.ors"));
    let whole = [blocks(&leaf), answer.clone(), blocks(&ca)].concat();
    assert_eq!(exhaust::exhaust(&whole), 1);
    for at in (0..whole.len()).step_by(3) {
        let _ = exhaust::exhaust(&whole[..at]);
        let mut changed = whole.clone();
        changed[at] ^= 1;
        let _ = exhaust::exhaust(&changed);
    }
    for end in 0..answer.len() {
        let limits = Limits::default();
        assert!(OcspResponse::from_der(&answer[..end], &limits).is_err(), "{end}");
        // A length that lies.
        let mut lies = answer.clone();
        lies[end] = lies[end].wrapping_add(1);
        let _ = OcspResponse::from_der(&lies, &limits);
    }
}
