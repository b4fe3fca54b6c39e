//! Verdicts on signatures: EN 319 102-1 §5.
//!
//! Data flows one way. [`collect`] turns what the format rooms parsed into
//! [`facts`]; each [`block`] asks its questions of the facts and answers with
//! findings; the [`policy`] alone says what a finding weighs; [`process`] draws the
//! conclusion; [`report`] says it to people and programs.

mod block;
mod certificate;
mod check;
mod collect;
mod conclusion;
mod container;
mod describe;
mod evidence;
mod evidence_record;
mod facts;
mod format;
mod messages;
mod missing;
mod pdf;
mod poe;
mod policy;
mod process;
mod provision;
mod report;
mod steps;
mod text;
mod token;
mod validator;
mod xml;

#[cfg(test)]
mod tests;

pub use certificate::{
    CertificateConclusion, CertificateReport, CertificateRevocation, CertificateStatus, TriedPath,
};
pub use check::{Check, CheckId, Level, Outcome};
pub use conclusion::{Conclusion, Failed, Indeterminate};
pub use evidence::Evidence;
pub use evidence_record::DataObject;
pub use facts::{
    Claims, EvidenceRecordType, Form, PdfWords, ReferencedElement, SignatureLevel, TimeStampType,
};
pub use policy::{Acceptable, AlgorithmConstraints, Issuers, Policy, Revocation};
pub(crate) use provision::{Needed, ValidationData};
pub use report::{
    Coverage, DetailedReport, DocumentFormat, EvidenceRecordReport, ReferenceReport, Report,
    RevisionReport, SignatureReport, TimeStampReport, Validated,
};
pub use steps::{Block, BlockId};
#[cfg(feature = "exchange")]
pub(crate) use text::trouble;
pub use validator::Validator;
