//! What a journal tells of receiving.

use std::collections::{BTreeMap, HashMap};

use super::statistics::{Received, Refusal, Signer, add};
use super::tally::{due_day, seconds};
use super::times::Times;
use crate::envelope::edxml::{DocumentId, OrganId, Priority, StatusCode};
use crate::exchange::deadline::{Duty, Rules};
use crate::exchange::journal::{Decision, DocumentFacts, Entry, Event, FileVerdict};
use crate::time::UtcTime;

#[derive(Debug, Default)]
pub(super) struct Incoming {
    /// By the message's digest.
    documents: BTreeMap<String, Document>,
    /// The newest message of each document from whom.
    newest: HashMap<(OrganId, DocumentId), String>,
    signers: BTreeMap<(String, String), Signer>,
    received: Received,
}

#[derive(Debug)]
struct Document {
    facts: DocumentFacts,
    arrived: UtcTime,
    decision: Option<Decision>,
    answers: BTreeMap<u8, UtcTime>,
}

impl Incoming {
    pub(super) fn add(&mut self, entry: &Entry, event: Event, within: bool) {
        let digest = entry.digest.clone().unwrap_or_default();
        match event {
            Event::Received { document, .. } if within => {
                let key = (document.issuer.clone(), document.id.clone());
                self.newest.insert(key, digest.clone());
                let (arrived, answers) = (entry.at, BTreeMap::new());
                let document = Document { facts: document, arrived, decision: None, answers };
                self.documents.insert(digest, document);
            }
            Event::Repeated { .. } if within => {
                self.received.repeated = self.received.repeated.saturating_add(1);
            }
            Event::Unreadable { .. } if within => {
                self.received.unreadable = self.received.unreadable.saturating_add(1);
            }
            Event::Examined { decision, reason, files } => {
                if self.documents.contains_key(&digest) {
                    files.iter().for_each(|it| self.file(it));
                }
                self.decided(entry, &digest, decision, reason);
            }
            Event::Decided { decision, reason } => self.decided(entry, &digest, decision, reason),
            Event::AnswerQueued { code, .. } => self.answered(entry, code),
            _ => {}
        }
    }

    fn file(&mut self, file: &FileVerdict) {
        let verdict = if file.indication.is_empty() { "unsigned" } else { &file.indication };
        add(&mut self.received.verdicts, verdict);
        for it in &file.signatures {
            let key = (it.name.clone(), it.agency.clone());
            let signer = self.signers.entry(key).or_insert_with(|| Signer {
                name: it.name.clone(),
                agency: it.agency.clone(),
                ..Signer::default()
            });
            signer.signatures = signer.signatures.saturating_add(1);
            let passed = it.indication == "TOTAL_PASSED";
            signer.passed = signer.passed.saturating_add(u64::from(passed));
            let not = it.authorized == Some(false);
            signer.not_authorized = signer.not_authorized.saturating_add(u64::from(not));
        }
    }

    fn decided(&mut self, entry: &Entry, digest: &str, decision: Decision, reason: String) {
        let Some(document) = self.documents.get_mut(digest) else { return };
        document.decision = Some(decision);
        if decision == Decision::Refused {
            self.received.refusals.push(Refusal {
                document: document.facts.id.clone(),
                code: document.facts.code.clone(),
                agency: document.facts.issuer.clone(),
                at: entry.at,
                reason,
            });
        }
    }

    fn answered(&mut self, entry: &Entry, code: StatusCode) {
        let (Some(document), Some(peer)) = (&entry.document, &entry.peer) else { return };
        let Some(digest) = self.newest.get(&(peer.clone(), document.clone())) else { return };
        if let Some(document) = self.documents.get_mut(digest) {
            document.answers.entry(code.number()).or_insert(entry.at);
        }
    }

    pub(super) fn finish(self, rules: &Rules, as_of: UtcTime) -> Received {
        let mut received = self.received;
        let mut statuses = BTreeMap::<u8, Vec<u64>>::new();
        for document in self.documents.values() {
            received.documents = received.documents.saturating_add(1);
            received.groups.add(&document.facts);
            add(&mut received.groups.agencies, document.facts.issuer.as_str());
            add(
                &mut received.decisions,
                match document.decision {
                    Some(Decision::Accepted) => "accepted",
                    Some(Decision::Refused) => "refused",
                    Some(Decision::Held) => "held",
                    None => "open",
                },
            );
            let priority = Priority(document.facts.priority);
            let day = due_day(&document.facts);
            let due = rules.due(Duty::Answer, document.arrived, priority, day).at;
            received.timeliness.add(document.answer(), due, as_of);
            for (code, said) in &document.answers {
                statuses.entry(*code).or_default().push(seconds(document.arrived, *said));
            }
        }
        received.statuses =
            statuses.into_iter().map(|(n, it)| (format!("{n:02}"), Times::of(it))).collect();
        received.signers = self.signers.into_values().collect();
        received.signers.sort_by_key(|it| std::cmp::Reverse(it.signatures));
        received
    }
}

impl Document {
    /// When its sender was told what becomes of it.
    fn answer(&self) -> Option<UtcTime> {
        let codes = [
            StatusCode::Accepted,
            StatusCode::Refused,
            StatusCode::TakeBackAgreed,
            StatusCode::TakeBackRefused,
        ];
        codes.iter().filter_map(|it| self.answers.get(&it.number())).min().copied()
    }
}
