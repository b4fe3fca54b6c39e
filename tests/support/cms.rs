//! A writer of CMS that lets a test do everything wrong, and does nothing by itself.

use std::fs;

use der::asn1::ObjectIdentifier;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair};

pub(crate) const SHA256: &str = "2.16.840.1.101.3.4.2.1";
pub(crate) const SHA256_RSA: &str = "1.2.840.113549.1.1.11";
pub(crate) const DATA: &str = "1.2.840.113549.1.7.1";
pub(crate) const CONTENT_TYPE: &str = "1.2.840.113549.1.9.3";
pub(crate) const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
pub(crate) const SIGNING_TIME: &str = "1.2.840.113549.1.9.5";
pub(crate) const SIGNING_CERTIFICATE_V2: &str = "1.2.840.113549.1.9.16.2.47";
pub(crate) const ALGORITHM_PROTECTION: &str = "1.2.840.113549.1.9.52";
pub(crate) const CERTIFICATE_VALUES: &str = "1.2.840.113549.1.9.16.2.23";

pub(crate) fn tlv(tag: u8, content: impl AsRef<[u8]>) -> Vec<u8> {
    let content = content.as_ref();
    let mut out = vec![tag];
    match content.len() {
        short @ 0..0x80 => out.push(u8::try_from(short).unwrap()),
        long => {
            let octets = long.to_be_bytes();
            let octets = &octets[octets.iter().position(|it| *it != 0).unwrap()..];
            out.push(0x80 | u8::try_from(octets.len()).unwrap());
            out.extend(octets);
        }
    }
    out.extend(content);
    out
}

pub(crate) fn seq(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, parts.concat())
}

pub(crate) fn oid(text: &str) -> Vec<u8> {
    tlv(6, ObjectIdentifier::new_unwrap(text).as_bytes())
}

/// An AlgorithmIdentifier with NULL.
pub(crate) fn algorithm(text: &str) -> Vec<u8> {
    seq(&[oid(text), vec![5, 0]])
}

pub(crate) fn attribute(kind: &str, value: Vec<u8>) -> Vec<u8> {
    seq(&[oid(kind), tlv(0x31, value)])
}

pub(crate) fn sha256(bytes: &[u8]) -> Vec<u8> {
    ring::digest::digest(&ring::digest::SHA256, bytes).as_ref().to_vec()
}

/// The values side by side: tag and content.
pub(crate) fn items(mut bytes: &[u8]) -> Vec<(u8, &[u8])> {
    let mut all = Vec::new();
    while let [tag, first, ..] = *bytes {
        let octets = if first < 0x80 { 0 } else { usize::from(first & 0x7f) };
        let length = match octets {
            0 => usize::from(first),
            _ => bytes[2..2 + octets].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)),
        };
        let (head, rest) = bytes.split_at(2 + octets + length);
        all.push((tag, &head[2 + octets..]));
        bytes = rest;
    }
    all
}

/// A key of `testdata/keys` and its certificate.
pub(crate) struct Identity {
    pub(crate) certificate: Vec<u8>,
    pub(crate) key: Vec<u8>,
}

pub(crate) fn pem(path: &str) -> Vec<u8> {
    use base64::Engine;
    let text = fs::read_to_string(format!("testdata/keys/{path}")).unwrap();
    let body: String = text.lines().filter(|line| !line.starts_with("---")).collect();
    base64::engine::general_purpose::STANDARD.decode(body).unwrap()
}

impl Identity {
    pub(crate) fn rsa() -> Self {
        Self { certificate: pem("rsa2048.crt.pem"), key: pem("rsa2048.key.pem") }
    }

    pub(crate) fn p256() -> Self {
        Self { certificate: pem("p256.crt.pem"), key: pem("p256.key.pem") }
    }

    pub(crate) fn sign_rsa(&self, message: &[u8]) -> Vec<u8> {
        let key = RsaKeyPair::from_pkcs8(&self.key).unwrap();
        let mut value = vec![0; key.public().modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut value).unwrap();
        value
    }

