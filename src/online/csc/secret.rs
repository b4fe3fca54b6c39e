//! What must not be told: tokens, PINs, codes.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// A text that is wiped when it is dropped, and never printed.
#[derive(Clone, PartialEq)]
pub(super) struct Secret(Zeroizing<String>);

impl Secret {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it can stand in a header.
    pub(super) fn is_plain(&self) -> bool {
        !self.0.is_empty() && self.0.bytes().all(|it| (0x21..0x7F).contains(&it))
    }
}

/// A text without these, in whatever form they stood in a request or may be repeated in. All
/// that is made on the way is wiped.
pub(super) fn without(text: &str, secrets: &[&str]) -> Zeroizing<String> {
    let mut forms: Vec<Zeroizing<String>> = secrets.iter().flat_map(|it| forms(it)).collect();
    // One may be a part of another.
    forms.sort_by_key(|it| std::cmp::Reverse(it.len()));
    let mut text = Zeroizing::new(text.to_owned());
    for form in forms.iter().filter(|it| !it.is_empty()) {
        if text.contains(form.as_str()) {
            text = Zeroizing::new(text.replace(form.as_str(), "***"));
        }
    }
    text
}

/// As it is, and as writers of JSON escape it (RFC 8259 §7): some every solidus, some all that
/// is not ASCII.
fn forms(secret: &str) -> Vec<Zeroizing<String>> {
    let quoted = Zeroizing::new(serde_json::to_string(secret).unwrap_or_default());
    let inner = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    let mut forms = vec![Zeroizing::new(secret.to_owned()), Zeroizing::new(inner.to_owned())];
    if !inner.is_ascii() {
        forms.extend([false, true].map(|large| in_ascii(inner, large)));
    }
    let with_solidus: Vec<_> = forms
        .iter()
        .filter(|it| it.contains('/'))
        .map(|it| Zeroizing::new(it.replace('/', "\\/")))
        .collect();
    forms.extend(with_solidus);
    forms
}

fn in_ascii(text: &str, large: bool) -> Zeroizing<String> {
    // Six letters at most for one byte of UTF-8: it does not grow.
    let mut ascii = Zeroizing::new(String::with_capacity(text.len().saturating_mul(6)));
    for letter in text.chars() {
        if letter.is_ascii() {
            ascii.push(letter);
            continue;
        }
        for unit in letter.encode_utf16(&mut [0; 2]) {
            let hex = if large { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") };
            ascii.push_str(&hex);
        }
    }
    ascii
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// To the service that it is for.
impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_form_of_a_secret_stays() {
        let secrets = ["ab/c+=", "mật\"khẩu🔑", "ab/c+=d", ""];
        for text in [
            "ab/c+=",
            r"ab\/c+=",
            r"ab\/c+=d",
            "mật\"khẩu🔑",
            r#"mật\"khẩu🔑"#,
            r#"m\u1eadt\"kh\u1ea9u\ud83d\udd11"#,
            r#"m\u1EADt\"kh\u1EA9u\uD83D\uDD11"#,
        ] {
            let told = without(&format!("<{text}> and {text}"), &secrets);
            assert_eq!(told.as_str(), "<***> and ***", "{text}");
        }
        assert_eq!(without("nothing of it", &secrets).as_str(), "nothing of it");
    }
}
