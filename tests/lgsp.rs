//! The provincial dialect of the axis over real HTTP, with a small service on loopback.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kyso::exchange::{
    Fault, MessageKind, Retry, Submission, Transport, TransportId, TransportState,
};
use kyso::lgsp::{Client, Credentials};
use kyso::{Error, ErrorKind, Limits, UtcTime};
use serde_json::{Value, json};
use tiny_http::{Method, Request, Response, Server};

const KEY: &str = "key-of-the-system";
const PASSWORD: &str = "the password";
const MESSAGE: &[u8] = b"<edXML:edXML>--- 'a message' \xE1\xBA\xBF ---</edXML:edXML>";

/// What the service keeps, and how it behaves.
#[derive(Default)]
struct State {
    logins: usize,
    /// Those that are good; others are refused.
    tokens: Vec<String>,
    /// Every call with the token that came with it.
    calls: Vec<(String, String)>,
    messages: BTreeMap<String, (String, Vec<u8>, String)>,
    /// What the next calls are answered with in place of what they should be.
    instead: Vec<(u16, &'static str)>,
    /// How messages are handed out.
    form: &'static str,
    refuses_all: bool,
}

#[derive(Clone)]
struct Service {
    state: Arc<Mutex<State>>,
    endpoint: String,
    clock: Arc<AtomicI64>,
}

impl Service {
    fn start() -> Self {
        let server = Server::http("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", server.server_addr());
        let state = Arc::new(Mutex::new(State { form: "base64", ..State::default() }));
        let kept = Arc::clone(&state);
        thread::spawn(move || {
            for request in server.incoming_requests() {
                serve(request, &mut kept.lock().unwrap());
            }
        });
        let now: UtcTime = "2026-11-22T08:00:00+07:00".parse().unwrap();
        Self { state, endpoint, clock: Arc::new(AtomicI64::new(now.unix())) }
    }

    fn client(&self) -> Client {
        self.client_with(PASSWORD)
    }

    fn client_with(&self, password: &str) -> Client {
        let clock = Arc::clone(&self.clock);
        let who =
            Credentials::new("H37.DN.001", KEY, "clerk", password).with_application_code("QLVB");
        let now = move || UtcTime::from_unix(clock.load(Ordering::SeqCst)).unwrap();
        Client::new(self.endpoint.clone(), who, now).unwrap()
    }

    fn wait(&self, minutes: i64) {
        self.clock.fetch_add(minutes * 60, Ordering::SeqCst);
    }

    fn state<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap())
    }
}

fn serve(mut request: Request, state: &mut State) {
    let header = |name: &str| {
        let found = request
            .headers()
            .iter()
            .find(|it| it.field.as_str().as_str().eq_ignore_ascii_case(name));
        found.map(|it| it.value.as_str().to_owned()).unwrap_or_default()
    };
    let (kind, bearer) = (header("content-type"), header("authorization"));
    let is_known = header("x-systemid") == "H37.DN.001" && header("x-secretkey") == KEY;
    let url = request.url().to_owned();
    let (path, query) = url.split_once('?').unwrap_or((&url, ""));
    let mut body = Vec::new();
    request.as_reader().read_to_end(&mut body).unwrap();
    let (status, reply) = if !state.instead.is_empty() && !path.ends_with("login") {
        let (status, reply) = state.instead.remove(0);
        (status, reply.to_owned())
    } else if path == "/v1/auth/login" {
        assert_eq!(query, "allow_anonymous=true");
        login(&body, state)
    } else {
        let token = bearer.strip_prefix("Bearer ").unwrap_or_default().to_owned();
        state.calls.push((path.to_owned(), token.clone()));
        if !is_known || state.refuses_all || !state.tokens.contains(&token) {
            (401, json!({ "code": 401, "message": "licenseInfo:invalid" }).to_string())
        } else {
            let reply = call(request.method(), path, query, &kind, &body, state);
            (200, reply.to_string())
        }
    };
    request.respond(Response::from_string(reply).with_status_code(status)).unwrap();
}

