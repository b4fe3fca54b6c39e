//! The strict walk of the revision chain (ISO 32000-2 §7.5.5, §7.5.6): from
//! `startxref` through every `Prev`, and what each incremental update wrote.
//!
//! A reader that repairs hides what an attacker did. This one repairs nothing; it
//! either follows the chain as it stands or says why it cannot, and names what is
//! irregular on the way.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::HashSet;

use super::lexer::{Lexer, is_white};
use super::object::Dictionary;
use super::section::{File, Form, Location, Section, Spent, read_section, unsigned};
use super::slot::{Slot, find, merge, settle};
use crate::error::{Error, Result};
use crate::limits::{Limits, within};
use crate::source::Source;

/// What all cross-reference sections of a file say, by revision.
#[derive(Debug)]
pub(crate) struct Chain {
    /// Sorted by number, then by revision.
    slots: Vec<Slot>,
    revisions: Vec<Revision>,
    /// What the file's offsets are counted from: junk may stand before `%PDF-`.
    pub(super) base: u64,
    /// What is not as ISO 32000-2 §7.5 asks, in words.
    irregular: Vec<String>,
    /// Why the file had to be searched for objects, when the chain is broken.
    pub(super) recovered: Option<String>,
}

/// An original or an incremental update.
#[derive(Debug)]
pub(crate) struct Revision {
    /// The first byte behind the revision before.
    pub(crate) start: u64,
    /// The first byte behind `%%EOF` and its line end.
    pub(crate) end: u64,
    /// The first byte behind `%%EOF` itself.
    pub(crate) mark_end: u64,
    pub(crate) trailer: Dictionary,
    pub(crate) form: Form,
    /// Where `startxref` points, as the file counts.
    pub(crate) start_xref: u64,
    /// Numbers whose place is another than in the revision before; for the first
    /// revision, which has none before it, this stays empty.
    pub(crate) changed: Vec<u32>,
    /// The objects that are its cross-reference streams.
    pub(crate) xref_objects: Vec<u32>,
    /// Cross-reference sections that it consists of.
    pub(crate) sections: usize,
}

/// A section with what follows it.
struct Walked {
    offset: u64,
    section: Section,
    tail: Option<Tail>,
    /// Where what follows it begins, white space left out.
    next: u64,
}

/// `startxref target %%EOF`.
#[derive(Debug, Clone, Copy)]
struct Tail {
    target: u64,
    mark_end: u64,
    end: u64,
}

impl Chain {
    /// # Errors
    /// `Malformed` when the chain cannot be followed as it stands; `LimitExceeded`.
    pub(super) fn scan(source: &dyn Source, limits: &Limits, spent: &Spent) -> Result<Self> {
        let header = find_header(source)?;
        let mut irregular = Vec::new();
        if header.is_none() {
            irregular.push("the header %PDF- is missing".to_owned());
        }
        let last = find_last_tail(source, limits, spent)?;
        note_trailing(source, last, &mut irregular)?;
        let mut attempt = Err(Error::malformed("there is no file"));
        // Offsets count from the header; some writers count from the first byte.
        for base in [header.unwrap_or(0), 0] {
            attempt = walk(File { source, base, limits, spent }, last.target);
            if attempt.is_ok() {
                let walked = attempt?;
                return Ok(Self::assemble(base, walked, last, irregular));
            }
        }
        attempt.map(|_| ()).and(Err(Error::malformed("the chain cannot be followed")))
    }

    fn assemble(base: u64, walked: Vec<Walked>, last: Tail, mut irregular: Vec<String>) -> Self {
        let mut groups = group(walked, last, base, &mut irregular);
        groups.reverse();
        let mut chain = Self {
            slots: Vec::new(),
            revisions: Vec::with_capacity(groups.len()),
            base,
            irregular,
            recovered: None,
        };
        let mut later = Vec::new();
        for (tail, sections) in groups {
            match chain.add_revision(tail, sections) {
                slots if chain.revisions.len() == 1 => chain.slots = slots,
                slots => later.extend_from_slice(&slots),
            }
        }
        merge(&mut chain.slots, later);
        chain.compare();
        chain
    }

