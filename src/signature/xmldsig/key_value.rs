//! Keys as XML writes them (XMLDSig 1.1 §4.5.2), as `SubjectPublicKeyInfo`.

use der::asn1::ObjectIdentifier;

use super::base64::octets;
use super::value::integer;
use super::{DS, DSIG11};
use crate::encoding::asn1::writer::{NULL, OID, SEQUENCE, tlv};
use crate::encoding::xml::{Document, NodeId};

const BIT_STRING: u8 = 0x03;
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const DSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10040.4.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

/// What a `KeyValue` or `DEREncodedKeyValue` holds; nothing where it is another kind of
/// key, or none.
pub(super) fn public_key_info(document: &Document<'_>, element: NodeId) -> Option<Vec<u8>> {
    if document.element(element)?.is(DSIG11, "DEREncodedKeyValue") {
        return octets(document, element).ok();
    }
    let value = document.child_elements(element).next()?;
    let named = document.element(value)?;
    match (named.namespace.as_deref(), named.local) {
        (Some(DS), "RSAKeyValue") => rsa(document, value),
        (Some(DS), "DSAKeyValue") => dsa(document, value),
        (Some(DSIG11), "ECKeyValue") => ec(document, value),
        _ => None,
    }
}

fn field(document: &Document<'_>, value: NodeId, local: &str) -> Option<Vec<u8>> {
    let element = document.children_named(value, DS, local).next()?;
    octets(document, element).ok()
}

fn rsa(document: &Document<'_>, value: NodeId) -> Option<Vec<u8>> {
    let modulus = integer(&field(document, value, "Modulus")?);
    let exponent = integer(&field(document, value, "Exponent")?);
    let key = tlv(SEQUENCE, &[&modulus, &exponent]);
    Some(info(RSA, &tlv(NULL, &[]), &key))
}

fn dsa(document: &Document<'_>, value: NodeId) -> Option<Vec<u8>> {
    let number = |local| field(document, value, local).map(|it| integer(&it));
    let parameters = tlv(SEQUENCE, &[&number("P")?, &number("Q")?, &number("G")?]);
    Some(info(DSA, &parameters, &number("Y")?))
}

fn ec(document: &Document<'_>, value: NodeId) -> Option<Vec<u8>> {
    let curve = document.children_named(value, DSIG11, "NamedCurve").next()?;
    let curve = document.attribute(curve, "URI")?.strip_prefix("urn:oid:")?;
    let curve = ObjectIdentifier::new(curve).ok()?;
    let point = document.children_named(value, DSIG11, "PublicKey").next()?;
    let point = octets(document, point).ok()?;
    Some(info(EC, &tlv(OID, &[curve.as_bytes()]), &point))
}

fn info(algorithm: ObjectIdentifier, parameters: &[u8], key: &[u8]) -> Vec<u8> {
    let algorithm = tlv(SEQUENCE, &[&tlv(OID, &[algorithm.as_bytes()]), parameters]);
    tlv(SEQUENCE, &[&algorithm, &tlv(BIT_STRING, &[&[0], key])])
}
