//! Handing messages to the outbox.

use super::{LetterId, MessageKind, Outbox};
use crate::envelope::edxml::{
    self, BusinessType, Envelope, Message, OrganId, Organization, StatusCode, StatusMessage,
};
use crate::error::{Error, Result};
use crate::exchange::content::content_digest;
use crate::exchange::journal::{Actor, DocumentFacts, Event, Noted};
use crate::exchange::post::Post;
use crate::exchange::store::{Body, Letter, NewLetter, Records};
use crate::time::UtcTime;

impl Outbox {
    /// Hands a document over: from here on it is sent, whatever happens. `signed_at` is when
    /// its last signature was made, from which on the time runs that the law gives.
    ///
    /// The same document handed over again, which is what an application does that died
    /// before it knew, is the same letter: it is sent once. A revocation, an update or a
    /// replacement of a document is another one.
    ///
    /// # Errors
    /// `Misuse` where it is not this agency's, names no receiver or no identifier, or where
    /// another content was handed over under its identifier; what writing the message fails
    /// with; where the store fails.
    pub fn put(&self, envelope: &Envelope, signed_at: Option<UtcTime>) -> Result<LetterId> {
        let header = &envelope.header;
        let to = self.receivers(envelope)?;
        if header.document_id.is_empty() {
            return Err(Error::misuse("the document has no identifier: compose one"));
        }
        let content = content_digest(envelope);
        let now = self.post.now();
        let body = self.post.store().keep(&envelope.to_bytes()?)?;
        let kind = envelope.business.as_ref().map_or(BusinessType::New, |it| it.kind);
        let facts = DocumentFacts::of(header, kind);
        let event = Event::Queued { document: facts.clone(), to: to.clone(), signed_at };
        self.post.store().within(|records| {
            let earlier = records.letters_of(self.post.id(), &header.document_id)?;
            if let Some(id) = self.known(earlier, kind, &content)? {
                return Ok(id);
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
            let document = Some(&header.document_id);
            records.note(&self.post.noted(now, document, None, Some(&body.digest), &event))?;
            Ok(id)
        })
    }

    /// Asks receivers of a document to give it back (13): all, or those named. Which of them
    /// were asked.
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
        let Some(letter) = letters.iter().rev().find(|it| it.kind == MessageKind::Document) else {
            return Err(Error::misuse(format!("{document} was never sent from here")));
        };
        let envelope = self.envelope(letter)?;
        let sent = self.post.store().within(|it| it.deliveries_of(letter.id))?;
        let mut asked = Vec::new();
        for delivery in sent {
            if receivers.is_some_and(|them| !them.contains(&delivery.to)) {
                continue;
            }
            let status = StatusMessage::take_back(
                &envelope.header,
                delivery.to.clone(),
                reason,
                self.post.now(),
            );
            let Some(progress) = delivery.progress.after(status.code) else { continue };
            let answer = Answer::new(&self.post, &status, &delivery.to)?;
            let asks = self.post.store().within(|records| {
                let changed = crate::exchange::store::Delivery { progress, ..delivery.clone() };
                if !records.update_delivery(&changed, None, false)? {
                    return Ok(false);
                }
                answer.put(&self.post, records)?;
                Ok(true)
            })?;
            if asks {
                asked.push(delivery.to);
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
        let receivers: Vec<OrganId> =
            records.deliveries_of(by)?.into_iter().map(|it| it.to).collect();
        for letter in records.letters_of(self.post.id(), target)? {
            for mut delivery in records.deliveries_of(letter.id)? {
                let after = delivery.progress.after(StatusCode::TakeBackRequested);
                if let Some(progress) = after.filter(|_| receivers.contains(&delivery.to)) {
                    delivery.progress = progress;
                    // Whoever holds it writes no progress: the next answer finds it as it was.
                    records.update_delivery(&delivery, None, false)?;
                }
            }
        }
        Ok(())
    }

    /// The document as it was handed over.
    pub(super) fn envelope(&self, letter: &Letter) -> Result<Envelope> {
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
        let mut to: Vec<OrganId> = Vec::new();
        for Organization { organ_id, .. } in &envelope.header.to {
            if !organ_id.is_empty() && !to.contains(organ_id) {
                to.push(organ_id.clone());
            }
        }
        if to.is_empty() { Err(Error::misuse("the document names no receiver")) } else { Ok(to) }
    }

    /// The letter that brought the same content; an error where another content stands under
    /// the same identifier, both being new documents.
    fn known(
        &self,
        earlier: Vec<Letter>,
        kind: BusinessType,
        content: &str,
    ) -> Result<Option<LetterId>> {
        for letter in earlier.into_iter().filter(|it| it.kind == MessageKind::Document) {
            let envelope = self.envelope(&letter)?;
            if content_digest(&envelope) == content {
                return Ok(Some(letter.id));
            }
            let was = envelope.business.as_ref().map_or(BusinessType::New, |it| it.kind);
            if (was, kind) == (BusinessType::New, BusinessType::New) {
                return Err(Error::misuse(format!(
                    "{} was handed over with another content: send an update of it",
                    letter.document
                )));
            }
        }
        Ok(None)
    }
}

/// A status on its way into the outbox.
pub(in crate::exchange) struct Answer<'a> {
    status: &'a StatusMessage,
    to: &'a OrganId,
    body: Body,
    at: UtcTime,
}

impl<'a> Answer<'a> {
    /// # Errors
    /// What writing the message fails with; where the store fails.
    pub(in crate::exchange) fn new(
        post: &Post,
        status: &'a StatusMessage,
        to: &'a OrganId,
    ) -> Result<Self> {
        let body = post.store().keep(&status.to_bytes()?)?;
        Ok(Self { status, to, body, at: post.now() })
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
            to: std::slice::from_ref(self.to),
            created: self.at,
        })?;
        let event = Event::AnswerQueued {
            code: self.status.code,
            description: self.status.description.clone(),
        };
        let (document, digest) = (Some(&about.document_id), Some(self.body.digest.as_str()));
        let noted = post.noted(self.at, document, Some(self.to), digest, &event);
        records.note(&Noted { actor: by, ..noted })?;
        Ok(())
    }
}

/// Answers are small, and somebody waits for them.
const ANSWERS_FIRST: i32 = 4;
