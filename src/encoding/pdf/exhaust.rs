//! Asks for everything that a PDF can be asked for: what fuzzers and the tests with
//! hostile bytes call.

use super::{Object, Reader, Reference, fields, page_at, pages_before};
use crate::error::ErrorKind;
use crate::limits::Limits;

/// Whether the bytes are a PDF; the answers themselves do not matter.
pub(crate) fn exhaust(bytes: &[u8]) -> bool {
    let limits = Limits::default();
    let source = &bytes;
    let opened = Reader::open(source, &limits).or_else(|error| match error.kind() {
        ErrorKind::Malformed => Reader::open_recovered(source, &limits, error.to_string()),
        _ => Err(error),
    });
    let Ok(reader) = opened else { return false };
    let view = reader.newest();
    let _ = fields(view);
    for n in 0..8 {
        if let Ok(Some((page, _))) = page_at(view, n) {
            let _ = pages_before(view, page);
        }
    }
    for number in 0..reader.chain().size().min(2_000) {
        let reference = Reference { number, generation: 0 };
        if let Ok(Object::Stream(stream)) = view.get(reference) {
            let _ = view.decoded(&stream);
        }
    }
    true
}

/// The bytes are an encryption dictionary, and then what is encrypted.
#[cfg(feature = "encrypted-pdf")]
pub(crate) fn exhaust_encryption(bytes: &[u8]) -> bool {
    use super::encryption::{self, Encryption, Password};
    let head = b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages(x)/Names(yy)>>endobj\n";
    let trailer = b"trailer<</Root 1 0 R/ID[(id)(id)]/Encrypt ";
    let pdf = [&head[..], trailer, bytes, b">>"].concat();
    let (source, limits) = (&pdf[..], Limits::default());
    let reason = String::new();
    let password = Password::new("\u{e9}x");
    let Ok(reader) = Reader::open_recovered_with(&source, &limits, &password, reason) else {
        return false;
    };
    let _ = reader.newest().catalog();
    encryption::exhaust(bytes);
    matches!(reader.encryption(), Encryption::Open(_))
}
