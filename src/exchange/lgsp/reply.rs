//! Replies. The guide and the service differ: `{success, message, docId}` is what is
//! promised, `{code, message, data, errorDetail}` what also comes.

use serde_json::{Map, Value};

use crate::exchange::axis::ErrorCode;
use crate::exchange::fault::{Fault, Retry};
use crate::exchange::http::json;

/// A reply that says yes.
#[derive(Debug)]
pub(super) struct Reply {
    fields: Map<String, Value>,
}

impl Reply {
    /// Reads a reply by its HTTP status and its body, and turns one that says no into a
    /// fault.
    pub(super) fn read(status: u16, body: &[u8]) -> Result<Self, Fault> {
        // Nothing is carried out for those who may not ask.
        let forbidden = matches!(status, 401 | 403);
        let fields = match json::parse(body) {
            Ok(Value::Object(fields)) => fields,
            Ok(rows @ Value::Array(_)) if status < 300 => {
                return Ok(Self { fields: Map::from_iter([("data".to_owned(), rows)]) });
            }
            _ if forbidden => return Err(refused(status, format!("HTTP {status}"))),
            Ok(_) => return Err(json::garbled("the reply is no JSON object", body)),
            Err(fault) => return Err(fault),
        };
        let reply = Self { fields };
        match reply.says_yes() {
            Some(true) if status < 300 => Ok(reply),
            Some(true) if !forbidden => {
                Err(json::garbled(&format!("a yes by HTTP {status}"), body))
            }
            None if status < 300 => Err(json::garbled("the reply says neither yes nor no", body)),
            _ => Err(reply.refusal(status)),
        }
    }

    fn says_yes(&self) -> Option<bool> {
        let details = self.fields.get("errorDetail").and_then(Value::as_array);
        if details.is_some_and(|it| !it.is_empty()) {
            return Some(false);
        }
        match self.text("success").to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => match self.text("code").as_str() {
                "" => None,
                code => Some(matches!(code, "0" | "200")),
            },
        }
    }

    /// Why it says no: by the code of the axis where there is one, else by that of HTTP.
    fn refusal(&self, status: u16) -> Fault {
        let data = self.fields.get("data").and_then(Value::as_object);
        let within = |name: &str| data.and_then(|it| it.get(name)).map(json::text_of);
        let first =
            |texts: [Option<String>; 3]| texts.into_iter().flatten().find(|it| !it.is_empty());
        let text =
            first([within("errorDesc"), Some(self.text("errorDesc")), Some(self.text("message"))]);
        let text = text.unwrap_or_default();
        let code = first([within("errorCode"), Some(self.text("errorCode")), None]);
        if let Some(code) = code.and_then(|it| it.trim().parse().ok()).map(ErrorCode)
            && code != ErrorCode::OK
        {
            return Fault::Refused { code: code.0, text, retry: code.retry() };
        }
        let told = self.text("code").parse().unwrap_or(0);
        let status = if status < 300 { told } else { status };
        match status {
            // An exception somewhere in the middle of it.
            500.. => Fault::Unknown(format!("the service failed with {status}: {text}")),
            429 => Fault::Refused { code: 429, text, retry: Retry::Later },
            400.. => refused(status, text),
            _ => Fault::Refused { code: -1, text, retry: Retry::Never },
        }
    }

    /// The name under which a message was taken.
    pub(super) fn doc_id(&self) -> String {
        let within = self.fields.get("data").and_then(|it| it.get("docId")).map(json::text_of);
        match self.text("docId") {
            id if id.is_empty() => within.unwrap_or_default(),
            id => id,
        }
    }

    /// The rows of a list.
    pub(super) fn into_rows(mut self) -> Result<Vec<Row>, Fault> {
        let rows = match self.fields.remove("data") {
            Some(Value::Array(rows)) => rows,
            // An empty list, by some.
            Some(Value::Null) => Vec::new(),
            _ => return Err(Fault::Unknown("the reply has no list".into())),
        };
        rows.into_iter()
            .map(|row| match row {
                Value::Object(row) => Ok(Row(row)),
                _ => Err(Fault::Unknown("a row of the list is no JSON object".into())),
            })
            .collect()
    }

    fn text(&self, name: &str) -> String {
        self.fields.get(name).map(json::text_of).unwrap_or_default()
    }
}

fn refused(status: u16, text: String) -> Fault {
    Fault::Refused { code: i32::from(status), text, retry: Retry::Never }
}

/// The token that a login brought. What came is never quoted: a token may be in it.
pub(super) fn token(status: u16, body: &[u8]) -> Result<String, Fault> {
    let fault =
        || Fault::NotSent(format!("the answer to the login, HTTP {status}, is not understood"));
    let reply: Value = serde_json::from_slice(body).map_err(|_| fault())?;
    let within = reply.get("data").and_then(|it| it.get("token")).or(reply.get("token"));
    match within.map(json::text_of) {
        Some(token) if status < 300 && is_token(&token) => Ok(token),
        Some(token) if !token.is_empty() => Err(fault()),
        _ => match Reply::read(status, body) {
            Err(fault @ Fault::Refused { .. }) => Err(fault),
            _ => Err(fault()),
        },
    }
}

