//! What a journal tells of sending.

use std::collections::{BTreeMap, HashMap};

use super::documents::{Direction, Listed, timeliness};
use super::statistics::{Refusal, Sent, add};
use super::tally::{due_day, seconds};
use super::times::Times;
use crate::envelope::edxml::{DocumentId, OrganId, Priority, StatusCode};
use crate::exchange::deadline::{Day, Duty, Rules};
use crate::exchange::journal::{DocumentFacts, Entry, Event, StatusEffect};
use crate::exchange::transport::MessageKind;
use crate::time::UtcTime;

#[derive(Debug, Default)]
pub(super) struct Outgoing {
    /// In the order in which they were handed over.
    letters: Vec<Letter>,
    /// By the message's digest.
    messages: HashMap<String, usize>,
    /// The letters of each document, the newest last: an update, or a revocation, may have
    /// the identifier of what it changes.
    documents: HashMap<DocumentId, Vec<usize>>,
    sent: Sent,
}

#[derive(Debug)]
struct Letter {
    facts: DocumentFacts,
    /// From when its time runs.
    since: UtcTime,
    queued: UtcTime,
    deliveries: BTreeMap<OrganId, Delivery>,
}

#[derive(Debug, Default)]
struct Delivery {
    sent: Option<UtcTime>,
    stopped: bool,
    cancelled: bool,
    reason: String,
    statuses: BTreeMap<u8, UtcTime>,
}

impl Outgoing {
    pub(super) fn add(&mut self, entry: &Entry, event: Event, within: bool) {
        let digest = entry.digest.as_deref().unwrap_or_default();
        match event {
            Event::Queued { document, to, signed_at } if within => {
                self.queued(entry, digest, document, to, signed_at);
            }
            Event::Sent { message: MessageKind::Document, to, settled, .. } => {
                self.settled(settled && within);
                self.each(digest, &to, |it| {
                    it.sent.get_or_insert(entry.at);
                    it.stopped = false;
                });
            }
            Event::SendingFailed { fault, .. } if within => {
                self.sent.retries = self.sent.retries.saturating_add(1);
                self.failed(&fault);
            }
            Event::SendingGivenUp { to, reason, .. } => {
                if within {
                    self.failed(&reason);
                }
                self.each(digest, &to, |it| {
                    it.stopped = true;
                    it.reason.clone_from(&reason);
                });
            }
            Event::SendingDecided { to, again } => {
                let mut found = false;
                self.each(digest, &[to], |it| {
                    (it.stopped, it.cancelled, found) = (false, !again, true);
                });
                self.sent.resumed = self.sent.resumed.saturating_add(u64::from(found && again));
            }
            Event::StatusReceived { code, description, effect: StatusEffect::Applied } => {
                self.status(entry, code, description);
            }
            _ => {}
        }
    }

    /// Whether the outcome of sending something, be it an answer, was found out by asking.
    pub(super) fn settled(&mut self, settled: bool) {
        self.sent.settled = self.sent.settled.saturating_add(u64::from(settled));
    }

    fn queued(
        &mut self,
        entry: &Entry,
        digest: &str,
        facts: DocumentFacts,
        to: Vec<OrganId>,
        signed_at: Option<UtcTime>,
    ) {
        let at = self.letters.len();
        self.messages.insert(digest.to_owned(), at);
        self.documents.entry(facts.id.clone()).or_default().push(at);
        self.letters.push(Letter {
            facts,
            since: signed_at.unwrap_or(entry.at),
            queued: entry.at,
            deliveries: to.into_iter().map(|it| (it, Delivery::default())).collect(),
        });
    }

    fn failed(&mut self, fault: &str) {
        let words = without_numbers(fault);
        let failures = &mut self.sent.failures;
        let known = failures.len() < Sent::MOST_FAILURES || failures.contains_key(&words);
        add(failures, if known { words } else { "…".to_owned() });
    }

    fn each(&mut self, digest: &str, to: &[OrganId], mut change: impl FnMut(&mut Delivery)) {
        let Some(at) = self.messages.get(digest) else { return };
        let Some(letter) = self.letters.get_mut(*at) else { return };
        for agency in to {
            if let Some(delivery) = letter.deliveries.get_mut(agency) {
                change(delivery);
            }
        }
    }

