//! The test keys, with a format around them and without.

use std::fs;
use std::path::{Path, PathBuf};

use kyso::{Policy, SoftwareSigner, TrustStore, UtcTime, Validator};
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, KeyPair as _, RsaKeyPair, UnparsedPublicKey};

pub(crate) fn at() -> UtcTime {
    "2026-11-22T08:00:00+07:00".parse().unwrap()
}

pub(crate) fn signer(key: &str) -> SoftwareSigner {
    let key_pem = fs::read(test_file(&format!("{key}.key.pem"))).unwrap();
    let certificate = fs::read(test_file(&format!("{key}.crt.pem"))).unwrap();
    SoftwareSigner::from_pem(&key_pem, &certificate).unwrap()
}

/// Trusts the test CA, so that the path is validated too.
pub(crate) fn validator() -> Validator {
    let root = fs::read(test_file("ca.crt.pem")).unwrap();
    Validator::new(TrustStore::from_bytes(&root).unwrap(), Policy::pilot(), at())
}

fn test_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/keys").join(name)
}

/// The same key in ring alone, and a value that it made.
pub(crate) struct Bare {
    pair: Pair,
    random: SystemRandom,
    public: UnparsedPublicKey<Vec<u8>>,
    value: Vec<u8>,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ecdsa(EcdsaKeyPair),
}

/// As long as signed attributes are.
const MESSAGE: [u8; 200] = [7; 200];

impl Bare {
    pub(crate) fn new(key: &str) -> Self {
        let pem = fs::read(test_file(&format!("{key}.key.pem"))).unwrap();
        let (_, der) = der::pem::decode_vec(&pem).unwrap();
        let random = SystemRandom::new();
        let (pair, public) = if key.starts_with("rsa") {
            let pair = RsaKeyPair::from_pkcs8(&der).unwrap();
            let public = pair.public_key().as_ref().to_vec();
            let scheme = &signature::RSA_PKCS1_2048_8192_SHA256;
            (Pair::Rsa(pair), UnparsedPublicKey::new(scheme as &'static _, public))
        } else {
            let scheme = &signature::ECDSA_P256_SHA256_ASN1_SIGNING;
            let pair = EcdsaKeyPair::from_pkcs8(scheme, &der, &random).unwrap();
            let public = pair.public_key().as_ref().to_vec();
            let scheme = &signature::ECDSA_P256_SHA256_ASN1;
            (Pair::Ecdsa(pair), UnparsedPublicKey::new(scheme as &'static _, public))
        };
        let mut bare = Self { pair, random, public, value: Vec::new() };
        bare.value = bare.sign();
        bare
    }

    pub(crate) fn sign(&self) -> Vec<u8> {
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut value = vec![0; pair.public().modulus_len()];
                let scheme = &signature::RSA_PKCS1_SHA256;
                pair.sign(scheme, &self.random, &MESSAGE, &mut value).unwrap();
                value
            }
            Pair::Ecdsa(pair) => pair.sign(&self.random, &MESSAGE).unwrap().as_ref().to_vec(),
        }
    }

    pub(crate) fn verify(&self) {
        self.public.verify(&MESSAGE, &self.value).unwrap();
    }
}
