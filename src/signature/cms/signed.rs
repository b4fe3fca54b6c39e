//! Signed attributes: what the signer said besides the content, and the bytes that
//! were signed (RFC 5652 §5.4 and §11, RFC 5035, RFC 6211, EN 319 122-1 §5.2).
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::borrow::Cow;
use std::collections::BTreeSet;

use der::asn1::ObjectIdentifier;

use super::attributes::{Attribute, AttributeFault, Fault, misplaced, read_all, single};
use super::oids::{
    ALGORITHM_PROTECTION, CONTENT_HINTS, CONTENT_TIME_STAMP, CONTENT_TYPE, COUNTERSIGNATURE,
    MESSAGE_DIGEST, MIME_TYPE, REVOCATION_ARCHIVE, SIGNATURE_POLICY, SIGNATURE_TIME_STAMP,
    SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2, SIGNING_TIME,
};
use crate::crypto::DigestAlgorithm;
use crate::encoding::asn1::writer::{SET, set_of};
use crate::encoding::asn1::{AlgorithmIdentifier, Tag, Value};
use crate::error::Result;
use crate::limits::{Limits, within};
use crate::pki::Certificate;
use crate::time::UtcTime;

/// `SignedAttributes ::= SET SIZE (1..MAX) OF Attribute`, under `[0]`.
#[derive(Debug, Clone)]
pub(crate) struct SignedAttributes<'a> {
    set: Value<'a>,
    pub(super) attributes: Vec<Attribute<'a>>,
}

impl<'a> SignedAttributes<'a> {
    /// Under whatever tag they stand.
    pub(crate) fn read(set: &Value<'a>, limits: &Limits) -> Result<Self> {
        let limit = limits.cms_signed_attributes_bytes;
        within(set.raw().len(), limit, "bytes of signed attributes")?;
        let attributes = read_all(set, limits).map_err(|error| error.in_element("signedAttrs"))?;
        Ok(Self { set: *set, attributes })
    }

    /// Whether there is an attribute of this type, whatever it says.
    pub(crate) fn has(&self, oid: ObjectIdentifier) -> bool {
        self.attributes.iter().any(|it| it.oid() == oid)
    }

    /// The bytes that the signature value is over (RFC 5652 §5.4): the SET OF under
    /// its own tag, in DER. For all but a few signers that is what stands in the CMS.
    ///
    /// OpenSSL and pyHanko hash the attributes in the order they stand in; the RFC and
    /// EU DSS hash them in DER order, and so do we. Where these differ,
    /// [`as_stored`](Self::as_stored) tells whether the other reading would have verified.
    ///
    /// Within an attribute's value only what is BER becomes DER; a SET in a name, say,
    /// keeps its order, which is as it was in the certificate.
    ///
    /// # Errors
    /// `Malformed` when an attribute holds what is no ASN.1.
    pub(crate) fn to_be_signed(&self) -> Result<Vec<u8>> {
        let attributes: Result<Vec<_>> = self.attributes.iter().map(Attribute::canonical).collect();
        Ok(set_of(SET, attributes?))
    }

    /// The attributes as they stand, under the tag of a SET.
    pub(crate) fn as_stored(&self) -> Vec<u8> {
        let mut stored = self.set.raw().to_vec();
        if let Some(tag) = stored.first_mut() {
            *tag = SET;
        }
        stored
    }

    /// RFC 5652 §11.1: the type of the content.
    ///
    /// # Errors
    /// What is wrong with the attribute, here and below.
    pub(crate) fn content_type(&self) -> Result<Option<ObjectIdentifier>, AttributeFault> {
        single(&self.attributes, CONTENT_TYPE, Value::oid)
    }

