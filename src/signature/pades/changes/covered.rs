//! Whether the look of a later signature, or of an annotation, lies on letters that stood
//! on the page before (the sneaky signature and evil annotation attacks). Whoever signs
//! answers for what he shows, but not for what another signed beneath it.
//!
//! A look of which a part cannot be read may hide all that it lies on: so it is judged, a
//! mask as well as an operator. What is blended so that nothing dark becomes lighter hides
//! nothing by that.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::HashMap;
use std::rc::Rc;

use super::cover::Letter;
use super::whole::led_to;
use super::{Judged, Step};
use crate::encoding::pdf::content::{
    Budget, Ink, Mark, Picture, Rect, Veil, annotation_marks, annotation_place, page_marks,
};
use crate::encoding::pdf::{Dictionary, Location, Object, Reference, View};

impl Step<'_> {
    /// Notes whether a look hides letters of the page, or lies on them and lets them
    /// through, as a seal does.
    pub(super) fn tell_covered(&mut self, look: &Dictionary) -> Judged {
        let marks = annotation_marks(self.new, look, self.new.reader().limits())?;
        let Some(marks) = marks else { return Ok(()) };
        let place = annotation_place(self.new, look)?.unwrap_or(Rect::EVERYWHERE);
        let unread = marks.doubts.iter().any(|it| !it.of_glyphs);
        let layers: Vec<Mark> = marks.marks.into_iter().filter(covers).collect();
        let all = layers.iter().map(|it| it.place).chain(unread.then_some(place));
        let Some(all) = all.reduce(|a, b| a.union(&b)) else { return Ok(()) };
        let touched = |it: &&Letter| it.place.touches(&all);
        let letters: Vec<Letter> = match self.letters_beneath(look)? {
            Some(letters) => letters.iter().filter(touched).cloned().collect(),
            // On a page that nobody names, they may be anywhere.
            None => anywhere(&place).iter().filter(touched).cloned().collect(),
        };
        if unread && letters.iter().any(|it| it.place.touches(&place)) {
            self.told.hides = true;
            return Ok(());
        }
        self.lay(&layers, letters)
    }

    fn lay(&mut self, layers: &[Mark], mut letters: Vec<Letter>) -> Judged {
        /// Letters held against what is drawn. A page has five thousand of them, and a
        /// look some hundred marks.
        const PAIRS: usize = 20_000_000;
        /// How often something may lie on a letter.
        const LAID: usize = 100_000;
        let mut laid = 0_usize;
        let mut veils = Veils::new(self.new.reader().limits().pdf_content_bytes);
        if layers.len().saturating_mul(letters.len()) > PAIRS {
            self.told.hides = true;
            return Ok(());
        }
        for layer in layers {
            let beneath: Vec<&mut Letter> =
                letters.iter_mut().filter(|it| it.place.touches(&layer.place)).collect();
            if beneath.is_empty() {
                continue;
            }
            let dark = is_dark(layer);
            self.told.overlays |= !dark;
            self.told.hides |= layer.how.ordinary && !layer.how.masked && !dark;
            laid = laid.saturating_add(beneath.len());
            self.told.hides |= laid > LAID;
            if self.told.hides {
                return Ok(());
            }
            let veil = veils.of(layer, self.new)?;
            for letter in beneath {
                letter.lay(&layer.place, |place| covered(layer, veil.as_deref(), place));
            }
        }
        self.told.hides |= letters.iter().any(Letter::is_hidden);
        Ok(())
    }

    /// The letters of the page that an annotation names, as it was before.
    fn letters_beneath(&self, look: &Dictionary) -> Judged<Option<Rc<[Letter]>>> {
        let Some(reference) = look.get("P").and_then(Object::as_reference) else { return Ok(None) };
        let page = self.old.get(reference)?;
        let Some(page) = page.as_dictionary().filter(|it| it.is_a("Page")) else {
            return Ok(None);
        };
        let shown = Shown::of(self.old, page);
        let known = self.whole.letters.borrow().get(reference, &shown);
        if known.is_some() {
            return Ok(known);
        }
        let marks = page_marks(self.old, page, self.old.reader().limits())?.marks;
        let letters = marks
            .iter()
            .filter(|it| matches!(it.ink, Ink::Glyph(_)) && !it.how.hidden && !it.is_blank());
        let letters: Rc<[Letter]> = letters.map(Letter::of).collect();
        let most = self.old.reader().limits().pdf_content_marks;
        self.whole.letters.borrow_mut().keep(reference, shown, &letters, most);
        Ok(Some(letters))
    }
}

