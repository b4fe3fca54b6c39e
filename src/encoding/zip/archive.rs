//! An archive of many entries, read where it stands.

use std::collections::HashMap;
use std::ops::Range;

use super::alike::alike;
use super::content;
use super::directory;
use super::end::End;
use super::fields::Fields;
use crate::error::{Error, Result};
use crate::limits::{Limits, within};
use crate::source::Source;

/// An archive whose structure is checked. Nothing is read of its entries' data before it is
/// asked for.
pub(crate) struct Archive<'s> {
    source: &'s dyn Source,
    entries: Vec<Entry>,
    places: HashMap<String, usize>,
    directory: Range<u64>,
}

/// One entry.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// A plain path below the root, by which no other entry goes.
    pub(crate) name: String,
    pub(crate) method: Method,
    /// Bytes of the content, as all headers say.
    pub(crate) size: u64,
    /// Whether its own header has extra fields.
    pub(crate) extra: bool,
    pub(super) crc: u32,
    /// Its date and time, as MS-DOS has them.
    pub(super) when: u32,
    /// Where its own header begins.
    pub(super) header: u64,
    /// Where its data stands, compressed or not.
    pub(super) data: Range<u64>,
    /// Whether a descriptor follows the data.
    pub(super) descriptor: bool,
    /// Where what is of it ends, the descriptor included.
    pub(super) end: u64,
    /// Where the directory has it.
    pub(super) record: Range<u64>,
}

/// How the data of an entry stands there (APPNOTE §4.4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Stored,
    Deflated,
}

impl Entry {
    /// Whether it stands for a folder.
    pub(crate) fn is_folder(&self) -> bool {
        self.name.ends_with('/')
    }

    /// Where its data stands in the archive.
    pub(crate) fn place(&self) -> Range<u64> {
        self.data.clone()
    }

    fn compressed(&self) -> u64 {
        self.data.end.saturating_sub(self.data.start)
    }
}

/// Bytes of a directory: an entry takes some hundred and fifty.
const DIRECTORY_BYTES: u64 = 16 << 20;

impl<'s> Archive<'s> {
    /// Reads the directory and the header of every entry.
    ///
    /// # Errors
    /// `Malformed` where the archive is none, or could be read in two ways: the offset and
    /// the entry are said; `Unsupported` for entries that are encrypted or compressed in
    /// another way; `LimitExceeded` when a bound was reached; `Io`.
    pub(crate) fn open(source: &'s dyn Source, limits: &Limits) -> Result<Self> {
        let End { directory, entries: count } = End::read(source)?;
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        within(count, limits.zip_entries, "entries of a ZIP archive")?;
        if directory.end.saturating_sub(directory.start) > DIRECTORY_BYTES {
            return Err(Error::limit(format_args!(
                "{DIRECTORY_BYTES} bytes in the directory of a ZIP archive"
            )));
        }
        let bytes = source.window(directory.clone())?;
        let mut fields = Fields::new(&bytes);
        let mut entries = Vec::new();
        for _ in 0..count {
            let left = u64::try_from(fields.len()).unwrap_or(u64::MAX);
            let at = directory.end.saturating_sub(left);
            let mut entry = directory::next(&mut fields, source, at)?;
            let left = u64::try_from(fields.len()).unwrap_or(u64::MAX);
            entry.record = at..directory.end.saturating_sub(left);
            entries.push(entry);
        }
        if !fields.is_empty() {
            let what = "the directory of the ZIP archive has more in it than its end record says";
            return Err(Error::malformed(what).at_offset(directory.start));
        }
        let places = places(&entries)?;
        refuse_alike(&entries)?;
        let mut archive = Self { source, entries, places, directory };
        archive.check_layout()?;
        archive.check_sizes(limits)?;
        Ok(archive)
    }

