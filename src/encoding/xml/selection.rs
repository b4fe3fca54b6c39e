//! Which nodes of a document are meant: a subtree without some in it, or a set of nodes.

#![warn(clippy::arithmetic_side_effects)]

use std::ops::Range;
use std::rc::Rc;

use super::c14n::Sink;
use super::document::{Document, Kind, NodeId, Piece};
use crate::error::Result;

/// Nodes of one document.
#[derive(Debug, Clone)]
pub(crate) enum Selection {
    Subtree(Subtree),
    Set(NodeSet),
}

/// A node with all that is in it, attributes and namespaces among it, but for some subtrees.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Subtree {
    pub(crate) apex: NodeId,
    /// In document order.
    without: Vec<NodeId>,
    /// Whether comments are meant (XMLDSig §4.4.3.3).
    pub(crate) comments: bool,
}

impl Subtree {
    pub(crate) fn new(apex: NodeId, comments: bool) -> Self {
        Self { apex, without: Vec::new(), comments }
    }

    /// Leaves subtrees out.
    pub(crate) fn remove(&mut self, nodes: impl IntoIterator<Item = NodeId>) {
        self.without.extend(nodes);
        self.without.sort_unstable();
        self.without.dedup();
    }

    /// The subtrees that are left out, in document order.
    pub(crate) fn without(&self) -> &[NodeId] {
        &self.without
    }
}

impl Selection {
    /// Leaves subtrees out.
    pub(crate) fn remove(&mut self, document: &Document<'_>, nodes: &[NodeId]) {
        match self {
            Self::Subtree(subtree) => {
                let apex = subtree.apex;
                // What is not in the subtree would keep it from being equal to the same one.
                let inner = nodes.iter().copied().filter(|it| document.is_within(*it, apex));
                let around = nodes.iter().any(|it| document.is_within(apex, *it));
                subtree.remove(inner.chain(around.then_some(apex)));
            }
            Self::Set(set) => {
                for node in outermost(document, nodes) {
                    set.put_subtree(document, node, false);
                }
            }
        }
    }

    /// Whether a node and all that is in it are among them, comments left aside.
    pub(crate) fn holds(&self, document: &Document<'_>, node: NodeId) -> bool {
        match self {
            Self::Subtree(it) => {
                let apart = |out: &NodeId| {
                    !document.is_within(*out, node) && !document.is_within(node, *out)
                };
                document.is_within(node, it.apex) && it.without.iter().all(apart)
            }
            Self::Set(set) => document.subtree(node).all(|it| set.holds(document, it)),
        }
    }

    /// As [`holds`](Self::holds), subtrees in the node that stand `apart` left aside, and how
    /// many nodes that took.
    pub(crate) fn holds_but(
        &self,
        document: &Document<'_>,
        node: NodeId,
        apart: impl Fn(NodeId) -> bool,
    ) -> (bool, usize) {
        let set = match self {
            Self::Set(set) => set,
            Self::Subtree(it) => {
                let around = |out: &NodeId| document.is_within(node, *out);
                let kept = document.is_within(node, it.apex) && !it.without.iter().any(around);
                let (mut looked, mut end) = (it.without.len(), 0_usize);
                let mut inner = it.without.iter().filter(|it| document.is_within(**it, node));
                let holds = kept
                    && inner.all(|out| {
                        // Of a subtree that stands apart, nothing more has to be asked.
                        if out.index() >= end {
                            let above = document.ancestors_or_self(*out);
                            let mut above = above
                                .take_while(|it| *it != node)
                                .inspect(|_| looked = looked.saturating_add(1));
                            let found = above.find(|it| apart(*it));
                            end = found.map_or(0, |it| document.end_index(it));
                        }
                        out.index() < end
                    });
                return (holds, looked);
            }
        };
        let (mut at, end, mut looked) = (node.index(), document.end_index(node), 0_usize);
        while let Some(next) = document.node_at(at).filter(|_| at < end) {
            let parts = document.attribute_places(next).len();
            let parts = parts.saturating_add(set.scopes.places(next).len());
            looked = looked.saturating_add(parts).saturating_add(1);
            if next != node && apart(next) {
                at = document.end_index(next).max(at.saturating_add(1));
                continue;
            }
            if !set.holds(document, next) {
                return (false, looked);
            }
            at = at.saturating_add(1);
        }
        (true, looked)
    }

