//! From a document to a report.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::block::{Context, Role, overdrawn};
use super::certificate::{self, CertificateReport};
use super::collect::{self, CmsSource, Data, DataObject};
use super::conclusion::Conclusion;
use super::describe::{evidence_record, signature, time_stamp};
use super::facts::{DigestFact, DocumentFacts, SignatureFacts};
use super::format::{
    SNIFFED, is_cms, is_evidence_record, is_no_pdf_besides, is_pdf, is_xml, is_zip, trailing,
};
use super::policy::Policy;
use super::process::{self, ProcessedDocument};
use super::report::{DocumentFormat, Report, RevisionReport, SignatureReport, Stamp};
use super::xml::Outside;
use crate::crypto::Digest;
use crate::encoding::zip::has_end;
use crate::error::{Error, Result};
use crate::limits::{Limits, within};
use crate::pki::path::Checks;
use crate::pki::revocation::{Gathering, Replay, Spent};
use crate::pki::{Certificate, Crl, Memory, OcspResponse, PathCheck, PathRequirements, TrustStore};
use crate::retrieval::Retrieve;
use crate::signature::{cms, pades};
use crate::source::Source;
use crate::time::UtcTime;

/// Validates signatures by EN 319 102-1: what the embedding application trusts, asks for
/// and takes for the present.
///
/// Every signature goes through the process for archival data (§5.6), which runs all
/// others: time-stamps prove since when things exist, the newest first, each judged by
/// itself; and what is open today (expired, revoked, aged algorithms, stale revocation
/// data) is asked again at the time that they prove.
///
/// Rules where other verifiers disagree, each a decision: signed attributes are
/// hashed in DER (RFC 5652 §5.4), and a value that verifies only over another order
/// fails, with the reason said; digest and signature algorithm have to agree wherever
/// they are named, RFC 6211 included; a signed attribute that is there twice fails; a
/// DigestInfo without NULL passes with a warning; an RSA modulus without the zero octet that
/// DER asks for before its highest bit is read as the positive number it is; a content within a detached
/// signature passes when it is what is signed; a ByteRange that is not exactly the
/// file fails; what cannot be computed is INDETERMINATE, never failed; the signing
/// certificate is found by the signed reference wherever it stands; a claimed time
/// never proves anything; an authority that was revoked since is believed only what is
/// proven to be older, whatever level the signature is of; a time-stamp that fails proves
/// nothing, and harms nothing.
#[derive(Debug, Clone)]
pub struct Validator {
    trust: TrustStore,
    time_stamp_trust: Option<TrustStore>,
    pub(super) policy: Policy,
    pub(super) at: UtcTime,
    pub(super) certificates: Vec<Certificate>,
    pub(super) requirements: PathRequirements,
    pub(super) signature_policies: Vec<(String, Vec<u8>)>,
    pub(super) crls: Vec<Crl>,
    pub(super) responses: Vec<OcspResponse>,
    path_check: Option<Hook>,
    pub(super) retrieval: Option<Arc<dyn Retrieve>>,
    pub(super) past: Option<Arc<Replay>>,
    pub(super) keeps_evidence: bool,
    memory: Memory,
    pub(super) password: pades::Password,
    pub(super) limits: Limits,
}

#[derive(Clone)]
struct Hook(Arc<dyn PathCheck>);

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PathCheck")
    }
}

impl Validator {
    /// A validator that trusts `trust`, asks for `policy`, and judges as of `at`.
    #[must_use]
    pub fn new(trust: TrustStore, policy: Policy, at: UtcTime) -> Self {
        Self {
            trust,
            time_stamp_trust: None,
            policy,
            at,
            certificates: Vec::new(),
            requirements: PathRequirements::default(),
            signature_policies: Vec::new(),
            crls: Vec::new(),
            responses: Vec::new(),
            path_check: None,
            retrieval: None,
            past: None,
            keeps_evidence: false,
            memory: Memory::new(),
            password: pades::Password::default(),
            limits: Limits::default(),
        }
    }

    /// Trusts these to vouch for time-stamping authorities, and no others; by default those
    /// who vouch for signers do.
    #[must_use]
    pub fn with_time_stamp_trust(mut self, trust: TrustStore) -> Self {
        self.time_stamp_trust = Some(trust);
        self
    }

    /// Adds certificates that may stand in a path or be a signer's; none is trusted.
    #[must_use]
    pub fn with_certificates(
        mut self,
        certificates: impl IntoIterator<Item = Certificate>,
    ) -> Self {
        self.certificates.extend(certificates);
        self
    }

    /// Exchanges what is asked of certification paths; by default nothing beyond RFC 5280.
    #[must_use]
    pub fn with_requirements(mut self, requirements: PathRequirements) -> Self {
        self.requirements = requirements;
        self
    }

