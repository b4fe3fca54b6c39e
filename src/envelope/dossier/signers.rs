//! Who signed which step, by the certificates, and when.

use std::collections::BTreeMap;

use super::chain::Found;
use super::finding::Finding;
use super::record::{Desk, HandOver, Record, Step};
use super::report::StepReport;
use crate::crypto::{DigestAlgorithm, DigestContext};
use crate::encoding::folded;
use crate::pki::Certificate;
use crate::time::UtcTime;
use crate::validation::SignatureReport;

/// Seconds by which what a step says of its time may differ from what its signature does: a
/// person may take some minutes until a key is released, and clocks differ.
pub(super) const TOLERANCE: i64 = 900;

/// Whose certificates these are: by the SHA-256 of each, that of its issuer's and its subject's
/// name. Of one issuer, no two subjects have one name, and one subject may have several
/// certificates (RFC 5280 §4.1.2.6).
#[derive(Default)]
pub(super) struct People(BTreeMap<Vec<u8>, Vec<u8>>);

impl People {
    pub(super) fn add(&mut self, certificate: &Certificate) {
        let (issuer, subject) = (certificate.issuer_name(), certificate.subject_name());
        if subject.is_empty() {
            return;
        }
        let mut names = DigestContext::new(DigestAlgorithm::Sha256);
        names.update(issuer.der());
        names.update(subject.der());
        let person = names.finish().value().to_vec();
        self.0.insert(certificate.digest().to_vec(), person);
    }

    /// A certificate that is not at hand is somebody by itself.
    fn of<'p>(&'p self, certificate: &'p [u8]) -> &'p [u8] {
        self.0.get(certificate).map_or(certificate, Vec::as_slice)
    }
}

/// The first place where a step of each person, and of each desk, stands.
struct Known<'r> {
    desks: BTreeMap<&'r [u8], &'r Desk>,
    people: BTreeMap<(&'r str, &'r str), &'r [u8]>,
}

impl<'r> Known<'r> {
    fn of(records: &'r [Found], people: &'r People) -> Self {
        let mut known = Self { desks: BTreeMap::new(), people: BTreeMap::new() };
        for Found { record, .. } in records {
            let (desk, person) = (record.step.by(), people.of(record.signer.value()));
            known.desks.entry(person).or_insert(desk);
            known.people.entry(names(desk)).or_insert(person);
        }
        known
    }

    /// Whether somebody is at no other desk.
    fn may_be(&self, person: &[u8], desk: &Desk) -> bool {
        self.desks.get(person).is_none_or(|it| *it == desk)
    }

    /// Whether nobody else is at a desk.
    fn has(&self, desk: &Desk, person: &[u8]) -> bool {
        self.people.get(&names(desk)).is_none_or(|it| *it == person)
    }
}

fn names(desk: &Desk) -> (&str, &str) {
    (&desk.unit, &desk.officer)
}

/// Whether the signer of a further record can be who the records before it say is at that desk.
pub(super) fn can_follow(record: &Record, before: &[Found], people: &People) -> bool {
    let known = Known::of(before, people);
    let (desk, person) = (record.step.by(), people.of(record.signer.value()));
    known.may_be(person, desk) && known.has(desk, person)
}

/// A passing signature, and by whose certificate.
type By<'s> = (&'s Certificate, &'s SignatureReport);

/// What all steps together say of who signed.
struct Signers<'r> {
    records: &'r [Found],
    /// The passing signatures over each step.
    over: &'r [Vec<By<'r>>],
    people: &'r People,
    known: Known<'r>,
}

/// Sets apart whose signatures are over each step, and says where they are not those of the
/// desk.
pub(super) fn examine(
    records: &[Found],
    steps: &mut [StepReport],
    signatures: &[SignatureReport],
) -> Vec<Finding> {
    let over: Vec<Vec<By<'_>>> = steps.iter().map(|it| over(it, signatures)).collect();
    let mut people = People::default();
    over.iter().flatten().for_each(|it| people.add(it.0));
    let known = Known::of(records, &people);
    let signers = Signers { records, over: &over, people: &people, known };
    let mut findings = Vec::new();
    for (n, (found, step)) in records.iter().zip(steps).enumerate() {
        let of_own = || signers.of_own(n).map(|it| it.1);
        step.proven_at = of_own().filter_map(SignatureReport::best_signature_time).min();
        if is_contradicted(found.record.step.at(), of_own(), step.proven_at) {
            findings.push(Finding::TimeContradicted { step: n });
        }
        step.confirmed = signers.is_confirmed(n);
        signers.examine(n, &mut findings);
    }
    findings
}

