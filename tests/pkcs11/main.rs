//! Keys on tokens, with SoftHSM 2 where it is installed: what they sign is what our validator
//! accepts, and what they refuse is said.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, missing_docs)]

mod generated;
mod softhsm;
#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::process::Command;
use std::thread;

use kyso::pkcs11::{Choice, Module, Pin, PinTries, Token};
use kyso::{
    Conclusion, DigestAlgorithm, Error, ErrorKind, Policy, PssParameters, Report,
    SignatureAlgorithm, Signer, TrustStore, UtcTime, Validator, cades, pades,
};

use crate::softhsm::{PIN, SoftHsm, certificate, with_tokens};
use crate::support::folder::Folder;

const AT: &str = "2026-11-22T08:00:00+07:00";

fn at() -> UtcTime {
    AT.parse().unwrap()
}

fn open(hsm: &SoftHsm, token: &str) -> Token {
    Module::open(&hsm.module).unwrap().token(token).unwrap()
}

fn validator() -> Validator {
    let trust = TrustStore::from_bytes(&fs::read("testdata/keys/ca.crt.pem").unwrap()).unwrap();
    Validator::new(trust, Policy::pilot(), at())
}

#[track_caller]
fn assert_passes(report: &Report) {
    assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed), "{report}");
}

/// A PDF and any file, signed and verified.
#[track_caller]
fn assert_signs(signer: &dyn Signer) {
    let pdf = fs::read("testdata/pdf/cairo.pdf").unwrap();
    let signed = pades::SignatureBuilder::new(&pdf, at()).sign(signer).unwrap();
    assert_passes(&validator().validate(&signed).unwrap());
    let content = "Công văn".as_bytes().to_vec();
    let signed = cades::SignatureBuilder::new(&content, at()).sign(signer).unwrap();
    assert_passes(&validator().validate_detached(&signed, &content).unwrap());
}

#[track_caller]
fn refused<T>(result: Result<T, Error>, why: &str) {
    let error = result.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Signer, "{error}");
    assert!(error.to_string().contains(why), "{error}");
    assert!(!format!("{error:?}").contains(PIN), "{error}");
}

#[test]
fn every_mechanism_signs() {
    use DigestAlgorithm::{Sha256, Sha384, Sha512};
    with_tokens("every_mechanism_signs", |hsm| {
        hsm.token("Leader", &["rsa2048", "p256", "p384", "rsa3072"]);
        hsm.token("Agency", &["rsa4096"]);
        let token = open(hsm, "Leader").with_login(Pin::new(PIN));
        let signer = |name: &str| token.signer(&Choice::Label(name.to_owned())).unwrap();
        let pss = |digest| SignatureAlgorithm::RsaPss(PssParameters::new(digest));
        for digest in [Sha256, Sha384, Sha512] {
            for algorithm in [SignatureAlgorithm::RsaPkcs1(digest), pss(digest)] {
                assert_signs(&signer("rsa2048").with_algorithm(algorithm).unwrap());
            }
        }
        for (name, algorithm) in [
            ("rsa2048", SignatureAlgorithm::RsaPkcs1(Sha256)),
            ("rsa3072", SignatureAlgorithm::RsaPkcs1(Sha256)),
            ("p256", SignatureAlgorithm::Ecdsa(Sha256)),
            ("p384", SignatureAlgorithm::Ecdsa(Sha384)),
        ] {
            let signer = signer(name);
            assert_eq!(signer.algorithm(), algorithm);
            assert_eq!(signer.certificate_chain(), [certificate(name)]);
            // The numbers of ECDSA begin with zeros now and then.
            for _ in 0..if name.starts_with('p') { 40 } else { 1 } {
                assert_signs(&signer);
            }
        }
        let wrong = signer("p256").with_algorithm(SignatureAlgorithm::Ecdsa(Sha384));
        assert_eq!(wrong.unwrap_err().kind(), ErrorKind::Misuse);
        let agency = open(hsm, "Agency").with_login(Pin::new(PIN));
        assert_signs(&agency.signer(&Choice::Only).unwrap());
    });
}

