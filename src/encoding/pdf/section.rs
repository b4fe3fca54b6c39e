//! One cross-reference section: a table (ISO 32000-2 §7.5.4), a stream (§7.5.8), or
//! a table with a stream beside it (§7.5.8.4).
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::cell::Cell;
use std::collections::HashMap;
use std::ops::Range;

use super::filter::{Size, decode};
use super::lexer::{Lexer, is_white};
use super::object::{Dictionary, Object};
use super::rows::{expected, read_rows};
use super::slot::{FEW, Slot, ascend};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{Limits, within};
use crate::source::Source;

/// Where an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Location {
    Free,
    /// Bytes from what the file's offsets are counted from.
    At {
        offset: u64,
        generation: u16,
    },
    /// Within an object stream (§7.5.7).
    InStream {
        stream: u32,
        index: u32,
    },
}

/// How a section is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Table,
    Stream,
    Hybrid,
}

/// A section as it stands.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) form: Form,
    /// Earlier ones win over later ones of the same number.
    pub(super) slots: Vec<Slot>,
    pub(super) trailer: Dictionary,
    pub(super) prev: Option<u64>,
    /// The number of the stream object, if it is one.
    pub(super) object: Option<u32>,
    /// The first byte behind it.
    pub(super) after: u64,
    /// Whether the numbers of the slots ascend.
    pub(super) ascending: bool,
    /// Whether a number stands twice in one table or stream.
    pub(super) duplicates: bool,
    /// Whether an entry is of a type that is not known: null by §7.5.8.3, but some
    /// readers search the file instead.
    pub(super) unknown: bool,
}

/// A document and what offsets in it are counted from.
#[derive(Clone, Copy)]
pub(super) struct File<'a> {
    pub(super) source: &'a dyn Source,
    pub(super) base: u64,
    pub(super) limits: &'a Limits,
    pub(super) spent: &'a Spent,
}

/// Bytes of objects and decoded streams that were read so far. A file can have objects
/// that stand within one another, or that every reader asks for again.
#[derive(Debug, Default)]
pub(super) struct Spent(Cell<u64>);

impl Spent {
    pub(super) fn charge(&self, bytes: u64, len: u64, limits: &Limits) -> Result<()> {
        let spent = self.0.get().saturating_add(bytes);
        self.0.set(spent);
        let most = len.saturating_mul(limits.pdf_read_factor).saturating_add(limits.pdf_read_bytes);
        if spent > most {
            Err(Error::limit(format_args!("{most} bytes of objects read")))
        } else {
            Ok(())
        }
    }
}

impl File<'_> {
    /// Reads syntax that begins at `at`, in as small a part of the file as will do.
    pub(super) fn lex<T>(&self, at: u64, read: impl Fn(&mut Lexer<'_>) -> Result<T>) -> Result<T> {
        const FIRST: u64 = 2 << 10;
        let end = self.source.len();
        let mut size = FIRST;
        loop {
            let to = at.saturating_add(size).min(end);
            let bytes = self.source.window(at..to)?;
            let mut lexer = Lexer::within(&bytes, at, self.limits);
            let outcome = read(&mut lexer);
            self.spent.charge(lexer.offset().saturating_sub(at), end, self.limits)?;
            let limited = matches!(&outcome, Err(e) if e.kind() == ErrorKind::LimitExceeded);
            if !lexer.starved() || limited || to == end {
                return outcome;
            }
            let bytes = usize::try_from(size).unwrap_or(usize::MAX);
            within(bytes, self.limits.pdf_object_bytes, "bytes of a PDF object")
                .map_err(|error| error.at_offset(at))?;
            size = size.saturating_mul(8);
        }
    }

    /// Where an offset that the file names lies in the source.
    pub(super) fn place(&self, offset: u64) -> u64 {
        self.base.saturating_add(offset)
    }
}

