//! Annotations of pages (ISO 32000-2 §12.5): those that were added, changed or taken
//! away. Widgets belong to fields. Kinds that show other content, run something, or are
//! meant to take content away are not among them, nor are actions but those of links.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::HashSet;

use super::{Doubt, Judged, LaterChanges, Step, ensure, only};
use crate::encoding::pdf::{Dictionary, Location, Object, Reference};
use crate::signature::pades::facts::DrawingKind;
use crate::signature::pades::shape::{additions, changed_keys, has_area, is_plain};

/// Subtypes (Table 171).
const KINDS: [&str; 16] = [
    "Text",
    "Link",
    "FreeText",
    "Line",
    "Square",
    "Circle",
    "Polygon",
    "PolyLine",
    "Highlight",
    "Underline",
    "Squiggly",
    "StrikeOut",
    "Caret",
    "Stamp",
    "Ink",
    "Popup",
];

/// What they may say, besides where they lead (Tables 166, 172 to 187). Optional content,
/// files and measures are left out.
const KEYS: [&str; 56] = [
    "Type",
    "Subtype",
    "Rect",
    "Contents",
    "NM",
    "M",
    "F",
    "AS",
    "Border",
    "C",
    "StructParent",
    "Lang",
    "BM",
    "CA",
    "ca",
    "T",
    "RC",
    "CreationDate",
    "Subj",
    "RT",
    "IT",
    "Open",
    "Name",
    "State",
    "StateModel",
    "QuadPoints",
    "H",
    "BS",
    "BE",
    "DA",
    "DS",
    "Q",
    "CL",
    "RD",
    "LE",
    "L",
    "IC",
    "LL",
    "LLE",
    "LLO",
    "Cap",
    "CP",
    "CO",
    "Vertices",
    "Sy",
    "InkList",
    "AP",
    "P",
    "Popup",
    "Parent",
    "IRT",
    "A",
    "Dest",
    "Path",
    "FillColor",
    "Alpha",
];

/// Those of them that lead to other objects, looks left out.
const LEADING: [&str; 6] = ["P", "Popup", "Parent", "IRT", "A", "Dest"];

