//! What is added to the content of pages, as a clerk does who puts in number and date.
//!
//! It is purely added when the old streams stand as they were, between a `q` and the `Q`
//! that belongs to it; when the resources have new names only; and when what the new
//! streams draw is plainly to be seen and touches nothing that the page showed. Where glyphs
//! of the signed page cannot be looked into, they may be anywhere.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::whole::led_to;
use super::{Doubt, Judged, LaterChanges, Step, ensure};
use crate::encoding::pdf::content::{
    Ink, Mark, Marks, Outline, Rect, annotation_marks, annotation_place, inherited, lines,
    page_marks,
};
use crate::encoding::pdf::{Dictionary, Entry, Object, Reference, View};
use crate::error::{Error, ErrorKind};
use crate::signature::pades::facts::{Drawing, DrawingKind};

impl Step<'_> {
    /// Pages that are as they were, but lead to contents or resources that are not.
    pub(super) fn drawn_through(&mut self) -> Judged {
        let inner = |it: &(Reference, Object, Object)| match &it.2 {
            Object::Array(_) => true,
            Object::Dictionary(dictionary) => !dictionary.contains("Type"),
            _ => false,
        };
        if !self.pairs()?.iter().any(inner) {
            return Ok(());
        }
        for reference in self.whole.pages_of(self.revision, &self.open)? {
            let object = self.new.get(reference)?;
            let page = object.as_dictionary().ok_or(Doubt::Unexplained)?;
            if led_to(page).any(|it| self.open.contains(&it.number)) {
                let old = self.old.get(reference)?;
                self.drawing(reference, old.as_dictionary().ok_or(Doubt::Unexplained)?, page)?;
            }
        }
        Ok(())
    }

    /// Notes what a widget or another annotation shows, and where.
    pub(super) fn tell_look(&mut self, kind: DrawingKind, look: &Dictionary) -> Judged {
        let Some(place) = annotation_place(self.new, look)? else { return Ok(()) };
        let marks = annotation_marks(self.new, look, self.new.reader().limits());
        let marks = marks.ok().flatten().unwrap_or_default().marks;
        let text: Vec<String> = lines(&marks).into_iter().map(|it| it.text).collect();
        let page = look.get("P").and_then(Object::as_reference);
        let page = page.map_or(Ok(None), |it| self.whole.page(it))?;
        let place = [place.left, place.bottom, place.right, place.top];
        if kind != DrawingKind::Field {
            self.tell_covered(look)?;
        }
        self.told.drawings.push(Drawing { page, kind, place, text: text.join("\n") });
        Ok(())
    }

    /// A page whose `Contents` or `Resources` are not what they were.
    pub(super) fn drawing(
        &mut self,
        page: Reference,
        old: &Dictionary,
        new: &Dictionary,
    ) -> Judged {
        let (before, after) = (streams(self.old, old)?, streams(self.new, new)?);
        let first = position(&before, &after).ok_or(Doubt::Unexplained)?;
        let behind = first.saturating_add(before.len());
        let added = after.iter().enumerate().filter(|it| !(first..behind).contains(&it.0));
        for (_, stream) in added {
            let object = self.new.get(*stream)?;
            ensure(matches!(object, Object::Stream(_)))?;
            ensure(self.is_new(stream.number) && self.open.contains(&stream.number))?;
            self.explain(stream.number, LaterChanges::None);
            self.absorb(&object)?;
        }
        self.holder(old.get("Contents"), new.get("Contents"))?;
        self.page_resources(old, new)?;
        let limits = self.new.reader().limits();
        let shown = page_marks(self.old, old, limits).map_err(too_much)?;
        let now = page_marks(self.new, new, limits).map_err(too_much)?;
        ensure(is_isolated(self.new, &after, &now, first, behind)?)?;
        let (old_marks, new_marks): (Vec<_>, Vec<_>) =
            now.marks.into_iter().partition(|it| (first..behind).contains(&it.part));
        let same = |(was, is): (&Mark, &Mark)| {
            was.ink == is.ink && was.place == is.place && was.how == is.how
        };
        ensure(shown.doubts.is_empty() && now.doubts.is_empty())?;
        ensure(shown.marks.len() == old_marks.len())?;
        ensure(shown.marks.iter().zip(&old_marks).all(same))?;
        ensure(new_marks.iter().all(is_plain_mark))?;
        self.touches_nothing(old, &shown.marks, &new_marks)?;
        self.tell(page, &new_marks)
    }

    /// Whether nothing of what is new is on anything that the page showed, or beside it.
    fn touches_nothing(&self, page: &Dictionary, shown: &[Mark], added: &[Mark]) -> Judged {
        /// What is so near, in points, may touch in some readers.
        const NEAR: f64 = 0.1;
        /// A clerk adds some words, and a picture.
        const MOST: usize = 20_000_000;
        let added: Vec<(Rect, bool)> = added
            .iter()
            .filter(|it| !it.is_blank())
            .map(|it| (it.place.grown(NEAR + overhang(it)), it.ink == Ink::Image))
            .collect();
        let places = added.iter().map(|it| it.0);
        let Some(all) = places.reduce(|a, b| a.union(&b)) else { return Ok(()) };
        ensure(visible_area(self.old, page)?.is_some_and(|it| it.holds(&all.grown(-NEAR))))?;
        let upright = [Object::Null, Object::Integer(0)];
        let turned = !upright.contains(&inherited(self.old, page, "Rotate")?);
        let paper = shown.iter().take_while(|it| is_paper(it)).count();
        let shown = shown.iter().skip(paper).filter(|it| !it.is_blank() && !it.how.hidden);
        let mut others: Vec<(Rect, Rect)> = shown.map(|it| kept_free(it, turned)).collect();
        for annotation in self.old.array(page, "Annots")? {
            let annotation = self.old.resolve(&annotation)?;
            let annotation = annotation.as_dictionary().ok_or(Doubt::Unexplained)?;
            others.extend(annotation_area(self.old, annotation)?.map(|it| (it, it)));
        }
        others.retain(|it| it.0.touches(&all));
        ensure(others.len().saturating_mul(added.len()) <= MOST)?;
        let near = |(place, picture): &(Rect, bool), (ink, image): &(Rect, Rect)| {
            place.touches(if *picture { image } else { ink })
        };
        ensure(!others.iter().any(|other| added.iter().any(|it| near(it, other))))
    }

    /// The resources of the page: all that were there, and new names.
    fn page_resources(&mut self, old: &Dictionary, new: &Dictionary) -> Judged {
        let before = inherited(self.old, old, "Resources")?;
        let after = inherited(self.new, new, "Resources")?;
        let (Object::Dictionary(before), Object::Dictionary(after)) = (&before, &after) else {
            return ensure(before.is_null() && after.is_null());
        };
        self.holder(old.get("Resources"), new.get("Resources"))?;
        ensure(before.duplicate().is_none() && after.duplicate().is_none())?;
        ensure(before.entries().iter().all(|it| named(after, &it.key).is_some()))?;
        for entry in after.entries() {
            self.category(named(before, &entry.key), &entry.key, &entry.value)?;
        }
        Ok(())
    }

    /// The resources of one kind.
    fn category(&mut self, old: Option<&Object>, kind: &[u8], new: &Object) -> Judged {
        let before = old.map_or(Ok(Object::Null), |it| self.old.resolve(it))?;
        let after = self.new.resolve(new)?;
        if kind == b"ProcSet" {
            // Obsolete, and read by nobody (§14.2).
            ensure(matches!(after, Object::Array(_)) || before == after)?;
            return self.holder(old, Some(new));
        }
        // Content that names one of these that is not there is not understood. Of others
        // it would not be seen, and some colour spaces have an effect without being named
        // (§8.6.5.6).
        const KINDS: [&[u8]; 3] = [b"Font", b"XObject", b"ExtGState"];
        if !KINDS.contains(&kind) {
            return ensure(before == after && old == Some(new));
        }
        let empty = Dictionary::new();
        let before = if before.is_null() { &empty } else { dictionary(&before)? };
        let after = dictionary(&after)?;
        ensure(before.duplicate().is_none() && after.duplicate().is_none())?;
        let kept = |it: &Entry| named(after, &it.key) == Some(&it.value);
        ensure(before.entries().iter().all(kept))?;
        self.holder(old, Some(new))?;
        for entry in after.entries().iter().filter(|it| named(before, &it.key).is_none()) {
            self.absorb(&entry.value)?;
        }
        Ok(())
    }

    /// Notes what was drawn, and where.
    fn tell(&mut self, page: Reference, added: &[Mark]) -> Judged {
        let page = self.whole.page(page)?;
        let drawings = &mut self.told.drawings;
        let mut note = |kind, place: Rect, text| {
            let place = [place.left, place.bottom, place.right, place.top];
            drawings.push(Drawing { page, kind, place, text });
        };
        for line in lines(added) {
            note(DrawingKind::Text, line.place, line.text);
        }
        for mark in added.iter().filter(|it| it.ink == Ink::Image) {
            note(DrawingKind::Image, mark.place, String::new());
        }
        let paths = added.iter().filter(|it| matches!(it.ink, Ink::Path { .. }));
        if let Some(place) = paths.map(|it| it.place).reduce(|a, b| a.union(&b)) {
            note(DrawingKind::Path, place, String::new());
        }
        self.told.pages.extend(page.filter(|it| !self.told.pages.contains(it)));
        self.told.draws = true;
        self.at_least(LaterChanges::ClerkAddition);
        Ok(())
    }
}

