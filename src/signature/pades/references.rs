//! How often the objects of a revision refer to each number. A number that nothing
//! defines may be referred to all the same, and come alive when it is defined later
//! ("Shadow Attacks", 2021: hide and replace); an object may be two things at once.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use crate::encoding::pdf::{Dictionary, Location, Object, Reference, Skimmed, Stream, View};
use crate::error::Result;

#[derive(Debug)]
pub(super) struct References {
    /// The numbers that are counted, sorted.
    numbers: Vec<u32>,
    /// Of each of them.
    counts: Vec<u32>,
    /// Those of them that name an annotation as what it is.
    links: Vec<u32>,
    /// Numbers of cross-reference streams. They are trailers, which no viewer shows, as
    /// long as nothing refers to them. Sorted.
    sections: Vec<u32>,
    /// Dictionaries of what readers draw by the defaults of the form.
    without_look: u32,
}

/// What one object says.
enum Said {
    Reference(u32),
    /// The same, besides.
    Link(u32),
    WithoutLook,
}

impl References {
    /// Counts references to the numbers that some revision wrote.
    ///
    /// # Errors
    /// As reading any object.
    pub(super) fn of(view: View<'_>) -> Result<Self> {
        let revisions = view.reader().chain().revisions().iter();
        Self::to(revisions.flat_map(|it| it.changed.iter().chain(&it.xref_objects)), view)
    }

    /// Goes through every object of the revision, by place: each object stream once.
    fn to<'a>(numbers: impl Iterator<Item = &'a u32>, view: View<'_>) -> Result<Self> {
        let revisions = view.reader().chain().revisions().iter();
        let (numbers, sections) =
            (sorted(numbers), sorted(revisions.flat_map(|it| &it.xref_objects)));
        let (counts, links) = (vec![0; numbers.len()], vec![0; numbers.len()]);
        let mut references = Self { numbers, counts, links, sections, without_look: 0 };
        let mut places: Vec<_> =
            view.objects().map(|(number, location)| (place(location), number, location)).collect();
        // Most of them stand in order.
        places.sort_by_key(|it| (it.0, it.1));
        let mut found = Vec::new();
        for (_, number, location) in places {
            references.tally(view, (number, location), u32::saturating_add, &mut found)?;
        }
        Ok(references)
    }

    /// Counts references to every number where it has to be known of one that no revision
    /// wrote. `view` is what was counted in.
    ///
    /// # Errors
    /// As reading any object.
    pub(super) fn include<'a>(
        &mut self,
        mut numbers: impl Iterator<Item = &'a u32>,
        view: View<'_>,
    ) -> Result<()> {
        if numbers.any(|it| self.numbers.binary_search(it).is_err()) {
            let all: Vec<u32> = view.objects().map(|it| it.0).collect();
            *self = Self::to(all.iter(), view)?;
        }
        Ok(())
    }

    /// Counts what an object refers to, up or down; reads it only where more has to be known.
    fn tally(
        &mut self,
        view: View<'_>,
        (number, location): (u32, Location),
        step: fn(u32, u32) -> u32,
        places: &mut Vec<usize>,
    ) -> Result<()> {
        places.clear();
        let mut found = Found { numbers: &self.numbers, places };
        let section = self.sections.binary_search(&number).is_ok();
        if section || !view.skim(number, location, &mut found)? {
            return read(view, number, section, |it| {
                if let Some(count) = self.count_of(&it) {
                    *count = step(*count, 1);
                }
            });
        }
        for place in places.drain(..) {
            if let Some(count) = self.counts.get_mut(place) {
                *count = step(*count, 1);
            }
        }
        Ok(())
    }

    /// Goes back from a revision, given the numbers it changed, to the one before.
    ///
    /// # Errors
    /// As reading any object.
    pub(super) fn back(&mut self, changed: &[u32], from: View<'_>, to: View<'_>) -> Result<()> {
        let mut found = Vec::new();
        for number in changed {
            let (old, new) = ((*number, to.locate(*number)), (*number, from.locate(*number)));
            self.tally(from, new, u32::saturating_sub, &mut found)?;
            self.tally(to, old, u32::saturating_add, &mut found)?;
        }
        Ok(())
    }

    /// To a number that is counted; any other may be referred to from anywhere.
    pub(super) fn count(&self, number: u32) -> u32 {
        let place = self.numbers.binary_search(&number);
        debug_assert!(place.is_ok(), "references to {number} were not counted");
        place.ok().and_then(|it| self.counts.get(it)).copied().unwrap_or(u32::MAX)
    }

    /// How often something may be used for what it is not said to be.
    pub(super) fn uses(&self, number: u32) -> u32 {
        let place = self.numbers.binary_search(&number).ok();
        let links = place.and_then(|it| self.links.get(it)).copied().unwrap_or_default();
        self.count(number).saturating_sub(links)
    }

    /// Whether anything refers to a cross-reference stream.
    pub(super) fn to_sections(&self) -> bool {
        self.sections.iter().any(|it| self.count(*it) > 0)
    }

    /// How much there is that readers draw by the defaults of the form.
    pub(super) fn without_look(&self) -> u32 {
        self.without_look
    }

    /// Nothing for a number that nobody asks for.
    fn count_of(&mut self, said: &Said) -> Option<&mut u32> {
        let place = |number| self.numbers.binary_search(number).ok();
        match said {
            Said::Reference(number) => place(number).and_then(|it| self.counts.get_mut(it)),
            Said::Link(number) => place(number).and_then(|it| self.links.get_mut(it)),
            Said::WithoutLook => Some(&mut self.without_look),
        }
    }
}

