//! Keys by openssl (`testdata/keys/make.sh`) in every form, and every error.

use super::*;
use crate::crypto::{DigestAlgorithm, PssParameters, SignatureAlgorithm, verify};
use crate::error::ErrorKind;

fn file(name: &str) -> Vec<u8> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/keys");
    std::fs::read(format!("{directory}/{name}.pem")).unwrap()
}

fn signer(key: &str, certificate: &str) -> crate::error::Result<SoftwareSigner> {
    SoftwareSigner::from_pem(&file(key), &file(&format!("{certificate}.crt")))
}

fn sign_and_verify(signer: &SoftwareSigner) {
    let to_be_signed = ToBeSigned::new(b"message".to_vec(), signer.algorithm());
    let value = signer.sign(&to_be_signed).unwrap();
    let key = signer.certificate_chain()[0].public_key_info();
    let check = |message| verify(key, signer.algorithm(), message, value.bytes()).unwrap();
    assert!(check(b"message").is_valid(), "{}", signer.algorithm());
    assert!(!check(b"another").is_valid(), "{}", signer.algorithm());
}

#[test]
fn every_key_signs_with_every_algorithm_of_its_kind() {
    use DigestAlgorithm::{Sha1, Sha256, Sha384, Sha512};
    use SignatureAlgorithm::{Ecdsa, Ed25519, RsaPkcs1, RsaPss};
    let pss = |digest| RsaPss(PssParameters::new(digest));
    let rsa = [RsaPkcs1(Sha256), RsaPkcs1(Sha384), RsaPkcs1(Sha512)];
    let rsa: Vec<_> = rsa.into_iter().chain([pss(Sha256), pss(Sha384), pss(Sha512)]).collect();
    let (p256, p384) = (Ecdsa(Sha256), Ecdsa(Sha384));
    let all = [&rsa[..], &[p256, p384, Ed25519, RsaPkcs1(Sha1), pss(Sha1), Ecdsa(Sha512)]].concat();
    for (name, able) in [
        ("rsa2048", &rsa[..]),
        ("rsa3072", &rsa),
        ("rsa4096", &rsa),
        ("rsapss", &[pss(Sha384)]),
        ("p256", &[p256]),
        ("p384", &[p384]),
        ("ed25519", &[Ed25519]),
    ] {
        assert_eq!(signer(&format!("{name}.key"), name).unwrap().algorithm(), able[0]);
        for algorithm in &all {
            let signer = signer(&format!("{name}.key"), name).unwrap().with_algorithm(*algorithm);
            match signer {
                Ok(signer) => sign_and_verify(&signer),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Misuse),
            }
            let signs = self::signer(&format!("{name}.key"), name)
                .unwrap()
                .with_algorithm(*algorithm)
                .is_ok();
            assert_eq!(signs, able.contains(algorithm), "{name} {algorithm}");
        }
    }
}

/// Whoever does not know of batches is asked value by value, and a batch is as good.
#[test]
fn a_key_in_software_takes_one_value_at_a_time() {
    let signer = signer("p256.key", "p256").unwrap();
    assert_eq!(signer.batch_size(), 1);
    let batch = [b"one", b"two"].map(|it| ToBeSigned::new(it.to_vec(), signer.algorithm()));
    assert_eq!(signer.sign_all(&batch).iter().filter(|it| it.is_ok()).count(), 2);
}

