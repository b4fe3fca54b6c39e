//! What becomes of messages that are stored: documents examined, statuses acted upon, all of
//! a round written in one step.

use super::apply::Acted;
use super::fetch::{Got, Hope};
use super::read::{Read, business};
use super::take::{Parcel, bounded};
use super::{Claim, Examination, Inbox, Incoming, IncomingState, Worked};
use crate::envelope::edxml::{BusinessType, DocumentId, Envelope, StatusCode, StatusMessage};
use crate::error::{Error, ErrorKind, Result};
use crate::exchange::journal::{Decision, Event};
use crate::exchange::outbox::Answer;
use crate::exchange::store::{IncomingStep, NotKept, Records};
use crate::time::UtcTime;

/// What is to be written of one message.
pub(super) struct Act<'p> {
    pub(super) parcel: &'p Parcel,
    pub(super) task: Task<'p>,
    /// What its sender is told, where it comes to that.
    pub(super) answer: Option<Answer>,
}

pub(super) enum Task<'p> {
    /// Nothing is left to do but to write down that the axis knows.
    Close(Box<Incoming>),
    Status {
        status: &'p StatusMessage,
        about: Vec<DocumentId>,
        now: UtcTime,
    },
    Decide {
        envelope: &'p Envelope,
        ends: Box<Ends>,
        event: Box<Event>,
        now: UtcTime,
    },
    /// It could not be examined.
    PutOff {
        fault: String,
        hope: Hope,
    },
}

/// What was written of it.
#[derive(Default)]
pub(super) struct Written {
    pub(super) worked: Worked,
    pub(super) event: Option<Event>,
    /// Whether its sender is told.
    pub(super) answered: bool,
}

impl Written {
    pub(super) fn postponed() -> Self {
        Self { worked: Worked::POSTPONED, ..Self::default() }
    }
}

impl Inbox {
    /// Examines documents, acts on statuses, and writes what becomes of all in one step.
    pub(super) fn finish(&self, claim: &Claim<'_>, parcels: &[Parcel]) -> Result<Worked> {
        let (mut worked, mut acts) = (Worked::default(), Vec::new());
        for parcel in parcels.iter().filter(|it| !it.is_lost) {
            match (parcel.incoming.state, &parcel.got) {
                (IncomingState::Listed, _) | (IncomingState::Stored, Got::Not { .. }) => {
                    worked.add(Worked::POSTPONED);
                }
                (IncomingState::Stopped, _) | (IncomingState::Held, Got::Not { .. }) => {
                    worked.add(Worked::LEFT);
                }
                (IncomingState::Stored, Got::Fetched(_, read) | Got::Kept(read)) => {
                    acts.push(self.act(parcel, read));
                }
                _ => acts.push(self.close(parcel)),
            }
        }
        if acts.is_empty() {
            return Ok(worked);
        }
        let written = self.post.step(|records| {
            acts.iter().map(|act| self.write_act(claim, act, records)).collect::<Result<Vec<_>>>()
        })?;
        for (act, written) in acts.iter().zip(written) {
            if let Some(event) = &written.event {
                self.told(&act.parcel.incoming, event);
            }
            act.answer.iter().filter(|_| written.answered).for_each(|it| it.told(&self.post));
            worked.add(written.worked);
        }
        Ok(worked)
    }

