//! JSON of services, read within bounds and leniently.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::exchange::fault::Fault;
use crate::limits::REPLY_VALUES;

/// Reads a reply, whose values are counted before memory is taken for them.
pub(crate) fn parse(body: &[u8]) -> Result<Value, Fault> {
    if body.trim_ascii().is_empty() {
        return Err(Fault::Unknown("the reply is empty".into()));
    }
    let begun = body.iter().filter(|it| matches!(it, b',' | b'[' | b'{')).count();
    if begun > REPLY_VALUES {
        return Err(garbled("the reply has too many values", body));
    }
    serde_json::from_slice(body).map_err(|_| garbled("the reply is no JSON", body))
}

/// What came cannot be understood; its beginning is told.
pub(crate) fn garbled(why: &str, body: &[u8]) -> Fault {
    let start = String::from_utf8_lossy(body.get(..body.len().min(80)).unwrap_or_default())
        .replace(char::is_control, " ");
    Fault::Unknown(format!("{why}: {start:?}"))
}

/// With everything beyond ASCII escaped.
pub(crate) fn ascii(json: String) -> String {
    if json.is_ascii() {
        return json;
    }
    let mut ascii = String::with_capacity(json.len().saturating_mul(2));
    for it in json.chars() {
        if it.is_ascii() {
            ascii.push(it);
        } else {
            for unit in it.encode_utf16(&mut [0; 2]) {
                ascii.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    ascii
}

/// A value as a text; nothing where it holds others.
pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// Numbers and nulls where texts belong: every dialect has some.
pub(crate) fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Value::deserialize(deserializer).map(|it| text_of(&it))
}
