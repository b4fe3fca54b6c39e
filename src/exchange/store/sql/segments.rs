//! Messages in files that are only appended to, beside a database that knows where in them
//! each one is. A message is written once this way, and not a second time by way of the
//! database's log.
//!
//! Whoever appends, or removes a file, does so within a transaction that writes, of which a
//! database has one at a time: so nobody else does meanwhile. What was appended is on the disk
//! before the transaction ends that names it, which several writers may share. Where that does
//! not end well, the bytes stay behind, in nobody's way, until their file goes.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind as IoKind, Read, Seek, SeekFrom, Write};
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::Connection;
use super::value::Row;
use crate::error::{Error, ErrorKind, Result};
use crate::exchange::store::Body;
use crate::exchange::store::objects::{failed, sync_folder};

/// A folder of files that are numbered in the order in which they are begun.
#[cfg_attr(not(feature = "sqlite"), allow(dead_code, reason = "another database has none"))]
pub(in crate::exchange::store) struct Segments {
    folder: PathBuf,
    /// Shorter messages stay in the database.
    from: u64,
    /// A file that has so many bytes is appended to no more.
    full: u64,
    /// The file that was appended to last; 0 where none was.
    latest: AtomicU64,
    /// What was appended to in the transaction that is open, and may not be on the disk.
    unsynced: Mutex<Vec<(u64, File)>>,
}

/// Where a message is: the number of a file, and how many bytes come before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) segment: u64,
    pub(super) offset: u64,
}

impl Place {
    /// From a record, which may have none.
    pub(super) fn of(row: &mut Row) -> Result<Option<Self>> {
        let number = |it: Option<i64>| it.and_then(|it| u64::try_from(it).ok());
        let (segment, offset) = (number(row.maybe_integer()?), number(row.maybe_integer()?));
        Ok(segment.zip(offset).map(|(segment, offset)| Self { segment, offset }))
    }
}

impl Segments {
    /// In this folder, which is made where it is not there; for messages of at least `from`
    /// bytes, in files of about `full` bytes.
    #[cfg(feature = "sqlite")]
    pub(in crate::exchange::store) fn new(folder: PathBuf, from: u64, full: u64) -> Result<Self> {
        fs::create_dir_all(&folder).map_err(|error| failed("making", &folder, error))?;
        Ok(Self { folder, from, full, latest: AtomicU64::new(0), unsynced: Mutex::default() })
    }

    /// Has on the disk what was appended: before the transaction ends that names it.
    #[cfg(feature = "sqlite")]
    pub(in crate::exchange::store) fn sync(&self) -> Result<()> {
        let mut unsynced = self.unsynced.lock().unwrap_or_else(PoisonError::into_inner);
        for (number, file) in mem::take(&mut *unsynced) {
            let synced = file.sync_data();
            synced.map_err(|error| failed("writing", &self.path(number), error))?;
        }
        Ok(())
    }

    /// One handle of a file is as good as another.
    fn to_be_synced(&self, number: u64, file: File) {
        let mut unsynced = self.unsynced.lock().unwrap_or_else(PoisonError::into_inner);
        if unsynced.iter().all(|it| it.0 != number) {
            unsynced.push((number, file));
        }
    }

    pub(super) fn takes(&self, body: &Body) -> bool {
        body.length >= self.from && body.bytes.is_some()
    }

