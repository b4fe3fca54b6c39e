//! Messages that are here and could not be read or acted upon, and what people do about them.

use super::decide::Word;
use super::take::bounded;
use super::{Inbox, Incoming, IncomingId, IncomingState, MessageKind};
use crate::envelope::edxml::{ResponseFor, StatusCode, StatusMessage, Timestamp};
use crate::error::{Error, Result};
use crate::exchange::failing::{A_PAGE, failing};
use crate::exchange::journal::{Actor, Decision, Event, Noted};
use crate::exchange::store::IncomingStep;
use crate::time::UtcTime;

/// Leaves a message to a person, with whatever its last fault was. What is to be told of it.
pub(super) fn give_up(incoming: &mut Incoming) -> Result<Event> {
    let (transport_id, reason) = (incoming.transport_id.clone(), incoming.fault.clone());
    if incoming.state == IncomingState::Listed {
        incoming.step(IncomingStep::Stopped)?;
        return Ok(Event::FetchingGivenUp { transport_id, reason });
    }
    incoming.step(IncomingStep::Held)?;
    incoming.reason = bounded(&format!("{NOT_HANDLED} {reason}"));
    Ok(Event::HandlingGivenUp { transport_id, reason })
}

/// Whether it is held for that, and not for what it says.
pub(super) fn is_given_up(incoming: &Incoming) -> bool {
    incoming.state == IncomingState::Held && !incoming.fault.is_empty()
}

impl Inbox {
    /// What goes on being tried and fails, the oldest first, at most so many after `after`: of
    /// what the axis listed before `before`, all that failed at its last try, such as where a
    /// disk cannot read one file. [`Incoming::fault`] says why. Nothing has to be decided: once
    /// the fault is mended, it is taken up again by itself.
    ///
    /// # Errors
    /// Where the store fails.
    pub fn failing(
        &self,
        before: UtcTime,
        after: Option<IncomingId>,
        most: u32,
    ) -> Result<Vec<Incoming>> {
        let fails = |it: &Incoming| !it.fault.is_empty() && it.listed < before;
        let open = [IncomingState::Listed, IncomingState::Stored];
        failing(
            open,
            after,
            most,
            |it: &Incoming| it.id,
            |state, after| {
                let (agency, store) = (self.post.id(), self.post.store());
                let page = store.look(|it| it.incoming_in(agency, *state, after, A_PAGE))?;
                let last = page.last().map(|it| it.id);
                Ok((page.into_iter().filter(fails).collect(), last))
            },
        )
    }

    /// Ends a message, for a person, that is held since it could not be read or acted upon.
    /// Its sender is told nothing: where there is something to be told,
    /// [`Inbox::decide`] is there.
    ///
    /// # Errors
    /// `Misuse` where it is not held for that, or no reason is given; where the store fails.
    pub fn set_aside(&self, id: IncomingId, reason: &str, by: &Actor) -> Result<()> {
        if reason.trim().is_empty() {
            return Err(Error::misuse("a message is not set aside without a reason"));
        }
        let now = self.post.now();
        let event = Event::SetAside { reason: reason.to_owned() };
        let incoming = self.post.step(|records| {
            let mut incoming = self.still_held(id, records)?;
            if !is_given_up(&incoming) {
                return Err(to_be_decided(id));
            }
            incoming.step(IncomingStep::Unreadable)?;
            incoming.decided = Some(now);
            reason.clone_into(&mut incoming.reason);
            self.write(&incoming, records)?;
            let document = Some(&incoming.document);
            let noted = self.noted(&incoming, document, &incoming.from, now, &event);
            records.note(&Noted { actor: by, ..noted })?;
            Ok(incoming)
        })?;
        self.told(&incoming, &event);
        Ok(())
    }

    /// A document that nobody can read is refused all the same: its record says what the
    /// answer is about.
    pub(super) fn decide_unread(
        &self,
        incoming: &Incoming,
        why: &str,
        word: Word<'_>,
    ) -> Result<()> {
        if word.decision != Decision::Refused || incoming.kind != MessageKind::Document {
            return Err(cannot_be_handled(incoming.id, why));
        }
        let response_for = ResponseFor {
            organ_id: incoming.issuer.clone(),
            code: incoming.code.clone(),
            document_id: incoming.document.clone(),
            ..ResponseFor::default()
        };
        let answer = self.to_issuer(StatusMessage {
            response_for,
            from: self.post.agency.clone(),
            code: StatusCode::Refused,
            staff: None,
            description: bounded(word.reason),
            timestamp: Timestamp::at(word.now),
        })?;
        let step = IncomingStep::Refused;
        self.write_decided(incoming.id, step, &answer, word, |_, _| Ok(true))
    }
}

pub(super) fn to_be_decided(id: IncomingId) -> Error {
    Error::misuse(format!("message {} can be read, and waits to be decided upon", id.0))
}

pub(super) fn cannot_be_handled(id: IncomingId, why: &str) -> Error {
    let what = "a document can be refused; or have it tried again, or set it aside";
    Error::misuse(format!("message {} cannot be acted upon ({why}): {what}", id.0))
}

const NOT_HANDLED: &str = "Đã nhận nhưng không đọc hoặc không xử lý được thông điệp:";
