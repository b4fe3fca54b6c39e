//! The calls of the protocol over real HTTP.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::Body;
use ureq::http::Response;
use zeroize::Zeroizing;

use super::access::{self, Access, Kind};
use super::address;
use super::credential::Credential;
use super::refusal::{self, Refusal, garbled};
use super::secret::Secret;
use super::transaction::AUTHORIZE;
use super::wire;
use crate::error::{Error, Result};
use crate::exchange::Timeouts;
use crate::exchange::http::{Connection, Latest, Token, lost, read};
use crate::limits::{Limits, within};
use crate::time::UtcTime;

/// The way to a service that keeps keys.
///
/// It obtains an access token when it has to: before the first call, again before the token
/// ends, and once more where the service refuses it. No call is repeated apart from that, no
/// redirect is followed, and neither tokens nor PINs are logged or told: nothing is sent
/// while the crate `log` takes the level `trace` of the target `ureq_proto::util`, which would
/// write every byte of each request into the log.
///
/// Errors say whose turn it is: [`ErrorKind::Signer`](crate::ErrorKind::Signer) is the key's
/// or its holder's (a wrong PIN, a locked key, a refusal on the phone),
/// [`ErrorKind::Service`](crate::ErrorKind::Service) the service's or the network's, and
/// [`Refusal::of`] tells the service's own words.
pub struct Client {
    connection: Connection,
    /// Where tokens are issued, and the last part of that address.
    issuer: Option<(Connection, String)>,
    access: Access,
    token: Latest<Secret>,
    clock: Box<dyn Fn() -> UtcTime + Send + Sync>,
    limits: Limits,
}

/// What a service says of itself (§11.1).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceInfo {
    /// The edition of the specification.
    pub specification: String,
    /// Its name.
    pub name: String,
    /// Names of the calls that it knows.
    pub methods: Vec<String>,
    /// Whether it signs asynchronously.
    pub asynchronous: bool,
}

/// The status and the body of an answer that is no refusal.
pub(super) struct Reply {
    pub(super) status: u16,
    body: Zeroizing<Vec<u8>>,
}

impl Client {
    /// `endpoint` is the address before the names of calls, such as
    /// `https://rssp.example.vn/csc/v2`; `clock` is what time it is ([`UtcTime::now`] outside
    /// of tests).
    ///
    /// # Errors
    /// `Misuse` when the endpoint, or that of tokens, is no `https` address; `http` is taken
    /// for this machine alone.
    pub fn new(
        endpoint: impl Into<String>,
        access: Access,
        clock: impl Fn() -> UtcTime + Send + Sync + 'static,
    ) -> Result<Self> {
        Self::open(endpoint.into(), access, Box::new(clock), false)
    }

    /// As [`new`](Self::new), and over `http` to whatever machine: whoever is on the way
    /// reads tokens and PINs, and may sign with them. For closed networks.
    ///
    /// # Errors
    /// `Misuse` when an endpoint is neither an `http` nor an `https` address.
    pub fn over_plain_http(
        endpoint: impl Into<String>,
        access: Access,
        clock: impl Fn() -> UtcTime + Send + Sync + 'static,
    ) -> Result<Self> {
        Self::open(endpoint.into(), access, Box::new(clock), true)
    }

    fn open(
        endpoint: String,
        access: Access,
        clock: Box<dyn Fn() -> UtcTime + Send + Sync>,
        plain: bool,
    ) -> Result<Self> {
        address::check(&endpoint, plain)?;
        let issuer = match &access.0 {
            Kind::Client { issuer, .. } => {
                address::check(issuer, plain)?;
                let (start, last) = issuer.rsplit_once('/').unwrap_or((issuer, ""));
                Some((Connection::new(start)?, last.to_owned()))
            }
            Kind::Token(_) | Kind::Login { .. } | Kind::Given(_) => None,
        };
        let (token, limits) = (Latest::default(), Limits::default());
        Ok(Self { connection: Connection::new(endpoint)?, issuer, access, token, clock, limits })
    }

    /// With other bounds on answers.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// With other time-outs. A service that keeps the connection open until the holder has
    /// agreed on a phone wants a long [`Timeouts::silence`].
    #[must_use]
    pub fn with_timeouts(self, timeouts: Timeouts) -> Self {
        let issuer = self.issuer.map(|(it, last)| (it.with_timeouts(timeouts), last));
        Self { connection: self.connection.with_timeouts(timeouts), issuer, ..self }
    }

