//! Finding objects by searching the file when its revision chain is broken. For
//! reading only, and never unsaid: what a viewer makes of such a file is a guess.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::ops::Range;

use super::filter::decode;
use super::lexer::Lexer;
use super::object::{Dictionary, Object, Reference};
use super::scan::{Chain, find_header};
use super::section::{File, Location, Spent, stream_start, unsigned};
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
pub(super) fn recover(
    source: &dyn Source,
    limits: &Limits,
    spent: &Spent,
    reason: String,
) -> Result<Chain> {
    let file = File { source, base: 0, limits, spent };
    let (headers, trailers) = search(file, 0..source.len())?;
    let mut found = Found { file, entries: Vec::new(), trailer: None, catalog: None };
    for (reference, at) in headers {
        found.entries.push((
            reference.number,
            Location::At { offset: at, generation: reference.generation },
        ));
        within(found.entries.len(), limits.pdf_objects, "objects in a PDF")?;
        found.look_into(reference, at)?;
    }
    for at in trailers {
        found.take_trailer(at);
    }
    let trailer = match (found.trailer, found.catalog) {
        (Some(trailer), _) => trailer,
        (None, Some(root)) => Dictionary::new().with("Root", Object::Reference(root)),
        (None, None) => return Err(Error::malformed(reason).because("no catalog was found")),
    };
    let mut entries = found.entries;
    // Of two with one number the last is the newest.
    entries.reverse();
    let header = find_header(source)?.is_some();
    let reason = if header { reason } else { format!("{reason}; %PDF- is missing") };
    Ok(Chain::found(0, source.len(), entries, trailer, reason))
}

struct Found<'a> {
    file: File<'a>,
    entries: Vec<(u32, Location)>,
    trailer: Option<Dictionary>,
    catalog: Option<Reference>,
}

impl Found<'_> {
    /// What the object is, as far as it leads to others.
    fn look_into(&mut self, reference: Reference, at: u64) -> Result<()> {
        let read = self.file.lex(at, |lexer| {
            lexer.object_header();
            lexer.skip_white();
            if !lexer.rest().starts_with(b"<<") {
                return Ok(None);
            }
            let object = lexer.object()?;
            Ok(Some((object, stream_start(lexer).ok())))
        });
        let (dictionary, data) = match read {
            Ok(Some((Object::Dictionary(dictionary), data))) => (dictionary, data),
            Err(error) if error.kind() == ErrorKind::LimitExceeded => return Err(error),
            // An object that cannot be read leads nowhere; asked for, it is an error.
            _ => return Ok(()),
        };
        if dictionary.is_a("Catalog") {
            self.catalog = Some(reference);
        } else if dictionary.is_a("XRef") && dictionary.contains("Root") {
            self.trailer = Some(dictionary);
        } else if dictionary.is_a("ObjStm")
            && let Some(data) = data
        {
            self.add_object_stream(reference.number, &dictionary, data)?;
        }
        Ok(())
    }

    fn add_object_stream(&mut self, stream: u32, dictionary: &Dictionary, data: u64) -> Result<()> {
        let limits = self.file.limits;
        let number = |key| dictionary.get(key).and_then(unsigned);
        let (Some(length), Some(count), Some(first)) =
            (number("Length"), number("N"), number("First"))
        else {
            return Ok(());
        };
        let end = data.saturating_add(length).min(self.file.source.len());
        within(
            usize::try_from(length).unwrap_or(usize::MAX),
            limits.pdf_stream_bytes,
            "bytes of a stream",
        )?;
        let window = self.file.source.window(data..end)?;
        let Ok(bytes) = decode(dictionary, &window, limits.pdf_stream_bytes) else { return Ok(()) };
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.file.spent.charge(size, self.file.source.len(), limits)?;
        let first = usize::try_from(first).unwrap_or(usize::MAX);
        let mut lexer = Lexer::new(bytes.get(..first).unwrap_or_default(), 0, 1);
        for index in 0..u32::try_from(count).unwrap_or(u32::MAX) {
            lexer.skip_white();
            let number = lexer.unsigned().and_then(|it| u32::try_from(it).ok());
            lexer.skip_white();
            let (Some(number), Some(_)) = (number, lexer.unsigned()) else { break };
            self.entries.push((number, Location::InStream { stream, index }));
            within(self.entries.len(), limits.pdf_objects, "objects in a PDF")?;
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
