//! The fields of the interactive form (ISO 32000-2 §12.7).
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::HashSet;

use super::object::{Dictionary, Object, Reference, text_of};
use super::reader::View;
use crate::error::Result;
use crate::limits::within;

/// A field without fields below it.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    /// Fully qualified: the partial names from the root, with full stops between.
    pub(crate) name: String,
    pub(crate) reference: Option<Reference>,
    pub(crate) dictionary: Dictionary,
    /// `/FT`, its own or inherited: `Sig`.
    pub(crate) kind: Option<Vec<u8>>,
    /// `/V`, its own or inherited, as it stands.
    pub(crate) value: Option<Object>,
    /// Where it is seen; itself when it is its own widget.
    pub(crate) widgets: Vec<(Option<Reference>, Dictionary)>,
}

impl Field {
    pub(crate) fn is_signature(&self) -> bool {
        self.kind.as_deref() == Some(b"Sig")
    }

    /// Whether it has a value other than null.
    pub(crate) fn is_filled(&self) -> bool {
        self.value.as_ref().is_some_and(|it| !it.is_null())
    }
}

/// A node of the tree that is still to be looked at, with what it inherits.
#[derive(Clone)]
struct Node {
    object: Object,
    name: Option<String>,
    kind: Option<Vec<u8>>,
    value: Option<Object>,
    depth: usize,
}

/// All fields that can be reached from the form, each once, in order.
///
/// # Errors
/// As reading any object; `LimitExceeded` when the tree is too deep.
pub(crate) fn fields(view: View<'_>) -> Result<Vec<Field>> {
    let (_, catalog) = view.catalog()?;
    let Some(form) = view.dictionary(&catalog, "AcroForm")? else { return Ok(Vec::new()) };
    let root = |object: &Object| Node {
        object: object.clone(),
        name: None,
        kind: None,
        value: None,
        depth: 0,
    };
    let mut open: Vec<Node> = view.array(&form, "Fields")?.iter().rev().map(root).collect();
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    while let Some(node) = open.pop() {
        if node.object.as_reference().is_some_and(|reference| !seen.insert(reference)) {
            continue;
        }
        let limits = view.reader().limits();
        within(node.depth, limits.pdf_depth, "nested form fields")?;
        let object = view.resolve(&node.object)?;
        let Some(dictionary) = object.into_dictionary() else { continue };
        let (field, below) = read(view, node, dictionary)?;
        found.extend(field);
        open.extend(below.into_iter().rev());
    }
    Ok(found)
}

/// Either a field, or the fields below it.
fn read(view: View<'_>, node: Node, dictionary: Dictionary) -> Result<(Option<Field>, Vec<Node>)> {
    let partial = view.value(&dictionary, "T")?;
    let partial = partial.as_string().map(text_of);
    let name = match (node.name, partial) {
        (Some(above), Some(partial)) => Some(format!("{above}.{partial}")),
        (above, partial) => partial.or(above),
    };
    let kind = view.value(&dictionary, "FT")?.as_name().map(<[u8]>::to_vec).or(node.kind);
    let value = dictionary.get("V").cloned().or(node.value);
    let (mut below, mut widgets) = (Vec::new(), Vec::new());
    for kid in view.array(&dictionary, "Kids")? {
        let Some(child) = view.resolve(&kid)?.into_dictionary() else { continue };
        if child.contains("T") {
            below.push(Node {
                object: kid,
                name: name.clone(),
                kind: kind.clone(),
                value: value.clone(),
                depth: node.depth.saturating_add(1),
            });
        } else {
            widgets.push((kid.as_reference(), child));
        }
    }
    if !below.is_empty() {
        return Ok((None, below));
    }
    let reference = node.object.as_reference();
    if widgets.is_empty() {
        widgets.push((reference, dictionary.clone()));
    }
    let name = name.unwrap_or_default();
    Ok((Some(Field { name, reference, dictionary, kind, value, widgets }), below))
}