    /// Trusts servers whose certificates lead to one of these, PEM or DER, in place of
    /// Mozilla's.
    ///
    /// # Errors
    /// As [`Certificate::all_from`](crate::Certificate::all_from); `Misuse` where there is
    /// none.
    pub fn with_roots(self, roots: &[u8]) -> Result<Self> {
        let issuer = match self.issuer {
            Some((it, last)) => Some((it.with_roots(roots)?, last)),
            None => None,
        };
        Ok(Self { connection: self.connection.with_roots(roots)?, issuer, ..self })
    }

    /// What the service says of itself (`info`).
    ///
    /// # Errors
    /// As every call: see [`Client`].
    pub fn info(&self) -> Result<ServiceInfo> {
        let body = body_of(&wire::Empty {})?;
        let answer = self.send(&self.connection, "info", JSON, None, &body)?;
        let info: wire::Info = self.read("info", answer, &[])?.parse("info")?;
        Ok(ServiceInfo {
            specification: info.specs.unwrap_or_default(),
            name: info.name.unwrap_or_default(),
            methods: info.methods.unwrap_or_default(),
            asynchronous: info.asynchronous.unwrap_or(false),
        })
    }

    /// The identifiers of the keys that the service keeps for whom it knows by the access
    /// token (`credentials/list`).
    ///
    /// # Errors
    /// As every call; `LimitExceeded` beyond
    /// [`Limits::signing_credentials`](crate::Limits::signing_credentials).
    pub fn credentials(&self) -> Result<Vec<String>> {
        self.list(None)
    }

    /// The same for a user, where the token is an application's and not a person's.
    ///
    /// # Errors
    /// As [`credentials`](Self::credentials).
    pub fn credentials_of(&self, user: &str) -> Result<Vec<String>> {
        self.list(Some(user))
    }

    fn list(&self, user: Option<&str>) -> Result<Vec<String>> {
        let call = "credentials/list";
        let list: wire::List = self.ask(call, &wire::ListRequest { user }, &[])?.parse(call)?;
        within(list.ids.len(), self.limits.signing_credentials, "keys of one service")?;
        Ok(list.ids)
    }

    /// What the service says of one key (`credentials/info`), with its certificates.
    ///
    /// # Errors
    /// As every call; `Service` where what it says does not fit together, as when the
    /// certificate is another key's.
    pub fn credential(&self, id: &str) -> Result<Credential> {
        let call = "credentials/info";
        let request = wire::CredentialRequest {
            credential: id,
            certificates: "chain",
            cert_info: true,
            auth_info: true,
        };
        let answer = self.ask(call, &request, &[])?.parse(call)?;
        Credential::read(id, answer, &self.limits)
    }