    /// What it says, in the order of numbers.
    fn add_revision(&mut self, tail: Tail, sections: Vec<Walked>) -> Vec<Slot> {
        let start = self.revisions.last().map_or(0, |it| it.end);
        let count = sections.len();
        let (mut slots, mut ascending) = (Vec::new(), count == 1);
        let mut revision: Option<Revision> = None;
        for walked in sections {
            let section = walked.section;
            let size = section.trailer.get("Size").and_then(unsigned).unwrap_or(0);
            if section.trailer.duplicate().is_some() {
                self.note("a key stands twice in a trailer", start);
            }
            if section.duplicates {
                self.note("an object number stands twice in a cross-reference section", start);
            }
            if section.unknown {
                self.note("a cross-reference stream has entries of an unknown type", start);
            }
            let beyond = |it: &&Slot| u64::from(it.number) >= size;
            let last = section.slots.iter().rev();
            // Of those that ascend no other can be.
            let mut last = last.take_while(|it| beyond(it) || !section.ascending);
            if last.any(|it| beyond(&it) && !it.is_free()) {
                self.note("a cross-reference section names objects beyond its Size", start);
            }
            ascending &= section.ascending;
            match slots.is_empty() {
                true => slots = section.slots,
                false => slots.extend_from_slice(&section.slots),
            }
            let revision = revision.get_or_insert(Revision {
                start,
                end: tail.end,
                mark_end: tail.mark_end,
                trailer: section.trailer,
                form: section.form,
                start_xref: walked.offset,
                changed: Vec::new(),
                xref_objects: Vec::new(),
                sections: count,
            });
            revision.xref_objects.extend(section.object);
        }
        // Sections that come first win.
        if !ascending {
            settle(&mut slots);
        }
        match self.revisions.len() {
            0 => {}
            n => slots.iter_mut().for_each(|it| *it = it.of(n)),
        }
        self.revisions.extend(revision);
        slots
    }

    fn note(&mut self, what: &str, near: u64) {
        self.irregular.push(format!("{what} (in the revision from byte {near})"));
    }

    /// Finds what each revision changed, and what is not where it has to be.
    fn compare(&mut self) {
        let (mut misplaced, mut absent) = (None, None);
        let mut present: Option<Slot> = None;
        for (at, slot) in self.slots.iter().enumerate() {
            let n = slot.revision();
            let beside = present.is_some_and(|it| it.is_beside(*slot));
            // As nearly all are, where there are a hundred thousand: nothing is to be told.
            if beside && n == 0 {
                continue;
            }
            let Some(revision) = self.revisions.get_mut(n) else { continue };
            let before = at.checked_sub(1).and_then(|it| self.slots.get(it));
            let earlier = before.filter(|it| it.number == slot.number);
            let moved = earlier.map_or(!slot.is_free(), |it| !it.is_where(*slot));
            if moved && n > 0 {
                revision.changed.push(slot.number);
            }
            match slot.location() {
                // Earlier bytes may be brought to use later: the entry is a change then,
                // and Word's hybrid files are so written. Later ones may not.
                Location::At { offset, .. }
                    if moved && self.base.saturating_add(offset) >= revision.end =>
                {
                    misplaced = Some((slot.number, revision.start));
                }
                // One that is not there yet could be added later, and bring to life what no
                // later cross-reference section names.
                Location::InStream { stream, .. } if !beside => {
                    match find(&self.slots, stream, n).map(Slot::location) {
                        Some(Location::At { .. }) => present = Some(*slot),
                        _ => absent = absent.or(Some((slot.number, revision.start))),
                    }
                }
                _ => {}
            }
        }
        if let Some((number, near)) = misplaced {
            self.note(&format!("object {number} lies behind the revision naming it"), near);
        }
        if let Some((number, near)) = absent {
            self.note(&format!("object {number} is in an object stream that is not there"), near);
        }
    }

