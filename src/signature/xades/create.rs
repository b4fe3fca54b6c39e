//! Everything of an XAdES signature but its value (EN 319 132-1 §6.3), as text.
//!
//! All of it is canonicalized exclusively, so that it means the same wherever it is put.

use super::algorithms::{digest_uri, signature_uri};
use super::names::{DSIG, SIGNED_PROPERTIES_TYPE, V1_3_2};
use super::write::element;
use crate::crypto::{Digest, DigestAlgorithm, SignatureAlgorithm};
use crate::encoding::asn1::writer::{INTEGER, SEQUENCE, constructed, tlv};
use crate::encoding::base64;
use crate::encoding::xml::{Document, NodeId};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::pki::Certificate;
use crate::signature::xmldsig::{
    CANONICALIZATION, Draft, NewReference, Parts, Transform, digest, digest_within, key_info,
};
use crate::time::UtcTime;

/// What is signed besides the properties.
pub(super) struct Reference {
    /// Empty for the whole document that the signature stands in.
    pub(super) uri: String,
    pub(super) transforms: Vec<Transform>,
    pub(super) digest: Digest,
    pub(super) kind: Option<&'static str>,
    /// Nothing where it needs no format, as for a signature that is countersigned.
    pub(super) mime_type: Option<String>,
}

/// What the signer says.
pub(super) struct Statement<'a> {
    pub(super) id: &'a str,
    pub(super) chain: &'a [Certificate],
    pub(super) algorithm: SignatureAlgorithm,
    pub(super) signing_time: UtcTime,
    /// Elements for `SignedSignatureProperties` behind the reference to the certificate.
    pub(super) of_signature: String,
    /// Elements for `SignedDataObjectProperties` behind the formats.
    pub(super) of_data: String,
    pub(super) references: Vec<Reference>,
    /// The start tag of an Object that is to hold the document.
    pub(super) holds: Option<String>,
}

impl Statement<'_> {
    /// # Errors
    /// `Misuse` for what XML cannot carry or name.
    pub(super) fn parts(self) -> Result<Parts> {
        signature_uri(self.algorithm)?;
        let (by, id) = (self.algorithm.digest(), self.id);
        let object = self.object(by)?;
        let properties = format!("{id}-properties");
        let covered = NewReference {
            id: None,
            type_uri: Some(SIGNED_PROPERTIES_TYPE.to_owned()),
            transforms: vec![Transform::Canonicalization(CANONICALIZATION)],
            digest: digest_within(&object, &properties, by)?,
            uri: Some(format!("#{properties}")),
        };
        let to_data = self.references.into_iter().zip(1_usize..).map(|(it, n)| NewReference {
            id: Some(format!("{id}-reference-{n}")),
            uri: Some(it.uri),
            type_uri: it.kind.map(str::to_owned),
            transforms: it.transforms,
            digest: it.digest,
        });
        let draft = Draft {
            id: Some(id.to_owned()),
            value_id: Some(format!("{id}-value")),
            algorithm: self.algorithm,
            references: to_data.chain([covered]).collect(),
            key_info: Some(key_info(None, self.chain)),
            objects: vec![object],
            holds: self.holds,
        };
        draft.parts()
    }

    /// The Object with the properties; it declares what it uses, so that it can be read alone.
    fn object(&self, by: DigestAlgorithm) -> Result<String> {
        let id = self.id;
        let certificate = self
            .chain
            .first()
            .ok_or_else(|| Error::misuse("a signature needs the signer's certificate"))?;
        let time = element("xades:SigningTime", &self.signing_time.whole_seconds().to_string())?;
        let certificate = signing_certificate(certificate, by)?;
        let formats: Result<String> = self.references.iter().enumerate().map(format(id)).collect();
        let of_data = format!("{}{}", formats?, self.of_data);
        let of_data = match of_data.is_empty() {
            true => of_data,
            false => format!(
                "<xades:SignedDataObjectProperties>{of_data}</xades:SignedDataObjectProperties>"
            ),
        };
        let of_signature = &self.of_signature;
        Ok(format!(
            "<ds:Object xmlns:ds=\"{DSIG}\"><xades:QualifyingProperties \
             xmlns:xades=\"{V1_3_2}\" Target=\"#{id}\"><xades:SignedProperties \
             Id=\"{id}-properties\"><xades:SignedSignatureProperties>{time}{certificate}\
             {of_signature}</xades:SignedSignatureProperties>{of_data}\
             </xades:SignedProperties></xades:QualifyingProperties></ds:Object>"
        ))
    }
}

