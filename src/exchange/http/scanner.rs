//! A reply in JSON that carries a message in one of its texts, read as it comes.

use super::unescape::{Broken, Unescape};
use crate::error::{Error, Result};
use crate::limits::{REPLY_DEPTH, REPLY_OUTLINE_BYTES, REPLY_TEXT_BYTES};

/// Takes one text out of a JSON object while it comes in, and keeps the rest of it.
///
/// The rest, the outline, is JSON again: the text that was taken out stands in it as an
/// empty one, and so do texts too long to be kept. Whether it is well-formed is for whoever
/// reads the outline to find; here only as much is understood as it takes to find the text.
pub(crate) struct Scanner<'p> {
    /// Where the message may stand, each from the outermost name inwards. The first that is
    /// there and not empty is taken.
    paths: &'p [&'p [&'p str]],
    outline: Vec<u8>,
    open: Vec<Open>,
    place: Place,
    found: bool,
}

/// An object or a list that has begun and not ended.
struct Open {
    is_object: bool,
    /// The latest name of the object, as it stands escaped; what is longer than any that is
    /// looked for is cut.
    name: Vec<u8>,
    /// A text that comes now is a name.
    wants_name: bool,
}

enum Place {
    Between,
    /// In a text that is kept: a name or a value.
    Kept {
        is_name: bool,
        start: usize,
        escaped: bool,
    },
    /// In a text too long to be kept.
    Skipped {
        escaped: bool,
    },
    Message(Unescape),
}

/// Why a reply cannot be read on.
#[derive(Debug)]
pub(crate) enum Halt {
    /// It is no JSON, or not one that a service would send.
    Garbled(&'static str),
    /// The message could not be handed on.
    Failed(Error),
}

impl From<Broken> for Halt {
    fn from(_: Broken) -> Self {
        Self::Garbled("the message in the reply is no text")
    }
}

const NAME_BYTES: usize = 64;

impl<'p> Scanner<'p> {
    pub(crate) fn new(paths: &'p [&'p [&'p str]]) -> Self {
        let (outline, open) = (Vec::new(), Vec::new());
        Self { paths, outline, open, place: Place::Between, found: false }
    }

    /// Takes the next piece in, and hands on what of the message is in it.
    pub(crate) fn scan(
        &mut self,
        mut piece: &[u8],
        message: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<(), Halt> {
        while !piece.is_empty() {
            piece = match &mut self.place {
                Place::Between => self.between(piece)?,
                Place::Message(unescape) => {
                    let (rest, ended) = unescape.take(piece, &mut |bytes| {
                        self.found = true;
                        message(bytes).map_err(Halt::Failed)
                    })?;
                    if ended {
                        self.end_text();
                    }
                    rest
                }
                Place::Kept { .. } | Place::Skipped { .. } => self.text(piece),
            };
            if self.outline.len() > REPLY_OUTLINE_BYTES {
                let limit = format_args!("{REPLY_OUTLINE_BYTES} bytes beside the message");
                return Err(Halt::Failed(Error::limit(limit)));
            }
        }
        Ok(())
    }

    /// The reply so far, without the message.
    pub(crate) fn outline(&self) -> &[u8] {
        &self.outline
    }

    /// Whether there was a message, and the reply without it. A reply that was cut off is no
    /// JSON any more.
    pub(crate) fn finish(self) -> (bool, Vec<u8>) {
        (self.found, self.outline)
    }

    /// What stands outside of texts, up to the next one.
    fn between<'b>(&mut self, piece: &'b [u8]) -> Result<&'b [u8], Halt> {
        for (n, byte) in piece.iter().enumerate() {
            if byte.is_ascii_whitespace() {
                continue;
            }
            if self.outline.is_empty() && *byte != b'{' {
                self.outline.extend(piece.iter().skip(n).take(80));
                return Err(Halt::Garbled("the reply is no JSON object"));
            }
            self.outline.push(*byte);
            match byte {
                b'"' => {
                    self.begin_text();
                    return Ok(piece.get(n.saturating_add(1)..).unwrap_or_default());
                }
                b'{' | b'[' => self.begin(*byte == b'{')?,
                b'}' | b']' => drop(self.open.pop()),
                b',' => self.name_follows(true),
                b':' => self.name_follows(false),
                _ => {}
            }
        }
        Ok(&[])
    }

