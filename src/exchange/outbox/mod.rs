//! What an agency sends: each message is taken by the axis once, for each receiver.
//!
//! A delivery is `sending` in the store before the first byte of it leaves, and is nothing
//! else before the axis' answer is in the store too. Whatever was `sending` when a worker
//! died is in doubt, as is a call that broke off: the axis is asked what it has
//! ([`Transport::sent`](super::Transport::sent)) before it is sent again.

mod attempt;
mod decide;
mod put;
mod record;
mod settle;
#[cfg(test)]
mod tests;

pub(super) use self::put::Answer;

use super::post::{Post, Worked};
use super::store::{Claim, Delivery, DeliveryState, DeliveryStep, Letter, LetterId};
use super::transport::{MessageKind, Transport, TransportId};
use crate::error::Result;
use crate::exchange::journal::{Event, Noted};
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
    /// It was not tried: an attempt less.
    NotTried,
    /// It surely is not there: after a pause, or when asked, at once.
    Absent { fault: String, at_once: bool },
    /// The axis refused the message for one receiver: each is sent by itself.
    Divided { fault: String },
    /// Nobody knows.
    Unknown { fault: String },
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
    /// once. Where nothing was due, [`Worked::is_nothing`].
    ///
    /// # Errors
    /// Where the store fails; what is claimed then is taken up when the claim ends. What the
    /// axis says is no error: it is written down, and tried again.
    pub fn work(&self, transport: &dyn Transport) -> Result<Worked> {
        let claim = self.post.claim()?;
        let parcels = self.begin(&claim)?;
        if parcels.is_empty() {
            return Ok(Worked::default());
        }
        let _span = tracing::info_span!("outbox", agency = %self.post.id()).entered();
        let mut outcomes = self.settle(transport, &parcels);
        outcomes.extend(self.attempt(transport, &parcels, claim.until));
        self.record(&claim, parcels, outcomes)
    }

    /// When there is something to do next; nothing where all is done.
    ///
    /// # Errors
    /// Where the store fails.
    pub fn next_at(&self) -> Result<Option<UtcTime>> {
        self.post.store().within(|records| records.next_delivery_at(self.post.id()))
    }

    /// Claims what is due, and writes down that it is being sent.
    fn begin(&self, claim: &Claim<'_>) -> Result<Vec<Parcel>> {
        self.post.store().within(|records| {
            let mut parcels: Vec<Parcel> = Vec::new();
            for delivery in records.claim_deliveries(claim)? {
                let delivery = begun(delivery, claim.now)?;
                records.update_delivery(&delivery, Some(claim.token), true)?;
                let joins = |it: &&mut Parcel| it.takes(&delivery);
                match parcels.iter_mut().rev().find(joins) {
                    Some(parcel) => parcel.deliveries.push(delivery),
                    None => {
                        let Some(letter) = records.letter(delivery.letter)? else { continue };
                        parcels.push(Parcel::new(letter, delivery));
                    }
                }
            }
            for parcel in &mut parcels {
                let all = records.deliveries_of(parcel.letter.id)?.len();
                parcel.whole = parcel.deliveries.len() == all;
            }
            for parcel in parcels.iter().filter(|it| it.task == Task::Send) {
                let attempt = parcel.deliveries.iter().map(|it| it.attempts).max();
                let to = parcel.to();
                let event = Event::SendingBegun {
                    message: parcel.letter.kind,
                    to,
                    attempt: attempt.unwrap_or_default(),
                };
                records.note(&self.noted(&parcel.letter, claim.now, &event))?;
            }
            Ok(parcels)
        })
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

/// What is waiting is being sent; what was being sent by one who is gone is in doubt.
fn begun(mut delivery: Delivery, now: UtcTime) -> Result<Delivery> {
    match delivery.state {
        DeliveryState::Waiting => {
            delivery.step(DeliveryStep::Begun)?;
            delivery.attempts = delivery.attempts.saturating_add(1);
            delivery.in_doubt_since.get_or_insert(now);
        }
        DeliveryState::Sending => delivery.step(DeliveryStep::Doubted)?,
        _ => {}
    }
    Ok(delivery)
}

impl Parcel {
    fn new(letter: Letter, delivery: Delivery) -> Self {
        let task = Task::of(&delivery);
        Self { letter, deliveries: vec![delivery], whole: false, task }
    }

    fn takes(&self, delivery: &Delivery) -> bool {
        let together = !delivery.alone && self.deliveries.iter().all(|it| !it.alone);
        self.letter.id == delivery.letter && self.task == Task::of(delivery) && together
    }

    fn to(&self) -> Vec<crate::envelope::edxml::OrganId> {
        self.deliveries.iter().map(|it| it.to.clone()).collect()
    }
}

impl Task {
    fn of(delivery: &Delivery) -> Self {
        if delivery.state == DeliveryState::Sending { Self::Send } else { Self::Ask }
    }
}