/// What is to be counted of one object; anything else has to be read.
struct Found<'a> {
    numbers: &'a [u32],
    /// Where the numbers stand in it.
    places: &'a mut Vec<usize>,
}

impl Skimmed for Found<'_> {
    fn reference(&mut self, number: u32, key: Option<&[u8]>) -> bool {
        let Ok(place) = self.numbers.binary_search(&number) else { return true };
        self.places.push(place);
        !key.is_some_and(|key| LINKS.iter().any(|it| it.as_bytes() == key))
    }

    fn name(&mut self, name: &[u8]) -> bool {
        !matches!(name, b"FreeText" | b"Widget")
    }

    fn forget(&mut self) {
        self.places.clear();
    }
}

fn sorted<'a>(numbers: impl Iterator<Item = &'a u32>) -> Vec<u32> {
    let mut numbers: Vec<u32> = numbers.copied().collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

fn place(location: Location) -> (u64, u32) {
    match location {
        Location::Free => (0, 0),
        Location::At { offset, .. } => (offset, 0),
        Location::InStream { stream, index } => (stream.into(), index),
    }
}

fn read(view: View<'_>, number: u32, section: bool, mut found: impl FnMut(Said)) -> Result<()> {
    let generation = match view.locate(number) {
        Location::Free => return Ok(()),
        Location::At { generation, .. } => generation,
        Location::InStream { .. } => 0,
    };
    let object = view.get(Reference { number, generation })?;
    let mut open = vec![&object];
    while let Some(object) = open.pop() {
        match object {
            Object::Reference(reference) => found(Said::Reference(reference.number)),
            Object::Array(items) => open.extend(items),
            Object::Dictionary(dictionary) | Object::Stream(Stream { dictionary, .. }) => {
                if is_without_look(dictionary) {
                    found(Said::WithoutLook);
                }
                let links = LINKS.iter().filter_map(|key| dictionary.get(key)?.as_reference());
                links.for_each(|it| found(Said::Link(it.number)));
                let entries = dictionary.entries().iter();
                open.extend(
                    entries
                        .filter(|it| !section || !TRAILER_KEYS.contains(&it.key.as_slice()))
                        .map(|it| &it.value),
                );
            }
            _ => {}
        }
    }
    Ok(())
}

/// Free text, and fields that are not for signatures: readers make a look for them
/// where they have none, or none that they trust (ISO 32000-2 §12.7.4.3).
pub(super) fn is_without_look(dictionary: &Dictionary) -> bool {
    let name = |key| dictionary.get(key).and_then(Object::as_name);
    match name("Subtype") {
        Some(b"FreeText") => true,
        Some(b"Widget") => name("FT") != Some(b"Sig"),
        _ => false,
    }
}

const TRAILER_KEYS: [&[u8]; 3] = [b"Root", b"Info", b"Encrypt"];

/// Keys by which annotations name one another, and the structure tree names them
/// (ISO 32000-2 Tables 172, 186, 358).
const LINKS: [&str; 4] = ["Popup", "Parent", "IRT", "Obj"];
