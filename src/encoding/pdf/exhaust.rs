//! Asks for everything that a PDF can be asked for: what fuzzers and the tests with
//! hostile bytes call.

use super::{
    Location, Object, Reader, Reference, Skimmed, Stream, View, fields, page_at, pages_before,
};
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
    for (number, location) in view.objects().take(2_000) {
        assert_skimmed(view, number, location);
    }
    for number in 0..reader.chain().size().min(2_000) {
        let reference = Reference { number, generation: 0 };
        if let Ok(Object::Stream(stream)) = view.get(reference) {
            let _ = view.decoded(&stream);
        }
    }
    true
}

/// What is told of an object.
#[derive(Default, PartialEq, Debug)]
struct Told {
    references: Vec<u32>,
    /// Those of them that are by themselves the value of a key.
    keyed: Vec<(Vec<u8>, u32)>,
    names: Vec<Vec<u8>>,
}

impl Skimmed for Told {
    fn reference(&mut self, number: u32, key: Option<&[u8]>) -> bool {
        self.references.push(number);
        self.keyed.extend(key.map(|key| (key.to_vec(), number)));
        true
    }

    fn name(&mut self, name: &[u8]) -> bool {
        self.names.push(name.to_vec());
        true
    }

    fn forget(&mut self) {
        *self = Self::default();
    }
}

impl Told {
    fn by_reading(object: &Object) -> Self {
        let (mut told, mut open) = (Self::default(), vec![(None, object)]);
        while let Some((key, object)) = open.pop() {
            match object {
                Object::Reference(it) => drop(told.reference(it.number, key)),
                Object::Name(name) => drop(told.name(name)),
                Object::Array(items) => open.extend(items.iter().rev().map(|it| (None, it))),
                Object::Dictionary(dictionary) | Object::Stream(Stream { dictionary, .. }) => {
                    let entries = dictionary.entries().iter().rev();
                    open.extend(entries.map(|it| (Some(it.key.as_slice()), &it.value)));
                }
                _ => {}
            }
        }
        told
    }
}

/// Whether an object could be looked through.
///
/// # Panics
/// When it says something else than when it is read.
pub(crate) fn assert_skimmed(view: View<'_>, number: u32, location: Location) -> bool {
    let generation = match location {
        Location::At { generation, .. } => generation,
        Location::Free | Location::InStream { .. } => 0,
    };
    let mut told = Told::default();
    let skimmed = matches!(view.skim(number, location, &mut told), Ok(true));
    if skimmed {
        let read = view.get(Reference { number, generation });
        assert!(read.is_ok(), "{number}: {read:?}");
        assert_eq!(read.ok().map(|it| Told::by_reading(&it)), Some(told), "{number}");
    }
    skimmed
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
