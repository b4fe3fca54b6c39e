//! Answers of time-stamp authorities (RFC 3161 §2.4.2).
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::token::TimeStampToken;
use crate::encoding::asn1::{Tag, Value};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{Limits, within};

/// `TimeStampResp`: a token, or why there is none.
#[derive(Debug)]
pub(super) struct TimeStampResponse<'a> {
    status: u32,
    /// What the authority says in words.
    texts: Vec<String>,
    /// `PKIFailureInfo`, in words.
    failures: Vec<&'static str>,
    token: Option<&'a [u8]>,
}

/// Characters of an authority's own words that an error repeats.
const TEXT: usize = 300;

/// `PKIFailureInfo`, by the number of the bit.
const FAILURES: [(usize, &str); 8] = [
    (0, "it does not know the digest algorithm (badAlg)"),
    (2, "it does not permit this request (badRequest)"),
    (5, "it cannot read the request (badDataFormat)"),
    (14, "it has no time at present (timeNotAvailable)"),
    (15, "it has no such policy (unacceptedPolicy)"),
    (16, "it does not know an extension of the request (unacceptedExtension)"),
    (17, "it cannot tell what else was asked for (addInfoNotAvailable)"),
    (25, "it failed (systemFailure)"),
];

impl<'a> TimeStampResponse<'a> {
    /// # Errors
    /// `Malformed` when it is none; `LimitExceeded` over [`Limits::time_stamp_bytes`].
    pub(super) fn read(der: &'a [u8], limits: &Limits) -> Result<Self> {
        within(der.len(), limits.time_stamp_bytes, "bytes of an answer with a time-stamp")?;
        let value = Value::only(der, limits.asn1_depth)?;
        Self::read_fields(&value).map_err(|error| error.in_element("TimeStampResp"))
    }

    fn read_fields(value: &Value<'a>) -> Result<Self> {
        let mut fields = value.sequence()?;
        let mut info = fields.required()?.sequence()?;
        let status = info.expect(Tag::INTEGER)?.small_integer()?;
        let texts = match info.optional(Tag::SEQUENCE)? {
            Some(texts) => read_texts(&texts)?,
            None => Vec::new(),
        };
        let failures = match info.optional(Tag::BIT_STRING)? {
            Some(bits) => read_failures(&bits)?,
            None => Vec::new(),
        };
        info.finish()?;
        let token = fields.optional(Tag::SEQUENCE)?.map(|it| it.raw());
        fields.finish()?;
        Ok(Self { status, texts, failures, token })
    }

    /// # Errors
    /// `Service` when the authority refuses; `Malformed` when it grants, but what it sends
    /// is no token; `LimitExceeded` when a bound was reached.
    pub(super) fn into_token(self, limits: &Limits) -> Result<TimeStampToken> {
        match (self.status, self.token) {
            (0 | 1, Some(token)) => TimeStampToken::from_der(token, limits),
            (0 | 1, None) => Err(Error::malformed("a granted time-stamp is missing")),
            (status, _) => Err(Error::new(ErrorKind::Service, self.refusal(status))),
        }
    }

    fn refusal(&self, status: u32) -> String {
        let status = match status {
            2 => "the authority gives no time-stamp (rejection)".to_owned(),
            3 => "the authority is not done with the time-stamp (waiting)".to_owned(),
            4 => {
                "the authority's certificate is about to be revoked (revocationWarning)".to_owned()
            }
            5 => "the authority's certificate is revoked (revocationNotification)".to_owned(),
            other => {
                format!("the authority gives no time-stamp, for a reason without meaning ({other})")
            }
        };
        let failures = self.failures.iter().map(|it| (*it).to_owned());
        let texts = self.texts.iter().map(|it| format!("it says {it:?}"));
        let said: Vec<String> = failures.chain(texts).collect();
        if said.is_empty() { status } else { format!("{status}: {}", said.join("; ")) }
    }
}

/// `PKIFreeText ::= SEQUENCE SIZE (1..MAX) OF UTF8String`, as much as a reader will read.
fn read_texts(value: &Value<'_>) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    let mut left = TEXT;
    let mut values = value.values()?;
    while let Some(text) = values.next()? {
        let text: String = text.is(Tag::UTF8_STRING)?.text()?.chars().take(left).collect();
        left = left.saturating_sub(text.chars().count());
        if !text.is_empty() {
            texts.push(text);
        }
    }
    Ok(texts)
}

/// Bits are counted from the first one on (X.690 §8.6.2).
fn read_failures(value: &Value<'_>) -> Result<Vec<&'static str>> {
    let no_bits = || Error::malformed("failInfo is no string of bits").at_offset(value.offset());
    if value.is_constructed() {
        return Err(no_bits());
    }
    let (_, octets) = value.content().split_first().ok_or_else(no_bits)?;
    let is_set = |bit: &usize| {
        let octet = octets.get(bit.checked_div(8)?)?;
        let mask = 0x80_u8.checked_shr(u32::try_from(bit.checked_rem(8)?).ok()?)?;
        Some(octet & mask != 0)
    };
    let set = FAILURES.iter().filter(|(bit, _)| is_set(bit) == Some(true));
    Ok(set.map(|(_, words)| *words).collect())
}
