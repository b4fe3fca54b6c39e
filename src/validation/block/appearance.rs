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
    if names.iter().any(|it| bare(shown).contains(&bare(it))) && !claims_another(shown, &names) {
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
        let said = bare(&format!("{said} {}", rest.clone().next().unwrap_or_default()));
        let said = said.trim_start_matches(':');
        if !said.is_empty() && !names.iter().any(|it| said.starts_with(&bare(it))) {
            return true;
        }
    }
    false
}

/// Without what looks break lines by, and in one case.
fn bare(text: &str) -> String {
    text.chars().filter(|it| !it.is_whitespace()).flat_map(char::to_lowercase).collect()
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
        ] {
            assert_eq!(claims_another(shown, &names), another, "{shown:?}");
        }
    }
}