    /// In the order of the directory.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The one that goes by this name.
    pub(crate) fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.get(*self.places.get(name)?)
    }

    /// The one that stands first in the file.
    pub(crate) fn first(&self) -> Option<&Entry> {
        self.entries.iter().find(|it| it.header == 0)
    }

    /// The entry whose content this byte of the file is of, if it is none of what is around.
    pub(crate) fn content_at(&self, at: u64) -> Option<&Entry> {
        self.entries.iter().find(|it| it.data.contains(&at))
    }

    /// As they stand one after the other in the file.
    pub(crate) fn in_order(&self) -> Vec<&Entry> {
        let mut order: Vec<_> = self.entries.iter().collect();
        order.sort_by_key(|it| it.header);
        order
    }

    pub(super) fn source(&self) -> &'s dyn Source {
        self.source
    }

    /// The content of an entry, inflated as it is asked for.
    pub(crate) fn content(&self, entry: &Entry) -> Box<dyn Source + 's> {
        content::of(self.source, entry)
    }

    /// Hands over the content piece by piece; at its end, size and checksum are checked.
    ///
    /// # Errors
    /// `Malformed` where the data is not what the headers say; `Io`; and those of `each`.
    pub(crate) fn for_each_piece(
        &self,
        entry: &Entry,
        each: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        content::for_each_piece(self.source, entry, each)
    }

    /// The whole content, of which there may be `limit` bytes.
    ///
    /// # Errors
    /// As [`for_each_piece`](Self::for_each_piece); `LimitExceeded` when there is more.
    pub(crate) fn read(&self, entry: &Entry, limit: usize) -> Result<Vec<u8>> {
        let size = usize::try_from(entry.size).unwrap_or(usize::MAX);
        within(size, limit, "bytes in one entry of a container")
            .map_err(|it| it.in_entry(&entry.name))?;
        // The size in the headers is a wish; no more memory than the data can fill.
        let mut content = Vec::with_capacity(size.min(1 << 20));
        self.for_each_piece(entry, &mut |piece| {
            content.extend_from_slice(piece);
            Ok(())
        })?;
        Ok(content)
    }

    /// Entry follows entry from the first byte up to the directory.
    fn check_layout(&mut self) -> Result<()> {
        let mut order: Vec<_> = self.entries.iter_mut().collect();
        order.sort_by_key(|it| it.header);
        let headers = order.iter().map(|it| it.header).skip(1);
        let ends: Vec<_> = headers.chain([self.directory.start]).collect();
        let mut at = 0;
        for (entry, next) in order.into_iter().zip(ends) {
            let refuse =
                |what| Err(Error::malformed(what).at_offset(entry.header).in_entry(&entry.name));
            if entry.header != at {
                return refuse(match at {
                    0 => "there are bytes before the first entry of the ZIP archive",
                    _ => "there are bytes between two entries of the ZIP archive",
                });
            }
            if entry.data.end > next {
                return refuse("two entries of the ZIP archive overlap");
            }
            entry.end = entry.data.end;
            if entry.descriptor {
                directory::check_descriptor(entry, self.source, entry.data.end..next)?;
                entry.end = next;
            }
            at = entry.end;
        }
        if at != self.directory.start {
            let what = "there are bytes between the entries of the ZIP archive and its directory";
            return Err(Error::malformed(what).at_offset(at));
        }
        Ok(())
    }

    /// What inflating would come to. That it comes to more than the headers say ends it
    /// later.
    fn check_sizes(&self, limits: &Limits) -> Result<()> {
        let mut all = 0_u64;
        for entry in self.entries.iter().filter(|it| it.method == Method::Deflated) {
            all = all.saturating_add(entry.size);
            let refuse = |what: String| Err(Error::limit(what).in_entry(&entry.name));
            let most = limits.zip_entry_bytes;
            if entry.size > most {
                return refuse(format!("{most} bytes inflated from one entry of a ZIP archive"));
            }
            if all > limits.zip_bytes {
                let most = limits.zip_bytes;
                return refuse(format!("{most} bytes inflated from one ZIP archive"));
            }
            let ratio = limits.zip_ratio;
            let room = entry.compressed().saturating_mul(ratio).saturating_add(RATIO_FREE);
            if entry.size > room {
                return refuse(format!("{ratio} times its size that an entry may inflate to"));
            }
        }
        Ok(())
    }
}

/// Bytes that an entry may inflate to whatever it is compressed to: pages of nothing but
/// blanks do well, and harm nobody.
const RATIO_FREE: u64 = 16 << 20;

fn refuse_alike(entries: &[Entry]) -> Result<()> {
    let found = alike(entries.iter().map(|it| it.name.as_str()));
    let Some((one, other)) = found else { return Ok(()) };
    let (Some(one), Some(other)) = (entries.get(one), entries.get(other)) else { return Ok(()) };
    let what = format!("on a disk this entry of the ZIP archive would be {:?} as well", one.name);
    Err(Error::malformed(what).at_offset(other.header).in_entry(&other.name))
}

/// Where each name stands in the directory.
fn places(entries: &[Entry]) -> Result<HashMap<String, usize>> {
    let mut places = HashMap::with_capacity(entries.len());
    for (place, entry) in entries.iter().enumerate() {
        // A file and a folder cannot have the same name either.
        let name = entry.name.strip_suffix('/').unwrap_or(&entry.name);
        if places.insert(name.to_owned(), place).is_some() {
            return Err(Error::malformed("two entries of the ZIP archive have the same name")
                .at_offset(entry.header)
                .in_entry(&entry.name));
        }
    }
    Ok(places)
}
