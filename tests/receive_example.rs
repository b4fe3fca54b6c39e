//! The program `receive`: what it answers 03, what it does not, and its exit codes.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::panic, missing_docs)]

#[path = "../examples/support/files.rs"]
mod files;
#[path = "../examples/support/gateway.rs"]
mod gateway;
#[path = "support/skip.rs"]
mod skip;
#[path = "../examples/support/test_pki.rs"]
mod test_pki;

use std::path::Path;
use std::process::{Command, Output};

use gateway::{Agency, Gateway, Options};
use kyso::axis::{Client, Credentials};
use kyso::edxml::{
    self, Code, Date, Envelope, Message, MessageHeader, Organization, PromulgationInfo, StatusCode,
};
use kyso::exchange::{MessageKind, Transport, TransportState};
use kyso::{Limits, SoftwareSigner, UtcTime, cades, pades};
use skip::program;

const SENDER: &str = "H99";
const RECEIVER: &str = "H98";
const PDF: &[u8] = include_bytes!("../testdata/pdf/libreoffice.pdf");

fn receive(program: &Path, gateway: &Gateway, folder: &Path) -> Output {
    let root = folder.join("pki/trust/cong-vu.pem");
    let output = Command::new(program)
        .args([
            "--endpoint",
            &gateway.endpoint(),
            "--as",
            "H98,Sở Nội vụ TEST",
            "--policy",
            "pilot",
        ])
        .arg("--once")
        .args(["--store".as_ref(), folder.join("post.db").as_os_str()])
        .args(["--folder".as_ref(), folder.join("inbox").as_os_str()])
        .args(["--trust".as_ref(), root.as_os_str()])
        .env("KYSO_SECRET", "receiver")
        .output()
        .unwrap();
    println!("{}", String::from_utf8_lossy(&output.stdout));
    output
}

fn document(number: &str) -> Envelope {
    let (date, code) = (Date::new(2026, 11, 22).unwrap(), Code::new(number, "TEST"));
    Envelope::new(MessageHeader {
        from: Organization::new(SENDER, "UBND TEST"),
        to: vec![Organization::new(RECEIVER, "Sở Nội vụ TEST")],
        document_id: edxml::DocumentId::compose(&SENDER.into(), &date, &code),
        code,
        promulgation: PromulgationInfo { place: "Huế".into(), date },
        subject: "V/v thử nghiệm".into(),
        ..MessageHeader::default()
    })
}

/// What the sender was answered for each number, apart from 01.
fn answers(sender: &Client) -> Vec<(String, StatusCode)> {
    let mut found = Vec::new();
    for pending in sender.pending(MessageKind::Status).unwrap() {
        let bytes = sender.fetch_bytes(&pending.id).unwrap();
        let Message::Status(it) = edxml::parse(&bytes, &Limits::default()).unwrap().message else {
            panic!("no status")
        };
        sender.acknowledge(&pending.id, TransportState::Done).unwrap();
        if it.code != StatusCode::Arrived {
            found.push((it.response_for.code, it.code));
        }
    }
    found
}

