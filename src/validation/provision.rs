//! What those who validate a signature later will need: the certificates of each path, and
//! what says that none of them is revoked (EN 319 102-1 §5.2.6, asked ahead of time).

use std::collections::HashSet;

use super::block::revocation::{SHOWN, tried};
use super::messages;
use super::validator::Validator;
use crate::error::{Error, ErrorKind, Place, Result};
use crate::pki::path::{PathFinder, Search, ValidatedPath};
use crate::pki::revocation::{Checked, Checker, Gathering, Kept, Spent, Status, Tried, Unusable};
use crate::pki::{Certificate, Crl, OcspResponse};
use crate::retrieval::{Attempt, RequestKind};
use crate::time::UtcTime;

/// Validation data (EN 319 122-1 §6.3): nobody has to be asked any more.
#[derive(Debug, Default)]
pub(crate) struct ValidationData {
    pub(crate) certificates: Vec<Certificate>,
    pub(crate) kept: Kept,
}

/// A certificate that has to be validated later.
#[derive(Debug, Clone)]
pub(crate) struct Needed {
    pub(crate) certificate: Certificate,
    /// When it was used, as far as a time-stamp says so. One that has expired since then
    /// is followed at that time.
    pub(crate) used: Option<UtcTime>,
}

impl Validator {
    /// Collects the validation data of each of `needed`, in their order: from what the validator was given, from
    /// `pool` and `known`, and from services where it may ask them.
    ///
    /// # Errors
    /// `Misuse` when no path leads to a certificate, or nothing at hand speaks of its
    /// revocation and nobody may be asked; `Service` when those who were asked did not
    /// tell; `Signer` when it was revoked before it was used. Each names the certificate, or
    /// all of them, and where was looked.
    /// `LimitExceeded` when a bound was reached.
    pub(crate) fn validation_data(
        &self,
        needed: &[Needed],
        pool: &[Certificate],
        known: &Kept,
    ) -> Result<Vec<ValidationData>> {
        let (checks, spent, gathering) = (self.checks(), Spent::default(), self.gathering());
        let context = self.context(&checks, &spent, gathering.as_ref());
        let places = Places {
            given: (context.crls, context.responses),
            document: known,
            gathering: gathering.as_ref(),
            urls: context.limits.retrieval_urls,
        };
        let known = Kept {
            crls: [context.crls, &known.crls].concat(),
            responses: [context.responses, &known.responses].concat(),
        };
        let candidates = [self.certificates(), pool].concat();
        let (mut all, mut missing) = (Vec::with_capacity(needed.len()), Vec::new());
        for one in needed {
            let finder = PathFinder {
                trust: context.trust,
                candidates: &candidates,
                at: context.at,
                requirements: context.requirements,
                check: context.path_check,
                issuers: context.issuers(),
                checks: &checks,
                limits: context.limits,
            };
            let path = find(finder, one, gathering.as_ref())?;
            let checker = Checker {
                crls: &known.crls,
                responses: &known.responses,
                candidates: &candidates,
                at: context.at,
                max_age: context.policy.revocation_max_age,
                strength: context.policy,
                model: context.requirements.validity_model,
                gathering: gathering.as_ref(),
                checks: &checks,
                spent: &spent,
                limits: context.limits,
            };
            let expects = Expects { used: one.used, at: context.at, path: &path, places };
            for checked in &checker.check(&path)? {
                missing.extend(expects.missing(checked)?.filter(|it| !missing.contains(it)));
            }
            let mut data = ValidationData::default();
            data.keep(&path, &known, gathering.as_ref());
            all.push(data);
        }
        all_missing(&missing)?;
        Ok(all)
    }
}

/// At the present, or else when it was used.
fn find(
    finder: PathFinder<'_>,
    needed: &Needed,
    gathering: Option<&Gathering<'_>>,
) -> Result<ValidatedPath> {
    let mut rejections = match finder.find(&needed.certificate)? {
        Search::Found(path) => return Ok(path),
        Search::NotFound(rejections) => rejections,
    };
    if let Some(at) = needed.used {
        match (PathFinder { at, ..finder }).find(&needed.certificate)? {
            Search::Found(path) => return Ok(path),
            Search::NotFound(others) => rejections = others,
        }
    }
    let subject = needed.certificate.subject();
    let mut what = "no path leads from a trust anchor to a certificate".to_owned();
    if let Some(it) = rejections.first() {
        what = format!("{what}: {}", messages::path_fault(&it.subject(), &it.fault).en);
    }
    let attempts = gathering.map(Gathering::attempts).unwrap_or_default();
    for attempt in attempts.iter().filter(|it| it.kind == RequestKind::Certificates) {
        what = format!("{what}; asked {}", in_words(attempt));
    }
    Err(Error::misuse(what).at(Place::Certificate(subject)))
}

struct Expects<'a> {
    used: Option<UtcTime>,
    at: UtcTime,
    path: &'a ValidatedPath,
    places: Places<'a>,
}

/// Where what says something about revocation was looked for.
#[derive(Clone, Copy)]
struct Places<'a> {
    given: (&'a [Crl], &'a [OcspResponse]),
    document: &'a Kept,
    gathering: Option<&'a Gathering<'a>>,
    /// URLs of a kind that are asked for one certificate.
    urls: usize,
}

