//! Connections that are kept and used again, and what is read from them.

use std::io::Read;

use ureq::tls::{Certificate as Root, RootCerts, TlsConfig};
use ureq::typestate::{WithBody, WithoutBody};
use ureq::{Agent, Body, Proxy, RequestBuilder, Timeout};

use super::connector::{AskedLate, MarkingConnector, NotConnected};
use super::loopback::leads_to_loopback;
use super::timeouts::Timeouts;
use crate::error::{Error, ErrorKind, Result};
use crate::exchange::fault::Fault;
use crate::limits::Limits;
use crate::pki::Certificate;

/// The way to one service: connections are kept open for the next call.
pub(crate) struct Connection {
    agent: Agent,
    endpoint: String,
    timeouts: Timeouts,
    /// Those of Mozilla where there are none.
    roots: Option<RootCerts>,
}

impl Connection {
    /// `endpoint` is the address before the names of calls.
    pub(crate) fn new(endpoint: impl Into<String>) -> Result<Self> {
        let endpoint = endpoint.into().trim_end_matches('/').to_owned();
        if !endpoint.starts_with("http://") && !endpoint.starts_with("https://") {
            return Err(Error::misuse(format!(
                "the endpoint {endpoint:?} begins with neither http:// nor https://"
            )));
        }
        let timeouts = Timeouts::default();
        Ok(Self { agent: agent(&endpoint, timeouts, None), endpoint, timeouts, roots: None })
    }

    pub(crate) fn with_timeouts(self, timeouts: Timeouts) -> Self {
        let agent = agent(&self.endpoint, timeouts, self.roots.clone());
        Self { agent, timeouts, ..self }
    }

    /// With these roots, and no others.
    pub(crate) fn with_roots(self, roots: &[u8]) -> Result<Self> {
        let roots: Vec<Root<'static>> = Certificate::all_from(roots, &Limits::default())?
            .iter()
            .map(|it| Root::from_der(it.der()).to_owned())
            .collect();
        if roots.is_empty() {
            return Err(Error::misuse("there is no certificate among the roots of TLS"));
        }
        let roots = Some(RootCerts::from(roots));
        let agent = agent(&self.endpoint, self.timeouts, roots.clone());
        Ok(Self { agent, roots, ..self })
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// # Errors
    /// `Service` where secrets of the request would be logged.
    pub(crate) fn get(&self, doing: &str, path: &str) -> Result<RequestBuilder<WithoutBody>> {
        no_secret_is_logged(doing)?;
        Ok(self.agent.get(format!("{}/{path}", self.endpoint)))
    }

    /// # Errors
    /// As [`Connection::get`].
    pub(crate) fn post(&self, doing: &str, path: &str) -> Result<RequestBuilder<WithBody>> {
        no_secret_is_logged(doing)?;
        Ok(self.agent.post(format!("{}/{path}", self.endpoint)))
    }
}

/// The parser of HTTP logs every byte that passes at the level `trace`, and with them keys,
/// tokens and signatures. It cannot be told not to: so nothing passes then.
fn no_secret_is_logged(doing: &str) -> Result<()> {
    if log::log_enabled!(target: BYTES_LOGGED_BY, log::Level::Trace) {
        let why = format!(
            "secrets would be logged: turn the level `trace` off for the target {BYTES_LOGGED_BY}"
        );
        return Err(Fault::NotSent(why).into_error(doing));
    }
    Ok(())
}

const BYTES_LOGGED_BY: &str = "ureq_proto::util";

/// Connections that are kept while nobody uses them: one for each thread that works on a
/// post, or so.
const IDLE: usize = 16;

fn agent(endpoint: &str, timeouts: Timeouts, roots: Option<RootCerts>) -> Agent {
    let tls = TlsConfig::builder().root_certs(roots.unwrap_or(RootCerts::WebPki)).build();
    // What goes to this machine may go in the clear, and leaves it by no proxy.
    let proxy = if leads_to_loopback(endpoint) { None } else { Proxy::try_from_env() };
    let config = Agent::config_builder()
        .proxy(proxy)
        .timeout_connect(Some(timeouts.connect))
        .timeout_per_read(Some(timeouts.silence))
        .timeout_per_write(Some(timeouts.silence))
        .timeout_per_call(Some(timeouts.call))
        // Credentials and signed headers go to the axis and nowhere else.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_idle_connections_per_host(IDLE)
        .max_idle_connections(IDLE)
        .http_status_as_error(false)
        .tls_config(tls)
        .build();
    Agent::with_parts(config, MarkingConnector::default(), AskedLate::default())
}

/// The error of a call that got no answer: whether the request can have arrived, by what
/// failed.
pub(crate) fn lost(doing: &str, error: &ureq::Error) -> Error {
    if let ureq::Error::Other(source) = error
        && source.is::<NotConnected>()
    {
        return Fault::NotSent(source.to_string()).into_error(doing);
    }
    let not_sent = match error {
        ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::BadUri(_)
        | ureq::Error::Tls(_)
        | ureq::Error::TlsRequired
        | ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => true,
        ureq::Error::Http(_) => {
            return Error::new(ErrorKind::Misuse, format!("{doing}: {error}"));
        }
        _ => false,
    };
    let why = error.to_string();
    let fault = if not_sent { Fault::NotSent(why) } else { Fault::Unknown(why) };
    fault.into_error(doing)
}

/// Hands an answer on piece by piece, and no more than `most` bytes of it.
pub(crate) fn for_each_piece(
    doing: &str,
    body: Body,
    most: u64,
    mut each: impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    // No more than comes: what is kept for it is written over with zeros first.
    let most_at_once = body.content_length().and_then(|it| usize::try_from(it).ok());
    let mut piece = vec![0; most_at_once.map_or(PIECE, |it| it.clamp(1, PIECE))];
    let mut reader = body.into_with_config().limit(u64::MAX).reader();
    let mut seen = 0_u64;
    loop {
        let n = reader.read(&mut piece).map_err(|source| {
            Fault::Unknown(format!("the answer broke off: {source}")).into_error(doing)
        })?;
        if n == 0 {
            return Ok(());
        }
        seen = seen.saturating_add(u64::try_from(n).unwrap_or(u64::MAX));
        if seen > most {
            // Whatever was asked may have been done.
            let open = Fault::Unknown(format!("the answer is longer than {most} bytes"));
            let error = Error::limit(format_args!("{most} bytes in one answer"));
            return Err(error.because(open));
        }
        each(piece.get(..n).unwrap_or_default())?;
    }
}

const PIECE: usize = 64 << 10;

/// An answer that carries no message, as a whole.
pub(crate) fn read(doing: &str, body: Body, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for_each_piece(doing, body, most.min(SMALL_ANSWER), |piece| {
        bytes.extend_from_slice(piece);
        Ok(())
    })?;
    Ok(bytes)
}

/// Bytes of an answer that carries no message: 111,000 agencies take about 20 MB.
const SMALL_ANSWER: u64 = 64 << 20;
