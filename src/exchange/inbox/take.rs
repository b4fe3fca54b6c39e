//! The steps of a message that came, each with all that it brings about.

use super::fetch::{Got, Hope};
use super::given_up::give_up;
use super::read::{Read, business};
use super::{Claim, Inbox, Incoming, IncomingState};
use crate::envelope::edxml::{Envelope, StatusCode, StatusMessage};
use crate::error::Result;
use crate::exchange::journal::{DocumentFacts, Event};
use crate::exchange::outbox::Answer;
use crate::exchange::store::{IncomingStep, Records};
use crate::exchange::trace;
use crate::time::UtcTime;

/// A message in work.
pub(super) struct Parcel {
    pub(super) incoming: Incoming,
    pub(super) newly_acknowledged: bool,
    /// Whether somebody else has it in hand now: then nothing here is written, and the axis
    /// is told nothing.
    pub(super) is_lost: bool,
    pub(super) got: Got,
}

impl Parcel {
    pub(super) fn new(incoming: Incoming, got: Got) -> Self {
        Self { incoming, newly_acknowledged: false, is_lost: false, got }
    }

    /// Bytes in memory until it is brought to its end.
    pub(super) fn bytes(&self) -> u64 {
        match &self.got {
            Got::Fetched(body, _) => body.length,
            Got::Kept(_) => self.incoming.length,
            _ => 0,
        }
    }

    /// A document that was fetched just now, and the digest of its content.
    fn fetched(&self) -> Option<(&Envelope, &str)> {
        match &self.got {
            Got::Fetched(_, Read::Document { envelope, content, .. }) => Some((envelope, content)),
            _ => None,
        }
    }
}

impl Inbox {
    /// Writes what was fetched, with the answer 01 to a document that is new, in one step.
    /// One that was decided upon before is answered with what was said then: its sender may
    /// not have heard it, and nothing else would come.
    pub(super) fn store(&self, claim: &Claim<'_>, parcels: &mut [Parcel]) -> Result<()> {
        let now = self.post.now();
        let answers = self.first_answers(parcels, now)?;
        let stored = self.post.step(|records| {
            let mut stored: Vec<Option<Stored>> = Vec::new();
            for (parcel, answer) in parcels.iter().zip(&answers) {
                stored.push(self.store_one(claim, parcel, answer.as_ref(), now, records)?);
            }
            Ok(stored)
        })?;
        for ((parcel, stored), answer) in parcels.iter_mut().zip(stored).zip(&answers) {
            let Some(stored) = stored else {
                parcel.is_lost = true;
                continue;
            };
            parcel.incoming = stored.incoming;
            if let Some(event) = &stored.event {
                self.told(&parcel.incoming, event);
            }
            if let Some(answer) = answer.as_ref().filter(|_| stored.answered) {
                answer.told(&self.post);
            }
        }
        Ok(())
    }

    /// Tells whoever listens, once the step is written.
    pub(super) fn told(&self, incoming: &Incoming, event: &Event) {
        let (document, peer) = (Some(&incoming.document), Some(&incoming.from));
        trace::happened(self.post.id(), document, peer, event);
    }

    /// The first answer to each document: that it arrived, or what was said of it before, as
    /// far as that is known now. What else is written meanwhile is seen when it is stored.
    fn first_answers(&self, parcels: &mut [Parcel], now: UtcTime) -> Result<Vec<Option<Answer>>> {
        if !parcels.iter().any(|it| it.fetched().is_some()) {
            return Ok(parcels.iter().map(|_| None).collect());
        }
        let said = self.post.store().look(|records| {
            parcels.iter().map(|it| self.said_before(it, records)).collect::<Result<Vec<_>>>()
        })?;
        let answers = parcels.iter_mut().zip(said).map(|(parcel, said)| {
            let (envelope, _) = parcel.fetched()?;
            let (code, words) = said.unwrap_or((StatusCode::Arrived, String::new()));
            match self.to_issuer(self.says(envelope, code, &words, now)) {
                Ok(answer) => Some(answer),
                // Nobody would be told that it is here: it is fetched another time, as are
                // those that could not be fetched, and the others are taken.
                Err(error) => {
                    parcel.got = self.not(&error);
                    None
                }
            }
        });
        Ok(answers.collect())
    }

