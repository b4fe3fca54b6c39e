//! A service that keeps keys, by version 2 of the Cloud Signature Consortium's API: small,
//! and strict with whoever asks.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{fs, thread};

use kyso::UtcTime;
use kyso::csc::{Access, Client};
use serde_json::{Value, json};
use tiny_http::{Header, Request, Response, Server};

#[path = "csc_calls.rs"]
mod calls;
#[path = "raw_key.rs"]
pub(crate) mod raw_key;

use raw_key::RawKey;

pub(crate) const USER: &str = "clerk";
pub(crate) const PASSWORD: &str = "pass-of-the-clerk";
pub(crate) const CLIENT_SECRET: &str = "secret of the client+%";
pub(crate) const PIN: &str = "pin-314159";
pub(crate) const OTP: &str = "otp-271828";
pub(crate) const KEY: &str = "GX0112348";
/// The certificates' time.
pub(crate) const NOW: &str = "2026-06-15T00:00:00Z";

/// What an authorisation is for.
struct Sad {
    left: usize,
    /// Bound to these, where it is bound.
    hashes: Option<Vec<String>>,
    ends: i64,
}

/// A request that is worked on later, or a holder who has not agreed yet.
struct Waiting {
    answer: Value,
    /// How often it is asked for in vain.
    polls: usize,
}

/// What the service keeps, and how it behaves.
pub(crate) struct State {
    now: i64,
    key: RawKey,
    pub(crate) certificates: Vec<String>,
    pub(crate) algorithms: Vec<&'static str>,
    pub(crate) bits: Value,
    pub(crate) key_status: &'static str,
    pub(crate) status: &'static str,
    pub(crate) scal: &'static str,
    pub(crate) multisign: Value,
    pub(crate) mode: &'static str,
    pub(crate) expression: Option<&'static str>,
    pub(crate) objects: Value,
    pub(crate) lasts: i64,
    /// ECDSA as DER, and not as two numbers.
    pub(crate) der: bool,
    pub(crate) swapped: bool,
    /// The holder agrees on a phone after so many questions.
    pub(crate) phone: Option<usize>,
    /// Asynchronous requests are done after so many questions.
    pub(crate) works: usize,
    /// Pending is answered by 400, as by services of the first edition.
    pub(crate) pends_by_400: bool,
    pub(crate) tokens: Vec<String>,
    pub(crate) token_lasts: Option<i64>,
    pub(crate) logins: usize,
    pub(crate) wrong: usize,
    pub(crate) extends: bool,
    /// Every call and what came with it.
    pub(crate) calls: Vec<(String, Value)>,
    /// What calls are answered with in place of what they should be.
    pub(crate) instead: VecDeque<(&'static str, u16, String)>,
    pub(crate) slow: Duration,
    /// A careless service: it repeats all that came with a call, by this status.
    pub(crate) repeats: Option<(&'static str, u16)>,
    sads: BTreeMap<String, Sad>,
    waiting: BTreeMap<String, Waiting>,
    issued: usize,
}

pub(crate) struct Service {
    state: Arc<Mutex<State>>,
    pub(crate) endpoint: String,
    pub(crate) clock: Arc<AtomicI64>,
}

pub(crate) fn pin_alone() -> Value {
    json!([{ "type": "Password", "id": "PIN", "format": "N", "label": "PIN",
        "description": "Please enter the signature PIN" }])
}

/// The PIN, and a code by SMS.
pub(crate) fn pin_and_code() -> Value {
    json!([
        { "type": "Password", "id": "PIN", "format": "N" },
        { "type": "ChallengeResponse", "id": "OTP", "format": "N", "label": "SMS" },
    ])
}

impl Service {
    /// With the key of this name in `testdata/keys`.
    pub(crate) fn start(name: &str) -> Self {
        let server = Server::http("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}/csc/v2", server.server_addr());
        let now: UtcTime = NOW.parse().unwrap();
        let clock = Arc::new(AtomicI64::new(now.unix()));
        let state = Arc::new(Mutex::new(State::new(name)));
        let (kept, time) = (Arc::clone(&state), Arc::clone(&clock));
        thread::spawn(move || {
            for request in server.incoming_requests() {
                let mut state = kept.lock().unwrap();
                state.now = time.load(Ordering::SeqCst);
                serve(request, &mut state);
            }
        });
        Self { state, endpoint, clock }
    }

    pub(crate) fn client(&self) -> Client {
        self.client_by(Access::login(USER, PASSWORD))
    }

    pub(crate) fn client_by(&self, access: Access) -> Client {
        Client::new(self.endpoint.clone(), access, self.now()).unwrap()
    }

    pub(crate) fn now(&self) -> impl Fn() -> UtcTime + Send + Sync + 'static {
        let clock = Arc::clone(&self.clock);
        move || UtcTime::from_unix(clock.load(Ordering::SeqCst)).unwrap()
    }

    pub(crate) fn wait(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) fn state<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap())
    }

    /// How often a call came.
    pub(crate) fn count(&self, call: &str) -> usize {
        self.state(|it| it.calls.iter().filter(|(path, _)| path == call).count())
    }

    /// What came with the latest of these calls.
    pub(crate) fn latest(&self, call: &str) -> Value {
        self.state(|it| it.calls.iter().rfind(|(path, _)| path == call).unwrap().1.clone())
    }
}