fn login(body: &[u8], state: &mut State) -> (u16, String) {
    state.logins += 1;
    let who: Value = serde_json::from_slice(body).unwrap();
    assert_eq!(who["typeObjs"], json!([0, 1]));
    assert!(who["otp"].is_null() && who["twoFactorProvider"].is_null());
    assert_eq!((&who["username"], &who["applicationCode"]), (&json!("clerk"), &json!("QLVB")));
    match who["password"].as_str() {
        Some(PASSWORD) => {
            let token = format!("token.{}", state.logins);
            state.tokens.push(token.clone());
            (200, json!({ "code": 200, "message": "OK", "data": { "token": token } }).to_string())
        }
        Some("down") => (502, "<html>502 Bad Gateway</html>".to_owned()),
        _ => (200, json!({ "code": 401, "message": "Sai mat khau" }).to_string()),
    }
}

fn call(
    method: &Method,
    path: &str,
    query: &str,
    kind: &str,
    body: &[u8],
    state: &mut State,
) -> Value {
    let parameters: BTreeMap<_, _> = query.split('&').filter_map(|it| it.split_once('=')).collect();
    let parameter = |name: &str| parameters[name].replace("%2F", "/").replace("%20", " ");
    match (method, path) {
        (Method::Post, "/v1/sendEdoc") => {
            let (message, kind) = parts(kind, body);
            let id = format!("doc {}", state.messages.len() + 1);
            state.messages.insert(id.clone(), (kind, message, "INITIAL".to_owned()));
            json!({ "success": true, "message": "OK", "docId": id })
        }
        (Method::Get, "/v1/syncReceivedEdocList") => {
            assert_eq!(parameter("fromDate"), "2026/10/23");
            assert_eq!(parameter("toDate"), "2026/11/23");
            let wanted = parameter("messageType");
            let rows = state.messages.iter().filter(|(_, it)| it.0 == wanted).map(|(id, it)| {
                json!({ "docId": id, "from": "H37", "to": "H37.DN.001", "status": it.2,
                    "createdTime": "2026-11-22 08:00:00", "messageType": it.0, "statusDesc": null })
            });
            json!({ "code": 200, "count": 1, "data": rows.collect::<Vec<_>>(), "errorDetail": [] })
        }
        (Method::Get, "/v1/getEdoc") => {
            let Some((_, message, _)) = state.messages.get(&parameter("docId")) else {
                return json!({ "success": false, "data": { "errorCode": "21", "errorDesc": "Khong co" } });
            };
            let files = json!([{ "fileName": "a.pdf", "fileContent": "A".repeat(200_000) }]);
            match state.form {
                "xml" => json!({ "success": true, "data": { "attachments": files,
                    "edxml": String::from_utf8(message.clone()).unwrap(), "docId": "7" } }),
                "none" => {
                    json!({ "success": true, "data": { "attachments": files, "edxml": null } })
                }
                _ => json!({ "code": 200, "data": { "data": STANDARD.encode(message) } }),
            }
        }
        (Method::Post, "/v1/updateStatus") => {
            let told: Value = serde_json::from_slice(body).unwrap();
            state.messages.get_mut(told["docId"].as_str().unwrap()).unwrap().2 =
                told["status"].as_str().unwrap().to_uppercase();
            json!({ "success": true, "message": "OK" })
        }
        (Method::Get, "/v1/getAgenciesList") => json!({ "code": 200, "data": [
            { "orgCode": "H37", "orgName": "UBND tỉnh Lạng Sơn", "parentCode": null, "email": "x@langson.gov.vn" },
            { "orgCode": "H37.DN.001", "orgName": "Doanh nghiệp", "parentCode": "H37" },
            { "orgName": "ai đó" }
        ] }),
        _ => panic!("{method} {path}"),
    }
}

