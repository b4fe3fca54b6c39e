//! Revocation information that came with a signature. Nobody is believed here.

use std::collections::HashSet;

use crate::encoding::asn1::{Tag, Value};
use crate::error::{ErrorKind, Result};
use crate::limits::{Limits, within};
use crate::pki::{Crl, OcspResponse};
use crate::signature::cms::{RevocationInfo, SignedData, SignerInfo, oids};
use crate::signature::pades::SecurityStore;
use crate::validation::facts::{Known, RevocationFacts};
use crate::validation::poe::ObjectId;

/// The `crls` of the CMS (RFC 5652 §10.2.1).
pub(super) fn of_cms(cms: &SignedData<'_>, limits: &Limits) -> Result<RevocationFacts> {
    let mut found = RevocationFacts::default();
    for info in cms.revocation_infos() {
        match info {
            RevocationInfo::Crl(der) => found.add_crl(der, limits)?,
            RevocationInfo::OcspResponse(der) | RevocationInfo::BasicOcspResponse(der) => {
                found.add_response(der, limits)?;
            }
            RevocationInfo::Other(_) => {}
        }
    }
    Ok(found)
}

/// What stands in the attributes of one signer: the revocation values (EN 319 122-1 Annex
/// A.1.2.2), and Adobe's archive of them (ISO 32000-1 §12.8.3.3.2), which is signed.
pub(super) fn of_signer(signer: &SignerInfo<'_>, limits: &Limits) -> Result<RevocationFacts> {
    let mut found = RevocationFacts::default();
    let unsigned = signer.unsigned_attributes().values(oids::REVOCATION_VALUES);
    let signed = signer.signed_attributes().into_iter();
    for value in unsigned.chain(signed.flat_map(|it| it.revocation_archive())) {
        // Its size is bounded with the CMS; that it is broken helps nobody.
        match found.add_values(&value, limits) {
            Err(error) if error.kind() == ErrorKind::LimitExceeded => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(found)
}

/// EN 319 142-1 §5.4.2.
pub(super) fn of_store(store: &SecurityStore, limits: &Limits) -> Result<RevocationFacts> {
    let mut found = RevocationFacts::default();
    // What stands in several revisions is the same once.
    let mut seen = HashSet::new();
    for stored in store.crls.iter().filter(|it| seen.insert(it.der.as_slice())) {
        found.add_crl(&stored.der, limits)?;
    }
    for stored in store.responses.iter().filter(|it| seen.insert(it.der.as_slice())) {
        found.add_response(&stored.der, limits)?;
    }
    Ok(found)
}

impl RevocationFacts {
    /// `SEQUENCE { crlVals [0] SEQUENCE OF CertificateList, ocspVals [1] SEQUENCE OF
    /// BasicOCSPResponse, … }`; Adobe's has whole OCSPResponses.
    fn add_values(&mut self, value: &Value<'_>, limits: &Limits) -> Result<()> {
        let mut fields = value.sequence()?;
        if let Some(crls) = fields.optional(Tag::context(0))? {
            let mut crls = crls.explicit()?.sequence()?;
            while let Some(crl) = crls.next()? {
                self.add_crl(crl.raw(), limits)?;
            }
        }
        if let Some(responses) = fields.optional(Tag::context(1))? {
            let mut responses = responses.explicit()?.sequence()?;
            while let Some(response) = responses.next()? {
                self.add_response(response.raw(), limits)?;
            }
        }
        Ok(())
    }

    fn add_crl(&mut self, der: &[u8], limits: &Limits) -> Result<()> {
        if let Some(item) = readable(Crl::from_der(der, limits))? {
            self.crls.push(Known { id: ObjectId::of(item.der()), item });
        }
        self.is_within(limits)
    }

    fn add_response(&mut self, der: &[u8], limits: &Limits) -> Result<()> {
        if let Some(item) = readable(OcspResponse::from_der(der, limits))? {
            self.responses.push(Known { id: ObjectId::of(item.der()), item });
        }
        self.is_within(limits)
    }

    fn is_within(&self, limits: &Limits) -> Result<()> {
        let count = self.crls.len().saturating_add(self.responses.len());
        within(count, limits.cms_revocation_infos, "CRLs and OCSP responses of a signature")
    }
}

/// What cannot be read says nothing, and is left out.
fn readable<T>(read: Result<T>) -> Result<Option<T>> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error) if error.kind() == ErrorKind::LimitExceeded => Err(error),
        Err(_) => Ok(None),
    }
}
