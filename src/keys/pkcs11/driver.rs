//! What is asked of a module; the joint where tests put one of their own.

use std::fmt;

use super::info::TokenInfo;
use crate::crypto::{DigestAlgorithm, SignatureAlgorithm};

/// A module that was loaded.
pub(super) trait Driver: Send + Sync {
    /// The same for all that speak to the same module.
    fn name(&self) -> String;

    /// The slots in which there is a token.
    fn slots(&self) -> Result<Vec<u64>, Fault>;

    fn token(&self, slot: u64) -> Result<TokenInfo, Fault>;

    /// What the token signs with, of what is known here.
    fn mechanisms(&self, slot: u64) -> Result<Vec<Mechanism>, Fault>;

    fn open(&self, slot: u64) -> Result<Box<dyn Connection>, Fault>;
}

/// One session. Dropping it closes it; a token logs an application out with its last one.
pub(super) trait Connection: Send {
    /// As the token's user; without a PIN, the token asks for it by its own keys.
    fn login(&mut self, pin: Option<&str>) -> Result<(), Fault>;

    /// At most one more than `most`, so that too many are seen; of those that are larger than
    /// `octets`, only how large they are.
    fn certificates(&mut self, most: usize, octets: u64) -> Result<Vec<StoredCertificate>, Fault>;

    /// Those that can be seen now; at most one more than `most`.
    fn keys(&mut self, most: usize) -> Result<Vec<StoredKey>, Fault>;

    fn sign(&mut self, job: &Job<'_>) -> Result<Vec<u8>, Fault>;

    /// Begins a signature that the PIN is wanted for (CKA_ALWAYS_AUTHENTICATE).
    fn begin(&mut self, job: &Job<'_>) -> Result<(), Fault>;

    /// Ends what was begun, with the PIN for this one signature.
    fn finish(&mut self, job: &Job<'_>, pin: Option<&str>) -> Result<Vec<u8>, Fault>;
}

pub(super) struct StoredCertificate {
    pub(super) label: String,
    pub(super) id: Vec<u8>,
    pub(super) octets: u64,
    pub(super) der: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoredKey {
    pub(super) name: KeyName,
    pub(super) label: String,
    pub(super) always_authenticate: bool,
}

/// How a private key is found again in any session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyName {
    pub(super) id: Vec<u8>,
    pub(super) kind: KeyKind,
    /// The modulus, or the point, as certificates have them; empty where the token does not say.
    pub(super) public: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyKind {
    Rsa,
    Ec,
}

/// What a token computes, without its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mechanism {
    pub(super) family: Family,
    /// Set where the token digests for itself.
    pub(super) digest: Option<DigestAlgorithm>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Pkcs1,
    Pss,
    Ecdsa,
}

/// One signature that is to be made.
pub(super) struct Job<'a> {
    pub(super) key: &'a KeyName,
    pub(super) algorithm: SignatureAlgorithm,
    pub(super) mechanism: Mechanism,
    pub(super) data: Vec<u8>,
}

/// Why a module did not do what it was asked for.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    pub(super) kind: FaultKind,
    /// Whether it answers a login: only then it says anything about a PIN.
    pub(super) at_login: bool,
    /// In the words of the standard.
    pub(super) what: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FaultKind {
    PinIncorrect,
    /// Characters or a length that no PIN of this token has.
    PinMalformed,
    PinExpired,
    PinLocked,
    PinUnset,
    /// At the token's own keys, or in a window of its driver.
    Cancelled,
    AlreadyLoggedIn,
    NotLoggedIn,
    /// The security officer is logged in.
    OtherUser,
    /// The token was taken out, it may be in the midst of the call.
    Removed,
    /// Before the call began, the token, the session or the handle of the key was not known any
    /// more: nothing was done.
    Stale,
    /// There are no more sessions.
    Sessions,
    /// The token does not compute this, or not with this key.
    Mechanism,
    NoSuchKey,
    Other,
}

impl FaultKind {
    /// Whether it says of a PIN that came before that it was looked at and not taken. Modules
    /// that look at it only when the key is used may say that nobody is logged in.
    pub(super) fn is_of_pin(self) -> bool {
        matches!(
            self,
            Self::PinIncorrect
                | Self::PinMalformed
                | Self::PinExpired
                | Self::PinLocked
                | Self::NotLoggedIn
        )
    }
}

impl Fault {
    /// Whether a new session, with a new login, may do better.
    pub(super) fn is_lost(&self) -> bool {
        match self.kind {
            FaultKind::Removed | FaultKind::Stale => true,
            FaultKind::NotLoggedIn => !self.at_login,
            _ => false,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Fault {}