#[test]
fn a_wrong_pin_is_presented_once() {
    with_tokens("a_wrong_pin_is_presented_once", |hsm| {
        hsm.token("Leader", &["rsa2048"]);
        let token = open(hsm, "Leader").with_login(Pin::new("000000"));
        let tries = || open(hsm, "Leader").info().pin_tries();
        assert_eq!(tries(), PinTries::Unsaid);
        refused(token.signer(&Choice::Only), "fewer tries are left");
        assert_eq!(tries(), PinTries::Fewer);
        // A right one by somebody else takes the flag away; were the wrong one presented again,
        // it would come back.
        open(hsm, "Leader").with_login(Pin::new(PIN)).entries().unwrap();
        assert_eq!(tries(), PinTries::Unsaid);
        for _ in 0..3 {
            refused(token.signer(&Choice::Only), "is not presented again");
        }
        assert_eq!(tries(), PinTries::Unsaid);
        refused(open(hsm, "Leader").with_login(Pin::new("1")).entries(), "was not presented");
        assert_eq!(tries(), PinTries::Unsaid);
        token.set_login(Pin::new(PIN));
        assert_signs(&token.signer(&Choice::Only).unwrap());
    });
}

#[test]
fn tokens_and_keys_are_found_or_listed() {
    with_tokens("tokens_and_keys_are_found_or_listed", |hsm| {
        hsm.token("Leader", &["rsa2048"]);
        hsm.token("Agency", &["p256"]);
        let module = Module::open(&hsm.module).unwrap();
        let none = module.token("Nobody");
        refused(none, "\"Leader\"");
        refused(module.token("Nobody"), "one without a name");
        let serial = open(hsm, "Agency").info().serial().to_owned();
        assert_eq!(module.token(&serial).unwrap().info().label(), "Agency");

        // Before anybody is logged in, nothing is known of keys.
        let token = open(hsm, "Leader");
        assert_eq!(token.entries().unwrap()[0].has_key(), None);
        assert_eq!(token.signer(&Choice::Only).unwrap_err().kind(), ErrorKind::Misuse);

        // A certificate without a key, and the key's other one, from before it was renewed.
        hsm.put("Leader", "rsa3072", 9);
        hsm.put("Leader", "ca", 8);
        let token = open(hsm, "Leader").with_login(Pin::new(PIN));
        let entries = token.entries().unwrap();
        let keys = |name: &str| {
            let entry = entries.iter().find(|it| it.label() == name).unwrap();
            assert_eq!(*entry.certificate(), certificate(name));
            entry.has_key()
        };
        assert_eq!([keys("rsa2048"), keys("rsa3072")], [Some(true), Some(false)]);
        let missing = token.signer(&Choice::Label("rsa3072".to_owned()));
        refused(missing, "no private key for the certificate");
        let signer = token.signer(&Choice::Only).unwrap();
        assert_eq!(signer.certificate_chain(), [certificate("rsa2048"), certificate("ca")]);

        // The CKA_ID of a key of another pair.
        hsm.put("Leader", "rsa3072", 1);
        let missing = token.signer(&Choice::Serial(certificate("rsa3072").serial()));
        refused(missing, "no private key for the certificate");
        assert_signs(&token.signer(&Choice::Id(vec![1])).unwrap());

        // Two certificates of one key: the one before, and the renewed one.
        hsm.put("Agency", "plain", 1);
        let token = open(hsm, "Agency").with_login(Pin::new(PIN));
        let several = token.signer(&Choice::Only).unwrap_err();
        assert_eq!(several.kind(), ErrorKind::Misuse, "{several}");
        for name in ["p256", "plain"] {
            let one = certificate(name);
            assert!(several.to_string().contains(&one.serial()), "{several}");
            let signer = token.signer(&Choice::Serial(one.serial())).unwrap();
            assert_eq!(signer.certificate_chain(), [one]);
            assert_signs(&signer);
        }
    });
}