impl Step<'_> {
    /// What the array of a page's annotations has more or less than before.
    pub(super) fn annotations(
        &mut self,
        page: Reference,
        old: &Dictionary,
        new: &Dictionary,
    ) -> Judged {
        let (before, after) = (self.old.array(old, "Annots")?, self.new.array(new, "Annots")?);
        let left: HashSet<Reference> = after.iter().filter_map(Object::as_reference).collect();
        let (kept, gone): (Vec<_>, Vec<_>) = before
            .into_iter()
            .partition(|it| it.as_reference().is_none_or(|reference| left.contains(&reference)));
        for annotation in &gone {
            self.removed(annotation.as_reference().ok_or(Doubt::Unexplained)?)?;
        }
        let added = additions(&kept, &after).ok_or(Doubt::Unexplained)?;
        for annotation in added {
            self.names(page, annotation)?;
            let reference = annotation.as_reference();
            if reference.is_none_or(|it| !self.widgets.contains(&it)) {
                self.added(annotation)?;
            }
        }
        self.holder(old.get("Annots"), new.get("Annots"))
    }

    /// Whether what a page shows says that it is on this page, if it says so of any: what it
    /// covers is looked for there.
    fn names(&self, page: Reference, annotation: &Object) -> Judged {
        let object = self.new.resolve(annotation)?;
        let named = object.as_dictionary().and_then(|it| it.get("P"));
        ensure(named.is_none_or(|it| *it == Object::Reference(page)))
    }

    fn added(&mut self, annotation: &Object) -> Judged {
        if let Some(reference) = annotation.as_reference() {
            ensure(self.is_new(reference.number))?;
            self.explain(reference.number, LaterChanges::Annotations);
        }
        let object = self.new.resolve(annotation)?;
        let Object::Dictionary(annotation) = &object else { return Err(Doubt::Unexplained) };
        self.plain(annotation)?;
        self.note(annotation, is_seen(annotation))?;
        self.tell_look(DrawingKind::Annotation, annotation)?;
        self.absorb(&object)
    }

    fn removed(&mut self, reference: Reference) -> Judged {
        let object = self.old.get(reference)?;
        let Object::Dictionary(annotation) = &object else { return Err(Doubt::Unexplained) };
        ensure(kind(annotation).is_some())?;
        self.note(annotation, is_seen(annotation))
    }

    /// Annotations that were there and are otherwise now.
    pub(super) fn changed_annotations(&mut self) -> Judged {
        for (reference, old, new) in self.pairs()? {
            let (Object::Dictionary(old), Object::Dictionary(new)) = (&old, &new) else { continue };
            if kind(old).is_none() || kind(old) != kind(new) {
                continue;
            }
            ensure(old.duplicate().is_none() && new.duplicate().is_none())?;
            // One that is a field, too, would be another field.
            ensure(!["FT", "Kids"].iter().any(|key| old.contains(key)))?;
            ensure(self.is_on_its_page(reference, old)?)?;
            for key in changed_keys(old, new) {
                ensure(KEYS.iter().any(|it| it.as_bytes() == key))?;
                // What was something else could be used as that: content, a policy.
                ensure(fits(old, key))?;
                if matches!(key, b"CA" | b"ca" | b"BM") {
                    // As a graphics state.
                    self.altered.push(reference.number);
                }
            }
            self.plain(new)?;
            self.looks(old, new, LaterChanges::Annotations)?;
            for value in LEADING.iter().filter_map(|it| new.get(it)) {
                self.absorb(value)?;
            }
            self.annotations_only.push(reference.number);
            self.explain(reference.number, LaterChanges::Annotations);
            self.note(new, is_seen(old) || is_seen(new))?;
            self.tell_look(DrawingKind::Annotation, new)?;
        }
        Ok(())
    }

    /// Objects that were freed with annotations; that nothing leads there any more is seen
    /// at the end.
    pub(super) fn freed_with_annotations(&mut self) {
        if self.told.annotations.is_empty() {
            return;
        }
        let new = self.new;
        self.freed.extend(self.open.extract_if(|it| new.locate(*it) == Location::Free));
    }

    /// Whether an annotation is of a kind that only shows something, and leads nowhere.
    fn plain(&self, annotation: &Dictionary) -> Judged {
        let kind = kind(annotation).ok_or(Doubt::Unexplained)?;
        ensure(only(annotation, &KEYS))?;
        ensure(annotation.entries().iter().all(|it| fits(annotation, &it.key)))?;
        ensure(kind == "Popup" || kind == "Link" || is_drawn(annotation))?;
        // Readers show it in a way of their own; some might take a look that it brings.
        ensure(kind != "Popup" || !annotation.contains("AP"))?;
        if let Some(popup) = annotation.get("Popup") {
            let popup = self.new.resolve(popup)?;
            let popup = popup.as_dictionary().ok_or(Doubt::Unexplained)?;
            ensure(is_a(popup, "Popup") && only(popup, &KEYS))?;
            ensure(!popup.contains("A") && !popup.contains("AP"))?;
        }
        if let Some(other) = annotation.get("IRT") {
            let other = self.new.resolve(other)?;
            let other = other.as_dictionary().ok_or(Doubt::Unexplained)?;
            ensure(self::kind(other).is_some() && only(other, &KEYS) && !other.contains("A"))?;
        }
        let linked = annotation.contains("A") || annotation.contains("Dest");
        ensure(!linked || kind == "Link")?;
        self.action(annotation)
    }

    /// ISO 32000-2 §12.6.4.2, §12.6.4.8: to a place in the document, or to an address.
    fn action(&self, link: &Dictionary) -> Judged {
        let destination = |value: Option<&Object>| match value {
            None | Some(Object::Name(_) | Object::String(_)) => true,
            Some(Object::Array(items)) => match items.as_slice() {
                [page, rest @ ..] => page.as_reference().is_some() && rest.iter().all(is_plain),
                [] => false,
            },
            Some(_) => false,
        };
        ensure(destination(link.get("Dest")))?;
        let Some(action) = link.get("A") else { return Ok(()) };
        let action = self.new.resolve(action)?;
        let Object::Dictionary(action) = &action else { return Err(Doubt::Unexplained) };
        match action.get("S").and_then(Object::as_name) {
            Some(b"GoTo") => {
                ensure(only(action, &["Type", "S", "D"]) && destination(action.get("D")))
            }
            Some(b"URI") => {
                let address = action.get("URI").and_then(Object::as_string).unwrap_or_default();
                let text = String::from_utf8_lossy(address).trim().to_ascii_lowercase();
                ensure(only(action, &["Type", "S", "URI", "IsMap"]))?;
                ensure(!text.is_empty() && !text.starts_with("javascript"))
            }
            _ => Err(Doubt::Unexplained),
        }
    }

    /// Whether the page that an annotation names shows it: it is no page itself, and no
    /// resource of one.
    fn is_on_its_page(&self, reference: Reference, annotation: &Dictionary) -> Judged<bool> {
        let Some(page) = annotation.get("P").and_then(Object::as_reference) else {
            return Ok(false);
        };
        let page = self.old.get(page)?;
        let Some(page) = page.as_dictionary().filter(|it| it.is_a("Page")) else {
            return Ok(false);
        };
        let all = self.old.array(page, "Annots")?;
        Ok(all.contains(&Object::Reference(reference)))
    }

    fn note(&mut self, annotation: &Dictionary, seen: bool) -> Judged {
        self.at_least(LaterChanges::Annotations);
        self.told.annotations.extend(kind(annotation).map(str::to_owned));
        self.told.draws |= seen;
        self.on_page_of(annotation)
    }
}

