//! May a certificate be relied on? X.509 certificate validation (EN 319 102-1 §5.2.6)
//! for a certificate by itself, without a signature.

use std::fmt;

use serde::Serialize;

use super::block::{self, Context, revocation, revocation_strength};
use super::check::{Message, say};
use super::messages;
use super::missing;
use super::policy::Revocation;
use super::report::{Diagnostic, Failure};
use super::text::{printable, trouble};
use crate::error::{Error, ErrorKind, Result};
use crate::pki::Certificate;
use crate::pki::path::{Fault, PathFinder, Rejection, Search, ValidatedPath};
use crate::pki::revocation::{Checked, Status};
use crate::retrieval::Attempt;
use crate::time::UtcTime;

/// Whether a certificate may be relied on, and why.
///
/// Its serde form is the JSON that the example `check_certificate` prints; names and
/// meanings stay.
#[must_use]
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct CertificateReport {
    /// Whose it is, as RFC 4514 writes names; nothing where it could not be read.
    pub certificate: Option<String>,
    /// Nothing where it could not be read.
    pub conclusion: Option<CertificateConclusion>,
    /// Why it is not valid, in English.
    pub reason: Option<String>,
    /// The same in Vietnamese.
    pub reason_vi: Option<String>,
    /// From the certificate to the anchor, where a path holds.
    pub path: Vec<String>,
    /// The label of the anchor reached.
    pub trust_domain: Option<String>,
    /// The policies that the path holds for, in dotted form.
    pub policies: Vec<String>,
    /// What is known of each certificate of the path; empty where nobody asks.
    pub revocation: Vec<CertificateRevocation>,
    /// Paths that do not hold, the most telling reason first.
    pub tried: Vec<TriedPath>,
    /// What would settle what is not settled: certificates, URLs and what came of asking
    /// there.
    pub missing: Vec<String>,
    /// The same in Vietnamese.
    pub missing_vi: Vec<String>,
    /// What was asked for elsewhere.
    pub retrieved: Vec<Attempt>,
    error: Option<Failure>,
    diagnostics: Vec<Diagnostic>,
}

/// May it be relied on?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CertificateConclusion {
    /// A path holds at the time asked for, and so does all else that the policy asks.
    Valid,
    /// It must not be relied on at that time.
    Invalid,
    /// What is at hand does not tell.
    Indeterminate,
}

/// What is known of one certificate's revocation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CertificateRevocation {
    /// Whose it is.
    pub certificate: String,
    /// Whether it is revoked.
    pub status: CertificateStatus,
    /// What says so.
    pub source: Option<String>,
    /// From when that is.
    pub this_update: Option<UtcTime>,
    /// Why it was revoked.
    pub reason: Option<String>,
    /// Since when it is revoked.
    pub revoked_at: Option<UtcTime>,
}

/// Whether a certificate is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum CertificateStatus {
    /// It is not.
    Good,
    /// It is.
    Revoked,
    /// Nothing at hand tells.
    Unknown,
}

impl CertificateStatus {
    /// As reports spell it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Revoked => "revoked",
            Self::Unknown => "unknown",
        }
    }
}

/// A path that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TriedPath {
    /// From the certificate on, as far as it leads.
    pub path: Vec<String>,
    /// Why it does not hold, in English.
    pub reason: String,
}

impl CertificateReport {
    /// The report on a file that could not be read: nothing is concluded.
    pub fn unreadable(error: &Error) -> Self {
        Self { error: Some(Failure::of(error)), ..Self::empty() }
    }

    /// Adds a finding besides the certificate, such as an input that the embedding
    /// application was given and could not use.
    pub fn with_diagnostic(
        mut self,
        code: &'static str,
        message_vi: impl Into<String>,
        message_en: impl Into<String>,
    ) -> Self {
        let (message_vi, message_en) = (message_vi.into(), message_en.into());
        self.diagnostics.push(Diagnostic { code, message_vi, message_en });
        self
    }

