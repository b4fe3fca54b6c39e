//! The sending and receiving side over real HTTP (feature `http`).

use std::fmt;
use std::io::{Read, Write};
use std::sync::atomic::{AtomicI64, Ordering};

use ureq::http::Response;
use ureq::{Body, SendBody};

use super::call::Call;
use super::credentials::Credentials;
use super::header::SignedHeaders;
use super::message_reply::MessageReply;
use super::raw_message::RawMessage;
use super::reply::Reply;
use crate::error::Result;
use crate::exchange::http::{Connection, Timeouts, for_each_piece, lost, read};
use crate::limits::Limits;
use crate::source::{Reader, Source};
use crate::time::UtcTime;

/// An agency's way to the axis.
///
/// Connections are kept and used again. No call is repeated: whether that is safe is for
/// the caller to say, who finds what to go by in the [`Fault`](crate::exchange::Fault).
///
/// Nothing is sent while the crate `log` takes the level `trace` of the target
/// `ureq_proto::util`, which would write every byte of each request into the log.
pub struct Client {
    connection: Connection,
    credentials: Credentials,
    clock: Box<dyn Fn() -> UtcTime + Send + Sync>,
    /// The instant of the latest request, in milliseconds: no two requests are alike.
    latest: AtomicI64,
    limits: Limits,
    /// The call by which messages are fetched.
    pub(super) fetch_call: Call,
}

const OCTETS: &str = "application/octet-stream";
const JSON: &str = "application/json";

/// What a call is sent with.
pub(super) enum Sent<'s> {
    /// Nothing at all: so the kit asks for lists.
    Empty,
    /// JSON, mostly `{}`.
    Json(&'s str),
    Message(&'s dyn Source),
}

impl Client {
    /// `endpoint` is the address before the names of calls, such as
    /// `https://axis.example.gov.vn/api`; `clock` is what time it is
    /// ([`UtcTime::now`] outside of tests).
    ///
    /// # Errors
    /// `Misuse` when the endpoint is no `http` or `https` address, or the system
    /// code cannot stand in a header.
    pub fn new(
        endpoint: impl Into<String>,
        credentials: Credentials,
        clock: impl Fn() -> UtcTime + Send + Sync + 'static,
    ) -> Result<Self> {
        let connection = Connection::new(endpoint)?;
        SignedHeaders::new(&credentials, &[], JSON, clock())?;
        Ok(Self {
            connection,
            credentials,
            clock: Box::new(clock),
            latest: AtomicI64::new(0),
            limits: Limits::default(),
            fetch_call: Call::GetEdoc,
        })
    }

    /// With other bounds on answers.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// With other time-outs.
    #[must_use]
    pub fn with_timeouts(self, timeouts: Timeouts) -> Self {
        Self { connection: self.connection.with_timeouts(timeouts), ..self }
    }

    /// Trusts servers whose certificates lead to one of these, PEM or DER, in place of
    /// Mozilla's: for an axis under the state's own authorities.
    ///
    /// # Errors
    /// As [`Certificate::all_from`](crate::Certificate::all_from); `Misuse` where there is
    /// none.
    pub fn with_roots(self, roots: &[u8]) -> Result<Self> {
        Ok(Self { connection: self.connection.with_roots(roots)?, ..self })
    }

    /// Fetches messages by `downloadEdoc`, as they are, where the axis knows that call: a
    /// quarter less to transfer. Else by `getEdoc`, which every axis knows.
    #[must_use]
    pub fn with_download_edoc(self) -> Self {
        Self { fetch_call: Call::DownloadEdoc, ..self }
    }

    /// The code under which this client calls.
    #[must_use]
    pub fn system_id(&self) -> &str {
        self.credentials.system_id()
    }

    pub(super) fn now(&self) -> UtcTime {
        (self.clock)()
    }

    /// A call whose answer is a reply without a message.
    pub(super) fn reply(
        &self,
        call: Call,
        parameters: &[(&str, &str)],
        sent: &Sent<'_>,
    ) -> Result<Reply> {
        let answer = self.post(call, parameters, sent)?;
        let body = read(call.path(), answer.into_body(), self.limits.answer_bytes)?;
        Reply::read(&body).map_err(|fault| fault.into_error(call.path()))
    }

    /// A call whose reply carries a message, which goes to `out`.
    pub(super) fn message_reply(
        &self,
        call: Call,
        parameters: &[(&str, &str)],
        out: &mut dyn Write,
    ) -> Result<u64> {
        let answer = self.post(call, parameters, &Sent::Json("{}"))?;
        let mut reply = MessageReply::new(call, out, self.limits.message_bytes);
        for_each_piece(call.path(), answer.into_body(), self.limits.answer_bytes, |piece| {
            reply.take(piece)
        })?;
        reply.finish()
    }

    /// A call whose answer is a message, which goes to `out`.
    pub(super) fn raw_message(
        &self,
        call: Call,
        parameters: &[(&str, &str)],
        out: &mut dyn Write,
    ) -> Result<u64> {
        let headers = self.headers(parameters, OCTETS)?;
        let mut request = self.connection.get(call.path(), call.path())?;
        for (name, value) in headers.iter() {
            request = request.header(name, value);
        }
        let answer = request.call().map_err(|it| lost(call.path(), &it))?;
        let mut message = RawMessage::new(call, &answer, out, self.limits.message_bytes);
        let most = self.limits.message_bytes.saturating_add(SLACK);
        for_each_piece(call.path(), answer.into_body(), most, |piece| message.take(piece))?;
        message.finish()
    }

    fn post(
        &self,
        call: Call,
        parameters: &[(&str, &str)],
        sent: &Sent<'_>,
    ) -> Result<Response<Body>> {
        let kind = if matches!(sent, Sent::Message(_)) { OCTETS } else { JSON };
        let headers = self.headers(parameters, kind)?;
        let mut request = self.connection.post(call.path(), call.path())?;
        for (name, value) in headers.iter() {
            request = request.header(name, value);
        }
        let answer = match sent {
            Sent::Empty => request.send_empty(),
            Sent::Json(json) => request.send(*json),
            Sent::Message(message) => {
                // The kit appends a line end.
                let len = message.len().saturating_add(Source::len(LINE_END));
                let mut body = Reader::new(*message).chain(LINE_END);
                let answer = request
                    .header("Content-Length", len.to_string())
                    .send(SendBody::from_reader(&mut body));
                // Less came than was announced: nobody takes that for a message.
                if let Some(error) = body.get_mut().0.failure() {
                    return Err(error);
                }
                answer
            }
        };
        answer.map_err(|it| lost(call.path(), &it))
    }

    fn headers(&self, parameters: &[(&str, &str)], content_type: &str) -> Result<SignedHeaders> {
        SignedHeaders::new(&self.credentials, parameters, content_type, self.instant())
    }

    /// The time, moved on by a millisecond where the last request has it already:
    /// an axis may refuse the same signed headers a second time.
    fn instant(&self) -> UtcTime {
        let clock = self.now();
        let now = clock.unix_millis();
        let last = self
            .latest
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
                Some(now.max(last.saturating_add(1)))
            })
            .unwrap_or_default();
        UtcTime::from_unix_millis(now.max(last.saturating_add(1))).unwrap_or(clock)
    }
}

/// Bytes of an answer beside a message that comes as it is.
const SLACK: u64 = 64 << 10;

const LINE_END: &[u8] = b"\r\n";

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("endpoint", &self.connection.endpoint())
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}
