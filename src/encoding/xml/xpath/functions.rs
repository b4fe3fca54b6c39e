//! The core functions (XPath 1.0 §4), and `here()` (XMLDSig §6.6.3).

use super::axis::{as_number, tidy};
use super::evaluate::{Context, Evaluator, wrong};
use super::expression::{Expr, Function};
use super::value::{Item, Part, Value};
use crate::encoding::xml::document::{Attribute, XML_NAMESPACE};
use crate::error::{Error, Result};

impl Evaluator<'_> {
    pub(super) fn call(
        &self,
        function: Function,
        arguments: &[Expr],
        context: Context,
    ) -> Result<Value> {
        let argument = |nth: usize| arguments.get(nth).ok_or_else(wrong);
        let text = |nth: usize| self.text(argument(nth)?, context);
        // Of an argument, or else of the node that this is about.
        let own_text = || match arguments.first() {
            Some(it) => self.text(it, context),
            None => self.string_value(context.item),
        };
        Ok(match function {
            Function::Last => Value::Number(as_number(context.size)),
            Function::Position => Value::Number(as_number(context.position)),
            Function::Count => Value::Number(as_number(self.nodes(argument(0)?, context)?.len())),
            Function::Id => self.id(argument(0)?, context)?,
            Function::Here => match self.scene.here {
                Some(node) => Value::Nodes(vec![Item { node, part: Part::Whole }]),
                None => return Err(Error::malformed("here() is in another document")),
            },
            Function::LocalName | Function::NamespaceUri | Function::Name => {
                let item = match arguments.first() {
                    Some(it) => self.nodes(it, context)?.first().copied(),
                    None => Some(context.item),
                };
                let name = item.map(|it| self.naming(function, it)).unwrap_or_default();
                self.spend(name.len())?;
                Value::Text(name.to_owned())
            }
            Function::String => Value::Text(own_text()?),
            Function::Concat => {
                let mut all = String::new();
                for it in arguments {
                    all.push_str(&self.text(it, context)?);
                    self.spend(all.len())?;
                }
                Value::Text(all)
            }
            Function::StartsWith => Value::Truth(text(0)?.starts_with(&text(1)?)),
            Function::Contains => Value::Truth(self.find(&text(0)?, &text(1)?)?.is_some()),
            Function::SubstringBefore => {
                let (all, part) = (text(0)?, text(1)?);
                let at = self.find(&all, &part)?;
                Value::Text(at.and_then(|it| all.get(..it)).unwrap_or_default().to_owned())
            }
            Function::SubstringAfter => {
                let (all, part) = (text(0)?, text(1)?);
                let at = self.find(&all, &part)?.and_then(|it| it.checked_add(part.len()));
                Value::Text(at.and_then(|it| all.get(it..)).unwrap_or_default().to_owned())
            }
            Function::Substring => {
                let from = self.number(argument(1)?, context)?;
                let length = arguments.get(2).map(|it| self.number(it, context)).transpose()?;
                Value::Text(substring(&text(0)?, from, length))
            }
            Function::StringLength => Value::Number(as_number(own_text()?.chars().count())),
            Function::NormalizeSpace => {
                let text = own_text()?;
                let words = text.split([' ', '\t', '\r', '\n']).filter(|it| !it.is_empty());
                Value::Text(words.collect::<Vec<_>>().join(" "))
            }
            Function::Translate => Value::Text(self.translate(&text(0)?, &text(1)?, &text(2)?)?),
            Function::Boolean => Value::Truth(self.truth(argument(0)?, context)?),
            Function::Not => Value::Truth(!self.truth(argument(0)?, context)?),
            Function::True => Value::Truth(true),
            Function::False => Value::Truth(false),
            Function::Lang => Value::Truth(self.lang(&text(0)?, context.item)?),
            Function::Number => match arguments.first() {
                Some(it) => Value::Number(self.number(it, context)?),
                None => Value::Number(super::value::number(&own_text()?)),
            },
            Function::Sum => {
                let mut sum = 0.0;
                for item in self.nodes(argument(0)?, context)? {
                    sum += super::value::number(&self.string_value(item)?);
                }
                Value::Number(sum)
            }
            Function::Floor => Value::Number(self.number(argument(0)?, context)?.floor()),
            Function::Ceiling => Value::Number(self.number(argument(0)?, context)?.ceil()),
            Function::Round => Value::Number(round(self.number(argument(0)?, context)?)),
        })
    }

    /// The elements of these Ids. An Id of several elements means none of them.
    fn id(&self, argument: &Expr, context: Context) -> Result<Value> {
        let texts = match self.value(argument, context)? {
            Value::Nodes(items) => {
                items.into_iter().map(|it| self.string_value(it)).collect::<Result<Vec<_>>>()?
            }
            other => vec![self.text_of(&other)?],
        };
        let mut items = Vec::new();
        for id in texts.iter().flat_map(|it| it.split([' ', '\t', '\r', '\n'])) {
            match self.scene.ids.named(id) {
                [] => {}
                [node] => self.take(Item { node: *node, part: Part::Whole }, &mut items)?,
                _ => return Err(Error::malformed("several elements have an Id that is asked for")),
            }
        }
        tidy(&mut items);
        Ok(Value::Nodes(items))
    }

    fn naming(&self, function: Function, item: Item) -> &str {
        let Some((namespace, local)) = self.name(item) else { return "" };
        match function {
            Function::NamespaceUri => namespace.unwrap_or_default(),
            Function::Name => self.qualified(item).unwrap_or(local),
            _ => local,
        }
    }

    fn qualified(&self, item: Item) -> Option<&str> {
        let document = self.scene.document;
        match item.part {
            Part::Whole => document.element(item.node).map(|it| it.qualified),
            Part::Attribute(place) => {
                let nth = place.checked_sub(document.attribute_places(item.node).start)?;
                document.attributes(item.node).get(nth).map(|it| it.qualified)
            }
            Part::Namespace(_) => None,
        }
    }

    /// Searching takes no more than about so many steps.
    fn find(&self, text: &str, part: &str) -> Result<Option<usize>> {
        self.spend(text.len())?;
        Ok(text.find(part))
    }

    fn translate(&self, text: &str, from: &str, to: &str) -> Result<String> {
        self.spend(text.len().saturating_mul(from.len().max(1)))?;
        let to: Vec<char> = to.chars().collect();
        Ok(text
            .chars()
            .filter_map(|it| match from.chars().position(|other| other == it) {
                None => Some(it),
                Some(at) => to.get(at).copied(),
            })
            .collect())
    }

    /// §4.3. Tags of languages are ASCII (RFC 5646 §2.1).
    fn lang(&self, wanted: &str, item: Item) -> Result<bool> {
        let document = self.scene.document;
        let of_xml = |it: &&Attribute<'_>| {
            it.local == "lang" && it.namespace.as_deref() == Some(XML_NAMESPACE)
        };
        for node in document.ancestors_or_self(item.node) {
            let attributes = document.attributes(node);
            self.spend(attributes.len().saturating_add(1))?;
            let Some(found) = attributes.iter().find(of_xml) else { continue };
            self.spend(wanted.len())?;
            let (start, rest) = found.value.split_at_checked(wanted.len()).unwrap_or_default();
            let is_whole = rest.is_empty() || rest.starts_with('-');
            return Ok(is_whole && start.eq_ignore_ascii_case(wanted));
        }
        Ok(false)
    }
}

/// §4.2: letters are counted from 1, and both numbers are rounded.
fn substring(text: &str, from: f64, length: Option<f64>) -> String {
    let from = round(from);
    let until = length.map_or(f64::INFINITY, |it| from + round(it));
    let within = |n: usize| {
        let position = as_number(n.saturating_add(1));
        position >= from && position < until
    };
    text.chars().enumerate().filter(|(n, _)| within(*n)).map(|(_, it)| it).collect()
}

/// §4.4: halves go up.
fn round(number: f64) -> f64 {
    (number + 0.5).floor()
}
