//! Containers of time-stamps (EN 319 132-1 §5.1.4, TS 101 903 §7.1.4).
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::names::Version;
use super::properties::{dsig, named};
use crate::encoding::xml::{Document, NodeId};
use crate::error::Result;
use crate::limits::{Limits, within};

/// One container, which may hold several tokens over the same.
#[derive(Debug, Clone)]
pub(crate) struct TimeStamp {
    pub(crate) kind: TimeStampKind,
    pub(crate) node: NodeId,
    /// `CanonicalizationMethod`, where it names one.
    pub(crate) canonicalization: Option<NodeId>,
    /// What it says to be over, where that is not told by its kind.
    pub(crate) includes: Vec<Include>,
    /// `EncapsulatedTimeStamp`.
    pub(crate) tokens: Vec<NodeId>,
    /// Time-stamps that are XML themselves; none of them is read.
    pub(crate) in_xml: usize,
}

/// What a time-stamp is over, one by one (§5.1.4.3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Include {
    pub(crate) uri: String,
    /// Whether it is over what a Reference refers to, and not over the Reference.
    pub(crate) referenced_data: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeStampKind {
    AllDataObjects,
    IndividualDataObjects,
    Signature,
    /// The signature and references to validation data; `second` is the form of EN 319 132-1.
    SigAndRefs {
        second: bool,
    },
    RefsOnly {
        second: bool,
    },
    /// As TS 101 903 V1.1.1 to V1.3.2 have it.
    ArchiveFirst,
    /// As TS 101 903 V1.4.1 and EN 319 132-1 have it.
    Archive,
}

impl TimeStampKind {
    /// Nothing for an element that is none.
    pub(super) fn of(document: &Document<'_>, node: NodeId) -> Option<Self> {
        let element = document.element(node)?;
        let version = Version::of(element.namespace.as_deref())?;
        Some(match element.local {
            "AllDataObjectsTimeStamp" => Self::AllDataObjects,
            "IndividualDataObjectsTimeStamp" => Self::IndividualDataObjects,
            "SignatureTimeStamp" => Self::Signature,
            "SigAndRefsTimeStamp" => Self::SigAndRefs { second: false },
            "SigAndRefsTimeStampV2" => Self::SigAndRefs { second: true },
            "RefsOnlyTimeStamp" => Self::RefsOnly { second: false },
            "RefsOnlyTimeStampV2" => Self::RefsOnly { second: true },
            "ArchiveTimeStamp" if version == Version::V141 => Self::Archive,
            "ArchiveTimeStamp" => Self::ArchiveFirst,
            _ => return None,
        })
    }

    /// Whether it was made before the signature, and is signed.
    pub(crate) fn is_over_data(self) -> bool {
        matches!(self, Self::AllDataObjects | Self::IndividualDataObjects)
    }

    pub(crate) fn is_archive(self) -> bool {
        matches!(self, Self::Archive | Self::ArchiveFirst)
    }
}

impl TimeStamp {
    pub(super) fn read(
        document: &Document<'_>,
        node: NodeId,
        kind: TimeStampKind,
        limits: &Limits,
    ) -> Result<Self> {
        let count = document.child_elements(node).count();
        within(count, limits.cms_attributes, "parts of a time-stamp")?;
        let include = |it: NodeId| {
            let uri = document.attribute(it, "URI").or(document.attribute(it, "uri"))?;
            let data = document.attribute(it, "referencedData").map(str::trim);
            let referenced_data = matches!(data, Some("true" | "1"));
            Some(Include { uri: uri.to_owned(), referenced_data })
        };
        let explicit = ["Include", "HashDataInfo"].into_iter();
        let includes = explicit.flat_map(|it| named(document, node, it)).filter_map(include);
        Ok(Self {
            kind,
            node,
            canonicalization: dsig(document, node, "CanonicalizationMethod"),
            includes: includes.collect(),
            tokens: named(document, node, "EncapsulatedTimeStamp").collect(),
            in_xml: named(document, node, "XMLTimeStamp").count(),
        })
    }
}
