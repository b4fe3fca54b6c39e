//! How far a signature is built up, by what stands in it: the levels of EN 319 122-1 §6
//! and of EN 319 122-2, which took over the names of RFC 5126.
//!
//! It is a matter of structure alone. Whether a time-stamp verifies, or a list holds, is
//! judged elsewhere; whether the revocation data is there for every certificate that the
//! signature leans on is told by who knows what came with its time-stamps, too.

use std::fmt;

use crate::crypto::DigestAlgorithm;
use crate::pki::Certificate;
use crate::signature::cms::oids::{
    CADES_C_TIME_STAMP, CERTIFICATE_REFERENCES, CERTIFICATE_VALUES, EXTERNAL_EVIDENCE_RECORD,
    ID_DATA, INTERNAL_EVIDENCE_RECORD, LONG_TERM_VALIDATION, REFERENCES_TIME_STAMP,
    REVOCATION_REFERENCES, REVOCATION_VALUES,
};
use crate::signature::cms::{
    CertificateReference, SignedAttributes, SignedData, SignerInfo, TimeStampKind,
    UnsignedAttributes,
};

/// The level of one signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StructuralLevel {
    /// CMS that is no CAdES: nothing signed says whose certificate it was.
    NotEtsi,
    /// EN 319 122-1 §6: claimed time and certificate are signed.
    BaselineB,
    /// And there is a time-stamp over the signature.
    BaselineT,
    /// And revocation data for every certificate on the paths that stand there.
    BaselineLt,
    /// And an archive-time-stamp-v3.
    BaselineLta,
    /// EN 319 122-2: the certificate is signed, the time need not be.
    Bes,
    /// And so is the policy.
    Epes,
    /// And there is a time-stamp over the signature.
    T,
    /// And the validation data, without references to it. XAdES alone calls it so.
    Lt,
    /// And references to the validation data.
    C,
    /// And a time-stamp over these.
    X,
    /// And the validation data itself.
    Xl,
    /// And an archive time-stamp.
    A,
    /// As LT, with an evidence record (RFC 4998) in the archive time-stamp's place.
    Ers,
}

impl fmt::Display for StructuralLevel {
    /// As reports spell it: `BASELINE-B`, `XL`, `NOT_ETSI`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotEtsi => "NOT_ETSI",
            Self::BaselineB => "BASELINE-B",
            Self::BaselineT => "BASELINE-T",
            Self::BaselineLt => "BASELINE-LT",
            Self::BaselineLta => "BASELINE-LTA",
            Self::Bes => "BES",
            Self::Epes => "EPES",
            Self::T => "T",
            Self::Lt => "LT",
            Self::C => "C",
            Self::X => "X",
            Self::Xl => "XL",
            Self::A => "A",
            Self::Ers => "ERS",
        })
    }
}

impl StructuralLevel {
    /// The level of one signer of a CMS; `complete` where revocation data is there for
    /// every certificate that its signature leans on. `read` are certificates that were
    /// read, those of the CMS among them: they need not be digested again.
    pub(crate) fn of(
        cms: &SignedData<'_>,
        signer: &SignerInfo<'_>,
        read: &[Certificate],
        complete: bool,
    ) -> Self {
        Self::judge(cms, signer, read, Role::Signature, complete)
    }

    /// The level of a countersignature, whose validation data is that of the CMS.
    pub(crate) fn of_countersignature(
        cms: &SignedData<'_>,
        signer: &SignerInfo<'_>,
        read: &[Certificate],
        complete: bool,
    ) -> Self {
        Self::judge(cms, signer, read, Role::Countersignature, complete)
    }

    fn judge(
        cms: &SignedData<'_>,
        signer: &SignerInfo<'_>,
        read: &[Certificate],
        role: Role,
        complete: bool,
    ) -> Self {
        let Some(signed) = signer.signed_attributes() else { return Self::NotEtsi };
        let Some(reference) = signing_certificate(signed) else { return Self::NotEtsi };
        // RFC 5652 §11: of each there must not be several instances.
        if signed.has_repeated() {
            return Self::NotEtsi;
        }
        if !role.content_type_fits(signed) || !matches!(signed.message_digest(), Ok(Some(_))) {
            return Self::NotEtsi;
        }
        let unsigned = signer.unsigned_attributes();
        let baseline = role.content_is_data(cms, signed)
            && matches!(signed.signing_time(), Ok(Some(_)))
            && reference_found(cms, &reference, read)
            && !EXTENDED.iter().any(|oid| unsigned.has(*oid));
        if !has(unsigned, &[TimeStampKind::Signature]) {
            return match signed.signature_policy() {
                _ if baseline => Self::BaselineB,
                Ok(None) => Self::Bes,
                Ok(Some(_)) | Err(_) => Self::Epes,
            };
        }
        match baseline {
            true => long_term(cms, unsigned, complete),
            false => extended(cms, unsigned, complete),
        }
    }
}

