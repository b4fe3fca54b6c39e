//! PDF (ISO 32000-2): objects found lazily through a strict reading of the
//! revision chain, and incremental updates. Nothing here loads a whole document.

pub(crate) mod content;
pub(crate) mod encryption;
mod filter;
mod form;
mod lexer;
mod object;
mod object_stream;
mod pages;
mod plain;
mod reader;
mod recover;
mod rows;
mod scan;
mod section;
mod skim;
mod slot;
mod update;
mod write;

pub(crate) use encryption::{Locked, Password, Permission};
pub(crate) use form::{Field, fields};
pub(crate) use object::{Dictionary, Entry, Object, Reference, Stream, text_of, text_string};
pub(crate) use pages::{all_pages, page_at, page_of, pages_before};
pub(crate) use reader::{Reader, View};
pub(crate) use scan::Revision;
pub(crate) use section::{Form, Location};
pub(crate) use skim::Skimmed;
pub(crate) use update::Update;
pub(crate) use write::write_object;

#[cfg(any(test, fuzzing))]
pub(crate) mod exhaust;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
