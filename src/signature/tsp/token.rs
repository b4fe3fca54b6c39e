//! Tokens (RFC 3161 §2.4.2): what they say. Whether one proves anything is judged by
//! validation.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::time::Duration;

use super::info::{MessageImprint, TimeStampInfo};
use crate::crypto::{Digest, Verification, verify};
use crate::error::{Error, ErrorKind, Place, Result};
use crate::limits::Limits;
use crate::pki::Certificate;
use crate::signature::cms::oids::ID_CT_TST_INFO;
use crate::signature::cms::{CertificateReference, SignedAttributes, SignedData, SignerInfo};
use crate::time::UtcTime;

/// A time-stamp token: a CMS whose content says what existed when (RFC 3161 §2.4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeStampToken {
    der: Vec<u8>,
    info: TimeStampInfo,
}

impl TimeStampToken {
    /// Reads a token; what follows it is no part of one.
    ///
    /// # Errors
    /// `Malformed` when it is none; `Unsupported` for another version of the format;
    /// `LimitExceeded` when a bound was reached.
    pub fn from_der(der: impl Into<Vec<u8>>, limits: &Limits) -> Result<Self> {
        let der = der.into();
        let info = {
            let signed_data = SignedData::parse(&der, limits)?;
            if !signed_data.trailing().is_empty() {
                return Err(Error::malformed("bytes follow the time-stamp token"));
            }
            if signed_data.content_type() != ID_CT_TST_INFO {
                return Err(Error::malformed(format!(
                    "a CMS of content type {} is no time-stamp token",
                    signed_data.content_type()
                )));
            }
            let content = signed_data
                .content()
                .ok_or_else(|| Error::malformed("a time-stamp token without content"))?;
            TimeStampInfo::read(&content.bytes()?, limits)?
        };
        Ok(Self { der, info })
    }

    /// The token as it stands.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// When it was issued, as it says.
    #[must_use]
    pub fn time(&self) -> UtcTime {
        self.info.time
    }

    /// By how much the time may be off, either way; nothing where the token leaves it to
    /// the authority's policy.
    #[must_use]
    pub fn accuracy(&self) -> Option<Duration> {
        self.info.accuracy
    }

    /// What it is over; nothing for a digest that this crate cannot compute.
    #[must_use]
    pub fn imprint(&self) -> Option<Digest> {
        let (algorithm, value) = (self.info.algorithm, self.info.imprint.clone());
        MessageImprint { algorithm, value }.digest()
    }

    /// The authority's policy under which it was issued: an object identifier.
    #[must_use]
    pub fn policy(&self) -> String {
        self.info.policy()
    }

    /// Its number, in hexadecimal digits; no other token of the authority has it.
    #[must_use]
    pub fn serial(&self) -> String {
        self.info.serial.iter().map(|octet| format!("{octet:02x}")).collect()
    }

    pub(crate) fn info(&self) -> &TimeStampInfo {
        &self.info
    }

    /// What whoever asked for a token has to see before it is put anywhere
    /// (RFC 3161 §2.2): one signer, whose certificate is there and is the one that was
    /// signed along, and whose signature holds. What cannot be computed here is left to
    /// validation, as is the certificate's own worth but for its time.
    ///
    /// # Errors
    /// `Malformed` with what is wrong; `Service` when the certificate was out of its time;
    /// `LimitExceeded` when a bound was reached.
    pub(super) fn check_signature(&self, limits: &Limits) -> Result<()> {
        let signed_data = SignedData::parse(&self.der, limits)?;
        let [Ok(signer)] = signed_data.signers() else {
            return Err(Error::malformed("a time-stamp token has not exactly one signer"));
        };
        let attributes = signer
            .signed_attributes()
            .ok_or_else(|| Error::malformed("a time-stamp token without signed attributes"))?;
        check_content(&signed_data, signer, attributes)?;
        let certificate = signing_certificate(&signed_data, attributes, limits)?;
        self.check_validity(&certificate)?;
        let to_be_signed = attributes.to_be_signed()?;
        let Some(algorithm) = signer.signature_algorithm()? else { return Ok(()) };
        let key = certificate.public_key_info();
        match verify(key, algorithm, &to_be_signed, signer.signature())? {
            Verification::Invalid => {
                Err(Error::malformed("the signature of the time-stamp token does not verify"))
            }
            _ => Ok(()),
        }
    }
}

impl TimeStampToken {
    /// Whether the authority could issue it then: no validation would take it otherwise, and
    /// what is stamped with it is better stamped by another one.
    fn check_validity(&self, certificate: &Certificate) -> Result<()> {
        let at = self.info.time;
        let (from, until) = (certificate.not_before(), certificate.not_after());
        let what = match (at < from, until < at.whole_seconds()) {
            (false, false) => return Ok(()),
            (true, _) => format!("is good from {from} on"),
            (false, true) => format!("expired at {until}"),
        };
        let what = format!("the authority's certificate {what}, and its time-stamp is of {at}");
        Err(Error::new(ErrorKind::Service, what).at(Place::Certificate(certificate.subject())))
    }
}

/// Content type and digest are signed along (RFC 5652 §11.1, §11.2).
fn check_content(
    signed_data: &SignedData<'_>,
    signer: &SignerInfo<'_>,
    attributes: &SignedAttributes<'_>,
) -> Result<()> {
    if attributes.content_type().map_err(fault)? != Some(ID_CT_TST_INFO) {
        return Err(Error::malformed("the signer of a time-stamp token signed another type"));
    }
    let digest = attributes.message_digest().map_err(fault)?.unwrap_or_default();
    let (Some(content), Some(algorithm)) = (signed_data.content(), signer.digest_algorithm())
    else {
        return Ok(());
    };
    if algorithm.digest(&content.bytes()?).value() == digest.as_ref() {
        Ok(())
    } else {
        Err(Error::malformed("the signer of a time-stamp token signed another content"))
    }
}

/// By the digest in the signed attributes (RFC 3161 §2.4.2, RFC 5816 §2.2.1): of several
/// certificates in the token, it says which is the signer's.
fn signing_certificate(
    signed_data: &SignedData<'_>,
    attributes: &SignedAttributes<'_>,
    limits: &Limits,
) -> Result<Certificate> {
    let v2 = attributes.signing_certificate_v2().map_err(fault)?;
    let v1 = attributes.signing_certificate().map_err(fault)?;
    let references: Vec<&CertificateReference<'_>> =
        [&v2, &v1].into_iter().flatten().filter_map(|it| it.signer()).collect();
    if references.is_empty() {
        return Err(Error::malformed("a time-stamp token names no signing certificate"));
    }
    for der in signed_data.certificates() {
        let certificate = match Certificate::from_der_within(der, limits) {
            Err(error) if error.kind() == ErrorKind::LimitExceeded => return Err(error),
            Err(_) => continue,
            Ok(certificate) => certificate,
        };
        if references.iter().all(|it| it.digest_matches(&certificate) == Some(true)) {
            return Ok(certificate);
        }
    }
    Err(Error::malformed("the certificate of the time-stamp authority is not in the token"))
}

fn fault(fault: impl std::fmt::Display) -> Error {
    Error::malformed(fault.to_string())
}