/// A token that is asked again and again with a wrong PIN is locked.
#[test]
fn a_key_that_refuses_is_not_asked_for_the_rest() {
    use crate::error::{Error, Result};
    use std::sync::atomic::{AtomicUsize, Ordering};

    struct Refuses(SoftwareSigner, ErrorKind, AtomicUsize);

    impl Signer for Refuses {
        fn certificate_chain(&self) -> &[crate::pki::Certificate] {
            self.0.certificate_chain()
        }

        fn algorithm(&self) -> SignatureAlgorithm {
            self.0.algorithm()
        }

        fn sign(&self, to_be_signed: &ToBeSigned) -> Result<SignatureValue> {
            match self.2.fetch_add(1, Ordering::SeqCst) {
                1 => Err(Error::new(self.1, "the PIN is wrong")),
                _ => self.0.sign(to_be_signed),
            }
        }
    }

    for (kind, asked, made) in
        [(ErrorKind::Signer, 2, 1), (ErrorKind::Service, 2, 1), (ErrorKind::Unsupported, 4, 3)]
    {
        let key = Refuses(signer("p256.key", "p256").unwrap(), kind, AtomicUsize::new(0));
        let one = ToBeSigned::new(b"message".to_vec(), key.algorithm());
        let answers = key.sign_all(&[one.clone(), one.clone(), one.clone(), one]);
        assert_eq!(answers.len(), 4);
        assert_eq!(answers.iter().filter(|it| it.is_ok()).count(), made);
        assert_eq!(key.2.into_inner(), asked);
        let last = answers.last().unwrap().as_ref().err();
        assert_eq!(last.map(Error::kind), (made == 1).then_some(kind));
    }
}

#[test]
fn a_value_is_proven_where_it_was_made() {
    let (rsa, other) =
        (signer("rsa2048.key", "rsa2048").unwrap(), signer("p256.key", "p256").unwrap());
    let own = &rsa.certificate_chain()[0];
    let of = |bytes: &[u8]| ToBeSigned::new(bytes.to_vec(), rsa.algorithm());
    let value = rsa.sign(&of(b"message")).unwrap();
    assert!(value.is_proven(own, &of(b"message")));
    assert!(!value.is_proven(own, &of(b"another")));
    let pss = SignatureAlgorithm::RsaPss(PssParameters::new(DigestAlgorithm::Sha256));
    assert!(!value.is_proven(own, &ToBeSigned::new(b"message".to_vec(), pss)));
    assert!(!value.is_proven(&other.certificate_chain()[0], &of(b"message")));
    // What was kept, or came from elsewhere, is checked.
    let kept = serde_json::to_string(&value).unwrap();
    let elsewhere =
        [serde_json::from_str(&kept).unwrap(), SignatureValue::new(value.bytes().to_vec())];
    for again in elsewhere {
        assert_eq!(again, value);
        assert!(!again.is_proven(own, &of(b"message")));
    }
}

#[test]
fn reads_other_forms_of_the_same_keys() {
    for (key, certificate) in [
        ("rsa2048.traditional", "rsa2048"),
        ("p384.traditional", "p384"),
        ("p256.nopublic", "p256"),
    ] {
        sign_and_verify(&signer(key, certificate).unwrap());
    }
}

#[cfg(feature = "pkcs12")]
#[test]
fn reads_encrypted_keys() {
    for scheme in ["sha1", "sha224", "sha256", "sha384", "sha512", "3des"] {
        let key = file(&format!("p256.pbes2-{scheme}"));
        let certificate = file("p256.crt");
        let open = |password| SoftwareSigner::from_encrypted_pem(&key, password, &certificate);
        sign_and_verify(&open("kyso").unwrap());
        for password in ["", "Kyso"] {
            let error = open(password).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Signer);
            let text = "the password is wrong or the file is damaged (in ENCRYPTED PRIVATE KEY)";
            assert_eq!(error.to_string(), text);
        }
        let error = SoftwareSigner::from_pem(&key, &certificate).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misuse);
    }
    let error = SoftwareSigner::from_encrypted_pem(&file("p256.scrypt"), "kyso", &file("p256.crt"));
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn the_chain_begins_with_the_end_entity_and_leaves_strangers_out() {
    let certificates =
        [file("ca.crt"), file("rsa2048.crt"), file("p384.crt"), file("p256.crt")].concat();
    let signer = SoftwareSigner::from_pem(&file("p384.key"), &certificates).unwrap();
    let subjects: Vec<String> =
        signer.certificate_chain().iter().map(crate::pki::Certificate::subject).collect();
    assert_eq!(subjects.len(), 2);
    assert!(subjects[0].contains("TEST p384") && subjects[1].contains("TEST ca"), "{subjects:?}");
}