/// Whether the value of a key is whole in itself, or leads where that key leads.
fn fits(annotation: &Dictionary, key: &[u8]) -> bool {
    let value = annotation.entries().iter().rfind(|it| it.key == key).map(|it| &it.value);
    value.is_none_or(|value| match key {
        b"P" | b"Popup" | b"Parent" | b"IRT" => value.as_reference().is_some(),
        b"AP" | b"A" | b"Dest" => true,
        _ => is_plain(value),
    })
}

/// Whether it says what it looks like, as it must (Table 166), or has nowhere to.
fn is_drawn(annotation: &Dictionary) -> bool {
    annotation.contains("AP") || !has_area(annotation)
}

fn is_a(annotation: &Dictionary, kind: &str) -> bool {
    annotation.get("Subtype").and_then(Object::as_name) == Some(kind.as_bytes())
}

fn kind(annotation: &Dictionary) -> Option<&'static str> {
    let typed = annotation.get("Type").is_none() || annotation.is_a("Annot");
    KINDS.into_iter().find(|it| typed && is_a(annotation, it))
}

/// Whether an annotation may hide what is under it, or something else by going.
fn is_seen(annotation: &Dictionary) -> bool {
    const HIDDEN: i64 = 2;
    let flags = annotation.get("F").map_or(Some(0), Object::as_integer);
    if flags.is_some_and(|it| it & HIDDEN != 0) {
        return false;
    }
    match kind(annotation) {
        Some("Popup") => annotation.get("Open") == Some(&Object::Boolean(true)),
        // Readers draw them so that what they mark is seen.
        Some("Highlight" | "Underline" | "Squiggly" | "StrikeOut") => annotation.contains("AP"),
        Some("Link") => annotation.contains("AP") || !has_dark_border(annotation),
        _ => true,
    }
}

/// Whether the border of a link is none, or a thin dark line: a white one wipes out what
/// is under it (Tables 166, 168).
fn has_dark_border(link: &Dictionary) -> bool {
    const THIN: f64 = 2.0;
    const DARK: f64 = 0.5;
    let width = match (link.get("BS"), link.get("Border")) {
        (Some(Object::Dictionary(style)), _) => style.get("W").map_or(Some(1.0), Object::as_number),
        (None, Some(Object::Array(border))) => match border.as_slice() {
            [_, _, width, ..] => width.as_number(),
            _ => None,
        },
        (None, None) => Some(1.0),
        _ => None,
    };
    let dark = match link.get("C") {
        None => true,
        Some(Object::Array(colour)) => {
            colour.iter().all(|it| it.as_number().is_some_and(|it| it <= DARK)) && colour.len() < 4
        }
        Some(_) => false,
    };
    width.is_some_and(|it| (0.0..=THIN).contains(&it)) && (dark || width == Some(0.0))
}
