//! What time-stamp tokens say (RFC 3161 §2.4.2), and who signed them. Whether one proves
//! anything is not judged here.

use super::cms::{CmsSource, collect};
use super::data::Data;
use crate::crypto::{Digest, DigestAlgorithm};
use crate::error::{ErrorKind, Result};
use crate::limits::Limits;
use crate::pki::{Certificate, Memory};
use crate::signature::cades::{Imprints, SignedContent};
use crate::signature::cms::{SignedData, SignerInfo, TimeStampKind, oids};
use crate::signature::tsp::TimeStampInfo;
use crate::validation::facts::{Covers, Form, Named, TimeStampFacts, TimeStampType};
use crate::validation::poe::ObjectId;

/// What a token is read with.
#[derive(Clone, Copy)]
pub(in crate::validation) struct Beside<'a> {
    /// Certificates that are known besides its own.
    pub(in crate::validation) certificates: &'a [Certificate],
    /// What was read before.
    pub(in crate::validation) memory: &'a Memory,
    pub(in crate::validation) limits: &'a Limits,
}

/// The tokens among the attributes of a signer.
pub(super) fn beside(
    source: &CmsSource<'_>,
    signer: &SignerInfo<'_>,
    data: &mut Option<Data<'_>>,
    certificates: &[Certificate],
) -> Result<Vec<TimeStampFacts>> {
    let limits = source.limits;
    let known = Beside { certificates, memory: source.memory, limits };
    let mut imprints = Imprints::new(source.signed_data, signer, limits);
    let mut all = Vec::new();
    if let Some(attributes) = signer.signed_attributes() {
        for token in attributes.content_time_stamps() {
            let kind = TimeStampType::ContentTimestamp;
            all.push(read(kind, token, known, |algorithm| match data {
                Some(data) => data.digest(algorithm),
                None => Ok(None),
            })?);
        }
    }
    for (kind, token) in signer.unsigned_attributes().time_stamps() {
        let content = data.as_mut().map(|data| data as &mut dyn SignedContent);
        let mut info = None;
        let mut facts = compared(type_of(kind), token, known, |said| {
            info = Some(said.clone());
            imprints.is_over(kind, token, said, content)
        })?;
        if let Some(info) = info.filter(|_| facts.imprint_intact == Some(true)) {
            let covered = imprints.covered(kind, token, &info)?;
            let mut objects = Vec::new();
            covered.for_each(limits, &mut |octets| objects.push(ObjectId::of(octets)))?;
            facts.covers = Covers::Objects(objects);
            facts.index = covered.index.and_then(|it| it.algorithm);
        }
        all.push(facts);
    }
    Ok(all)
}

/// A token that stands by itself, over the content as a whole.
///
/// # Errors
/// `LimitExceeded` when a bound was reached; `Io` when the content cannot be read.
pub(in crate::validation) fn alone(
    token: &[u8],
    known: Beside<'_>,
    mut content: Option<Data<'_>>,
) -> Result<TimeStampFacts> {
    let kind = TimeStampType::ContentTimestamp;
    read(kind, token, known, |algorithm| match &mut content {
        Some(content) => content.digest(algorithm),
        None => Ok(None),
    })
}

fn type_of(kind: TimeStampKind) -> TimeStampType {
    match kind {
        TimeStampKind::Signature => TimeStampType::SignatureTimestamp,
        TimeStampKind::CadesC => TimeStampType::ValidationDataTimestamp,
        TimeStampKind::References => TimeStampType::ValidationDataRefsTimestamp,
        TimeStampKind::Archive | TimeStampKind::ArchiveV2 | TimeStampKind::ArchiveV3 => {
            TimeStampType::ArchiveTimestamp
        }
    }
}

/// The digest that a token's imprint is, where it can be read.
pub(super) fn imprint_algorithm(token: &[u8], limits: &Limits) -> Option<DigestAlgorithm> {
    DigestAlgorithm::from_oid(info(token, limits)?.algorithm)
}

/// What a token says, where it can be read.
pub(super) fn info(token: &[u8], limits: &Limits) -> Option<TimeStampInfo> {
    let content = SignedData::parse(token, limits).ok()?.content()?;
    TimeStampInfo::read(&content.bytes().ok()?, limits).ok()
}

/// Reads one token. `imprinted` is the digest of what it is over, where that can be told.
///
/// # Errors
/// `LimitExceeded` when a bound was reached; a token that cannot be read is a fact.
pub(super) fn read(
    kind: TimeStampType,
    token: &[u8],
    known: Beside<'_>,
    imprinted: impl FnOnce(DigestAlgorithm) -> Result<Option<Digest>>,
) -> Result<TimeStampFacts> {
    compared(kind, token, known, |info| {
        let Some(algorithm) = DigestAlgorithm::from_oid(info.algorithm) else { return Ok(None) };
        Ok(imprinted(algorithm)?.map(|digest| digest.value() == info.imprint))
    })
}

/// As [`read`]; `is_over` says whether the imprint is that of what the token is over.
pub(super) fn compared(
    kind: TimeStampType,
    token: &[u8],
    Beside { certificates, memory, limits }: Beside<'_>,
    is_over: impl FnOnce(&TimeStampInfo) -> Result<Option<bool>>,
) -> Result<TimeStampFacts> {
    let mut facts = TimeStampFacts {
        kind,
        id: ObjectId::of(token),
        octets: token.to_vec(),
        time: None,
        imprint: Named::NOTHING,
        index: None,
        imprint_intact: None,
        token: None,
        covers: Covers::Objects(Vec::new()),
    };
    let signed_data = match SignedData::parse(token, limits) {
        Ok(signed_data) => signed_data,
        Err(error) if error.kind() == ErrorKind::LimitExceeded => return Err(error),
        Err(_) => return Ok(facts),
    };
    let typed = signed_data.content_type() == oids::ID_CT_TST_INFO;
    let Some(content) = signed_data.content().filter(|_| typed) else { return Ok(facts) };
    if let Ok(info) = TimeStampInfo::read(&content.bytes()?, limits) {
        facts.time = Some(info.time);
        facts.imprint = Named::by_oid(DigestAlgorithm::from_oid(info.algorithm), info.algorithm);
        facts.imprint_intact = is_over(&info)?;
    }
    // RFC 3161 §2.4.2: one signer, and no other.
    if signed_data.signers().len() != 1 {
        return Ok(facts);
    }
    let source = CmsSource {
        signed_data: &signed_data,
        id: "",
        form: Some(Form::Cms),
        certificates,
        time_stamps: false,
        memory,
        limits,
    };
    let signers = collect(&source, &mut Some(Data::encapsulated(content)))?;
    facts.token = signers.into_iter().next().map(Box::new);
    Ok(facts)
}
