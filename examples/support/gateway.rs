//! A small gateway of the document axis, for many agencies: the protocol is the
//! library's, the HTTP server `tiny_http`'s, the store a map in memory and, where
//! one is named, a folder.
//!
//! It keeps the rules that the unmodified national kit depends on, and these:
//! headers are verified before a body is read, `from` is the caller, the digest is
//! the body's, the message's own sender is the caller, receivers are registered.
//! It is not for production: nothing survives a restart, nothing is ever thrown away,
//! and its server waits for slow connections as long as they like.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Cursor, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kyso::axis::{
    self, AgencyRow, Call, Credentials, ErrorCode, ReceivedRow, Rejection, Reply, SentRow, Verified,
};
use kyso::edxml::{self, Message};
use kyso::exchange::TransportState;
use kyso::{DigestAlgorithm, Limits, UtcTime};
use tiny_http::{Header, Request, Response, Server};

use crate::files::write_whole;

/// An agency that the gateway serves.
pub(crate) struct Agency {
    code: String,
    other_code: String,
    name: String,
    credentials: Credentials,
}

impl Agency {
    /// Registered under this code, with this secret.
    pub(crate) fn new(code: &str, name: &str, secret: &str) -> Self {
        Self {
            code: code.to_owned(),
            other_code: String::new(),
            name: name.to_owned(),
            credentials: Credentials::new(code, secret),
        }
    }

    /// Also known by a code of the other scheme.
    #[allow(dead_code, reason = "not every program that includes this file registers two")]
    pub(crate) fn known_as(mut self, other_code: &str) -> Self {
        self.other_code = other_code.to_owned();
        self
    }

    fn answers_to(&self, code: &str) -> bool {
        self.code == code || (!code.is_empty() && self.other_code == code)
    }
}

/// How a gateway runs.
pub(crate) struct Options {
    /// Where to listen; port 0 takes any free one.
    pub(crate) listen: String,
    /// Where messages are kept; in memory where there is none.
    pub(crate) folder: Option<PathBuf>,
    /// Most bytes of a message.
    pub(crate) message_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { listen: "127.0.0.1:0".to_owned(), folder: None, message_bytes: 64 << 20 }
    }
}

/// Requests served at the same time; more are turned away.
const AT_ONCE: usize = 64;

/// A gateway that runs until it is shut down or dropped.
pub(crate) struct Gateway {
    server: Arc<Server>,
    address: SocketAddr,
    acceptor: Option<JoinHandle<()>>,
}

impl Gateway {
    /// Serves these agencies.
    pub(crate) fn start(options: Options, agencies: Vec<Agency>) -> io::Result<Self> {
        if let Some(folder) = &options.folder {
            fs::create_dir_all(folder).map_err(|error| {
                io::Error::new(error.kind(), format!("{}: {error}", folder.display()))
            })?;
        }
        let server = Server::http(&options.listen)
            .map_err(|error| io::Error::other(format!("{}: {error}", options.listen)))?;
        let server = Arc::new(server);
        let address = server
            .server_addr()
            .to_ip()
            .ok_or_else(|| io::Error::other("the gateway has no address"))?;
        let axis = Arc::new(Axis { agencies, options, post: Mutex::default() });
        let acceptor = thread::spawn({
            let server = Arc::clone(&server);
            move || accept(&server, &axis)
        });
        Ok(Self { server, address, acceptor: Some(acceptor) })
    }

    /// What clients are given: `http://127.0.0.1:…/api`.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}/api", self.address)
    }

    /// Ends it; requests under way are answered.
    #[allow(dead_code, reason = "some programs run until they are interrupted")]
    pub(crate) fn shutdown(mut self) {
        self.stop();
    }

    fn stop(&mut self) {
        self.server.unblock();
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.stop();
    }
}

/// One thread for each request: a slow one holds up nobody else.
fn accept(server: &Server, axis: &Arc<Axis>) {
    let busy = Arc::new(AtomicUsize::new(0));
    while let Ok(mut request) = server.recv() {
        let (axis, busy) = (Arc::clone(axis), Arc::clone(&busy));
        thread::spawn(move || {
            let response = if busy.fetch_add(1, Ordering::SeqCst) < AT_ONCE {
                axis.serve(&mut request)
            } else {
                Response::from_data([]).with_status_code(503)
            };
            // Its place is free before it is answered: the server reads to the end
            // whatever a refused request announced, and that end may never come.
            busy.fetch_sub(1, Ordering::SeqCst);
            let _ = request.respond(response);
        });
    }
}

