//! Canonical XML 1.0 and 1.1, and Exclusive XML Canonicalization 1.0, of any nodes of a
//! document, written to a [`Sink`] as they come.
//!
//! A document without a DTD has no defaults of attributes and no entities, so what is here
//! is all there is: namespaces, what an apex inherits, order, and references for characters.

#![warn(clippy::arithmetic_side_effects)]

mod apex;
mod base;
mod namespaces;
mod output;

use super::document::{Attribute, Document, Kind, NodeId, Piece};
use super::selection::{NodeSet, Selection, Subtree};
use crate::error::Result;
use namespaces::Namespaces;
use output::Output;

/// Takes canonical octets.
pub(crate) trait Sink {
    /// The next octets.
    ///
    /// # Errors
    /// Those of the taker; the first ends the writing.
    fn write(&mut self, octets: &[u8]) -> Result<()>;

    /// Work that made no octets, in about as many as could have been made meanwhile.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    fn effort(&mut self, _octets: usize) -> Result<()> {
        Ok(())
    }
}

impl Sink for Vec<u8> {
    fn write(&mut self, octets: &[u8]) -> Result<()> {
        self.extend_from_slice(octets);
        Ok(())
    }
}

/// How nodes become octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Method {
    /// Canonical XML 1.0.
    Inclusive,
    /// Canonical XML 1.1.
    Inclusive11,
    /// Exclusive XML Canonicalization 1.0.
    Exclusive,
}

/// An algorithm of canonicalization with its parameters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Canonicalization {
    pub(crate) method: Method,
    pub(crate) comments: bool,
    /// The prefixes that the exclusive method treats as the inclusive one does; empty for
    /// the default namespace.
    pub(crate) inclusive_prefixes: Vec<String>,
}

impl Canonicalization {
    pub(crate) const fn new(method: Method, comments: bool) -> Self {
        Self { method, comments, inclusive_prefixes: Vec::new() }
    }

    /// By its identifier.
    pub(crate) fn from_uri(uri: &str) -> Option<Self> {
        let (name, comments) = match uri.strip_suffix("WithComments") {
            Some(name) => (name, true),
            None => (uri, false),
        };
        let method = match name.trim_end_matches('#') {
            "http://www.w3.org/TR/2001/REC-xml-c14n-20010315" => Method::Inclusive,
            "http://www.w3.org/2006/12/xml-c14n11" => Method::Inclusive11,
            "http://www.w3.org/2001/10/xml-exc-c14n" => Method::Exclusive,
            _ => return None,
        };
        let found = Self::new(method, comments);
        (found.uri() == uri).then_some(found)
    }

    /// Its identifier.
    pub(crate) fn uri(&self) -> &'static str {
        match (self.method, self.comments) {
            (Method::Inclusive, false) => "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
            (Method::Inclusive, true) => {
                "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"
            }
            (Method::Inclusive11, false) => "http://www.w3.org/2006/12/xml-c14n11",
            (Method::Inclusive11, true) => "http://www.w3.org/2006/12/xml-c14n11#WithComments",
            (Method::Exclusive, false) => "http://www.w3.org/2001/10/xml-exc-c14n#",
            (Method::Exclusive, true) => "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
        }
    }

    /// Writes the canonical form of some nodes of a document.
    ///
    /// # Errors
    /// Those of the sink.
    pub(crate) fn write(
        &self,
        document: &Document<'_>,
        selection: &Selection,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        match selection {
            Selection::Subtree(it) => Walk::new(self, document, it, sink).subtree(it),
            Selection::Set(it) => Walk::new(self, document, it, sink).set(),
        }
    }

    /// Writes an element with all that is in it.
    ///
    /// # Errors
    /// Those of the sink.
    pub(crate) fn write_subtree(
        &self,
        document: &Document<'_>,
        apex: NodeId,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let subtree = Subtree::new(apex, true);
        Walk::new(self, document, &subtree, sink).subtree(&subtree)
    }
}

/// Which nodes are written, among those that a walk comes by.
trait Chosen {
    /// Whether all namespaces and attributes of what is walked are chosen, and whatever is
    /// walked but comments.
    const WHOLE: bool;
    fn node(&self, node: NodeId) -> bool;
    fn comments(&self) -> bool;
    fn attribute(&self, place: usize) -> bool;
    fn namespace(&self, document: &Document<'_>, node: NodeId, prefix: &str) -> bool;
}

impl Chosen for Subtree {
    const WHOLE: bool = true;

