//! The shapes of dictionaries and arrays, held against one another.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::{BTreeSet, HashMap};

use crate::encoding::pdf::{Dictionary, Object};

/// What a signature field and its widget may say (ISO 32000-2 Tables 166, 191, 226,
/// 235). Actions are left out: a signature needs none.
pub(super) const FIELD_KEYS: [&str; 26] = [
    "Type", "Subtype", "FT", "T", "TU", "TM", "Ff", "V", "F", "P", "Rect", "AP", "AS", "MK", "DA",
    "DR", "Lock", "SV", "M", "NM", "Parent", "Kids", "BS", "Border", "H", "Q",
];

/// What the document information dictionary may come to say otherwise (Table 349).
pub(super) const INFORMATION_KEYS: [&str; 9] = [
    "Title",
    "Author",
    "Subject",
    "Keywords",
    "Creator",
    "Producer",
    "CreationDate",
    "ModDate",
    "Trapped",
];

/// Whether a widget has an area to be seen on.
pub(super) fn has_area(widget: &Dictionary) -> bool {
    /// Readers that compute with 32 bits see other numbers beyond.
    const MOST: f64 = 1e6;
    let number = |item: &Object| {
        let value = match item {
            Object::Real(text) => std::str::from_utf8(text).ok()?.parse::<f64>().ok(),
            item => item.as_integer().map(|it| it as f64),
        };
        value.filter(|it| it.abs() < MOST)
    };
    let corners = widget.get("Rect").and_then(Object::as_array).unwrap_or_default();
    let corners: Vec<Option<f64>> = corners.iter().map(number).collect();
    match corners[..] {
        [Some(left), Some(bottom), Some(right), Some(top)] => left != right && bottom != top,
        _ => true,
    }
}

/// Whether a widget brings what is to be seen on its area.
pub(super) fn has_look(widget: &Dictionary) -> bool {
    let filled = |key| match widget.get(key) {
        None | Some(Object::Null) => false,
        Some(Object::Dictionary(dictionary)) => !dictionary.entries().is_empty(),
        Some(_) => true,
    };
    filled("AP") || filled("MK")
}

/// Whether a dictionary holds only these keys, each once.
pub(super) fn only(dictionary: &Dictionary, keys: &[&str]) -> bool {
    dictionary.duplicate().is_none()
        && dictionary.entries().iter().all(|entry| keys.iter().any(|it| it.as_bytes() == entry.key))
}

pub(super) fn key_in(dictionary: &Dictionary, key: &[u8]) -> bool {
    dictionary.entries().iter().any(|entry| entry.key == key)
}

/// Keys whose values differ, or that only one of the two has.
pub(super) fn changed_keys<'a>(old: &'a Dictionary, new: &'a Dictionary) -> Vec<&'a [u8]> {
    let by_key = |it: &'a Dictionary| -> HashMap<&'a [u8], &'a Object> {
        it.entries().iter().map(|entry| (entry.key.as_slice(), &entry.value)).collect()
    };
    let (before, after) = (by_key(old), by_key(new));
    let keys: BTreeSet<&[u8]> = before.keys().chain(after.keys()).copied().collect();
    keys.into_iter().filter(|key| before.get(key) != after.get(key)).collect()
}

/// What `after` has besides `before`, when all of `before` is still there in its order.
pub(super) fn additions<'a>(before: &[Object], after: &'a [Object]) -> Option<Vec<&'a Object>> {
    let mut left = before.iter().peekable();
    let added = after.iter().filter(|item| left.next_if(|it| it == item).is_none()).collect();
    left.peek().is_none().then_some(added)
}

/// Whether a value is whole in itself: it leads nowhere.
pub(super) fn is_plain(object: &Object) -> bool {
    match object {
        Object::Reference(_) | Object::Stream(_) => false,
        Object::Array(items) => items.iter().all(is_plain),
        Object::Dictionary(dictionary) => dictionary.entries().iter().all(|it| is_plain(&it.value)),
        _ => true,
    }
}