    /// A chain made by searching the file, of one revision.
    pub(super) fn found(
        base: u64,
        len: u64,
        entries: impl Iterator<Item = (u32, Location)>,
        trailer: Dictionary,
        reason: String,
    ) -> Self {
        let revision = Revision {
            start: 0,
            end: len,
            mark_end: len,
            trailer,
            form: Form::Table,
            start_xref: 0,
            changed: Vec::new(),
            xref_objects: Vec::new(),
            sections: 0,
        };
        let mut slots = entries.map(|(number, location)| Slot::new(number, location)).collect();
        settle(&mut slots);
        let mut chain = Self {
            slots,
            revisions: vec![revision],
            base,
            irregular: Vec::new(),
            recovered: Some(reason),
        };
        chain.compare();
        chain
    }

    /// Where an object is, as of a revision counted from 0.
    pub(crate) fn locate(&self, number: u32, revision: usize) -> Location {
        find(&self.slots, number, revision).map_or(Location::Free, Slot::location)
    }

    /// Oldest first; at least one.
    pub(crate) fn revisions(&self) -> &[Revision] {
        &self.revisions
    }

    pub(crate) fn irregular(&self) -> &[String] {
        &self.irregular
    }

    pub(crate) fn recovered(&self) -> Option<&str> {
        self.recovered.as_deref()
    }

    /// What the file's offsets are counted from, in bytes of the source.
    pub(crate) fn base(&self) -> u64 {
        self.base
    }

    /// Every number that some revision names, once each, with where it is as of a revision.
    pub(super) fn objects(&self, revision: usize) -> impl Iterator<Item = (u32, Location)> {
        self.slots.chunk_by(|a, b| a.number == b.number).filter_map(move |slots| {
            let number = slots.first()?.number;
            let slot = slots.iter().rfind(|it| it.revision() <= revision);
            Some((number, slot.map_or(Location::Free, |it| it.location())))
        })
    }

    /// One more than the highest number in use or named by a trailer's `Size`.
    pub(crate) fn size(&self) -> u32 {
        let named = self.revisions.iter().filter_map(|it| {
            it.trailer.get("Size").and_then(unsigned).and_then(|size| u32::try_from(size).ok())
        });
        let used = self.slots.last().map_or(0, |slot| slot.number.saturating_add(1));
        named.fold(used, u32::max)
    }
}

/// `%PDF-` within the first kilobyte (Annex I of ISO 32000-1).
pub(super) fn find_header(source: &dyn Source) -> Result<Option<u64>> {
    let head = source.window(0..source.len().min(1024))?;
    let at = head.windows(5).position(|it| it == b"%PDF-");
    Ok(at.and_then(|at| u64::try_from(at).ok()))
}

/// The last `startxref` of the file. Readers look for it within the last kilobyte;
/// some padding more is let through.
fn find_last_tail(source: &dyn Source, limits: &Limits, spent: &Spent) -> Result<Tail> {
    const TAIL: u64 = 4 << 10;
    const WORD: &[u8] = b"startxref";
    let start = source.len().saturating_sub(TAIL);
    let bytes = source.window(start..source.len())?;
    let at = bytes
        .windows(WORD.len())
        .rposition(|it| it == WORD)
        .and_then(|at| u64::try_from(at).ok())
        .ok_or_else(|| {
            Error::malformed("this is no whole PDF: there is no startxref at its end")
                .at_offset(start)
        })?;
    let at = start.saturating_add(at);
    let tail = File { source, base: 0, limits, spent }.lex(at, read_tail)?;
    tail.ok_or_else(|| Error::malformed("startxref or %%EOF at the end is broken").at_offset(at))
}

