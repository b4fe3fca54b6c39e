//! What people do: decide upon what is held, and say how far a document has come.

use super::apply::Acted;
use super::given_up::{cannot_be_handled, is_given_up, to_be_decided};
use super::read::Read;
use super::{Inbox, Incoming, IncomingState};
use crate::envelope::edxml::{BusinessType, Envelope, StatusCode, StatusMessage};
use crate::error::{Error, Result};
use crate::exchange::journal::{Actor, Decision, Event, Noted};
use crate::exchange::outbox::Answer;
use crate::exchange::store::{IncomingId, IncomingStep, NotKept, Records};
use crate::time::UtcTime;

impl Inbox {
    /// What a person has to decide upon, the oldest first, at most so many after `after`:
    /// documents, and statuses by which an issuer wants a document back; and what could not be
    /// read or acted upon until all tries were used up, of which [`Incoming::fault`] says so.
    ///
    /// # Errors
    /// Where the store fails.
    pub fn held(&self, after: Option<IncomingId>, most: u32) -> Result<Vec<Incoming>> {
        let state = IncomingState::Held;
        self.post.store().look(|it| it.incoming_in(self.post.id(), state, after, most))
    }

    /// What could not be fetched until a person says otherwise, the oldest first, at most so
    /// many after `after`: see [`Inbox::resume`].
    ///
    /// # Errors
    /// Where the store fails.
    pub fn stopped(&self, after: Option<IncomingId>, most: u32) -> Result<Vec<Incoming>> {
        let state = IncomingState::Stopped;
        self.post.store().look(|it| it.incoming_in(self.post.id(), state, after, most))
    }

    /// The document that came under this number.
    ///
    /// # Errors
    /// `Misuse` where there is none, or its bytes were thrown away since; where the store fails.
    pub fn document(&self, id: IncomingId) -> Result<Envelope> {
        match self.opened(&self.found(id)?)? {
            Read::Document { envelope, .. } => Ok(*envelope),
            Read::Status(_) => Err(Error::misuse(format!("message {} is no document", id.0))),
            Read::Unreadable(why) => Err(Error::misuse(format!("message {}: {why}", id.0))),
        }
    }

    /// Decides upon what is held, for a person. A document is accepted (03) or refused (02);
    /// a revocation, or the wish to have a document back, is agreed to (15) or refused (16).
    /// `reason` is for the sender's clerk, and must not be empty where it is refused.
    ///
    /// A document that cannot be read any more can be refused. Whatever could not be acted
    /// upon can be tried again ([`Inbox::resume`]) or set aside ([`Inbox::set_aside`]), too.
    ///
    /// # Errors
    /// `Misuse` where it is not held, refused without a reason, or cannot be decided upon so
    /// since it cannot be read; where the store fails.
    pub fn decide(
        &self,
        id: IncomingId,
        decision: Decision,
        reason: &str,
        by: &Actor,
    ) -> Result<()> {
        let incoming = self.found(id)?;
        if incoming.state != IncomingState::Held || decision == Decision::Held {
            return Err(Error::misuse(format!("message {} is not held, or stays so", id.0)));
        }
        if decision == Decision::Refused && reason.trim().is_empty() {
            return Err(Error::misuse("a refusal needs a reason that the sender can act on"));
        }
        let word = Word { decision, reason, by, now: self.post.now() };
        match self.opened(&incoming)? {
            Read::Document { envelope, .. } => self.decide_document(&incoming, &envelope, word),
            Read::Status(status) if status.code == StatusCode::TakeBackRequested => {
                self.decide_wish(&incoming, &status, word)
            }
            Read::Status(_) => Err(cannot_be_handled(id, "it is a status")),
            Read::Unreadable(why) => self.decide_unread(&incoming, &why, word),
        }
    }

