//! From one level to the next.

use super::extended::{Augmented, Extended};
use super::level::Level;
use crate::augmentation::found::Found;
use crate::error::{Error, Place, Result};
use crate::limits::Limits;
use crate::signature::cms::{SignedData, TimeStampKind};
use crate::signature::pades::{self, PdfSignature, PdfSignatures, SignatureKind, StoredData};
use crate::signature::tsp::TimeStampToken;
use crate::source::Source;
use crate::time::UtcTime;
use crate::validation::Validator;

/// Raises the signatures of a PDF, whoever made them, to a level (EN 319 102-1 §6).
///
/// Every byte that is there stays: what is added follows as incremental updates.
/// Validate first: that a signature is of a higher level does not make it a good one.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use kyso::{Policy, Retrieve, TrustStore, UtcTime, Validator, online, pades, tsp};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let http: Arc<dyn Retrieve> = Arc::new(online::Http::new());
/// let tsa = tsp::Online::new("http://tsa.example.vn", http.clone());
/// let trust = TrustStore::from_bytes(&std::fs::read("roots.pem")?)?;
/// let validator =
///     Validator::new(trust, Policy::default(), UtcTime::now()).with_retrieval(http);
/// let document = std::fs::read("decision.signed.pdf")?;
/// let raised = pades::Augmenter::new(pades::Level::Lta(&tsa, &validator)).augment(&document)?;
/// std::fs::write("decision.lta.pdf", raised.to_vec(&document)?)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is raised until `augment` is called"]
pub struct Augmenter<'a> {
    level: Level<'a>,
    limits: Limits,
}

impl<'a> Augmenter<'a> {
    /// Raises all signatures of a PDF to `level`.
    pub fn new(level: Level<'a>) -> Self {
        let limits = level.validator().map_or_else(Limits::default, |it| it.limits().clone());
        Self { level, limits }
    }

    /// Exchanges the bounds on what is read.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Raises the signatures of `document`.
    ///
    /// # Errors
    /// `Malformed` when this is no PDF, or none that is sound enough to be updated;
    /// `Unsupported` when it is encrypted; `Misuse` when nothing is signed, a signature
    /// cannot be read, or something at hand is missing: which certificate it is about is
    /// said; `Service` when the authority, or those who know of revocation, do not
    /// answer; `Signer` when a certificate was revoked; `LimitExceeded`; `Io`.
    pub fn augment<S: Source + ?Sized>(&self, document: &S) -> Result<Augmented> {
        let document: &dyn Source = &document;
        let mut extended = Extended::new(document);
        let found = pades::parse(&extended, &self.limits)?;
        check(&found)?;
        if !all_stamped(&found, &self.limits)? {
            self.stamp(&mut extended)?;
        }
        if let Some(validator) = self.level.validator() {
            self.store(&mut extended, validator)?;
        }
        if matches!(self.level, Level::Lta(..)) {
            self.stamp(&mut extended)?;
        }
        Ok(extended.into_augmented())
    }

    fn stamp(&self, extended: &mut Extended<'_>) -> Result<()> {
        let update = pades::time_stamp(extended, self.level.authority(), &self.limits)?;
        extended.append(&update);
        Ok(())
    }

    /// Level LT: what validates every signature and every time-stamp that is there.
    fn store(&self, extended: &mut Extended<'_>, validator: &Validator) -> Result<()> {
        let pdf = pades::parse(extended, &self.limits)?;
        let mut found = Found::new(&self.limits);
        found.stored(&pdf.store)?;
        for (n, signature) in pdf.signatures.iter().enumerate() {
            let later = pdf.signatures.get(n.saturating_add(1)..).unwrap_or_default();
            let stamped = first_stamp(later, &self.limits)?;
            self.take(&mut found, signature, stamped)
                .map_err(|error| error.at(Place::Element(signature.field.clone())))?;
        }
        let data = validator.validation_data(&found.needed, &found.pool, &found.known)?;
        let stored = StoredData {
            certificates: &data.certificates,
            crls: &data.kept.crls,
            responses: &data.kept.responses,
        };
        if let Some(update) = pades::store(extended, stored, &self.limits)? {
            extended.append(&update);
        }
        Ok(())
    }

    fn take(
        &self,
        found: &mut Found<'_>,
        signature: &PdfSignature,
        stamped: Option<UtcTime>,
    ) -> Result<()> {
        let cms = SignedData::parse(&signature.contents, &self.limits)?;
        found.take(&cms)?;
        if signature.kind == SignatureKind::DocumentTimeStamp {
            return found.token(&signature.contents);
        }
        match cms.signers().first() {
            Some(Ok(signer)) => found.signer(signer, stamped),
            _ => Err(Error::misuse("a signature that is to be raised is broken")),
        }
    }
}

/// Refuses what would be sealed though it cannot be what it should be.
fn check(pdf: &PdfSignatures) -> Result<()> {
    if pdf.signatures.is_empty() {
        return Err(Error::misuse("nothing is signed in this PDF"));
    }
    match pdf.signatures.iter().find(|it| !it.findings.is_empty()) {
        Some(broken) => {
            let what = broken.findings.first().map(ToString::to_string).unwrap_or_default();
            Err(Error::misuse(format!("a signature does not stand in the PDF as it must: {what}"))
                .at(Place::Element(broken.field.clone())))
        }
        None => Ok(()),
    }
}

/// Whether each signature has a time-stamp, of its own or over the document.
fn all_stamped(pdf: &PdfSignatures, limits: &Limits) -> Result<bool> {
    let is_stamp = |it: &PdfSignature| it.kind == SignatureKind::DocumentTimeStamp;
    for (n, signature) in pdf.signatures.iter().enumerate().filter(|(_, it)| !is_stamp(it)) {
        let later = pdf.signatures.get(n.saturating_add(1)..).unwrap_or_default();
        if !later.iter().any(is_stamp) && !has_own(signature, limits)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn has_own(signature: &PdfSignature, limits: &Limits) -> Result<bool> {
    let cms = SignedData::parse(&signature.contents, limits)?;
    let signer = cms.signers().first().and_then(|it| it.as_ref().ok());
    Ok(signer.is_some_and(|signer| {
        let mut stamps = signer.unsigned_attributes().time_stamps();
        stamps.any(|(kind, _)| kind == TimeStampKind::Signature)
    }))
}

/// The time of the first time-stamp over the document among those that came later.
fn first_stamp(later: &[PdfSignature], limits: &Limits) -> Result<Option<UtcTime>> {
    let stamp = later.iter().find(|it| it.kind == SignatureKind::DocumentTimeStamp);
    let token = stamp.map(|it| TimeStampToken::from_der(it.contents.as_slice(), limits));
    Ok(token.transpose()?.map(|it| it.time()))
}