/// `startxref target %%EOF` with one line end; nothing where something else stands.
fn read_tail(lexer: &mut Lexer<'_>) -> Result<Option<Tail>> {
    lexer.skip_white();
    if !lexer.keyword("startxref") {
        return Ok(None);
    }
    lexer.skip_white();
    let Some(target) = lexer.unsigned() else { return Ok(None) };
    while lexer.peek().is_some_and(is_white) {
        lexer.skip(1);
    }
    if !lexer.rest().starts_with(b"%%EOF") {
        return Ok(None);
    }
    lexer.skip(5);
    let mark_end = lexer.offset();
    if lexer.peek() == Some(b'\r') {
        lexer.skip(1);
    }
    if lexer.peek() == Some(b'\n') {
        lexer.skip(1);
    }
    Ok(Some(Tail { target, mark_end, end: lexer.offset() }))
}

fn note_trailing(source: &dyn Source, last: Tail, irregular: &mut Vec<String>) -> Result<()> {
    let rest = source.window(last.end..source.len())?;
    if !rest.iter().all(|byte| is_white(*byte)) {
        irregular.push(format!("bytes follow the last %%EOF (at byte {})", last.end));
    }
    Ok(())
}

/// Newest first. Every section once: a loop is refused.
fn walk(file: File<'_>, start: u64) -> Result<Vec<Walked>> {
    let mut seen = HashSet::new();
    let mut walked = Vec::new();
    let mut entries = 0_usize;
    let mut next = Some(start);
    while let Some(offset) = next {
        if !seen.insert(offset) {
            return Err(Error::malformed("the chain of revisions runs in a circle")
                .at_offset(file.place(offset)));
        }
        within(seen.len(), file.limits.pdf_revisions, "revisions of a PDF")?;
        let section = read_section(file, offset)?;
        entries = entries.saturating_add(section.slots.len());
        within(entries, file.limits.pdf_objects, "cross-reference entries")?;
        next = section.prev;
        let (follows, tail) = file.lex(section.after, |lexer| {
            lexer.skip_white();
            Ok((lexer.offset(), read_tail(lexer)?))
        })?;
        walked.push(Walked { offset, section, tail, next: follows });
    }
    Ok(walked)
}

/// Sections to revisions, newest first. Each is closed by a `startxref` that names
/// it; in a linearized file (Annex F) the one that names the first section stands
/// behind the second.
fn group(
    walked: Vec<Walked>,
    last: Tail,
    base: u64,
    irregular: &mut Vec<String>,
) -> Vec<(Tail, Vec<Walked>)> {
    let mut groups: Vec<(Tail, Vec<Walked>)> = Vec::new();
    let mut walked = walked.into_iter().peekable();
    while let Some(first) = walked.next() {
        let mut place = base.saturating_add(first.offset);
        let named = |tail: Option<Tail>| tail.filter(|it| it.target == first.offset);
        let own = named(first.tail);
        let paired = walked.peek().and_then(|second| named(second.tail));
        let newest = groups.is_empty();
        match (own, paired) {
            (Some(tail), _) => groups.push((tail, vec![first])),
            (None, Some(tail)) => {
                let second = walked.next();
                groups.push((tail, [first].into_iter().chain(second).collect()));
            }
            (None, None) => {
                irregular.push(format!("no startxref closes the revision (of byte {place})"));
                let after = first.section.after;
                let open = Tail { target: first.offset, mark_end: after, end: after };
                groups.push((if newest { last } else { open }, vec![first]));
            }
        }
        // Hybrid files: the table that older readers see, and right behind it a second.
        while let Some(beside) = walked.next_if(|older| older.tail.is_none() && older.next == place)
            && let Some((_, sections)) = groups.last_mut()
        {
            place = base.saturating_add(beside.offset);
            sections.push(beside);
        }
    }
    if !groups.is_sorted_by(|newer, older| newer.0.end >= older.0.end) {
        irregular.push("the revisions do not follow one another in the file".to_owned());
    }
    if groups.first().is_some_and(|(tail, _)| tail.end != last.end) {
        irregular.push("the last startxref does not belong to the section it names".to_owned());
    }
    groups
}
