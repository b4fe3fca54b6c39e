//! `SignerInfo` as it stands (RFC 5652 §5.3), and the bytes that its signature is over.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::borrow::Cow;

use super::signed::SignedAttributes;
use super::unsigned::UnsignedAttributes;
use crate::crypto::{DigestAlgorithm, SignatureAlgorithm};
use crate::encoding::asn1::{AlgorithmIdentifier, Tag, Value};
use crate::error::{Error, Result};
use crate::limits::{Limits, within};
use crate::pki::Certificate;

/// One signer (RFC 5652 §5.3).
#[derive(Debug, Clone)]
pub(crate) struct SignerInfo<'a> {
    /// From version to signature: what is there from the start and never changes.
    fields: Vec<Value<'a>>,
    identifier: SignerIdentifier<'a>,
    digest_algorithm: AlgorithmIdentifier,
    signed_attributes: Option<SignedAttributes<'a>>,
    signature_algorithm: AlgorithmIdentifier,
    signature: Cow<'a, [u8]>,
    unsigned_attributes: UnsignedAttributes<'a>,
}

/// `SignerIdentifier` (RFC 5652 §5.3): a hint where to find the certificate. It is
/// not signed; the signing-certificate attribute is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SignerIdentifier<'a> {
    /// `IssuerAndSerialNumber` (§10.2.4): the name in DER, as certificates have it, and
    /// the content octets of the INTEGER.
    IssuerAndSerialNumber { issuer: Vec<u8>, serial: &'a [u8] },
    /// `[0] SubjectKeyIdentifier`.
    SubjectKeyIdentifier(Cow<'a, [u8]>),
}

impl<'a> SignerInfo<'a> {
    pub(super) fn read(value: &Value<'a>, limits: &Limits) -> Result<Self> {
        Self::read_fields(value, limits).map_err(|error| error.in_element("SignerInfo"))
    }

    fn read_fields(value: &Value<'a>, limits: &Limits) -> Result<Self> {
        let mut fields = value.sequence()?;
        let version = fields.expect(Tag::INTEGER)?;
        version.small_integer()?;
        let named = fields.required()?;
        let identifier = SignerIdentifier::read(&named, limits)?;
        let digest = fields.required()?;
        let digest_algorithm = AlgorithmIdentifier::read(&digest)?;
        let attributes = fields.optional(Tag::context(0))?;
        let signed_attributes = match &attributes {
            Some(set) => Some(SignedAttributes::read(set, limits)?),
            None => None,
        };
        let algorithm = fields.required()?;
        let signature_algorithm = AlgorithmIdentifier::read(&algorithm)?;
        let value = fields.expect(Tag::OCTET_STRING)?;
        let signature = value.octets()?;
        let unsigned_attributes = match fields.optional(Tag::context(1))? {
            Some(set) => UnsignedAttributes::read(&set, limits)?,
            None => UnsignedAttributes::default(),
        };
        fields.finish()?;
        let before = [version, named, digest].into_iter().chain(attributes);
        Ok(Self {
            fields: before.chain([algorithm, value]).collect(),
            identifier,
            digest_algorithm,
            signed_attributes,
            signature_algorithm,
            signature,
            unsigned_attributes,
        })
    }

    /// version, sid, digestAlgorithm, signedAttrs where there are any, signatureAlgorithm
    /// and signature, as they stand.
    pub(crate) fn fields(&self) -> &[Value<'a>] {
        &self.fields
    }

    /// Who is said to have signed.
    pub(crate) fn identifier(&self) -> &SignerIdentifier<'a> {
        &self.identifier
    }

    /// What digests the content.
    pub(crate) fn digest_identifier(&self) -> &AlgorithmIdentifier {
        &self.digest_algorithm
    }

    /// Nothing for a digest that this crate cannot compute.
    pub(crate) fn digest_algorithm(&self) -> Option<DigestAlgorithm> {
        DigestAlgorithm::from_oid(self.digest_algorithm.algorithm)
    }

    /// As it stands; [`signature_algorithm`](Self::signature_algorithm) is what it means.
    pub(crate) fn signature_identifier(&self) -> &AlgorithmIdentifier {
        &self.signature_algorithm
    }

    /// What made the signature value; nothing for what this crate does not know.
    ///
    /// # Errors
    /// `Malformed` when its parameters are not what the algorithm asks for.
    pub(crate) fn signature_algorithm(&self) -> Result<Option<SignatureAlgorithm>> {
        SignatureAlgorithm::read(&self.signature_algorithm, self.digest_algorithm())
    }

    /// The signature value.
    pub(crate) fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Nothing where the signature is over the content itself.
    pub(crate) fn signed_attributes(&self) -> Option<&SignedAttributes<'a>> {
        self.signed_attributes.as_ref()
    }

    /// Empty where there are none.
    pub(crate) fn unsigned_attributes(&self) -> &UnsignedAttributes<'a> {
        &self.unsigned_attributes
    }

    /// The bytes that the signature value is over, where they do not depend on the
    /// content: the signed attributes as [`SignedAttributes::to_be_signed`] gives them.
    /// Nothing where there are none, and the content itself is signed (RFC 5652 §5.4).
    ///
    /// # Errors
    /// `Malformed` when an attribute holds what is no ASN.1.
    pub(crate) fn bytes_to_verify(&self) -> Result<Option<Vec<u8>>> {
        self.signed_attributes.as_ref().map(SignedAttributes::to_be_signed).transpose()
    }

    /// The first of `certificates` that the signer identifier points at.
    pub(crate) fn find_certificate<'c>(
        &self,
        certificates: impl IntoIterator<Item = &'c Certificate>,
    ) -> Option<&'c Certificate> {
        certificates.into_iter().find(|certificate| self.identifier.matches(certificate))
    }
}

impl<'a> SignerIdentifier<'a> {
    fn read(value: &Value<'a>, limits: &Limits) -> Result<Self> {
        let limit = limits.certificate_bytes;
        within(value.raw().len(), limit, "bytes of a signer's identifier")?;
        match value.tag() {
            Tag::SEQUENCE => {
                let mut fields = value.sequence()?;
                let issuer = fields.expect(Tag::SEQUENCE)?.canonical()?;
                let serial = fields.expect(Tag::INTEGER)?.integer()?;
                fields.finish()?;
                Ok(Self::IssuerAndSerialNumber { issuer, serial })
            }
            tag if tag == Tag::context(0) => Ok(Self::SubjectKeyIdentifier(value.octets()?)),
            _ => Err(Error::malformed("a signer is named neither by issuer nor by key")
                .at_offset(value.offset())),
        }
    }

    /// Whether it points at this certificate.
    pub(crate) fn matches(&self, certificate: &Certificate) -> bool {
        match self {
            Self::IssuerAndSerialNumber { issuer, serial } => {
                certificate.issuer_name().der() == issuer && certificate.serial_octets() == *serial
            }
            Self::SubjectKeyIdentifier(identifier) => {
                certificate.subject_key_identifier() == Some(identifier.as_ref())
            }
        }
    }
}