/// A certificate that nothing says enough about, and where that was looked for.
#[derive(PartialEq, Eq)]
struct Missing {
    subject: String,
    looked: String,
    asked: bool,
}

impl Expects<'_> {
    fn missing(&self, checked: &Checked) -> Result<Option<Missing>> {
        let certificate = &checked.certificate;
        match &checked.status {
            Status::Good { .. } => Ok(None),
            Status::Revoked { at: since, .. } if self.used.is_some_and(|used| used < *since) => {
                Ok(None)
            }
            Status::Revoked { at: since, .. } => {
                let what = format!("a certificate was revoked at {since}");
                let place = Place::Certificate(certificate.subject());
                Err(Error::new(ErrorKind::Signer, what).at(place))
            }
            // Nobody answers for those any more; what was said in time is kept.
            Status::Unknown if certificate.not_after() < self.at && spoken(checked) => Ok(None),
            Status::Unknown => Ok(Some(self.places.searched(checked, self.path))),
        }
    }
}

/// Whether anything at hand was said of the certificate while that could be said.
fn spoken(checked: &Checked) -> bool {
    checked.words.iter().any(|it| it.speaks_of(&checked.certificate))
}

impl Places<'_> {
    /// In the document, among what was given, and behind URLs, in this order.
    fn searched(self, checked: &Checked, path: &ValidatedPath) -> Missing {
        let certificate = &checked.certificate;
        let keys = path.certificates().iter().map(Certificate::public_key_info);
        let keys: Vec<_> = keys.chain([path.anchor().public_key_info()]).collect();
        let about = |crls: &[Crl], responses: &[OcspResponse]| {
            let answers = |it: &&OcspResponse| keys.iter().any(|key| it.concerns(certificate, key));
            let lists = crls.iter().filter(|it| it.concerns(certificate)).count();
            format!("{lists} CRLs and {} OCSP responses", responses.iter().filter(answers).count())
        };
        let mut looked = vec![
            format!("{} in the document", about(&self.document.crls, &self.document.responses)),
            format!("{} given", about(self.given.0, self.given.1)),
        ];
        let at_hand = |it: &&Tried| !matches!(it.why, Unusable::NotRetrieved { .. });
        looked.extend(checked.tried.iter().filter(at_hand).take(SHOWN).map(|it| tried(it).en));
        let attempts = self.gathering.map(Gathering::attempts).unwrap_or_default();
        let subject = certificate.subject();
        let asked = attempts
            .iter()
            .filter(|it| it.kind != RequestKind::Certificates && it.certificate == subject);
        let asked: Vec<_> = asked.map(|it| format!("asked {}", in_words(it))).collect();
        let is_asked = !asked.is_empty();
        if !is_asked {
            looked.extend(self.not_asked(certificate));
        }
        looked.extend(asked);
        Missing { subject, looked: looked.join("; "), asked: is_asked }
    }

    fn not_asked(self, certificate: &Certificate) -> Vec<String> {
        let kinds = [certificate.ocsp_urls(), certificate.crl_urls()];
        let urls = kinds.iter().flat_map(|it| it.iter().take(self.urls));
        let all: Vec<_> = urls.map(|url| format!("not asked {url}")).collect();
        if all.is_empty() { vec!["it names no URL to ask".to_owned()] } else { all }
    }
}

/// One error for all of them: whoever has to get the data gets it once.
fn all_missing(missing: &[Missing]) -> Result<()> {
    let kind = match missing.iter().any(|it| it.asked) {
        true => ErrorKind::Service,
        false => ErrorKind::Misuse,
    };
    let error = match missing {
        [] => return Ok(()),
        [one] => format!("nothing says whether a certificate is revoked: {}", one.looked),
        several => {
            let all: Vec<_> =
                several.iter().map(|it| format!("{}: {}", it.subject, it.looked)).collect();
            format!("nothing says whether certificates are revoked: {}", all.join(". "))
        }
    };
    let places = missing.iter().map(|it| Place::Certificate(it.subject.clone()));
    Err(places.fold(Error::new(kind, error), Error::at))
}

fn in_words(attempt: &Attempt) -> String {
    let why = attempt.error.as_deref().unwrap_or("the answer does not settle it");
    format!("{}: {why}", attempt.url)
}

impl ValidationData {
    /// All of these, each object once.
    pub(crate) fn merged<'a>(all: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut merged = Self::default();
        let (mut certificates, mut others) = (HashSet::new(), HashSet::new());
        for one in all {
            let new = one.certificates.iter().filter(|it| certificates.insert(it.der()));
            merged.certificates.extend(new.cloned());
            let new = one.kept.crls.iter().filter(|it| others.insert(it.der()));
            merged.kept.crls.extend(new.cloned());
            let new = one.kept.responses.iter().filter(|it| others.insert(it.der()));
            merged.kept.responses.extend(new.cloned());
        }
        merged
    }

    fn keep(&mut self, path: &ValidatedPath, known: &Kept, gathering: Option<&Gathering<'_>>) {
        let anchor = path.anchor().certificate();
        for certificate in path.certificates().iter().chain(anchor) {
            if !self.certificates.contains(certificate) {
                self.certificates.push(certificate.clone());
            }
        }
        self.kept.keep(path, known);
        if let Some(gathering) = gathering {
            self.kept.keep(path, &gathering.revocation());
        }
    }
}
