//! XML 1.0 with namespaces, as far as messages need it: a bounded reader that
//! lends text from the input, a small tree for headers, and a writer.
//!
//! There is no DTD and no entity but the five predefined ones, ever: a document
//! type declaration is refused where it stands (XXE, "billion laughs").
//!
//! It does not canonicalise and does not validate against a schema.

mod chars;
mod reader;
mod tree;
mod writer;

pub(crate) use self::chars::decode;
pub(crate) use self::reader::{Namespace, Reader, Start, Token};
pub(crate) use self::tree::Element;
pub(crate) use self::writer::Writer;