    /// The message at a place; nothing where none of this digest and length stands there.
    pub(super) fn open(&self, place: Place, digest: &str, length: u64) -> Result<Option<Vec<u8>>> {
        let path = self.path(place.segment);
        match read(&path, place.offset, digest, length) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(failed("reading", &path, error)),
        }
    }

    /// Whether a message stands at a place, as far as can be told without reading it.
    pub(super) fn has(&self, place: Place, digest: &str, length: u64) -> Result<bool> {
        let path = self.path(place.segment);
        let begun = begin(&path, place.offset, digest, length);
        match begun.and_then(|mut it| Ok((it.stream_position()?, it.metadata()?.len()))) {
            Ok((at, end)) => Ok(end.saturating_sub(at) >= length),
            Err(error) if is_missing(&error) => Ok(false),
            Err(error) => Err(failed("reading", &path, error)),
        }
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:016}{SUFFIX}"))
    }

    /// The numbers of the files there are.
    fn numbers(&self) -> Result<Vec<u64>> {
        let listed = |error| failed("listing", &self.folder, error);
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(listed)? {
            let name = entry.map_err(listed)?.file_name().into_string().unwrap_or_default();
            let number = name.strip_suffix(SUFFIX).filter(|it| it.len() == 16);
            numbers.extend(number.and_then(|it| it.parse::<u64>().ok()));
        }
        Ok(numbers)
    }

    /// The file to append to, and its length. The last one is never removed: so no number
    /// comes twice.
    fn current(&self) -> Result<(u64, File, u64)> {
        let known = self.latest.load(Ordering::Relaxed);
        let known = if known == 0 { None } else { self.appendable(known)? };
        if let Some(found) = known.filter(|it| it.2 < self.full) {
            return Ok(found);
        }
        // Another process may have begun a new one.
        let last = self.numbers()?.into_iter().max().unwrap_or(0);
        let found = if last == 0 { None } else { self.appendable(last)? };
        let found = match found.filter(|it| it.2 < self.full) {
            Some(found) => found,
            None => self.begun(last.saturating_add(1))?,
        };
        self.latest.store(found.0, Ordering::Relaxed);
        Ok(found)
    }

    fn appendable(&self, number: u64) -> Result<Option<(u64, File, u64)>> {
        let path = self.path(number);
        let opened = OpenOptions::new().append(true).open(&path);
        let measured = opened.and_then(|it| Ok((it.metadata()?.len(), it)));
        match measured {
            Ok((length, file)) => Ok(Some((number, file, length))),
            Err(error) if error.kind() == IoKind::NotFound => Ok(None),
            Err(error) => Err(failed("opening", &path, error)),
        }
    }

    fn begun(&self, number: u64) -> Result<(u64, File, u64)> {
        let path = self.path(number);
        let file = OpenOptions::new().append(true).create_new(true).open(&path);
        let file = file.map_err(|error| failed("making", &path, error))?;
        sync_folder(&self.folder)?;
        Ok((number, file, 0))
    }

    /// Removes the files that no record names; within a transaction that writes.
    pub(super) fn clear(&self, connection: &mut dyn Connection) -> Result<()> {
        let query = "SELECT DISTINCT segment FROM bodies WHERE segment IS NOT NULL";
        let rows = connection.query(query, &[])?;
        let named = rows.into_iter().map(|mut row| row.number::<u64>());
        let named = named.collect::<Result<HashSet<_>>>()?;
        let mut numbers = self.numbers()?;
        numbers.sort_unstable();
        numbers.pop();
        for number in numbers.into_iter().filter(|it| !named.contains(it)) {
            let path = self.path(number);
            fs::remove_file(&path).map_err(|error| failed("removing", &path, error))?;
        }
        Ok(())
    }
}

/// At the end of the name of each file.
const SUFFIX: &str = ".segment";

/// What stands before a message: whose place it is can be told from it, also where the folder
/// and the database were restored from copies of different times.
fn head(digest: &str, length: u64) -> String {
    format!("{digest} {length:016x}\n")
}

/// A file at the first byte of a message.
fn begin(path: &Path, at: u64, digest: &str, length: u64) -> std::io::Result<File> {
    let (mut file, head) = (File::open(path)?, head(digest, length));
    file.seek(SeekFrom::Start(at))?;
    let mut found = vec![0; head.len()];
    file.read_exact(&mut found)?;
    if found == head.as_bytes() { Ok(file) } else { Err(IoKind::InvalidData.into()) }
}

fn read(path: &Path, at: u64, digest: &str, length: u64) -> std::io::Result<Vec<u8>> {
    let file = begin(path, at, digest, length)?;
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    file.take(length).read_to_end(&mut bytes)?;
    let whole = u64::try_from(bytes.len()).is_ok_and(|it| it == length);
    if whole { Ok(bytes) } else { Err(IoKind::UnexpectedEof.into()) }
}

/// The file is gone, ends too early, or holds another message there.
fn is_missing(error: &std::io::Error) -> bool {
    matches!(error.kind(), IoKind::NotFound | IoKind::UnexpectedEof | IoKind::InvalidData)
}

/// What a transaction appends.
pub(super) struct Appending<'s> {
    segments: &'s Segments,
    /// The file with its number, and its length.
    file: Option<(u64, File, u64)>,
    /// Whether what was appended may not reach the disk.
    broken: bool,
}

impl<'s> Appending<'s> {
    pub(super) fn new(segments: &'s Segments) -> Self {
        Self { segments, file: None, broken: false }
    }

    pub(super) fn takes(&self, body: &Body) -> bool {
        self.segments.takes(body)
    }

    pub(super) fn has(&self, place: Place, body: &Body) -> Result<bool> {
        self.segments.has(place, &body.digest, body.length)
    }

    pub(super) fn append(&mut self, digest: &str, bytes: &[u8]) -> Result<Place> {
        let (segment, mut file, offset) = match self.file.take() {
            Some(current) if current.2 < self.segments.full => current,
            Some((number, file, _)) => {
                self.segments.to_be_synced(number, file);
                self.segments.current()?
            }
            None => self.segments.current()?,
        };
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let head = head(digest, length);
        let written = file.write_all(head.as_bytes()).and_then(|()| file.write_all(bytes));
        self.broken |= written.is_err();
        written.map_err(|error| failed("writing", &self.segments.path(segment), error))?;
        let head = u64::try_from(head.len()).unwrap_or(u64::MAX);
        let end = offset.saturating_add(head).saturating_add(length);
        self.file = Some((segment, file, end));
        Ok(Place { segment, offset })
    }

    /// Leaves it to be had on the disk before the transaction ends.
    pub(super) fn finish(self) -> Result<()> {
        if self.broken {
            return Err(Error::new(ErrorKind::Io, "a message could not be written"));
        }
        if let Some((number, file, _)) = self.file {
            self.segments.to_be_synced(number, file);
        }
        Ok(())
    }
}
