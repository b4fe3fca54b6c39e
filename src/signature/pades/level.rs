//! How far a PDF signature is built up, by what stands in it: the levels of EN 319 142-1
//! §6 and the profiles of EN 319 142-2 §5. Like CAdES' it is a matter of structure alone:
//! whether what stands there holds is judged elsewhere.

use super::facts::PdfSignature;
use crate::pki::Certificate;
use crate::signature::cades::{StructuralLevel, reference_found, signing_certificate};
use crate::signature::cms::oids::{COMMITMENT_TYPE, ID_DATA};
use crate::signature::cms::{SignedAttributes, SignedData};

const SUB_FILTER: &str = "ETSI.CAdES.detached";

impl StructuralLevel {
    /// The level of a PDF signature by itself: B, one of the older profiles, or none.
    /// `read` as for [`of`](Self::of).
    pub(crate) fn of_pdf(
        cms: &SignedData<'_>,
        signature: &PdfSignature,
        read: &[Certificate],
    ) -> Self {
        let [Ok(signer)] = cms.signers() else { return Self::NotEtsi };
        let Some(signed) = signer.signed_attributes() else { return Self::NotEtsi };
        if signature.sub_filter.as_deref() != Some(SUB_FILTER)
            || cms.content().is_some()
            || !is_profile(signed, signature)
        {
            return Self::NotEtsi;
        }
        let policy = matches!(signed.signature_policy(), Ok(Some(_)));
        // §6.3 (m): the policy or the commitment says why it was signed, or Reason does.
        let reasons = policy && signature.reason.is_some();
        if !reasons && is_baseline(cms, signed, signature, read) {
            Self::BaselineB
        } else if policy && !reasons {
            Self::Epes
        } else {
            Self::Bes
        }
    }
}

/// EN 319 142-2 §5.3: what every profile asks of the CMS within.
fn is_profile(signed: &SignedAttributes<'_>, signature: &PdfSignature) -> bool {
    signing_certificate(signed).is_some()
        && matches!(signed.content_type(), Ok(Some(_)))
        && matches!(signed.message_digest(), Ok(Some(_)))
        && !signed.has_repeated()
        // EN 319 142-1 §6.3 (d).
        && !(signed.has(COMMITMENT_TYPE) && signature.reason.is_some())
}

/// EN 319 142-1 §6.3: the time claimed is the dictionary's, and no other.
fn is_baseline(
    cms: &SignedData<'_>,
    signed: &SignedAttributes<'_>,
    signature: &PdfSignature,
    read: &[Certificate],
) -> bool {
    signature.claimed_time.is_some()
        && signature.filter.is_some()
        && signed.signing_time() == Ok(None)
        && cms.content_type() == ID_DATA
        && signed.content_type() == Ok(Some(ID_DATA))
        && signing_certificate(signed).is_some_and(|it| reference_found(cms, &it, read))
}
