//! How often the objects of a revision refer to each number. A number that nothing
//! defines may be referred to all the same, and come alive when it is defined later
//! ("Shadow Attacks", 2021: hide and replace); an object may be two things at once.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::HashMap;

use crate::encoding::pdf::{Location, Object, Reference, Stream, View};
use crate::error::Result;

#[derive(Debug)]
pub(super) struct References {
    counts: HashMap<u32, u32>,
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
        let mut references = Self { counts: HashMap::new() };
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
            for_each_reference(from, *number, |it| {
                let count = self.counts.entry(it).or_default();
                *count = count.saturating_sub(1);
            })?;
            self.add(to, *number)?;
        }
        Ok(())
    }

    pub(super) fn count(&self, number: u32) -> u32 {
        self.counts.get(&number).copied().unwrap_or_default()
    }

    fn add(&mut self, view: View<'_>, number: u32) -> Result<()> {
        for_each_reference(view, number, |it| {
            let count = self.counts.entry(it).or_default();
            *count = count.saturating_add(1);
        })
    }
}

fn place(view: View<'_>, number: u32) -> (u64, u32) {
    match view.locate(number) {
        Location::Free => (0, 0),
        Location::At { offset, .. } => (offset, 0),
        Location::InStream { stream, index } => (stream.into(), index),
    }
}

fn for_each_reference(view: View<'_>, number: u32, mut found: impl FnMut(u32)) -> Result<()> {
    let generation = match view.locate(number) {
        Location::Free => return Ok(()),
        Location::At { generation, .. } => generation,
        Location::InStream { .. } => 0,
    };
    let object = view.get(Reference { number, generation })?;
    let mut open = vec![&object];
    while let Some(object) = open.pop() {
        match object {
            Object::Reference(reference) => found(reference.number),
            Object::Array(items) => open.extend(items),
            Object::Dictionary(dictionary) | Object::Stream(Stream { dictionary, .. }) => {
                // A cross-reference stream is a trailer, which no viewer shows.
                let trailer = dictionary.is_a("XRef");
                let entries = dictionary.entries().iter();
                open.extend(
                    entries
                        .filter(|it| !trailer || !TRAILER_KEYS.contains(&it.key.as_slice()))
                        .map(|it| &it.value),
                );
            }
            _ => {}
        }
    }
    Ok(())
}

const TRAILER_KEYS: [&[u8]; 3] = [b"Root", b"Info", b"Encrypt"];