#[test]
fn many_threads_sign() {
    with_tokens("many_threads_sign", |hsm| {
        hsm.token("Leader", &["p256"]);
        let token = open(hsm, "Leader").with_login(Pin::new(PIN));
        let signer = token.signer(&Choice::Only).unwrap();
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..5).for_each(|_| assert_signs(&signer)));
            }
        });
    });
}

/// SoftHSM looks for tokens only when it starts, so that none comes back in this process: that
/// is tested beside the code, with a module of its own.
#[test]
fn a_token_that_is_away_is_said_to_be() {
    with_tokens("a_token_that_is_away_is_said_to_be", |hsm| {
        hsm.token("Leader", &["rsa2048"]);
        let token = open(hsm, "Leader").with_login(Pin::new(PIN));
        let signer = token.signer(&Choice::Only).unwrap();
        assert_signs(&signer);
        for folder in hsm.folders() {
            fs::remove_dir_all(folder).unwrap();
        }
        let pdf = fs::read("testdata/pdf/cairo.pdf").unwrap();
        for _ in 0..3 {
            let signed = pades::SignatureBuilder::new(&pdf, at()).sign(&signer);
            refused(signed, "plug it in again");
        }
    });
}

/// Somebody else in this process ends the login that all of its sessions share.
#[test]
fn whoever_is_logged_out_logs_in_again() {
    with_tokens("whoever_is_logged_out_logs_in_again", |hsm| {
        hsm.token("Leader", &["rsa2048", "p256"]);
        let token = open(hsm, "Leader").with_login(Pin::new(PIN));
        for name in ["rsa2048", "p256"] {
            let signer = token.signer(&Choice::Label(name.to_owned())).unwrap();
            assert_signs(&signer);
            hsm.inside("Leader", |session| session.logout().unwrap());
            assert_signs(&signer);
        }
    });
}

/// As some programs put a new key: under the `CKA_ID` of the one before.
#[test]
fn keys_with_one_id_are_told_apart() {
    with_tokens("keys_with_one_id_are_told_apart", |hsm| {
        hsm.token("Leader", &[]);
        let names = ["rsa2048", "rsa3072", "p256", "p384"];
        names.iter().for_each(|it| hsm.import("Leader", it, 7));
        names.iter().for_each(|it| hsm.put("Leader", it, 7));
        let token = open(hsm, "Leader").with_login(Pin::new(PIN));
        for name in names {
            let signer = token.signer(&Choice::Serial(certificate(name).serial())).unwrap();
            assert_eq!(signer.certificate_chain(), [certificate(name)]);
            assert_signs(&signer);
        }
    });
}

/// A label of a megabyte is none.
#[test]
fn what_a_token_says_has_a_bound() {
    with_tokens("what_a_token_says_has_a_bound", |hsm| {
        hsm.token("Leader", &["rsa2048"]);
        hsm.put_certificate("Leader", &"x".repeat(1 << 20), 9, &certificate("rsa3072"));
        let entries = open(hsm, "Leader").with_login(Pin::new(PIN)).entries().unwrap();
        let mut labels: Vec<_> = entries.iter().map(|it| (it.id()[0], it.label())).collect();
        labels.sort_unstable();
        assert_eq!(labels, [(1, "rsa2048"), (9, "")]);
    });
}

#[test]
fn what_is_no_module_is_said() {
    let none = Module::open("/nowhere/module.so");
    refused(none, "/nowhere/module.so cannot be loaded");
    let file = tempfile::NamedTempFile::new().unwrap();
    refused(Module::open(file.path()), "cannot be loaded");
}