    /// RFC 5652 §11.2: the digest of the content.
    pub(crate) fn message_digest(&self) -> Result<Option<Cow<'a, [u8]>>, AttributeFault> {
        single(&self.attributes, MESSAGE_DIGEST, |value| value.is(Tag::OCTET_STRING)?.octets())
    }

    /// RFC 5652 §11.3: when the signer says that the signature was made.
    pub(crate) fn signing_time(&self) -> Result<Option<UtcTime>, AttributeFault> {
        single(&self.attributes, SIGNING_TIME, Value::time)
    }

    /// RFC 5035 §5.4.1: the signer's certificate by its SHA-1 digest.
    pub(crate) fn signing_certificate(
        &self,
    ) -> Result<Option<SigningCertificate<'a>>, AttributeFault> {
        single(&self.attributes, SIGNING_CERTIFICATE, |value| {
            SigningCertificate::read(value, CertificateReference::read_v1)
        })
    }

    /// RFC 5035 §3: the signer's certificate by a digest of the signer's choice.
    pub(crate) fn signing_certificate_v2(
        &self,
    ) -> Result<Option<SigningCertificate<'a>>, AttributeFault> {
        single(&self.attributes, SIGNING_CERTIFICATE_V2, |value| {
            SigningCertificate::read(value, CertificateReference::read_v2)
        })
    }

    /// RFC 6211: both algorithms once more, where they cannot be changed.
    pub(crate) fn algorithm_protection(
        &self,
    ) -> Result<Option<AlgorithmProtection>, AttributeFault> {
        single(&self.attributes, ALGORITHM_PROTECTION, AlgorithmProtection::read)
    }

    /// EN 319 122-1 §5.2.4.2: what kind of document it is.
    pub(crate) fn mime_type(&self) -> Result<Option<String>, AttributeFault> {
        single(&self.attributes, MIME_TYPE, Value::text)
    }

    /// EN 319 122-1 §5.2.4.1, RFC 2634 §2.9: the type of the innermost content.
    pub(crate) fn content_hints(&self) -> Result<Option<ObjectIdentifier>, AttributeFault> {
        single(&self.attributes, CONTENT_HINTS, |value| {
            let mut fields = value.sequence()?;
            fields.optional(Tag::UTF8_STRING)?;
            fields.expect(Tag::OID)?.oid()
        })
    }

    /// EN 319 122-1 §5.2.9: under which policy it was signed.
    pub(crate) fn signature_policy(&self) -> Result<Option<SignaturePolicy<'a>>, AttributeFault> {
        single(&self.attributes, SIGNATURE_POLICY, SignaturePolicy::read)
    }

    /// EN 319 122-1 §5.2.8: tokens over the content, as they stand.
    pub(crate) fn content_time_stamps(&self) -> impl Iterator<Item = &'a [u8]> + '_ {
        self.attributes
            .iter()
            .filter(|attribute| attribute.oid() == CONTENT_TIME_STAMP)
            .flat_map(|attribute| attribute.values().iter().map(Value::raw))
    }

    /// ISO 32000-1 §12.8.3.3.2: revocation information that the signer signed along.
    pub(crate) fn revocation_archive(&self) -> impl Iterator<Item = Value<'a>> + '_ {
        self.attributes
            .iter()
            .filter(|attribute| attribute.oid() == REVOCATION_ARCHIVE)
            .flat_map(|attribute| attribute.values().iter().copied())
    }

    /// Everything that is wrong with the attributes known above, those that must not be
    /// signed, and every other attribute that is there more than once: a second one may
    /// say the opposite of the first. Only content time-stamps may be several
    /// (EN 319 122-1 §6.3).
    pub(crate) fn faults(&self) -> Vec<AttributeFault> {
        let known = [
            self.content_type().err(),
            self.message_digest().err(),
            self.signing_time().err(),
            self.signing_certificate().err(),
            self.signing_certificate_v2().err(),
            self.algorithm_protection().err(),
            self.mime_type().err(),
            self.content_hints().err(),
            self.signature_policy().err(),
        ];
        let mut faults: Vec<_> = known.into_iter().flatten().collect();
        faults.extend(misplaced(&self.attributes, &NEVER_SIGNED));
        for oid in self.repeated() {
            if !faults.iter().any(|it| it.attribute == oid) {
                faults.push(AttributeFault { attribute: oid, fault: Fault::Repeated });
            }
        }
        faults
    }

    /// Whether an attribute that may be there once is there several times
    /// (RFC 5652 §11, EN 319 122-1 §6.3).
    pub(crate) fn has_repeated(&self) -> bool {
        self.repeated().next().is_some()
    }

    /// The types of attributes that stood there before.
    fn repeated(&self) -> impl Iterator<Item = ObjectIdentifier> + '_ {
        let mut seen = BTreeSet::new();
        let once =
            self.attributes.iter().map(Attribute::oid).filter(|it| *it != CONTENT_TIME_STAMP);
        once.filter(move |oid| !seen.insert(*oid))
    }
}

