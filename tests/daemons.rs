//! The programs `send` and `receive` as they run for good: one hands over what is put into
//! a folder, the other verifies and answers it, and both end when they are told to.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::panic, missing_docs)]

#[path = "../examples/support/files.rs"]
mod files;
#[path = "../examples/support/gateway.rs"]
mod gateway;
#[path = "support/skip.rs"]
mod skip;
#[path = "../examples/support/test_pki.rs"]
mod test_pki;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use gateway::{Agency, Gateway, Options};
use kyso::axis::{Client, Credentials};
use kyso::edxml::{Code, Envelope, MessageHeader, Organization, StatusCode};
use kyso::exchange::journal::{Event, Journal, StatusEffect};
use kyso::exchange::store::{Claim, ClaimToken, IncomingStep, NewIncoming, Sqlite, Store};
use kyso::exchange::{MessageKind, Outbox, Post, Transport};
use kyso::{SoftwareSigner, UtcTime, pades};
use skip::program;

const PDF: &[u8] = include_bytes!("../testdata/pdf/libreoffice.pdf");
const NAMES: [(&str, &str); 2] = [("H98", "UBND TEST"), ("H99", "Sở Nội vụ TEST")];

/// Ends with the test, however that ends.
struct Running(Option<Child>);

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
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

/// Those of a worker who took up what is due and was killed: for half an hour it is theirs.
fn claims_of_the_dead(store: &Path, us: &str) -> usize {
    let (agency, now) = (us.into(), UtcTime::now());
    let (until, token) = (now.plus_seconds(1_800), ClaimToken(7));
    let claim = Claim { agency: &agency, now, until, token, most: 99 };
    let store: Arc<dyn Store> = Arc::new(Sqlite::open(store).unwrap());
    let claimed = store.within(|it| {
        let deliveries = it.claim_deliveries(&claim)?.len();
        Ok(it.claim_incoming(&claim)?.len() + deliveries)
    });
    claimed.unwrap()
}