/// A page as far as its letters may have been others in another revision: whatever else a
/// revision changes of what a page shows is not harmless, and then nothing before it is
/// looked at.
#[derive(PartialEq)]
struct Shown {
    values: [Option<Object>; 2],
    places: Vec<Location>,
}

impl Shown {
    fn of(view: View<'_>, page: &Dictionary) -> Self {
        Self {
            values: ["Contents", "Resources"].map(|key| page.get(key).cloned()),
            places: led_to(page).map(|it| view.locate(it.number)).collect(),
        }
    }
}

/// The letters of pages that looks were laid upon, as they were last.
#[derive(Default)]
pub(super) struct Pages {
    letters: HashMap<Reference, (Shown, Rc<[Letter]>)>,
    count: usize,
}

impl Pages {
    fn get(&self, page: Reference, shown: &Shown) -> Option<Rc<[Letter]>> {
        let (known, letters) = self.letters.get(&page)?;
        (known == shown).then(|| Rc::clone(letters))
    }

    /// So many letters at most, or those of one page.
    fn keep(&mut self, page: Reference, shown: Shown, letters: &Rc<[Letter]>, most: usize) {
        self.count = self.count.saturating_add(letters.len()).saturating_add(1);
        if self.count > most {
            self.letters.clear();
            self.count = letters.len();
        }
        self.letters.insert(page, (shown, Rc::clone(letters)));
    }
}

/// The veil of the last picture: one is often drawn in several places.
struct Veils {
    budget: Budget,
    last: Option<(Rc<Picture>, Rc<Veil>)>,
}

impl Veils {
    /// So many samples may be looked at.
    fn new(samples: usize) -> Self {
        Self { budget: Budget(samples), last: None }
    }

    fn of(&mut self, layer: &Mark, view: View<'_>) -> Judged<Option<Rc<Veil>>> {
        let Some(picture) = &layer.picture else { return Ok(None) };
        if let Some((last, veil)) = &self.last
            && last.is_like(picture)
        {
            return Ok(Some(Rc::clone(veil)));
        }
        self.last = None;
        let veil = Rc::new(picture.veil(view, &mut self.budget)?);
        self.last = Some((Rc::clone(picture), Rc::clone(&veil)));
        Ok(Some(veil))
    }
}

/// How much of a rectangle a mark covers within its place, and how much of it like paper.
fn covered(layer: &Mark, veil: Option<&Veil>, place: &Rect) -> (f64, f64) {
    let (cover, light) = match (&layer.picture, veil) {
        (Some(picture), Some(veil)) => picture.cover(veil, place),
        _ if is_dark(layer) => (1.0, 0.0),
        _ => (1.0, 1.0),
    };
    let opacity = layer.how.opacity;
    // A red seal that is blended so leaves the letters black. What is put on them in black
    // is ink on ink.
    if layer.how.darkens { (0.0, 0.0) } else { (cover * opacity, light * opacity) }
}

/// Whether a mark may make letters illegible. Dark ink can be put upon letters, but nothing
/// legible is put in their place: only what is all ink makes them illegible.
fn covers(mark: &Mark) -> bool {
    !mark.how.hidden && !mark.is_blank() && (!is_dark(mark) || mark.how.whole)
}

fn is_dark(mark: &Mark) -> bool {
    /// From 0, black, to 1, white.
    const DARK: f64 = 0.5;
    let inked = matches!(mark.ink, Ink::Glyph(_) | Ink::Path { .. });
    inked && mark.how.brightness.is_some_and(|it| it <= DARK)
}

/// Small letters all over a place of unknown letters.
fn anywhere(place: &Rect) -> Vec<Letter> {
    /// In points.
    const SIZE: f64 = 6.0;
    /// Each way.
    const MOST: u8 = 100;
    let count = |length: f64| {
        let fitting = (1..MOST).find(|it| f64::from(*it) * SIZE >= length);
        fitting.unwrap_or(MOST)
    };
    let (columns, rows) = (count(place.width()), count(place.height()));
    let (width, height) = (place.width() / f64::from(columns), place.height() / f64::from(rows));
    let row = |row: u8| {
        let bottom = place.bottom + height * f64::from(row);
        (0..columns).map(move |column| {
            let left = place.left + width * f64::from(column);
            Letter::at(Rect { left, bottom, right: left + width, top: bottom + height })
        })
    };
    (0..rows).flat_map(row).collect()
}
