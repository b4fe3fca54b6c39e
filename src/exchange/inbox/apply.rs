//! What statuses, and messages about earlier documents, change.

use super::fetch::Hope;
use super::finish::{Act, Task, Written};
use super::take::Parcel;
use super::{Claim, Inbox, Incoming, IncomingState, SenderIs, Worked};
use crate::envelope::edxml::{
    BusinessType, DocumentId, Envelope, OrganId, StatusCode, StatusMessage,
};
use crate::error::Result;
use crate::exchange::journal::{Event, StatusEffect, TakenEffect};
use crate::exchange::outbox::{Answer, Outbox};
use crate::exchange::store::{Delivery, IncomingStep, Records};
use crate::time::UtcTime;

/// What became of a status.
enum Applied {
    Effect(StatusEffect),
    /// What it is about is in work, or not here yet: another time.
    NotYet {
        busy: bool,
    },
    /// The issuer of a document wants it back: a person, or a rule, says whether.
    WantedBack,
}

/// What became of the documents that a message names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Acted {
    Done,
    /// One of them is in work: nothing was done to any.
    Busy,
    /// None of them ever came.
    Nothing,
}

/// A document that somebody wants back.
enum Wanted {
    Here(Box<Incoming>),
    /// It was here, and was refused, revoked or given back.
    Gone,
    NeverCame,
}

