//! Object identifiers of CMS and CAdES, by their names in the standards.

use der::asn1::ObjectIdentifier;

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

// Content types: RFC 5652 §4 and §5.1, RFC 3161 §2.4.2.
pub(crate) const ID_DATA: ObjectIdentifier = oid("1.2.840.113549.1.7.1");
pub(crate) const ID_SIGNED_DATA: ObjectIdentifier = oid("1.2.840.113549.1.7.2");
pub(crate) const ID_CT_TST_INFO: ObjectIdentifier = oid("1.2.840.113549.1.9.16.1.4");

// Signed attributes: RFC 5652 §11, RFC 5035 §3 and §5, RFC 6211 §2.
pub(crate) const CONTENT_TYPE: ObjectIdentifier = oid("1.2.840.113549.1.9.3");
pub(crate) const MESSAGE_DIGEST: ObjectIdentifier = oid("1.2.840.113549.1.9.4");
pub(crate) const SIGNING_TIME: ObjectIdentifier = oid("1.2.840.113549.1.9.5");
pub(crate) const ALGORITHM_PROTECTION: ObjectIdentifier = oid("1.2.840.113549.1.9.52");
pub(crate) const SIGNING_CERTIFICATE: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.12");
pub(crate) const SIGNING_CERTIFICATE_V2: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.47");

// Signed attributes of EN 319 122-1 §5.2.
pub(crate) const CONTENT_HINTS: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.4");
pub(crate) const SIGNATURE_POLICY: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.15");
/// `id-spq-ets-uri`, a qualifier of the signature policy (EN 319 122-1 §5.2.9.2).
pub(crate) const POLICY_URI: ObjectIdentifier = oid("1.2.840.113549.1.9.16.5.1");
pub(crate) const COMMITMENT_TYPE: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.16");
pub(crate) const SIGNER_LOCATION: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.17");
pub(crate) const SIGNER_ATTRIBUTES: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.18");
pub(crate) const SIGNER_ATTRIBUTES_V2: ObjectIdentifier = oid("0.4.0.19122.1.1");
pub(crate) const CONTENT_TIME_STAMP: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.20");
/// Adobe's `RevocationInfoArchival` (ISO 32000-1 §12.8.3.3.2).
pub(crate) const REVOCATION_ARCHIVE: ObjectIdentifier = oid("1.2.840.113583.1.1.8");
pub(crate) const MIME_TYPE: ObjectIdentifier = oid("0.4.0.1733.2.1");

// Unsigned attributes: RFC 5652 §11.4, EN 319 122-1 §5.3 and §5.5, EN 319 122-2 and its Annex A.
pub(crate) const COUNTERSIGNATURE: ObjectIdentifier = oid("1.2.840.113549.1.9.6");
pub(crate) const SIGNATURE_TIME_STAMP: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.14");
pub(crate) const CERTIFICATE_REFERENCES: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.21");
pub(crate) const REVOCATION_REFERENCES: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.22");
pub(crate) const CERTIFICATE_VALUES: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.23");
pub(crate) const REVOCATION_VALUES: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.24");
pub(crate) const CADES_C_TIME_STAMP: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.25");
pub(crate) const REFERENCES_TIME_STAMP: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.26");
pub(crate) const ARCHIVE_TIME_STAMP: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.27");
pub(crate) const ARCHIVE_TIME_STAMP_V2: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.48");
pub(crate) const ARCHIVE_TIME_STAMP_V3: ObjectIdentifier = oid("0.4.0.1733.2.4");
/// Beside an archive-time-stamp-v3, in its token: TS 101 733 §6.4.2 and the two editions of
/// EN 319 122-1 §5.5.2.
pub(crate) const HASH_INDEX: ObjectIdentifier = oid("0.4.0.1733.2.5");
pub(crate) const HASH_INDEX_V2: ObjectIdentifier = oid("0.4.0.19122.1.4");
pub(crate) const HASH_INDEX_V3: ObjectIdentifier = oid("0.4.0.19122.1.5");
pub(crate) const LONG_TERM_VALIDATION: ObjectIdentifier = oid("0.4.0.1733.2.2");
pub(crate) const INTERNAL_EVIDENCE_RECORD: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.49");
pub(crate) const EXTERNAL_EVIDENCE_RECORD: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.50");

// Revocation information besides CRLs: RFC 5940 §2.1, RFC 5652 §10.2.1.
pub(crate) const OCSP_RESPONSE: ObjectIdentifier = oid("1.3.6.1.5.5.7.16.2");
pub(crate) const OCSP_BASIC: ObjectIdentifier = oid("1.3.6.1.5.5.7.48.1.1");

/// The attribute's name in its standard, where it is known here; otherwise its identifier.
pub(crate) fn attribute_name(attribute: ObjectIdentifier) -> String {
    let known = NAMES.iter().find(|(oid, _)| *oid == attribute);
    known.map_or_else(|| attribute.to_string(), |(_, name)| (*name).to_owned())
}

const NAMES: [(ObjectIdentifier, &str); 14] = [
    (CONTENT_TYPE, "content-type"),
    (MESSAGE_DIGEST, "message-digest"),
    (SIGNING_TIME, "signing-time"),
    (ALGORITHM_PROTECTION, "cms-algorithm-protection"),
    (SIGNING_CERTIFICATE, "signing-certificate"),
    (SIGNING_CERTIFICATE_V2, "signing-certificate-v2"),
    (CONTENT_HINTS, "content-hints"),
    (SIGNATURE_POLICY, "signature-policy-identifier"),
    (COMMITMENT_TYPE, "commitment-type-indication"),
    (SIGNER_LOCATION, "signer-location"),
    (SIGNER_ATTRIBUTES, "signer-attributes"),
    (SIGNER_ATTRIBUTES_V2, "signer-attributes-v2"),
    (CONTENT_TIME_STAMP, "content-time-stamp"),
    (MIME_TYPE, "mime-type"),
];