    /// Whether one of them is `wanted`, none in subtrees being asked about that stand `apart`,
    /// and how many nodes that took.
    pub(crate) fn any(
        &self,
        document: &Document<'_>,
        apart: impl Fn(NodeId) -> bool,
        wanted: impl Fn(NodeId) -> bool,
    ) -> (bool, usize) {
        let (apex, without) = match self {
            Self::Subtree(it) => (it.apex, it.without.as_slice()),
            Self::Set(_) => (NodeId::ROOT, [].as_slice()),
        };
        if document.ancestors_or_self(apex).any(&apart) {
            return (false, 1);
        }
        let (mut at, end, mut looked) = (apex.index(), document.end_index(apex), 0_usize);
        while let Some(node) = document.node_at(at).filter(|_| at < end) {
            looked = looked.saturating_add(1);
            if apart(node) || without.binary_search(&node).is_ok() {
                at = document.end_index(node).max(at.saturating_add(1));
                continue;
            }
            let is_in = match self {
                Self::Subtree(_) => true,
                Self::Set(set) => set.has(node),
            };
            if is_in && wanted(node) {
                return (true, looked);
            }
            at = at.saturating_add(1);
        }
        (false, looked)
    }

    /// Writes the text of all text nodes, line ends as they stand.
    pub(crate) fn text(&self, document: &Document<'_>, sink: &mut dyn Sink) -> Result<()> {
        let apex = match self {
            Self::Subtree(it) => it.apex,
            Self::Set(_) => NodeId::ROOT,
        };
        sink.effort(document.end_index(apex).saturating_sub(apex.index()))?;
        let (nodes, mut without) = match self {
            Self::Subtree(it) => (document.subtree(it.apex), it.without.iter().peekable()),
            Self::Set(_) => (document.subtree(NodeId::ROOT), [].iter().peekable()),
        };
        let mut out: Option<NodeId> = None;
        for node in nodes {
            if let Some(found) = without.next_if(|it| **it <= node) {
                out = Some(*found);
            }
            let left_out = match self {
                Self::Subtree(_) => out.is_some_and(|it| document.is_within(node, it)),
                Self::Set(set) => !set.has(node),
            };
            for piece in document.pieces(node).iter().filter(|_| !left_out) {
                match piece {
                    Piece::Raw(text) => sink.write(text.as_bytes())?,
                    Piece::Char(it) => sink.write(it.encode_utf8(&mut [0; 4]).as_bytes())?,
                }
            }
        }
        Ok(())
    }

    /// The same nodes one by one.
    pub(crate) fn into_set(self, document: &Document<'_>, scopes: &Rc<Scopes>) -> NodeSet {
        match self {
            Self::Set(set) => set,
            Self::Subtree(subtree) => {
                let mut set = NodeSet::empty(document, scopes);
                set.put_subtree(document, subtree.apex, true);
                for node in outermost(document, &subtree.without) {
                    set.put_subtree(document, node, false);
                }
                if !subtree.comments {
                    set.remove_comments(document);
                }
                set
            }
        }
    }
}

/// Nodes in document order without those that stand in others of them.
fn outermost(document: &Document<'_>, nodes: &[NodeId]) -> impl Iterator<Item = NodeId> {
    let mut end = 0;
    nodes.iter().copied().filter(move |it| {
        let outer = it.index() >= end;
        if outer {
            end = document.end_index(*it);
        }
        outer
    })
}

/// The namespaces in scope at each element (XPath 1.0 §5.4): those of an element that
/// declares none are its parent's.
#[derive(Debug)]
pub(crate) struct Scopes {
    /// For each node, the place of its scope.
    of: Vec<u32>,
    /// Places in `bindings`.
    scopes: Vec<Range<usize>>,
    /// By prefix; that of `xml` stands last.
    bindings: Vec<Bound>,
    /// For each node, how many namespace nodes the elements before it have.
    first: Vec<usize>,
}

/// One of the namespaces in scope. There may be sixty for each element.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound(u32);

impl Bound {
    const XML: Self = Self(u32::MAX);

    fn to(declaration: usize) -> Self {
        u32::try_from(declaration).map_or(Self::XML, Self)
    }

    /// The place of its declaration; nothing for that of `xml`.
    pub(crate) fn declaration(self) -> Option<usize> {
        (self.0 != Self::XML.0).then(|| usize::try_from(self.0).ok()).flatten()
    }
}

