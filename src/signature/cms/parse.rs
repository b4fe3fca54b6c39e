//! `SignedData` as it stands (RFC 5652 §5.1): everything is lent from the bytes that
//! came in, so that what is hashed later is what was there.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::borrow::Cow;
use std::ops::Range;

use der::asn1::ObjectIdentifier;

use super::oids::{ID_SIGNED_DATA, OCSP_BASIC, OCSP_RESPONSE};
use super::signer::SignerInfo;
use crate::encoding::asn1::{Tag, Value};
use crate::error::{Error, Result};
use crate::limits::{Limits, within};

/// `SignedData` (RFC 5652 §5.1), or the one of PKCS#7 1.5 (RFC 2315 §9.1).
///
/// A signer that is malformed does not hide the others: each is a result of its own.
#[derive(Debug)]
pub(crate) struct SignedData<'a> {
    encapsulated: Encapsulated<'a>,
    certificate_set: Option<Value<'a>>,
    certificate_choices: Vec<Value<'a>>,
    certificates: Vec<&'a [u8]>,
    revocation_set: Option<Value<'a>>,
    revocation_choices: Vec<Value<'a>>,
    revocation_infos: Vec<RevocationInfo<'a>>,
    signers: Vec<Result<SignerInfo<'a>>>,
    octets: &'a [u8],
    trailing: &'a [u8],
}

/// `EncapsulatedContentInfo` (RFC 5652 §5.2) and its parts.
#[derive(Debug, Clone, Copy)]
struct Encapsulated<'a> {
    whole: Value<'a>,
    kind: Value<'a>,
    content_type: ObjectIdentifier,
    content: Option<Content<'a>>,
}

/// What is signed, where the CMS holds it itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Content<'a>(Value<'a>);

