//! The directory and what it lists, each entry held against its own header.

use std::ops::Range;

use super::archive::{Entry, Method};
use super::fields::{Extra, Fields};
use super::name;
use crate::error::{Error, Result};
use crate::source::Source;

/// An entry as the directory has it, whose own header was not looked at yet.
struct Listed<'a> {
    raw_name: &'a [u8],
    flags: u16,
    method: u16,
    when: u32,
    crc: u32,
    compressed: u64,
    size: u64,
    header: u64,
}

const ENCRYPTED: u16 = 1;
const DESCRIPTOR: u16 = 1 << 3;
/// How hard it was tried to compress, the descriptor, and names in UTF-8: whatever else a
/// flag says makes the data something else than it looks.
const KNOWN: u16 = 0b110 | DESCRIPTOR | 1 << 11;

/// The next entry of the directory, checked by itself. `at` is where it stands.
pub(super) fn next(fields: &mut Fields<'_>, source: &dyn Source, at: u64) -> Result<Entry> {
    let listed = listed(fields).map_err(|it| it.at_offset(at))?;
    let name = name::decode(listed.raw_name);
    let entry = listed.entry(&name, source);
    entry.map_err(|it| match it.offset() {
        Some(_) => it.in_entry(&name),
        None => it.at_offset(at).in_entry(&name),
    })
}

/// APPNOTE §4.3.12.
fn listed<'a>(fields: &mut Fields<'a>) -> Result<Listed<'a>> {
    if fields.take(4)? != b"PK\x01\x02" {
        return Err(Error::malformed("the directory of the ZIP archive holds something else"));
    }
    let (made_by, _needed) = (fields.u16()?, fields.u16()?);
    let (flags, method, when) = (fields.u16()?, fields.u16()?, fields.u32()?);
    let (crc, compressed, size) = (fields.u32()?, fields.u32()?, fields.u32()?);
    let (name, extra, comment) = (fields.u16()?, fields.u16()?, fields.u16()?);
    let (disk, _internal, external) = (fields.u16()?, fields.u16()?, fields.u32()?);
    let header = fields.u32()?;
    let raw_name = fields.take(usize::from(name))?;
    let extra = Extra::read(fields.take(usize::from(extra))?, raw_name)?;
    fields.take(usize::from(comment))?;
    if disk != 0 {
        return Err(Error::unsupported("a ZIP archive in several parts"));
    }
    check_kind(made_by, external)?;
    let mut long = Long::new(extra.zip64);
    let size = long.resolve(size)?;
    let compressed = long.resolve(compressed)?;
    let header = long.resolve(header)?;
    long.is_used_up()?;
    Ok(Listed { raw_name, flags, method, when, crc, compressed, size, header })
}

/// What UNIX makes of an entry: a file, a folder, or what came through a pipe; but no link
/// and no device.
fn check_kind(made_by: u16, external: u32) -> Result<()> {
    const UNIX: u16 = 3;
    const MACOS: u16 = 19;
    if !matches!(made_by >> 8, UNIX | MACOS) {
        return Ok(());
    }
    match (external >> 28) & 0xf {
        0 | 0o10 | 0o4 | 0o1 => Ok(()),
        0o12 => Err(Error::malformed("an entry of the ZIP archive is a symbolic link")),
        _ => Err(Error::malformed("an entry of the ZIP archive is neither file nor folder")),
    }
}

/// Sizes of eight bytes, in the place of those that do not fit (APPNOTE §4.5.3).
struct Long<'a>(Option<Fields<'a>>);

impl<'a> Long<'a> {
    fn new(field: Option<&'a [u8]>) -> Self {
        Self(field.map(Fields::new))
    }

    fn resolve(&mut self, short: u32) -> Result<u64> {
        match &mut self.0 {
            Some(fields) if short == u32::MAX => fields.u64(),
            Some(_) | None => Ok(u64::from(short)),
        }
    }

    /// What is told without being asked for could be told to others.
    fn is_used_up(&self) -> Result<()> {
        match &self.0 {
            Some(fields) if !fields.is_empty() => {
                Err(Error::malformed("the ZIP64 sizes of an entry are more than are needed"))
            }
            Some(_) | None => Ok(()),
        }
    }
}

