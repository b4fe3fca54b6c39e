//! Takes what waits at the axis: list, fetch, store, acknowledge, verify, answer.
//!
//! ```text
//! KYSO_SECRET=… cargo run --example receive -- --endpoint http://127.0.0.1:8080/api \
//!     --as "000.00.00.G22,Văn phòng Chính phủ" --store post.db --folder inbox \
//!     --trust root.pem --policy pilot
//! ```
//!
//! Messages, and how far each has come, are in the store; after a crash each goes on from
//! there. The files of each document and the reports on them go to a folder of its own; a seal
//! over the message is held against it, and is in the reports with what differs.
//! The program runs until SIGINT or SIGTERM; with `--once`, it takes what waits, answers,
//! and ends. `send` may run beside it on the same store; a second `receive` for the same
//! agency waits for the end of the first.

#[path = "support/arguments.rs"]
mod arguments;
#[path = "support/daemon.rs"]
mod daemon;
#[path = "support/files.rs"]
mod files;
#[path = "support/text.rs"]
mod text;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::{fs, io, thread};

use daemon::{Desk, Line, Stop};
use files::write_whole;
use kyso::axis::Client;
use kyso::edxml::{Attachment, Envelope, Organization};
use kyso::exchange::directory::{Directory, Scope};
use kyso::exchange::store::IncomingId;
use kyso::exchange::{Examiner, ExaminerRules, Inbox, Outbox, Transport};
use kyso::{Policy, Report, TrustStore, UtcTime, Validator};

const USAGE: &str = "receive --endpoint URL --as CODE,NAME --store FILE --folder DIR \
    --trust FILE [--trust …] [--policy vietnam|etsi|pilot: under pilot, revocation is not required] \
    [--rules FILE: what is done about what is doubtful] \
    [--directory FILE: agencies, and who may sign for them] \
    [--every SECONDS: how often the axis is asked, 10] [--once]   (the secret is in KYSO_SECRET)";

/// Seconds after which the axis is asked for its directory again.
const DAY: i64 = 86_400;

/// What the program was told.
struct Options {
    endpoint: String,
    us: Organization,
    store: PathBuf,
    folder: PathBuf,
    trust: TrustStore,
    policy: Policy,
    rules: ExaminerRules,
    directory: Option<PathBuf>,
    every: i64,
    once: bool,
}

struct Receiver {
    axis: Client,
    inbox: Inbox,
    outbox: Outbox,
    desk: Desk,
    examiner: Arc<Examiner>,
    directory: Option<PathBuf>,
    every: i64,
    line: Line,
}

fn main() -> ExitCode {
    let options = match read() {
        Ok(options) => options,
        Err(error) => return arguments::wrong_usage(&*error, USAGE),
    };
    match run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => arguments::failed("receive", &*error),
    }
}

fn read() -> Result<Options, Box<dyn Error>> {
    let (mut endpoint, mut us, mut store, mut folder) = (None, None, None, None);
    let (mut trust, mut policy) = (TrustStore::new(), Policy::default());
    let (mut rules, mut directory) = (ExaminerRules::default(), None);
    let (mut every, mut once) = (10, false);
    let mut arguments = arguments::all()?;
    while let Some(name) = arguments.next() {
        if name == "--once" {
            once = true;
            continue;
        }
        let value = arguments.next().ok_or_else(|| format!("{name} wants a value"))?;
        let content = || fs::read(&value).map_err(|error| format!("{value}: {error}"));
        match name.as_str() {
            "--endpoint" => endpoint = Some(value),
            "--as" => {
                let (code, name) = value.split_once(',').ok_or("--as wants CODE,NAME")?;
                us = Some(Organization::new(code, name));
            }
            "--store" => store = Some(PathBuf::from(value)),
            "--folder" => folder = Some(PathBuf::from(value)),
            "--trust" => {
                let more = TrustStore::from_bytes(&content()?);
                trust.merge(more.map_err(|error| format!("{value}: {error}"))?);
            }
            "--rules" => {
                let told = serde_json::from_slice(&content()?);
                rules = told.map_err(|error| format!("{value}: {error}"))?;
            }
            "--every" => every = value.parse::<u32>()?.into(),
            "--directory" => directory = Some(PathBuf::from(value)),
            "--policy" if value == "pilot" => policy = Policy::pilot(),
            "--policy" if value == "vietnam" => policy = Policy::vietnam_official(),
            "--policy" if value == "etsi" => policy = Policy::etsi(),
            _ => return Err(format!("no option {name} {value}").into()),
        }
    }
    Ok(Options {
        endpoint: endpoint.ok_or("give --endpoint")?,
        us: us.ok_or("give --as")?,
        store: store.ok_or("give --store")?,
        folder: folder.ok_or("give --folder")?,
        trust,
        policy,
        rules,
        directory,
        every,
        once,
    })
}

fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let (axis, post) = daemon::open(options.endpoint, &options.us, &options.store)?;
    let folder = options.folder;
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let validator = Validator::new(options.trust, options.policy, UtcTime::now());
    let examiner = Examiner::new(validator).with_rules(options.rules);
    let examiner = examiner.with_reports(move |envelope, reports| {
        keep(&folder, envelope, reports).map_err(kyso::Error::from)
    });
    let examiner = Arc::new(examiner);
    let receiver = Receiver {
        axis,
        inbox: Inbox::new(&post, Arc::clone(&examiner) as Arc<_>),
        outbox: Outbox::new(&post),
        desk: Desk::new(&options.store, &options.us),
        examiner,
        directory: options.directory,
        every: options.every,
        line: Line::default(),
    };
    let mut directory = match &receiver.directory {
        Some(path) if path.exists() => serde_json::from_slice(&fs::read(path)?)?,
        _ => Directory::default(),
    };
    if !directory.is_empty() {
        receiver.examiner.set_directory(directory.clone());
    }
    if options.once {
        receiver.synchronize(&mut directory)?;
        let held = receiver.held()?;
        let round = receiver.once();
        receiver.tell_held(held)?;
        receiver.tell_waiting(&mut Waiting::default())?;
        receiver.line.end();
        return round;
    }
    let stop = Stop::by_signals()?;
    thread::scope(|scope| {
        let Receiver { outbox, axis, desk, line, .. } = &receiver;
        scope.spawn(|| daemon::run_outbox(outbox, axis as &dyn Transport, desk, line, &stop));
        receiver.until_told(&mut directory, &stop);
    });
    receiver.line.end();
    Ok(())
}

impl Receiver {
    /// All that waits, and the answers to it.
    fn once(&self) -> Result<(), Box<dyn Error>> {
        let alone = self.desk.alone(INBOX)?;
        let _alone = alone.ok_or("another program receives for this agency")?;
        self.inbox.release_claims()?;
        self.inbox.poll(&self.axis)?;
        let mut postponed = 0;
        loop {
            let worked = self.inbox.work(&self.axis)?;
            if worked.is_nothing() {
                break;
            }
            postponed += worked.postponed;
            self.line.received(worked);
        }
        daemon::send_what_is_due(&self.outbox, &self.axis, &self.desk, &self.line)?;
        if postponed > 0 {
            return Err(format!("{postponed} messages wait for the next time").into());
        }
        Ok(())
    }

    fn until_told(&self, directory: &mut Directory, stop: &Stop) {
        let Some(_alone) = self.desk.wait(INBOX, &self.line, stop) else { return };
        // What one held that was killed.
        if let Err(error) = self.inbox.release_claims() {
            self.line.say(&format!("what was claimed waits for its lease: {error}"));
        }
        let (mut fresh_until, mut poll_at) = (None, UtcTime::now());
        let mut waiting = Waiting::default();
        while !stop.is_told() {
            let now = UtcTime::now();
            if fresh_until.is_none_or(|it| it <= now) {
                match self.synchronize(directory) {
                    Ok(()) => fresh_until = Some(now.plus_seconds(DAY)),
                    Err(error) => {
                        fresh_until = Some(now.plus_seconds(self.every));
                        self.line.say(&format!("no directory from the axis: {error}"));
                    }
                }
            }
            // Without a directory, codes of the other form would be a stranger's.
            if poll_at <= now && !directory.is_empty() {
                if let Err(error) = self.inbox.poll(&self.axis) {
                    self.line.say(&format!("the axis does not say what waits: {error}"));
                }
                poll_at = now.plus_seconds(self.every);
                if let Err(error) = self.tell_waiting(&mut waiting) {
                    self.line.say(&format!("what waits for people is not known: {error}"));
                }
            }
            match self.inbox.work(&self.axis) {
                Ok(worked) if worked.is_nothing() => stop.sleep_until(Some(poll_at)),
                Ok(worked) => self.line.received(worked),
                Err(error) => {
                    self.line.say(&format!("the inbox waits: {error}"));
                    stop.sleep_until(Some(poll_at));
                }
            }
        }
    }

