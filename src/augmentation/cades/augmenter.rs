//! From one level to the next.

use super::archive;
use super::data;
use crate::augmentation::level::Level;
use crate::crypto::{Digest, DigestAlgorithm, DigestContext};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::signature::cades::Augment;
use crate::signature::cms::edit::{Additions, add, attribute};
use crate::signature::cms::oids::{LONG_TERM_VALIDATION, SIGNATURE_TIME_STAMP};
use crate::signature::cms::{SignedData, SignerInfo, TimeStampKind, unarmoured};
use crate::signature::tsp::token_over;
use crate::source::{Source, for_each_piece};

/// Raises finished CAdES signatures, of whomever, to a level (EN 319 102-1 §6).
///
/// Signatures stay byte for byte what they were: only certificates, revocation
/// information and unsigned attributes are added. A time-stamp over the signature that is
/// there serves; an archive time-stamp is added over those that are there. Validate first:
/// that a signature is of a higher level does not make it a good one.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use kyso::{Policy, Retrieve, TrustStore, UtcTime, Validator, cades, online, tsp};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let http: Arc<dyn Retrieve> = Arc::new(online::Http::new());
/// let tsa = tsp::Online::new("http://tsa.example.vn", http.clone());
/// let trust = TrustStore::from_bytes(&std::fs::read("roots.pem")?)?;
/// let validator =
///     Validator::new(trust, Policy::default(), UtcTime::now()).with_retrieval(http);
/// let signature = std::fs::read("decision.p7s")?;
/// let document = std::fs::read("decision.docx")?;
/// let raised = cades::Augmenter::new(cades::Level::Lta(&tsa, &validator))
///     .augment_detached(&signature, &document)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is raised until `augment` or `augment_detached` is called"]
pub struct Augmenter<'a> {
    level: Level<'a>,
    signer: Option<usize>,
    limits: Limits,
}

impl<'a> Augmenter<'a> {
    /// Raises all signers of a CMS to `level`.
    pub fn new(level: Level<'a>) -> Self {
        let limits = level.validator().map_or_else(Limits::default, |it| it.limits().clone());
        Self { level, signer: None, limits }
    }

    /// Raises the signer at this place only, counted from zero.
    pub fn signer(mut self, place: usize) -> Self {
        self.signer = Some(place);
        self
    }

    /// Exchanges the bounds on what is read.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Raises a CMS that holds its content; one without is raised as far as that is
    /// not needed, which is LT.
    ///
    /// # Errors
    /// `Malformed` when it is no CMS; `Misuse` when it cannot be raised as it is, or
    /// something at hand is missing: which certificate it is about is said; `Service`
    /// when the authority, or those who know of revocation, do not answer; `Signer` when
    /// a certificate was revoked; `Unsupported` when an archive time-stamp of an older
    /// edition is over it; `LimitExceeded` when a bound was reached.
    pub fn augment(&self, signature: &[u8]) -> Result<Vec<u8>> {
        self.raise(signature, None)
    }

    /// Raises a CMS over a content that stands elsewhere.
    ///
    /// # Errors
    /// As [`augment`](Self::augment); `Io` when reading the content fails.
    pub fn augment_detached<S: Source + ?Sized>(
        &self,
        signature: &[u8],
        content: &S,
    ) -> Result<Vec<u8>> {
        self.raise(signature, Some(&content))
    }

    fn raise(&self, signature: &[u8], content: Option<&dyn Source>) -> Result<Vec<u8>> {
        let stored = unarmoured(signature)?;
        let signers = {
            let cms = SignedData::parse(&stored, &self.limits)?;
            if !cms.trailing().is_empty() {
                return Err(Error::misuse("bytes follow the signature"));
            }
            let signers = self.signers(&cms)?;
            for (_, signer) in &signers {
                check(&cms, signer, content)?;
            }
            signers.into_iter().map(|(n, _)| n).collect::<Vec<_>>()
        };
        let mut raised = self.time_stamped(&stored, &signers)?;
        if let Some(validator) = self.level.validator() {
            raised = data::added(&raised, &signers, validator, &self.limits)?;
        }
        if let Level::Lta(authority, _) = self.level {
            for signer in signers {
                raised = archive::added(&raised, signer, content, authority, &self.limits)?;
            }
        }
        Ok(raised)
    }

