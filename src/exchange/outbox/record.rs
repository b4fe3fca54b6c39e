//! Writing down what came of it.

use std::collections::HashMap;

use super::settle::ask_at;
use super::{Begun, Claim, Delivery, DeliveryStep, Outbox, Outcome, Worked};
use crate::envelope::edxml::OrganId;
use crate::error::Result;
use crate::exchange::journal::Event;
use crate::exchange::store::{DeliveryId, Letter};
use crate::exchange::trace;
use crate::time::UtcTime;

impl Outbox {
    /// Writes the outcomes, where the claim still holds: otherwise another worker settles it.
    pub(super) fn record(
        &self,
        claim: &Claim<'_>,
        begun: &Begun,
        outcomes: Vec<(DeliveryId, Outcome)>,
    ) -> Result<Worked> {
        let outcomes: HashMap<DeliveryId, Outcome> = outcomes.into_iter().collect();
        let now = self.post.now();
        let (worked, events) = self.post.step(|records| {
            let (mut worked, mut events) = (Worked::default(), Vec::new());
            for parcel in &begun.parcels {
                let mut said: Vec<Event> = Vec::new();
                for delivery in &parcel.deliveries {
                    let Some(outcome) = outcomes.get(&delivery.id) else { continue };
                    let mut before = delivery.clone();
                    before.in_doubt_since = left_in_doubt(begun, delivery, outcome);
                    let (changed, event) = self.after(&parcel.letter, before, outcome, now)?;
                    if !records.update_delivery(&changed, Some(claim.token), false)? {
                        continue;
                    }
                    count(&mut worked, outcome, &event);
                    event.into_iter().for_each(|it| join(&mut said, it));
                }
                events.extend(said.into_iter().map(|event| (&parcel.letter, event)));
            }
            for (letter, event) in &events {
                records.note(&self.noted(letter, now, event))?;
            }
            let events = events.into_iter().map(|(it, event)| (it.document.clone(), event));
            Ok((worked, events.collect::<Vec<_>>()))
        })?;
        for (document, event) in &events {
            trace::happened(self.post.id(), Some(document), None, event);
        }
        Ok(worked)
    }

    fn after(
        &self,
        letter: &Letter,
        mut it: Delivery,
        outcome: &Outcome,
        now: UtcTime,
    ) -> Result<(Delivery, Option<Event>)> {
        let (message, unknown) = (letter.kind, it.in_doubt_since.is_some());
        let to = vec![it.to.clone()];
        // What goes together stays together.
        let same = letter.id.0.to_string();
        it.fault.clear();
        if !matches!(outcome, Outcome::Unknown { .. } | Outcome::NotTold { .. }) {
            it.refusals = 0;
        }
        let event = match outcome {
            Outcome::Taken(id, settled) => {
                it.step(DeliveryStep::Taken)?;
                it.transport_id = Some(id.clone());
                it.sent_at = Some(now);
                Event::Sent { message, to, transport_id: id.clone(), settled: *settled }
            }
            Outcome::NotTried { fault } => {
                it.step(DeliveryStep::Postponed)?;
                it.attempts = it.attempts.saturating_sub(1);
                it.next_at = self.post.after(self.post.rules.pauses.first);
                it.fault.clone_from(fault);
                let (fault, next_at) = (fault.clone(), it.next_at);
                Event::SendingFailed { message, to, fault, unknown, next_at }
            }
            Outcome::Absent { fault, .. } | Outcome::Resent { fault } => {
                let again = match outcome {
                    Outcome::Absent { at_once: false, .. } => {
                        self.post.next_try(it.attempts, &same)
                    }
                    _ => Some(now).filter(|_| it.attempts < self.post.rules.pauses.tries),
                };
                let Some(next_at) = again else { return stopped(it, message, None, fault) };
                it.step(DeliveryStep::Postponed)?;
                it.next_at = next_at;
                it.fault.clone_from(fault);
                Event::SendingFailed { message, to, fault: fault.clone(), unknown, next_at }
            }
            Outcome::Divided { fault } => {
                it.step(DeliveryStep::Postponed)?;
                it.alone = true;
                it.next_at = now;
                let fault = fault.clone();
                Event::SendingFailed { message, to, fault, unknown, next_at: now }
            }
            Outcome::Unknown { fault } => {
                it.step(DeliveryStep::Doubted)?;
                it.next_at = ask_at(self);
                it.fault.clone_from(fault);
                let (fault, next_at) = (fault.clone(), it.next_at);
                Event::SendingFailed { message, to, fault, unknown: true, next_at }
            }
            Outcome::NotTold { fault } => {
                it.step(DeliveryStep::Doubted)?;
                it.refusals = it.refusals.saturating_add(1);
                it.next_at = self.ask_again_at(it.refusals, &same);
                it.fault.clone_from(fault);
                let (fault, next_at) = (fault.clone(), it.next_at);
                Event::SendingFailed { message, to, fault, unknown: true, next_at }
            }
            Outcome::Never { code, reason } => return stopped(it, message, *code, reason),
        };
        Ok((it, Some(event)))
    }
}

/// Since when it is in doubt. What is known of one attempt says nothing of an earlier one:
/// only the axis, asked what it has, does.
fn left_in_doubt(begun: &Begun, delivery: &Delivery, outcome: &Outcome) -> Option<UtcTime> {
    let is_known = match outcome {
        Outcome::Taken(..)
        | Outcome::NotTried { .. }
        | Outcome::Absent { .. }
        | Outcome::Divided { .. } => true,
        Outcome::Never { code, .. } => code.is_some(),
        Outcome::Resent { .. } | Outcome::Unknown { .. } | Outcome::NotTold { .. } => false,
    };
    let is_taken = matches!(outcome, Outcome::Taken(..));
    let earlier = begun.in_doubt.contains(&delivery.id) && !is_taken;
    delivery.in_doubt_since.filter(|_| earlier || !is_known)
}

fn stopped(
    mut it: Delivery,
    message: crate::exchange::transport::MessageKind,
    code: Option<i32>,
    reason: &str,
) -> Result<(Delivery, Option<Event>)> {
    it.step(DeliveryStep::Stopped)?;
    it.fault = reason.to_owned();
    let (to, reason) = (vec![it.to.clone()], reason.to_owned());
    Ok((it, Some(Event::SendingGivenUp { message, to, code, reason })))
}

fn count(worked: &mut Worked, outcome: &Outcome, event: &Option<Event>) {
    let counted = match (outcome, event) {
        (Outcome::Taken(..), _) => &mut worked.done,
        (_, Some(Event::SendingGivenUp { .. })) => &mut worked.left_to_people,
        _ => &mut worked.postponed,
    };
    *counted = counted.saturating_add(1);
}

/// The same event for several receivers is one.
fn join(said: &mut Vec<Event>, mut event: Event) {
    let new = receivers(&mut event).map(std::mem::take).unwrap_or_default();
    for earlier in said.iter_mut() {
        let mut all = receivers(earlier).map(std::mem::take).unwrap_or_default();
        let is_alike = *earlier == event;
        if is_alike {
            all.extend(new.iter().cloned());
        }
        receivers(earlier).into_iter().for_each(|it| *it = std::mem::take(&mut all));
        if is_alike {
            return;
        }
    }
    receivers(&mut event).into_iter().for_each(|it| it.clone_from(&new));
    said.push(event);
}

fn receivers(event: &mut Event) -> Option<&mut Vec<OrganId>> {
    match event {
        Event::Sent { to, .. }
        | Event::SendingFailed { to, .. }
        | Event::SendingGivenUp { to, .. } => Some(to),
        _ => None,
    }
}
