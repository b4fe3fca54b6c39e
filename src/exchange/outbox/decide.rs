//! What people decide about deliveries that stopped.

use super::{Delivery, DeliveryState, DeliveryStep, Outbox};
use crate::error::{Error, Result};
use crate::exchange::failing::{A_PAGE, failing};
use crate::exchange::journal::{Actor, Event, Noted};
use crate::exchange::store::DeliveryId;
use crate::exchange::trace;
use crate::time::UtcTime;

impl Outbox {
    /// Deliveries that a person has to look at, the oldest first, at most so many after
    /// `after`.
    ///
    /// # Errors
    /// Where the store fails.
    pub fn stopped(&self, after: Option<DeliveryId>, most: u32) -> Result<Vec<Delivery>> {
        let state = DeliveryState::Stopped;
        self.post.store().look(|it| it.deliveries_in(self.post.id(), state, after, most))
    }

    /// What goes on being tried and fails, the oldest first, at most so many after `after`: of
    /// what was handed over before `before`, all that failed at its last try, such as where a
    /// disk cannot read one file. [`Delivery::fault`] says why. Nothing has to be decided: once
    /// the fault is mended, it is taken up again by itself.
    ///
    /// # Errors
    /// Where the store fails.
    pub fn failing(
        &self,
        before: UtcTime,
        after: Option<DeliveryId>,
        most: u32,
    ) -> Result<Vec<Delivery>> {
        let open = [DeliveryState::Waiting, DeliveryState::InDoubt];
        failing(
            open,
            after,
            most,
            |it: &Delivery| it.id,
            |state, after| {
                let (agency, store) = (self.post.id(), self.post.store());
                store.look(|records| {
                    let page = records.deliveries_in(agency, *state, after, A_PAGE)?;
                    let (last, mut found) = (page.last().map(|it| it.id), Vec::new());
                    for delivery in page.into_iter().filter(|it| !it.fault.is_empty()) {
                        let letter = records.letter(delivery.letter)?;
                        found.extend(letter.filter(|it| it.created < before).map(|_| delivery));
                    }
                    Ok((found, last))
                })
            },
        )
    }

    /// As [`Post::release_claims`](crate::exchange::Post::release_claims), for a program that
    /// knows that no other sends from this post.
    ///
    /// # Errors
    /// Where the store fails.
    pub fn release_claims(&self) -> Result<u64> {
        self.post.step(|records| records.release_deliveries(self.post.id()))
    }

    /// Has a delivery tried again that stopped or was cancelled, from the first attempt on.
    /// Where nobody knew whether the axis has it, it may come twice.
    ///
    /// # Errors
    /// `Misuse` where there is none of this number, it neither stopped nor was cancelled, it is
    /// being worked on, or its bytes were thrown away since; where the store fails.
    pub fn resume(&self, id: DeliveryId, by: &Actor) -> Result<()> {
        self.decide(id, DeliveryStep::Resumed, by)
    }

    /// Has a delivery not sent, or not again: one that stopped while nobody knew whether the
    /// axis has it may be at its receiver still, who can be asked for it by
    /// [`Outbox::take_back`].
    ///
    /// # Errors
    /// `Misuse` where there is none of this number, it neither waits nor stopped, or it is being
    /// worked on; where the store fails.
    pub fn cancel(&self, id: DeliveryId, by: &Actor) -> Result<()> {
        self.decide(id, DeliveryStep::Cancelled, by)
    }

    fn decide(&self, id: DeliveryId, step: DeliveryStep, by: &Actor) -> Result<()> {
        let now = self.post.now();
        let (document, event) = self.post.step(|records| {
            let found = records.delivery(id)?;
            let letter = match &found {
                Some(it) => records.letter(it.letter)?.filter(|it| it.agency == *self.post.id()),
                None => None,
            };
            let (Some(mut delivery), Some(letter)) = (found, letter) else {
                return Err(Error::misuse(format!("there is no delivery {}", id.0)));
            };
            delivery.step(step)?;
            if step == DeliveryStep::Resumed && !records.has_body(&letter.digest)? {
                return Err(Error::misuse(format!(
                    "the bytes of delivery {} were thrown away: send an update of {}",
                    id.0, letter.document
                )));
            }
            (delivery.attempts, delivery.refusals) = (0, 0);
            delivery.next_at = now;
            if !records.update_delivery(&delivery, None, false)? {
                return Err(Error::misuse(format!("delivery {} is being worked on", id.0)));
            }
            let again = step == DeliveryStep::Resumed;
            let event = Event::SendingDecided { to: delivery.to.clone(), again };
            let noted = self.noted(&letter, now, &event);
            records.note(&Noted { actor: by, ..noted })?;
            Ok((letter.document.clone(), event))
        })?;
        trace::happened(self.post.id(), Some(&document), None, &event);
        Ok(())
    }
}
