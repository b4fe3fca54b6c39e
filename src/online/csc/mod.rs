//! Keys that a service keeps: the API of the Cloud Signature Consortium, version 2
//! ("Architectures and protocols for remote signature applications", 2.0.0.2).
//!
//! [`Client`] speaks the protocol, [`RemoteSigner`] is a [`Signer`](crate::Signer) over it,
//! and [`Authorise`] is the joint to the holder of the key, who is asked for a PIN or a
//! code. Hashes go to the service, and documents never do.

mod access;
mod address;
mod algorithm;
mod authorise;
mod client;
mod credential;
#[cfg(fuzzing)]
pub(crate) mod exhaust;
mod polling;
mod refusal;
mod secret;
mod signer;
mod transaction;
mod value;
mod wire;

pub use self::access::Access;
pub use self::authorise::{Answer, Authorise, Factor, FactorKind, Pin, Question};
pub use self::client::{Client, ServiceInfo};
pub use self::credential::{AuthorisationMode, Credential, CredentialStatus};
pub use self::polling::{Cancel, Polling};
pub use self::refusal::Refusal;
pub use self::signer::{RemoteSigner, Submitted};
