//! Whether a document holds revocation information for every certificate that its
//! signatures lean on: what makes the level LT (EN 319 122-1 §6.3, EN 319 142-1 §6.3).
//!
//! It is a matter of structure: nobody is trusted and no signature is checked. Names and
//! key identifiers tell who issued what. A path ends at a certificate that names itself as
//! its issuer, and at one whose issuer the document does not hold: whoever validates has to
//! trust that one, or to know who stands above it. Of these nothing is asked.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use crate::error::Result;
use crate::limits::{Limits, within};
use crate::pki::{Certificate, Crl, OcspResponse};
use crate::validation::facts::{RevocationFacts, SignatureFacts, TimeStampFacts, TimeStampType};
use crate::validation::poe::ObjectId;

/// RFC 6960 §4.2.2.2.1: the responder's certificate goes unasked.
const OCSP_NO_CHECK: &str = "1.3.6.1.5.5.7.48.1.5";

/// The certificates and the revocation information in one document, and whose paths they
/// are to complete.
pub(super) struct Completeness<'a> {
    certificates: Vec<&'a Certificate>,
    places: HashMap<&'a [u8; 32], usize>,
    crls: Vec<&'a Crl>,
    responses: Vec<&'a OcspResponse>,
    /// Those who signed; nothing for one whose certificate is not at hand.
    signers: Vec<Option<usize>>,
    /// What all certificates are to compare with, in [`weight`].
    weight: usize,
    limits: &'a Limits,
    /// What was compared for the document so far.
    compared: &'a Cell<usize>,
}

/// One way from a certificate to who issued it.
struct Step {
    issuer: usize,
    /// Nothing is to be asked, or a list answers.
    settled: bool,
    /// Those who may have signed an answer about it.
    responders: Vec<usize>,
}

impl<'a> Completeness<'a> {
    /// Nothing yet; `compared` is to be the same for all signatures of the document.
    pub(super) fn new(limits: &'a Limits, compared: &'a Cell<usize>) -> Self {
        Self {
            certificates: Vec::new(),
            places: HashMap::new(),
            crls: Vec::new(),
            responses: Vec::new(),
            signers: Vec::new(),
            weight: 0,
            limits,
            compared,
        }
    }

    /// Whose path is to be complete: the signer's, and those of the authorities of its
    /// time-stamps, but for the last archive time-stamp's, which the next one will protect.
    ///
    /// # Errors
    /// `LimitExceeded` when too much would have to be compared.
    pub(super) fn lean_on(&mut self, facts: &'a SignatureFacts) -> Result<()> {
        self.hold_certificates(facts)?;
        self.sign(facts);
        let archives = facts.time_stamps.iter().enumerate();
        let archives = archives.filter(|(_, it)| it.kind == TimeStampType::ArchiveTimestamp);
        let last = archives.max_by_key(|(_, it)| it.time).map(|(n, _)| n);
        let own = facts.time_stamps.iter().enumerate();
        // No level leans on those in the document security store.
        for (n, stamp) in own.filter(|(_, it)| it.kind != TimeStampType::VriTimestamp) {
            self.lean_on_stamp(stamp, Some(n) != last)?;
        }
        Ok(())
    }

    /// A time-stamp's certificates are at hand; its authority's path matters only where
    /// something leans on it.
    ///
    /// # Errors
    /// As [`lean_on`](Self::lean_on).
    pub(super) fn lean_on_stamp(&mut self, stamp: &'a TimeStampFacts, leaning: bool) -> Result<()> {
        let Some(token) = &stamp.token else { return Ok(()) };
        self.hold_certificates(token)?;
        self.hold(&token.revocation);
        if leaning {
            self.sign(token);
        }
        Ok(())
    }

    fn sign(&mut self, facts: &'a SignatureFacts) {
        let place = facts.signer.certificate.as_ref().map(|it| self.place(it));
        self.signers.push(place);
    }

    /// Those that stand in the CMS; the level is not to hang on what the caller knows. Each
    /// signature is asked about each time-stamp, and each of these knows all certificates.
    fn hold_certificates(&mut self, facts: &'a SignatureFacts) -> Result<()> {
        self.compare(facts.signer.certificates.len())?;
        let own: HashSet<_> = facts.objects.iter().collect();
        for certificate in &facts.signer.certificates {
            if own.contains(&ObjectId::of_certificate(certificate)) {
                self.place(certificate);
            }
        }
        Ok(())
    }

    /// Those that stand elsewhere in the document.
    pub(super) fn hold_stored(&mut self, certificates: &'a [Certificate]) {
        for certificate in certificates {
            self.place(certificate);
        }
    }

    /// Lists and answers, and the certificates that came with these.
    pub(super) fn hold(&mut self, revocation: &'a RevocationFacts) {
        self.crls.extend(revocation.crls.iter().map(|it| &it.item));
        for response in &revocation.responses {
            self.responses.push(&response.item);
            for certificate in response.item.accompanying() {
                self.place(certificate);
            }
        }
    }

    fn place(&mut self, certificate: &'a Certificate) -> usize {
        *self.places.entry(certificate.digest()).or_insert_with(|| {
            self.certificates.push(certificate);
            let octets = [certificate.subject_name().der(), certificate.public_key_info()];
            self.weight = self.weight.saturating_add(weight(octets));
            self.certificates.len().saturating_sub(1)
        })
    }

