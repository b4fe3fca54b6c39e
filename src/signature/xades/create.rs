//! Everything of an XAdES signature but its value (EN 319 132-1 §6.3), as text.
//!
//! All of it is canonicalized exclusively, so that it means the same wherever it is put.

use super::algorithms::{EXCLUSIVE, digest_uri, signature_uri};
use super::names::{DSIG, SIGNED_PROPERTIES_TYPE, V1_3_2};
use super::write::{digest, element, escaped, key_info};
use crate::crypto::{Digest, DigestAlgorithm, DigestContext, SignatureAlgorithm};
use crate::encoding::asn1::writer::{INTEGER, SEQUENCE, constructed, tlv};
use crate::encoding::base64;
use crate::encoding::xml::{Canonicalization, Document, Method, NodeId, Sink};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::pki::Certificate;
use crate::time::UtcTime;

/// What is signed besides the properties.
pub(super) struct Reference {
    /// Empty for the whole document that the signature stands in.
    pub(super) uri: String,
    pub(super) transforms: &'static [&'static str],
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
    /// Further Objects, as they stand.
    pub(super) objects: String,
}

/// A signature without its value.
#[derive(Debug)]
pub(super) struct Unsigned {
    /// Up to the value, and from there.
    pub(super) head: String,
    pub(super) tail: String,
    /// The canonical form of `SignedInfo`.
    pub(super) to_be_signed: Vec<u8>,
}

