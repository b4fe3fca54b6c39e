//! Making `SignedData` (RFC 5652 §5.1) with one signer, by EN 319 122-1 level B-B:
//! content-type, message-digest, signing-certificate-v2 (RFC 5035) and
//! CMSAlgorithmProtection (RFC 6211); signing-time where the format wants it.

use der::asn1::ObjectIdentifier;
use time::macros::format_description;

use super::edit::attribute;
use super::oids::{
    ALGORITHM_PROTECTION, CONTENT_TYPE, ID_DATA, ID_SIGNED_DATA, MESSAGE_DIGEST, MIME_TYPE,
    SIGNING_CERTIFICATE_V2, SIGNING_TIME,
};
use crate::crypto::{DigestAlgorithm, SignatureAlgorithm};
use crate::encoding::asn1::writer::{
    GENERALIZED_TIME, INTEGER, OCTET_STRING, OID, SEQUENCE, SET, UTC_TIME, UTF8_STRING,
};
use crate::encoding::asn1::writer::{constructed, header, set_of, tlv};
use crate::encoding::asn1::{Tag, Value, to_der};
use crate::error::{Error, Result};
use crate::keys::{SignatureValue, ToBeSigned};
use crate::limits::Limits;
use crate::pki::Certificate;
use crate::time::UtcTime;

/// What the signed attributes say.
pub(crate) struct SignedAttributes<'a> {
    /// Of what is signed; countersignatures must not say it (RFC 5652 §11.4).
    pub(crate) content_type: Option<ObjectIdentifier>,
    /// The digest of the content, by the digest of `algorithm`.
    pub(crate) message_digest: &'a [u8],
    pub(crate) algorithm: SignatureAlgorithm,
    /// The signer's.
    pub(crate) certificate: &'a Certificate,
    /// Claimed, not proven (EN 319 122-1 §5.2.1). PAdES keeps it out of the CMS.
    pub(crate) signing_time: Option<UtcTime>,
    /// EN 319 122-1 §5.2.4.2.
    pub(crate) mime_type: Option<&'a str>,
    /// By type and value, in DER.
    pub(crate) others: Vec<(ObjectIdentifier, Vec<u8>)>,
}

impl SignedAttributes<'_> {
    /// `SET OF Attribute` in DER: the bytes that are signed (RFC 5652 §5.4).
    pub(crate) fn to_der(&self) -> Result<Vec<u8>> {
        let mut attributes = vec![
            attribute(MESSAGE_DIGEST, &tlv(OCTET_STRING, &[self.message_digest])),
            attribute(SIGNING_CERTIFICATE_V2, &self.signing_certificate()),
            attribute(ALGORITHM_PROTECTION, &self.algorithm_protection()?),
        ];
        if let Some(kind) = self.content_type {
            attributes.push(attribute(CONTENT_TYPE, &object_identifier(kind)));
        }
        if let Some(at) = self.signing_time {
            attributes.push(attribute(SIGNING_TIME, &time(at)?));
        }
        if let Some(mime_type) = self.mime_type {
            attributes.push(attribute(MIME_TYPE, &tlv(UTF8_STRING, &[mime_type.as_bytes()])));
        }
        attributes.extend(self.others.iter().map(|(kind, value)| attribute(*kind, value)));
        Ok(set_of(SET, attributes))
    }

    /// `SigningCertificateV2` (RFC 5035 §3) with the one certificate, by SHA-256,
    /// which is the default and hence left out; without the optional issuerSerial,
    /// which adds nothing to the digest of the whole certificate.
    fn signing_certificate(&self) -> Vec<u8> {
        let digest = DigestAlgorithm::Sha256.digest(self.certificate.der());
        let certificate_id = tlv(SEQUENCE, &[&tlv(OCTET_STRING, &[digest.value()])]);
        tlv(SEQUENCE, &[&tlv(SEQUENCE, &[&certificate_id])])
    }

    /// `CMSAlgorithmProtection` (RFC 6211 §2): both algorithms once more, signed.
    fn algorithm_protection(&self) -> Result<Vec<u8>> {
        let digest = to_der(&self.algorithm.digest().identifier())?;
        let mut signature = to_der(&self.algorithm.identifier()?)?;
        // [1] IMPLICIT: the SEQUENCE's own tag gives way.
        if let Some(tag) = signature.first_mut() {
            *tag = constructed(1);
        }
        Ok(tlv(SEQUENCE, &[&digest, &signature]))
    }
}

