//! The children of an element, in the order that a schema gives them.

use std::iter::Peekable;

use crate::encoding::xml::{Document, NodeId, Piece};
use crate::error::{Error, Result};

/// Elements that are still to be read. There is nothing else in the element but white
/// space, comments and instructions.
pub(crate) struct Children<'d> {
    document: &'d Document<'d>,
    parent: NodeId,
    rest: Peekable<Box<dyn Iterator<Item = NodeId> + 'd>>,
}

impl<'d> Children<'d> {
    /// # Errors
    /// `Malformed` when there is text between the elements.
    pub(crate) fn of(document: &'d Document<'d>, parent: NodeId) -> Result<Self> {
        let stray = document.children(parent).any(|it| !is_blank(document.pieces(it)));
        if stray {
            return Err(fail(document, parent, "text between its elements"));
        }
        let elements: Box<dyn Iterator<Item = NodeId> + 'd> =
            Box::new(document.child_elements(parent));
        Ok(Self { document, parent, rest: elements.peekable() })
    }

    /// The next element, where it has this name.
    pub(crate) fn optional(&mut self, namespace: &str, local: &str) -> Option<NodeId> {
        let is = |it: NodeId| self.document.element(it).is_some_and(|it| it.is(namespace, local));
        self.rest.next_if(|it| is(*it))
    }

    /// The next element.
    ///
    /// # Errors
    /// `Malformed` when it has not this name.
    pub(crate) fn required(&mut self, namespace: &str, local: &str) -> Result<NodeId> {
        self.optional(namespace, local).ok_or_else(|| {
            let found = self.rest.peek().copied().and_then(|it| self.document.element(it));
            let found = found.map_or("nothing", |it| it.qualified);
            fail(self.document, self.parent, format!("{found} where {local} has to be"))
        })
    }

    /// # Errors
    /// `Malformed` when an element is left.
    pub(crate) fn finish(mut self) -> Result<()> {
        match self.rest.next().and_then(|it| self.document.element(it)) {
            None => Ok(()),
            Some(it) => {
                let what = format!("the element {} that has no place there", it.qualified);
                Err(fail(self.document, self.parent, what))
            }
        }
    }
}

fn is_blank(pieces: &[Piece<'_>]) -> bool {
    let blank = |it: char| matches!(it, ' ' | '\t' | '\r' | '\n');
    pieces.iter().all(|it| match it {
        Piece::Raw(text) => text.chars().all(blank),
        Piece::Char(it) => blank(*it),
    })
}

/// That an element has something that it must not have.
pub(crate) fn fail(document: &Document<'_>, at: NodeId, has: impl AsRef<str>) -> Error {
    let name = document.element(at).map_or("the document", |it| it.local);
    Error::malformed(format!("{name} has {}", has.as_ref())).at_offset(document.offset(at))
}

/// # Errors
/// `Malformed` when the element has no such attribute.
pub(crate) fn attribute<'d>(
    document: &'d Document<'_>,
    element: NodeId,
    local: &str,
) -> Result<&'d str> {
    let found = document.attribute(element, local);
    found.ok_or_else(|| fail(document, element, format!("no attribute {local}")))
}
