//! Whether an incremental update is written exactly as ISO 32000-2 §7.5 has it.
//!
//! Readers differ in what they let pass, and one that meets what it does not let pass
//! searches the whole file for objects: what no cross-reference section names is then
//! shown. What is written after a signature must give none of them a reason.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::ops::Range;

use super::lexer::{Lexer, is_white};
use super::object::{Dictionary, Object};
use super::reader::Reader;
use super::scan::Revision;
use super::section::{Form, stream_start, unsigned};
use crate::error::Result;
use crate::limits::within;

/// The highest object number that all readers take (ISO 32000-1 Annex C).
const HIGHEST: u64 = 8_388_607;

/// Bytes at the end of a file within which every reader looks for `startxref`.
const TAIL: u64 = 1024;

impl Reader<'_> {
    /// Whether every reader finds the last `startxref` of the file.
    ///
    /// # Errors
    /// `Io`.
    pub(crate) fn ends_plainly(&self) -> Result<bool> {
        let len = self.source().len();
        let tail = self.source().window(len.saturating_sub(TAIL)..len)?;
        Ok(tail.windows(9).any(|it| it == b"startxref"))
    }

    /// Whether the cross-reference section of a revision and what follows it are plain.
    ///
    /// # Errors
    /// `Io`.
    pub(crate) fn section_is_plain(&self, revision: &Revision) -> Result<bool> {
        let start = self.chain().base().saturating_add(revision.start_xref);
        let most = u64::try_from(self.limits().pdf_object_bytes).unwrap_or(u64::MAX);
        let size = revision.mark_end.saturating_sub(start);
        if revision.sections != 1 || size > most || start < revision.start {
            return Ok(false);
        }
        let bytes = self.source().window(start..revision.mark_end)?;
        let mut text = Text { rest: &bytes };
        let depth = self.limits().pdf_depth;
        let section = match revision.form {
            Form::Table => text.table().and_then(|()| text.trailer(depth)),
            Form::Stream => text.stream(depth),
            // Readers differ in which of its two parts they believe.
            Form::Hybrid => None,
        };
        let tail = section.and_then(|()| text.tail(revision.start_xref));
        Ok(tail.is_some() && is_plain_trailer(&revision.trailer))
    }

    /// Where `number generation obj` ends that stands here, as every reader reads it.
    ///
    /// # Errors
    /// `Io`.
    pub(crate) fn plain_header(&self, offset: u64) -> Result<Option<u64>> {
        const LONGEST: u64 = 32;
        let at = self.chain().base().saturating_add(offset);
        let end = at.saturating_add(LONGEST).min(self.source().len());
        let bytes = self.source().window(at.min(end)..end)?;
        let mut text = Text { rest: &bytes };
        // Some writers count the line end before it.
        let plain = text.white() <= 2 && text.header().is_some();
        let left = u64::try_from(text.rest.len()).unwrap_or(u64::MAX);
        Ok(plain.then(|| end.saturating_sub(left)))
    }

    /// Where something ends that some reader may take for `number generation obj`.
    ///
    /// # Errors
    /// `LimitExceeded`; `Io`.
    pub(crate) fn header_ends(&self, place: Range<u64>) -> Result<Vec<u64>> {
        const PART: u64 = 256 << 10;
        let (mut at, mut state, mut ends) = (place.start, Headers::default(), Vec::new());
        while at < place.end {
            let end = at.saturating_add(PART).min(place.end);
            for byte in self.source().window(at..end)?.iter() {
                at = at.saturating_add(1);
                if state.step(*byte) {
                    ends.push(at);
                    within(ends.len(), self.limits().pdf_objects, "objects in a PDF")?;
                }
            }
            at = end;
        }
        Ok(ends)
    }
}

/// Finds two numbers and `obj`, with anything between them that some reader takes for
/// white space, and whatever their size: several ways to read at once, a bit for each.
#[derive(Default)]
struct Headers {
    open: u8,
    /// What was open where a comment may have begun.
    held: u8,
}

impl Headers {
    const FIRST: u8 = 1;
    const BEHIND_FIRST: u8 = 2;
    const SECOND: u8 = 4;
    const BEHIND_SECOND: u8 = 8;
    const O: u8 = 16;
    const B: u8 = 32;

    /// Whether it ends with this byte.
    fn step(&mut self, byte: u8) -> bool {
        let some = |bits: u8, then: u8| if self.open & bits == 0 { 0 } else { then };
        let white = some(Self::FIRST | Self::BEHIND_FIRST, Self::BEHIND_FIRST)
            | some(Self::SECOND | Self::BEHIND_SECOND, Self::BEHIND_SECOND);
        let number = some(Self::BEHIND_FIRST | Self::SECOND | Self::BEHIND_SECOND, Self::SECOND);
        let found = byte == b'j' && self.open & Self::B != 0;
        let after_o = some(Self::O, Self::B);
        let after_second = some(Self::SECOND | Self::BEHIND_SECOND, Self::O);
        self.open = match byte {
            b'0'..=b'9' | b'+' | b'-' | b'.' => Self::FIRST | number,
            b'\r' | b'\n' => white | std::mem::take(&mut self.held),
            0 | b'\t' | 0x0b | 0x0c | b' ' => white,
            b'%' => {
                self.held |= white;
                0
            }
            b'o' => after_second,
            b'b' => after_o,
            _ => 0,
        };
        found
    }
}

