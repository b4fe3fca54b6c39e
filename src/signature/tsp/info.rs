//! `TSTInfo`: what a token says (RFC 3161 §2.4.2).
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::time::Duration;

use der::asn1::ObjectIdentifier;

use crate::crypto::{Digest, DigestAlgorithm};
use crate::encoding::asn1::writer::{OCTET_STRING, SEQUENCE, tlv};
use crate::encoding::asn1::{AlgorithmIdentifier, Cursor, Tag, Value, to_der};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::time::UtcTime;

/// What existed when, and who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TimeStampInfo {
    /// Under which of its policies the authority issued it: the content octets of an object
    /// identifier, which may have larger numbers than those that are compared elsewhere.
    pub(crate) policy: Vec<u8>,
    /// What made the imprint.
    pub(crate) algorithm: ObjectIdentifier,
    /// The digest of what existed, as it stands.
    pub(crate) imprint: Vec<u8>,
    /// The content octets of the INTEGER.
    pub(crate) serial: Vec<u8>,
    /// `genTime`.
    pub(crate) time: UtcTime,
    /// By how much the time may be off, either way.
    pub(crate) accuracy: Option<Duration>,
    /// Whether the times of this authority's tokens tell their order, however close.
    pub(crate) ordering: bool,
    /// The content octets of the INTEGER.
    pub(crate) nonce: Option<Vec<u8>>,
    /// Whom the token names as its authority: a `GeneralName` as it stands.
    pub(crate) authority_name: Option<Vec<u8>>,
    /// A critical extension; none is known that could be understood.
    pub(crate) critical_extension: Option<String>,
}

impl TimeStampInfo {
    /// The policy in dotted form; empty where its numbers are beyond all use.
    pub(crate) fn policy(&self) -> String {
        dotted(&self.policy).unwrap_or_default()
    }

    /// # Errors
    /// `Malformed` when it is none, or stands in another order than its type has;
    /// `Unsupported` for another version; `LimitExceeded` when it nests too deep.
    pub(crate) fn read(der: &[u8], limits: &Limits) -> Result<Self> {
        let value = Value::only(der, limits.asn1_depth)?;
        Self::read_fields(&value).map_err(|error| error.in_element("TSTInfo"))
    }

    fn read_fields(value: &Value<'_>) -> Result<Self> {
        let mut fields = value.sequence()?;
        read_version(&mut fields)?;
        let policy = fields.expect(Tag::OID)?.content().to_vec();
        let imprint = MessageImprint::read(&fields.required()?)?;
        let serial = fields.expect(Tag::INTEGER)?.integer()?.to_vec();
        let time = generation_time(&fields.required()?)?;
        let accuracy = match fields.optional(Tag::SEQUENCE)? {
            Some(accuracy) => Some(read_accuracy(&accuracy)?),
            None => None,
        };
        let ordering = match fields.optional(Tag::BOOLEAN)? {
            Some(ordering) => ordering.boolean()?,
            None => false,
        };
        let nonce = read_nonce(&mut fields)?;
        let authority_name = match fields.optional(Tag::context(0))? {
            // A CHOICE, hence explicit whatever the module's tags are (X.680 §31.2.7).
            Some(name) => Some(name.explicit()?.raw().to_vec()),
            None => None,
        };
        let critical_extension = read_extensions(fields.optional(Tag::context(1))?)?;
        fields.finish()?;
        Ok(Self {
            policy,
            algorithm: imprint.algorithm,
            imprint: imprint.value,
            serial,
            time,
            accuracy,
            ordering,
            nonce,
            authority_name,
            critical_extension,
        })
    }
}

/// X.690 §8.19.
fn dotted(octets: &[u8]) -> Option<String> {
    let (mut numbers, mut number): (Vec<u64>, u64) = (Vec::new(), 0);
    for octet in octets {
        number = number.checked_mul(128)?.checked_add(u64::from(octet & 0x7f))?;
        if octet & 0x80 == 0 {
            numbers.push(number);
            number = 0;
        }
    }
    let (first, rest) = numbers.split_first()?;
    let root = first.checked_div(40)?.min(2);
    let second = first.checked_sub(root.checked_mul(40)?)?;
    let all = [root, second].into_iter().chain(rest.iter().copied());
    Some(all.map(|it| it.to_string()).collect::<Vec<_>>().join("."))
}

/// `MessageImprint`: the digest of what is stamped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MessageImprint {
    pub(super) algorithm: ObjectIdentifier,
    pub(super) value: Vec<u8>,
}

impl MessageImprint {
    pub(super) fn of(digest: &Digest) -> Self {
        Self { algorithm: digest.algorithm().oid(), value: digest.value().to_vec() }
    }

