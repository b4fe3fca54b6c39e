//! Signed dispatches on their way: signed, put into the outbox, sent over HTTP to
//! a gateway on loopback, received, verified, answered, and the answers taken in; and beside
//! it, in the same run, signing and verifying the same documents alone, and the floor: see
//! `floor`.
//!
//! `cargo bench --all-features --bench exchange`; on one core: `taskset -c 0 cargo bench …`.
//!
//! | in the environment | |
//! |---|---|
//! | `DOCUMENTS` | how many (2000) |
//! | `SIZE` | bytes of each (100000) |
//! | `FOLDER` | where the stores are (a temporary one); `/dev/shm` shows what the disk costs |
//! | `DURABLE=no` | SQLite does not wait for the disk at each step |
//! | `FETCH=download` | messages are fetched as they are, by `downloadEdoc`, not in base64 by `getEdoc` |
//! | `KEY` | of `testdata/keys`: `rsa2048` or `p256` (`rsa2048`) |
//! | `WORKERS` | threads that work on each agency's post (8) |
//! | `POSTGRES` | the receiver's post is kept there |
//!
//! With many documents the resident memory is printed on the way: it must stay as it is.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout)]
#![allow(missing_docs, dead_code)]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use kyso::axis::{Client, Credentials};
use kyso::edxml::{
    Code, Date, DocumentId, Envelope, MessageHeader, Organization, PromulgationInfo, StatusCode,
    StatusMessage,
};
use kyso::exchange::journal::{Event, Journal, StatusEffect};
use kyso::exchange::store::objects::Folder;
use kyso::exchange::store::{Postgres, SqliteOptions, Store};
use kyso::exchange::{Examiner, Inbox, Outbox, Post};
use kyso::{Conclusion, Policy, SoftwareSigner, TrustStore, UtcTime, Validator, pades};

#[path = "../speed/documents.rs"]
#[allow(dead_code, reason = "each bench uses a part of it")]
mod documents;
#[path = "../../examples/support/files.rs"]
mod files;
mod floor;
#[path = "../../examples/support/gateway.rs"]
mod gateway;
#[path = "../speed/keys.rs"]
mod keys;

use floor::{Floor, Sizes};

const SENDER: (&str, &str) = ("000.00.00.H99", "Ủy ban nhân dân tỉnh TEST");
const RECEIVER: (&str, &str) = ("000.00.01.H99", "Sở Nội vụ TEST");

fn setting(name: &str, otherwise: &str) -> String {
    env::var(name).unwrap_or_else(|_| otherwise.to_owned())
}

/// Between two questions to the axis.
fn pause() -> Duration {
    Duration::from_millis(setting("PAUSE", "20").parse().unwrap())
}

/// One agency.
struct Agency {
    post: Post,
    axis: Client,
    inbox: Inbox,
    outbox: Outbox,
    /// When the axis was asked last.
    asked: Mutex<Option<Instant>>,
}

impl Agency {
    fn new((code, name): (&str, &str), store: Arc<dyn Store>, endpoint: &str) -> Self {
        let post = Post::new(store, Organization::new(code, name), UtcTime::now);
        let credentials = Credentials::new(code, code);
        let inbox = Inbox::new(&post, Arc::new(Examiner::new(validator())));
        let axis = Client::new(endpoint, credentials, UtcTime::now).unwrap();
        let axis = match setting("FETCH", "get").as_str() {
            "download" => axis.with_download_edoc(),
            _ => axis,
        };
        Self { axis, inbox, outbox: Outbox::new(&post), post, asked: Mutex::default() }
    }

    /// Asks the axis what waits, unless it was asked a moment ago.
    fn poll(&self) -> bool {
        let mut asked = self.asked.lock().unwrap();
        if asked.is_some_and(|it| it.elapsed() < pause()) {
            return false;
        }
        *asked = Some(Instant::now());
        drop(asked);
        self.inbox.poll(&self.axis).unwrap() > 0
    }

    /// Whatever there is to do; whether there was anything.
    fn work(&self) -> bool {
        let mut any = self.poll();
        while !self.inbox.work(&self.axis).unwrap().is_nothing() {
            any = true;
        }
        while !self.outbox.work(&self.axis).unwrap().is_nothing() {
            any = true;
        }
        any
    }
}

