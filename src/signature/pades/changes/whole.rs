//! What is the same in every revision that is looked at, since none of those behind it
//! changed more than is harmless: the tree of fields and the tree of pages. Each is read
//! once for a file, and only where it is asked for.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::covered::Pages;
use super::{Doubt, Judged, ensure};
use crate::encoding::pdf::{Dictionary, Field, Object, Reference, View, fields, pages_before};
use crate::error::Result;

pub(super) struct Whole<'r> {
    /// The newest revision.
    pub(super) view: View<'r>,
    fields: OnceCell<Fields>,
    pages: RefCell<HashMap<Reference, Option<usize>>>,
    leads: RefCell<Option<Leads>>,
    pub(super) letters: RefCell<Pages>,
}

/// Which pages lead to which contents and resources. Those are not the same in every
/// revision: they go back with the pages that a revision changed.
struct Leads {
    /// The revision that they are those of, counted from 0.
    revision: usize,
    /// In the order in which they are looked at, and by their numbers.
    pages: Vec<Reference>,
    places: HashMap<u32, usize>,
    /// The pages, by the number of what they lead to.
    from: HashMap<u32, BTreeSet<usize>>,
    /// What each page leads to.
    to: Vec<Vec<u32>>,
}

/// The fields of the form by their objects.
pub(super) struct Fields {
    all: Vec<Field>,
    /// Nothing where the object has several places in the tree.
    places: HashMap<u32, Option<usize>>,
}

impl<'r> Whole<'r> {
    pub(super) fn new(view: View<'r>) -> Self {
        Self {
            view,
            fields: OnceCell::new(),
            pages: RefCell::default(),
            leads: RefCell::default(),
            letters: RefCell::default(),
        }
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

    /// The pages of a revision, counted from 0, whose contents or resources are among these
    /// objects. Revisions are asked for from the newest on, as they are looked at; whatever
    /// their number, each page is read once, and again for each revision that changed it.
    pub(super) fn pages_of(
        &self,
        revision: usize,
        led_to: &HashSet<u32>,
    ) -> Judged<Vec<Reference>> {
        let mut known = self.leads.borrow_mut();
        let mut leads = match known.take() {
            Some(leads) => leads,
            None => Leads::of(self.view.reader().at(revision), revision)?,
        };
        leads.back(revision, self.view)?;
        let leads = known.insert(leads);
        let found: BTreeSet<usize> =
            led_to.iter().filter_map(|it| leads.from.get(it)).flatten().copied().collect();
        Ok(found.into_iter().filter_map(|it| leads.pages.get(it).copied()).collect())
    }
}

/// The objects that a page has as its contents and its resources.
pub(super) fn led_to(page: &Dictionary) -> impl Iterator<Item = Reference> {
    let keys = ["Contents", "Resources"].into_iter().filter(|_| page.is_a("Page"));
    keys.filter_map(|key| page.get(key).and_then(Object::as_reference))
}

impl Leads {
    /// By the tree of pages.
    fn of(view: View<'_>, revision: usize) -> Judged<Self> {
        /// Where there are more, what is changed stays unexplained.
        const PAGES: usize = 10_000;
        let mut leads = Self {
            revision,
            pages: Vec::new(),
            places: HashMap::new(),
            from: HashMap::new(),
            to: Vec::new(),
        };
        let (_, catalog) = view.catalog()?;
        let mut open: Vec<Object> = catalog.get("Pages").cloned().into_iter().collect();
        let mut seen = HashSet::new();
        while let Some(node) = open.pop() {
            let reference = node.as_reference().ok_or(Doubt::Unexplained)?;
            ensure(seen.insert(reference) && seen.len() <= PAGES)?;
            let object = view.get(reference)?;
            let node = object.as_dictionary().ok_or(Doubt::Unexplained)?;
            open.extend(view.array(node, "Kids")?);
            let place = leads.pages.len();
            leads.pages.push(reference);
            leads.places.insert(reference.number, place);
            leads.to.push(Vec::new());
            leads.set(place, node);
        }
        Ok(leads)
    }

    fn set(&mut self, place: usize, page: &Dictionary) {
        let Some(to) = self.to.get_mut(place) else { return };
        for number in to.drain(..) {
            if let Some(from) = self.from.get_mut(&number) {
                from.remove(&place);
            }
        }
        to.extend(led_to(page).map(|it| it.number));
        for number in to {
            self.from.entry(*number).or_default().insert(place);
        }
    }

    /// Those of an earlier revision.
    fn back(&mut self, revision: usize, whole: View<'_>) -> Judged {
        let reader = whole.reader();
        let view = reader.at(revision);
        let later = reader.chain().revisions().get(revision.saturating_add(1)..);
        let count = self.revision.saturating_sub(revision);
        let changed = later.unwrap_or_default().iter().take(count).flat_map(|it| &it.changed);
        let places: BTreeMap<u32, usize> =
            changed.filter_map(|it| Some((*it, *self.places.get(it)?))).collect();
        for place in places.into_values() {
            let Some(reference) = self.pages.get(place) else { continue };
            let object = view.get(*reference)?;
            self.set(place, object.as_dictionary().ok_or(Doubt::Unexplained)?);
        }
        self.revision = revision;
        Ok(())
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