    fn node(&self, node: NodeId) -> bool {
        node >= self.apex
    }

    fn comments(&self) -> bool {
        self.comments
    }

    fn attribute(&self, _place: usize) -> bool {
        true
    }

    fn namespace(&self, _document: &Document<'_>, _node: NodeId, _prefix: &str) -> bool {
        true
    }
}

impl Chosen for NodeSet {
    const WHOLE: bool = false;

    fn node(&self, node: NodeId) -> bool {
        self.has(node)
    }

    fn comments(&self) -> bool {
        true
    }

    fn attribute(&self, place: usize) -> bool {
        self.has_attribute(place)
    }

    fn namespace(&self, document: &Document<'_>, node: NodeId, prefix: &str) -> bool {
        self.has_prefix(document, node, prefix)
    }
}

/// An element whose end tag is to come.
struct Open<'d> {
    name: &'d str,
    end: usize,
    written: bool,
    /// How many attributes of `xml:` those around it had.
    inheritable: usize,
}

struct Walk<'w, 'd, 'a, C> {
    method: &'w Canonicalization,
    document: &'d Document<'a>,
    chosen: &'w C,
    root_element: NodeId,
    out: Output<'w>,
    namespaces: Namespaces<'d>,
    open: Vec<Open<'d>>,
    /// The attributes of `xml:` of the elements around, with those that they stand in.
    inheritable: Vec<(NodeId, &'d Attribute<'a>)>,
    /// Of one element: namespace, local name, name, value.
    attributes: Vec<(&'d str, &'d str, &'d str, std::borrow::Cow<'d, str>)>,
}

impl<'w, 'd, 'a, C: Chosen> Walk<'w, 'd, 'a, C> {
    fn new(
        method: &'w Canonicalization,
        document: &'d Document<'a>,
        chosen: &'w C,
        sink: &'w mut dyn Sink,
    ) -> Self {
        Self {
            method,
            document,
            chosen,
            root_element: document.root_element(),
            out: Output::new(sink),
            namespaces: Namespaces::new(method),
            open: Vec::new(),
            inheritable: Vec::new(),
            attributes: Vec::new(),
        }
    }

    fn subtree(mut self, subtree: &Subtree) -> Result<()> {
        let above = self.document.parent(subtree.apex);
        let around = above.map(|it| self.document.ancestors_or_self(it).collect::<Vec<_>>());
        for node in around.unwrap_or_default().into_iter().rev() {
            self.namespaces.enter(self.document.declarations(node));
            self.inherit(node);
        }
        let end = self.document.end_index(subtree.apex);
        self.nodes(subtree.apex.index(), end, subtree.without())
    }

    fn set(mut self) -> Result<()> {
        let attributes = self.document.attribute_count();
        self.out.effort(self.document.len().saturating_add(attributes))?;
        self.nodes(0, self.document.len(), &[])
    }

    fn nodes(&mut self, from: usize, end: usize, without: &[NodeId]) -> Result<()> {
        let mut without = without.iter().copied().peekable();
        let mut at = from;
        while at < end {
            self.close(at)?;
            let Some(node) = self.document.node_at(at) else { break };
            while without.next_if(|it| *it < node).is_some() {}
            if without.next_if_eq(&node).is_some() {
                at = self.document.end_index(node);
                continue;
            }
            self.node(node)?;
            at = at.saturating_add(1);
        }
        self.close(end)?;
        self.out.flush()
    }

    fn node(&mut self, node: NodeId) -> Result<()> {
        if let Kind::Element(element) = self.document.kind(node) {
            return self.start(node, element.qualified, element.prefix());
        }
        if !self.chosen.node(node) {
            return Ok(());
        }
        match self.document.kind(node) {
            Kind::Text(_) => {
                for piece in self.document.pieces(node) {
                    match piece {
                        Piece::Raw(text) => self.out.text(text)?,
                        Piece::Char(it) => self.out.character(*it)?,
                    }
                }
                Ok(())
            }
            Kind::Comment(text) if self.method.comments && self.chosen.comments() => {
                self.outside(node, |out| {
                    out.put(b"<!--")?;
                    out.lines(text)?;
                    out.put(b"-->")
                })
            }
            Kind::Instruction { target, data } => self.outside(node, |out| {
                out.put(b"<?")?;
                out.put(target.as_bytes())?;
                if !data.is_empty() {
                    out.put(b" ")?;
                    out.lines(data)?;
                }
                out.put(b"?>")
            }),
            // What is not written was walked by all the same.
            Kind::Comment(_) => self.out.effort(1),
            _ => Ok(()),
        }
    }

