//! Names in XAdES: namespaces and URIs (EN 319 132-1 Annex C, TS 101 903).

pub(crate) const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
pub(crate) const V1_1_1: &str = "http://uri.etsi.org/01903/v1.1.1#";
pub(crate) const V1_2_2: &str = "http://uri.etsi.org/01903/v1.2.2#";
pub(crate) const V1_3_2: &str = "http://uri.etsi.org/01903/v1.3.2#";
pub(crate) const V1_4_1: &str = "http://uri.etsi.org/01903/v1.4.1#";
/// Evidence records in a signature (EN 319 132-3 §5.1).
pub(crate) const EVIDENCE: &str = "http://uri.etsi.org/19132/v1.1.1#";

/// The type of a reference to signed properties: since 1.3.2, then before.
const SIGNED_PROPERTIES: [&str; 4] = [
    "http://uri.etsi.org/01903#SignedProperties",
    "http://uri.etsi.org/01903/v1.3.2#SignedProperties",
    "http://uri.etsi.org/01903/v1.2.2#SignedProperties",
    "http://uri.etsi.org/01903/v1.1.1#SignedProperties",
];

/// What this crate writes as the type of a reference to signed properties.
pub(crate) const SIGNED_PROPERTIES_TYPE: &str = "http://uri.etsi.org/01903#SignedProperties";

/// The type of a reference that countersigns (EN 319 132-1 §5.2.7.2).
pub(crate) const COUNTERSIGNED_TYPE: &str = "http://uri.etsi.org/01903#CountersignedSignature";

/// Whether a reference of this type is to signed properties.
pub(crate) fn is_signed_properties(kind: &str) -> bool {
    SIGNED_PROPERTIES.contains(&kind)
}

/// An edition of the schema, by its namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    /// TS 101 903 V1.1.1.
    V111,
    /// TS 101 903 V1.2.2.
    V122,
    /// TS 101 903 V1.3.2 and on, EN 319 132-1.
    V132,
    /// What came with TS 101 903 V1.4.1 and EN 319 132-1.
    V141,
}

impl Version {
    /// Nothing for a namespace of something else.
    pub(crate) fn of(namespace: Option<&str>) -> Option<Self> {
        match namespace? {
            V1_1_1 => Some(Self::V111),
            V1_2_2 => Some(Self::V122),
            V1_3_2 => Some(Self::V132),
            V1_4_1 => Some(Self::V141),
            _ => None,
        }
    }
}