/// RFC 5652 §11.4; what is over the signature value cannot be under it.
const NEVER_SIGNED: [ObjectIdentifier; 2] = [COUNTERSIGNATURE, SIGNATURE_TIME_STAMP];

/// `SigningCertificate` and `SigningCertificateV2` (RFC 5035 §5.4.1 and §3):
/// `SEQUENCE { certs SEQUENCE OF ESSCertID, policies SEQUENCE OF PolicyInformation OPTIONAL }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SigningCertificate<'a> {
    certificates: Vec<CertificateReference<'a>>,
}

impl<'a> SigningCertificate<'a> {
    fn read(
        value: &Value<'a>,
        one: impl Fn(&Value<'a>) -> Result<CertificateReference<'a>>,
    ) -> Result<Self> {
        let mut fields = value.sequence()?;
        let mut references = fields.required()?.sequence()?;
        fields.optional(Tag::SEQUENCE)?;
        fields.finish()?;
        // The signer's own is the first, and has to be there.
        let mut certificates = vec![one(&references.required()?)?];
        while let Some(value) = references.next()? {
            certificates.push(one(&value)?);
        }
        Ok(Self { certificates })
    }

    /// The signer's certificate: the first reference (RFC 5035 §3).
    pub(crate) fn signer(&self) -> Option<&CertificateReference<'a>> {
        self.certificates.first()
    }
}

/// `ESSCertID` or `ESSCertIDv2` (RFC 5035 §4 and §6): a certificate by its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CertificateReference<'a> {
    digest_algorithm: ObjectIdentifier,
    digest: Cow<'a, [u8]>,
    issuer_serial: Option<IssuerSerial<'a>>,
}

/// `IssuerSerial` (RFC 5035 §4): a name in DER, where it is a directory name, and the
/// content octets of the serial number.
#[derive(Debug, Clone, PartialEq, Eq)]
struct IssuerSerial<'a> {
    issuer: Option<Vec<u8>>,
    serial: &'a [u8],
}

impl<'a> CertificateReference<'a> {
    fn read_v1(value: &Value<'a>) -> Result<Self> {
        let mut fields = value.sequence()?;
        let digest = fields.expect(Tag::OCTET_STRING)?.octets()?;
        let issuer_serial = IssuerSerial::read(fields.optional(Tag::SEQUENCE)?)?;
        fields.finish()?;
        Ok(Self { digest_algorithm: DigestAlgorithm::Sha1.oid(), digest, issuer_serial })
    }

    /// The digest algorithm is SHA-256 where none is named.
    fn read_v2(value: &Value<'a>) -> Result<Self> {
        let mut fields = value.sequence()?;
        let digest_algorithm = match fields.optional(Tag::SEQUENCE)? {
            Some(named) => AlgorithmIdentifier::read(&named)?.algorithm,
            None => DigestAlgorithm::Sha256.oid(),
        };
        let digest = fields.expect(Tag::OCTET_STRING)?.octets()?;
        let issuer_serial = IssuerSerial::read(fields.optional(Tag::SEQUENCE)?)?;
        fields.finish()?;
        Ok(Self { digest_algorithm, digest, issuer_serial })
    }

    /// Nothing for a digest that this crate cannot compute.
    pub(crate) fn digest_algorithm(&self) -> Option<DigestAlgorithm> {
        DigestAlgorithm::from_oid(self.digest_algorithm)
    }

    /// `certHash`.
    pub(crate) fn digest(&self) -> &[u8] {
        &self.digest
    }

    /// Whether the digest is this certificate's; nothing where it cannot be computed.
    pub(crate) fn digest_matches(&self, certificate: &Certificate) -> Option<bool> {
        let algorithm = self.digest_algorithm()?;
        Some(match algorithm {
            DigestAlgorithm::Sha256 => certificate.digest()[..] == *self.digest,
            _ => algorithm.digest(certificate.der()).value() == self.digest.as_ref(),
        })
    }

