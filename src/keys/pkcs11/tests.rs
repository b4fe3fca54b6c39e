mod pins;

use std::error::Error as _;
use std::sync::Arc;
use std::thread;

use super::driver::{FaultKind, KeyKind, KeyName, StoredKey};
use super::fake::{Fake, FakeToken, PIN, signer};
use super::{Choice, Pin, Token, TokenSigner};
use crate::crypto::{
    DigestAlgorithm, PssParameters, PublicKey, SignatureAlgorithm, Verification, verify,
};
use crate::error::{Error, ErrorKind, Result};
use crate::keys::signer::{SignatureValue, Signer, ToBeSigned};
use crate::limits::Limits;

fn fake() -> Fake {
    Fake::new(vec![FakeToken::new(3, "Leader", "0042")])
}

fn token(fake: &Fake) -> Token {
    fake.module().token("Leader").unwrap()
}

/// Logged in.
fn ready(fake: &Fake) -> TokenSigner {
    token(fake).with_login(Pin::new(PIN)).signer(&Choice::Only).unwrap()
}

fn sign(signer: &TokenSigner) -> Result<SignatureValue> {
    signer.sign(&ToBeSigned::new(b"attributes".to_vec(), signer.algorithm()))
}

fn is_good(signer: &TokenSigner, value: &SignatureValue) -> bool {
    let key = signer.certificate_chain()[0].public_key_info();
    let checked = verify(key, signer.algorithm(), b"attributes", value.bytes()).unwrap();
    checked == Verification::Valid
}

/// All that can be read of an error.
fn words(error: &Error) -> String {
    let source = error.source().map(ToString::to_string).unwrap_or_default();
    format!("{error} {error:?} {source}")
}

fn refused<T>(result: Result<T>, why: &str) {
    let error = result.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Signer, "{error}");
    assert!(words(&error).contains(why), "{error}");
    assert!(!words(&error).contains(PIN), "{error}");
}

#[test]
fn signs_with_one_login() {
    let fake = fake();
    let signer = ready(&fake);
    for _ in 0..3 {
        assert!(is_good(&signer, &sign(&signer).unwrap()));
    }
    let pss = SignatureAlgorithm::RsaPss(PssParameters::new(DigestAlgorithm::Sha256));
    let signer = signer.with_algorithm(pss).unwrap();
    assert!(is_good(&signer, &sign(&signer).unwrap()));
    let presented = fake.first(|it| (it.presented.len(), it.most_open, it.signed));
    assert_eq!(presented, (1, 1, 4), "one PIN, one session, four signatures");

    let other = SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha256);
    let to_be_signed = ToBeSigned::new(Vec::new(), other);
    assert_eq!(signer.sign(&to_be_signed).unwrap_err().kind(), ErrorKind::Misuse);
    assert_eq!(signer.with_algorithm(other).unwrap_err().kind(), ErrorKind::Misuse);
    let absent = SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha512);
    refused(ready(&fake).with_algorithm(absent), "does not sign with RSA_SHA512");
}

#[test]
fn a_token_put_in_again_is_found_by_its_serial_number() {
    let fake = fake();
    let signer = ready(&fake);
    sign(&signer).unwrap();
    fake.first(FakeToken::take_out);
    refused(sign(&signer), "plug it in again");
    // Another one is in the slot now, and does not see the PIN.
    fake.tokens().push(FakeToken::new(3, "Leader", "0043"));
    refused(sign(&signer), "plug it in again");
    assert_eq!(fake.tokens()[1].presented.len(), 0);

    fake.first(|it| it.slot = Some(7));
    assert!(is_good(&signer, &sign(&signer).unwrap()));
    sign(&signer).unwrap();
    assert_eq!(fake.first(|it| it.presented.len()), 2);
    assert_eq!(fake.tokens()[1].presented.len(), 0);
}

#[test]
fn another_token_in_the_slot_does_not_see_the_pin() {
    let fake = fake();
    let token = token(&fake).with_login(Pin::new(PIN));
    fake.first(FakeToken::take_out);
    fake.tokens().push(FakeToken::new(3, "Leader", "0043"));
    refused(token.entries(), "plug it in again");
    assert_eq!(fake.tokens()[1].presented.len(), 0);
}