fn main() {
    // The others would wait for ever for what a worker that panicked does no more.
    let tells = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |it| {
        tells(it);
        std::process::abort()
    }));
    let quick = env::args().any(|it| it == "--test");
    let documents: usize = if quick { 8 } else { setting("DOCUMENTS", "2000").parse().unwrap() };
    let key = setting("KEY", "rsa2048");
    let signer = signer(&key);
    let pdf = documents::pdf(setting("SIZE", "100000").parse().unwrap(), 0);
    bare(&signer, &pdf, documents.min(500));

    let temporary = tempfile::tempdir().unwrap();
    let folder = env::var_os("FOLDER").map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    let folder = folder.join(format!("kyso-bench-{}", std::process::id()));
    let durable = setting("DURABLE", "yes") != "no";
    let agencies = [SENDER, RECEIVER].map(|(code, name)| gateway::Agency::new(code, name, code));
    let options = gateway::Options {
        folder: Some(folder.join("axis")),
        durable,
        ..gateway::Options::default()
    };
    let gateway = gateway::Gateway::start(options, agencies.into()).unwrap();
    let sender = Agency::new(SENDER, sqlite(&folder, "sender", durable), &gateway.endpoint());
    let receiving = match env::var("POSTGRES") {
        Ok(url) => {
            let objects = Arc::new(Folder::new(folder.join("objects")).unwrap());
            Arc::new(Postgres::open(&url, objects).unwrap()) as Arc<dyn Store>
        }
        Err(_) => sqlite(&folder, "receiver", durable),
    };
    let receiver = Agency::new(RECEIVER, receiving, &gateway.endpoint());

    let floor = Floor::measure(&sizes(&signer, &pdf), &key, &folder, documents.min(512));
    floor.tell();
    let used = exchange(&sender, &receiver, &Dispatches::new(signer, pdf, documents));
    println!("{:.2} times the floor", used / floor.sum());
    let chain = Journal::new(&receiver.post).follow().unwrap().unwrap();
    println!("the receiver's journal holds, with {} entries", chain.entries());
    gateway.shutdown();
    fs::remove_dir_all(&folder).unwrap();
}

/// What is to be sent.
struct Dispatches {
    signer: SoftwareSigner,
    pdf: Vec<u8>,
    run: i64,
    all: usize,
    put: AtomicUsize,
    /// Of which the sender has read 03.
    accepted: AtomicUsize,
}

impl Dispatches {
    fn new(signer: SoftwareSigner, pdf: Vec<u8>, all: usize) -> Self {
        let (put, accepted) = Default::default();
        Self { signer, pdf, run: UtcTime::now().unix_millis(), all, put, accepted }
    }

    /// Signs the next one, and hands it over: whether there was one.
    fn put_one(&self, outbox: &Outbox) -> bool {
        // No more under way than a receiver has room for.
        let most = self.all.min(self.accepted.load(Ordering::Relaxed) + 256);
        let next = self
            .put
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |it| (it < most).then_some(it + 1));
        let Ok(n) = next else { return false };
        let dispatch = dispatch(&self.signer, &self.pdf, self.run, n);
        outbox.put(&dispatch, Some(UtcTime::now())).unwrap();
        true
    }

    fn are_done(&self) -> bool {
        self.accepted.load(Ordering::Relaxed) == self.all
    }
}

/// Sends all, and waits until the sender has read 03 of each: milliseconds of processor for
/// each.
fn exchange(sender: &Agency, receiver: &Agency, dispatches: &Dispatches) -> f64 {
    let workers: usize = setting("WORKERS", "8").parse().unwrap();
    let (started, used) = (Instant::now(), processor_seconds());
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while !dispatches.are_done() {
                    let all = (0..PUT_AT_ONCE).all(|_| dispatches.put_one(&sender.outbox));
                    if !sender.work() && !all {
                        thread::sleep(Duration::from_millis(1));
                    }
                }
            });
            scope.spawn(|| {
                while !dispatches.are_done() {
                    if !receiver.work() {
                        thread::sleep(Duration::from_millis(1));
                    }
                }
            });
        }
        follow(sender, dispatches);
    });
    let seconds = started.elapsed().as_secs_f64();
    let used = processor_seconds() - used;
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let count = dispatches.all as f64;
    let (rate, each) = (count / seconds, used * 1e3 / count);
    println!("{count} dispatches in {seconds:.2} s: {rate:.0} a second, {workers} workers each");
    println!("{each:.2} ms of processor for each, {} KB resident", resident());
    each
}

/// Documents that are handed over before others are worked on.
const PUT_AT_ONCE: usize = 16;