impl Scopes {
    pub(crate) fn of(document: &Document<'_>) -> Self {
        let mut scopes =
            Self { of: Vec::new(), scopes: Vec::new(), bindings: Vec::new(), first: vec![0] };
        scopes.add([Bound::XML]);
        for node in document.subtree(NodeId::ROOT) {
            let above = document.parent(node).and_then(|it| scopes.of.get(it.index()));
            let above = above.copied().unwrap_or(0);
            let own = document.declaration_places(node);
            let scope = if own.is_empty() { above } else { scopes.inner(document, above, own) };
            scopes.of.push(scope);
            let is_element = document.element(node).is_some();
            let count = if is_element { scopes.at(node).len() } else { 0 };
            let next = scopes.first.last().copied().unwrap_or(0).saturating_add(count);
            scopes.first.push(next);
        }
        scopes
    }

    fn inner(&mut self, document: &Document<'_>, above: u32, own: Range<usize>) -> u32 {
        let prefix = |it: usize| document.declaration(it).map_or("", |it| it.prefix);
        let kept = self.bindings_of(above).iter().filter_map(|it| it.declaration());
        let hidden = |it: &usize| own.clone().any(|own| prefix(own) == prefix(*it));
        let mut all: Vec<usize> = kept.filter(|it| !hidden(it)).chain(own.clone()).collect();
        all.retain(|it| document.declaration(*it).is_some_and(|it| !it.name.is_empty()));
        all.sort_unstable_by_key(|it| prefix(*it));
        self.add(all.into_iter().map(Bound::to).chain([Bound::XML]))
    }

    fn add(&mut self, bindings: impl IntoIterator<Item = Bound>) -> u32 {
        let from = self.bindings.len();
        self.bindings.extend(bindings);
        self.scopes.push(from..self.bindings.len());
        u32::try_from(self.scopes.len().saturating_sub(1)).unwrap_or(u32::MAX)
    }

    fn bindings_of(&self, scope: u32) -> &[Bound] {
        let range = usize::try_from(scope).ok().and_then(|it| self.scopes.get(it));
        range.and_then(|it| self.bindings.get(it.clone())).unwrap_or_default()
    }

    /// The namespaces in force at a node, by prefix; that of `xml` is the last.
    pub(crate) fn at(&self, node: NodeId) -> &[Bound] {
        self.of.get(node.index()).map_or(&[], |it| self.bindings_of(*it))
    }

    /// How many namespaces there are in scope at all elements together.
    pub(crate) fn count(&self) -> usize {
        self.first.last().copied().unwrap_or(0)
    }

    fn places(&self, node: NodeId) -> Range<usize> {
        let at = |it: usize| self.first.get(it).copied().unwrap_or(0);
        at(node.index())..at(node.index().saturating_add(1))
    }

    fn place(&self, document: &Document<'_>, node: NodeId, prefix: &str) -> Option<usize> {
        let declared = self.at(node).split_last()?.1;
        let of = |it: &Bound| {
            it.declaration().and_then(|it| document.declaration(it)).map_or("", |it| it.prefix)
        };
        let at = declared.binary_search_by_key(&prefix, of).ok()?;
        Some(self.places(node).start.saturating_add(at))
    }
}

/// Any nodes of one document (XPath 1.0 §5): the attributes and namespaces of an element are
/// nodes apart from it.
#[derive(Debug, Clone)]
pub(crate) struct NodeSet {
    scopes: Rc<Scopes>,
    nodes: Bits,
    attributes: Bits,
    namespaces: Bits,
}

impl NodeSet {
    pub(crate) fn empty(document: &Document<'_>, scopes: &Rc<Scopes>) -> Self {
        Self {
            nodes: Bits::new(document.len()),
            attributes: Bits::new(document.attribute_count()),
            namespaces: Bits::new(scopes.count()),
            scopes: Rc::clone(scopes),
        }
    }

    /// Whether a node is among them with its attributes and namespaces. Comments are.
    fn holds(&self, document: &Document<'_>, node: NodeId) -> bool {
        if matches!(document.kind(node), Kind::Comment(_)) {
            return true;
        }
        self.has(node)
            && document.attribute_places(node).all(|it| self.attributes.get(it))
            && self.scopes.places(node).all(|it| self.namespaces.get(it))
    }

    pub(crate) fn has(&self, node: NodeId) -> bool {
        self.nodes.get(node.index())
    }

    /// `place` is among the attributes of the document.
    pub(crate) fn has_attribute(&self, place: usize) -> bool {
        self.attributes.get(place)
    }

    /// `nth` is among the namespaces in scope, see [`Scopes::at`].
    pub(crate) fn has_namespace(&self, node: NodeId, nth: usize) -> bool {
        self.namespaces.get(self.scopes.places(node).start.saturating_add(nth))
    }

