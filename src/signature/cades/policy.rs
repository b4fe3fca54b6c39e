//! Naming the signature policy that one signs under (EN 319 122-1 §5.2.9).

use der::asn1::ObjectIdentifier;

use crate::crypto::Digest;
use crate::encoding::asn1::to_der;
use crate::encoding::asn1::writer::{IA5_STRING, NULL, OCTET_STRING, OID, SEQUENCE, tlv};
use crate::error::{Error, Result};
use crate::signature::cms::oids::POLICY_URI;

/// The rules under which a signature is made and has to be judged.
#[derive(Debug, Clone)]
pub struct SignaturePolicy(Named);

#[derive(Debug, Clone)]
enum Named {
    Implied,
    Explicit { policy: ObjectIdentifier, digest: Digest, uri: Option<String> },
}

impl SignaturePolicy {
    /// Known from elsewhere, as from the document itself.
    #[must_use]
    pub fn implied() -> Self {
        Self(Named::Implied)
    }

    /// The policy with this object identifier, in dotted form, and the digest of its
    /// document, so that nobody can exchange it.
    ///
    /// # Errors
    /// `Misuse` when it is no object identifier, and for a digest by SHA-1.
    pub fn explicit(policy: &str, digest: Digest) -> Result<Self> {
        let policy = ObjectIdentifier::new(policy).map_err(|source| {
            Error::misuse(format!("{policy:?} is no object identifier")).because(source)
        })?;
        if digest.algorithm() == crate::crypto::DigestAlgorithm::Sha1 {
            return Err(Error::misuse("a signature policy is not named by SHA-1"));
        }
        Ok(Self(Named::Explicit { policy, digest, uri: None }))
    }

    /// Says where an explicit policy's document can be read.
    ///
    /// # Errors
    /// `Misuse` for an implied one, and when the URI is not in ASCII.
    pub fn at(self, uri: impl Into<String>) -> Result<Self> {
        let uri = uri.into();
        match self.0 {
            Named::Explicit { policy, digest, .. } if uri.is_ascii() => {
                Ok(Self(Named::Explicit { policy, digest, uri: Some(uri) }))
            }
            Named::Explicit { .. } => Err(Error::misuse("a URI is in ASCII")),
            Named::Implied => Err(Error::misuse("an implied policy has no document")),
        }
    }

    /// Identifier, digest and address of an explicit policy; nothing for an implied one.
    pub(crate) fn named(&self) -> Option<(ObjectIdentifier, &Digest, Option<&str>)> {
        match &self.0 {
            Named::Implied => None,
            Named::Explicit { policy, digest, uri } => Some((*policy, digest, uri.as_deref())),
        }
    }

    /// `SignaturePolicy` (EN 319 122-1 §5.2.9.1).
    pub(super) fn to_der(&self) -> Result<Vec<u8>> {
        let (policy, digest, uri) = match &self.0 {
            Named::Implied => return Ok(tlv(NULL, &[])),
            Named::Explicit { policy, digest, uri } => (policy, digest, uri),
        };
        let algorithm = to_der(&digest.algorithm().identifier())?;
        let hash = tlv(SEQUENCE, &[&algorithm, &tlv(OCTET_STRING, &[digest.value()])]);
        let qualifiers = uri.as_ref().map_or_else(Vec::new, |uri| {
            let kind = tlv(OID, &[POLICY_URI.as_bytes()]);
            let qualifier = tlv(SEQUENCE, &[&kind, &tlv(IA5_STRING, &[uri.as_bytes()])]);
            tlv(SEQUENCE, &[&qualifier])
        });
        Ok(tlv(SEQUENCE, &[&tlv(OID, &[policy.as_bytes()]), &hash, &qualifiers]))
    }
}
