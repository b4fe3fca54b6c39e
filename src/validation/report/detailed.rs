//! Every process and block of EN 319 102-1 with its checks, for each signature, each
//! time-stamp and each certificate: for whoever has to understand a verdict.

use std::fmt;

use serde::Serialize;

use super::particulars::{Chain, Particulars, Stamp};
use super::{EvidenceRecordReport, Report, SignatureReport, TimeStampReport, indication};
use crate::crypto::DigestAlgorithm;
use crate::pki::{Certificate, TrustAnchor};
use crate::time::UtcTime;
use crate::validation::certificate::CertificateRevocation;
use crate::validation::check::Check;
use crate::validation::conclusion::Conclusion;
use crate::validation::facts::{Form, SignatureLevel};
use crate::validation::steps::{Block, BlockId};
use crate::validation::text::{mark, printable};

/// A report in every detail, nested as EN 319 102-1 nests its processes and blocks. Its
/// serde form is for programs; shown as text it is for people.
#[derive(Debug, Clone, Serialize)]
pub struct DetailedReport<'a> {
    file: Option<&'a str>,
    format: &'static str,
    #[serde(serialize_with = "indication")]
    conclusion: Option<Conclusion>,
    policy: &'a str,
    validation_time: Option<UtcTime>,
    signatures: Vec<Signature<'a>>,
    /// Time-stamps over the document, whatever is signed in it.
    time_stamps: Vec<Step<'a>>,
    /// Evidence records over the document or its parts.
    evidence_records: Vec<Step<'a>>,
}

#[derive(Debug, Clone, Serialize)]
struct Signature<'a> {
    id: &'a str,
    form: Form,
    level: SignatureLevel,
    conclusion: Conclusion,
    sub_indication: Option<&'static str>,
    best_signature_time: Option<UtcTime>,
    process: Step<'a>,
    certificates: Vec<PathCertificate<'a>>,
    time_stamps: Vec<TimeStamp<'a>>,
}

/// A process or a block.
#[derive(Debug, Clone, Serialize)]
struct Step<'a> {
    id: BlockId,
    clause: String,
    about: Option<&'a str>,
    at: UtcTime,
    conclusion: Conclusion,
    sub_indication: Option<&'static str>,
    checks: &'a [Check],
    blocks: Vec<Step<'a>>,
}

#[derive(Debug, Clone, Serialize)]
struct TimeStamp<'a> {
    #[serde(flatten)]
    report: &'a TimeStampReport,
    process: Step<'a>,
    certificates: Vec<PathCertificate<'a>>,
}

/// One of a path, or the anchor at its end.
#[derive(Debug, Clone, Serialize)]
struct PathCertificate<'a> {
    role: Role,
    subject: String,
    issuer: Option<String>,
    serial: Option<String>,
    not_before: Option<UtcTime>,
    not_after: Option<UtcTime>,
    /// Of the certificate; of an anchor without one, of its key.
    sha256: String,
    trust_domain: Option<&'a str>,
    revocation: Option<&'a CertificateRevocation>,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Role {
    Signer,
    Authority,
    TrustAnchor,
}

impl Report {
    /// Everything that was asked, and what each process and block came to.
    #[must_use]
    pub fn detailed(&self) -> DetailedReport<'_> {
        let records = self.evidence_records().iter().map(EvidenceRecordReport::block);
        DetailedReport {
            file: self.file(),
            format: self.format().name(),
            conclusion: self.conclusion(),
            policy: self.policy(),
            validation_time: self.validation_time(),
            signatures: self.signatures().iter().map(Signature::of).collect(),
            time_stamps: self.time_stamps().iter().map(Step::of).collect(),
            evidence_records: records.map(Step::of).collect(),
        }
    }
}

