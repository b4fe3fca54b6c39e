//! Questions over HTTP (feature `http`).

use std::fmt;
use std::io::{self, Read};
use std::time::Duration;

use ureq::config::Config;
use ureq::http::{Response, Uri, header};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Body};

use super::address::is_public;
use crate::error::{Error, ErrorKind, Result};
use crate::retrieval::{Request, Retrieve};

/// Asks over HTTP and HTTPS, within bounds that an unknown server cannot move.
///
/// Where to ask stands in certificates, which anybody writes. So: `http` and `https` only;
/// no address that is not public, unless [allowed](Self::allow_private_addresses), and the
/// connection goes to the very address that was checked, so that a name that leads
/// elsewhere a moment later gains nothing; at most three redirects, each checked as the
/// first; one time-out for the whole of an answer, however slowly it drips; no more bytes
/// than asked for; no compression, no cookies, no credentials, no proxy of the environment.
///
/// Cheap to clone, and to be shared by many threads. Nothing is asked twice.
#[derive(Clone)]
pub struct Http {
    agent: Agent,
    settings: Settings,
}

#[derive(Debug, Clone, Copy)]
struct Settings {
    connect: Duration,
    whole: Duration,
    private: bool,
}

const CONNECT: Duration = Duration::from_secs(5);
/// A list of 50 MB at 15 Mbit/s.
const WHOLE: Duration = Duration::from_secs(30);
const REDIRECTS: u32 = 3;
/// Memory kept for an answer by the length that it claims, before anything has come.
const CLAIMED: u64 = 1 << 20;

impl Default for Http {
    fn default() -> Self {
        Self::new()
    }
}

impl Http {
    /// Five seconds for a connection, thirty for the whole of an answer, public addresses
    /// only.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Settings { connect: CONNECT, whole: WHOLE, private: false })
    }

    /// How long to wait for a connection, and for the whole of an answer: names, redirects,
    /// TLS, and its last byte.
    #[must_use]
    pub fn with_timeouts(self, connect: Duration, whole: Duration) -> Self {
        Self::with(Settings { connect, whole, ..self.settings })
    }

    /// Lets private, local and reserved addresses be asked too: for services of one's own
    /// network, and for tests.
    #[must_use]
    pub fn allow_private_addresses(self) -> Self {
        Self::with(Settings { private: true, ..self.settings })
    }

    fn with(settings: Settings) -> Self {
        let config = Agent::config_builder()
            .timeout_connect(Some(settings.connect))
            .timeout_resolve(Some(settings.connect))
            .timeout_global(Some(settings.whole))
            .max_redirects(REDIRECTS)
            .max_redirects_will_error(true)
            .http_status_as_error(false)
            .accept_encoding("identity")
            .user_agent(concat!("kyso/", env!("CARGO_PKG_VERSION")))
            .proxy(None)
            .build();
        let resolver = Checked { private: settings.private, names: DefaultResolver::default() };
        let agent = Agent::with_parts(config, DefaultConnector::default(), resolver);
        Self { agent, settings }
    }

    fn send(&self, request: &Request<'_>) -> Result<Response<Body>, ureq::Error> {
        match request.body {
            None => self.agent.get(request.url).call(),
            Some(body) => {
                let kind = request.kind.request_type().unwrap_or("application/octet-stream");
                self.agent.post(request.url).content_type(kind).send(body)
            }
        }
    }
}

impl Retrieve for Http {
    fn retrieve(&self, request: &Request<'_>) -> Result<Vec<u8>> {
        let uri: Uri =
            request.url.parse().map_err(|_| Error::misuse("this is no URL that could be asked"))?;
        may_be_asked(&uri).map_err(Error::misuse)?;
        let answer = self.send(request).map_err(|error| failed(&error))?;
        let status = answer.status();
        if !status.is_success() {
            return Err(Error::new(ErrorKind::Service, format!("the answer is HTTP {status}")));
        }
        if let Some(coding) = answer.headers().get(header::CONTENT_ENCODING)
            && !coding.as_bytes().eq_ignore_ascii_case(b"identity")
        {
            return Err(Error::new(ErrorKind::Service, "the answer is compressed, unasked"));
        }
        read(answer.into_body(), request.most_bytes)
    }
}

fn read(body: Body, most: u64) -> Result<Vec<u8>> {
    let too_long = || Error::limit(format_args!("{most} bytes in one answer"));
    let claimed = body.content_length().unwrap_or(0);
    if claimed > most {
        return Err(too_long());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(claimed.min(CLAIMED)).unwrap_or(0));
    body.into_with_config()
        .limit(u64::MAX)
        .reader()
        .take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| {
            Error::new(ErrorKind::Service, format!("the answer broke off: {error}"))
        })?;
    match u64::try_from(bytes.len()) {
        Ok(len) if len <= most => Ok(bytes),
        _ => Err(too_long()),
    }
}

fn failed(error: &ureq::Error) -> Error {
    match error {
        ureq::Error::Io(refused) if refused.kind() == io::ErrorKind::PermissionDenied => {
            Error::misuse(refused.to_string())
        }
        error => Error::new(ErrorKind::Service, format!("there is no answer: {error}")),
    }
}

/// Looks names up and leaves out the addresses that must not be asked. The connection is
/// made to one of those that are left, and each redirect passes here.
#[derive(Debug)]
struct Checked {
    private: bool,
    names: DefaultResolver,
}

impl Resolver for Checked {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        may_be_asked(uri).map_err(refused)?;
        let found = self.names.resolve(uri, config, timeout)?;
        if self.private {
            return Ok(found);
        }
        let mut public = self.empty();
        for address in found.iter().filter(|it| is_public(it.ip())) {
            public.push(*address);
        }
        if public.is_empty() {
            let host = uri.host().unwrap_or_default();
            return Err(refused(format!("{host} is no public address")));
        }
        Ok(public)
    }
}

fn refused(why: String) -> ureq::Error {
    ureq::Error::Io(io::Error::new(io::ErrorKind::PermissionDenied, why))
}

/// Why this must not be asked, whatever its address.
fn may_be_asked(uri: &Uri) -> Result<(), String> {
    let scheme = uri.scheme_str().unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return Err("only http and https are asked".into());
    }
    if uri.authority().is_none_or(|it| it.as_str().contains('@')) {
        return Err("a URL with a name or a password in it is not asked".into());
    }
    Ok(())
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Http({:?})", self.settings)
    }
}
