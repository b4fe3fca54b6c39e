//! The program `send` seals what it sends, and sends it once.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../examples/support/files.rs"]
mod files;
#[path = "../examples/support/gateway.rs"]
mod gateway;
mod support;
#[path = "../examples/support/test_pki.rs"]
mod test_pki;

use std::fs;
use std::path::Path;

use gateway::{Agency, Gateway, Options};
use kyso::axis::{Client, Credentials};
use kyso::edxml::{self, Envelope, Message};
use kyso::exchange::{MessageKind, Transport};
use kyso::{Limits, Policy, UtcTime, Validator};

const PDF: &[u8] = include_bytes!("../testdata/pdf/libreoffice.pdf");

/// Sends what is in the folder `outgoing`; how it ends, and what it says.
fn send(gateway: &Gateway, folder: &Path, key: &[&str]) -> Option<(bool, String)> {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let mut command = support::command("send")?;
    command.args(["--endpoint", &gateway.endpoint(), "--from", "H99,UBND TEST", "--once"]);
    command.args(["--store", &path("post.db"), "--outgoing", &path("outgoing")]);
    let [key, certificate] = [path("pki/ubnd-seal.key.pem"), path("pki/ubnd-seal.pem")]
        .map(|it| if key.is_empty() { it } else { key[0].to_owned() });
    command.args(["--key", &key, "--cert", &certificate]).env("KYSO_SECRET", "sender");
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    Some((output.status.success(), String::from_utf8(said).unwrap()))
}

fn received(gateway: &Gateway) -> Vec<Envelope> {
    let credentials = Credentials::new("H98", "receiver");
    let axis = Client::new(gateway.endpoint(), credentials, UtcTime::now).unwrap();
    let pending = axis.pending(MessageKind::Document).unwrap();
    let read = pending.iter().map(|it| {
        let bytes = axis.fetch_bytes(&it.id).unwrap();
        match edxml::parse(&bytes, &Limits::default()).unwrap().message {
            Message::Document(envelope) => envelope,
            Message::Status(_) => panic!("no document"),
        }
    });
    read.collect()
}

#[test]
fn a_dispatch_is_sealed_and_sent_once() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let pki = test_pki::make(time::OffsetDateTime::now_utc(), None).unwrap();
    test_pki::write(&pki, &at("pki")).unwrap();
    let agencies =
        vec![Agency::new("H99", "UBND TEST", "sender"), Agency::new("H98", "Sở TEST", "receiver")];
    let gateway = Gateway::start(Options::default(), agencies).unwrap();
    fs::create_dir(at("outgoing")).unwrap();
    fs::write(at("outgoing/qd.pdf"), PDF).unwrap();
    let dispatch = r#"{ "to": ["H98,Sở TEST"], "number": "15", "notation": "QĐ-UBND",
        "date": "2026/11/23", "subject": "Quyết định phê duyệt", "files": ["qd.pdf"] }"#;
    fs::write(at("outgoing/15.json"), dispatch).unwrap();

    let Some((done, said)) = send(&gateway, folder.path(), &["/nowhere.pem"]) else { return };
    assert!(!done && at("outgoing/15.json").exists(), "without its key nothing is sent: {said}");
    let (done, said) = send(&gateway, folder.path(), &[]).unwrap();
    assert!(done, "{said}");
    // As though it had died before the dispatch was moved.
    fs::rename(at("outgoing/taken/15.json"), at("outgoing/15.json")).unwrap();
    let (done, said) = send(&gateway, folder.path(), &[]).unwrap();
    assert!(done && at("outgoing/taken/15.json").exists(), "{said}");

    let received = received(&gateway);
    assert_eq!(received.len(), 1);
    let trust = test_pki::trust(&pki).unwrap();
    let validator = Validator::new(trust, Policy::pilot(), UtcTime::now());
    let seals = received[0].check_seals(&validator).unwrap();
    assert_eq!(seals.len(), 1);
    assert!(seals[0].holds(), "{:?} {}", seals[0].differences(), seals[0].report());
}
