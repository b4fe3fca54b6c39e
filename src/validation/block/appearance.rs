//! What a signature shows against who signed. Anybody can draw anything: only the
//! certificate says who it was.

use crate::validation::check::{CheckId, Finding, say};
use crate::validation::facts::{PdfFacts, SignatureFacts};

/// What stands before the name in the looks that programs draw.
const LABELS: [&str; 5] = ["người ký", "ký bởi", "được ký bởi", "digitally signed by", "signed by"];

/// Nothing where no text is shown.
pub(super) fn appearance(pdf: &PdfFacts, facts: &SignatureFacts) -> Option<Finding> {
    let id = CheckId::Appearance;
    let shown = pdf.said.shown.as_deref()?;
    let certificate = facts.signer.certificate.as_ref()?;
    let subject = certificate.subject_name();
    let names: Vec<&str> =
        [subject.common_name(), subject.organization()].into_iter().flatten().collect();
    let name = names.first().copied().unwrap_or("?");
    if names.iter().any(|it| holds(shown, it)) && !claims_another(shown, &names) {
        return Some(Finding::holds(
            id,
            say(
                format!("Chữ ký hiển thị đúng tên trong chứng thư số: {name}."),
                format!("The signature shows the name in the certificate: {name}."),
            ),
        ));
    }
    let line = shown.replace('\n', " · ");
    let message = say(
        format!("Chữ ký hiển thị “{line}”; chứng thư số là của {name}."),
        format!("The signature shows “{line}”; the certificate is of {name}."),
    );
    Some(if claims_another(shown, &names) {
        Finding::warned(id, message)
    } else {
        Finding::noted(id, message)
    })
}

/// Whether it says by whom it is, and names somebody else.
fn claims_another(shown: &str, names: &[&str]) -> bool {
    let mut rest = shown.lines();
    while let Some(line) = rest.next() {
        let lower = line.trim().to_lowercase();
        let Some(said) = LABELS.iter().find_map(|label| lower.strip_prefix(label)) else {
            continue;
        };
        // The name may go on in the next line, or begin there.
        let said = format!("{said} {}", rest.clone().next().unwrap_or_default());
        let said = said.trim_start_matches(|it: char| it == ':' || it.is_whitespace());
        if !said.is_empty() && !names.iter().any(|it| begins_with(said, it)) {
            return true;
        }
    }
    false
}

/// Whether a text has a name in it, as words of its own.
fn holds(text: &str, name: &str) -> bool {
    let starts = text.char_indices().map(|(at, _)| at);
    starts
        .filter_map(|at| text.split_at_checked(at))
        .any(|(before, rest)| !before.ends_with(char::is_alphanumeric) && begins_with(rest, name))
}

/// Whether a text begins with a name: looks break lines wherever they like, and write in any
/// case, but “Nguyễn Văn An” is not “Nguyễn Văn A”.
fn begins_with(text: &str, name: &str) -> bool {
    let mut rest = text.chars();
    let mut letters = name.chars().filter(|it| !it.is_whitespace()).peekable();
    let named = letters.peek().is_some();
    let same = letters.all(|letter| {
        let next = rest.by_ref().find(|it| !it.is_whitespace());
        next.is_some_and(|it| it.to_lowercase().eq(letter.to_lowercase()))
    });
    named && same && !rest.next().is_some_and(goes_on)
}

/// Whether a word goes on with this: a letter, a digit, or a mark upon the letter before.
fn goes_on(next: char) -> bool {
    next.is_alphanumeric() || ('\u{300}'..='\u{36f}').contains(&next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_with_another_name_is_told() {
        let names = ["Nguyễn Văn A", "Bộ B"];
        for (shown, another) in [
            ("Người ký: Nguyễn Văn A\nThời gian ký: …", false),
            ("Người ký: NGUYỄN VĂN A", false),
            ("Người ký: Nguyễn\nVăn A", false),
            ("Ký bởi\nNguyễn Văn A", false),
            ("Ký bởi: Bộ B", false),
            ("Người ký: Trần C\nNguyễn Văn A", true),
            ("Digitally signed by Trần C", true),
            ("Số: 12/BC", false),
            ("Người ký:", false),
            ("Người ký: Nguyễn Văn An", true),
            ("Người ký: Nguyễn Văn\nAn", true),
            ("Người ký: Nguyễn Văn A\u{301}", true),
            ("Ký bởi: Bộ Ba", true),
            ("Ký bởi: Bộ B, ngày 1", false),
        ] {
            assert_eq!(claims_another(shown, &names), another, "{shown:?}");
        }
    }
    #[test]
    fn a_name_is_shown_where_it_stands_as_words() {
        for (shown, there) in [
            ("Nguyễn Văn A", true),
            ("TM. UBND: NGUYỄN VĂN\nA ký", true),
            ("(Nguyễn Văn A)", true),
            ("Nguyễn Văn An", false),
            ("ONguyễn Văn A", false),
            ("Nguyễn Văn Á", false),
            ("Nguyễn Văn", false),
            ("", false),
        ] {
            assert_eq!(holds(shown, "Nguyễn Văn A"), there, "{shown:?}");
        }
        assert!(!holds("Nguyễn Văn A", " "));
    }
}
