//! Names that are two in an archive and one on a disk: who unpacks it gets one of the files,
//! and not the one that was signed.

use std::collections::BTreeMap;

/// The first entries, by their places, of which a disk would keep one.
pub(super) fn alike<'n>(names: impl Iterator<Item = &'n str>) -> Option<(usize, usize)> {
    let mut all: BTreeMap<String, usize> = BTreeMap::new();
    let mut files = Vec::new();
    for (place, name) in names.enumerate() {
        let folder = name.strip_suffix('/');
        let folded = folded(folder.unwrap_or(name));
        if let Some(before) = all.insert(folded.clone(), place) {
            return Some((before, place));
        }
        if folder.is_none() {
            files.push((folded, place));
        }
    }
    files.into_iter().find_map(|(name, place)| {
        let below = format!("{name}/");
        let next = all.range(below.clone()..).next();
        next.filter(|it| it.0.starts_with(&below)).map(|it| (place, *it.1))
    })
}

/// Without what Windows and macOS make no difference by: the case of letters, how those of
/// Vietnamese are composed, and dots and blanks at the end of a name.
fn folded(name: &str) -> String {
    let mut parts = name.split('/').map(|it| it.trim_end_matches(['.', ' ']));
    let mut folded = String::with_capacity(name.len());
    folded.push_str(parts.next().unwrap_or_default());
    for part in parts {
        folded.push('/');
        folded.push_str(part);
    }
    let mut out = String::with_capacity(folded.len());
    let mut marks = Vec::new();
    for letter in folded.chars().flat_map(char::to_lowercase) {
        let (base, own) = decomposed(letter);
        if is_mark(base) {
            marks.push(base);
            continue;
        }
        flush(&mut marks, &mut out);
        out.push(base);
        marks.extend(own.into_iter().flatten());
    }
    flush(&mut marks, &mut out);
    out
}

/// Marks of one letter may come in any order.
fn flush(marks: &mut Vec<char>, out: &mut String) {
    marks.sort_unstable();
    out.extend(marks.drain(..));
}

fn is_mark(letter: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&letter)
}

/// Small letters with a mark of their own, and with each of the five tones.
const LETTERS: [(char, Option<char>, &str); 12] = [
    ('a', None, "àáãảạ"),
    ('a', Some('\u{306}'), "ằắẵẳặ"),
    ('a', Some('\u{302}'), "ầấẫẩậ"),
    ('e', None, "èéẽẻẹ"),
    ('e', Some('\u{302}'), "ềếễểệ"),
    ('i', None, "ìíĩỉị"),
    ('o', None, "òóõỏọ"),
    ('o', Some('\u{302}'), "ồốỗổộ"),
    ('o', Some('\u{31b}'), "ờớỡởợ"),
    ('u', None, "ùúũủụ"),
    ('u', Some('\u{31b}'), "ừứữửự"),
    ('y', None, "ỳýỹỷỵ"),
];
const TONES: [char; 5] = ['\u{300}', '\u{301}', '\u{303}', '\u{309}', '\u{323}'];

/// A letter and its marks.
fn decomposed(letter: char) -> (char, [Option<char>; 2]) {
    match letter {
        'ă' => return ('a', [Some('\u{306}'), None]),
        'â' => return ('a', [Some('\u{302}'), None]),
        'ê' => return ('e', [Some('\u{302}'), None]),
        'ô' => return ('o', [Some('\u{302}'), None]),
        'ơ' => return ('o', [Some('\u{31b}'), None]),
        'ư' => return ('u', [Some('\u{31b}'), None]),
        _ if letter.is_ascii() => return (letter, [None; 2]),
        _ => {}
    }
    for (base, own, toned) in LETTERS {
        let mut tones = toned.chars().zip(TONES);
        if let Some((_, tone)) = tones.find(|it| it.0 == letter) {
            return (base, [own, Some(tone)]);
        }
    }
    (letter, [None; 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &[&str]) -> Option<(usize, usize)> {
        alike(names.iter().copied())
    }

    #[test]
    fn what_a_disk_would_make_one_of_is_found() {
        for (one, other) in [
            ("a.pdf", "A.pdf"),
            ("ĐƠN.pdf", "đơn.PDF"),
            ("Đơn.pdf", "Đo\u{31b}n.pdf"),
            ("Quyết định.pdf", "Quye\u{302}\u{301}t đi\u{323}nh.pdf"),
            ("Ậ", "a\u{302}\u{323}"),
            ("ậ", "a\u{323}\u{302}"),
            ("ậ", "ạ\u{302}"),
            ("ậ", "â\u{323}"),
            ("a.pdf", "a.pdf."),
            ("a.pdf", "a.pdf . "),
            ("b/a", "B /a"),
            ("a", "a/b"),
            ("a/b/c", "A"),
            ("a", "a/b/"),
        ] {
            let all = (found(&[one, "z", other]), found(&[other, "z", one]));
            assert!(all.0.is_some() && all.1.is_some(), "{one} and {other}");
        }
    }

    #[test]
    fn what_stays_two_is_let_through() {
        let names =
            ["a", "ă", "â", "á", "à", "ab/", "ab/c", "ab.c", "ac", "a .pdf", "đ", "d", "..."];
        assert_eq!(found(&names), None);
        assert_eq!(found(&[]), None);
    }
}
