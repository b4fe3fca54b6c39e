//! Answers that were given before, kept on disk.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::entry::{Entry, file_name, key, serves_until};
use crate::error::{Error, ErrorKind, Result};
use crate::retrieval::{Request, RequestKind, Retrieve};
use crate::time::UtcTime;

/// Keeps answers in a folder, and asks another [`Retrieve`] for what is not there or has
/// been replaced since.
///
/// An answer serves as long as it says itself, and a week at most: a list and an OCSP
/// response up to their nextUpdate, certificates for a week. Where nobody answers, what is there is given all
/// the same, however old: what it is worth is for the validation to say. Time-stamps are
/// never kept.
///
/// Nothing is trusted for being there: what comes from the folder counts by its own
/// signatures, as what comes from elsewhere does. Several threads and processes may share
/// a folder; each file is written whole or not at all, and one that is broken is asked for
/// anew. Whether an answer can be written or not changes nothing in what is given.
#[derive(Debug)]
pub struct Cached<R> {
    inner: R,
    folder: PathBuf,
    at: UtcTime,
    max_age: Option<u64>,
    most_bytes: u64,
}

/// Some of the largest lists, and many thousands of answers.
const MOST_BYTES: u64 = 1 << 30;
/// What an entry has besides the answer: a URL, a question, a digest.
const OVERHEAD: u64 = 64 << 10;
/// Files that are being written end so.
const PART: &str = "part";

/// Nobody to ask: what is kept is all there is.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Offline;

impl Retrieve for Offline {
    fn retrieve(&self, _: &Request<'_>) -> Result<Vec<u8>> {
        Err(Error::new(ErrorKind::Service, "it is not kept here, and nobody is asked"))
    }
}

impl Cached<Offline> {
    /// What is kept in `folder`, without asking anybody.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn offline(folder: impl Into<PathBuf>, at: UtcTime) -> Result<Self> {
        Self::new(Offline, folder, at)
    }
}

impl<R: Retrieve> Cached<R> {
    /// Keeps what `inner` answers in `folder`, which is made where it is not there; `at` is
    /// the present, by which is told what serves still.
    ///
    /// # Errors
    /// `Io` when the folder can neither be found nor made.
    pub fn new(inner: R, folder: impl Into<PathBuf>, at: UtcTime) -> Result<Self> {
        let folder = folder.into();
        fs::create_dir_all(&folder)?;
        Ok(Self { inner, folder, at, max_age: None, most_bytes: MOST_BYTES })
    }

    /// How many seconds an answer serves at most, whatever it says itself: what a policy
    /// asks for with [`revocation_max_age`](crate::Policy::revocation_max_age).
    #[must_use]
    pub fn with_max_age(mut self, seconds: u64) -> Self {
        self.max_age = Some(seconds);
        self
    }

    /// From now on, as far as its age goes.
    fn until(&self, serves: i64) -> i64 {
        let age = self.max_age.map(|it| i64::try_from(it).unwrap_or(i64::MAX));
        age.map_or(serves, |age| serves.min(self.at.unix().saturating_add(age)))
    }

    /// How many bytes the folder may hold; what was written longest ago goes first. One
    /// gibibyte without this.
    #[must_use]
    pub fn with_most_bytes(mut self, most_bytes: u64) -> Self {
        self.most_bytes = most_bytes;
        self
    }

    fn load(&self, name: &str, key: &[u8], most: u64) -> Option<Entry> {
        let most = most.saturating_add(OVERHEAD).min(self.most_bytes);
        let file = File::open(self.folder.join(name)).ok()?;
        let length = file.metadata().ok().filter(|it| it.is_file() && it.len() <= most)?.len();
        let mut bytes = Vec::with_capacity(usize::try_from(length).ok()?);
        file.take(most).read_to_end(&mut bytes).ok()?;
        Entry::read(bytes, key)
    }

