//! Finding objects by searching the file when its revision chain is broken. For
//! reading only, and never unsaid: what a viewer makes of such a file is a guess.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::HashSet;
use std::ops::Range;

use super::encryption::Password;
use super::object::{Dictionary, Object, Reference};
use super::reader::{Reader, View};
use super::scan::{Chain, find_header};
use super::section::{File, Location, Spent};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{Limits, within};
use crate::source::Source;

/// Bytes searched at once, and how many of them are searched again with the next
/// part, so that nothing is missed in between.
const PART: u64 = 1 << 20;
const OVERLAP: u64 = 64;

/// Reads every object's dictionary once.
///
/// # Errors
/// `Malformed` when no catalog is found; `LimitExceeded`; `Io`.
pub(super) fn recover<'a>(
    source: &'a dyn Source,
    limits: &'a Limits,
    password: &Password,
    reason: String,
) -> Result<Reader<'a>> {
    let spent = Spent::default();
    let found = Found::search(File { source, base: 0, limits, spent: &spent })?;
    let Found { entries, containers, trailer, catalog, .. } = found;
    let trailer = match (trailer, catalog) {
        (Some(trailer), _) => trailer,
        (None, Some(root)) => Dictionary::new().with("Root", Object::Reference(root)),
        (None, None) => return Err(Error::malformed(reason).because("no catalog was found")),
    };
    let header = find_header(source)?.is_some();
    let reason = if header { reason } else { format!("{reason}; %PDF- is missing") };
    let chain = |entries: &[(u32, Location)]| {
        // Of two with one number the last is the newest.
        let newest_first = entries.iter().rev().copied();
        Chain::found(0, source.len(), newest_first, trailer.clone(), reason.clone())
    };
    // What is in object streams can be told when it is known how they are encrypted.
    let reader = Reader::new(source, limits, chain(&entries), spent).opened(password)?;
    let all = unpack(reader.newest(), entries, &containers)?;
    Ok(reader.with_chain(chain(&all)))
}

/// What the object streams hold, each behind the object stream itself. One that cannot be
/// read holds nothing.
fn unpack(
    view: View<'_>,
    entries: Vec<(u32, Location)>,
    containers: &HashSet<u32>,
) -> Result<Vec<(u32, Location)>> {
    let limits = view.reader().limits();
    let mut all = Vec::with_capacity(entries.len());
    for entry in entries {
        all.push(entry);
        let (stream, _) = entry;
        // The newest one of this number is the one that is read.
        if !containers.contains(&stream) || view.locate(stream) != entry.1 {
            continue;
        }
        let numbers = match view.numbers_in(stream) {
            Err(error) if error.kind() == ErrorKind::LimitExceeded => return Err(error),
            other => other.unwrap_or_default(),
        };
        let inside = (0..).zip(numbers);
        all.extend(inside.map(|(index, number)| (number, Location::InStream { stream, index })));
        within(all.len(), limits.pdf_objects, "objects in a PDF")?;
    }
    Ok(all)
}

struct Found<'a> {
    file: File<'a>,
    entries: Vec<(u32, Location)>,
    /// Numbers of object streams.
    containers: HashSet<u32>,
    trailer: Option<Dictionary>,
    catalog: Option<Reference>,
}

impl<'a> Found<'a> {
    fn search(file: File<'a>) -> Result<Self> {
        let (headers, trailers) = search(file, 0..file.source.len())?;
        let (entries, containers) = (Vec::with_capacity(headers.len()), HashSet::new());
        let mut found = Self { file, entries, containers, trailer: None, catalog: None };
        for (reference, at) in headers {
            let Reference { number, generation } = reference;
            found.entries.push((number, Location::At { offset: at, generation }));
            within(found.entries.len(), file.limits.pdf_objects, "objects in a PDF")?;
            found.look_into(reference, at)?;
        }
        for at in trailers {
            found.take_trailer(at);
        }
        Ok(found)
    }

    /// What the object is, as far as it leads to others.
    fn look_into(&mut self, reference: Reference, at: u64) -> Result<()> {
        let read = self.file.lex(at, |lexer| {
            lexer.object_header();
            lexer.skip_white();
            if !lexer.rest().starts_with(b"<<") {
                return Ok(None);
            }
            lexer.object().map(Some)
        });
        let dictionary = match read {
            Ok(Some(Object::Dictionary(dictionary))) => dictionary,
            Err(error) if error.kind() == ErrorKind::LimitExceeded => return Err(error),
            // An object that cannot be read leads nowhere; asked for, it is an error.
            _ => return Ok(()),
        };
        if dictionary.is_a("Catalog") {
            self.catalog = Some(reference);
        } else if dictionary.is_a("XRef") && dictionary.contains("Root") {
            self.trailer = Some(dictionary);
        } else if dictionary.is_a("ObjStm") {
            self.containers.insert(reference.number);
        }
        Ok(())
    }

    fn take_trailer(&mut self, at: u64) {
        let read = self.file.lex(at, |lexer| {
            lexer.keyword("trailer");
            lexer.object()
        });
        if let Ok(Object::Dictionary(trailer)) = read
            && trailer.contains("Root")
        {
            self.trailer = Some(trailer);
        }
    }
}

/// Where objects begin, in the order of the file.
pub(super) type Headers = Vec<(Reference, u64)>;

/// Where `number generation obj` and `trailer` stand.
pub(super) fn search(file: File<'_>, place: Range<u64>) -> Result<(Headers, Vec<u64>)> {
    let (mut headers, mut trailers) = (Vec::new(), Vec::new());
    let mut start = place.start;
    while start < place.end {
        let end = start.saturating_add(PART).min(place.end);
        let window = file.source.window(start.saturating_sub(OVERLAP)..end)?;
        let base = start.saturating_sub(OVERLAP);
        for (n, three) in window.windows(3).enumerate() {
            let at = base.saturating_add(u64::try_from(n).unwrap_or(u64::MAX));
            // The overlap was searched with the part before.
            if at.saturating_add(3) <= start && start > 0 {
                continue;
            }
            if three == b"obj"
                && let Some((reference, back)) = header_before(window.get(..n).unwrap_or_default())
            {
                headers.push((reference, at.saturating_sub(back)));
                within(headers.len(), file.limits.pdf_objects, "objects in a PDF")?;
            }
            if three == b"ler" && window.get(..n).is_some_and(|it| it.ends_with(b"trai")) {
                trailers.push(at.saturating_sub(4));
            }
        }
        start = end;
    }
    Ok((headers, trailers))
}

/// `number generation ` at the end of `bytes`, and how long it is.
fn header_before(bytes: &[u8]) -> Option<(Reference, u64)> {
    let rest = bytes.trim_ascii_end();
    let (rest, generation) = number_before(rest)?;
    let spaced = rest.trim_ascii_end();
    (spaced.len() < rest.len()).then_some(())?;
    let (rest, number) = number_before(spaced)?;
    let reference = Reference {
        number: u32::try_from(number).ok()?,
        generation: u16::try_from(generation).ok()?,
    };
    let back = bytes.len().saturating_sub(rest.len());
    Some((reference, u64::try_from(back).ok()?))
}

fn number_before(bytes: &[u8]) -> Option<(&[u8], u64)> {
    let digits = bytes.iter().rev().take(10).take_while(|it| it.is_ascii_digit()).count();
    let (rest, text) = bytes.split_at_checked(bytes.len().saturating_sub(digits))?;
    Some((rest, std::str::from_utf8(text).ok()?.parse().ok()?))
}
