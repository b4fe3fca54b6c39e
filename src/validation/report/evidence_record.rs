//! What a report says of one evidence record.

use serde::Serialize;

use super::particulars::Stamp;
use super::signature::{ReferenceReport, TimeStampReport};
use crate::pki::TrustAnchor;
use crate::time::UtcTime;
use crate::validation::check::Check;
use crate::validation::conclusion::Conclusion;
use crate::validation::facts::EvidenceRecordType;
use crate::validation::steps::Block;

/// An evidence record, judged by EN 319 102-1 §5.6.2.5 and RFC 4998 §5.3: whether it proves
/// since when the data under it exists.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct EvidenceRecordReport {
    /// The file that it belongs to, in a report on a message of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// How it is written.
    #[serde(rename = "type")]
    pub kind: EvidenceRecordType,
    /// What its first archive time-stamp says; nothing where that cannot be read. It is
    /// proven where the record passes.
    pub time: Option<UtcTime>,
    /// What it covers: what was named, and then, by their digests, what else stands beside
    /// it and is not at hand. That these are not found harms nothing.
    pub references: Vec<ReferenceReport>,
    /// Its archive time-stamps, the oldest first.
    pub timestamps: Vec<TimeStampReport>,
    /// What it came to.
    pub conclusion: Conclusion,
    /// Why it does not pass.
    pub sub_indication: Option<&'static str>,
    /// Every check but those of its time-stamps.
    pub checks: Vec<Check>,
    /// What would settle an INDETERMINATE: certificates, URLs, files.
    pub missing: Vec<String>,
    /// The same in Vietnamese, in the same order.
    pub missing_vi: Vec<String>,
    #[serde(skip)]
    pub(in crate::validation) block: Block,
    /// For each time-stamp.
    #[serde(skip)]
    pub(in crate::validation) stamps: Vec<Stamp>,
}

impl EvidenceRecordReport {
    /// What each process and block came to.
    #[must_use]
    pub fn block(&self) -> &Block {
        &self.block
    }

    /// The anchors that the paths of its authorities reached.
    pub(in crate::validation) fn anchors(&self) -> impl Iterator<Item = &TrustAnchor> {
        self.stamps.iter().filter_map(Stamp::anchor)
    }
}
