//! Handing messages to the outbox.

use std::collections::HashSet;

use super::{Delivery, DeliveryState, LetterId, MessageKind, Outbox};
use crate::envelope::edxml::{
    self, BusinessType, Envelope, Message, OrganId, Organization, StatusCode, StatusMessage,
};
use crate::error::{Error, Result};
use crate::exchange::content::content_digest;
use crate::exchange::journal::{Actor, DocumentFacts, Event, Noted};
use crate::exchange::post::Post;
use crate::exchange::store::{Body, Letter, NewLetter, Records};
use crate::exchange::trace;
use crate::time::UtcTime;

impl Outbox {
    /// Hands a document over: from here on it is sent, whatever happens. `signed_at` is when
    /// its last signature was made, from which on the time runs that the law gives.
    ///
    /// The same document handed over again, which is what an application does that died
    /// before it knew, is the same letter: it is sent once. For others who shall have it too,
    /// it is handed over for them alone. A revocation, an update or a replacement of a
    /// document is another one.
    ///
    /// # Errors
    /// `Misuse` where it is not this agency's, names no receiver or no identifier, where
    /// another content was handed over under its identifier, or where some of its receivers
    /// have it already and others do not; what writing the message fails with; where the
    /// store fails.
    pub fn put(&self, envelope: &Envelope, signed_at: Option<UtcTime>) -> Result<LetterId> {
        let header = &envelope.header;
        let to = self.receivers(envelope)?;
        if header.document_id.is_empty() {
            return Err(Error::misuse("the document has no identifier: compose one"));
        }
        let content = content_digest(envelope);
        let now = self.post.now();
        let body = self.post.store().keep(&envelope.to_bytes()?)?;
        let kind = business(envelope);
        let facts = DocumentFacts::of(header, kind);
        let event = Event::Queued { document: facts.clone(), to: to.clone(), signed_at };
        let document = Some(&header.document_id);
        let mut looked_at = 0_usize;
        loop {
            let (agency, id) = (self.post.id(), &header.document_id);
            let earlier = self.post.store().within(|it| it.letters_of(agency, id))?;
            let unknown = earlier.get(looked_at..).unwrap_or_default();
            if let Some(id) = self.known(unknown, kind, &content, &to)? {
                return Ok(id);
            }
            looked_at = earlier.len();
            let put = self.post.step(|records| {
                if records.letters_of(agency, id)?.len() != looked_at {
                    // Another one was handed over meanwhile.
                    return Ok(None);
                }
                let letter = NewLetter {
                    agency: self.post.id(),
                    kind: MessageKind::Document,
                    issuer: &header.from.organ_id,
                    document: &header.document_id,
                    code: &facts.code,
                    subject: &header.subject,
                    status: None,
                    priority: facts.priority,
                    body: &body,
                    to: &to,
                    created: now,
                };
                records.insert_body(&body)?;
                let id = records.insert_letter(&letter)?;
                if kind == BusinessType::Revocation {
                    for target in envelope.targets() {
                        self.wanted_back(records, target, id)?;
                    }
                }
                records.note(&self.post.noted(now, document, None, Some(&body.digest), &event))?;
                Ok(Some(id))
            })?;
            if let Some(id) = put {
                trace::happened(self.post.id(), document, None, &event);
                return Ok(id);
            }
        }
    }

    /// Asks receivers of a document to give it back (13): all, or those named. Which of them
    /// were asked: not those who were asked before and have not answered, nor those to whom
    /// it was not sent yet, for whom [`Outbox::cancel`] is there. Of several messages under
    /// its identifier, the newest counts that a receiver may have.
    ///
    /// # Errors
    /// `Misuse` where no such document was sent; where the store fails.
    pub fn take_back(
        &self,
        document: &edxml::DocumentId,
        receivers: Option<&[OrganId]>,
        reason: &str,
    ) -> Result<Vec<OrganId>> {
        let letters = self.post.store().within(|it| it.letters_of(self.post.id(), document))?;
        let (mut was_sent, mut asked) = (false, Vec::new());
        let mut looked_at: HashSet<OrganId> = HashSet::new();
        for letter in letters.iter().rev() {
            let envelope = self.envelope(letter)?;
            if business(&envelope) == BusinessType::Revocation {
                continue;
            }
            was_sent = true;
            let mut mine = self.post.store().within(|it| it.deliveries_of(letter.id))?;
            mine.retain(|it| {
                let named =
                    receivers.is_none_or(|them| them.iter().any(|to| to.is_same_agency(&it.to)));
                named && may_be_there(it) && looked_at.insert(it.to.clone())
            });
            asked.extend(self.ask_back(&envelope, mine, reason)?);
        }
        if was_sent {
            Ok(asked)
        } else {
            Err(Error::misuse(format!("{document} was never sent from here")))
        }
    }

