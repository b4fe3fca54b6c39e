//! Facts about the signatures of one PDF (EN 319 142-1, ISO 32000-2 §12.8).

use super::cms::{CmsSource, collect as collect_cms};
use super::data::Data;
use super::time_stamp;
use crate::crypto::DigestAlgorithm;
use crate::error::{ErrorKind, Result};
use crate::limits::Limits;
use crate::pki::Certificate;
use crate::signature::cms::SignedData;
use crate::signature::pades::{FileDefect, PdfSignature, PdfSignatures, SignatureKind};
use crate::source::Source;
use crate::validation::facts::{
    CertificateReferenceFact, EncapsulatedFact, Form, PdfFacts, SignatureFacts, SignatureLevel,
    TimeStampFacts, TimeStampType,
};

/// ISO 32000-1 §12.8.3.3: the content is the SHA-1 digest of the covered bytes.
const DIGEST_INSIDE: &str = "adbe.pkcs7.sha1";
const TIME_STAMP: &str = "ETSI.RFC3161";
const PADES: &str = "ETSI.CAdES.detached";

/// Collects the facts about every signature. Document time-stamps are no signatures;
/// each is listed with the signatures that it covers.
///
/// # Errors
/// `LimitExceeded` when a bound was reached; `Io` when the file cannot be read.
pub(in crate::validation) fn collect(
    file: &dyn Source,
    pdf: &PdfSignatures,
    certificates: &[Certificate],
    limits: &Limits,
) -> Result<Vec<SignatureFacts>> {
    let mut all: Vec<(u64, SignatureFacts)> = Vec::new();
    for signature in &pdf.signatures {
        let end = signature.byte_range.map_or(0, |range| range.end());
        if !is_time_stamp(signature) {
            all.push((end, one(file, pdf, signature, certificates, limits)?));
            continue;
        }
        let token = document_time_stamp(file, signature, certificates, limits)?;
        for (_, facts) in all.iter_mut().filter(|(covered, _)| *covered < end) {
            facts.time_stamps.push(token.clone());
            if facts.level == SignatureLevel::BaselineB {
                facts.level = SignatureLevel::BaselineT;
            }
        }
    }
    Ok(all.into_iter().map(|(_, facts)| facts).collect())
}

/// EN 319 142-1 §5.4.3; some writers leave the type out or call it a signature.
fn is_time_stamp(signature: &PdfSignature) -> bool {
    signature.kind == SignatureKind::DocumentTimeStamp
        || signature.sub_filter.as_deref() == Some(TIME_STAMP)
}

fn one(
    file: &dyn Source,
    pdf: &PdfSignatures,
    signature: &PdfSignature,
    certificates: &[Certificate],
    limits: &Limits,
) -> Result<SignatureFacts> {
    let pades = signature.sub_filter.as_deref() == Some(PADES);
    let form = if pades { Form::Pades } else { Form::Pkcs7 };
    let mut place = pdf_facts(pdf, signature);
    let unreadable = |why: String, place: PdfFacts| {
        let mut facts = SignatureFacts::new(signature.field.clone(), form);
        facts.unreadable = Some(why);
        facts.claimed_time = signature.claimed_time;
        facts.pdf = Some(place);
        Ok(facts)
    };
    let signed_data = match SignedData::parse(&signature.contents, limits) {
        Ok(signed_data) => signed_data,
        Err(error) if error.kind() == ErrorKind::LimitExceeded => return Err(error),
        Err(error) => return unreadable(error.to_string(), place),
    };
    let hashable = !signature.findings.iter().any(|finding| finding.prevents_digest());
    let range = signature.byte_range.filter(|_| hashable);
    let mut covered = range.map(|range| Data::ranges(file, range.ranges().to_vec()));
    let digest_inside = signature.sub_filter.as_deref() == Some(DIGEST_INSIDE);
    if let (Some(content), Some(covered)) = (signed_data.content(), &mut covered) {
        place.encapsulated = Some(if digest_inside {
            digest_is(&content.bytes()?, covered)?
        } else {
            content_is(Data::encapsulated(content), &content.bytes()?, covered)?
        });
    }
    if digest_inside {
        covered = covered.and(signed_data.content().map(Data::encapsulated));
    }
    let source = CmsSource {
        signed_data: &signed_data,
        id: &signature.field,
        form: Some(form),
        certificates,
        time_stamps: true,
        limits,
    };
    // ISO 32000-2 §12.8.3.3.1: one signer. Others stand there beside the document.
    let mut signers = collect_cms(&source, &mut covered)?.into_iter();
    let Some(mut facts) = signers.next() else {
        return unreadable("the CMS has no signer".into(), place);
    };
    facts.id.clone_from(&signature.field);
    place.further_signers = signers.filter(|it| !it.counter_signature).count();
    // EN 319 142-1 §6.3: the claimed time of a PAdES signature is the dictionary's.
    facts.level = level(&facts, signature);
    facts.claimed_time = facts.claimed_time.or(signature.claimed_time);
    facts.pdf = Some(place);
    Ok(facts)
}

