//! Telling the seals of a message from its files, once.
//!
//! Nobody's list names a seal, so whatever is taken for one stands outside of every list. It is
//! one only as [`Envelope::with_seal`] attaches it, then: by its name, in binary form, and with
//! nothing in it but what signatures consist of: certificates, CRLs, OCSP answers and time-stamp
//! tokens, each of which can be read as that. All else is a file.
//!
//! Nobody asks whose these are, or whether the signature needs them: in a field of a certificate
//! that somebody issued himself, octets of his choice may still stand. Nothing that looks for
//! certificates shows them, and a seal is nothing to open otherwise.

use std::collections::HashSet;

use super::content::{MOST, SealedContent};
use crate::envelope::edxml::{Attachment, Envelope};
use crate::error::{Error, Result};
use crate::limits::{Limits, within};
use crate::pki::{Certificate, Crl, OcspResponse};
use crate::signature::cms::{RevocationInfo, SignedData, SignerInfo};
use crate::signature::tsp::TimeStampToken;

/// Seals of one message: the sender's own, and perhaps one of each who passed it on.
pub(super) const SEALS: usize = 16;

/// What a seal is called: the first of these that is free.
pub(super) fn names() -> impl Iterator<Item = String> {
    let more = (2..=SEALS).map(|n| format!("edxml-seal-{n}.p7m"));
    std::iter::once("edxml-seal.p7m".to_owned()).chain(more)
}

/// The attachments of a message, told apart.
pub(crate) struct Parts<'a> {
    pub(crate) files: Vec<&'a Attachment>,
    pub(crate) seals: Vec<Seal<'a>>,
}

/// An attachment that is a seal, whatever it is worth.
pub(crate) struct Seal<'a> {
    pub(super) name: &'a str,
    pub(super) bytes: &'a [u8],
    /// What it signs.
    pub(super) list: SealedContent,
}

impl<'a> Parts<'a> {
    /// Files whose names are no seal's are not looked into.
    pub(crate) fn of(envelope: &'a Envelope, limits: &Limits) -> Self {
        let mut free: HashSet<String> = names().collect();
        let mut parts = Self { files: Vec::new(), seals: Vec::new() };
        for attachment in &envelope.attachments {
            let named = free.contains(&attachment.name);
            match Some(attachment).filter(|_| named).and_then(|it| Seal::read(it, limits)) {
                Some(seal) => {
                    // A second one of the same name would be another file to whoever looks.
                    free.remove(seal.name);
                    parts.seals.push(seal);
                }
                None => parts.files.push(attachment),
            }
        }
        parts
    }
}

impl<'a> Seal<'a> {
    fn read(attachment: &'a Attachment, limits: &Limits) -> Option<Self> {
        let bytes = attachment.bytes()?;
        let list = sealed_by(bytes, limits).ok()?;
        Some(Self { name: &attachment.name, bytes, list })
    }
}

/// What a CMS seals.
fn sealed_by(bytes: &[u8], limits: &Limits) -> Result<SealedContent> {
    let cms = SignedData::parse(bytes, limits)?;
    let content = cms.content().ok_or_else(|| Error::malformed("it holds no content"))?;
    let place = content.place();
    let size = usize::try_from(place.end.saturating_sub(place.start)).unwrap_or(usize::MAX);
    within(size, MOST, "bytes of what a seal signs")?;
    let list = SealedContent::read(&content.bytes()?)?;
    if hides_bytes(&cms, limits) {
        return Err(Error::malformed("it holds more than a seal"));
    }
    Ok(list)
}

/// Whether something is in it, or behind it, that is no part of a signature.
fn hides_bytes(cms: &SignedData<'_>, limits: &Limits) -> bool {
    let sound =
        |it: &Result<SignerInfo<'_>>| it.as_ref().is_ok_and(|it| has_time_stamps_alone(it, limits));
    !cms.trailing().is_empty()
        || !is_filled(cms)
        || !has_readable_material(cms, limits)
        || !cms.signers().iter().all(sound)
}

/// Whether all that stands beside signatures is what it stands there for. An OCSP responder that
/// refuses has said nothing.
fn has_readable_material(cms: &SignedData<'_>, limits: &Limits) -> bool {
    let certificate = |it: &&[u8]| Certificate::from_der_within(it, limits).is_ok();
    let info = |it: &RevocationInfo<'_>| match it {
        RevocationInfo::Crl(der) => Crl::from_der(*der, limits).is_ok(),
        RevocationInfo::OcspResponse(der) | RevocationInfo::BasicOcspResponse(der) => {
            OcspResponse::from_der(der, limits).is_ok_and(|it| it.produced_at().is_some())
        }
        RevocationInfo::Other(_) => false,
    };
    cms.certificates().len() == cms.certificate_choices().len()
        && cms.certificates().iter().all(certificate)
        && cms.revocation_infos().iter().all(info)
}

/// Octets of a CMS, for each signer and once more, that are in none of its fields that are
/// read: tags and lengths, version and the set of digests, which nothing is asked of.
const FRAME: usize = 64;

fn is_filled(cms: &SignedData<'_>) -> bool {
    let signed = cms.signers().iter().flatten().flat_map(|it| it.fields()).map(|it| it.raw());
    let unsigned = cms.signers().iter().flatten().flat_map(|it| it.unsigned_attributes().all());
    let sets = [cms.encapsulated_content_info(), cms.certificate_set(), cms.revocation_set()];
    let read = signed.chain(unsigned.map(|it| it.raw())).chain(sets);
    let read = read.fold(0_usize, |sum, it| sum.saturating_add(it.len()));
    let frames = FRAME.saturating_mul(cms.signers().len().saturating_add(1));
    cms.octets().len() <= read.saturating_add(frames)
}

/// Unsigned attributes are anybody's to add: those that a level adds are time-stamps.
fn has_time_stamps_alone(signer: &SignerInfo<'_>, limits: &Limits) -> bool {
    let attributes = signer.unsigned_attributes();
    let values = attributes.all().iter().map(|it| it.values().len());
    let all = values.fold(0_usize, usize::saturating_add);
    let token = |token: &[u8]| {
        TimeStampToken::from_der(token, limits).is_ok()
            && SignedData::parse(token, limits).is_ok_and(|it| has_readable_material(&it, limits))
    };
    attributes.time_stamps().filter(|(_, it)| token(it)).count() == all
}
