//! The steps of a message that came, each with all that it brings about.

use super::apply::Acted;
use super::fetch::{Got, Hope};
use super::read::{Read, business};
use super::{Claim, Examination, Inbox, Incoming, IncomingState, Worked};
use crate::envelope::edxml::{BusinessType, DocumentId, Envelope, StatusCode, StatusMessage};
use crate::error::Result;
use crate::exchange::journal::{Decision, DocumentFacts, Event};
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
    got: Got,
}

impl Parcel {
    pub(super) fn new(incoming: Incoming, got: Got) -> Self {
        Self { incoming, newly_acknowledged: false, is_lost: false, got }
    }

    /// Bytes in memory that are not written yet.
    pub(super) fn bytes(&self) -> u64 {
        match &self.got {
            Got::Fetched(body, _) => body.length,
            _ => 0,
        }
    }

    fn document(&self) -> Option<&Envelope> {
        match &self.got {
            Got::Fetched(_, Read::Document { envelope, .. })
            | Got::Kept(Read::Document { envelope, .. }) => Some(envelope),
            _ => None,
        }
    }
}

impl Inbox {
    /// Writes what was fetched, with the answer 01 to a document that is new, in one step.
    pub(super) fn store(&self, claim: &Claim<'_>, parcels: &mut [Parcel]) -> Result<()> {
        let now = self.post.now();
        let arrived: Vec<Option<StatusMessage>> =
            parcels.iter().map(|it| self.arrived(it, now)).collect();
        let answers = arrived.iter().map(|status| self.answer(status.as_ref()));
        let answers: Vec<Option<Answer<'_>>> = answers.collect::<Result<_>>()?;
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

    fn arrived(&self, parcel: &Parcel, now: UtcTime) -> Option<StatusMessage> {
        let Got::Fetched(..) = &parcel.got else { return None };
        Some(self.says(parcel.document()?, StatusCode::Arrived, "", now))
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

    pub(super) fn answer<'s>(
        &self,
        status: Option<&'s StatusMessage>,
    ) -> Result<Option<Answer<'s>>> {
        let answer = |it: &'s StatusMessage| Answer::new(&self.post, it, &it.response_for.organ_id);
        status.map(answer).transpose()
    }

