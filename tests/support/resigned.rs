//! XAdES signatures that were changed by hand, as other programs write what this crate does
//! not, and signed anew by the same key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kyso::{DigestAlgorithm, Signer, ToBeSigned};

use super::cms::items;

pub(crate) const DS: &str = " xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"";
const XADES: &str = " xmlns:xades=\"http://uri.etsi.org/01903/v1.3.2#\"";

/// The text between two marks, both left out.
pub(crate) fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let (_, rest) = text.split_once(from).unwrap();
    rest.split_once(to).unwrap().0
}

/// In base64.
pub(crate) fn digest(octets: &[u8]) -> String {
    STANDARD.encode(DigestAlgorithm::Sha256.digest(octets).value())
}

/// The exclusive canonical form of an element of XAdES that is written in that form but for
/// namespaces, with elements of XMLDSig that have none of their own kind within.
pub(crate) fn canonical(element: &str) -> String {
    let (name, rest) = element.split_at(element.find([' ', '>']).unwrap());
    let rest = rest.split("<ds:").collect::<Vec<_>>();
    let with = rest[1..].iter().map(|it| {
        let (name, more) = it.split_at(it.find([' ', '>']).unwrap());
        format!("<ds:{name}{DS}{more}")
    });
    format!("{name}{XADES}{}{}", rest[0], with.collect::<String>())
}

/// With the digest of its properties, if it refers to them, and its value as they have to be.
pub(crate) fn resigned(signature: &str, signer: &dyn Signer) -> String {
    let mut signature = declared_once(signature);
    if let Some(at) = signature.find("#SignedProperties\"") {
        let end = "</xades:SignedProperties>";
        let inside = between(&signature, "<xades:SignedProperties", end);
        let element = format!("<xades:SignedProperties{inside}{end}");
        let value = digest(canonical(&element).as_bytes());
        let (before, after) = signature.split_at(at);
        let old = between(after, "<ds:DigestValue>", "<").to_owned();
        signature = format!("{before}{}", after.replacen(&old, &value, 1));
    }
    let info = between(&signature, "<ds:SignedInfo>", "</ds:SignedInfo>");
    let info = format!("<ds:SignedInfo{DS}>{info}</ds:SignedInfo>");
    let to_be_signed = serde_json::json!({
        "bytes": STANDARD.encode(info),
        "algorithm": signer.algorithm(),
    });
    let to_be_signed: ToBeSigned = serde_json::from_value(to_be_signed).unwrap();
    let value = signer.sign(&to_be_signed).unwrap();
    let value = serde_json::to_value(&value).unwrap();
    let value = STANDARD.decode(value.as_str().unwrap()).unwrap();
    let value = STANDARD.encode(in_xml(&value));
    let (before, after) = signature.split_once("<ds:SignatureValue").unwrap();
    let (attributes, after) = after.split_once('>').unwrap();
    let (_, after) = after.split_once('<').unwrap();
    format!("{before}<ds:SignatureValue{attributes}>{value}<{after}")
}

/// Without the declarations that the signature's own start tag makes needless: what is
/// canonical declares them again.
fn declared_once(signature: &str) -> String {
    let (before, after) = signature.split_once(DS).unwrap();
    format!("{before}{DS}{}", after.replace(DS, ""))
}

/// ECDSA by P-256: both numbers one after the other (RFC 4050 §3.3).
fn in_xml(der: &[u8]) -> Vec<u8> {
    let numbers = items(items(der)[0].1);
    let number = |it: &[u8]| {
        let digits: Vec<u8> = it.iter().copied().skip_while(|it| *it == 0).collect();
        [vec![0; 32 - digits.len()], digits].concat()
    };
    numbers.iter().flat_map(|it| number(it.1)).collect()
}
