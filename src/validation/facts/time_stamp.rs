//! What is known about one time-stamp token before anybody judges it.

use std::ops::Range;

use serde::Serialize;

use super::{DigestFact, Named, SignatureFacts, ValueFact};
use crate::crypto::DigestAlgorithm;
use crate::time::UtcTime;
use crate::validation::poe::ObjectId;

/// A time-stamp token beside the signature (RFC 3161 §2.4.2).
#[derive(Debug, Clone, Serialize)]
pub(in crate::validation) struct TimeStampFacts {
    pub(in crate::validation) kind: TimeStampType,
    /// Names the token.
    pub(in crate::validation) id: ObjectId,
    /// The token as it stands.
    #[serde(skip)]
    pub(in crate::validation) octets: Vec<u8>,
    /// `genTime`.
    pub(in crate::validation) time: Option<UtcTime>,
    /// The digest of what it is over.
    pub(in crate::validation) imprint: Named<DigestAlgorithm>,
    /// The digest of an index (EN 319 122-1 §5.5.2) that stands between the imprint and what
    /// is covered, where there is one.
    pub(in crate::validation) index: Option<DigestAlgorithm>,
    /// Nothing where the imprint cannot be computed here.
    pub(in crate::validation) imprint_intact: Option<bool>,
    /// The signature on the token; nothing where it is no CMS with one signer.
    pub(in crate::validation) token: Option<Box<SignatureFacts>>,
    /// What it proves to have existed, if it holds.
    #[serde(skip)]
    pub(in crate::validation) covers: Covers,
}

/// What a time-stamp is over.
#[derive(Debug, Clone)]
pub(in crate::validation) enum Covers {
    Objects(Vec<ObjectId>),
    /// All that stands in these bytes of the document.
    Ranges([Range<u64>; 2]),
}

impl Covers {
    /// What is covered by itself, and not by where it stands.
    pub(in crate::validation) fn objects(&self) -> &[ObjectId] {
        match self {
            Self::Objects(objects) => objects,
            Self::Ranges(_) => &[],
        }
    }

    /// Whether what stands there is covered, the whole of it.
    pub(in crate::validation) fn includes(&self, place: &Range<u64>) -> bool {
        match self {
            Self::Objects(_) => false,
            Self::Ranges(ranges) => {
                ranges.iter().any(|it| it.start <= place.start && place.end <= it.end)
            }
        }
    }
}

impl TimeStampFacts {
    /// Whether the token's own signature holds; nothing where that was not computed.
    pub(in crate::validation) fn signature_intact(&self) -> Option<bool> {
        let Some(token) = &self.token else { return self.time.map(|_| false) };
        match token.value {
            ValueFact::Valid | ValueFact::ValidByKey | ValueFact::ValidWithoutNull => {
                Some(token.data.digest == DigestFact::Matches)
            }
            ValueFact::NotChecked | ValueFact::Unsupported => None,
            ValueFact::Invalid | ValueFact::ValidAsStoredOnly | ValueFact::Unreadable(_) => {
                Some(false)
            }
        }
    }
}

/// Which kind of time-stamp it is, by what it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum TimeStampType {
    /// The content, before it was signed.
    ContentTimestamp,
    /// All that an XML signature signs, before it was signed.
    AllDataObjectsTimestamp,
    /// Some of it.
    IndividualDataObjectsTimestamp,
    /// The signature value.
    SignatureTimestamp,
    /// References to validation data.
    ValidationDataRefsTimestamp,
    /// The signature and references to validation data.
    ValidationDataTimestamp,
    /// Everything.
    ArchiveTimestamp,
    /// The PDF up to then.
    DocumentTimestamp,
    /// The signature value, by a token in the document security store of a PDF.
    VriTimestamp,
    /// Files of a container, signatures among them.
    ContainerTimestamp,
    /// Documents by a hash tree, or an older one of these, in an evidence record.
    EvidenceRecordTimestamp,
}

impl TimeStampType {
    /// Whether it was made before the signature, which signs it.
    pub(in crate::validation) fn is_over_content(self) -> bool {
        matches!(
            self,
            Self::ContentTimestamp
                | Self::AllDataObjectsTimestamp
                | Self::IndividualDataObjectsTimestamp
        )
    }

    pub(in crate::validation) fn name(self) -> &'static str {
        match self {
            Self::ContentTimestamp => "CONTENT_TIMESTAMP",
            Self::AllDataObjectsTimestamp => "ALL_DATA_OBJECTS_TIMESTAMP",
            Self::IndividualDataObjectsTimestamp => "INDIVIDUAL_DATA_OBJECTS_TIMESTAMP",
            Self::SignatureTimestamp => "SIGNATURE_TIMESTAMP",
            Self::ValidationDataRefsTimestamp => "VALIDATION_DATA_REFS_TIMESTAMP",
            Self::ValidationDataTimestamp => "VALIDATION_DATA_TIMESTAMP",
            Self::ArchiveTimestamp => "ARCHIVE_TIMESTAMP",
            Self::DocumentTimestamp => "DOCUMENT_TIMESTAMP",
            Self::VriTimestamp => "VRI_TIMESTAMP",
            Self::ContainerTimestamp => "CONTAINER_TIMESTAMP",
            Self::EvidenceRecordTimestamp => "EVIDENCE_RECORD_TIMESTAMP",
        }
    }
}
