//! What a message is, once its bytes are here.

use super::{Inbox, SenderIs};
use crate::envelope::edxml::{
    self, BusinessType, Diagnostic, Envelope, Message, Parsed, Severity, StatusMessage,
};
use crate::exchange::content::content_digest;
use crate::exchange::store::Incoming;
use crate::exchange::transport::MessageKind;

/// A message that was read.
pub(super) enum Read {
    Document { envelope: Box<Envelope>, diagnostics: Vec<Diagnostic>, content: String },
    Status(Box<StatusMessage>),
    Unreadable(String),
}

impl Inbox {
    /// What the bytes are. A status on which two readers may differ says nothing; a document
    /// of that kind is refused by whoever examines it.
    pub(super) fn read(&self, incoming: &Incoming, bytes: &[u8]) -> Read {
        let Parsed { message, diagnostics } = match edxml::parse(bytes, &self.post.limits) {
            Ok(parsed) => parsed,
            Err(error) => return Read::Unreadable(error.to_string()),
        };
        let (kind, from) = match &message {
            Message::Document(it) => (MessageKind::Document, &it.header.from.organ_id),
            Message::Status(it) => (MessageKind::Status, &it.from.organ_id),
        };
        if kind != incoming.kind {
            return Read::Unreadable("the axis lists it as the other kind of message".to_owned());
        }
        if self.examiner.is_same_agency(from, &incoming.from) != SenderIs::Same {
            return Read::Unreadable(format!(
                "it says it is from {from}, the axis {}",
                incoming.from
            ));
        }
        let grave = diagnostics.iter().find(|it| it.code.severity() == Severity::Error);
        match (message, grave) {
            (Message::Document(it), _) if it.header.document_id.is_empty() => {
                Read::Unreadable("the document has no identifier, so that nobody can answer".into())
            }
            (Message::Document(envelope), _) => {
                let content = content_digest(&envelope);
                Read::Document { envelope: Box::new(envelope), diagnostics, content }
            }
            (Message::Status(_), Some(grave)) => Read::Unreadable(grave.to_string()),
            (Message::Status(status), None) => Read::Status(Box::new(status)),
        }
    }
}

pub(super) fn business(envelope: &Envelope) -> BusinessType {
    envelope.business.as_ref().map_or(BusinessType::New, |it| it.kind)
}
