//! What signers say of themselves and of the rules that they sign under, as text.

use super::algorithms::digest_uri;
use super::write::element;
use crate::error::Result;
use crate::signature::cades::SignaturePolicy;
use crate::signature::xmldsig;

/// What a signer says besides who and when.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    pub(super) policy: Option<SignaturePolicy>,
    pub(super) place: Option<ProductionPlace>,
    pub(super) roles: Vec<String>,
    pub(super) commitments: Vec<String>,
}

impl Said {
    /// Of the signature, in the order of the schema.
    pub(super) fn of_signature(&self) -> Result<String> {
        let policy = self.policy.as_ref().map(policy_text).transpose()?;
        let place = self.place.as_ref().map(ProductionPlace::text).transpose()?;
        let text = format!("{}{}", policy.unwrap_or_default(), place.unwrap_or_default());
        if self.roles.is_empty() {
            return Ok(text);
        }
        let roles: Result<String> =
            self.roles.iter().map(|it| element("xades:ClaimedRole", it)).collect();
        Ok(format!(
            "{text}<xades:SignerRoleV2><xades:ClaimedRoles>{}</xades:ClaimedRoles>\
             </xades:SignerRoleV2>",
            roles?
        ))
    }

    /// Of all data.
    pub(super) fn of_data(&self) -> Result<String> {
        let commitment = |it: &String| {
            let id = element("xades:Identifier", it)?;
            Ok(format!(
                "<xades:CommitmentTypeIndication><xades:CommitmentTypeId>{id}\
                 </xades:CommitmentTypeId><xades:AllSignedDataObjects>\
                 </xades:AllSignedDataObjects></xades:CommitmentTypeIndication>"
            ))
        };
        self.commitments.iter().map(commitment).collect()
    }
}

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
    fn text(&self) -> Result<String> {
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
fn policy_text(policy: &SignaturePolicy) -> Result<String> {
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
            // Refuses what nothing is to be signed with.
            digest_uri(digest.algorithm())?;
            let digest = xmldsig::digest(digest);
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
