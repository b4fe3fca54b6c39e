//! Those who hold keys. A [`Signer`] signs, and does nothing else.

#[cfg(feature = "pkcs12")]
mod encryption;
mod fitness;
mod key_pair;
#[cfg(test)]
mod peers;
#[cfg(feature = "pkcs11")]
pub mod pkcs11;
#[cfg(feature = "pkcs12")]
pub mod pkcs12;
mod private_key;
mod signer;
mod software;
#[cfg(test)]
mod tests;

pub use fitness::SigningOverride;
#[cfg(feature = "http")]
pub(crate) use fitness::check_choice;
pub(crate) use fitness::fit_certificate;
pub use signer::{SignatureValue, Signer, ToBeSigned};
pub use software::SoftwareSigner;