    /// Has each path that holds looked at by the application too, which can only reject it:
    /// then the search goes on, and the reason is reported.
    ///
    /// ```
    /// # use kyso::{Certificate, Policy, TrustAnchor, TrustStore, UtcTime, Validator};
    /// let validator = Validator::new(TrustStore::new(), Policy::default(), UtcTime::now())
    ///     .with_path_check(|path: &[Certificate], anchor: &TrustAnchor| {
    ///         match anchor.domain() {
    ///             Some("công vụ") => Ok(()),
    ///             _ => Err("only officers' certificates are taken here".to_owned()),
    ///         }
    ///     });
    /// ```
    #[must_use]
    pub fn with_path_check(mut self, check: impl PathCheck + 'static) -> Self {
        self.path_check = Some(Hook(Arc::new(check)));
        self
    }

    /// Adds the document of a signature policy (EN 319 122-1 §5.2.9), by its object identifier
    /// in dotted form. A signature under this policy passes only where the document is the
    /// one that its signer named by digest; what the document asks for is for people to
    /// read, and not checked.
    #[must_use]
    pub fn with_signature_policy(
        mut self,
        policy: impl Into<String>,
        document: impl Into<Vec<u8>>,
    ) -> Self {
        self.signature_policies.push((policy.into(), document.into()));
        self
    }

    /// Adds revocation lists. Each counts only where its own signature leads to the anchor
    /// of the certificate that it is asked about.
    #[must_use]
    pub fn with_crls(mut self, crls: impl IntoIterator<Item = Crl>) -> Self {
        self.crls.extend(crls);
        self
    }

    /// Adds OCSP responses. Each counts only where it was signed by the issuer of the
    /// certificate that it is asked about, or by whom that one charged with it.
    #[must_use]
    pub fn with_ocsp_responses(
        mut self,
        responses: impl IntoIterator<Item = OcspResponse>,
    ) -> Self {
        self.responses.extend(responses);
        self
    }

    /// Asks elsewhere for what is not at hand: issuers' certificates where a path ends, and
    /// OCSP responses and lists where a certificate's revocation is open. By default nothing
    /// is asked. Whatever comes counts by its own signatures only.
    #[must_use]
    pub fn with_retrieval(mut self, retrieval: Arc<dyn Retrieve>) -> Self {
        self.retrieval = Some(retrieval);
        self.past = None;
        self
    }

    /// The same, as of another time: what a program that runs for long asks with. What was
    /// remembered is shared.
    #[must_use]
    pub fn as_of(&self, at: UtcTime) -> Self {
        Self { at, ..self.clone() }
    }

    /// Shares what is remembered with other validators, as those made for each document
    /// with the time of the day. By default each has a memory of its own, which its clones
    /// share.
    #[must_use]
    pub fn with_memory(mut self, memory: &Memory) -> Self {
        self.memory = memory.clone();
        self
    }

    /// Opens encrypted PDFs by this password, the user's or the owner's. The empty one is
    /// tried in any case.
    ///
    /// Where none opens the file, its signatures are validated nevertheless if they can be
    /// found without it; the report says so.
    #[cfg(feature = "encrypted-pdf")]
    #[must_use]
    pub fn with_password(mut self, password: &str) -> Self {
        self.password = pades::Password::new(password);
        self
    }

    /// Exchanges the bounds on hostile input.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Validates every signature of a PDF, of an XML document, of a CMS that holds its content,
    /// or of a container (EN 319 162-1); or an evidence record, as far as it goes without what
    /// it is over. What it is, its content tells. A document without a signature gives a
    /// report without a conclusion.
    ///
    /// # Errors
    /// `Malformed` when it is none of these, or too broken to tell its signatures;
    /// `Unsupported` when it is a CMS that is not signed; `LimitExceeded` when a bound
    /// was reached; `Io` when reading fails. A bad signature is no error.
    pub fn validate<S: Source + ?Sized>(&self, document: &S) -> Result<Report> {
        let head = document.window(0..document.len().min(SNIFFED))?;
        if is_zip(&head) && (!is_pdf(&head) || has_end(&document)?) {
            return self.validate_container(&document);
        }
        if is_cms(&head) {
            return self.validate_cms(&document, None);
        }
        if is_evidence_record(&head) {
            return self.evidence_record(&document, Vec::new());
        }
        if is_xml(&head) {
            return self.validate_xml(&document, Outside::Nothing);
        }
        if is_pdf(&head) {
            return self.validate_pdf(&document);
        }
        let what = "this is neither a PDF nor a CMS signature nor XML nor a container of those";
        Err(Error::malformed(what).at_offset(0))
    }

    /// XML, and not the kind of it that evidence records are.
    pub(super) fn is_xml(&self, document: &dyn Source) -> Result<bool> {
        let head = document.window(0..document.len().min(SNIFFED))?;
        Ok(is_xml(&head) && !is_evidence_record(&head))
    }