    /// What stands outside of the root element has a line of its own (§2.3).
    fn outside(
        &mut self,
        node: NodeId,
        write: impl FnOnce(&mut Output<'w>) -> Result<()>,
    ) -> Result<()> {
        let outside = self.document.parent(node) == Some(NodeId::ROOT);
        if outside && node > self.root_element {
            self.out.put(b"\n")?;
        }
        write(&mut self.out)?;
        if outside && node < self.root_element {
            self.out.put(b"\n")?;
        }
        Ok(())
    }

    fn start(&mut self, node: NodeId, name: &'d str, prefix: &'d str) -> Result<()> {
        let written = self.chosen.node(node);
        let around = self.inheritable.len();
        let is_apex = self.open.is_empty();
        if written {
            self.out.put(b"<")?;
            self.out.put(name.as_bytes())?;
        }
        self.namespaces.enter(self.document.declarations(node));
        self.write_namespaces(node, prefix, written, is_apex)?;
        self.write_attributes(node, written)?;
        if written {
            self.out.put(b">")?;
        }
        self.inherit(node);
        let end = self.document.end_index(node);
        self.open.push(Open { name, end, written, inheritable: around });
        Ok(())
    }

    /// Ends the elements that end before `at`.
    fn close(&mut self, at: usize) -> Result<()> {
        while let Some(open) = self.open.pop_if(|it| it.end <= at) {
            if open.written {
                self.out.put(b"</")?;
                self.out.put(open.name.as_bytes())?;
                self.out.put(b">")?;
            }
            self.inheritable.truncate(open.inheritable);
            self.namespaces.leave();
        }
        Ok(())
    }

    fn write_namespaces(
        &mut self,
        node: NodeId,
        prefix: &'d str,
        written: bool,
        is_apex: bool,
    ) -> Result<()> {
        let exclusive = self.method.method == Method::Exclusive;
        // Within a whole subtree only what an element declares itself can be news.
        let all = is_apex || !C::WHOLE;
        self.namespaces.consider_inclusive(all);
        // An element that is left out uses nothing visibly.
        if exclusive && written {
            self.namespaces.consider(prefix);
            for (place, attribute) in self.own_attributes(node) {
                if attribute.namespace.is_some() && self.chosen.attribute(place) {
                    let prefix = attribute.qualified.split_once(':').map_or("", |it| it.0);
                    self.namespaces.consider(prefix);
                }
            }
        }
        let (chosen, document) = (self.chosen, self.document);
        if !C::WHOLE {
            self.out.effort(self.namespaces.considered())?;
        }
        let news = self.namespaces.news(written, |it| chosen.namespace(document, node, it));
        for (prefix, name) in news {
            self.out.put(if prefix.is_empty() { b" xmlns" } else { b" xmlns:" })?;
            self.out.put(prefix.as_bytes())?;
            self.out.value(name)?;
        }
        Ok(())
    }

    fn own_attributes(
        &self,
        node: NodeId,
    ) -> impl Iterator<Item = (usize, &'d Attribute<'a>)> + use<'d, 'a, C> {
        self.document.attribute_places(node).zip(self.document.attributes(node))
    }

    fn write_attributes(&mut self, node: NodeId, written: bool) -> Result<()> {
        let mut all = std::mem::take(&mut self.attributes);
        for (place, it) in self.own_attributes(node) {
            if self.chosen.attribute(place) {
                let namespace = it.namespace.as_deref().unwrap_or_default();
                all.push((namespace, it.local, it.qualified, it.value.as_ref().into()));
            }
        }
        if written && self.is_orphan(node) {
            self.inherited(node, &mut all)?;
        }
        all.sort_unstable_by_key(|it| (it.0, it.1));
        for (_, _, name, value) in &all {
            self.out.put(b" ")?;
            self.out.put(name.as_bytes())?;
            self.out.value(value)?;
        }
        all.clear();
        self.attributes = all;
        Ok(())
    }

    /// Whether what it stands in is left out, though it is not.
    fn is_orphan(&self, node: NodeId) -> bool {
        let above = self.document.parent(node).filter(|it| *it != NodeId::ROOT);
        above.is_some_and(|it| !self.chosen.node(it))
    }
}

#[cfg(test)]
mod tests;
