//! Whether the look of a later signature, or of an annotation, lies on letters that stood
//! on the page before (the sneaky signature and evil annotation attacks). Whoever signs
//! answers for what he shows, but not for what another signed beneath it.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::{Judged, Step};
use crate::encoding::pdf::content::{
    Ink, Mark, Rect, annotation_marks, annotation_place, page_marks,
};
use crate::encoding::pdf::{Dictionary, Object};

impl Step<'_> {
    /// Notes whether a look hides letters of the page, or lies on them and may let them
    /// through, as a seal does.
    pub(super) fn tell_covered(&mut self, look: &Dictionary) -> Judged {
        let (solid, loose) = self.layers(look)?;
        if solid.is_empty() && loose.is_empty() {
            return Ok(());
        }
        let Some(letters) = self.letters_beneath(look)? else {
            // On a page that nobody names.
            self.told.hides |= !solid.is_empty();
            self.told.overlays |= !loose.is_empty();
            return Ok(());
        };
        let touched =
            |places: &[Rect]| letters.iter().any(|it| places.iter().any(|p| p.touches(it)));
        self.told.hides |= touched(&solid);
        self.told.overlays |= touched(&loose);
        Ok(())
    }

    /// Where a look covers what is beneath, and where it may.
    fn layers(&self, look: &Dictionary) -> Judged<(Vec<Rect>, Vec<Rect>)> {
        let Some(marks) = annotation_marks(self.new, look, self.new.reader().limits())? else {
            return Ok((Vec::new(), Vec::new()));
        };
        if marks.doubts.iter().any(|it| !it.of_glyphs) {
            // All of it may.
            let place = annotation_place(self.new, look)?;
            return Ok((Vec::new(), place.into_iter().collect()));
        }
        let seen = marks.marks.iter().filter(|it| !it.how.hidden && !it.is_blank() && !is_dark(it));
        let (solid, loose): (Vec<&Mark>, Vec<&Mark>) =
            seen.partition(|it| it.how.ordinary && !it.how.masked);
        let places = |all: Vec<&Mark>| all.into_iter().map(|it| it.place).collect();
        Ok((places(solid), places(loose)))
    }

    /// The letters of the page that an annotation names, as it was before.
    fn letters_beneath(&self, look: &Dictionary) -> Judged<Option<Vec<Rect>>> {
        let Some(page) = look.get("P").and_then(Object::as_reference) else { return Ok(None) };
        let page = self.old.get(page)?;
        let Some(page) = page.as_dictionary().filter(|it| it.is_a("Page")) else {
            return Ok(None);
        };
        let marks = page_marks(self.old, page, self.old.reader().limits())?.marks;
        let letters = marks
            .iter()
            .filter(|it| matches!(it.ink, Ink::Glyph(_)) && !it.how.hidden && !it.is_blank());
        Ok(Some(letters.map(|it| it.place).collect()))
    }
}

/// Dark ink can be put upon letters, but nothing legible is put in their place.
fn is_dark(mark: &Mark) -> bool {
    /// From 0, black, to 1, white.
    const DARK: f64 = 0.5;
    let inked = matches!(mark.ink, Ink::Glyph(_) | Ink::Path { .. });
    inked && mark.how.brightness.is_some_and(|it| it <= DARK)
}
