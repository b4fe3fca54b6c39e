//! What the lists and answers at hand say about each certificate of a path (RFC 5280 §6.3,
//! RFC 6960 §3.2). None of them is believed before its own signature leads to the same
//! anchor.

use super::crl::Crl;
use super::entries::Entry;
use super::fault::Unusable;
use super::ocsp::{OcspResponse, SingleStatus};
use super::reason::{Reason, Reasons};
use super::signed::Spent;
use crate::error::{ErrorKind, Result};
use crate::limits::Limits;
use crate::pki::path::{Checks, PathFinder, Search, ValidatedPath};
use crate::pki::x509::Name;
use crate::pki::{Certificate, PathRequirements, TrustAnchor, TrustStore};
use crate::time::UtcTime;

/// Asks lists and answers about the certificates of a path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Checker<'a> {
    pub(crate) crls: &'a [Crl],
    pub(crate) responses: &'a [OcspResponse],
    /// Certificates that may have signed them; none of them is trusted.
    pub(crate) candidates: &'a [Certificate],
    pub(crate) at: UtcTime,
    /// How many seconds old information may be; where nothing is said, it serves up to its
    /// nextUpdate.
    pub(crate) max_age: Option<u64>,
    pub(crate) checks: &'a Checks,
    pub(crate) spent: &'a Spent,
    pub(crate) limits: &'a Limits,
}

/// One certificate of a path.
#[derive(Debug, Clone)]
pub(crate) struct Checked {
    pub(crate) certificate: Certificate,
    pub(crate) status: Status,
    /// What was at hand for it and says nothing.
    pub(crate) tried: Vec<Tried>,
}

/// What is known about a certificate at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Status {
    Good { source: Source, this_update: UtcTime },
    Revoked { source: Source, this_update: UtcTime, at: UtcTime, reason: Option<Reason> },
    Unknown,
}

/// Which kind of information it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Crl,
    Ocsp,
}

/// A list or an answer that says nothing, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tried {
    pub(crate) source: Source,
    /// Who issued it.
    pub(crate) issuer: String,
    pub(crate) why: Unusable,
}

/// Who issued a certificate.
#[derive(Clone, Copy)]
struct Issuer<'a> {
    name: &'a Name,
    public_key_info: &'a [u8],
    /// Whether its key may sign lists.
    signs_lists: bool,
    anchor: &'a TrustAnchor,
}

/// What one list or answer says.
struct Word {
    source: Source,
    issuer: String,
    this_update: UtcTime,
    /// Nothing where it is not listed, or good.
    entry: Option<Entry>,
    reasons: Reasons,
    stale: Option<Unusable>,
}

/// Clocks of issuers that run ahead of the verifier's; OpenSSL allows as much.
const CLOCK_SKEW: i64 = 300;
/// A list signed by another certificate asks for that one's status, and so on.
const DEPTH: usize = 4;

