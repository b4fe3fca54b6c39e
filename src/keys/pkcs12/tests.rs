//! Files by openssl, keytool and pk12util (`testdata/keys/make.sh`), and files that none of
//! them writes (`craft.py`).

use proptest::prelude::*;

use super::*;
use crate::crypto::verify;
use crate::keys::{Signer, ToBeSigned};

fn file(name: &str) -> Vec<u8> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/keys");
    std::fs::read(format!("{directory}/{name}.p12")).unwrap()
}

/// Opens it, signs with it, and checks the value with the certificate.
fn sign_with(name: &str, password: Option<&str>) -> SoftwareSigner {
    let signer = open(&file(name), password).unwrap_or_else(|error| panic!("{name}: {error}"));
    let to_be_signed = ToBeSigned::new(b"message".to_vec(), signer.algorithm());
    let value = signer.sign(&to_be_signed).unwrap();
    let key = signer.certificate_chain()[0].public_key_info();
    assert!(verify(key, signer.algorithm(), b"message", value.bytes()).unwrap().is_valid());
    signer
}

fn refusal(name: &str, password: Option<&str>) -> Error {
    open(&file(name), password).err().unwrap_or_else(|| panic!("{name} opens"))
}

#[test]
fn opens_what_every_writer_writes() {
    for (name, password) in [
        ("openssl", "kyso"),
        ("openssl-legacy", "kyso"),
        ("openssl-aes128", "kyso"),
        ("openssl-2des-rc2", "kyso"),
        ("openssl-rc4", "kyso"),
        ("openssl-nomac", "kyso"),
        ("openssl-noiter", "kyso"),
        ("openssl-as-windows", "kyso"),
        ("openssl-plain", "kyso"),
        ("openssl-empty", ""),
        ("openssl-empty-legacy", ""),
        ("openssl-vietnamese", "mật khẩu"),
        ("openssl-vietnamese-legacy", "mật khẩu"),
        ("nss", "kyso"),
        ("nss-legacy", "kyso"),
        ("nss-vietnamese", "mật khẩu"),
        ("crafted-pbmac1", "kyso"),
        ("crafted-ber", "kyso"),
        ("crafted-nested", "kyso"),
        ("crafted-old-openssl", "mật khẩu"),
    ] {
        let signer = sign_with(name, Some(password));
        let subjects: Vec<String> =
            signer.certificate_chain().iter().map(Certificate::subject).collect();
        assert_eq!(
            subjects,
            [
                "CN=kyso TEST p256 - do not trust,O=kyso TEST,C=VN",
                "CN=kyso TEST ca - do not trust,O=kyso TEST,C=VN"
            ],
            "{name}"
        );
    }
    for name in ["java", "java-legacy"] {
        sign_with(name, Some("kyso-kyso"));
    }
}

/// An empty password and none are the same to those who ask for one.
#[test]
fn empty_and_absent_passwords() {
    for name in ["openssl-empty", "openssl-empty-legacy", "crafted-null"] {
        sign_with(name, Some(""));
        sign_with(name, None);
    }
}

#[test]
fn wrong_passwords() {
    for name in
        ["openssl", "openssl-legacy", "openssl-nomac", "openssl-plain", "nss", "crafted-pbmac1"]
    {
        for password in [None, Some(""), Some("Kyso"), Some("kyso ")] {
            let error = refusal(name, password);
            assert_eq!(error.kind(), ErrorKind::Signer, "{name} {password:?}");
            let text = error.to_string();
            assert!(text.starts_with("the password is wrong or the file is damaged"), "{text}");
        }
    }
}

#[test]
fn several_keys() {
    let bytes = file("java-two");
    let error = open(&bytes, "kyso-kyso").err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Misuse);
    let text = error.to_string();
    assert!(text.contains("\"seal\" (CN=kyso TEST java seal") && text.contains("leader"), "{text}");
    let entries = entries(&bytes, "kyso-kyso", &Limits::default()).unwrap();
    let names: Vec<_> = entries.iter().map(|it| it.friendly_name().unwrap()).collect();
    assert_eq!(names, ["seal", "leader"]);
    for entry in entries {
        let name = entry.friendly_name().unwrap().to_owned();
        assert!(entry.certificate().unwrap().subject().contains(&name));
        let algorithm = entry.into_signer().unwrap().algorithm().to_string();
        assert_eq!(algorithm, if name == "seal" { "ECDSA_SHA256" } else { "RSA_SHA256" });
    }
}