    /// Tells the sender how far a document has come: 04, 05, 06.
    ///
    /// # Errors
    /// `Misuse` where that status may not come now, or the bytes of the document were thrown
    /// away since; where the store fails.
    pub fn tell(
        &self,
        id: IncomingId,
        code: StatusCode,
        description: &str,
        by: &Actor,
    ) -> Result<()> {
        let envelope = self.document(id)?;
        let now = self.post.now();
        let handled =
            matches!(code, StatusCode::Assigned | StatusCode::InProcess | StatusCode::Finished);
        let status = self.says(&envelope, code, description, now);
        let answer = self.to_issuer(status)?;
        self.post.step(|records| {
            let mut incoming = self.ours(id, records)?;
            let progress = incoming.progress.after(code).filter(|_| handled);
            let accepted = incoming.state == IncomingState::Accepted;
            let Some(progress) = progress.filter(|_| accepted) else {
                let text = format!("status {code} cannot be told of message {}", id.0);
                return Err(Error::misuse(text));
            };
            incoming.progress = progress;
            self.write(&incoming, records)?;
            answer.put_by(&self.post, records, by)
        })?;
        answer.told(&self.post);
        Ok(())
    }

    /// As [`Post::release_claims`](crate::exchange::Post::release_claims), for a program that
    /// knows that no other receives for this post.
    ///
    /// # Errors
    /// Where the store fails.
    pub fn release_claims(&self) -> Result<u64> {
        self.post.step(|records| records.release_incoming(self.post.id()))
    }

    /// Has a message fetched after all that could not be, or one acted upon that is here and
    /// could not be read or acted upon, for a person: from the first attempt on.
    ///
    /// # Errors
    /// `Misuse` where it did not stop and is not held for that, or is being worked on; where
    /// the store fails.
    pub fn resume(&self, id: IncomingId, by: &Actor) -> Result<()> {
        let now = self.post.now();
        let (incoming, event) = self.post.step(|records| {
            let mut incoming = self.ours(id, records)?;
            let is_here = incoming.state == IncomingState::Held;
            if is_here && !is_given_up(&incoming) {
                return Err(to_be_decided(id));
            }
            incoming.step(IncomingStep::Resumed)?;
            incoming.reason.clear();
            incoming.attempts = 0;
            incoming.next_at = now;
            self.write(&incoming, records)?;
            let transport_id = incoming.transport_id.clone();
            let event = match is_here {
                true => Event::HandlingResumed { transport_id },
                false => Event::FetchingResumed { transport_id },
            };
            let document = Some(&incoming.document);
            let noted = self.noted(&incoming, document, &incoming.from, now, &event);
            records.note(&Noted { actor: by, ..noted })?;
            Ok((incoming, event))
        })?;
        self.told(&incoming, &event);
        Ok(())
    }

    fn decide_document(
        &self,
        incoming: &Incoming,
        envelope: &Envelope,
        word: Word<'_>,
    ) -> Result<()> {
        let revokes = super::read::business(envelope) == BusinessType::Revocation;
        let (step, code) = match (word.decision, revokes) {
            (Decision::Accepted, true) => (IncomingStep::Done, StatusCode::TakeBackAgreed),
            (Decision::Accepted, false) => (IncomingStep::Accepted, StatusCode::Accepted),
            (_, true) => (IncomingStep::Refused, StatusCode::TakeBackRefused),
            (_, false) => (IncomingStep::Refused, StatusCode::Refused),
        };
        let answer = self.to_issuer(self.says(envelope, code, word.reason, word.now))?;
        self.write_decided(incoming.id, step, &answer, word, |incoming, records| {
            let accepted = word.decision == Decision::Accepted;
            Ok(!accepted
                || self.act_on_targets(incoming, envelope, word.now, records)? != Acted::Busy)
        })
    }

