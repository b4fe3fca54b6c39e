//! XPath 1.0, as far as the transforms of signatures need it, which is nearly all: there are
//! no variables, and no functions beside its own and `here()` (XMLDSig §6.6.3).
//!
//! Nothing here runs for long: expressions are short and nest little, and each node and each
//! letter that is looked at is a step, of which there are so many and no more. What is not
//! done is *unsupported*, never a guess.

#![warn(clippy::arithmetic_side_effects)]

mod axis;
mod evaluate;
mod expression;
mod functions;
mod lexer;
mod parser;
mod value;

use std::rc::Rc;

use super::document::{Document, Ids, NodeId};
use super::selection::{NodeSet, Scopes, Selection};
use crate::error::{Error, Result};
use evaluate::{Context, Evaluator};
use expression::{Axis, Expr, Function, Test};
use value::{Item, Part, Value};

/// An expression with the namespaces of its prefixes.
#[derive(Debug)]
pub(crate) struct Expression(Expr);

/// What an expression is evaluated in.
pub(crate) struct Scene<'x> {
    pub(crate) document: &'x Document<'x>,
    pub(crate) ids: &'x Ids<'x>,
    pub(crate) scopes: &'x Rc<Scopes>,
    /// The element that holds the expression, where it is in this document.
    pub(crate) here: Option<NodeId>,
    /// How many nodes may be in lists at once.
    pub(crate) most: usize,
    /// How many steps are left.
    pub(crate) steps: &'x std::cell::Cell<u64>,
}

/// Nodes that an expression of XPath Filter 2.0 finds.
pub(crate) struct Found {
    items: Vec<Item>,
}

impl Scene<'_> {
    /// Counts a pass over all nodes, attributes and namespaces.
    ///
    /// # Errors
    /// `LimitExceeded`.
    pub(crate) fn pass(&self) -> Result<()> {
        let parts = self.document.attribute_count().saturating_add(self.scopes.count());
        spend(self.steps, self.document.len().saturating_add(parts))
    }

    /// Counts work on sets of them, 64 at once.
    ///
    /// # Errors
    /// `LimitExceeded`.
    pub(crate) fn pass_of_sets(&self) -> Result<()> {
        let parts = self.document.attribute_count().saturating_add(self.scopes.count());
        spend(self.steps, self.document.len().saturating_add(parts) >> 6)
    }

    /// Counts as many steps.
    ///
    /// # Errors
    /// `LimitExceeded`.
    pub(crate) fn spend(&self, count: usize) -> Result<()> {
        spend(self.steps, count)
    }
}

impl Expression {
    /// `namespace` gives the name that a prefix is bound to where the expression stands.
    ///
    /// # Errors
    /// `Malformed` when it is no expression; `Unsupported` when it has variables, unknown
    /// functions, or is too large.
    pub(crate) fn parse(text: &str, namespace: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        parser::parse(text, namespace).map(Self)
    }

    /// Leaves the nodes for which it holds (XMLDSig §6.6.3).
    ///
    /// # Errors
    /// `LimitExceeded` when it takes too many steps; `Malformed` when functions are given
    /// what they do not take.
    pub(crate) fn filter(&self, scene: &Scene<'_>, nodes: Selection) -> Result<Selection> {
        if let Some(tests) = self.left_out() {
            return left_without(scene, nodes, &tests);
        }
        scene.pass()?;
        let input = nodes.into_set(scene.document, scene.scopes);
        let mut output = NodeSet::empty(scene.document, scene.scopes);
        let evaluator = Evaluator::new(scene);
        for node in scene.document.subtree(NodeId::ROOT) {
            let holds = |part| {
                let item = Item { node, part };
                evaluator.truth(&self.0, Context { item, position: 1, size: 1 })
            };
            if input.has(node) {
                output.put(node, holds(Part::Whole)?);
            }
            for (nth, _) in scene.scopes.at(node).iter().enumerate() {
                if scene.document.element(node).is_some() && input.has_namespace(node, nth) {
                    output.put_namespace(node, nth, holds(Part::Namespace(nth))?);
                }
            }
            for place in scene.document.attribute_places(node) {
                if input.has_attribute(place) {
                    output.put_attribute(place, holds(Part::Attribute(place))?);
                }
            }
        }
        Ok(Selection::Set(output))
    }