    pub(crate) fn sign_p256(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let key =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &self.key, &random).unwrap();
        key.sign(&random, message).unwrap().as_ref().to_vec()
    }

    /// The RSA private-key operation on EMSA-PKCS1-v1_5 with this DigestInfo.
    pub(crate) fn sign_digest_info(&self, digest_info: &[u8]) -> Vec<u8> {
        use num_bigint::BigUint;
        let pkcs8 = items(items(&self.key)[0].1);
        let key = items(items(pkcs8[2].1)[0].1);
        let number = |at: usize| BigUint::from_bytes_be(key[at].1);
        let (modulus, exponent) = (number(1), number(3));
        let size = usize::try_from(modulus.bits().div_ceil(8)).unwrap();
        let mut padded = vec![0, 1];
        padded.resize(size - digest_info.len() - 1, 0xff);
        padded.push(0);
        padded.extend(digest_info);
        let value = BigUint::from_bytes_be(&padded).modpow(&exponent, &modulus).to_bytes_be();
        let mut out = vec![0; size - value.len()];
        out.extend(value);
        out
    }

    /// Issuer and serial number, as `SignerIdentifier` has them.
    fn identifier(&self) -> Vec<u8> {
        let tbs = items(items(items(&self.certificate)[0].1)[0].1);
        let skip = usize::from(tbs[0].0 == 0xa0);
        let (serial, issuer) = (tbs[skip], tbs[skip + 2]);
        seq(&[tlv(0x30, issuer.1), tlv(2, serial.1)])
    }
}

/// A CMS with one signer.
pub(crate) struct Cms {
    pub(crate) content: Option<Vec<u8>>,
    pub(crate) certificates: Vec<Vec<u8>>,
    pub(crate) digest: Vec<u8>,
    pub(crate) algorithm: Vec<u8>,
    /// In the order they shall stand in; none means no signed attributes.
    pub(crate) signed: Vec<Vec<u8>>,
    pub(crate) unsigned: Vec<Vec<u8>>,
}

impl Cms {
    /// As it should be: detached, RSA with SHA-256, baseline attributes in DER order.
    pub(crate) fn over(content: &[u8], identity: &Identity) -> Self {
        let mut cms = Self {
            content: None,
            certificates: vec![identity.certificate.clone()],
            digest: algorithm(SHA256),
            algorithm: algorithm(SHA256_RSA),
            signed: vec![
                attribute(CONTENT_TYPE, oid(DATA)),
                attribute(MESSAGE_DIGEST, tlv(4, sha256(content))),
                attribute(SIGNING_TIME, tlv(23, "260601000000Z")),
                attribute(SIGNING_CERTIFICATE_V2, reference_to(&identity.certificate)),
            ],
            unsigned: Vec::new(),
        };
        cms.signed.sort();
        cms
    }

    /// Takes a signed attribute away.
    pub(crate) fn without(&mut self, kind: &str) {
        let kind = oid(kind);
        self.signed.retain(|it| !items(items(it)[0].1).iter().any(|it| kind[2..] == *it.1));
    }

    /// The signed attributes in the order given, under the tag of a SET.
    pub(crate) fn as_stored(&self) -> Vec<u8> {
        tlv(0x31, self.signed.concat())
    }

    /// The signed attributes in DER order.
    pub(crate) fn in_order(&self) -> Vec<u8> {
        let mut sorted = self.signed.clone();
        sorted.sort();
        tlv(0x31, sorted.concat())
    }

    /// With the value that RSA makes over the attributes in DER order.
    pub(crate) fn signed_by(&self, identity: &Identity) -> Vec<u8> {
        self.with_value(identity, &identity.sign_rsa(&self.in_order()))
    }

    pub(crate) fn with_value(&self, identity: &Identity, value: &[u8]) -> Vec<u8> {
        let optional = |tag, set: &Vec<Vec<u8>>| match set.is_empty() {
            true => Vec::new(),
            false => tlv(tag, set.concat()),
        };
        let signer = seq(&[
            vec![2, 1, 1],
            identity.identifier(),
            self.digest.clone(),
            optional(0xa0, &self.signed),
            self.algorithm.clone(),
            tlv(4, value),
            optional(0xa1, &self.unsigned),
        ]);
        let content = self.content.as_ref().map(|it| tlv(0xa0, tlv(4, it))).unwrap_or_default();
        let signed_data = seq(&[
            vec![2, 1, 1],
            tlv(0x31, &self.digest),
            seq(&[oid(DATA), content]),
            optional(0xa0, &self.certificates),
            tlv(0x31, signer),
        ]);
        seq(&[oid("1.2.840.113549.1.7.2"), tlv(0xa0, signed_data)])
    }
}

/// `SigningCertificateV2` with one reference by SHA-256.
pub(crate) fn reference_to(certificate: &[u8]) -> Vec<u8> {
    seq(&[seq(&[seq(&[tlv(4, sha256(certificate))])])])
}
