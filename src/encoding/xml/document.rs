//! A whole document as the data model of XPath 1.0 §5 has it: nodes in document order.
//!
//! Text is lent from the input and never put together: a text of 100 MB costs nothing.
//! Nodes stand in one list, a node before what is in it, so that walking needs no recursion
//! and a subtree is a range.

#![warn(clippy::arithmetic_side_effects)]

mod build;

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use crate::error::{Error, Result};
use crate::limits::Limits;

/// The namespace that `xml:` is always bound to (Namespaces in XML 1.0 §3).
pub(crate) const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";

/// A node of one document. Nodes compare in document order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NodeId(u32);

impl NodeId {
    /// The root node, which is no element: the root element is in it.
    pub(crate) const ROOT: Self = Self(0);

    /// Its place in document order, the root node's being 0.
    pub(crate) fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// A document that is well-formed with namespaces, without a document type declaration.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    text: &'a str,
    mark: u64,
    nodes: Vec<Node<'a>>,
    attributes: Vec<Attribute<'a>>,
    declarations: Vec<Declaration<'a>>,
    pieces: Vec<Piece<'a>>,
}

#[derive(Debug)]
struct Node<'a> {
    kind: Kind<'a>,
    parent: u32,
    /// The first node after all that is in this one.
    end: u32,
}

/// What a node is.
#[derive(Debug, Clone)]
pub(crate) enum Kind<'a> {
    Root,
    Element(Element<'a>),
    /// Neighbouring text, references and CDATA sections are one node (XPath 1.0 §5.7); its
    /// [`pieces`](Document::pieces) make its text.
    Text(Range<u32>),
    /// Line ends as they stand.
    Comment(&'a str),
    /// Line ends as they stand.
    Instruction {
        target: &'a str,
        data: &'a str,
    },
}

/// The name of an element and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Element<'a> {
    /// As written, with its prefix.
    pub(crate) qualified: &'a str,
    /// Without its prefix.
    pub(crate) local: &'a str,
    pub(crate) namespace: Option<Rc<str>>,
    attributes: Range<u32>,
    declarations: Range<u32>,
    /// Where it stands in the text of the document, its tags included.
    place: Range<usize>,
    /// Where its end tag begins; nothing for `<a/>`.
    end_tag: Option<usize>,
}

impl Element<'_> {
    /// Whether it has this name; `namespace` is a namespace name.
    pub(crate) fn is(&self, namespace: &str, local: &str) -> bool {
        self.local == local && self.namespace.as_deref() == Some(namespace)
    }

    /// Its prefix; empty where it has none.
    pub(crate) fn prefix(&self) -> &str {
        prefix(self.qualified)
    }
}

/// An attribute that declares no namespace.
#[derive(Debug, Clone)]
pub(crate) struct Attribute<'a> {
    /// As written, with its prefix.
    pub(crate) qualified: &'a str,
    /// Without its prefix.
    pub(crate) local: &'a str,
    pub(crate) namespace: Option<Rc<str>>,
    /// References replaced and white space made blanks (XML 1.0 §3.3.3).
    pub(crate) value: Cow<'a, str>,
}

/// A namespace declaration.
#[derive(Debug, Clone)]
pub(crate) struct Declaration<'a> {
    /// Empty for the default namespace.
    pub(crate) prefix: &'a str,
    /// Empty where there is to be no default namespace.
    pub(crate) name: Rc<str>,
}

/// A part of a text node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// As it stands: `\r\n` and `\r` mean `\n` (XML 1.0 §2.11).
    Raw(&'a str),
    /// What a reference stands for: it means itself.
    Char(char),
}

impl<'a> Document<'a> {
    /// `text` and `mark` as [`decode`](super::decode) gave them.
    pub(crate) fn parse(text: &'a str, mark: u64, limits: &'a Limits) -> Result<Self> {
        let document = Self {
            text,
            mark,
            nodes: Vec::new(),
            attributes: Vec::new(),
            declarations: Vec::new(),
            pieces: Vec::new(),
        };
        build::read(document, limits)
    }

