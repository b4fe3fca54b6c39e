//! What an agency sends: each message is taken by the axis once, for each receiver.
//!
//! A delivery is `sending` in the store before the first byte of it leaves, and is nothing
//! else before the axis' answer is in the store too. Whatever was `sending` when a worker
//! died is in doubt, as is a call that broke off: the axis is asked what it has
//! ([`Transport::sent`](super::Transport::sent)) before it is sent again.

mod answer;
mod attempt;
mod decide;
mod matching;
mod put;
mod record;
mod settle;
#[cfg(all(test, feature = "sqlite"))]
mod tests;

pub(super) use self::answer::Answer;
pub use self::put::AskedBack;

use std::collections::HashSet;

use super::post::{Post, Worked};
use super::store::{
    Claim, Delivery, DeliveryId, DeliveryState, DeliveryStep, Letter, LetterId, Records,
};
use super::transport::{MessageKind, Transport, TransportId};
use crate::envelope::edxml::{DocumentId, OrganId};
use crate::error::Result;
use crate::exchange::journal::{Event, Noted};
use crate::exchange::trace;
use crate::time::UtcTime;

/// The outbox of an agency.
///
/// ```no_run
/// # fn example(store: std::sync::Arc<dyn kyso::exchange::store::Store>,
/// #     us: kyso::edxml::Organization, envelope: kyso::edxml::Envelope,
/// #     axis: &dyn kyso::exchange::Transport) -> kyso::Result<()> {
/// use kyso::UtcTime;
/// use kyso::exchange::{Outbox, Post};
///
/// let outbox = Outbox::new(&Post::new(store, us, UtcTime::now));
/// outbox.put(&envelope, None)?; // it is sent from here on, whatever happens
///
/// while !outbox.work(axis)?.is_nothing() {} // and now and then, in a loop of its own
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Outbox {
    post: Post,
}

/// Deliveries of one letter that go in one message, or whose outcome is asked for.
struct Parcel {
    letter: Letter,
    deliveries: Vec<Delivery>,
    /// Whether they are all that the message names.
    whole: bool,
    task: Task,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Task {
    Send,
    Ask,
}

/// What came of it for one delivery.
enum Outcome {
    /// The axis has it; `true` where that was found out by asking.
    Taken(TransportId, bool),
    /// It was not tried, or nothing of it arrived: no attempt is used up.
    NotTried { fault: String },
    /// This attempt surely brought nothing there, or, where the axis was asked, no attempt
    /// did: after a pause, or when asked, at once.
    Absent { fault: String, at_once: bool },
    /// Nobody knows, nobody will say, and it is sent again all the same, at once.
    Resent { fault: String },
    /// The axis refused the message for one receiver: each is sent by itself.
    Divided { fault: String },
    /// Nobody knows.
    Unknown { fault: String },
    /// Nobody knows, and the axis refused for good to say so.
    NotTold { fault: String },
    /// It will not be taken.
    Never { code: Option<i32>, reason: String },
}

impl Outbox {
    /// Of this post.
    #[must_use]
    pub fn new(post: &Post) -> Self {
        Self { post: post.clone() }
    }

    /// One round: claims what is due, sends it or asks for it, and writes down what came of
    /// it. Several threads, and several processes on a store that allows it, may do so at
    /// once. Where nothing was due, [`Worked::is_nothing`]; so, too, for a while after the
    /// axis was not reached.
    ///
    /// # Errors
    /// Where the store fails; what is claimed then is taken up again. What the axis says is
    /// no error: it is written down, and tried again.
    pub fn work(&self, transport: &dyn Transport) -> Result<Worked> {
        let _span = tracing::info_span!("outbox", agency = %self.post.id()).entered();
        self.post.claimed(|claim| self.round(transport, claim))
    }

    fn round(&self, transport: &dyn Transport, claim: &Claim<'_>) -> Result<Worked> {
        let begun = self.begin(claim)?;
        let put_off = Worked { postponed: begun.put_off, ..Worked::default() };
        if begun.parcels.is_empty() {
            return Ok(put_off);
        }
        let mut outcomes = self.settle(transport, &begun.parcels);
        outcomes.extend(self.attempt(transport, &begun.parcels, claim.until));
        let mut worked = self.record(claim, &begun, outcomes)?;
        worked.add(put_off);
        Ok(worked)
    }

    /// When there is something to do next; nothing where all is done.
    ///
    /// # Errors
    /// Where the store fails.
    pub fn next_at(&self) -> Result<Option<UtcTime>> {
        let due = self.post.store().look(|records| records.next_delivery_at(self.post.id()))?;
        Ok(due.map(|it| self.post.out_of_reach().map_or(it, |reach| it.max(reach))))
    }

    /// Claims what is due, and writes down that it is being sent.
    fn begin(&self, claim: &Claim<'_>) -> Result<Begun> {
        let (begun, said) = self.post.step(|records| {
            let (mut begun, mut letter) = (Begun::default(), None::<Opened>);
            for delivery in records.claim_deliveries(claim)? {
                let opened = match letter.take().filter(|it| it.letter.id == delivery.letter) {
                    Some(opened) => opened,
                    None => match self.opened(delivery.letter, records)? {
                        Some(opened) => opened,
                        None => continue,
                    },
                };
                self.take_up(claim, delivery, &opened, &mut begun, records)?;
                letter = Some(opened);
            }
            let said = self.note_begun(claim, &mut begun, records)?;
            Ok((begun, said))
        })?;
        for (document, event) in &said {
            trace::happened(self.post.id(), Some(document), None, event);
        }
        Ok(begun)
    }

