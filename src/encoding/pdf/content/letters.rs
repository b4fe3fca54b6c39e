//! Vietnamese letters, composed and in their parts (Unicode Standard Annex #15).
//! Producers write either; what looks the same has to compare the same.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::HashMap;
use std::sync::OnceLock;

/// A vowel with its tones in the order of [`TONES`], and what it is in parts.
const VOWELS: [(&str, &str); 12] = [
    ("aàảãáạ", "a"),
    ("ăằẳẵắặ", "a\u{306}"),
    ("âầẩẫấậ", "a\u{302}"),
    ("eèẻẽéẹ", "e"),
    ("êềểễếệ", "e\u{302}"),
    ("iìỉĩíị", "i"),
    ("oòỏõóọ", "o"),
    ("ôồổỗốộ", "o\u{302}"),
    ("ơờởỡớợ", "o\u{31b}"),
    ("uùủũúụ", "u"),
    ("ưừửữứự", "u\u{31b}"),
    ("yỳỷỹýỵ", "y"),
];
const TONES: [&str; 6] = ["", "\u{300}", "\u{309}", "\u{303}", "\u{301}", "\u{323}"];

struct Letters {
    parts: HashMap<char, String>,
    whole: HashMap<String, char>,
}

fn letters() -> &'static Letters {
    static LETTERS: OnceLock<Letters> = OnceLock::new();
    LETTERS.get_or_init(|| {
        let (mut parts, mut whole) = (HashMap::new(), HashMap::new());
        for (row, vowel) in VOWELS {
            for (letter, tone) in row.chars().zip(TONES) {
                let upper = letter.to_uppercase().next().unwrap_or(letter);
                let lower = in_order(&format!("{vowel}{tone}"));
                let pairs = [(upper, in_order(&lower.to_uppercase())), (letter, lower)];
                for (letter, spelled) in pairs.into_iter().filter(|it| it.1.chars().count() > 1) {
                    whole.insert(spelled.clone(), letter);
                    parts.insert(letter, spelled);
                }
            }
        }
        Letters { parts, whole }
    })
}

/// The canonical combining class of the marks of Vietnamese.
fn class(mark: char) -> u8 {
    match mark {
        '\u{31b}' => 216,
        '\u{323}' => 220,
        '\u{300}'..='\u{30c}' => 230,
        _ => 0,
    }
}

#[cfg(any(feature = "appearance", test, fuzzing))]
pub(super) fn is_mark(character: char) -> bool {
    class(character) > 0
}

/// Marks that follow each other in canonical order.
fn in_order(text: &str) -> String {
    let (mut out, mut marks) = (String::with_capacity(text.len()), Vec::new());
    for character in text.chars().chain(['\0']) {
        if class(character) > 0 {
            marks.push(character);
            continue;
        }
        marks.sort_by_key(|it| class(*it));
        out.extend(marks.drain(..));
        out.push(character);
    }
    out.pop();
    out
}

/// Letters taken apart into vowels and marks: NFD, as far as Vietnamese goes.
pub(crate) fn decomposed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match letters().parts.get(&character) {
            Some(parts) => out.push_str(parts),
            None => out.push(character),
        }
    }
    in_order(&out)
}

/// Vowels and marks put together into letters: NFC, as far as Vietnamese goes.
pub(crate) fn composed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut cluster = String::new();
    for character in decomposed(text).chars().chain(['\0']) {
        if class(character) == 0 {
            match letters().whole.get(&cluster) {
                Some(letter) => out.push(*letter),
                None => out.push_str(&cluster),
            }
            cluster.clear();
        }
        cluster.push(character);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_their_parts() {
        let parts = "Quye\u{302}\u{301}t đi\u{323}nh va\u{306}\u{323}n VA\u{306}N u\u{31b}\u{300}";
        let whole = "Quyết định vặn VĂN ừ";
        assert_eq!(composed(parts), whole);
        assert_eq!(composed(whole), whole);
        assert_eq!(decomposed(whole), decomposed(parts));
        // One mark composed, the other not, and the marks the other way round.
        assert_eq!(composed("ê\u{323} ẹ\u{302} e\u{302}\u{323}"), "ệ ệ ệ");
        assert_eq!(composed("\u{301}x\u{301}"), "\u{301}x\u{301}");
        assert_eq!(decomposed("ữ"), "u\u{31b}\u{303}");
    }

    #[test]
    fn every_letter_is_there_once() {
        assert_eq!(letters().parts.len(), 132);
    }
}
