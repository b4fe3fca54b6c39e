//! No secret of a key's holder is ever logged. A test of its own: what a program logs is a
//! matter of all of it.
#![allow(
    clippy::unwrap_used,
    clippy::unwrap_in_result,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

#[path = "support/logged.rs"]
mod logged;
#[allow(dead_code)] // each test uses a part of it
#[path = "support/csc.rs"]
mod service;

use std::sync::atomic::Ordering;

use kyso::csc::{Pin, RemoteSigner};
use kyso::{ErrorKind, cades};
use logged::LOGGED;
use service::{KEY, NOW, PASSWORD, PIN, Service};

#[test]
fn no_secret_is_logged() {
    log::set_logger(&LOGGED).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let service = Service::start("rsa2048");
    let signer = RemoteSigner::open(service.client(), KEY, Pin::new(PIN)).unwrap();
    let sign =
        || cades::SignatureBuilder::new(b"one".as_slice(), NOW.parse().unwrap()).sign(&signer);
    sign().unwrap();
    // Where bytes would be logged, nothing is sent, and it says why.
    let sent = service.state(|it| it.calls.len());
    LOGGED.bytes.store(true, Ordering::SeqCst);
    let error = sign().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Service);
    assert!(error.to_string().contains("ureq_proto"), "{error}");
    assert_eq!(service.state(|it| it.calls.len()), sent);
    let logged = LOGGED.lines.lock().unwrap();
    assert!(logged.contains("credentials/authorize"), "{logged}");
    for secret in [PASSWORD, PIN, "-secret", "Y2xlcms6cGFzcy1vZi10aGUtY2xlcms="] {
        assert!(!logged.contains(secret), "{secret} in {logged}");
    }
}