#[derive(Clone, Copy)]
enum Role {
    Signature,
    Countersignature,
}

impl Role {
    /// RFC 5652 §11.1 asks for the content-type attribute, and §11.4 forbids it in
    /// countersignatures.
    fn content_type_fits(self, signed: &SignedAttributes<'_>) -> bool {
        match self {
            Self::Signature => matches!(signed.content_type(), Ok(Some(_))),
            Self::Countersignature => signed.content_type() == Ok(None),
        }
    }

    /// EN 319 122-1 §6.3: at the baseline levels the content is id-data.
    fn content_is_data(self, cms: &SignedData<'_>, signed: &SignedAttributes<'_>) -> bool {
        match self {
            Self::Signature => {
                cms.content_type() == ID_DATA && signed.content_type() == Ok(Some(ID_DATA))
            }
            Self::Countersignature => true,
        }
    }
}

/// The one reference to the signer's certificate (EN 319 122-1 §5.2.2): by SHA-1 in its
/// first version, by any other digest in the second; not both.
pub(crate) fn signing_certificate<'a>(
    signed: &SignedAttributes<'a>,
) -> Option<CertificateReference<'a>> {
    let first = signed.signing_certificate().ok()?;
    let second = signed.signing_certificate_v2().ok()?;
    let sha1 = Some(DigestAlgorithm::Sha1);
    match (first, second) {
        (Some(one), None) => one.signer().cloned(),
        (None, Some(two)) => two.signer().filter(|it| it.digest_algorithm() != sha1).cloned(),
        _ => None,
    }
}

/// EN 319 122-1 §6.3: `SignedData.certificates` holds the signer's certificate.
pub(crate) fn reference_found(
    cms: &SignedData<'_>,
    reference: &CertificateReference<'_>,
    read: &[Certificate],
) -> bool {
    let Some(algorithm) = reference.digest_algorithm() else { return false };
    let known = read.iter().find(|it| reference.digest_matches(it) == Some(true));
    // What could not be read, and so is not known, may be meant all the same.
    known.is_some_and(|it| cms.certificates().contains(&it.der()))
        || cms.certificates().iter().any(|der| algorithm.digest(der).value() == reference.digest())
}

/// What EN 319 122-1 §6.3 rules out at the baseline levels, where validation data
/// stands in `SignedData` itself.
const EXTENDED: [der::asn1::ObjectIdentifier; 7] = [
    CERTIFICATE_REFERENCES,
    REVOCATION_REFERENCES,
    CERTIFICATE_VALUES,
    REVOCATION_VALUES,
    CADES_C_TIME_STAMP,
    REFERENCES_TIME_STAMP,
    LONG_TERM_VALIDATION,
];

fn has(unsigned: &UnsignedAttributes<'_>, kinds: &[TimeStampKind]) -> bool {
    unsigned.time_stamps().any(|(kind, _)| kinds.contains(&kind))
}

/// EN 319 122-1 §6.3, from T on.
fn long_term(
    cms: &SignedData<'_>,
    unsigned: &UnsignedAttributes<'_>,
    complete: bool,
) -> StructuralLevel {
    if cms.revocation_infos().is_empty() || !complete {
        StructuralLevel::BaselineT
    } else if has(unsigned, &[TimeStampKind::ArchiveV3]) {
        StructuralLevel::BaselineLta
    } else if evidence_record_fits(cms, unsigned) {
        StructuralLevel::Ers
    } else {
        StructuralLevel::BaselineLt
    }
}

/// EN 319 122-2 §5, from T on.
fn extended(
    cms: &SignedData<'_>,
    unsigned: &UnsignedAttributes<'_>,
    complete: bool,
) -> StructuralLevel {
    let references = unsigned.has(CERTIFICATE_REFERENCES) && unsigned.has(REVOCATION_REFERENCES);
    let stored = !cms.revocation_infos().is_empty() || unsigned.has(REVOCATION_VALUES);
    let values = stored && complete;
    if values && unsigned.time_stamps().any(|(kind, _)| kind.is_archive()) {
        StructuralLevel::A
    } else if references && values {
        StructuralLevel::Xl
    } else if references && has(unsigned, &[TimeStampKind::CadesC, TimeStampKind::References]) {
        StructuralLevel::X
    } else if references {
        StructuralLevel::C
    } else {
        StructuralLevel::T
    }
}

/// RFC 4998 Appendix A: an internal record where the CMS holds its content, an external
/// one where it does not, and never both.
fn evidence_record_fits(cms: &SignedData<'_>, unsigned: &UnsignedAttributes<'_>) -> bool {
    let internal = unsigned.has(INTERNAL_EVIDENCE_RECORD);
    let external = unsigned.has(EXTERNAL_EVIDENCE_RECORD);
    let held = cms.content().is_some();
    (internal, external) == (held, !held)
}