/// EN 319 142-1 §6.3, up to T: what is in the document security store is not read yet.
fn level(facts: &SignatureFacts, signature: &PdfSignature) -> SignatureLevel {
    let timed = facts.claimed_time.is_some() || signature.claimed_time.is_some();
    let named = facts.signer.reference != CertificateReferenceFact::Absent;
    let stamped = facts.time_stamps.iter().any(|it| it.kind == TimeStampType::SignatureTimestamp);
    match facts.form == Form::Pades && facts.data.signed_attributes && named && timed {
        false => SignatureLevel::NotEtsi,
        true if stamped => SignatureLevel::BaselineT,
        true => SignatureLevel::BaselineB,
    }
}

fn pdf_facts(pdf: &PdfSignatures, signature: &PdfSignature) -> PdfFacts {
    let (mut recovered, mut irregular) = (Vec::new(), Vec::new());
    for defect in &pdf.defects {
        match defect {
            FileDefect::Recovered(what) => recovered.push(what.clone()),
            FileDefect::Irregular(what) => irregular.push(what.clone()),
        }
    }
    PdfFacts {
        byte_range: signature
            .byte_range
            .map(|it| [it.before.0, it.before.1, it.after.0, it.after.1]),
        findings: signature.findings.clone(),
        covers_whole_file: signature.covers_whole_file,
        bytes_following: signature.bytes_following,
        later_changes: signature.later_changes,
        permitted: signature.permitted,
        recovered,
        irregular,
        encapsulated: None,
        further_signers: 0,
    }
}

fn digest_is(content: &[u8], covered: &mut Data<'_>) -> Result<EncapsulatedFact> {
    let digest = covered.digest(DigestAlgorithm::Sha1)?;
    Ok(match digest.is_some_and(|digest| digest.value() == content) {
        true => EncapsulatedFact::Same,
        false if content.is_empty() => EncapsulatedFact::Empty,
        false => EncapsulatedFact::Other,
    })
}

fn content_is(
    mut content: Data<'_>,
    bytes: &[u8],
    covered: &mut Data<'_>,
) -> Result<EncapsulatedFact> {
    if bytes.is_empty() {
        return Ok(EncapsulatedFact::Empty);
    }
    let same =
        content.digest(DigestAlgorithm::Sha256)? == covered.digest(DigestAlgorithm::Sha256)?;
    Ok(if same { EncapsulatedFact::Same } else { EncapsulatedFact::Other })
}

fn document_time_stamp(
    file: &dyn Source,
    signature: &PdfSignature,
    certificates: &[Certificate],
    limits: &Limits,
) -> Result<TimeStampFacts> {
    let hashable = !signature.findings.iter().any(|finding| finding.prevents_digest());
    let range = signature.byte_range.filter(|_| hashable);
    let kind = TimeStampType::DocumentTimestamp;
    time_stamp::read(kind, &signature.contents, certificates, limits, |algorithm| match range {
        Some(range) => Data::ranges(file, range.ranges().to_vec()).digest(algorithm),
        None => Ok(None),
    })
}
