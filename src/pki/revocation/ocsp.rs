//! Answers to the question whether a certificate is revoked (OCSP, RFC 6960).
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use der::asn1::ObjectIdentifier;

use super::entry::Entry;
use super::extension::Extension;
use super::fault::Unusable;
use super::reason::Reason;
use super::signed::{Signed, Spent};
use crate::crypto::{Digest, DigestAlgorithm};
use crate::encoding::asn1::{AlgorithmIdentifier, Tag, Value};
use crate::encoding::pem;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{Limits, within};
use crate::pki::Certificate;
use crate::pki::x509::Name;
use crate::time::UtcTime;

/// An OCSP response (RFC 6960 §4.2). Cheap to clone.
///
/// That there is one says nothing about who made it; its signature is checked against the
/// path of the certificate that it is asked about.
#[derive(Clone)]
pub struct OcspResponse(Arc<Fields>);

struct Fields {
    bytes: Vec<u8>,
    /// Nothing where the responder refused to answer (§2.3).
    answer: Result<Answer, u32>,
}

/// `BasicOCSPResponse`.
struct Answer {
    responder: Responder,
    produced_at: UtcTime,
    singles: Vec<Single>,
    signed: Signed,
    /// What the signature is over stands in these bytes.
    basic: Vec<u8>,
    certificates: Vec<Certificate>,
    nonce: Option<Vec<u8>>,
    fault: Option<Unusable>,
}

/// `ResponderID`.
enum Responder {
    Name(Name),
    /// SHA-1 over the bits of the key.
    Key(Vec<u8>),
}

/// `SingleResponse`: what is said of one certificate.
pub(super) struct Single {
    digest: ObjectIdentifier,
    issuer_name: Vec<u8>,
    issuer_key: Vec<u8>,
    serial: Vec<u8>,
    pub(super) status: SingleStatus,
    pub(super) this_update: UtcTime,
    pub(super) next_update: Option<UtcTime>,
    /// Certificates that expired since then are answered for (RFC 6960 §4.4.4).
    pub(super) archive_cutoff: Option<UtcTime>,
    pub(super) fault: Option<Unusable>,
}

/// `CertStatus`.
#[derive(Debug, Clone, Copy)]
pub(super) enum SingleStatus {
    Good,
    Revoked(Entry),
    Unknown,
}

const DEPTH: usize = 32;
const BASIC: &str = "1.3.6.1.5.5.7.48.1.1";
/// RFC 6960 §4.4 marks none of them critical. The reference to a list only tells where an
/// answer comes from.
const NONCE: &str = "1.3.6.1.5.5.7.48.1.2";
const CRL_REFERENCE: &str = "1.3.6.1.5.5.7.48.1.3";
const ARCHIVE_CUTOFF: &str = "1.3.6.1.5.5.7.48.1.6";

impl OcspResponse {
    /// Reads an `OCSPResponse`, or a `BasicOCSPResponse` without that envelope, as documents
    /// hold it.
    ///
    /// # Errors
    /// `Malformed` when it is neither; `Unsupported` when it is of another type than basic;
    /// `LimitExceeded` when it is larger than [`Limits::ocsp_bytes`] or says too much.
    pub fn from_der(bytes: &[u8], limits: &Limits) -> Result<Self> {
        within(bytes.len(), limits.ocsp_bytes, "bytes of an OCSP response")?;
        let mut fields = Value::only(bytes, DEPTH)?.sequence()?;
        let answer = match fields.optional(Tag::ENUMERATED)? {
            None => Ok(Answer::read(bytes, limits)?),
            Some(status) => match (status.small_integer()?, fields.optional(Tag::context(0))?) {
                (0, Some(answer)) => Ok(Answer::within_envelope(&answer, limits)?),
                (0, None) => return Err(Error::malformed("a successful answer says nothing")),
                (refusal, _) => Err(refusal),
            },
        };
        Ok(Self(Arc::new(Fields { bytes: bytes.to_vec(), answer })))
    }

