//! Telling whoever listens what happened, once it is written.
//!
//! What is told is what the journal says: which document, who is on the other side, what and
//! how it ended. No content of a message, and nothing by which a caller is known to the axis.

use super::journal::{Event, Outcome};
use crate::envelope::edxml::{DocumentId, OrganId};

pub(super) fn happened(
    agency: &OrganId,
    document: Option<&DocumentId>,
    peer: Option<&OrganId>,
    event: &Event,
) {
    let document = document.map_or("", DocumentId::as_str);
    let peer = peer.map_or("", OrganId::as_str);
    let outcome = match event.outcome() {
        Outcome::Done => "done",
        Outcome::Failed => "failed",
        Outcome::Refused => "refused",
        Outcome::Held => "held",
    };
    let event = event.name();
    if matches!(outcome, "done") {
        tracing::info!(%agency, document, peer, event, outcome, "{event}");
    } else {
        tracing::warn!(%agency, document, peer, event, outcome, "{event}");
    }
}
