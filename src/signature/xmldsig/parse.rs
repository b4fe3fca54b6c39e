//! What is in a `ds:Signature`, by its schema (XMLDSig 1.1 §4).

use super::algorithm;
use super::base64::octets;
use super::children::{Children, attribute};
use super::transform::{self, Transform};
use super::{DS, digest_algorithm};
use crate::crypto::{DigestAlgorithm, SignatureAlgorithm};
use crate::encoding::xml::{Canonicalization, Document, NodeId};
use crate::error::Result;
use crate::limits::{Limits, within};

/// A `ds:Signature` of a document.
#[derive(Debug, Clone)]
pub(crate) struct Signature {
    pub(crate) element: NodeId,
    pub(crate) id: Option<String>,
    pub(crate) signed_info: SignedInfo,
    /// The element that has the value: what time-stamps are over.
    pub(crate) value_element: NodeId,
    /// As it stands: for ECDSA and DSA both numbers, one behind the other.
    pub(crate) value: Vec<u8>,
    pub(crate) key_info: Option<NodeId>,
    pub(crate) objects: Vec<NodeId>,
}

/// What is signed.
#[derive(Debug, Clone)]
pub(crate) struct SignedInfo {
    pub(crate) element: NodeId,
    pub(crate) canonicalization_uri: String,
    /// Nothing for one that is unknown.
    pub(crate) canonicalization: Option<Canonicalization>,
    pub(crate) method: SignatureMethod,
    pub(crate) references: Vec<Reference>,
}

/// How it is signed.
#[derive(Debug, Clone)]
pub(crate) struct SignatureMethod {
    pub(crate) uri: String,
    /// Nothing for one that is unknown.
    pub(crate) algorithm: Option<SignatureAlgorithm>,
}

/// A reference to what is digested.
#[derive(Debug, Clone)]
pub(crate) struct Reference {
    pub(crate) element: NodeId,
    pub(crate) id: Option<String>,
    pub(crate) uri: Option<String>,
    pub(crate) type_uri: Option<String>,
    pub(crate) transforms: Vec<Transform>,
    pub(crate) digest_uri: String,
    /// Nothing for one that is unknown.
    pub(crate) digest_algorithm: Option<DigestAlgorithm>,
    pub(crate) digest_value: Vec<u8>,
}

impl Signature {
    /// Where signatures stand in a document, in document order; those within others among
    /// them.
    ///
    /// # Errors
    /// `LimitExceeded` when there are too many.
    pub(crate) fn all_in(document: &Document<'_>, limits: &Limits) -> Result<Vec<NodeId>> {
        let mut found = Vec::new();
        for node in document.subtree(NodeId::ROOT) {
            if document.element(node).is_some_and(|it| it.is(DS, "Signature")) {
                found.push(node);
                within(found.len(), limits.xml_signatures, "signatures in one XML document")?;
            }
        }
        Ok(found)
    }

    /// # Errors
    /// `Malformed` when it is not by its schema; `LimitExceeded`.
    pub(crate) fn read(document: &Document<'_>, element: NodeId, limits: &Limits) -> Result<Self> {
        let mut fields = Children::of(document, element)?;
        let signed_info = fields.required(DS, "SignedInfo")?;
        let value_element = fields.required(DS, "SignatureValue")?;
        let key_info = fields.optional(DS, "KeyInfo");
        let objects = std::iter::from_fn(|| fields.optional(DS, "Object")).collect();
        fields.finish()?;
        Ok(Self {
            element,
            id: document.attribute(element, "Id").map(str::to_owned),
            signed_info: SignedInfo::read(document, signed_info, limits)?,
            value_element,
            value: octets(document, value_element)?,
            key_info,
            objects,
        })
    }
}

impl SignedInfo {
    fn read(document: &Document<'_>, element: NodeId, limits: &Limits) -> Result<Self> {
        let mut fields = Children::of(document, element)?;
        let canonicalization = fields.required(DS, "CanonicalizationMethod")?;
        let canonicalization_uri = attribute(document, canonicalization, "Algorithm")?.to_owned();
        let method = fields.required(DS, "SignatureMethod")?;
        let uri = attribute(document, method, "Algorithm")?.to_owned();
        let algorithm = algorithm::read(document, method, &uri)?;
        let references = Reference::all(document, fields, limits)?;
        Ok(Self {
            element,
            canonicalization: transform::canonicalization(
                document,
                canonicalization,
                &canonicalization_uri,
            )?,
            canonicalization_uri,
            method: SignatureMethod { uri, algorithm },
            references,
        })
    }
}

impl Reference {
    /// What is left of an element: one at least, and nothing else.
    fn all(
        document: &Document<'_>,
        mut fields: Children<'_>,
        limits: &Limits,
    ) -> Result<Vec<Self>> {
        let mut all = Vec::new();
        let mut next = Some(fields.required(DS, "Reference")?);
        while let Some(element) = next {
            all.push(Self::read(document, element, limits)?);
            within(all.len(), limits.xml_references, "references in one signature")?;
            next = fields.optional(DS, "Reference");
        }
        fields.finish()?;
        Ok(all)
    }

    /// # Errors
    /// As [`Signature::read`].
    pub(crate) fn read(document: &Document<'_>, element: NodeId, limits: &Limits) -> Result<Self> {
        let mut fields = Children::of(document, element)?;
        let transforms = fields.optional(DS, "Transforms");
        let method = fields.required(DS, "DigestMethod")?;
        let value = fields.required(DS, "DigestValue")?;
        fields.finish()?;
        let text = |local| document.attribute(element, local).map(str::to_owned);
        let digest_uri = attribute(document, method, "Algorithm")?.to_owned();
        Ok(Self {
            element,
            id: text("Id"),
            uri: text("URI"),
            type_uri: text("Type"),
            transforms: match transforms {
                Some(it) => Transform::all_in(document, it, limits)?,
                None => Vec::new(),
            },
            digest_algorithm: digest_algorithm(&digest_uri),
            digest_uri,
            digest_value: octets(document, value)?,
        })
    }
}

/// The references of a `ds:Manifest` (§5.1).
///
/// # Errors
/// As [`Signature::read`].
pub(crate) fn manifest(
    document: &Document<'_>,
    element: NodeId,
    limits: &Limits,
) -> Result<Vec<Reference>> {
    Reference::all(document, Children::of(document, element)?, limits)
}
