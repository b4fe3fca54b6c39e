//! Adding around finished signatures: certificates, revocation information and unsigned
//! attributes. Whatever is there stays as it stands, BER or DER, so that signatures and
//! time-stamps over it stay what they are.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use der::asn1::ObjectIdentifier;

use super::oids::{OCSP_BASIC, OCSP_RESPONSE};
use crate::crypto::DigestAlgorithm;
use crate::encoding::asn1::writer::{INTEGER, OID, SEQUENCE, SET, constructed, tlv};
use crate::encoding::asn1::{Tag, Value, to_der};
use crate::error::{Error, Result};
use crate::limits::Limits;

/// What is added to a CMS.
#[derive(Debug, Default)]
pub(crate) struct Additions {
    /// In DER.
    pub(crate) certificates: Vec<Vec<u8>>,
    /// `RevocationInfoChoice`, in DER.
    pub(crate) revocation_infos: Vec<Vec<u8>>,
    pub(crate) digest_algorithms: Vec<DigestAlgorithm>,
    /// Unsigned attributes, in DER, each with the place of its signer.
    pub(crate) attributes: Vec<(usize, Vec<u8>)>,
}

/// `Attribute` with one value (RFC 5652 §5.3).
pub(crate) fn attribute(kind: ObjectIdentifier, value: &[u8]) -> Vec<u8> {
    tlv(SEQUENCE, &[&tlv(OID, &[kind.as_bytes()]), &tlv(SET, &[value])])
}

/// An OCSP response as one of the `crls` (RFC 5940 §2.1), or one that lacks its envelope
/// (EN 319 122-1 §5.4.2.2).
///
/// # Errors
/// `Malformed` when it is neither.
pub(crate) fn ocsp_choice(der: &[u8]) -> Result<Vec<u8>> {
    let first = Value::only(der, Limits::default().asn1_depth)?.sequence()?.required()?;
    let format = if first.tag() == Tag::ENUMERATED { OCSP_RESPONSE } else { OCSP_BASIC };
    Ok(tlv(constructed(1), &[&tlv(OID, &[format.as_bytes()]), der]))
}

/// The CMS with all of it. What is there already is not added again.
///
/// # Errors
/// `Malformed` when it is no `SignedData`; `Misuse` when it has no such signer.
pub(crate) fn add(existing: &[u8], additions: Additions, limits: &Limits) -> Result<Vec<u8>> {
    let mut info = Value::only(existing, limits.asn1_depth)?.sequence()?;
    let kind = info.expect(Tag::OID)?.raw();
    let mut fields = info.expect(Tag::context(0))?.explicit()?.sequence()?;
    let version = fields.expect(Tag::INTEGER)?;
    let mut digests = Elements::read(Some(fields.expect(Tag::SET)?))?;
    let content = fields.expect(Tag::SEQUENCE)?.raw();
    let mut certificates = Elements::read(fields.optional(Tag::context(0))?)?;
    let mut infos = Elements::read(fields.optional(Tag::context(1))?)?;
    let mut signers = Elements::read(Some(fields.expect(Tag::SET)?))?;
    fields.finish()?;

    for algorithm in additions.digest_algorithms {
        if !names(&digests, algorithm) {
            digests.add(to_der(&algorithm.identifier())?);
        }
    }
    additions.certificates.into_iter().for_each(|it| certificates.add(it));
    additions.revocation_infos.into_iter().for_each(|it| infos.add(it));
    for (n, attribute) in additions.attributes {
        signers.replace(n, |signer| with_attribute(signer, attribute, limits))?;
    }
    // RFC 5652 §5.1: five where revocation information of other formats is there.
    let five = infos.0.iter().any(|it| it.first() == Some(&constructed(1)));
    let five = five.then(|| vec![INTEGER, 1, 5]);
    let version = five.unwrap_or_else(|| version.raw().to_vec());
    let (digests, signers) = (digests.written(SET), signers.written(SET));
    let (certificates, infos) =
        (certificates.unless_empty(constructed(0)), infos.unless_empty(constructed(1)));
    let data = tlv(SEQUENCE, &[&version, &digests, content, &certificates, &infos, &signers]);
    Ok(tlv(SEQUENCE, &[kind, &tlv(constructed(0), &[&data])]))
}

/// The signer with one unsigned attribute more.
fn with_attribute(signer: &[u8], attribute: Vec<u8>, limits: &Limits) -> Result<Vec<u8>> {
    let mut fields = Value::only(signer, limits.asn1_depth)?.sequence()?;
    let (mut before, mut unsigned) = (Vec::new(), None);
    // The [1] of unsigned attributes is the last field, and no other has that tag.
    while let Some(field) = fields.next()? {
        if field.tag() == Tag::context(1) {
            unsigned = Some(field);
        } else {
            before.push(field.raw());
        }
    }
    let mut unsigned = Elements::read(unsigned)?;
    unsigned.insert(attribute);
    Ok(tlv(SEQUENCE, &[&before.concat(), &unsigned.written(constructed(1))]))
}

/// Whether the digest is named, whatever its parameters.
fn names(digests: &Elements, algorithm: DigestAlgorithm) -> bool {
    let oid = tlv(OID, &[algorithm.oid().as_bytes()]);
    digests.0.iter().any(|it| it.windows(oid.len()).any(|window| window == oid))
}

/// The elements of a SET as they stand.
struct Elements(Vec<Vec<u8>>);

impl Elements {
    fn read(set: Option<Value<'_>>) -> Result<Self> {
        let mut found = Vec::new();
        if let Some(set) = set {
            let mut values = set.values()?;
            while let Some(value) = values.next()? {
                found.push(value.raw().to_vec());
            }
        }
        Ok(Self(found))
    }

    /// Unless it is there.
    fn add(&mut self, element: Vec<u8>) {
        if !self.0.contains(&element) {
            self.insert(element);
        }
    }

    /// Where DER wants it, if the others stand so; otherwise behind them. Never between
    /// two of them that would change places.
    fn insert(&mut self, element: Vec<u8>) {
        let at = match self.0.is_sorted() {
            true => self.0.partition_point(|it| *it < element),
            false => self.0.len(),
        };
        self.0.insert(at, element);
    }

    fn replace(&mut self, n: usize, change: impl FnOnce(&[u8]) -> Result<Vec<u8>>) -> Result<()> {
        let element = self.0.get_mut(n).ok_or_else(|| Error::misuse("there is no such signer"))?;
        *element = change(element)?;
        Ok(())
    }

    fn written(&self, tag: u8) -> Vec<u8> {
        tlv(tag, &[&self.0.concat()])
    }

    fn unless_empty(&self, tag: u8) -> Vec<u8> {
        if self.0.is_empty() { Vec::new() } else { self.written(tag) }
    }
}