    /// What cannot be acted upon now is put off, and holds up none of the others.
    fn act<'p>(&'p self, parcel: &'p Parcel, read: &'p Read) -> Act<'p> {
        let act = match read {
            Read::Status(status) => self.apply(parcel, status),
            Read::Document { envelope, diagnostics, .. } => {
                let examined = self.examiner.examine(envelope, diagnostics, self.post.now());
                examined.and_then(|it| self.decide_on(parcel, envelope, &it))
            }
            // It was read when it was stored: the limits, or the directory, are others now,
            // and may be what they were again.
            Read::Unreadable(why) => Err(Error::malformed(why.as_str())),
        };
        act.unwrap_or_else(|error| {
            let document = &parcel.incoming.document;
            tracing::warn!(%document, %error, "not acted upon");
            let (fault, hope) = (error.to_string(), hope(&error));
            Act { parcel, task: Task::PutOff { fault, hope }, answer: None }
        })
    }

    fn write_act(
        &self,
        claim: &Claim<'_>,
        act: &Act<'_>,
        records: &mut dyn Records,
    ) -> Result<Written> {
        let Some(written) = self.write_task(claim, act, records)? else {
            // Somebody else has it in hand.
            return Ok(Written::default());
        };
        if act.parcel.newly_acknowledged {
            let (incoming, event) = (&act.parcel.incoming, Event::Acknowledged);
            let (at, document) = (self.post.now(), Some(&incoming.document));
            records.note(&self.noted(incoming, document, &incoming.from, at, &event))?;
        }
        Ok(written)
    }

    /// Nothing where somebody else has it in hand.
    fn write_task(
        &self,
        claim: &Claim<'_>,
        act: &Act<'_>,
        records: &mut dyn Records,
    ) -> Result<Option<Written>> {
        match &act.task {
            Task::Close(incoming) => {
                let written = records.update_incoming(incoming, Some(claim.token), false)?;
                let known = incoming.acknowledged;
                let worked = if known { Worked::DONE } else { Worked::POSTPONED };
                Ok(Some(Written { worked, ..Written::default() }).filter(|_| written))
            }
            Task::Status { status, about, now } => {
                self.write_status(claim, act, (status, about, *now), records)
            }
            Task::Decide { envelope, ends, event, now } => self.write_decision(
                claim,
                act,
                (envelope, ends.as_ref(), event.as_ref(), *now),
                records,
            ),
            Task::PutOff { fault, hope } => {
                let incoming = act.parcel.incoming.clone();
                let put_off = self.put_off(claim, incoming, fault, *hope, records)?;
                let Some((_, event)) = put_off else { return Ok(None) };
                let worked = if event.is_some() { Worked::LEFT } else { Worked::POSTPONED };
                Ok(Some(Written { worked, event, answered: false }))
            }
        }
    }

    fn close<'p>(&self, parcel: &'p Parcel) -> Act<'p> {
        let mut incoming = parcel.incoming.clone();
        if !incoming.acknowledged {
            incoming.attempts = incoming.attempts.saturating_add(1);
            let next = self.post.next_try(incoming.attempts, &incoming.id.0.to_string());
            incoming.next_at = next.unwrap_or_else(|| self.post.now().plus_seconds(HOUR));
        }
        Act { parcel, task: Task::Close(Box::new(incoming)), answer: None }
    }

    fn decide_on<'p>(
        &'p self,
        parcel: &'p Parcel,
        envelope: &'p Envelope,
        examination: &Examination,
    ) -> Result<Act<'p>> {
        let now = self.post.now();
        let ends = self.ends(&parcel.incoming, envelope, examination)?;
        let status = ends.code.map(|code| self.says(envelope, code, &ends.words, now));
        let answer = status.map(|it| self.to_issuer(it)).transpose()?;
        let event = Event::Examined {
            decision: ends.decision,
            reason: ends.words.clone(),
            files: examination.files.clone(),
        };
        Ok(Act {
            parcel,
            task: Task::Decide { envelope, ends: Box::new(ends), event: Box::new(event), now },
            answer,
        })
    }

    /// Nothing where somebody else has it in hand.
    fn write_decision(
        &self,
        claim: &Claim<'_>,
        act: &Act<'_>,
        (envelope, ends, event, now): (&Envelope, &Ends, &Event, UtcTime),
        records: &mut dyn Records,
    ) -> Result<Option<Written>> {
        let mut incoming = act.parcel.incoming.clone();
        if !records.update_incoming(&incoming, Some(claim.token), true)? {
            return Ok(None);
        }
        if ends.acts {
            let acted = self.act_on_targets(&incoming, envelope, now, records)?;
            let put_off = self.not_yet(claim, act.parcel, (envelope, event), acted, records)?;
            if put_off.is_some() {
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
        if let Some(answer) = &act.answer {
            answer.put(&self.post, records)?;
        }
        let document = Some(&incoming.document);
        records.note(&self.noted(&incoming, document, &incoming.from, now, event))?;
        let is_held = ends.decision == Decision::Held;
        let worked = if is_held { Worked::LEFT } else { Worked::DONE };
        let answered = act.answer.is_some();
        Ok(Some(Written { worked, event: Some(event.clone()), answered }))
    }

    /// A message about a document that is in work, or not here yet, waits for it.
    fn not_yet(
        &self,
        claim: &Claim<'_>,
        parcel: &Parcel,
        (envelope, examined): (&Envelope, &Event),
        acted: Acted,
        records: &mut dyn Records,
    ) -> Result<Option<Written>> {
        let revokes = business(envelope) == BusinessType::Revocation;
        let mut incoming = parcel.incoming.clone();
        match acted {
            Acted::Busy => {
                incoming.next_at = self.post.now().plus_seconds(super::apply::BUSY);
                records.update_incoming(&incoming, Some(claim.token), false)?;
            }
            Acted::Nothing if revokes && self.waits_still(&incoming) => {
                self.put_off(claim, incoming, NEVER_CAME, Hope::Always, records)?;
            }
            Acted::Nothing if revokes => {
                NEVER_CAME.clone_into(&mut incoming.reason);
                incoming.fault.clear();
                incoming.step(IncomingStep::Held)?;
                records.update_incoming(&incoming, Some(claim.token), false)?;
                let mut event = examined.clone();
                if let Event::Examined { decision, reason, .. } = &mut event {
                    (*decision, *reason) = (Decision::Held, incoming.reason.clone());
                }
                let (at, document) = (self.post.now(), Some(&incoming.document));
                records.note(&self.noted(&incoming, document, &incoming.from, at, &event))?;
                let worked = Worked::LEFT;
                return Ok(Some(Written { worked, event: Some(event), answered: false }));
            }
            Acted::Nothing | Acted::Done => return Ok(None),
        }
        Ok(Some(Written::postponed()))
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
        let all = self.post.store().look(|it| it.incoming_documents(agency, issuer, document))?;
        Ok(all.iter().any(|it| it.state == IncomingState::Done && it.id < incoming.id))
    }
}

/// A disk that fails uses up no tries; bytes that are gone do not come back.
fn hope(error: &Error) -> Hope {
    match error.kind() {
        ErrorKind::Io if !NotKept::is_behind(error) => Hope::Always,
        _ => Hope::Later,
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

const HOUR: i64 = 3600;
const A_DAY: i64 = 86_400;
const NEVER_CAME: &str = "Văn bản bị thu hồi chưa đến cơ quan này.";
const REVOKED_BEFORE: &str =
    "Văn bản mang mã định danh này đã bị cơ quan ban hành thu hồi trước đó.";
const WANTED_BACK: &str = "Cơ quan ban hành thu hồi văn bản: cần người có thẩm quyền quyết định.";
const UNKNOWN_BUSINESS: &str = "Loại nghiệp vụ của thông điệp không có trong quy chuẩn.";