    /// Why the certificate could not be read, if it could not.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        self.error.as_ref().map(|it| it.message.as_str())
    }

    fn empty() -> Self {
        Self {
            certificate: None,
            conclusion: None,
            reason: None,
            reason_vi: None,
            path: Vec::new(),
            trust_domain: None,
            policies: Vec::new(),
            revocation: Vec::new(),
            tried: Vec::new(),
            missing: Vec::new(),
            missing_vi: Vec::new(),
            retrieved: Vec::new(),
            error: None,
            diagnostics: Vec::new(),
        }
    }

    fn on(certificate: &Certificate) -> Self {
        let conclusion = Some(CertificateConclusion::Valid);
        Self { certificate: Some(certificate.subject()), conclusion, ..Self::empty() }
    }

    /// The first reason stays: what comes later matters less.
    fn conclude(&mut self, conclusion: CertificateConclusion, message: Message) {
        if self.conclusion == Some(CertificateConclusion::Valid) {
            self.conclusion = Some(conclusion);
            self.reason = Some(message.en);
            self.reason_vi = Some(message.vi);
        }
    }
}

/// Looks for a path, and holds it against the policy.
pub(super) fn check(
    certificate: &Certificate,
    candidates: &[Certificate],
    context: Context<'_>,
) -> Result<CertificateReport> {
    let mut report = CertificateReport::on(certificate);
    let finder = PathFinder {
        trust: context.trust,
        candidates,
        at: context.at,
        requirements: context.requirements,
        checks: context.checks,
        check: context.path_check,
        issuers: context.issuers(),
        limits: context.limits,
    };
    let judged = finder.find(certificate).and_then(|search| match search {
        Search::Found(path) => {
            let revocation = revocation::check_path(&path, candidates, context)?;
            holds(&mut report, certificate, &path, context);
            known(&mut report, &revocation, context);
            let lacks = missing::of_revocation(&revocation, context);
            (report.missing_vi, report.missing) = missing::told(lacks);
            Ok(())
        }
        Search::NotFound(ref rejections) => {
            fails(&mut report, rejections);
            let lacks = missing::of_path(Some(&search), None, context);
            (report.missing_vi, report.missing) = missing::told(lacks);
            Ok(())
        }
    });
    report.retrieved = context.gathering.map(|it| it.attempts()).unwrap_or_default();
    if report.conclusion != Some(CertificateConclusion::Indeterminate) {
        report.missing.clear();
        report.missing_vi.clear();
    }
    match judged {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::LimitExceeded => {
            let why = say(
                format!("Chưa thể kết luận: việc kiểm tra {}.", trouble(error.kind())),
                format!("Nothing can be concluded: {error}."),
            );
            report.conclude(CertificateConclusion::Indeterminate, why);
        }
        Err(error) => return Err(error),
    }
    Ok(report)
}

fn holds(
    report: &mut CertificateReport,
    certificate: &Certificate,
    path: &ValidatedPath,
    context: Context<'_>,
) {
    report.path = path.certificates().iter().map(Certificate::subject).collect();
    if !path.anchor().is_of(certificate) {
        report.path.push(path.anchor().name());
    }
    report.trust_domain = path.anchor().domain().map(str::to_owned);
    report.policies = path.policies().to_vec();
    for finding in block::strength(certificate, path, context) {
        let message = finding.message.clone();
        if let (_, Some(_)) = context.policy.judge(finding) {
            report.conclude(CertificateConclusion::Indeterminate, message);
        }
    }
}

/// What is revoked is not to be relied on, whatever the policy asks and whatever else is
/// open.
fn known(report: &mut CertificateReport, checked: &[Checked], context: Context<'_>) {
    let required = context.policy.revocation == Revocation::Required;
    let asked = checked.iter().filter(|it| required || it.status != Status::Unknown);
    report.revocation = asked.map(CertificateRevocation::of).collect();
    for one in checked {
        let subject = one.certificate.subject();
        if let Status::Revoked { at, .. } = one.status {
            let at = at.vietnam();
            report.conclusion = Some(CertificateConclusion::Valid);
            let why = say(
                format!("Chứng thư số của {subject} đã bị thu hồi lúc {at}."),
                format!("The certificate of {subject} was revoked at {at}."),
            );
            report.conclude(CertificateConclusion::Invalid, why);
            return;
        }
    }
    for one in checked.iter().filter(|_| required) {
        for finding in revocation_strength::findings(one, context.policy) {
            let message = finding.message.clone();
            if let (_, Some(_)) = context.policy.judge(finding) {
                report.conclude(CertificateConclusion::Indeterminate, message);
            }
        }
    }
    if let Some(one) = checked.iter().find(|it| required && it.status == Status::Unknown) {
        let why = revocation::not_known(one).message;
        report.conclude(CertificateConclusion::Indeterminate, why);
    }
}

