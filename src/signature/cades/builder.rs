//! Signing any file at level B-B (EN 319 122-1 §6).

use std::io::Write;

use crate::crypto::SignatureAlgorithm;
use crate::error::{Error, Result};
use crate::keys::{Signer, SigningOverride, check_fitness};
use crate::pki::Certificate;
use crate::signature::cms::create::SignedAttributes;
use crate::signature::request::{Document, Layout, Prepared, Signed, sign_prepared};
use crate::source::Source;
use crate::time::UtcTime;

/// A CAdES-B-B signature to be made: detached, unless it is asked to envelop.
///
/// The document is read once, piece by piece, whatever its size.
#[derive(Debug, Clone)]
#[must_use = "nothing is signed until `sign` or `prepare` is called"]
pub struct SignatureBuilder<'a, S: ?Sized> {
    document: &'a S,
    claimed_time: UtcTime,
    mime_type: Option<String>,
    enveloping: bool,
    overrides: Vec<SigningOverride>,
}

impl<'a, S: Source + ?Sized> SignatureBuilder<'a, S> {
    /// `claimed_time` becomes the signing-time attribute, and is when the
    /// certificate has to be valid.
    pub fn new(document: &'a S, claimed_time: UtcTime) -> Self {
        Self { document, claimed_time, mime_type: None, enveloping: false, overrides: Vec::new() }
    }

    /// The signature holds the document, instead of standing beside it.
    pub fn enveloping(mut self) -> Self {
        self.enveloping = true;
        self
    }

    /// What kind of document it is, as in `application/pdf` (EN 319 122-1 §5.2.4.2).
    pub fn mime_type(mut self, mime_type: impl Into<String>) -> Self {
        self.mime_type = Some(mime_type.into());
        self
    }

    /// Signs even so, where signing would refuse the certificate.
    pub fn allow(mut self, by_name: SigningOverride) -> Self {
        self.overrides.push(by_name);
        self
    }

    /// Everything but the value, for a key that is elsewhere.
    ///
    /// # Errors
    /// `Misuse` without a certificate; `Signer` when the certificate must not sign
    /// at the claimed time; `Io` when reading fails.
    pub fn prepare(
        &self,
        certificate_chain: &[Certificate],
        algorithm: SignatureAlgorithm,
    ) -> Result<Prepared> {
        let certificate = certificate_chain
            .first()
            .ok_or_else(|| Error::misuse("a signature needs the signer's certificate"))?;
        check_fitness(certificate, self.claimed_time, &self.overrides)?;
        let document = Document::read(self.document, algorithm.digest())?;
        let signed_attributes = SignedAttributes {
            message_digest: document.digest(),
            algorithm,
            certificate,
            signing_time: Some(self.claimed_time),
            mime_type: self.mime_type.as_deref(),
        }
        .to_der()?;
        let layout = if self.enveloping { Layout::Enveloping } else { Layout::Detached };
        Ok(Prepared::new(algorithm, certificate_chain, signed_attributes, document, layout))
    }

    /// Signs, and gives the CMS in memory.
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare), and as the signer's own.
    pub fn sign(&self, signer: &dyn Signer) -> Result<Vec<u8>> {
        self.complete(signer)?.to_vec(self.document)
    }

    /// Signs, and writes the CMS out as it is made.
    ///
    /// # Errors
    /// As [`sign`](Self::sign); `Io` when writing fails.
    pub fn sign_to(&self, signer: &dyn Signer, out: &mut dyn Write) -> Result<()> {
        self.complete(signer)?.write_to(self.document, out)
    }

    fn complete(&self, signer: &dyn Signer) -> Result<Signed> {
        sign_prepared(self.prepare(signer.certificate_chain(), signer.algorithm())?, signer)
    }
}
