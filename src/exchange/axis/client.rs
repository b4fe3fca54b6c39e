//! The sending and receiving side over real HTTP (feature `http`).

use std::collections::HashMap;
use std::fmt;
use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ureq::{Agent, Body, Timeout};

use super::call::Call;
use super::credentials::Credentials;
use super::hash_file::hash_file_of;
use super::header::SignedHeaders;
use super::reply::{AgencyRow, ReceivedRow, Reply, SentRow};
use crate::envelope::edxml::OrganId;
use crate::error::{Error, ErrorKind, Result};
use crate::exchange::fault::Fault;
use crate::exchange::transport::{
    Agency, MessageKind, Pending, Sent, Submission, Transport, TransportId, TransportState,
};
use crate::limits::Limits;
use crate::source::{Reader, Source};
use crate::time::UtcTime;

/// An agency's way to the axis.
///
/// It never repeats a call by itself: whether that is safe is for the caller to
/// say, who finds what to go by in the [`Fault`].
pub struct Client {
    agent: Agent,
    endpoint: String,
    credentials: Credentials,
    clock: Box<dyn Fn() -> UtcTime + Send + Sync>,
    /// The instant of the latest request, in milliseconds: no two requests are alike.
    latest: AtomicI64,
    limits: Limits,
}

/// How long to wait for a connection, and for any single piece of an answer.
const CONNECT: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(60);

/// How long one call may take in all: 100 MB at 3 Mbit/s.
const CALL: Duration = Duration::from_secs(300);

/// Bytes of an answer that carries no message: 111,000 agencies take about 20 MB.
const SMALL_ANSWER: u64 = 64 << 20;

