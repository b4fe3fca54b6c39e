//! What is known about one evidence record before anybody judges it.

use serde::Serialize;

use super::{RevocationFacts, TimeStampFacts};
use crate::time::UtcTime;
use crate::validation::poe::ObjectId;

/// An evidence record (RFC 4998, RFC 6283), beside a signature or by itself.
#[derive(Debug, Clone, Serialize)]
pub(in crate::validation) struct EvidenceRecordFacts {
    /// The entry of a container that holds it.
    pub(in crate::validation) entry: Option<String>,
    pub(in crate::validation) form: EvidenceRecordType,
    /// What cannot be read, in words. Nothing below is known then.
    pub(in crate::validation) unreadable: Option<Unreadable>,
    /// What it has to be over, by the first archive time-stamp.
    pub(in crate::validation) objects: Vec<DataObjectFact>,
    /// Digests beside these in the first hash tree: of files of the same group that are not
    /// at hand, or of the leaves beside.
    pub(in crate::validation) others: Vec<String>,
    /// The archive time-stamps, in their order.
    pub(in crate::validation) time_stamps: Vec<TimeStampFacts>,
    /// Whether the time-stamps of each chain are by one digest (RFC 4998 §5.3).
    pub(in crate::validation) uniform: bool,
    /// What stands beside the time-stamps about revocation.
    #[serde(skip)]
    pub(in crate::validation) revocation: RevocationFacts,
    /// What it proves to have existed when the first time-stamp was issued, if it holds.
    #[serde(skip)]
    pub(in crate::validation) covers: Vec<ObjectId>,
}

/// One of the objects that a record has to be over.
#[derive(Debug, Clone, Serialize)]
pub(in crate::validation) struct DataObjectFact {
    pub(in crate::validation) name: String,
    pub(in crate::validation) found: bool,
    /// Whether the first hash tree has its digest; nothing where that cannot be computed.
    pub(in crate::validation) intact: Option<bool>,
}

/// Why nothing is known of a record.
#[derive(Debug, Clone, Serialize)]
pub(in crate::validation) enum Unreadable {
    /// It is none.
    Malformed(String),
    /// It uses what this crate does not know.
    Unsupported(String),
}

/// How an evidence record is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub enum EvidenceRecordType {
    /// RFC 4998.
    #[serde(rename = "ASN1_EVIDENCE_RECORD")]
    Asn1,
    /// RFC 6283.
    #[serde(rename = "XML_EVIDENCE_RECORD")]
    Xml,
}

impl EvidenceRecordType {
    /// As the JSON of reports spells it: `ASN1_EVIDENCE_RECORD`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Asn1 => "ASN1_EVIDENCE_RECORD",
            Self::Xml => "XML_EVIDENCE_RECORD",
        }
    }
}

impl EvidenceRecordFacts {
    /// The time of the first archive time-stamp.
    pub(in crate::validation) fn time(&self) -> Option<UtcTime> {
        self.time_stamps.first()?.time
    }

    /// The time of the last one, on which the others lean.
    pub(in crate::validation) fn last_time(&self) -> Option<UtcTime> {
        self.time_stamps.last()?.time
    }

    /// Whether each archive time-stamp is as young as the one before, or younger. Nothing
    /// where one cannot be read.
    pub(in crate::validation) fn is_in_order(&self) -> Option<bool> {
        let times = self.time_stamps.iter().map(|it| it.time).collect::<Option<Vec<_>>>()?;
        Some(times.is_sorted())
    }
}
