//! Level LT: the validation data (EN 319 132-1 §5.4), as far as it is not there.

use super::augmenter::{One, Raised};
use crate::augmentation::found::Found;
use crate::encoding::base64;
use crate::encoding::xml::{Document, NodeId};
use crate::error::{ErrorKind, Result};
use crate::limits::{Limits, within};
use crate::pki::{Certificate, Crl, OcspResponse};
use crate::signature::cms::SignedData;
use crate::signature::xades::{
    PropertyKind, QualifyingProperties, RevocationValue, V1_3_2, V1_4_1,
};
use crate::signature::xmldsig::KeyInfo;
use crate::validation::{ValidationData, Validator};

/// The elements to be added for the signature and all its time-stamps.
pub(super) fn elements(
    raised: &mut Raised<'_, '_>,
    validator: &Validator,
    limits: &Limits,
) -> Result<String> {
    let one = raised.one;
    let mut found = Found::new(limits);
    found.pool = certificates(one.document, &one.properties, &one.key_info, limits)?;
    revocation(one, &mut found, limits)?;
    let signed = one.properties.signed.iter().flat_map(|it| &it.time_stamps);
    let content = tokens(one.document, signed.flat_map(|it| &it.tokens));
    let later = one.properties.unsigned.time_stamps().flat_map(|(_, it)| &it.tokens);
    let later = tokens(one.document, later);
    for token in content.iter().chain(&later) {
        found.take(&SignedData::parse(token, limits)?)?;
    }
    let times: Result<Vec<_>> = later.iter().map(|it| found.time(it)).collect();
    found.need_certificate(one.certificate.clone(), times?.into_iter().min());
    for token in content.iter().chain(&later) {
        found.token(token)?;
    }
    let data = validator.validation_data(&found.needed, &found.pool, &found.known)?;
    let data = ValidationData::merged(&data);
    let held = Held::of(one, limits)?;
    let certificates: Vec<_> =
        data.certificates.iter().map(Certificate::der).filter(|it| held.lacks(it)).collect();
    let crls: Vec<_> = data.kept.crls.iter().map(Crl::der).filter(|it| held.lacks(it)).collect();
    let responses: Vec<_> =
        data.kept.responses.iter().map(OcspResponse::der).filter(|it| held.lacks(it)).collect();
    let unsigned = &one.properties.unsigned;
    // Each is there at most once, and an archive time-stamp may be over it as it is.
    let first = !unsigned
        .has(|it| matches!(it, PropertyKind::CertificateValues | PropertyKind::RevocationValues));
    let values = format!("{}{}", of_certificates(&certificates), of_revocation(&crls, &responses));
    Ok(match (values.is_empty(), first) {
        (true, _) => values,
        (false, true) => values,
        (false, false) => format!(
            "<xades141:TimeStampValidationData xmlns:xades141=\"{V1_4_1}\">{values}\
             </xades141:TimeStampValidationData>"
        ),
    })
}

/// Those of `KeyInfo` and of the unsigned properties. What cannot be read is of no use.
pub(super) fn certificates(
    document: &Document<'_>,
    properties: &QualifyingProperties,
    key_info: &KeyInfo,
    limits: &Limits,
) -> Result<Vec<Certificate>> {
    let mut all = key_info.certificates.clone();
    for node in properties.unsigned.all.iter().flat_map(|it| it.certificate_values(document)) {
        let Some(der) = base64::decode(&document.text_of(node)) else { continue };
        match Certificate::from_der_within(&der, limits) {
            Ok(it) if !all.contains(&it) => all.push(it),
            Err(error) if error.kind() == ErrorKind::LimitExceeded => return Err(error),
            Ok(_) | Err(_) => {}
        }
        within(all.len(), limits.certificates, "certificates of a signature")?;
    }
    Ok(all)
}

fn revocation(one: &One<'_>, found: &mut Found<'_>, limits: &Limits) -> Result<()> {
    for property in &one.properties.unsigned.all {
        for value in property.revocation_values(one.document) {
            let (RevocationValue::Crl(node) | RevocationValue::Ocsp(node)) = value;
            let Some(der) = base64::decode(&one.document.text_of(node)) else { continue };
            match value {
                RevocationValue::Crl(_) => {
                    found.known.crls.extend(Crl::from_der(der.as_slice(), limits).ok());
                }
                RevocationValue::Ocsp(_) => {
                    found.known.responses.extend(OcspResponse::from_der(&der, limits).ok());
                }
            }
        }
    }
    Ok(())
}

fn tokens<'t>(document: &Document<'_>, nodes: impl Iterator<Item = &'t NodeId>) -> Vec<Vec<u8>> {
    nodes.filter_map(|it| base64::decode(&document.text_of(*it))).collect()
}

/// What the signature holds already, where a validator looks for it.
struct Held(Vec<Vec<u8>>);

impl Held {
    fn of(one: &One<'_>, limits: &Limits) -> Result<Self> {
        let mut all: Vec<_> = certificates(one.document, &one.properties, &one.key_info, limits)?
            .iter()
            .map(|it| it.der().to_vec())
            .collect();
        for property in &one.properties.unsigned.all {
            for value in property.revocation_values(one.document) {
                let (RevocationValue::Crl(node) | RevocationValue::Ocsp(node)) = value;
                all.extend(base64::decode(&one.document.text_of(node)));
            }
        }
        Ok(Self(all))
    }

    fn lacks(&self, der: &[u8]) -> bool {
        !self.0.iter().any(|it| it == der)
    }
}

fn of_certificates(all: &[&[u8]]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let all: String = all.iter().map(|it| value("EncapsulatedX509Certificate", it)).collect();
    format!("<xades:CertificateValues xmlns:xades=\"{V1_3_2}\">{all}</xades:CertificateValues>")
}

fn of_revocation(crls: &[&[u8]], responses: &[&[u8]]) -> String {
    if crls.is_empty() && responses.is_empty() {
        return String::new();
    }
    let list = |name: &str, one: &str, all: &[&[u8]]| match all.is_empty() {
        true => String::new(),
        false => {
            let all: String = all.iter().map(|it| value(one, it)).collect();
            format!("<xades:{name}>{all}</xades:{name}>")
        }
    };
    let crls = list("CRLValues", "EncapsulatedCRLValue", crls);
    let responses = list("OCSPValues", "EncapsulatedOCSPValue", responses);
    format!(
        "<xades:RevocationValues xmlns:xades=\"{V1_3_2}\">{crls}{responses}</xades:RevocationValues>"
    )
}

fn value(name: &str, der: &[u8]) -> String {
    format!("<xades:{name}>{}</xades:{name}>", base64::encode(der))
}