impl Inbox {
    /// What is to be written of a status: it is noted at the document that it is about.
    pub(super) fn apply<'p>(
        &'p self,
        parcel: &'p Parcel,
        status: &'p StatusMessage,
    ) -> Result<Act<'p>> {
        let now = self.post.now();
        let agreed = self.agreed_at_once(status, now)?;
        let to = status.from.organ_id.clone();
        let answer = agreed.map(|it| Answer::new(&self.post, it, to)).transpose()?;
        let about = self.is_about(status)?;
        Ok(Act { parcel, task: Task::Status { status, about, now }, answer })
    }

    /// Writes it; nothing where somebody else has it in hand.
    pub(super) fn write_status(
        &self,
        claim: &Claim<'_>,
        act: &Act<'_>,
        (status, about, now): (&StatusMessage, &[DocumentId], UtcTime),
        records: &mut dyn Records,
    ) -> Result<Option<Written>> {
        let mut incoming = act.parcel.incoming.clone();
        if !records.update_incoming(&incoming, Some(claim.token), true)? {
            return Ok(None);
        }
        let applied = match status.code {
            StatusCode::TakeBackRequested => self.wanted_back(&incoming, status, now, records)?,
            _ => self.noted_at_deliveries(about, status, records)?,
        };
        let (step, effect) = match applied {
            Applied::NotYet { busy: true } => {
                incoming.next_at = now.plus_seconds(BUSY);
                records.update_incoming(&incoming, Some(claim.token), false)?;
                return Ok(Some(Written::postponed()));
            }
            Applied::NotYet { busy: false } => {
                self.put_off(claim, incoming, NOT_HERE, Hope::Always, records)?;
                return Ok(Some(Written::postponed()));
            }
            Applied::WantedBack if act.answer.is_none() => {
                (IncomingStep::Held, StatusEffect::Applied)
            }
            Applied::WantedBack => (IncomingStep::Done, StatusEffect::Applied),
            Applied::Effect(effect) => (IncomingStep::Done, effect),
        };
        incoming.step(step)?;
        incoming.fault.clear();
        records.update_incoming(&incoming, Some(claim.token), false)?;
        let answer = act.answer.as_ref().filter(|_| effect == StatusEffect::Applied);
        if let Some(answer) = answer {
            self.give_back(&incoming, status, now, records)?;
            answer.put(&self.post, records)?;
        }
        let (code, description) = (status.code, status.description.clone());
        let event = Event::StatusReceived { code, description, effect };
        let document = Some(&incoming.document);
        records.note(&self.noted(&incoming, document, &incoming.from, now, &event))?;
        let is_held = step == IncomingStep::Held;
        let worked = if is_held { Worked::LEFT } else { Worked::DONE };
        Ok(Some(Written { worked, event: Some(event), answered: answer.is_some() }))
    }

    /// The documents that a status is about: the one that it names and, where a revocation
    /// was sent under that name, what it revokes.
    fn is_about(&self, status: &StatusMessage) -> Result<Vec<DocumentId>> {
        let named = &status.response_for.document_id;
        let mut about = vec![named.clone()];
        if matches!(status.code, StatusCode::TakeBackAgreed | StatusCode::TakeBackRefused) {
            let outbox = Outbox::new(&self.post);
            for letter in self.post.store().look(|it| it.letters_of(self.post.id(), named))? {
                // Where nothing is known of it, it is about what it names.
                let gist = outbox.gist(&letter)?;
                if let Some(gist) = gist.filter(|it| it.kind() == BusinessType::Revocation) {
                    about.extend(gist.targets.into_iter().filter(|it| it != named));
                }
            }
        }
        Ok(about)
    }

    /// At the newest delivery to whoever speaks where it may come now; what is said about
    /// taking back, at all of them. Whether the axis' own answer about the delivery is here
    /// yet does not matter.
    fn noted_at_deliveries(
        &self,
        about: &[DocumentId],
        status: &StatusMessage,
        records: &mut dyn Records,
    ) -> Result<Applied> {
        let mut effect = StatusEffect::Unmatched;
        for document in about {
            for letter in records.letters_of(self.post.id(), document)?.into_iter().rev() {
                let deliveries = records.deliveries_of(letter.id)?;
                let speaks = |it: &Delivery| {
                    self.examiner.is_same_agency(&it.to, &status.from.organ_id) == SenderIs::Same
                };
                let Some(delivery) = deliveries.into_iter().find(speaks) else { continue };
                let Some(progress) = delivery.progress.after(status.code) else {
                    if effect == StatusEffect::Unmatched {
                        effect = StatusEffect::None;
                    }
                    continue;
                };
                records.set_progress(delivery.id, progress)?;
                effect = StatusEffect::Applied;
                if !status.code.is_take_back() {
                    return Ok(Applied::Effect(effect));
                }
            }
        }
        Ok(Applied::Effect(effect))
    }

    /// A 13 about a document that came from whoever speaks.
    fn wanted_back(
        &self,
        wish: &Incoming,
        status: &StatusMessage,
        now: UtcTime,
        records: &mut dyn Records,
    ) -> Result<Applied> {
        let mut document = match self.wanted(wish, status, records)? {
            Wanted::Here(document) => document,
            Wanted::Gone => return Ok(Applied::Effect(StatusEffect::None)),
            // It may be on its way still.
            Wanted::NeverCame if self.waits_still(wish) => {
                return Ok(Applied::NotYet { busy: false });
            }
            Wanted::NeverCame => return Ok(Applied::Effect(StatusEffect::Unmatched)),
        };
        let Some(progress) = document.progress.after(status.code) else {
            return Ok(Applied::Effect(StatusEffect::None));
        };
        document.progress = progress;
        if !records.update_incoming(&document, None, false)? {
            return Ok(Applied::NotYet { busy: true });
        }
        self.note_acted(&document, TakenEffect::TakeBackRequested, status, now, records)?;
        Ok(Applied::WantedBack)
    }

    /// The newest document of this identifier that is here, from whoever speaks.
    fn wanted(
        &self,
        wish: &Incoming,
        status: &StatusMessage,
        records: &mut dyn Records,
    ) -> Result<Wanted> {
        let id = &status.response_for.document_id;
        let all = self.came(&[&status.from.organ_id, &wish.from], id, records)?;
        let is_gone = all
            .iter()
            .any(|it| matches!(it.state, IncomingState::Refused | IncomingState::Withdrawn));
        Ok(match all.into_iter().rev().find(is_here) {
            Some(document) => Wanted::Here(Box::new(document)),
            None if is_gone => Wanted::Gone,
            None => Wanted::NeverCame,
        })
    }

    /// What came under an identifier from an issuer, by either spelling of its code.
    fn came(
        &self,
        issuers: &[&OrganId],
        id: &DocumentId,
        records: &mut dyn Records,
    ) -> Result<Vec<Incoming>> {
        let mut issuers = issuers.to_vec();
        issuers.sort_unstable();
        issuers.dedup();
        let mut all = Vec::new();
        for issuer in issuers {
            all.extend(records.incoming_documents(self.post.id(), issuer, id)?);
        }
        all.sort_by_key(|it| it.id);
        Ok(all)
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

    /// The document goes back to its issuer: it is withdrawn here. `false` where it is in
    /// work.
    pub(super) fn give_back(
        &self,
        wish: &Incoming,
        status: &StatusMessage,
        now: UtcTime,
        records: &mut dyn Records,
    ) -> Result<bool> {
        let Wanted::Here(mut document) = self.wanted(wish, status, records)? else {
            return Ok(true);
        };
        let agreed = StatusCode::TakeBackAgreed;
        document.progress = document.progress.after(agreed).unwrap_or(document.progress);
        document.step(IncomingStep::Withdrawn)?;
        if !records.update_incoming(&document, None, false)? {
            return Ok(false);
        }
        self.note_acted(&document, TakenEffect::TakenBack, status, now, records)?;
        Ok(true)
    }

    /// The document stays: its issuer may ask again. `false` where it is in work.
    pub(super) fn keep_back(
        &self,
        wish: &Incoming,
        status: &StatusMessage,
        records: &mut dyn Records,
    ) -> Result<bool> {
        let Wanted::Here(mut document) = self.wanted(wish, status, records)? else {
            return Ok(true);
        };
        let refused = StatusCode::TakeBackRefused;
        document.progress = document.progress.after(refused).unwrap_or(document.progress);
        records.update_incoming(&document, None, false)
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
    ) -> Result<Acted> {
        let effect = match super::read::business(envelope) {
            BusinessType::Revocation => TakenEffect::Revoked,
            BusinessType::Update => TakenEffect::Updated,
            BusinessType::Replacement => TakenEffect::Replaced,
            BusinessType::New | BusinessType::Other(_) => return Ok(Acted::Done),
        };
        let (mut found, mut came) = (Vec::new(), false);
        for target in envelope.targets() {
            let mut all = self.came(&[&by.issuer, &by.from], target, records)?;
            all.retain(|it| it.id != by.id && it.state != IncomingState::Repeated);
            came |= !all.is_empty();
            // What came after it is newer, unless nothing came before: it was faster then.
            if all.iter().any(|it| it.id < by.id) {
                all.retain(|it| it.id < by.id);
            }
            found.extend(all.into_iter().filter(is_here));
        }
        if found.iter().any(|it| it.claim.is_some()) {
            return Ok(Acted::Busy);
        }
        for mut earlier in found {
            earlier.step(IncomingStep::Withdrawn)?;
            if effect == TakenEffect::Revoked {
                for code in [StatusCode::TakeBackRequested, StatusCode::TakeBackAgreed] {
                    earlier.progress = earlier.progress.after(code).unwrap_or(earlier.progress);
                }
            }
            records.update_incoming(&earlier, None, false)?;
            let event = Event::ActedUpon { effect, by: by.document.clone() };
            let document = Some(&earlier.document);
            records.note(&self.noted(&earlier, document, &by.from, now, &event))?;
        }
        Ok(if came { Acted::Done } else { Acted::Nothing })
    }
}

/// Whether a document can still be withdrawn.
fn is_here(document: &Incoming) -> bool {
    matches!(document.state, IncomingState::Stored | IncomingState::Held | IncomingState::Accepted)
}

/// Seconds after which what was busy is free.
pub(super) const BUSY: i64 = 5;
const NOT_HERE: &str = "what it is about is not here yet";
