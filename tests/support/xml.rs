//! Signatures in XML that are put together by hand: any reference, any part, a value that holds.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kyso::{DigestAlgorithm, SignatureAlgorithm};

use crate::raw_key::RawKey;

pub(crate) const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
pub(crate) const XADES: &str = "http://uri.etsi.org/01903/v1.3.2#";
pub(crate) const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
pub(crate) const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
pub(crate) const OF_PROPERTIES: &str = "http://uri.etsi.org/01903#SignedProperties";

/// A file among the keys of tests.
fn key_file(name: &str) -> Vec<u8> {
    std::fs::read(format!("testdata/keys/{name}")).unwrap()
}

/// The certificate of the key that signs, in base64.
pub(crate) fn certificate() -> String {
    let pem = String::from_utf8(key_file("p256.crt.pem")).unwrap();
    let first = pem.split("-----END").next().unwrap();
    first.lines().filter(|it| !it.starts_with("--")).collect()
}

pub(crate) fn digest(octets: &[u8]) -> String {
    STANDARD.encode(DigestAlgorithm::Sha256.digest(octets).value())
}

/// One transform: its identifier, and an expression where there is a bar after it.
fn transform(written: &str) -> String {
    let (uri, inside) = match written.split_once('|') {
        Some((uri, expression)) => (uri, format!("<ds:XPath>{expression}</ds:XPath>")),
        None => (written, String::new()),
    };
    format!("<ds:Transform Algorithm=\"{uri}\">{inside}</ds:Transform>")
}

/// The transform by an expression.
pub(crate) fn xpath(expression: &str) -> String {
    format!("http://www.w3.org/TR/1999/REC-xpath-19991116|{expression}")
}

/// A reference as it stands in canonical form. `attributes` are in the order of their names.
pub(crate) fn reference(attributes: &str, transforms: &[&str], digested: &[u8]) -> String {
    let transforms: String = transforms.iter().map(|it| transform(it)).collect();
    let transforms = match transforms.is_empty() {
        true => transforms,
        false => format!("<ds:Transforms>{transforms}</ds:Transforms>"),
    };
    format!(
        "<ds:Reference {attributes}>{transforms}<ds:DigestMethod \
         Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod>\
         <ds:DigestValue>{}</ds:DigestValue></ds:Reference>",
        digest(digested)
    )
}

/// `SignedProperties` in the exclusive form; `more` stands behind the certificate.
pub(crate) fn properties(time: &str, more: &str) -> String {
    let der = STANDARD.decode(certificate()).unwrap();
    format!(
        "<xades:SignedProperties xmlns:xades=\"{XADES}\" Id=\"sp\">\
         <xades:SignedSignatureProperties><xades:SigningTime>{time}</xades:SigningTime>\
         <xades:SigningCertificateV2><xades:Cert><xades:CertDigest>\
         <ds:DigestMethod xmlns:ds=\"{DS}\" \
         Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod>\
         <ds:DigestValue xmlns:ds=\"{DS}\">{}</ds:DigestValue></xades:CertDigest></xades:Cert>\
         </xades:SigningCertificateV2>{more}</xades:SignedSignatureProperties>\
         </xades:SignedProperties>",
        digest(&der)
    )
}

/// The reference to all of the properties.
pub(crate) fn to_properties(properties: &str) -> String {
    let attributes = format!("Type=\"{OF_PROPERTIES}\" URI=\"#sp\"");
    reference(&attributes, &[EXCLUSIVE], properties.as_bytes())
}

/// The Object that the properties stand in.
pub(crate) fn qualifying(properties: &str) -> String {
    format!(
        "<ds:Object><xades:QualifyingProperties xmlns:xades=\"{XADES}\" Target=\"#s\">{properties}\
         </xades:QualifyingProperties></ds:Object>"
    )
}

/// `KeyInfo` in the exclusive form.
pub(crate) fn key_info() -> String {
    let certificate = certificate();
    format!(
        "<ds:KeyInfo xmlns:ds=\"{DS}\" Id=\"k\"><ds:X509Data>\
         <ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
    )
}

/// A `ds:Signature` of these references whose value holds; `rest` is what follows the value.
pub(crate) fn signature(references: &[String], rest: &str) -> String {
    let references = references.concat();
    let signed_info = format!(
        "<ds:SignedInfo xmlns:ds=\"{DS}\"><ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\">\
         </ds:CanonicalizationMethod><ds:SignatureMethod \
         Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256\"></ds:SignatureMethod>\
         {references}</ds:SignedInfo>"
    );
    let algorithm = SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha256);
    let digest = DigestAlgorithm::Sha256.digest(signed_info.as_bytes());
    let key = RawKey::from_pem(&key_file("p256.key.pem"));
    let value = STANDARD.encode(key.sign(algorithm, digest.value()));
    format!(
        "<ds:Signature xmlns:ds=\"{DS}\" Id=\"s\">{signed_info}<ds:SignatureValue Id=\"v\">{value}\
         </ds:SignatureValue>{rest}</ds:Signature>"
    )
}