    pub(crate) fn has_prefix(&self, document: &Document<'_>, node: NodeId, prefix: &str) -> bool {
        let place = self.scopes.place(document, node, prefix);
        place.is_some_and(|it| self.namespaces.get(it))
    }

    pub(crate) fn put(&mut self, node: NodeId, is_in: bool) {
        self.nodes.put(node.index(), is_in);
    }

    pub(crate) fn put_attribute(&mut self, place: usize, is_in: bool) {
        self.attributes.put(place, is_in);
    }

    pub(crate) fn put_namespace(&mut self, node: NodeId, nth: usize, is_in: bool) {
        self.namespaces.put(self.scopes.places(node).start.saturating_add(nth), is_in);
    }

    /// A node and all that is in it, its attributes and namespaces.
    pub(crate) fn put_subtree(&mut self, document: &Document<'_>, node: NodeId, is_in: bool) {
        for node in document.subtree(node) {
            self.nodes.put(node.index(), is_in);
            document.attribute_places(node).for_each(|it| self.attributes.put(it, is_in));
            self.scopes.places(node).for_each(|it| self.namespaces.put(it, is_in));
        }
    }

    /// Leaves out all comments.
    pub(crate) fn remove_comments(&mut self, document: &Document<'_>) {
        for node in document.subtree(NodeId::ROOT) {
            if matches!(document.kind(node), Kind::Comment(_)) {
                self.nodes.put(node.index(), false);
            }
        }
    }

    /// Leaves out what is not in the other.
    pub(crate) fn intersect(&mut self, other: &Self) {
        self.combine(other, |own, other| own & other);
    }

    /// Leaves out what is in the other.
    pub(crate) fn subtract(&mut self, other: &Self) {
        self.combine(other, |own, other| own & !other);
    }

    /// Takes in what is in the other.
    pub(crate) fn unite(&mut self, other: &Self) {
        self.combine(other, |own, other| own | other);
    }

    fn combine(&mut self, other: &Self, with: fn(u64, u64) -> u64) {
        self.nodes.combine(&other.nodes, with);
        self.attributes.combine(&other.attributes, with);
        self.namespaces.combine(&other.namespaces, with);
    }
}

#[derive(Debug, Clone)]
struct Bits(Vec<u64>);

impl Bits {
    fn new(count: usize) -> Self {
        Self(vec![0; count.div_ceil(64)])
    }

    fn get(&self, at: usize) -> bool {
        self.0.get(at >> 6).is_some_and(|it| (it >> (at & 63)) & 1 == 1)
    }

    fn put(&mut self, at: usize, is_in: bool) {
        if let Some(word) = self.0.get_mut(at >> 6) {
            let bit = 1_u64 << (at & 63);
            *word = if is_in { *word | bit } else { *word & !bit };
        }
    }

    fn combine(&mut self, other: &Self, with: fn(u64, u64) -> u64) {
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            *own = with(*own, *other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    #[test]
    fn what_is_left_out_of_a_subtree_that_stands_apart_is_asked_once() {
        let (deep, out) = (40, 1_000);
        let (begin, end) = ("<d>".repeat(deep), "</d>".repeat(deep));
        let apart = format!("<s>{begin}{}{end}</s>", "<e/>".repeat(out));
        let limits = Limits::default();
        for (text, whole) in [
            (format!("<a>{apart}</a>"), true),
            (format!("<a>{apart}{apart}</a>"), true),
            (format!("<a>{apart}<e/></a>"), false),
            (format!("<a><e/>{apart}</a>"), false),
        ] {
            let document = Document::parse(&text, 0, &limits).unwrap();
            let is = |it: NodeId, name| document.element(it).is_some_and(|it| it.local == name);
            let mut all = Subtree::new(document.root_element(), true);
            all.remove(document.subtree(NodeId::ROOT).filter(|it| is(*it, "e")));
            let many = all.without().len();
            let root = document.root_element();
            let asked = std::cell::Cell::new(0);
            let apart = |it| {
                asked.set(asked.get() + 1);
                is(it, "s")
            };
            let (held, looked) = Selection::Subtree(all).holds_but(&document, root, apart);
            assert_eq!(held, whole, "{text}");
            assert!(asked.get() <= 3 * (deep + 2), "{} for {many}", asked.get());
            assert!(looked <= many + 3 * (deep + 2), "{looked} of {many}");
        }
    }
}