    /// What was read before.
    pub(super) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// A report by this policy, of this time, on a document of which nothing was judged yet.
    pub(crate) fn blank_report(&self, format: DocumentFormat) -> Report {
        let recorder = self.recorder();
        let evidence = self.evidence(&DocumentFacts::default(), &[], &[], recorder.as_ref());
        Report::new(format, &self.policy.name, self.at, Vec::new()).with_evidence(evidence)
    }

    /// Validates a CMS or XML signature, or an evidence record, over a content that stands
    /// elsewhere, by whatever name the signature calls it; of several files that an XML signature
    /// is over, [`validate_with_files`](Self::validate_with_files) takes all. Where the signature
    /// holds a content itself, or stands in one, `content` still is what has to be signed, and
    /// that one has to be the same: some programs show that one.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    pub fn validate_detached<S, C>(&self, signature: &S, content: &C) -> Result<Report>
    where
        S: Source + ?Sized,
        C: Source + ?Sized,
    {
        if self.is_xml(&signature)? {
            return self.validate_xml(&signature, Outside::Content(&content));
        }
        self.validate_over(&signature, Data::whole(&content))
    }

    /// Validates a CMS or XML signature, or an evidence record, over a content of which only
    /// the digest is at hand.
    /// What needs another digest, or the content itself, is then INDETERMINATE.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    pub fn validate_digest<S>(&self, signature: &S, content: Digest) -> Result<Report>
    where
        S: Source + ?Sized,
    {
        if self.is_xml(&signature)? {
            return self.validate_xml(&signature, Outside::Digest(&content));
        }
        self.validate_over(&signature, Data::known_by(content))
    }

    fn validate_over(&self, document: &dyn Source, content: Data<'_>) -> Result<Report> {
        let head = document.window(0..document.len().min(SNIFFED))?;
        if !is_cms(&head) && is_evidence_record(&head) {
            return self.evidence_record(
                document,
                vec![DataObject::new("content", content, &self.limits)],
            );
        }
        self.validate_cms(document, Some(content))
    }

    /// Whether a certificate may be relied on at the validation time, by itself: no
    /// signature is looked at, and what its key may be used for is not asked beyond the
    /// [requirements](Self::with_requirements). That a search reached a bound is
    /// [`Indeterminate`](super::CertificateConclusion::Indeterminate) here, with the
    /// bound as the reason.
    ///
    /// # Errors
    /// None that the certificates could cause; what `crypto` cannot compute is a reason.
    pub fn check_certificate(&self, certificate: &Certificate) -> Result<CertificateReport> {
        let (checks, spent, gathering) = (self.checks(), Spent::default(), self.gathering());
        let context = self.context(&checks, &spent, gathering.as_ref());
        certificate::check(certificate, &self.certificates, context)
    }

    fn validate_cms(&self, document: &dyn Source, content: Option<Data<'_>>) -> Result<Report> {
        let size = usize::try_from(document.len()).unwrap_or(usize::MAX);
        let most = self.limits.cms_bytes.saturating_add(self.limits.attachment_bytes);
        within(size, most, "bytes of a CMS")?;
        let stands = document.window(0..document.len())?;
        let bytes: Cow<'_, [u8]> = cms::unarmoured(&stands)?;
        let signed_data = cms::SignedData::parse(&bytes, &self.limits)?;
        // What holds its content is what people open; beside a file it is the file.
        let around = if content.is_none() { cms::besides_armour(&stands) } else { 0 };
        let trailing = trailing(&signed_data).saturating_add(around);
        if signed_data.content_type() == cms::oids::ID_CT_TST_INFO {
            return self.token(&bytes, content, trailing);
        }
        let within = signed_data.content();
        if content.is_none() {
            is_no_pdf_besides(&stands, within.filter(|_| matches!(bytes, Cow::Borrowed(_))))?;
        }
        let (mut data, encapsulated) = match (content, within) {
            (Some(mut content), Some(within)) => {
                let compared = content.compare(within)?;
                (Some(content), Some(compared))
            }
            (content, within) => (content.or(within.map(Data::encapsulated)), None),
        };
        let source = CmsSource {
            signed_data: &signed_data,
            id: "1",
            form: None,
            certificates: &self.certificates,
            time_stamps: true,
            memory: &self.memory,
            limits: &self.limits,
        };
        let mut facts = collect::collect_cms(&source, &mut data)?;
        // Where the content handed in is not the signed one, that is what has to be said.
        let asked =
            |it: &SignatureFacts| !it.counter_signature && it.data.digest != DigestFact::Differs;
        for signature in facts.iter_mut().filter(|it| asked(it)) {
            signature.data.encapsulated = encapsulated;
        }
        facts.iter_mut().for_each(|signature| signature.trailing = trailing);
        let facts = DocumentFacts { signatures: facts, ..DocumentFacts::default() };
        self.report(DocumentFormat::Cms, &facts)
    }

