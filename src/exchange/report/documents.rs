//! Document by document, for whoever wants to look.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::envelope::edxml::{DocumentId, OrganId};
use crate::time::UtcTime;

/// Which way a document went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From this agency.
    Sent,
    /// To it.
    Received,
}

/// What became of one document at one receiver, or of one that came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Listed {
    /// Which way.
    pub direction: Direction,
    /// Its identifier.
    pub document: DocumentId,
    /// Number and notation.
    pub code: String,
    /// What it is about.
    pub subject: String,
    /// Which kind.
    pub kind: String,
    /// From 0 to 4.
    pub priority: i32,
    /// `0` new, `1` revocation, `2` update, `3` replacement.
    pub business: i32,
    /// The receiver, or the issuer.
    pub peer: OrganId,
    /// From when its time runs: signed or handed over, or stored.
    pub since: UtcTime,
    /// When the axis had it, or had the answer to it.
    pub done: Option<UtcTime>,
    /// Until when that had to be.
    pub due: UtcTime,
    /// `on_time`, `late`, `open`, `cancelled`.
    pub timeliness: &'static str,
    /// When each status came, or went, by its two digits.
    pub statuses: BTreeMap<String, UtcTime>,
    /// `sent`, `stopped`, `cancelled`, `open`; or `accepted`, `refused`, `held`,
    /// `set_aside`, `open`.
    pub decision: String,
    /// The worst verdict on its files; empty for what was sent.
    pub verdict: String,
    /// Why it was refused, held or not sent.
    pub reason: String,
}

pub(super) fn timeliness(done: Option<UtcTime>, due: UtcTime, as_of: UtcTime) -> &'static str {
    match done {
        Some(at) if at <= due => "on_time",
        None if as_of <= due => "open",
        _ => "late",
    }
}
