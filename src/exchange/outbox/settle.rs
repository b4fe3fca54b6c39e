//! Finding out what the axis has.

use std::collections::HashSet;

use super::{Outbox, Outcome, Parcel, Task};
use crate::error::{ErrorKind, Result};
use crate::exchange::store::{Delivery, DeliveryId, Letter};
use crate::exchange::transport::{MessageKind, Sent, Transport, TransportId};
use crate::time::UtcTime;

impl Outbox {
    /// What became of the deliveries in doubt, by the axis' list of what was sent.
    pub(super) fn settle(
        &self,
        transport: &dyn Transport,
        parcels: &[Parcel],
    ) -> Vec<(DeliveryId, Outcome)> {
        let mut outcomes = Vec::new();
        for kind in [MessageKind::Document, MessageKind::Status] {
            let asked: Vec<&Parcel> = parcels
                .iter()
                .filter(|it| it.task == Task::Ask && it.letter.kind == kind)
                .collect();
            if asked.is_empty() {
                continue;
            }
            let deliveries = || asked.iter().flat_map(|it| &it.deliveries);
            match self.listed(transport, kind, deliveries()) {
                Ok(mut rows) => {
                    for parcel in &asked {
                        outcomes.extend(found(parcel, &mut rows));
                    }
                }
                Err(error) => {
                    let outcome = || match (error.kind(), kind) {
                        (ErrorKind::Unsupported, MessageKind::Document)
                            if !self.post.rules.resend_in_doubt =>
                        {
                            Outcome::Never { code: None, reason: error.to_string() }
                        }
                        (ErrorKind::Unsupported, _) => {
                            Outcome::Absent { fault: error.to_string(), at_once: true }
                        }
                        _ => Outcome::Unknown { fault: error.to_string() },
                    };
                    outcomes.extend(deliveries().map(|it| (it.id, outcome())));
                }
            }
        }
        outcomes
    }

    /// What the axis has and this store does not know of.
    fn listed<'d>(
        &self,
        transport: &dyn Transport,
        kind: MessageKind,
        deliveries: impl Iterator<Item = &'d Delivery>,
    ) -> Result<Vec<Sent>> {
        let since = deliveries.filter_map(|it| it.in_doubt_since).min();
        let since = since.unwrap_or_else(|| self.post.now());
        let rows = transport.sent(kind, Some(since))?;
        // A day earlier, since clocks jump.
        let since = since.plus_seconds(-DAY);
        let known = self.post.store().within(|it| it.sent_ids(self.post.id(), since))?;
        let known: HashSet<TransportId> = known.into_iter().collect();
        Ok(rows.into_iter().filter(|it| !known.contains(&it.id)).collect())
    }
}

const DAY: i64 = 86_400;

/// Each row settles one delivery.
fn found(parcel: &Parcel, rows: &mut Vec<Sent>) -> Vec<(DeliveryId, Outcome)> {
    let settled = parcel.deliveries.iter().map(|delivery| {
        let row = place(&parcel.letter, delivery, rows).map(|at| rows.swap_remove(at));
        let outcome = match row {
            Some(row) => Outcome::Taken(row.id, true),
            None => {
                let fault = "the axis does not have it".to_owned();
                Outcome::Absent { fault, at_once: true }
            }
        };
        (delivery.id, outcome)
    });
    settled.collect()
}

/// By receiver and number; of several, the one of the same subject. Statuses about one
/// document differ in nothing else: of them the subject has to be the same.
fn place(letter: &Letter, delivery: &Delivery, rows: &[Sent]) -> Option<usize> {
    let same = |one: &str, other: &str| one.trim().to_lowercase() == other.trim().to_lowercase();
    let fits = |it: &Sent| it.to.is_same_agency(&delivery.to) && same(&it.code, &letter.code);
    let titled = |it: &Sent| same(&it.subject, &letter.subject);
    let exact = rows.iter().position(|it| fits(it) && titled(it));
    match letter.kind {
        MessageKind::Document => exact.or_else(|| rows.iter().position(fits)),
        MessageKind::Status => exact,
    }
}

/// When the axis is asked about what is in doubt.
pub(super) fn ask_at(outbox: &Outbox, now: UtcTime) -> UtcTime {
    now.plus_millis(i64::try_from(outbox.post.rules.settle_after).unwrap_or(i64::MAX))
}
