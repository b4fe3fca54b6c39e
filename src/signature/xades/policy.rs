//! The signature policy that a signer names (EN 319 132-1 §5.2.9).
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::properties::{child, dsig_or_own, text};
use crate::crypto::DigestAlgorithm;
use crate::encoding::base64;
use crate::encoding::xml::{Document, NodeId};
use crate::signature::xmldsig::digest_algorithm;

/// A policy as it is named in a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NamedPolicy {
    Implied,
    Explicit {
        /// An object identifier in dotted form, or another URI.
        identifier: String,
        /// Nothing where the digest is missing or cannot be read.
        digest: Option<(Option<DigestAlgorithm>, Vec<u8>)>,
    },
}

impl NamedPolicy {
    /// Nothing where it cannot be told which one it is.
    pub(super) fn read(document: &Document<'_>, node: NodeId) -> Option<Self> {
        let Some(id) = child(document, node, "SignaturePolicyId") else {
            return child(document, node, "SignaturePolicyImplied").map(|_| Self::Implied);
        };
        let identifier = child(document, id, "SigPolicyId")?;
        let identifier = text(document, child(document, identifier, "Identifier")?);
        let identifier = match identifier.get(..8) {
            Some(scheme) if scheme.eq_ignore_ascii_case("urn:oid:") => {
                identifier.get(8..).unwrap_or_default().to_owned()
            }
            _ => identifier,
        };
        let hash = child(document, id, "SigPolicyHash").and_then(|hash| {
            let method = dsig_or_own(document, hash, "DigestMethod")?;
            let value = dsig_or_own(document, hash, "DigestValue")?;
            let algorithm = digest_algorithm(document.attribute(method, "Algorithm")?);
            Some((algorithm, base64::decode(&document.text_of(value))?))
        });
        Some(Self::Explicit { identifier, digest: hash })
    }
}
