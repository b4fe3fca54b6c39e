//! A certificate as it stands, and the fields that this crate asks for.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::name::Name;
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
    subject: Name,
    issuer: Name,
    serial: Vec<u8>,
    not_before: UtcTime,
    not_after: UtcTime,
    public_key_info: Vec<u8>,
    key_usage: Option<KeyUsage>,
}

/// The key usages that matter to documents and paths (RFC 5280 §4.2.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyUsage {
    pub(crate) digital_signature: bool,
    /// `nonRepudiation`, which newer texts call `contentCommitment`.
    pub(crate) content_commitment: bool,
    pub(crate) key_cert_sign: bool,
    pub(crate) crl_sign: bool,
}

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
        let key_usage = parsed.key_usage().map_err(|source| {
            named(Error::malformed("the key usage extension is broken or twice there"))
                .because(source.to_string())
        })?;
        Ok(Self(Arc::new(Fields {
            issuer: Name::read(parsed.issuer().as_raw()).map_err(named)?,
            serial: parsed.raw_serial().to_vec(),
            not_before: UtcTime::from_datetime(validity.not_before.to_datetime()),
            not_after: UtcTime::from_datetime(validity.not_after.to_datetime()),
            public_key_info: parsed.public_key().raw.to_vec(),
            key_usage: key_usage.map(|usage| KeyUsage {
                digital_signature: usage.value.digital_signature(),
                content_commitment: usage.value.non_repudiation(),
                key_cert_sign: usage.value.key_cert_sign(),
                crl_sign: usage.value.crl_sign(),
            }),
            der: der.to_vec(),
            subject,
        })))
    }

    /// The certificate as it stands.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// Whose it is, as RFC 4514 writes names.
    #[must_use]
    pub fn subject(&self) -> String {
        self.0.subject.to_string()
    }

    /// Who issued it, as RFC 4514 writes names.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.0.issuer.to_string()
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

    /// Nothing where the certificate does not restrict its key.
    pub(crate) fn key_usage(&self) -> Option<KeyUsage> {
        self.0.key_usage
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der() == other.der()
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