/// The post of all agencies.
struct Axis {
    agencies: Vec<Agency>,
    options: Options,
    post: Mutex<Post>,
}

#[derive(Default)]
struct Post {
    letters: Vec<Letter>,
    /// Signed headers under which something was taken: a repetition is the same
    /// letter again, not a second one.
    taken: HashMap<String, String>,
}

/// A message for one receiver.
struct Letter {
    /// Its name at the sender's side, the same for all receivers.
    sent_as: String,
    /// Its name at the receiver's side.
    id: String,
    kind: &'static str,
    from: String,
    to: String,
    title: String,
    notation: String,
    at: String,
    state: TransportState,
    bytes: Arc<Bytes>,
}

enum Bytes {
    Memory(Vec<u8>),
    File(PathBuf),
}

impl Bytes {
    fn read(&self) -> io::Result<Vec<u8>> {
        match self {
            Self::Memory(bytes) => Ok(bytes.clone()),
            Self::File(path) => fs::read(path),
        }
    }
}

/// What a call is answered with.
enum Answer {
    Json(Reply),
    Octets(Vec<u8>),
}

/// Why a call is refused.
struct No(ErrorCode, String);

impl No {
    fn because(code: ErrorCode) -> Self {
        Self(code, code.text().to_owned())
    }
}

impl Axis {
    fn serve(&self, request: &mut Request) -> Response<Cursor<Vec<u8>>> {
        let path = request.url().split('?').next().unwrap_or_default().to_owned();
        let Some(call) = Call::from_path(&path) else {
            return Response::from_data([]).with_status_code(404);
        };
        let (body, content_type) = match self.answer(call, request) {
            Ok(Answer::Octets(bytes)) => (bytes, "application/octet-stream"),
            Ok(Answer::Json(reply)) => (reply.to_json().into_bytes(), "application/json"),
            Err(No(code, text)) => {
                (Reply::fail(call, code, &text).to_json().into_bytes(), "application/json")
            }
        };
        let mut response = Response::from_data(body);
        if let Ok(header) = Header::from_bytes("Content-Type", content_type) {
            response.add_header(header);
        }
        response
    }

    fn answer(&self, call: Call, request: &mut Request) -> Result<Answer, No> {
        let headers: Vec<(String, String)> = request
            .headers()
            .iter()
            .map(|it| (it.field.as_str().as_str().to_owned(), it.value.as_str().to_owned()))
            .collect();
        let pairs = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let caller = axis::verify(pairs, |id| {
            self.agencies.iter().find(|it| it.code == id).map(|it| &it.credentials)
        })
        .map_err(|why| match why {
            Rejection::UnknownSystem => No::because(ErrorCode::UNKNOWN_SENDER),
            other => No(ErrorCode::WRONG_CREDENTIALS, other.to_string()),
        })?;
        let reply = match call {
            Call::SendEdoc => {
                let hmac = headers
                    .iter()
                    .find(|(name, _)| name.eq_ignore_ascii_case("XroadVnpt-hash-header"))
                    .map(|(_, value)| value.to_ascii_lowercase())
                    .unwrap_or_default();
                let body = self.body(request)?;
                Reply::ok(call).with_doc_id(&self.take(&caller, hmac, body)?)
            }
            Call::GetReceivedEdocList => Reply::ok(call).with_rows(&self.waiting(&caller)),
            Call::GetSentEdocList => Reply::ok(call).with_rows(&self.sent(&caller)),
            Call::GetEdoc => Reply::ok(call).with_data(STANDARD.encode(self.hand_out(&caller)?)),
            Call::DownloadEdoc => return self.hand_out(&caller).map(Answer::Octets),
            Call::UpdateStatus => self.update(&caller).map(|()| Reply::ok(call))?,
            Call::CountReceiveEdoc => Reply::ok(call).with_count(self.count(&caller, "edoc")),
            Call::CountReceiveStatus => Reply::ok(call).with_count(self.count(&caller, "status")),
            Call::GetAgenciesList | Call::GetAgenciesListQd20 => {
                Reply::ok(call).with_rows(&self.directory(call))
            }
            _ => return Err(No::because(ErrorCode::SYSTEM)),
        };
        Ok(Answer::Json(reply))
    }

