//! Page content (ISO 32000-2 §7.8, §8, §9): what a page, a form or an annotation draws,
//! and where. Nothing is rendered.
//!
//! Every place is such that nothing of a mark is outside; what cannot be told is a doubt,
//! never a guess. What masks a picture is read where it is asked for. Not looked at: what
//! patterns show, and whether what a font says about the letters it shows is true.

mod annotation;
mod cff;
mod characters;
mod cmap;
mod effort;
mod font;
mod geometry;
mod letters;
mod lines;
mod machine;
mod marks;
mod names;
mod operators;
mod outlines;
mod paths;
mod pictures;
mod program;
mod raster;
mod shape;
mod showing;
mod state;
mod tokens;
mod type1;
mod type2;
mod widths;

#[cfg(test)]
mod effort_tests;
#[cfg(any(test, fuzzing))]
pub(crate) mod exhaust;
#[cfg(test)]
mod program_tests;
#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

pub(crate) use annotation::{annotation_marks, annotation_place};
pub(crate) use geometry::Rect;
#[cfg(any(feature = "appearance", test, fuzzing))]
pub(crate) use lines::find;
pub(crate) use lines::lines;
pub(crate) use marks::{Ink, Mark, Marks, Outline};
pub(crate) use pictures::{Budget, Picture, Veil};

use machine::Machine;
use state::Graphics;

use super::object::{Dictionary, Object};
use super::reader::View;
use crate::error::{ErrorKind, Result};
use crate::limits::{Limits, within};

/// What a page draws by itself, its annotations not counted: what stands in its
/// dictionary and those above it.
///
/// # Errors
/// `LimitExceeded`; `Io`. What is broken is a doubt.
pub(crate) fn page_marks(view: View<'_>, page: &Dictionary, limits: &Limits) -> Result<Marks> {
    let mut machine = Machine::new(view, Graphics::default(), limits);
    let mut streams = Vec::new();
    let contents = known(view.value(page, "Contents"))?;
    let items = match contents {
        Object::Array(items) => items,
        Object::Null => Vec::new(),
        one => vec![one],
    };
    within(items.len(), limits.pdf_content_marks, "content streams of a page")?;
    for item in &items {
        let stream = known(view.resolve(item))?;
        let content = match &stream {
            Object::Stream(stream) => known(view.decoded(stream).map(Some))?,
            _ => None,
        };
        if content.is_none() {
            machine.doubt("a content stream that cannot be read");
        }
        let content = content.unwrap_or_default();
        // One after the other: together they may be more than there is memory for.
        machine.spend(content.len())?;
        streams.push(content);
    }
    let resources = inherited(view, page, "Resources")?;
    let resources = resources.as_dictionary().cloned().unwrap_or_default();
    machine.begin(streams, resources);
    machine.run()
}

/// A value of a page that the nodes above it may have (ISO 32000-2 §7.7.3.4); null where
/// there is none.
///
/// # Errors
/// `LimitExceeded`; `Io`.
pub(crate) fn inherited(view: View<'_>, page: &Dictionary, key: &str) -> Result<Object> {
    let mut node = page.clone();
    for _ in 0..view.reader().limits().pdf_depth {
        let value = known(view.value(&node, key))?;
        if !value.is_null() {
            return Ok(value);
        }
        match known(view.value(&node, "Parent"))? {
            Object::Dictionary(parent) => node = parent,
            _ => break,
        }
    }
    Ok(Object::Null)
}

/// The value of a key; of an array, its items resolved.
fn numbers_of(view: View<'_>, dictionary: &Dictionary, key: &str) -> Result<Object> {
    match known(view.value(dictionary, key))? {
        Object::Array(items) => {
            let items: Result<Vec<Object>> =
                items.iter().take(6).map(|item| known(view.resolve(item))).collect();
            items.map(Object::Array)
        }
        other => Ok(other),
    }
}

/// What cannot be read is as if it were not there.
fn known<T: Nothing>(read: Result<T>) -> Result<T> {
    read.or_else(|error| match error.kind() {
        ErrorKind::Malformed | ErrorKind::Unsupported => Ok(T::NOTHING),
        _ => Err(error),
    })
}

/// What stands for something that is not there.
trait Nothing {
    const NOTHING: Self;
}

impl Nothing for Object {
    const NOTHING: Self = Self::Null;
}

impl<T> Nothing for Option<T> {
    const NOTHING: Self = None;
}
