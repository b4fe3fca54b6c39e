//! Packages files into edXML messages, seals them, hands them to the outbox, and sends what is
//! in it.
//!
//! ```text
//! KYSO_SECRET=… cargo run --example send -- --endpoint http://127.0.0.1:8080/api --store post.db \
//!     --from "H13,UBND thành phố Cần Thơ" --to "000.00.00.G22,Văn phòng Chính phủ" \
//!     --key seal.key.pem --cert seal.pem \
//!     --number 15 --notation QĐ-UBND --subject "Quyết định phê duyệt" quyet-dinh.pdf phu-luc.xlsx
//! ```
//!
//! The key is the agency's, wherever it is kept: with it each message is sealed, so that whoever
//! receives it sees what the axis, or anybody on the way, made of it. Without one, none is.
//!
//! With `--outgoing DIR`, each `*.json` in that folder is a dispatch (`support/dispatch.rs`
//! says what stands in it), with its files beside it: write the files first, then the JSON
//! under another name, and rename it. What was handed over moves to `DIR/taken`, what never
//! can be to `DIR/refused`, with the reason beside it. The program runs until SIGINT or
//! SIGTERM; with `--once`, it sends what is due and ends. Where `receive` runs beside it on
//! the same store, one of both sends, and the other does so once that one has ended.
#![allow(clippy::print_stdout, reason = "a program speaks to who runs it")]

#[path = "support/arguments.rs"]
mod arguments;
#[path = "support/daemon.rs"]
mod daemon;
#[path = "support/dispatch.rs"]
mod dispatch;
#[path = "support/files.rs"]
mod files;
#[path = "support/keys.rs"]
mod keys;
#[path = "support/options.rs"]
mod options;
#[path = "support/text.rs"]
mod text;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use daemon::{Desk, Line, Stop};
use dispatch::{Dispatch, organization};
use keys::Keys;
use kyso::edxml::{Envelope, Organization};
use kyso::exchange::store::{DeliveryState, LetterId};
use kyso::exchange::{Outbox, Post, Transport};
use kyso::{ErrorKind, Signer, UtcTime};
use text::shown;

const USAGE: &str = "send --endpoint URL --store FILE --from CODE,NAME [KEY: seals each message] [--once] \
    [--outgoing DIR] [--to CODE,NAME [--to …] --number N --notation TEXT --subject TEXT \
    [--date yyyy/MM/dd] [--type NAME] [--place NAME] [--priority 0..4] \
    [--revokes DOCUMENT-ID --reason TEXT] FILE …]   (the secret is in KYSO_SECRET)";

/// How often the folder is looked into.
const LOOK: Duration = Duration::from_secs(2);

/// What the program was told.
struct Options {
    endpoint: String,
    store: PathBuf,
    us: Organization,
    keys: Keys,
    outgoing: Option<PathBuf>,
    dispatch: Option<Dispatch>,
    once: bool,
}

fn main() -> ExitCode {
    let options = match read() {
        Ok(options) => options,
        Err(error) => return keys::wrong_usage(&*error, USAGE),
    };
    match run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => arguments::failed("send", &*error),
    }
}

fn read() -> Result<Options, Box<dyn Error>> {
    let (mut endpoint, mut store, mut us, mut outgoing) = (None, None, None, None);
    let (mut keys, mut one, mut once) = (Keys::default(), Dispatch::default(), false);
    let mut arguments = arguments::all()?;
    while let Some(name) = arguments.next() {
        if !name.starts_with("--") {
            one.files.push(name.into());
            continue;
        }
        if name == "--once" {
            once = true;
            continue;
        }
        let mut value = || arguments.next().ok_or_else(|| format!("{name} wants a value"));
        if keys.read(&name, &mut value)? {
            continue;
        }
        let value = value()?;
        match name.as_str() {
            "--endpoint" => endpoint = Some(value),
            "--store" => store = Some(PathBuf::from(value)),
            "--from" => us = Some(organization(&value)?),
            "--outgoing" => outgoing = Some(PathBuf::from(value)),
            "--to" => one.to.push(value),
            "--number" => one.number = value,
            "--notation" => one.notation = value,
            "--subject" => one.subject = value,
            "--date" => one.date = Some(value),
            "--type" => one.kind = Some(value),
            "--place" => one.place = value,
            "--priority" => one.priority = Some(value.parse()?),
            "--revokes" => one.revokes = Some(value),
            "--reason" => one.reason = value,
            _ => return Err(format!("no option {name}").into()),
        }
    }
    let told_one = !one.to.is_empty() || !one.files.is_empty() || !one.subject.is_empty();
    if let Some(what) = one.lacks().filter(|_| told_one || outgoing.is_none()) {
        return Err(format!("give {what}, or --outgoing").into());
    }
    Ok(Options {
        endpoint: endpoint.ok_or("give --endpoint")?,
        store: store.ok_or("give --store")?,
        us: us.ok_or("give --from")?,
        keys,
        outgoing,
        dispatch: told_one.then_some(one),
        once,
    })
}

fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let (axis, post) = daemon::open(options.endpoint, &options.us, &options.store)?;
    let (outbox, line) = (Outbox::new(&post), Line::default());
    let seal = (options.keys.named() > 0).then(|| options.keys.open()).transpose()?;
    let packer = Packer { us: &options.us, seal: seal.as_deref() };
    let desk = Desk::new(&options.store, &options.us);
    let mut letters = Vec::new();
    if let Some(dispatch) = options.dispatch {
        let envelope = packer.envelope(dispatch)?;
        letters.push(outbox.put(&envelope, None)?);
        line.say(&format!("{}: in the outbox", envelope.header.document_id));
    }
    let stop = Stop::by_signals()?;
    let watched = options.outgoing.as_deref();
    if options.once {
        if let Some(folder) = watched {
            letters.extend(take_all(folder, &packer, &outbox, &line)?);
        }
        daemon::send_what_is_due(&outbox, &axis, &desk, &line)?;
        line.end();
        return tell(&post, &letters);
    }
    thread::scope(|scope| {
        scope.spawn(|| daemon::run_outbox(&outbox, &axis as &dyn Transport, &desk, &line, &stop));
        while let Some(folder) = watched.filter(|_| !stop.is_told()) {
            if let Err(error) = take_all(folder, &packer, &outbox, &line) {
                line.say(&format!("{}: {error}", folder.display()));
            }
            let again = UtcTime::now().plus_millis(i64::try_from(LOOK.as_millis()).unwrap_or(0));
            stop.sleep_until(Some(again));
        }
    });
    line.end();
    Ok(())
}

/// Makes messages of dispatches.
struct Packer<'a> {
    us: &'a Organization,
    seal: Option<&'a dyn Signer>,
}

impl Packer<'_> {
    fn envelope(&self, dispatch: Dispatch) -> Result<Envelope, Box<dyn Error>> {
        let now = UtcTime::now();
        let envelope = dispatch.envelope(self.us, now)?;
        Ok(match self.seal {
            Some(seal) => envelope.seal(seal, now)?,
            None => envelope,
        })
    }
}

/// What became of the letters of this run.
fn tell(post: &Post, letters: &[LetterId]) -> Result<(), Box<dyn Error>> {
    let mut open = 0_usize;
    for &id in letters {
        let letter = post.store().within(|it| it.letter(id))?.ok_or("the letter is gone")?;
        for delivery in post.store().within(|it| it.deliveries_of(id))? {
            let (document, to) = (&letter.document, &delivery.to);
            match (delivery.state, &delivery.transport_id) {
                (DeliveryState::Sent, Some(name)) => {
                    println!("{document}: taken by the axis for {to} as {name}");
                }
                (state, _) => {
                    println!("{document}: {state} for {to}: {}", shown(&delivery.fault));
                    open = open.saturating_add(1);
                }
            }
        }
    }
    if open == 0 { Ok(()) } else { Err(format!("{open} deliveries wait for the next time").into()) }
}

/// Hands over every dispatch that lies in the folder. A dispatch is moved after it is in the
/// outbox: whoever dies between finds it again, and the outbox knows it.
fn take_all(
    folder: &Path,
    packer: &Packer<'_>,
    outbox: &Outbox,
    line: &Line,
) -> Result<Vec<LetterId>, Box<dyn Error>> {
    let mut found: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|it| it == "json") && path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    let mut letters = Vec::new();
    for path in found {
        match take(&path, packer, outbox) {
            Ok(letter) => {
                letters.push(letter);
                set_aside(&path, "taken")?;
                line.say(&format!("{}: in the outbox", path.display()));
            }
            Err(error) if may_pass(&*error) => return Err(error),
            Err(error) => {
                let moved = set_aside(&path, "refused")?;
                let reason = format!("{error}\n");
                files::write_whole(&moved.with_extension("txt"), reason.as_bytes())?;
                line.say(&format!("{}: {error}", path.display()));
            }
        }
    }
    Ok(letters)
}

fn take(path: &Path, packer: &Packer<'_>, outbox: &Outbox) -> Result<LetterId, Box<dyn Error>> {
    let envelope = packer.envelope(Dispatch::read(path)?)?;
    Ok(outbox.put(&envelope, None)?)
}

/// The disk, the database or the key may be mended; what a dispatch says will not.
fn may_pass(error: &(dyn Error + 'static)) -> bool {
    let passing = [ErrorKind::Io, ErrorKind::Signer, ErrorKind::Service];
    error.downcast_ref::<kyso::Error>().is_some_and(|it| passing.contains(&it.kind()))
}

fn set_aside(path: &Path, folder: &str) -> Result<PathBuf, Box<dyn Error>> {
    let folder = path.parent().unwrap_or(Path::new(".")).join(folder);
    fs::create_dir_all(&folder)?;
    let to = folder.join(path.file_name().ok_or("a file without a name")?);
    fs::rename(path, &to)?;
    Ok(to)
}