    /// The body, which comes only after its headers were found to be sound.
    fn body(&self, request: &mut Request) -> Result<Vec<u8>, No> {
        let too_large = || No(ErrorCode::INVALID_FILE, "File qua lon".to_owned());
        // The kit appends a line end.
        let most = self.options.message_bytes.saturating_add(2);
        let announced = request.body_length().unwrap_or(0);
        if announced > most {
            return Err(too_large());
        }
        let mut body = Vec::with_capacity(announced);
        request
            .as_reader()
            .take(u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1))
            .read_to_end(&mut body)
            .map_err(|_| No::because(ErrorCode::INVALID_FILE))?;
        if body.len() > most { Err(too_large()) } else { Ok(body) }
    }

    /// Takes a message for all its receivers, or for none.
    fn take(&self, caller: &Verified, hmac: String, mut body: Vec<u8>) -> Result<String, No> {
        if let Some(id) = self.post().taken.get(&hmac) {
            return Ok(id.clone());
        }
        self.is_caller(caller, caller.parameter("from").unwrap_or_default())?;
        let claimed = caller.parameter("hash-file").unwrap_or_default();
        let message = axis::message_within(&body, claimed).ok_or_else(|| {
            No(ErrorCode::INVALID_FILE, "hash-file khong khop voi file".to_owned())
        })?;
        let parsed = edxml::parse(message, &Limits::default())
            .map_err(|error| No(ErrorCode::INVALID_EDXML, error.to_string()))?;
        let len = message.len();
        body.truncate(len);
        let letter = self.addressed(caller, &parsed.message)?;
        self.deliver(hmac, letter, body)
    }

    fn addressed(&self, caller: &Verified, message: &Message) -> Result<Addressed, No> {
        let kind = match message {
            Message::Document(_) => "edoc",
            Message::Status(_) => "status",
        };
        if caller.parameter("messagetype") != Some(kind) {
            return Err(No(ErrorCode::INVALID_EDXML, format!("messagetype phai la {kind}")));
        }
        let (from, to, title, notation) = match message {
            Message::Document(it) => (
                &it.header.from.organ_id,
                it.header.to.iter().map(|to| to.organ_id.as_str()).collect(),
                it.header.subject.clone(),
                it.header.code.to_string(),
            ),
            Message::Status(it) => {
                let issuer = it.response_for.organ_id.as_str();
                let to = caller.parameter("to").filter(|it| !it.is_empty()).unwrap_or(issuer);
                (&it.from.organ_id, vec![to], it.description.clone(), it.response_for.code.clone())
            }
        };
        self.is_caller(caller, from.as_str())?;
        let find = |code: &&str| {
            self.agencies
                .iter()
                .find(|it| it.answers_to(code))
                .map(|it| it.code.clone())
                .ok_or_else(|| {
                    No(ErrorCode::UNKNOWN_RECEIVER, format!("Don vi nhan khong ton tai: {code}"))
                })
        };
        let mut to: Vec<String> = to.iter().map(find).collect::<Result<_, No>>()?;
        // One letter each, by whichever codes it is named how often.
        to.sort_unstable();
        to.dedup();
        Ok(Addressed { kind, from: caller.system_id().to_owned(), to, title, notation })
    }

    fn is_caller(&self, caller: &Verified, from: &str) -> Result<(), No> {
        let registered = caller.system_id();
        let same = self.agencies.iter().any(|it| it.code == registered && it.answers_to(from));
        if same {
            return Ok(());
        }
        let text = format!("Don vi gui {from} khong dung voi ma da dang ky: {registered}");
        Err(No(ErrorCode::UNKNOWN_SENDER, text))
    }

    fn deliver(&self, hmac: String, letter: Addressed, body: Vec<u8>) -> Result<String, No> {
        let now = UtcTime::now();
        let name = |what: &str| {
            let seed = format!("{hmac} {what}");
            DigestAlgorithm::Sha256.digest(seed.as_bytes()).to_string()[..24].to_owned()
        };
        let sent_as = name("sent");
        let bytes = Arc::new(match &self.options.folder {
            None => Bytes::Memory(body),
            Some(folder) => {
                let path = folder.join(format!("{sent_as}.edxml"));
                write_whole(&path, &body).map_err(|_| No::because(ErrorCode::SYSTEM))?;
                Bytes::File(path)
            }
        });
        let mut post = self.post();
        // The same request may have come twice at once.
        if let Some(id) = post.taken.get(&hmac) {
            return Ok(id.clone());
        }
        for to in &letter.to {
            post.letters.push(Letter {
                sent_as: sent_as.clone(),
                id: name(to),
                kind: letter.kind,
                from: letter.from.clone(),
                to: to.clone(),
                title: letter.title.clone(),
                notation: letter.notation.clone(),
                at: now.vietnam(),
                state: TransportState::Initial,
                bytes: Arc::clone(&bytes),
            });
        }
        post.taken.insert(hmac, sent_as.clone());
        Ok(sent_as)
    }

    fn waiting(&self, caller: &Verified) -> Vec<ReceivedRow> {
        let kind = caller.parameter("messagetype").unwrap_or("edoc");
        let post = self.post();
        let letters = post.letters.iter().filter(|it| it.to == caller.system_id());
        letters
            .filter(|it| it.kind == kind)
            .filter(|it| matches!(it.state, TransportState::Initial | TransportState::Processing))
            .map(|it| ReceivedRow {
                doc_id: it.id.clone(),
                service_type: "eDoc".to_owned(),
                message_type: it.kind.to_owned(),
                created_time: it.at.clone(),
                updated_time: it.at.clone(),
                from: it.from.clone(),
                to: it.to.clone(),
                status: it.state.name().to_owned(),
                status_desc: String::new(),
            })
            .collect()
    }

    fn sent(&self, caller: &Verified) -> Vec<SentRow> {
        let kind = caller.parameter("messagetype").unwrap_or("edoc");
        let post = self.post();
        let letters = post.letters.iter().filter(|it| it.from == caller.system_id());
        letters
            .filter(|it| it.kind == kind)
            .filter(|it| caller.parameter("docId").is_none_or(|id| id == it.sent_as))
            .map(|it| SentRow {
                service_type: "eDoc".to_owned(),
                message_type: it.kind.to_owned(),
                sender_doc_id: it.sent_as.clone(),
                receiver_doc_id: it.id.clone(),
                from_code: it.from.clone(),
                to_code: it.to.clone(),
                title: it.title.clone(),
                notation: it.notation.clone(),
                sent_time: it.at.clone(),
                send_status: "done".to_owned(),
                receive_status: it.state.name().to_owned(),
                ..SentRow::default()
            })
            .collect()
    }

    /// A message of the caller's own.
    fn hand_out(&self, caller: &Verified) -> Result<Vec<u8>, No> {
        let bytes = {
            let mut post = self.post();
            let letter = own(&mut post, caller)?;
            if letter.state == TransportState::Initial {
                letter.state = TransportState::Processing;
            }
            Arc::clone(&letter.bytes)
        };
        bytes.read().map_err(|_| No::because(ErrorCode::PROCESSING))
    }

    fn update(&self, caller: &Verified) -> Result<(), No> {
        let state = caller.parameter("status").and_then(TransportState::from_name);
        let state = state.ok_or_else(|| No(ErrorCode::SYSTEM, "status khong hop le".to_owned()))?;
        own(&mut self.post(), caller)?.state = state;
        Ok(())
    }

    fn count(&self, caller: &Verified, kind: &str) -> usize {
        let post = self.post();
        let letters = post.letters.iter().filter(|it| it.to == caller.system_id());
        letters.filter(|it| it.kind == kind && it.state == TransportState::Initial).count()
    }

    fn directory(&self, call: Call) -> Vec<AgencyRow> {
        let rows = self.agencies.iter().enumerate().map(|(n, it)| {
            let (code, name, other) = (it.code.clone(), it.name.clone(), it.other_code.clone());
            let row = AgencyRow { id: n.to_string(), code, name, ..AgencyRow::default() };
            match call {
                Call::GetAgenciesList => AgencyRow { old_code: other, ..row },
                _ => AgencyRow { code102: other, ..row },
            }
        });
        rows.collect()
    }

    fn post(&self) -> MutexGuard<'_, Post> {
        self.post.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// To whom a message goes, and what lists say of it.
struct Addressed {
    kind: &'static str,
    from: String,
    to: Vec<String>,
    title: String,
    notation: String,
}

fn own<'p>(post: &'p mut Post, caller: &Verified) -> Result<&'p mut Letter, No> {
    let id = caller.parameter("docId").unwrap_or_default();
    let mut letters = post.letters.iter_mut();
    letters
        .find(|it| it.id == id && it.to == caller.system_id())
        .ok_or_else(|| No(ErrorCode::PROCESSING, format!("Khong co van ban {id}")))
}