/// The section at `offset`, as the file counts.
pub(super) fn read_section(file: File<'_>, offset: u64) -> Result<Section> {
    let at = file.place(offset);
    if at >= file.source.len() {
        return Err(Error::malformed("a cross-reference offset lies beyond the file").at_offset(at));
    }
    let table = file.lex(at, |lexer| {
        lexer.skip_white();
        Ok(lexer.keyword("xref").then(|| lexer.offset()))
    })?;
    match table {
        Some(at) => read_table(file, at),
        None => read_stream(file, at),
    }
}

fn read_table(file: File<'_>, start: u64) -> Result<Section> {
    let (slots, at) = read_subsections(file, start)?;
    let (trailer, after) = file.lex(at, |lexer| {
        lexer.skip_white();
        if !lexer.keyword("trailer") {
            return Err(lexer.error("the trailer is missing"));
        }
        match lexer.object()? {
            Object::Dictionary(trailer) => Ok((trailer, lexer.offset())),
            _ => Err(lexer.error("the trailer is no dictionary")),
        }
    })?;
    let ascending = ascend(&slots);
    let mut section = Section {
        form: Form::Table,
        prev: previous(&trailer, start)?,
        ascending,
        duplicates: !ascending && has_duplicates(&slots),
        slots,
        trailer,
        object: None,
        after,
        unknown: false,
    };
    if let Some(beside) = section.trailer.get("XRefStm").cloned() {
        add_hybrid(file, &beside, start, &mut section)?;
    }
    Ok(section)
}

/// A hidden object is free in the table and in use in the stream; what the table
/// has in use wins (ISO 32000-2 §7.5.8.4).
fn add_hybrid(file: File<'_>, offset: &Object, at: u64, section: &mut Section) -> Result<()> {
    let offset =
        unsigned(offset).ok_or_else(|| Error::malformed("XRefStm is no offset").at_offset(at))?;
    // All writers put it first. One that stood behind could be changed or added later.
    if file.place(offset) >= at {
        return Err(Error::malformed("XRefStm lies behind its table").at_offset(at));
    }
    let beside = read_stream(file, file.place(offset))?;
    let (used, free): (Vec<_>, Vec<_>) = section.slots.drain(..).partition(|it| !it.is_free());
    section.form = Form::Hybrid;
    // Readers differ in which of the two they believe.
    let named: HashMap<u32, Slot> = beside.slots.iter().map(|it| (it.number, *it)).collect();
    let differs = |slot: &Slot| {
        named.get(&slot.number).is_some_and(|it| !it.is_where(*slot) && !it.is_free())
    };
    section.duplicates |= beside.duplicates || used.iter().any(differs);
    section.unknown = beside.unknown;
    section.object = beside.object;
    section.slots = used.into_iter().chain(beside.slots).chain(free).collect();
    section.ascending = ascend(&section.slots);
    Ok(())
}

fn previous(trailer: &Dictionary, at: u64) -> Result<Option<u64>> {
    match trailer.get("Prev") {
        None | Some(Object::Null) => Ok(None),
        Some(value) => match unsigned(value) {
            Some(prev) => Ok(Some(prev)),
            None => Err(Error::malformed("Prev is no offset").at_offset(at)),
        },
    }
}

pub(super) fn unsigned(value: &Object) -> Option<u64> {
    match value {
        Object::Integer(value) => u64::try_from(*value).ok(),
        // Some writers say 123.0.
        Object::Real(text) => {
            let (whole, fraction) = std::str::from_utf8(text).ok()?.split_once('.')?;
            fraction.bytes().all(|it| it == b'0').then(|| whole.parse().ok())?
        }
        _ => None,
    }
}

/// `first count`; nothing at the trailer.
fn subsection(lexer: &mut Lexer<'_>) -> Result<Option<Range<u32>>> {
    lexer.skip_white();
    if !lexer.peek().is_some_and(|it| it.is_ascii_digit()) {
        return Ok(None);
    }
    let first = lexer.unsigned().and_then(|it| u32::try_from(it).ok());
    lexer.skip_white();
    let count = lexer.unsigned().and_then(|it| u32::try_from(it).ok());
    lexer.skip_white();
    match first.zip(count).and_then(|(first, count)| Some(first..first.checked_add(count)?)) {
        Some(numbers) => Ok(Some(numbers)),
        None => Err(lexer.error("a cross-reference subsection has no numbers")),
    }
}

