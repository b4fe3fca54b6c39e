//! How often PINs are presented, and what is said where they are refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::{fake, is_good, ready, refused, sign, token};
use crate::error::{Error, ErrorKind};
use crate::keys::pkcs11::driver::FaultKind;
use crate::keys::pkcs11::fake::{FakeToken, PIN};
use crate::keys::pkcs11::info::PinTries;
use crate::keys::pkcs11::{Choice, Login, Pin, Token};

#[test]
fn a_refused_pin_is_presented_once() {
    let fake = fake();
    let token = token(&fake).with_login(Pin::new("000000"));
    refused(token.signer(&Choice::Only), "fewer tries are left");
    for _ in 0..5 {
        refused(token.signer(&Choice::Only), "is not presented again");
        refused(token.entries(), "is not presented again");
    }
    assert_eq!(fake.first(|it| it.presented.len()), 1);

    token.set_login(Pin::new(PIN));
    let signer = token.signer(&Choice::Only).unwrap();
    assert!(is_good(&signer, &sign(&signer).unwrap()));
    assert_eq!(fake.first(|it| it.presented.len()), 2);
}

#[test]
fn many_threads_present_a_wrong_pin_once() {
    let fake = fake();
    let token = token(&fake).with_login(Pin::new("000000"));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| refused(token.signer(&Choice::Only), "is not that of the token"));
        }
    });
    assert_eq!(fake.first(|it| it.presented.len()), 1);
}

/// The PIN was changed while the token was elsewhere.
#[test]
fn a_pin_refused_after_a_good_one_is_presented_once() {
    let fake = fake();
    let signer = ready(&fake);
    fake.first(|it| {
        it.logged_in = false;
        it.faults.push_back(("login", FaultKind::PinIncorrect));
    });
    refused(sign(&signer), "is not that of the token");
    refused(sign(&signer), "is not presented again");
    assert_eq!(fake.first(|it| it.presented.len()), 2);
}

#[test]
fn the_last_try_is_not_taken_unasked() {
    let fake = fake();
    fake.first(|it| (it.tries, it.info.tries) = (1, PinTries::Last));
    let careful = token(&fake).with_login(Pin::new(PIN));
    refused(careful.signer(&Choice::Only), "one try left");
    assert_eq!(fake.first(|it| it.presented.len()), 0);
    assert_eq!(careful.allow_last_try().entries().unwrap().len(), 1);

    fake.first(|it| {
        (it.tries, it.info.tries, it.logged_in) = (1, PinTries::Last, false);
    });
    let wrong = token(&fake).allow_last_try().with_login(Pin::new("000000"));
    refused(wrong.entries(), "is locked");
    let locked = token(&fake).allow_last_try().with_login(Pin::new(PIN));
    let before = fake.first(|it| it.presented.len());
    refused(locked.entries(), "PUK");
    assert_eq!(fake.first(|it| it.presented.len()), before, "a locked token is not asked");
}

#[test]
fn each_refusal_has_its_words() {
    for (kind, why, is_remembered) in [
        (FaultKind::PinIncorrect, "is not that of the token", true),
        (FaultKind::PinLocked, "is locked", true),
        (FaultKind::PinExpired, "has expired", true),
        (FaultKind::PinMalformed, "takes no such PIN", true),
        (FaultKind::Other, "it is not known whether that cost a try", true),
        // By the standard, the token was taken out while it looked at the PIN.
        (FaultKind::Removed, "it is not known whether that cost a try", true),
        // No login is answered so by the standard.
        (FaultKind::Mechanism, "it is not known whether that cost a try", true),
        (FaultKind::NoSuchKey, "it is not known whether that cost a try", true),
        (FaultKind::Sessions, "it is not known whether that cost a try", true),
        (FaultKind::NotLoggedIn, "it is not known whether that cost a try", true),
        (FaultKind::PinUnset, "has no PIN yet", false),
        (FaultKind::OtherUser, "security officer", false),
        (FaultKind::Cancelled, "no PIN was entered", false),
    ] {
        let fake = fake();
        fake.first(|it| it.faults.push_back(("login", kind)));
        let token = token(&fake).with_login(Pin::new(PIN));
        refused(token.entries(), why);
        refused_or_not(&token, is_remembered, kind);
    }
    let fake = fake();
    for pin in ["123", "12345678901234567"] {
        refused(token(&fake).with_login(Pin::new(pin)).entries(), "4 to 16 bytes");
    }
    fake.first(|it| it.info.pin_set = false);
    refused(token(&fake).with_login(Pin::new(PIN)).entries(), "has no PIN yet");
    assert_eq!(fake.first(|it| it.presented.len()), 0, "what cannot be right is not presented");
}

fn refused_or_not(token: &Token, is_remembered: bool, kind: FaultKind) {
    match token.entries() {
        Err(error) => assert!(is_remembered, "{kind:?}: {error}"),
        Ok(_) => assert!(!is_remembered, "{kind:?}"),
    }
}