    /// Asks those who may have it; who was asked.
    fn ask_back(
        &self,
        envelope: &Envelope,
        deliveries: Vec<Delivery>,
        reason: &str,
    ) -> Result<Vec<OrganId>> {
        let mut asked = Vec::new();
        for Delivery { id, to, .. } in deliveries {
            let (header, now) = (&envelope.header, self.post.now());
            let status = StatusMessage::take_back(header, to.clone(), reason, now);
            let code = status.code;
            let answer = Answer::new(&self.post, status, to.clone())?;
            let asks = self.post.step(|records| {
                let found = records.delivery(id)?.filter(may_be_there);
                let Some(progress) = found.and_then(|it| it.progress.after(code)) else {
                    return Ok(false);
                };
                records.set_progress(id, progress)?;
                answer.put(&self.post, records)?;
                Ok(true)
            })?;
            if asks {
                answer.told(&self.post);
                asked.push(to);
            }
        }
        Ok(asked)
    }

    /// A revocation asks for the document back, as a 13 does: its receivers may answer 15 or
    /// 16.
    fn wanted_back(
        &self,
        records: &mut dyn Records,
        target: &edxml::DocumentId,
        by: LetterId,
    ) -> Result<()> {
        let mine = records.deliveries_of(by)?;
        let receivers: HashSet<OrganId> = mine.iter().map(|it| it.to.clone()).collect();
        // The answer may name the revocation, which may have an identifier of its own.
        let mut deliveries = mine;
        for letter in records.letters_of(self.post.id(), target)? {
            if letter.id != by {
                deliveries.extend(records.deliveries_of(letter.id)?);
            }
        }
        for delivery in deliveries {
            let after = delivery.progress.after(StatusCode::TakeBackRequested);
            if let Some(progress) = after.filter(|_| receivers.contains(&delivery.to)) {
                records.set_progress(delivery.id, progress)?;
            }
        }
        Ok(())
    }

    /// The document as it was handed over.
    pub(in crate::exchange) fn envelope(&self, letter: &Letter) -> Result<Envelope> {
        let source = self.post.store().open(&letter.digest)?;
        let bytes = source.window(0..source.len())?;
        match edxml::parse(&bytes, &self.post.limits)?.message {
            Message::Document(envelope) => Ok(envelope),
            Message::Status(_) => Err(Error::misuse("the letter holds a status, not a document")),
        }
    }

    fn receivers(&self, envelope: &Envelope) -> Result<Vec<OrganId>> {
        let from = &envelope.header.from.organ_id;
        if from != self.post.id() {
            let us = self.post.id();
            return Err(Error::misuse(format!("the document is from {from}, this post is {us}'s")));
        }
        let (mut to, mut named): (Vec<OrganId>, HashSet<&str>) = (Vec::new(), HashSet::new());
        for Organization { organ_id, .. } in &envelope.header.to {
            // The first level has the same code in both grammars.
            let short = organ_id.as_str().strip_prefix("000.00.00.").unwrap_or_default();
            let is_same = organ_id.is_same_agency(&short.into());
            let code = if is_same { short } else { organ_id.as_str() };
            if !organ_id.is_empty() && named.insert(code) {
                to.push(organ_id.clone());
            }
        }
        if to.is_empty() { Err(Error::misuse("the document names no receiver")) } else { Ok(to) }
    }

