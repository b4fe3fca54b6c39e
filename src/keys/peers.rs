//! Both ways with openssl, when it is at hand: it reads what we sign, and we read what it writes.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::*;
use crate::crypto::{DigestAlgorithm, SignatureAlgorithm};

const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/keys");

/// What openssl says, or nothing when it fails.
fn openssl(directory: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("openssl").args(arguments).current_dir(directory).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Nothing, and a word about it, when there is no openssl 3 here.
fn directory() -> Option<tempfile::TempDir> {
    let directory = tempfile::tempdir().unwrap();
    let version = openssl(directory.path(), &["version"]);
    if version.as_deref().is_some_and(|it| it.starts_with("OpenSSL 3")) {
        Some(directory)
    } else {
        println!("skipped: openssl 3 is not at hand");
        None
    }
}

fn signer(name: &str) -> SoftwareSigner {
    let read = |kind| fs::read(format!("{KEYS}/{name}.{kind}.pem")).unwrap();
    SoftwareSigner::from_pem(&read("key"), &read("crt")).unwrap()
}

#[test]
fn openssl_verifies_what_we_sign() {
    use DigestAlgorithm::{Sha256, Sha384, Sha512};
    let Some(directory) = directory() else { return };
    let at = directory.path();
    fs::write(at.join("message"), "kyso TEST message").unwrap();
    let pss = |digest| SignatureAlgorithm::RsaPss(crate::crypto::PssParameters::new(digest));
    let mut all = vec![
        ("p256", SignatureAlgorithm::Ecdsa(Sha256)),
        ("p384", SignatureAlgorithm::Ecdsa(Sha384)),
        ("ed25519", SignatureAlgorithm::Ed25519),
        ("rsapss", pss(Sha384)),
    ];
    for name in ["rsa2048", "rsa3072", "rsa4096"] {
        for digest in [Sha256, Sha384, Sha512] {
            all.extend([(name, SignatureAlgorithm::RsaPkcs1(digest)), (name, pss(digest))]);
        }
    }
    for (name, algorithm) in all {
        let signer = signer(name).with_algorithm(algorithm).unwrap();
        let message = ToBeSigned::new(b"kyso TEST message".to_vec(), algorithm);
        fs::write(at.join("value"), signer.sign(&message).unwrap().bytes()).unwrap();
        let certificate = format!("{KEYS}/{name}.crt.pem");
        let key = openssl(at, &["x509", "-in", &certificate, "-pubkey", "-noout"]).unwrap();
        fs::write(at.join("key"), key).unwrap();
        let mut arguments = vec!["pkeyutl", "-verify", "-pubin", "-inkey", "key", "-rawin"];
        arguments.extend(["-in", "message", "-sigfile", "value"]);
        if algorithm != SignatureAlgorithm::Ed25519 {
            arguments.extend(["-digest", algorithm.digest().name()]);
        }
        if matches!(algorithm, SignatureAlgorithm::RsaPss(_)) {
            arguments.extend(["-pkeyopt", "rsa_padding_mode:pss"]);
            arguments.extend(["-pkeyopt", "rsa_pss_saltlen:digest"]);
        }
        let said = openssl(at, &arguments);
        assert!(said.is_some_and(|it| it.contains("Success")), "{name} {algorithm}");
    }
}

#[cfg(feature = "pkcs12")]
#[test]
fn we_open_what_openssl_writes() {
    let Some(directory) = directory() else { return };
    let at = directory.path();
    let legacy = openssl(at, &["list", "-providers", "-provider", "legacy"]).is_some();
    let mut schemes = vec!["AES-128-CBC", "AES-192-CBC", "AES-256-CBC", "DES-EDE3-CBC"];
    schemes.extend(["PBE-SHA1-3DES", "PBE-SHA1-2DES", "NONE"]);
    if legacy {
        schemes.extend([
            "PBE-SHA1-RC2-40",
            "PBE-SHA1-RC2-128",
            "PBE-SHA1-RC4-40",
            "PBE-SHA1-RC4-128",
        ]);
    } else {
        println!("skipped: openssl has no legacy provider here");
    }
    let macs = ["sha1", "sha224", "sha256", "sha384", "sha512"];
    for (n, scheme) in schemes.iter().enumerate() {
        let name = ["rsa2048", "p256", "p384", "ed25519"][n % 4];
        let key = format!("{KEYS}/{name}.key.pem");
        let certificate = format!("{KEYS}/{name}.crt.pem");
        let password = ["kyso", "", "mật khẩu"][n % 3];
        let mut arguments = vec!["pkcs12", "-export", "-inkey", &key, "-in", &certificate];
        let pass = format!("pass:{password}");
        arguments.extend(["-passout", &pass, "-keypbe", scheme, "-certpbe", scheme]);
        arguments.extend(["-macalg", macs[n % 5], "-out", "key.p12"]);
        if legacy {
            arguments.push("-legacy");
        }
        openssl(at, &arguments).unwrap_or_else(|| panic!("openssl does not write {scheme}"));
        let signer = pkcs12::open(&fs::read(at.join("key.p12")).unwrap(), password);
        let signer = signer.unwrap_or_else(|error| panic!("{scheme} {password:?}: {error}"));
        assert_eq!(signer.certificate_chain(), self::signer(name).certificate_chain());
    }
}

/// Files by another project, where the corpus is at hand; its passwords are its file names.
#[cfg(feature = "pkcs12")]
#[test]
fn we_open_libdigidocpp_s_keys() {
    let Some(corpus) = crate::samples::corpus("asic/libdigidocpp") else { return };
    for name in ["signer1", "signer2", "signerEC"] {
        let bytes = fs::read(corpus.join(format!("{name}.p12"))).unwrap();
        pkcs12::open(&bytes, name).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}