/// What is too much to be looked at is not known to be harmless.
fn too_much(error: Error) -> Doubt {
    match error.kind() {
        ErrorKind::LimitExceeded => Doubt::Unexplained,
        _ => Doubt::Failed(error),
    }
}

fn dictionary(object: &Object) -> Judged<&Dictionary> {
    match object {
        Object::Dictionary(dictionary) => Ok(dictionary),
        _ => Err(Doubt::Unexplained),
    }
}

fn named<'a>(dictionary: &'a Dictionary, key: &[u8]) -> Option<&'a Object> {
    dictionary.entries().iter().rfind(|it| it.key == key).map(|it| &it.value)
}

/// The content streams of a page, in order.
fn streams(view: View<'_>, page: &Dictionary) -> Judged<Vec<Reference>> {
    let Some(contents) = page.get("Contents") else { return Ok(Vec::new()) };
    let items = match (view.resolve(contents)?, contents) {
        (Object::Array(items), _) => items,
        (Object::Stream(_), Object::Reference(_)) => vec![contents.clone()],
        _ => return Err(Doubt::Unexplained),
    };
    let references: Option<Vec<Reference>> = items.iter().map(Object::as_reference).collect();
    references.ok_or(Doubt::Unexplained)
}

/// Where all of the old streams stand together among the new ones; there must be some.
fn position(old: &[Reference], new: &[Reference]) -> Option<usize> {
    let mut all = new.windows(old.len().max(1));
    all.position(|it| it == old)
}

