//! The post of one agency: what its outbox and its inbox have in common.

use std::fmt;
use std::sync::Arc;

use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};

use super::journal::{Actor, Event, Noted};
use super::reach::Reach;
use super::retry::Pauses;
use super::store::{Claim, ClaimToken, Records, Store};
use crate::envelope::edxml::{DocumentId, OrganId, Organization};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::time::UtcTime;

/// An agency's post: whose it is, where it is kept, what time it is and by which rules it is
/// worked on. Cheap to clone; clones share the store.
#[derive(Clone)]
pub struct Post {
    pub(super) store: Arc<dyn Store>,
    pub(super) agency: Organization,
    pub(super) actor: Actor,
    pub(super) rules: PostRules,
    pub(super) limits: Limits,
    pub(super) reach: Arc<Reach>,
    clock: Arc<dyn Fn() -> UtcTime + Send + Sync>,
}

/// By which rules an agency's post is worked on. Times are in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PostRules {
    /// How long to wait between attempts, and how many there are.
    pub pauses: Pauses,
    /// How long after an attempt whose outcome is unknown the axis is asked what it has: it
    /// may still be at work on it, and lists what it took a little later.
    pub settle_after: u64,
    /// What an axis is asked that does not say what it has: whether a document whose outcome
    /// is unknown is sent again, at the risk that it comes twice, or left to a person.
    /// Statuses are always sent again.
    pub resend_in_doubt: bool,
    /// How often an axis is asked what it has that refuses to say so, for good: then it is
    /// taken for one that does not say it. The pauses between are as between attempts.
    pub questions: u32,
    /// After how long another worker may take up what one has claimed; at most a day. Longer
    /// than the calls of a batch may take.
    pub lease: u64,
    /// How many messages are worked on at a time: each step is written once for all of them.
    pub batch: u32,
}

impl Default for PostRules {
    fn default() -> Self {
        Self {
            pauses: Pauses::default(),
            settle_after: 60_000,
            resend_in_doubt: false,
            questions: 12,
            lease: 1_800_000,
            batch: 16,
        }
    }
}

/// What came of a round of work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Worked {
    /// Messages that were brought to an end.
    pub done: usize,
    /// Messages that are tried again later.
    pub postponed: usize,
    /// Messages that a person has to look at.
    pub left_to_people: usize,
}

impl Worked {
    /// Whether there was nothing to do.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn add(&mut self, more: Self) {
        self.done = self.done.saturating_add(more.done);
        self.postponed = self.postponed.saturating_add(more.postponed);
        self.left_to_people = self.left_to_people.saturating_add(more.left_to_people);
    }

    pub(super) const DONE: Self = Self { done: 1, postponed: 0, left_to_people: 0 };
    pub(super) const POSTPONED: Self = Self { done: 0, postponed: 1, left_to_people: 0 };
    pub(super) const LEFT: Self = Self { done: 0, postponed: 0, left_to_people: 1 };
}

impl Post {
    /// The post of `agency`, kept in `store`. `clock` says what time it is.
    pub fn new(
        store: Arc<dyn Store>,
        agency: Organization,
        clock: impl Fn() -> UtcTime + Send + Sync + 'static,
    ) -> Self {
        Self {
            store,
            agency,
            actor: Actor::new("kyso"),
            rules: PostRules::default(),
            limits: Limits::default(),
            reach: Arc::default(),
            clock: Arc::new(clock),
        }
    }

    /// Under this name in the journal.
    #[must_use]
    pub fn with_actor(mut self, actor: Actor) -> Self {
        self.actor = actor;
        self
    }

    /// By these rules.
    #[must_use]
    pub fn with_rules(mut self, rules: PostRules) -> Self {
        self.rules = rules;
        self
    }

    /// With other bounds on messages.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Whose it is.
    #[must_use]
    pub fn agency(&self) -> &Organization {
        &self.agency
    }