    fn signers<'s, 'c>(&self, cms: &'s SignedData<'c>) -> Result<Vec<(usize, &'s SignerInfo<'c>)>> {
        let all = cms.signers().iter().enumerate();
        let wanted: Vec<_> = all.filter(|(n, _)| self.signer.is_none_or(|it| it == *n)).collect();
        if wanted.is_empty() {
            return Err(Error::misuse("there is no such signer"));
        }
        let broken = |error: &Error| {
            Error::misuse("a signature that is to be raised is broken").because(error.to_string())
        };
        wanted
            .into_iter()
            .map(|(n, signer)| signer.as_ref().map(|it| (n, it)).map_err(broken))
            .collect()
    }

    /// Level T: signers without a time-stamp over their value get one.
    fn time_stamped(&self, cms: &[u8], signers: &[usize]) -> Result<Vec<u8>> {
        let mut additions = Additions::default();
        let parsed = SignedData::parse(cms, &self.limits)?;
        for n in signers {
            let Some(Ok(signer)) = parsed.signers().get(*n) else { continue };
            let mut there = signer.unsigned_attributes().time_stamps();
            if there.any(|(kind, _)| kind == TimeStampKind::Signature) {
                continue;
            }
            let authority = self.level.authority();
            let imprint = authority.digest_algorithm().digest(signer.signature());
            let token = token_over(authority, &imprint)?;
            additions.attributes.push((*n, attribute(SIGNATURE_TIME_STAMP, token.der())));
        }
        match additions.attributes.is_empty() {
            true => Ok(cms.to_vec()),
            false => add(cms, additions, &self.limits),
        }
    }
}

impl Augment for Level<'_> {
    fn augment(&self, signature: Vec<u8>, document: &dyn Source) -> Result<Vec<u8>> {
        Augmenter::new(*self).augment_detached(&signature, document)
    }
}

/// Refuses what would be sealed though it cannot be what it should be.
fn check(
    cms: &SignedData<'_>,
    signer: &SignerInfo<'_>,
    content: Option<&dyn Source>,
) -> Result<()> {
    let unsigned = signer.unsigned_attributes();
    let old = |kind| matches!(kind, TimeStampKind::Archive | TimeStampKind::ArchiveV2);
    // Nothing but attributes of their own may be added to those (EN 319 122-1 §5.5.3).
    if unsigned.time_stamps().any(|(kind, _)| old(kind)) || unsigned.has(LONG_TERM_VALIDATION) {
        return Err(Error::unsupported(
            "an archive time-stamp of an older edition is over the signature as it is",
        ));
    }
    let stated = signer.signed_attributes().and_then(|it| it.message_digest().ok().flatten());
    let (Some(stated), Some(algorithm)) = (stated, signer.digest_algorithm()) else {
        return Err(Error::misuse("this signature is no CAdES signature, or of unknown digest"));
    };
    match content_digest(cms, content, algorithm)? {
        Some(digest) if digest.value() != stated.as_ref() => {
            Err(Error::misuse("the signature is over another content"))
        }
        _ => Ok(()),
    }
}

/// Of the content within, or else of the one handed in; nothing where there is none.
pub(super) fn content_digest(
    cms: &SignedData<'_>,
    content: Option<&dyn Source>,
    algorithm: DigestAlgorithm,
) -> Result<Option<Digest>> {
    let mut context = DigestContext::new(algorithm);
    match (cms.content(), content) {
        (Some(content), _) => content.for_each_piece(&mut |piece| context.update(piece))?,
        (None, Some(source)) => for_each_piece(source, 0..source.len(), |piece| {
            context.update(piece);
            Ok(())
        })?,
        (None, None) => return Ok(None),
    }
    Ok(Some(context.finish()))
}