impl Statement<'_> {
    /// # Errors
    /// `Misuse` for what XML cannot carry or name.
    pub(super) fn unsigned(&self) -> Result<Unsigned> {
        let by = self.algorithm.digest();
        let properties = self.properties(by)?;
        let object = format!("<ds:Object>{properties}</ds:Object>");
        let open = format!("<ds:Signature xmlns:ds=\"{DSIG}\" Id=\"{}\">", self.id);
        let whole = format!("{open}{object}</ds:Signature>");
        let covered = canonical_digest(&whole, "SignedProperties", by)?;
        let info = self.signed_info(by, &covered)?;
        let head = format!("{open}{info}<ds:SignatureValue Id=\"{}-value\">", self.id);
        let key_info = key_info(self.chain);
        // The other Objects change nothing of what is signed, and may be large.
        let whole = format!("{head}</ds:SignatureValue>{key_info}{object}</ds:Signature>");
        let to_be_signed = canonical(&whole, "SignedInfo")?;
        let objects = &self.objects;
        let tail = format!("</ds:SignatureValue>{key_info}{object}{objects}</ds:Signature>");
        Ok(Unsigned { head, tail, to_be_signed })
    }

    fn properties(&self, by: DigestAlgorithm) -> Result<String> {
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
            "<xades:QualifyingProperties xmlns:xades=\"{V1_3_2}\" Target=\"#{id}\">\
             <xades:SignedProperties Id=\"{id}-properties\"><xades:SignedSignatureProperties>\
             {time}{certificate}{of_signature}</xades:SignedSignatureProperties>{of_data}\
             </xades:SignedProperties></xades:QualifyingProperties>"
        ))
    }

    fn signed_info(&self, by: DigestAlgorithm, properties: &Digest) -> Result<String> {
        let method = signature_uri(self.algorithm)?;
        let mut references = String::new();
        for (n, reference) in self.references.iter().enumerate() {
            let id = format!("{}-reference-{}", self.id, n.saturating_add(1));
            references.push_str(&reference.text(&id)?);
        }
        let properties = Reference {
            uri: format!("#{}-properties", self.id),
            transforms: &[EXCLUSIVE],
            digest: Digest::new(by, properties.value())?,
            kind: Some(SIGNED_PROPERTIES_TYPE),
            mime_type: None,
        };
        references.push_str(&properties.text("")?);
        Ok(format!(
            "<ds:SignedInfo><ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\">\
             </ds:CanonicalizationMethod><ds:SignatureMethod Algorithm=\"{method}\">\
             </ds:SignatureMethod>{references}</ds:SignedInfo>"
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

impl Reference {
    fn text(&self, id: &str) -> Result<String> {
        let id = if id.is_empty() { String::new() } else { format!(" Id=\"{id}\"") };
        let kind = self.kind.map(|it| format!(" Type=\"{it}\"")).unwrap_or_default();
        let transforms = self.transforms.iter();
        let transforms: String = transforms
            .map(|it| format!("<ds:Transform Algorithm=\"{it}\"></ds:Transform>"))
            .collect();
        let transforms = match transforms.is_empty() {
            true => transforms,
            false => format!("<ds:Transforms>{transforms}</ds:Transforms>"),
        };
        let uri = escaped(&self.uri)?;
        let digest = digest(digest_uri(self.digest.algorithm())?, self.digest.value());
        Ok(format!("<ds:Reference{id}{kind} URI=\"{uri}\">{transforms}{digest}</ds:Reference>"))
    }
}

/// `SigningCertificateV2` (EN 319 132-1 §5.2.2).
fn signing_certificate(certificate: &Certificate, by: DigestAlgorithm) -> Result<String> {
    let value = by.digest(certificate.der());
    let digest = digest(digest_uri(by)?, value.value());
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

/// Digests what is written to it.
pub(crate) struct Digesting(pub(crate) DigestContext);

impl Sink for Digesting {
    fn write(&mut self, octets: &[u8]) -> Result<()> {
        self.0.update(octets);
        Ok(())
    }
}

fn canonical_digest(text: &str, local: &str, by: DigestAlgorithm) -> Result<Digest> {
    Ok(by.digest(&canonical(text, local)?))
}

/// The exclusive canonical form of the first element of this name.
fn canonical(text: &str, local: &str) -> Result<Vec<u8>> {
    let limits = generous();
    let document = Document::parse(text, 0, &limits)?;
    let named = |it: &NodeId| document.element(*it).is_some_and(|it| it.local == local);
    let node = document.subtree(NodeId::ROOT).find(named);
    let node = node.ok_or_else(|| Error::misuse("the signature is not as it was prepared"))?;
    let mut octets = Vec::new();
    Canonicalization::new(Method::Exclusive, false).write_subtree(&document, node, &mut octets)?;
    Ok(octets)
}

/// For text that this crate made, with what its caller handed in.
fn generous() -> Limits {
    Limits { xml_text_bytes: usize::MAX, ..Limits::default() }
}

/// Whether a signature says that this is its signer's certificate, and what is signed is its
/// `SignedInfo`, by which its properties are signed: what was stored may have been exchanged.
pub(crate) fn is_as_prepared(
    signature: &str,
    to_be_signed: &[u8],
    certificate: &Certificate,
) -> Result<bool> {
    let limits = generous();
    let document = Document::parse(signature, 0, &limits)?;
    let root = document.root_element();
    let properties = super::QualifyingProperties::read(&document, root, &limits)?;
    let signed = properties.and_then(|it| it.signed);
    let Some(signed) = signed else { return Ok(false) };
    let reference = signed.signing_certificate.and_then(|it| it.references.into_iter().next());
    let names = reference.is_some_and(|it| it.digest_matches(certificate) == Some(true));
    let by = DigestAlgorithm::ALL.into_iter().filter(|it| digest_uri(*it).is_ok());
    let text = std::str::from_utf8(to_be_signed).unwrap_or_default();
    let mut octets = Vec::new();
    let method = Canonicalization::new(Method::Exclusive, false);
    method.write_subtree(&document, signed.node, &mut octets)?;
    let mut values = by.map(|it| base64::encode(it.digest(&octets).value()));
    Ok(names
        && values.any(|it| text.contains(&format!(">{it}</ds:DigestValue>")))
        && canonical(signature, "SignedInfo")? == to_be_signed)
}
