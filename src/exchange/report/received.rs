//! What a journal tells of receiving.

use std::collections::{BTreeMap, HashMap};

use super::documents::{Direction, Listed, timeliness};
use super::statistics::{Received, Refusal, Signer, add};
use super::tally::{due_day, seconds};
use super::times::Times;
use crate::envelope::edxml::{DocumentId, Priority, StatusCode};
use crate::exchange::deadline::{Day, Duty, Rules};
use crate::exchange::journal::{Decision, DocumentFacts, Entry, Event, FileVerdict};
use crate::exchange::transport::MessageKind;
use crate::time::UtcTime;

#[derive(Debug, Default)]
pub(super) struct Incoming {
    /// In the order of their arrival.
    documents: Vec<Document>,
    /// By the message's digest.
    messages: HashMap<String, usize>,
    /// The messages of each document, the newest last.
    named: HashMap<DocumentId, Vec<usize>>,
    /// Answers that wait in the outbox, by their digests.
    waiting: HashMap<String, (usize, u8)>,
    signers: BTreeMap<(String, String), Signer>,
    received: Received,
}

#[derive(Debug)]
struct Document {
    facts: DocumentFacts,
    arrived: UtcTime,
    /// What became of it, by its name in the report.
    decision: &'static str,
    by_people: bool,
    answers: BTreeMap<u8, UtcTime>,
    /// The worst of its files.
    verdict: String,
    reason: String,
}

impl Incoming {
    pub(super) fn add(&mut self, entry: &Entry, event: Event, within: bool) {
        let digest = entry.digest.as_deref().unwrap_or_default();
        match event {
            Event::Received { document, .. } if within => self.arrived(entry, digest, document),
            Event::Repeated { .. } if within => {
                self.received.repeated = self.received.repeated.saturating_add(1);
            }
            Event::Unreadable { .. } if within => {
                self.received.unreadable = self.received.unreadable.saturating_add(1);
            }
            Event::Examined { decision, reason, files } => {
                let Some(at) = self.messages.get(digest).copied() else { return };
                files.iter().for_each(|it| self.file(at, it));
                self.decided(entry, at, decision, reason);
            }
            Event::Decided { decision, reason } => {
                // A wish to have a document back is decided upon too: it is no document.
                let Some(at) = self.messages.get(digest).copied() else { return };
                if let Some(document) = self.documents.get_mut(at) {
                    document.by_people = true;
                }
                self.decided(entry, at, decision, reason);
            }
            Event::HandlingGivenUp { reason, .. } => {
                let Some(at) = self.messages.get(digest).copied() else { return };
                self.decided(entry, at, Decision::Held, reason);
            }
            Event::HandlingResumed { .. } => {
                let Some(at) = self.messages.get(digest).copied() else { return };
                self.left(at, "open", String::new());
            }
            Event::SetAside { reason } => {
                let Some(at) = self.messages.get(digest).copied() else { return };
                self.left(at, "set_aside", reason);
            }
            Event::AnswerQueued { code, .. } => self.answered(entry, digest, code),
            Event::Sent { message: MessageKind::Status, .. } => self.told(entry, digest),
            _ => {}
        }
    }

    fn arrived(&mut self, entry: &Entry, digest: &str, facts: DocumentFacts) {
        let at = self.documents.len();
        self.messages.insert(digest.to_owned(), at);
        self.named.entry(facts.id.clone()).or_default().push(at);
        self.documents.push(Document {
            facts,
            arrived: entry.at,
            decision: "open",
            by_people: false,
            answers: BTreeMap::new(),
            verdict: String::new(),
            reason: String::new(),
        });
    }

    fn file(&mut self, at: usize, file: &FileVerdict) {
        let verdict = if file.indication.is_empty() { "unsigned" } else { &file.indication };
        add(&mut self.received.verdicts, verdict);
        if let Some(document) = self.documents.get_mut(at)
            && (document.verdict.is_empty() || badness(verdict) > badness(&document.verdict))
        {
            verdict.clone_into(&mut document.verdict);
        }
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

    fn decided(&mut self, entry: &Entry, at: usize, decision: Decision, reason: String) {
        let Some(document) = self.documents.get_mut(at) else { return };
        document.decision = decision_name(decision);
        document.reason.clone_from(&reason);
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

    /// A person did something else about it than to decide.
    fn left(&mut self, at: usize, decision: &'static str, reason: String) {
        if let Some(document) = self.documents.get_mut(at) {
            (document.decision, document.reason, document.by_people) = (decision, reason, true);
        }
    }

    /// An answer waits in the outbox: which document it is about is known by its identifier
    /// and by whom it is for.
    fn answered(&mut self, entry: &Entry, digest: &str, code: StatusCode) {
        let (Some(document), Some(peer)) = (&entry.document, &entry.peer) else { return };
        let Some(messages) = self.named.get(document) else { return };
        let is_theirs = |at: &&usize| {
            self.documents.get(**at).is_some_and(|it| it.facts.issuer.is_same_agency(peer))
        };
        if let Some(at) = messages.iter().rev().find(is_theirs) {
            self.waiting.insert(digest.to_owned(), (*at, code.number()));
        }
    }

    /// The axis has an answer.
    fn told(&mut self, entry: &Entry, digest: &str) {
        let Some((at, code)) = self.waiting.remove(digest) else { return };
        if let Some(document) = self.documents.get_mut(at) {
            document.answers.entry(code).or_insert(entry.at);
        }
    }

    pub(super) fn listed(&self, rules: &Rules, as_of: UtcTime, list: &mut Vec<Listed>) {
        for document in &self.documents {
            let (facts, due) = (&document.facts, document.due(rules));
            list.push(Listed {
                direction: Direction::Received,
                document: facts.id.clone(),
                code: facts.code.clone(),
                subject: facts.subject.clone(),
                kind: facts.kind.clone(),
                priority: facts.priority,
                business: facts.business,
                peer: facts.issuer.clone(),
                since: document.arrived,
                done: document.answer(),
                due,
                timeliness: timeliness(document.answer(), due, as_of),
                statuses: document.answers.iter().map(|(n, at)| (format!("{n:02}"), *at)).collect(),
                decision: document.decision.to_owned(),
                verdict: document.verdict.clone(),
                reason: document.reason.clone(),
            });
        }
    }

    pub(super) fn finish(self, rules: &Rules, as_of: UtcTime) -> Received {
        let mut received = self.received;
        let mut statuses = BTreeMap::<u8, Vec<u64>>::new();
        for document in &self.documents {
            received.documents = received.documents.saturating_add(1);
            received.groups.add(&document.facts);
            add(&mut received.groups.agencies, document.facts.issuer.as_str());
            add(&mut received.days, Day::of(document.arrived).to_string());
            add(&mut received.decisions, document.decision);
            received.by_people = received.by_people.saturating_add(u64::from(document.by_people));
            received.timeliness.add(document.answer(), document.due(rules), as_of);
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
    fn due(&self, rules: &Rules) -> UtcTime {
        let priority = Priority(self.facts.priority);
        rules.due(Duty::Answer, self.arrived, priority, due_day(&self.facts)).at
    }

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

fn decision_name(decision: Decision) -> &'static str {
    match decision {
        Decision::Accepted => "accepted",
        Decision::Refused => "refused",
        Decision::Held => "held",
    }
}

fn badness(verdict: &str) -> u8 {
    match verdict {
        "unsigned" => 0,
        "TOTAL_PASSED" => 1,
        "INDETERMINATE" => 2,
        _ => 3,
    }
}
