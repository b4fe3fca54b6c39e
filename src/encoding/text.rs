//! Text that came from outside, before a person reads it.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_left_alone() {
        assert!(!"Nguyễn Thị Ánh “Sở Nội vụ” – 50 %, số 1/QĐ\u{a0}🙂 e\u{301}".chars().any(steers));
        for c in ['\n', '\x1b', '\u{9b}', '\u{202e}', '\u{2066}', '\u{2028}', '\u{200b}'] {
            assert!(steers(c), "{c:?}");
        }
    }
}
