//! The search for a path (RFC 4158 §2), depth first and bounded.

use std::fmt;

use super::checks::{Checks, Outcome, Pair};
use super::fault::{Fault, Rejection};
use super::memory::{Key, Remembered};
use super::names::Comparisons;
use super::requirements::{PathCheck, PathRequirements};
use super::validate::{self, Rules};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::pki::{Certificate, TrustAnchor, TrustStore};
use crate::time::UtcTime;

/// Looks for paths from the caller's anchors.
#[derive(Clone, Copy)]
pub(crate) struct PathFinder<'a> {
    pub(crate) trust: &'a TrustStore,
    /// Certificates that may stand between; none of them is trusted.
    pub(crate) candidates: &'a [Certificate],
    pub(crate) at: UtcTime,
    pub(crate) requirements: &'a PathRequirements,
    /// What was checked already, for this document.
    pub(crate) checks: &'a Checks,
    /// What the caller asks besides.
    pub(crate) check: Option<&'a dyn PathCheck>,
    /// Where else issuers may be had.
    pub(crate) issuers: Option<&'a dyn Issuers>,
    pub(crate) limits: &'a Limits,
}

/// Where issuers may be had that are not at hand (RFC 4158 §7.1); none of them is trusted.
pub(crate) trait Issuers: fmt::Debug {
    /// Certificates that may be those of its issuer; none where there is none to be had.
    fn issuers_of(&self, certificate: &Certificate) -> Vec<Certificate>;
}

/// What a search came to.
#[derive(Debug)]
pub(crate) enum Search {
    Found(ValidatedPath),
    /// The most telling reason first; never empty.
    NotFound(Vec<Rejection>),
}

/// A path that holds at a time. Only the search makes one.
#[derive(Debug, Clone)]
pub(crate) struct ValidatedPath {
    certificates: Vec<Certificate>,
    anchor: TrustAnchor,
    policies: Vec<String>,
}

impl ValidatedPath {
    /// From the end entity on; the anchor is not among them unless it is the end entity itself.
    pub(crate) fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The policies it holds for, in the anchor's domain and dotted form (RFC 5280
    /// §6.1.5 (g)).
    pub(crate) fn policies(&self) -> &[String] {
        &self.policies
    }

    pub(crate) fn anchor(&self) -> &TrustAnchor {
        &self.anchor
    }
}

/// Rejections kept for the report; a hostile pool could make thousands.
const REJECTIONS: usize = 16;

impl PathFinder<'_> {
    /// Looks for a path from one of the anchors to `end_entity`.
    ///
    /// # Errors
    /// `LimitExceeded` when more names had to be compared than
    /// [`Limits::name_comparisons`], or more signatures checked than
    /// [`Limits::path_signatures`], or in all searches together than
    /// [`Limits::paths_signatures`]: then nothing is known.
    pub(crate) fn find(&self, end_entity: &Certificate) -> Result<Search> {
        // What the caller's own check would say today is in no key.
        let key = self.check.is_none().then(|| Key::of(self, end_entity));
        if let Some(key) = &key
            && let Some(known) = self.checks.recall(key, self.limits)?
        {
            return Ok(Search::Found(known.path));
        }
        let mut walk = Walk::new(*self);
        let mut path = vec![end_entity.clone()];
        let found = match walk.trusted_itself(&path)? {
            Some(found) => Some(found),
            None => walk.extend(&mut path)?,
        };
        if let Some(path) = found {
            // Nor is what came from elsewhere.
            if let Some(key) = key.filter(|_| !walk.asked) {
                let found = Remembered { path: path.clone(), signatures: walk.checked };
                self.checks.remember(key, found);
            }
            return Ok(Search::Found(path));
        }
        let mut rejections = walk.rejections;
        // Where one key signed a certificate, that others of the name did not is no fault of it.
        let of_others = |it: &Rejection| {
            matches!(it.fault, Fault::BadSignature | Fault::OtherKey)
                && it.certificates.get(it.at).is_some_and(|it| is_signed(it, &walk.checked))
        };
        if !rejections.iter().all(of_others) {
            rejections.retain(|it| !of_others(it));
        }
        rejections.sort_by(|a, b| b.fault.cmp(&a.fault));
        Ok(Search::NotFound(rejections))
    }
}

