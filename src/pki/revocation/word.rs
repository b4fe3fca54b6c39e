//! What lists and answers say of one certificate, and what all of that comes to.

use super::check::{Checker, Source, Status, Tried};
use super::entries::Entry;
use super::fault::Unusable;
use super::reason::{Reason, Reasons};
use crate::pki::Certificate;
use crate::time::UtcTime;

/// What one list or answer says.
pub(super) struct Word {
    pub(super) source: Source,
    pub(super) issuer: String,
    pub(super) this_update: UtcTime,
    /// Nothing where it is not listed, or good.
    pub(super) entry: Option<Entry>,
    pub(super) reasons: Reasons,
    pub(super) stale: Option<Unusable>,
}

/// Clocks of issuers that run ahead of the verifier's; OpenSSL allows as much.
const CLOCK_SKEW: i64 = 300;
impl Checker<'_> {
    /// Why information of this age does not serve; nothing where it does.
    pub(super) fn stale(
        &self,
        this_update: UtcTime,
        next_update: Option<UtcTime>,
    ) -> Option<Unusable> {
        if this_update > self.at.plus_seconds(CLOCK_SKEW) {
            return Some(Unusable::NotYetIssued { this_update });
        }
        let until = match self.max_age {
            Some(age) => Some(this_update.plus_seconds(i64::try_from(age).unwrap_or(i64::MAX))),
            None => next_update,
        };
        let serves = until.is_some_and(|until| self.at.whole_seconds() <= until);
        (!serves).then_some(Unusable::Stale { this_update, next_update })
    }

    /// Revoked is revoked, however old the word is; only a hold may be taken back, and the
    /// latest word says whether it was. For good, fresh words have to speak of all reasons.
    pub(super) fn conclude(&self, words: &[Word]) -> (Status, Vec<Tried>) {
        let revoked = |word: &Word| {
            let entry = word.entry.filter(|it| it.revoked_at <= self.at)?;
            let Word { source, this_update, .. } = *word;
            let Entry { revoked_at: at, reason } = entry;
            Some(Status::Revoked { source, this_update, at, reason })
        };
        let held = |word: &Word| word.entry.and_then(|it| it.reason).is_some_and(Reason::is_hold);
        if let Some(status) = words.iter().filter(|it| !held(it)).find_map(revoked) {
            return (status, Vec::new());
        }
        let fresh = || words.iter().filter(|it| it.stale.is_none());
        let good = fresh().filter(|it| revoked(it).is_none());
        let latest = good.clone().max_by_key(|it| it.this_update);
        let hold = words.iter().filter(|it| held(it) && revoked(it).is_some());
        let hold = hold.max_by_key(|it| it.this_update);
        if let Some(hold) = hold
            && latest.is_none_or(|latest| latest.this_update <= hold.this_update)
        {
            return (revoked(hold).unwrap_or(Status::Unknown), Vec::new());
        }
        let reasons = good.fold(Reasons::NONE, |all, it| all.or(it.reasons));
        match latest {
            Some(word) if reasons == Reasons::ALL => {
                let Word { source, this_update, .. } = *word;
                (Status::Good { source, this_update }, Vec::new())
            }
            _ => (Status::Unknown, words.iter().map(Word::insufficient).collect()),
        }
    }
}

/// Issuers may drop a certificate from lists and archives once it has expired (RFC 5280
/// §3.3), so that not to be listed afterwards says nothing, unless they say since when they
/// keep what has expired: expiredCertsOnCRL (X.509 §9.5.2.8), archiveCutoff (RFC 6960 §4.4.4).
pub(super) fn after_expiry(
    certificate: &Certificate,
    this_update: UtcTime,
    kept_since: Option<UtcTime>,
) -> Option<Unusable> {
    let not_after = certificate.not_after();
    let kept = kept_since.is_some_and(|since| since <= not_after);
    (this_update > not_after && !kept).then_some(Unusable::AfterExpiry { this_update })
}

impl Word {
    fn insufficient(&self) -> Tried {
        let why = self.stale.clone().unwrap_or(Unusable::SomeReasonsOnly);
        Tried { source: self.source, issuer: self.issuer.clone(), why }
    }
}