/// Bytes of a table read at once: some three thousand entries.
const PART: u64 = 64 << 10;
const ENTRY: usize = 20;
/// Bytes that an entry takes at least.
const SHORTEST: u64 = 18;

/// All subsections, and where the trailer begins.
fn read_subsections(file: File<'_>, start: u64) -> Result<(Vec<Slot>, u64)> {
    let len = file.source.len();
    let mut table = Table { slots: Vec::new(), numbers: 0..0, limits: file.limits, len };
    let mut at = start;
    loop {
        let end = at.saturating_add(PART).min(file.source.len());
        let bytes = file.source.window(at..end)?;
        let (taken, done) = table.read(&bytes, at, end == file.source.len())?;
        at = at.saturating_add(to_u64(taken));
        if done {
            return Ok((table.slots, at));
        }
        if taken == 0 {
            return Err(Error::malformed("a cross-reference table is broken").at_offset(at));
        }
    }
}

/// A table that is being read part by part.
struct Table<'a> {
    slots: Vec<Slot>,
    /// Of the subsection under way, those still to come.
    numbers: Range<u32>,
    limits: &'a Limits,
    /// Of the file.
    len: u64,
}

impl Table<'_> {
    /// Reads as far as `bytes` surely reach; how far that is, and whether the trailer comes.
    fn read(&mut self, bytes: &[u8], at: u64, last: bool) -> Result<(usize, bool)> {
        let mut rest = bytes;
        loop {
            self.read_entries(&mut rest, last).map_err(|error| {
                error.at_offset(at.saturating_add(to_u64(bytes.len().saturating_sub(rest.len()))))
            })?;
            let taken = bytes.len().saturating_sub(rest.len());
            if !self.numbers.is_empty() {
                return Ok((taken, false));
            }
            let base = at.saturating_add(to_u64(taken));
            let mut lexer = Lexer::new(rest, base, 1);
            let subsection = subsection(&mut lexer);
            if lexer.starved() && !last {
                return Ok((taken, false));
            }
            let Some(numbers) = subsection? else { return Ok((taken, true)) };
            let total = self.slots.len().saturating_add(numbers.len());
            within(total, self.limits.pdf_objects, "objects in a cross-reference table")?;
            // For no more than can follow, whatever is said.
            let follow = self.len.saturating_sub(at).checked_div(SHORTEST).unwrap_or_default();
            let follow = usize::try_from(follow).unwrap_or(usize::MAX);
            self.slots.reserve(numbers.len().min(follow).saturating_add(FEW));
            self.numbers = numbers;
            rest = lexer.rest();
        }
    }

    fn read_entries(&mut self, rest: &mut &[u8], last: bool) -> Result<()> {
        // An entry with the white space that some writers pad it with.
        let enough = if last { 0 } else { ENTRY.saturating_add(4) };
        while !self.numbers.is_empty() && rest.len() >= enough {
            let (location, taken) = read_entry(rest)
                .ok_or_else(|| Error::malformed("a cross-reference entry is broken"))?;
            self.slots.extend(self.numbers.next().map(|number| Slot::new(number, location)));
            *rest = rest.get(taken..).unwrap_or_default();
        }
        Ok(())
    }
}

/// `nnnnnnnnnn ggggg n` and two bytes of line end; how many bytes it takes. Entries
/// with one byte of line end are common, and read.
fn read_entry(bytes: &[u8]) -> Option<(Location, usize)> {
    let line = bytes.get(..ENTRY.saturating_sub(2))?;
    let offset = digits(line.get(..10)?)?;
    let generation = digits(line.get(11..16)?)?;
    let kind = *line.get(17)?;
    (line.get(10) == Some(&b' ') && line.get(16) == Some(&b' ')).then_some(())?;
    let mut taken = line.len();
    while taken < ENTRY.saturating_add(2) && bytes.get(taken).is_some_and(|it| is_white(*it)) {
        taken = taken.saturating_add(1);
    }
    let location = match kind {
        b'f' => Location::Free,
        // No object begins where the file does; writers mean that there is none.
        b'n' if offset == 0 => Location::Free,
        b'n' => Location::At { offset, generation: u16::try_from(generation).ok()? },
        _ => return None,
    };
    Some((location, taken))
}

