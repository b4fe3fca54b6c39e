//! What the lists and answers at hand say about each certificate of a path (RFC 5280 §6.3,
//! RFC 6960 §3.2). None of them is believed before its own signature leads to the same
//! anchor.

use super::crl::Crl;
use super::fault::Unusable;
use super::gathering::Gathering;
use super::material::Strength;
use super::ocsp::{OcspResponse, SingleStatus};
use super::reason::Reasons;
use super::scope::{Subject, urls_of_points};
use super::signed::Spent;
use super::signer::Issuer;
use super::word::{self, Evidence, Moment, Source, Status, Tried, Word};
use crate::error::{ErrorKind, Result};
use crate::limits::Limits;
use crate::pki::path::{Checks, ValidatedPath};
use crate::pki::{Certificate, ValidityModel};
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
    /// Who says whether what a word hangs on is strong enough.
    pub(crate) strength: &'a dyn Strength,
    /// When authorities of the path must not have been revoked.
    pub(crate) model: ValidityModel,
    /// Where else lists and answers may be had.
    pub(crate) gathering: Option<&'a Gathering<'a>>,
    pub(crate) checks: &'a Checks,
    pub(crate) spent: &'a Spent,
    pub(crate) limits: &'a Limits,
}

/// One certificate of a path.
#[derive(Debug, Clone)]
pub(crate) struct Checked {
    pub(crate) certificate: Certificate,
    pub(crate) status: Status,
    /// All that was said of it, fresh or not.
    pub(crate) words: Vec<Word>,
    /// What was at hand for it and says nothing.
    pub(crate) tried: Vec<Tried>,
}

/// The certificate in question, and who issued it.
#[derive(Clone, Copy)]
struct Asked<'a> {
    certificate: &'a Certificate,
    issuer: Issuer<'a>,
    subject: &'a Subject<'a>,
    /// Whether it was revoked by then is the question.
    when: UtcTime,
}

/// What was said about it, and what was of no use.
#[derive(Default)]
struct Heard {
    /// By responders, and what nobody said who was asked.
    said: Sayings,
    listed: Sayings,
}

#[derive(Default)]
struct Sayings {
    words: Vec<Word>,
    tried: Vec<Tried>,
}

impl Heard {
    fn words(&self) -> Vec<Word> {
        self.said.words.iter().chain(&self.listed.words).cloned().collect()
    }
}

impl Sayings {
    fn fails(&mut self, source: Source, issuer: String, why: Unusable) {
        self.tried.push(Tried { source, issuer, why });
    }
}