    /// Whether there is any revocation information, and of every certificate on the paths.
    ///
    /// # Errors
    /// `LimitExceeded` when too much would have to be compared.
    pub(super) fn is_complete(&self) -> Result<bool> {
        if self.crls.is_empty() && self.responses.is_empty() {
            return Ok(false);
        }
        let signers = self.signers.iter().copied();
        let Some(signers) = signers.collect::<Option<Vec<_>>>() else { return Ok(false) };
        let mut steps = HashMap::new();
        let mut open = signers.clone();
        while let Some(place) = open.pop() {
            if steps.contains_key(&place) {
                continue;
            }
            let found = self.steps(place)?;
            for step in &found {
                open.push(step.issuer);
                open.extend(&step.responders);
            }
            steps.insert(place, found);
        }
        let complete = self.completed(&steps)?;
        Ok(signers.iter().all(|it| complete.get(it) == Some(&true)))
    }

    /// From where the paths end down, until nothing is added.
    fn completed(&self, steps: &HashMap<usize, Vec<Step>>) -> Result<HashMap<usize, bool>> {
        let ends = steps.iter().map(|(place, ways)| (*place, ways.is_empty()));
        let mut complete: HashMap<_, _> = ends.collect();
        loop {
            let mut more = Vec::new();
            for (place, ways) in steps.iter().filter(|(it, _)| complete.get(it) != Some(&true)) {
                let asked = ways.iter().map(|it| it.responders.len().saturating_add(1));
                self.compare(asked.fold(0, usize::saturating_add))?;
                let has = |it: &usize| complete.get(it) == Some(&true);
                if ways
                    .iter()
                    .any(|it| has(&it.issuer) && (it.settled || it.responders.iter().any(has)))
                {
                    more.push(*place);
                }
            }
            if more.is_empty() {
                return Ok(complete);
            }
            complete.extend(more.into_iter().map(|it| (it, true)));
        }
    }

    /// The ways up from a certificate; none where its path ends.
    fn steps(&self, place: usize) -> Result<Vec<Step>> {
        let Some(certificate) = self.certificates.get(place).copied() else {
            return Ok(Vec::new());
        };
        if is_root(certificate) {
            return Ok(Vec::new());
        }
        let others = self.certificates.len().saturating_add(self.crls.len());
        let name = weight([certificate.issuer_name().der()]);
        self.compare(others.saturating_mul(name))?;
        let settled = certificate.extension(OCSP_NO_CHECK).is_some()
            || Crl::any_speaks_of(&self.crls, certificate);
        let others = self.certificates.iter().enumerate().filter(|(n, _)| *n != place);
        let issuers = others.filter(|(_, it)| may_have_issued(it, certificate));
        let step = |(issuer, it): (usize, &&Certificate)| {
            let responders = match settled {
                true => Vec::new(),
                false => self.responders(certificate, it.public_key_info())?,
            };
            Ok(Step { issuer, settled, responders })
        };
        issuers.map(step).collect()
    }

    /// Who may have signed the answers about a certificate whose issuer has this key.
    fn responders(&self, certificate: &Certificate, key: &[u8]) -> Result<Vec<usize>> {
        let digested = weight([certificate.issuer_name().der(), key]);
        let mut all = Vec::new();
        for answer in &self.responses {
            let (answers, numbered) = answer.answers_numbered(certificate);
            self.compare(answers.saturating_add(numbered.saturating_mul(digested)))?;
            if numbered > 0 && answer.concerns(certificate, key) {
                self.compare(self.weight)?;
                let signers = self.certificates.iter().enumerate();
                all.extend(signers.filter(|(_, it)| answer.names(it)).map(|(n, _)| n));
            }
        }
        Ok(all)
    }

    fn compare(&self, more: usize) -> Result<()> {
        self.compared.set(self.compared.get().saturating_add(more));
        within(self.compared.get(), self.limits.level_comparisons, "comparisons to tell levels")
    }
}

/// What it costs to compare or digest these: one, and one more for every 64 octets.
fn weight<const N: usize>(octets: [&[u8]; N]) -> usize {
    octets.iter().fold(1, |all: usize, it| all.saturating_add(it.len() / 64))
}

/// Whether the certificate ends a path: it names itself as its issuer.
fn is_root(certificate: &Certificate) -> bool {
    may_have_issued(certificate, certificate)
}

/// By name and, where both say, by key identifier.
fn may_have_issued(issuer: &Certificate, certificate: &Certificate) -> bool {
    let keys = (certificate.authority_key_identifier(), issuer.subject_key_identifier());
    issuer.subject_name().matches(certificate.issuer_name())
        && !matches!(keys, (Some(wanted), Some(found)) if wanted != found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::error::ErrorKind;
    use crate::validation::facts::Form;

    /// A thousand signatures under a thousand time-stamps would ask a thousand certificates
    /// of each pair.
    #[test]
    fn what_is_asked_of_every_pair_counts() {
        let text = std::fs::read("testdata/keys/p256.crt.pem").unwrap();
        let mut facts = SignatureFacts::new("1".to_owned(), Form::Cms);
        facts.signer.certificates = Certificate::all_from(&text, &Limits::default()).unwrap();
        let limits = Limits { level_comparisons: 2, ..Limits::default() };
        let compared = Cell::new(0);
        let lean = || Completeness::new(&limits, &compared).lean_on(&facts);
        assert!(lean().is_ok() && lean().is_ok());
        assert_eq!(lean().unwrap_err().kind(), ErrorKind::LimitExceeded);
    }
}