/// What can stand behind `Bearer` in a header (RFC 6750 §2.1, and blanks nowhere).
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| (0x21..0x7F).contains(&it))
}

/// A row of a list.
pub(super) struct Row(Map<String, Value>);

impl Row {
    /// The first of these that is there and not empty.
    pub(super) fn text(&self, names: &[&str]) -> String {
        let texts = names.iter().filter_map(|name| self.0.get(*name)).map(json::text_of);
        texts.into_iter().find(|it| !it.is_empty()).unwrap_or_default()
    }
}

/// Goes through all that can be asked of a reply.
#[cfg(fuzzing)]
pub(crate) fn exhaust(status: u16, body: &[u8]) -> usize {
    let _ = token(status, body);
    let Ok(reply) = Reply::read(status, body) else { return 0 };
    let id = reply.doc_id().len();
    let rows = reply.into_rows().unwrap_or_default();
    rows.iter().map(|it| it.text(&["docId", "code"]).len()).sum::<usize>().saturating_add(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_is_promised_and_what_comes() {
        for (yes, id) in [
            (r#"{"success":true,"message":"OK","docId":"7"}"#, "7"),
            (r#"{"code":200,"message":"OK","data":{"docId":"7"},"errorDetail":[]}"#, "7"),
            (r#"{"code":"0","data":{"docId":7},"errorDetail":null}"#, "7"),
            (r#"{"success":"True"}"#, ""),
        ] {
            assert_eq!(Reply::read(200, yes.as_bytes()).unwrap().doc_id(), id, "{yes}");
        }
        for (rows, len) in [
            (r#"{"success":true,"count":1,"data":[{"docId":"7"}]}"#, 1),
            (r#"{"code":200,"data":null}"#, 0),
            (r#"[{"orgCode":"H37"},{}]"#, 2),
        ] {
            let found = Reply::read(200, rows.as_bytes()).unwrap().into_rows().unwrap();
            assert_eq!(found.len(), len, "{rows}");
        }
        assert!(Reply::read(200, br#"{"success":true}"#).unwrap().into_rows().is_err());
        assert!(Reply::read(200, br#"{"success":true,"data":[1]}"#).unwrap().into_rows().is_err());
    }

    #[test]
    fn a_no_has_its_rule() {
        for (status, no, code, retry) in [
            (
                200,
                r#"{"success":false,"message":"Loi","data":{"docId":null,"errorCode":"18","errorDesc":"x"}}"#,
                18,
                Retry::Never,
            ),
            (400, r#"{"success":false,"data":{"errorCode":21}}"#, 21, Retry::Later),
            (500, r#"{"success":false,"data":{"errorCode":"20"}}"#, 20, Retry::Later),
            (200, r#"{"success":false,"message":"x"}"#, -1, Retry::Never),
            (200, r#"{"success":false,"data":{"errorCode":"0"}}"#, -1, Retry::Never),
            (200, r#"{"code":404,"message":"x"}"#, 404, Retry::Never),
            (429, "{}", 429, Retry::Later),
            (401, "<html>", 401, Retry::Never),
            (401, r#"{"success":true}"#, 401, Retry::Never),
            (403, "", 403, Retry::Never),
        ] {
            let Err(Fault::Refused { code: found, retry: again, .. }) =
                Reply::read(status, no.as_bytes())
            else {
                panic!("{no}");
            };
            assert_eq!((found, again), (code, retry), "{no}");
        }
        for (status, unknown) in [
            (200, ""),
            (200, "<html>"),
            (502, "<html>502 Bad Gateway</html>"),
            (200, "{}"),
            (200, "7"),
            (500, r#"{"success":false,"message":"x"}"#),
            (200, r#"{"code":500,"message":"x","errorDetail":[{"exception":"x"}]}"#),
            (503, r#"{"success":true,"docId":"7"}"#),
            (200, r#"{"success":true,"docId":"7""#),
        ] {
            let read = Reply::read(status, unknown.as_bytes());
            assert!(matches!(read, Err(Fault::Unknown(_))), "{status} {unknown} {read:?}");
        }
    }

    #[test]
    fn a_login_brings_a_token_or_a_reason_and_is_never_quoted() {
        for yes in
            [r#"{"code":200,"data":{"token":"abc.d"}}"#, r#"{"success":true,"token":"abc.d"}"#]
        {
            assert_eq!(token(200, yes.as_bytes()).unwrap(), "abc.d");
        }
        let no = token(401, br#"{"code":401,"message":"sai mat khau"}"#).unwrap_err();
        assert!(matches!(&no, Fault::Refused { code: 401, .. }), "{no:?}");
        for (status, garbled) in [
            (200, &br#"{"data":{"token":"s3cret\r\nX: y"}}"#[..]),
            (500, br#"{"data":{"token":"s3cret"}}"#),
            (200, br#"{"toke":"s3cret"}"#),
            (200, br#"{"token":"s3cret"#),
            (502, b"<html>s3cret</html>"),
            (200, br#"{"success":true,"data":{"token":null},"other":"s3cret"}"#),
        ] {
            let fault = token(status, garbled).unwrap_err();
            assert!(matches!(fault, Fault::NotSent(_)), "{fault:?}");
            assert!(!format!("{fault:?} {fault}").contains("s3cret"));
        }
    }
}