/// Reads in the sender's journal what was accepted, until all is.
fn follow(sender: &Agency, dispatches: &Dispatches) {
    let (mut read, mut told) = (1, Instant::now());
    while !dispatches.are_done() {
        for entry in Journal::new(&sender.post).entries(read) {
            let entry = entry.unwrap();
            read = entry.sequence + 1;
            if let Event::StatusReceived { code, effect, .. } = entry.event().unwrap() {
                let last = code == StatusCode::Accepted && effect == StatusEffect::Applied;
                dispatches.accepted.fetch_add(usize::from(last), Ordering::Relaxed);
            }
        }
        if told.elapsed() > Duration::from_secs(10) {
            told = Instant::now();
            let accepted = dispatches.accepted.load(Ordering::Relaxed);
            println!("{accepted} answered, {} KB resident", resident());
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn sizes(signer: &SoftwareSigner, pdf: &[u8]) -> Sizes {
    let envelope = dispatch(signer, pdf, 0, 1);
    let (receiver, now) = (Organization::new(RECEIVER.0, RECEIVER.1), UtcTime::now());
    let code = StatusCode::Accepted;
    let status = StatusMessage::answer(&envelope.header, receiver, code, code.name_vi(), now);
    let file = pades::SignatureBuilder::new(pdf, now).sign(signer).unwrap().len();
    let (message, status) = (envelope.to_bytes().unwrap(), status.to_bytes().unwrap());
    Sizes { file, message: message.len(), status: status.len() }
}

/// Signing, and verifying, as often as there are documents.
fn bare(signer: &SoftwareSigner, pdf: &[u8], documents: usize) {
    let started = Instant::now();
    let mut signed = Vec::new();
    for _ in 0..documents {
        signed = pades::SignatureBuilder::new(pdf, UtcTime::now()).sign(signer).unwrap();
    }
    let signing = started.elapsed().as_secs_f64();
    let started = Instant::now();
    let validator = validator();
    for _ in 0..documents {
        let report = validator.validate(&signed).unwrap();
        assert_eq!(report.conclusion(), Some(Conclusion::TotalPassed));
    }
    let verifying = started.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let each = documents as f64;
    println!(
        "alone: {:.0} signed a second, {:.0} verified a second, {:.0} both",
        each / signing,
        each / verifying,
        each / (signing + verifying)
    );
}

fn dispatch(signer: &SoftwareSigner, pdf: &[u8], run: i64, n: usize) -> Envelope {
    let now = UtcTime::now();
    let signed = pades::SignatureBuilder::new(pdf, now).sign(signer).unwrap();
    let from = Organization::new(SENDER.0, SENDER.1);
    let (code, date) = (Code::new(format!("{run}-{n}"), "TEST"), Date::at(now));
    let header = MessageHeader {
        to: vec![Organization::new(RECEIVER.0, RECEIVER.1)],
        document_id: DocumentId::compose(&from.organ_id, &date, &code),
        from,
        code,
        promulgation: PromulgationInfo { place: "Thử Nghiệm".into(), date },
        subject: format!("V/v thử nghiệm {n}"),
        ..MessageHeader::default()
    };
    Envelope::new(header).sent_at(now).attach("cong-van.pdf", signed)
}

fn sqlite(folder: &Path, name: &str, durable: bool) -> Arc<dyn Store> {
    fs::create_dir_all(folder).unwrap();
    let options = SqliteOptions::new(folder.join(format!("{name}.sqlite"))).durable(durable);
    Arc::new(options.open().unwrap())
}

fn signer(key: &str) -> SoftwareSigner {
    let key_pem = fs::read(test_file(&format!("{key}.key.pem"))).unwrap();
    let certificate = fs::read(test_file(&format!("{key}.crt.pem"))).unwrap();
    SoftwareSigner::from_pem(&key_pem, &certificate).unwrap()
}

/// Trusts the test CA, so that the path is validated too.
fn validator() -> Validator {
    let root = fs::read(test_file("ca.crt.pem")).unwrap();
    let trust = TrustStore::from_bytes(&root).unwrap();
    Validator::new(trust, Policy::pilot(), UtcTime::now().plus_seconds(1))
}

fn test_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/keys").join(name)
}

/// What all threads of this process used so far, without its children: of Linux alone, in
/// hundredths; 0 elsewhere.
fn processor_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program may hold anything, and ends with the last bracket.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|it| it.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// Of Linux alone; 0 elsewhere.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"));
    line.and_then(|it| it.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or_default()
}
