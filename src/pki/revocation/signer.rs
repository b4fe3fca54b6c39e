//! Who may speak about a certificate: its issuer, whom that one charged with it, or who
//! else has the name of a list's issuer below the same anchor (RFC 5280 §6.3.3 (f) and (g),
//! RFC 6960 §4.2.2.2).

use super::check::Checker;
use super::crl::Crl;
use super::fault::Unusable;
use super::material::Material;
use super::ocsp::OcspResponse;
use super::word::{Evidence, Status};
use crate::error::Result;
use crate::pki::path::{Issuers, PathFinder, Search, ValidatedPath};
use crate::pki::x509::Name;
use crate::pki::{Certificate, PathRequirements, TrustAnchor, TrustStore};

/// Who issued a certificate.
#[derive(Clone, Copy)]
pub(super) struct Issuer<'a> {
    pub(super) name: &'a Name,
    pub(super) public_key_info: &'a [u8],
    /// Whether its key may sign lists.
    signs_lists: bool,
    anchor: &'a TrustAnchor,
}

/// A list signed by another certificate asks for that one's status, and so on.
const DEPTH: usize = 4;

impl Checker<'_> {
    /// RFC 6960 §4.2.2.2: signed by the certificate's issuer, or by one whom the same key
    /// certified for that.
    pub(super) fn is_of_responder(
        &self,
        response: &OcspResponse,
        issuer: Issuer<'_>,
        open: &mut Vec<Certificate>,
    ) -> Result<Result<Vec<Material>, Unusable>> {
        let evidence = || Evidence::Ocsp(response.clone());
        let made =
            |key: &[u8]| Material::of_evidence(evidence(), response.algorithm(), key, self.at);
        let mut why = Unusable::NoSigner;
        if response.is_from(issuer.name, issuer.public_key_info) {
            match response.check_signature(issuer.public_key_info, self.spent, self.limits)? {
                None => return Ok(Ok(vec![made(issuer.public_key_info)])),
                Some(fault) => why = fault,
            }
        }
        let gathered = self.gathered();
        let signers = response.certificates().iter().chain(self.candidates).chain(&gathered);
        for signer in signers {
            let key = signer.public_key_info();
            if key == issuer.public_key_info || !response.is_from(signer.subject_name(), key) {
                continue;
            }
            why = match response.check_signature(key, self.spent, self.limits)? {
                Some(fault) => fault,
                None => match self.may_answer(signer, issuer, open)? {
                    Ok(above) => return Ok(Ok([vec![made(key)], above].concat())),
                    Err(fault) => fault,
                },
            };
        }
        Ok(Err(why))
    }

    fn may_answer(
        &self,
        signer: &Certificate,
        issuer: Issuer<'_>,
        open: &mut Vec<Certificate>,
    ) -> Result<Result<Vec<Material>, Unusable>> {
        if !is_for_ocsp(signer) {
            return Ok(Err(Unusable::NotAuthorised));
        }
        // Directly below the issuer, whose own path holds already.
        let issuer = TrustAnchor::new(issuer.name.der(), issuer.public_key_info)?;
        let trust: TrustStore = [issuer].into_iter().collect();
        match self.find(signer, &trust, &[], None)? {
            Search::NotFound(_) => Ok(Err(Unusable::NotAuthorised)),
            Search::Found(path) if signer.extension(OCSP_NO_CHECK).is_some() => {
                Ok(Ok(Material::of_path(&path, self.at)))
            }
            Search::Found(path) => self.none_revoked(&path, open),
        }
    }

    /// §6.3.3 (f) and (g): signed by the certificate's issuer, or by who else has the name
    /// of the list's issuer below the same anchor.
    pub(super) fn is_of_issuer(
        &self,
        crl: &Crl,
        certificate: &Certificate,
        issuer: Issuer<'_>,
        open: &mut Vec<Certificate>,
    ) -> Result<Result<Vec<Material>, Unusable>> {
        let mut why = Unusable::NoSigner;
        let made = |key: &[u8]| {
            Material::of_evidence(Evidence::Crl(crl.clone()), Some(crl.algorithm()), key, self.at)
        };
        let name = crl.issuer_name();
        let mut keys = Vec::new();
        if certificate.issuer_name().matches(name) {
            keys.push((issuer.public_key_info, issuer.signs_lists));
        }
        let anchor = issuer.anchor;
        if anchor.subject_name().matches(name) {
            keys.push((anchor.public_key_info(), anchor_signs_lists(anchor)));
        }
        for (key, allowed) in keys {
            match crl.check_signature(key, self.spent, self.limits)? {
                None if allowed => return Ok(Ok(vec![made(key)])),
                None => why = Unusable::NotAuthorised,
                Some(fault) => why = fault,
            }
        }
        let gathered = self.gathered();
        let signers = self.candidates.iter().chain(&gathered);
        for signer in signers.filter(|it| it.subject_name().matches(name)) {
            let key = signer.public_key_info();
            match crl.check_signature(key, self.spent, self.limits)? {
                Some(fault) => {
                    if why == Unusable::NoSigner {
                        why = fault;
                    }
                }
                None => match self.may_sign_lists(signer, anchor, open)? {
                    Ok(above) => return Ok(Ok([vec![made(key)], above].concat())),
                    Err(fault) => why = fault,
                },
            }
        }
        Ok(Err(why))
    }

    /// Whether another certificate than the issuer's may sign lists: it says so, a path
    /// leads to it from the same anchor, and none of that path is revoked.
    fn may_sign_lists(
        &self,
        signer: &Certificate,
        anchor: &TrustAnchor,
        open: &mut Vec<Certificate>,
    ) -> Result<Result<Vec<Material>, Unusable>> {
        if signer.key_usage().is_some_and(|usage| !usage.crl_sign) {
            return Ok(Err(Unusable::NotAuthorised));
        }
        let trust: TrustStore = [anchor.clone()].into_iter().collect();
        let issuers = self.gathering.map(|it| it as &dyn Issuers);
        match self.find(signer, &trust, self.candidates, issuers)? {
            Search::NotFound(_) => Ok(Err(Unusable::NoSigner)),
            Search::Found(path) => self.none_revoked(&path, open),
        }
    }

    /// Certificates that came from elsewhere.
    fn gathered(&self) -> Vec<Certificate> {
        self.gathering.map(|it| it.certificates()).unwrap_or_default()
    }

    /// Nobody vouches for himself, nor for one above him.
    fn none_revoked(
        &self,
        path: &ValidatedPath,
        open: &mut Vec<Certificate>,
    ) -> Result<Result<Vec<Material>, Unusable>> {
        let circular = path.certificates().iter().any(|it| open.contains(it));
        if circular || open.len() > DEPTH {
            return Ok(Err(Unusable::SignerStatus));
        }
        let statuses = self.check_below(path, open)?;
        let good = statuses.iter().all(|it| matches!(it.status, Status::Good { .. }));
        Ok(if good { Ok(Material::of_path(path, self.at)) } else { Err(Unusable::SignerStatus) })
    }

    /// A path by which nothing is asked of the signer but what RFC 5280 asks.
    fn find(
        &self,
        signer: &Certificate,
        trust: &TrustStore,
        candidates: &[Certificate],
        issuers: Option<&dyn Issuers>,
    ) -> Result<Search> {
        let requirements = &PathRequirements::default();
        let Self { at, checks, limits, .. } = *self;
        PathFinder { trust, candidates, at, requirements, checks, check: None, issuers, limits }
            .find(signer)
    }
}

