//! For fuzzers: every way that an answer is read.

use super::credential::Credential;
use super::refusal::Refusal;
use super::wire::{AccessToken, Authorized, Challenge, CredentialAnswer, Info, List, Signatures};
use crate::crypto::SignatureAlgorithm;
use crate::limits::Limits;

/// How many ways there are to read it.
pub(crate) fn exhaust(status: u16, bytes: &[u8]) -> usize {
    let read = [
        serde_json::from_slice::<Info>(bytes).is_ok(),
        serde_json::from_slice::<List>(bytes).is_ok(),
        serde_json::from_slice::<AccessToken>(bytes).is_ok(),
        serde_json::from_slice::<Authorized>(bytes).is_ok(),
        serde_json::from_slice::<Challenge>(bytes).is_ok(),
        serde_json::from_slice::<Signatures>(bytes).is_ok_and(|it| {
            it.signatures.unwrap_or_default().iter().any(|it| super::value::decode(it).is_some())
        }),
        serde_json::from_slice::<CredentialAnswer>(bytes)
            .is_ok_and(|it| Credential::read("id", it, &Limits::default()).is_ok()),
        !Refusal::read(status, bytes, &["secret"]).to_string().contains("secret"),
    ];
    let ecdsa = SignatureAlgorithm::Ecdsa(crate::crypto::DigestAlgorithm::Sha256);
    let _ = super::value::normalised(bytes.to_vec(), ecdsa, bytes);
    read.into_iter().filter(|it| *it).count()
}