    /// Whether issuer and serial number are this certificate's; nothing where they are
    /// left out. EN 319 102-1 §5.2.3.4 tells a mismatch apart from that of the digest.
    pub(crate) fn issuer_serial_matches(&self, certificate: &Certificate) -> Option<bool> {
        let stated = self.issuer_serial.as_ref()?;
        let issuer = stated.issuer.as_deref();
        let issuer = issuer.is_none_or(|name| name == certificate.issuer_name().der());
        Some(issuer && stated.serial == certificate.serial_octets())
    }
}

impl<'a> IssuerSerial<'a> {
    /// `SEQUENCE { issuer GeneralNames, serialNumber INTEGER }`
    fn read(value: Option<Value<'a>>) -> Result<Option<Self>> {
        let Some(value) = value else { return Ok(None) };
        let mut fields = value.sequence()?;
        let mut names = fields.required()?.sequence()?;
        // GeneralName: directoryName [4] EXPLICIT Name (RFC 5280 §4.2.1.6).
        let mut issuer = None;
        while let Some(name) = names.next()? {
            if name.tag() == Tag::context(4) {
                issuer = Some(name.explicit()?.canonical()?);
            }
        }
        let serial = fields.expect(Tag::INTEGER)?.integer()?;
        fields.finish()?;
        Ok(Some(Self { issuer, serial }))
    }
}

/// `CMSAlgorithmProtection` (RFC 6211 §2): `SEQUENCE { digestAlgorithm, signatureAlgorithm
/// [1] OPTIONAL, macAlgorithm [2] OPTIONAL }`; what signs names no MAC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AlgorithmProtection {
    digest: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
}

impl AlgorithmProtection {
    fn read(value: &Value<'_>) -> Result<Self> {
        let mut fields = value.sequence()?;
        let digest = AlgorithmIdentifier::read(&fields.required()?)?;
        let signature = AlgorithmIdentifier::read_as(&fields.required()?, Tag::context(1))?;
        fields.finish()?;
        Ok(Self { digest, signature })
    }

    /// Whether the signer uses the algorithms that it protects (RFC 6211 §3). Left-out
    /// parameters and NULL are the same where a digest is named (RFC 5754 §2).
    pub(crate) fn matches(
        &self,
        digest: &AlgorithmIdentifier,
        signature: &AlgorithmIdentifier,
    ) -> bool {
        same(&self.digest, digest) && same(&self.signature, signature)
    }
}

fn same(one: &AlgorithmIdentifier, other: &AlgorithmIdentifier) -> bool {
    let parameters = |it: &AlgorithmIdentifier| it.parameters.clone().filter(|any| !any.is_null());
    one.algorithm == other.algorithm && parameters(one) == parameters(other)
}

/// `SignaturePolicy` (EN 319 122-1 §5.2.9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SignaturePolicy<'a> {
    /// `SignaturePolicyImplied ::= NULL`: known from elsewhere.
    Implied,
    /// `SignaturePolicyId ::= SEQUENCE { sigPolicyId OBJECT IDENTIFIER, sigPolicyHash
    /// SEQUENCE { hashAlgorithm, hashValue } OPTIONAL, sigPolicyQualifiers OPTIONAL }`.
    Explicit {
        /// Which one.
        policy: ObjectIdentifier,
        /// By which digest; nothing where the policy is named without one.
        digest: Option<(AlgorithmIdentifier, Cow<'a, [u8]>)>,
    },
}

impl<'a> SignaturePolicy<'a> {
    fn read(value: &Value<'a>) -> Result<Self> {
        if value.tag() == Tag::NULL {
            return Ok(Self::Implied);
        }
        let mut fields = value.sequence()?;
        let policy = fields.expect(Tag::OID)?.oid()?;
        let digest = match fields.optional(Tag::SEQUENCE)? {
            Some(hash) => {
                let mut fields = hash.sequence()?;
                let algorithm = AlgorithmIdentifier::read(&fields.required()?)?;
                Some((algorithm, fields.expect(Tag::OCTET_STRING)?.octets()?))
            }
            None => None,
        };
        Ok(Self::Explicit { policy, digest })
    }
}