/// One of the `crls` (RFC 5652 §10.2.1), as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RevocationInfo<'a> {
    /// `CertificateList` (RFC 5280 §5.1).
    Crl(&'a [u8]),
    /// `OCSPResponse` (RFC 5940 §2.1).
    OcspResponse(&'a [u8]),
    /// `BasicOCSPResponse` without its envelope, which EN 319 122-1 §5.5.3 knows too.
    BasicOcspResponse(&'a [u8]),
    /// Of another format.
    Other(&'a [u8]),
}

impl<'a> SignedData<'a> {
    /// Reads the `ContentInfo` that `bytes` begin with, BER or DER.
    ///
    /// # Errors
    /// `Malformed` when it is none, or when it cannot be told where its parts are;
    /// `Unsupported` for other content types; `LimitExceeded` over one of `limits`.
    pub(crate) fn parse(bytes: &'a [u8], limits: &Limits) -> Result<Self> {
        let (outer, trailing) = Value::first(bytes, limits.asn1_depth)?;
        let mut fields = outer.sequence()?;
        let kind = fields.expect(Tag::OID)?.oid()?;
        if kind != ID_SIGNED_DATA {
            return Err(Error::unsupported(format!("a CMS of content type {kind} is not signed")));
        }
        let signed_data = fields.expect(Tag::context(0))?.explicit()?;
        fields.finish()?;
        Self::read(&signed_data, limits)
            .map(|read| Self { octets: outer.raw(), trailing, ..read })
            .map_err(|error| error.in_element("SignedData"))
    }

    fn read(value: &Value<'a>, limits: &Limits) -> Result<Self> {
        let mut fields = value.sequence()?;
        // Neither decides anything: each signer names its own version and digest.
        fields.expect(Tag::INTEGER)?.small_integer()?;
        fields.expect(Tag::SET)?;
        let encapsulated = Encapsulated::read(&fields.required()?)?;
        let content = encapsulated.content.map_or(0, |it| it.0.raw().len());
        let around = value.raw().len().saturating_sub(content);
        within(around, limits.cms_bytes, "bytes of a CMS besides its content")?;
        let certificate_set = fields.optional(Tag::context(0))?;
        let certificate_choices =
            elements(certificate_set, limits.certificates, "certificates of a CMS")
                .map_err(|error| error.in_element("certificates"))?;
        let revocation_set = fields.optional(Tag::context(1))?;
        let limit = limits.cms_revocation_infos;
        let revocation_choices = elements(revocation_set, limit, "CRLs and OCSP answers of a CMS")
            .map_err(|error| error.in_element("crls"))?;
        let revocation_infos: Result<_> =
            revocation_choices.iter().map(RevocationInfo::read).collect();
        let signers = signers(&fields.expect(Tag::SET)?, limits)?;
        fields.finish()?;
        Ok(Self {
            encapsulated,
            certificate_set,
            certificates: x509_certificates(&certificate_choices),
            certificate_choices,
            revocation_set,
            revocation_choices,
            revocation_infos: revocation_infos.map_err(|error| error.in_element("crls"))?,
            signers,
            octets: &[],
            trailing: &[],
        })
    }

    /// `encapContentInfo` as it stands, content and all.
    pub(crate) fn encapsulated_content_info(&self) -> &'a [u8] {
        self.encapsulated.whole.raw()
    }

    /// `eContentType` as it stands, tag and length included.
    pub(crate) fn content_type_octets(&self) -> &'a [u8] {
        self.encapsulated.kind.raw()
    }

    /// The field `certificates` as it stands; empty where it is left out.
    pub(crate) fn certificate_set(&self) -> &'a [u8] {
        self.certificate_set.map_or(&[], |it| it.raw())
    }

    /// The elements of `certificates`, those besides X.509 among them.
    pub(crate) fn certificate_choices(&self) -> &[Value<'a>] {
        &self.certificate_choices
    }

    /// The field `crls` as it stands; empty where it is left out.
    pub(crate) fn revocation_set(&self) -> &'a [u8] {
        self.revocation_set.map_or(&[], |it| it.raw())
    }

    /// The elements of `crls`, in the order of [`revocation_infos`](Self::revocation_infos).
    pub(crate) fn revocation_choices(&self) -> &[Value<'a>] {
        &self.revocation_choices
    }

    /// `eContentType`.
    pub(crate) fn content_type(&self) -> ObjectIdentifier {
        self.encapsulated.content_type
    }

    /// Nothing where the signature is detached; a content without bytes is a content.
    pub(crate) fn content(&self) -> Option<Content<'a>> {
        self.encapsulated.content
    }

    /// X.509 certificates as they stand, in their order, not yet read.
    pub(crate) fn certificates(&self) -> &[&'a [u8]] {
        &self.certificates
    }

    /// CRLs and OCSP answers as they stand, in their order, not yet read.
    pub(crate) fn revocation_infos(&self) -> &[RevocationInfo<'a>] {
        &self.revocation_infos
    }

    /// The signers in their order; one that is malformed says so in its place.
    pub(crate) fn signers(&self) -> &[Result<SignerInfo<'a>>] {
        &self.signers
    }

    /// The `ContentInfo` as it stands.
    pub(crate) fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// What follows the `ContentInfo`: padding, in a PDF.
    pub(crate) fn trailing(&self) -> &'a [u8] {
        self.trailing
    }
}

impl<'a> Content<'a> {
    /// Lends what is hashed, piece by piece, as it stands.
    ///
    /// Content octets only: neither tag nor length is hashed, whether it is an OCTET
    /// STRING (RFC 5652 §5.4) or, in the PKCS#7 of old, anything else (§5.2.1).
    ///
    /// # Errors
    /// `Malformed` when the pieces of a constructed string are no strings.
    pub(crate) fn for_each_piece(&self, each: &mut impl FnMut(&'a [u8])) -> Result<()> {
        if self.is_octet_string() {
            return self.0.for_each_octets(each);
        }
        each(self.0.content());
        Ok(())
    }

    /// Where it stands in what was read, tag and length included.
    pub(crate) fn place(&self) -> Range<u64> {
        let size = u64::try_from(self.0.raw().len()).unwrap_or(u64::MAX);
        self.0.offset()..self.0.offset().saturating_add(size)
    }

    /// What is hashed, in one: lent where it stands in one piece.
    ///
    /// # Errors
    /// As [`for_each_piece`](Self::for_each_piece).
    pub(crate) fn bytes(&self) -> Result<Cow<'a, [u8]>> {
        if self.is_octet_string() { self.0.octets() } else { Ok(Cow::Borrowed(self.0.content())) }
    }