/// The message in a form, and its kind.
fn parts(kind: &str, body: &[u8]) -> (Vec<u8>, String) {
    let boundary = format!("--{}", kind.strip_prefix("multipart/form-data; boundary=").unwrap());
    let find = |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).position(|it| it == what);
    let part = |from: usize| {
        let start = from + find(&body[from..], b"\r\n\r\n").unwrap() + 4;
        let end = start + find(&body[start..], format!("\r\n{boundary}").as_bytes()).unwrap();
        (String::from_utf8(body[from..start].to_vec()).unwrap(), body[start..end].to_vec(), end)
    };
    let (head, message, end) = part(0);
    assert!(head.contains("name=\"edocFile\"") && head.contains("Content-Type: application/xml"));
    let (head, kind, end) = part(end);
    assert!(head.contains("name=\"messageType\""));
    assert_eq!(body[end..], *format!("\r\n{boundary}--\r\n").as_bytes());
    (message, String::from_utf8(kind).unwrap())
}

fn send(axis: &dyn Transport, message: &[u8]) -> kyso::Result<TransportId> {
    let message = message.to_vec();
    let kind = MessageKind::Document;
    axis.submit(&Submission {
        kind,
        from: &"H37.DN.001".into(),
        to: None,
        message: &message,
        digest: None,
    })
}

fn fault(error: &Error) -> Fault {
    assert_eq!(error.kind(), ErrorKind::Service, "{error:?}");
    Fault::of(error).unwrap().clone()
}

#[test]
fn a_message_there_and_back_after_one_login() {
    let service = Service::start();
    let axis: Box<dyn Transport> = Box::new(service.client());
    let id = send(&*axis, MESSAGE).unwrap();
    assert_eq!(axis.pending(MessageKind::Status).unwrap(), []);
    let waiting = axis.pending(MessageKind::Document).unwrap();
    assert_eq!((waiting.len(), &waiting[0].id), (1, &id));
    assert_eq!(
        (waiting[0].from.as_str(), waiting[0].state),
        ("H37", Some(TransportState::Initial))
    );
    assert_eq!(axis.fetch_bytes(&id).unwrap(), MESSAGE);
    axis.acknowledge(&id, TransportState::Done).unwrap();
    assert_eq!(axis.pending(MessageKind::Document).unwrap(), [], "listed, and done");
    let agencies = axis.agencies().unwrap();
    assert_eq!(agencies.len(), 2);
    assert_eq!(agencies[0].parent_code, None);
    assert_eq!(agencies[1].parent_code.as_ref().unwrap().as_str(), "H37");
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| send(&*axis, MESSAGE).unwrap());
        }
    });
    assert_eq!(service.state(|it| (it.logins, it.messages.len())), (1, 5));
}

#[test]
fn messages_come_in_any_of_the_forms() {
    let service = Service::start();
    let axis = service.client();
    let id = send(&axis, MESSAGE).unwrap();
    service.state(|it| it.form = "xml");
    assert_eq!(axis.fetch_bytes(&id).unwrap(), MESSAGE);
    service.state(|it| it.form = "none");
    assert!(matches!(fault(&axis.fetch_bytes(&id).unwrap_err()), Fault::Unknown(_)));
    let error = axis.fetch_bytes(&"doc 9".to_owned().into()).unwrap_err();
    assert!(matches!(fault(&error), Fault::Refused { code: 21, retry: Retry::Later, .. }));
    for form in ["xml", "base64"] {
        service.state(|it| it.form = form);
        let mut limits = Limits::default();
        limits.message_bytes = 10;
        let error = service.client().with_limits(limits).fetch_bytes(&id).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    }
}

#[test]
fn the_token_is_renewed_before_it_ends() {
    let service = Service::start();
    let axis = service.client();
    send(&axis, MESSAGE).unwrap();
    service.wait(20);
    send(&axis, MESSAGE).unwrap();
    assert_eq!(service.state(|it| it.logins), 1);
    service.wait(9);
    send(&axis, MESSAGE).unwrap();
    // No token was tried after its time.
    let tokens = service.state(|it| it.calls.iter().map(|it| it.1.clone()).collect::<Vec<_>>());
    assert_eq!(tokens, ["token.1", "token.1", "token.2"]);
}

