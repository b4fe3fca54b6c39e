//! Text that came from outside, before a person or a program reads it.

/// Whether a character steers what shows it instead of being shown: controls, ends of
/// lines and paragraphs, marks of direction (Unicode UAX #9), and what has no width.
/// Vietnamese and the other scripts of its agencies need none of these.
pub(crate) fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Without characters that steer what shows it, so that no name can forge a line or a
/// colour, or be read backwards.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if steers(c) { '\u{fffd}' } else { c }).collect()
}

/// As names are compared of which each writes capitals and blanks as it likes.
pub(crate) fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// As text in HTML and XML, and as a value of their attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_that_could_be_markup() {
        assert_eq!(escape("<b a=\"'\">&amp;"), "&lt;b a=&quot;&#39;&quot;&gt;&amp;amp;");
        assert_eq!(escape("Nguyễn Thị Ánh"), "Nguyễn Thị Ánh");
    }

    #[test]
    fn what_is_shown_is_left_alone() {
        assert!(!"Nguyễn Thị Ánh “Sở Nội vụ” – 50 %, số 1/QĐ\u{a0}🙂 e\u{301}".chars().any(steers));
        for c in ['\n', '\x1b', '\u{9b}', '\u{202e}', '\u{2066}', '\u{2028}', '\u{200b}'] {
            assert!(steers(c), "{c:?}");
        }
    }
}