    /// At the newest letter of the document that the axis has for whoever speaks, and that
    /// does not have this status yet.
    fn status(&mut self, entry: &Entry, code: StatusCode, description: String) {
        let (Some(document), Some(peer)) = (&entry.document, &entry.peer) else { return };
        let Some(letters) = self.documents.get(document) else { return };
        let is_named = |at: &usize| self.letters.get(*at).is_some_and(|it| it.names(peer));
        let named = letters.iter().any(is_named);
        for at in letters.iter().rev() {
            let Some(letter) = self.letters.get_mut(*at) else { continue };
            let Some(delivery) = letter.to(peer, named) else { continue };
            if delivery.sent.is_none() || delivery.statuses.contains_key(&code.number()) {
                continue;
            }
            delivery.statuses.insert(code.number(), entry.at);
            if code == StatusCode::Refused {
                delivery.reason.clone_from(&description);
                self.sent.refusals.push(Refusal {
                    document: document.clone(),
                    code: letter.facts.code.clone(),
                    agency: peer.clone(),
                    at: entry.at,
                    reason: description,
                });
            }
            return;
        }
    }

    pub(super) fn listed(&self, rules: &Rules, as_of: UtcTime, list: &mut Vec<Listed>) {
        for letter in &self.letters {
            let (facts, due) = (&letter.facts, letter.due(rules));
            for (agency, delivery) in &letter.deliveries {
                list.push(Listed {
                    direction: Direction::Sent,
                    document: facts.id.clone(),
                    code: facts.code.clone(),
                    subject: facts.subject.clone(),
                    kind: facts.kind.clone(),
                    priority: facts.priority,
                    business: facts.business,
                    peer: agency.clone(),
                    since: letter.since,
                    done: delivery.sent,
                    due,
                    timeliness: match delivery.cancelled {
                        true => "cancelled",
                        false => timeliness(delivery.sent, due, as_of),
                    },
                    statuses: delivery
                        .statuses
                        .iter()
                        .map(|(n, at)| (format!("{n:02}"), *at))
                        .collect(),
                    decision: delivery.state().to_owned(),
                    verdict: String::new(),
                    reason: delivery.reason.clone(),
                });
            }
        }
    }

    pub(super) fn finish(self, rules: &Rules, as_of: UtcTime) -> Sent {
        let mut sent = self.sent;
        let (mut sending, mut statuses) = (Vec::new(), BTreeMap::<u8, Vec<u64>>::new());
        for letter in &self.letters {
            sent.documents = sent.documents.saturating_add(1);
            sent.groups.add(&letter.facts);
            add(&mut sent.days, Day::of(letter.queued).to_string());
            let due = letter.due(rules);
            for (agency, delivery) in &letter.deliveries {
                add(&mut sent.groups.agencies, agency.as_str());
                sent.deliveries = sent.deliveries.saturating_add(1);
                sent.stopped = sent.stopped.saturating_add(u64::from(delivery.stopped));
                if delivery.cancelled {
                    sent.cancelled = sent.cancelled.saturating_add(1);
                    continue;
                }
                sent.timeliness.add(delivery.sent, due, as_of);
                let Some(at) = delivery.sent else { continue };
                sent.delivered = sent.delivered.saturating_add(1);
                sending.push(seconds(letter.since, at));
                for (code, said) in &delivery.statuses {
                    statuses.entry(*code).or_default().push(seconds(at, *said));
                }
            }
        }
        sent.sending = Times::of(sending);
        sent.statuses =
            statuses.into_iter().map(|(n, it)| (format!("{n:02}"), Times::of(it))).collect();
        sent
    }
}

impl Letter {
    fn due(&self, rules: &Rules) -> UtcTime {
        let priority = Priority(self.facts.priority);
        rules.due(Duty::Send, self.since, priority, due_day(&self.facts)).at
    }

    /// Whether it was for this agency, by a code that tells so by itself.
    fn names(&self, peer: &OrganId) -> bool {
        self.deliveries.keys().any(|it| it.is_same_agency(peer))
    }

    /// The delivery to this agency. Where no letter of the document names it, the directory
    /// alone tells under which other code it does, and an only receiver is taken for it.
    fn to(&mut self, peer: &OrganId, named: bool) -> Option<&mut Delivery> {
        let only = self.deliveries.len() == 1 && !named;
        let mut all = self.deliveries.iter_mut();
        all.find(|(it, _)| only || it.is_same_agency(peer)).map(|(_, it)| it)
    }
}

impl Delivery {
    fn state(&self) -> &'static str {
        match self {
            Self { cancelled: true, .. } => "cancelled",
            Self { stopped: true, .. } => "stopped",
            Self { sent: Some(_), .. } => "sent",
            _ => "open",
        }
    }
}

/// Addresses, ports and sizes differ each time, and say nothing in a count.
fn without_numbers(fault: &str) -> String {
    let mut words = String::new();
    for it in fault.chars().take(200) {
        match it {
            '0'..='9' if words.ends_with('#') => {}
            '0'..='9' => words.push('#'),
            other => words.push(other),
        }
    }
    words
}