    fn opened(&self, id: LetterId, records: &mut dyn Records) -> Result<Option<Opened>> {
        let Some(letter) = records.letter(id)? else { return Ok(None) };
        let mut first = Vec::new();
        if letter.kind == MessageKind::Document {
            for earlier in records.letters_of(self.post.id(), &letter.document)? {
                if earlier.id < letter.id {
                    let open = records.deliveries_of(earlier.id)?.into_iter();
                    first.extend(open.filter(|it| it.state.is_open()).map(|it| it.to));
                }
            }
        }
        Ok(Some(Opened { letter, first }))
    }

    /// What is waiting is being sent; what was being sent by one who is gone is in doubt, and
    /// asked for once the axis has had its time.
    fn take_up(
        &self,
        claim: &Claim<'_>,
        mut delivery: Delivery,
        opened: &Opened,
        begun: &mut Begun,
        records: &mut dyn Records,
    ) -> Result<()> {
        if delivery.state == DeliveryState::Sending {
            delivery.step(DeliveryStep::Doubted)?;
            delivery.next_at = self.post.after(self.post.rules.settle_after);
            INTERRUPTED.clone_into(&mut delivery.fault);
            begun.interrupted.push((opened.letter.clone(), delivery.clone()));
            begun.put_off = begun.put_off.saturating_add(1);
            return records.update_delivery(&delivery, Some(claim.token), false).map(drop);
        }
        if delivery.state == DeliveryState::Waiting {
            if opened.first.iter().any(|it| it.is_same_agency(&delivery.to)) {
                delivery.next_at = claim.now.plus_seconds(TURN);
                begun.put_off = begun.put_off.saturating_add(1);
                return records.update_delivery(&delivery, Some(claim.token), false).map(drop);
            }
            delivery.step(DeliveryStep::Begun)?;
            delivery.attempts = delivery.attempts.saturating_add(1);
            begun.in_doubt.extend(delivery.in_doubt_since.map(|_| delivery.id));
            delivery.in_doubt_since.get_or_insert(claim.now);
        }
        records.update_delivery(&delivery, Some(claim.token), true)?;
        match begun.parcels.iter_mut().rev().find(|it| it.takes(&delivery)) {
            Some(parcel) => parcel.deliveries.push(delivery),
            None => begun.parcels.push(Parcel::new(opened.letter.clone(), delivery)),
        }
        Ok(())
    }

    fn note_begun(
        &self,
        claim: &Claim<'_>,
        begun: &mut Begun,
        records: &mut dyn Records,
    ) -> Result<Vec<(DocumentId, Event)>> {
        let mut said = Vec::new();
        for (letter, delivery) in &begun.interrupted {
            let (message, to) = (letter.kind, vec![delivery.to.clone()]);
            let (fault, next_at) = (delivery.fault.clone(), delivery.next_at);
            let event = Event::SendingFailed { message, to, fault, unknown: true, next_at };
            records.note(&self.noted(letter, claim.now, &event))?;
            said.push((letter.document.clone(), event));
        }
        for parcel in &mut begun.parcels {
            let all = records.deliveries_of(parcel.letter.id)?.len();
            parcel.whole = parcel.deliveries.len() == all;
            if parcel.task == Task::Send {
                let attempt = parcel.deliveries.iter().map(|it| it.attempts).max();
                let (message, to) = (parcel.letter.kind, parcel.to());
                let attempt = attempt.unwrap_or_default();
                let event = Event::SendingBegun { message, to, attempt };
                records.note(&self.noted(&parcel.letter, claim.now, &event))?;
                said.push((parcel.letter.document.clone(), event));
            }
        }
        Ok(said)
    }

    fn noted<'a>(&'a self, letter: &'a Letter, at: UtcTime, event: &'a Event) -> Noted<'a> {
        Noted {
            agency: self.post.id(),
            at,
            actor: &self.post.actor,
            document: Some(&letter.document),
            peer: None,
            digest: Some(&letter.digest),
            event,
        }
    }
}

/// What a round has in hand.
#[derive(Default)]
struct Begun {
    parcels: Vec<Parcel>,
    /// Of which an earlier attempt is in doubt, whatever becomes of this one.
    in_doubt: HashSet<DeliveryId>,
    interrupted: Vec<(Letter, Delivery)>,
    put_off: usize,
}

/// A letter, and to whom earlier messages about the same document are still on their way: a
/// revocation must not overtake what it revokes, nor be taken for it when the axis is asked.
struct Opened {
    letter: Letter,
    first: Vec<OrganId>,
}

const INTERRUPTED: &str = "whoever was sending it died or lost the store";

/// Seconds after which a message is looked at again whose turn has not come.
const TURN: i64 = 5;

impl Parcel {
    fn new(letter: Letter, delivery: Delivery) -> Self {
        let task = Task::of(&delivery);
        Self { letter, deliveries: vec![delivery], whole: false, task }
    }

    fn takes(&self, delivery: &Delivery) -> bool {
        let together = !delivery.alone && self.deliveries.iter().all(|it| !it.alone);
        self.letter.id == delivery.letter && self.task == Task::of(delivery) && together
    }

    fn to(&self) -> Vec<OrganId> {
        self.deliveries.iter().map(|it| it.to.clone()).collect()
    }
}

impl Task {
    fn of(delivery: &Delivery) -> Self {
        if delivery.state == DeliveryState::Sending { Self::Send } else { Self::Ask }
    }
}
