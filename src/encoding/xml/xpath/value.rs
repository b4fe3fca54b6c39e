//! What expressions come to (XPath 1.0 §1).

use crate::encoding::xml::document::NodeId;

/// A node, an attribute or a namespace. They compare in document order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Item {
    pub(super) node: NodeId,
    pub(super) part: Part,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// The node itself.
    Whole,
    /// One of the namespaces in scope, see `Scopes::at`.
    Namespace(usize),
    /// Its place among the attributes of the document.
    Attribute(usize),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// In document order, each once.
    Nodes(Vec<Item>),
    Truth(bool),
    Number(f64),
    Text(String),
}

impl Value {
    /// §4.3, `boolean()`.
    pub(super) fn truth(&self) -> bool {
        match self {
            Self::Nodes(items) => !items.is_empty(),
            Self::Truth(it) => *it,
            Self::Number(it) => *it != 0.0 && !it.is_nan(),
            Self::Text(it) => !it.is_empty(),
        }
    }
}

/// §4.4, `number()` of a string.
pub(super) fn number(text: &str) -> f64 {
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits.chars().all(|it| it.is_ascii_digit() || it == '.');
    let some = digits.chars().any(|it| it.is_ascii_digit());
    if plain && some { text.parse().unwrap_or(f64::NAN) } else { f64::NAN }
}

/// §4.2, `string()` of a number.
pub(super) fn text(number: f64) -> String {
    if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { "Infinity".to_owned() } else { "-Infinity".to_owned() }
    } else if number == 0.0 {
        "0".to_owned()
    } else {
        number.to_string()
    }
}
