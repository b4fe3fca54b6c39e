//! RFC 5280: certificates, the paths between them, and what is trusted.

mod x509;

pub use x509::Certificate;
pub(crate) use x509::{KeyUsage, Name};
