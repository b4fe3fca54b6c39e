//! Keys that the token makes, and that want the PIN for each signature.

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType};
use kyso::pkcs11::{Choice, Pin};
use kyso::{
    Certificate, Conclusion, DigestAlgorithm, Policy, PssParameters, SignatureAlgorithm,
    TrustAnchor, TrustStore, Validator, cades,
};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PublicKeyData, SerialNumber, date_time_ymd,
};

use crate::softhsm::{PIN, SoftHsm, with_tokens};
use crate::{at, open, refused};

/// An RSA key as certificates have it (RFC 8017 Annex A.1.1).
struct PublicKey(Vec<u8>);

impl PublicKeyData for PublicKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x82], &length[..], content].concat()
}

fn integer(octets: &[u8]) -> Vec<u8> {
    let content = [&[0][..], octets].concat();
    match u8::try_from(content.len()) {
        Ok(length) if length < 0x80 => [&[0x02, length], &content[..]].concat(),
        _ => tlv(0x02, &content),
    }
}

fn generate(hsm: &SoftHsm) -> PublicKey {
    hsm.inside("Leader", |session| {
        let public = [
            Attribute::ModulusBits(2048.into()),
            Attribute::PublicExponent(vec![1, 0, 1]),
            Attribute::Verify(true),
        ];
        let private = [
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Sign(true),
            Attribute::Id(vec![7]),
            Attribute::AlwaysAuthenticate(true),
        ];
        let made = Mechanism::RsaPkcsKeyPairGen;
        let (public, _) = session.generate_key_pair(&made, &public, &private).unwrap();
        let found = session.get_attributes(public, &[AttributeType::Modulus]).unwrap();
        let [Attribute::Modulus(modulus)] = found.as_slice() else { panic!("{found:?}") };
        // 65537.
        let exponent = [0x02, 0x03, 0x01, 0x00, 0x01];
        PublicKey(tlv(0x30, &[integer(modulus), exponent.to_vec()].concat()))
    })
}

fn params(name: &str, serial: u64) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.serial_number = Some(SerialNumber::from(serial));
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2040, 1, 1);
    params
}

/// The authority, and what it certified.
fn certify(key: &PublicKey) -> [Certificate; 2] {
    let mut authority = params("TEST authority", 1);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority_key = KeyPair::generate().unwrap();
    let anchor = authority.self_signed(&authority_key).unwrap();
    let mut leader = params("TEST leader", 2);
    leader.key_usages = vec![KeyUsagePurpose::ContentCommitment];
    let leader = leader.signed_by(key, &Issuer::new(authority, authority_key)).unwrap();
    [&anchor, &leader].map(|it| Certificate::from_der(it.der()).unwrap())
}

#[test]
fn a_key_that_wants_the_pin_each_time_signs() {
    with_tokens("generated::a_key_that_wants_the_pin_each_time_signs", |hsm| {
        hsm.token("Leader", &[]);
        let [authority, leader] = certify(&generate(hsm));
        hsm.put_certificate("Leader", "leader", 7, &leader);
        let mut trust = TrustStore::new();
        trust.add(TrustAnchor::from_certificate(authority));
        let validator = Validator::new(trust, Policy::pilot(), at());
        let token = open(hsm, "Leader").with_login(Pin::new(PIN));
        let content = b"content".to_vec();
        let signer = || token.signer(&Choice::Only).unwrap();
        let pss = SignatureAlgorithm::RsaPss(PssParameters::new(DigestAlgorithm::Sha256));
        for signer in [signer(), signer().with_algorithm(pss).unwrap()] {
            for _ in 0..3 {
                let signed = cades::SignatureBuilder::new(&content, at()).sign(&signer).unwrap();
                let report = validator.validate_detached(&signed, &content).unwrap();
                assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
            }
        }
        // The token is logged in to; the PIN of the signature itself is refused.
        token.set_login(Pin::new("000000"));
        let signer = signer();
        for why in ["fewer tries are left", "is not presented again"] {
            refused(cades::SignatureBuilder::new(&content, at()).sign(&signer), why);
        }
        token.set_login(Pin::new(PIN));
        cades::SignatureBuilder::new(&content, at()).sign(&signer).unwrap();
    });
}
