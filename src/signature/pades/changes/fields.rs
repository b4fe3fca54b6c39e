//! New signature fields, empty ones that were signed, and the pages that show them.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::{Doubt, Judged, LaterChanges, Step, ensure, only};
use crate::encoding::pdf::{Dictionary, Object, Reference, View, text_of};
use crate::signature::pades::certification::certified;
use crate::signature::pades::facts::DrawingKind;
use crate::signature::pades::shape::{FIELD_KEYS, additions, changed_keys, has_area, has_look};

/// What a field says that only names those below it.
const BRANCH_KEYS: [&str; 3] = ["T", "Kids", "Parent"];

impl Step<'_> {
    /// Signature fields that were not there before, with those above them that were made
    /// for their names (ISO 32000-2 §12.7.4.2).
    pub(super) fn new_field(&mut self, top: Reference, parent: Option<Reference>) -> Judged {
        let mut branch = vec![(top, parent)];
        while let Some((reference, parent)) = branch.pop() {
            // Each in one place only.
            ensure(self.is_new(reference.number) && self.open.contains(&reference.number))?;
            let object = self.new.get(reference)?;
            let Object::Dictionary(field) = &object else { return Err(Doubt::Unexplained) };
            ensure(field.contains("Parent") == parent.is_some())?;
            ensure(field.get("Parent").and_then(Object::as_reference) == parent)?;
            if field.contains("FT") {
                self.new_leaf(reference, field)?;
                continue;
            }
            ensure(field.contains("T") && only(field, &BRANCH_KEYS))?;
            self.explain(reference.number, LaterChanges::Signatures);
            let kids = self.new.array(field, "Kids")?;
            // A field of no type that leads to none is no branch.
            ensure(!kids.is_empty())?;
            for kid in kids {
                branch.push((kid.as_reference().ok_or(Doubt::Unexplained)?, Some(reference)));
            }
        }
        Ok(())
    }

    /// Fields that only name others, and got one more of them.
    pub(super) fn grown_branches(&mut self) -> Judged {
        for (reference, old, new) in self.pairs()? {
            let (Object::Dictionary(old), Object::Dictionary(new)) = (&old, &new) else { continue };
            let names = |it: &Dictionary| it.contains("T") && only(it, &BRANCH_KEYS);
            if !names(old) || !names(new) || changed_keys(old, new) != [b"Kids"] {
                continue;
            }
            let (before, after) = (self.old.array(old, "Kids")?, self.new.array(new, "Kids")?);
            for field in additions(&before, &after).ok_or(Doubt::Unexplained)? {
                let field = field.as_reference().ok_or(Doubt::Unexplained)?;
                self.new_field(field, Some(reference))?;
            }
            self.holder(old.get("Kids"), new.get("Kids"))?;
            self.explain(reference.number, LaterChanges::Signatures);
        }
        Ok(())
    }

    /// A signature field, with its value and widgets.
    fn new_leaf(&mut self, reference: Reference, field: &Dictionary) -> Judged {
        ensure(field.get("FT").and_then(Object::as_name) == Some(b"Sig"))?;
        ensure(only(field, &FIELD_KEYS))?;
        let level = match field.get("V") {
            Some(value) => self.signature(value)?,
            None => LaterChanges::Signatures,
        };
        let signed = field.contains("V") && level == LaterChanges::Signatures;
        if level == LaterChanges::Signatures {
            let known = self.whole.fields()?.of_object(reference.number).map(|it| it.name.clone());
            let own = || text_of(field.get("T").and_then(Object::as_string).unwrap_or_default());
            self.told.signatures.push(known.unwrap_or_else(own));
        }
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
            ensure(widget.get("FT").is_none_or(|it| it.as_name() == Some(b"Sig")))?;
            self.explain(kid.number, level);
            self.new_widget(kid, widget, signed)?;
        }
        self.absorb(&Object::Dictionary(field.clone()))
    }

    /// What shows something has a signer who answers for it. A field that is still to
    /// be signed has no look of its own, but some readers draw one.
    fn new_widget(&mut self, reference: Reference, widget: &Dictionary, signed: bool) -> Judged {
        if shows_something(self.new, widget)? {
            ensure(signed || !has_look(widget))?;
            self.told.draws = true;
            self.tell_look(DrawingKind::SignatureLook, widget)?;
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
            if !old.contains("T") || !self.is_signature_field(reference, old, new)? {
                continue;
            }
            ensure(old.get("V").is_none_or(Object::is_null))?;
            ensure(old.duplicate().is_none() && new.duplicate().is_none())?;
            // Some readers take what has no type for something else.
            let typed = !old.contains("Type") && new.is_a("Annot");
            let filled = changed_keys(old, new);
            let fills = |key: &[u8]| matches!(key, b"V" | b"AP" | b"M");
            ensure(filled.iter().all(|key| fills(key) || (typed && *key == b"Type")))?;
            let value = new.get("V").ok_or(Doubt::Unexplained)?;
            let level = self.signature(value)?;
            if level == LaterChanges::Signatures {
                let field = self.whole.fields()?.of_object(reference.number);
                self.told.signatures.push(field.ok_or(Doubt::Unexplained)?.name.clone());
            }
            self.explain(reference.number, level);
            ensure(old.get("AP") == new.get("AP") || level == LaterChanges::Signatures)?;
            // Some readers show the look of a field only when it is signed, or show
            // only then no look of their own.
            self.told.draws |= field_shows_something(self.old, old)?;
            if field_shows_something(self.new, new)? {
                self.told.draws = true;
                self.tell_looks(reference, new)?;
            }
            if let Some(appearance) = new.get("AP") {
                self.absorb(appearance)?;
            }
        }
        Ok(())
    }

    /// Whether an object is a signature field, by what it says or by what it inherits.
    fn is_signature_field(
        &self,
        reference: Reference,
        old: &Dictionary,
        new: &Dictionary,
    ) -> Judged<bool> {
        let says = |it: &Dictionary| it.get("FT").and_then(Object::as_name) == Some(b"Sig");
        if old.contains("FT") || new.contains("FT") {
            return Ok(says(old) && says(new));
        }
        let field = self.whole.fields()?.of_object(reference.number);
        Ok(field.is_some_and(|it| it.is_signature() && it.reference == Some(reference)))
    }

    /// Widgets of their own, whose fields were signed in this revision, and the looks that
    /// they got.
    pub(super) fn filled_widgets(&mut self) -> Judged {
        for (reference, old, new) in self.pairs()? {
            let (Object::Dictionary(old), Object::Dictionary(new)) = (&old, &new) else { continue };
            let Some(parent) = old.get("Parent").and_then(Object::as_reference) else { continue };
            if old.contains("T") || old.get("Subtype").and_then(Object::as_name) != Some(b"Widget")
            {
                continue;
            }
            let field = self.whole.fields()?.of_object(reference.number);
            let of = field.is_some_and(|it| it.is_signature() && it.reference == Some(parent));
            if !of || !self.is_signed_now(parent)? {
                continue;
            }
            ensure(old.duplicate().is_none() && new.duplicate().is_none())?;
            ensure(changed_keys(old, new).iter().all(|key| matches!(*key, b"AP" | b"M")))?;
            self.explain(reference.number, LaterChanges::Signatures);
            self.told.draws |= shows_something(self.old, old)?;
            if shows_something(self.new, new)? {
                self.told.draws = true;
                self.tell_shown(reference, new)?;
            }
            new.get("AP").map_or(Ok(()), |appearance| self.absorb(appearance))?;
        }
        Ok(())
    }

    /// Whether a field had no value before, and has a signature now.
    fn is_signed_now(&self, field: Reference) -> Judged<bool> {
        let (old, new) = (self.old.get(field)?, self.new.get(field)?);
        let value = |it: &Object| it.as_dictionary().and_then(|it| it.get("V")).cloned();
        let empty = value(&old).is_none_or(|it| it.is_null());
        let Some(value) = value(&new).filter(|_| empty) else { return Ok(false) };
        let value = self.new.resolve(&value)?;
        Ok(value
            .as_dictionary()
            .is_some_and(|it| it.contains("ByteRange") && !it.is_a("DocTimeStamp")))
    }

    /// The looks of a field, which may be its own widget.
    fn tell_looks(&mut self, reference: Reference, field: &Dictionary) -> Judged {
        if field.contains("Rect") {
            self.tell_shown(reference, field)?;
        }
        for kid in self.new.array(field, "Kids")? {
            let object = self.new.resolve(&kid)?;
            let Some(widget) = object.as_dictionary() else { continue };
            match kid.as_reference() {
                Some(reference) => self.tell_shown(reference, widget)?,
                None => self.tell_look(DrawingKind::SignatureLook, widget)?,
            }
        }
        Ok(())
    }

    /// The look of a widget that was there.
    fn tell_shown(&mut self, reference: Reference, widget: &Dictionary) -> Judged {
        if shows_something(self.new, widget)? {
            self.shown_where_it_says(reference, widget)?;
        }
        self.tell_look(DrawingKind::SignatureLook, widget)
    }

    /// A widget that was there has to be shown on the page that it names, if it names any,
    /// and on no other: what its look covers is looked for there.
    pub(super) fn shown_where_it_says(
        &mut self,
        reference: Reference,
        widget: &Dictionary,
    ) -> Judged {
        let Some(page) = widget.get("P").and_then(Object::as_reference) else { return Ok(()) };
        let Object::Dictionary(page) = self.old.get(page)? else { return Ok(()) };
        let shown = self.old.array(&page, "Annots")?;
        ensure(shown.contains(&Object::Reference(reference)))?;
        // The form may say in which order fields are computed (ISO 32000-2 Table 224).
        let (_, catalog) = self.old.catalog()?;
        let form = self.old.dictionary(&catalog, "AcroForm")?.unwrap_or_default();
        let order = self.old.array(&form, "CO")?;
        let named = order.iter().filter(|it| **it == Object::Reference(reference)).count();
        self.shown_once.push((reference.number, named.saturating_add(2)));
        // Of this page alone, too.
        let array = page.get("Annots").and_then(Object::as_reference);
        self.altered.extend(array.map(|it| it.number));
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
            let changed = changed_keys(&old, &new);
            let drawn = |key: &[u8]| matches!(key, b"Contents" | b"Resources");
            ensure(changed.iter().all(|key| *key == b"Annots" || drawn(key)))?;
            if changed.iter().any(|key| drawn(key)) {
                self.drawing(reference, &old, &new)?;
            }
            self.open.remove(&reference.number);
            pages.push((reference, old, new));
        }
        for widget in self.widgets.clone() {
            let widget = self.new.get(widget)?;
            let page =
                widget.as_dictionary().and_then(|it| it.get("P")).and_then(Object::as_reference);
            let Some(page) = page else { continue };
            let (old, new) = (self.old.get(page)?, self.new.get(page)?);
            if let (Object::Dictionary(old), Object::Dictionary(new)) = (old, new) {
                ensure(old.is_a("Page") && new.is_a("Page"))?;
                pages.push((page, old, new));
            }
        }
        for (page, old, new) in &pages {
            self.annotations(*page, old, new)?;
        }
        Ok(())
    }
}