impl<'a> Issuer<'a> {
    pub(super) fn certificate(certificate: &'a Certificate, anchor: &'a TrustAnchor) -> Self {
        Self {
            name: certificate.subject_name(),
            public_key_info: certificate.public_key_info(),
            signs_lists: certificate.key_usage().is_none_or(|usage| usage.crl_sign),
            anchor,
        }
    }

    pub(super) fn anchor(anchor: &'a TrustAnchor) -> Self {
        let signs_lists = anchor_signs_lists(anchor);
        let (name, public_key_info) = (anchor.subject_name(), anchor.public_key_info());
        Self { name, public_key_info, signs_lists, anchor }
    }
}

/// As its certificate says, where there is one.
fn anchor_signs_lists(anchor: &TrustAnchor) -> bool {
    let usage = anchor.certificate().and_then(Certificate::key_usage);
    usage.is_none_or(|usage| usage.crl_sign)
}

/// RFC 6960 §4.2.2.2.1: the issuer vouches for it as long as it lives.
const OCSP_NO_CHECK: &str = "1.3.6.1.5.5.7.48.1.5";
const OCSP_SIGNING: &str = "1.3.6.1.5.5.7.3.9";

/// RFC 6960 §4.2.2.2: the extended key usage has to say so itself; "any" is not enough.
fn is_for_ocsp(certificate: &Certificate) -> bool {
    let usages = certificate.extended_key_usage().unwrap_or_default();
    usages.iter().any(|usage| usage == OCSP_SIGNING)
}
