//! Steps along axes (XPath 1.0 §2.2, §2.3).

use super::evaluate::{Context, Evaluator};
use super::expression::{Axis, Expr, Step, Test};
use super::value::{Item, Part, Value};
use crate::encoding::xml::document::{Kind, NodeId, XML_NAMESPACE};
use crate::error::Result;

/// When a list is this long, what is in it twice is thrown out.
const LONG: usize = 1 << 16;

impl Evaluator<'_> {
    /// Where steps lead from some nodes.
    pub(super) fn walk(&self, from: Vec<Item>, steps: &[Step]) -> Result<Vec<Item>> {
        let mut items = from;
        let held = self.held.get();
        for step in steps {
            items = self.next(&items, step)?;
            self.held.set(held.saturating_add(items.len()));
        }
        Ok(items)
    }

    fn next(&self, items: &[Item], step: &Step) -> Result<Vec<Item>> {
        let mut next = Vec::new();
        let mut long = LONG;
        let held = self.held.get();
        for item in items {
            self.step(*item, step, &mut next)?;
            if next.len() > long {
                tidy(&mut next);
                self.held.set(held.saturating_add(next.len()));
                long = next.len().saturating_mul(2).max(LONG);
            }
        }
        tidy(&mut next);
        Ok(next)
    }

    fn step(&self, from: Item, step: &Step, into: &mut Vec<Item>) -> Result<()> {
        if step.predicates.is_empty() {
            return self.along(from, step, into);
        }
        let held = self.held.get();
        let mut found = Vec::new();
        self.along(from, step, &mut found)?;
        for predicate in &step.predicates {
            found = self.filtered(found, predicate)?;
        }
        self.held.set(held.saturating_add(found.len()));
        into.extend(found);
        Ok(())
    }

    /// Those that pass a predicate, counted in the order that they stand in here.
    pub(super) fn filtered(&self, items: Vec<Item>, predicate: &Expr) -> Result<Vec<Item>> {
        let size = items.len();
        let mut kept = Vec::new();
        for (n, item) in items.into_iter().enumerate() {
            let position = n.saturating_add(1);
            let held = self.held.get();
            let holds = match self.value(predicate, Context { item, position, size })? {
                Value::Number(number) => number == as_number(position),
                other => other.truth(),
            };
            self.held.set(held);
            if holds {
                kept.push(item);
            }
        }
        Ok(kept)
    }

    fn along(&self, from: Item, step: &Step, into: &mut Vec<Item>) -> Result<()> {
        let document = self.scene.document;
        let node = from.node;
        let whole = from.part == Part::Whole;
        // What an attribute or a namespace stands in is above it.
        let above = if whole { document.parent(node) } else { Some(node) };
        let mut push = |found: NodeId| self.push(found, &step.test, into);
        match step.axis {
            Axis::Own | Axis::AncestorOrSelf => {
                if self.passes(from, &step.test)? {
                    self.take(from, into)?;
                }
                if step.axis == Axis::AncestorOrSelf {
                    let around = above.map(|it| document.ancestors_or_self(it));
                    return around
                        .into_iter()
                        .flatten()
                        .try_for_each(|it| self.push(it, &step.test, into));
                }
                Ok(())
            }
            Axis::Ancestor => {
                let around = above.map(|it| document.ancestors_or_self(it));
                around.into_iter().flatten().try_for_each(push)
            }
            Axis::Parent => above.into_iter().try_for_each(push),
            Axis::Child if whole => document.children(node).try_for_each(push),
            Axis::Descendant if whole => document.subtree(node).skip(1).try_for_each(push),
            Axis::DescendantOrSelf if whole => document.subtree(node).try_for_each(push),
            Axis::DescendantOrSelf => {
                if self.passes(from, &step.test)? {
                    self.take(from, into)?;
                }
                Ok(())
            }
            Axis::FollowingSibling if whole => {
                let all = above.map(|it| document.children(it));
                all.into_iter()
                    .flatten()
                    .try_for_each(|it| if it > node { push(it) } else { self.spend(1) })
            }
            Axis::PrecedingSibling if whole => {
                let all = above.map(|it| document.children(it));
                let mut all: Vec<_> =
                    all.into_iter().flatten().take_while(|it| *it < node).collect();
                self.spend(all.len())?;
                all.reverse();
                all.into_iter().try_for_each(push)
            }
            Axis::Following => {
                let own = node.index().saturating_add(1);
                let from = if whole { document.end_index(node) } else { own };
                (from..document.len()).filter_map(|it| document.node_at(it)).try_for_each(push)
            }
            Axis::Preceding => {
                (0..node.index()).rev().filter_map(|it| document.node_at(it)).try_for_each(|it| {
                    if document.is_within(node, it) { self.spend(1) } else { push(it) }
                })
            }
            Axis::Attribute if whole => {
                let places = document.attribute_places(node).map(Part::Attribute);
                self.push_parts(node, places, &step.test, into)
            }
            Axis::Namespace if whole && document.element(node).is_some() => {
                let places = (0..self.scene.scopes.at(node).len()).map(Part::Namespace);
                self.push_parts(node, places, &step.test, into)
            }
            Axis::Child
            | Axis::Descendant
            | Axis::FollowingSibling
            | Axis::PrecedingSibling
            | Axis::Attribute
            | Axis::Namespace => Ok(()),
        }
    }

    fn push(&self, node: NodeId, test: &Test, into: &mut Vec<Item>) -> Result<()> {
        let item = Item { node, part: Part::Whole };
        if self.passes(item, test)? {
            self.take(item, into)?;
        }
        Ok(())
    }

    fn push_parts(
        &self,
        node: NodeId,
        parts: impl Iterator<Item = Part>,
        test: &Test,
        into: &mut Vec<Item>,
    ) -> Result<()> {
        for part in parts {
            self.spend(1)?;
            let item = Item { node, part };
            let passes = match self.name(item) {
                Some((namespace, local)) => test.is_name(namespace, local),
                None => *test == Test::Node,
            };
            if passes {
                self.take(item, into)?;
            }
        }
        Ok(())
    }

    /// Whether something passes on an axis of elements (§2.3).
    fn passes(&self, item: Item, test: &Test) -> Result<bool> {
        self.spend(1)?;
        if item.part != Part::Whole {
            return Ok(*test == Test::Node);
        }
        Ok(match (self.scene.document.kind(item.node), test) {
            (_, Test::Node) => true,
            (Kind::Element(element), _) => {
                test.is_name(element.namespace.as_deref(), element.local)
            }
            (Kind::Text(_), Test::Text)
            | (Kind::Comment(_), Test::Comment)
            | (Kind::Instruction { .. }, Test::Instruction(None)) => true,
            (Kind::Instruction { target, .. }, Test::Instruction(Some(wanted))) => target == wanted,
            _ => false,
        })
    }

    /// The expanded name; nothing for what has none.
    pub(super) fn name(&self, item: Item) -> Option<(Option<&str>, &str)> {
        let document = self.scene.document;
        match item.part {
            Part::Whole => match document.kind(item.node) {
                Kind::Element(it) => Some((it.namespace.as_deref(), it.local)),
                Kind::Instruction { target, .. } => Some((None, target)),
                _ => None,
            },
            Part::Attribute(place) => {
                let nth = place.checked_sub(document.attribute_places(item.node).start)?;
                let it = document.attributes(item.node).get(nth)?;
                Some((it.namespace.as_deref(), it.local))
            }
            Part::Namespace(nth) => Some((None, self.namespace(item.node, nth)?.0)),
        }
    }

    /// The prefix and the name of one of the namespaces in scope.
    pub(super) fn namespace(&self, node: NodeId, nth: usize) -> Option<(&str, &str)> {
        match self.scene.scopes.at(node).get(nth)?.declaration() {
            None => Some(("xml", XML_NAMESPACE)),
            Some(place) => {
                let it = self.scene.document.declaration(place)?;
                Some((it.prefix, it.name.as_ref()))
            }
        }
    }
}

/// In document order, each once.
pub(super) fn tidy(items: &mut Vec<Item>) {
    items.sort();
    items.dedup();
}

/// Counts stay far below what a number holds exactly.
#[allow(clippy::cast_precision_loss)]
pub(super) fn as_number(count: usize) -> f64 {
    count as f64
}
