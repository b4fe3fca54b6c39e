//! The sending and receiving side over real HTTP (feature `http`).

use std::fmt;
use std::io::Write;

use serde_json::json;
use ureq::http::Response;
use ureq::typestate::WithBody;
use ureq::{Body, RequestBuilder, SendBody};
use zeroize::Zeroizing;

use super::credentials::Credentials;
use super::form::Form;
use super::message::MessageReply;
use super::reply::{self, Reply};
use crate::error::{Error, Result};
use crate::exchange::fault::Fault;
use crate::exchange::http::{Connection, Latest, Timeouts, Token, for_each_piece, lost, read};
use crate::limits::Limits;
use crate::source::{Reader, Source};
use crate::time::UtcTime;

/// An agency's way to a provincial axis that speaks REST.
///
/// It logs in when it has to: before the first call, again before the token ends, and once
/// more where the service refuses it, which it does before anything is carried out. Apart
/// from that no call is repeated.
///
/// The dialect lists nothing that was sent, so that
/// [`Transport::sent`](crate::exchange::Transport::sent) is `Unsupported`. What became of a
/// message after [`Retry::AskFirst`](crate::exchange::Retry::AskFirst) cannot be asked: its receiver's answer (01) tells that
/// it arrived, and where none comes, a person has to ask. Sent once more it may arrive
/// twice; receivers who go by issuer, document identifier and content take it once.
///
/// Nothing is sent while the crate `log` takes the level `trace` of the target
/// `ureq_proto::util`, which would write every byte of each request into the log.
pub struct Client {
    connection: Connection,
    credentials: Credentials,
    token: Latest<Zeroizing<String>>,
    clock: Box<dyn Fn() -> UtcTime + Send + Sync>,
    limits: Limits,
    /// Days back of which messages are listed.
    pub(super) days: u16,
}

const LOGIN: &str = "v1/auth/login";
/// Seconds for which a token is used. It lasts for 1,800; a call takes up to 300.
const USED: i64 = 1_440;