    /// An issuer's wish to have a document back.
    fn decide_wish(&self, incoming: &Incoming, wish: &StatusMessage, word: Word<'_>) -> Result<()> {
        let accepted = word.decision == Decision::Accepted;
        let code = if accepted { StatusCode::TakeBackAgreed } else { StatusCode::TakeBackRefused };
        let status = self.reply(wish, code, word.reason, word.now);
        let answer = Answer::new(&self.post, status, wish.from.organ_id.clone())?;
        self.write_decided(incoming.id, IncomingStep::Done, &answer, word, |incoming, records| {
            match accepted {
                true => self.give_back(incoming, wish, word.now, records),
                false => self.keep_back(incoming, wish, records),
            }
        })
    }

    /// Writes a decision, the answer, and what `effect` does to other documents: `false`
    /// where one of them is in work.
    pub(super) fn write_decided(
        &self,
        id: IncomingId,
        step: IncomingStep,
        answer: &Answer,
        word: Word<'_>,
        effect: impl Fn(&Incoming, &mut dyn Records) -> Result<bool>,
    ) -> Result<()> {
        let Word { decision, reason, by, now } = word;
        let event = Event::Decided { decision, reason: reason.to_owned() };
        let incoming = self.post.step(|records| {
            let mut incoming = self.still_held(id, records)?;
            incoming.step(step)?;
            incoming.decided = Some(now);
            incoming.fault.clear();
            incoming.reason = reason.to_owned();
            incoming.progress = incoming.progress.after(answer.code()).unwrap_or(incoming.progress);
            self.write(&incoming, records)?;
            if !effect(&incoming, records)? {
                return Err(busy(id));
            }
            answer.put_by(&self.post, records, by)?;
            let document = Some(&incoming.document);
            let noted = self.noted(&incoming, document, &incoming.from, now, &event);
            records.note(&Noted { actor: by, ..noted })?;
            Ok(incoming)
        })?;
        self.told(&incoming, &event);
        answer.told(&self.post);
        Ok(())
    }

    fn found(&self, id: IncomingId) -> Result<Incoming> {
        self.post.store().look(|records| self.ours(id, records))
    }

    fn ours(&self, id: IncomingId, records: &mut dyn Records) -> Result<Incoming> {
        let ours = records.incoming(id)?.filter(|it| it.agency == *self.post.id());
        ours.ok_or_else(|| Error::misuse(format!("there is no message {}", id.0)))
    }

    /// Two people may decide at once: the first one did.
    pub(super) fn still_held(&self, id: IncomingId, records: &mut dyn Records) -> Result<Incoming> {
        let incoming = self.ours(id, records)?;
        if incoming.state == IncomingState::Held {
            return Ok(incoming);
        }
        Err(Error::misuse(format!("message {} is not held", id.0)))
    }

    pub(super) fn write(&self, incoming: &Incoming, records: &mut dyn Records) -> Result<()> {
        match records.update_incoming(incoming, None, false)? {
            true => Ok(()),
            false => Err(busy(incoming.id)),
        }
    }

    fn opened(&self, incoming: &Incoming) -> Result<Read> {
        if incoming.digest.is_empty() {
            return Err(Error::misuse(format!("message {} is not here yet", incoming.id.0)));
        }
        let source = match self.post.store().open(&incoming.digest) {
            Err(error) if NotKept::is_behind(&error) => {
                return Ok(Read::Unreadable(NOT_KEPT.to_owned()));
            }
            source => source?,
        };
        let bytes = source.window(0..source.len())?;
        Ok(self.read(incoming, &bytes))
    }
}

/// What a person says.
#[derive(Clone, Copy)]
pub(super) struct Word<'a> {
    pub(super) decision: Decision,
    pub(super) reason: &'a str,
    by: &'a Actor,
    pub(super) now: UtcTime,
}

const NOT_KEPT: &str = "its bytes are not kept any more: they were thrown away, or lost";

fn busy(id: IncomingId) -> Error {
    let what = "or what it is about, is being worked on: try again";
    Error::misuse(format!("message {}, {what}", id.0))
}