    /// Reads every response of a file: PEM blocks (other kinds of block are passed over),
    /// or one in DER.
    ///
    /// # Errors
    /// As [`from_der`](Self::from_der).
    pub fn all_from(bytes: &[u8], limits: &Limits) -> Result<Vec<Self>> {
        if Value::only(bytes, DEPTH).is_ok() {
            return Ok(vec![Self::from_der(bytes, limits)?]);
        }
        let blocks = pem::blocks(bytes)?;
        let answers = blocks.iter().filter(|it| it.label == "OCSP RESPONSE");
        let all: Result<Vec<_>> = answers.map(|it| Self::from_der(&it.bytes, limits)).collect();
        match all {
            Ok(all) if all.is_empty() => {
                Err(Error::malformed("there is no OCSP response in this file"))
            }
            all => all,
        }
    }

    /// The response as it stands.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0.bytes
    }

    /// When it was signed; nothing where the responder refused to answer.
    #[must_use]
    pub fn produced_at(&self) -> Option<UtcTime> {
        self.0.answer.as_ref().ok().map(|it| it.produced_at)
    }

    /// Up to when all that it says serves; nothing where it does not say.
    #[must_use]
    pub fn next_update(&self) -> Option<UtcTime> {
        let singles = &self.0.answer.as_ref().ok()?.singles;
        let each: Option<Vec<_>> = singles.iter().map(|it| it.next_update).collect();
        each?.into_iter().min()
    }

    /// Who answers, as far as the answer says.
    pub(super) fn responder(&self) -> String {
        match self.0.answer.as_ref().map(|it| &it.responder) {
            Ok(Responder::Name(name)) => name.to_string(),
            Ok(Responder::Key(hash)) => hash.iter().map(|it| format!("{it:02x}")).collect(),
            Err(_) => "OCSP".into(),
        }
    }

    /// The number of the refusal, where it is one (§4.2.1).
    pub(super) fn refusal(&self) -> Option<u32> {
        self.0.answer.as_ref().err().copied()
    }

    /// What it repeats of the question (RFC 9654); nothing where it repeats nothing.
    pub(super) fn nonce(&self) -> Option<&[u8]> {
        self.0.answer.as_ref().ok()?.nonce.as_deref()
    }

    /// What keeps it from being used at all.
    pub(super) fn fault(&self) -> Option<&Unusable> {
        self.0.answer.as_ref().ok()?.fault.as_ref()
    }

    /// Certificates that came with it; none of them is trusted.
    pub(super) fn certificates(&self) -> &[Certificate] {
        self.0.answer.as_ref().map_or(&[], |it| it.certificates.as_slice())
    }

    /// What it says of the certificate with this number from the issuer of this name and
    /// key, whoever made the response.
    pub(super) fn single(
        &self,
        certificate: &Certificate,
        issuer_key_info: &[u8],
    ) -> Option<&Single> {
        let answer = self.0.answer.as_ref().ok()?;
        let name = certificate.issuer_name().der();
        let bits = key_bits(issuer_key_info)?;
        // A response may repeat one number in a thousand entries; each digest is made once.
        let mut made: BTreeMap<DigestAlgorithm, (Digest, Digest)> = BTreeMap::new();
        let numbered = answer.singles.iter().filter(|it| it.serial == certificate.serial_octets());
        numbered.filter_map(|it| Some((it, DigestAlgorithm::from_oid(it.digest)?))).find_map(
            |(single, by)| {
                let (name, key) =
                    made.entry(by).or_insert_with(|| (by.digest(name), by.digest(bits)));
                let same = name.value() == single.issuer_name && key.value() == single.issuer_key;
                same.then_some(single)
            },
        )
    }

    /// How many answers there are, and how many of them to the certificate's number.
    pub(crate) fn answers_numbered(&self, certificate: &Certificate) -> (usize, usize) {
        let Ok(answer) = self.0.answer.as_ref() else { return (0, 0) };
        let number = certificate.serial_octets();
        let numbered = answer.singles.iter().filter(|it| it.serial == number);
        (answer.singles.len(), numbered.count())
    }

    /// Whether the response says that this one answers.
    pub(super) fn is_from(&self, name: &Name, public_key_info: &[u8]) -> bool {
        match self.0.answer.as_ref().map(|it| &it.responder) {
            Ok(Responder::Name(responder)) => responder.matches(name),
            Ok(Responder::Key(hash)) => key_bits(public_key_info)
                .is_some_and(|bits| DigestAlgorithm::Sha1.digest(bits).value() == hash),
            Err(_) => false,
        }
    }

    /// What it is signed by; nothing where it is a refusal.
    pub(super) fn algorithm(&self) -> Option<&AlgorithmIdentifier> {
        self.0.answer.as_ref().ok().map(|it| it.signed.algorithm())
    }

    /// Nothing when this key signed it.
    pub(super) fn check_signature(
        &self,
        public_key_info: &[u8],
        spent: &Spent,
        limits: &Limits,
    ) -> Result<Option<Unusable>> {
        match &self.0.answer {
            Ok(answer) => answer.signed.check(&answer.basic, public_key_info, spent, limits),
            Err(status) => Ok(Some(Unusable::Refused { status: *status })),
        }
    }
}

