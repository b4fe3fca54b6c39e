//! Sending.

use super::{Outbox, Outcome, Parcel, Task};
use crate::envelope::edxml::Organization;
use crate::error::{Error, ErrorKind, Result};
use crate::exchange::fault::{Fault, Retry};
use crate::exchange::store::DeliveryId;
use crate::exchange::transport::{MessageKind, Submission, Transport, TransportId};
use crate::source::Source;
use crate::time::UtcTime;

impl Outbox {
    /// Sends each parcel once; once the axis cannot be reached, or the claim ends, the rest is
    /// left for later.
    pub(super) fn attempt(
        &self,
        transport: &dyn Transport,
        parcels: &[Parcel],
        until: UtcTime,
    ) -> Vec<(DeliveryId, Outcome)> {
        let (mut outcomes, mut unreachable) = (Vec::new(), false);
        for parcel in parcels.iter().filter(|it| it.task == Task::Send) {
            let tried = !unreachable && self.post.now() < until;
            let result = tried.then(|| self.submit(transport, parcel));
            for delivery in &parcel.deliveries {
                let outcome = match &result {
                    None => Outcome::NotTried,
                    Some(Ok(id)) => Outcome::Taken(id.clone(), false),
                    Some(Err(error)) => failed(error, parcel.deliveries.len()),
                };
                outcomes.push((delivery.id, outcome));
            }
            if let Some(Err(error)) = &result {
                tracing::warn!(document = %parcel.letter.document, %error, "not sent");
                unreachable = matches!(Fault::of(error), Some(Fault::NotSent(_)));
            }
        }
        outcomes
    }

    fn submit(&self, transport: &dyn Transport, parcel: &Parcel) -> Result<TransportId> {
        let letter = &parcel.letter;
        let divided;
        let stored;
        let message: &dyn Source = if parcel.whole || letter.kind == MessageKind::Status {
            stored = self.post.store().open(&letter.digest)?;
            &*stored
        } else {
            divided = self.divided(parcel)?;
            &divided
        };
        let to = match letter.kind {
            MessageKind::Document => None,
            MessageKind::Status => parcel.deliveries.first().map(|it| &it.to),
        };
        let from = self.post.id();
        transport.submit(&Submission { kind: letter.kind, from, to, message })
    }

    /// The same document, for these receivers alone.
    fn divided(&self, parcel: &Parcel) -> Result<Vec<u8>> {
        let mut envelope = self.envelope(&parcel.letter)?;
        let named = |it: &Organization| parcel.deliveries.iter().any(|to| to.to == it.organ_id);
        envelope.header.to.retain(named);
        envelope.to_bytes()
    }
}

fn failed(error: &Error, receivers: usize) -> Outcome {
    let fault = error.to_string();
    let Some(why) = Fault::of(error) else {
        // The store or the disk, which may be mended; or the message, which will not be.
        return match error.kind() {
            ErrorKind::Io | ErrorKind::Service => Outcome::Absent { fault, at_once: false },
            _ => Outcome::Never { code: None, reason: fault },
        };
    };
    let code = match why {
        Fault::Refused { code, .. } => Some(*code),
        _ => None,
    };
    match why.retry() {
        Retry::Later => Outcome::Absent { fault, at_once: false },
        Retry::AskFirst => Outcome::Unknown { fault },
        Retry::Never if receivers > 1 && why.is_about_a_receiver() => Outcome::Divided { fault },
        Retry::Never => Outcome::Never { code, reason: fault },
    }
}
