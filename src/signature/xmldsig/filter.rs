//! Choosing nodes by XPath (XMLDSig 1.1 §6.6.3) and XPath Filter 2.0.

use std::rc::Rc;

use super::dereference::{Dereferencer, Scene};
use super::transform::FilterKind;
use crate::encoding::xml::{
    Document, Expression, Ids, NodeId, NodeSet, Scopes, Selection, Subtree, XPathFound, XPathScene,
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
        let mut left = Filtering::of(nodes);
        for (kind, element) in filters {
            let expression = self.expression(*element)?;
            left = self.within(scene, *element, |scene| {
                let found = expression.find(scene)?;
                left.by(scene, *kind, &found)
            })?;
        }
        Ok(left.left)
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
            let scene = XPathScene {
                document: scene.document,
                ids: &ids,
                scopes: &scopes,
                here: None,
                most: self.limits.xml_xpath_nodes,
                steps: &self.steps,
            };
            // To find those out.
            scene.pass()?;
            return use_it(&scene);
        }
        let document: &Document<'_> = self.document;
        let scopes = self.scopes.get_or_insert_with(|| Rc::new(Scopes::of(document)));
        use_it(&XPathScene {
            document,
            ids: &self.ids,
            scopes,
            here: Some(element),
            most: self.limits.xml_xpath_nodes,
            steps: &self.steps,
        })
    }
}

/// XPath Filter 2.0 §3.3: beginning with all nodes, each filter takes away or adds; what is
/// left of the input is the result. What one filter finds is let go before the next.
struct Filtering {
    input: Selection,
    /// What is left of the input so far.
    left: Selection,
    is_first: bool,
}

impl Filtering {
    fn of(nodes: Selection) -> Self {
        Self { input: nodes.clone(), left: nodes, is_first: true }
    }

    fn by(self, scene: &XPathScene<'_>, kind: FilterKind, found: &XPathFound) -> Result<Self> {
        let left = match self.simple(scene, kind, found)? {
            Some(simple) => simple,
            None => return self.by_set(scene, kind, found),
        };
        Ok(Self { left, is_first: false, ..self })
    }

    fn by_set(self, scene: &XPathScene<'_>, kind: FilterKind, found: &XPathFound) -> Result<Self> {
        scene.pass_of_sets()?;
        let mut left = set_of(scene, self.left)?;
        let mut input = self.input;
        let mut subtrees = found.subtrees(scene)?;
        match kind {
            FilterKind::Intersect => left.intersect(&subtrees),
            FilterKind::Subtract => left.subtract(&subtrees),
            FilterKind::Union => {
                let all = set_of(scene, input)?;
                subtrees.intersect(&all);
                left.unite(&subtrees);
                input = Selection::Set(all);
            }
        }
        Ok(Self { input, left: Selection::Set(left), is_first: false })
    }

    /// What is still a subtree without some others: one element intersected with, and then
    /// any subtracted, which is what signed documents do.
    fn simple(
        &self,
        scene: &XPathScene<'_>,
        kind: FilterKind,
        found: &XPathFound,
    ) -> Result<Option<Selection>> {
        let Selection::Subtree(left) = &self.left else { return Ok(None) };
        let Some(found) = found.whole() else { return Ok(None) };
        scene.spend(left.without().len().saturating_add(found.len()))?;
        Ok(match (kind, found.as_slice()) {
            (FilterKind::Subtract, found) => {
                let mut left = self.left.clone();
                left.remove(scene.document, found);
                Some(left)
            }
            (FilterKind::Intersect, [one]) if self.is_first && left.without().is_empty() => {
                let is_element = scene.document.element(*one).is_some();
                let is_in = is_element && scene.document.is_within(*one, left.apex);
                is_in.then(|| Selection::Subtree(Subtree::new(*one, left.comments)))
            }
            _ => None,
        })
    }
}

fn set_of(scene: &XPathScene<'_>, nodes: Selection) -> Result<NodeSet> {
    if matches!(nodes, Selection::Subtree(_)) {
        scene.pass()?;
    }
    Ok(nodes.into_set(scene.document, scene.scopes))
}
