//! What signatures and their time-stamps hold, and whose certificates have to be validated
//! later. One for all formats.

use crate::error::{Error, ErrorKind, Result};
use crate::limits::{Limits, within};
use crate::pki::revocation::Kept;
use crate::pki::{Certificate, Crl, OcspResponse};
use crate::signature::cms::{RevocationInfo, SignedData, SignerInfo};
use crate::signature::pades::SecurityStore;
use crate::signature::tsp::TimeStampToken;
use crate::time::UtcTime;
use crate::validation::Needed;

/// What a signature and its time-stamps hold, and whose certificates have to be validated.
pub(super) struct Found<'a> {
    limits: &'a Limits,
    pub(super) pool: Vec<Certificate>,
    pub(super) known: Kept,
    pub(super) needed: Vec<Needed>,
    /// Places in `needed` of those that were asked for since this was last emptied.
    pub(super) asked: Vec<usize>,
    /// Tokens that prove nothing, so that nothing about them is needed.
    without: &'a [Vec<u8>],
}

impl<'a> Found<'a> {
    pub(super) fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            pool: Vec::new(),
            known: Kept::default(),
            needed: Vec::new(),
            asked: Vec::new(),
            without: &[],
        }
    }

    /// Leaves these tokens out.
    pub(super) fn without(self, tokens: &'a [Vec<u8>]) -> Self {
        Self { without: tokens, ..self }
    }

    pub(super) fn leaves_out(&self, token: &[u8]) -> bool {
        self.without.iter().any(|it| it == token)
    }

    /// What cannot be read is of no use, and is left out.
    pub(super) fn take(&mut self, cms: &SignedData<'_>) -> Result<()> {
        for der in cms.certificates() {
            let read = readable(Certificate::from_der_within(der, self.limits))?;
            self.pool.extend(read.filter(|it| !self.pool.contains(it)));
            within(self.pool.len(), self.limits.certificates, "certificates of a signature")?;
        }
        for signer in cms.signers().iter().flatten() {
            self.know(&signer.revocation_values()?)?;
        }
        self.know(cms.revocation_infos())
    }

    fn know(&mut self, infos: &[RevocationInfo<'_>]) -> Result<()> {
        for info in infos {
            match info {
                RevocationInfo::Crl(der) => {
                    self.known.crls.extend(readable(Crl::from_der(*der, self.limits))?);
                }
                RevocationInfo::OcspResponse(der) | RevocationInfo::BasicOcspResponse(der) => {
                    let read = readable(OcspResponse::from_der(der, self.limits))?;
                    self.known.responses.extend(read);
                }
                RevocationInfo::Other(_) => {}
            }
        }
        Ok(())
    }

    /// What a PDF has in its document security store.
    pub(super) fn stored(&mut self, store: &SecurityStore) -> Result<()> {
        for it in &store.certificates {
            self.pool.extend(readable(Certificate::from_der_within(&it.der, self.limits))?);
        }
        for it in &store.crls {
            self.known.crls.extend(readable(Crl::from_der(it.der.as_slice(), self.limits))?);
        }
        for it in &store.responses {
            self.known.responses.extend(readable(OcspResponse::from_der(&it.der, self.limits))?);
        }
        Ok(())
    }

    /// The signer, its time-stamps, and those who countersigned it. `stamped` is the time of
    /// the first time-stamp over it that is none of its own attributes.
    pub(super) fn signer(
        &mut self,
        signer: &SignerInfo<'_>,
        stamped: Option<UtcTime>,
    ) -> Result<()> {
        let mut open = vec![signer.clone()];
        while let Some(signer) = open.pop() {
            let unsigned = signer.unsigned_attributes();
            let signed = signer.signed_attributes().into_iter();
            let over_content: Vec<_> = signed.flat_map(|it| it.content_time_stamps()).collect();
            let over_value = unsigned.time_stamps().map(|(_, der)| der);
            let holds = |it: &&[u8]| !self.leaves_out(it);
            let over_value: Vec<_> = over_value.filter(holds).collect();
            let all: Vec<_> = over_content.iter().chain(&over_value).copied().collect();
            all.iter().try_for_each(|der| self.take(&SignedData::parse(der, self.limits)?))?;
            // One over the content is older than the signature, and says nothing of it.
            let times: Result<Vec<_>> = over_value.iter().map(|der| self.time(der)).collect();
            self.need(&signer, times?.into_iter().chain(stamped).min())?;
            all.iter().try_for_each(|der| self.token(der))?;
            open.extend(unsigned.countersignatures(self.limits)?.into_iter().flatten());
        }
        Ok(())
    }

    pub(super) fn time(&self, token: &[u8]) -> Result<UtcTime> {
        Ok(TimeStampToken::from_der(token, self.limits)?.time())
    }

    pub(super) fn token(&mut self, der: &[u8]) -> Result<()> {
        if self.leaves_out(der) {
            return Ok(());
        }
        let at = self.time(der)?;
        match SignedData::parse(der, self.limits)?.signers() {
            [Ok(signer)] => self.need(signer, Some(at)),
            _ => Err(Error::malformed("a time-stamp token has not exactly one signer")),
        }
    }

    fn need(&mut self, signer: &SignerInfo<'_>, used: Option<UtcTime>) -> Result<()> {
        let certificate = self.certificate(signer).ok_or_else(|| {
            Error::misuse("the certificate of a signer or of a time-stamp authority is missing")
        })?;
        self.need_certificate(certificate, used);
        Ok(())
    }

    /// The certificate of who signed, and when at the latest.
    pub(super) fn need_certificate(&mut self, certificate: Certificate, used: Option<UtcTime>) {
        let place = self.needed.iter().position(|it| it.certificate == certificate);
        self.asked.push(place.unwrap_or(self.needed.len()));
        match place.and_then(|it| self.needed.get_mut(it)) {
            // The strictest use counts, which is the latest.
            Some(known) => known.used = known.used.zip(used).map(|(a, b)| a.max(b)),
            None => self.needed.push(Needed { certificate, used }),
        }
    }

    /// By the signed reference, or else by the identifier.
    pub(super) fn certificate(&self, signer: &SignerInfo<'_>) -> Option<Certificate> {
        let references: Vec<_> = signer
            .signed_attributes()
            .map(|it| [it.signing_certificate_v2(), it.signing_certificate()])
            .into_iter()
            .flatten()
            .filter_map(|it| it.ok().flatten()?.signer().cloned())
            .collect();
        let named = |it: &&Certificate| {
            !references.is_empty()
                && references.iter().all(|one| one.digest_matches(it) == Some(true))
        };
        self.pool.iter().find(named).or_else(|| signer.find_certificate(&self.pool)).cloned()
    }
}

fn readable<T>(read: Result<T>) -> Result<Option<T>> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error) if error.kind() == ErrorKind::LimitExceeded => Err(error),
        Err(_) => Ok(None),
    }
}
