//! Certificates (RFC 5280 §4) and names (RFC 5280 §4.1.2.4, RFC 4514).

mod bundle;
mod certificate;
mod extensions;
mod general_name;
mod name;
mod policies;
mod public_key;

pub use certificate::Certificate;

pub(crate) use general_name::{GeneralName, NameConstraints, NameForm};
pub(crate) use name::Name;
pub(crate) use policies::{ANY_POLICY, PolicyExtensions};
pub(crate) use public_key::PublicKey;
