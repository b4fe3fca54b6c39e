//! Signing any file, at level B-B and up (EN 319 122-1 §6).

use std::fmt;
use std::io::Write;

use der::asn1::ObjectIdentifier;

use super::policy::SignaturePolicy;
use crate::crypto::{Digest, DigestAlgorithm, SignatureAlgorithm};
use crate::error::{Error, Result};
#[cfg(feature = "batch")]
use crate::keys::SignatureValue;
use crate::keys::{Signer, SigningOverride, fit_certificate};
use crate::limits::Limits;
use crate::pki::Certificate;
use crate::signature::cms::create::SignedAttributes;
use crate::signature::cms::oids::{CONTENT_TIME_STAMP, ID_DATA, SIGNATURE_POLICY};
use crate::signature::cms::{SignedData, SignerInfo, TimeStampKind, unarmoured};
#[cfg(feature = "batch")]
use crate::signature::creation::{Create, Made, SignatureRequest};
use crate::signature::request::{Document, Layout, Prepared, Signed, sign_prepared};
use crate::signature::tsp::{Authorities, TimeStampAuthority, token_over};
use crate::source::Source;
use crate::time::UtcTime;

/// A CAdES signature to be made, of level B unless a higher one is asked for: detached, unless it is asked to envelop.
///
/// The document is read once, piece by piece, whatever its size.
///
/// ```
/// use kyso::{SoftwareSigner, UtcTime, cades};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/keys");
/// # let key = std::fs::read(format!("{directory}/p256.key.pem"))?;
/// # let certificates = std::fs::read(format!("{directory}/p256.crt.pem"))?;
/// let signer = SoftwareSigner::from_pem(&key, &certificates)?;
/// let document = "Kính gửi: Văn phòng.".as_bytes();
/// let signature = cades::SignatureBuilder::new(document, UtcTime::now())
///     .mime_type("text/plain")
///     .sign(&signer)?;
/// # assert!(signature.len() > 500);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is signed until `sign` or `prepare` is called"]
pub struct SignatureBuilder<'a, S: ?Sized> {
    document: &'a S,
    claimed_time: UtcTime,
    mime_type: Option<String>,
    form: Form<'a>,
    overrides: Vec<SigningOverride>,
    level: Option<&'a dyn Augment>,
    signature_policy: Option<SignaturePolicy>,
    content_time_stamps: Authorities<'a>,
}

/// Raises what was just signed. [`cades::Level`](crate::cades::Level) does.
pub trait Augment: fmt::Debug {
    /// `signature` is a CMS with this signature, over `document` or around it.
    ///
    /// # Errors
    /// As the one who augments says.
    fn augment(&self, signature: Vec<u8>, document: &dyn Source) -> Result<Vec<u8>>;
}

/// What the signature and the document are to each other.
#[derive(Debug, Clone, Copy)]
enum Form<'a> {
    Detached,
    Enveloping,
    /// Detached, and one with the signatures that are there already.
    Beside(&'a [u8]),
}

impl<'a, S: Source + ?Sized> SignatureBuilder<'a, S> {
    /// `claimed_time` becomes the signing-time attribute, and is when the
    /// certificate has to be valid.
    pub fn new(document: &'a S, claimed_time: UtcTime) -> Self {
        Self {
            document,
            claimed_time,
            mime_type: None,
            form: Form::Detached,
            overrides: Vec::new(),
            level: None,
            signature_policy: None,
            content_time_stamps: Authorities::default(),
        }
    }

    /// Raises the signature beyond B as soon as it is made. The result is in memory then,
    /// with the document where that is enveloped. Signatures beside this one are raised
    /// with it.
    pub fn level(mut self, level: &'a dyn Augment) -> Self {
        self.level = Some(level);
        self
    }

    /// The signature holds the document, instead of standing beside it.
    pub fn enveloping(mut self) -> Self {
        self.form = Form::Enveloping;
        self
    }

    /// Signs beside those who have signed already: `existing` is their detached CMS over
    /// the same document, and the result holds their signatures and this one. Each
    /// stands by itself; theirs stay as they are.
    pub fn beside(mut self, existing: &'a [u8]) -> Self {
        self.form = Form::Beside(existing);
        self
    }

    /// What kind of document it is, as in `application/pdf` (EN 319 122-1 §5.2.4.2).
    pub fn mime_type(mut self, mime_type: impl Into<String>) -> Self {
        self.mime_type = Some(mime_type.into());
        self
    }

    /// Signs under this policy (EN 319 122-1 §5.2.9).
    pub fn signature_policy(mut self, policy: SignaturePolicy) -> Self {
        self.signature_policy = Some(policy);
        self
    }

    /// Has the document time-stamped before it is signed, and signs the time-stamp along
    /// (EN 319 122-1 §5.2.8): the signature is not older than that. One for each authority.
    pub fn content_time_stamp(mut self, authority: &'a dyn TimeStampAuthority) -> Self {
        self.content_time_stamps.0.push(authority);
        self
    }

    /// Signs even so, where signing would refuse the certificate.
    pub fn allow(mut self, by_name: SigningOverride) -> Self {
        self.overrides.push(by_name);
        self
    }

    /// Everything but the value, for a key that is elsewhere. What is completed is of level
    /// B; [`cades::Augmenter`](crate::cades::Augmenter) raises it.
    ///
    /// # Errors
    /// `Misuse` when a level was asked for, which comes after completing.
    /// `Misuse` without a certificate, when `algorithm` is not its key's, and when there
    /// is no signing beside what is there already; `Signer` when the certificate must not
    /// sign at the claimed time; `Service` when an authority for content time-stamps does
    /// not answer as it should; `Io` when reading fails.
    pub fn prepare(
        &self,
        certificate_chain: &[Certificate],
        algorithm: SignatureAlgorithm,
    ) -> Result<Prepared> {
        if self.level.is_some() {
            return Err(Error::misuse(
                "a signature is raised once it is completed: prepare it without a level",
            ));
        }
        self.prepared(certificate_chain, algorithm)
    }

