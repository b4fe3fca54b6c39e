//! `QualifyingProperties` (EN 319 132-1 §4.3), in all editions of the schema.
//!
//! They stand in an Object of the signature that they qualify, and nowhere else: what stands
//! in another place, or elsewhere in the document, is not even looked for.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::names::{DSIG, Version};
use super::signed::SignedProperties;
use super::unsigned::UnsignedProperties;
use crate::encoding::xml::{Document, NodeId};
use crate::error::Result;
use crate::limits::Limits;

/// What a signature says of itself, of its signer and of what is signed.
#[derive(Debug)]
pub(crate) struct QualifyingProperties {
    /// The Object that holds them.
    pub(crate) object: NodeId,
    pub(crate) node: NodeId,
    pub(crate) signed: Option<SignedProperties>,
    pub(crate) unsigned: UnsignedProperties,
    pub(crate) faults: Vec<PropertyFault>,
}

/// A property that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PropertyFault {
    /// Its element.
    pub(crate) property: String,
    pub(crate) kind: PropertyFaultKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PropertyFaultKind {
    /// It is there more than once, and may be only once.
    Repeated,
    /// It cannot be read.
    Malformed,
    /// It says that it qualifies another signature.
    Target,
    /// It is there as TS 101 903 has it and as EN 319 132-1 has it.
    BothEditions,
}

impl PropertyFault {
    pub(super) fn repeated(property: &str) -> Self {
        Self { property: property.to_owned(), kind: PropertyFaultKind::Repeated }
    }

    pub(super) fn both_editions(property: &str) -> Self {
        Self { property: property.to_owned(), kind: PropertyFaultKind::BothEditions }
    }

    pub(super) fn malformed(property: &str) -> Self {
        Self { property: property.to_owned(), kind: PropertyFaultKind::Malformed }
    }
}

impl std::fmt::Display for PropertyFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { property, kind } = self;
        match kind {
            PropertyFaultKind::Repeated => write!(f, "{property} is there more than once"),
            PropertyFaultKind::Malformed => write!(f, "{property} cannot be read"),
            PropertyFaultKind::BothEditions => write!(f, "{property} is there in both editions"),
            PropertyFaultKind::Target => write!(f, "{property} names another signature"),
        }
    }
}

impl QualifyingProperties {
    /// Those of a `ds:Signature`; nothing where it has none.
    ///
    /// # Errors
    /// `LimitExceeded` when a bound was reached; what cannot be read is a fault.
    pub(crate) fn read(
        document: &Document<'_>,
        signature: NodeId,
        limits: &Limits,
    ) -> Result<Option<Self>> {
        let mut all = candidates(document, signature);
        let Some((object, node)) = all.next() else { return Ok(None) };
        let mut faults = Vec::new();
        // EN 319 132-1 §4.4.2: there is at most one.
        if all.next().is_some() {
            faults.push(PropertyFault::repeated("QualifyingProperties"));
        }
        drop(all);
        let own = document.attribute(signature, "Id");
        let target = document.attribute(node, "Target").and_then(|it| it.strip_prefix('#'));
        if target.is_some_and(|target| Some(target) != own) {
            let property = "QualifyingProperties".to_owned();
            faults.push(PropertyFault { property, kind: PropertyFaultKind::Target });
        }
        let signed = once(document, node, "SignedProperties", &mut faults);
        let signed = signed.map(|it| SignedProperties::read(document, it, limits)).transpose()?;
        let unsigned = once(document, node, "UnsignedProperties", &mut faults);
        let within =
            unsigned.and_then(|it| once(document, it, "UnsignedSignatureProperties", &mut faults));
        let unsigned = match within {
            Some(it) => UnsignedProperties::read(document, it, limits)?,
            None => UnsignedProperties { parent: unsigned, ..UnsignedProperties::default() },
        };
        Ok(Some(Self { object, node, signed, unsigned, faults }))
    }

    /// Those of the properties and those of the signed ones among them.
    pub(crate) fn faults(&self) -> impl Iterator<Item = &PropertyFault> {
        self.faults.iter().chain(self.signed.iter().flat_map(|it| &it.faults))
    }
}

/// With the Object that each stands in.
fn candidates<'d>(
    document: &'d Document<'_>,
    signature: NodeId,
) -> impl Iterator<Item = (NodeId, NodeId)> + 'd {
    document.children_named(signature, DSIG, "Object").flat_map(move |object| {
        let properties = move |it: &NodeId| is(document, *it, "QualifyingProperties");
        document.children(object).filter(properties).map(move |it| (object, it))
    })
}

/// Whether it is an element of XAdES, whichever edition, of this name.
pub(super) fn is(document: &Document<'_>, node: NodeId, local: &str) -> bool {
    document
        .element(node)
        .is_some_and(|it| it.local == local && Version::of(it.namespace.as_deref()).is_some())
}

/// The first child of XAdES of this name; another one is a fault.
pub(super) fn once(
    document: &Document<'_>,
    node: NodeId,
    local: &str,
    faults: &mut Vec<PropertyFault>,
) -> Option<NodeId> {
    let mut all = named(document, node, local);
    let first = all.next();
    if all.next().is_some() {
        faults.push(PropertyFault::repeated(local));
    }
    first
}

/// The children of XAdES of this name.
pub(super) fn named<'s>(
    document: &'s Document<'_>,
    node: NodeId,
    local: &'s str,
) -> impl Iterator<Item = NodeId> + 's {
    document.children(node).filter(move |it| is(document, *it, local))
}

/// The first child of XAdES of this name.
pub(super) fn child(document: &Document<'_>, node: NodeId, local: &str) -> Option<NodeId> {
    named(document, node, local).next()
}

/// The first child of this name in the namespace of XMLDSig.
pub(super) fn dsig(document: &Document<'_>, node: NodeId, local: &str) -> Option<NodeId> {
    document.children_named(node, DSIG, local).next()
}

/// The first child of this name in the namespace of XMLDSig, or, as the first edition has it,
/// in that of XAdES.
pub(super) fn dsig_or_own(document: &Document<'_>, node: NodeId, local: &str) -> Option<NodeId> {
    dsig(document, node, local).or_else(|| child(document, node, local))
}

/// The text in an element without the white space around it.
pub(super) fn text(document: &Document<'_>, node: NodeId) -> String {
    document.text_of(node).trim().to_owned()
}
