//! The building blocks of EN 319 102-1 §5.2. Each asks its questions of the facts
//! and answers with findings; what a finding weighs is the policy's to say.

mod acceptance;
mod appearance;
pub(super) mod certificate_validation;
mod cryptographic_verification;
mod format_checking;
mod references;
pub(super) mod revocation;
pub(super) mod revocation_strength;
mod signing_certificate;
pub(super) mod time_stamp;

pub(super) use self::acceptance::{overdrawn, strength};
use super::check::Finding;
use super::conclusion::Conclusion;
use super::facts::SignatureFacts;
use super::policy::Policy;
use super::steps::{Block, BlockId};
use crate::limits::Limits;
use crate::pki::path::{Checks, Issuers, Search};
use crate::pki::revocation::{Checked, Gathering, Spent};
use crate::pki::{Crl, OcspResponse, PathCheck, PathRequirements, TrustStore};
use crate::time::UtcTime;

/// What the embedding application says, besides the signature (§5.2.4).
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) trust: &'a TrustStore,
    /// Who vouches for time-stamping authorities.
    pub(super) time_stamp_trust: &'a TrustStore,
    pub(super) policy: &'a Policy,
    /// The time that is asked about.
    pub(super) at: UtcTime,
    /// Since when the certificates of the path are proven to have existed, for what is
    /// asked of their algorithms.
    pub(super) material_at: UtcTime,
    /// What the signer's certificate is for.
    pub(super) role: Role,
    pub(super) requirements: &'a PathRequirements,
    /// Documents of signature policies, by object identifier.
    pub(super) signature_policies: &'a [(String, Vec<u8>)],
    pub(super) crls: &'a [Crl],
    pub(super) responses: &'a [OcspResponse],
    pub(super) path_check: Option<&'a dyn PathCheck>,
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

/// Whose signature it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A person's or an organisation's.
    Signer,
    /// A time-stamping authority's.
    TimeStampAuthority,
}

/// What a block came to, with everything that follows from it.
pub(super) struct Judged {
    pub(super) block: Block,
    /// In the order of the checks, the worst not first.
    pub(super) follows: Vec<Conclusion>,
}

/// What the blocks came to that ask about no time: the format, whose certificate it is,
/// and whether its key signed this data.
///
/// The standard stops at the first block that fails. Here all that can be told is told,
/// for the clerk; the first to fail still decides.
pub(super) fn still(facts: &SignatureFacts, context: Context<'_>) -> Vec<Judged> {
    let mut all = vec![judge(BlockId::FormatChecking, format_checking::findings(facts), context)];
    if facts.unreadable.is_none() {
        let (identification, policy) = signing_certificate::findings(facts, context);
        let verification = cryptographic_verification::findings(facts);
        all.push(judge(BlockId::IdentificationOfSigningCertificate, identification, context));
        all.push(judge(BlockId::ValidationContextInitialization, policy, context));
        all.push(judge(BlockId::CryptographicVerification, verification, context));
    }
    all
}

/// What the blocks came to that ask about the time of the context, for a path and what is
/// known about its certificates.
pub(super) fn timely(
    facts: &SignatureFacts,
    search: Option<&Search>,
    checked: &[Checked],
    context: Context<'_>,
) -> Vec<Judged> {
    if facts.unreadable.is_some() {
        return Vec::new();
    }
    let path = certificate_validation::findings(facts, search, context);
    let revocation = revocation::findings(search, checked, context);
    let acceptance = acceptance::findings(facts, search, context);
    vec![
        judge(BlockId::X509CertificateValidation, path, context),
        judge(BlockId::RevocationFreshness, revocation, context),
        judge(BlockId::SignatureAcceptance, acceptance, context),
    ]
}

/// Judges the findings of one block by the policy.
pub(super) fn judge(id: BlockId, findings: Vec<Finding>, context: Context<'_>) -> Judged {
    let mut block = Block::new(id, context.at);
    let mut follows = Vec::new();
    for finding in findings {
        let (check, one) = context.policy.judge(finding);
        block.checks.extend(check);
        follows.extend(one);
    }
    block.conclusion = follows.iter().copied().fold(block.conclusion, Conclusion::worse);
    Judged { block, follows }
}