#[test]
fn nothing_passes_that_was_not_verified() {
    let Some(program) = program("receive") else { return };
    let folder = tempfile::tempdir().unwrap();
    let pki = test_pki::make(time::OffsetDateTime::now_utc(), None).unwrap();
    test_pki::write(&pki, &folder.path().join("pki")).unwrap();
    let leader = pki.iter().flat_map(|it| &it.signers).find(|it| it.name == "ubnd-leader").unwrap();
    let leader = SoftwareSigner::from_pem(leader.key.as_bytes(), leader.chain.as_bytes()).unwrap();
    let signed = pades::SignatureBuilder::new(PDF, UtcTime::now()).sign(&leader).unwrap();
    let mut tampered = signed.clone();
    let content = tampered.windows(8).position(|it| it == b"\nstream\n").unwrap();
    *tampered.get_mut(content + 100).unwrap() ^= 1;

    let agencies = vec![
        Agency::new(SENDER, "UBND TEST", "sender"),
        Agency::new(RECEIVER, "Sở Nội vụ TEST", "receiver"),
        Agency::new("H97", "Kẻ lạ", "stranger"),
    ];
    let gateway = Gateway::start(Options::default(), agencies).unwrap();
    let credentials = Credentials::new(SENDER, "sender");
    let sender = Client::new(gateway.endpoint(), credentials, UtcTime::now).unwrap();
    let send = |number: &str, files: &[(&str, &[u8])]| {
        let one = files
            .iter()
            .fold(document(number), |it, (name, bytes)| it.attach(*name, bytes.to_vec()));
        sender.send(&Message::Document(one)).unwrap();
    };
    let beside = cades::SignatureBuilder::new(b"1,2", UtcTime::now()).sign(&leader).unwrap();
    send("1", &[("a.pdf", &signed), ("b.csv", b"1,2"), ("b.csv.p7s", &beside)]);
    // Viewers open these as the PDFs that they are.
    send("2", &[("a.pdf", &signed), ("b.pdf", &[b"\n".as_slice(), PDF].concat())]);
    send("3", &[("a.pdf", &signed), ("b.bin", &[b"\n".as_slice(), PDF].concat())]);
    send("4", &[("a.pdf", &signed), ("b.pdf", b"PK\x03\x04 no PDF")]);
    // The gravest counts, not the first.
    send("5", &[("a.pdf", PDF), ("b.pdf", &tampered)]);
    send("6", &[("a.pdf", &signed), ("b.csv", b"1,2")]);

    let output = receive(&program, &gateway, folder.path());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let expected = [
        ("1/TEST", StatusCode::Accepted),
        ("4/TEST", StatusCode::Refused),
        ("5/TEST", StatusCode::Refused),
    ];
    assert_eq!(answers(&sender), expected.map(|(code, answer)| (code.to_owned(), answer)));
    assert!(
        sender
            .sent(MessageKind::Document, None)
            .unwrap()
            .iter()
            .all(|it| it.state == Some(TransportState::Done))
    );
    let printed = String::from_utf8(output.stdout).unwrap();
    for number in ["2/TEST", "3/TEST", "6/TEST"] {
        let held = format!("{number} is held for a person: ");
        assert!(printed.contains(&held), "{number}");
    }

    // Whoever writes another's identifier writes over none of what that one sent.
    let stranger = Credentials::new("H97", "stranger");
    let stranger = Client::new(gateway.endpoint(), stranger, UtcTime::now).unwrap();
    let mut forged = document("1").attach("a.pdf", PDF.to_vec());
    forged.header.from = Organization::new("H97", "Kẻ lạ");
    stranger.send(&Message::Document(forged)).unwrap();
    assert_eq!(receive(&program, &gateway, folder.path()).status.code(), Some(0));
    let kept = std::fs::read_dir(folder.path().join("inbox")).unwrap();
    let kept = kept.map(|it| std::fs::read(it.unwrap().path().join("1-a.pdf")).unwrap());
    assert_eq!(kept.filter(|it| *it == signed).count(), 4, "1, 2, 3 and 6");

    // What a person has to decide upon is not answered by asking again.
    let again = receive(&program, &gateway, folder.path());
    assert_eq!(again.status.code(), Some(0));
    assert_eq!(answers(&sender), []);
}

#[test]
fn wrong_usage_is_told_from_failure() {
    let Some(program) = program("receive") else { return };
    let code = |arguments: &[&str]| {
        let output =
            Command::new(&program).args(arguments).env_remove("KYSO_SECRET").output().unwrap();
        assert!(!output.stderr.is_empty());
        output.status.code()
    };
    let folder = tempfile::tempdir().unwrap();
    let (inbox, store) = (folder.path().join("inbox"), folder.path().join("post.db"));
    let sound = [
        "--endpoint",
        "http://127.0.0.1:9/api",
        "--as",
        "H98,Sở",
        "--store",
        store.to_str().unwrap(),
        "--folder",
        inbox.to_str().unwrap(),
    ];
    for wrong in [&[][..], &["--no"], &["--as", "H98"], &sound[..4], &["--trust", "no such file"]] {
        assert_eq!(code(wrong), Some(64), "{wrong:?}");
    }
    assert_eq!(code(&sound), Some(1), "no secret, and nobody there");
}