#[test]
fn what_a_killed_program_held_is_taken_up_when_it_starts_again() {
    let (Some(send), Some(receive)) = (program("send"), program("receive")) else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let pki = test_pki::make(time::OffsetDateTime::now_utc(), None).unwrap();
    test_pki::write(&pki, &folder.path().join("pki")).unwrap();
    std::fs::write(at("a.txt"), "x").unwrap();
    let secrets = ["first-secret-word", "second-secret-word"];
    let agencies = NAMES.iter().zip(secrets).map(|(it, secret)| Agency::new(it.0, it.1, secret));
    let gateway = Gateway::start(Options::default(), agencies.collect()).unwrap();
    let names = NAMES.map(|(code, name)| format!("{code},{name}"));
    let (posts, root) = ([at("0.db"), at("1.db")], at("pki/trust/cong-vu.pem"));
    let (endpoint, inboxes, file) = (gateway.endpoint(), [at("in-0"), at("in-1")], at("a.txt"));
    let begin = |us: usize| ["--endpoint", &endpoint, "--store", &posts[us]];
    let sender = ["--from", &names[0], "--to", &names[1], "--number", "7", "--notation", "TEST"];
    let subject = ["--subject", "V/v thử nghiệm", &file];

    // It sends, though whoever took the dispatch up before was killed: so does another program
    // that runs beside it once it is killed.
    let us = Organization::new(NAMES[0].0, NAMES[0].1);
    let post = Post::new(Arc::new(Sqlite::open(&posts[0]).unwrap()), us.clone(), UtcTime::now);
    let put = |number: &str| {
        let mut header = MessageHeader { from: us.clone(), ..MessageHeader::default() };
        header.to.push(Organization::new(NAMES[1].0, NAMES[1].1));
        header.code = Code::new(number, "TEST");
        header.document_id = number.into();
        Outbox::new(&post).put(&Envelope::new(header), None).unwrap();
    };
    put("6");
    assert_eq!(claims_of_the_dead(Path::new(&posts[0]), "H98"), 1);
    let first = Running::start(&send, secrets[0], &[&begin(0)[..], &sender, &subject].concat());
    let credentials = Credentials::new(NAMES[1].0, secrets[1]);
    let axis = Client::new(&endpoint, credentials, UtcTime::now).unwrap();
    let pending = |so_many: usize| {
        let end = std::time::Instant::now() + Duration::from_secs(60);
        loop {
            let pending = axis.pending(MessageKind::Document).unwrap();
            if pending.len() == so_many {
                return pending;
            }
            assert!(std::time::Instant::now() < end, "{pending:?}: it waits for a lease");
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    pending(2);
    let places = |us: usize| ["--folder", &inboxes[us], "--trust", &root, "--as", &names[us]];
    let receiver = |us: usize| [&begin(us)[..], &places(us), &["--every", "1"]].concat();
    let second = Running::start(&receive, secrets[0], &receiver(0));
    drop(first); // killed
    put("8");
    let waiting = pending(3);
    drop(second);

    // The receiver had listed them and claimed them when it was killed.
    let theirs = NAMES[1].0.into();
    let store: Arc<dyn Store> = Arc::new(Sqlite::open(&posts[1]).unwrap());
    for it in &waiting {
        let (kind, transport_id, from) = (it.kind, &it.id, &it.from);
        let listed = UtcTime::now();
        let new = NewIncoming { agency: &theirs, kind, transport_id, from, listed };
        store.within(|it| it.insert_incoming(&new)).unwrap();
    }
    assert_eq!(claims_of_the_dead(Path::new(&posts[1]), "H99"), 3);
    let running = Running::start(&receive, secrets[1], &receiver(1));
    pending(0);
    running.end();
}

/// A message of this name that waits for a person in the inbox of H99.
fn leave(store: &dyn Store, name: &str, steps: &[IncomingStep]) {
    let (agency, from) = (NAMES[1].0.into(), NAMES[0].0.into());
    let (kind, listed, transport_id) =
        (MessageKind::Document, UtcTime::now(), name.to_owned().into());
    let new =
        NewIncoming { agency: &agency, kind, transport_id: &transport_id, from: &from, listed };
    let left = store.within(|it| {
        let (id, _) = it.insert_incoming(&new)?;
        let mut incoming = it.incoming(id)?.unwrap();
        steps.iter().try_for_each(|step| incoming.step(*step))?;
        incoming.acknowledged = true;
        it.update_incoming(&incoming, None, false)
    });
    assert!(left.unwrap());
}

#[test]
fn what_waits_for_people_is_told_when_it_changes() {
    let Some(receive) = program("receive") else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let pki = test_pki::make(time::OffsetDateTime::now_utc(), None).unwrap();
    test_pki::write(&pki, &folder.path().join("pki")).unwrap();
    let agencies = NAMES.map(|(code, name)| Agency::new(code, name, "secret-word"));
    let gateway = Gateway::start(Options::default(), agencies.into()).unwrap();
    let (endpoint, us) = (gateway.endpoint(), format!("{},{}", NAMES[1].0, NAMES[1].1));
    let (post, inbox, root) = (at("post.db"), at("inbox"), at("pki/trust/cong-vu.pem"));
    let store: Arc<dyn Store> = Arc::new(Sqlite::open(&post).unwrap());
    leave(&*store, "gone", &[IncomingStep::Stopped]);
    let mut running = Running::start(
        &receive,
        "secret-word",
        &[
            ["--endpoint", &endpoint, "--as", &us],
            ["--store", &post, "--folder", &inbox],
            ["--trust", &root, "--every", "1"],
        ]
        .concat(),
    );
    let printed = running.0.as_mut().unwrap().stdout.take().unwrap();
    let mut told = BufReader::new(printed).lines().map(Result::unwrap);
    let mut told = || told.find(|it| it.starts_with("waiting for people")).unwrap();
    assert_eq!(told(), "waiting for people: 0 held, 1 not fetched, 0 not sent");
    leave(&*store, "doubtful", &[IncomingStep::Stored, IncomingStep::Held]);
    assert_eq!(told(), "waiting for people: 1 held, 1 not fetched, 0 not sent");
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
