//! Tokens (RFC 3161 §2.4.2): what they say. Whether one proves anything is judged by
//! validation.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use der::asn1::ObjectIdentifier;

use crate::encoding::asn1::{AlgorithmIdentifier, Tag, Value};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::signature::cms::SignedData;
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
    /// `Malformed` when it is none; `LimitExceeded` when a bound was reached.
    pub fn from_der(der: impl Into<Vec<u8>>, limits: &Limits) -> Result<Self> {
        let der = der.into();
        let info = {
            let signed_data = SignedData::parse(&der, limits)?;
            if !signed_data.trailing().is_empty() {
                return Err(Error::malformed("bytes follow the time-stamp token"));
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
}

/// The part of `TSTInfo` that says what existed when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TimeStampInfo {
    pub(crate) algorithm: ObjectIdentifier,
    pub(crate) imprint: Vec<u8>,
    pub(crate) time: UtcTime,
}

impl TimeStampInfo {
    /// `TSTInfo ::= SEQUENCE { version INTEGER, policy OBJECT IDENTIFIER, messageImprint
    /// SEQUENCE { hashAlgorithm, hashedMessage OCTET STRING }, serialNumber INTEGER,
    /// genTime GeneralizedTime, … }`
    pub(crate) fn read(der: &[u8], limits: &Limits) -> Result<Self> {
        let mut fields = Value::only(der, limits.asn1_depth)?.sequence()?;
        fields.expect(Tag::INTEGER)?;
        fields.expect(Tag::OID)?;
        let mut imprint = fields.required()?.sequence()?;
        let algorithm = AlgorithmIdentifier::read(&imprint.required()?)?.algorithm;
        let imprint = imprint.expect(Tag::OCTET_STRING)?.octets()?.into_owned();
        fields.expect(Tag::INTEGER)?;
        let time = fields.expect(Tag::GENERALIZED_TIME)?.time()?;
        Ok(Self { algorithm, imprint, time })
    }
}
