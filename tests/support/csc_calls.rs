//! What the service that keeps keys answers to each call.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kyso::{DigestAlgorithm, PssParameters, SignatureAlgorithm};
use serde_json::{Value, json};

use super::raw_key::der_pair;
use super::{KEY, OTP, PASSWORD, PIN, Sad, State, USER, Waiting};

/// A status, and what is said with it.
pub(super) type Answer = Result<(u16, Value), (u16, &'static str, &'static str)>;

fn invalid<T>(why: &'static str) -> Result<T, (u16, &'static str, &'static str)> {
    Err((400, "invalid_request", why))
}

pub(super) fn answer(path: &str, authorization: &str, json: &Value, state: &mut State) -> Answer {
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
