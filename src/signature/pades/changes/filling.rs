//! Fields that were filled in: values of the fields that were there, and the looks of
//! their widgets (ISO 32000-2 §12.7.4.3, §12.7.5). Nothing else of them may be changed.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::{BTreeSet, HashSet};

use super::{Doubt, Judged, LaterChanges, Step, ensure};
use crate::encoding::pdf::content::{Ink, Mark, annotation_marks};
use crate::encoding::pdf::{Dictionary, Field, Object, Reference, View, text_of};
use crate::signature::pades::facts::DrawingKind;
use crate::signature::pades::references::is_without_look;
use crate::signature::pades::shape::{changed_keys, has_area};

/// What of a field its value is.
const VALUE_KEYS: [&[u8]; 2] = [b"V", b"I"];
/// What of a widget shows a value.
const LOOK_KEYS: [&[u8]; 3] = [b"AP", b"AS", b"M"];

impl Step<'_> {
    pub(super) fn form_filling(&mut self) -> Judged {
        let (mut changed, mut valued, mut filled) = (Vec::new(), HashSet::new(), BTreeSet::new());
        for (reference, old, new) in self.pairs()? {
            let (Object::Dictionary(old), Object::Dictionary(new)) = (old, new) else { continue };
            let is_widget = old.get("Subtype").and_then(Object::as_name) == Some(b"Widget");
            if !is_widget && !old.contains("T") {
                continue;
            }
            let Some(field) = self.whole.fields()?.of_object(reference.number) else { continue };
            if field.reference == Some(reference)
                && self.old.value(&old, "V")? != self.new.value(&new, "V")?
            {
                valued.insert(reference);
            }
            if !field.is_signature() {
                changed.push((reference, field, old, new));
            }
        }
        for (reference, field, old, new) in changed {
            let is_field = field.reference == Some(reference);
            let is_seen = !is_field || field.widgets.iter().any(|it| it.0 == Some(reference));
            self.field(&old, &new, is_field, is_seen)?;
            if is_field {
                self.value(field, old.get("V"), new.get("V"))?;
            }
            self.explain(reference.number, LaterChanges::FormFilling);
            filled.insert(field.name.clone());
            if self.is_refilled(&old, &new)? {
                self.told.refilled.push(field.name.clone());
            }
            let widgets = field.widgets.iter().filter_map(|it| it.0);
            let widgets: Vec<_> = widgets.filter(|it| is_field || *it == reference).collect();
            self.widgets_of(&widgets, field.reference.is_some_and(|it| valued.contains(&it)))?;
        }
        self.told.fields.extend(filled);
        self.told.refilled.sort();
        self.told.refilled.dedup();
        Ok(())
    }

    /// Whether a field was not empty before, and holds or shows something else now: who
    /// signed it saw the other.
    fn is_refilled(&self, old: &Dictionary, new: &Dictionary) -> Judged<bool> {
        let (before, after) = (self.old.value(old, "V")?, self.new.value(new, "V")?);
        if says_something(&before) && before != after {
            return Ok(true);
        }
        Ok(self.looks_changed(old, new)? && tells(self.old, old)?)
    }

    /// Whether nothing but a value, or what shows it, is another.
    fn field(&self, old: &Dictionary, new: &Dictionary, is_field: bool, is_seen: bool) -> Judged {
        ensure(old.duplicate().is_none() && new.duplicate().is_none())?;
        for key in changed_keys(old, new) {
            let value = is_field && VALUE_KEYS.contains(&key);
            let look = is_seen && LOOK_KEYS.contains(&key);
            // Some readers take what has no type for something else.
            let typed = key == b"Type" && !old.contains("Type") && new.is_a("Annot");
            ensure(value || look || typed)?;
        }
        let name = |it: &Dictionary| it.get("AS").is_none_or(|it| it.as_name().is_some());
        let chosen = new.get("I").and_then(Object::as_array).unwrap_or_default();
        ensure(name(old) && name(new))?;
        ensure(chosen.iter().all(|it| it.as_integer().is_some()))
    }

    /// ISO 32000-2 §12.7.5: text, the name of a state, or one or several choices. It may
    /// be an object of its own.
    fn value(&mut self, field: &Field, old: Option<&Object>, new: Option<&Object>) -> Judged {
        let kind = field.kind.as_deref();
        let fits = |value: &Object| match (kind, value) {
            (_, Object::Null) | (Some(b"Tx" | b"Ch"), Object::String(_)) => true,
            (Some(b"Ch"), Object::Array(all)) => all.iter().all(|it| it.as_string().is_some()),
            (Some(b"Btn"), Object::Name(_)) => true,
            _ => false,
        };
        let Some(value) = new else { return Ok(()) };
        ensure(fits(&self.new.resolve(value)?))?;
        if value.as_reference().is_some_and(|it| self.open.contains(&it.number)) {
            ensure(old.map_or(Ok(true), |it| self.old.resolve(it).map(|it| fits(&it)))?)?;
            self.holder(old, new)?;
        }
        Ok(())
    }

    /// What shows the value. Where that is what it was, another look is no filling in
    /// ("Shadow Attacks": a field that shows one thing and holds another).
    fn widgets_of(&mut self, widgets: &[Reference], valued: bool) -> Judged {
        for widget in widgets {
            let (old, new) = (self.old.get(*widget)?, self.new.get(*widget)?);
            let (Object::Dictionary(old), Object::Dictionary(new)) = (&old, &new) else {
                return Err(Doubt::Unexplained);
            };
            self.looks(old, new, LaterChanges::FormFilling)?;
            if is_without_look(old) {
                self.filled.insert(widget.number);
            }
            // A reader makes the look, of what stands in the field and around it.
            let made = self.readers_draw || !new.contains("AP");
            if self.looks_changed(old, new)? || made {
                let seen = (made || !valued) && has_area(new);
                let conceals = self.conceals(old, new)?;
                self.told.draws |= seen || conceals;
                if conceals {
                    // Who signs later answers for the look, but not for letters beneath it.
                    self.shown_where_it_says(*widget, new)?;
                    self.tell_covered(new)?;
                }
                self.on_page_of(new)?;
                self.tell_look(DrawingKind::Field, new)?;
            }
        }
        Ok(())
    }
}

/// Whether a value is none of an empty field's.
fn says_something(value: &Object) -> bool {
    match value {
        Object::Null => false,
        Object::String(text) => !text_of(text).trim().is_empty(),
        Object::Name(state) => state != b"Off",
        Object::Array(choices) => choices.iter().any(says_something),
        _ => true,
    }
}

/// Whether a look has text or a picture, or cannot be told to have none.
fn tells(view: View<'_>, widget: &Dictionary) -> Judged<bool> {
    let Some(marks) = annotation_marks(view, widget, view.reader().limits())? else {
        return Ok(false);
    };
    let drawn = |mark: &Mark| !matches!(mark.ink, Ink::Path { .. }) && !mark.is_blank();
    Ok(!marks.doubts.is_empty() || marks.marks.iter().any(drawn))
}