    /// That it cannot be kept is no reason not to use it.
    fn store(&self, name: &str, key: &[u8], entry: &Entry) {
        let file = entry.write(key);
        let length = u64::try_from(file.len()).unwrap_or(u64::MAX);
        if length <= self.most_bytes {
            self.make_room(length);
            let _ = write_whole(&self.folder, name, &file);
        }
    }

    /// Only files of names that are given here are counted, and taken away.
    fn make_room(&self, length: u64) {
        let Ok(files) = fs::read_dir(&self.folder) else { return };
        let ours = files.filter_map(|it| {
            let it = it.ok().filter(|it| is_ours(&it.path()))?;
            let about = it.metadata().ok().filter(fs::Metadata::is_file)?;
            Some((about.modified().ok()?, about.len(), it.path()))
        });
        let mut ours: Vec<_> = ours.collect();
        ours.sort();
        let mut held = ours.iter().fold(length, |sum, (_, length, _)| sum.saturating_add(*length));
        for (_, length, path) in ours {
            if held <= self.most_bytes {
                break;
            }
            if fs::remove_file(path).is_ok() {
                held = held.saturating_sub(length);
            }
        }
    }
}

impl<R: Retrieve> Retrieve for Cached<R> {
    fn retrieve(&self, request: &Request<'_>) -> Result<Vec<u8>> {
        if request.kind == RequestKind::TimeStamp {
            return self.inner.retrieve(request);
        }
        let key = key(request);
        let name = file_name(&key);
        let most = request.most_bytes;
        let fits = |entry: &Entry| u64::try_from(entry.answer.len()).is_ok_and(|it| it <= most);
        let kept = self.load(&name, &key, most).filter(fits);
        if kept.as_ref().is_some_and(|it| self.at.unix() <= it.until) {
            return Ok(kept.map(|it| it.answer).unwrap_or_default());
        }
        match (self.inner.retrieve(request), kept) {
            (Ok(answer), _) => {
                if let Some(until) = serves_until(request.kind, &answer, self.at) {
                    let entry = Entry { until: self.until(until), answer };
                    self.store(&name, &key, &entry);
                    return Ok(entry.answer);
                }
                Ok(answer)
            }
            (Err(_), Some(kept)) => Ok(kept.answer),
            (Err(error), None) => Err(error),
        }
    }

    fn remembers(&self) -> bool {
        true
    }

    /// A file is written whole or not at all: another answer has another time, or another
    /// length.
    fn edition(&self, request: &Request<'_>) -> Option<Vec<u8>> {
        let key = key(request);
        let path = self.folder.join(file_name(&key));
        let file = File::open(&path).ok()?;
        let about = file.metadata().ok().filter(fs::Metadata::is_file)?;
        let mut head = Vec::new();
        let most = u64::try_from(Entry::head(&key)).ok()?;
        file.take(most).read_to_end(&mut head).ok()?;
        let (until, length) = Entry::serves(&head, about.len(), &key)?;
        let kept = length <= request.most_bytes && self.at.unix() <= until;
        let edition = format!("{path:?} {length} {until} {:?}", about.modified().ok()?);
        kept.then(|| edition.into_bytes())
    }
}

/// No reader ever sees half a file, and no two writers share one.
fn write_whole(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let part = folder.join(format!("{name}-{}-{count}.{PART}", std::process::id()));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&part)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| fs::rename(&part, folder.join(name)));
    if written.is_err() {
        let _ = fs::remove_file(&part);
    }
    written
}

/// Kept answers, and parts that a program left when it was stopped.
fn is_ours(path: &Path) -> bool {
    let name = path.file_name().and_then(|it| it.to_str()).unwrap_or_default();
    let (start, rest) = name.split_at_checked(NAME).unwrap_or_default();
    let hex = |it: u8| matches!(it, b'0'..=b'9' | b'a'..=b'f');
    start.bytes().all(hex)
        && start.len() == NAME
        && (rest.is_empty() || (rest.starts_with('-') && rest.ends_with(PART)))
}

/// Hexadecimal digits of a SHA-256.
const NAME: usize = 64;
