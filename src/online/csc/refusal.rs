//! What a service says instead of doing what it was asked (§10).

use std::fmt;

use serde::Deserialize;
use zeroize::Zeroizing;

use super::secret::{Secret, without};
use crate::error::{Error, ErrorKind};
use crate::exchange::Fault;

/// Why the signing service did not do what it was asked: the source of an error of kind
/// [`ErrorKind::Signer`] where the key or its holder refuses, else of
/// [`ErrorKind::Service`]. [`Refusal::of`] gets it back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The status of HTTP.
    pub status: u16,
    /// Its `error`, such as `invalid_otp`; empty where the answer has none.
    pub code: String,
    /// Its `error_description`, or how an answer begins that is none of this protocol. Words
    /// of a stranger: bounded, in one line, without what was secret in the request.
    pub description: String,
}

/// §10.2. A careless service repeats secrets in either.
#[derive(Default, Deserialize)]
struct Wire {
    error: Option<Secret>,
    error_description: Option<Secret>,
}

/// Codes by which the holder of the key is refused, or refuses. Two of them are of version 1,
/// and services still use them.
const OF_THE_HOLDER: [&str; 5] = [
    "invalid_authentication_data",
    "invalid_otp",
    "invalid_pin",
    "invalid_password",
    "access_denied",
];
/// What descriptions under the common `invalid_request` say of a key (§11.6, §11.10).
const OF_THE_KEY: [&str; 5] = [
    "credential locked",
    "is locked",
    "is disabled",
    "certificate is expired",
    "certificate is revoked",
];
/// What an error keeps of a code and of a description.
const CODE: usize = 64;
const DESCRIPTION: usize = 300;
const GARBLED: usize = 80;

impl Refusal {
    /// The refusal behind an error; nothing where the error is another one.
    #[must_use]
    pub fn of(error: &Error) -> Option<&Self> {
        std::error::Error::source(error)?.downcast_ref()
    }

    /// Reads the answer to a request in which `secrets` stood.
    pub(super) fn read(status: u16, body: &[u8], secrets: &[&str]) -> Self {
        Self::in_form(status, body, secrets).unwrap_or_else(|| {
            let text = Zeroizing::new(String::from_utf8_lossy(body).into_owned());
            let description = cleaned(&text, GARBLED, secrets);
            Self { status, code: String::new(), description }
        })
    }

    /// The refusal in an answer that should be none: some services say no by 200. Of an
    /// answer that is none, nothing is copied, and it is not read as JSON here.
    pub(super) fn within(status: u16, body: &[u8], secrets: &[&str]) -> Option<Self> {
        let name = br#""error""#;
        if !body.windows(name.len()).any(|it| it == name) {
            return None;
        }
        Self::in_form(status, body, secrets).filter(|it| !it.code.is_empty())
    }

    fn in_form(status: u16, body: &[u8], secrets: &[&str]) -> Option<Self> {
        let Wire { error, error_description } = serde_json::from_slice(body).ok()?;
        if error.is_none() && error_description.is_none() {
            return None;
        }
        let field = |it: Option<Secret>, most| {
            it.map(|it| cleaned(it.as_str(), most, secrets)).unwrap_or_default()
        };
        let (code, description) = (field(error, CODE), field(error_description, DESCRIPTION));
        Some(Self { status, code, description })
    }

    /// As RFC 6750 §3.1 says of a token beside a body that says nothing. Some services send
    /// it with every 401: what such a one says of the holder's answers counts more.
    pub(super) fn with_challenge(self, challenge: Option<&str>) -> Self {
        let is_silent = self.code.is_empty() && matches!(self.description.as_str(), "" | "{}");
        let is_said = is_silent && challenge.is_some_and(|it| it.contains("invalid_token"));
        if is_said { Self { code: "invalid_token".to_owned(), ..self } } else { self }
    }

    /// The error of the call that was refused so.
    pub(super) fn into_error(self, call: &str) -> Error {
        Error::new(self.kind(), format!("{call}: {self}{}", self.next_step())).because(self)
    }

    fn kind(&self) -> ErrorKind {
        if self.is_the_holders() { ErrorKind::Signer } else { ErrorKind::Service }
    }

    /// Whether another service, or another try, would not help: the holder has to act.
    pub(super) fn is_the_holders(&self) -> bool {
        let description = self.description.to_ascii_lowercase();
        OF_THE_HOLDER.contains(&self.code.as_str())
            || (self.status < 500 && OF_THE_KEY.iter().any(|it| description.contains(it)))
    }

