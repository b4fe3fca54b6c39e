//! Replies: written so that the unmodified kit understands them, read leniently.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::call::Call;
use super::error_code::ErrorCode;
use crate::exchange::fault::{Fault, Retry};
use crate::exchange::http::json;

/// A reply in JSON. What a call must have in its reply is there even when it failed:
/// without it the kit loses everything, the reason included.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    fields: Map<String, Value>,
}

impl Reply {
    /// The call succeeded.
    #[must_use]
    pub fn ok(call: Call) -> Self {
        Self::new(call, "OK", ErrorCode::OK, ErrorCode::OK.text())
    }

    /// The call failed.
    #[must_use]
    pub fn fail(call: Call, code: ErrorCode, text: &str) -> Self {
        Self::new(call, "FAIL", code, text)
    }

    fn new(call: Call, status: &str, code: ErrorCode, text: &str) -> Self {
        let mut fields = Map::new();
        fields.insert("status".into(), status.into());
        fields.insert("ErrorCode".into(), code.to_string().into());
        fields.insert("ErrorDesc".into(), text.into());
        let own = match call {
            Call::SendEdoc => Some(("DocId", Value::from(""))),
            Call::GetReceivedEdocList
            | Call::GetSentEdocList
            | Call::GetAgenciesList
            | Call::GetAgenciesListQd20
            | Call::GetSynchronizeUnit => Some(("data", Value::Array(Vec::new()))),
            Call::GetEdoc => Some(("data", Value::from(""))),
            Call::CountReceiveEdoc | Call::CountReceiveStatus => Some(("count", Value::from(0))),
            Call::DownloadEdoc | Call::UpdateStatus | Call::RegisterAgency | Call::DeleteAgency => {
                None
            }
        };
        if let Some((name, value)) = own {
            fields.insert(name.into(), value);
        }
        Self { fields }
    }

    /// The name under which a message was taken.
    #[must_use]
    pub fn with_doc_id(self, id: &str) -> Self {
        self.with("DocId", id.into())
    }

    /// The rows of a list.
    #[must_use]
    pub fn with_rows<T: Serialize>(self, rows: &[T]) -> Self {
        let rows = rows.iter().filter_map(|it| serde_json::to_value(it).ok()).collect();
        self.with("data", Value::Array(rows))
    }

    /// A message in base64.
    #[must_use]
    pub fn with_data(self, base64: String) -> Self {
        self.with("data", base64.into())
    }

    /// A number of messages.
    #[must_use]
    pub fn with_count(self, count: usize) -> Self {
        self.with("count", count.into())
    }

    fn with(mut self, name: &str, value: Value) -> Self {
        self.fields.insert(name.into(), value);
        self
    }

    /// The reply as text, in ASCII alone: the kit reads some replies as that.
    #[must_use]
    pub fn to_json(&self) -> String {
        json::ascii(Value::Object(self.fields.clone()).to_string())
    }

    /// Reads a reply, and turns one that says no into a fault.
    pub(super) fn read(body: &[u8]) -> Result<Self, Fault> {
        let Value::Object(fields) = json::parse(body)? else {
            return Err(json::garbled("the reply is no JSON object", body));
        };
        let reply = Self { fields };
        let status = reply.text("status");
        let code = match reply.text("ErrorCode").trim() {
            "" => None,
            text => Some(text.parse().map(ErrorCode).unwrap_or(ErrorCode::SYSTEM)),
        };
        let succeeded = match (status.to_ascii_uppercase().as_str(), code) {
            ("OK" | "SUCCESS" | "", Some(ErrorCode::OK)) | ("OK" | "SUCCESS", None) => true,
            ("", None) => {
                return Err(json::garbled("the reply says neither yes nor no", body));
            }
            _ => false,
        };
        if succeeded {
            return Ok(reply);
        }
        let code = code.filter(|it| *it != ErrorCode::OK);
        Err(Fault::Refused {
            code: code.map_or(-1, |it| it.0),
            text: reply.text("ErrorDesc"),
            retry: code.map_or(Retry::Never, ErrorCode::retry),
        })
    }

    pub(super) fn text(&self, name: &str) -> String {
        self.fields.get(name).map(json::text_of).unwrap_or_default()
    }