    pub(super) fn report(&self, format: DocumentFormat, facts: &DocumentFacts) -> Result<Report> {
        let (checks, spent) = (self.checks(), Spent::default());
        let recorder = self.recorder();
        let gathering = self.recorded(recorder.as_ref());
        let context = self.context(&checks, &spent, gathering.as_ref());
        let ProcessedDocument { signatures, time_stamps, evidence_records } =
            process::document(facts, context)?;
        let over_document: Vec<_> = facts
            .time_stamps
            .iter()
            .zip(&time_stamps)
            .map(|(stamp, processed)| (time_stamp(stamp, processed), Stamp::of(stamp, processed)))
            .collect();
        let all = facts.signatures.iter().zip(signatures);
        let mut signatures: Vec<_> =
            all.map(|(facts, it)| signature(facts, it, &over_document, context)).collect();
        self.judge_looks(&facts.signatures, &mut signatures);
        let records = facts.evidence_records.iter().zip(evidence_records);
        let records: Vec<_> =
            records.map(|(facts, it)| evidence_record(facts, it, context)).collect();
        let evidence = self.evidence(facts, &signatures, &records, recorder.as_ref());
        let blocks = time_stamps.into_iter().map(|it| it.block).collect();
        let report = Report::new(format, &self.policy.name, self.at, signatures);
        let stamps = over_document.into_iter().map(|(report, _)| report);
        let revisions = facts.changes.iter().map(RevisionReport::of).collect();
        let report = report.with_time_stamps(stamps, blocks).with_revisions(revisions);
        Ok(report.with_evidence_records(records).with_evidence(evidence))
    }

    /// The look of a later signature may hide what an earlier one signed. It is let
    /// pass where a signature that passes itself covers it, and so answers for it.
    fn judge_looks(&self, facts: &[SignatureFacts], signatures: &mut [SignatureReport]) {
        // Newest first: a later one is settled when an earlier one counts on it.
        let mut answered = 0;
        for (facts, report) in facts.iter().zip(signatures).rev() {
            let Some(pdf) = &facts.pdf else { continue };
            if pdf.later_changes != pades::LaterChanges::Other
                && pdf.drawn.is_some_and(|it| it > answered)
            {
                let finding = overdrawn();
                let id = finding.id;
                let (check, follows) = self.policy.judge(finding);
                report.checks.retain(|it| it.id != id);
                report.checks.extend(check);
                report.conclusion =
                    follows.map_or(report.conclusion, |follows| report.conclusion.worse(follows));
            }
            if report.conclusion == Conclusion::TotalPassed {
                answered = answered.max(pdf.revision.unwrap_or_default());
            }
        }
    }

    /// What is checked for one document, with what is remembered.
    pub(super) fn checks(&self) -> Checks {
        Checks::with(&self.memory)
    }

    pub(super) fn gathering(&self) -> Option<Gathering<'_>> {
        let retrieval = self.retrieval.as_deref();
        retrieval.map(|it| self.gathering_by(it))
    }

    /// Asks this one, as it was asked then where that is known.
    pub(super) fn gathering_by<'a>(&'a self, retrieve: &'a dyn Retrieve) -> Gathering<'a> {
        Gathering::new(retrieve, &self.memory, &self.limits).repeating(self.past.as_deref())
    }

    /// Those that the caller knows besides.
    pub(super) fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// When it judges.
    pub(crate) fn time(&self) -> UtcTime {
        self.at
    }

    /// What a token is read with that stands by itself.
    pub(super) fn beside_token(&self) -> collect::Beside<'_> {
        let (certificates, memory) = (&self.certificates, &self.memory);
        collect::Beside { certificates, memory, limits: &self.limits }
    }

    /// What encrypted PDFs are opened by.
    pub(crate) fn password(&self) -> &pades::Password {
        &self.password
    }

    /// Bounds on hostile input.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(super) fn context<'a>(
        &'a self,
        checks: &'a Checks,
        spent: &'a Spent,
        gathering: Option<&'a Gathering<'a>>,
    ) -> Context<'a> {
        Context {
            trust: &self.trust,
            time_stamp_trust: self.time_stamp_trust.as_ref().unwrap_or(&self.trust),
            policy: &self.policy,
            at: self.at,
            material_at: self.at,
            role: Role::Signer,
            requirements: &self.requirements,
            signature_policies: &self.signature_policies,
            crls: &self.crls,
            responses: &self.responses,
            path_check: self.path_check.as_ref().map(|it| &*it.0),
            gathering,
            checks,
            spent,
            limits: &self.limits,
        }
    }
}
