//! The validation process for basic signatures (EN 319 102-1 §5.3).

use super::block::{self, Context};
use super::check::Check;
use super::conclusion::Conclusion;
use super::facts::SignatureFacts;
use crate::error::Result;
use crate::pki::path::Search;
use crate::pki::revocation::Checked;

/// What the process came to for one signature.
pub(super) struct Processed {
    pub(super) conclusion: Conclusion,
    pub(super) checks: Vec<Check>,
    pub(super) path: Option<Search>,
    /// What is known about each certificate of the path.
    pub(super) revocation: Vec<Checked>,
}

/// Judges one signature: all findings by the policy; the worst that follows is the
/// conclusion, and of equals the first in the order of §5.3.4.
///
/// # Errors
/// `LimitExceeded` when a bound was reached: then nothing is concluded.
pub(super) fn basic(facts: &SignatureFacts, context: Context<'_>) -> Result<Processed> {
    let found = block::run(facts, context)?;
    let mut conclusion = Conclusion::TotalPassed;
    let mut checks = Vec::new();
    for finding in found.findings {
        let (check, follows) = context.policy.judge(finding);
        checks.extend(check);
        conclusion = follows.map_or(conclusion, |follows| conclusion.worse(follows));
    }
    // A pass is what the value check grants, never what is left when checks are silent.
    if conclusion == Conclusion::TotalPassed && facts.value_holds() != Some(true) {
        conclusion = super::conclusion::Indeterminate::Generic.into();
    }
    Ok(Processed { conclusion, checks, path: found.path, revocation: found.revocation })
}
