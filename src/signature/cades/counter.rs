//! Countersigning: a signature over another signature's value (RFC 5652 §11.4, EN 319 122-1
//! §5.2.7), beside it in the same CMS.

use crate::error::{Error, Result};
use crate::keys::{Signer, SigningOverride, ToBeSigned, fit_certificate};
use crate::limits::Limits;
use crate::signature::cms::create::{SignedAttributes, signer_info};
use crate::signature::cms::edit::{Additions, add, attribute};
use crate::signature::cms::oids::COUNTERSIGNATURE;
use crate::signature::cms::{SignedData, TimeStampKind, unarmoured};
use crate::signature::request::check_value;
use crate::time::UtcTime;

/// A countersignature to be made: who countersigns confirms a signature, not the document.
///
/// The signature stays as it is, and so does all else that is there; archive time-stamps
/// of the third edition go on to hold, and do not cover what was added.
#[derive(Debug, Clone)]
#[must_use = "nothing is signed until `sign` is called"]
pub struct CounterSignatureBuilder<'a> {
    existing: &'a [u8],
    claimed_time: UtcTime,
    signer: usize,
    overrides: Vec<SigningOverride>,
}

impl<'a> CounterSignatureBuilder<'a> {
    /// Countersigns the first signer of the CMS `existing`. `claimed_time` becomes the
    /// signing-time attribute.
    pub fn new(existing: &'a [u8], claimed_time: UtcTime) -> Self {
        Self { existing, claimed_time, signer: 0, overrides: Vec::new() }
    }

    /// Countersigns the signer at this place, counted from zero.
    pub fn signer(mut self, place: usize) -> Self {
        self.signer = place;
        self
    }

    /// Signs even so, where signing would refuse the certificate.
    pub fn allow(mut self, by_name: SigningOverride) -> Self {
        self.overrides.push(by_name);
        self
    }

    /// The CMS with the countersignature.
    ///
    /// # Errors
    /// `Malformed` when there is no CMS; `Misuse` when it has no such signer, or an archive
    /// time-stamp of an older edition is over it as it is; `Signer` when the certificate
    /// must not sign at the claimed time, and as the signer's own.
    pub fn sign(&self, signer: &dyn Signer) -> Result<Vec<u8>> {
        let limits = Limits::default();
        let existing = unarmoured(self.existing)?;
        let chain = signer.certificate_chain();
        let algorithm = signer.algorithm();
        let certificate = fit_certificate(chain, algorithm, self.claimed_time, &self.overrides)?;
        let digest = algorithm.digest().digest(&self.value(&existing, &limits)?);
        let attributes = SignedAttributes {
            content_type: None,
            message_digest: digest.value(),
            algorithm,
            certificate,
            signing_time: Some(self.claimed_time),
            mime_type: None,
            others: Vec::new(),
        };
        let to_be_signed = ToBeSigned::new(attributes.to_der()?, algorithm);
        let value = signer.sign(&to_be_signed)?;
        check_value(certificate, &to_be_signed, &value)?;
        let countersignature = signer_info(chain, &to_be_signed, &value, &[])?;
        let additions = Additions {
            certificates: chain.iter().map(|it| it.der().to_vec()).collect(),
            attributes: vec![(self.signer, attribute(COUNTERSIGNATURE, &countersignature))],
            ..Additions::default()
        };
        add(&existing, additions, &limits)
    }

    /// What is countersigned.
    fn value(&self, existing: &[u8], limits: &Limits) -> Result<Vec<u8>> {
        let cms = SignedData::parse(existing, limits)?;
        if !cms.trailing().is_empty() {
            return Err(Error::misuse("bytes follow the signature"));
        }
        let Some(Ok(signer)) = cms.signers().get(self.signer) else {
            return Err(Error::misuse("there is no such signer, or it is broken"));
        };
        let old = |kind| matches!(kind, TimeStampKind::Archive | TimeStampKind::ArchiveV2);
        let signers = cms.signers().iter().flatten();
        let mut stamps = signers.flat_map(|it| it.unsigned_attributes().time_stamps());
        if stamps.any(|(kind, _)| old(kind)) {
            return Err(Error::misuse(
                "an archive time-stamp of an older edition is over the signature as it is",
            ));
        }
        Ok(signer.signature().to_vec())
    }
}
