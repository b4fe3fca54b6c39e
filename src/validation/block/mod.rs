//! The building blocks of EN 319 102-1 §5.2. Each asks its questions of the facts
//! and answers with findings; what a finding weighs is the policy's to say.

mod acceptance;
mod certificate_validation;
mod cryptographic_verification;
mod format_checking;
pub(super) mod revocation;
mod signing_certificate;

pub(super) use self::acceptance::{overdrawn, strength};
use super::check::Finding;
use super::facts::SignatureFacts;
use super::policy::Policy;
use crate::error::Result;
use crate::limits::Limits;
use crate::pki::path::{Checks, Issuers, Search};
use crate::pki::revocation::{Checked, Gathering, Spent};
use crate::pki::{Crl, OcspResponse, PathRequirements, TrustStore};
use crate::time::UtcTime;

/// What the embedding application says, besides the signature (§5.2.4).
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) trust: &'a TrustStore,
    pub(super) policy: &'a Policy,
    pub(super) at: UtcTime,
    pub(super) requirements: &'a PathRequirements,
    pub(super) crls: &'a [Crl],
    pub(super) responses: &'a [OcspResponse],
    pub(super) gathering: Option<&'a Gathering<'a>>,
    pub(super) checks: &'a Checks,
    pub(super) spent: &'a Spent,
    pub(super) limits: &'a Limits,
}

impl<'a> Context<'a> {
    /// Where issuers may be had besides those at hand.
    pub(super) fn issuers(self) -> Option<&'a dyn Issuers> {
        self.gathering.map(|it| it as &dyn Issuers)
    }
}

/// What the blocks found, in the order of §5.3.4, and the path if there is one.
pub(super) struct Findings {
    pub(super) findings: Vec<Finding>,
    pub(super) path: Option<Search>,
    /// What is known about each certificate of the path.
    pub(super) revocation: Vec<Checked>,
}

/// Runs all blocks.
///
/// The standard stops at the first block that fails. Here all that can be told is
/// told, for the clerk; the first to fail still decides.
///
/// # Errors
/// `LimitExceeded` when the search for a path reached a bound.
pub(super) fn run(facts: &SignatureFacts, context: Context<'_>) -> Result<Findings> {
    let mut findings = format_checking::findings(facts);
    if facts.unreadable.is_some() {
        return Ok(Findings { findings, path: None, revocation: Vec::new() });
    }
    findings.extend(signing_certificate::findings(facts));
    findings.extend(cryptographic_verification::findings(facts));
    let path = certificate_validation::search(facts, context)?;
    findings.extend(certificate_validation::findings(facts, path.as_ref(), context));
    let revocation = revocation::check(facts, path.as_ref(), context)?;
    findings.extend(revocation::findings(path.as_ref(), &revocation, context));
    findings.extend(acceptance::findings(facts, path.as_ref(), context));
    Ok(Findings { findings, path, revocation })
}
