//! What those who validate a signature later will need: the certificates of each path, and
//! what says that none of them is revoked (EN 319 102-1 §5.2.6, asked ahead of time).

use super::messages;
use super::validator::Validator;
use crate::error::{Error, ErrorKind, Place, Result};
use crate::pki::Certificate;
use crate::pki::path::{PathFinder, Search, ValidatedPath};
use crate::pki::revocation::{Checked, Checker, Gathering, Kept, Spent, Status};
use crate::retrieval::Attempt;
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
    /// Collects the validation data of `needed`: from what the validator was given, from
    /// `pool` and `known`, and from services where it may ask them.
    ///
    /// # Errors
    /// `Misuse` when no path leads to a certificate, or nothing at hand speaks of its
    /// revocation and nobody may be asked; `Service` when those who were asked did not
    /// tell; `Signer` when it was revoked before it was used. Each names the certificate.
    /// `LimitExceeded` when a bound was reached.
    pub(crate) fn validation_data(
        &self,
        needed: &[Needed],
        pool: &[Certificate],
        known: &Kept,
    ) -> Result<ValidationData> {
        let (checks, spent, gathering) = (self.checks(), Spent::default(), self.gathering());
        let context = self.context(&checks, &spent, gathering.as_ref());
        let known = Kept {
            crls: [context.crls, &known.crls].concat(),
            responses: [context.responses, &known.responses].concat(),
        };
        let candidates = [self.certificates(), pool].concat();
        let mut data = ValidationData::default();
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
            let path = find(finder, one)?;
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
            let expects = Expects { used: one.used, gathering: gathering.as_ref() };
            checker.check(&path)?.iter().try_for_each(|it| expects.settled(it, context.at))?;
            data.keep(&path, &known, gathering.as_ref());
        }
        Ok(data)
    }
}

/// At the present, or else when it was used.
fn find(finder: PathFinder<'_>, needed: &Needed) -> Result<ValidatedPath> {
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
    let why = rejections.first().map(|it| messages::path_fault(&it.subject(), &it.fault).en);
    let why = why.unwrap_or_default();
    let what = format!("no path leads from a trust anchor to a certificate: {why}");
    Err(Error::misuse(what).at(Place::Certificate(subject)))
}

struct Expects<'a> {
    used: Option<UtcTime>,
    gathering: Option<&'a Gathering<'a>>,
}

impl Expects<'_> {
    fn settled(&self, checked: &Checked, at: UtcTime) -> Result<()> {
        let certificate = &checked.certificate;
        let about = |error: Error| error.at(Place::Certificate(certificate.subject()));
        match &checked.status {
            Status::Good { .. } => Ok(()),
            Status::Revoked { at: since, .. } if self.used.is_some_and(|used| used < *since) => {
                Ok(())
            }
            Status::Revoked { at: since, .. } => {
                let what = format!("a certificate was revoked at {since}");
                Err(about(Error::new(ErrorKind::Signer, what)))
            }
            // Nobody answers for those any more; what was said in time is kept.
            Status::Unknown if certificate.not_after() < at => Ok(()),
            Status::Unknown => Err(about(self.unknown(checked))),
        }
    }

    fn unknown(&self, checked: &Checked) -> Error {
        let subject = checked.certificate.subject();
        let attempts = self.gathering.map(Gathering::attempts).unwrap_or_default();
        let asked: Vec<_> = attempts.iter().filter(|it| it.certificate == subject).collect();
        if asked.is_empty() {
            return Error::misuse(match checked.tried.len() {
                0 => "no list and no answer at hand says whether a certificate is revoked, and \
                      nobody was asked"
                    .to_owned(),
                n => format!(
                    "none of {n} lists and answers at hand settles whether a certificate is \
                     revoked, and nobody was asked"
                ),
            });
        }
        let asked: Vec<_> = asked.into_iter().map(in_words).collect();
        let what =
            format!("whether a certificate is revoked could not be had: {}", asked.join("; "));
        Error::new(ErrorKind::Service, what)
    }
}

fn in_words(attempt: &Attempt) -> String {
    let why = attempt.error.as_deref().unwrap_or("the answer does not settle it");
    format!("{}: {why}", attempt.url)
}

impl ValidationData {
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