impl Answer {
    /// `ResponseBytes ::= SEQUENCE { responseType, response OCTET STRING }` under `[0]`.
    fn within_envelope(value: &Value<'_>, limits: &Limits) -> Result<Self> {
        let mut fields = value.explicit()?.sequence()?;
        let kind = fields.expect(Tag::OID)?.oid()?.to_string();
        if kind != BASIC {
            return Err(Error::unsupported(format!("an OCSP response of the type {kind}")));
        }
        let basic = fields.expect(Tag::OCTET_STRING)?.octets()?;
        fields.finish()?;
        Self::read(&basic, limits)
    }

    fn read(basic: &[u8], limits: &Limits) -> Result<Self> {
        let mut outer = Value::only(basic, DEPTH)?.sequence()?;
        let to_be_signed = outer.expect(Tag::SEQUENCE)?;
        let algorithm = AlgorithmIdentifier::read(&outer.required()?)?;
        let signed = Signed::new(&to_be_signed, algorithm, &outer.required()?)?;
        let certificates = match outer.optional(Tag::context(0))? {
            Some(certificates) => read_certificates(&certificates, limits)?,
            None => Vec::new(),
        };
        outer.finish()?;

        let mut fields = to_be_signed.sequence()?;
        fields.optional(Tag::context(0))?;
        let responder = Responder::read(&fields.required()?)?;
        let produced_at = fields.expect(Tag::GENERALIZED_TIME)?.time()?;
        let mut answers = fields.expect(Tag::SEQUENCE)?.values()?;
        let mut singles = Vec::new();
        while let Some(single) = answers.next()? {
            let count = singles.len().saturating_add(1);
            within(count, limits.ocsp_answers, "answers in one OCSP response")?;
            singles.push(Single::read(&single)?);
        }
        let Extensions { fault, nonce, .. } = Extensions::read(fields.optional(Tag::context(1))?)?;
        fields.finish()?;
        let basic = basic.to_vec();
        Ok(Self { responder, produced_at, singles, signed, basic, certificates, nonce, fault })
    }
}

impl Responder {
    fn read(value: &Value<'_>) -> Result<Self> {
        if value.tag() == Tag::context(1) {
            return Ok(Self::Name(Name::read(value.explicit()?.raw())?));
        }
        let hash = value.is(Tag::context(2))?.explicit()?.is(Tag::OCTET_STRING)?.octets()?;
        Ok(Self::Key(hash.into_owned()))
    }
}

impl Single {
    fn read(value: &Value<'_>) -> Result<Self> {
        let mut fields = value.sequence()?;
        let mut id = fields.expect(Tag::SEQUENCE)?.values()?;
        let digest = AlgorithmIdentifier::read(&id.required()?)?.algorithm;
        let issuer_name = id.expect(Tag::OCTET_STRING)?.octets()?.into_owned();
        let issuer_key = id.expect(Tag::OCTET_STRING)?.octets()?.into_owned();
        let serial = id.expect(Tag::INTEGER)?.integer()?.to_vec();
        id.finish()?;
        let status = SingleStatus::read(&fields.required()?)?;
        let this_update = fields.expect(Tag::GENERALIZED_TIME)?.time()?;
        let next_update = match fields.optional(Tag::context(0))? {
            Some(time) => Some(time.explicit()?.is(Tag::GENERALIZED_TIME)?.time()?),
            None => None,
        };
        let Extensions { fault, archive_cutoff, .. } =
            Extensions::read(fields.optional(Tag::context(1))?)?;
        fields.finish()?;
        Ok(Self {
            archive_cutoff,
            digest,
            issuer_name,
            issuer_key,
            serial,
            status,
            this_update,
            next_update,
            fault,
        })
    }
}