fn digits(text: &[u8]) -> Option<u64> {
    text.iter().try_fold(0_u64, |sum, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then(|| sum.wrapping_mul(10).wrapping_add(u64::from(digit)))
    })
}

fn to_u64(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}

/// ISO 32000-2 §7.5.8; `at` is where the object begins.
fn read_stream(file: File<'_>, at: u64) -> Result<Section> {
    let (reference, trailer, data) = file.lex(at, |lexer| {
        lexer.skip_white();
        let reference = lexer
            .object_header()
            .ok_or_else(|| lexer.error("this is neither a cross-reference table nor a stream"))?;
        let Object::Dictionary(dictionary) = lexer.object()? else {
            return Err(lexer.error("a cross-reference stream has no dictionary"));
        };
        Ok((reference, dictionary, stream_start(lexer)?))
    })?;
    let broken = |what: &str| Error::malformed(what).at_offset(at);
    if !trailer.is_a("XRef") {
        return Err(broken("this object is no cross-reference stream"));
    }
    let length = trailer.get("Length").and_then(unsigned);
    let length = length.ok_or_else(|| broken("a cross-reference stream has no length"))?;
    let end = data.checked_add(length).filter(|end| *end <= file.source.len());
    let end = end.ok_or_else(|| broken("a cross-reference stream is longer than the file"))?;
    within(usize::try_from(length).unwrap_or(usize::MAX), file.limits.pdf_stream_bytes, "bytes")?;
    file.spent.charge(length, file.source.len(), file.limits)?;
    let charge = |bytes| file.spent.charge(to_u64(bytes), file.source.len(), file.limits);
    let rows = file.source.window(data..end)?;
    let expected = expected(&trailer, file.limits);
    let size = Size { limit: file.limits.pdf_stream_bytes, expected };
    let rows = decode(&trailer, &rows, size, &charge)?;
    let (slots, unknown) =
        read_rows(&trailer, &rows, file.limits).map_err(|error| error.at_offset(at))?;
    let ascending = ascend(&slots);
    Ok(Section {
        form: Form::Stream,
        prev: previous(&trailer, at)?,
        ascending,
        duplicates: !ascending && has_duplicates(&slots),
        slots,
        unknown,
        trailer,
        object: Some(reference.number),
        after: end_of_stream(file, end)?,
    })
}

/// The keyword `stream` and its line end (ISO 32000-2 §7.3.8.1).
pub(super) fn stream_start(lexer: &mut Lexer<'_>) -> Result<u64> {
    lexer.skip_white();
    if !lexer.keyword("stream") {
        return Err(lexer.error("a stream's data is missing"));
    }
    match lexer.peek() {
        Some(b'\r') => {
            lexer.skip(1);
            if lexer.peek() == Some(b'\n') {
                lexer.skip(1);
            }
        }
        Some(b'\n') => lexer.skip(1),
        _ => {}
    }
    Ok(lexer.offset())
}

/// Behind `endstream endobj`.
pub(super) fn end_of_stream(file: File<'_>, data_end: u64) -> Result<u64> {
    file.lex(data_end, |lexer| {
        lexer.skip_white();
        if !lexer.keyword("endstream") {
            return Err(lexer.error("a stream does not end where its length says"));
        }
        lexer.skip_white();
        lexer.keyword("endobj");
        Ok(lexer.offset())
    })
}

fn has_duplicates(slots: &[Slot]) -> bool {
    let mut numbers: Vec<u32> = slots.iter().map(|it| it.number).collect();
    numbers.sort_unstable();
    !numbers.is_sorted_by(|a, b| a < b)
}
