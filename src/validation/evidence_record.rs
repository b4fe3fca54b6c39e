//! An evidence record that stands alone, over files beside it (RFC 4998, RFC 6283).

use super::collect::{self, Data};
use super::describe::evidence_record;
use super::facts::DocumentFacts;
use super::process;
use super::report::{DocumentFormat, Report};
use super::validator::Validator;
use crate::crypto::Digest;
use crate::error::Result;
use crate::limits::within;
use crate::pki::revocation::Spent;
use crate::source::Source;

/// What an evidence record has to be over: a file, or the digest of one.
pub struct DataObject<'a> {
    name: String,
    data: Data<'a>,
}

impl<'a> DataObject<'a> {
    /// A file, with the name that the report calls it by.
    pub fn new(name: impl Into<String>, content: &'a dyn Source) -> Self {
        Self { name: name.into(), data: Data::whole(content) }
    }

    /// A file of which only the digest is at hand. Where a time-stamp is by another digest, it
    /// stays open.
    pub fn known_by(name: impl Into<String>, digest: Digest) -> Self {
        Self { name: name.into(), data: Data::known_by(digest) }
    }
}

impl std::fmt::Debug for DataObject<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("DataObject").field(&self.name).finish()
    }
}

impl Validator {
    /// Validates an evidence record (RFC 4998, RFC 6283) over these files, all of which have to
    /// be under it; what is XML may be there in the canonical form that RFC 6283 asks for. The
    /// report has no signature and so no conclusion: whether the record proves since when they
    /// exist, its [`evidence_conclusion`](Report::evidence_conclusion) says.
    ///
    /// # Errors
    /// `Malformed` when it is none; `Unsupported` where the files were encrypted first;
    /// `LimitExceeded` when a bound was reached; `Io` when reading fails.
    pub fn validate_evidence_record<'a, R>(
        &self,
        record: &R,
        objects: impl IntoIterator<Item = DataObject<'a>>,
    ) -> Result<Report>
    where
        R: Source + ?Sized,
    {
        let objects = objects.into_iter();
        let objects = objects.map(|it| collect::DataObject::new(it.name, it.data, &self.limits));
        self.evidence_record(&record, objects.collect())
    }

    /// Without objects, what the record is over stays open.
    pub(super) fn evidence_record(
        &self,
        record: &dyn Source,
        mut objects: Vec<collect::DataObject<'_>>,
    ) -> Result<Report> {
        let size = usize::try_from(record.len()).unwrap_or(usize::MAX);
        within(size, self.limits.evidence_record_bytes, "bytes of an evidence record")?;
        let octets = record.window(0..record.len())?;
        let facts = collect::collect_evidence_record(&octets, &mut objects, self.beside_token())?;
        let (checks, spent, recorder) = (self.checks(), Spent::default(), self.recorder());
        let gathering = self.recorded(recorder.as_ref());
        let context = self.context(&checks, &spent, gathering.as_ref());
        let facts = DocumentFacts { evidence_records: vec![facts], ..Default::default() };
        let processed = process::document(&facts, context)?.evidence_records;
        let records = facts.evidence_records.iter().zip(processed);
        let records: Vec<_> =
            records.map(|(facts, it)| evidence_record(facts, it, context)).collect();
        let evidence = self.evidence(&facts, &[], &records, recorder.as_ref());
        let format = DocumentFormat::EvidenceRecord;
        let report = Report::new(format, &context.policy.name, context.at, Vec::new());
        Ok(report.with_evidence_records(records).with_evidence(evidence))
    }
}