/// As hardware security modules often have them: the certificate is in a file.
#[test]
fn a_key_without_certificate_takes_a_given_one() {
    with_tokens("a_key_without_certificate_takes_a_given_one", |hsm| {
        hsm.token("Leader", &["rsa2048", "p256", "p384"]);
        hsm.inside("Leader", |session| {
            use cryptoki::object::{Attribute, ObjectClass};
            let all = session.find_objects(&[Attribute::Class(ObjectClass::CERTIFICATE)]);
            for certificate in all.unwrap() {
                session.destroy_object(certificate).unwrap();
            }
        });
        let token = || open(hsm, "Leader").with_login(Pin::new(PIN));
        let why = token().signer(&Choice::Only);
        refused(why, "private keys without a certificate");
        for name in ["rsa2048", "p256", "p384"] {
            let given = ["ca", name, "rsa3072"].map(certificate);
            let signer = token().with_certificates(given).signer(&Choice::Only).unwrap();
            assert_eq!(signer.certificate_chain(), [certificate(name), certificate("ca")]);
            assert_signs(&signer);
        }
        let both = ["rsa2048", "p256"].map(certificate);
        let token = token().with_certificates(both);
        assert_eq!(token.signer(&Choice::Only).unwrap_err().kind(), ErrorKind::Misuse);
        assert_signs(&token.signer(&Choice::Label("p256".to_owned())).unwrap());
        assert_signs(&token.signer(&Choice::Id(vec![1])).unwrap());
    });
}

/// The program `sign`, which reads the PIN from a file or its environment.
#[test]
fn the_example_signs() {
    with_tokens("the_example_signs", |hsm| {
        hsm.token("Leader", &["rsa2048", "p256"]);
        let Some(program) = crate::support::program("sign") else { return };
        let (out, pin) = (hsm.folder.join("signed.pdf"), hsm.folder.join("pin"));
        fs::write(&pin, format!("{PIN}\n")).unwrap();
        let run = |pin: &[&str], environment: &str| {
            let mut command = Command::new(&program);
            command.arg("--pkcs11").arg(&hsm.module).args(["--token", "Leader"]);
            command.args(["--key-label", "p256"]).args(pin).args(["--time", AT]);
            command.arg("testdata/pdf/cairo.pdf").arg(&out).env("KYSO_PIN", environment);
            let output = command.output().unwrap();
            (output.status.success(), String::from_utf8(output.stderr).unwrap())
        };
        let (done, error) = run(&[], "000000");
        assert!(!done && error.contains("is not that of the token"), "{error}");
        assert!(!error.contains("000000") && !out.exists(), "{error}");
        for (pin, environment) in
            [(&["--pin-file", pin.to_str().unwrap()][..], "000000"), (&[], PIN)]
        {
            let (done, error) = run(pin, environment);
            assert!(done, "{error}");
            assert_passes(&validator().validate(&fs::read(&out).unwrap()).unwrap());
        }
    });
}

/// The program `batch_sign`, whose threads share one login; and its key's other mechanism.
#[test]
fn the_example_signs_a_folder() {
    with_tokens("the_example_signs_a_folder", |hsm| {
        hsm.token("Leader", &["rsa2048", "p256"]);
        let pin = hsm.folder.join("pin");
        fs::write(&pin, format!("{PIN}\n")).unwrap();
        let module = hsm.module.to_str().unwrap();
        let token = ["--pkcs11", module, "--token", "Leader", "--threads", "4"];
        let pin = ["--pin-file", pin.to_str().unwrap()];
        for (label, algorithm, expected) in [
            ("p256", &[][..], "ECDSA_SHA256"),
            ("rsa2048", &["--algorithm", "RSA_SSA_PSS_SHA256_MGF1"], "RSA_SSA_PSS_SHA256_MGF1"),
        ] {
            let root = hsm.folder.join(label);
            fs::create_dir(&root).unwrap();
            let folder = Folder::of(20, &root, AT);
            let key = [&token[..], &pin, &["--key-label", label], algorithm].concat();
            let Some((code, said)) = folder.sign(&key) else { return };
            assert!(code == Some(0) && said.contains("20 signed, 0 signed before"), "{said}");
            assert!(!said.contains(PIN), "{said}");
            folder.all_pass(20);
            let report = validator().validate(&folder.signed(7)).unwrap();
            let report = serde_json::to_value(report).unwrap();
            assert_eq!(report["signatures"][0]["signature_algorithm"], expected, "{report}");
        }
    });
}