impl Listed<'_> {
    fn entry(&self, name: &str, source: &dyn Source) -> Result<Entry> {
        name::check(name)?;
        if self.flags & ENCRYPTED != 0 {
            return Err(Error::unsupported("an entry of the ZIP archive is encrypted"));
        }
        if self.flags & !KNOWN != 0 {
            return Err(Error::unsupported("an entry of the ZIP archive has unknown flags"));
        }
        let method = match self.method {
            0 => Method::Stored,
            8 => Method::Deflated,
            other => return Err(Error::unsupported(format!("ZIP compression method {other}"))),
        };
        if method == Method::Stored && self.compressed != self.size {
            return Err(Error::malformed("a stored entry has two sizes"));
        }
        if name.ends_with('/') && self.size != 0 {
            return Err(Error::malformed("a folder in the ZIP archive has content"));
        }
        let local = self.local(source).map_err(|it| it.at_offset(self.header))?;
        let end = local.data.checked_add(self.compressed).ok_or_else(overlong)?;
        Ok(Entry {
            name: name.to_owned(),
            method,
            crc: self.crc,
            when: self.when,
            size: self.size,
            header: self.header,
            data: local.data..end,
            descriptor: self.flags & DESCRIPTOR != 0,
            end,
            record: 0..0,
            extra: local.extra,
        })
    }

    /// The entry's own header (APPNOTE §4.3.7), which has to say the same.
    fn local(&self, source: &dyn Source) -> Result<Local> {
        const HEADER: u64 = 30;
        let start = self.header;
        let end = start.checked_add(HEADER).ok_or_else(overlong)?;
        let bytes = source.window(start..end)?;
        let mut fields = Fields::new(&bytes);
        if fields.take(4)? != b"PK\x03\x04" {
            return Err(Error::malformed("there is no entry where the directory says"));
        }
        let _needed = fields.u16()?;
        let (flags, method, _when) = (fields.u16()?, fields.u16()?, fields.u32()?);
        let (crc, compressed, size) = (fields.u32()?, fields.u32()?, fields.u32()?);
        let (name_len, extra_len) = (fields.u16()?, fields.u16()?);
        let name_end = end.checked_add(u64::from(name_len)).ok_or_else(overlong)?;
        let data = name_end.checked_add(u64::from(extra_len)).ok_or_else(overlong)?;
        let bytes = source.window(end..data)?;
        let mut fields = Fields::new(&bytes);
        let raw_name = fields.take(usize::from(name_len))?;
        let extra = Extra::read(fields.take(fields.len())?, raw_name)?;
        let differ = |what: &str| {
            Err(Error::malformed(format!("the header of an entry and the directory give {what}")))
        };
        if raw_name != self.raw_name {
            return differ("two names");
        }
        if flags != self.flags {
            return differ("different flags");
        }
        if method != self.method {
            return differ("two compression methods");
        }
        let mut long = Long::new(extra.zip64);
        let sizes = (long.resolve(size)?, long.resolve(compressed)?);
        // What is known only after the data may be left out here. But where stored data ends a
        // reader without the directory has to guess then, by a mark that can stand in it.
        let stored = self.method == 0 && self.size > 0;
        let later = flags & DESCRIPTOR != 0;
        if later && stored && (sizes == (0, 0) || (crc == 0 && self.crc != 0)) {
            return Err(Error::malformed("the header of a stored entry does not say its size"));
        }
        if sizes != (self.size, self.compressed) && !(later && sizes == (0, 0)) {
            return differ("two sizes");
        }
        if crc != self.crc && !(later && crc == 0) {
            return differ("two checksums");
        }
        Ok(Local { data, extra: extra.any })
    }
}

struct Local {
    /// Where the data begins.
    data: u64,
    extra: bool,
}

fn overlong() -> Error {
    Error::malformed("an entry reaches beyond the ZIP archive")
}

/// Whether what stands between the data of an entry and what follows is its descriptor, and
/// says the same (APPNOTE §4.3.9): with a mark or without, sizes of four bytes or eight.
pub(super) fn check_descriptor(entry: &Entry, source: &dyn Source, gap: Range<u64>) -> Result<()> {
    let wrong = || {
        let error = Error::malformed("an entry's descriptor does not say what the directory says");
        Err(error.at_offset(gap.start).in_entry(&entry.name))
    };
    let len = gap.end.saturating_sub(gap.start);
    if !matches!(len, 12 | 16 | 20 | 24) {
        return wrong();
    }
    let bytes = source.window(gap.clone())?;
    let mut fields = Fields::new(&bytes);
    if matches!(len, 16 | 24) && fields.take(4)? != b"PK\x07\x08" {
        return wrong();
    }
    let crc = fields.u32()?;
    let sizes = match len {
        12 | 16 => (u64::from(fields.u32()?), u64::from(fields.u32()?)),
        _ => (fields.u64()?, fields.u64()?),
    };
    let compressed = entry.data.end.saturating_sub(entry.data.start);
    if (crc, sizes) == (entry.crc, (compressed, entry.size)) { Ok(()) } else { wrong() }
}
