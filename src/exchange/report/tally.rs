//! Going through a journal once.

use super::documents::Listed;
use super::received::Incoming;
use super::sent::Outgoing;
use super::statistics::{JournalCheck, Period, Statistics};
use crate::envelope::edxml::OrganId;
use crate::exchange::deadline::Rules;
use crate::exchange::journal::{Break, Chain, Entry, Event};
use crate::exchange::transport::MessageKind;
use crate::time::UtcTime;

/// Counts what a journal tells, entry by entry, in the journal's order. It keeps what it must
/// of each document of the period, and nothing of an entry.
///
/// ```
/// use kyso::UtcTime;
/// use kyso::exchange::deadline::Rules;
/// use kyso::exchange::journal::{Actor, DocumentFacts, Entry, Event, Noted};
/// use kyso::exchange::report::{Period, Tally};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // As it comes from `Journal::entries`.
/// let at: UtcTime = "2026-03-02T09:00:00+07:00".parse()?;
/// let event = Event::Queued {
///     document: DocumentFacts { kind: "Công văn".into(), ..DocumentFacts::default() },
///     to: vec!["H01".into(), "H02".into()],
///     signed_at: None,
/// };
/// let entry = Entry::after(
///     None,
///     &Noted {
///         agency: &"H57".into(),
///         at,
///         actor: &Actor::new("outbox"),
///         document: Some(&"H57,2026/03/02,15/UBND".into()),
///         peer: None,
///         digest: Some("6f1c"),
///         event: &event,
///     },
/// )?;
///
/// let (from, until) = ("2026-03-01T00:00:00+07:00".parse()?, "2026-04-01T00:00:00+07:00".parse()?);
/// let rules = Rules::default();
/// let mut tally = Tally::new("H57".into(), Period { from, until }, &rules);
/// tally.add(&entry);
/// let statistics = tally.finish(until);
/// assert_eq!((statistics.sent.documents, statistics.sent.deliveries), (1, 2));
/// assert_eq!(statistics.sent.timeliness.late, 2, "neither was sent");
/// assert_eq!(statistics.sent.groups.kinds["Công văn"], 1);
/// assert_eq!(statistics.journal.broken, None);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Tally<'r> {
    agency: OrganId,
    period: Period,
    rules: &'r Rules,
    outgoing: Outgoing,
    incoming: Incoming,
    chain: Chain,
    broken: Option<Break>,
    entries: u64,
    unknown: u64,
}

impl<'r> Tally<'r> {
    /// Over documents of this period; `rules` say what was due when.
    #[must_use]
    pub fn new(agency: OrganId, period: Period, rules: &'r Rules) -> Self {
        let (outgoing, incoming) = (Outgoing::default(), Incoming::default());
        let (chain, broken, entries, unknown) = (Chain::default(), None, 0, 0);
        Self { agency, period, rules, outgoing, incoming, chain, broken, entries, unknown }
    }

    /// Counts an entry, and holds it against the one before. Give all entries of the journal:
    /// the chain begins with the first, and what became of the period's documents later is
    /// counted with them.
    pub fn add(&mut self, entry: &Entry) {
        self.entries = self.entries.saturating_add(1);
        if self.broken.is_none() {
            self.broken = self.chain.follow(entry).err();
        }
        let within = self.period.contains(entry.at);
        match entry.event() {
            Ok(event @ Event::Sent { message: MessageKind::Status, settled, .. }) => {
                self.outgoing.settled(settled && within);
                self.incoming.add(entry, event, within);
            }
            Ok(
                event @ (Event::Queued { .. }
                | Event::Sent { .. }
                | Event::SendingFailed { .. }
                | Event::SendingGivenUp { .. }
                | Event::SendingDecided { .. }
                | Event::StatusReceived { .. }),
            ) => self.outgoing.add(entry, event, within),
            Ok(event) => self.incoming.add(entry, event, within),
            Err(_) => self.unknown = self.unknown.saturating_add(1),
        }
    }

    /// Each document of the period: sent ones, for each receiver, then received ones, in the
    /// order of the journal.
    #[must_use]
    pub fn documents(&self, as_of: UtcTime) -> Vec<Listed> {
        let mut list = Vec::new();
        self.outgoing.listed(self.rules, as_of, &mut list);
        self.incoming.listed(self.rules, as_of, &mut list);
        list
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
            journal: JournalCheck {
                entries: self.entries,
                hash: self.chain.hash().to_string(),
                broken: self.broken.map(|it| it.to_string()),
                unknown: self.unknown,
            },
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
