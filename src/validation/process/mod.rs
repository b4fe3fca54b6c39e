//! The processes of EN 319 102-1 §5.3 to §5.6: which block is asked when, and what follows.

mod archival;
mod basic;
mod evidence_record;
mod past;
mod time_stamp;

pub(super) use archival::{Processed, ProcessedDocument, document};
pub(super) use evidence_record::ProcessedEvidenceRecord;
pub(super) use time_stamp::{ProcessedTimeStamp, validate as time_stamp};