    fn store_one(
        &self,
        claim: &Claim<'_>,
        parcel: &Parcel,
        arrived: Option<&Answer<'_>>,
        now: UtcTime,
        records: &mut dyn Records,
    ) -> Result<Option<Stored>> {
        let mut incoming = parcel.incoming.clone();
        let (body, read) = match &parcel.got {
            Got::Fetched(body, read) => (body, read),
            Got::Not { fault, hope } => {
                let put_off = self.put_off(claim, incoming, fault, *hope, records)?;
                return Ok(put_off.map(Stored::quietly));
            }
            Got::Kept(_) | Got::Decided => return Ok(Some(Stored::quietly(incoming))),
        };
        incoming.digest.clone_from(&body.digest);
        incoming.length = body.length;
        incoming.received = Some(now);
        incoming.fault.clear();
        let (step, event) = self.first_step(&mut incoming, read, records)?;
        incoming.step(step)?;
        let is_new = step == IncomingStep::Stored && arrived.is_some();
        if is_new {
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
        if let Some(answer) = arrived.filter(|_| is_new) {
            answer.put(&self.post, records)?;
        }
        Ok(Some(Stored { incoming, event, answered: is_new }))
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

    /// Another time, or, of what could not be fetched again and again, when a person says
    /// so; nothing where somebody else has it in hand.
    pub(super) fn put_off(
        &self,
        claim: &Claim<'_>,
        mut incoming: Incoming,
        fault: &str,
        hope: Hope,
        records: &mut dyn Records,
    ) -> Result<Option<Incoming>> {
        let of = incoming.id.0.to_string();
        fault.clone_into(&mut incoming.fault);
        let is_listed = incoming.state == IncomingState::Listed;
        if hope == Hope::Uncounted {
            // It was counted when it was begun, if it was listed.
            incoming.attempts = incoming.attempts.saturating_sub(u32::from(is_listed));
            incoming.next_at = self.post.after(self.post.rules.pauses.first);
        } else {
            incoming.attempts = incoming.attempts.saturating_add(u32::from(!is_listed));
            let next = self.post.next_try(incoming.attempts.max(1), &of);
            match next.filter(|_| hope == Hope::Later) {
                Some(next_at) => incoming.next_at = next_at,
                None if is_listed => incoming.step(IncomingStep::Stopped)?,
                None => incoming.next_at = self.post.now().plus_seconds(HOUR),
            }
        }
        let written = records.update_incoming(&incoming, Some(claim.token), false)?;
        Ok(Some(incoming).filter(|_| written))
    }

    /// Examines documents, acts on statuses, and writes what becomes of them.
    pub(super) fn finish(&self, claim: &Claim<'_>, parcels: Vec<Parcel>) -> Result<Worked> {
        let mut worked = Worked::default();
        let mut documents = Vec::new();
        for parcel in parcels.into_iter().filter(|it| !it.is_lost) {
            match (parcel.incoming.state, &parcel.got) {
                (IncomingState::Listed, _) | (IncomingState::Stored, Got::Not { .. }) => {
                    worked.add(Worked::POSTPONED);
                }
                (IncomingState::Stopped, _) => worked.add(Worked::LEFT),
                (
                    IncomingState::Stored,
                    Got::Fetched(_, Read::Status(status)) | Got::Kept(Read::Status(status)),
                ) => worked.add(self.apply(claim, &parcel, status)?),
                (IncomingState::Stored, _) if parcel.document().is_some() => documents.push(parcel),
                _ => worked.add(self.close(claim, &parcel)?),
            }
        }
        worked.add(self.examine_all(claim, &documents)?);
        Ok(worked)
    }

    /// Nothing is left to do but to write down that the axis knows.
    fn close(&self, claim: &Claim<'_>, parcel: &Parcel) -> Result<Worked> {
        let now = self.post.now();
        let mut incoming = parcel.incoming.clone();
        if !incoming.acknowledged {
            incoming.attempts = incoming.attempts.saturating_add(1);
            let next = self.post.next_try(incoming.attempts, &incoming.id.0.to_string());
            incoming.next_at = next.unwrap_or_else(|| now.plus_seconds(HOUR));
        }
        self.post.step(|records| {
            let written = records.update_incoming(&incoming, Some(claim.token), false)?;
            if written && parcel.newly_acknowledged {
                self.note_acknowledged(&incoming, now, records)?;
            }
            Ok(())
        })?;
        Ok(if incoming.acknowledged { Worked::DONE } else { Worked::POSTPONED })
    }

    pub(super) fn note_acknowledged(
        &self,
        incoming: &Incoming,
        now: UtcTime,
        records: &mut dyn Records,
    ) -> Result<()> {
        let (document, event) = (Some(&incoming.document), Event::Acknowledged);
        records.note(&self.noted(incoming, document, &incoming.from, now, &event))?;
        Ok(())
    }

    fn examine_all(&self, claim: &Claim<'_>, parcels: &[Parcel]) -> Result<Worked> {
        let mut examined = Vec::new();
        for parcel in parcels {
            let (envelope, diagnostics) = match &parcel.got {
                Got::Fetched(_, Read::Document { envelope, diagnostics, .. })
                | Got::Kept(Read::Document { envelope, diagnostics, .. }) => {
                    (envelope, diagnostics)
                }
                _ => continue,
            };
            let now = self.post.now();
            let examination = self.examiner.examine(envelope, diagnostics, now);
            examined.push((parcel, envelope, examination));
        }
        let mut worked = Worked::default();
        for (parcel, envelope, examination) in examined {
            match examination {
                Ok(it) => worked.add(self.decide_on(claim, parcel, envelope, &it)?),
                Err(error) => {
                    tracing::warn!(document = %parcel.incoming.document, %error, "not examined");
                    let fault = error.to_string();
                    self.post.step(|records| {
                        let incoming = parcel.incoming.clone();
                        self.put_off(claim, incoming, &fault, Hope::Later, records)
                    })?;
                    worked.add(Worked::POSTPONED);
                }
            }
        }
        Ok(worked)
    }

    fn decide_on(
        &self,
        claim: &Claim<'_>,
        parcel: &Parcel,
        envelope: &Envelope,
        examination: &Examination,
    ) -> Result<Worked> {
        let now = self.post.now();
        let ends = self.ends(&parcel.incoming, envelope, examination)?;
        let status = ends.code.map(|code| self.says(envelope, code, &ends.words, now));
        let answer = self.answer(status.as_ref())?;
        let event = Event::Examined {
            decision: ends.decision,
            reason: ends.words.clone(),
            files: examination.files.clone(),
        };
        let worked = self.post.step(|records| {
            let mut incoming = parcel.incoming.clone();
            if !records.update_incoming(&incoming, Some(claim.token), true)? {
                // Somebody else has it in hand.
                return Ok(Worked::default());
            }
            if ends.acts {
                let acted = self.act_on_targets(&incoming, envelope, now, records)?;
                if let Some(put_off) = self.not_yet(claim, parcel, envelope, acted, records)? {
                    return Ok(put_off);
                }
            }
            incoming.step(ends.step)?;
            incoming.decided = Some(now).filter(|_| ends.code.is_some());
            incoming.reason.clone_from(&ends.words);
            incoming.fault.clear();
            if let Some(code) = ends.code {
                incoming.progress = incoming.progress.after(code).unwrap_or(incoming.progress);
            }
            records.update_incoming(&incoming, Some(claim.token), false)?;
            if let Some(answer) = &answer {
                answer.put(&self.post, records)?;
            }
            let document = Some(&incoming.document);
            records.note(&self.noted(&incoming, document, &incoming.from, now, &event))?;
            if parcel.newly_acknowledged {
                self.note_acknowledged(&incoming, now, records)?;
            }
            let is_held = ends.decision == Decision::Held;
            Ok(if is_held { Worked::LEFT } else { Worked::DONE })
        })?;
        if worked == Worked::DONE || ends.decision == Decision::Held {
            self.told(&parcel.incoming, &event);
            answer.iter().for_each(|it| it.told(&self.post));
        }
        Ok(worked)
    }

    /// A message about a document that is in work, or not here yet, waits for it.
    fn not_yet(
        &self,
        claim: &Claim<'_>,
        parcel: &Parcel,
        envelope: &Envelope,
        acted: Acted,
        records: &mut dyn Records,
    ) -> Result<Option<Worked>> {
        let revokes = business(envelope) == BusinessType::Revocation;
        let mut incoming = parcel.incoming.clone();
        match acted {
            Acted::Busy => {
                incoming.next_at = self.post.now().plus_seconds(super::apply::BUSY);
                records.update_incoming(&incoming, Some(claim.token), false)?;
            }
            Acted::Nothing if revokes && self.waits_still(&incoming) => {
                self.put_off(claim, incoming, NEVER_CAME, Hope::Later, records)?;
            }
            Acted::Nothing if revokes => {
                NEVER_CAME.clone_into(&mut incoming.reason);
                incoming.step(IncomingStep::Held)?;
                records.update_incoming(&incoming, Some(claim.token), false)?;
                let (decision, reason) = (Decision::Held, incoming.reason.clone());
                let event = Event::Examined { decision, reason, files: Vec::new() };
                let (at, document) = (self.post.now(), Some(&incoming.document));
                records.note(&self.noted(&incoming, document, &incoming.from, at, &event))?;
                return Ok(Some(Worked::LEFT));
            }
            Acted::Nothing | Acted::Done => return Ok(None),
        }
        Ok(Some(Worked::POSTPONED))
    }

    /// How a document ends by what was found. A revocation that is sound is followed at once
    /// where the agency's rule says so, and by a person otherwise.
    fn ends(
        &self,
        incoming: &Incoming,
        envelope: &Envelope,
        examination: &Examination,
    ) -> Result<Ends> {
        let decision = examination.decision;
        let ends = |step, code, acts| {
            let words = bounded(&examination.reason);
            Ends { step, code, words, acts, decision }
        };
        let held = |words: &str| {
            let (step, decision) = (IncomingStep::Held, Decision::Held);
            Ends { step, code: None, words: words.to_owned(), acts: false, decision }
        };
        Ok(match (decision, business(envelope)) {
            (Decision::Refused, _) => ends(IncomingStep::Refused, Some(StatusCode::Refused), false),
            (Decision::Held, _) => ends(IncomingStep::Held, None, false),
            (Decision::Accepted, BusinessType::Revocation) => {
                let target = envelope.targets().first().copied().cloned().unwrap_or_default();
                if self.examiner.gives_back(&target) {
                    ends(IncomingStep::Done, Some(StatusCode::TakeBackAgreed), true)
                } else {
                    held(WANTED_BACK)
                }
            }
            (Decision::Accepted, BusinessType::Other(_)) => held(UNKNOWN_BUSINESS),
            (Decision::Accepted, BusinessType::New) if self.was_revoked(incoming)? => {
                held(REVOKED_BEFORE)
            }
            (Decision::Accepted, _) => {
                ends(IncomingStep::Accepted, Some(StatusCode::Accepted), true)
            }
        })
    }

    /// Whether a message may go on waiting for the document that it is about.
    pub(super) fn waits_still(&self, incoming: &Incoming) -> bool {
        let since = incoming.received.unwrap_or(incoming.listed);
        self.post.now() < since.plus_seconds(A_DAY)
    }

    /// Whether a revocation of this very identifier was followed before.
    fn was_revoked(&self, incoming: &Incoming) -> Result<bool> {
        let (agency, issuer) = (self.post.id(), &incoming.issuer);
        let document: &DocumentId = &incoming.document;
        let all = self.post.store().within(|it| it.incoming_documents(agency, issuer, document))?;
        Ok(all.iter().any(|it| it.state == IncomingState::Done && it.id < incoming.id))
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
fn bounded(words: &str) -> String {
    match words.char_indices().nth(WORDS) {
        Some((at, _)) => format!("{}…", words.get(..at).unwrap_or_default()),
        None => words.to_owned(),
    }
}

/// Letters of a reason.
const WORDS: usize = 2_000;

/// How a document ends.
pub(super) struct Ends {
    step: IncomingStep,
    /// What its sender is told.
    code: Option<StatusCode>,
    words: String,
    /// Whether it acts upon the documents that it names.
    acts: bool,
    decision: Decision,
}

const HOUR: i64 = 3600;
const A_DAY: i64 = 86_400;
const NEVER_CAME: &str = "Văn bản bị thu hồi chưa đến cơ quan này.";
const REVOKED_BEFORE: &str =
    "Văn bản mang mã định danh này đã bị cơ quan ban hành thu hồi trước đó.";
const WANTED_BACK: &str = "Cơ quan ban hành thu hồi văn bản: cần người có thẩm quyền quyết định.";
const UNKNOWN_BUSINESS: &str = "Loại nghiệp vụ của thông điệp không có trong quy chuẩn.";
