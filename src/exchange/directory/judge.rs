//! Whether who signed may sign for an agency.

use super::Directory;
use super::authorization::{Authorization, Role};
use super::standing::{NotAuthorized, Standing, Why};
use super::unit::AgencyRecord;
use crate::envelope::edxml::OrganId;
use crate::time::UtcTime;
use crate::validation::{Conclusion, SignatureReport};

impl Directory {
    /// Whether the signer of a signature may sign for an agency at this time, in whichever
    /// role: when it is proven to have existed, or when it was validated.
    ///
    /// An agency that was taken off the list keeps what was set for it.
    ///
    /// ```
    /// use kyso::edxml::OrganId;
    /// use kyso::exchange::directory::Directory;
    /// use kyso::{Report, UtcTime};
    ///
    /// /// Adds a finding for each valid signature by somebody else than the sender.
    /// fn beside(mut report: Report, directory: &Directory, from: &OrganId, now: UtcTime) -> Report {
    ///     let findings: Vec<_> = report
    ///         .signatures()
    ///         .iter()
    ///         .filter_map(|signature| {
    ///             let at = signature.best_signature_time().unwrap_or(now);
    ///             directory.judge(from, signature, at).finding()
    ///         })
    ///         .collect();
    ///     for it in findings {
    ///         report = report.with_diagnostic(it.code, it.message_vi, it.message_en);
    ///     }
    ///     report
    /// }
    /// ```
    #[must_use]
    pub fn judge(
        &self,
        agency: &OrganId,
        signature: &SignatureReport,
        at: UtcTime,
    ) -> Standing<'_> {
        self.judge_as(agency, signature, Role::Any, at)
    }

    /// As [`judge`](Self::judge), in this role.
    #[must_use]
    pub fn judge_as(
        &self,
        agency: &OrganId,
        signature: &SignatureReport,
        role: Role,
        at: UtcTime,
    ) -> Standing<'_> {
        let Some(certificate) = signature.certificate() else {
            return Standing::Unproven;
        };
        if signature.conclusion() != Conclusion::TotalPassed {
            return Standing::Unproven;
        }
        let Some(record) = self.get_or_former(agency).filter(|it| !it.authorizations.is_empty())
        else {
            return Standing::Unknown;
        };
        let domain = signature.trust_domain();
        let about: Vec<&Authorization> =
            record.authorizations.iter().filter(|it| it.is_about(certificate, domain)).collect();
        match about.iter().find(|it| refused(it, role, at).is_none()) {
            Some(by) => Standing::Authorized { by },
            None => {
                let why = about.first().and_then(|it| refused(it, role, at));
                let why = why.unwrap_or(Why::NotListed);
                Standing::NotAuthorized(not_authorized(record, agency, signature, why))
            }
        }
    }
}

fn refused(authorization: &Authorization, role: Role, at: UtcTime) -> Option<Why> {
    if !authorization.role.serves(role) {
        return Some(Why::Role(role));
    }
    let not_yet = authorization.from.filter(|from| at < *from).map(Why::NotYet);
    not_yet.or_else(|| authorization.until.filter(|until| *until <= at).map(Why::Ended))
}

fn not_authorized(
    record: &AgencyRecord,
    code: &OrganId,
    signature: &SignatureReport,
    why: Why,
) -> NotAuthorized {
    let signer = signature.signer_name().or(signature.signer()).unwrap_or_default();
    NotAuthorized {
        signer: signer.to_owned(),
        agency: record.unit.name.clone(),
        code: code.clone(),
        why,
    }
}
