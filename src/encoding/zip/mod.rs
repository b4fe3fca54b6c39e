//! ZIP archives (APPNOTE 6.3): of exactly one file, as messages wrap attachments, and of
//! many, as containers are.
//!
//! The path of an entry is never used to find or make a file. Nothing is taken from an
//! archive that two readers could read in two ways: both headers of an entry, its
//! descriptor, the directory and the end record have to say the same, and all of them
//! together have to be the file, without gap or overlap.

mod alike;
mod archive;
mod content;
mod directory;
mod end;
#[cfg(any(test, fuzzing))]
pub(crate) mod exhaust;
mod fields;
mod name;
mod single;
#[cfg(test)]
mod tests;
mod writer;

pub(crate) use self::archive::{Archive, Entry, Method};
pub(crate) use self::end::has_end;
pub(crate) use self::single::{is_archive, list, read_single, write_single};
pub(crate) use self::writer::{Compression, Writer};
