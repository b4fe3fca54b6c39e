//! New signature fields, empty ones that were signed, and the pages that show them.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::{Doubt, Judged, LaterChanges, Step, ensure, only};
use crate::encoding::pdf::{Dictionary, Object, Reference};
use crate::signature::pades::certification::certified;
use crate::signature::pades::shape::{FIELD_KEYS, additions, changed_keys, shows_something};

impl Step<'_> {
    /// A signature field that was not there before, with its value and widgets.
    pub(super) fn new_field(&mut self, reference: Reference) -> Judged {
        ensure(self.is_new(reference.number))?;
        let object = self.new.get(reference)?;
        let Object::Dictionary(field) = &object else { return Err(Doubt::Unexplained) };
        ensure(field.get("FT").and_then(Object::as_name) == Some(b"Sig"))?;
        ensure(only(field, &FIELD_KEYS) && !field.contains("Parent"))?;
        let level = match field.get("V") {
            Some(value) => self.signature(value)?,
            None => LaterChanges::Signatures,
        };
        let signed = field.contains("V") && level == LaterChanges::Signatures;
        self.explain(reference.number, level);
        self.at_least(level);
        if field.contains("Rect") {
            self.new_widget(reference, field, signed)?;
        }
        for kid in self.new.array(field, "Kids")? {
            let kid = kid.as_reference().ok_or(Doubt::Unexplained)?;
            ensure(self.is_new(kid.number))?;
            let object = self.new.get(kid)?;
            let Object::Dictionary(widget) = &object else { return Err(Doubt::Unexplained) };
            let parent = widget.get("Parent").and_then(Object::as_reference);
            ensure(parent == Some(reference) && only(widget, &FIELD_KEYS))?;
            ensure(!widget.contains("T") && !widget.contains("V"))?;
            self.explain(kid.number, level);
            self.new_widget(kid, widget, signed)?;
        }
        self.absorb(&object)
    }

    /// What shows something has a signer who answers for it.
    fn new_widget(&mut self, reference: Reference, widget: &Dictionary, signed: bool) -> Judged {
        if shows_something(widget) {
            ensure(signed)?;
            self.draws = true;
        }
        self.widgets.insert(reference);
        widget.get("AP").map_or(Ok(()), |appearance| self.absorb(appearance))
    }

    /// A new signature; what it is tells the level.
    fn signature(&mut self, value: &Object) -> Judged<LaterChanges> {
        let reference = value.as_reference().ok_or(Doubt::Unexplained)?;
        ensure(self.is_new(reference.number))?;
        let object = self.new.get(reference)?;
        let Object::Dictionary(signature) = &object else { return Err(Doubt::Unexplained) };
        ensure(signature.contains("ByteRange") && signature.contains("Contents"))?;
        // A certification comes first or not at all (ISO 32000-2 §12.8.2.2).
        ensure(certified(self.new, signature)?.is_none())?;
        let level = if signature.is_a("DocTimeStamp") {
            LaterChanges::LtaUpdates
        } else {
            LaterChanges::Signatures
        };
        self.explain(reference.number, level);
        self.absorb(&object)?;
        Ok(level)
    }

    /// Empty signature fields that were signed.
    pub(super) fn filled_fields(&mut self) -> Judged {
        for (reference, old, new) in self.pairs()? {
            let (Object::Dictionary(old), Object::Dictionary(new)) = (&old, &new) else { continue };
            let is_signature =
                |it: &Dictionary| it.get("FT").and_then(Object::as_name) == Some(b"Sig");
            if !is_signature(old) || !is_signature(new) || !old.contains("T") {
                continue;
            }
            ensure(old.get("V").is_none_or(Object::is_null))?;
            ensure(old.duplicate().is_none() && new.duplicate().is_none())?;
            let filled = changed_keys(old, new);
            ensure(filled.iter().all(|key| matches!(*key, b"V" | b"AP" | b"M")))?;
            let value = new.get("V").ok_or(Doubt::Unexplained)?;
            let level = self.signature(value)?;
            self.explain(reference.number, level);
            if let Some(appearance) = new.get("AP") {
                let redrawn = old.get("AP") != Some(appearance) && shows_something(new);
                ensure(!redrawn || level == LaterChanges::Signatures)?;
                self.draws |= redrawn;
                self.absorb(appearance)?;
            }
        }
        Ok(())
    }

    /// Pages may get the new widgets, and nothing else.
    pub(super) fn pages(&mut self) -> Judged {
        let mut pages = Vec::new();
        for (reference, old, new) in self.pairs()? {
            let (Object::Dictionary(old), Object::Dictionary(new)) = (old, new) else { continue };
            if !old.is_a("Page") || !new.is_a("Page") {
                continue;
            }
            ensure(old.duplicate().is_none() && new.duplicate().is_none())?;
            ensure(changed_keys(&old, &new).iter().all(|key| *key == b"Annots"))?;
            self.open.remove(&reference.number);
            pages.push((old, new));
        }
        for widget in self.widgets.clone() {
            let widget = self.new.get(widget)?;
            let page =
                widget.as_dictionary().and_then(|it| it.get("P")).and_then(Object::as_reference);
            let Some(page) = page else { continue };
            let (old, new) = (self.old.get(page)?, self.new.get(page)?);
            if let (Object::Dictionary(old), Object::Dictionary(new)) = (old, new) {
                ensure(old.is_a("Page") && new.is_a("Page"))?;
                pages.push((old, new));
            }
        }
        for (old, new) in &pages {
            self.annotations(old, new)?;
        }
        Ok(())
    }

    fn annotations(&mut self, old: &Dictionary, new: &Dictionary) -> Judged {
        let (before, after) = (self.old.array(old, "Annots")?, self.new.array(new, "Annots")?);
        let added = additions(&before, &after).ok_or(Doubt::Unexplained)?;
        let widget = |it: &&Object| it.as_reference().is_some_and(|it| self.widgets.contains(&it));
        ensure(added.iter().all(widget))?;
        self.holder(old.get("Annots"), new.get("Annots"))
    }
}