/// A service, and the options by which programs are told of it, with their files in this folder.
pub(crate) fn remote(folder: &Path) -> (Service, Vec<String>) {
    let service = Service::start("rsa2048");
    service.state(|it| it.tokens.push("token-of-a-file".to_owned()));
    let (token, pin) = (folder.join("token"), folder.join("pin"));
    fs::write(&token, "token-of-a-file\n").unwrap();
    fs::write(&pin, format!("{PIN}\n")).unwrap();
    let (token, pin) = (token.to_str().unwrap(), pin.to_str().unwrap());
    let options = ["--csc", &service.endpoint, "--credential", KEY, "--csc-token-file", token];
    let options = [&options[..], &["--csc-pin-file", pin]].concat();
    let options = options.into_iter().map(str::to_owned).collect();
    (service, options)
}

impl State {
    fn new(name: &str) -> Self {
        let read = |kind: &str| fs::read(format!("testdata/keys/{kind}.pem")).unwrap();
        let body = |pem: Vec<u8>| {
            let text = String::from_utf8(pem).unwrap();
            text.lines().filter(|it| !it.starts_with("--")).collect::<String>()
        };
        let is_rsa = name.starts_with("rsa");
        Self {
            now: 0,
            key: RawKey::from_pem(&read(&format!("{name}.key"))),
            certificates: vec![body(read(&format!("{name}.crt"))), body(read("ca.crt"))],
            algorithms: if is_rsa {
                vec!["1.2.840.113549.1.1.11", "1.2.840.113549.1.1.10"]
            } else {
                vec!["1.2.840.10045.4.3.2"]
            },
            bits: if is_rsa { json!(2048) } else { json!(256) },
            key_status: "enabled",
            status: "valid",
            scal: "2",
            multisign: json!(10),
            mode: "explicit",
            expression: None,
            objects: pin_alone(),
            lasts: 300,
            der: false,
            swapped: false,
            phone: None,
            works: 2,
            pends_by_400: false,
            tokens: Vec::new(),
            token_lasts: Some(3600),
            logins: 0,
            wrong: 0,
            extends: true,
            calls: Vec::new(),
            instead: VecDeque::new(),
            slow: Duration::ZERO,
            repeats: None,
            sads: BTreeMap::new(),
            waiting: BTreeMap::new(),
            issued: 0,
        }
    }

    fn next(&mut self, what: &str) -> String {
        self.issued += 1;
        format!("{what}-{}-secret", self.issued)
    }
}

fn serve(mut request: Request, state: &mut State) {
    let header = |name: &str| {
        let found = request.headers().iter();
        let mut found = found.filter(|it| it.field.as_str().as_str().eq_ignore_ascii_case(name));
        found.next().map(|it| it.value.as_str().to_owned()).unwrap_or_default()
    };
    let (authorization, kind) = (header("authorization"), header("content-type"));
    let path = request.url().trim_start_matches("/csc/v2/").to_owned();
    let mut body = String::new();
    request.as_reader().read_to_string(&mut body).unwrap();
    let json = if kind == "application/json" {
        serde_json::from_str(&body).unwrap()
    } else {
        json!({ "kind": kind, "form": body })
    };
    state.calls.push((path.clone(), json.clone()));
    thread::sleep(state.slow);
    let mut location = None;
    let (status, text) = if let Some(at) = state.instead.iter().position(|it| it.0 == path) {
        let (_, status, text) = state.instead.remove(at).unwrap();
        location = text.strip_prefix("location: ").map(str::to_owned);
        (status, text)
    } else if let Some((_, status)) = state.repeats.filter(|it| it.0 == path) {
        let heard = format!("{authorization} {body}");
        (
            status,
            if status == 400 {
                json!({ "error": "invalid_request", "error_description": heard }).to_string()
            } else {
                heard
            },
        )
    } else {
        match calls::answer(&path, &authorization, &json, state) {
            Ok((204, _)) => (204, String::new()),
            Ok((status, value)) => (status, value.to_string()),
            Err((status, error, why)) => {
                (status, json!({ "error": error, "error_description": why }).to_string())
            }
        }
    };
    let mut response = Response::from_string(text).with_status_code(status);
    if let Some(location) = location {
        response.add_header(Header::from_bytes("Location", location).unwrap());
    }
    // Whoever waits no longer has gone.
    let _ = request.respond(response);
}
