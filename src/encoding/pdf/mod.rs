//! PDF (ISO 32000-2): objects found lazily through a strict reading of the
//! revision chain, and incremental updates. Nothing here loads a whole document.

mod filter;
mod lexer;
mod object;
mod reader;
mod recover;
mod scan;
mod section;

pub(crate) use object::{Dictionary, Entry, Object, Reference, Stream, text_of, text_string};
pub(crate) use reader::{Reader, View, object_stream_numbers};
pub(crate) use scan::{Chain, Revision};
pub(crate) use section::{Form, Location};

#[cfg(test)]
mod tests;
