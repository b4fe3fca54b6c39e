//! What an expression comes to (XPath 1.0 §3).

use std::cell::Cell;

use super::axis::tidy;
use super::expression::{Arithmetic, Comparison, Expr, Function};
use super::value::{self, Item, Part, Value};
use super::{Scene, spend};
use crate::encoding::xml::document::{Kind, NodeId, Piece};
use crate::error::{Error, Result};
use crate::limits::within;

#[derive(Clone, Copy)]
pub(super) struct Context {
    pub(super) item: Item,
    pub(super) position: usize,
    pub(super) size: usize,
}

pub(super) struct Evaluator<'x> {
    pub(super) scene: &'x Scene<'x>,
    /// How many nodes are in the lists that are at hand.
    pub(super) held: Cell<usize>,
}

impl<'x> Evaluator<'x> {
    pub(super) fn new(scene: &'x Scene<'x>) -> Self {
        Self { scene, held: Cell::new(0) }
    }

    /// Adds a node to a list.
    pub(super) fn take(&self, item: Item, into: &mut Vec<Item>) -> Result<()> {
        let held = self.held.get().saturating_add(1);
        within(held, self.scene.most, "nodes found at once by XPath in one XML document")?;
        self.held.set(held);
        into.push(item);
        Ok(())
    }

    pub(super) fn spend(&self, steps: usize) -> Result<()> {
        spend(self.scene.steps, steps)
    }

    pub(super) fn truth(&self, expr: &Expr, context: Context) -> Result<bool> {
        let held = self.held.get();
        let truth = self.is_true(expr, context)?;
        self.held.set(held);
        Ok(truth)
    }