/// Whether what the old content does to the graphics state is undone before the new one
/// begins: by a `Q` for one of the `q` that stand before it, and nothing else does.
fn is_isolated(
    view: View<'_>,
    streams: &[Reference],
    marks: &Marks,
    first: usize,
    behind: usize,
) -> Judged<bool> {
    let (before, rest) = streams.split_at_checked(first).ok_or(Doubt::Unexplained)?;
    let after = rest.get(behind.saturating_sub(first)..).unwrap_or_default();
    let read = |all: &[Reference]| -> Judged<Vec<u8>> {
        let mut content = Vec::new();
        for stream in all {
            let Object::Stream(stream) = view.get(*stream)? else {
                return Err(Doubt::Unexplained);
            };
            content.extend(view.decoded(&stream)?);
            content.push(b'\n');
        }
        Ok(content)
    };
    let (before, after) = (read(before)?, read(after)?);
    let saved = words(&before).count();
    let restored = words(&after).take_while(|it| *it == b"Q").count();
    let begun = first.checked_sub(1).and_then(|it| marks.parts.get(it));
    let begun = begun.is_some_and(|it| it.pristine && !it.open);
    let only_saves = words(&before).all(|it| it == b"q");
    let (Some(old), Some(last)) =
        (behind.checked_sub(1).and_then(|it| marks.parts.get(it)), marks.parts.last())
    else {
        return Ok(false);
    };
    let clean = !old.open && !last.open && last.saved == 0 && last.underflows == 0;
    let plain = marks.parts.iter().skip(behind).all(|it| !it.properties);
    let popped = old.saved.checked_sub(restored).is_some_and(|it| it < saved);
    Ok(begun && only_saves && saved > 0 && clean && plain && popped)
}

