//! Revocation information that came with a signature. Nobody is believed here.

use std::collections::HashSet;

use crate::error::{ErrorKind, Result};
use crate::limits::{Limits, within};
use crate::pki::{Crl, OcspResponse};
use crate::signature::cms::{RevocationInfo, SignedData, SignerInfo};
use crate::signature::pades::SecurityStore;
use crate::validation::facts::{Known, RevocationFacts};
use crate::validation::poe::ObjectId;

/// The `crls` of the CMS (RFC 5652 §10.2.1).
pub(super) fn of_cms(cms: &SignedData<'_>, limits: &Limits) -> Result<RevocationFacts> {
    let mut found = RevocationFacts::default();
    cms.revocation_infos().iter().try_for_each(|it| found.add(it, limits))?;
    Ok(found)
}

/// What stands in the attributes of one signer.
pub(super) fn of_signer(signer: &SignerInfo<'_>, limits: &Limits) -> Result<RevocationFacts> {
    let mut found = RevocationFacts::default();
    signer.revocation_values()?.iter().try_for_each(|it| found.add(it, limits))?;
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
    fn add(&mut self, info: &RevocationInfo<'_>, limits: &Limits) -> Result<()> {
        match info {
            RevocationInfo::Crl(der) => self.add_crl(der, limits),
            RevocationInfo::OcspResponse(der) | RevocationInfo::BasicOcspResponse(der) => {
                self.add_response(der, limits)
            }
            RevocationInfo::Other(_) => Ok(()),
        }
    }

    /// What stands beside the time-stamps of an evidence record.
    pub(super) fn add_all(
        &mut self,
        crls: &[impl AsRef<[u8]>],
        responses: &[impl AsRef<[u8]>],
        limits: &Limits,
    ) -> Result<()> {
        crls.iter().try_for_each(|it| self.add_crl(it.as_ref(), limits))?;
        responses.iter().try_for_each(|it| self.add_response(it.as_ref(), limits))
    }

    pub(super) fn add_crl(&mut self, der: &[u8], limits: &Limits) -> Result<()> {
        if let Some(item) = readable(Crl::from_der(der, limits))? {
            self.crls.push(Known { id: ObjectId::of(item.der()), item });
        }
        self.is_within(limits)
    }

    pub(super) fn add_response(&mut self, der: &[u8], limits: &Limits) -> Result<()> {
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
