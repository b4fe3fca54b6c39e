//! An XML document that a signature is put into.

use std::borrow::Cow;
use std::ops::Range;

use super::create::Digesting;
use crate::crypto::DigestContext;
use crate::encoding::xml::{
    Canonicalization, Document as Xml, Ids, Method, NodeId, Selection, Subtree, decode,
};
use crate::error::{Error, Result};
use crate::limits::Limits;

/// What is signed of a document, which the signature is put into.
pub(super) struct Target<'t> {
    text: &'t str,
    mark: u64,
    limits: Limits,
    element: Option<&'t str>,
}

impl<'t> Target<'t> {
    pub(super) fn find(bytes: &'t [u8], element: Option<&'t str>) -> Result<Self> {
        let (text, mark) = decode(bytes)?;
        let Cow::Borrowed(text) = text else {
            return Err(Error::unsupported("a signature is put only into XML in UTF-8"));
        };
        Ok(Self { text, mark, limits: Limits::default(), element })
    }

    fn document(&self) -> Result<Xml<'_>> {
        Xml::parse(self.text, self.mark, &self.limits)
    }

    fn apex(&self, document: &Xml<'_>) -> Result<NodeId> {
        let Some(id) = self.element else { return Ok(NodeId::ROOT) };
        match Ids::of(document).named(id) {
            [one] => Ok(*one),
            [] => Err(Error::misuse(format!("no element has the Id {id:?}"))),
            _ => Err(Error::misuse(format!("several elements have the Id {id:?}"))),
        }
    }

    pub(super) fn digest_into(&self, context: DigestContext) -> Result<DigestContext> {
        let document = self.document()?;
        let selection = Selection::Subtree(Subtree::new(self.apex(&document)?, false));
        let mut sink = Digesting(context);
        Canonicalization::new(Method::Exclusive, false).write(&document, &selection, &mut sink)?;
        Ok(sink.0)
    }

    /// Whether the signature comes to stand in what is signed.
    pub(super) fn holds_signature(&self) -> bool {
        self.document().is_ok_and(|it| {
            self.apex(&it).is_ok_and(|apex| apex == NodeId::ROOT || apex == it.root_element())
        })
    }

    pub(super) fn has_id(&self, id: &str) -> bool {
        self.document().is_ok_and(|it| {
            let ids = Ids::of(&it);
            let own = ["", "-value", "-properties", "-reference-1"];
            own.iter().any(|end| !ids.named(&format!("{id}{end}")).is_empty())
        })
    }

    /// What stands before and behind the signature, and what is taken away for them.
    pub(super) fn place(&self) -> Result<(String, String, Range<u64>)> {
        let document = self.document()?;
        let root = document.root_element();
        let offset = |at: usize| u64::try_from(at).unwrap_or(u64::MAX).saturating_add(self.mark);
        if let Some(at) = document.end_tag(root) {
            return Ok((String::new(), String::new(), offset(at)..offset(at)));
        }
        let end = document.place(root).end;
        let name = document.element(root).map(|it| it.qualified).unwrap_or_default();
        let from = end.saturating_sub("/>".len());
        Ok((">".to_owned(), format!("</{name}>"), offset(from)..offset(end)))
    }
}
