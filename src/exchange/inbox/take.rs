//! The steps of a message that came, each with all that it brings about.

use super::fetch::Got;
use super::read::{Read, business};
use super::{Claim, Examination, Inbox, Incoming, IncomingState, Worked};
use crate::envelope::edxml::{BusinessType, Envelope, StatusCode, StatusMessage};
use crate::error::Result;
use crate::exchange::journal::{Decision, DocumentFacts, Event};
use crate::exchange::outbox::Answer;
use crate::exchange::store::{IncomingStep, Records};
use crate::time::UtcTime;

/// A message in work.
pub(super) struct Parcel {
    pub(super) incoming: Incoming,
    pub(super) newly_acknowledged: bool,
    got: Got,
}

impl Parcel {
    pub(super) fn new(incoming: Incoming, got: Got) -> Self {
        Self { incoming, newly_acknowledged: false, got }
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
        let stored = self.post.store().within(|records| {
            let mut stored: Vec<Incoming> = Vec::new();
            for (parcel, answer) in parcels.iter().zip(&answers) {
                let incoming = self.store_one(claim, parcel, answer.as_ref(), now, records)?;
                stored.push(incoming);
            }
            Ok(stored)
        })?;
        for (parcel, incoming) in parcels.iter_mut().zip(stored) {
            parcel.incoming = incoming;
        }
        Ok(())
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
        let words = if words.is_empty() { code.name_vi() } else { words };
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
    ) -> Result<Incoming> {
        let mut incoming = parcel.incoming.clone();
        let (body, read) = match &parcel.got {
            Got::Fetched(body, read) => (body, read),
            Got::Not { fault, hopeless } => {
                return self.put_off(claim, incoming, fault, *hopeless, records);
            }
            Got::Kept(_) | Got::Decided => return Ok(incoming),
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
        if records.update_incoming(&incoming, Some(claim.token), true)? {
            if let Some(event) = &event {
                let document = Some(&incoming.document);
                records.note(&self.noted(&incoming, document, &incoming.from, now, event))?;
            }
            if let Some(answer) = arrived.filter(|_| is_new) {
                answer.put(&self.post, records)?;
            }
        }
        Ok(incoming)
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

    fn put_off(
        &self,
        claim: &Claim<'_>,
        mut incoming: Incoming,
        fault: &str,
        hopeless: bool,
        records: &mut dyn Records,
    ) -> Result<Incoming> {
        let of = incoming.id.0.to_string();
        fault.clone_into(&mut incoming.fault);
        match self.post.next_try(incoming.attempts.max(1), &of).filter(|_| !hopeless) {
            Some(next_at) => incoming.next_at = next_at,
            None if incoming.state == IncomingState::Listed => {
                incoming.step(IncomingStep::Stopped)?;
            }
            None => incoming.next_at = self.post.now().plus_seconds(HOUR),
        }
        records.update_incoming(&incoming, Some(claim.token), false)?;
        Ok(incoming)
    }

    /// Examines documents, acts on statuses, and writes what becomes of them.
    pub(super) fn finish(&self, claim: &Claim<'_>, parcels: Vec<Parcel>) -> Result<Worked> {
        let mut worked = Worked::default();
        let mut documents = Vec::new();
        for parcel in parcels {
            match (parcel.incoming.state, &parcel.got) {
                (IncomingState::Listed, _) => worked.postponed = worked.postponed.saturating_add(1),
                (IncomingState::Stopped, _) => {
                    worked.left_to_people = worked.left_to_people.saturating_add(1);
                }
                (IncomingState::Stored, Got::Not { .. }) => {
                    worked.postponed = worked.postponed.saturating_add(1);
                }
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
        self.post.store().within(|records| {
            let written = records.update_incoming(&incoming, Some(claim.token), false)?;
            if written && parcel.newly_acknowledged {
                self.note_acknowledged(&incoming, now, records)?;
            }
            Ok(())
        })?;
        let mut worked = Worked::default();
        if incoming.acknowledged {
            worked.done = 1
        } else {
            worked.postponed = 1
        }
        Ok(worked)
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
                    let (incoming, fault) = (parcel.incoming.clone(), error.to_string());
                    let within = |records: &mut dyn Records| {
                        self.put_off(claim, incoming.clone(), &fault, false, records)
                    };
                    self.post.store().within(within)?;
                    worked.postponed = worked.postponed.saturating_add(1);
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
        let ends = self.ends(envelope, examination);
        let status = ends.code.map(|code| self.says(envelope, code, &ends.words, now));
        let answer = self.answer(status.as_ref())?;
        self.post.store().within(|records| {
            let mut incoming = parcel.incoming.clone();
            incoming.step(ends.step)?;
            incoming.decided = Some(now).filter(|_| ends.code.is_some());
            incoming.reason.clone_from(&ends.words);
            if let Some(code) = ends.code {
                incoming.progress = incoming.progress.after(code).unwrap_or(incoming.progress);
            }
            if !records.update_incoming(&incoming, Some(claim.token), false)? {
                return Ok(Worked::default());
            }
            if ends.acts {
                self.act_on_targets(&incoming, envelope, now, records)?;
            }
            if let Some(answer) = &answer {
                answer.put(&self.post, records)?;
            }
            let event = Event::Examined {
                decision: ends.decision,
                reason: ends.words.clone(),
                files: examination.files.clone(),
            };
            let document = Some(&incoming.document);
            records.note(&self.noted(&incoming, document, &incoming.from, now, &event))?;
            if parcel.newly_acknowledged {
                self.note_acknowledged(&incoming, now, records)?;
            }
            let held = usize::from(ends.decision == Decision::Held);
            let done = 1_usize.saturating_sub(held);
            Ok(Worked { done, left_to_people: held, ..Worked::default() })
        })
    }

    /// How a document ends by what was found. A revocation that is sound is followed at once
    /// where the agency's rule says so, and by a person otherwise.
    fn ends(&self, envelope: &Envelope, examination: &Examination) -> Ends {
        let words = examination.reason.clone();
        let decision = examination.decision;
        let kind = business(envelope);
        let ends = |step, code, acts| Ends { step, code, words: words.clone(), acts, decision };
        match (decision, kind) {
            (Decision::Refused, _) => ends(IncomingStep::Refused, Some(StatusCode::Refused), false),
            (Decision::Held, _) => ends(IncomingStep::Held, None, false),
            (Decision::Accepted, BusinessType::Revocation) => {
                let target = envelope.targets().first().copied().cloned().unwrap_or_default();
                if self.examiner.gives_back(&target) {
                    let code = StatusCode::TakeBackAgreed;
                    return ends(IncomingStep::Done, Some(code), true);
                }
                let words = WANTED_BACK.to_owned();
                let (step, decision) = (IncomingStep::Held, Decision::Held);
                Ends { step, code: None, words, acts: false, decision }
            }
            (Decision::Accepted, BusinessType::Other(_)) => {
                let words = UNKNOWN_BUSINESS.to_owned();
                let (step, decision) = (IncomingStep::Held, Decision::Held);
                Ends { step, code: None, words, acts: false, decision }
            }
            (Decision::Accepted, _) => {
                ends(IncomingStep::Accepted, Some(StatusCode::Accepted), true)
            }
        }
    }
}

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

impl Worked {
    fn add_to(total: &mut usize, more: usize) {
        *total = total.saturating_add(more);
    }

    pub(super) fn add(&mut self, more: Self) {
        Self::add_to(&mut self.done, more.done);
        Self::add_to(&mut self.postponed, more.postponed);
        Self::add_to(&mut self.left_to_people, more.left_to_people);
    }
}

const HOUR: i64 = 3600;
const WANTED_BACK: &str = "Cơ quan ban hành thu hồi văn bản: cần người có thẩm quyền quyết định.";
const UNKNOWN_BUSINESS: &str = "Loại nghiệp vụ của thông điệp không có trong quy chuẩn.";
