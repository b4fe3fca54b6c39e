//! Who signed which step, by the certificates.

use std::collections::BTreeMap;

use super::chain::Found;
use super::finding::Finding;
use super::record::{Desk, Step};
use super::report::StepReport;
use crate::crypto::DigestAlgorithm;
use crate::validation::SignatureReport;

/// A certificate, by its SHA-256.
type Certificate = Vec<u8>;

/// The first place where a step of each certificate, and of each desk, stands.
struct Known<'r> {
    desks: BTreeMap<&'r [u8], &'r Desk>,
    certificates: BTreeMap<(&'r str, &'r str), &'r [u8]>,
}

impl<'r> Known<'r> {
    fn of(records: &'r [Found]) -> Self {
        let mut known = Self { desks: BTreeMap::new(), certificates: BTreeMap::new() };
        for Found { record, .. } in records {
            let (desk, certificate) = (record.step.by(), record.signer.value());
            known.desks.entry(certificate).or_insert(desk);
            known.certificates.entry(names(desk)).or_insert(certificate);
        }
        known
    }

    /// Whether a certificate is no other desk's.
    fn may_be(&self, certificate: &[u8], desk: &Desk) -> bool {
        self.desks.get(certificate).is_none_or(|it| *it == desk)
    }

    /// Whether a desk has no other certificate.
    fn has(&self, desk: &Desk, certificate: &[u8]) -> bool {
        self.certificates.get(&names(desk)).is_none_or(|it| *it == certificate)
    }
}

fn names(desk: &Desk) -> (&str, &str) {
    (&desk.unit, &desk.officer)
}

/// Sets apart whose signatures are over each step, and says where they are not those of the
/// desk.
pub(super) fn examine(
    records: &[Found],
    steps: &mut [StepReport],
    signatures: &[SignatureReport],
) -> Vec<Finding> {
    let known = Known::of(records);
    let mut findings = Vec::new();
    let mut confirmed: Vec<Certificate> = Vec::new();
    for (n, (found, step)) in records.iter().zip(steps).enumerate() {
        let (record, own) = (&found.record, found.record.signer.value());
        let places = step.signatures.iter();
        let by: Vec<Certificate> =
            places.filter_map(|it| signatures.get(*it)).filter_map(certificate).collect();
        let by_another = !by.is_empty() && !by.iter().any(|it| it == own);
        let of_another = !known.has(record.step.by(), own);
        let not_confirmed = !confirmed.is_empty() && !confirmed.iter().any(|it| it == own);
        if by_another || of_another || not_confirmed {
            findings.push(Finding::SignerChanged { step: n });
        }
        if !known.may_be(own, record.step.by()) {
            findings.push(Finding::SignsForAnother { step: n });
        }
        confirmed.clear();
        if let Step::HandOver(it) = &record.step {
            let others = by.into_iter().filter(|by| by != own);
            confirmed.extend(others.filter(|by| known.may_be(by, &it.to)));
            let went_on = records.len() > n.saturating_add(1);
            step.confirmed = went_on || confirmed.iter().any(|by| known.has(&it.to, by));
        }
    }
    findings
}

fn certificate(signature: &SignatureReport) -> Option<Certificate> {
    let der = signature.certificate()?.der();
    Some(DigestAlgorithm::Sha256.digest(der).value().to_vec())
}
