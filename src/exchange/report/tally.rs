//! Going through a journal once.

use super::received::Incoming;
use super::sent::Outgoing;
use super::statistics::{Period, Statistics};
use crate::envelope::edxml::OrganId;
use crate::error::Result;
use crate::exchange::deadline::Rules;
use crate::exchange::journal::{Entry, Event};
use crate::time::UtcTime;

/// Counts what a journal tells, entry by entry, in the journal's order. It keeps what it must
/// of each document of the period, and nothing of an entry.
#[derive(Debug)]
pub struct Tally<'r> {
    agency: OrganId,
    period: Period,
    rules: &'r Rules,
    outgoing: Outgoing,
    incoming: Incoming,
}

impl<'r> Tally<'r> {
    /// Over documents of this period; `rules` say what was due when.
    #[must_use]
    pub fn new(agency: OrganId, period: Period, rules: &'r Rules) -> Self {
        let (outgoing, incoming) = (Outgoing::default(), Incoming::default());
        Self { agency, period, rules, outgoing, incoming }
    }

    /// Counts an entry. Give those after the period as well: what became of its documents
    /// later is counted with them.
    ///
    /// # Errors
    /// `Malformed` where the entry is of no kind that this version knows.
    pub fn add(&mut self, entry: &Entry) -> Result<()> {
        let event = entry.event()?;
        let within = self.period.contains(entry.at);
        match event {
            Event::Queued { .. }
            | Event::SendingBegun { .. }
            | Event::Sent { .. }
            | Event::SendingFailed { .. }
            | Event::SendingGivenUp { .. }
            | Event::SendingDecided { .. }
            | Event::StatusReceived { .. } => self.outgoing.add(entry, event, within),
            _ => self.incoming.add(entry, event, within),
        }
        Ok(())
    }

    /// What it came to, as of a time.
    #[must_use]
    pub fn finish(self, as_of: UtcTime) -> Statistics {
        Statistics {
            agency: self.agency,
            period: self.period,
            as_of,
            sent: self.outgoing.finish(self.rules, as_of),
            received: self.incoming.finish(self.rules, as_of),
        }
    }
}

pub(super) fn seconds(from: UtcTime, to: UtcTime) -> u64 {
    // Clocks jump: what took less than nothing took nothing.
    u64::try_from(to.unix().saturating_sub(from.unix())).unwrap_or_default()
}

/// The day that a document names, where it names one.
pub(super) fn due_day(
    facts: &crate::exchange::journal::DocumentFacts,
) -> Option<crate::exchange::deadline::Day> {
    let (year, month, day) = facts.due.ymd()?;
    crate::exchange::deadline::Day::new(year, month, day).ok()
}