    /// The nodes that it finds, seen from the root (XPath Filter 2.0 §3).
    ///
    /// # Errors
    /// As [`filter`](Self::filter); `Malformed` when it finds no nodes but a number, say.
    pub(crate) fn find(&self, scene: &Scene<'_>) -> Result<Found> {
        let item = Item { node: NodeId::ROOT, part: Part::Whole };
        let context = Context { item, position: 1, size: 1 };
        match Evaluator::new(scene).value(&self.0, context)? {
            Value::Nodes(items) => Ok(Found { items }),
            _ => Err(Error::malformed("an XPath filter finds no nodes")),
        }
    }

    /// What `not(ancestor-or-self::…)`, which nearly every expression in signed documents
    /// is, leaves out with all that is in it.
    fn left_out(&self) -> Option<Vec<&Test>> {
        let conditions = match &self.0 {
            Expr::And(all) => all.as_slice(),
            one => std::slice::from_ref(one),
        };
        conditions.iter().map(left_out).collect()
    }
}

fn left_out(condition: &Expr) -> Option<&Test> {
    let Expr::Call(Function::Not, arguments) = condition else { return None };
    let [Expr::Path(path)] = arguments.as_slice() else { return None };
    let [step] = path.steps.as_slice() else { return None };
    let plain = !path.absolute && step.axis == Axis::AncestorOrSelf && step.predicates.is_empty();
    // No other test is true of elements alone.
    let named = matches!(step.test, Test::Name { .. } | Test::AnyIn(_));
    (plain && named).then_some(&step.test)
}

fn left_without(scene: &Scene<'_>, mut nodes: Selection, tests: &[&Test]) -> Result<Selection> {
    let mut out = Vec::new();
    for node in scene.document.subtree(NodeId::ROOT) {
        spend(scene.steps, tests.len())?;
        let Some(element) = scene.document.element(node) else { continue };
        if tests.iter().any(|it| it.is_name(element.namespace.as_deref(), element.local)) {
            out.push(node);
        }
    }
    if matches!(nodes, Selection::Set(_)) {
        scene.pass()?;
    }
    nodes.remove(scene.document, &out);
    Ok(nodes)
}

impl Found {
    /// No more than what was found.
    #[cfg(test)]
    pub(crate) fn alone(&self, scene: &Scene<'_>) -> NodeSet {
        let mut set = NodeSet::empty(scene.document, scene.scopes);
        for item in &self.items {
            match item.part {
                Part::Whole => set.put(item.node, true),
                Part::Namespace(nth) => set.put_namespace(item.node, nth, true),
                Part::Attribute(place) => set.put_attribute(place, true),
            }
        }
        set
    }

    /// The nodes, where all are elements, texts and the like: no attributes, no namespaces.
    pub(crate) fn whole(&self) -> Option<Vec<NodeId>> {
        self.items.iter().map(|it| (it.part == Part::Whole).then_some(it.node)).collect()
    }

    /// All that is in what was found (§3.2).
    pub(crate) fn subtrees(&self, scene: &Scene<'_>) -> Result<NodeSet> {
        scene.pass_of_sets()?;
        let mut set = NodeSet::empty(scene.document, scene.scopes);
        let mut end = 0;
        for item in &self.items {
            match item.part {
                // What is within the last subtree is in already.
                Part::Whole if item.node.index() < end => {}
                Part::Whole => {
                    end = scene.document.end_index(item.node);
                    spend(scene.steps, end.saturating_sub(item.node.index()))?;
                    set.put_subtree(scene.document, item.node, true);
                }
                Part::Namespace(nth) => set.put_namespace(item.node, nth, true),
                Part::Attribute(place) => set.put_attribute(place, true),
            }
        }
        Ok(set)
    }
}

fn spend(steps: &std::cell::Cell<u64>, count: usize) -> Result<()> {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    match steps.get().checked_sub(count) {
        Some(left) => {
            steps.set(left);
            Ok(())
        }
        None => Err(Error::limit("steps of XPath in one XML document")),
    }
}

#[cfg(test)]
mod tests;
