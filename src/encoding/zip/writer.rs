//! Writing archives, entry by entry. Equal content at an equal time gives equal bytes.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::Range;

use flate2::Crc;
use flate2::write::DeflateEncoder;

use super::alike::alike;
use super::archive::{Archive, Entry};
use super::name;
use crate::error::{Error, Result};
use crate::source::{Source, for_each_piece};
use crate::time::UtcTime;

/// How the content of an entry is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    /// As it is. It is read twice, as its checksum stands before it.
    Stored,
    /// Deflated, with the sizes in a descriptor behind it.
    Deflated,
}

/// An archive as it is written out.
pub(crate) struct Writer<'w> {
    out: Counted<'w>,
    when: u32,
    /// By their paths, as they were given.
    names: BTreeMap<String, String>,
    directory: Vec<u8>,
    entries: u16,
}

/// Version 2.0, which knows folders and deflate.
const VERSION: u16 = 20;
const UTF_8: u16 = 1 << 11;
const DESCRIPTOR: u16 = 1 << 3;

/// What both headers of an entry say.
struct Header<'a> {
    name: &'a str,
    flags: u16,
    method: u16,
    crc: u32,
    compressed: u32,
    size: u32,
}

impl<'w> Writer<'w> {
    /// An archive whose entries bear the earliest date there is, unless told otherwise.
    pub(crate) fn new(out: &'w mut dyn Write) -> Self {
        Self {
            out: Counted { out, at: 0 },
            when: EARLIEST,
            names: BTreeMap::new(),
            directory: Vec::new(),
            entries: 0,
        }
    }

    /// Has entries bear this time, in Vietnam: that of ZIP has no zone.
    pub(crate) fn dated(self, at: UtcTime) -> Self {
        Self { when: dos_time(at), ..self }
    }

    /// Takes an entry over from another archive, octet for octet but for its name.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub(crate) fn copy(&mut self, archive: &Archive<'_>, entry: &Entry, name: &str) -> Result<()> {
        let too_long = |_| Error::misuse("a ZIP entry's name is longer than 64 KB");
        let name_len = u16::try_from(name.len()).map_err(too_long)?.to_le_bytes();
        let start = size(self.out.at)?;
        self.claim(name.strip_suffix('/').unwrap_or(name), name)?;
        let source = archive.source();
        let header = source.window(entry.header..entry.data.start)?;
        let mut header = Record::new(&header, 30, 26)?;
        let mut record = source.window(entry.record.clone())?.into_owned();
        // Where it stood cannot be told anew where that is told elsewhere.
        if record.get(42..46).is_none_or(|it| it == [0xff; 4]) {
            return Err(too_large());
        }
        record.splice(42..46, start.to_le_bytes());
        let mut record = Record::new(&record, 46, 28)?;
        if entry.name != name {
            header.rename(name, name_len)?;
            record.rename(name, name_len)?;
        }
        self.out.write_all(&header.bytes)?;
        let rest = entry.data.start..entry.end;
        for_each_piece(source, rest, |piece| Ok(self.out.write_all(piece)?))?;
        self.directory.extend(&record.bytes);
        self.entries = self.entries.checked_add(1).ok_or_else(too_large)?;
        Ok(())
    }

    /// Puts another content in the place of an entry of another archive, with its date.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub(crate) fn replace(&mut self, entry: &Entry, content: &dyn Source) -> Result<()> {
        let when = std::mem::replace(&mut self.when, entry.when);
        let added = self.add(&entry.name, content, Compression::Deflated);
        self.when = when;
        added
    }

    fn claim(&mut self, path: &str, name: &str) -> Result<()> {
        name::check(name).map_err(|it| Error::misuse(it.to_string()).in_entry(name))?;
        if self.names.insert(path.to_owned(), name.to_owned()).is_none() {
            return Ok(());
        }
        Err(Error::misuse("there is such an entry already").in_entry(name))
    }

    /// Adds a file.
    ///
    /// # Errors
    /// `Misuse` for a name that is no plain path below the root, or there already;
    /// `Unsupported` for more than 4 GB; `Io`.
    pub(crate) fn add(
        &mut self,
        name: &str,
        content: &dyn Source,
        compression: Compression,
    ) -> Result<()> {
        if name.ends_with('/') {
            return Err(Error::misuse("this is the name of a folder").in_entry(name));
        }
        self.claim(name, name)?;
        let start = size(self.out.at)?;
        let plain = if name.is_ascii() { 0 } else { UTF_8 };
        let header = match compression {
            Compression::Stored => {
                let size = size(content.len())?;
                let crc = checksum(content)?;
                let (flags, method, compressed) = (plain, 0, size);
                let header = Header { name, flags, method, crc, compressed, size };
                self.out.write_all(&header.local(self.when)?)?;
                let whole = 0..content.len();
                for_each_piece(content, whole, |piece| Ok(self.out.write_all(piece)?))?;
                header
            }
            Compression::Deflated => {
                let flags = plain | DESCRIPTOR;
                let header = Header { name, flags, method: 8, crc: 0, compressed: 0, size: 0 };
                self.deflated(header, content)?
            }
        };
        header.list(self.when, start, &mut self.directory)?;
        self.entries = self.entries.checked_add(1).ok_or_else(too_large)?;
        Ok(())
    }

    fn deflated<'a>(&mut self, before: Header<'a>, content: &dyn Source) -> Result<Header<'a>> {
        self.out.write_all(&before.local(self.when)?)?;
        let start = self.out.at;
        let mut crc = Crc::new();
        let mut encoder = DeflateEncoder::new(&mut self.out, flate2::Compression::default());
        for_each_piece(content, 0..content.len(), |piece| {
            crc.update(piece);
            Ok(encoder.write_all(piece)?)
        })?;
        encoder.finish()?;
        let compressed = size(self.out.at.saturating_sub(start))?;
        let after = Header { crc: crc.sum(), compressed, size: size(content.len())?, ..before };
        self.out.write_all(b"PK\x07\x08")?;
        self.out.write_all(&after.sums())?;
        Ok(after)
    }

    /// Writes the directory. Without this there is no archive.
    ///
    /// # Errors
    /// `Misuse` where a disk would keep one of two entries; `Unsupported` for more than 4 GB;
    /// `Io`.
    pub(crate) fn finish(mut self) -> Result<()> {
        let names: Vec<_> = self.names.values().map(String::as_str).collect();
        if let Some((one, other)) = alike(names.iter().copied()) {
            let [one, other] = [one, other].map(|it| names.get(it).copied().unwrap_or_default());
            let what = format!("on a disk this entry would be {one:?} as well");
            return Err(Error::misuse(what).in_entry(other));
        }
        let start = size(self.out.at)?;
        self.out.write_all(&self.directory)?;
        let len = size(self.out.at)?.checked_sub(start).ok_or_else(too_large)?;
        let mut end = Vec::with_capacity(22);
        end.extend(b"PK\x05\x06\0\0\0\0");
        end.extend(self.entries.to_le_bytes());
        end.extend(self.entries.to_le_bytes());
        end.extend(len.to_le_bytes());
        end.extend(start.to_le_bytes());
        end.extend([0; 2]); // comment
        self.out.write_all(&end)?;
        Ok(())
    }
}

