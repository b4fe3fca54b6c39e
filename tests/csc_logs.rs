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

#[allow(dead_code)] // each test uses a part of it
#[path = "support/csc.rs"]
mod service;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use kyso::csc::{Pin, RemoteSigner};
use kyso::{ErrorKind, cades};
use service::{KEY, NOW, PASSWORD, PIN, Service};

/// What is logged on the way: all of it, or all but the bytes that pass.
struct Logged {
    lines: Mutex<String>,
    bytes: AtomicBool,
}

static LOGGED: Logged = Logged { lines: Mutex::new(String::new()), bytes: AtomicBool::new(false) };

impl log::Log for Logged {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        self.bytes.load(Ordering::SeqCst)
            || metadata.level() < log::Level::Trace
            || !metadata.target().starts_with("ureq_proto")
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            let line = format!("{} {}\n", record.target(), record.args());
            self.lines.lock().unwrap().push_str(&line);
        }
    }

    fn flush(&self) {}
}

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