    /// What was said in the end of the same document when it came before.
    fn said_before(
        &self,
        parcel: &Parcel,
        records: &mut dyn Records,
    ) -> Result<Option<(StatusCode, String)>> {
        let Some((envelope, content)) = parcel.fetched() else { return Ok(None) };
        let (issuer, document) = (&envelope.header.from.organ_id, &envelope.header.document_id);
        let earlier = records.incoming_documents(self.post.id(), issuer, document)?;
        let same = |it: &&Incoming| {
            it.content == content
                && it.id != parcel.incoming.id
                && it.state != IncomingState::Repeated
        };
        let first = earlier.iter().rev().find(same);
        Ok(first.and_then(last_word))
    }

    /// A status of this agency about a document; its name where there are no words for it.
    pub(super) fn says(
        &self,
        envelope: &Envelope,
        code: StatusCode,
        words: &str,
        now: UtcTime,
    ) -> StatusMessage {
        let words = bounded(if words.is_empty() { code.name_vi() } else { words });
        StatusMessage::answer(&envelope.header, self.post.agency.clone(), code, words, now)
    }

    /// An answer to whoever issued the document.
    pub(super) fn to_issuer(&self, status: StatusMessage) -> Result<Answer> {
        let issuer = status.response_for.organ_id.clone();
        Answer::new(&self.post, status, issuer)
    }

    fn store_one(
        &self,
        claim: &Claim<'_>,
        parcel: &Parcel,
        answer: Option<&Answer>,
        now: UtcTime,
        records: &mut dyn Records,
    ) -> Result<Option<Stored>> {
        let mut incoming = parcel.incoming.clone();
        let (body, read) = match &parcel.got {
            Got::Fetched(body, read) => (body, read),
            Got::Not { fault, hope } => {
                let put_off = self.put_off(claim, incoming, fault, *hope, records)?;
                let stored = |(incoming, event)| Stored { incoming, event, answered: false };
                return Ok(put_off.map(stored));
            }
            Got::Kept(_) | Got::Decided => return Ok(Some(Stored::quietly(incoming))),
        };
        incoming.digest.clone_from(&body.digest);
        incoming.length = body.length;
        incoming.received = Some(now);
        incoming.fault.clear();
        incoming.attempts = 0;
        let (step, event) = self.first_step(&mut incoming, read, records)?;
        incoming.step(step)?;
        // It may have been decided upon since: then that answer is on its way.
        let due = match step {
            IncomingStep::Stored => answer.filter(|it| it.code() == StatusCode::Arrived),
            IncomingStep::Repeated => answer.filter(|it| it.code() != StatusCode::Arrived),
            _ => None,
        };
        if step == IncomingStep::Stored && due.is_some() {
            let progress = incoming.progress.after(StatusCode::Arrived);
            incoming.progress = progress.unwrap_or(incoming.progress);
        }
        records.insert_body(body)?;
        if !records.update_incoming(&incoming, Some(claim.token), true)? {
            return Ok(None);
        }
        if let Some(event) = &event {
            let document = Some(&incoming.document);
            records.note(&self.noted(&incoming, document, &incoming.from, now, event))?;
        }
        if let Some(answer) = due {
            answer.put(&self.post, records)?;
        }
        Ok(Some(Stored { incoming, event, answered: due.is_some() }))
    }

