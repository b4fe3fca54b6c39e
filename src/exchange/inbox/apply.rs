//! What statuses, and messages about earlier documents, change.

use super::take::Parcel;
use super::{Claim, Inbox, Incoming, IncomingState, MessageKind, Worked};
use crate::envelope::edxml::{BusinessType, Envelope, StatusCode, StatusMessage};
use crate::error::Result;
use crate::exchange::journal::{Event, StatusEffect, TakenEffect};
use crate::exchange::store::{Delivery, IncomingStep, Records};
use crate::time::UtcTime;

/// What became of a status.
enum Applied {
    Effect(StatusEffect),
    /// A worker holds what it changes: another time.
    Busy,
    /// The issuer of a document wants it back: a person, or a rule, says whether.
    WantedBack,
}

impl Inbox {
    /// Notes a status at the document that it is about.
    pub(super) fn apply(
        &self,
        claim: &Claim<'_>,
        parcel: &Parcel,
        status: &StatusMessage,
    ) -> Result<Worked> {
        let now = self.post.now();
        let agreed = self.agreed_at_once(status, now)?;
        let answer = self.answer_to(agreed.as_ref(), &status.from.organ_id)?;
        self.post.store().within(|records| {
            let mut incoming = parcel.incoming.clone();
            let applied = match status.code {
                StatusCode::TakeBackRequested => self.wanted_back(status, now, records)?,
                _ => self.noted_at_delivery(status, records)?,
            };
            let (step, effect) = match applied {
                Applied::Busy => {
                    incoming.next_at = now.plus_seconds(BUSY);
                    records.update_incoming(&incoming, Some(claim.token), false)?;
                    return Ok(Worked { postponed: 1, ..Worked::default() });
                }
                Applied::WantedBack if answer.is_none() => {
                    (IncomingStep::Held, StatusEffect::Applied)
                }
                Applied::WantedBack => (IncomingStep::Done, StatusEffect::Applied),
                Applied::Effect(effect) => (IncomingStep::Done, effect),
            };
            incoming.step(step)?;
            if !records.update_incoming(&incoming, Some(claim.token), false)? {
                return Ok(Worked::default());
            }
            if let Some(answer) = answer.as_ref().filter(|_| effect == StatusEffect::Applied) {
                self.give_back(status, now, records)?;
                answer.put(&self.post, records)?;
            }
            let (code, description) = (status.code, status.description.clone());
            let event = Event::StatusReceived { code, description, effect };
            let document = Some(&incoming.document);
            records.note(&self.noted(&incoming, document, &incoming.from, now, &event))?;
            if parcel.newly_acknowledged {
                self.note_acknowledged(&incoming, now, records)?;
            }
            let held = usize::from(step == IncomingStep::Held);
            Ok(Worked { done: 1_usize.saturating_sub(held), left_to_people: held, postponed: 0 })
        })
    }

    /// The delivery of the document to whoever speaks.
    fn noted_at_delivery(
        &self,
        status: &StatusMessage,
        records: &mut dyn Records,
    ) -> Result<Applied> {
        let document = &status.response_for.document_id;
        let mut effect = StatusEffect::Unmatched;
        for letter in records.letters_of(self.post.id(), document)?.into_iter().rev() {
            if letter.kind != MessageKind::Document {
                continue;
            }
            let deliveries = records.deliveries_of(letter.id)?;
            let speaks = |it: &Delivery| {
                self.examiner.is_same_agency(&it.to, &status.from.organ_id) == super::SenderIs::Same
            };
            let Some(mut delivery) = deliveries.into_iter().find(speaks) else { continue };
            if let Some(progress) = delivery.progress.after(status.code) {
                delivery.progress = progress;
                let written = records.update_delivery(&delivery, None, false)?;
                let applied = Applied::Effect(StatusEffect::Applied);
                return Ok(if written { applied } else { Applied::Busy });
            }
            effect = StatusEffect::None;
        }
        Ok(Applied::Effect(effect))
    }

    /// A 13 about a document that came from whoever speaks.
    fn wanted_back(
        &self,
        status: &StatusMessage,
        now: UtcTime,
        records: &mut dyn Records,
    ) -> Result<Applied> {
        let Some(mut document) = self.document_of(status, records)? else {
            return Ok(Applied::Effect(StatusEffect::Unmatched));
        };
        let Some(progress) = document.progress.after(status.code) else {
            return Ok(Applied::Effect(StatusEffect::None));
        };
        document.progress = progress;
        if !records.update_incoming(&document, None, false)? {
            return Ok(Applied::Busy);
        }
        self.note_acted(&document, TakenEffect::TakeBackRequested, status, now, records)?;
        Ok(Applied::WantedBack)
    }