/// Whether the CMS holds its content.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Encapsulation {
    Detached,
    /// The content has so many bytes and goes between head and tail.
    Enveloping {
        len: u64,
    },
}

/// A CMS around a content that is elsewhere; whole in `head` when detached.
pub(crate) struct Assembled {
    pub(crate) head: Vec<u8>,
    pub(crate) tail: Vec<u8>,
}

/// `ContentInfo` with `SignedData` (RFC 5652 §3, §5.1).
pub(crate) fn assemble(
    certificate_chain: &[Certificate],
    to_be_signed: &ToBeSigned,
    value: &SignatureValue,
    unsigned: &[Vec<u8>],
    encapsulation: Encapsulation,
) -> Result<Assembled> {
    let version = [INTEGER, 1, 1];
    let digest = to_der(&to_be_signed.algorithm().digest().identifier())?;
    let before = [version.to_vec(), set_of(SET, vec![digest])].concat();
    let certificates = certificate_chain.iter().map(|it| it.der().to_vec()).collect();
    let after = [
        set_of(constructed(0), certificates),
        set_of(SET, vec![signer_info(certificate_chain, to_be_signed, value, unsigned)?]),
    ]
    .concat();

    // From the inside out: each length is known once what it holds is.
    let content_type = object_identifier(ID_DATA);
    let (mut head, mut inner) = match encapsulation {
        Encapsulation::Detached => (tlv(SEQUENCE, &[&content_type]), 0),
        Encapsulation::Enveloping { len } => {
            let octets = header(OCTET_STRING, len);
            let explicit = header(constructed(0), sum(&[&octets], len));
            let length = sum(&[&content_type, &explicit, &octets], len);
            ([header(SEQUENCE, length), content_type, explicit, octets].concat(), len)
        }
    };
    head = [before, head].concat();
    inner = sum(&[&head, &after], inner);
    let signed_data = header(SEQUENCE, inner);
    inner = sum(&[&signed_data], inner);
    let explicit = header(constructed(0), inner);
    let kind = object_identifier(ID_SIGNED_DATA);
    let content_info = header(SEQUENCE, sum(&[&kind, &explicit], inner));
    head = [content_info, kind, explicit, signed_data, head].concat();
    Ok(match encapsulation {
        Encapsulation::Detached => Assembled { head: [head, after].concat(), tail: Vec::new() },
        Encapsulation::Enveloping { .. } => Assembled { head, tail: after },
    })
}

/// The detached CMS `existing` with one signer more. Every signer, certificate and CRL
/// in it stays as it stands, BER or DER, for their signatures to stay what they are.
pub(crate) fn join(
    existing: &[u8],
    certificate_chain: &[Certificate],
    to_be_signed: &ToBeSigned,
    value: &SignatureValue,
    unsigned: &[Vec<u8>],
) -> Result<Vec<u8>> {
    let mut info = Value::only(existing, Limits::default().asn1_depth)?.sequence()?;
    let kind = info.expect(Tag::OID)?.raw();
    let mut fields = info.expect(Tag::context(0))?.explicit()?.sequence()?;
    let version = fields.expect(Tag::INTEGER)?.raw();
    let mut digests = elements(Some(fields.expect(Tag::SET)?))?;
    let content = fields.expect(Tag::SEQUENCE)?.raw();
    let mut certificates = elements(fields.optional(Tag::context(0))?)?;
    let crls = fields.optional(Tag::context(1))?.map_or(&[][..], |it| it.raw());
    let mut signers = elements(Some(fields.expect(Tag::SET)?))?;
    fields.finish()?;

    add(&mut digests, to_der(&to_be_signed.algorithm().digest().identifier())?);
    certificate_chain.iter().for_each(|it| add(&mut certificates, it.der().to_vec()));
    signers.push(signer_info(certificate_chain, to_be_signed, value, unsigned)?);
    let (digests, signers) = (set_of(SET, digests), set_of(SET, signers));
    let certificates = set_of(constructed(0), certificates);
    let data = tlv(SEQUENCE, &[version, &digests, content, &certificates, crls, &signers]);
    Ok(tlv(SEQUENCE, &[kind, &tlv(constructed(0), &[&data])]))
}