#[test]
fn what_is_forgotten_is_done_once_more() {
    for kind in [FaultKind::Removed, FaultKind::Stale, FaultKind::NotLoggedIn] {
        let fake = fake();
        let signer = ready(&fake);
        fake.first(|it| it.faults.push_back(("sign", kind)));
        assert!(is_good(&signer, &sign(&signer).unwrap()), "{kind:?}");
        fake.first(|it| it.faults.extend([("sign", kind), ("sign", kind)]));
        refused(sign(&signer), "plug it in again");
        assert!(sign(&signer).is_ok(), "{kind:?}");
    }
    // Somebody logged out by another session of this process.
    let fake = fake();
    let signer = ready(&fake);
    fake.first(|it| it.logged_in = false);
    assert!(is_good(&signer, &sign(&signer).unwrap()));
    assert_eq!(fake.first(|it| it.presented.len()), 2);
    // What is no removal is not repeated.
    fake.first(|it| it.faults.push_back(("sign", FaultKind::Other)));
    refused(sign(&signer), "did not do what it was asked for");
    assert!(sign(&signer).is_ok());
}

/// With its last session the token logs the process out: whoever opens one meanwhile knows.
#[test]
fn who_comes_while_the_last_session_is_closed_logs_in() {
    let fake = fake();
    let signer = Arc::new(ready(&fake));
    let other = signer.clone();
    fake.first(|it| {
        it.faults.push_back(("sign", FaultKind::Other));
        it.at_close = Some(Box::new(move || {
            sign(&other).unwrap();
        }));
    });
    refused(sign(&signer), "did not do what it was asked for");
    assert!(is_good(&signer, &sign(&signer).unwrap()));
    let counts = fake.first(|it| (it.unknown, it.signed, it.presented.len()));
    assert_eq!(counts, (0, 2, 2), "nobody signs who is not logged in");
}

/// As sloppy makers have them, or a copy: nothing says which one is meant.
#[test]
fn of_two_tokens_with_one_serial_number_none_sees_the_pin() {
    let fake = fake();
    let signer = ready(&fake);
    fake.first(FakeToken::take_out);
    fake.tokens().push(FakeToken::new(1, "Leader", "0042"));
    fake.first(|it| it.slot = Some(2));
    refused(sign(&signer), "several tokens");
    assert_eq!(fake.tokens()[1].presented.len(), 0);
    // Its name tells them apart.
    fake.tokens()[1].info.label = "Seal".into();
    assert!(is_good(&signer, &sign(&signer).unwrap()));
    assert_eq!(fake.tokens()[1].presented.len(), 0);
}

#[test]
fn threads_share_the_sessions_that_there_are() {
    // What the token says, and what it does without having said so.
    for said in [Some(2), None] {
        let fake = fake();
        fake.first(|it| (it.sessions, it.info.sessions) = (2, said));
        let signer = ready(&fake);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..4 {
                        assert!(is_good(&signer, &sign(&signer).unwrap()));
                    }
                });
            }
        });
        let counts = fake.first(|it| (it.signed, it.presented.len(), it.most_open <= 2));
        assert_eq!(counts, (32, 1, true));
    }
    let fake = fake();
    let signer = ready(&fake);
    let other = ready(&fake);
    fake.first(|it| it.sessions = 1);
    sign(&other).unwrap();
    sign(&signer).unwrap();
    fake.first(|it| it.sessions = 0);
    refused(token(&fake).entries(), "no session left");
}

/// The token is taken out and put in while threads sign: nothing hangs, and no more is signed
/// wrongly than said.
#[test]
fn threads_survive_a_removal() {
    let fake = fake();
    fake.first(|it| it.sessions = 3);
    let signer = ready(&fake);
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                for _ in 0..6 {
                    match sign(&signer) {
                        Ok(value) => assert!(is_good(&signer, &value)),
                        Err(error) => assert_eq!(error.kind(), ErrorKind::Signer, "{error}"),
                    }
                }
            });
        }
        scope.spawn(|| {
            for slot in 4..8 {
                fake.first(FakeToken::take_out);
                thread::yield_now();
                fake.first(|it| it.slot = Some(slot));
            }
        });
    });
    assert!(is_good(&signer, &sign(&signer).unwrap()));
    assert!(fake.first(|it| it.presented.iter().all(|it| it.as_deref() == Some(PIN))));
}