    pub(super) fn now(&self) -> UtcTime {
        (self.clock)()
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Asks with the token, and once more with a new one where it is refused, which the
    /// service does before anything is carried out. `secrets` are those in the request:
    /// they are not told in an error. Where the holder's answers are among them, the service
    /// has to say in as many words that it is the token that it refuses, and not the answers.
    pub(super) fn ask<Q: Serialize>(
        &self,
        call: &str,
        request: &Q,
        secrets: &[&str],
    ) -> Result<Reply> {
        let body = body_of(request)?;
        let token = self.token()?;
        let error = match self.ask_with(&token, call, &body, secrets) {
            Err(error) => error,
            Ok(reply) => return Ok(reply),
        };
        let told = call == AUTHORIZE;
        let of_token = Refusal::of(&error).is_some_and(|it| it.is_of_the_token(told));
        if !of_token {
            return Err(error);
        }
        self.token.refused(&token);
        if !self.access.0.renews() {
            return Err(error);
        }
        self.ask_with(&self.token()?, call, &body, secrets)
    }

    fn ask_with(&self, token: &Secret, call: &str, body: &[u8], secrets: &[&str]) -> Result<Reply> {
        let bearer = Zeroizing::new(format!("Bearer {}", token.as_str()));
        let answer = self.send(&self.connection, call, JSON, Some(&bearer), body)?;
        let mut all = vec![token.as_str()];
        all.extend_from_slice(secrets);
        self.read(call, answer, &all)
    }

    fn send(
        &self,
        connection: &Connection,
        call: &str,
        kind: &str,
        authorization: Option<&str>,
        body: &[u8],
    ) -> Result<Response<Body>> {
        let lost_here = |error| refusal::lost(call, error);
        let request = connection.post(call, call).map_err(lost_here)?;
        let request = match authorization {
            Some(it) => request.header("Authorization", it),
            None => request,
        };
        request
            .header("Content-Type", kind)
            .header("Accept", "application/json")
            .header("User-Agent", AGENT)
            .send(body)
            .map_err(|it| lost_here(lost(call, &it)))
    }

    fn read(&self, call: &str, answer: Response<Body>, secrets: &[&str]) -> Result<Reply> {
        let status = answer.status();
        let challenge = answer.headers().get("www-authenticate").cloned();
        let most = self.limits.signing_answer_bytes;
        let body = read(call, answer.into_body(), most).map_err(|it| refusal::lost(call, it))?;
        let (status, is_good) = (status.as_u16(), status.is_success());
        let body = Zeroizing::new(body);
        // By 202 they are at work, and some say so in the form of a refusal.
        let refusal = match is_good {
            true if status == 202 => None,
            true => Refusal::within(status, &body, secrets),
            false => {
                let challenge = challenge.as_ref().and_then(|it| it.to_str().ok());
                Some(Refusal::read(status, &body, secrets).with_challenge(challenge))
            }
        };
        match refusal {
            Some(refusal) => Err(refusal.into_error(call)),
            None => Ok(Reply { status, body }),
        }
    }

    fn token(&self) -> Result<Secret> {
        let text = self.token.get(self.now(), || self.obtain())?;
        // What came from elsewhere must not break out of its header.
        if text.is_plain() {
            return Ok(text);
        }
        self.token.refused(&text);
        Err(Error::misuse("the access token is empty, or holds what cannot stand in a header"))
    }

    fn obtain(&self) -> Result<Token<Secret>> {
        match &self.access.0 {
            Kind::Token(text) => Ok(Token { text: text.clone(), until: None }),
            Kind::Given(source) => Ok(Token { text: Secret::new(source()?), until: None }),
            Kind::Login { user, password } => {
                let basic = access::basic(user, password);
                let body = body_of(&wire::Empty {})?;
                let pair = basic.trim_start_matches("Basic ");
                let secrets = [password.as_str(), pair];
                self.issued(&self.connection, "auth/login", JSON, Some(&basic), &body, &secrets)
            }
            Kind::Client { id, secret, .. } => {
                let (issuer, call) =
                    self.issuer.as_ref().ok_or_else(|| Error::misuse("nobody issues tokens"))?;
                let form = access::form(&[
                    ("grant_type", "client_credentials"),
                    ("client_id", id),
                    ("client_secret", secret.as_str()),
                    ("scope", "service"),
                ]);
                let sent = access::form(&[("", secret.as_str())]);
                let secrets = [secret.as_str(), sent.trim_start_matches('=')];
                self.issued(issuer, call, FORM, None, form.as_bytes(), &secrets)
            }
        }
    }

    fn issued(
        &self,
        connection: &Connection,
        call: &str,
        kind: &str,
        authorization: Option<&str>,
        body: &[u8],
        secrets: &[&str],
    ) -> Result<Token<Secret>> {
        let now = self.now();
        let answer = self.send(connection, call, kind, authorization, body)?;
        let issued: wire::AccessToken = self.read(call, answer, secrets)?.parse(call)?;
        let until = Some(access::until(now, issued.expires_in));
        Ok(Token { text: issued.access_token, until })
    }
}

impl Reply {
    /// What the answer holds. Why it cannot be read is not told: there may be secrets in it.
    pub(super) fn parse<A: DeserializeOwned>(&self, call: &str) -> Result<A> {
        if self.is_blank() {
            return Err(garbled(call, "is empty"));
        }
        serde_json::from_slice(&self.body).map_err(|_| {
            let is_page = self.body.trim_ascii_start().starts_with(b"<");
            garbled(call, if is_page { "is a page of HTML" } else { "is not what the call gives" })
        })
    }

    pub(super) fn is_blank(&self) -> bool {
        self.body.trim_ascii().is_empty()
    }
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const AGENT: &str = concat!("kyso/", env!("CARGO_PKG_VERSION"));

/// Bytes kept for a request at first: one that grew would leave its secrets behind.
const REQUEST: usize = 256 << 10;

fn body_of(request: &impl Serialize) -> Result<Zeroizing<Vec<u8>>> {
    let mut body = Zeroizing::new(Vec::with_capacity(REQUEST));
    serde_json::to_writer(&mut *body, request)
        .map_err(|_| Error::misuse("this request cannot be written as JSON"))?;
    Ok(body)
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("endpoint", &self.connection.endpoint())
            .field("access", &self.access)
            .finish_non_exhaustive()
    }
}
