//! What the revisions after a signature changed, told conservatively: a change is
//! only called harmless when everything that was written is accounted for.
//!
//! Objects of one revision are held against those of the revision before, both by
//! the strict chain. The cost is that of the changed objects.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod annotations;
mod cover;
mod covered;
mod document;
mod drawing;
mod fields;
mod filling;
mod looks;
mod store;
mod whole;

use std::collections::HashSet;

use self::whole::Whole;
use super::facts::{Kinds, LaterChanges, RevisionChanges};
use super::references::References;
use super::shape::only;
use crate::encoding::pdf::{
    Dictionary, Form, Location, Object, Reader, Reference, Revision, Stream, View,
};
use crate::error::{Error, ErrorKind, Result};

/// What came after one revision.
#[derive(Debug, Clone, Copy)]
pub(super) struct Since {
    pub(super) changes: LaterChanges,
    pub(super) kinds: Kinds,
    /// The first revision, counted from 1, that drew what may hide something.
    pub(super) drawn: Option<usize>,
}

/// What came after each revision from `oldest` on, counted from 1, and what each of
/// the revisions behind it changed.
///
/// # Errors
/// `LimitExceeded`; `Io`. What cannot be read is [`LaterChanges::Other`].
pub(super) fn later_changes(
    reader: &Reader<'_>,
    oldest: usize,
) -> Result<(Vec<Since>, Vec<RevisionChanges>)> {
    let revisions = reader.chain().revisions();
    let stray = has_stray_bytes(reader)?;
    let changes = if stray { LaterChanges::Other } else { LaterChanges::None };
    let mut since = Since { changes, kinds: Kinds::default(), drawn: None };
    let (whole, mut references) = (Whole::new(reader.newest()), None);
    let (mut all, mut told) = (vec![since], Vec::new());
    for revision in (oldest..revisions.len()).rev() {
        let number = revision.saturating_add(1);
        let mut own = RevisionChanges::unknown(number);
        // Nothing is worse, and what stands still beneath is only known up to there.
        if since.changes < LaterChanges::Other {
            own = changes_of(&whole, revision, &mut references)?;
            since.changes = since.changes.max(own.kind.unwrap_or(LaterChanges::Other));
            since.kinds = since.kinds.and(&own);
            since.drawn = own.draws.then_some(number).or(since.drawn);
        }
        all.push(since);
        told.push(own);
    }
    all.reverse();
    told.reverse();
    Ok((all, told))
}