struct Walk<'a> {
    finder: PathFinder<'a>,
    signatures: usize,
    checked: Vec<(Pair, Outcome)>,
    /// Whether issuers were asked for elsewhere.
    asked: bool,
    /// Paths so far that reached an anchor, whether or not they hold.
    anchored: usize,
    comparisons: Comparisons<'a>,
    rejections: Vec<Rejection>,
}

impl Walk<'_> {
    /// A caller may trust an end entity as such, not only through an issuer.
    fn trusted_itself(&mut self, path: &[Certificate]) -> Result<Option<ValidatedPath>> {
        let mut anchors = self.finder.trust.anchors().iter();
        match anchors.find(|it| path.first().is_some_and(|end_entity| it.is_of(end_entity))) {
            Some(anchor) => self.conclude(path, anchor),
            None => Ok(None),
        }
    }

    /// Goes on from the last certificate of `path`. Depth is bounded by `path_length`.
    fn extend(&mut self, path: &mut Vec<Certificate>) -> Result<Option<ValidatedPath>> {
        let Some(last) = path.last().cloned() else { return Ok(None) };
        let mut issuers = 0_usize;
        let anchored = self.anchored;
        for anchor in self.anchors_for(&last) {
            issuers = issuers.saturating_add(1);
            if self.signed_by(path, anchor.public_key_info(), anchor.key_id())?
                && let Some(found) = self.conclude(path, anchor)?
            {
                return Ok(Some(found));
            }
        }
        let at_hand = self.candidates_for(&last);
        if let Some(found) = self.extend_by(path, &at_hand, &mut issuers)? {
            return Ok(Some(found));
        }
        // Where some path reached an anchor, what is wrong with it is no lack of issuers.
        let wanting = self.anchored == anchored && path.len() < self.longest();
        if let Some(elsewhere) = self.finder.issuers.filter(|_| wanting) {
            self.asked = true;
            let mut others = elsewhere.issuers_of(&last);
            others.retain(|it| {
                it.subject_name().matches(last.issuer_name()) && !at_hand.contains(it)
            });
            if let Some(found) = self.extend_by(path, &others, &mut issuers)? {
                return Ok(Some(found));
            }
        }
        if issuers == 0 {
            self.reject(path, path.len().saturating_sub(1), Fault::NoIssuer);
        }
        Ok(None)
    }

    /// Goes on through each of these in turn; `issuers` counts those that could be.
    fn extend_by(
        &mut self,
        path: &mut Vec<Certificate>,
        candidates: &[Certificate],
        issuers: &mut usize,
    ) -> Result<Option<ValidatedPath>> {
        for candidate in candidates {
            if stands_in(path, candidate) {
                continue;
            }
            *issuers = issuers.saturating_add(1);
            if path.len() >= self.longest() {
                self.reject(path, path.len().saturating_sub(1), Fault::TooLong);
                break;
            }
            let key_id = candidate.subject_key_identifier();
            if self.signed_by(path, candidate.public_key_info(), key_id)? {
                path.push(candidate.clone());
                let found = self.extend(path)?;
                path.pop();
                if found.is_some() {
                    return Ok(found);
                }
            }
        }
        Ok(None)
    }

    /// Certificates that a path may have, the anchor's own not counted.
    fn longest(&self) -> usize {
        let asked = self.finder.requirements.max_depth.map(|depth| depth.saturating_add(1));
        self.finder.limits.path_length.min(asked.unwrap_or(usize::MAX))
    }

    fn conclude(
        &mut self,
        path: &[Certificate],
        anchor: &TrustAnchor,
    ) -> Result<Option<ValidatedPath>> {
        self.anchored = self.anchored.saturating_add(1);
        let rules = Rules { requirements: self.finder.requirements, at: self.finder.at };
        match validate::check(path, anchor, &rules, &mut self.comparisons)? {
            Ok(policies) => {
                if let Some(check) = self.finder.check
                    && let Err(why) = check.check(path, anchor)
                {
                    self.reject(path, 0, Fault::Rejected { why });
                    return Ok(None);
                }
                let (certificates, anchor) = (path.to_vec(), anchor.clone());
                Ok(Some(ValidatedPath { certificates, anchor, policies }))
            }
            Err((at, fault)) => {
                self.reject(path, at, fault);
                Ok(None)
            }
        }
    }

    /// Whether this key signed the last certificate of `path`; a no is kept as a rejection.
    /// Identifiers of keys only tell why not: a certificate that names another key lacks its
    /// issuer, and is not broken.
    fn signed_by(
        &mut self,
        path: &[Certificate],
        public_key_info: &[u8],
        key_id: Option<&[u8]>,
    ) -> Result<bool> {
        let Some(last) = path.last() else { return Ok(false) };
        self.signatures = self.signatures.saturating_add(1);
        if self.signatures > self.finder.limits.path_signatures {
            let limit = self.finder.limits.path_signatures;
            return Err(Error::limit(format_args!(
                "{limit} signatures checked in search of one certification path"
            )));
        }
        let (pair, outcome) =
            self.finder.checks.check(last, public_key_info, self.finder.limits)?;
        self.checked.push((pair, outcome.clone()));
        match outcome {
            None => Ok(true),
            Some(fault) => {
                let fault = match fault {
                    Fault::BadSignature if names_another(last, public_key_info, key_id) => {
                        Fault::OtherKey
                    }
                    fault => fault,
                };
                self.reject(path, path.len().saturating_sub(1), fault);
                Ok(false)
            }
        }
    }

    fn reject(&mut self, path: &[Certificate], at: usize, fault: Fault) {
        let rejection = Rejection { certificates: path.to_vec(), at, fault };
        if self.rejections.len() < REJECTIONS {
            self.rejections.push(rejection);
        } else if let Some(least) = self.rejections.iter_mut().min_by(|a, b| a.fault.cmp(&b.fault))
            && least.fault < rejection.fault
        {
            *least = rejection;
        }
    }
}

