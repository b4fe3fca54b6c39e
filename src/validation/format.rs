//! Telling what a document is by its first bytes.

use std::collections::BTreeSet;
use std::iter;

use crate::encoding::zip::Entry;
use crate::error::{Error, Result};
use crate::signature::asic::Container;
use crate::signature::{cms, evidence};
use crate::source::{Source, for_each_piece};

/// Bytes read to tell what a document is. ISO 32000-1 Annex H.3: a PDF may begin
/// within the first 1024 bytes.
pub(super) const SNIFFED: u64 = 1024;

/// A reader of PDFs takes one that begins within the first bytes of a file, and shows it.
/// That is well where it is the content that is signed, and a forgery elsewhere.
pub(super) fn is_no_pdf_besides(file: &[u8], content: Option<cms::Content<'_>>) -> Result<()> {
    let signed = content.map_or(0..0, |content| content.place());
    // Most contents are longer: then there is nothing to be found behind them.
    let besides = if signed.end < SNIFFED { SNIFFED } else { signed.start.saturating_add(MARK) };
    let besides = usize::try_from(besides.min(SNIFFED)).unwrap_or(usize::MAX).min(file.len());
    let Some(at) = place_of_pdf(file.get(..besides).unwrap_or_default()) else { return Ok(()) };
    let at = u64::try_from(at).unwrap_or(u64::MAX);
    if signed.contains(&at) {
        return Ok(());
    }
    Err(Error::malformed("this CMS is a PDF besides, which it does not sign").at_offset(at))
}

/// Bytes behind a CMS that are no padding.
pub(super) fn trailing(signed_data: &cms::SignedData<'_>) -> usize {
    let trailing = signed_data.trailing();
    let padding = |byte: &u8| matches!(byte, 0 | b'\r' | b'\n' | b' ');
    if trailing.iter().all(padding) { 0 } else { trailing.len() }
}

/// Whether the file begins as a ZIP archive does.
pub(super) fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04")
}

pub(super) fn is_pdf(head: &[u8]) -> bool {
    place_of_pdf(head).is_some()
}

fn place_of_pdf(head: &[u8]) -> Option<usize> {
    head.windows(PDF.len()).position(|window| window == PDF)
}

const PDF: &[u8] = b"%PDF-";
/// Its length.
const MARK: u64 = 5;

/// A SEQUENCE that begins with an identifier of PKCS#7, or text that begins a PEM
/// block. A CMS may hold a PDF, so this is asked first.
pub(super) fn is_cms(head: &[u8]) -> bool {
    let start = head.get(..HEADER.min(head.len())).unwrap_or_default();
    let binary =
        head.first() == Some(&SEQUENCE) && start.windows(PKCS7.len()).any(|window| window == PKCS7);
    binary || head.trim_ascii_start().starts_with(PEM)
}

/// In ASN.1 or in XML. Asked last: its first bytes say least.
pub(super) fn is_evidence_record(head: &[u8]) -> bool {
    evidence::is_record(head) || evidence::is_xml_record(head)
}

/// Text that begins with a tag, whichever encoding XML takes it is in. An XML document may
/// hold a PDF in base64 only, but one may begin within its first bytes.
pub(super) fn is_xml(head: &[u8]) -> bool {
    match head {
        [0xFE, 0xFF, 0, b'<', ..] | [0xFF, 0xFE, b'<', 0, ..] => true,
        _ => {
            let text = head.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(head);
            text.trim_ascii_start().starts_with(b"<")
        }
    }
}

const SEQUENCE: u8 = 0x30;
const PEM: &[u8] = b"-----BEGIN ";
/// `OBJECT IDENTIFIER 1.2.840.113549.1.7…`, of nine octets.
const PKCS7: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7];
/// Tag and length of the SEQUENCE, and the identifier.
const HEADER: usize = 24;

/// As [`is_no_pdf_besides`]: a reader of PDFs may show what begins in a container, which is
/// well where that is one of the files that the report speaks of.
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
        // What is cut by the pieces that are read is seen with the end of the one before.
        let mut end = Vec::new();
        for_each_piece(file, from..place.start, |piece| {
            end.extend_from_slice(piece.get(..SEAM.min(piece.len())).unwrap_or_default());
            if is_part_of_pdf(&end) || is_part_of_pdf(piece) {
                let what = "around the files of this container stand parts of a PDF";
                return Err(Error::malformed(what).at_offset(from));
            }
            end = piece.get(piece.len().saturating_sub(SEAM)..).unwrap_or(piece).to_vec();
            Ok(())
        })?;
        from = place.end;
    }
    Ok(())
}

const SEAM: usize = 64;

/// Where the table of objects is said to be, or an object begins (ISO 32000-1 §7.3.10, §7.5.5).
fn is_part_of_pdf(bytes: &[u8]) -> bool {
    const OBJECT: &[u8] = b"obj";
    let begins = |at: usize| begins_object(bytes.get(..at).unwrap_or_default());
    bytes.windows(START.len()).any(|it| it == START)
        || bytes.windows(OBJECT.len()).enumerate().any(|(at, it)| it == OBJECT && begins(at))
}

const START: &[u8] = b"startxref";

/// Whether two numbers stand at the end, with blanks behind each.
fn begins_object(before: &[u8]) -> bool {
    let without = |bytes: &'_ [u8], of: fn(u8) -> bool| {
        let left = bytes.iter().rposition(|it| !of(*it)).map_or(0, |it| it.saturating_add(1));
        (left < bytes.len()).then_some(left)
    };
    let blank = |it: u8| matches!(it, 0 | b'\t' | b'\n' | 12 | b'\r' | b' ');
    let mut rest = before;
    let digit = |it: u8| it.is_ascii_digit();
    for of in [blank, digit, blank, digit] {
        let Some(left) = without(rest, of) else { return false };
        rest = rest.get(..left).unwrap_or_default();
    }
    true
}
