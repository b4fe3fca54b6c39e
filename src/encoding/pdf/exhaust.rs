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
