//! An XML document that a signature is put into.

use crate::encoding::xml::{Document, Ids, NodeId, Sink};
use crate::error::{Error, Result};
use crate::signature::request::XmlPlace;
use crate::signature::xmldsig::write_nodes;

/// What is signed of a document, which the signature is put into.
pub(super) struct Target<'d> {
    document: &'d Document<'d>,
    ids: Ids<'d>,
    apex: NodeId,
}

impl<'d> Target<'d> {
    /// # Errors
    /// `Misuse` when there is not one element with this Id.
    pub(super) fn find(document: &'d Document<'d>, element: Option<&str>) -> Result<Self> {
        let ids = Ids::of(document);
        let apex = match element.map(|id| (id, ids.named(id))) {
            None => NodeId::ROOT,
            Some((_, [one])) => *one,
            Some((id, [])) => return Err(Error::misuse(format!("no element has the Id {id:?}"))),
            Some((id, _)) => {
                return Err(Error::misuse(format!("several elements have the Id {id:?}")));
            }
        };
        Ok(Self { document, ids, apex })
    }

    /// What is signed.
    pub(super) fn write(&self, sink: &mut dyn Sink) -> Result<()> {
        write_nodes(self.document, self.apex, sink)
    }

    /// Whether the signature comes to stand in what is signed.
    pub(super) fn holds_signature(&self) -> bool {
        self.apex == NodeId::ROOT || self.apex == self.document.root_element()
    }

    pub(super) fn has_id(&self, id: &str) -> bool {
        let own = ["", "-value", "-properties", "-reference-1"];
        own.iter().any(|end| !self.ids.named(&format!("{id}{end}")).is_empty())
    }

    /// The end of the root element; `mark` is how long the mark before the text is.
    pub(super) fn place(&self, mark: u64) -> XmlPlace {
        let root = self.document.root_element();
        let offset = |at: usize| u64::try_from(at).unwrap_or(u64::MAX).saturating_add(mark);
        if let Some(at) = self.document.end_tag(root) {
            return XmlPlace::within(offset(at)..offset(at));
        }
        let end = self.document.place(root).end;
        let name = self.document.element(root).map(|it| it.qualified).unwrap_or_default();
        let from = end.saturating_sub("/>".len());
        XmlPlace::within(offset(from)..offset(end)).besides(">", format!("</{name}>"))
    }
}
