//! Who signed which step, by the certificates, and when.

use std::collections::BTreeMap;

use super::chain::Found;
use super::finding::Finding;
use super::record::{Desk, Step};
use super::report::StepReport;
use crate::crypto::DigestAlgorithm;
use crate::time::UtcTime;
use crate::validation::SignatureReport;

/// Seconds by which what a step says of its time may differ from what its signature does: a
/// person may take some minutes until a key is released, and clocks differ.
pub(super) const TOLERANCE: i64 = 900;

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
        let over = over(step, signatures);
        let of_own = || over.iter().filter(|it| it.0 == own).map(|it| it.1);
        step.proven_at = of_own().filter_map(SignatureReport::best_signature_time).min();
        if is_contradicted(record.step.at(), of_own(), step.proven_at) {
            findings.push(Finding::TimeContradicted { step: n });
        }
        let by_another = !over.is_empty() && of_own().next().is_none();
        let not_confirmed = !confirmed.is_empty() && !confirmed.iter().any(|it| it == own);
        if by_another || not_confirmed || !known.has(record.step.by(), own) {
            findings.push(Finding::SignerChanged { step: n });
        }
        if !known.may_be(own, record.step.by()) {
            findings.push(Finding::SignsForAnother { step: n });
        }
        confirmed.clear();
        if let Step::HandOver(it) = &record.step {
            let others = over.into_iter().map(|it| it.0).filter(|by| by != own);
            confirmed.extend(others.filter(|by| known.may_be(by, &it.to)));
            let went_on = records.len() > n.saturating_add(1);
            step.confirmed = went_on || confirmed.iter().any(|by| known.has(&it.to, by));
        }
    }
    findings
}

/// The passing signatures over a step, and by which certificates.
fn over<'s>(
    step: &StepReport,
    signatures: &'s [SignatureReport],
) -> Vec<(Certificate, &'s SignatureReport)> {
    let places = step.signatures.iter().filter_map(|it| signatures.get(*it));
    places.filter_map(|it| Some((certificate(it)?, it))).collect()
}

/// Whether none of the signatures claims the time that a step says, or it was signed before.
fn is_contradicted<'s>(
    at: UtcTime,
    mut signatures: impl Iterator<Item = &'s SignatureReport>,
    proven_at: Option<UtcTime>,
) -> bool {
    let mut any = false;
    let claims_it = signatures.any(|it| {
        any = true;
        let claimed = it.claimed_time();
        claimed.is_none_or(|it| it.unix().abs_diff(at.unix()) <= TOLERANCE.unsigned_abs())
    });
    any && !claims_it || proven_at.is_some_and(|it| it.plus_seconds(TOLERANCE) < at)
}

fn certificate(signature: &SignatureReport) -> Option<Certificate> {
    let der = signature.certificate()?.der();
    Some(DigestAlgorithm::Sha256.digest(der).value().to_vec())
}
