//! How much of what an evidence record may have.

use crate::error::Result;
use crate::limits::{Limits, within};

/// What was counted so far.
pub(super) struct Bounds<'l> {
    pub(super) limits: &'l Limits,
    stamps: usize,
    digests: usize,
}

impl<'l> Bounds<'l> {
    pub(super) fn new(limits: &'l Limits) -> Self {
        Self { limits, stamps: 0, digests: 0 }
    }

    /// One time-stamp more.
    pub(super) fn add_stamp(&mut self) -> Result<()> {
        self.stamps = self.stamps.saturating_add(1);
        let most = self.limits.evidence_record_time_stamps;
        within(self.stamps, most, "time-stamps of an evidence record")
    }

    /// One digest of a hash tree more.
    pub(super) fn add_digest(&mut self) -> Result<()> {
        self.digests = self.digests.saturating_add(1);
        let most = self.limits.evidence_record_digests;
        within(self.digests, most, "digests of an evidence record")
    }
}
