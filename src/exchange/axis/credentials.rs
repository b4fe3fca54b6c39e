//! Who calls, and the secret shared with the axis.

use std::fmt;

use ring::hmac;
use zeroize::Zeroizing;

/// The code under which an agency's system is registered, and its secret.
pub struct Credentials {
    system_id: String,
    /// The key is made anew for each use: `ring`'s own cannot be zeroised.
    secret: Zeroizing<Vec<u8>>,
}

impl Credentials {
    /// The secret is used as it is: base64 in it is not decoded.
    #[must_use]
    pub fn new(system_id: impl Into<String>, secret: impl AsRef<[u8]>) -> Self {
        let secret = Zeroizing::new(secret.as_ref().to_vec());
        Self { system_id: system_id.into(), secret }
    }

    /// The registered code.
    #[must_use]
    pub fn system_id(&self) -> &str {
        &self.system_id
    }

    pub(super) fn key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &self.secret)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("system_id", &self.system_id).finish_non_exhaustive()
    }
}
