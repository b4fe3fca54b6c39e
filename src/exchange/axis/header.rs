//! Signed headers, to the byte, from both sides.

use std::fmt;

use ring::hmac;

use super::credentials::Credentials;
use super::timestamp::{parse_timestamp, timestamp};
use crate::error::{Error, Result};
use crate::time::UtcTime;

const PREFIX: &str = "XroadVnpt-";
const SIGNED_NAMES: &str = "XroadVnpt-sign-header-key";
const SIGNED: &str = "XroadVnpt-sign-header";
const HMAC: &str = "XroadVnpt-hash-header";
const VERSION: (&str, &str) = ("XroadVnpt-version", "3.0.201608");
const AGENT: (&str, &str) = ("User-Agent", "JAVASDKAgent/1.0.0 XRoad/VPCP");

/// The headers of a request, signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedHeaders(Vec<(String, String)>);

impl SignedHeaders {
    /// Signs the parameters of a call, to which `systemid`, `timestamp` and
    /// `Content-Type` are added. `instant` should differ from one request to the
    /// next: nothing else in a request does.
    ///
    /// # Errors
    /// `Misuse` when a name or value is not printable ASCII: the kit's HTTP layer
    /// cuts other characters, and the axis then refuses the signature.
    pub fn new(
        credentials: &Credentials,
        parameters: &[(&str, &str)],
        content_type: &str,
        instant: UtcTime,
    ) -> Result<Self> {
        let at = timestamp(instant);
        let mut signed = vec![("systemid", credentials.system_id())];
        signed.extend_from_slice(parameters);
        signed.extend([("timestamp", at.as_str()), ("Content-Type", content_type)]);
        for (name, value) in &signed {
            if name.is_empty() || !is_token(name) || !is_plain(value) {
                let what = format!("the parameter {name:?} of a call must be plain ASCII");
                return Err(Error::misuse(what));
            }
        }
        Ok(Self::sign(credentials, &signed, content_type))
    }

    fn sign(credentials: &Credentials, signed: &[(&str, &str)], content_type: &str) -> Self {
        let names: Vec<&str> = signed.iter().map(|(name, _)| *name).collect();
        let json = sign_header(signed);
        let tag = hmac::sign(&credentials.key(), json.as_bytes());
        let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let mut headers = vec![("Content-Type".to_owned(), content_type.to_owned())];
        headers.extend(
            signed.iter().map(|(name, value)| (format!("{PREFIX}{name}"), (*value).to_owned())),
        );
        headers.push((SIGNED_NAMES.to_owned(), names.join(";")));
        headers.push((SIGNED.to_owned(), json));
        headers.push((HMAC.to_owned(), hex));
        for (name, value) in [AGENT, VERSION] {
            headers.push((name.to_owned(), value.to_owned()));
        }
        Self(headers)
    }

    /// Names and values, in the order in which the kit sends them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

fn is_token(name: &str) -> bool {
    name.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-' || it == b'_')
}

/// Blanks around a value do not survive HTTP.
fn is_plain(value: &str) -> bool {
    value.bytes().all(|it| (0x20..0x7F).contains(&it)) && value.trim() == value
}

/// The signed text: compact JSON, escaped as Gson 2.2 does with HTML escaping off.
fn sign_header(signed: &[(&str, &str)]) -> String {
    let mut json = String::from("{");
    for (n, (name, value)) in signed.iter().enumerate() {
        json.push_str(if n == 0 { "\"" } else { ",\"" });
        gson_escape(&mut json, PREFIX);
        gson_escape(&mut json, name);
        json.push_str("\":\"");
        gson_escape(&mut json, value);
        json.push('"');
    }
    json.push('}');
    json
}

fn gson_escape(json: &mut String, text: &str) {
    for it in text.chars() {
        match it {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\u{C}' => json.push_str("\\f"),
            '\0'..='\u{1F}' | '\u{2028}' | '\u{2029}' => {
                json.push_str(&format!("\\u{:04x}", u32::from(it)));
            }
            _ => json.push(it),
        }
    }
}

/// Why the headers of a request are refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejection {
    /// A header is missing or stands more than once.
    Header(String),
    /// The signed text is not a flat list of names and values.
    SignedText,
    /// No such system is registered.
    UnknownSystem,
    /// The signature is not that of the system.
    Signature,
    /// A header differs from its signed value.
    Differs(String),
    /// The time at which it was signed is none, or too far away.
    Stale,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(f, "the header {name} must stand exactly once"),
            Self::SignedText => f.write_str("the signed headers cannot be read"),
            Self::UnknownSystem => f.write_str("the system is not registered"),
            Self::Signature => f.write_str("the signature of the headers is wrong"),
            Self::Differs(name) => write!(f, "the header {name} is not as it was signed"),
            Self::Stale => f.write_str("the headers were not signed lately"),
        }
    }
}

impl std::error::Error for Rejection {}

/// The parameters of a request whose headers were verified. There is no other way
/// to make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    parameters: Vec<(String, String)>,
    tag: Vec<u8>,
}

