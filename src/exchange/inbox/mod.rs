//! What an agency receives: each message is stored before the axis is told that it is here,
//! examined, and answered.
//!
//! *list → fetch → store, with the answer 01 → acknowledge → examine → decide, with the
//! answer 03 or 02*. Each arrow may be where the machine dies: what was stored is taken up
//! from there, and what was not stored still waits at the axis. An answer is in the outbox in
//! the same transaction as the step that it tells of: no step is answered twice, or never. A
//! document that comes again after it was decided upon is no new step; what was said of it
//! then is said again.

mod apply;
mod decide;
mod examine;
mod fetch;
mod finish;
mod given_up;
mod read;
mod take;
#[cfg(all(test, feature = "sqlite"))]
mod tests;

use std::sync::Arc;

pub use self::examine::{Examination, Examine, SenderIs};

use super::post::{Post, Worked};
use super::store::{Claim, Incoming, IncomingId, IncomingState, NewIncoming, Records};
use super::transport::{MessageKind, Pending, Transport, TransportState};
use crate::envelope::edxml::{DocumentId, OrganId};
use crate::error::Result;
use crate::exchange::fault::Fault;
use crate::exchange::journal::{Event, Noted};
use crate::time::UtcTime;

/// The inbox of an agency.
#[derive(Clone)]
pub struct Inbox {
    post: Post,
    examiner: Arc<dyn Examine>,
}

impl Inbox {
    /// Of this post; `examiner` says what becomes of documents.
    pub fn new(post: &Post, examiner: Arc<dyn Examine>) -> Self {
        Self { post: post.clone(), examiner }
    }

    /// Asks the axis what waits, and notes it. How many messages were not known.
    ///
    /// # Errors
    /// What the axis answers with: `Service` mostly; where the store fails.
    pub fn poll(&self, transport: &dyn Transport) -> Result<usize> {
        let mut new = 0_usize;
        for kind in [MessageKind::Document, MessageKind::Status] {
            let listed = transport.pending(kind);
            if let Some(fault) = listed.as_ref().err().and_then(Fault::of) {
                self.post.reached(!matches!(fault, Fault::NotSent(_)));
            }
            let listed = listed?;
            self.post.reached(true);
            for some in listed.chunks(NOTED_AT_ONCE) {
                new = new.saturating_add(self.note_listed(kind, some)?);
            }
        }
        Ok(new)
    }

    fn note_listed(&self, kind: MessageKind, listed: &[Pending]) -> Result<usize> {
        if listed.is_empty() {
            return Ok(0);
        }
        let now = self.post.now();
        self.post.step(|records| {
            let mut fresh = 0_usize;
            for pending in listed {
                let (agency, transport_id, from) = (self.post.id(), &pending.id, &pending.from);
                let incoming = NewIncoming { agency, kind, transport_id, from, listed: now };
                let (id, is_new) = records.insert_incoming(&incoming)?;
                if is_new {
                    fresh = fresh.saturating_add(1);
                } else {
                    self.tell_again(id, pending, now, records)?;
                }
            }
            Ok(fresh)
        })
    }

    /// An axis that lists what it was told is here has forgotten that.
    fn tell_again(
        &self,
        id: IncomingId,
        pending: &Pending,
        now: UtcTime,
        records: &mut dyn Records,
    ) -> Result<()> {
        if !matches!(pending.state, Some(TransportState::Initial | TransportState::Processing)) {
            return Ok(());
        }
        let told = |it: &Incoming| it.acknowledged && it.claim.is_none() && !it.state.is_open();
        if let Some(mut incoming) = records.incoming(id)?.filter(told) {
            incoming.acknowledged = false;
            incoming.next_at = now;
            records.update_incoming(&incoming, None, false)?;
        }
        Ok(())
    }

    /// One round: claims what is listed or was left lying, and brings it as far as it goes.
    /// Several threads, and several processes on a store that allows it, may do so at once.
    /// Where nothing was due, [`Worked::is_nothing`]; so, too, for a while after the axis was
    /// not reached.
    ///
    /// # Errors
    /// Where the store fails; what is claimed then is taken up again.
    pub fn work(&self, transport: &dyn Transport) -> Result<Worked> {
        let _span = tracing::info_span!("inbox", agency = %self.post.id()).entered();
        self.post.claimed(|claim| self.round(transport, claim))
    }

    fn round(&self, transport: &dyn Transport, claim: &Claim<'_>) -> Result<Worked> {
        let claimed = self.begin(claim)?;
        let (mut worked, mut rest) = (Worked::default(), claimed.into_iter().peekable());
        while rest.peek().is_some() {
            // What is fetched or opened is in memory until it is written: not too much at a time.
            let mut parcels = Vec::new();
            let mut bytes = 0_u64;
            while let Some(incoming) = rest.next_if(|_| bytes < AT_A_TIME) {
                let parcel = self.fetch(transport, incoming);
                bytes = bytes.saturating_add(parcel.bytes());
                parcels.push(parcel);
            }
            self.store(claim, &mut parcels)?;
            self.acknowledge(transport, &mut parcels);
            worked.add(self.finish(claim, &parcels)?);
        }
        Ok(worked)
    }

    fn begin(&self, claim: &Claim<'_>) -> Result<Vec<Incoming>> {
        self.post.step(|records| {
            let mut claimed = records.claim_incoming(claim)?;
            for incoming in &mut claimed {
                if incoming.state == IncomingState::Listed {
                    incoming.attempts = incoming.attempts.saturating_add(1);
                    records.update_incoming(incoming, Some(claim.token), true)?;
                }
            }
            Ok(claimed)
        })
    }

    /// Tells the axis of what is stored. Where that fails it is told another time.
    fn acknowledge(&self, transport: &dyn Transport, parcels: &mut [take::Parcel]) {
        for parcel in parcels.iter_mut().filter(|it| !it.is_lost) {
            let incoming = &mut parcel.incoming;
            let state = match incoming.state {
                IncomingState::Listed | IncomingState::Stopped => continue,
                IncomingState::Unreadable => TransportState::Fail,
                _ => TransportState::Done,
            };
            if incoming.acknowledged || self.post.out_of_reach().is_some() {
                continue;
            }
            match transport.acknowledge(&incoming.transport_id, state) {
                Ok(()) => {
                    incoming.acknowledged = true;
                    parcel.newly_acknowledged = true;
                }
                Err(error) => {
                    self.post.reached(!matches!(Fault::of(&error), Some(Fault::NotSent(_))));
                    tracing::warn!(message = %incoming.transport_id, %error, "not acknowledged");
                }
            }
        }
    }

    fn noted<'a>(
        &'a self,
        incoming: &'a Incoming,
        document: Option<&'a DocumentId>,
        peer: &'a OrganId,
        at: UtcTime,
        event: &'a Event,
    ) -> Noted<'a> {
        let digest = Some(incoming.digest.as_str()).filter(|it| !it.is_empty());
        self.post.noted(at, document.filter(|it| !it.is_empty()), Some(peer), digest, event)
    }
}

/// Listed messages that are noted in one transaction.
const NOTED_AT_ONCE: usize = 1_000;

/// Bytes of messages that are fetched or opened before what becomes of them is written.
const AT_A_TIME: u64 = 8 << 20;
