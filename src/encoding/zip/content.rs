//! What is in an entry: lent where it is stored, inflated piece by piece where it is
//! deflated.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use flate2::Crc;
use flate2::bufread::DeflateDecoder;

use super::archive::{Entry, Method};
use crate::error::{Error, Result};
use crate::source::{self, Source};

/// Bytes that are inflated or read at once.
const PIECE: usize = 64 << 10;

/// The content as a source of its own.
pub(super) fn of<'s>(source: &'s dyn Source, entry: &Entry) -> Box<dyn Source + 's> {
    let entry = entry.clone();
    match entry.method {
        Method::Stored => Box::new(Stored { source, data: entry.data }),
        Method::Deflated => Box::new(Deflated { source, entry, open: Mutex::new(None) }),
    }
}

/// Hands over the content in order, and checks its size and checksum.
pub(super) fn for_each_piece(
    source: &dyn Source,
    entry: &Entry,
    each: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    if entry.method == Method::Stored {
        let mut crc = Crc::new();
        source::for_each_piece(source, entry.data.clone(), |piece| {
            crc.update(piece);
            each(piece)
        })?;
        return check(entry, crc.sum());
    }
    let mut inflating = Inflating::new(source, entry);
    let mut piece = vec![0; PIECE];
    while inflating.at < entry.size {
        let read = inflating.read(&mut piece, entry)?;
        each(piece.get(..read).unwrap_or_default())?;
    }
    inflating.end(entry)
}

fn check(entry: &Entry, crc: u32) -> Result<()> {
    if crc == entry.crc {
        return Ok(());
    }
    Err(wrong(entry, "the checksum of an entry is that of something else"))
}

fn wrong(entry: &Entry, what: &str) -> Error {
    Error::malformed(what).at_offset(entry.data.start).in_entry(&entry.name)
}

struct Stored<'s> {
    source: &'s dyn Source,
    data: Range<u64>,
}

impl Source for Stored<'_> {
    fn len(&self) -> u64 {
        self.data.end.saturating_sub(self.data.start)
    }

    fn window(&self, range: Range<u64>) -> Result<Cow<'_, [u8]>> {
        let place = |at: u64| self.data.start.checked_add(at).filter(|it| *it <= self.data.end);
        match (place(range.start), place(range.end)) {
            (Some(from), Some(to)) => self.source.window(from..to),
            _ => Err(outside(&range)),
        }
    }

    fn in_memory(&self) -> bool {
        self.source.in_memory()
    }
}

fn outside(range: &Range<u64>) -> Error {
    let (start, end) = (range.start, range.end);
    Error::malformed(format!("bytes {start} to {end} are not in the entry")).at_offset(start)
}

/// Goes forward with whoever reads in order; whoever goes back has it inflated anew.
struct Deflated<'s> {
    source: &'s dyn Source,
    entry: Entry,
    open: Mutex<Option<Inflating<'s>>>,
}

impl Source for Deflated<'_> {
    fn len(&self) -> u64 {
        self.entry.size
    }

    fn window(&self, range: Range<u64>) -> Result<Cow<'_, [u8]>> {
        if range.start > range.end || range.end > self.entry.size {
            return Err(outside(&range));
        }
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = open.take().filter(|it| it.at <= range.start);
        let mut inflating = kept.unwrap_or_else(|| Inflating::new(self.source, &self.entry));
        let mut piece = vec![0; PIECE];
        while inflating.at < range.start {
            let left = range.start.saturating_sub(inflating.at);
            let room = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
            inflating.read(piece.get_mut(..room).unwrap_or_default(), &self.entry)?;
        }
        let mut bytes = Vec::new();
        while inflating.at < range.end {
            let left = range.end.saturating_sub(inflating.at);
            let room = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
            let read = inflating.read(piece.get_mut(..room).unwrap_or_default(), &self.entry)?;
            bytes.extend_from_slice(piece.get(..read).unwrap_or_default());
        }
        if range.end == self.entry.size {
            inflating.end(&self.entry)?;
        } else {
            *open = Some(inflating);
        }
        Ok(Cow::Owned(bytes))
    }
}

/// As far as it was inflated.
struct Inflating<'s> {
    decoder: DeflateDecoder<Compressed<'s>>,
    at: u64,
    crc: Crc,
}

impl<'s> Inflating<'s> {
    fn new(source: &'s dyn Source, entry: &Entry) -> Self {
        let compressed = Compressed::new(source, entry.data.clone());
        Self { decoder: DeflateDecoder::new(compressed), at: 0, crc: Crc::new() }
    }

    /// Some more of it, at least one byte; there has to be more.
    fn read(&mut self, piece: &mut [u8], entry: &Entry) -> Result<usize> {
        let left = entry.size.saturating_sub(self.at);
        let room = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
        let piece = piece.get_mut(..room).unwrap_or_default();
        let read = self.inflate(piece, entry)?;
        if read == 0 {
            return Err(wrong(entry, "an entry inflates to less than the headers say"));
        }
        self.crc.update(piece.get(..read).unwrap_or_default());
        self.at = self.at.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        Ok(read)
    }

    fn inflate(&mut self, piece: &mut [u8], entry: &Entry) -> Result<usize> {
        self.decoder.read(piece).map_err(|error| match self.decoder.get_mut().failed.take() {
            Some(failed) => failed,
            None => wrong(entry, "an entry cannot be inflated").because(error),
        })
    }

    /// There is no more of it, and all of the data was used.
    fn end(&mut self, entry: &Entry) -> Result<()> {
        if self.inflate(&mut [0], entry)? != 0 {
            return Err(wrong(entry, "an entry inflates to more than the headers say"));
        }
        let used = entry.data.start.checked_add(self.decoder.total_in());
        if used != Some(entry.data.end) {
            return Err(wrong(entry, "bytes follow the compressed data of an entry"));
        }
        check(entry, self.crc.sum())
    }
}

/// The compressed data, read piece by piece.
struct Compressed<'s> {
    source: &'s dyn Source,
    left: Range<u64>,
    piece: Cow<'s, [u8]>,
    used: usize,
    /// Why the archive could not be read: the decoder has but an error of `io`.
    failed: Option<Error>,
}

impl<'s> Compressed<'s> {
    fn new(source: &'s dyn Source, left: Range<u64>) -> Self {
        Self { source, left, piece: Cow::Borrowed(&[]), used: 0, failed: None }
    }
}

impl BufRead for Compressed<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.used >= self.piece.len() && self.left.start < self.left.end {
            let size = u64::try_from(PIECE).unwrap_or(u64::MAX);
            let end = match self.source.in_memory() {
                true => self.left.end,
                false => self.left.start.saturating_add(size).min(self.left.end),
            };
            self.piece = self.source.window(self.left.start..end).map_err(|error| {
                let why = io::Error::other(error.to_string());
                self.failed = Some(error);
                why
            })?;
            self.left.start = end;
            self.used = 0;
        }
        Ok(self.piece.get(self.used..).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.used = self.used.saturating_add(amount);
    }
}

impl Read for Compressed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}
