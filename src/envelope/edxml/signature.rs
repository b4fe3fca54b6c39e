//! The `Signature` element of a message: kept, and told apart.

use serde::{Deserialize, Serialize};

/// The element as it stood in the message that was read, made to stand alone where
/// it used prefixes declared further out.
///
/// It is written again where it stood, so that nothing is lost between reading and
/// writing; whether it still verifies is another question, and mostly it does not:
/// the axis moves elements about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    pub(super) xml: String,
    pub(super) state: SignatureState,
}

/// What can be said of the element without judging it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SignatureState {
    /// It cannot be a signature: no certificate, a cut one, or no value; the samples
    /// of the national kit carry such, and senders copy them.
    Dummy,
    /// It has a certificate and a value in the message's own namespace, where no
    /// verifier of XML signatures looks.
    WrongNamespace,
    /// It has a certificate and a value by XML Signature's rules;
    /// [`check_signature`](super::check_signature) verifies it.
    Present,
}

impl Signature {
    /// The XML of the element.
    #[must_use]
    pub fn xml(&self) -> &str {
        &self.xml
    }

    /// What can be said of it without judging it.
    #[must_use]
    pub fn state(&self) -> SignatureState {
        self.state
    }
}