    fn begin(&mut self, is_object: bool) -> Result<(), Halt> {
        if self.open.len() >= REPLY_DEPTH {
            return Err(Halt::Garbled("the reply is nested too deeply"));
        }
        self.open.push(Open { is_object, name: Vec::new(), wants_name: is_object });
        Ok(())
    }

    fn name_follows(&mut self, follows: bool) {
        if let Some(open) = self.open.last_mut().filter(|it| it.is_object) {
            open.wants_name = follows;
        }
    }

    fn begin_text(&mut self) {
        let is_name = self.open.last().is_some_and(|it| it.wants_name);
        if let Some(open) = self.open.last_mut().filter(|_| is_name) {
            open.name.clear();
        }
        self.place = if !is_name && !self.found && self.is_wanted() {
            Place::Message(Unescape::default())
        } else {
            Place::Kept { is_name, start: self.outline.len(), escaped: false }
        };
    }

    /// Whether the value that begins here stands where the message may.
    fn is_wanted(&self) -> bool {
        self.paths.iter().any(|path| {
            path.len() == self.open.len()
                && path
                    .iter()
                    .zip(&self.open)
                    .all(|(name, open)| open.is_object && open.name == name.as_bytes())
        })
    }

    /// A text that is kept or skipped, up to its end.
    fn text<'b>(&mut self, piece: &'b [u8]) -> &'b [u8] {
        for (n, byte) in piece.iter().enumerate() {
            let (Place::Kept { escaped, .. } | Place::Skipped { escaped }) = &mut self.place else {
                break;
            };
            let ends = *byte == b'"' && !*escaped;
            *escaped = *byte == b'\\' && !*escaped;
            let escaped = *escaped;
            if ends {
                self.end_text();
                return piece.get(n.saturating_add(1)..).unwrap_or_default();
            }
            if let Place::Kept { is_name, start, .. } = self.place {
                self.keep(*byte, is_name, start, escaped);
            }
        }
        &[]
    }

    fn keep(&mut self, byte: u8, is_name: bool, start: usize, escaped: bool) {
        self.outline.push(byte);
        if let Some(open) = self.open.last_mut().filter(|_| is_name)
            && open.name.len() < NAME_BYTES
        {
            open.name.push(byte);
        }
        if self.outline.len().saturating_sub(start) > REPLY_TEXT_BYTES {
            self.outline.truncate(start);
            self.place = Place::Skipped { escaped };
        }
    }

    fn end_text(&mut self) {
        self.outline.push(b'"');
        self.place = Place::Between;
    }
}

