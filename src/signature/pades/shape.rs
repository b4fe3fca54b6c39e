//! The shapes of dictionaries and arrays, held against one another.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use crate::encoding::pdf::{Dictionary, Object};

/// What a signature field and its widget may say (ISO 32000-2 Tables 166, 191, 226,
/// 235). Actions are left out: a signature needs none.
pub(super) const FIELD_KEYS: [&str; 26] = [
    "Type", "Subtype", "FT", "T", "TU", "TM", "Ff", "V", "F", "P", "Rect", "AP", "AS", "MK", "DA",
    "DR", "Lock", "SV", "M", "NM", "Parent", "Kids", "BS", "Border", "H", "Q",
];

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
    let value = |dictionary: &'a Dictionary, key: &[u8]| {
        dictionary.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    };
    let mut keys: Vec<&[u8]> =
        old.entries().iter().chain(new.entries()).map(|entry| entry.key.as_slice()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.retain(|key| value(old, key) != value(new, key));
    keys
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
