//! Values made by openssl (`testdata/verify/make.sh`), and keys that are none.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
pub(super) struct Vector {
    pub(super) name: String,
    pub(super) expected: String,
    pub(super) algorithm: SignatureAlgorithm,
    #[serde(with = "crate::encoding::base64")]
    pub(super) key: Vec<u8>,
    #[serde(with = "crate::encoding::base64")]
    pub(super) value: Vec<u8>,
}

pub(super) const MESSAGE: &[u8] = b"kyso TEST message";

pub(super) fn vectors() -> Vec<Vector> {
    let text = include_str!("../../../testdata/verify/vectors.json");
    serde_json::from_str(text).unwrap()
}

fn check(vector: &Vector, message: &[u8]) -> Verification {
    verify(&vector.key, vector.algorithm, message, &vector.value).unwrap()
}

#[test]
fn values_by_openssl() {
    for vector in vectors() {
        let found = check(&vector, MESSAGE);
        assert_eq!(format!("{found:?}"), vector.expected, "{}", vector.name);
        let other = check(&vector, b"another message");
        let expected = if found.is_valid() { Verification::Invalid } else { found };
        assert_eq!(other, expected, "{}", vector.name);
    }
}

/// The digest is enough for all but Ed25519, and then ring does not help.
#[test]
fn values_over_a_digest() {
    for vector in vectors() {
        let digest = vector.algorithm.digest().digest(MESSAGE);
        let found = verify_digest(&vector.key, vector.algorithm, &digest, &vector.value).unwrap();
        let whole = vector.algorithm == SignatureAlgorithm::Ed25519;
        let by_message = check(&vector, MESSAGE);
        let expected = if whole { Verification::Unsupported } else { by_message };
        assert_eq!(found, expected, "{}", vector.name);
    }
}

#[test]
fn a_digest_of_another_kind_is_misuse() {
    let vector = vectors().into_iter().next().unwrap();
    let digest = DigestAlgorithm::Sha512.digest(MESSAGE);
    let error = verify_digest(&vector.key, vector.algorithm, &digest, &vector.value).unwrap_err();
    assert_eq!(error.kind(), crate::error::ErrorKind::Misuse);
}

/// Cutting or lengthening the value by an octet must not leave it valid.
#[test]
fn values_of_another_length() {
    for vector in vectors().into_iter().filter(|it| check(it, MESSAGE).is_valid()) {
        let mut longer = vec![0];
        longer.extend_from_slice(&vector.value);
        for value in [&longer[..], &vector.value[1..], &[]] {
            let found = verify(&vector.key, vector.algorithm, MESSAGE, value).unwrap();
            assert_eq!(found, Verification::Invalid, "{}", vector.name);
        }
    }
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut value = vec![tag, 0x82];
    value.extend(u16::try_from(content.len()).unwrap().to_be_bytes());
    value.extend_from_slice(content);
    value
}

fn rsa_key(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let numbers = [tlv(2, modulus), tlv(2, exponent)].concat();
    let algorithm = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
    let key = [&[0][..], &tlv(0x30, &numbers)].concat();
    tlv(0x30, &[tlv(0x30, &algorithm), tlv(3, &key)].concat())
}

/// Numbers that would cost too much, or with which anything verifies.
#[test]
fn numbers_that_are_no_key() {
    let huge = [&[0][..], &[0xff; 2049]].concat();
    let good = [&[0][..], &[0xff; 256]].concat();
    let even = [&[0][..], &[0xfe; 256]].concat();
    let long = [&[0][..], &[0xff; 33]].concat();
    let large = [&[0][..], &[0xff; 385]].concat();
    let long_for_large = [&[0][..], &[0xff; 9]].concat();
    let algorithm = SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256);
    for (modulus, exponent) in [
        (&huge[..], &[3][..]),
        (&good, &[1]),
        (&good, &[0]),
        (&good, &[4]),
        (&good, &long),
        (&large, &long_for_large),
        (&even, &[3]),
        (&[0], &[3]),
        (&[3], &[3]),
    ] {
        let key = rsa_key(modulus, exponent);
        for value in [&[0xff; 2049][..], &[1; 385], &[1; 256], &[0; 256], &[1], &[]] {
            let found = verify(&key, algorithm, MESSAGE, value).unwrap();
            assert_eq!(found, Verification::Unsupported, "{} {exponent:?}", modulus.len());
        }
    }
    let negative = rsa_key(&good, &[0xff, 3]);
    let error = verify(&negative, algorithm, MESSAGE, &[]).unwrap_err();
    assert_eq!(error.kind(), crate::error::ErrorKind::Malformed);
}

/// The last third of a key is all number: no flip in it may leave a value valid.
#[test]
fn broken_keys() {
    let mut keys = BTreeSet::new();
    for vector in vectors().iter().filter(|it| it.expected == "Valid") {
        // One of each key is enough.
        if !keys.insert(vector.key.clone()) {
            continue;
        }
        for at in 0..vector.key.len() {
            let cut = verify(&vector.key[..at], vector.algorithm, MESSAGE, &vector.value);
            assert!(cut.is_err(), "{} cut at {at}", vector.name);
        }
        for at in (vector.key.len() * 2 / 3..vector.key.len()).step_by(7) {
            for bit in [0x01, 0x80] {
                let mut key = vector.key.clone();
                key[at] ^= bit;
                let found = verify(&key, vector.algorithm, MESSAGE, &vector.value);
                assert!(!found.is_ok_and(Verification::is_valid), "{} at {at}", vector.name);
            }
        }
    }
}

/// As on cards of ESTEID-SK 2011: the modulus stands there without the octet that makes it a
/// positive number.
#[test]
fn a_modulus_without_its_sign_is_the_same_key() {
    let mut count = 0;
    for vector in vectors() {
        let SignatureAlgorithm::RsaPkcs1(_) = vector.algorithm else { continue };
        let found = vector.key.windows(6).position(|it| it[..2] == [2, 0x82] && it[4] == 0);
        let Some(at) = found.map(|it| it + 4) else { continue };
        let length = usize::from(vector.key[at - 2]) * 256 + usize::from(vector.key[at - 1]);
        let (modulus, exponent) = vector.key[at..].split_at(length);
        let exponent = &exponent[2..];
        for modulus in [modulus, &modulus[1..]] {
            let key = rsa_key(modulus, exponent);
            let found = verify(&key, vector.algorithm, MESSAGE, &vector.value).unwrap();
            assert_eq!(format!("{found:?}"), vector.expected, "{}", vector.name);
            count += usize::from(found.is_valid());
        }
    }
    assert!(count > 0);
}