/// Whether a widget may be seen: it has an area, and its look is not known to be empty.
fn shows_something(view: View<'_>, widget: &Dictionary) -> Judged<bool> {
    Ok(has_area(widget) && !has_empty_look(view, widget)?)
}

/// The same for a field, which may be its own widget.
fn field_shows_something(view: View<'_>, field: &Dictionary) -> Judged<bool> {
    let kids = view.array(field, "Kids")?;
    if (field.contains("Rect") || kids.is_empty()) && shows_something(view, field)? {
        return Ok(true);
    }
    for kid in &kids {
        let kid = view.resolve(kid)?;
        if kid.as_dictionary().map_or(Ok(true), |it| shows_something(view, it))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a widget brings a look that draws nothing, and nothing to make one of.
fn has_empty_look(view: View<'_>, widget: &Dictionary) -> Judged<bool> {
    if ["MK", "BS", "Border"].iter().any(|key| widget.contains(key)) {
        return Ok(false);
    }
    let looks = view.value(widget, "AP")?;
    let Some(looks) = looks.as_dictionary().filter(|it| only(it, &["N"])) else {
        return Ok(false);
    };
    match view.value(looks, "N")? {
        Object::Stream(look) => Ok(view.is_empty(&look)?),
        _ => Ok(false),
    }
}