/// The elements of a SET as they stand; none where it is left out.
fn elements(set: Option<Value<'_>>) -> Result<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    if let Some(set) = set {
        let mut values = set.values()?;
        while let Some(value) = values.next()? {
            found.push(value.raw().to_vec());
        }
    }
    Ok(found)
}

fn add(set: &mut Vec<Vec<u8>>, element: Vec<u8>) {
    if !set.contains(&element) {
        set.push(element);
    }
}

/// Bytes to keep for a CMS with these certificates and their signer's issuer once more;
/// `rest` is what else stands in it.
pub(crate) fn space_for(certificate_chain: &[Certificate], rest: usize) -> usize {
    let issuer = certificate_chain.first().map_or(0, |it| it.issuer_name().der().len());
    let certificates = certificate_chain.iter().map(|it| it.der().len());
    certificates.fold(issuer.saturating_add(rest), usize::saturating_add)
}

/// `SignerInfo` (RFC 5652 §5.3), version 1: the signer by issuer and serial number, with
/// these unsigned attributes.
pub(crate) fn signer_info(
    certificate_chain: &[Certificate],
    to_be_signed: &ToBeSigned,
    value: &SignatureValue,
    unsigned: &[Vec<u8>],
) -> Result<Vec<u8>> {
    let signer = certificate_chain
        .first()
        .ok_or_else(|| Error::misuse("a signature needs the signer's certificate"))?;
    let serial = tlv(INTEGER, &[signer.serial_octets()]);
    let algorithm = to_be_signed.algorithm();
    // [0] IMPLICIT SET OF: the SET's own tag, which is what was signed, gives way.
    let mut attributes = to_be_signed.bytes().to_vec();
    if let Some(tag) = attributes.first_mut() {
        *tag = constructed(0);
    }
    let unsigned = match unsigned {
        [] => Vec::new(),
        all => set_of(constructed(1), all.to_vec()),
    };
    Ok(tlv(
        SEQUENCE,
        &[
            &[INTEGER, 1, 1],
            &tlv(SEQUENCE, &[signer.issuer_name().der(), &serial]),
            &to_der(&algorithm.digest().identifier())?,
            &attributes,
            &to_der(&algorithm.identifier()?)?,
            &tlv(OCTET_STRING, &[value.bytes()]),
            &unsigned,
        ],
    ))
}

fn sum(parts: &[&Vec<u8>], more: u64) -> u64 {
    parts
        .iter()
        .fold(more, |sum, part| sum.saturating_add(u64::try_from(part.len()).unwrap_or(u64::MAX)))
}

fn object_identifier(oid: ObjectIdentifier) -> Vec<u8> {
    tlv(OID, &[oid.as_bytes()])
}

/// RFC 5652 §11.3: UTCTime from 1950 to 2049, otherwise GeneralizedTime; no fractions.
fn time(at: UtcTime) -> Result<Vec<u8>> {
    let at = at.datetime();
    let unwritable = |source| Error::misuse("this time cannot be written").because(source);
    if (1950..2050).contains(&at.year()) {
        let format = format_description!("[year repr:last_two][month][day][hour][minute][second]Z");
        Ok(tlv(UTC_TIME, &[at.format(&format).map_err(unwritable)?.as_bytes()]))
    } else {
        let format = format_description!("[year][month][day][hour][minute][second]Z");
        Ok(tlv(GENERALIZED_TIME, &[at.format(&format).map_err(unwritable)?.as_bytes()]))
    }
}