impl CertificateRevocation {
    pub(super) fn of(checked: &Checked) -> Self {
        let unknown = Self {
            certificate: checked.certificate.subject(),
            status: CertificateStatus::Unknown,
            source: None,
            this_update: None,
            reason: None,
            revoked_at: None,
        };
        match checked.status {
            Status::Unknown => unknown,
            Status::Good { source, this_update } => Self {
                status: CertificateStatus::Good,
                source: Some(revocation::name(source).to_owned()),
                this_update: Some(this_update),
                ..unknown
            },
            Status::Revoked { source, this_update, at, reason } => Self {
                status: CertificateStatus::Revoked,
                source: Some(revocation::name(source).to_owned()),
                this_update: Some(this_update),
                reason: reason.map(|it| it.to_string()),
                revoked_at: Some(at),
                ..unknown
            },
        }
    }
}

fn fails(report: &mut CertificateReport, rejections: &[Rejection]) {
    let tried = rejections.iter().map(|rejection| TriedPath {
        path: rejection.certificates.iter().map(Certificate::subject).collect(),
        reason: message(rejection).en,
    });
    report.tried = tried.collect();
    match rejections.first() {
        Some(rejection) => report.conclude(weight(&rejection.fault), message(rejection)),
        None => report.conclude(
            CertificateConclusion::Indeterminate,
            say("Không tìm thấy đường dẫn chứng thực.", "There is no certification path."),
        ),
    }
}

/// As for a signature, but that there is none here which could be older.
fn message(rejection: &Rejection) -> Message {
    let subject = rejection.subject();
    match &rejection.fault {
        Fault::Expired { not_after } => {
            let to = not_after.vietnam();
            say(
                format!("Chứng thư số của {subject} đã hết hạn ngày {to}."),
                format!("The certificate of {subject} expired at {to}."),
            )
        }
        fault => messages::path_fault(&subject, fault),
    }
}

/// No path at hand does not say that there is none; one that breaks the rules does.
fn weight(fault: &Fault) -> CertificateConclusion {
    match fault {
        Fault::NoIssuer
        | Fault::OtherKey
        | Fault::UnsupportedAlgorithm { .. }
        | Fault::AnchorPastSunset { .. } => CertificateConclusion::Indeterminate,
        Fault::TooLong
        | Fault::BadSignature
        | Fault::Malformed { .. }
        | Fault::NotAuthority
        | Fault::KeyUsage
        | Fault::PathLength
        | Fault::UnprocessedExtension { .. }
        | Fault::NameConstraint { .. }
        | Fault::NoPolicy
        | Fault::Rejected { .. }
        | Fault::Purpose { .. }
        | Fault::NotYetValid { .. }
        | Fault::Expired { .. } => CertificateConclusion::Invalid,
    }
}

impl fmt::Display for CertificateReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((vi, en)) = self.error.as_ref().map(Failure::sentence) {
            writeln!(f, "{vi}\n  {}", printable(&en))?;
        }
        if let Some(certificate) = &self.certificate {
            writeln!(f, "{}", printable(certificate))?;
        }
        if let Some(conclusion) = self.conclusion {
            let (vi, en) = sentence(conclusion);
            writeln!(f, "  {vi}\n  {en}")?;
        }
        for reason in self.reason_vi.iter().chain(&self.reason) {
            writeln!(f, "  {}", printable(reason))?;
        }
        for (vi, en) in self.missing_vi.iter().zip(&self.missing) {
            writeln!(f, "  ? Còn thiếu: {}\n    Missing: {}", printable(vi), printable(en))?;
        }
        for subject in &self.path {
            writeln!(f, "  > {}", printable(subject))?;
        }
        for it in &self.diagnostics {
            writeln!(f, "! {}\n  {}", printable(&it.message_vi), printable(&it.message_en))?;
        }
        Ok(())
    }
}

fn sentence(conclusion: CertificateConclusion) -> (&'static str, &'static str) {
    match conclusion {
        CertificateConclusion::Valid => {
            ("Chứng thư số đáng tin cậy.", "The certificate may be relied on.")
        }
        CertificateConclusion::Invalid => {
            ("Không được tin cậy chứng thư số này.", "The certificate must not be relied on.")
        }
        CertificateConclusion::Indeterminate => (
            "Chưa thể kết luận về chứng thư số.",
            "Whether the certificate may be relied on is not settled.",
        ),
    }
}
