//! The end of an archive, where readers begin: one end record and no other, and nothing
//! behind it but its own comment.

use std::ops::Range;

use super::fields::Fields;
use crate::error::{Error, Result};
use crate::source::Source;

/// Where the directory stands, and how much of it there is.
#[derive(Debug)]
pub(super) struct End {
    pub(super) directory: Range<u64>,
    pub(super) entries: u64,
}

/// Bytes of the record without its comment, and of the longest comment.
const RECORD: u64 = 22;
const COMMENT: u64 = 65_535;
const MARK: &[u8] = b"PK\x05\x06";

/// Whether any reader could take the file for an archive.
pub(crate) fn has_end(source: &dyn Source) -> Result<bool> {
    let len = source.len();
    let tail = source.window(len.saturating_sub(RECORD.saturating_add(COMMENT))..len)?;
    Ok(tail.windows(MARK.len()).any(|it| it == MARK))
}

/// What the record says (APPNOTE §4.3.16).
struct Said {
    disks: [u16; 2],
    entries: u16,
    size: u32,
    offset: u32,
}

impl End {
    /// # Errors
    /// `Malformed` where there is no end record, or more than one that a reader could take.
    pub(super) fn read(source: &dyn Source) -> Result<Self> {
        let len = source.len();
        let from = len.saturating_sub(RECORD.saturating_add(COMMENT));
        let tail = source.window(from..len)?;
        let place = place(&tail).map_err(|error| error.at_offset(from))?;
        let at = from.saturating_add(u64::try_from(place).unwrap_or(u64::MAX));
        let said = said(tail.get(place..).unwrap_or_default()).map_err(|it| it.at_offset(at))?;
        match Long::read(source, at)? {
            Some(long) => long.agreed(&said, at),
            None => said.end(at),
        }
    }
}

/// Of the one record in `tail` that ends where the archive does.
fn place(tail: &[u8]) -> Result<usize> {
    let marks = || tail.windows(MARK.len()).enumerate().filter(|(_, it)| *it == MARK);
    let comment = |at: usize| {
        let bytes = tail.get(at.checked_add(20)?..)?.first_chunk()?;
        Some(usize::from(u16::from_le_bytes(*bytes)))
    };
    let end = |at: usize| at.checked_add(22)?.checked_add(comment(at)?);
    let mut whole = marks().filter(|(at, _)| end(*at) == Some(tail.len()));
    match (whole.next(), whole.next(), marks().next_back()) {
        (Some((only, _)), None, Some((last, _))) if only == last => Ok(only),
        (Some(_), _, _) => Err(Error::malformed("the ZIP archive has two end records")),
        (None, _, Some((last, _))) if end(last).is_some_and(|it| it < tail.len()) => {
            Err(Error::malformed("there are bytes after the ZIP archive"))
        }
        (None, _, Some(_)) => Err(Error::malformed("the ZIP archive ends too early")),
        (None, _, None) => Err(Error::malformed("this is no ZIP archive: it has no end record")),
    }
}

fn said(record: &[u8]) -> Result<Said> {
    let mut fields = Fields::new(record);
    fields.take(MARK.len())?;
    let disks = [fields.u16()?, fields.u16()?];
    let (here, entries) = (fields.u16()?, fields.u16()?);
    if here != entries {
        return Err(Error::malformed("the end record counts the entries in two ways"));
    }
    Ok(Said { disks, entries, size: fields.u32()?, offset: fields.u32()? })
}

impl Said {
    fn end(&self, at: u64) -> Result<End> {
        if self.disks != [0, 0] {
            return Err(Error::unsupported("a ZIP archive in several parts").at_offset(at));
        }
        let (size, offset) = (u64::from(self.size), u64::from(self.offset));
        whole(offset, size, u64::from(self.entries), at)
    }
}

fn whole(offset: u64, size: u64, entries: u64, at: u64) -> Result<End> {
    if offset.checked_add(size) != Some(at) {
        let what = "the directory of the ZIP archive does not end where its end record begins";
        return Err(Error::malformed(what).at_offset(at));
    }
    Ok(End { directory: offset..at, entries })
}

/// The end record of ZIP64 (APPNOTE §4.3.14).
struct Long {
    at: u64,
    entries: u64,
    size: u64,
    offset: u64,
}

impl Long {
    const LOCATOR: u64 = 20;
    const RECORD: u64 = 56;

    /// The one that the locator before the end record names, if there is one: it has to
    /// stand directly before.
    fn read(source: &dyn Source, end: u64) -> Result<Option<Self>> {
        let Some(locator) = end.checked_sub(Self::LOCATOR) else { return Ok(None) };
        let bytes = source.window(locator..end)?;
        let mut fields = Fields::new(&bytes);
        if fields.take(4)? != b"PK\x06\x07" {
            return Ok(None);
        }
        let (disk, at, disks) = (fields.u32()?, fields.u64()?, fields.u32()?);
        let wrong = |what: &str| Error::malformed(what).at_offset(locator);
        if (disk, disks) != (0, 1) {
            return Err(Error::unsupported("a ZIP archive in several parts").at_offset(locator));
        }
        if at.checked_add(Self::RECORD) != Some(locator) {
            return Err(wrong("the end record of ZIP64 is not where its locator says"));
        }
        let bytes = source.window(at..locator)?;
        let mut fields = Fields::new(&bytes);
        if fields.take(4)? != b"PK\x06\x06" || fields.u64()? != Self::RECORD.saturating_sub(12) {
            return Err(wrong("the end record of ZIP64 is none"));
        }
        fields.take(4)?;
        if (fields.u32()?, fields.u32()?) != (0, 0) {
            return Err(Error::unsupported("a ZIP archive in several parts").at_offset(at));
        }
        let (here, entries) = (fields.u64()?, fields.u64()?);
        if here != entries {
            return Err(wrong("the end record counts the entries in two ways"));
        }
        Ok(Some(Self { at, entries, size: fields.u64()?, offset: fields.u64()? }))
    }

    /// What the shorter record says besides has to be the same, or that it is told here.
    fn agreed(&self, said: &Said, end: u64) -> Result<End> {
        let same = |short: u64, told: u64, long: u64| short == long || short == told;
        let short = u64::from(u16::MAX);
        let told = u64::from(u32::MAX);
        let agree = said.disks.iter().all(|it| same(u64::from(*it), short, 0))
            && same(u64::from(said.entries), short, self.entries)
            && same(u64::from(said.size), told, self.size)
            && same(u64::from(said.offset), told, self.offset);
        if !agree {
            return Err(Error::malformed("both end records say different things").at_offset(end));
        }
        whole(self.offset, self.size, self.entries, self.at)
    }
}