    /// Parameters say nothing here: NULL and nothing are the same (RFC 5754 §2).
    pub(super) fn read(value: &Value<'_>) -> Result<Self> {
        let mut fields = value.sequence()?;
        let algorithm = AlgorithmIdentifier::read(&fields.required()?)?.algorithm;
        let value = fields.expect(Tag::OCTET_STRING)?.octets()?.into_owned();
        fields.finish()?;
        Ok(Self { algorithm, value })
    }

    pub(super) fn to_der(&self) -> Result<Vec<u8>> {
        let algorithm = to_der(&AlgorithmIdentifier::without_parameters(self.algorithm))?;
        Ok(tlv(SEQUENCE, &[&algorithm, &tlv(OCTET_STRING, &[&self.value])]))
    }

    /// Nothing for a digest that this crate cannot compute, or of another length.
    pub(super) fn digest(&self) -> Option<Digest> {
        let algorithm = DigestAlgorithm::from_oid(self.algorithm)?;
        Digest::new(algorithm, self.value.clone()).ok()
    }
}

pub(super) fn read_version(fields: &mut Cursor<'_>) -> Result<()> {
    match fields.expect(Tag::INTEGER)?.small_integer()? {
        1 => Ok(()),
        other => Err(Error::unsupported(format!("time-stamps of version {other}"))),
    }
}

/// The content octets of the INTEGER, where there is one.
pub(super) fn read_nonce(fields: &mut Cursor<'_>) -> Result<Option<Vec<u8>>> {
    match fields.optional(Tag::INTEGER)? {
        Some(nonce) => Ok(Some(nonce.integer()?.to_vec())),
        None => Ok(None),
    }
}

/// `Extensions`, as a critical one that nobody here understands.
pub(super) fn read_extensions(extensions: Option<Value<'_>>) -> Result<Option<String>> {
    let Some(extensions) = extensions else { return Ok(None) };
    let mut extensions = extensions.values()?;
    let mut critical = None;
    while let Some(extension) = extensions.next()? {
        let mut fields = extension.sequence()?;
        let oid = fields.expect(Tag::OID)?.oid()?;
        if fields.optional(Tag::BOOLEAN)?.map(|it| it.boolean()).transpose()? == Some(true) {
            critical = Some(oid.to_string());
        }
        fields.expect(Tag::OCTET_STRING)?;
        fields.finish()?;
    }
    Ok(critical)
}

/// `YYYYMMDDhhmmss[.f]Z`: a local time or one without seconds is none (RFC 3161 §2.4.2).
/// Zeros at the end of the fraction, which DER forbids and authorities write, are harmless.
fn generation_time(value: &Value<'_>) -> Result<UtcTime> {
    let text = value.is(Tag::GENERALIZED_TIME)?.content();
    let seconds = text.get(..14).is_some_and(|it| it.iter().all(u8::is_ascii_digit));
    if value.is_constructed() || !seconds || text.last() != Some(&b'Z') || text.contains(&b',') {
        return Err(
            Error::malformed("genTime is not in UTC to the second").at_offset(value.offset())
        );
    }
    value.time()
}

/// `Accuracy ::= SEQUENCE { seconds INTEGER OPTIONAL, millis [0] INTEGER (1..999) OPTIONAL,
/// micros [1] INTEGER (1..999) OPTIONAL }`; what is left out is zero.
fn read_accuracy(value: &Value<'_>) -> Result<Duration> {
    let mut fields = value.sequence()?;
    let seconds = match fields.optional(Tag::INTEGER)? {
        Some(seconds) => seconds.small_integer()?,
        None => 0,
    };
    let millis = thousandths(fields.optional(Tag::context(0))?)?;
    let micros = thousandths(fields.optional(Tag::context(1))?)?;
    fields.finish()?;
    Ok(Duration::from_secs(u64::from(seconds))
        .saturating_add(Duration::from_millis(millis))
        .saturating_add(Duration::from_micros(micros)))
}

/// Under an implicit tag, up to 999. Zero, which the type forbids, means what it says.
fn thousandths(value: Option<Value<'_>>) -> Result<u64> {
    let Some(value) = value else { return Ok(0) };
    let number = match *value.content() {
        [low @ 0..0x80] => Some(u64::from(low)),
        [high @ 0..0x80, low] => Some(u64::from(u16::from_be_bytes([high, low]))),
        _ => None,
    };
    number.filter(|it| *it <= 999 && !value.is_constructed()).ok_or_else(|| {
        Error::malformed("a part of the accuracy is not between 1 and 999")
            .at_offset(value.offset())
    })
}