#[test]
fn keys_and_certificates_that_do_not_fit() {
    for (key, certificate) in [
        ("p256.key", "p384"),
        ("p256.key", "ca"),
        ("rsa2048.key", "rsa3072"),
        ("ed25519.key", "p256"),
    ] {
        let error = signer(key, certificate).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Signer);
        let text = error.to_string();
        assert!(text.contains("belongs to none") && text.contains(certificate), "{text}");
    }
}

#[test]
fn says_what_does_not_sign_here_and_what_to_do() {
    for (name, said) in [("rsa2304", "2304"), ("e3", "exponent")] {
        let error = signer(&format!("{name}.key"), name).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        let text = error.to_string();
        assert!(text.contains(said) && text.contains("implement `Signer`"), "{text}");
    }
}

#[test]
fn files_without_what_is_needed() {
    let certificate = file("p256.crt");
    for (key, certificates) in [
        (&certificate[..], &certificate[..]),
        (&file("p256.key"), &file("p256.key")),
        (b"", b""),
        (b"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----", &certificate),
    ] {
        let error = SoftwareSigner::from_pem(key, certificates).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
    }
    let two = [file("p256.key"), file("p384.key")].concat();
    let error = SoftwareSigner::from_pem(&two, &certificate).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse);
    let old =
        b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n\
        MAA=\n-----END RSA PRIVATE KEY-----";
    let error = SoftwareSigner::from_pem(old, &certificate).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let dsa = b"-----BEGIN DSA PRIVATE KEY-----\nMAA=\n-----END DSA PRIVATE KEY-----";
    let error = SoftwareSigner::from_pem(dsa, &certificate).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn signs_only_what_is_meant_for_it() {
    let signer = signer("p256.key", "p256").unwrap();
    let other = ToBeSigned::new(b"message".to_vec(), SignatureAlgorithm::Ed25519);
    assert_eq!(signer.sign(&other).unwrap_err().kind(), ErrorKind::Misuse);
}

/// Neither a key nor a password may come out through what is printed.
#[test]
fn nothing_secret_is_printed() {
    let signer = signer("p256.key", "p256").unwrap();
    let text = format!("{signer:?}");
    let subject = "CN=kyso TEST p256 - do not trust,O=kyso TEST,C=VN";
    assert_eq!(text, format!("SoftwareSigner(ECDSA_SHA256, [Certificate({subject})])"));
    let mut key = file("p256.key");
    let at = key.len() / 2;
    key[at] = b'?';
    let error = SoftwareSigner::from_pem(&key, &file("p256.crt")).unwrap_err();
    let shown = format!("{error:?}");
    let secret = String::from_utf8_lossy(&key);
    for line in secret.lines().filter(|it| !it.starts_with('-')) {
        assert!(!shown.contains(&line[..16]), "{shown}");
    }
}

#[test]
fn mutated_keys_never_panic() {
    for name in ["rsa2048.key", "p384.traditional", "ed25519.key", "p256.nopublic"] {
        let der = crate::encoding::pem::blocks(&file(name)).unwrap().remove(0).bytes;
        for at in 0..der.len().min(200) {
            for bit in [1, 0x80] {
                let mut mutated = der.to_vec();
                mutated[at] ^= bit;
                let _ = private_key::PrivateKey::from_pkcs8(&mutated);
                let _ = private_key::PrivateKey::from_rsa(&mutated);
                let _ = private_key::PrivateKey::from_ec(&mutated);
            }
            assert!(private_key::PrivateKey::from_pkcs8(&der[..at]).is_err());
        }
    }
}
