//! What passes between this side and the service, by the names of §11. What comes is read
//! leniently where real services differ: absent or null, numbers as texts.

use serde::{Deserialize, Deserializer, Serialize};

use super::secret::Secret;

/// §11.1.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Info {
    pub(super) specs: Option<String>,
    pub(super) name: Option<String>,
    pub(super) methods: Option<Vec<String>>,
    #[serde(rename = "asynchronousOperationMode")]
    pub(super) asynchronous: Option<bool>,
}

/// §11.2, and RFC 6749 §5.1.
#[derive(Debug, Deserialize)]
pub(super) struct AccessToken {
    pub(super) access_token: Secret,
    #[serde(default, deserialize_with = "number")]
    pub(super) expires_in: Option<u64>,
}

#[derive(Serialize)]
pub(super) struct Empty {}

/// §11.4.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListRequest<'a> {
    #[serde(rename = "userID", skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<&'a str>,
}

#[derive(Debug, Deserialize)]
pub(super) struct List {
    #[serde(rename = "credentialIDs")]
    pub(super) ids: Vec<String>,
}

/// §11.5.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CredentialRequest<'a> {
    #[serde(rename = "credentialID")]
    pub(super) credential: &'a str,
    pub(super) certificates: &'static str,
    pub(super) cert_info: bool,
    pub(super) auth_info: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct CredentialAnswer {
    pub(super) description: Option<String>,
    pub(super) key: Key,
    #[serde(default)]
    pub(super) cert: Cert,
    #[serde(default)]
    pub(super) auth: Auth,
    #[serde(rename = "SCAL", default, deserialize_with = "number")]
    pub(super) scal: Option<u64>,
    #[serde(default, deserialize_with = "number")]
    pub(super) multisign: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Key {
    pub(super) status: Option<String>,
    pub(super) algo: Vec<String>,
    #[serde(default, deserialize_with = "number")]
    pub(super) len: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Cert {
    pub(super) status: Option<String>,
    pub(super) certificates: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Auth {
    pub(super) mode: Option<String>,
    pub(super) expression: Option<String>,
    pub(super) objects: Option<Vec<AuthObject>>,
}

/// §8.3.
#[derive(Debug, Deserialize)]
pub(super) struct AuthObject {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) id: String,
    pub(super) format: Option<String>,
    pub(super) label: Option<String>,
    pub(super) description: Option<String>,
    pub(super) generator: Option<String>,
}

/// §11.6.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuthorizeRequest<'a> {
    #[serde(rename = "credentialID")]
    pub(super) credential: &'a str,
    pub(super) num_signatures: usize,
    pub(super) hashes: &'a [String],
    #[serde(rename = "hashAlgorithmOID")]
    pub(super) hash_algorithm: &'a str,
    pub(super) auth_data: Vec<AuthData<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct AuthData<'a> {
    pub(super) id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) value: Option<&'a str>,
}

/// §11.6, §11.7 and §11.9: an authorisation, or how to ask for it later.
#[derive(Debug, Deserialize)]
pub(super) struct Authorized {
    #[serde(rename = "SAD")]
    pub(super) sad: Option<Secret>,
    #[serde(rename = "expiresIn", default, deserialize_with = "number")]
    pub(super) expires_in: Option<u64>,
    pub(super) handle: Option<Secret>,
}

/// §11.7.
#[derive(Serialize)]
pub(super) struct CheckRequest<'a> {
    pub(super) handle: &'a str,
}

/// §11.8.
#[derive(Serialize)]
pub(super) struct ChallengeRequest<'a> {
    #[serde(rename = "credentialID")]
    pub(super) credential: &'a str,
    #[serde(rename = "authObjectID")]
    pub(super) object: &'a str,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Challenge {
    pub(super) challenge: Option<String>,
}

/// `credentials/sendOTP`.
#[derive(Serialize)]
pub(super) struct OtpRequest<'a> {
    #[serde(rename = "credentialID")]
    pub(super) credential: &'a str,
}

/// §11.9.
#[derive(Serialize)]
pub(super) struct ExtendRequest<'a> {
    #[serde(rename = "credentialID")]
    pub(super) credential: &'a str,
    pub(super) hashes: &'a [String],
    #[serde(rename = "hashAlgorithmOID")]
    pub(super) hash_algorithm: &'a str,
    #[serde(rename = "SAD")]
    pub(super) sad: &'a Secret,
}

/// §11.10.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignRequest<'a> {
    #[serde(rename = "credentialID")]
    pub(super) credential: &'a str,
    #[serde(rename = "SAD")]
    pub(super) sad: &'a Secret,
    pub(super) hashes: &'a [String],
    #[serde(rename = "hashAlgorithmOID")]
    pub(super) hash_algorithm: &'a str,
    pub(super) sign_algo: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sign_algo_params: Option<&'a str>,
    pub(super) operation_mode: &'static str,
    #[serde(rename = "validity_period", skip_serializing_if = "Option::is_none")]
    pub(super) validity_period: Option<u64>,
    #[serde(rename = "response_uri", skip_serializing_if = "Option::is_none")]
    pub(super) response_uri: Option<&'a str>,
}

/// §11.10 and §11.12.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Signatures {
    pub(super) signatures: Option<Vec<String>>,
    #[serde(rename = "responseID")]
    pub(super) response: Option<String>,
}

/// §11.12: its `requestID` is the `responseID` of before.
#[derive(Serialize)]
pub(super) struct PollRequest<'a> {
    #[serde(rename = "requestID")]
    pub(super) request: &'a str,
}

/// A number, or a text that is one.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Number {
        Number(u64),
        Text(String),
    }
    match Option::<Number>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Number::Number(it)) => Ok(Some(it)),
        Some(Number::Text(it)) if it.is_empty() => Ok(None),
        Some(Number::Text(it)) => it.trim().parse().map(Some).map_err(serde::de::Error::custom),
    }
}
