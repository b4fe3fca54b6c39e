//! The page tree (ISO 32000-2 §7.7.3), walked no further than asked.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::HashSet;

use super::object::{Dictionary, Object, Reference};
use super::reader::View;
use super::section::unsigned;
use crate::error::{Error, Result};

/// The page so many from the first, which is 0; nothing where there are fewer.
///
/// # Errors
/// `Malformed` when the tree runs in circles or holds what is no page.
pub(crate) fn page_at(view: View<'_>, n: u64) -> Result<Option<(Reference, Dictionary)>> {
    let (_, catalog) = view.catalog()?;
    let mut node = view.value(&catalog, "Pages")?;
    let mut seen = HashSet::new();
    let mut left = n;
    'down: loop {
        let Some(kids) = node.as_dictionary().map(|it| view.array(it, "Kids")) else {
            return Err(Error::malformed("the page tree holds what is no page"));
        };
        let kids = kids?;
        // Where all kids are pages, there is no need to look at the ones before.
        let flat = node.as_dictionary().and_then(|it| it.get("Count")).and_then(unsigned)
            == u64::try_from(kids.len()).ok();
        let skip = if flat { usize::try_from(left).unwrap_or(usize::MAX) } else { 0 };
        for (at, kid) in kids.iter().enumerate().skip(skip) {
            let Some(reference) = kid.as_reference() else {
                return Err(Error::malformed("a page is no indirect object"));
            };
            if !seen.insert(reference) {
                return Err(Error::malformed("the page tree runs in a circle"));
            }
            let object = view.get(reference)?;
            let Some(dictionary) = object.as_dictionary() else {
                return Err(Error::malformed("a page is no dictionary"));
            };
            let before = if flat { u64::try_from(at).unwrap_or(u64::MAX) } else { 0 };
            match pages_below(dictionary) {
                None if left == before => return Ok(Some((reference, dictionary.clone()))),
                None => left = left.saturating_sub(1),
                Some(count) if left.saturating_sub(before) < count => {
                    left = left.saturating_sub(before);
                    node = object;
                    continue 'down;
                }
                Some(count) => left = left.saturating_sub(count),
            }
        }
        return Ok(None);
    }
}

/// Every page, the first one first.
///
/// # Errors
/// `Malformed` when there is no page tree.
pub(crate) fn all_pages(view: View<'_>) -> Result<AllPages<'_>> {
    let (_, catalog) = view.catalog()?;
    let mut pages = AllPages { view, open: Vec::new(), seen: HashSet::new() };
    match view.dictionary(&catalog, "Pages")? {
        Some(root) => pages.open_kids(&root)?,
        None => return Err(Error::malformed("the page tree holds what is no page")),
    }
    Ok(pages)
}

/// Each is looked at when it is asked for, and each node above them once. After an error
/// there are no more.
pub(crate) struct AllPages<'r> {
    view: View<'r>,
    /// What is still to be looked at, the next one last.
    open: Vec<Object>,
    seen: HashSet<Reference>,
}

impl AllPages<'_> {
    fn open_kids(&mut self, node: &Dictionary) -> Result<()> {
        self.open.extend(self.view.array(node, "Kids")?.into_iter().rev());
        Ok(())
    }

    /// Nothing for a node, whose kids are next.
    fn look_at(&mut self, kid: &Object) -> Result<Option<(Reference, Dictionary)>> {
        let reference = kid.as_reference();
        let reference =
            reference.ok_or_else(|| Error::malformed("a page is no indirect object"))?;
        if !self.seen.insert(reference) {
            return Err(Error::malformed("the page tree runs in a circle"));
        }
        let object = self.view.get(reference)?;
        let Some(dictionary) = object.as_dictionary() else {
            return Err(Error::malformed("a page is no dictionary"));
        };
        if pages_below(dictionary).is_none() {
            return Ok(Some((reference, dictionary.clone())));
        }
        self.open_kids(dictionary).map(|()| None)
    }
}

impl Iterator for AllPages<'_> {
    type Item = Result<(Reference, Dictionary)>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let kid = self.open.pop()?;
            let found = self.look_at(&kid).transpose();
            if matches!(found, Some(Err(_))) {
                self.open.clear();
            }
            if found.is_some() {
                return found;
            }
        }
    }
}

/// Nothing for a page itself.
fn pages_below(node: &Dictionary) -> Option<u64> {
    let inner = node.contains("Kids") || node.is_a("Pages");
    inner.then(|| node.get("Count").and_then(unsigned).unwrap_or(0))
}

/// How many pages are before this one; nothing where it is in no tree.
///
/// # Errors
/// `Malformed` when an object on the way cannot be read.
pub(crate) fn pages_before(view: View<'_>, page: Reference) -> Result<Option<u64>> {
    let mut before: u64 = 0;
    let mut child = page;
    for _ in 0..view.reader().limits().pdf_depth {
        let object = view.get(child)?;
        let Some(node) = object.as_dictionary() else { return Ok(None) };
        let Some(parent) = node.get("Parent").and_then(Object::as_reference) else {
            let is_root = view.catalog()?.1.get("Pages") == Some(&Object::Reference(child));
            return Ok((is_root && child != page).then_some(before));
        };
        let object = view.get(parent)?;
        let Some(dictionary) = object.as_dictionary() else { return Ok(None) };
        let kids = view.array(dictionary, "Kids")?;
        let wanted = Object::Reference(child);
        let Some(at) = kids.iter().position(|kid| *kid == wanted) else { return Ok(None) };
        let flat = dictionary.get("Count").and_then(unsigned) == u64::try_from(kids.len()).ok();
        if flat {
            before = before.saturating_add(u64::try_from(at).unwrap_or(u64::MAX));
        } else {
            for kid in kids.iter().take(at) {
                let kid = view.resolve(kid)?;
                let below = kid.as_dictionary().and_then(pages_below).unwrap_or(1);
                before = before.saturating_add(below);
            }
        }
        child = parent;
    }
    Ok(None)
}

/// The page that shows a widget, and its dictionary.
///
/// # Errors
/// `Malformed` when the pages cannot be read.
pub(crate) fn page_of(
    view: View<'_>,
    widget: Option<Reference>,
    dictionary: &Dictionary,
) -> Result<Option<(Reference, Dictionary)>> {
    /// Pages that are searched for a widget that does not say where it is.
    const MOST: usize = 1_000;
    if let Some(reference) = dictionary.get("P").and_then(Object::as_reference)
        && let Some(page) = view.get(reference)?.as_dictionary().filter(|it| it.is_a("Page"))
    {
        return Ok(Some((reference, page.clone())));
    }
    let Some(widget) = widget else { return Ok(None) };
    for page in all_pages(view)?.take(MOST) {
        let (reference, page) = page?;
        if view.array(&page, "Annots")?.contains(&Object::Reference(widget)) {
            return Ok(Some((reference, page)));
        }
    }
    Ok(None)
}
