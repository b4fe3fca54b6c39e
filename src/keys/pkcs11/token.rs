//! Modules and the tokens in their slots.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::access::Trouble;
use super::driver::{Driver, Mechanism, StoredKey};
use super::entry::{Choice, Entry, Keys, key_of};
use super::info::TokenInfo;
use super::native;
use super::pin::Login;
use super::pool::{Lease, Need, Pool, plugged_in};
use super::signer::TokenSigner;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{Limits, within};
use crate::pki::Certificate;

/// The library by which a kind of tokens is spoken to (PKCS#11): that of the token's maker, or
/// OpenSC's.
///
/// It stays loaded until the process ends. It is native code of somebody else within this
/// process, which this crate can neither bound nor hold when it crashes or hangs: where that
/// matters, sign in a process of its own.
pub struct Module {
    driver: Arc<dyn Driver>,
    limits: Limits,
}

impl Module {
    /// Loads the library at this path, once for a process.
    ///
    /// # Errors
    /// `Signer` when it cannot be loaded or does not start.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Ok(Self::over(native::load(path.as_ref())?))
    }

    pub(super) fn over(driver: Arc<dyn Driver>) -> Self {
        Self { driver, limits: Limits::default() }
    }

    /// Other bounds on what is read from tokens.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The tokens that are there now.
    ///
    /// # Errors
    /// `Signer` when the module does not say; `LimitExceeded` for more than
    /// [`Limits::token_slots`].
    pub fn tokens(&self) -> Result<Vec<TokenInfo>> {
        Ok(self.found()?.into_iter().map(|(_, token)| token).collect())
    }

    /// The one with this serial number or label.
    ///
    /// # Errors
    /// As [`tokens`](Self::tokens); `Signer` when there is none, with those that there are;
    /// `Misuse` when several have this label.
    pub fn token(&self, name: &str) -> Result<Token> {
        let found = self.found()?;
        let by_serial = found.iter().any(|(_, it)| it.serial == name);
        let fits = |it: &TokenInfo| if by_serial { it.serial == name } else { it.label == name };
        let (mut fitting, others): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|(_, it)| fits(it));
        match fitting.pop() {
            Some((slot, token)) if fitting.is_empty() => Ok(Token {
                pool: Arc::new(Pool::new(self.driver.clone(), slot, token, &self.limits)),
                given: Vec::new(),
                limits: self.limits.clone(),
            }),
            Some(last) => {
                fitting.push(last);
                Err(Error::misuse(format!(
                    "several tokens are called {name:?}; give the serial number of one: {}",
                    list(&fitting)
                )))
            }
            None => Err(Error::new(
                ErrorKind::Signer,
                if others.is_empty() {
                    format!("there is no token {name:?}, nor any other; plug it in")
                } else {
                    format!("there is no token {name:?}; there are: {}", list(&others))
                },
            )),
        }
    }

    fn found(&self) -> Result<Vec<(u64, TokenInfo)>> {
        plugged_in(&*self.driver, self.limits.token_slots).map_err(|trouble| match trouble {
            Trouble::Said(error) => error,
            Trouble::Lost(fault) | Trouble::Faulty(fault) => {
                let what =
                    format!("the PKCS#11 module does not say what tokens there are ({fault})");
                Error::new(ErrorKind::Signer, what).because(fault)
            }
        })
    }
}

/// Tokens that an error names.
const NAMED: usize = 16;

fn list(tokens: &[(u64, TokenInfo)]) -> String {
    let names = tokens.iter().take(NAMED).map(|(_, token)| token.to_string());
    names.collect::<Vec<_>>().join("; ")
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Module")
    }
}

/// One token, and the sessions with it: one for each thread that signs at the same time, as far
/// as the token has as many; threads wait for each other's. One login holds for all of them.
///
/// A PIN that was refused is not presented again by this object and its signers: every later
/// call fails at once, for the same reason, until [`set_login`](Self::set_login). One that is
/// taken out and put in again, in whatever slot, is found by its serial number and logged in to
/// again.
pub struct Token {
    pool: Arc<Pool>,
    given: Vec<Certificate>,
    limits: Limits,
}

impl Token {
    /// What it says of itself, at the time when it was found.
    #[must_use]
    pub fn info(&self) -> &TokenInfo {
        self.pool.token()
    }

    /// How it is logged in to. A PIN that the token refused before in this process, whoever
    /// presented it, is not presented.
    #[must_use]
    pub fn with_login(self, login: impl Into<Login>) -> Self {
        self.pool.access().set(login.into());
        self
    }

    /// How it is logged in to from now on, by its signers, too. What was refused before is
    /// forgotten: a PIN is presented even if the token refused it, as after it was unlocked.
    pub fn set_login(&self, login: impl Into<Login>) {
        self.pool.access().renew(login.into());
    }