/// Whether anything but white space follows the last revision.
fn has_stray_bytes(reader: &Reader<'_>) -> Result<bool> {
    const MOST: u64 = 4 << 10;
    let (end, len) =
        (reader.chain().revisions().last().map_or(0, |it| it.end), reader.source().len());
    if len.saturating_sub(end) > MOST {
        return Ok(true);
    }
    if !reader.ends_plainly()? {
        return Ok(true);
    }
    let rest = reader.source().window(end.min(len)..len)?;
    Ok(rest.iter().any(|byte| !matches!(byte, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ')))
}

/// What one revision, counted from 0, changed. `references` are those of the revision
/// after, and then of the one before.
fn changes_of(
    whole: &Whole<'_>,
    revision: usize,
    references: &mut Option<References>,
) -> Result<RevisionChanges> {
    let (number, reader) = (revision.saturating_add(1), whole.view.reader());
    let other =
        || RevisionChanges { kind: Some(LaterChanges::Other), ..RevisionChanges::unknown(number) };
    let Some(written) = reader.chain().revisions().get(revision) else { return Ok(other()) };
    let mut step = Step {
        revision,
        old: reader.at(revision.saturating_sub(1)),
        new: reader.at(revision),
        whole,
        open: written.changed.iter().copied().collect(),
        widgets: HashSet::new(),
        altered: Vec::new(),
        annotations_only: Vec::new(),
        shown_once: Vec::new(),
        freed: Vec::new(),
        information: None,
        defaults: false,
        readers_draw: false,
        filled: HashSet::new(),
        told: RevisionChanges {
            kind: Some(LaterChanges::None),
            ..RevisionChanges::unknown(number)
        },
    };
    for number in &written.xref_objects {
        if step.is_new(*number) {
            step.open.remove(number);
        }
    }
    let judged = step
        .nothing_unnamed(written)
        .and_then(|()| step.judge())
        .and_then(|()| step.references(written, references));
    match judged {
        Ok(()) => Ok(step.told),
        Err(Doubt::Unexplained) => Ok(other()),
        Err(Doubt::Failed(error)) => match error.kind() {
            ErrorKind::Malformed | ErrorKind::Unsupported => Ok(other()),
            _ => Err(error),
        },
    }
}

/// Why a revision is not harmless, or cannot be told to be.
enum Doubt {
    Unexplained,
    Failed(Error),
}

impl From<Error> for Doubt {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

type Judged<T = ()> = std::result::Result<T, Doubt>;

/// Fails where something is not accounted for.
fn ensure(holds: bool) -> Judged {
    if holds { Ok(()) } else { Err(Doubt::Unexplained) }
}

/// The dictionary under a key, which is not one that describes a stream: what the data
/// are would not be looked at.
fn dictionary(view: View<'_>, parent: &Dictionary, key: &str) -> Judged<Option<Dictionary>> {
    match view.value(parent, key)? {
        Object::Null => Ok(None),
        Object::Dictionary(dictionary) => Ok(Some(dictionary)),
        _ => Err(Doubt::Unexplained),
    }
}

/// One revision against the one before.
struct Step<'r> {
    /// Counted from 0.
    revision: usize,
    old: View<'r>,
    new: View<'r>,
    whole: &'r Whole<'r>,
    /// Numbers of changed objects that are not accounted for yet.
    open: HashSet<u32>,
    /// Widgets of signature fields that are new.
    widgets: HashSet<Reference>,
    /// Old objects that were accounted for by the one place that leads to them.
    altered: Vec<u32>,
    /// Annotations that were changed, to which others may lead as such.
    annotations_only: Vec<u32>,
    /// Widgets of fields to which the form leads, and one page; with how often.
    shown_once: Vec<(u32, usize)>,
    /// Objects that were there.
    freed: Vec<u32>,
    /// The document information, to which only the trailer leads.
    information: Option<u32>,
    /// Whether the form got defaults for what has no look of its own.
    defaults: bool,
    /// Whether readers make all looks of fields anew.
    readers_draw: bool,
    /// The widgets that readers would draw by them of the fields that were filled in.
    filled: HashSet<u32>,
    told: RevisionChanges,
}

impl Step<'_> {
    fn judge(&mut self) -> Judged {
        self.same_again()?;
        self.trailer()?;
        self.catalog()?;
        self.grown_branches()?;
        self.filled_fields()?;
        self.filled_widgets()?;
        self.form_filling()?;
        self.pages()?;
        self.drawn_through()?;
        self.changed_annotations()?;
        self.freed_with_annotations();
        self.containers()?;
        ensure(self.open.is_empty())
    }

    /// Whether every object that stands in the revision is one that its cross-reference
    /// section names: others show in readers that find something to repair.
    fn nothing_unnamed(&self, written: &Revision) -> Judged {
        let reader = self.new.reader();
        let trailers = reader.trailers(written.start..written.end)?;
        ensure(trailers == usize::from(written.form == Form::Table))?;
        ensure(reader.section_is_plain(written)?)?;
        let mut named = HashSet::new();
        for number in &written.changed {
            if let Location::At { offset, .. } = self.new.locate(*number) {
                named.insert(reader.plain_header(offset)?.ok_or(Doubt::Unexplained)?);
            }
        }
        if !written.xref_objects.is_empty() {
            named.extend(reader.plain_header(written.start_xref)?);
        }
        let found = reader.header_ends(written.start..written.end)?;
        ensure(found.iter().all(|it| named.contains(it)))
    }

    /// A new object must be new to every object that there was, and an altered one must
    /// be nothing besides what it was altered as.
    fn references(&self, written: &Revision, references: &mut Option<References>) -> Judged {
        let mut known = references.take().map_or_else(|| References::of(self.new), Ok)?;
        let shown = self.shown_once.iter().map(|it| &it.0);
        let asked = self.altered.iter().chain(&self.annotations_only).chain(shown);
        known.include(asked, self.new)?;
        ensure(self.freed.iter().all(|number| known.count(*number) == 0))?;
        known.back(&written.changed, self.new, self.old)?;
        let before = references.insert(known);
        // One that something refers to could be more than a section.
        // What was filled in now is told, however readers draw it.
        let filled = u32::try_from(self.filled.len()).unwrap_or_default();
        let default_look = self.defaults && before.without_look() > filled;
        ensure(!before.to_sections() && !default_look)?;
        let mut new = written.changed.iter().chain(&written.xref_objects);
        ensure(new.all(|number| !self.is_new(*number) || before.count(*number) == 0))?;
        ensure(self.information.is_none_or(|number| before.count(number) == 0))?;
        ensure(self.annotations_only.iter().all(|number| before.uses(*number) <= 1))?;
        let uses = |number| usize::try_from(before.uses(number)).unwrap_or(usize::MAX);
        ensure(self.shown_once.iter().all(|(number, most)| uses(*number) <= *most))?;
        ensure(self.altered.iter().all(|number| before.count(*number) <= 1))
    }

    /// Whether the revision before had no such object.
    fn is_new(&self, number: u32) -> bool {
        self.old.locate(number) == Location::Free
    }

    fn at_least(&mut self, level: LaterChanges) {
        self.told.kind = self.told.kind.max(Some(level));
    }

    /// What is not accounted for, as it was and as it is. A number that was freed, or used
    /// again for something else, is not among them.
    fn pairs(&self) -> Judged<Vec<(Reference, Object, Object)>> {
        let mut pairs = Vec::new();
        for number in self.open.iter().copied().filter(|number| !self.is_new(*number)) {
            let generation = |location| match location {
                Location::At { generation, .. } => generation,
                Location::Free | Location::InStream { .. } => 0,
            };
            let old = generation(self.old.locate(number));
            let new = self.new.locate(number);
            if new != Location::Free && generation(new) == old {
                let reference = Reference { number, generation: old };
                pairs.push((reference, self.old.get(reference)?, self.new.get(reference)?));
            }
        }
        Ok(pairs)
    }

    /// Objects that were written again as they were.
    fn same_again(&mut self) -> Judged {
        for (reference, old, new) in self.pairs()? {
            let same = match (&old, &new) {
                (Object::Stream(old), Object::Stream(new)) => self.same_stream(old, new)?,
                (Object::Stream(_), _) | (_, Object::Stream(_)) => false,
                (old, new) => old == new,
            };
            if same {
                self.open.remove(&reference.number);
            }
        }
        Ok(())
    }

    fn same_stream(&self, old: &Stream, new: &Stream) -> Judged<bool> {
        if old.dictionary != new.dictionary {
            return Ok(false);
        }
        let (mut a, mut b) = (self.old.stream_data(old)?, self.new.stream_data(new)?);
        let source = self.new.reader().source();
        const PART: u64 = 64 << 10;
        while a.start < a.end && b.start < b.end {
            let first = a.start..a.start.saturating_add(PART).min(a.end);
            let second = b.start..b.start.saturating_add(PART).min(b.end);
            (a.start, b.start) = (first.end, second.end);
            if source.window(first)? != source.window(second)? {
                return Ok(false);
            }
        }
        Ok(a.is_empty() && b.is_empty())
    }

    fn explain(&mut self, number: u32, level: LaterChanges) {
        if self.open.remove(&number) {
            self.at_least(level);
        }
    }

    /// Accounts for a value's own object, if it has one: a new one, or the one that
    /// was there in the same place and, as is seen at the end, nowhere else.
    fn holder(&mut self, old: Option<&Object>, new: Option<&Object>) -> Judged {
        let Some(reference) = new.and_then(Object::as_reference) else { return Ok(()) };
        if self.open.contains(&reference.number) && !self.is_new(reference.number) {
            ensure(old == new)?;
            self.altered.push(reference.number);
        }
        self.explain(reference.number, LaterChanges::LtaUpdates);
        Ok(())
    }

    /// New object streams, whose objects are accounted for by themselves, and
    /// cross-reference streams that got an entry later.
    fn containers(&mut self) -> Judged {
        let revisions = self.new.reader().chain().revisions();
        for number in self.open.iter().copied().collect::<Vec<_>>() {
            let reference = Reference { number, generation: 0 };
            if !self.is_new(number) {
                continue;
            }
            let Object::Stream(stream) = self.new.get(reference)? else { continue };
            if stream.dictionary.is_a("ObjStm") {
                // A reader that repairs takes what no section names, too.
                let within = |it| matches!(self.new.locate(it), Location::InStream { stream, .. } if stream == number);
                ensure(self.new.numbers_in(number)?.into_iter().all(within))?;
                self.open.remove(&number);
            } else if revisions.iter().any(|it| it.xref_objects.contains(&number)) {
                self.open.remove(&number);
            }
        }
        Ok(())
    }

    /// Accounts for the new objects that a new object leads to. Old ones that were
    /// changed are not accounted for by being referred to.
    fn absorb(&mut self, object: &Object) -> Judged {
        let mut stack = vec![object.clone()];
        while let Some(object) = stack.pop() {
            match object {
                // A reader that does not find it searches the whole file.
                Object::Reference(it) if self.new.locate(it.number) == Location::Free => {
                    return Err(Doubt::Unexplained);
                }
                Object::Reference(reference)
                    if self.is_new(reference.number) && self.open.remove(&reference.number) =>
                {
                    stack.push(self.new.get(reference)?);
                }
                Object::Array(items) => stack.extend(items),
                Object::Dictionary(dictionary) | Object::Stream(Stream { dictionary, .. }) => {
                    // What a reader that repairs would take for more than it is.
                    ensure(!["XRef", "ObjStm", "Catalog"].iter().any(|it| dictionary.is_a(it)))?;
                    stack.extend(dictionary.entries().iter().map(|it| it.value.clone()));
                }
                _ => {}
            }
        }
        Ok(())
    }
}
