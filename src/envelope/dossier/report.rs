//! What the check of a dossier came to.

use std::collections::BTreeSet;

use super::signers::TOLERANCE;
use super::{Delay, Dossier, Finding, Step, chain, signers};
use crate::crypto::Digest;
use crate::error::Result;
use crate::time::UtcTime;
use crate::validation::{Conclusion, Report, SignatureReport, Validator};

/// What the check of a dossier came to.
#[derive(Debug, Clone)]
#[must_use]
pub struct DossierReport {
    report: Report,
    steps: Vec<StepReport>,
    findings: Vec<Finding>,
}

/// One step, and who vouches for it.
#[derive(Debug, Clone)]
pub struct StepReport {
    step: Step,
    pub(super) signatures: Vec<usize>,
    pub(super) confirmed: bool,
    pub(super) proven_at: Option<UtcTime>,
}

impl StepReport {
    /// What happened.
    #[must_use]
    pub fn step(&self) -> &Step {
        &self.step
    }

    /// The passing signatures made when this was the last step, over it and all before it,
    /// by their places in the report: the giver's, and the receiver's where it confirmed.
    #[must_use]
    pub fn signatures(&self) -> &[usize] {
        &self.signatures
    }

    /// For a hand-over, whether who received it vouches for that: by a confirmation, or by having
    /// signed the next step, its signature passing. A confirmation is the receiver's where the
    /// subject of its certificate has the name of the officer, or of the unit, that the hand-over
    /// names, and the giver's has not: anybody else may sign besides, as an agency does with its
    /// seal. While it is not, that it was received is only what its giver says; a dossier on its
    /// way holds all the same. Nobody confirms what is no hand-over.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        self.confirmed
    }

    /// When it is proven to have been signed, at the latest: by a time-stamp that itself
    /// validates. Nothing where there is none. That it is long after the step's own time is no
    /// contradiction, as signatures may be time-stamped at any time; yet that time is then only
    /// what the desk says.
    #[must_use]
    pub fn proven_at(&self) -> Option<UtcTime> {
        self.proven_at
    }
}

impl DossierReport {
    /// What the container's signatures came to.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// What happened, the receipt first.
    #[must_use]
    pub fn steps(&self) -> &[StepReport] {
        &self.steps
    }

    /// Who signed a step: the names in their certificates. Show them beside the names of the
    /// desks, which are only what the record says.
    pub fn signers(&self, step: &StepReport) -> Vec<&str> {
        let signatures = step.signatures.iter().filter_map(|it| self.report.signatures().get(*it));
        signatures.filter_map(SignatureReport::signer_name).collect()
    }

    /// Times that were not provably kept, or are not being kept, as of `now`: as
    /// [`Dossier::delays`], with each step at the time that a time-stamp proves, where that is
    /// later than the step says by more than a quarter of an hour. A step without a time-stamp
    /// stands at the time that it says. Where time-stamps are added later than desks sign, that
    /// is later than what happened.
    #[must_use]
    pub fn delays_by_proof(&self, now: UtcTime) -> Vec<Delay> {
        let at = |it: &StepReport| {
            let said = it.step.at();
            it.proven_at.filter(|it| *it > said.plus_seconds(TOLERANCE)).unwrap_or(said)
        };
        let steps: Vec<_> = self.steps.iter().map(|it| (&it.step, at(it))).collect();
        chain::delays(&steps, now)
    }

    /// What is wrong with the chain.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Whether every signature passed, the chain is whole, and each desk signed by a
    /// certificate of its own. That these certificates are those of the desks' officers is for
    /// [`signers`](Self::signers) to tell.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.findings.is_empty() && self.report.conclusion() == Some(Conclusion::TotalPassed)
    }
}

impl Dossier<'_> {
    /// Validates every signature, and whether each step follows from the one before it.
    ///
    /// Each step has to be signed by the certificate that its record names, desks that differ by
    /// different people, and a desk that stands there twice by the same: certificates of one
    /// issuer for one subject are one person's, so that one may be renewed. Who confirmed a
    /// hand-over under the name that it gives has to be who goes on; where nobody of that name
    /// confirmed, one of those who did, or one of that name. A step's signature must claim no
    /// other time than the step says that it happened at, and no time-stamp may prove it older, by
    /// more than a quarter of an hour. That a certificate is an officer's who may give or receive
    /// a dossier there is for the application to ask: the report names the signers.
    ///
    /// What was cut off its end, nobody sees by the dossier alone:
    /// [`check_against`](Self::check_against) does.
    ///
    /// # Errors
    /// As [`Validator::validate`]; `Malformed` when a file cannot be got out of the container. What
    /// else is wrong with the dossier is no error.
    pub fn check(&self, validator: &Validator) -> Result<DossierReport> {
        self.examine(validator, None)
    }

    /// As [`check`](Self::check), and whether it is what had this [`head`](Self::head) once, as it
    /// was then or with more steps: its last steps were not cut off.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn check_against(&self, head: &Digest, validator: &Validator) -> Result<DossierReport> {
        self.examine(validator, Some(head))
    }

    fn examine(&self, validator: &Validator, head: Option<&Digest>) -> Result<DossierReport> {
        let mut report = validator.validate(self.source)?;
        let mut findings = self.chain_findings()?;
        if head.is_some_and(|head| !self.records.iter().any(|it| it.digest == *head)) {
            findings.push(Finding::CutOff);
        }
        let mut steps: Vec<StepReport> = self
            .steps()
            .map(|it| StepReport {
                step: it.clone(),
                signatures: Vec::new(),
                confirmed: false,
                proven_at: None,
            })
            .collect();
        for (n, signature) in report.signatures().iter().enumerate() {
            let step = self.step_of(signature).and_then(|it| steps.get_mut(it));
            if let Some(step) = step.filter(|_| passes(signature)) {
                step.signatures.push(n);
            }
        }
        let unsigned = steps.iter().enumerate().filter(|it| it.1.signatures.is_empty());
        findings.extend(unsigned.map(|(step, _)| Finding::NotSigned { step }));
        findings.extend(signers::examine(&self.records, &mut steps, report.signatures()));
        for it in &findings {
            report = report.with_diagnostic(it.code(), it.message_vi(), it.to_string());
        }
        Ok(DossierReport { report, steps, findings })
    }

    /// The last step that a signature covers, where it covers all before it, and all files
    /// that were there then.
    fn step_of(&self, signature: &SignatureReport) -> Option<usize> {
        // Not its references: in XML one may be to a part of a file only.
        let covered: BTreeSet<&str> = signature.covers().files.iter().map(String::as_str).collect();
        let last = self.records.iter().rposition(|it| covered.contains(it.name.as_str()))?;
        let before = self.records.get(..=last)?;
        let whole = before.iter().all(|it| covered.contains(it.name.as_str()));
        let files = &self.records.get(last)?.record.files;
        let all = files.iter().all(|it| covered.contains(it.name.as_str()));
        (whole && all).then_some(last)
    }
}

fn passes(signature: &SignatureReport) -> bool {
    signature.conclusion() == Conclusion::TotalPassed && !signature.is_counter_signature()
}
