//! Who calls, and the secrets shared with the service.

use std::fmt;

use zeroize::Zeroizing;

/// The code and key of an agency's system, and the account that it logs in with.
pub struct Credentials {
    pub(super) system_id: String,
    pub(super) secret_key: Zeroizing<String>,
    pub(super) username: String,
    pub(super) password: Zeroizing<String>,
    pub(super) application_code: String,
}

impl Credentials {
    /// The registered system and its key (`X-SystemId`, `X-SecretKey`), and the account.
    #[must_use]
    pub fn new(
        system_id: impl Into<String>,
        secret_key: impl Into<String>,
        username: impl Into<String>,
        password: impl Into<String>,
    ) -> Self {
        Self {
            system_id: system_id.into(),
            secret_key: Zeroizing::new(secret_key.into()),
            username: username.into(),
            password: Zeroizing::new(password.into()),
            application_code: String::new(),
        }
    }

    /// With the `applicationCode` of the account, where it has one.
    #[must_use]
    pub fn with_application_code(self, application_code: impl Into<String>) -> Self {
        Self { application_code: application_code.into(), ..self }
    }

    /// Whether what goes into headers can stand there.
    pub(super) fn are_plain(&self) -> bool {
        let plain = |it: &str| !it.is_empty() && it.bytes().all(|it| (0x21..0x7F).contains(&it));
        plain(&self.system_id) && plain(&self.secret_key)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("system_id", &self.system_id)
            .field("username", &self.username)
            .field("application_code", &self.application_code)
            .finish_non_exhaustive()
    }
}
