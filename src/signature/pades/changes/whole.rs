//! What is the same in every revision that is looked at, since none of those behind it
//! changed more than is harmless: the tree of fields and the tree of pages. Each is read
//! once for a file, and only where it is asked for.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;

use crate::encoding::pdf::{Field, Reference, View, fields, pages_before};
use crate::error::Result;

pub(super) struct Whole<'r> {
    /// The newest revision.
    pub(super) view: View<'r>,
    fields: OnceCell<Fields>,
    pages: RefCell<HashMap<Reference, Option<usize>>>,
}

/// The fields of the form by their objects.
pub(super) struct Fields {
    all: Vec<Field>,
    /// Nothing where the object has several places in the tree.
    places: HashMap<u32, Option<usize>>,
}

impl<'r> Whole<'r> {
    pub(super) fn new(view: View<'r>) -> Self {
        Self { view, fields: OnceCell::new(), pages: RefCell::default() }
    }

    /// # Errors
    /// As reading any object.
    pub(super) fn fields(&self) -> Result<&Fields> {
        if let Some(found) = self.fields.get() {
            return Ok(found);
        }
        let found = Fields::of(fields(self.view)?);
        Ok(self.fields.get_or_init(|| found))
    }

    /// The number of a page, from 1.
    ///
    /// # Errors
    /// As reading any object.
    pub(super) fn page(&self, page: Reference) -> Result<Option<usize>> {
        if let Some(known) = self.pages.borrow().get(&page) {
            return Ok(*known);
        }
        let before = pages_before(self.view, page)?;
        let number = before.and_then(|it| usize::try_from(it.saturating_add(1)).ok());
        self.pages.borrow_mut().insert(page, number);
        Ok(number)
    }
}

impl Fields {
    fn of(all: Vec<Field>) -> Self {
        let mut places = HashMap::new();
        for (n, field) in all.iter().enumerate() {
            let widgets = field.widgets.iter().filter_map(|it| it.0);
            // A field that is its own widget is there twice, in one place.
            let widgets = widgets.filter(|it| Some(*it) != field.reference);
            for reference in field.reference.into_iter().chain(widgets) {
                let place = places.entry(reference.number).or_insert(Some(n));
                if *place != Some(n) {
                    *place = None;
                }
            }
        }
        Self { all, places }
    }

    /// The only field that an object belongs to, itself or as its widget.
    pub(super) fn of_object(&self, number: u32) -> Option<&Field> {
        self.all.get((*self.places.get(&number)?)?)
    }
}
