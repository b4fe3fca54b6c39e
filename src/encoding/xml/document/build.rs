//! From what the reader gives, one after the other, to nodes.

use std::rc::Rc;

use super::{
    Attribute, Declaration, Document, Element, Kind, Node, NodeId, Piece, XML_NAMESPACE, number,
    prefix, slice,
};
use crate::encoding::xml::reader::{Namespace, Node as Read, Reader, Start};
use crate::error::{Error, Result};
use crate::limits::{Limits, within};

/// Reads the whole text of an empty document.
pub(super) fn read<'a>(document: Document<'a>, limits: &'a Limits) -> Result<Document<'a>> {
    Builder { document, open: vec![NodeId::ROOT], limits }.read()
}

struct Builder<'a> {
    document: Document<'a>,
    /// The nodes that are not closed, the root first.
    open: Vec<NodeId>,
    limits: &'a Limits,
}

impl<'a> Builder<'a> {
    fn read(mut self) -> Result<Document<'a>> {
        let (text, mark, limits) = (self.document.text, self.document.mark, self.limits);
        let mut reader = Reader::new(text, mark, limits);
        self.node(Kind::Root)?;
        loop {
            let before = self.place(reader.offset());
            match reader.next_node()? {
                Read::Start(start) => self.start(&reader, &start)?,
                Read::Text(piece) if piece.contains("]]>") => {
                    let what = "\"]]>\" in a text (XML 1.0 §2.4)";
                    return Err(Error::malformed(what).at_offset(reader.offset()));
                }
                Read::Text(piece) | Read::CData(piece) => self.piece(Piece::Raw(piece))?,
                Read::Reference(it) => self.piece(Piece::Char(it))?,
                Read::Comment(text) => self.leaf(Kind::Comment(text))?,
                Read::Instruction { target, data } => {
                    self.leaf(Kind::Instruction { target, data })?;
                }
                Read::End => self.close(before, self.place(reader.offset())),
                Read::Eof => break,
            }
        }
        let end = self.next_id()?;
        if let Some(root) = self.document.nodes.first_mut() {
            root.end = end.0;
        }
        Ok(self.document)
    }

    fn place(&self, offset: u64) -> usize {
        usize::try_from(offset.saturating_sub(self.document.mark)).unwrap_or(usize::MAX)
    }

    fn next_id(&self) -> Result<NodeId> {
        number(self.document.nodes.len()).map(NodeId)
    }

    /// Adds a node that is open until [`close`](Self::close) ends it.
    fn node(&mut self, kind: Kind<'a>) -> Result<NodeId> {
        let id = self.next_id()?;
        let most = self.limits.xml_elements.saturating_mul(4);
        within(self.document.nodes.len(), most, "nodes of one XML document")?;
        let parent = self.open.last().map_or(0, |it| it.0);
        self.document.nodes.push(Node { kind, parent, end: id.0.saturating_add(1) });
        Ok(id)
    }

    fn leaf(&mut self, kind: Kind<'a>) -> Result<()> {
        self.node(kind).map(drop)
    }

    fn start(&mut self, reader: &Reader<'a>, start: &Start<'a>) -> Result<()> {
        let fail = |what: String| Error::malformed(what).at_offset(start.offset);
        let namespace = known(&start.namespace, start.qualified).map_err(fail)?;
        let first = number(self.document.attributes.len())?;
        for (qualified, value) in reader.attributes() {
            let prefixed = qualified.contains(':');
            let namespace = match prefixed.then(|| reader.resolve(prefix(qualified))) {
                None => None,
                Some(found) => known(&found, qualified).map_err(fail)?,
            };
            let local = qualified.split_once(':').map_or(*qualified, |it| it.1);
            let value = value.clone();
            self.document.attributes.push(Attribute { qualified, local, namespace, value });
        }
        let most = self.limits.xml_elements.saturating_mul(8);
        within(self.document.attributes.len(), most, "attributes of one XML document")
            .map_err(|it| it.at_offset(start.offset))?;
        let attributes = first..number(self.document.attributes.len())?;
        if let Some(twice) = twice(slice(&self.document.attributes, attributes.clone())) {
            return Err(fail(format!("the attribute {twice} is there twice")));
        }
        let first = number(self.document.declarations.len())?;
        let declared = reader.declared();
        self.document
            .declarations
            .extend(declared.map(|(prefix, name)| Declaration { prefix, name }));
        within(self.document.declarations.len(), most, "declarations of one XML document")
            .map_err(|it| it.at_offset(start.offset))?;
        let declarations = first..number(self.document.declarations.len())?;
        let from = self.place(start.offset);
        let id = self.node(Kind::Element(Element {
            qualified: start.qualified,
            local: start.local,
            namespace,
            attributes,
            declarations,
            place: from..from,
            end_tag: None,
        }))?;
        self.open.push(id);
        Ok(())
    }

    fn close(&mut self, before: usize, after: usize) {
        let end = u32::try_from(self.document.nodes.len()).unwrap_or(u32::MAX);
        let Some(id) = self.open.pop() else { return };
        let Some(node) = self.document.nodes.get_mut(id.index()) else { return };
        node.end = end;
        if let Kind::Element(element) = &mut node.kind {
            element.place.end = after;
            element.end_tag = (before < after).then_some(before);
        }
    }

    fn piece(&mut self, piece: Piece<'a>) -> Result<()> {
        if piece == Piece::Raw("") {
            return Ok(());
        }
        let at = number(self.document.pieces.len())?;
        let most = self.limits.xml_elements.saturating_mul(16);
        within(self.document.pieces.len(), most, "references in one XML document")?;
        self.document.pieces.push(piece);
        let parent = self.open.last().map_or(0, |it| it.0);
        if let Some(Node { kind: Kind::Text(range), parent: above, .. }) =
            self.document.nodes.last_mut()
            && *above == parent
            && range.end == at
        {
            range.end = at.saturating_add(1);
            return Ok(());
        }
        self.leaf(Kind::Text(at..at.saturating_add(1)))
    }
}

fn known(namespace: &Namespace, qualified: &str) -> Result<Option<Rc<str>>, String> {
    match namespace {
        Namespace::None => Ok(None),
        Namespace::Name(name) => Ok(Some(Rc::clone(name))),
        Namespace::Unbound if prefix(qualified) == "xml" => Ok(Some(XML_NAMESPACE.into())),
        Namespace::Unbound => Err(format!("the prefix of {qualified} is declared nowhere")),
    }
}

/// Namespaces in XML 1.0 §6.3: two prefixes may stand for one namespace.
fn twice<'s>(attributes: &'s [Attribute<'_>]) -> Option<&'s str> {
    let mut names: Vec<_> = attributes
        .iter()
        .filter(|it| it.namespace.is_some())
        .map(|it| (it.namespace.as_deref(), it.local, it.qualified))
        .collect();
    names.sort_unstable();
    let same = names.windows(2).find(|it| match it {
        [one, other] => (one.0, one.1) == (other.0, other.1),
        _ => false,
    })?;
    same.first().map(|it| it.2)
}
