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
        let mut outcomes = Vec::new();
        for parcel in parcels.iter().filter(|it| it.task == Task::Send) {
            let result = match self.post.out_of_reach() {
                Some(_) => Err(NOT_REACHED),
                None if self.post.now() >= until => Err(CLAIM_ENDED),
                None => Ok(self.submit(transport, parcel)),
            };
            for delivery in &parcel.deliveries {
                let outcome = match &result {
                    Err(why) => Outcome::NotTried { fault: (*why).to_owned() },
                    Ok(Ok(id)) => Outcome::Taken(id.clone(), false),
                    Ok(Err(error)) => failed(error, parcel.deliveries.len()),
                };
                outcomes.push((delivery.id, outcome));
            }
            match &result {
                Ok(Err(error)) if is_ours(error) => {}
                Ok(Err(error)) => {
                    self.post.reached(!matches!(Fault::of(error), Some(Fault::NotSent(_))));
                }
                Ok(Ok(_)) => self.post.reached(true),
                Err(_) => {}
            }
        }
        outcomes
    }

    fn submit(&self, transport: &dyn Transport, parcel: &Parcel) -> Result<TransportId> {
        let letter = &parcel.letter;
        let divided;
        let stored;
        let (message, digest): (&dyn Source, _) =
            if parcel.whole || letter.kind == MessageKind::Status {
                stored = self.post.store().open(&letter.digest)?;
                (&*stored, Some(letter.digest.as_str()))
            } else {
                divided = self.divided(parcel)?;
                (&divided, None)
            };
        let to = match letter.kind {
            MessageKind::Document => None,
            MessageKind::Status => parcel.deliveries.first().map(|it| &it.to),
        };
        let from = self.post.id();
        transport.submit(&Submission { kind: letter.kind, from, to, message, digest })
    }

    /// The same document, for these receivers alone.
    fn divided(&self, parcel: &Parcel) -> Result<Vec<u8>> {
        let mut envelope = self.envelope(&parcel.letter)?;
        let named = |it: &Organization| parcel.deliveries.iter().any(|to| to.to == it.organ_id);
        envelope.header.to.retain(named);
        envelope.to_bytes()
    }
}

const NOT_REACHED: &str = "not tried: the axis was not reached a moment ago";
const CLAIM_ENDED: &str = "not tried: the round took too long";

/// Whether it failed before anything was sent.
fn is_ours(error: &Error) -> bool {
    Fault::of(error).is_none()
}

fn failed(error: &Error, receivers: usize) -> Outcome {
    let fault = error.to_string();
    let Some(why) = Fault::of(error) else {
        // The store or the disk, which may be mended; or the message, which will not be.
        return match error.kind() {
            ErrorKind::Io => Outcome::NotTried { fault },
            ErrorKind::Service => Outcome::Unknown { fault },
            _ => Outcome::Never { code: None, reason: fault },
        };
    };
    let code = match why {
        Fault::Refused { code, .. } => Some(*code),
        _ => None,
    };
    if matches!(why, Fault::NotSent(_)) {
        return Outcome::NotTried { fault };
    }
    match why.retry() {
        Retry::Later => Outcome::Absent { fault, at_once: false },
        Retry::AskFirst => Outcome::Unknown { fault },
        Retry::Never if receivers > 1 && why.is_about_a_receiver() => Outcome::Divided { fault },
        Retry::Never => Outcome::Never { code, reason: fault },
    }
}