impl<'a> Walk<'a> {
    fn new(finder: PathFinder<'a>) -> Self {
        Self {
            finder,
            signatures: 0,
            checked: Vec::new(),
            asked: false,
            anchored: 0,
            comparisons: Comparisons::new(finder.limits),
            rejections: Vec::new(),
        }
    }

    fn anchors_for(&self, certificate: &Certificate) -> Vec<&'a TrustAnchor> {
        let named = self.finder.trust.anchors().iter().filter(|it| it.may_issue());
        let mut issuers: Vec<_> =
            named.filter(|it| it.subject_name().matches(certificate.issuer_name())).collect();
        issuers.sort_by_key(|it| hint(certificate, it.key_id()));
        issuers
    }

    fn candidates_for(&self, certificate: &Certificate) -> Vec<Certificate> {
        let named = self.finder.candidates.iter();
        let named = named.filter(|it| it.subject_name().matches(certificate.issuer_name()));
        let mut issuers: Vec<_> = named.cloned().collect();
        issuers.sort_by_key(|it| hint(certificate, it.subject_key_identifier()));
        issuers
    }
}

/// The hint of a key that is not the one that was named.
const ANOTHER: u8 = 2;

/// RFC 4158 §3.5.12: key identifiers are hints. Matching ones are tried first, and
/// those that differ last; none is left out.
fn hint(certificate: &Certificate, key_id: Option<&[u8]>) -> u8 {
    match (certificate.authority_key_identifier(), key_id) {
        (Some(wanted), Some(found)) if wanted == found => 0,
        (Some(_), Some(_)) => ANOTHER,
        _ => 1,
    }
}

fn is_signed(certificate: &Certificate, checked: &[(Pair, Outcome)]) -> bool {
    checked.iter().any(|(pair, outcome)| outcome.is_none() && pair.is_about(certificate))
}

/// Whether it says itself that its issuer has another key. A root that names none names its
/// own: another one of the same name is trusted, and not this.
fn names_another(certificate: &Certificate, key: &[u8], key_id: Option<&[u8]>) -> bool {
    if certificate.authority_key_identifier().is_some() {
        return hint(certificate, key_id) == ANOTHER;
    }
    let is_root = certificate.subject_name().matches(certificate.issuer_name());
    is_root && certificate.public_key_info() != key
}

/// RFC 4158 §5.2: the same name with the same key again is a loop.
fn stands_in(path: &[Certificate], candidate: &Certificate) -> bool {
    path.iter().any(|it| {
        it.subject_name().matches(candidate.subject_name())
            && it.public_key_info() == candidate.public_key_info()
    })
}
