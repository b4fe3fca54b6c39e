//! Finding out what the axis has.

use super::matching::{Asked, Listed, Row};
use super::{Outbox, Outcome, Parcel, Task};
use crate::envelope::edxml::OrganId;
use crate::error::{Error, ErrorKind, Result};
use crate::exchange::fault::{Fault, Retry};
use crate::exchange::store::{Delivery, DeliveryId};
use crate::exchange::transport::{Agency, MessageKind, Transport};
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
            match self.found(transport, kind, &asked) {
                Ok(found) => outcomes.extend(found),
                Err(error) => {
                    tracing::warn!(%error, "what the axis has is not known");
                    let reached = !matches!(Fault::of(&error), Some(Fault::NotSent(_)));
                    self.post.reached(reached);
                    let deliveries = asked.iter().flat_map(|it| &it.deliveries);
                    outcomes.extend(deliveries.map(|it| (it.id, self.not_told(&error, kind, it))));
                }
            }
        }
        outcomes
    }

    /// What follows where the axis does not say. One that goes on refusing is one that has no
    /// list: otherwise nobody would ever hear of the delivery.
    fn not_told(&self, error: &Error, kind: MessageKind, delivery: &Delivery) -> Outcome {
        let mut fault = error.to_string();
        if error.kind() != ErrorKind::Unsupported {
            let refused = matches!(Fault::of(error), Some(it) if it.retry() == Retry::Never);
            let refusals = delivery.refusals.saturating_add(1);
            if !refused {
                return Outcome::Unknown { fault };
            }
            if refusals < self.post.rules.questions {
                return Outcome::NotTold { fault };
            }
            fault =
                format!("the axis does not say whether it has it, asked {refusals} times: {fault}");
        }
        match self.post.rules.resend_in_doubt || kind == MessageKind::Status {
            true => Outcome::Resent { fault },
            false => Outcome::Never { code: None, reason: fault },
        }
    }

    /// When an axis is asked once more that refused so often to say what it has.
    pub(super) fn ask_again_at(&self, refusals: u32, of: &str) -> UtcTime {
        let rules = &self.post.rules;
        let pause = rules.pauses.after(refusals, of).unwrap_or(rules.pauses.most);
        self.post.after(pause.max(rules.settle_after))
    }

    fn found(
        &self,
        transport: &dyn Transport,
        kind: MessageKind,
        parcels: &[&Parcel],
    ) -> Result<Vec<(DeliveryId, Outcome)>> {
        let since = self.since(parcels);
        let sent = transport.sent(kind, Some(since))?;
        let codes = parcels.iter().map(|it| it.letter.code.as_str());
        let rows = Row::of_interest(sent, codes, since);
        let (rows, receivers) = self.post.store().within(|records| {
            let mut listed: Vec<Row> = Vec::new();
            for row in &rows {
                let known = records.deliveries_named(self.post.id(), &row.id)?;
                listed.push(Row { row: row.clone(), known });
            }
            let mut receivers: Vec<Vec<OrganId>> = Vec::new();
            for parcel in parcels {
                let all = records.deliveries_of(parcel.letter.id)?;
                receivers.push(all.into_iter().map(|it| it.to).collect());
            }
            Ok((listed, receivers))
        })?;
        let asked = parcels.iter().zip(&receivers).flat_map(|(it, receivers)| {
            let asked = |delivery| Asked { letter: &it.letter, delivery, receivers };
            it.deliveries.iter().map(asked)
        });
        let mut listed = Listed::new(rows, asked.collect());
        if listed.has_strangers() {
            listed.learn(also_known(&transport.agencies()?));
        }
        Ok(listed.outcomes())
    }

    /// A day before the first attempt began or, where the clock was ahead then, before now.
    fn since(&self, parcels: &[&Parcel]) -> UtcTime {
        let deliveries = parcels.iter().flat_map(|it| &it.deliveries);
        let begun = deliveries.filter_map(|it| it.in_doubt_since).min();
        let now = self.post.now();
        begun.map_or(now, |it| it.min(now)).plus_seconds(-DAY)
    }
}

const DAY: i64 = 86_400;

fn also_known(agencies: &[Agency]) -> impl Iterator<Item = [&OrganId; 2]> {
    agencies.iter().filter_map(|it| Some([&it.code, it.other_code.as_ref()?]))
}

/// When the axis is asked about what is in doubt.
pub(super) fn ask_at(outbox: &Outbox) -> UtcTime {
    outbox.post.after(outbox.post.rules.settle_after)
}
