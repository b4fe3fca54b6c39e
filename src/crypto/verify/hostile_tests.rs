//! Values of two numbers that are not to pass, made of ones that do.

use num_bigint::BigUint;

use super::key::EcKey;
use super::tests::{MESSAGE, Vector, vectors};
use super::*;
use crate::crypto::value::Halves;

/// SEC 2 §2 and RFC 5639 §3: what the numbers of a value are below.
const ORDERS: [(&str, &str); 5] = [
    ("P-256", "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
    (
        "P-384",
        "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf\
         581a0db248b0a77aecec196accc52973",
    ),
    (
        "P-521",
        "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa\
         51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
    ),
    ("brainpoolP256", "a9fb57dba1eea9bc3e660a909d838d718c397aa3b561a6f7901e0e82974856a7"),
    (
        "brainpoolP384",
        "8cb91e82a3386d280f5d6f7e50e641df152f7109ed5456b31f166e6cac0425a7\
         cf3ab6af6b7fc3103b883202e9046565",
    ),
];

/// The order, for the vectors of ECDSA and DSA.
fn order(vector: &Vector) -> Option<BigUint> {
    if let Ok(PublicKey::Dsa(key)) = PublicKey::read(&vector.key) {
        return key.domain().map(|[_, q, _]| BigUint::from_bytes_be(q));
    }
    let (_, order) = ORDERS.iter().find(|(name, _)| vector.name.starts_with(name))?;
    BigUint::parse_bytes(order.as_bytes(), 16)
}

/// Each value of two numbers in DER that holds, with its order.
fn holding() -> impl Iterator<Item = (Vector, BigUint)> {
    use SignatureAlgorithm::{Dsa, Ecdsa};
    let all = vectors().into_iter().filter(|it| it.expected == "Valid");
    all.filter(|it| matches!(it.algorithm, Dsa(_) | Ecdsa(_)))
        .filter_map(|it| order(&it).map(|order| (it, order)))
}

fn integer(number: &BigUint) -> Vec<u8> {
    let mut octets = number.to_bytes_be();
    if octets[0] & 0x80 != 0 {
        octets.insert(0, 0);
    }
    octets
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut value = vec![tag];
    match content.len() {
        it @ 0..0x80 => value.push(it.try_into().unwrap()),
        it @ 0x80..0x100 => value.extend([0x81, it.try_into().unwrap()]),
        it => {
            value.push(0x82);
            value.extend(u16::try_from(it).unwrap().to_be_bytes());
        }
    }
    value.extend_from_slice(content);
    value
}

fn sequence(r: &[u8], s: &[u8]) -> Vec<u8> {
    tlv(0x30, &[tlv(2, r), tlv(2, s)].concat())
}

fn found(vector: &Vector, value: &[u8]) -> Verification {
    let found = verify(&vector.key, vector.algorithm, MESSAGE, value).unwrap();
    let digest = vector.algorithm.digest().digest(MESSAGE);
    let alone = verify_digest(&vector.key, vector.algorithm, &digest, value).unwrap();
    assert_eq!(found, alone, "{}", vector.name);
    found
}

#[test]
fn numbers_out_of_range() {
    for (vector, n) in holding() {
        let halves = Halves::read(&vector.value).unwrap();
        let [r, s] = [halves.r, halves.s].map(BigUint::from_bytes_be);
        let whole = sequence(&integer(&r), &integer(&s));
        assert_eq!(whole, vector.value, "{}: the test writes DER", vector.name);
        let huge = BigUint::from_bytes_be(&[0x7f; 5000]);
        let zero = BigUint::ZERO;
        for (r, s) in [
            (&zero, &s),
            (&r, &zero),
            (&zero, &zero),
            (&n, &s),
            (&r, &n),
            (&n, &n),
            (&(&r + &n), &s),
            (&r, &(&s + &n)),
            (&huge, &s),
            (&r, &huge),
            (&s, &r),
        ] {
            let value = sequence(&integer(r), &integer(s));
            assert_eq!(found(&vector, &value), Verification::Invalid, "{}: {r} {s}", vector.name);
        }
        // ECDSA holds for the other s, too (SEC 1 §4.1.4); DSA does not.
        let other = found(&vector, &sequence(&integer(&r), &integer(&(&n - &s))));
        let dsa = matches!(vector.algorithm, SignatureAlgorithm::Dsa(_));
        assert_eq!(other.is_valid(), !dsa, "{}", vector.name);
    }
}

/// One value, one spelling: what BER allows beyond DER is refused.
#[test]
fn other_spellings_of_a_value() {
    for (vector, _) in holding() {
        let halves = Halves::read(&vector.value).unwrap();
        let [r, s] = [halves.r, halves.s].map(|it| integer(&BigUint::from_bytes_be(it)));
        let content = [tlv(2, &r), tlv(2, &s)].concat();
        let long = [&[0x30, 0x82, 0, content.len().try_into().unwrap()], &content[..]].concat();
        let indefinite = [&[0x30, 0x80], &content[..], &[0, 0]].concat();
        let padded = |number: &[u8]| [&[0], number].concat();
        let spellings = [
            long,
            indefinite,
            sequence(&padded(&r), &s),
            sequence(&r, &padded(&s)),
            tlv(0x30, &[&content[..], &[5, 0]].concat()),
            tlv(0x31, &content),
            [&vector.value[..], &[0]].concat(),
            content,
        ];
        for value in spellings {
            assert_eq!(found(&vector, &value), Verification::Invalid, "{}", vector.name);
        }
        for cut in 0..vector.value.len() {
            let value = &vector.value[..cut];
            assert_eq!(found(&vector, value), Verification::Invalid, "{} at {cut}", vector.name);
        }
    }
}

/// SEC 1 §3.2.2.1: no point, one beside the curve, one beyond the field, one of another kind.
#[test]
fn points_that_are_no_key() {
    let all = vectors().into_iter().filter(|it| it.name.ends_with(", sha256"));
    let curves: Vec<_> =
        all.filter(|it| matches!(it.algorithm, SignatureAlgorithm::Ecdsa(_))).collect();
    assert_eq!(curves.len(), 7);
    for vector in curves {
        let Ok(PublicKey::Ec(EcKey { curve, point })) = PublicKey::read(&vector.key) else {
            panic!("{}", vector.name)
        };
        let (octets, before) = (curve.octets().unwrap(), vector.key.len() - point.len());
        let with = |point: &[u8]| [&vector.key[..before], point].concat();
        let mut beside = point.to_vec();
        *beside.last_mut().unwrap() ^= 1;
        let hybrid = [&[6 | (point[2 * octets] & 1)], &point[1..]].concat();
        let beyond = [&[4][..], &vec![0xff; octets], &point[1 + octets..]].concat();
        for point in [beside, hybrid, beyond, [&[4][..], &vec![0; 2 * octets]].concat()] {
            let key = with(&point);
            let found = verify(&key, vector.algorithm, MESSAGE, &vector.value).unwrap();
            assert_eq!(found, Verification::Invalid, "{} {:02x}", vector.name, point[0]);
        }
    }
}

/// With a key outside the subgroup there are values for every message.
#[test]
fn dsa_numbers_that_are_no_key() {
    let all = vectors().into_iter().filter(|it| it.name.starts_with("DSA 2048 256, sha256"));
    let all: Vec<_> = all.collect();
    assert_eq!(all.len(), 1);
    for vector in all {
        let Ok(PublicKey::Dsa(key)) = PublicKey::read(&vector.key) else { panic!("no DSA key") };
        let [p, q, g] = key.domain().unwrap().each_ref().map(|it| BigUint::from_bytes_be(it));
        let one = BigUint::from(1_u8);
        let [even, minus_one] = [&p - 1_u8, &p - 1_u8];
        for (p, q, g, y) in [
            (&p, &q, &one, &one),
            (&p, &q, &g, &one),
            (&p, &q, &minus_one, &minus_one),
            (&p, &q, &g, &minus_one),
            (&p, &q, &g, &BigUint::ZERO),
            (&p, &q, &g, &p),
            (&p, &q, &BigUint::ZERO, &g),
            (&p, &one, &g, &g),
            (&p, &BigUint::ZERO, &g, &g),
            (&even, &q, &g, &g),
            (&q, &q, &g, &g),
            (&(&p << 4096_u32), &q, &g, &g),
            (&BigUint::ZERO, &BigUint::ZERO, &BigUint::ZERO, &BigUint::ZERO),
        ] {
            let key = dsa_key(&[p, q, g], y);
            for value in [&vector.value[..], &sequence(&[1], &[1])] {
                let found = verify(&key, vector.algorithm, MESSAGE, value).unwrap();
                assert_eq!(found, Verification::Unsupported, "{p} {q} {g} {y}");
            }
        }
        let inherited = dsa_key(&[], &g);
        let found = verify(&inherited, vector.algorithm, MESSAGE, &vector.value).unwrap();
        assert_eq!(found, Verification::Unsupported);
    }
}

fn dsa_key(domain: &[&BigUint], public: &BigUint) -> Vec<u8> {
    let mut algorithm = vec![6, 7, 0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1];
    if !domain.is_empty() {
        let numbers: Vec<u8> = domain.iter().flat_map(|it| tlv(2, &integer(it))).collect();
        algorithm.extend(tlv(0x30, &numbers));
    }
    let key = [&[0][..], &tlv(2, &integer(public))].concat();
    tlv(0x30, &[tlv(0x30, &algorithm), tlv(3, &key)].concat())
}