impl<'a> Signature<'a> {
    fn of(report: &'a SignatureReport) -> Self {
        let Particulars { chain, stamps, .. } = &*report.particulars;
        let stamps = report.timestamps().iter().zip(stamps);
        Self {
            id: report.id(),
            form: report.form(),
            level: report.level(),
            conclusion: report.conclusion(),
            sub_indication: report.conclusion().sub_indication(),
            best_signature_time: report.best_signature_time(),
            process: Step::of(report.block()),
            certificates: PathCertificate::all(chain),
            time_stamps: stamps.map(|(report, stamp)| TimeStamp::of(report, stamp)).collect(),
        }
    }
}

impl<'a> TimeStamp<'a> {
    fn of(report: &'a TimeStampReport, stamp: &'a Stamp) -> Self {
        let certificates = PathCertificate::all(&stamp.chain);
        Self { report, process: Step::of(&stamp.block), certificates }
    }
}

impl<'a> Step<'a> {
    /// As deep as the processes are nested, which no input decides.
    fn of(block: &'a Block) -> Self {
        Self {
            id: block.id,
            clause: format!("EN 319 102-1 {}", block.id.clause()),
            about: block.about.as_deref(),
            at: block.at,
            conclusion: block.conclusion,
            sub_indication: block.conclusion.sub_indication(),
            checks: &block.checks,
            blocks: block.blocks.iter().map(Self::of).collect(),
        }
    }

    fn show(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        let blank = "  ".repeat(depth);
        write!(f, "{blank}{} {}", self.clause, self.id)?;
        if let Some(about) = self.about {
            write!(f, " ({})", printable(about))?;
        }
        writeln!(f, ": {}", self.conclusion)?;
        for check in self.checks {
            let (mark, message) = (mark(check.outcome), printable(&check.message_en));
            writeln!(f, "{blank}  {mark} {}: {message}", check.id)?;
        }
        self.blocks.iter().try_for_each(|it| it.show(f, depth.saturating_add(1)))
    }
}

impl<'a> PathCertificate<'a> {
    fn all(chain: &'a Chain) -> Vec<Self> {
        let certificates = chain.certificates.iter().enumerate();
        let mut all: Vec<_> = certificates
            .map(|(n, certificate)| {
                let role = if n == 0 { Role::Signer } else { Role::Authority };
                let known = chain.known.iter().find(|(it, _)| it == certificate);
                Self { revocation: known.map(|it| &it.1), ..Self::of(role, certificate) }
            })
            .collect();
        all.extend(chain.anchor.as_ref().map(Self::anchor));
        all
    }

    fn of(role: Role, certificate: &Certificate) -> Self {
        Self {
            role,
            subject: certificate.subject(),
            issuer: Some(certificate.issuer()),
            serial: Some(certificate.serial()),
            not_before: Some(certificate.not_before()),
            not_after: Some(certificate.not_after()),
            sha256: DigestAlgorithm::Sha256.digest(certificate.der()).to_string(),
            trust_domain: None,
            revocation: None,
        }
    }

    fn anchor(anchor: &'a TrustAnchor) -> Self {
        let of_certificate = anchor.certificate().map(|it| Self::of(Role::TrustAnchor, it));
        let own = of_certificate.unwrap_or_else(|| Self {
            role: Role::TrustAnchor,
            subject: anchor.name(),
            issuer: None,
            serial: None,
            not_before: None,
            not_after: None,
            sha256: DigestAlgorithm::Sha256.digest(anchor.public_key_info()).to_string(),
            trust_domain: None,
            revocation: None,
        });
        Self { trust_domain: anchor.domain(), ..own }
    }
}

impl fmt::Display for DetailedReport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = self.file {
            writeln!(f, "{}", printable(file))?;
        }
        for signature in &self.signatures {
            let (id, level) = (printable(signature.id), &signature.conclusion);
            writeln!(f, "“{id}”: {level}")?;
            signature.process.show(f, 1)?;
            for certificate in &signature.certificates {
                let status = match certificate.revocation {
                    Some(it) => it.status.name(),
                    None => "-",
                };
                writeln!(f, "  > {} ({status})", printable(&certificate.subject))?;
            }
        }
        let steps = self.time_stamps.iter().chain(&self.evidence_records);
        steps.into_iter().try_for_each(|it| it.show(f, 0))
    }
}