/// RFC 5280 §4.2.1.15: where the changes to the lists about a certificate are.
const FRESHEST_CRL: &str = "2.5.29.46";

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
    pub(super) fn check_below(
        &self,
        path: &ValidatedPath,
        open: &mut Vec<Certificate>,
    ) -> Result<Vec<Checked>> {
        let anchor = path.anchor();
        let chain = self.model == ValidityModel::Chain && open.is_empty();
        let mut below: Option<&Certificate> = None;
        let mut all = Vec::new();
        for (n, certificate) in path.certificates().iter().enumerate() {
            if anchor.is_of(certificate) {
                continue;
            }
            let issuer = match path.certificates().get(n.saturating_add(1)) {
                Some(issuer) => Issuer::certificate(issuer, anchor),
                None => Issuer::anchor(anchor),
            };
            // What it issued before it was revoked outlives it, unless its key was stolen.
            let when = below.filter(|_| chain).map_or(self.at, Certificate::not_before);
            below = Some(certificate);
            open.push(certificate.clone());
            let checked = self.check_one(certificate, issuer, when, open);
            open.pop();
            all.push(checked?);
        }
        Ok(all)
    }

    fn check_one(
        &self,
        certificate: &Certificate,
        issuer: Issuer<'_>,
        when: UtcTime,
        open: &mut Vec<Certificate>,
    ) -> Result<Checked> {
        if open.len() > 1 {
            let count = self.crls.len().saturating_add(self.responses.len());
            self.spent.detour(count, self.limits)?;
        }
        let subject = &Subject::new(certificate);
        let asked = Asked { certificate, issuer, subject, when };
        let mut heard = Heard::default();
        for response in self.responses {
            self.hear_response(response, asked, open, &mut heard)?;
        }
        heard.listed = self.hear_lists(self.crls, asked, open)?;
        if let Some(gathering) = self.gathering {
            self.gather(gathering, asked, open, &mut heard)?;
        }
        let words = heard.words();
        let (status, more) = self.conclude(&words, asked);
        let mut tried = heard.said.tried;
        tried.extend(heard.listed.tried);
        tried.extend(more);
        Ok(Checked { certificate: certificate.clone(), status, words, tried })
    }

    fn hear_response(
        &self,
        response: &OcspResponse,
        asked: Asked<'_>,
        open: &mut Vec<Certificate>,
        heard: &mut Heard,
    ) -> Result<()> {
        match self.ask_responder(response, asked.certificate, asked.issuer, open)? {
            Ok(word) => heard.said.words.push(word),
            Err(Unusable::OutOfScope) => {}
            Err(why) => heard.said.fails(Source::Ocsp, response.responder(), why),
        }
        Ok(())
    }

    /// What lists say, complete ones each by itself and with what changed since.
    fn hear_lists(
        &self,
        lists: &[Crl],
        asked: Asked<'_>,
        open: &mut Vec<Certificate>,
    ) -> Result<Sayings> {
        let mut all = Sayings::default();
        let (mut complete, mut changes) = (Vec::new(), Vec::new());
        for crl in lists {
            match self.ask_list(crl, asked, open)? {
                Ok(word) if crl.is_delta() => changes.push((crl, word)),
                Ok(word) => complete.push((crl, word)),
                // Lists about others are no news where there are many.
                Err(Unusable::OutOfScope) if crl.issuer() != asked.certificate.issuer() => {}
                Err(why) => all.fails(Source::Crl, crl.issuer(), why),
            }
        }
        for (delta, change) in &changes {
            let bases = complete.iter().filter(|(base, _)| delta.updates(base));
            let updated: Vec<_> = bases.map(|(_, word)| word.updated_by(change)).collect();
            match change.entry {
                // That it is revoked needs no other list to say so.
                Some(entry) if !entry.is_removal() => all.words.push(change.clone()),
                _ if updated.is_empty() => {
                    all.fails(Source::Crl, delta.issuer(), Unusable::Delta);
                }
                _ => {}
            }
            all.words.extend(updated);
        }
        all.words.extend(complete.into_iter().map(|(_, word)| word));
        Ok(all)
    }

    /// Asks elsewhere as long as nothing is settled: responders first, who answer about
    /// one certificate; then lists; then what changed since they were issued.
    fn gather(
        &self,
        gathering: &Gathering<'_>,
        asked: Asked<'_>,
        open: &mut Vec<Certificate>,
        heard: &mut Heard,
    ) -> Result<()> {
        let Asked { certificate, issuer, .. } = asked;
        for url in gathering.urls(certificate.ocsp_urls()) {
            if self.is_settled(heard, asked) {
                return Ok(());
            }
            let ask = |url| gathering.response(certificate, issuer.public_key_info, url);
            match url.and_then(ask) {
                Ok(response) => self.hear_response(&response, asked, open, heard)?,
                Err((url, why)) => heard.said.fails(Source::Ocsp, url, why),
            }
        }
        let mut lists = self.crls.to_vec();
        self.gather_lists(gathering, certificate.crl_urls(), &mut lists, asked, open, heard)?;
        let freshest = certificate.extension(FRESHEST_CRL).map(urls_of_points);
        let mut freshest = freshest.and_then(Result::ok).unwrap_or_default();
        let own = lists.iter().filter(|it| it.issuer_name().matches(certificate.issuer_name()));
        freshest.extend(own.flat_map(|it| it.freshest_urls().to_vec()));
        self.gather_lists(gathering, &freshest, &mut lists, asked, open, heard)
    }

    /// `lists` are those at hand, to which those are added that come: a delta may be at
    /// hand and its base not, or the other way about.
    fn gather_lists(
        &self,
        gathering: &Gathering<'_>,
        urls: &[String],
        lists: &mut Vec<Crl>,
        asked: Asked<'_>,
        open: &mut Vec<Certificate>,
        heard: &mut Heard,
    ) -> Result<()> {
        for url in gathering.urls(urls) {
            if self.is_settled(heard, asked) {
                break;
            }
            match url.and_then(|url| gathering.lists(asked.certificate, url)) {
                Ok(came) => {
                    lists.extend(came);
                    heard.listed = self.hear_lists(lists, asked, open)?;
                }
                Err((url, why)) => heard.said.fails(Source::Crl, url, why),
            }
        }
        Ok(())
    }

    /// By the chain model it is asked twice about an authority: whether it was good when it
    /// issued, and whether its key may have been in other hands since, as then anybody may
    /// have issued that, under any date. The latter nobody needs to know of those that have
    /// expired.
    fn conclude(&self, words: &[Word], asked: Asked<'_>) -> (Status, Vec<Tried>) {
        let Asked { certificate, when, .. } = asked;
        let then = word::conclude(words, certificate, self.moment(when));
        if when == self.at || then.0.revoked_at().is_some() {
            return then;
        }
        let present = self.moment(self.at);
        if let Some(status) = word::compromised(words, certificate, present) {
            return (status, Vec::new());
        }
        let now = word::conclude(words, certificate, present);
        let expired = certificate.not_after() < self.at.whole_seconds();
        if now.0 == Status::Unknown && !expired { now } else { then }
    }

    /// Whether nothing more can be learned, of those that have expired, too.
    fn is_settled(&self, heard: &Heard, asked: Asked<'_>) -> bool {
        let (words, certificate) = (heard.words(), asked.certificate);
        let known = |at| word::conclude(&words, certificate, self.moment(at)).0 != Status::Unknown;
        known(asked.when) && known(self.at)
    }

    fn moment(&self, when: UtcTime) -> Moment {
        Moment { at: when, present: self.at, max_age: self.max_age }
    }

    /// What a list says, once it is known to be its issuer's.
    fn ask_list(
        &self,
        crl: &Crl,
        asked: Asked<'_>,
        open: &mut Vec<Certificate>,
    ) -> Result<Result<Word, Unusable>> {
        let Asked { certificate, issuer, subject, .. } = asked;
        let reasons = crl.reasons_for(subject);
        if reasons == Reasons::NONE {
            return Ok(Err(Unusable::OutOfScope));
        }
        if let Some(fault) = crl.fault() {
            return Ok(Err(fault.clone()));
        }
        let materials = match self.is_of_issuer(crl, certificate, issuer, open)? {
            Ok(materials) => materials,
            Err(why) => return Ok(Err(why)),
        };
        let entry = match crl.entry(certificate) {
            Ok(entry) => entry,
            Err(error) if error.kind() == ErrorKind::LimitExceeded => return Err(error),
            Err(error) => return Ok(Err(Unusable::Malformed { what: error.to_string() })),
        };
        Ok(Ok(self.weighed(Word {
            evidence: Evidence::Crl(crl.clone()),
            base: None,
            this_update: crl.this_update(),
            next_update: crl.next_update(),
            kept_since: crl.expired_since(),
            entry,
            reasons,
            materials,
            is_weak: false,
        })))
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
        let materials = match self.is_of_responder(response, issuer, open)? {
            Ok(materials) => materials,
            Err(why) => return Ok(Err(why)),
        };
        let entry = match single.status {
            SingleStatus::Good => None,
            SingleStatus::Revoked(entry) => Some(entry),
            SingleStatus::Unknown => return Ok(Err(Unusable::Unknown)),
        };
        Ok(Ok(self.weighed(Word {
            evidence: Evidence::Ocsp(response.clone()),
            base: None,
            this_update: single.this_update,
            next_update: single.next_update,
            kept_since: single.archive_cutoff,
            entry,
            reasons: Reasons::ALL,
            materials,
            is_weak: false,
        })))
    }

    fn weighed(&self, word: Word) -> Word {
        Word { is_weak: !self.strength.suffices(&word), ..word }
    }
}