    /// Not so in PKCS#7 1.5, where the content may be of any type (RFC 5652 §5.2.1).
    fn is_octet_string(&self) -> bool {
        self.0.tag() == Tag::OCTET_STRING
    }
}

impl<'a> RevocationInfo<'a> {
    /// `RevocationInfoChoice ::= CHOICE { crl CertificateList, other [1] IMPLICIT SEQUENCE {
    /// otherRevInfoFormat OBJECT IDENTIFIER, otherRevInfo ANY } }`
    fn read(value: &Value<'a>) -> Result<Self> {
        if value.tag() == Tag::SEQUENCE {
            return Ok(Self::Crl(value.raw()));
        }
        if value.tag() != Tag::context(1) {
            return Ok(Self::Other(value.raw()));
        }
        let mut fields = value.values()?;
        let format = fields.expect(Tag::OID)?.oid()?;
        let info = fields.required()?;
        fields.finish()?;
        Ok(match format {
            OCSP_RESPONSE => Self::OcspResponse(info.raw()),
            OCSP_BASIC => Self::BasicOcspResponse(info.raw()),
            _ => Self::Other(value.raw()),
        })
    }
}

/// Of `CertificateChoices` (RFC 5652 §10.2.2) only X.509 certificates are lent: attribute
/// certificates and the PKCS#6 of old are stepped over.
fn x509_certificates<'a>(choices: &[Value<'a>]) -> Vec<&'a [u8]> {
    choices.iter().filter(|it| it.tag() == Tag::SEQUENCE).map(Value::raw).collect()
}

/// The elements of a SET that may be left out; more than `limit` of `what` is an error.
fn elements<'a>(set: Option<Value<'a>>, limit: usize, what: &str) -> Result<Vec<Value<'a>>> {
    let mut found = Vec::new();
    let Some(set) = set else { return Ok(found) };
    let mut values = set.values()?;
    while let Some(value) = values.next()? {
        within(found.len().saturating_add(1), limit, what)?;
        found.push(value);
    }
    Ok(found)
}

impl<'a> Encapsulated<'a> {
    fn read(whole: &Value<'a>) -> Result<Self> {
        let mut fields = whole.sequence()?;
        let kind = fields.expect(Tag::OID)?;
        let content = match fields.optional(Tag::context(0))? {
            Some(explicit) => Some(Content(explicit.explicit()?)),
            None => None,
        };
        fields.finish()?;
        Ok(Self { whole: *whole, kind, content_type: kind.oid()?, content })
    }
}

/// Each `SignerInfo` by itself: a broken one is an error in its own place.
fn signers<'a>(set: &Value<'a>, limits: &Limits) -> Result<Vec<Result<SignerInfo<'a>>>> {
    let mut signers = Vec::new();
    let mut values = set.values()?;
    loop {
        match values.next() {
            Ok(Some(value)) => {
                let count = signers.len().saturating_add(1);
                within(count, limits.cms_signers, "signers of a CMS")?;
                signers.push(SignerInfo::read(&value, limits));
            }
            Ok(None) => break,
            // Where this one ends cannot be told, hence not where a next one begins.
            Err(error) => {
                signers.push(Err(error));
                break;
            }
        }
    }
    bound_countersignatures(&signers, limits)?;
    Ok(signers)
}

/// Countersignatures count as signers, at whatever depth: to check one costs as much,
/// and they multiply where each is countersigned by many.
fn bound_countersignatures(signers: &[Result<SignerInfo<'_>>], limits: &Limits) -> Result<()> {
    let mut count = signers.len();
    let mut open: Vec<SignerInfo<'_>> = signers.iter().flatten().cloned().collect();
    while let Some(signer) = open.pop() {
        let found = signer.unsigned_attributes().countersignatures(limits)?;
        count = count.saturating_add(found.len());
        within(count, limits.cms_signers, "signers and countersignatures of a CMS")?;
        open.extend(found.into_iter().flatten());
    }
    Ok(())
}
