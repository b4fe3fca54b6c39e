//! Level LT: the validation data (EN 319 122-1 §6.3), in `SignedData.certificates` and
//! `SignedData.crls`.

use crate::augmentation::found::Found;
use crate::error::Result;
use crate::limits::Limits;
use crate::signature::cms::edit::{Additions, add, ocsp_choice};
use crate::signature::cms::{RevocationInfo, SignedData};
use crate::validation::{ValidationData, Validator};

/// The CMS with the validation data of these signers and of all their time-stamps.
pub(super) fn added(
    cms: &[u8],
    signers: &[usize],
    validator: &Validator,
    limits: &Limits,
) -> Result<Vec<u8>> {
    let parsed = SignedData::parse(cms, limits)?;
    let mut found = Found::new(limits);
    found.take(&parsed)?;
    for n in signers {
        if let Some(Ok(signer)) = parsed.signers().get(*n) {
            found.signer(signer, None)?;
        }
    }
    completed(cms, &parsed, &found, validator, limits)
}

/// The CMS with what is needed, as far as it does not hold it.
pub(in crate::augmentation) fn completed(
    cms: &[u8],
    parsed: &SignedData<'_>,
    found: &Found<'_>,
    validator: &Validator,
    limits: &Limits,
) -> Result<Vec<u8>> {
    let data = validator.validation_data(&found.needed, &found.pool, &found.known)?;
    let data = ValidationData::merged(&data);
    let responses = data.kept.responses.iter().map(|it| it.der());
    let responses = responses.filter(|it| !holds(parsed, it)).map(ocsp_choice);
    let crls = data.kept.crls.iter().map(|it| it.der());
    let crls = crls.filter(|it| !holds(parsed, it)).map(|it| Ok(it.to_vec()));
    let additions = Additions {
        certificates: data.certificates.iter().map(|it| it.der().to_vec()).collect(),
        revocation_infos: crls.chain(responses).collect::<Result<_>>()?,
        ..Additions::default()
    };
    add(cms, additions, limits)
}

fn holds(cms: &SignedData<'_>, der: &[u8]) -> bool {
    cms.revocation_infos().iter().any(|it| match it {
        RevocationInfo::Crl(known)
        | RevocationInfo::OcspResponse(known)
        | RevocationInfo::BasicOcspResponse(known) => *known == der,
        RevocationInfo::Other(_) => false,
    })
}