    /// What the node is. A node of another document may be none of this one: then this is
    /// the root.
    pub(crate) fn kind(&self, node: NodeId) -> &Kind<'a> {
        self.nodes.get(node.index()).map_or(&Kind::Root, |it| &it.kind)
    }

    /// The element, where the node is one.
    pub(crate) fn element(&self, node: NodeId) -> Option<&Element<'a>> {
        match self.kind(node) {
            Kind::Element(element) => Some(element),
            _ => None,
        }
    }

    /// The root element.
    pub(crate) fn root_element(&self) -> NodeId {
        let found = self.children(NodeId::ROOT).find(|it| self.element(*it).is_some());
        found.unwrap_or(NodeId::ROOT)
    }

    /// Nothing for the root.
    pub(crate) fn parent(&self, node: NodeId) -> Option<NodeId> {
        let found = self.nodes.get(node.index())?;
        (node != NodeId::ROOT).then_some(NodeId(found.parent))
    }

    /// The node and those that it is in, innermost first.
    pub(crate) fn ancestors_or_self(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::successors(Some(node), |it| self.parent(*it))
    }

    /// What stands directly in the node, in document order.
    pub(crate) fn children(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let end = self.end(node);
        let first = node.0.saturating_add(1);
        std::iter::successors(Some(first), |it| Some(self.end(NodeId(*it))))
            .take_while(move |it| *it < end)
            .map(NodeId)
    }

    /// The elements among the children.
    pub(crate) fn child_elements(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.children(node).filter(|it| self.element(*it).is_some())
    }

    /// The children of this name.
    pub(crate) fn children_named<'s>(
        &'s self,
        node: NodeId,
        namespace: &'s str,
        local: &'s str,
    ) -> impl Iterator<Item = NodeId> + 's {
        self.children(node)
            .filter(move |it| self.element(*it).is_some_and(|it| it.is(namespace, local)))
    }

    /// The node and all that is in it, in document order.
    pub(crate) fn subtree(&self, node: NodeId) -> impl Iterator<Item = NodeId> + use<> {
        (node.0..self.end(node)).map(NodeId)
    }

    /// Whether `node` is `ancestor` or in it.
    pub(crate) fn is_within(&self, node: NodeId, ancestor: NodeId) -> bool {
        (ancestor.0..self.end(ancestor)).contains(&node.0)
    }

    /// How many nodes there are, attributes and namespaces not counted.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The attributes of an element, declarations of namespaces left out.
    pub(crate) fn attributes(&self, node: NodeId) -> &[Attribute<'a>] {
        let range = self.element(node).map(|it| it.attributes.clone()).unwrap_or_default();
        slice(&self.attributes, range)
    }

    /// Where the attributes of an element stand among those of the document.
    pub(crate) fn attribute_places(&self, node: NodeId) -> Range<usize> {
        places(self.element(node).map(|it| it.attributes.clone()).unwrap_or_default())
    }

    /// How many attributes there are.
    pub(crate) fn attribute_count(&self) -> usize {
        self.attributes.len()
    }

    /// The value of the attribute without a prefix of this name.
    pub(crate) fn attribute(&self, node: NodeId, local: &str) -> Option<&str> {
        let named = |it: &&Attribute<'_>| it.namespace.is_none() && it.local == local;
        self.attributes(node).iter().find(named).map(|it| it.value.as_ref())
    }

    /// The namespaces that an element declares itself.
    pub(crate) fn declarations(&self, node: NodeId) -> &[Declaration<'a>] {
        let range = self.element(node).map(|it| it.declarations.clone()).unwrap_or_default();
        slice(&self.declarations, range)
    }

    /// Where the declarations of an element stand among those of the document.
    pub(crate) fn declaration_places(&self, node: NodeId) -> Range<usize> {
        places(self.element(node).map(|it| it.declarations.clone()).unwrap_or_default())
    }

    /// The declaration that stands there.
    pub(crate) fn declaration(&self, place: usize) -> Option<&Declaration<'a>> {
        self.declarations.get(place)
    }

    /// The name that a prefix (empty: the default namespace) is bound to at an element;
    /// nothing where it is not, or is unbound there.
    pub(crate) fn namespace_of(&self, node: NodeId, prefix: &str) -> Option<&str> {
        if prefix == "xml" {
            return Some(XML_NAMESPACE);
        }
        self.ancestors_or_self(node)
            .find_map(|it| self.declarations(it).iter().find(|it| it.prefix == prefix))
            .map(|it| it.name.as_ref())
            .filter(|it| !it.is_empty())
    }

    /// The parts of a text node.
    pub(crate) fn pieces(&self, node: NodeId) -> &[Piece<'a>] {
        match self.kind(node) {
            Kind::Text(range) => slice(&self.pieces, range.clone()),
            _ => &[],
        }
    }

    /// The text directly in an element, line ends made `\n`; comments, instructions and what
    /// is in other elements left out. Lent where it stands in one piece.
    pub(crate) fn text_of(&self, node: NodeId) -> Cow<'a, str> {
        let mut text = Cow::Borrowed("");
        for child in self.children(node) {
            for piece in self.pieces(child) {
                push(&mut text, *piece);
            }
        }
        text
    }

    /// Where an element stands in the text that was handed in, its tags included.
    pub(crate) fn place(&self, node: NodeId) -> Range<usize> {
        self.element(node).map_or(0..self.text.len(), |it| it.place.clone())
    }

    /// Where the end tag of an element begins; nothing where it is written `<a/>`.
    pub(crate) fn end_tag(&self, node: NodeId) -> Option<usize> {
        self.element(node)?.end_tag
    }

    /// An element as it is written.
    pub(crate) fn source(&self, node: NodeId) -> &'a str {
        self.text.get(self.place(node)).unwrap_or_default()
    }

    /// Where an element begins, in bytes from the start of the input: for errors.
    pub(crate) fn offset(&self, node: NodeId) -> u64 {
        let place = self.element(node).map_or(0, |it| it.place.start);
        u64::try_from(place).unwrap_or(u64::MAX).saturating_add(self.mark)
    }

    /// The node at a place in document order.
    pub(crate) fn node_at(&self, index: usize) -> Option<NodeId> {
        let within = index < self.nodes.len();
        within.then(|| u32::try_from(index).ok()).flatten().map(NodeId)
    }

    /// The place in document order after all that is in the node.
    pub(crate) fn end_index(&self, node: NodeId) -> usize {
        usize::try_from(self.end(node)).unwrap_or(usize::MAX).min(self.nodes.len())
    }

    fn end(&self, node: NodeId) -> u32 {
        self.nodes.get(node.index()).map_or(u32::MAX, |it| it.end)
    }
}

