//! What a journal tells of sending.

use std::collections::{BTreeMap, HashMap};

use super::statistics::{Refusal, Sent, add};
use super::tally::{due_day, seconds};
use super::times::Times;
use crate::envelope::edxml::{DocumentId, OrganId, Priority, StatusCode};
use crate::exchange::deadline::{Duty, Rules};
use crate::exchange::journal::{DocumentFacts, Entry, Event, StatusEffect};
use crate::exchange::transport::MessageKind;
use crate::time::UtcTime;

#[derive(Debug, Default)]
pub(super) struct Outgoing {
    /// By the message's digest: a revocation has the identifier of what it revokes.
    letters: BTreeMap<String, Letter>,
    /// The newest letter of each document.
    documents: HashMap<DocumentId, String>,
    sent: Sent,
}

#[derive(Debug)]
struct Letter {
    facts: DocumentFacts,
    /// From when its time runs.
    since: UtcTime,
    deliveries: BTreeMap<OrganId, Delivery>,
}

#[derive(Debug, Default)]
struct Delivery {
    sent: Option<UtcTime>,
    stopped: bool,
    statuses: BTreeMap<u8, UtcTime>,
}

impl Outgoing {
    pub(super) fn add(&mut self, entry: &Entry, event: Event, within: bool) {
        let digest = entry.digest.clone().unwrap_or_default();
        match event {
            Event::Queued { document, to, signed_at } if within => {
                let deliveries = to.into_iter().map(|it| (it, Delivery::default())).collect();
                self.documents.insert(document.id.clone(), digest.clone());
                let since = signed_at.unwrap_or(entry.at);
                self.letters.insert(digest, Letter { facts: document, since, deliveries });
            }
            Event::Sent { message: MessageKind::Document, to, settled, .. } => {
                self.count_settled(settled && within);
                self.each(&digest, &to, |it| it.sent = Some(entry.at));
                self.each(&digest, &to, |it| it.stopped = false);
            }
            Event::SendingFailed { fault, .. } if within => {
                self.sent.retries = self.sent.retries.saturating_add(1);
                add(&mut self.sent.failures, without_numbers(&fault));
            }
            Event::SendingGivenUp { message: MessageKind::Document, to, reason, .. } => {
                if within {
                    add(&mut self.sent.failures, without_numbers(&reason));
                }
                self.each(&digest, &to, |it| it.stopped = true);
            }
            Event::SendingDecided { to, .. } => {
                self.each(&digest, &[to], |it| it.stopped = false);
            }
            Event::StatusReceived { code, description, effect: StatusEffect::Applied } => {
                self.status(entry, code, description);
            }
            _ => {}
        }
    }

    fn count_settled(&mut self, settled: bool) {
        self.sent.settled = self.sent.settled.saturating_add(u64::from(settled));
    }

    fn each(&mut self, digest: &str, to: &[OrganId], mut change: impl FnMut(&mut Delivery)) {
        let Some(letter) = self.letters.get_mut(digest) else { return };
        for agency in to {
            if let Some(delivery) = letter.deliveries.get_mut(agency) {
                change(delivery);
            }
        }
    }

    fn status(&mut self, entry: &Entry, code: StatusCode, description: String) {
        let (Some(document), Some(peer)) = (&entry.document, &entry.peer) else { return };
        let Some(digest) = self.documents.get(document) else { return };
        let Some(letter) = self.letters.get_mut(digest) else { return };
        let place = letter.deliveries.iter_mut().find(|it| it.0.is_same_agency(peer));
        let Some((_, delivery)) = place else { return };
        delivery.statuses.entry(code.number()).or_insert(entry.at);
        if code == StatusCode::Refused {
            self.sent.refusals.push(Refusal {
                document: document.clone(),
                code: letter.facts.code.clone(),
                agency: peer.clone(),
                at: entry.at,
                reason: description,
            });
        }
    }

    pub(super) fn finish(self, rules: &Rules, as_of: UtcTime) -> Sent {
        let mut sent = self.sent;
        let (mut sending, mut statuses) = (Vec::new(), BTreeMap::<u8, Vec<u64>>::new());
        for letter in self.letters.values() {
            sent.documents = sent.documents.saturating_add(1);
            sent.groups.add(&letter.facts);
            let priority = Priority(letter.facts.priority);
            let due = rules.due(Duty::Send, letter.since, priority, due_day(&letter.facts)).at;
            for (agency, delivery) in &letter.deliveries {
                add(&mut sent.groups.agencies, agency.as_str());
                sent.deliveries = sent.deliveries.saturating_add(1);
                sent.stopped = sent.stopped.saturating_add(u64::from(delivery.stopped));
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