/// The formats of the signed data (EN 319 132-1 §5.2.4), in their order.
fn format(id: &str) -> impl Fn((usize, &Reference)) -> Result<String> + '_ {
    move |(n, reference)| {
        let Some(mime_type) = &reference.mime_type else { return Ok(String::new()) };
        let mime_type = element("xades:MimeType", mime_type)?;
        let n = n.saturating_add(1);
        Ok(format!(
            "<xades:DataObjectFormat ObjectReference=\"#{id}-reference-{n}\">{mime_type}\
             </xades:DataObjectFormat>"
        ))
    }
}

/// `SigningCertificateV2` (EN 319 132-1 §5.2.2).
fn signing_certificate(certificate: &Certificate, by: DigestAlgorithm) -> Result<String> {
    // Refuses what nothing is to be signed with.
    digest_uri(by)?;
    let digest = digest(&by.digest(certificate.der()));
    let name = tlv(constructed(4), &[certificate.issuer_name().der()]);
    let serial = tlv(INTEGER, &[certificate.serial_octets()]);
    let issuer_serial = tlv(SEQUENCE, &[&tlv(SEQUENCE, &[&name]), &serial]);
    let issuer_serial = base64::encode(&issuer_serial);
    Ok(format!(
        "<xades:SigningCertificateV2><xades:Cert><xades:CertDigest>{digest}</xades:CertDigest>\
         <xades:IssuerSerialV2>{issuer_serial}</xades:IssuerSerialV2></xades:Cert>\
         </xades:SigningCertificateV2>"
    ))
}

/// Whether a signature that was kept still has what is signed where it is looked for and, if
/// that says that it has properties, those, and this as its signer's certificate: what was
/// stored may have been exchanged.
pub(crate) fn is_as_prepared(
    signature: &str,
    to_be_signed: &[u8],
    certificate: &Certificate,
) -> Result<bool> {
    let limits = Limits::default();
    let document = Document::parse(signature, 0, &limits)?;
    let root = document.root_element();
    let canonical = |node: NodeId| {
        let mut octets = Vec::new();
        CANONICALIZATION.write_subtree(&document, node, &mut octets).map(|()| octets)
    };
    let info = document.children_named(root, DSIG, "SignedInfo").next();
    if info.map(canonical).transpose()?.as_deref() != Some(to_be_signed) {
        return Ok(false);
    }
    let text = std::str::from_utf8(to_be_signed).unwrap_or_default();
    if !text.contains(&format!(" Type=\"{SIGNED_PROPERTIES_TYPE}\"")) {
        return Ok(true);
    }
    let properties = super::QualifyingProperties::read(&document, root, &limits)?;
    let Some(signed) = properties.and_then(|it| it.signed) else { return Ok(false) };
    let octets = canonical(signed.node)?;
    let reference = signed.signing_certificate.and_then(|it| it.references.into_iter().next());
    let names = reference.is_some_and(|it| it.digest_matches(certificate) == Some(true));
    let by = DigestAlgorithm::ALL.into_iter().filter(|it| digest_uri(*it).is_ok());
    let mut values = by.map(|it| base64::encode(it.digest(&octets).value()));
    Ok(names && values.any(|it| text.contains(&format!(">{it}</ds:DigestValue>"))))
}