    fn is_true(&self, expr: &Expr, context: Context) -> Result<bool> {
        self.spend(1)?;
        match expr {
            Expr::Or(all) => {
                for it in all {
                    if self.truth(it, context)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Expr::And(all) => {
                for it in all {
                    if !self.truth(it, context)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Expr::Call(Function::Not, arguments) => match arguments.as_slice() {
                [one] => Ok(!self.truth(one, context)?),
                _ => Err(wrong()),
            },
            other => Ok(self.value(other, context)?.truth()),
        }
    }

    pub(super) fn value(&self, expr: &Expr, context: Context) -> Result<Value> {
        let held = self.held.get();
        let value = self.value_of(expr, context)?;
        // The lists that it was made of are gone.
        let own = if let Value::Nodes(items) = &value { items.len() } else { 0 };
        self.held.set(held.saturating_add(own));
        Ok(value)
    }

    fn value_of(&self, expr: &Expr, context: Context) -> Result<Value> {
        self.spend(1)?;
        Ok(match expr {
            Expr::Or(_) | Expr::And(_) => Value::Truth(self.truth(expr, context)?),
            Expr::Compare(first, rest) => {
                let mut left = self.value(first, context)?;
                for (comparison, right) in rest {
                    let right = self.value(right, context)?;
                    left = Value::Truth(self.compare(*comparison, &left, &right)?);
                }
                left
            }
            Expr::Arithmetic(first, rest) => {
                let mut left = self.number(first, context)?;
                for (operator, right) in rest {
                    left = calculate(*operator, left, self.number(right, context)?);
                }
                Value::Number(left)
            }
            Expr::Negate(one) => Value::Number(-self.number(one, context)?),
            Expr::Union(all) => {
                let mut items = Vec::new();
                for it in all {
                    items.extend(self.nodes(it, context)?);
                    self.spend(items.len())?;
                    tidy(&mut items);
                }
                Value::Nodes(items)
            }
            Expr::Path(path) => {
                let root = Item { node: NodeId::ROOT, part: Part::Whole };
                let start = if path.absolute { root } else { context.item };
                Value::Nodes(self.walk(vec![start], &path.steps)?)
            }
            Expr::From { start, predicates, steps } => {
                let mut items = self.nodes(start, context)?;
                for predicate in predicates {
                    items = self.filtered(items, predicate)?;
                }
                Value::Nodes(self.walk(items, steps)?)
            }
            Expr::Literal(text) => {
                self.spend(text.len())?;
                Value::Text(text.clone())
            }
            Expr::Number(number) => Value::Number(*number),
            Expr::Call(function, arguments) => self.call(*function, arguments, context)?,
        })
    }

    pub(super) fn nodes(&self, expr: &Expr, context: Context) -> Result<Vec<Item>> {
        match self.value(expr, context)? {
            Value::Nodes(items) => Ok(items),
            _ => Err(wrong()),
        }
    }

    pub(super) fn number(&self, expr: &Expr, context: Context) -> Result<f64> {
        let value = self.value(expr, context)?;
        self.number_of(&value)
    }

    pub(super) fn text(&self, expr: &Expr, context: Context) -> Result<String> {
        match self.value(expr, context)? {
            Value::Text(text) => Ok(text),
            other => self.text_of(&other),
        }
    }

    /// §4.4.
    pub(super) fn number_of(&self, value: &Value) -> Result<f64> {
        Ok(match value {
            Value::Number(it) => *it,
            Value::Truth(it) => f64::from(u8::from(*it)),
            Value::Text(it) => {
                self.spend(it.len())?;
                value::number(it)
            }
            Value::Nodes(_) => value::number(&self.text_of(value)?),
        })
    }

    /// §4.2.
    pub(super) fn text_of(&self, value: &Value) -> Result<String> {
        match value {
            Value::Text(it) => {
                self.spend(it.len())?;
                Ok(it.clone())
            }
            Value::Truth(it) => Ok(it.to_string()),
            Value::Number(it) => Ok(value::text(*it)),
            Value::Nodes(items) => match items.first() {
                Some(first) => self.string_value(*first),
                None => Ok(String::new()),
            },
        }
    }

    /// §5.
    pub(super) fn string_value(&self, item: Item) -> Result<String> {
        let document = self.scene.document;
        let text: &str = match item.part {
            Part::Namespace(nth) => self.namespace(item.node, nth).map_or("", |it| it.1),
            Part::Attribute(place) => {
                let nth = place.checked_sub(document.attribute_places(item.node).start);
                let it = nth.and_then(|it| document.attributes(item.node).get(it));
                it.map_or("", |it| it.value.as_ref())
            }
            Part::Whole => match document.kind(item.node) {
                Kind::Comment(text) | Kind::Instruction { data: text, .. } => {
                    self.spend(text.len())?;
                    return Ok(lines(text));
                }
                _ => return self.text_within(item.node),
            },
        };
        self.spend(text.len())?;
        Ok(text.to_owned())
    }

    fn text_within(&self, node: NodeId) -> Result<String> {
        let mut text = String::new();
        for node in self.scene.document.subtree(node) {
            self.spend(1)?;
            for piece in self.scene.document.pieces(node) {
                match piece {
                    Piece::Char(it) => text.push(*it),
                    Piece::Raw(raw) => {
                        self.spend(raw.len())?;
                        text.push_str(&lines(raw));
                    }
                }
            }
        }
        Ok(text)
    }

    /// §3.4.
    fn compare(&self, by: Comparison, left: &Value, right: &Value) -> Result<bool> {
        match (left, right) {
            (Value::Nodes(items), Value::Truth(_)) => {
                self.compare_plain(by, &Value::Truth(!items.is_empty()), right)
            }
            (Value::Truth(_), Value::Nodes(items)) => {
                self.compare_plain(by, left, &Value::Truth(!items.is_empty()))
            }
            (Value::Nodes(items), Value::Nodes(others)) => {
                let others = others
                    .iter()
                    .map(|it| self.string_value(*it).map(Value::Text))
                    .collect::<Result<Vec<_>>>()?;
                self.any(items, |text| {
                    for other in &others {
                        if self.compare_plain(by, &text, other)? {
                            return Ok(true);
                        }
                    }
                    Ok(false)
                })
            }
            (Value::Nodes(items), _) => self.any(items, |it| self.compare_plain(by, &it, right)),
            (_, Value::Nodes(items)) => self.any(items, |it| self.compare_plain(by, left, &it)),
            _ => self.compare_plain(by, left, right),
        }
    }

    fn any(&self, items: &[Item], holds: impl Fn(Value) -> Result<bool>) -> Result<bool> {
        for item in items {
            if holds(Value::Text(self.string_value(*item)?))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn compare_plain(&self, by: Comparison, left: &Value, right: &Value) -> Result<bool> {
        self.spend(1)?;
        let equal = match (left, right) {
            (Value::Truth(_), _) | (_, Value::Truth(_)) => left.truth() == right.truth(),
            (Value::Text(left), Value::Text(right)) => {
                self.spend(left.len().min(right.len()))?;
                left == right
            }
            _ => self.number_of(left)? == self.number_of(right)?,
        };
        Ok(match by {
            Comparison::Equal => equal,
            Comparison::Unequal => !equal,
            Comparison::Less => self.number_of(left)? < self.number_of(right)?,
            Comparison::LessOrEqual => self.number_of(left)? <= self.number_of(right)?,
            Comparison::Greater => self.number_of(left)? > self.number_of(right)?,
            Comparison::GreaterOrEqual => self.number_of(left)? >= self.number_of(right)?,
        })
    }
}

fn calculate(operator: Arithmetic, left: f64, right: f64) -> f64 {
    match operator {
        Arithmetic::Add => left + right,
        Arithmetic::Subtract => left - right,
        Arithmetic::Multiply => left * right,
        Arithmetic::Divide => left / right,
        Arithmetic::Modulo => left % right,
    }
}

/// XML 1.0 §2.11.
fn lines(raw: &str) -> String {
    if raw.contains('\r') { raw.replace("\r\n", "\n").replace('\r', "\n") } else { raw.to_owned() }
}

pub(super) fn wrong() -> Error {
    Error::malformed("an XPath expression gives something what it does not take")
}
