//! A time-stamp token that stands alone, over a file beside it (EN 319 102-1 §5.4).

use super::collect::{self, Data};
use super::conclusion::Conclusion;
use super::describe::{signature, time_stamp};
use super::facts::{DocumentFacts, RevocationFacts, SignatureFacts};
use super::poe::{Proofs, Proven};
use super::process::{self, Processed};
use super::report::{DocumentFormat, ReferenceReport, Report, Stamp};
use super::validator::Validator;
use crate::error::Result;

use crate::pki::revocation::Spent;
use crate::source::Source;

impl Validator {
    /// Validates a time-stamp token (RFC 3161 §2.4.2) over `content`. The report has the
    /// authority's signature for its one signature, and the time among its time-stamps.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    pub fn validate_time_stamp<T, C>(&self, token: &T, content: &C) -> Result<Report>
    where
        T: Source + ?Sized,
        C: Source + ?Sized,
    {
        self.validate_detached(token, content)
    }

    /// Without the content, what the token is over stays open. So many bytes stand behind
    /// the token.
    pub(super) fn token(
        &self,
        token: &[u8],
        content: Option<Data<'_>>,
        trailing: usize,
    ) -> Result<Report> {
        let (checks, spent, recorder) = (self.checks(), Spent::default(), self.recorder());
        let gathering = self.recorded(recorder.as_ref());
        let context = self.context(&checks, &spent, gathering.as_ref());
        let found = content.is_some();
        let mut facts = collect::collect_token(token, self.beside_token(), content)?;
        if let Some(token) = &mut facts.token {
            token.trailing = trailing;
        }
        let nothing = RevocationFacts::default();
        let judged = process::time_stamp(&facts, &nothing, &Proofs::none(context.at), context)?;
        let stamp = (time_stamp(&facts, &judged), Stamp::of(&facts, &judged));
        let mut signer = match &facts.token {
            Some(token) => (**token).clone(),
            None => {
                let mut none = SignatureFacts::new(String::new(), super::facts::Form::Cms);
                none.unreadable = Some("this is no time-stamp token".into());
                none
            }
        };
        signer.id = "1".into();
        let (conclusion, block) = (judged.conclusion, judged.block);
        let processed = Processed {
            conclusion,
            checks: block.clone().into_checks(),
            block,
            search: judged.search,
            checked: judged.checked,
            best_signature_time: None,
            time_stamps: Vec::new(),
            evidence_records: Vec::new(),
            proven: Proven::default(),
        };
        let mut report = signature(&signer, processed, &[], context);
        let intact = facts.imprint_intact;
        report.intact = match (report.intact, intact.or((!found).then_some(false))) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (own, over) => own.and(over),
        };
        report.references = vec![ReferenceReport::new("content".into(), found, intact)];
        if !found && conclusion != Conclusion::TotalPassed {
            report.missing.insert(0, "content: the file that was time-stamped".to_owned());
            report.missing_vi.insert(0, "tệp đã được đóng dấu thời gian".to_owned());
        }
        report.timestamps = vec![stamp.0];
        report.particulars.add_stamp(stamp.1);
        let (signatures, reports) = (vec![signer], vec![report]);
        let facts = DocumentFacts { signatures, time_stamps: vec![facts], ..Default::default() };
        let evidence = self.evidence(&facts, &reports, &[], recorder.as_ref());
        let report = Report::new(DocumentFormat::Tst, &context.policy.name, context.at, reports);
        Ok(report.with_evidence(evidence))
    }
}