impl<'r> Signers<'r> {
    /// Where a step is signed by somebody else than its desk's.
    fn examine(&self, n: usize, findings: &mut Vec<Finding>) {
        let Some(Found { record, .. }) = self.records.get(n) else { return };
        let (desk, person) = (record.step.by(), self.people.of(record.signer.value()));
        let any = self.over.get(n).is_some_and(|it| !it.is_empty());
        let by_another = any && self.of_own(n).next().is_none();
        let before = n.checked_sub(1).and_then(|it| self.received(it));
        let follows = before.is_none_or(|it| self.may_go_on(&it, n));
        if by_another || !follows || !self.known.has(desk, person) {
            findings.push(Finding::SignerChanged { step: n });
        }
        if !self.known.may_be(person, desk) {
            findings.push(Finding::SignsForAnother { step: n });
        }
    }

    /// The passing signatures over a step by the certificate that its record names.
    fn of_own(&self, n: usize) -> impl Iterator<Item = By<'r>> {
        let own = self.records.get(n).map(|it| it.record.signer.value());
        let over = self.over.get(n).into_iter().flatten();
        over.filter(move |it| Some(it.0.digest().as_slice()) == own).copied()
    }

    /// Who signed a hand-over besides the one who gave.
    fn received(&self, n: usize) -> Option<Received<'r>> {
        let Found { record, .. } = self.records.get(n)?;
        let Step::HandOver(step) = &record.step else { return None };
        let giver = self.people.of(record.signer.value());
        let others = self.over.get(n).into_iter().flatten().map(|it| it.0).filter(|it| {
            let person = self.people.of(it.digest());
            person != giver && self.known.may_be(person, &step.to)
        });
        Some(Received::of(step, self.of_own(n).map(|it| it.0).next(), others.collect()))
    }

    /// Whether who received a step may have signed the next one.
    fn may_go_on(&self, received: &Received<'_>, next: usize) -> bool {
        let Some(Found { record, .. }) = self.records.get(next) else { return false };
        let person = self.people.of(record.signer.value());
        let is_among =
            |all: &[&Certificate]| all.iter().any(|it| self.people.of(it.digest()) == person);
        if !received.named.is_empty() {
            return is_among(&received.named);
        }
        // Others sign, too, such as the agency with its seal: whom the hand-over names is not
        // held to be one of them.
        let is_named = self.of_own(next).any(|it| received.is_named(it.0));
        received.others.is_empty() || is_named || is_among(&received.others)
    }

    /// Whether the receiver itself signed a hand-over, or went on.
    fn is_confirmed(&self, n: usize) -> bool {
        let Some(received) = self.received(n) else { return false };
        let next = n.saturating_add(1);
        let goes_on = || {
            let signed = self.of_own(next).any(|it| {
                let person = self.people.of(it.0.digest());
                self.known.may_be(person, received.to) && self.known.has(received.to, person)
            });
            let there = self.records.get(next).is_some_and(|it| it.record.step.by() == received.to);
            signed && there && self.may_go_on(&received, next)
        };
        let at_desk = |it: &&Certificate| self.known.has(received.to, self.people.of(it.digest()));
        received.named.iter().any(at_desk) || goes_on()
    }
}

/// Who signed a hand-over besides the one who gave.
struct Received<'r> {
    to: &'r Desk,
    /// What the receiver is called and the giver is not.
    names: Vec<String>,
    /// Those who are at no other desk.
    others: Vec<&'r Certificate>,
    /// Those of them whose certificates have one of the names.
    named: Vec<&'r Certificate>,
}

impl<'r> Received<'r> {
    fn of(step: &'r HandOver, giver: Option<&Certificate>, others: Vec<&'r Certificate>) -> Self {
        let names = [&step.to.officer, &step.to.unit].map(|it| folded(it)).into_iter();
        let tells = |it: &String| !it.is_empty() && !giver.is_some_and(|by| has_name(by, it));
        let (to, names) = (&step.to, names.filter(tells).collect());
        let mut received = Self { to, names, others, named: Vec::new() };
        let named = received.others.iter().copied().filter(|it| received.is_named(it));
        received.named = named.collect();
        received
    }

    fn is_named(&self, certificate: &Certificate) -> bool {
        self.names.iter().any(|it| has_name(certificate, it))
    }
}

/// Whether a certificate's subject has this name, which is folded.
fn has_name(certificate: &Certificate, name: &str) -> bool {
    certificate.subject_name().identities().any(|it| folded(it) == name)
}

/// The passing signatures over a step, and by which certificates.
fn over<'s>(step: &StepReport, signatures: &'s [SignatureReport]) -> Vec<By<'s>> {
    let places = step.signatures.iter().filter_map(|it| signatures.get(*it));
    places.filter_map(|it| Some((it.certificate()?, it))).collect()
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