const OCTETS: &str = "application/octet-stream";
const JSON: &str = "application/json";

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
        let endpoint = endpoint.into().trim_end_matches('/').to_owned();
        if !endpoint.starts_with("http://") && !endpoint.starts_with("https://") {
            return Err(Error::misuse(format!(
                "the endpoint {endpoint:?} begins with neither http:// nor https://"
            )));
        }
        SignedHeaders::new(&credentials, &[], JSON, clock())?;
        let agent = Agent::config_builder()
            .timeout_connect(Some(CONNECT))
            .timeout_per_read(Some(SILENCE))
            .timeout_per_write(Some(SILENCE))
            .timeout_per_call(Some(CALL))
            // Signed headers go to the axis and nowhere else.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .build()
            .new_agent();
        Ok(Self {
            agent,
            endpoint,
            credentials,
            clock: Box::new(clock),
            latest: AtomicI64::new(0),
            limits: Limits::default(),
        })
    }

    /// With other bounds on answers.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The code under which this client calls.
    #[must_use]
    pub fn system_id(&self) -> &str {
        self.credentials.system_id()
    }

    /// Sends a message; `to` is for axes that route statuses by it.
    ///
    /// # Errors
    /// As [`Transport::submit`].
    pub fn send_edoc(
        &self,
        kind: MessageKind,
        from: &OrganId,
        to: Option<&OrganId>,
        message: &dyn Source,
    ) -> Result<TransportId> {
        let hash = hash_file_of(message)?;
        let mut parameters = vec![
            ("servicetype", "eDoc"),
            ("messagetype", message_type(kind)),
            ("hash-file", hash.as_str()),
            ("from", from.as_str()),
        ];
        if let Some(to) = to {
            parameters.push(("to", to.as_str()));
        }
        let reply = self.reply(Call::SendEdoc, &parameters, OCTETS, Some(message))?;
        match reply.text("DocId") {
            id if id.is_empty() => {
                Err(Fault::Unknown("the reply names no DocId".into()).into_error("sendEdoc"))
            }
            id => Ok(TransportId::from(id)),
        }
    }

    /// What waits to be fetched, as the axis lists it.
    ///
    /// # Errors
    /// As [`Transport::pending`].
    pub fn received(&self, kind: MessageKind) -> Result<Vec<ReceivedRow>> {
        let parameters = [("servicetype", "eDoc"), ("messagetype", message_type(kind))];
        self.rows(Call::GetReceivedEdocList, &parameters)
    }

    /// What was sent, as the axis lists it; of one message, where `id` names it.
    ///
    /// # Errors
    /// As [`Transport::sent`].
    pub fn sent_rows(
        &self,
        kind: MessageKind,
        id: Option<&TransportId>,
        since: Option<UtcTime>,
    ) -> Result<Vec<SentRow>> {
        let days = since.map(|it| (date(it), date((self.clock)())));
        let mut parameters = vec![("servicetype", "eDoc"), ("messagetype", message_type(kind))];
        if let Some(id) = id {
            parameters.push(("docId", id.as_str()));
        }
        if let Some((from, to)) = &days {
            parameters.extend([("fromDate", from.as_str()), ("toDate", to.as_str())]);
        }
        self.rows(Call::GetSentEdocList, &parameters)
    }

    /// A message, by the call that every axis knows: in base64 within JSON.
    ///
    /// # Errors
    /// As [`Transport::fetch`].
    pub fn get_edoc(&self, id: &TransportId) -> Result<Vec<u8>> {
        let reply = self.reply(Call::GetEdoc, &[("docId", id.as_str())], JSON, None)?;
        let unreadable = |why: &str| Fault::Unknown(why.to_owned()).into_error("getEdoc");
        let text = reply.into_data().ok_or_else(|| unreadable("the reply has no data"))?;
        let text = if text.contains(char::is_whitespace) {
            text.split_ascii_whitespace().collect()
        } else {
            text
        };
        let message = STANDARD.decode(text).map_err(|_| unreadable("the data is no base64"))?;
        self.message(message)
    }

    /// A message, by the call of newer axes: as it is.
    ///
    /// # Errors
    /// As [`Transport::fetch`].
    pub fn download_edoc(&self, id: &TransportId) -> Result<Vec<u8>> {
        let call = Call::DownloadEdoc;
        let headers = self.headers(&[("docId", id.as_str())], OCTETS)?;
        let mut request = self.agent.get(self.address(call));
        for (name, value) in headers.iter() {
            request = request.header(name, value);
        }
        let answer = request.call().map_err(|it| lost(call, &it))?;
        let succeeded = answer.status().is_success();
        let body = self.body(call, answer.into_body(), self.limits.message_bytes)?;
        // A failure comes as a reply, mostly.
        match body.first() {
            Some(b'{') | None => match Reply::read(&body) {
                Err(fault) => Err(fault.into_error(call.path())),
                Ok(_) => Err(Fault::Unknown("a reply in place of the message".into())
                    .into_error(call.path())),
            },
            _ if !succeeded => Err(Fault::Unknown("an error page in place of the message".into())
                .into_error(call.path())),
            Some(_) => Ok(body),
        }
    }

    /// How many messages wait.
    ///
    /// # Errors
    /// As [`Transport::pending`].
    pub fn count(&self, kind: MessageKind) -> Result<usize> {
        let call = match kind {
            MessageKind::Document => Call::CountReceiveEdoc,
            MessageKind::Status => Call::CountReceiveStatus,
        };
        let parameters = [("servicetype", "eDoc"), ("messagetype", message_type(kind))];
        self.reply(call, &parameters, JSON, None)?
            .count()
            .ok_or_else(|| Fault::Unknown("the reply has no count".into()).into_error(call.path()))
    }

    /// The directory, as the axis lists it.
    ///
    /// # Errors
    /// As [`Transport::agencies`].
    pub fn agency_rows(&self, call: Call) -> Result<Vec<AgencyRow>> {
        match call {
            Call::GetAgenciesList => self.rows(call, &[]),
            Call::GetAgenciesListQd20 => self.rows(call, &[("level", "")]),
            _ => Err(Error::misuse(format!("{} lists no agencies", call.path()))),
        }
    }

    fn message(&self, message: Vec<u8>) -> Result<Vec<u8>> {
        let len = u64::try_from(message.len()).unwrap_or(u64::MAX);
        if len > self.limits.message_bytes {
            return Err(Error::limit(format_args!(
                "{} bytes in one message",
                self.limits.message_bytes
            )));
        }
        Ok(message)
    }

    fn rows<T: for<'de> serde::Deserialize<'de>>(
        &self,
        call: Call,
        parameters: &[(&str, &str)],
    ) -> Result<Vec<T>> {
        self.reply(call, parameters, JSON, None)?
            .into_rows()
            .map_err(|fault| fault.into_error(call.path()))
    }

    fn reply(
        &self,
        call: Call,
        parameters: &[(&str, &str)],
        content_type: &str,
        message: Option<&dyn Source>,
    ) -> Result<Reply> {
        let headers = self.headers(parameters, content_type)?;
        let mut request = self.agent.post(self.address(call));
        for (name, value) in headers.iter() {
            request = request.header(name, value);
        }
        let answer = match message {
            // The kit appends a line end; the message itself is lent.
            Some(message) => {
                let len = message.len().saturating_add(Source::len(LINE_END));
                let mut body = Reader::new(message).chain(LINE_END);
                let answer = request
                    .header("Content-Length", len.to_string())
                    .send(ureq::SendBody::from_reader(&mut body));
                // Less came than was announced: nobody takes that for a message.
                if let Some(error) = body.get_mut().0.failure() {
                    return Err(error);
                }
                answer
            }
            // Its lists are asked for without a body, everything else with this one.
            None if lists(call) => request.send_empty(),
            None => request.send("{}"),
        };
        let answer = answer.map_err(|it| lost(call, &it))?;
        let most = match call {
            Call::GetEdoc => self.limits.answer_bytes,
            _ => SMALL_ANSWER.min(self.limits.answer_bytes),
        };
        let body = self.body(call, answer.into_body(), most)?;
        Reply::read(&body).map_err(|fault| fault.into_error(call.path()))
    }

    fn body(&self, call: Call, body: Body, most: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let room = body.content_length().unwrap_or(0).min(most).min(16 << 20);
        bytes.reserve(usize::try_from(room).unwrap_or(0));
        body.into_with_config()
            .limit(u64::MAX)
            .reader()
            .take(most.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|source| {
                Fault::Unknown(format!("the answer broke off: {source}")).into_error(call.path())
            })?;
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > most {
            return Err(Error::limit(format_args!("{most} bytes in one answer")));
        }
        Ok(bytes)
    }

    fn headers(&self, parameters: &[(&str, &str)], content_type: &str) -> Result<SignedHeaders> {
        SignedHeaders::new(&self.credentials, parameters, content_type, self.instant())
    }

    /// The time, moved on by a millisecond where the last request has it already:
    /// an axis may refuse the same signed headers a second time.
    fn instant(&self) -> UtcTime {
        let clock = (self.clock)();
        let now = clock.unix_millis();
        let last = self
            .latest
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
                Some(now.max(last.saturating_add(1)))
            })
            .unwrap_or_default();
        UtcTime::from_unix_millis(now.max(last.saturating_add(1))).unwrap_or(clock)
    }

    fn address(&self, call: Call) -> String {
        format!("{}/{}", self.endpoint, call.path())
    }
}