impl Checker<'_> {
    /// Each certificate of the path from the end entity on; an anchor's own is not asked
    /// about.
    ///
    /// # Errors
    /// `LimitExceeded` when a bound was reached: then nothing is known.
    pub(crate) fn check(&self, path: &ValidatedPath) -> Result<Vec<Checked>> {
        self.check_below(path, &mut Vec::new())
    }

    /// `open` are the certificates whose status is being asked for: none of them vouches
    /// for itself.
    fn check_below(
        &self,
        path: &ValidatedPath,
        open: &mut Vec<Certificate>,
    ) -> Result<Vec<Checked>> {
        let anchor = path.anchor();
        let mut all = Vec::new();
        for (n, certificate) in path.certificates().iter().enumerate() {
            if anchor.is_of(certificate) {
                continue;
            }
            let issuer = match path.certificates().get(n.saturating_add(1)) {
                Some(issuer) => Issuer::certificate(issuer, anchor),
                None => Issuer::anchor(anchor),
            };
            open.push(certificate.clone());
            let checked = self.check_one(certificate, issuer, open);
            open.pop();
            all.push(checked?);
        }
        Ok(all)
    }

    fn check_one(
        &self,
        certificate: &Certificate,
        issuer: Issuer<'_>,
        open: &mut Vec<Certificate>,
    ) -> Result<Checked> {
        let mut words = Vec::new();
        let mut tried = Vec::new();
        for response in self.responses {
            match self.ask_responder(response, certificate, issuer, open)? {
                Ok(word) => words.push(word),
                Err(Unusable::OutOfScope) => {}
                Err(why) => {
                    let issuer = response.responder();
                    tried.push(Tried { source: Source::Ocsp, issuer, why });
                }
            }
        }
        for crl in self.crls {
            match self.ask_list(crl, certificate, issuer, open)? {
                Ok(word) => words.push(word),
                // Lists about others are no news where there are many.
                Err(Unusable::OutOfScope) if crl.issuer() != certificate.issuer() => {}
                Err(why) => tried.push(Tried { source: Source::Crl, issuer: crl.issuer(), why }),
            }
        }
        let (status, more) = self.conclude(&words);
        tried.extend(more);
        Ok(Checked { certificate: certificate.clone(), status, tried })
    }

    /// What a list says, once it is known to be its issuer's.
    fn ask_list(
        &self,
        crl: &Crl,
        certificate: &Certificate,
        issuer: Issuer<'_>,
        open: &mut Vec<Certificate>,
    ) -> Result<Result<Word, Unusable>> {
        let reasons = crl.reasons_for(certificate);
        if reasons == Reasons::NONE {
            return Ok(Err(Unusable::OutOfScope));
        }
        if let Some(fault) = crl.fault() {
            return Ok(Err(fault.clone()));
        }
        if let Err(why) = self.is_of_issuer(crl, certificate, issuer, open)? {
            return Ok(Err(why));
        }
        let entry = match crl.entry(certificate) {
            Ok(entry) => entry,
            Err(error) if error.kind() == ErrorKind::LimitExceeded => return Err(error),
            Err(error) => return Ok(Err(Unusable::Malformed { what: error.to_string() })),
        };
        let this_update = crl.this_update();
        Ok(Ok(Word {
            source: Source::Crl,
            issuer: crl.issuer(),
            this_update,
            entry,
            reasons,
            stale: self.stale(this_update, crl.next_update()),
        }))
    }

    /// What a responder says, once it is known to be one whom the certificate's issuer
    /// charged with that.
    fn ask_responder(
        &self,
        response: &OcspResponse,
        certificate: &Certificate,
        issuer: Issuer<'_>,
        open: &mut Vec<Certificate>,
    ) -> Result<Result<Word, Unusable>> {
        if let Some(status) = response.refusal() {
            return Ok(Err(Unusable::Refused { status }));
        }
        let Some(single) = response.single(certificate, issuer.public_key_info) else {
            return Ok(Err(Unusable::OutOfScope));
        };
        if let Some(fault) = response.fault().or(single.fault.as_ref()) {
            return Ok(Err(fault.clone()));
        }
        if let Err(why) = self.is_of_responder(response, issuer, open)? {
            return Ok(Err(why));
        }
        let entry = match single.status {
            SingleStatus::Good => None,
            SingleStatus::Revoked(entry) => Some(entry),
            SingleStatus::Unknown => return Ok(Err(Unusable::Unknown)),
        };
        Ok(Ok(Word {
            source: Source::Ocsp,
            issuer: response.responder(),
            this_update: single.this_update,
            entry,
            reasons: Reasons::ALL,
            stale: self.stale(single.this_update, single.next_update),
        }))
    }

    /// RFC 6960 §4.2.2.2: signed by the certificate's issuer, or by one whom the same key
    /// certified for that.
    fn is_of_responder(
        &self,
        response: &OcspResponse,
        issuer: Issuer<'_>,
        open: &mut Vec<Certificate>,
    ) -> Result<Result<(), Unusable>> {
        let mut why = Unusable::NoSigner;
        if response.is_from(issuer.name, issuer.public_key_info) {
            match response.check_signature(issuer.public_key_info, self.spent, self.limits)? {
                None => return Ok(Ok(())),
                Some(fault) => why = fault,
            }
        }
        for signer in response.certificates().iter().chain(self.candidates) {
            let key = signer.public_key_info();
            if key == issuer.public_key_info || !response.is_from(signer.subject_name(), key) {
                continue;
            }
            why = match response.check_signature(key, self.spent, self.limits)? {
                Some(fault) => fault,
                None => match self.may_answer(signer, issuer, open)? {
                    Ok(()) => return Ok(Ok(())),
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
    ) -> Result<Result<(), Unusable>> {
        if !is_for_ocsp(signer) {
            return Ok(Err(Unusable::NotAuthorised));
        }
        // Directly below the issuer, whose own path holds already.
        let issuer = TrustAnchor::new(issuer.name.der(), issuer.public_key_info)?;
        let trust: TrustStore = [issuer].into_iter().collect();
        match self.find(signer, &trust, &[])? {
            Search::NotFound(_) => Ok(Err(Unusable::NotAuthorised)),
            Search::Found(_) if signer.extension(OCSP_NO_CHECK).is_some() => Ok(Ok(())),
            Search::Found(path) => self.none_revoked(&path, open),
        }
    }

    /// §6.3.3 (f) and (g): signed by the certificate's issuer, or by who else has the name
    /// of the list's issuer below the same anchor.
    fn is_of_issuer(
        &self,
        crl: &Crl,
        certificate: &Certificate,
        issuer: Issuer<'_>,
        open: &mut Vec<Certificate>,
    ) -> Result<Result<(), Unusable>> {
        let mut why = Unusable::NoSigner;
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
                None if allowed => return Ok(Ok(())),
                None => why = Unusable::NotAuthorised,
                Some(fault) => why = fault,
            }
        }
        for signer in self.candidates.iter().filter(|it| it.subject_name().matches(name)) {
            let key = signer.public_key_info();
            match crl.check_signature(key, self.spent, self.limits)? {
                Some(fault) => {
                    if why == Unusable::NoSigner {
                        why = fault;
                    }
                }
                None => match self.may_sign_lists(signer, anchor, open)? {
                    Ok(()) => return Ok(Ok(())),
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
    ) -> Result<Result<(), Unusable>> {
        if signer.key_usage().is_some_and(|usage| !usage.crl_sign) {
            return Ok(Err(Unusable::NotAuthorised));
        }
        let trust: TrustStore = [anchor.clone()].into_iter().collect();
        match self.find(signer, &trust, self.candidates)? {
            Search::NotFound(_) => Ok(Err(Unusable::NoSigner)),
            Search::Found(path) => self.none_revoked(&path, open),
        }
    }

    /// Nobody vouches for himself, nor for one above him.
    fn none_revoked(
        &self,
        path: &ValidatedPath,
        open: &mut Vec<Certificate>,
    ) -> Result<Result<(), Unusable>> {
        let circular = path.certificates().iter().any(|it| open.contains(it));
        if circular || open.len() > DEPTH {
            return Ok(Err(Unusable::SignerStatus));
        }
        let statuses = self.check_below(path, open)?;
        let good = statuses.iter().all(|it| matches!(it.status, Status::Good { .. }));
        Ok(if good { Ok(()) } else { Err(Unusable::SignerStatus) })
    }

    /// A path by which nothing is asked of the signer but what RFC 5280 asks.
    fn find(
        &self,
        signer: &Certificate,
        trust: &TrustStore,
        candidates: &[Certificate],
    ) -> Result<Search> {
        let requirements = &PathRequirements::default();
        let Self { at, checks, limits, .. } = *self;
        PathFinder { trust, candidates, at, requirements, checks, limits }.find(signer)
    }

    /// Why information of this age does not serve; nothing where it does.
    fn stale(&self, this_update: UtcTime, next_update: Option<UtcTime>) -> Option<Unusable> {
        if this_update > self.at.plus_seconds(CLOCK_SKEW) {
            return Some(Unusable::NotYetIssued { this_update });
        }
        let until = match self.max_age {
            Some(age) => Some(this_update.plus_seconds(i64::try_from(age).unwrap_or(i64::MAX))),
            None => next_update,
        };
        let serves = until.is_some_and(|until| self.at.whole_seconds() <= until);
        (!serves).then_some(Unusable::Stale { this_update, next_update })
    }

    /// Revoked is revoked, however old the word is; only a hold may be taken back, and the
    /// latest word says whether it was. For good, fresh words have to speak of all reasons.
    fn conclude(&self, words: &[Word]) -> (Status, Vec<Tried>) {
        let revoked = |word: &Word| {
            let entry = word.entry.filter(|it| it.revoked_at <= self.at)?;
            let Word { source, this_update, .. } = *word;
            let Entry { revoked_at: at, reason } = entry;
            Some(Status::Revoked { source, this_update, at, reason })
        };
        let held = |word: &Word| word.entry.and_then(|it| it.reason).is_some_and(Reason::is_hold);
        if let Some(status) = words.iter().filter(|it| !held(it)).find_map(revoked) {
            return (status, Vec::new());
        }
        let fresh = || words.iter().filter(|it| it.stale.is_none());
        let good = fresh().filter(|it| revoked(it).is_none());
        let latest = good.clone().max_by_key(|it| it.this_update);
        let hold = words.iter().filter(|it| held(it) && revoked(it).is_some());
        let hold = hold.max_by_key(|it| it.this_update);
        if let Some(hold) = hold
            && latest.is_none_or(|latest| latest.this_update <= hold.this_update)
        {
            return (revoked(hold).unwrap_or(Status::Unknown), Vec::new());
        }
        let reasons = good.fold(Reasons::NONE, |all, it| all.or(it.reasons));
        match latest {
            Some(word) if reasons == Reasons::ALL => {
                let Word { source, this_update, .. } = *word;
                (Status::Good { source, this_update }, Vec::new())
            }
            _ => (Status::Unknown, words.iter().map(Word::insufficient).collect()),
        }
    }
}

impl Word {
    fn insufficient(&self) -> Tried {
        let why = self.stale.clone().unwrap_or(Unusable::SomeReasonsOnly);
        Tried { source: self.source, issuer: self.issuer.clone(), why }
    }
}

impl<'a> Issuer<'a> {
    fn certificate(certificate: &'a Certificate, anchor: &'a TrustAnchor) -> Self {
        Self {
            name: certificate.subject_name(),
            public_key_info: certificate.public_key_info(),
            signs_lists: certificate.key_usage().is_none_or(|usage| usage.crl_sign),
            anchor,
        }
    }

    fn anchor(anchor: &'a TrustAnchor) -> Self {
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