#[test]
fn a_token_that_is_refused_is_renewed_once() {
    let service = Service::start();
    let axis = service.client();
    send(&axis, MESSAGE).unwrap();
    service.state(|it| it.tokens.clear());
    send(&axis, &[MESSAGE, MESSAGE].concat()).unwrap();
    let (logins, sent, calls) = service.state(|it| (it.logins, it.messages.len(), it.calls.len()));
    assert_eq!((logins, sent, calls), (2, 2, 3), "taken once, whole");
    assert_eq!(service.state(|it| it.messages["doc 2"].1.len()), 2 * MESSAGE.len());

    service.state(|it| it.refuses_all = true);
    let error = send(&axis, MESSAGE).unwrap_err();
    assert!(
        matches!(fault(&error), Fault::Refused { code: 401, retry: Retry::Never, .. }),
        "{error}"
    );
    assert_eq!(service.state(|it| (it.logins, it.calls.len())), (3, 5), "and no third time");
}

#[test]
fn without_a_login_nothing_is_sent() {
    let service = Service::start();
    let error = send(&service.client_with("wrong"), MESSAGE).unwrap_err();
    assert!(matches!(fault(&error), Fault::Refused { code: 401, .. }), "{error}");
    let error = send(&service.client_with("down"), MESSAGE).unwrap_err();
    assert!(matches!(fault(&error), Fault::NotSent(_)), "{error}");
    assert_eq!(service.state(|it| it.calls.len()), 0);
    let who = Credentials::new("H37", KEY, "clerk", PASSWORD);
    // Nobody listens below the ports that are handed out.
    let nobody = Client::new("http://127.0.0.1:1", who, UtcTime::now).unwrap();
    assert!(matches!(fault(&send(&nobody, MESSAGE).unwrap_err()), Fault::NotSent(_)));
}

#[test]
fn failures_say_whether_the_message_may_have_arrived() {
    let service = Service::start();
    let axis = service.client();
    let sent = |status, reply| {
        service.state(|it| it.instead.push((status, reply)));
        fault(&send(&axis, MESSAGE).unwrap_err()).retry()
    };
    assert_eq!(sent(502, "<html>502 Bad Gateway</html>"), Retry::AskFirst);
    assert_eq!(sent(200, r#"{"success":true,"message":"OK"}"#), Retry::AskFirst, "no docId");
    assert_eq!(sent(200, r#"{"success":false,"data":{"errorCode":"18"}}"#), Retry::Never);
    assert_eq!(sent(200, r#"{"success":false,"data":{"errorCode":"20"}}"#), Retry::Later);
    assert_eq!(sent(500, r#"{"code":500,"errorDetail":[{"exception":"x"}]}"#), Retry::AskFirst);
    assert_eq!(sent(302, ""), Retry::AskFirst, "redirects are not followed");
    service.state(|it| it.instead.push((200, r#"{"code":200,"data":{"data":"PGVkWE1"#)));
    let error = axis.fetch_bytes(&"doc 1".to_owned().into()).unwrap_err();
    assert!(matches!(fault(&error), Fault::Unknown(_)), "cut off: {error}");
    assert_eq!(axis.sent(MessageKind::Document, None).unwrap_err().kind(), ErrorKind::Unsupported);
}

/// The service takes the message, and hangs up in the middle of its answer.
#[test]
fn an_answer_that_is_cut_off_leaves_the_outcome_open() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut read = vec![0; 65_536];
            let n = stream.read(&mut read).unwrap();
            let reply = if read[..n].starts_with(b"POST /v1/auth/login") {
                "{\"data\":{\"token\":\"t\"}}"
            } else {
                "{\"success\":true"
            };
            let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ";
            let length = if reply.contains("token") { reply.len() } else { 99 };
            stream.write_all(format!("{head}{length}\r\n\r\n{reply}").as_bytes()).unwrap();
        }
    });
    let who = Credentials::new("H37", KEY, "clerk", PASSWORD);
    let axis = Client::new(endpoint, who, UtcTime::now).unwrap();
    assert!(matches!(fault(&send(&axis, MESSAGE).unwrap_err()), Fault::Unknown(_)));
}
