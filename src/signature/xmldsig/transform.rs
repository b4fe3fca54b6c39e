//! Transforms as they are written (XMLDSig 1.1 §4.4.3.4, §6.6; XPath Filter 2.0).

use super::children::{Children, attribute, fail};
use super::{DS, EXCLUSIVE, FILTER2};
use crate::encoding::xml::{Canonicalization, Document, Method, NodeId};
use crate::error::Result;
use crate::limits::{Limits, within};

/// What is done with what a reference refers to, before it is digested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Transform {
    /// The signature itself is left out (§6.6.4).
    Enveloped,
    Canonicalization(Canonicalization),
    Base64,
    /// The nodes for which the expression of this element holds (§6.6.3).
    XPath(NodeId),
    /// Subtrees taken away from and added, by the expressions of these elements in turn.
    Filter2(Vec<(FilterKind, NodeId)>),
    /// Not done: XSLT, and whatever else has this identifier.
    Unknown(String),
}

/// What one expression of XPath Filter 2.0 is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FilterKind {
    Intersect,
    Subtract,
    Union,
}

impl Transform {
    /// # Errors
    /// `Malformed` when they are not by their schema; `LimitExceeded`.
    pub(crate) fn all_in(
        document: &Document<'_>,
        transforms: NodeId,
        limits: &Limits,
    ) -> Result<Vec<Self>> {
        let mut fields = Children::of(document, transforms)?;
        let mut all = Vec::new();
        while let Some(next) = fields.optional(DS, "Transform") {
            all.push(Self::read(document, next)?);
            within(all.len(), limits.xml_transforms, "transforms of one reference")?;
        }
        fields.finish()?;
        Ok(all)
    }

    fn read(document: &Document<'_>, element: NodeId) -> Result<Self> {
        let uri = attribute(document, element, "Algorithm")?;
        if let Some(found) = canonicalization(document, element, uri)? {
            return Ok(Self::Canonicalization(found));
        }
        Ok(match uri {
            "http://www.w3.org/2000/09/xmldsig#enveloped-signature" => Self::Enveloped,
            "http://www.w3.org/2000/09/xmldsig#base64" => Self::Base64,
            "http://www.w3.org/TR/1999/REC-xpath-19991116" => {
                let mut fields = Children::of(document, element)?;
                let expression = fields.required(DS, "XPath")?;
                fields.finish()?;
                Self::XPath(expression)
            }
            FILTER2 => Self::Filter2(filters(document, element)?),
            other => Self::Unknown(other.to_owned()),
        })
    }

    /// Its identifier, for reports.
    pub(crate) fn uri(&self) -> &str {
        match self {
            Self::Enveloped => "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
            Self::Canonicalization(it) => it.uri(),
            Self::Base64 => "http://www.w3.org/2000/09/xmldsig#base64",
            Self::XPath(_) => "http://www.w3.org/TR/1999/REC-xpath-19991116",
            Self::Filter2(_) => FILTER2,
            Self::Unknown(uri) => uri,
        }
    }
}

fn filters(document: &Document<'_>, element: NodeId) -> Result<Vec<(FilterKind, NodeId)>> {
    let mut fields = Children::of(document, element)?;
    let mut filters = Vec::new();
    let mut next = Some(fields.required(FILTER2, "XPath")?);
    while let Some(expression) = next {
        let kind = match attribute(document, expression, "Filter")? {
            "intersect" => FilterKind::Intersect,
            "subtract" => FilterKind::Subtract,
            "union" => FilterKind::Union,
            other => {
                let what = format!("a filter that is none: {:?}", short(other));
                return Err(fail(document, expression, what));
            }
        };
        filters.push((kind, expression));
        next = fields.optional(FILTER2, "XPath");
    }
    fields.finish()?;
    Ok(filters)
}

fn short(text: &str) -> String {
    text.chars().take(100).collect()
}

/// What a `Transform`, `CanonicalizationMethod` or the like names; nothing where it is no
/// canonicalization that is known.
///
/// # Errors
/// `Malformed` when the parameters are not by their schema.
pub(crate) fn canonicalization(
    document: &Document<'_>,
    element: NodeId,
    uri: &str,
) -> Result<Option<Canonicalization>> {
    let Some(mut found) = Canonicalization::from_uri(uri) else { return Ok(None) };
    if found.method == Method::Exclusive {
        let mut fields = Children::of(document, element)?;
        if let Some(list) = fields.optional(EXCLUSIVE, "InclusiveNamespaces") {
            let prefixes = document.attribute(list, "PrefixList").unwrap_or_default();
            found.inclusive_prefixes = prefixes
                .split([' ', '\t', '\r', '\n'])
                .filter(|it| !it.is_empty())
                .map(|it| if it == "#default" { String::new() } else { it.to_owned() })
                .collect();
        }
        fields.finish()?;
    }
    Ok(Some(found))
}
