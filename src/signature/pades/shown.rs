//! What a signature's look says, for people to hold against who signed.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use crate::encoding::pdf::content::{annotation_marks, lines};
use crate::encoding::pdf::{Field, View};
use crate::error::{ErrorKind, Result};
use crate::limits::Limits;

/// The text that a signature shows, line by line as it is read; nothing where it shows
/// none, as where it is a picture, or more than a signature has to say.
///
/// # Errors
/// `Io`.
pub(super) fn shown(view: View<'_>, field: &Field) -> Result<Option<String>> {
    let limits = short(view.reader().limits());
    for (_, widget) in &field.widgets {
        let marks = match annotation_marks(view, widget, &limits) {
            Ok(Some(marks)) => marks.marks,
            Err(error) if error.kind() == ErrorKind::Io => return Err(error),
            Ok(None) | Err(_) => continue,
        };
        let text: Vec<String> = lines(&marks).into_iter().map(|it| it.text).collect();
        if !text.is_empty() {
            return Ok(Some(text.join("\n")));
        }
    }
    Ok(None)
}

/// Enough for a card of text beside a picture. Files have many signatures, and what is
/// longer nobody holds against a name.
fn short(limits: &Limits) -> Limits {
    const OPERATORS: usize = 20_000;
    const MARKS: usize = 5_000;
    Limits {
        pdf_content_operators: limits.pdf_content_operators.min(OPERATORS),
        pdf_content_marks: limits.pdf_content_marks.min(MARKS),
        ..limits.clone()
    }
}