impl Verified {
    /// The signature of the headers, HMAC-SHA256, 32 bytes. Not the mark of one request:
    /// see [`Once`](super::Once).
    #[must_use]
    pub fn tag(&self) -> &[u8] {
        &self.tag
    }

    /// When the headers were signed, or the kit's service object was made; nothing where
    /// the time that is told is none.
    #[must_use]
    pub fn timestamp(&self) -> Option<UtcTime> {
        parse_timestamp(self.parameter("timestamp")?)
    }

    /// The system that signed.
    #[must_use]
    pub fn system_id(&self) -> &str {
        self.parameter("systemid").unwrap_or_default()
    }

    /// A signed parameter. Kits send those of earlier calls along: look only at
    /// what the call needs.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }
}

/// Most headers of a request that are looked at; the kit sends about 20.
const HEADERS: usize = 100;

/// Verifies the headers of a request: the signature over the signed text as it was
/// received (its order is the sender's), then that every header in it is what came.
///
/// `credentials` finds the secret of a system. Only what was signed is handed out.
///
/// # Errors
/// Why the request is refused.
pub fn verify<'h, 'c>(
    headers: impl IntoIterator<Item = (&'h str, &'h str)>,
    credentials: impl FnOnce(&str) -> Option<&'c Credentials>,
) -> Result<Verified, Rejection> {
    let headers: Vec<_> = headers.into_iter().take(HEADERS).collect();
    let one = |name: &str| {
        let mut found = headers.iter().filter(|(it, _)| it.eq_ignore_ascii_case(name));
        match (found.next(), found.next()) {
            (Some((_, value)), None) => Ok(value.trim()),
            _ => Err(Rejection::Header(name.to_owned())),
        }
    };
    let text = one(SIGNED)?;
    let system_id = one(&format!("{PREFIX}systemid"))?;
    let credentials = credentials(system_id).ok_or(Rejection::UnknownSystem)?;
    let tag = unhex(one(HMAC)?).ok_or(Rejection::Signature)?;
    hmac::verify(&credentials.key(), text.as_bytes(), &tag).map_err(|_| Rejection::Signature)?;

    let parameters = flat_json(text).ok_or(Rejection::SignedText)?;
    let names: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
    if one(SIGNED_NAMES)?.split(';').ne(names.iter().copied()) {
        return Err(Rejection::Differs(SIGNED_NAMES.to_owned()));
    }
    for (name, value) in &parameters {
        let name = format!("{PREFIX}{name}");
        if one(&name)? != value {
            return Err(Rejection::Differs(name));
        }
    }
    let verified = Verified { parameters, tag };
    if verified.system_id() == credentials.system_id() {
        Ok(verified)
    } else {
        Err(Rejection::Differs(format!("{PREFIX}systemid")))
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs
        .iter()
        .map(|[high, low]| {
            let digit = |it: u8| char::from(it).to_digit(16);
            u8::try_from(digit(*high)?.checked_mul(16)?.checked_add(digit(*low)?)?).ok()
        })
        .collect()
}

/// `{"XroadVnpt-k":"v",…}` as names without the prefix, and values; each name once.
fn flat_json(text: &str) -> Option<Vec<(String, String)>> {
    // Not a map: a name that stands twice must be seen.
    struct Pairs(Vec<(String, String)>);
    impl<'de> serde::Deserialize<'de> for Pairs {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visitor;
            impl<'de> serde::de::Visitor<'de> for Visitor {
                type Value = Pairs;
                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("names and values")
                }
                fn visit_map<A: serde::de::MapAccess<'de>>(
                    self,
                    mut map: A,
                ) -> Result<Pairs, A::Error> {
                    let mut pairs = Vec::new();
                    while let Some(pair) = map.next_entry()? {
                        pairs.push(pair);
                    }
                    Ok(Pairs(pairs))
                }
            }
            deserializer.deserialize_map(Visitor)
        }
    }
    let Pairs(pairs) = serde_json::from_str(text).ok()?;
    let mut found: Vec<(String, String)> = Vec::new();
    for (name, value) in pairs.into_iter().take(HEADERS) {
        let name = name.strip_prefix(PREFIX)?.to_owned();
        if found.iter().any(|(it, _)| it.eq_ignore_ascii_case(&name)) {
            return None;
        }
        found.push((name, value));
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPTURED: &str = r#"{"XroadVnpt-systemid":"000.00.00.G22","XroadVnpt-servicetype":"eDoc","XroadVnpt-messagetype":"edoc","XroadVnpt-hash-file":"ea82e6caf5a4659229833ac7e8e22e9d491f0e2d48f7977609ec248aaaa89e0","XroadVnpt-from":"000.00.00.G22","XroadVnpt-timestamp":"22112026T155648+0174","XroadVnpt-Content-Type":"application/octet-stream"}"#;
    const CAPTURED_HMAC: &str = "ce461710e67467c141ed9a7bf4851791c0d61ab982f60c1b1301a7554b6378f3";

    fn captured() -> SignedHeaders {
        let at: UtcTime = "2026-11-22T15:56:48.174+07:00".parse().unwrap();
        let parameters = [
            ("servicetype", "eDoc"),
            ("messagetype", "edoc"),
            ("hash-file", "ea82e6caf5a4659229833ac7e8e22e9d491f0e2d48f7977609ec248aaaa89e0"),
            ("from", "000.00.00.G22"),
        ];
        SignedHeaders::new(&credentials(), &parameters, "application/octet-stream", at).unwrap()
    }

    fn credentials() -> Credentials {
        Credentials::new("000.00.00.G22", "stub-secret")
    }

    fn check(headers: &[(String, String)]) -> Result<Verified, Rejection> {
        let known = credentials();
        verify(headers.iter().map(|(name, value)| (name.as_str(), value.as_str())), |id| {
            (id == known.system_id()).then_some(&known)
        })
    }

    /// A request of the national kit, captured.
    #[test]
    fn signs_as_the_national_kit() {
        let headers = captured();
        let value = |name: &str| headers.iter().find(|(it, _)| *it == name).unwrap().1.to_owned();
        assert_eq!(value(SIGNED), CAPTURED);
        assert_eq!(value(HMAC), CAPTURED_HMAC);
        assert_eq!(
            value(SIGNED_NAMES),
            "systemid;servicetype;messagetype;hash-file;from;timestamp;Content-Type"
        );
        assert_eq!(value("XroadVnpt-from"), "000.00.00.G22");
        assert_eq!(value("Content-Type"), "application/octet-stream");
    }

    #[test]
    fn verifies_what_it_signs_in_any_order_of_headers() {
        let mut headers = captured().0;
        headers.reverse();
        for (name, _) in &mut headers {
            *name = name.to_lowercase();
        }
        let verified = check(&headers).unwrap();
        assert_eq!(verified.system_id(), "000.00.00.G22");
        assert_eq!(verified.parameter("messagetype"), Some("edoc"));
        assert_eq!(verified.parameter("to"), None);
    }

    #[test]
    fn refuses_every_changed_header() {
        let sound = captured().0;
        for (n, (name, _)) in sound.iter().enumerate() {
            if !name.starts_with(PREFIX) || name == VERSION.0 {
                continue;
            }
            let mut changed = sound.clone();
            changed[n].1.push('0');
            assert!(check(&changed).is_err(), "{name} changed");
            let mut missing = sound.clone();
            missing.remove(n);
            assert!(check(&missing).is_err(), "{name} missing");
            let mut doubled = sound.clone();
            doubled.push(sound[n].clone());
            assert!(check(&doubled).is_err(), "{name} twice");
        }
        let mut more = sound;
        more.push(("XroadVnpt-to".into(), "H13".into()));
        assert_eq!(check(&more).unwrap().parameter("to"), None, "not signed, not handed out");
    }

    #[test]
    fn refuses_by_reason() {
        let sign = |json: &str| {
            let tag = hmac::sign(&credentials().key(), json.as_bytes());
            let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            vec![
                (SIGNED.to_owned(), json.to_owned()),
                (HMAC.to_owned(), hex),
                (SIGNED_NAMES.to_owned(), "systemid".to_owned()),
                ("XroadVnpt-systemid".to_owned(), "000.00.00.G22".to_owned()),
            ]
        };
        assert!(check(&sign(r#"{"XroadVnpt-systemid":"000.00.00.G22"}"#)).is_ok());
        for json in [
            "",
            "{}x",
            "[]",
            r#"{"systemid":"000.00.00.G22"}"#,
            r#"{"XroadVnpt-systemid":1}"#,
            r#"{"XroadVnpt-systemid":"000.00.00.G22","XroadVnpt-SystemId":"x"}"#,
        ] {
            assert_eq!(check(&sign(json)), Err(Rejection::SignedText), "{json}");
        }
        let mut stranger = sign("{}");
        stranger[3].1 = "H99".into();
        assert_eq!(check(&stranger), Err(Rejection::UnknownSystem));
        let mut unsigned = sign("{}");
        unsigned[1].1 = "zz".into();
        assert_eq!(check(&unsigned), Err(Rejection::Signature));
        assert_eq!(
            check(&sign("{}")),
            Err(Rejection::Differs(SIGNED_NAMES.to_owned())),
            "a signature over nothing signs nobody"
        );
    }

    #[test]
    fn escapes_as_gson() {
        let json = sign_header(&[("k", "a\"b\\c\t\u{8}\n\r\u{C}\u{1}<>&='\u{2028}ế")]);
        assert_eq!(json, "{\"XroadVnpt-k\":\"a\\\"b\\\\c\\t\\b\\n\\r\\f\\u0001<>&='\\u2028ế\"}");
        let pairs = flat_json(&json).unwrap();
        assert_eq!(pairs[0].1, "a\"b\\c\t\u{8}\n\r\u{C}\u{1}<>&='\u{2028}ế");
    }

    #[test]
    fn refuses_parameters_that_http_would_change() {
        let at = UtcTime::from_unix(0).unwrap();
        for (name, value) in
            [("title", "Công văn"), ("a b", "x"), ("", "x"), ("k", " x"), ("k", "x\r\ny: z")]
        {
            assert!(SignedHeaders::new(&credentials(), &[(name, value)], "x", at).is_err());
        }
    }
}