fn words(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    let white = |byte: &u8| matches!(byte, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ');
    content.split(white).filter(|it| !it.is_empty())
}

/// Whether something is what it seems: opaque, dark enough to be seen, and all of it to be
/// seen always.
fn is_plain_mark(mark: &Mark) -> bool {
    /// Lighter text, on paper, is hard to see.
    const LIGHTEST: f64 = 0.75;
    let how = &mark.how;
    let seen = how.brightness.is_some_and(|it| (0.0..=LIGHTEST).contains(&it));
    let plain = how.ordinary && !how.optional && !how.hidden && !how.cut;
    plain
        && match &mark.ink {
            Ink::Glyph(glyph) => {
                let text = glyph.text.as_deref().unwrap_or("\u{fffd}");
                let known = !text.is_empty() && !text.contains(['\u{fffd}', '\0']);
                // What is said is shown, and what is not said is not.
                let said = match glyph.outline {
                    Outline::Usual => true,
                    Outline::Read => !glyph.is_space(),
                    Outline::Empty => glyph.is_space(),
                    Outline::Unknown | Outline::Unread => false,
                };
                known && seen && said
            }
            Ink::Path { .. } => seen,
            Ink::Image => true,
            Ink::Shading => false,
        }
}

/// How far beyond its place something may reach.
fn overhang(mark: &Mark) -> f64 {
    match &mark.ink {
        Ink::Glyph(glyph) => glyph.overhang,
        _ => 0.0,
    }
}

/// Around what was shown, where no ink may be added, and no picture: what follows a number or
/// a word closely makes another of it. Numbers are put up to a colon or a slash. What a font
/// in the file says of its glyphs is believed of letters only: of a colon, a slash or a dash
/// where the outline is one, and all else may be a digit.
/// Where the page is turned, lines run as the glyphs are turned, which nobody knows.
fn kept_free(mark: &Mark, turned: bool) -> (Rect, Rect) {
    /// In sizes of the text: less than spaces are wide, and more.
    const WORD: f64 = 0.2;
    const NUMBER: f64 = 0.75;
    let Ink::Glyph(glyph) = &mark.ink else { return (mark.place, mark.place) };
    let text = glyph.text.as_deref().unwrap_or_default();
    if glyph.outline == Outline::Unread {
        return (Rect::EVERYWHERE, Rect::EVERYWHERE);
    }
    if glyph.punctuation && !turned && matches!(text, ":" | "/" | "-" | "–" | "(" | ")") {
        return (mark.place, mark.place);
    }
    let is_word = match glyph.outline {
        Outline::Usual => !text.contains(char::is_numeric),
        Outline::Read => !text.is_empty() && text.chars().all(is_of_word),
        Outline::Unknown | Outline::Unread | Outline::Empty => false,
    };
    let around = |gap: f64| {
        let gap = gap * glyph.size;
        let line = Rect::around([glyph.origin, glyph.end]);
        if turned || line.height() > glyph.size * 0.01 || !gap.is_finite() {
            return mark.place.union(&line).grown(gap);
        }
        let (below, above) = (glyph.size * 0.22, glyph.size * 0.9);
        let line = Rect { bottom: line.bottom - below, top: line.top + above, ..line };
        let all = line.union(&mark.place);
        Rect { left: all.left - gap, right: all.right + gap, ..all }
    };
    (around(if is_word { WORD } else { NUMBER }), around(WORD))
}

/// Letters, and marks that stand on them.
fn is_of_word(character: char) -> bool {
    character.is_alphabetic() || ('\u{300}'..='\u{36f}').contains(&character)
}

/// White areas that some producers begin a page with: they show nothing.
fn is_paper(mark: &Mark) -> bool {
    const WHITE: f64 = 0.999;
    let white = mark.how.brightness.is_some_and(|it| it >= WHITE);
    white && matches!(mark.ink, Ink::Path { filled: true, stroked: false })
}

/// What of a page is seen (ISO 32000-2 §14.11.2).
fn visible_area(view: View<'_>, page: &Dictionary) -> Judged<Option<Rect>> {
    let area = |key| -> Judged<Option<Rect>> {
        let Object::Array(items) = inherited(view, page, key)? else { return Ok(None) };
        Ok(Rect::of(&items))
    };
    let media = area("MediaBox")?;
    Ok(match area("CropBox")? {
        Some(crop) => media.and_then(|it| it.common(&crop)),
        None => media,
    })
}

/// Where an annotation may show something.
fn annotation_area(view: View<'_>, annotation: &Dictionary) -> Judged<Option<Rect>> {
    let kind = annotation.get("Subtype").and_then(Object::as_name);
    if matches!(kind, Some(b"Popup")) {
        return Ok(None);
    }
    let place = annotation_place(view, annotation)?;
    let place = place.unwrap_or(Rect::EVERYWHERE);
    Ok((place.width() > 0.0 && place.height() > 0.0).then_some(place))
}
