//! PDF (ISO 32000-2): objects found lazily through a strict reading of the
//! revision chain, and incremental updates. Nothing here loads a whole document.

mod lexer;
mod object;

pub(crate) use object::{Dictionary, Entry, Object, Reference, Stream, text_of, text_string};
