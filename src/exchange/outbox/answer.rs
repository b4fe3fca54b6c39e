//! Statuses that are handed over: answers to documents of others.

use crate::envelope::edxml::{OrganId, StatusCode, StatusMessage};
use crate::error::Result;
use crate::exchange::journal::{Actor, Event, Noted};
use crate::exchange::post::Post;
use crate::exchange::store::{Body, NewLetter, Records};
use crate::exchange::trace;
use crate::exchange::transport::MessageKind;
use crate::time::UtcTime;

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
            gist: None,
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