    /// Takes the rows of a list out.
    pub(super) fn into_rows<T: for<'de> Deserialize<'de>>(mut self) -> Result<Vec<T>, Fault> {
        let rows = self.fields.remove("data").unwrap_or_default();
        serde_json::from_value(rows)
            .map_err(|source| Fault::Unknown(format!("the list of the reply: {source}")))
    }

    pub(super) fn count(&self) -> Option<usize> {
        self.text("count").parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::axis::rows::ReceivedRow;
    use crate::limits::REPLY_VALUES;

    #[test]
    fn replies_have_what_the_kit_cannot_do_without() {
        for call in Call::ALL {
            for reply in [Reply::ok(call), Reply::fail(call, ErrorCode::SYSTEM, "Lỗi hệ thống")]
            {
                let json: Value = serde_json::from_str(&reply.to_json()).unwrap();
                for name in ["status", "ErrorCode", "ErrorDesc"] {
                    assert!(json[name].is_string(), "{call:?} {name}");
                }
                let own = match call {
                    Call::SendEdoc => "DocId",
                    Call::CountReceiveEdoc | Call::CountReceiveStatus => "count",
                    Call::DownloadEdoc
                    | Call::UpdateStatus
                    | Call::RegisterAgency
                    | Call::DeleteAgency => continue,
                    _ => "data",
                };
                assert!(!json[own].is_null(), "{call:?}");
                assert!(reply.to_json().is_ascii());
            }
        }
    }

    #[test]
    fn characters_beyond_ascii_are_escaped() {
        let json = Reply::fail(Call::SendEdoc, ErrorCode(20), "Lỗi 𝄞").to_json();
        assert!(json.contains("L\\u1ed7i \\ud834\\udd1e"), "{json}");
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["ErrorDesc"], "Lỗi 𝄞");
    }

    #[test]
    fn reads_every_dialect_of_yes_and_no() {
        for yes in [
            r#"{"status":"OK","ErrorCode":"0","ErrorDesc":"Thanh cong","DocId":"6f48"}"#,
            r#"{"status":"OK","ErrorCode":0,"DocId":6}"#,
            r#"{"status":"Success"}"#,
            r#"{"ErrorCode":"0"}"#,
        ] {
            assert!(Reply::read(yes.as_bytes()).is_ok(), "{yes}");
        }
        for (no, code, retry) in [
            (r#"{"status":"FAIL","ErrorCode":"22","ErrorDesc":"x"}"#, 22, Retry::Never),
            (r#"{"status":"FAIL","ErrorCode":21}"#, 21, Retry::Later),
            (r#"{"status":"OK","ErrorCode":"15"}"#, 15, Retry::Never),
            (r#"{"status":"FAIL","ErrorCode":null}"#, -1, Retry::Never),
        ] {
            let Err(Fault::Refused { code: found, retry: again, .. }) = Reply::read(no.as_bytes())
            else {
                panic!("{no}");
            };
            assert_eq!((found, again), (code, retry), "{no}");
        }
        for garbled in
            ["", " \r\n", "<html>502 Bad Gateway</html>", "[]", "{}", "null", "{\"status\""]
        {
            assert!(matches!(Reply::read(garbled.as_bytes()), Err(Fault::Unknown(_))), "{garbled}");
        }
    }

    /// Two bytes of a list take thirty in memory and more.
    #[test]
    fn replies_of_a_million_lists_are_not_built() {
        let body = |n| format!(r#"{{"status":"OK","data":[{}[]]}}"#, "[],".repeat(n));
        assert!(Reply::read(body(1000).as_bytes()).is_ok());
        let refused = Reply::read(body(REPLY_VALUES).as_bytes());
        assert!(matches!(refused, Err(Fault::Unknown(why)) if why.contains("too many")));
    }

    #[test]
    fn rows_are_lenient() {
        let body = r#"{"status":"OK","ErrorCode":"0","data":[{"docId":12,"from":null,"x":1}]}"#;
        let rows: Vec<ReceivedRow> = Reply::read(body.as_bytes()).unwrap().into_rows().unwrap();
        assert_eq!(rows[0].doc_id, "12");
        assert_eq!(rows[0].from, "");
    }
}
