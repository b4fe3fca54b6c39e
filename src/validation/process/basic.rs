//! The validation process for basic signatures (EN 319 102-1 §5.3).

use crate::error::Result;
use crate::pki::path::Search;
use crate::pki::revocation::Checked;
use crate::time::UtcTime;
use crate::validation::block::{self, Context, Judged, certificate_validation, revocation};
use crate::validation::check::Check;
use crate::validation::conclusion::{Conclusion, Indeterminate};
use crate::validation::facts::SignatureFacts;
use crate::validation::steps::{Block, BlockId};

/// What the blocks came to for one signature at one time.
pub(super) struct Basic {
    pub(super) at: UtcTime,
    /// Those that ask about no time.
    pub(super) still: Vec<Judged>,
    /// Those that do.
    pub(super) timely: Vec<Judged>,
    pub(super) search: Option<Search>,
    /// What is known about each certificate of the path.
    pub(super) checked: Vec<Checked>,
    /// Whether the value verifies: a pass is what that check grants, never what is left
    /// when checks are silent.
    pub(super) value_holds: bool,
}

/// Asks everything at the time of the context.
///
/// # Errors
/// `LimitExceeded` when a bound was reached: then nothing is concluded.
pub(super) fn validate(facts: &SignatureFacts, context: Context<'_>) -> Result<Basic> {
    let still = block::still(facts, context);
    let search = certificate_validation::search(facts, context)?;
    let checked = revocation::check(facts, search.as_ref(), context)?;
    let timely = block::timely(facts, search.as_ref(), &checked, context);
    let value_holds = facts.value_holds() == Some(true);
    Ok(Basic { at: context.at, still, timely, search, checked, value_holds })
}

impl Basic {
    /// The worst that follows, and of equals the first in the order of the blocks.
    pub(super) fn conclusion(&self) -> Conclusion {
        let worst = self.follows().fold(Conclusion::TotalPassed, Conclusion::worse);
        match worst {
            Conclusion::TotalPassed if !self.value_holds => Indeterminate::Generic.into(),
            worst => worst,
        }
    }

    /// Everything that follows.
    pub(super) fn follows(&self) -> impl Iterator<Item = Conclusion> + '_ {
        let all = self.still.iter().chain(&self.timely);
        all.flat_map(|it| it.follows.iter().copied())
    }

    /// Whether a proven time may settle what is open, or some of it.
    pub(super) fn may_be_settled(&self) -> bool {
        !matches!(self.conclusion(), Conclusion::TotalFailed(_))
            && self.follows().any(is_about_time)
    }

    /// As a step of the report.
    pub(super) fn block(&self) -> Block {
        let mut block = Block::new(BlockId::BasicSignature, self.at);
        block.conclusion = self.conclusion();
        block.blocks = self.still.iter().chain(&self.timely).map(|it| it.block.clone()).collect();
        block
    }

    /// All checks in the order of the blocks, what the search came to, and what is known about
    /// the path.
    pub(super) fn into_parts(self) -> (Vec<Check>, Option<Search>, Vec<Checked>) {
        let blocks = self.still.into_iter().chain(self.timely);
        let checks = blocks.flat_map(|it| it.block.into_checks()).collect();
        (checks, self.search, self.checked)
    }
}

/// Whether a proof that the signature existed earlier may settle it (§5.5.4 step 2, §5.6.3.4
/// step 3).
fn is_about_time(follows: Conclusion) -> bool {
    match follows {
        Conclusion::TotalPassed | Conclusion::TotalFailed(_) => false,
        Conclusion::Indeterminate(why) => match why {
            Indeterminate::RevokedNoPoe
            | Indeterminate::RevokedCaNoPoe
            | Indeterminate::OutOfBoundsNoPoe
            | Indeterminate::OutOfBoundsNotRevoked
            | Indeterminate::RevocationOutOfBoundsNoPoe
            | Indeterminate::CryptoConstraintsFailureNoPoe
            | Indeterminate::NoCertificateChainFoundNoPoe
            | Indeterminate::NoPoe
            | Indeterminate::TryLater => true,
            Indeterminate::SigConstraintsFailure
            | Indeterminate::ChainConstraintsFailure
            | Indeterminate::CertificateChainGeneralFailure
            | Indeterminate::CryptoConstraintsFailure
            | Indeterminate::PolicyProcessingError
            | Indeterminate::SignaturePolicyNotAvailable
            | Indeterminate::TimestampOrderFailure
            | Indeterminate::NoSigningCertificateFound
            | Indeterminate::NoCertificateChainFound
            | Indeterminate::SignedDataNotFound
            | Indeterminate::Generic => false,
        },
    }
}