    /// What a message is found to be when it is stored.
    fn first_step(
        &self,
        incoming: &mut Incoming,
        read: &Read,
        records: &mut dyn Records,
    ) -> Result<(IncomingStep, Option<Event>)> {
        let transport_id = incoming.transport_id.clone();
        match read {
            Read::Unreadable(reason) => {
                incoming.reason.clone_from(reason);
                let event = Event::Unreadable { transport_id, reason: reason.clone() };
                Ok((IncomingStep::Unreadable, Some(event)))
            }
            Read::Status(status) => {
                incoming.issuer = status.response_for.organ_id.clone();
                incoming.document = status.response_for.document_id.clone();
                incoming.code.clone_from(&status.response_for.code);
                incoming.subject.clone_from(&status.description);
                Ok((IncomingStep::Stored, None))
            }
            Read::Document { envelope, content, .. } => {
                let facts = DocumentFacts::of(&envelope.header, business(envelope));
                incoming.issuer = facts.issuer.clone();
                incoming.document = facts.id.clone();
                incoming.code.clone_from(&facts.code);
                incoming.subject.clone_from(&facts.subject);
                incoming.priority = facts.priority;
                incoming.content.clone_from(content);
                let (agency, issuer) = (self.post.id(), &incoming.issuer);
                let earlier = records.incoming_documents(agency, issuer, &incoming.document)?;
                let here = |it: &Incoming| it.content == *content && it.id != incoming.id;
                if earlier.iter().any(here) {
                    return Ok((IncomingStep::Repeated, Some(Event::Repeated { transport_id })));
                }
                let length = incoming.length;
                let event = Event::Received { document: facts, transport_id, length };
                Ok((IncomingStep::Stored, Some(event)))
            }
        }
    }

    /// Another time, or, where all tries are used up, when a person says so, which is noted;
    /// nothing where somebody else has it in hand.
    pub(super) fn put_off(
        &self,
        claim: &Claim<'_>,
        mut incoming: Incoming,
        fault: &str,
        hope: Hope,
        records: &mut dyn Records,
    ) -> Result<Option<(Incoming, Option<Event>)>> {
        let (of, now) = (incoming.id.0.to_string(), self.post.now());
        fault.clone_into(&mut incoming.fault);
        let is_listed = incoming.state == IncomingState::Listed;
        let mut event = None;
        if hope == Hope::Uncounted {
            // It was counted when it was begun, if it was listed.
            incoming.attempts = incoming.attempts.saturating_sub(u32::from(is_listed));
            incoming.next_at = self.post.after(self.post.rules.pauses.first);
        } else {
            incoming.attempts = incoming.attempts.saturating_add(u32::from(!is_listed));
            let next = self.post.next_try(incoming.attempts.max(1), &of);
            match next.filter(|_| hope != Hope::None || !is_listed) {
                Some(next_at) => incoming.next_at = next_at,
                None if hope == Hope::Always => incoming.next_at = now.plus_seconds(HOUR),
                None => event = Some(give_up(&mut incoming)?),
            }
        }
        if !records.update_incoming(&incoming, Some(claim.token), false)? {
            return Ok(None);
        }
        if let Some(event) = &event {
            let document = Some(&incoming.document);
            records.note(&self.noted(&incoming, document, &incoming.from, now, event))?;
        }
        Ok(Some((incoming, event)))
    }
}

/// The last that was said of what becomes of a document, and why; nothing where that is open.
fn last_word(document: &Incoming) -> Option<(StatusCode, String)> {
    let (handling, back) = (document.progress.handling(), document.progress.take_back());
    let handling = handling.filter(|it| *it != StatusCode::Arrived);
    let why = || document.reason.clone();
    match document.state {
        // A revocation is answered by what is said of taking back.
        IncomingState::Done => Some((StatusCode::TakeBackAgreed, why())),
        IncomingState::Refused => Some((handling.unwrap_or(StatusCode::TakeBackRefused), why())),
        IncomingState::Withdrawn if back == Some(StatusCode::TakeBackAgreed) => {
            Some((StatusCode::TakeBackAgreed, String::new()))
        }
        IncomingState::Accepted | IncomingState::Withdrawn => Some((handling?, String::new())),
        _ => None,
    }
}

/// What was written of a message when it was stored.
struct Stored {
    incoming: Incoming,
    event: Option<Event>,
    /// Whether its sender is told so.
    answered: bool,
}

impl Stored {
    fn quietly(incoming: Incoming) -> Self {
        Self { incoming, event: None, answered: false }
    }
}

/// Clerks read no more, and an axis may not take more.
pub(super) fn bounded(words: &str) -> String {
    match words.char_indices().nth(WORDS) {
        Some((at, _)) => format!("{}…", words.get(..at).unwrap_or_default()),
        None => words.to_owned(),
    }
}

/// Letters of a reason.
const WORDS: usize = 2_000;

const HOUR: i64 = 3600;
