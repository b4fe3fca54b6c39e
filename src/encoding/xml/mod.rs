//! XML 1.0 with namespaces: a bounded reader that lends text from the input, a small tree
//! for headers, the whole document for what is signed, and a writer.
//!
//! There is no DTD and no entity but the five predefined ones, ever: a document
//! type declaration is refused where it stands (XXE, "billion laughs").
//!
//! It does not validate against a schema.

#[allow(dead_code)]
mod c14n;
mod chars;
#[allow(dead_code)]
mod document;
mod reader;
#[allow(dead_code)]
mod selection;
mod tree;
mod writer;
#[allow(dead_code)]
mod xpath;

#[allow(unused_imports)]
pub(crate) use self::c14n::{Canonicalization, Method, Sink};
pub(crate) use self::chars::{decode, is_writable};
#[allow(unused_imports)]
pub(crate) use self::document::{
    Attribute, Declaration, Document, Element as DocumentElement, Ids, Kind, NodeId, Piece,
    XML_NAMESPACE,
};
pub(crate) use self::reader::{Namespace, Reader, Start, Token};
#[allow(unused_imports)]
pub(crate) use self::selection::{NodeSet, Scopes, Selection, Subtree};
pub(crate) use self::tree::Element;
pub(crate) use self::writer::Writer;
#[allow(unused_imports)]
pub(crate) use self::xpath::{Expression, Found as XPathFound, Scene as XPathScene};