    fn next_step(&self) -> &'static str {
        match self.code.as_str() {
            "access_denied" => "; whoever holds the key did not agree",
            _ if self.is_the_holders() => {
                "; whoever holds the key has to act, and nothing is sent again by itself"
            }
            "invalid_token" | "expired_token" => "; a new access token is needed",
            _ => match self.status {
                300..=399 => "; secrets are not sent elsewhere: give the address that it means",
                401 => "; a new access token, or another account, is needed",
                429 | 500..=599 => "; try again later",
                _ => "",
            },
        }
    }

    /// Whether the access token is what is wrong, so that nothing was carried out.
    /// `told` is whether the service has to say so in as many words.
    pub(super) fn is_of_the_token(&self, told: bool) -> bool {
        let says = matches!(self.code.as_str(), "invalid_token" | "expired_token");
        // Some say it of every refusal: what the holder has to mend is not sent once more.
        !self.is_the_holders() && (says || (self.status == 401 && !told))
    }

    /// Whether the holder's answers may be what is refused, in whatever words: every no to a
    /// request that holds them, unless it is the token's. A service that is asked too often
    /// (429) has not looked at them.
    pub(super) fn may_be_of_them(&self) -> bool {
        let says_no = matches!(self.status, 200..=299 | 400..=499) && self.status != 429;
        says_no && !self.is_of_the_token(true)
    }

    /// Whether the authorisation is over, by what §11.10 says of it.
    pub(super) fn is_of_the_sad(&self) -> bool {
        let description = self.description.to_ascii_lowercase();
        ["sad expired", "invalid parameter sad"].iter().any(|it| description.contains(it))
    }

    /// Whether a request that is still worked on is answered so: by 202 (§11.12), and by 400
    /// from services of the specification's first editions.
    pub(super) fn is_not_yet(&self) -> bool {
        let description = self.description.to_ascii_lowercase();
        self.code == "accepted_request"
            || (self.status == 400 && description.contains("not yet been completed"))
    }

    fn may_pass(&self) -> bool {
        matches!(self.status, 429 | 500 | 502..=504)
    }
}

/// Whether a question that may be asked twice could be answered the next time.
pub(super) fn may_pass(error: &Error) -> bool {
    error.kind() == ErrorKind::Service && Refusal::of(error).is_none_or(Refusal::may_pass)
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, code, description } = self;
        match (code.as_str(), description.as_str()) {
            ("", "") => write!(f, "the signing service answered by HTTP {status}"),
            ("", text) => write!(f, "the signing service answered by HTTP {status}: {text:?}"),
            (code, "") => write!(f, "the signing service refused ({code}, HTTP {status})"),
            (code, text) => {
                write!(f, "the signing service refused ({code}, HTTP {status}): {text:?}")
            }
        }
    }
}

impl std::error::Error for Refusal {}

/// The first letters of a stranger's text in one line, without what is secret: a careless
/// service repeats what it was sent.
pub(super) fn cleaned(text: &str, most: usize, secrets: &[&str]) -> String {
    let text = without(text, secrets);
    let line = text.chars().map(|it| if is_unseen(it) { ' ' } else { it });
    line.take(most).collect::<String>().trim().to_owned()
}