/// Agencies get a pair to sign with and a pair for encryption in one file.
#[test]
fn a_key_for_encryption_is_not_meant() {
    let signer = sign_with("java-mixed", Some("kyso-kyso"));
    assert!(signer.certificate_chain()[0].subject().contains("java seal"));
    let entries = entries(&file("java-mixed"), "kyso-kyso", &Limits::default()).unwrap();
    let names: Vec<_> = entries.iter().map(|it| it.friendly_name().unwrap()).collect();
    assert_eq!(names, ["cipher", "seal"]);
}

/// Both certificates fit the key: the file says which is meant.
#[test]
fn the_local_key_id_decides() {
    for name in ["openssl-renewed", "crafted-renewed"] {
        let signer = sign_with(name, Some("kyso"));
        let subject = signer.certificate_chain()[0].subject();
        assert!(subject.contains("TEST p256"), "{name}: {subject}");
    }
}

#[test]
fn names_are_unicode() {
    for name in ["openssl", "openssl-as-windows"] {
        let entries = entries(&file(name), "kyso", &Limits::default()).unwrap();
        assert_eq!(entries[0].friendly_name(), Some("Văn thư"));
        let subject = entries[0].certificate().unwrap().subject();
        assert_eq!(format!("{:?}", entries[0]), format!("Entry(\"Văn thư\" ({subject}))"));
    }
}

#[test]
fn what_lacks_a_key_or_a_certificate() {
    let error = refusal("openssl-nocertificate", Some("kyso"));
    assert_eq!(error.kind(), ErrorKind::Signer);
    assert!(error.to_string().contains("no certificate"), "{error}");
    let error = refusal("openssl-nokey", Some("kyso"));
    assert_eq!(error.kind(), ErrorKind::Signer);
    assert!(error.to_string().contains("no private key"), "{error}");
}

#[test]
fn bounds() {
    assert_eq!(refusal("crafted-iterations", Some("kyso")).kind(), ErrorKind::LimitExceeded);
    assert_eq!(refusal("crafted-too-deep", Some("kyso")).kind(), ErrorKind::LimitExceeded);
    let limits = Limits { private_keys: 1, ..Limits::default() };
    let error = entries(&file("java-two"), "kyso-kyso", &limits).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    let limits = Limits { certificates: 1, ..Limits::default() };
    let error = entries(&file("openssl"), "kyso", &limits).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
}

/// The MAC covers everything but itself; in that, only the NULL of its digest means nothing.
#[test]
fn every_flip_is_noticed() {
    let bytes = file("openssl-noiter");
    let null = bytes.windows(2).rposition(|it| it == [5, 0]).unwrap();
    for at in (0..bytes.len()).filter(|at| *at != null) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        assert!(open(&flipped, "kyso").is_err(), "{at}");
    }
}

#[test]
fn padding_behind_the_file() {
    let bytes = [file("openssl-noiter"), vec![0; 512]].concat();
    assert!(open(&bytes, "kyso").is_ok());
}

#[test]
fn no_file_at_all() {
    for bytes in [&b""[..], b"-----BEGIN", &[0x30, 0x80], &[0x30, 0]] {
        assert_eq!(open(bytes, "kyso").err().unwrap().kind(), ErrorKind::Malformed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn mutated_files_never_panic(
        name in prop::sample::select(&["crafted-ber", "openssl-nomac", "openssl-noiter", "nss-legacy"][..]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = file(name);
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let limits = Limits { kdf_iterations: 10_000, ..Limits::default() };
        let _ = entries(&bytes, "kyso", &limits);
        let _ = entries(&bytes[..cut.index(bytes.len())], "kyso", &limits);
    }
}
