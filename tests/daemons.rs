//! The programs `send` and `receive` as they run for good: one hands over what is put into
//! a folder, the other verifies and answers it, and both end when they are told to.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::panic, missing_docs)]

#[path = "../examples/support/files.rs"]
mod files;
#[path = "../examples/support/gateway.rs"]
mod gateway;
#[path = "../examples/support/test_pki.rs"]
mod test_pki;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use gateway::{Agency, Gateway, Options};
use kyso::edxml::{Organization, StatusCode};
use kyso::exchange::Post;
use kyso::exchange::journal::{Event, Journal, StatusEffect};
use kyso::exchange::store::Sqlite;
use kyso::{SoftwareSigner, UtcTime, pades};

const PDF: &[u8] = include_bytes!("../testdata/pdf/libreoffice.pdf");
const NAMES: [(&str, &str); 2] = [("H98", "UBND TEST"), ("H99", "Sở Nội vụ TEST")];

/// `cargo test` builds the examples beside the tests; a single test by name does not.
fn program(name: &str) -> Option<PathBuf> {
    let mut program: PathBuf = std::env::current_exe().unwrap();
    program.pop();
    program.pop();
    program.push("examples");
    program.push(name);
    if program.is_file() {
        return Some(program);
    }
    println!("skipped: {} is not built", program.display());
    None
}

/// Ends with the test, however that ends.
struct Running(Option<Child>);

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
        }
    }
}

impl Running {
    fn start(program: &Path, secret: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args(arguments).env("KYSO_SECRET", secret);
        Self(Some(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()))
    }

    /// What it printed, after it ended by itself.
    fn end(mut self) -> String {
        let child = self.0.take().unwrap();
        let told = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
        assert!(told.unwrap().success());
        let output = child.wait_with_output().unwrap();
        let printed = [output.stdout, output.stderr].concat();
        let printed = String::from_utf8(printed).unwrap();
        assert_eq!(output.status.code(), Some(0), "{printed}");
        printed
    }
}

/// The statuses that the sender's journal has, of those that changed something.
fn statuses(store: &Path) -> Vec<StatusCode> {
    let us = Organization::new(NAMES[0].0, NAMES[0].1);
    let post = Post::new(Arc::new(Sqlite::open(store).unwrap()), us, UtcTime::now);
    let journal = Journal::new(&post);
    let events = journal.entries(1).map(|it| it.unwrap().event().unwrap());
    let codes = events.filter_map(|event| match event {
        Event::StatusReceived { code, effect: StatusEffect::Applied, .. } => Some(code),
        _ => None,
    });
    codes.collect()
}

#[test]
fn a_folder_is_sent_and_answered_until_they_are_told_to_end() {
    let (Some(send), Some(receive)) = (program("send"), program("receive")) else { return };
    let folder = tempfile::tempdir().unwrap();
    let pki = test_pki::make(time::OffsetDateTime::now_utc(), None).unwrap();
    test_pki::write(&pki, &folder.path().join("pki")).unwrap();
    let leader = pki.iter().flat_map(|it| &it.signers).find(|it| it.name == "ubnd-leader").unwrap();
    let leader = SoftwareSigner::from_pem(leader.key.as_bytes(), leader.chain.as_bytes()).unwrap();
    let signed = pades::SignatureBuilder::new(PDF, UtcTime::now()).sign(&leader).unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let outgoing = folder.path().join("outgoing");
    let dispatch = r#"{ "to": ["H99,Sở Nội vụ TEST"], "number": "7", "notation": "TEST",
        "subject": "V/v thử nghiệm", "files": ["a.pdf"] }"#;
    files::write_whole(&outgoing.join("a.pdf"), &signed).unwrap();
    files::write_whole(&outgoing.join("7.json"), dispatch.as_bytes()).unwrap();
    files::write_whole(&outgoing.join("8.json"), b"{}").unwrap();

    let secrets = ["first-secret-word", "second-secret-word"];
    let agencies = NAMES.iter().zip(secrets).map(|(it, secret)| Agency::new(it.0, it.1, secret));
    let gateway = Gateway::start(Options::default(), agencies.collect()).unwrap();
    let names = NAMES.map(|(code, name)| format!("{code},{name}"));
    let (posts, root) = ([at("0.db"), at("1.db")], at("pki/trust/cong-vu.pem"));
    let (endpoint, taken) = (gateway.endpoint(), outgoing.join("taken/7.json"));
    let sender = [
        ["--endpoint", &endpoint, "--from", &names[0]],
        ["--store", &posts[0], "--outgoing", outgoing.to_str().unwrap()],
    ];
    let inboxes = [at("inbox-0"), at("inbox-1")];
    let receiver = |us: usize| {
        let what =
            ["--endpoint", &endpoint, "--as", &names[us], "--policy", "pilot", "--every", "1"];
        let places = ["--store", &posts[us], "--folder", &inboxes[us], "--trust", &root];
        what.into_iter().chain(places).collect::<Vec<_>>()
    };
    let running = [
        Running::start(&send, secrets[0], &sender.concat()),
        Running::start(&receive, secrets[0], &receiver(0)),
        Running::start(&receive, secrets[1], &receiver(1)),
    ];
    while !taken.exists() || statuses(Path::new(&posts[0])).len() < 2 {
        std::thread::sleep(Duration::from_millis(200));
    }
    let printed = running.map(Running::end).concat();
    assert!(secrets.iter().all(|it| !printed.contains(it)), "{printed}");
    assert_eq!(statuses(Path::new(&posts[0])), [StatusCode::Arrived, StatusCode::Accepted]);
    assert!(outgoing.join("refused/8.txt").exists());
    let kept = std::fs::read_dir(&inboxes[1]).unwrap().next().unwrap().unwrap().path();
    assert!(kept.join("reports.html").exists() && kept.join("1-a.pdf").exists());
}
