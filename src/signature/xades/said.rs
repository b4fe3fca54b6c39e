//! What signers say of themselves and of the rules that they sign under, as text.

use super::algorithms::digest_uri;
use super::write::{self, element};
use crate::error::Result;
use crate::signature::cades::SignaturePolicy;

/// Where it was signed (EN 319 132-1 §5.2.5); what is empty is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProductionPlace {
    /// A city or town.
    pub city: String,
    /// Street and number.
    pub street: String,
    /// A province.
    pub province: String,
    /// As the post has it.
    pub postal_code: String,
    /// A country.
    pub country: String,
}

impl ProductionPlace {
    pub(super) fn text(&self) -> Result<String> {
        let parts = [
            ("xades:City", &self.city),
            ("xades:StreetAddress", &self.street),
            ("xades:StateOrProvince", &self.province),
            ("xades:PostalCode", &self.postal_code),
            ("xades:CountryName", &self.country),
        ];
        let given = parts.into_iter().filter(|(_, it)| !it.is_empty());
        let text: Result<String> = given.map(|(name, it)| element(name, it)).collect();
        let text = text?;
        Ok(match text.is_empty() {
            true => text,
            false => format!(
                "<xades:SignatureProductionPlaceV2>{text}</xades:SignatureProductionPlaceV2>"
            ),
        })
    }
}

/// `SignaturePolicyIdentifier` (EN 319 132-1 §5.2.9).
pub(super) fn policy_text(policy: &SignaturePolicy) -> Result<String> {
    let within = match policy.named() {
        None => "<xades:SignaturePolicyImplied></xades:SignaturePolicyImplied>".to_owned(),
        Some((oid, digest, uri)) => {
            let qualifiers = match uri {
                None => String::new(),
                Some(uri) => {
                    let uri = element("xades:SPURI", uri)?;
                    format!(
                        "<xades:SigPolicyQualifiers><xades:SigPolicyQualifier>{uri}\
                         </xades:SigPolicyQualifier></xades:SigPolicyQualifiers>"
                    )
                }
            };
            let digest = write::digest(digest_uri(digest.algorithm())?, digest.value());
            format!(
                "<xades:SignaturePolicyId><xades:SigPolicyId><xades:Identifier \
                 Qualifier=\"OIDAsURN\">urn:oid:{oid}</xades:Identifier></xades:SigPolicyId>\
                 <xades:SigPolicyHash>{digest}</xades:SigPolicyHash>{qualifiers}\
                 </xades:SignaturePolicyId>"
            )
        }
    };
    Ok(format!("<xades:SignaturePolicyIdentifier>{within}</xades:SignaturePolicyIdentifier>"))
}