#[test]
fn tokens_are_told_apart() {
    let tokens = [("Leader", "0042"), ("Seal", "0043"), ("Seal", "0044"), ("0042", "0045")];
    let fake = Fake::new(
        tokens
            .into_iter()
            .zip(0..)
            .map(|((label, serial), slot)| FakeToken::new(slot, label, serial))
            .collect(),
    );
    let module = fake.module();
    let serial = |name| module.token(name).map(|it| it.info().serial().to_owned());
    assert_eq!(serial("Leader").unwrap(), "0042");
    assert_eq!(serial("0044").unwrap(), "0044");
    assert_eq!(serial("0042").unwrap(), "0042", "a serial number before a label");
    let several = serial("Seal").unwrap_err();
    assert_eq!(several.kind(), ErrorKind::Misuse);
    assert!(several.to_string().contains("0043") && several.to_string().contains("0044"));
    refused(serial("Nobody"), "\"Leader\" (serial 0042); \"Seal\" (serial 0043)");
    refused(Fake::new(Vec::new()).module().token("Nobody"), "nor any other");
    let limits = Limits { token_slots: 3, ..Limits::default() };
    let error = fake.module().with_limits(limits).tokens().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
}

#[test]
fn one_key_of_several_is_chosen() {
    let fake = fake();
    let other = include_bytes!("../../../testdata/keys/rsa3072.crt.pem");
    let other = crate::pki::Certificate::all_from(other, &Limits::default()).unwrap().remove(0);
    fake.first(|it| {
        it.certificates.push(("next".into(), vec![2], other.der().to_vec()));
        it.certificates.push(("junk".into(), vec![3], b"no certificate".to_vec()));
    });
    let hidden = token(&fake).entries().unwrap();
    assert_eq!(hidden.iter().map(|it| it.has_key()).collect::<Vec<_>>(), [None, None]);
    let token = token(&fake).with_login(Pin::new(PIN));
    let entries = token.entries().unwrap();
    let seen: Vec<_> = entries.iter().map(|it| (it.label(), it.id(), it.has_key())).collect();
    assert_eq!(seen, [("leader", &[1][..], Some(true)), ("next", &[2], Some(false))]);
    assert_eq!(entries[0].key_label(), Some("key"));

    // The only one with a key.
    assert!(token.signer(&Choice::Only).is_ok());
    refused(token.signer(&Choice::Label("next".into())), "no private key for the certificate");
    refused(token.signer(&Choice::Label("none".into())), "\"leader\"");
    let name = KeyName { id: vec![2], kind: KeyKind::Rsa, public: Vec::new() };
    let key = StoredKey { name, label: "second".to_owned(), always_authenticate: false };
    fake.first(|it| it.keys.push(key));
    let several = token.signer(&Choice::Only).unwrap_err();
    assert_eq!(several.kind(), ErrorKind::Misuse);
    assert!(several.to_string().contains(&other.serial()), "{several}");
    for choice in [
        Choice::Label("next".into()),
        Choice::Label("second".into()),
        Choice::Id(vec![2]),
        Choice::Subject(other.subject()),
        Choice::Serial(other.serial().to_uppercase()),
    ] {
        let signer = token.signer(&choice).unwrap();
        assert_eq!(signer.certificate_chain()[0], other, "{choice:?}");
    }
}

#[test]
fn what_is_read_has_bounds() {
    let fake = fake();
    fake.first(|it| it.certificates.push(it.certificates[0].clone()));
    let within = |limits| {
        let module = fake.module().with_limits(limits);
        module.token("Leader").unwrap().with_login(Pin::new(PIN)).entries()
    };
    assert_eq!(within(Limits::default()).unwrap().len(), 2);
    for limits in [
        Limits { token_objects: 1, ..Limits::default() },
        Limits { certificate_bytes: 100, ..Limits::default() },
    ] {
        assert_eq!(within(limits).unwrap_err().kind(), ErrorKind::LimitExceeded);
    }
}

#[test]
fn the_chain_is_of_the_token_and_what_is_given() {
    let fake = fake();
    let authority = include_bytes!("../../../testdata/keys/ca.crt.pem");
    let authority = crate::pki::Certificate::all_from(authority, &Limits::default()).unwrap();
    let token = token(&fake).with_login(Pin::new(PIN)).with_certificates(authority.clone());
    let signer_on_token = token.signer(&Choice::Only).unwrap();
    let expected = [signer().certificate_chain()[0].clone(), authority[0].clone()];
    assert_eq!(signer_on_token.certificate_chain(), expected);
    assert!(matches!(PublicKey::read(expected[0].public_key_info()).unwrap(), PublicKey::Rsa(_)));
}
