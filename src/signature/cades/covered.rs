//! What a time-stamp of a CAdES signature proves to have existed (EN 319 102-1 §5.6.2.3),
//! provided that it is over what it should be.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use der::asn1::ObjectIdentifier;

use crate::crypto::DigestAlgorithm;
use crate::encoding::asn1::{Tag, Value};
use crate::error::{ErrorKind, Result};
use crate::limits::Limits;
use crate::signature::cms::oids::{CERTIFICATE_VALUES, REVOCATION_VALUES};
use crate::signature::cms::{RevocationInfo, SignedData};

/// What is under one time-stamp.
#[derive(Debug, Default)]
pub(crate) struct Covered<'a> {
    /// Content and signed attributes are digested anew; otherwise they are only as good
    /// as the signature's own digest.
    #[allow(dead_code, reason = "asked when the signature's own digest is too weak")]
    pub(crate) signed_data: bool,
    /// The signature value.
    pub(crate) signature: Option<&'a [u8]>,
    /// Elements of `SignedData.certificates`, as they stand.
    pub(crate) certificates: Vec<&'a [u8]>,
    /// Elements of `SignedData.crls`.
    pub(crate) revocation_infos: Vec<RevocationInfo<'a>>,
    /// Values of unsigned attributes, other time-stamps among them.
    pub(crate) attributes: Vec<(ObjectIdentifier, Value<'a>)>,
    /// Where there is an index of digests.
    pub(crate) index: Option<Index>,
}

/// The index of digests of an archive-time-stamp-v3 (EN 319 122-1 §5.5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Index {
    /// What it digests by; nothing for a digest that this crate cannot compute.
    pub(crate) algorithm: Option<DigestAlgorithm>,
    /// Whether there is something for each of its entries. Where not, something was taken
    /// away or changed, the standard calls the index invalid, and nothing is covered.
    pub(crate) holds: bool,
}

impl<'a> Covered<'a> {
    /// Bytes of all of it.
    pub(super) fn len(&self) -> usize {
        let certificates = self.certificates.iter().map(|it| it.len());
        let infos = self.revocation_infos.iter().map(|it| octets(it).len());
        let attributes = self.attributes.iter().map(|(_, value)| value.raw().len());
        certificates.chain(infos).chain(attributes).fold(0, usize::saturating_add)
    }

    /// Lends the octets of all that is covered: the signature value, certificates, CRLs
    /// and OCSP responses, time-stamp tokens, and the certificates and revocation
    /// information within those tokens and within attributes.
    ///
    /// # Errors
    /// `LimitExceeded` when a token is over one of `limits`.
    pub(crate) fn for_each(&self, limits: &Limits, each: &mut impl FnMut(&'a [u8])) -> Result<()> {
        self.signature.into_iter().for_each(&mut *each);
        self.certificates.iter().for_each(|it| each(it));
        self.revocation_infos.iter().for_each(|it| each(octets(it)));
        for (oid, value) in &self.attributes {
            each(value.raw());
            match *oid {
                CERTIFICATE_VALUES | REVOCATION_VALUES => within_values(value, each),
                _ => within_token(value, limits, each)?,
            }
        }
        Ok(())
    }
}

fn octets<'a>(info: &RevocationInfo<'a>) -> &'a [u8] {
    match info {
        RevocationInfo::Crl(der)
        | RevocationInfo::OcspResponse(der)
        | RevocationInfo::BasicOcspResponse(der)
        | RevocationInfo::Other(der) => der,
    }
}

/// Certificates side by side, or CRLs and OCSP responses in lists of their own under
/// explicit tags (EN 319 122-1 Annex A.1.1.2 and A.1.2.2). What is neither says nothing.
fn within_values<'a>(value: &Value<'a>, each: &mut impl FnMut(&'a [u8])) {
    let Ok(mut fields) = value.sequence() else { return };
    while let Ok(Some(field)) = fields.next() {
        if field.tag() == Tag::SEQUENCE {
            each(field.raw());
            continue;
        }
        let Ok(mut list) = field.explicit().and_then(|it| it.sequence()) else { continue };
        while let Ok(Some(one)) = list.next() {
            each(one.raw());
        }
    }
}

/// A token is covered whole; what is no token says nothing more.
fn within_token<'a>(
    value: &Value<'a>,
    limits: &Limits,
    each: &mut impl FnMut(&'a [u8]),
) -> Result<()> {
    match SignedData::parse(value.raw(), limits) {
        Ok(token) => {
            token.certificates().iter().for_each(|it| each(it));
            token.revocation_infos().iter().for_each(|it| each(octets(it)));
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::LimitExceeded => Err(error),
        Err(_) => Ok(()),
    }
}
