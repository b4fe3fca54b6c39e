//! What a program needs that works until it is told to end: rounds of work, the pauses
//! between them, the signal that ends both, and a line that says how far it has come.

use std::error::Error;
use std::fs::{File, TryLockError};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use kyso::UtcTime;
use kyso::axis::{Client, Credentials};
use kyso::edxml::Organization;
use kyso::exchange::store::Sqlite;
use kyso::exchange::{Outbox, Post, Transport, Worked};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::text::shown;

/// How long a loop sleeps at most: documents may come in from another program meanwhile.
const LONGEST: Duration = Duration::from_secs(1);

/// Whether the program was told to end. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Stop(Arc<(Mutex<bool>, Condvar)>);

impl Stop {
    /// Told so by SIGINT and SIGTERM; by a second one, the program ends at once.
    pub(crate) fn by_signals() -> io::Result<Self> {
        let stop = Self::default();
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        let told = stop.clone();
        thread::spawn(move || {
            for signal in signals.forever() {
                if told.is_told() {
                    let _ = signal_hook::low_level::emulate_default_handler(signal);
                }
                told.tell();
            }
        });
        Ok(stop)
    }

    /// Wakes whoever sleeps.
    pub(crate) fn tell(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }

    pub(crate) fn is_told(&self) -> bool {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sleeps until something is due, though not long; wakes when told to end.
    pub(crate) fn sleep_until(&self, due: Option<UtcTime>) {
        let millis = due.map(|it| it.unix_millis().saturating_sub(UtcTime::now().unix_millis()));
        let pause = millis.map(|it| Duration::from_millis(u64::try_from(it).unwrap_or(0)));
        let pause = pause.map_or(LONGEST, |it| it.clamp(Duration::from_millis(20), LONGEST));
        let told = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = self.0.1.wait_timeout_while(told, pause, |told| !*told);
    }
}

/// The way to the axis and the post of an agency. The secret is in `KYSO_SECRET` and
/// nowhere else: command lines are seen by everybody on the machine.
pub(crate) fn open(
    endpoint: String,
    us: &Organization,
    store: &Path,
) -> Result<(Client, Post), Box<dyn Error>> {
    let secret = std::env::var("KYSO_SECRET").map_err(|error| format!("KYSO_SECRET: {error}"))?;
    let credentials = Credentials::new(us.organ_id.as_str(), secret);
    let axis = Client::new(endpoint, credentials, UtcTime::now)?;
    let store = Arc::new(Sqlite::open(store)?);
    Ok((axis, Post::new(store, us.clone(), UtcTime::now)))
}

/// Where the files stand by which programs know that they are alone at a work on a post.
pub(crate) struct Desk(PathBuf);

impl Desk {
    /// Beside the store, for this agency.
    pub(crate) fn new(store: &Path, us: &Organization) -> Self {
        let code = us.organ_id.as_str().chars();
        let code: String =
            code.map(|it| if it.is_ascii_alphanumeric() { it } else { '-' }).collect();
        let mut beside = store.as_os_str().to_owned();
        beside.push(format!(".{code}"));
        Self(beside.into())
    }

    /// That no other program is at this work while the file is held; nothing where one is.
    /// However a program ends, the system lets go of the file.
    pub(crate) fn alone(&self, work: &str) -> io::Result<Option<File>> {
        let mut path = self.0.clone().into_os_string();
        path.push(format!("-{work}"));
        let file = File::options().create(true).truncate(false).write(true).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// The same, as soon as nobody else is; nothing where it is told to end before.
    pub(crate) fn wait(&self, work: &str, line: &Line, stop: &Stop) -> Option<File> {
        let mut said = false;
        while !stop.is_told() {
            let why = match self.alone(work) {
                Ok(Some(alone)) => return Some(alone),
                Ok(None) => "another program is at work on it".to_owned(),
                Err(error) => error.to_string(),
            };
            if !said {
                line.say(&format!("the {work} waits: {why}"));
                said = true;
            }
            stop.sleep_until(None);
        }
        None
    }
}

/// Works on the outbox until it is told to end, once no other program does. What fails is
/// tried again: nothing that was handed over is lost by it.
pub(crate) fn run_outbox(
    outbox: &Outbox,
    axis: &dyn Transport,
    desk: &Desk,
    line: &Line,
    stop: &Stop,
) {
    let Some(_alone) = desk.wait(OUTBOX, line, stop) else { return };
    // What one held that was killed.
    if let Err(error) = outbox.release_claims() {
        line.say(&format!("what was claimed waits for its lease: {error}"));
    }
    while !stop.is_told() {
        let next = match outbox.work(axis) {
            Ok(worked) => {
                line.sent(worked);
                outbox.next_at().ok().flatten()
            }
            Err(error) => {
                line.say(&format!("the outbox waits: {error}"));
                None
            }
        };
        if !stop.is_told() {
            stop.sleep_until(next);
        }
    }
}

pub(crate) const OUTBOX: &str = "outbox";

/// Sends what is due now, and what becomes due by that; no pause is waited for. Where another
/// program sends, it is left to that one.
pub(crate) fn send_what_is_due(
    outbox: &Outbox,
    axis: &dyn Transport,
    desk: &Desk,
    line: &Line,
) -> Result<(), Box<dyn Error>> {
    let Some(_alone) = desk.alone(OUTBOX)? else {
        line.say("another program sends what is in the outbox");
        return Ok(());
    };
    outbox.release_claims()?;
    loop {
        let worked = outbox.work(axis)?;
        if worked.is_nothing() {
            return Ok(());
        }
        line.sent(worked);
    }
}

/// What has been done so far: one line that is written over on a terminal, and a line for
/// each change elsewhere.
#[derive(Default)]
pub(crate) struct Line(Mutex<Counts>);

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    sent: usize,
    received: usize,
    postponed: usize,
    held: usize,
}

impl Line {
    pub(crate) fn sent(&self, worked: Worked) {
        self.count(worked, |counts| &mut counts.sent);
    }

    #[allow(dead_code, reason = "not every program receives")]
    pub(crate) fn received(&self, worked: Worked) {
        self.count(worked, |counts| &mut counts.received);
    }

    fn count(&self, worked: Worked, of: impl Fn(&mut Counts) -> &mut usize) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = *counts;
        let done = of(&mut counts);
        *done = done.saturating_add(worked.done);
        counts.postponed = counts.postponed.saturating_add(worked.postponed);
        counts.held = counts.held.saturating_add(worked.left_to_people);
        if before != *counts {
            show(*counts);
        }
    }

    /// Something that is worth a line of its own.
    #[allow(clippy::print_stdout, reason = "a program speaks to who runs it")]
    pub(crate) fn say(&self, text: &str) {
        // Nobody writes between.
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if io::stdout().is_terminal() {
            print!("\r\x1b[K");
        }
        println!("{}", shown(text));
        if io::stdout().is_terminal() {
            show(*counts);
        }
    }

    /// Ends the line on a terminal.
    #[allow(clippy::print_stdout, reason = "a program speaks to who runs it")]
    pub(crate) fn end(&self) {
        if io::stdout().is_terminal() {
            println!();
        }
    }
}

/// Whoever reads the output may be gone: that ends no exchange.
fn show(counts: Counts) {
    let Counts { sent, received, postponed, held } = counts;
    let text =
        format!("sent {sent}, received {received}, postponed {postponed}, for people {held}");
    let mut out = io::stdout().lock();
    let _ = match out.is_terminal() {
        true => write!(out, "\r\x1b[K{text}"),
        false => writeln!(out, "{text}"),
    };
    let _ = out.flush();
}
