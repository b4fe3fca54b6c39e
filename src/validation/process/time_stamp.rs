//! The validation process for time-stamps (EN 319 102-1 §5.4), and what a proven time
//! settles for one (§5.6.3.4 step 5).

use super::past;
use crate::error::Result;
use crate::pki::PathRequirements;
use crate::pki::path::Search;
use crate::pki::revocation::Checked;
use crate::time::UtcTime;
use crate::validation::block::time_stamp::{TIME_STAMPING, imprint, issued};
use crate::validation::block::{self, Context, Role};
use crate::validation::check::{Check, CheckId, Finding, Message, Outcome, say};
use crate::validation::conclusion::{Conclusion, Failed, Indeterminate};
use crate::validation::facts::{RevocationFacts, TimeStampFacts};
use crate::validation::poe::Proofs;
use crate::validation::steps::{Block, BlockId};

/// What the process came to for one token.
pub(in crate::validation) struct ProcessedTimeStamp {
    pub(in crate::validation) conclusion: Conclusion,
    pub(in crate::validation) block: Block,
    pub(in crate::validation) search: Option<Search>,
    /// What is known about each certificate of the authority's path.
    pub(in crate::validation) checked: Vec<Checked>,
}

impl ProcessedTimeStamp {
    /// The time that it proves, where it holds.
    pub(in crate::validation) fn proves(&self, facts: &TimeStampFacts) -> Option<UtcTime> {
        facts.time.filter(|_| self.conclusion == Conclusion::TotalPassed)
    }
}

/// Judges one token with what is proven without it. `revocation` is what came with the
/// signature that it stands beside.
///
/// # Errors
/// `LimitExceeded` when a bound was reached.
pub(in crate::validation) fn validate(
    facts: &TimeStampFacts,
    revocation: &RevocationFacts,
    proofs: &Proofs<'_>,
    context: Context<'_>,
) -> Result<ProcessedTimeStamp> {
    let requirements = PathRequirements {
        extended_key_usage: Some(TIME_STAMPING.to_owned()),
        ..PathRequirements::default()
    };
    let context = Context {
        trust: context.time_stamp_trust,
        requirements: &requirements,
        role: Role::TimeStampAuthority,
        ..context
    };
    let Some(token) = &facts.token else { return Ok(unreadable(facts, context)) };
    let mut token = token.as_ref().clone();
    token.revocation.extend(revocation.clone());
    let basic = super::basic::validate(&token, context)?;
    let proven = proofs.of(token.value_id).min(proofs.of(facts.id));
    let settled = past::settle(&token, basic, proven, proofs, context)?;
    let mut findings = imprint(facts, Context { at: proven, ..context });
    findings.extend(issued(facts, token.signer.certificate.as_ref()));
    let own = block::judge(BlockId::TimeStamp, findings, context);
    let conclusion = own.block.conclusion.worse(settled.conclusion);
    let mut block = Block { about: Some(name(facts)), conclusion, ..own.block };
    block.blocks = settled.blocks;
    let (search, checked) = (settled.basic.search, settled.basic.checked);
    Ok(ProcessedTimeStamp { conclusion, block, search, checked })
}

fn unreadable(facts: &TimeStampFacts, context: Context<'_>) -> ProcessedTimeStamp {
    let message = say(
        "Dấu thời gian không phải CMS có đúng một người ký.",
        "The time-stamp is no CMS with exactly one signer.",
    );
    let finding = Finding::broken(CheckId::TimeStampTime, Failed::FormatFailure, message);
    let block = block::judge(BlockId::TimeStamp, vec![finding], context).block;
    let (conclusion, about) = (block.conclusion, Some(name(facts)));
    let block = Block { about, ..block };
    ProcessedTimeStamp { conclusion, block, search: None, checked: Vec::new() }
}

/// What a report calls it.
fn name(facts: &TimeStampFacts) -> String {
    let time = facts.time.map(|it| it.to_string()).unwrap_or_default();
    format!("{} {time}", facts.kind.name())
}

/// What the signature's own report says of a token.
pub(super) fn finding(facts: &TimeStampFacts, processed: &ProcessedTimeStamp) -> Finding {
    let id = CheckId::TimeStampValidation;
    let at = facts.time.map(UtcTime::vietnam).unwrap_or_default();
    match processed.conclusion {
        Conclusion::TotalPassed => Finding::holds(
            id,
            say(
                format!("Dấu thời gian lúc {at} đáng tin cậy."),
                format!("The time-stamp of {at} can be relied on."),
            ),
        ),
        follows => {
            let Message { vi, en } = first_problem(&processed.block)
                .unwrap_or_else(|| say(follows.to_string(), follows.to_string()));
            let message = say(
                format!("Dấu thời gian lúc {at} không dùng được ({follows}): {vi}"),
                format!("The time-stamp of {at} proves nothing ({follows}): {en}"),
            );
            // A policy that asks for time-stamps that hold asks for it of the signature.
            Finding::unknown(id, Indeterminate::SigConstraintsFailure, message)
        }
    }
}

/// The first check that did not hold; the tree is as deep as the processes are nested.
pub(super) fn first_problem(block: &Block) -> Option<Message> {
    let failed = |it: &&Check| matches!(it.outcome, Outcome::Failed | Outcome::NotChecked);
    let own = block.checks.iter().find(failed);
    own.map(|it| say(it.message_vi.clone(), it.message_en.clone()))
        .or_else(|| block.blocks.iter().find_map(first_problem))
}