/// Control characters, and those that turn the order of letters around.
fn is_unseen(it: char) -> bool {
    it.is_control()
        || matches!(it, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// An answer by which the service says neither yes nor no. Nothing of it is told: there may
/// be a secret in it.
pub(super) fn garbled(call: &str, why: &str) -> Error {
    Error::new(ErrorKind::Service, format!("{call}: the signing service's answer {why}"))
}

/// The error of a call that got no answer, in words for this service.
pub(super) fn lost(call: &str, error: Error) -> Error {
    let what = match Fault::of(&error) {
        Some(Fault::NotSent(why)) => format!("{call}: the signing service was not reached: {why}"),
        Some(Fault::Unknown(why)) if error.kind() == ErrorKind::Service => {
            format!("{call}: the signing service's answer was lost: {why}")
        }
        _ => return error,
    };
    Error::new(ErrorKind::Service, what)
}

/// The same error once more: one for each value of a batch.
pub(super) fn again(error: &Error) -> Error {
    let copy = Error::new(error.kind(), error.to_string());
    match Refusal::of(error) {
        Some(refusal) => copy.because(refusal.clone()),
        None => copy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str) -> Refusal {
        Refusal::read(status, body.as_bytes(), &["p1n", "the.token"])
    }

    #[test]
    fn a_locked_key_is_not_a_matter_of_the_token() {
        let body = r#"{"error_description":"Credential locked"}"#;
        let challenge = Some(r#"Bearer error="invalid_token""#);
        assert!(!read(401, body).with_challenge(challenge).is_of_the_token(true));
        assert!(read(401, "{}").with_challenge(challenge).is_of_the_token(true));
        // In words that no list of words has.
        for body in [r#"{"error_description":"Sai mã"}"#, r#"{"message":"no"}"#, "<p>no</p>"] {
            assert!(!read(401, body).with_challenge(challenge).is_of_the_token(true), "{body}");
        }
    }

    #[test]
    fn a_no_to_answers_may_be_of_them() {
        for (status, body, may_be) in [
            (400, r#"{"error":"invalid_request","error_description":"Sai mã PIN"}"#, true),
            (401, "", true),
            (403, "<html>", true),
            (422, r#"{"message":"wrong"}"#, true),
            (200, r#"{"error":"E1042"}"#, true),
            (401, r#"{"error":"invalid_token"}"#, false),
            (302, "", false),
            (429, "", false),
            (503, "", false),
        ] {
            assert_eq!(read(status, body).may_be_of_them(), may_be, "{status} {body}");
        }
    }

    #[test]
    fn only_what_says_no_is_within() {
        let within = |body: &str| Refusal::within(200, body.as_bytes(), &["p1n"]);
        let no = within(r#"{"SAD":null,"error":"no p1n"}"#).unwrap();
        assert_eq!((no.status, no.code.as_str()), (200, "no ***"));
        for good in [
            r#"{"SAD":"the \"error\""}"#,
            r#"{"SAD":"x","error":null}"#,
            r#"{"SAD":"x","error":""}"#,
            r#"{"more":{"error":"x"}}"#,
            r#"{"error":"#,
            r#"{"error_description":"x"}"#,
            "",
        ] {
            assert_eq!(within(good), None, "{good}");
        }
    }

    #[test]
    fn says_whose_turn_it_is() {
        for (status, body, kind) in [
            (
                400,
                r#"{"error":"invalid_otp","error_description":"The OTP is invalid"}"#,
                ErrorKind::Signer,
            ),
            (
                400,
                r#"{"error":"invalid_request","error_description":"Credential locked"}"#,
                ErrorKind::Signer,
            ),
            (400, r#"{"error":"access_denied"}"#, ErrorKind::Signer),
            (
                400,
                r#"{"error":"invalid_request","error_description":"SAD expired"}"#,
                ErrorKind::Service,
            ),
            (401, r#"{"error":"invalid_token"}"#, ErrorKind::Service),
            (502, "<html>The server is locked: is locked</html>", ErrorKind::Service),
            (503, "", ErrorKind::Service),
            (400, r#"{"error":7}"#, ErrorKind::Service),
        ] {
            let error = read(status, body).into_error("signatures/signHash");
            assert_eq!(error.kind(), kind, "{error}");
            assert_eq!(Refusal::of(&error).map(|it| it.status), Some(status));
        }
    }

    #[test]
    fn words_of_strangers_are_bounded_and_told_in_one_line() {
        let long = format!(r#"{{"error":"{0}","error_description":"{0}"}}"#, "x".repeat(10_000));
        let refusal = read(400, &long);
        assert_eq!((refusal.code.len(), refusal.description.len()), (CODE, DESCRIPTION));
        assert_eq!(read(500, &"y".repeat(10_000)).description.len(), GARBLED);
        let refusal = read(
            400,
            r#"{"error":"a\nb","error_description":"\u001b[2J\u202egnp: p1n, the.token"}"#,
        );
        assert_eq!(refusal.code, "a b");
        assert_eq!(refusal.description, "[2J gnp: ***, ***");
        assert_eq!(read(500, "<p>p1n</p>").description, "<p>***</p>");
        let quoted = Refusal::read(500, br#"{"value":"a\"b"}"#, &["a\"b"]);
        assert_eq!(quoted.description, r#"{"value":"***"}"#);
    }

    #[test]
    fn a_token_is_only_blamed_where_that_is_sure() {
        let blank = read(401, "");
        assert!(blank.is_of_the_token(false) && !blank.is_of_the_token(true));
        let pin = read(401, r#"{"error":"invalid_authentication_data"}"#);
        assert!(!pin.is_of_the_token(false));
        assert!(read(400, r#"{"error":"expired_token"}"#).is_of_the_token(true));
    }
}