const LINE_END: &[u8] = b"\r\n";

impl Transport for Client {
    fn submit(&self, submission: &Submission<'_>) -> Result<TransportId> {
        self.send_edoc(submission.kind, submission.from, submission.to, submission.message)
    }

    fn pending(&self, kind: MessageKind) -> Result<Vec<Pending>> {
        let rows = self.received(kind)?.into_iter().filter(|it| !it.doc_id.is_empty());
        Ok(rows
            .map(|row| Pending {
                id: TransportId::from(row.doc_id),
                kind,
                from: OrganId::from(row.from),
                to: OrganId::from(row.to),
                state: TransportState::from_name(&row.status),
                created: row.created_time,
            })
            .collect())
    }

    fn fetch(&self, id: &TransportId, out: &mut dyn Write) -> Result<u64> {
        let message = self.get_edoc(id)?;
        out.write_all(&message)?;
        Ok(message.as_slice().len().try_into().unwrap_or(u64::MAX))
    }

    fn acknowledge(&self, id: &TransportId, state: TransportState) -> Result<()> {
        let parameters = [("docId", id.as_str()), ("status", state.name())];
        self.reply(Call::UpdateStatus, &parameters, JSON, None).map(drop)
    }

    fn sent(&self, kind: MessageKind, since: Option<UtcTime>) -> Result<Vec<Sent>> {
        Ok(self
            .sent_rows(kind, None, since)?
            .into_iter()
            .map(|row| Sent {
                id: TransportId::from(row.sender_doc_id),
                kind,
                to: OrganId::from(row.to_code),
                subject: row.title,
                code: row.notation,
                sent: row.sent_time,
                state: TransportState::from_name(&row.receive_status),
            })
            .collect())
    }

    fn agencies(&self) -> Result<Vec<Agency>> {
        let some = |code: String| (!code.is_empty()).then(|| OrganId::from(code));
        let rows = self.agency_rows(Call::GetAgenciesList)?;
        let by_id: HashMap<String, OrganId> = rows
            .iter()
            .filter(|it| !it.id.is_empty())
            .map(|it| (it.id.clone(), OrganId::from(it.code.clone())))
            .collect();
        Ok(rows
            .into_iter()
            .map(|row| Agency {
                parent_code: by_id.get(&row.pid).filter(|_| row.pid != row.id).cloned(),
                code: OrganId::from(row.code),
                other_code: some(row.old_code).or_else(|| some(row.code102)),
                name: row.name,
                email: row.mail,
            })
            .collect())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("endpoint", &self.endpoint)
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}

/// A day of Vietnam's calendar, as lists are bounded by: `2026/11/22`.
fn date(at: UtcTime) -> String {
    let day = at.vietnam_local();
    format!("{:04}/{:02}/{:02}", day.year(), u8::from(day.month()), day.day())
}

fn message_type(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Document => "edoc",
        MessageKind::Status => "status",
    }
}

fn lists(call: Call) -> bool {
    matches!(
        call,
        Call::GetReceivedEdocList
            | Call::GetSentEdocList
            | Call::GetAgenciesList
            | Call::GetAgenciesListQd20
    )
}

/// Whether the request can have arrived, by what failed.
fn lost(call: Call, error: &ureq::Error) -> Error {
    let not_sent = match error {
        ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::BadUri(_)
        | ureq::Error::Tls(_)
        | ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => true,
        ureq::Error::Http(_) => {
            return Error::new(ErrorKind::Misuse, format!("{}: {error}", call.path()));
        }
        ureq::Error::Io(source) => matches!(
            source.kind(),
            io::ErrorKind::ConnectionRefused
                | io::ErrorKind::AddrNotAvailable
                | io::ErrorKind::HostUnreachable
                | io::ErrorKind::NetworkUnreachable
                | io::ErrorKind::NetworkDown
        ),
        _ => false,
    };
    let why = error.to_string();
    let fault = if not_sent { Fault::NotSent(why) } else { Fault::Unknown(why) };
    fault.into_error(call.path())
}
