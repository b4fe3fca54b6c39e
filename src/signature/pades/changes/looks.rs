//! Looks of widgets and annotations (appearance streams, ISO 32000-2 §12.5.5).
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::{Doubt, Judged, LaterChanges, Step, dictionary, ensure, only};
use crate::encoding::pdf::content::{Ink, Mark, annotation_marks};
use crate::encoding::pdf::{Dictionary, Object, Reference, View};

impl Step<'_> {
    /// Accounts for the looks of what was there before: new streams, or ones that were
    /// this one's alone and were written anew.
    pub(super) fn looks(
        &mut self,
        old: &Dictionary,
        new: &Dictionary,
        level: LaterChanges,
    ) -> Judged {
        let before = match self.old.value(old, "AP")? {
            Object::Dictionary(looks) => looks,
            _ => Dictionary::new(),
        };
        let Some(after) = dictionary(self.new, new, "AP")? else {
            return ensure(!old.contains("AP") && !new.contains("AP"));
        };
        ensure(only(&after, &["N", "R", "D"]) && after.contains("N"))?;
        self.holder(old.get("AP"), new.get("AP"))?;
        for entry in after.entries() {
            let key = std::str::from_utf8(&entry.key).unwrap_or_default();
            let within = [old.get("AP"), before.get(key)];
            let states = self.new.resolve(&entry.value)?;
            let Object::Dictionary(states) = &states else {
                self.look(&within, &entry.value, level)?;
                continue;
            };
            self.holder(before.get(key), Some(&entry.value))?;
            ensure(states.duplicate().is_none())?;
            let earlier = match self.old.value(&before, key)? {
                Object::Dictionary(states) => states,
                _ => Dictionary::new(),
            };
            for state in states.entries().iter().filter(|it| !it.value.is_null()) {
                let name = std::str::from_utf8(&state.key).map_err(|_| Doubt::Unexplained)?;
                let [looks, all] = within;
                self.look(&[looks, all, earlier.get(name)], &state.value, level)?;
            }
        }
        Ok(())
    }

    /// One stream; `within` is what led to the one before, and that one itself.
    fn look(&mut self, within: &[Option<&Object>], new: &Object, level: LaterChanges) -> Judged {
        let reference = new.as_reference().ok_or(Doubt::Unexplained)?;
        if !self.open.contains(&reference.number) {
            return ensure(matches!(self.new.get(reference)?, Object::Stream(_)));
        }
        let look = self.new.get(reference)?;
        let Object::Stream(stream) = &look else { return Err(Doubt::Unexplained) };
        ensure(is_form(&look))?;
        // Readers differ in where one of another length ends.
        self.new.stream_data(stream)?;
        if !self.is_new(reference.number) {
            ensure(within.last().is_some_and(|it| *it == Some(new)))?;
            ensure(is_form(&self.old.get(reference)?))?;
            // Whatever leads there must lead from here alone.
            let way = within.iter().filter_map(|it| it.and_then(Object::as_reference));
            self.altered.extend(way.map(|it| it.number));
        }
        self.explain(reference.number, level);
        self.absorb(&look)
    }

    /// Whether what is to be seen now, or no more, may hide or uncover what was signed:
    /// all but dark ink on what is there, and what was drawn just so before.
    pub(super) fn conceals(&self, old: &Dictionary, new: &Dictionary) -> Judged<bool> {
        let (before, after) = (covering(self.old, old)?, covering(self.new, new)?);
        Ok(before.is_none() || before != after)
    }

    /// Whether something else is to be seen than before.
    pub(super) fn looks_changed(&self, old: &Dictionary, new: &Dictionary) -> Judged<bool> {
        let (before, after) = (shown(self.old, old)?, shown(self.new, new)?);
        Ok(match (before, after) {
            (None, None) => false,
            (Some(before), Some(after)) => {
                let same = match (&self.old.get(before)?, &self.new.get(after)?) {
                    (Object::Stream(old), Object::Stream(new)) => self.same_stream(old, new)?,
                    _ => false,
                };
                !same
            }
            _ => true,
        })
    }

    /// Notes the page that an annotation names as its own.
    pub(super) fn on_page_of(&mut self, annotation: &Dictionary) -> Judged {
        if let Some(page) = annotation.get("P").and_then(Object::as_reference)
            && let Some(number) = self.whole.page(page)?
            && !self.told.pages.contains(&number)
        {
            self.told.pages.push(number);
        }
        Ok(())
    }
}

fn is_form(object: &Object) -> bool {
    let Object::Stream(stream) = object else { return false };
    stream.dictionary.duplicate().is_none()
        && stream.dictionary.get("Subtype").is_none_or(|it| it.as_name() == Some(b"Form"))
}

/// The stream that a widget or an annotation shows (its normal look in its state).
pub(super) fn shown(view: View<'_>, annotation: &Dictionary) -> Judged<Option<Reference>> {
    let Object::Dictionary(looks) = view.value(annotation, "AP")? else { return Ok(None) };
    let mut look = looks.get("N").cloned();
    if let Some(value) = &look
        && let Object::Dictionary(states) = view.resolve(value)?
    {
        let state = annotation.get("AS").and_then(Object::as_name).unwrap_or_default();
        let state = states.entries().iter().rfind(|it| it.key == state);
        look = state.map(|it| it.value.clone());
    }
    Ok(look.as_ref().and_then(Object::as_reference))
}

/// What of a look covers what is beneath it; nothing where that cannot be told. Dark ink
/// does not count: it can be added to what was signed, but nothing legible is put in its
/// place.
fn covering(view: View<'_>, annotation: &Dictionary) -> Judged<Option<Vec<Mark>>> {
    /// From 0, black, to 1, white.
    const DARK: f64 = 0.5;
    let Some(marks) = annotation_marks(view, annotation, view.reader().limits())? else {
        // A reader may make a look of its own, of the value in the field's font.
        return Ok(Some(Vec::new()));
    };
    let dark = |mark: &Mark| {
        let inked = matches!(mark.ink, Ink::Glyph(_) | Ink::Path { .. });
        inked && mark.how.brightness.is_some_and(|it| it <= DARK)
    };
    let covers = |mark: &Mark| !mark.how.hidden && !mark.is_blank() && !dark(mark);
    // Dark is dark, whatever the glyphs are.
    let told = marks.doubts.iter().all(|it| it.of_glyphs);
    Ok(told.then(|| marks.marks.into_iter().filter(covers).collect()))
}