impl Client {
    /// `endpoint` is the address before `/v1`; `clock` is what time it is
    /// ([`UtcTime::now`] outside of tests).
    ///
    /// # Errors
    /// `Misuse` when the endpoint is no `http` or `https` address, or the system's code or
    /// key cannot stand in a header.
    pub fn new(
        endpoint: impl Into<String>,
        credentials: Credentials,
        clock: impl Fn() -> UtcTime + Send + Sync + 'static,
    ) -> Result<Self> {
        let connection = Connection::new(endpoint)?;
        if !credentials.are_plain() {
            return Err(Error::misuse("the code and the key of a system must be plain ASCII"));
        }
        Ok(Self {
            connection,
            credentials,
            token: Latest::default(),
            clock: Box::new(clock),
            limits: Limits::default(),
            days: 30,
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
    /// Mozilla's.
    ///
    /// # Errors
    /// As [`Certificate::all_from`](crate::Certificate::all_from); `Misuse` where there is
    /// none.
    pub fn with_roots(self, roots: &[u8]) -> Result<Self> {
        Ok(Self { connection: self.connection.with_roots(roots)?, ..self })
    }

    /// Lists messages of so many days back as waiting: 30, unless this is called. The
    /// service lists by days alone, so that what waits for longer is not seen.
    #[must_use]
    pub fn with_days(self, days: u16) -> Self {
        Self { days, ..self }
    }

    pub(super) fn now(&self) -> UtcTime {
        (self.clock)()
    }

    /// Asks by GET for a reply without a message.
    pub(super) fn ask(&self, call: &str, query: &[(&str, &str)]) -> Result<Reply> {
        self.reply(call, self.with_token(call, |token| self.send_get(call, query, token))?)
    }

    /// Tells by POST, in JSON.
    pub(super) fn tell(&self, call: &str, json: &str) -> Result<Reply> {
        let answer = self.with_token(call, |token| {
            let request = self.post(call, token)?.header("Content-Type", "application/json");
            request.send(json).map_err(|it| lost(call, &it))
        })?;
        self.reply(call, answer)
    }

    /// Sends a message in a form.
    pub(super) fn upload(&self, call: &str, kind: &str, message: &dyn Source) -> Result<Reply> {
        let form = Form::new(kind)?;
        let length = form.length(message.len()).to_string();
        let answer = self.with_token(call, |token| {
            let mut reader = Reader::new(message);
            let answer = self
                .post(call, token)?
                .header("Content-Type", form.content_type())
                .header("Content-Length", &length)
                .send(SendBody::from_reader(&mut form.around(&mut reader)));
            // Less came than was announced: nobody takes that for a message.
            if let Some(error) = reader.failure() {
                return Err(error);
            }
            answer.map_err(|it| lost(call, &it))
        })?;
        self.reply(call, answer)
    }

    /// Fetches a message, which goes to `out`.
    pub(super) fn download(
        &self,
        call: &str,
        query: &[(&str, &str)],
        out: &mut dyn Write,
    ) -> Result<u64> {
        let answer = self.with_token(call, |token| self.send_get(call, query, token))?;
        if !answer.status().is_success() {
            self.reply(call, answer)?;
            return Err(Fault::Unknown("the reply has no message".into()).into_error(call));
        }
        let mut message = MessageReply::new(out, self.limits.message_bytes);
        for_each_piece(call, answer.into_body(), self.limits.answer_bytes, |piece| {
            message.take(piece)
        })?;
        message.finish()
    }

    fn reply(&self, call: &str, answer: Response<Body>) -> Result<Reply> {
        let status = answer.status().as_u16();
        let body = read(call, answer.into_body(), self.limits.answer_bytes)?;
        Reply::read(status, &body).map_err(|fault| fault.into_error(call))
    }

    /// Sends a request with the token, and once more with a new one where it is refused.
    fn with_token(
        &self,
        call: &str,
        send: impl Fn(&str) -> Result<Response<Body>>,
    ) -> Result<Response<Body>> {
        let token = self.token.get(self.now(), || self.login(call))?;
        let answer = send(&token)?;
        if answer.status().as_u16() != 401 {
            return Ok(answer);
        }
        // Read to its end, so that the connection can be used again.
        let _ = read(call, answer.into_body(), self.limits.answer_bytes);
        self.token.refused(&token);
        send(&self.token.get(self.now(), || self.login(call))?)
    }

    /// A new token. Whatever goes wrong, the call for which it is wanted was not sent.
    fn login(&self, call: &str) -> Result<Token<Zeroizing<String>>> {
        let not_sent = |error: Error| match Fault::of(&error) {
            Some(Fault::Unknown(why)) => Fault::NotSent(format!("login: {why}")).into_error(call),
            _ => error,
        };
        let (who, now) = (&self.credentials, self.now());
        let body = Zeroizing::new(
            json!({
                "username": who.username,
                "password": who.password.as_str(),
                "applicationCode": who.application_code,
                "otp": null,
                "twoFactorProvider": null,
                "typeObjs": [0, 1],
            })
            .to_string(),
        );
        let answer = self
            .connection
            .post(call, LOGIN)?
            .query("allow_anonymous", "true")
            .header("Content-Type", "application/json")
            .header("Accept", "application/json")
            .header("User-Agent", AGENT)
            .send(body.as_str())
            .map_err(|it| not_sent(lost(call, &it)))?;
        let status = answer.status().as_u16();
        let body = Zeroizing::new(
            read(call, answer.into_body(), self.limits.answer_bytes).map_err(not_sent)?,
        );
        let text = reply::token(status, &body).map_err(|fault| fault.into_error(call))?;
        Ok(Token { text: Zeroizing::new(text), until: Some(now.plus_seconds(USED)) })
    }

    fn send_get(&self, call: &str, query: &[(&str, &str)], token: &str) -> Result<Response<Body>> {
        let request = self.headers(self.connection.get(call, &format!("v1/{call}"))?, token);
        let request = query.iter().fold(request, |it, (name, value)| it.query(name, value));
        request.call().map_err(|it| lost(call, &it))
    }

    fn post(&self, call: &str, token: &str) -> Result<RequestBuilder<WithBody>> {
        Ok(self.headers(self.connection.post(call, &format!("v1/{call}"))?, token))
    }

    fn headers<B>(&self, request: RequestBuilder<B>, token: &str) -> RequestBuilder<B> {
        let bearer = Zeroizing::new(format!("Bearer {token}"));
        request
            .header("Authorization", bearer.as_str())
            .header("X-SystemId", &self.credentials.system_id)
            .header("X-SecretKey", self.credentials.secret_key.as_str())
            .header("Accept", "application/json")
            .header("User-Agent", AGENT)
    }
}

const AGENT: &str = concat!("kyso/", env!("CARGO_PKG_VERSION"));

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("endpoint", &self.connection.endpoint())
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}
