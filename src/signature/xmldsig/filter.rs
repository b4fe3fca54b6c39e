//! Choosing nodes by XPath (XMLDSig 1.1 §6.6.3) and XPath Filter 2.0.

use std::rc::Rc;

use super::dereference::{Dereferencer, Scene};
use super::transform::FilterKind;
use crate::encoding::xml::{
    Document, Expression, Ids, NodeId, Scopes, Selection, Subtree, XPathFound, XPathScene,
};
use crate::error::Result;

impl Dereferencer<'_> {
    /// `element` holds the expression; it is in the document of the signature, which `scene`
    /// may not be.
    pub(super) fn filter(
        &mut self,
        scene: &Scene<'_>,
        nodes: Selection,
        element: NodeId,
    ) -> Result<Selection> {
        let expression = self.expression(element)?;
        self.within(scene, element, |scene| expression.filter(scene, nodes))
    }

    pub(super) fn filter2(
        &mut self,
        scene: &Scene<'_>,
        nodes: Selection,
        filters: &[(FilterKind, NodeId)],
    ) -> Result<Selection> {
        let mut found = Vec::new();
        for (kind, element) in filters {
            let expression = self.expression(*element)?;
            found.push((*kind, self.within(scene, *element, |scene| expression.find(scene))?));
        }
        let first = filters.first().map_or(NodeId::ROOT, |it| it.1);
        self.within(scene, first, |scene| combined(scene, nodes, &found))
    }

    fn expression(&self, element: NodeId) -> Result<Expression> {
        let document = self.document;
        let namespace = |prefix: &str| document.namespace_of(element, prefix).map(str::to_owned);
        Expression::parse(&document.text_of(element), &namespace)
            .map_err(|it| it.at_offset(document.offset(element)).in_element("XPath"))
    }

    /// With all that expressions need to know of a document.
    fn within<T>(
        &mut self,
        scene: &Scene<'_>,
        element: NodeId,
        use_it: impl FnOnce(&XPathScene<'_>) -> Result<T>,
    ) -> Result<T> {
        if scene.signature.is_none() {
            let (ids, scopes) = (Ids::of(scene.document), Rc::new(Scopes::of(scene.document)));
            return use_it(&XPathScene {
                document: scene.document,
                ids: &ids,
                scopes: &scopes,
                here: None,
                steps: &self.steps,
            });
        }
        let document: &Document<'_> = self.document;
        let scopes = self.scopes.get_or_insert_with(|| Rc::new(Scopes::of(document)));
        use_it(&XPathScene {
            document,
            ids: &self.ids,
            scopes,
            here: Some(element),
            steps: &self.steps,
        })
    }
}

/// XPath Filter 2.0 §3.3: beginning with all nodes, each filter takes away or adds; what is
/// left of the input is the result.
fn combined(
    scene: &XPathScene<'_>,
    nodes: Selection,
    filters: &[(FilterKind, XPathFound)],
) -> Result<Selection> {
    if let Some(simple) = simple(scene, &nodes, filters) {
        return Ok(simple);
    }
    // One for each of the two that become sets.
    scene.pass()?;
    scene.pass()?;
    let all = Selection::Subtree(Subtree::new(NodeId::ROOT, true));
    let mut left = all.into_set(scene.document, scene.scopes);
    for (kind, found) in filters {
        let subtrees = found.subtrees(scene)?;
        match kind {
            FilterKind::Intersect => left.intersect(&subtrees),
            FilterKind::Subtract => left.subtract(&subtrees),
            FilterKind::Union => left.unite(&subtrees),
        }
    }
    let mut nodes = nodes.into_set(scene.document, scene.scopes);
    nodes.intersect(&left);
    Ok(Selection::Set(nodes))
}

/// What is still a subtree without some others: one element intersected with, and then any
/// subtracted, which is what signed documents do.
fn simple(
    scene: &XPathScene<'_>,
    nodes: &Selection,
    filters: &[(FilterKind, XPathFound)],
) -> Option<Selection> {
    let Selection::Subtree(input) = nodes else { return None };
    let mut subtree = input.clone();
    for (n, (kind, found)) in filters.iter().enumerate() {
        let found = found.whole()?;
        match (kind, found.as_slice()) {
            (FilterKind::Subtract, found) => {
                let mut selection = Selection::Subtree(subtree);
                selection.remove(scene.document, found);
                let Selection::Subtree(left) = selection else { return None };
                subtree = left;
            }
            (FilterKind::Intersect, [one]) if n == 0 && input.without().is_empty() => {
                let is_element = scene.document.element(*one).is_some();
                if !is_element || !scene.document.is_within(*one, input.apex) {
                    return None;
                }
                subtree = Subtree::new(*one, input.comments);
            }
            _ => return None,
        }
    }
    Some(Selection::Subtree(subtree))
}