fn is_plain_trailer(trailer: &Dictionary) -> bool {
    let integer = |key| trailer.get(key).and_then(Object::as_integer);
    let size = integer("Size").and_then(|it| u64::try_from(it).ok());
    let integers = |key| {
        let items = trailer.get(key).and_then(Object::as_array);
        items.is_none_or(|items| items.iter().all(|it| it.as_integer().is_some()))
    };
    // Some readers follow it from a cross-reference stream, too.
    let alone = !trailer.contains("XRefStm");
    alone
        && integers("W")
        && integers("Index")
        && integer("Prev").is_some()
        && size.is_some_and(|it| it <= HIGHEST)
}

/// What is still to be read; each part gives nothing where it is not plain.
struct Text<'a> {
    rest: &'a [u8],
}

impl Text<'_> {
    fn take(&mut self, count: usize) -> Option<&[u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    fn word(&mut self, word: &str) -> Option<()> {
        (self.take(word.len())? == word.as_bytes()).then_some(())
    }

    fn number(&mut self) -> Option<u64> {
        const DIGITS: usize = 19;
        let count = self.rest.iter().take_while(|it| it.is_ascii_digit()).count();
        let digits = self.take(count).filter(|it| (1..=DIGITS).contains(&it.len()))?;
        std::str::from_utf8(digits).ok()?.parse().ok()
    }

    /// White space without NUL, which not all readers take for such.
    fn white(&mut self) -> usize {
        let count = self.rest.iter().take_while(|it| **it != 0 && is_white(**it)).count();
        self.take(count).map_or(0, <[u8]>::len)
    }

    /// Spaces and one end of line.
    fn line_end(&mut self) -> Option<()> {
        let before = self.rest;
        let count = self.white();
        let (white, _) = before.split_at_checked(count)?;
        white.iter().any(|it| matches!(it, b'\r' | b'\n')).then_some(())
    }

    fn header(&mut self) -> Option<()> {
        self.number().filter(|it| *it <= HIGHEST)?;
        (self.white() > 0).then_some(())?;
        self.number().filter(|it| *it <= u64::from(u16::MAX))?;
        (self.white() > 0).then_some(())?;
        self.word("obj")
    }

    /// ISO 32000-2 §7.5.4, up to `trailer`. Entries with one byte of line end are
    /// common, and no reader minds them.
    fn table(&mut self) -> Option<()> {
        const ENTRY: usize = 18;
        self.word("xref")?;
        self.line_end()?;
        while !self.rest.starts_with(b"trailer") {
            let first = self.number()?;
            self.word(" ")?;
            let count = self.number()?;
            self.line_end()?;
            (first.checked_add(count)? <= HIGHEST).then_some(())?;
            for _ in 0..count {
                self.take(ENTRY)?;
                let end = self.rest.iter().take(3).take_while(|it| is_white(**it)).count();
                (1..=2).contains(&end).then_some(())?;
                self.line_end()?;
            }
        }
        Some(())
    }

    fn trailer(&mut self, depth: usize) -> Option<()> {
        self.word("trailer")?;
        self.white();
        let mut lexer = Lexer::new(self.rest, 0, depth);
        lexer.object().ok()?.as_dictionary()?;
        self.rest = lexer.rest();
        Some(())
    }

    /// ISO 32000-2 §7.5.8.
    fn stream(&mut self, depth: usize) -> Option<()> {
        self.header()?;
        self.white();
        let mut lexer = Lexer::new(self.rest, 0, depth);
        let object = lexer.object().ok()?;
        stream_start(&mut lexer).ok()?;
        self.rest = lexer.rest();
        let length = object.as_dictionary()?.get("Length").and_then(unsigned)?;
        self.take(usize::try_from(length).ok()?)?;
        self.white();
        self.word("endstream")?;
        self.white();
        self.word("endobj")
    }

    /// `startxref`, the offset and `%%EOF`. Some writers put their name before.
    fn tail(&mut self, target: u64) -> Option<()> {
        self.white();
        while self.rest.starts_with(b"%") {
            let line = self.rest.iter().take_while(|it| !matches!(it, b'\r' | b'\n')).count();
            let comment = self.take(line)?;
            let misleading = |word: &[u8]| comment.windows(word.len()).any(|it| it == word);
            (!misleading(b"xref") && !misleading(b"%%EOF")).then_some(())?;
            self.white();
        }
        self.word("startxref")?;
        self.line_end()?;
        self.number().filter(|it| *it == target)?;
        self.line_end()?;
        self.word("%%EOF")?;
        self.rest.is_empty().then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_every_spelling() {
        let found = |text: &[u8]| {
            let mut state = Headers::default();
            text.iter().filter(|byte| state.step(**byte)).count()
        };
        let far = format!("4{:200}0 obj", "");
        for text in [
            &b"4 0 obj"[..],
            b"4\x0b0\x0bobj",
            b"4\x000\0obj",
            b"4 %x\n0 obj",
            b"%4 %x\r %y\n0 %\nobj",
            b"4294967300 0 obj",
            b"4 65536 obj",
            b"4 -0 obj",
            b"4 0obj",
            b"1 4 0 obj",
            far.as_bytes(),
        ] {
            assert_eq!(found(text), 1, "{}", String::from_utf8_lossy(text));
        }
        for text in
            [&b"endobj"[..], b"4 obj", b"4 0 o bj", b"4 x 0 obj", b"4 0 object", b"4 %0 obj"]
        {
            let expected = usize::from(text.ends_with(b"object"));
            assert_eq!(found(text), expected, "{}", String::from_utf8_lossy(text));
        }
    }
}
