//! A certificate as it stands, and the fields that this crate asks for.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use der::asn1::ObjectIdentifier;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::extensions::{BasicConstraints, Extensions, KeyUsage};
use super::general_name::{GeneralName, NameConstraints};
use super::name::Name;
use super::policies::PolicyExtensions;
use super::public_key::PublicKey;
use crate::crypto::DigestAlgorithm;
use crate::encoding::asn1::{AlgorithmIdentifier, Tag, Value};
use crate::error::{Error, Place, Result};
use crate::limits::{Limits, within};
use crate::time::UtcTime;

/// An X.509 certificate (RFC 5280). Cheap to clone; equal when the bytes are.
///
/// That there is one says nothing about trust.
#[derive(Clone)]
pub struct Certificate(Arc<Fields>);

struct Fields {
    der: Vec<u8>,
    digest: OnceLock<[u8; 32]>,
    subject: Name,
    issuer: Name,
    serial: Vec<u8>,
    not_before: UtcTime,
    not_after: UtcTime,
    public_key_info: Vec<u8>,
    public_key: PublicKey,
    signed: Signed,
    extensions: Extensions,
}

/// `Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }`
/// (RFC 5280 §4.1).
struct Signed {
    to_be_signed: Range<usize>,
    algorithm: AlgorithmIdentifier,
    value: Vec<u8>,
}

/// A certificate nests `Certificate > tbs > extensions > extension`, and names alike.
const DEPTH: usize = 16;

impl Certificate {
    /// Reads one certificate in DER with nothing behind it.
    ///
    /// # Errors
    /// `Malformed` when it is none; `LimitExceeded` when it is larger than
    /// [`Limits::certificate_bytes`].
    pub fn from_der(der: &[u8]) -> Result<Self> {
        Self::from_der_within(der, &Limits::default())
    }

    pub(crate) fn from_der_within(der: &[u8], limits: &Limits) -> Result<Self> {
        within(der.len(), limits.certificate_bytes, "bytes of a certificate")?;
        let (rest, parsed) = X509Certificate::from_der(der).map_err(|source| {
            Error::malformed("this is no X.509 certificate").because(source.to_string())
        })?;
        if !rest.is_empty() {
            return Err(Error::malformed("bytes follow the certificate"));
        }
        let subject = Name::read(parsed.subject().as_raw())?;
        let named = |error: Error| error.at(Place::Certificate(subject.to_string()));
        let validity = parsed.validity();
        Ok(Self(Arc::new(Fields {
            issuer: Name::read(parsed.issuer().as_raw()).map_err(named)?,
            serial: parsed.raw_serial().to_vec(),
            not_before: UtcTime::from_datetime(validity.not_before.to_datetime()),
            not_after: UtcTime::from_datetime(validity.not_after.to_datetime()),
            public_key_info: parsed.public_key().raw.to_vec(),
            public_key: PublicKey::of(parsed.public_key().raw),
            signed: Signed::read(der).map_err(named)?,
            extensions: Extensions::read(&parsed),
            der: der.to_vec(),
            digest: OnceLock::new(),
            subject,
        })))
    }

    /// The certificate as it stands.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// SHA-256 over its bytes, computed once.
    pub(crate) fn digest(&self) -> &[u8; 32] {
        self.0.digest.get_or_init(|| {
            let digest = DigestAlgorithm::Sha256.digest(self.der());
            digest.value().first_chunk().copied().unwrap_or_default()
        })
    }

    /// Whose it is, as RFC 4514 writes names.
    #[must_use]
    pub fn subject(&self) -> String {
        self.0.subject.text().to_owned()
    }

