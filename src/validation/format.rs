//! Telling what a document is by its first bytes.

use crate::error::{Error, Result};
use crate::signature::{cms, evidence};

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

pub(super) const PDF: &[u8] = b"%PDF-";
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
