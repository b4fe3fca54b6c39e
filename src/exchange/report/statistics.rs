//! The figures.

use std::collections::BTreeMap;

use serde::Serialize;

use super::times::Times;
use crate::envelope::edxml::{DocumentId, OrganId};
use crate::time::UtcTime;

/// From when on, and until before when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Period {
    /// The first instant.
    pub from: UtcTime,
    /// The first instant after it.
    pub until: UtcTime,
}

impl Period {
    /// Whether an instant lies within.
    #[must_use]
    pub fn contains(&self, at: UtcTime) -> bool {
        self.from <= at && at < self.until
    }
}

/// What an agency's exchange came to over a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Statistics {
    /// Whose.
    pub agency: OrganId,
    /// Which documents: those handed to the outbox, or stored by the inbox, in this time.
    pub period: Period,
    /// As of when: what is not done by then is open, or late.
    pub as_of: UtcTime,
    /// What it sent.
    pub sent: Sent,
    /// What it received.
    pub received: Received,
    /// Whether the journal it is told from is whole.
    pub journal: JournalCheck,
}

/// Whether a journal is whole, as far as its entries were counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct JournalCheck {
    /// Entries that were counted.
    pub entries: u64,
    /// The hash of the last entry up to which the chain holds, in hexadecimal.
    pub hash: String,
    /// Where the chain breaks first; nothing where it is whole.
    pub broken: Option<String>,
    /// Entries whose text is no event that this version knows: they count for nothing else.
    pub unknown: u64,
}

/// A number of things for each name.
pub type Count = BTreeMap<String, u64>;

/// Documents, by what they have in common.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Groups {
    /// By the code of the other agency; a document for several counts for each.
    pub agencies: Count,
    /// By what kind they are: `Công văn`.
    pub kinds: Count,
    /// By priority, from `0` to `4`.
    pub priorities: Count,
    /// By what they do: `0` new, `1` revocation, `2` update, `3` replacement.
    pub businesses: Count,
}

/// Whether things were done in time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Timeliness {
    /// Done in time.
    pub on_time: u64,
    /// Done late, or not done and late by now.
    pub late: u64,
    /// Not done, and not due yet.
    pub open: u64,
}

/// What was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Sent {
    /// Documents handed to the outbox.
    pub documents: u64,
    /// Documents times receivers.
    pub deliveries: u64,
    /// Deliveries that the axis has.
    pub delivered: u64,
    /// Deliveries that wait for a person.
    pub stopped: u64,
    /// Deliveries that a person had sent again.
    pub resumed: u64,
    /// Deliveries that a person had not sent: they are neither in time nor late.
    pub cancelled: u64,
    /// Documents by the day in Vietnam on which they were handed over: `2026-02-17`.
    pub days: Count,
    /// Documents by what they have in common.
    pub groups: Groups,
    /// Attempts within the period that failed and were made again, of documents and of
    /// answers.
    pub retries: u64,
    /// Outcomes within the period that were unknown, and found out by asking, likewise.
    pub settled: u64,
    /// Failures within the period, by their words without what differs each time; at most
    /// [`Sent::MOST_FAILURES`] different ones, and the rest under `…`.
    pub failures: Count,
    /// Whether deliveries were sent within the time that the law gives.
    pub timeliness: Timeliness,
    /// From the document's signing, or its being handed over, to the axis having it.
    pub sending: Times,
    /// From the axis having it to each status of the receiver, by its two digits.
    pub statuses: BTreeMap<String, Times>,
    /// What receivers refused, the newest last.
    pub refusals: Vec<Refusal>,
}

/// What was received.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Received {
    /// Documents stored.
    pub documents: u64,
    /// Documents by the day in Vietnam on which they were stored: `2026-02-17`.
    pub days: Count,
    /// Documents that came a second time, within the period.
    pub repeated: u64,
    /// Messages that were none, within the period.
    pub unreadable: u64,
    /// Documents by what they have in common.
    pub groups: Groups,
    /// By what became of them: `accepted`, `refused`, `held`, `set_aside`, `open`.
    pub decisions: Count,
    /// Documents on which a person decided.
    pub by_people: u64,
    /// Files by their verdict: `TOTAL_PASSED`, ..., `unsigned`.
    pub verdicts: Count,
    /// Who signed, the most frequent first.
    pub signers: Vec<Signer>,
    /// Whether documents were answered (03 or 02; 15 or 16 where a revocation asks) within
    /// the time that the law gives. The axis has to have the answer: what waits in the
    /// outbox tells nobody.
    pub timeliness: Timeliness,
    /// From a document's arrival to the axis having each answer, by its two digits.
    pub statuses: BTreeMap<String, Times>,
    /// What was refused, the newest last.
    pub refusals: Vec<Refusal>,
}

/// Somebody who signed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Signer {
    /// By the certificate.
    pub name: String,
    /// By the certificate.
    pub agency: String,
    /// Signatures.
    pub signatures: u64,
    /// Signatures that passed.
    pub passed: u64,
    /// Signatures for an agency that they may not sign for.
    pub not_authorized: u64,
}

/// A document that was sent back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Refusal {
    /// Which.
    pub document: DocumentId,
    /// Number and notation.
    pub code: String,
    /// By whom, or to whom.
    pub agency: OrganId,
    /// When.
    pub at: UtcTime,
    /// Why.
    pub reason: String,
}

impl Sent {
    /// How many failures are told apart: their words come from outside.
    pub const MOST_FAILURES: usize = 100;
}

pub(super) fn add(count: &mut Count, name: impl Into<String>) {
    let it = count.entry(name.into()).or_default();
    *it = it.saturating_add(1);
}

impl Groups {
    pub(super) fn add(&mut self, facts: &crate::exchange::journal::DocumentFacts) {
        add(&mut self.kinds, facts.kind.as_str());
        add(&mut self.priorities, facts.priority.to_string());
        add(&mut self.businesses, facts.business.to_string());
    }
}

impl Timeliness {
    pub(super) fn add(&mut self, done: Option<UtcTime>, due: UtcTime, as_of: UtcTime) {
        let place = match done {
            Some(at) if at <= due => &mut self.on_time,
            None if as_of <= due => &mut self.open,
            _ => &mut self.late,
        };
        *place = place.saturating_add(1);
    }
}