impl Header<'_> {
    /// Checksum and both sizes.
    fn sums(&self) -> Vec<u8> {
        [self.crc, self.compressed, self.size].into_iter().flat_map(u32::to_le_bytes).collect()
    }

    /// What both have in common, from the version needed to the length of the name.
    fn common(&self, when: u32) -> Result<Vec<u8>> {
        let name = u16::try_from(self.name.len())
            .map_err(|_| Error::misuse("a ZIP entry's name is longer than 64 KB"))?;
        let mut bytes = Vec::with_capacity(26);
        bytes.extend([VERSION, self.flags, self.method].into_iter().flat_map(u16::to_le_bytes));
        bytes.extend(when.to_le_bytes());
        bytes.extend(self.sums());
        bytes.extend(name.to_le_bytes());
        bytes.extend([0; 2]); // extra field
        Ok(bytes)
    }

    fn local(&self, when: u32) -> Result<Vec<u8>> {
        let mut bytes = b"PK\x03\x04".to_vec();
        bytes.extend(self.common(when)?);
        bytes.extend(self.name.bytes());
        Ok(bytes)
    }

    fn list(&self, when: u32, start: u32, directory: &mut Vec<u8>) -> Result<()> {
        directory.extend(b"PK\x01\x02");
        directory.extend(VERSION.to_le_bytes());
        directory.extend(self.common(when)?);
        directory.extend([0; 10]); // comment, disk, attributes
        directory.extend(start.to_le_bytes());
        directory.extend(self.name.bytes());
        Ok(())
    }
}

/// A header that another archive has: what is before the name, then the name and the rest.
struct Record {
    bytes: Vec<u8>,
    name: Range<usize>,
    /// Where the length of the name stands.
    len: usize,
}

impl Record {
    fn new(bytes: &[u8], start: usize, len: usize) -> Result<Self> {
        let stated = bytes.get(len..).and_then(|it| it.first_chunk());
        let stated = stated.map(|it| usize::from(u16::from_le_bytes(*it)));
        let end = stated.and_then(|it| start.checked_add(it)).filter(|it| *it <= bytes.len());
        let end = end.ok_or_else(|| Error::malformed("an entry's header is cut off"))?;
        Ok(Self { bytes: bytes.to_vec(), name: start..end, len })
    }

    /// Names that are not ASCII have to say in what they are written.
    fn rename(&mut self, name: &str, name_len: [u8; 2]) -> Result<()> {
        if !name.is_ascii() {
            return Err(Error::misuse("an entry is given a name that is not ASCII").in_entry(name));
        }
        self.bytes.splice(self.name.clone(), name.bytes());
        self.bytes.splice(self.len..self.len.saturating_add(2), name_len);
        Ok(())
    }
}

struct Counted<'w> {
    out: &'w mut dyn Write,
    at: u64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.at = self.at.saturating_add(u64::try_from(written).unwrap_or(u64::MAX));
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn checksum(content: &dyn Source) -> Result<u32> {
    let mut crc = Crc::new();
    for_each_piece(content, 0..content.len(), |piece| {
        crc.update(piece);
        Ok(())
    })?;
    Ok(crc.sum())
}

/// What takes ZIP64 is not written.
fn size(bytes: u64) -> Result<u32> {
    u32::try_from(bytes).ok().filter(|it| *it < u32::MAX).ok_or_else(too_large)
}

fn too_large() -> Error {
    Error::unsupported("writing a ZIP archive of more than 4 GB or 65,535 entries")
}

/// Date and time of MS-DOS (APPNOTE §4.4.6), from 1980 to 2107, in steps of two seconds.
fn dos_time(at: UtcTime) -> u32 {
    let at = at.vietnam_local();
    let year = u32::try_from(at.year().saturating_sub(1980)).ok().filter(|it| *it < 128);
    let Some(year) = year else { return EARLIEST };
    let date = year << 9 | u32::from(u8::from(at.month())) << 5 | u32::from(at.day());
    let time = u32::from(at.hour()) << 11 | u32::from(at.minute()) << 5;
    date << 16 | time | u32::from(at.second() >> 1)
}

/// Midnight of 1 January 1980.
const EARLIEST: u32 = 0x0021_0000;
