//! A service that keeps keys, by version 2 of the Cloud Signature Consortium's API: small,
//! and strict with whoever asks.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{fs, thread};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kyso::csc::{Access, Client};
use kyso::{DigestAlgorithm, PssParameters, SignatureAlgorithm, UtcTime};
use serde_json::{Value, json};
use tiny_http::{Header, Request, Response, Server};

#[path = "raw_key.rs"]
pub(crate) mod raw_key;

use raw_key::{RawKey, der_pair};

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

/// A status, and what is said with it.
type Answer = Result<(u16, Value), (u16, &'static str, &'static str)>;

fn invalid<T>(why: &'static str) -> Result<T, (u16, &'static str, &'static str)> {
    Err((400, "invalid_request", why))
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
        match answer(&path, &authorization, &json, state) {
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

fn answer(path: &str, authorization: &str, json: &Value, state: &mut State) -> Answer {
    match path {
        "info" => return Ok((200, info())),
        "auth/login" => return login(authorization, state),
        "oauth2/token" => return issue(json, state),
        _ => {}
    }
    let token = authorization.strip_prefix("Bearer ").unwrap_or_default();
    if !state.tokens.iter().any(|it| it == token) {
        return Err((401, "invalid_token", "The access token is not valid"));
    }
    if path == "credentials/list" {
        return Ok((200, json!({ "credentialIDs": [KEY, "HX0224685"] })));
    }
    if !matches!(path, "credentials/authorizeCheck" | "signatures/signPolling") {
        match json["credentialID"].as_str() {
            None => return invalid("Missing (or invalid type) string parameter credentialID"),
            Some(KEY) => {}
            Some(_) => return invalid("Invalid parameter credentialID"),
        }
    }
    match path {
        "credentials/info" => credential(json, state),
        "credentials/getChallenge" => {
            let known =
                state.objects.as_array().unwrap().iter().any(|it| it["id"] == json["authObjectID"]);
            if known { Ok((204, Value::Null)) } else { invalid("Invalid parameter authObjectID") }
        }
        "credentials/sendOTP" => Ok((204, Value::Null)),
        "credentials/authorize" => authorize(json, state),
        "credentials/authorizeCheck" => poll("handle", json, state),
        "credentials/extendTransaction" => extend(json, state),
        "signatures/signHash" => sign(json, state),
        "signatures/signPolling" => poll("requestID", json, state),
        _ => Err((501, "invalid_request", "Not implemented")),
    }
}

fn info() -> Value {
    json!({ "specs": "2.0.0.2", "name": "TEST", "logo": "https://x/", "region": "VN", "lang": "vi-VN",
        "description": "TEST", "authType": ["basic"], "asynchronousOperationMode": true,
        "methods": ["credentials/list", "signatures/signHash"] })
}

fn login(authorization: &str, state: &mut State) -> Answer {
    let expected = format!("Basic {}", STANDARD.encode(format!("{USER}:{PASSWORD}")));
    if authorization != expected {
        return Err((
            400,
            "authentication_error",
            "An error occurred during authentication process",
        ));
    }
    Ok((200, token(state)))
}

fn token(state: &mut State) -> Value {
    state.logins += 1;
    let token = format!("token-{}-secret", state.logins);
    state.tokens.push(token.clone());
    json!({ "access_token": token, "token_type": "Bearer", "expires_in": state.token_lasts })
}

fn issue(json: &Value, state: &mut State) -> Answer {
    let form = "grant_type=client_credentials&client_id=dms&client_secret=secret%20of%20the%20client%2B%25&scope=service";
    if json["form"] != form || json["kind"] != "application/x-www-form-urlencoded" {
        return Err((400, "invalid_client", "Invalid parameter client_secret"));
    }
    Ok((200, token(state)))
}

fn credential(json: &Value, state: &State) -> Answer {
    assert_eq!(json["certificates"], "chain");
    assert_eq!((&json["authInfo"], &json["certInfo"]), (&json!(true), &json!(true)));
    Ok((
        200,
        json!({
            "description": "Khóa của TEST",
            "key": { "status": state.key_status, "algo": state.algorithms, "len": state.bits },
            "cert": { "status": state.status, "certificates": state.certificates },
            "auth": { "mode": state.mode, "expression": state.expression, "objects": state.objects },
            "SCAL": state.scal, "multisign": state.multisign, "lang": null,
        }),
    ))
}

fn strings(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|it| it.as_str().map(str::to_owned)).collect()
}

fn multisign(state: &State) -> usize {
    let text = state.multisign.to_string();
    text.trim_matches('"').parse().unwrap()
}

fn authorize(json: &Value, state: &mut State) -> Answer {
    let Some(left) = json["numSignatures"].as_u64().and_then(|it| usize::try_from(it).ok()) else {
        return invalid("Missing (or invalid type) integer parameter numSignatures");
    };
    if left < 1 {
        return invalid("Invalid value for parameter numSignatures");
    }
    if left > multisign(state) {
        return invalid("Numbers of signatures is too high");
    }
    if state.mode == "oauth2code" {
        return Err((400, "unauthorized_client", "This key wants OAuth"));
    }
    let hashes = strings(&json["hashes"]);
    let bound = state.scal == "2";
    if bound && hashes.as_ref().is_none_or(Vec::is_empty) {
        return invalid("Missing (or invalid type) array parameter hashes");
    }
    if state.wrong >= 3 {
        return invalid("Credential locked");
    }
    if !agrees(json, state) {
        state.wrong += 1;
        return Err((400, "invalid_authentication_data", "The authentication data is invalid"));
    }
    let sad = state.next("sad");
    let ends = state.now + state.lasts;
    state.sads.insert(sad.clone(), Sad { left, hashes: hashes.filter(|_| bound), ends });
    let answer = json!({ "SAD": sad, "expiresIn": state.lasts });
    let Some(polls) = state.phone else { return Ok((200, answer)) };
    let handle = state.next("handle");
    state.waiting.insert(handle.clone(), Waiting { answer, polls });
    Ok((202, json!({ "handle": handle })))
}

/// Each factor once, with what belongs to it.
fn agrees(json: &Value, state: &State) -> bool {
    let objects = state.objects.as_array().unwrap();
    let data = json["authData"].as_array().unwrap();
    let right = data.iter().all(|it| {
        let kind = objects.iter().find(|object| object["id"] == it["id"]).map(|it| &it["type"]);
        match (kind.and_then(Value::as_str), it["id"].as_str()) {
            (Some(kind), _) if kind.ends_with("OOB") => it.get("value").is_none(),
            (Some(_), Some("PIN")) => it["value"] == PIN,
            (Some(_), Some(_)) => it["value"] == OTP,
            _ => false,
        }
    });
    let enough = if state.expression.is_some() { 1 } else { objects.len() };
    right && data.len() == enough
}

fn extend(json: &Value, state: &mut State) -> Answer {
    if !state.extends {
        return Err((501, "invalid_request", "Not implemented"));
    }
    let Some(mut sad) = json["SAD"].as_str().and_then(|it| state.sads.remove(it)) else {
        return invalid("Invalid parameter SAD");
    };
    if state.now >= sad.ends {
        return invalid("SAD expired");
    }
    if sad.hashes.is_some() {
        sad.hashes = strings(&json["hashes"]);
    }
    sad.ends = state.now + state.lasts;
    let text = state.next("sad");
    state.sads.insert(text.clone(), sad);
    Ok((200, json!({ "SAD": text, "expiresIn": state.lasts.to_string() })))
}

fn sign(json: &Value, state: &mut State) -> Answer {
    let Some(hashes) = strings(&json["hashes"]) else {
        return invalid("Missing (or invalid type) array parameter hash");
    };
    let Some(sad) = json["SAD"].as_str() else {
        return invalid("Missing (or invalid type) string parameter SAD");
    };
    let now = state.now;
    // A key by OAuth: the token of scope "credential" stands for it.
    if state.mode != "oauth2code" {
        let Some(held) = state.sads.get_mut(sad) else { return invalid("Invalid parameter SAD") };
        if now >= held.ends {
            return invalid("SAD expired");
        }
        if held.hashes.as_ref().is_some_and(|it| hashes.iter().any(|hash| !it.contains(hash))) {
            return invalid("Hash is not authorized by the SAD");
        }
        if hashes.len() > held.left {
            return invalid("Numbers of signatures is too high");
        }
        held.left -= hashes.len();
        if held.left == 0 {
            state.sads.remove(sad);
        }
    } else if sad != "credential-token" {
        return invalid("Invalid parameter SAD");
    }
    let algorithm = algorithm(json, state)?;
    let mut values = Vec::new();
    for hash in &hashes {
        let Ok(digest) = STANDARD.decode(hash) else {
            return invalid("Invalid Base64 hash string parameter");
        };
        if digest.len() != algorithm.digest().digest(b"").value().len() {
            return invalid("Invalid digest value length");
        }
        let value = state.key.sign(algorithm, &digest);
        let value = if state.der { der_pair(&value) } else { value };
        values.push(STANDARD.encode(value));
    }
    if state.swapped {
        values.reverse();
    }
    let answer = json!({ "signatures": values });
    match json["operationMode"].as_str() {
        None | Some("S") => Ok((200, answer)),
        Some("A") => {
            assert!(json["validity_period"].as_u64().is_some());
            let id = state.next("response");
            state.waiting.insert(id.clone(), Waiting { answer, polls: state.works });
            Ok((200, json!({ "responseID": id })))
        }
        Some(_) => invalid("Invalid parameter operationMode"),
    }
}

fn algorithm(
    json: &Value,
    state: &State,
) -> Result<SignatureAlgorithm, (u16, &'static str, &'static str)> {
    let digest = match json["hashAlgorithmOID"].as_str() {
        Some("2.16.840.1.101.3.4.2.1") => DigestAlgorithm::Sha256,
        Some("2.16.840.1.101.3.4.2.2") => DigestAlgorithm::Sha384,
        Some("2.16.840.1.101.3.4.2.3") => DigestAlgorithm::Sha512,
        _ => return invalid("Invalid parameter hashAlgorithmOID"),
    };
    let Some(name) = json["signAlgo"].as_str().filter(|it| state.algorithms.contains(it)) else {
        return invalid("Invalid parameter signAlgo");
    };
    match (name, json["signAlgoParams"].as_str()) {
        ("1.2.840.113549.1.1.1" | "1.2.840.113549.1.1.11", None) => {
            Ok(SignatureAlgorithm::RsaPkcs1(digest))
        }
        // RSASSA-PSS-params with SHA-256 throughout.
        (
            "1.2.840.113549.1.1.10",
            Some("MDSgDzANBglghkgBZQMEAgEFAKEcMBoGCSqGSIb3DQEBCDANBglghkgBZQMEAgEFAKIDAgEg"),
        ) => Ok(SignatureAlgorithm::RsaPss(PssParameters::new(digest))),
        ("1.2.840.10045.4.3.2", None) => Ok(SignatureAlgorithm::Ecdsa(digest)),
        _ => invalid("Missing (or invalid type) string parameter signAlgoParams"),
    }
}

fn poll(name: &str, json: &Value, state: &mut State) -> Answer {
    let id = json[name].as_str().unwrap_or_default().to_owned();
    let Some(waiting) = state.waiting.get_mut(&id) else { return invalid("Invalid parameter") };
    if waiting.polls == 0 {
        return Ok((200, state.waiting.remove(&id).unwrap().answer));
    }
    waiting.polls -= 1;
    if name == "handle" {
        // Each is good for one question.
        let waiting = state.waiting.remove(&id).unwrap();
        let next = state.next("handle");
        state.waiting.insert(next.clone(), waiting);
        return Ok((202, json!({ "handle": next })));
    }
    let why = "The previous asynchronous signature request has been accepted for processing, \
               but the processing has not yet been completed.";
    if state.pends_by_400 { invalid(why) } else { Err((202, "accepted_request", why)) }
}