/// Elements by what names them: attributes `Id`, `ID`, `id` without a prefix, `xml:id`, and
/// `wsu:Id`. Without a DTD no attribute is an ID; these are what signatures refer to.
#[derive(Debug)]
pub(crate) struct Ids<'d>(HashMap<&'d str, Vec<NodeId>>);

impl<'d> Ids<'d> {
    pub(crate) fn of(document: &'d Document<'_>) -> Self {
        let mut all: HashMap<&str, Vec<NodeId>> = HashMap::new();
        for node in document.subtree(NodeId::ROOT) {
            for attribute in document.attributes(node).iter().filter(|it| is_id(it)) {
                let named = all.entry(attribute.value.as_ref()).or_default();
                // One element may say the same twice.
                if named.last() != Some(&node) {
                    named.push(node);
                }
            }
        }
        Self(all)
    }

    /// All elements of this name, in document order: more than one is an ambiguity that the
    /// caller has to refuse.
    pub(crate) fn named(&self, id: &str) -> &[NodeId] {
        self.0.get(id).map_or(&[], Vec::as_slice)
    }
}

fn is_id(attribute: &Attribute<'_>) -> bool {
    const WSU: &str =
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
    match attribute.namespace.as_deref() {
        None => matches!(attribute.local, "Id" | "ID" | "id"),
        Some(XML_NAMESPACE) => attribute.local == "id",
        Some(WSU) => attribute.local == "Id",
        Some(_) => false,
    }
}

fn prefix(qualified: &str) -> &str {
    qualified.split_once(':').map_or("", |it| it.0)
}

fn push<'a>(text: &mut Cow<'a, str>, piece: Piece<'a>) {
    match piece {
        Piece::Char(it) => text.to_mut().push(it),
        Piece::Raw(raw) if raw.contains('\r') => {
            text.to_mut().push_str(&raw.replace("\r\n", "\n").replace('\r', "\n"));
        }
        Piece::Raw(raw) if text.is_empty() => *text = Cow::Borrowed(raw),
        Piece::Raw(raw) => text.to_mut().push_str(raw),
    }
}

fn slice<T>(all: &[T], range: Range<u32>) -> &[T] {
    let at = |it: u32| usize::try_from(it).unwrap_or(usize::MAX);
    all.get(at(range.start)..at(range.end)).unwrap_or_default()
}

fn places(range: Range<u32>) -> Range<usize> {
    let at = |it: u32| usize::try_from(it).unwrap_or(usize::MAX);
    at(range.start)..at(range.end)
}

fn number(count: usize) -> Result<u32> {
    u32::try_from(count).map_err(|_| Error::limit("4,294,967,295 nodes"))
}

#[cfg(test)]
mod tests;