/// What a scanner makes of these bytes, fed to it in pieces of this size: the message, and
/// the outline.
#[cfg(any(test, fuzzing))]
pub(crate) fn exhaust(
    paths: &[&[&str]],
    bytes: &[u8],
    size: usize,
) -> Result<(Option<Vec<u8>>, Vec<u8>), Halt> {
    let mut scanner = Scanner::new(paths);
    let mut message = Vec::new();
    for piece in bytes.chunks(size.max(1)) {
        scanner.scan(piece, &mut |text| {
            message.extend_from_slice(text);
            Ok(())
        })?;
    }
    let (found, outline) = scanner.finish();
    Ok((found.then_some(message), outline))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const PATHS: &[&[&str]] = &[&["data"], &["data", "edxml"]];

    /// The same at whatever size of pieces.
    fn scan(text: &str) -> Option<(Option<String>, Value)> {
        let whole = exhaust(PATHS, text.as_bytes(), text.len()).ok();
        for size in [1, 2, 3, 7] {
            let pieces = exhaust(PATHS, text.as_bytes(), size).ok();
            assert_eq!(pieces, whole, "{text} by {size}");
        }
        let (message, outline) = whole?;
        let message = message.map(|it| String::from_utf8(it).unwrap());
        Some((message, serde_json::from_slice(&outline).ok()?))
    }

    #[test]
    fn the_message_is_taken_out_and_the_rest_stays() {
        for (text, message) in [
            (r#"{"status":"OK","data":"QUJD","ErrorCode":"0"}"#, "QUJD"),
            (
                r#"{ "data" : "A\/B\u003d\u00e9\ud834\udd1e\"\\\n" , "n" : [1, {"data":"x"}]}"#,
                "A/B=é𝄞\"\\\n",
            ),
            (r#"{"x":{"data":"not this"},"data":"this"}"#, "this"),
            (r#"{"a":"data","b":["data"],"data":"this"}"#, "this"),
            (r#"{"a\"b":"{\"data\":\"no\"}","data":"this"}"#, "this"),
            (r#"{"data":{"docId":"7","edxml":"<a/>","attachments":[]}}"#, "<a/>"),
            (r#"{"data":"first","data":"second"}"#, "first"),
        ] {
            let (found, outline) = scan(text).unwrap();
            assert_eq!(found.as_deref(), Some(message), "{text}");
            let mut expected: Value = serde_json::from_str(text).unwrap();
            let place = match &mut expected["data"] {
                Value::Object(inner) => inner.get_mut("edxml").unwrap(),
                place => place,
            };
            if !text.contains("second") {
                *place = json!("");
                assert_eq!(outline, expected, "{text}");
            }
        }
    }

    #[test]
    fn where_there_is_none_nothing_is_taken() {
        for text in [
            "{}",
            r#"{"status":"FAIL","data":""}"#,
            r#"{"data":null}"#,
            r#"{"data":["x"]}"#,
            r#"{"data":{"x":{"edxml":"x"}}}"#,
            r#"{"x":["data","y"]}"#,
        ] {
            let (found, outline) = scan(text).unwrap();
            assert_eq!(found, None, "{text}");
            assert_eq!(outline, serde_json::from_str::<Value>(text).unwrap(), "{text}");
        }
    }

    #[test]
    fn what_is_cut_off_or_garbled_is_no_reply() {
        let sound = r#"{"status":"OK","data":"QU\u0041D","ErrorCode":"0"}"#;
        for end in 0..sound.len() {
            assert_eq!(scan(&sound[..end]), None, "{end}");
        }
        for text in [
            "<html>502</html>",
            "[]",
            r#""data""#,
            "{\"data\":\"a\nb\"}",
            r#"{"data":"\x"}"#,
            r#"{"data":"\ud834"}"#,
            r#"{"data":"\ud834x"}"#,
            r#"{"data":"\udd1e"}"#,
            r#"{"data":"\u12g4"}"#,
            r#"{"data":"x"}}"#,
            r#"{"data":"x"} {"#,
            r#"{"data":"x",}"#,
        ] {
            assert_eq!(scan(text), None, "{text}");
        }
    }

    #[test]
    fn memory_is_bounded_whatever_comes() {
        let deep = format!("{}\"data\"", r#"{"a":"#.repeat(REPLY_DEPTH + 1));
        assert!(matches!(exhaust(PATHS, deep.as_bytes(), 999), Err(Halt::Garbled(_))));
        // Long texts are left out, wherever an escape stands.
        for text in [
            "x".repeat(REPLY_TEXT_BYTES + 1),
            "\\\\".repeat(REPLY_TEXT_BYTES),
            "\\\"".repeat(REPLY_TEXT_BYTES),
        ] {
            let body = format!(r#"{{"{text}":"{text}","data":"this"}}"#);
            let (found, outline) = exhaust(PATHS, body.as_bytes(), 1000).unwrap();
            assert_eq!(
                (found.unwrap(), outline),
                (b"this".to_vec(), br#"{"":"","data":""}"#.to_vec())
            );
        }
        let body = format!(r#"{{"a":[{}]}}"#, "1234567,".repeat(REPLY_OUTLINE_BYTES / 8));
        assert!(matches!(exhaust(PATHS, body.as_bytes(), 4096), Err(Halt::Failed(_))));
    }

    /// Whatever comes, in whatever pieces: what another parser reads is read, and the same.
    #[test]
    fn agrees_with_another_parser() {
        const TOKENS: [&str; 20] = [
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            "\"data\"",
            "\"edxml\"",
            "\"",
            "\\",
            "\\\"",
            "\\u0041",
            "\\ud834\\udd1e",
            "u",
            "x",
            " ",
            "1",
            "null",
            "\"data\":",
            "{\"data\":{",
        ];
        let texts = proptest::collection::vec(proptest::sample::select(&TOKENS[..]), 0..24);
        proptest::proptest!(|(tokens in texts)| {
            let inner = tokens.concat();
            for text in [inner.clone(), format!("{{\"data\":\"{inner}\"}}"), format!("{{{inner}}}")] {
                let scanned = scan(&text);
                let Ok(Value::Object(object)) = serde_json::from_str(&text) else { continue };
                let (message, _) = scanned.unwrap();
                let plain = text.matches("\"data\"").count() == 1 && !text.contains("u0041\"");
                if let Some(Value::String(data)) = object.get("data") && plain {
                    assert_eq!(message.unwrap_or_default(), *data, "{}", text);
                }
            }
        });
    }
}