    /// The letter that brought the same content to the same receivers; an error where it was
    /// brought to some of them alone, or where another content stands under the same
    /// identifier, both being new documents.
    fn known(
        &self,
        earlier: &[Letter],
        kind: BusinessType,
        content: &str,
        to: &[OrganId],
    ) -> Result<Option<LetterId>> {
        for letter in earlier {
            let envelope = self.envelope(letter)?;
            if content_digest(&envelope) == content {
                let brought = self.post.store().within(|it| it.deliveries_of(letter.id))?;
                let has = |to: &&OrganId| brought.iter().any(|it| it.to.is_same_agency(to));
                match (to.iter().all(|it| has(&it)), to.iter().find(has)) {
                    (true, _) => return Ok(Some(letter.id)),
                    (false, Some(one)) => return Err(brought_to_some(&letter.document, one)),
                    (false, None) => continue,
                }
            }
            if (business(&envelope), kind) == (BusinessType::New, BusinessType::New) {
                return Err(Error::misuse(format!(
                    "{} was handed over with another content: send an update of it",
                    letter.document
                )));
            }
        }
        Ok(None)
    }
}

fn brought_to_some(document: &edxml::DocumentId, one: &OrganId) -> Error {
    Error::misuse(format!(
        "{document} was handed over for {one} before, and not for all the others: hand it over \
         for those alone"
    ))
}

fn business(envelope: &Envelope) -> BusinessType {
    envelope.business.as_ref().map_or(BusinessType::New, |it| it.kind)
}

/// Whether the receiver may have it.
fn may_be_there(delivery: &Delivery) -> bool {
    use DeliveryState::{Cancelled, InDoubt, Sending, Sent, Stopped};
    let doubted =
        matches!(delivery.state, Stopped | Cancelled) && delivery.in_doubt_since.is_some();
    matches!(delivery.state, Sent | InDoubt | Sending) || doubted
}

/// A status on its way into the outbox.
pub(in crate::exchange) struct Answer {
    status: StatusMessage,
    to: OrganId,
    body: Body,
    at: UtcTime,
}

impl Answer {
    /// # Errors
    /// What writing the message fails with; where the store fails.
    pub(in crate::exchange) fn new(
        post: &Post,
        status: StatusMessage,
        to: OrganId,
    ) -> Result<Self> {
        let body = post.store().keep(&status.to_bytes()?)?;
        Ok(Self { status, to, body, at: post.now() })
    }

    /// Which status it is.
    pub(in crate::exchange) fn code(&self) -> StatusCode {
        self.status.code
    }

    /// Writes it, and its entry in the journal, within a step that has other parts too.
    ///
    /// # Errors
    /// Where the store fails.
    pub(in crate::exchange) fn put(&self, post: &Post, records: &mut dyn Records) -> Result<()> {
        self.put_by(post, records, &post.actor)
    }

    /// As [`Answer::put`], for a person.
    ///
    /// # Errors
    /// Where the store fails.
    pub(in crate::exchange) fn put_by(
        &self,
        post: &Post,
        records: &mut dyn Records,
        by: &Actor,
    ) -> Result<()> {
        let about = &self.status.response_for;
        records.insert_body(&self.body)?;
        records.insert_letter(&NewLetter {
            agency: post.id(),
            kind: MessageKind::Status,
            issuer: &about.organ_id,
            document: &about.document_id,
            code: &about.code,
            subject: &self.status.description,
            status: Some(self.status.code),
            priority: ANSWERS_FIRST,
            body: &self.body,
            to: std::slice::from_ref(&self.to),
            created: self.at,
        })?;
        let event = self.event();
        let (document, digest) = (Some(&about.document_id), Some(self.body.digest.as_str()));
        let noted = post.noted(self.at, document, Some(&self.to), digest, &event);
        records.note(&Noted { actor: by, ..noted })?;
        Ok(())
    }

    fn event(&self) -> Event {
        let (code, description) = (self.status.code, self.status.description.clone());
        Event::AnswerQueued { code, description }
    }

    /// Tells whoever listens, once the step is written.
    pub(in crate::exchange) fn told(&self, post: &Post) {
        let document = Some(&self.status.response_for.document_id);
        trace::happened(post.id(), document, Some(&self.to), &self.event());
    }
}

/// Answers are small, and somebody waits for them.
const ANSWERS_FIRST: i32 = 4;