impl SingleStatus {
    /// `CHOICE { good [0] NULL, revoked [1] RevokedInfo, unknown [2] NULL }`, implicit.
    fn read(value: &Value<'_>) -> Result<Self> {
        if value.tag() == Tag::context(0) {
            return Ok(Self::Good);
        }
        if value.tag() == Tag::context(2) {
            return Ok(Self::Unknown);
        }
        let mut fields = value.is(Tag::context(1))?.values()?;
        let revoked_at = fields.expect(Tag::GENERALIZED_TIME)?.time()?;
        let reason = match fields.optional(Tag::context(0))? {
            Some(reason) => Some(Reason::read(&reason.explicit()?.is(Tag::ENUMERATED)?)?),
            None => None,
        };
        fields.finish()?;
        Ok(Self::Revoked(Entry { revoked_at, reason }))
    }
}

/// Certificates that cannot be read cannot have signed, and are left out.
fn read_certificates(value: &Value<'_>, limits: &Limits) -> Result<Vec<Certificate>> {
    let mut all = Vec::new();
    let mut values = value.explicit()?.sequence()?;
    while let Some(value) = values.next()? {
        within(
            all.len().saturating_add(1),
            limits.certificates,
            "certificates of an OCSP response",
        )?;
        match Certificate::from_der_within(value.raw(), limits) {
            Ok(certificate) => all.push(certificate),
            Err(error) if error.kind() == ErrorKind::LimitExceeded => return Err(error),
            Err(_) => {}
        }
    }
    Ok(all)
}

/// Extensions of an answer as a whole, or of what it says of one certificate.
#[derive(Default)]
struct Extensions {
    nonce: Option<Vec<u8>>,
    archive_cutoff: Option<UtcTime>,
    /// A critical one that is not understood.
    fault: Option<Unusable>,
}

impl Extensions {
    fn read(value: Option<Value<'_>>) -> Result<Self> {
        let mut read = Self::default();
        let Some(value) = value else { return Ok(read) };
        let mut extensions = value.explicit()?.sequence()?;
        while let Some(extension) = extensions.next()? {
            let Extension { oid, critical, value } = Extension::read(&extension)?;
            match oid.as_str() {
                NONCE => read.nonce = Some(octets_within(value)),
                ARCHIVE_CUTOFF => {
                    let time = Value::only(value, DEPTH)?.is(Tag::GENERALIZED_TIME)?.time()?;
                    read.archive_cutoff = Some(time);
                }
                CRL_REFERENCE => {}
                _ if critical => read.fault = Some(Unusable::UnprocessedExtension { oid }),
                _ => {}
            }
        }
        Ok(read)
    }
}

/// RFC 9654 wraps the nonce in an OCTET STRING; some responders of old do not.
fn octets_within(value: &[u8]) -> Vec<u8> {
    let wrapped = Value::only(value, DEPTH).and_then(|it| it.is(Tag::OCTET_STRING));
    wrapped.map_or(value, |it| it.content()).to_vec()
}

/// The bits of the key, without tag, length and number of unused bits.
pub(super) fn key_bits(public_key_info: &[u8]) -> Option<&[u8]> {
    let mut fields = Value::only(public_key_info, DEPTH).ok()?.sequence().ok()?;
    fields.expect(Tag::SEQUENCE).ok()?;
    fields.expect(Tag::BIT_STRING).ok()?.whole_octet_bits().ok()
}

impl fmt::Debug for OcspResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OcspResponse({})", self.responder())
    }
}