    /// Where it is kept.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// Ends all claims on this post, for a program that knows that it is the only one at
    /// work on it: after a restart, so that what it held when it died need not wait for the
    /// end of its lease. How many messages were held. Where one program sends and another
    /// receives: [`Outbox::release_claims`](super::Outbox::release_claims) and
    /// [`Inbox::release_claims`](super::Inbox::release_claims).
    ///
    /// # Errors
    /// Where the store fails.
    pub fn release_claims(&self) -> Result<u64> {
        self.step(|records| records.release_claims(self.id(), None))
    }

    /// A step: nobody else writes to this post meanwhile.
    pub(super) fn step<T>(&self, mut work: impl FnMut(&mut dyn Records) -> Result<T>) -> Result<T> {
        self.store.within(|records| {
            records.serialize(self.id())?;
            work(records)
        })
    }

    /// A round of work under a claim, unless the axis is out of reach.
    pub(super) fn claimed(
        &self,
        round: impl FnOnce(&Claim<'_>) -> Result<Worked>,
    ) -> Result<Worked> {
        if self.out_of_reach().is_some() {
            return Ok(Worked::default());
        }
        let claim = self.claim()?;
        let worked = round(&claim);
        if worked.is_err() {
            self.let_go(&claim);
        }
        worked
    }

    /// Gives back what a round claimed that could not be brought to its end, so that it is
    /// taken up before the claim ends. Where even this fails, it is taken up then.
    fn let_go(&self, claim: &Claim<'_>) {
        let released = self.step(|records| records.release_claims(self.id(), Some(claim.token)));
        if let Err(error) = released {
            tracing::warn!(agency = %self.id(), %error, "what was claimed waits for its lease");
        }
    }

    pub(super) fn id(&self) -> &OrganId {
        &self.agency.organ_id
    }

    pub(super) fn now(&self) -> UtcTime {
        (self.clock)()
    }

    /// An entry for the journal, by whoever works on this post.
    pub(super) fn noted<'a>(
        &'a self,
        at: UtcTime,
        document: Option<&'a DocumentId>,
        peer: Option<&'a OrganId>,
        digest: Option<&'a str>,
        event: &'a Event,
    ) -> Noted<'a> {
        Noted { agency: self.id(), at, actor: &self.actor, document, peer, digest, event }
    }

    /// A claim that nobody else makes.
    pub(super) fn claim(&self) -> Result<Claim<'_>> {
        let mut bytes = [0; 8];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| Error::new(ErrorKind::Io, "the system gives no random bytes"))?;
        let now = self.now();
        let lease = i64::try_from(self.rules.lease).unwrap_or(i64::MAX).min(A_DAY);
        Ok(Claim {
            agency: self.id(),
            now,
            until: now.plus_millis(lease),
            token: ClaimToken(i64::from_be_bytes(bytes)),
            most: self.rules.batch.max(1),
        })
    }

    /// The pause after so many attempts; nothing where that was the last.
    pub(super) fn next_try(&self, tries: u32, of: &str) -> Option<UtcTime> {
        let pause = self.rules.pauses.after(tries, of)?;
        Some(self.after(pause))
    }

    /// In so many milliseconds, at most a day: what is later was put off by a clock that was
    /// wrong.
    pub(super) fn after(&self, millis: u64) -> UtcTime {
        self.now().plus_millis(i64::try_from(millis).unwrap_or(i64::MAX).min(A_DAY))
    }

    /// Until when the axis need not be tried, since it was not reached.
    pub(super) fn out_of_reach(&self) -> Option<UtcTime> {
        self.reach.out_until(self.now())
    }

    /// Notes that the axis was reached, or was not.
    pub(super) fn reached(&self, reached: bool) {
        if reached {
            self.reach.reached();
        } else {
            self.reach.missed(&self.rules.pauses, self.now(), self.id().as_str());
        }
    }
}

/// In milliseconds.
const A_DAY: i64 = 86_400_000;

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Post")
            .field("agency", &self.agency.organ_id)
            .field("actor", &self.actor)
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}
