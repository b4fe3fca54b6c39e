//! Certificates (RFC 5280 §4) and names (RFC 5280 §4.1.2.4, RFC 4514).

mod certificate;
mod name;

pub use certificate::Certificate;
pub(crate) use certificate::KeyUsage;
pub(crate) use name::Name;
