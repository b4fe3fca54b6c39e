//! How this application may ask the service at all (§8.1), and the token that says so.

use std::fmt;

use zeroize::Zeroizing;

use super::secret::Secret;
use crate::encoding::base64;
use crate::error::Result;
use crate::time::UtcTime;

/// How the application is known to the service: the service authorisation of §8.1. What the
/// holder of a key has to agree to comes on top of it, by [`Authorise`](super::Authorise).
pub struct Access(pub(super) Kind);

pub(super) enum Kind {
    Token(Secret),
    Login { user: String, password: Secret },
    Client { issuer: String, id: String, secret: Secret },
    Given(Box<dyn Fn() -> Result<String> + Send + Sync>),
}

impl Access {
    /// With an access token that was obtained elsewhere. Where the service takes it no
    /// longer, signing fails and says so.
    #[must_use]
    pub fn token(token: impl Into<String>) -> Self {
        Self(Kind::Token(Secret::new(token)))
    }

    /// With tokens that somebody else obtains, as by the authorization code of OAuth 2.0,
    /// which wants a browser. It is asked for one before the first call, and once more where
    /// the service refuses the latest.
    #[must_use]
    pub fn tokens(source: impl Fn() -> Result<String> + Send + Sync + 'static) -> Self {
        Self(Kind::Given(Box::new(source)))
    }

    /// With a name and a password, by `auth/login` (§11.2).
    #[must_use]
    pub fn login(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self(Kind::Login { user: user.into(), password: Secret::new(password) })
    }

    /// With the credentials of a client of OAuth 2.0 (RFC 6749 §4.4), as systems that seal
    /// have them. `issuer` is the whole address of the token endpoint.
    #[must_use]
    pub fn client(
        issuer: impl Into<String>,
        id: impl Into<String>,
        secret: impl Into<String>,
    ) -> Self {
        let (issuer, id, secret) = (issuer.into(), id.into(), Secret::new(secret));
        Self(Kind::Client { issuer, id, secret })
    }
}

impl Kind {
    /// Whether there can be another token.
    pub(super) fn renews(&self) -> bool {
        !matches!(self, Self::Token(_))
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Token(_) => f.write_str("Access::token"),
            Kind::Given(_) => f.write_str("Access::tokens"),
            Kind::Login { user, .. } => write!(f, "Access::login({user:?})"),
            Kind::Client { issuer, id, .. } => write!(f, "Access::client({issuer:?}, {id:?})"),
        }
    }
}

/// `Authorization: Basic` (RFC 7617).
pub(super) fn basic(user: &str, password: &Secret) -> Zeroizing<String> {
    let pair = Zeroizing::new(format!("{user}:{}", password.as_str()));
    let text = Zeroizing::new(base64::encode(pair.as_bytes()));
    Zeroizing::new(format!("Basic {}", text.as_str()))
}

/// A form of `application/x-www-form-urlencoded`.
pub(super) fn form(fields: &[(&str, &str)]) -> Zeroizing<String> {
    let most = fields.iter().fold(0_usize, |sum, (name, value)| {
        sum.saturating_add(name.len())
            .saturating_add(value.len().saturating_mul(3))
            .saturating_add(2)
    });
    let mut form = Zeroizing::new(String::with_capacity(most));
    for (name, value) in fields {
        if !form.is_empty() {
            form.push('&');
        }
        form.push_str(name);
        form.push('=');
        for byte in value.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    form.push(char::from(byte));
                }
                other => form.push_str(&format!("%{other:02X}")),
            }
        }
    }
    form
}

/// Until when something that lasts so many seconds is used: somewhat less.
pub(super) fn until(now: UtcTime, seconds: Option<u64>) -> UtcTime {
    let seconds = seconds.unwrap_or(LASTS).min(LONGEST);
    let used = seconds.saturating_sub((seconds / 10).min(MARGIN));
    now.plus_seconds(i64::try_from(used).unwrap_or(0))
}

/// Seconds that tokens and authorisations last where the service does not say (§11.2, §11.6).
const LASTS: u64 = 3_600;
/// A service that speaks of more means something else: a week.
const LONGEST: u64 = 604_800;
/// Seconds that a request may be on its way.
const MARGIN: u64 = 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out_of_a_form() {
        let form = form(&[("client_id", "a&b=c"), ("client_secret", "mật +%")]);
        assert_eq!(form.as_str(), "client_id=a%26b%3Dc&client_secret=m%E1%BA%ADt%20%2B%25");
    }

    #[test]
    fn what_lasts_is_left_before_it_ends() {
        let now: UtcTime = "2026-11-22T08:00:00Z".parse().unwrap();
        for (lasts, used) in
            [(Some(300), 270), (Some(5), 5), (Some(0), 0), (None, 3_570), (Some(u64::MAX), 604_770)]
        {
            assert_eq!(until(now, lasts), now.plus_seconds(used), "{lasts:?}");
        }
    }
}