    /// Who issued it, as RFC 4514 writes names.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.0.issuer.text().to_owned()
    }

    /// The serial number in lower-case hexadecimal.
    #[must_use]
    pub fn serial(&self) -> String {
        self.0.serial.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Valid from this instant on.
    #[must_use]
    pub fn not_before(&self) -> UtcTime {
        self.0.not_before
    }

    /// Valid up to this instant.
    #[must_use]
    pub fn not_after(&self) -> UtcTime {
        self.0.not_after
    }

    pub(crate) fn subject_name(&self) -> &Name {
        &self.0.subject
    }

    pub(crate) fn issuer_name(&self) -> &Name {
        &self.0.issuer
    }

    /// The content octets of the serial number INTEGER.
    pub(crate) fn serial_octets(&self) -> &[u8] {
        &self.0.serial
    }

    /// `SubjectPublicKeyInfo` as it stands.
    pub(crate) fn public_key_info(&self) -> &[u8] {
        &self.0.public_key_info
    }

    /// The kind and size of the key.
    pub(crate) fn public_key(&self) -> PublicKey {
        self.0.public_key
    }

    /// The bytes that the issuer signed, as they stand.
    pub(crate) fn to_be_signed(&self) -> &[u8] {
        self.0.der.get(self.0.signed.to_be_signed.clone()).unwrap_or_default()
    }

    /// What the issuer signed with, as the outer field says.
    pub(crate) fn signature_algorithm(&self) -> &AlgorithmIdentifier {
        &self.0.signed.algorithm
    }

    /// The issuer's signature value.
    pub(crate) fn signature_value(&self) -> &[u8] {
        &self.0.signed.value
    }

    /// Nothing where the certificate does not restrict its key. A certificate with a
    /// [`fault`](Self::fault) permits nothing.
    pub(crate) fn key_usage(&self) -> Option<KeyUsage> {
        self.0.extensions.key_usage
    }

    /// Whether its extended key usage (RFC 5280 §4.2.1.12) is time-stamping or OCSP alone.
    pub(crate) fn is_only_for_services(&self) -> bool {
        self.0.extensions.only_for_services
    }

    /// Nothing where the certificate has no such extension.
    pub(crate) fn basic_constraints(&self) -> Option<BasicConstraints> {
        self.0.extensions.basic_constraints
    }

    pub(crate) fn subject_key_identifier(&self) -> Option<&[u8]> {
        self.0.extensions.subject_key_identifier.as_deref()
    }

    pub(crate) fn authority_key_identifier(&self) -> Option<&[u8]> {
        self.0.extensions.authority_key_identifier.as_deref()
    }

    /// Extensions that path validation has to understand or refuse, by their identifiers.
    pub(crate) fn binding_extensions(&self) -> &[String] {
        &self.0.extensions.binding
    }

    /// What is wrong with the certificate as such: an extension twice there or broken,
    /// or two signature algorithms that differ. No path leads through it.
    pub(crate) fn fault(&self) -> Option<&str> {
        self.0.extensions.fault.as_deref()
    }

    /// Nothing where there is no such extension (RFC 5280 §4.2.1.6).
    pub(crate) fn alternative_names(&self) -> Option<&[GeneralName]> {
        self.0.extensions.alternative_names.as_deref()
    }

    /// What it lets those below it be called (RFC 5280 §4.2.1.10).
    pub(crate) fn name_constraints(&self) -> Option<&NameConstraints> {
        self.0.extensions.name_constraints.as_ref()
    }

    /// What it says of policies (RFC 5280 §4.2.1.4, .5, .11, .14).
    pub(crate) fn policies(&self) -> &PolicyExtensions {
        &self.0.extensions.policies
    }

    /// Purposes by their identifiers; nothing where the key may serve any.
    pub(crate) fn extended_key_usage(&self) -> Option<&[String]> {
        self.0.extensions.extended_key_usage.as_deref()
    }

    /// Where its revocation lists are said to be (RFC 5280 §4.2.1.13).
    pub(crate) fn crl_urls(&self) -> &[String] {
        &self.0.extensions.crl_urls
    }

    /// Where its status can be asked for (RFC 5280 §4.2.2.1).
    pub(crate) fn ocsp_urls(&self) -> &[String] {
        &self.0.extensions.ocsp_urls
    }

    /// Where its issuer's certificate is said to be (RFC 5280 §4.2.2.1).
    pub(crate) fn issuer_urls(&self) -> &[String] {
        &self.0.extensions.issuer_urls
    }

    /// What the extension of this identifier holds, as it stands; the first of several.
    pub(crate) fn extension(&self, oid: &str) -> Option<&[u8]> {
        let oid = ObjectIdentifier::new(oid).ok()?;
        let mut fields = Value::only(self.to_be_signed(), DEPTH).ok()?.sequence().ok()?;
        let extensions = loop {
            let field = fields.next().ok()??;
            if field.tag() == Tag::context(3) {
                break field.explicit().ok()?;
            }
        };
        let mut extensions = extensions.sequence().ok()?;
        while let Some(extension) = extensions.next().ok()? {
            let mut fields = extension.sequence().ok()?;
            if fields.expect(Tag::OID).ok()?.content() == oid.as_bytes() {
                fields.optional(Tag::BOOLEAN).ok()?;
                return Some(fields.expect(Tag::OCTET_STRING).ok()?.content());
            }
        }
        None
    }

    /// Whether subject and issuer are the same name (RFC 5280 §3.2).
    pub(crate) fn is_self_issued(&self) -> bool {
        self.0.subject.matches(&self.0.issuer)
    }
}

impl Signed {
    fn read(der: &[u8]) -> Result<Self> {
        let mut fields = Value::only(der, DEPTH)?.sequence()?;
        let to_be_signed = fields.required()?;
        let algorithm = AlgorithmIdentifier::read(&fields.required()?)?;
        let value = fields.expect(Tag::BIT_STRING)?.whole_octet_bits()?.to_vec();
        fields.finish()?;
        let start = usize::try_from(to_be_signed.offset()).unwrap_or(usize::MAX);
        let end = start.saturating_add(to_be_signed.raw().len());
        Ok(Self { to_be_signed: start..end, algorithm, value })
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.der() == other.der()
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({})", self.0.subject)
    }
}

impl Serialize for Certificate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        crate::encoding::base64::serialize(self.der(), serializer)
    }
}

impl<'de> Deserialize<'de> for Certificate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let der = crate::encoding::base64::deserialize(deserializer)?;
        Self::from_der(&der).map_err(serde::de::Error::custom)
    }
}