    /// The newest document of this identifier that is here, from whoever speaks.
    pub(super) fn document_of(
        &self,
        status: &StatusMessage,
        records: &mut dyn Records,
    ) -> Result<Option<Incoming>> {
        let id = &status.response_for.document_id;
        let issuer = &status.from.organ_id;
        let here = records.incoming_documents(self.post.id(), issuer, id)?;
        let is_here = |it: &Incoming| {
            matches!(
                it.state,
                IncomingState::Stored | IncomingState::Held | IncomingState::Accepted
            )
        };
        Ok(here.into_iter().rev().find(is_here))
    }

    /// The answer 15, where the agency's rule gives back at once.
    fn agreed_at_once(
        &self,
        status: &StatusMessage,
        now: UtcTime,
    ) -> Result<Option<StatusMessage>> {
        let id = &status.response_for.document_id;
        if status.code != StatusCode::TakeBackRequested || !self.examiner.gives_back(id) {
            return Ok(None);
        }
        Ok(Some(self.reply(status, StatusCode::TakeBackAgreed, "", now)))
    }

    /// An answer to a status that its sender gave about a document of theirs.
    pub(super) fn reply(
        &self,
        status: &StatusMessage,
        code: StatusCode,
        words: &str,
        now: UtcTime,
    ) -> StatusMessage {
        let mut reply = status.clone();
        reply.from = self.post.agency.clone();
        reply.response_for.organ_id = status.from.organ_id.clone();
        reply.staff = None;
        reply.code = code;
        reply.description = if words.is_empty() { code.name_vi() } else { words }.to_owned();
        reply.timestamp = crate::envelope::edxml::Timestamp::at(now);
        reply
    }

    /// The document goes back to its issuer: it is withdrawn here.
    pub(super) fn give_back(
        &self,
        status: &StatusMessage,
        now: UtcTime,
        records: &mut dyn Records,
    ) -> Result<()> {
        let Some(mut document) = self.document_of(status, records)? else { return Ok(()) };
        let agreed = StatusCode::TakeBackAgreed;
        document.progress = document.progress.after(agreed).unwrap_or(document.progress);
        document.step(IncomingStep::Withdrawn)?;
        if records.update_incoming(&document, None, false)? {
            self.note_acted(&document, TakenEffect::TakenBack, status, now, records)?;
        }
        Ok(())
    }

    fn note_acted(
        &self,
        document: &Incoming,
        effect: TakenEffect,
        status: &StatusMessage,
        now: UtcTime,
        records: &mut dyn Records,
    ) -> Result<()> {
        let event = Event::ActedUpon { effect, by: status.response_for.document_id.clone() };
        let (id, peer) = (Some(&document.document), &status.from.organ_id);
        records.note(&self.noted(document, id, peer, now, &event))?;
        Ok(())
    }

    /// A message that revokes, updates or replaces acts on what it names, as far as its own
    /// sender issued that.
    pub(super) fn act_on_targets(
        &self,
        by: &Incoming,
        envelope: &Envelope,
        now: UtcTime,
        records: &mut dyn Records,
    ) -> Result<()> {
        let effect = match super::read::business(envelope) {
            BusinessType::Revocation => TakenEffect::Revoked,
            BusinessType::Update => TakenEffect::Updated,
            BusinessType::Replacement => TakenEffect::Replaced,
            BusinessType::New | BusinessType::Other(_) => return Ok(()),
        };
        for target in envelope.targets() {
            for mut earlier in records.incoming_documents(self.post.id(), &by.issuer, target)? {
                // What came after it is newer.
                if earlier.id >= by.id || earlier.step(IncomingStep::Withdrawn).is_err() {
                    continue;
                }
                if effect == TakenEffect::Revoked {
                    for code in [StatusCode::TakeBackRequested, StatusCode::TakeBackAgreed] {
                        earlier.progress = earlier.progress.after(code).unwrap_or(earlier.progress);
                    }
                }
                if records.update_incoming(&earlier, None, false)? {
                    let event = Event::ActedUpon { effect, by: by.document.clone() };
                    let document = Some(&earlier.document);
                    records.note(&self.noted(&earlier, document, &by.from, now, &event))?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn answer_to<'s>(
        &self,
        status: Option<&'s StatusMessage>,
        to: &'s crate::envelope::edxml::OrganId,
    ) -> Result<Option<crate::exchange::outbox::Answer<'s>>> {
        let answer = |it| crate::exchange::outbox::Answer::new(&self.post, it, to);
        status.map(answer).transpose()
    }
}

/// Seconds after which what was busy is free.
const BUSY: i64 = 5;