#[test]
fn a_pin_may_be_asked_for() {
    let fake = fake();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let token = token(&fake).with_login(Login::ask(move |info| {
        assert_eq!((info.label(), info.serial()), ("Leader", "0042"));
        if count.fetch_add(1, Ordering::Relaxed) == 0 {
            return Err(Error::misuse("nobody is there"));
        }
        Ok(Pin::new(PIN))
    }));
    // Whatever kept somebody from answering, the rest of a batch asks nobody.
    let nobody = token.entries().unwrap_err();
    assert_eq!(
        (nobody.kind(), nobody.to_string().as_str()),
        (ErrorKind::Signer, "nobody is there")
    );
    let signer = token.signer(&Choice::Only).unwrap();
    for _ in 0..3 {
        sign(&signer).unwrap();
    }
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[test]
fn a_pin_pad_gets_no_pin() {
    let fake = fake();
    let without = token(&fake).with_login(Login::on_device());
    assert_eq!(without.entries().unwrap_err().kind(), ErrorKind::Misuse);
    fake.first(|it| it.info.pin_pad = true);
    for login in [Login::on_device(), Login::with_pin(Pin::new(PIN))] {
        fake.first(|it| it.logged_in = false);
        let signer = token(&fake).with_login(login).signer(&Choice::Only).unwrap();
        assert!(is_good(&signer, &sign(&signer).unwrap()));
    }
    assert_eq!(fake.first(|it| it.presented.clone()), [None, None]);
    // Whoever did not type the right one is not asked for each document of a batch.
    fake.first(|it| {
        it.logged_in = false;
        it.faults.push_back(("login", FaultKind::PinIncorrect));
    });
    let token = token(&fake).with_login(Login::on_device());
    for _ in 0..3 {
        assert!(token.entries().is_err());
    }
    assert_eq!(fake.first(|it| it.presented.len()), 3);
}

#[test]
fn a_key_may_want_the_pin_each_time() {
    let fake = fake();
    fake.first(|it| it.always_authenticate = true);
    let signer = ready(&fake);
    for _ in 0..3 {
        assert!(is_good(&signer, &sign(&signer).unwrap()));
    }
    assert_eq!(fake.first(|it| it.presented.len()), 4, "the login, then each signature");
    fake.first(|it| it.faults.push_back(("login", FaultKind::PinIncorrect)));
    refused(sign(&signer), "is not that of the token");
    refused(sign(&signer), "is not presented again");
    assert_eq!(fake.first(|it| it.presented.len()), 5);
}

#[test]
fn what_cannot_be_signed_costs_no_pin() {
    let fake = fake();
    fake.first(|it| it.always_authenticate = true);
    let signer = ready(&fake);
    fake.first(|it| it.faults.push_back(("begin", FaultKind::Mechanism)));
    refused(sign(&signer), "choose another algorithm");
    assert_eq!(fake.first(|it| it.presented.len()), 1, "the login");
}

/// Some modules look at the PIN for a signature only when the key is used, and some say then
/// that nobody is logged in.
#[test]
fn a_pin_that_is_refused_at_use_is_presented_once() {
    for (kind, why) in [
        (FaultKind::PinIncorrect, "is not that of the token"),
        (FaultKind::PinLocked, "is locked"),
        (FaultKind::NotLoggedIn, "it is not known whether that cost a try"),
    ] {
        let fake = fake();
        fake.first(|it| it.always_authenticate = true);
        let signer = ready(&fake);
        fake.first(|it| it.faults.extend([("sign", kind), ("sign", kind)]));
        refused(sign(&signer), why);
        for _ in 0..3 {
            refused(sign(&signer), "is not presented again");
        }
        assert_eq!(fake.first(|it| it.presented.len()), 2, "the login, and one signature");
    }
}

/// Nor by another object for the same token, whichever slot it is in.
#[test]
fn a_refused_pin_is_presented_once_in_a_process() {
    let fake = fake();
    let presented = || fake.first(|it| it.presented.len());
    let wrong = || token(&fake).with_login(Pin::new("000000"));
    refused(wrong().entries(), "is not that of the token");
    fake.first(|it| it.slot = Some(9));
    let again = wrong();
    for _ in 0..3 {
        refused(again.entries(), "is not presented again");
    }
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| refused(wrong().entries(), "with this PIN has failed before"));
        }
    });
    refused(token(&fake).with_login(Login::ask(|_| Ok(Pin::new("000000")))).entries(), "before");
    assert_eq!(presented(), 1);
    // Another token takes it or not.
    fake.tokens().push(FakeToken::new(4, "Seal", "0043"));
    let seal = fake.module().token("Seal").unwrap().with_login(Pin::new("000000"));
    refused(seal.entries(), "is not that of the token");
    // Another PIN is presented, and the same one where somebody says so.
    assert_eq!(token(&fake).with_login(Pin::new(PIN)).entries().unwrap().len(), 1);
    again.set_login(Pin::new("000000"));
    refused(again.entries(), "is not that of the token");
    assert_eq!(presented(), 3);
}

#[test]
fn pins_are_not_shown() {
    let fake = fake();
    let login = Login::with_pin(Pin::new(PIN));
    let shown = format!("{:?} {login:?} {:?}", Pin::new(PIN), Login::on_device());
    let token = token(&fake).with_login(login);
    let signer = token.signer(&Choice::Only).unwrap();
    let shown = format!("{shown} {token:?} {signer:?} {:?} {:?}", token.entries(), fake.module());
    assert!(!shown.contains(PIN), "{shown}");
    assert!(shown.contains("0042"), "{shown}");
}