    /// Brings the directory up to date by what the axis lists, and keeps it.
    fn synchronize(&self, directory: &mut Directory) -> Result<(), Box<dyn Error>> {
        let listed = self.axis.agencies()?;
        let changes = directory.merge(listed.into_iter().map(Into::into), Scope::Full)?;
        for problem in &changes.problems {
            self.line.say(&format!("the directory: {problem:?}"));
        }
        if let Some(path) = &self.directory {
            write_whole(path, &serde_json::to_vec_pretty(directory)?)?;
        }
        self.examiner.set_directory(directory.clone());
        Ok(())
    }

    /// How much waits for people, where that is not what it was.
    fn tell_waiting(&self, before: &mut Waiting) -> kyso::Result<()> {
        let now = Waiting {
            held: counted(|after| {
                let page = self.inbox.held(after, PAGE)?;
                Ok((page.len(), page.last().map(|it| it.id)))
            })?,
            not_fetched: counted(|after| {
                let page = self.inbox.stopped(after, PAGE)?;
                Ok((page.len(), page.last().map(|it| it.id)))
            })?,
            not_sent: counted(|after| {
                let page = self.outbox.stopped(after, PAGE)?;
                Ok((page.len(), page.last().map(|it| it.id)))
            })?,
        };
        if now != *before {
            let Waiting { held, not_fetched, not_sent } = now;
            self.line.say(&format!(
                "waiting for people: {held} held, {not_fetched} not fetched, {not_sent} not sent"
            ));
            *before = now;
        }
        Ok(())
    }

    /// The last message that a person has to decide upon.
    fn held(&self) -> kyso::Result<Option<IncomingId>> {
        let mut last = None;
        loop {
            let page = self.inbox.held(last, PAGE)?;
            match page.last() {
                Some(it) => last = Some(it.id),
                None => return Ok(last),
            }
        }
    }

    /// What came to be held since.
    fn tell_held(&self, mut after: Option<IncomingId>) -> kyso::Result<()> {
        loop {
            let page = self.inbox.held(after, PAGE)?;
            for it in &page {
                self.line.say(&format!("{} is held for a person: {}", it.document, it.reason));
            }
            match page.last() {
                Some(it) => after = Some(it.id),
                None => return Ok(()),
            }
        }
    }
}

const INBOX: &str = "inbox";
const PAGE: u32 = 100;

/// How many messages wait for people.
#[derive(Default, PartialEq, Eq)]
struct Waiting {
    held: usize,
    not_fetched: usize,
    not_sent: usize,
}

/// How many there are, page by page.
fn counted<I>(page: impl Fn(Option<I>) -> kyso::Result<(usize, Option<I>)>) -> kyso::Result<usize> {
    let (mut count, mut last) = (0_usize, None);
    loop {
        let (more, next) = page(last)?;
        count = count.saturating_add(more);
        match next {
            Some(next) => last = Some(next),
            None => return Ok(count),
        }
    }
}

/// The files of a document and the report on each, for programs and for people.
fn keep(folder: &Path, envelope: &Envelope, reports: &[(String, Report)]) -> io::Result<()> {
    let folder = folder.join(folder_name(envelope));
    for (n, attachment) in envelope.attachments.iter().enumerate() {
        if let Some(bytes) = attachment.bytes() {
            write_whole(&folder.join(file_name(n, attachment)), bytes)?;
        }
    }
    let reports = reports.iter().map(|it| &it.1);
    let json = serde_json::to_vec_pretty(&reports.clone().collect::<Vec<_>>())?;
    write_whole(&folder.join("reports.json"), &json)?;
    write_whole(&folder.join("reports.html"), Report::to_html_page(reports).as_bytes())
}

/// The name is the sender's: never a path, and it may stand twice.
fn file_name(n: usize, attachment: &Attachment) -> String {
    format!("{}-{}", n + 1, attachment.file_name())
}

/// An identifier of others is no path either, and anyone may write any: who sent what under it
/// tells them apart, so that nobody writes over what another sent.
fn folder_name(envelope: &Envelope) -> String {
    let (id, from) = (envelope.header.document_id.as_str(), &envelope.header.from.organ_id);
    let name: String =
        id.chars().map(|it| if it.is_alphanumeric() { it } else { '_' }).take(64).collect();
    let digest = |bytes: &[u8]| kyso::DigestAlgorithm::Sha256.digest(bytes).to_string();
    let files: Vec<_> =
        envelope.attachments.iter().map(|it| (it.file_name(), it.bytes().map(digest))).collect();
    let digest = digest(format!("{id:?} {from:?} {files:?}").as_bytes());
    format!("{name}-{}", digest.get(..16).unwrap_or_default())
}