    /// Presents a PIN even if the token says that it has one try left and is locked by a wrong
    /// one.
    #[must_use]
    pub fn allow_last_try(self) -> Self {
        self.pool.access().allow_last_try();
        self
    }

    /// Certificates that are not on the token: of issuers, for the chains of its signers, and
    /// of private keys that are there alone.
    #[must_use]
    pub fn with_certificates(
        mut self,
        certificates: impl IntoIterator<Item = Certificate>,
    ) -> Self {
        self.given.extend(certificates);
        self
    }

    /// The certificates on it. Where it is known how, it is logged in to first: without that,
    /// tokens do not show private keys.
    ///
    /// # Errors
    /// `Signer` when it is not there or the login fails; `LimitExceeded` for more than
    /// [`Limits::token_objects`], or a certificate larger than [`Limits::certificate_bytes`].
    pub fn entries(&self) -> Result<Vec<Entry>> {
        Ok(self.look(Need::LoginIfGiven)?.entries)
    }

    /// A key on it, with its certificate and those of its issuers, from the token and
    /// [`with_certificates`](Self::with_certificates). RSA signs by PKCS#1 v1.5 with SHA-256
    /// where the token does so.
    ///
    /// # Errors
    /// As [`entries`](Self::entries); `Signer` when what is chosen is not there or has no private
    /// key; `Misuse` when several could be meant, or it is not known how to log in;
    /// `Unsupported` when the key is of a kind that does not sign here.
    pub fn signer(&self, choice: &Choice) -> Result<TokenSigner> {
        let Seen { entries, lonely, mechanisms } = self.look(Need::Login)?;
        let on_token = |error: Error| error.in_element(format!("the token {}", self.info()));
        let entry = choice.of(&entries, &lonely).map_err(on_token)?;
        let all: Vec<Certificate> =
            entries.iter().map(|it| &it.certificate).chain(&self.given).cloned().collect();
        TokenSigner::new(self.pool.clone(), mechanisms, entry, &all)
    }

    fn look(&self, need: Need) -> Result<Seen> {
        self.pool.run(need, |lease| self.read(lease))
    }

    fn read(&self, lease: &mut Lease<'_>) -> Result<Seen, Trouble> {
        let Limits { token_objects: most, certificate_bytes, .. } = self.limits;
        let mechanisms = lease.driver().mechanisms(lease.slot)?;
        let logged_in = lease.is_logged_in() || !self.info().login_required;
        let session = lease.session()?;
        let octets = u64::try_from(certificate_bytes).unwrap_or(u64::MAX);
        let stored = session.certificates(most, octets)?;
        within(stored.len(), most, "certificates on a token")?;
        let keys = session.keys(most)?;
        within(keys.len(), most, "private keys on a token")?;
        let mut seen = Seen { entries: Vec::new(), lonely: Vec::new(), mechanisms };
        for it in stored {
            if it.octets > octets {
                let what = format!("{certificate_bytes} bytes of a certificate");
                let place = format!("the certificate {:?}", it.label);
                return Err(Error::limit(what).in_element(place).into());
            }
            // Tokens may hold attribute certificates, and what their makers put there.
            let Ok(certificate) = Certificate::from_der_within(&it.der, &self.limits) else {
                continue;
            };
            let keys = match key_of(&certificate, &it.id, &keys) {
                Some(key) => Keys::Present(key.clone()),
                None if logged_in => Keys::Missing,
                None => Keys::Hidden,
            };
            seen.entries.push(Entry { label: it.label, id: it.id, certificate, keys });
        }
        self.add_given(&mut seen, keys);
        Ok(seen)
    }

    /// Hardware security modules often hold keys alone.
    fn add_given(&self, seen: &mut Seen, keys: Vec<StoredKey>) {
        let is_new = |it: &&Certificate| seen.entries.iter().all(|known| known.certificate != **it);
        let new: Vec<&Certificate> = self.given.iter().filter(is_new).collect();
        for certificate in new {
            if let Some(key) = key_of(certificate, &[], &keys) {
                seen.entries.push(Entry {
                    label: key.label.clone(),
                    id: key.name.id.clone(),
                    certificate: certificate.clone(),
                    keys: Keys::Present(key.clone()),
                });
            }
        }
        let has_none = |key: &StoredKey| seen.entries.iter().all(|it| it.key() != Some(key));
        seen.lonely = keys.into_iter().filter(has_none).collect();
    }
}

/// What is on a token.
struct Seen {
    entries: Vec<Entry>,
    /// Keys without a certificate.
    lonely: Vec<StoredKey>,
    mechanisms: Vec<Mechanism>,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({})", self.info())
    }
}
