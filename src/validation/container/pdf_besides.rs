//! What a reader of PDFs finds in a container beside the files that are signed in it.

use std::collections::BTreeSet;
use std::iter;

use crate::encoding::zip::Entry;
use crate::error::{Error, Result};
use crate::signature::asic::Container;
use crate::source::{Source, for_each_piece};
use crate::validation::format::{PDF, SNIFFED, is_pdf};

/// A reader of PDFs may show what begins in a container, which is well where that is one of the
/// files that the report speaks of.
pub(super) fn is_no_pdf_outside(
    file: &dyn Source,
    container: &Container<'_>,
    answered: &BTreeSet<String>,
) -> Result<()> {
    let head = file.window(0..file.len().min(SNIFFED))?;
    let archive = container.archive();
    for (at, _) in head.windows(PDF.len()).enumerate().filter(|it| it.1 == PDF) {
        let at = u64::try_from(at).unwrap_or(u64::MAX);
        let entry = archive.content_at(at).filter(|it| answered.contains(&it.name));
        // What is compressed can be of any shape, and still be no PDF.
        let is_file = match entry.map(|it| archive.content(it)) {
            Some(content) => is_pdf(&content.window(0..content.len().min(SNIFFED))?),
            None => false,
        };
        if !is_file {
            let what = "this container is a PDF besides, which is none of its signed files";
            return Err(Error::malformed(what).at_offset(at));
        }
    }
    match is_pdf(&head) {
        true => is_no_part_of_pdf_besides(file, container),
        false => Ok(()),
    }
}

/// What a reader takes a PDF to be it looks up from the end of the file, or from the last object
/// of a number: none of that is to stand where no file does.
fn is_no_part_of_pdf_besides(file: &dyn Source, container: &Container<'_>) -> Result<()> {
    let archive = container.archive();
    let names: BTreeSet<_> = container.data_files().collect();
    let files = archive.in_order().into_iter().filter(|it| names.contains(it.name.as_str()));
    let files = files.map(Entry::place);
    let mut from = 0;
    for place in files.chain(iter::once(file.len()..file.len())) {
        let mut seen = Seen::default();
        let mut found = false;
        for_each_piece(file, from..place.start, |piece| {
            found = found || piece.iter().any(|it| seen.ends_part(*it));
            Ok(())
        })?;
        // What stands behind is a file, or nothing.
        if found || seen.ends_part(b' ') {
            let what = "around the files of this container stand parts of a PDF";
            return Err(Error::malformed(what).at_offset(from));
        }
        from = place.end;
    }
    Ok(())
}

/// What was read so far, as far as it tells where an object begins or the table of objects is
/// said to be (ISO 32000-1 §7.3.10, §7.5.5).
struct Seen {
    /// The last token is a number, or may still become one.
    number: bool,
    /// Only blanks were read since a line ended: before that a comment may stand, which is as
    /// good as a blank (§7.2.3), and a number before it.
    line: bool,
    /// A number may begin.
    apart: bool,
    /// Letters of the words that were read.
    object: usize,
    start: usize,
}

const OBJECT: &[u8] = b"obj";
const START: &[u8] = b"startxref";

impl Default for Seen {
    /// Before it a file ends, by whatever it does.
    fn default() -> Self {
        Self { number: true, line: true, apart: true, object: 0, start: 0 }
    }
}

impl Seen {
    /// Whether something is complete that belongs to a PDF.
    fn ends_part(&mut self, it: u8) -> bool {
        if self.object == OBJECT.len() && !it.is_ascii_alphabetic() {
            return true;
        }
        let begins = self.number || self.line;
        self.object = match OBJECT.get(self.object) {
            Some(next) if *next == it && (self.object > 0 || begins) => {
                self.object.saturating_add(1)
            }
            _ => 0,
        };
        self.start = match START.get(self.start) {
            Some(next) if *next == it => self.start.saturating_add(1),
            _ => usize::from(START.first() == Some(&it)),
        };
        match it {
            b'\r' | b'\n' => self.line = true,
            0 | b'\t' | 12 | b' ' => {}
            _ => {
                self.number = it.is_ascii_digit() && (self.number || self.apart);
                self.line = false;
            }
        }
        self.apart =
            matches!(it, 0 | 12 | b' ' | b'\t' | b'\r' | b'\n' | b'+' | b'-' | b'%' | b'/')
                || matches!(it, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}');
        self.start == START.len()
    }
}
