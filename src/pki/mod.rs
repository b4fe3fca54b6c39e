//! RFC 5280: certificates, the paths between them, and what is trusted.

pub(crate) mod path;
pub(crate) mod revocation;
mod trust;
mod x509;

pub use path::{Memory, PathCheck, PathRequirements, ValidityModel};
pub use revocation::{Crl, OcspResponse};
pub use trust::{TrustAnchor, TrustStore};
pub use x509::Certificate;
pub(crate) use x509::{
    ANY_POLICY, GeneralName, NameConstraints, NameForm, PolicyExtensions, PublicKey,
};
