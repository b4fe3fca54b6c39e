//! How often the objects of a revision refer to each number. A number that nothing
//! defines may be referred to all the same, and come alive when it is defined later
//! ("Shadow Attacks", 2021: hide and replace); an object may be two things at once.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::{HashMap, HashSet};

use crate::encoding::pdf::{Dictionary, Location, Object, Reference, Stream, View};
use crate::error::Result;

#[derive(Debug)]
pub(super) struct References {
    counts: HashMap<u32, u32>,
    /// Those of them that name an annotation as what it is.
    links: HashMap<u32, u32>,
    /// Numbers of cross-reference streams. They are trailers, which no viewer shows, as
    /// long as nothing refers to them.
    sections: HashSet<u32>,
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
    /// Reads every object of the revision, by place: each object stream once.
    ///
    /// # Errors
    /// As reading any object.
    pub(super) fn of(view: View<'_>) -> Result<Self> {
        let numbers = view.reader().chain().numbers();
        let mut places: Vec<_> = numbers.map(|number| (place(view, number), number)).collect();
        places.sort_unstable();
        let revisions = view.reader().chain().revisions();
        let sections = revisions.iter().flat_map(|it| it.xref_objects.iter().copied()).collect();
        let mut references =
            Self { counts: HashMap::new(), links: HashMap::new(), sections, without_look: 0 };
        for (_, number) in places {
            references.add(view, number)?;
        }
        Ok(references)
    }

    /// Goes back from a revision, given the numbers it changed, to the one before.
    ///
    /// # Errors
    /// As reading any object.
    pub(super) fn back(&mut self, changed: &[u32], from: View<'_>, to: View<'_>) -> Result<()> {
        for number in changed {
            let section = self.sections.contains(number);
            read(from, *number, section, |it| {
                let count = self.count_of(&it);
                *count = count.saturating_sub(1);
            })?;
            self.add(to, *number)?;
        }
        Ok(())
    }

    pub(super) fn count(&self, number: u32) -> u32 {
        self.counts.get(&number).copied().unwrap_or_default()
    }

    /// How often something may be used for what it is not said to be.
    pub(super) fn uses(&self, number: u32) -> u32 {
        let links = self.links.get(&number).copied().unwrap_or_default();
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

    fn add(&mut self, view: View<'_>, number: u32) -> Result<()> {
        let section = self.sections.contains(&number);
        read(view, number, section, |it| {
            let count = self.count_of(&it);
            *count = count.saturating_add(1);
        })
    }

    fn count_of(&mut self, said: &Said) -> &mut u32 {
        match said {
            Said::Reference(number) => self.counts.entry(*number).or_default(),
            Said::Link(number) => self.links.entry(*number).or_default(),
            Said::WithoutLook => &mut self.without_look,
        }
    }
}

fn place(view: View<'_>, number: u32) -> (u64, u32) {
    match view.locate(number) {
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