    fn prepared(
        &self,
        certificate_chain: &[Certificate],
        algorithm: SignatureAlgorithm,
    ) -> Result<Prepared> {
        let certificate =
            fit_certificate(certificate_chain, algorithm, self.claimed_time, &self.overrides)?;
        let document = Document::read(self.document, algorithm.digest())?;
        let signed_attributes = SignedAttributes {
            content_type: Some(ID_DATA),
            message_digest: document.digest(),
            algorithm,
            certificate,
            signing_time: Some(self.claimed_time),
            mime_type: self.mime_type.as_deref(),
            others: self.other_attributes(&document)?,
        }
        .to_der()?;
        let layout = match self.form {
            Form::Detached => Layout::Detached,
            Form::Enveloping => Layout::Enveloping,
            Form::Beside(existing) => self.join(existing, &document)?,
        };
        Ok(Prepared::new(algorithm, certificate_chain, signed_attributes, document, layout))
    }

    fn other_attributes(&self, document: &Document) -> Result<Vec<(ObjectIdentifier, Vec<u8>)>> {
        let mut all = Vec::new();
        if let Some(policy) = &self.signature_policy {
            all.push((SIGNATURE_POLICY, policy.to_der()?));
        }
        for authority in &self.content_time_stamps.0 {
            let imprint = self.imprint(document, authority.digest_algorithm())?;
            let token = token_over(*authority, &imprint)?;
            all.push((CONTENT_TIME_STAMP, token.der().to_vec()));
        }
        Ok(all)
    }

    /// The document is read once more only where the authority wants another digest.
    fn imprint(&self, document: &Document, algorithm: DigestAlgorithm) -> Result<Digest> {
        if document.digest_algorithm() == algorithm {
            return Digest::new(algorithm, document.digest());
        }
        Digest::new(algorithm, Document::read(self.document, algorithm)?.digest())
    }

    /// Signs, and gives the CMS in memory.
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare), and as the signer's own.
    pub fn sign(&self, signer: &dyn Signer) -> Result<Vec<u8>> {
        let signed = self.complete(signer)?.to_vec(self.document)?;
        match self.level {
            Some(level) => level.augment(signed, &self.document),
            None => Ok(signed),
        }
    }

    /// Signs, and writes the CMS out as it is made.
    ///
    /// # Errors
    /// As [`sign`](Self::sign); `Io` when writing fails.
    pub fn sign_to(&self, signer: &dyn Signer, out: &mut dyn Write) -> Result<()> {
        match self.level {
            Some(_) => Ok(out.write_all(&self.sign(signer)?)?),
            None => self.complete(signer)?.write_to(self.document, out),
        }
    }

    fn complete(&self, signer: &dyn Signer) -> Result<Signed> {
        sign_prepared(self.prepared(signer.certificate_chain(), signer.algorithm())?, signer)
    }

    /// Refuses what would leave the existing signatures worse than they were, or would
    /// put signatures over different documents into one.
    fn join(&self, existing: &[u8], document: &Document) -> Result<Layout> {
        let existing = unarmoured(existing)?;
        let cms = SignedData::parse(&existing, &Limits::default())?;
        if cms.content().is_some() || cms.content_type() != ID_DATA || !cms.trailing().is_empty() {
            return Err(Error::misuse("only a detached signature can be signed beside"));
        }
        // The third edition covers what was there, and lets others join.
        let old = |kind| matches!(kind, TimeStampKind::Archive | TimeStampKind::ArchiveV2);
        for signer in cms.signers() {
            let signer = signer.as_ref().map_err(|error| {
                Error::misuse("a signature that is there already is broken")
                    .because(error.to_string())
            })?;
            if signer.unsigned_attributes().time_stamps().any(|(kind, _)| old(kind)) {
                return Err(Error::misuse(
                    "an archive time-stamp is over the existing signature as it is",
                ));
            }
            if !self.is_over(signer, document)? {
                return Err(Error::misuse("the existing signature is over another document"));
            }
        }
        Ok(Layout::Joined { existing: existing.into_owned() })
    }

    /// Whether the message-digest is that of the document, as far as it can be computed.
    fn is_over(&self, signer: &SignerInfo<'_>, document: &Document) -> Result<bool> {
        let stated = signer.signed_attributes().and_then(|it| it.message_digest().ok().flatten());
        let (Some(stated), Some(algorithm)) = (stated, signer.digest_algorithm()) else {
            return Ok(true);
        };
        if stated.as_ref() == document.digest() {
            return Ok(true);
        }
        Ok(stated.as_ref() == Document::read(self.document, algorithm)?.digest())
    }
}

#[cfg(feature = "batch")]
impl<S: Source + ?Sized> Create for SignatureBuilder<'_, S> {
    fn begin(&self, chain: &[Certificate], algorithm: SignatureAlgorithm) -> Result<Prepared> {
        self.prepared(chain, algorithm)
    }

    fn finish(&self, prepared: Prepared, value: &SignatureValue) -> Result<Made<'_>> {
        let signed = prepared.complete(value)?;
        let Some(level) = self.level else { return Ok(Made::around(&self.document, signed)) };
        Ok(Made::whole(level.augment(signed.to_vec(self.document)?, &self.document)?))
    }
}

#[cfg(feature = "batch")]
impl<'a, S: Source + ?Sized> From<SignatureBuilder<'a, S>> for SignatureRequest<'a> {
    fn from(builder: SignatureBuilder<'a, S>) -> Self {
        Self::new(builder)
    }
}
