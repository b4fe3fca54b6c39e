//! Distinguished names: shown by RFC 4514, compared as they stand.

use std::fmt;

use der::asn1::ObjectIdentifier;

use crate::encoding::asn1::{Tag, Value};
use crate::encoding::steers;
use crate::error::Result;

/// A distinguished name: its DER, and its text for people.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Name {
    der: Vec<u8>,
    text: String,
    common_name: Option<String>,
    organization: Option<String>,
}

/// A name nests `Name > RelativeDistinguishedName > AttributeTypeAndValue > value`.
const DEPTH: usize = 8;

impl Name {
    /// Reads `RDNSequence` (RFC 5280 §4.1.2.4).
    pub(crate) fn read(der: &[u8]) -> Result<Self> {
        let mut relative = Vec::new();
        let mut common_name = None;
        let mut organization = None;
        let mut sets = Value::only(der, DEPTH)?.sequence()?;
        while let Some(set) = sets.next()? {
            let mut parts = Vec::new();
            let mut attributes = set.is(Tag::SET)?.values()?;
            while let Some(attribute) = attributes.next()? {
                let mut fields = attribute.sequence()?;
                let oid = fields.expect(Tag::OID)?.oid()?;
                let value = fields.required()?;
                let text = value.text().ok();
                match oid {
                    COMMON_NAME => common_name = text.clone(),
                    ORGANIZATION => organization = text.clone(),
                    _ => {}
                }
                parts.push(render(oid, &value, text));
            }
            relative.push(parts.join("+"));
        }
        // RFC 4514 §2.1: starting with the last.
        relative.reverse();
        Ok(Self { der: der.to_vec(), text: relative.join(","), common_name, organization })
    }

    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }

    /// The last common name, as people are called by it.
    pub(crate) fn common_name(&self) -> Option<&str> {
        self.common_name.as_deref()
    }

    /// The last organisation.
    pub(crate) fn organization(&self) -> Option<&str> {
        self.organization.as_deref()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");

/// RFC 4514 §3, and what Vietnamese certificates use besides.
const KEYWORDS: [(&str, &str); 16] = [
    ("2.5.4.3", "CN"),
    ("2.5.4.4", "SN"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "STREET"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.12", "title"),
    ("2.5.4.42", "GN"),
    ("2.5.4.97", "organizationIdentifier"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
    ("2.5.4.46", "dnQualifier"),
];

fn render(oid: ObjectIdentifier, value: &Value<'_>, text: Option<String>) -> String {
    let oid = oid.to_string();
    let keyword = KEYWORDS.iter().find(|(it, _)| *it == oid).map(|(_, keyword)| *keyword);
    match (keyword, text) {
        (Some(keyword), Some(text)) => format!("{keyword}={}", escape(&text)),
        // RFC 4514 §2.4: what has no keyword or no string form is shown in hex.
        (keyword, _) => {
            let hex: String = value.raw().iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{}=#{hex}", keyword.unwrap_or(&oid))
        }
    }
}

/// RFC 4514 §2.4; besides, characters that steer what shows them are in hex, so that no
/// name can forge a line of a report or turn one around.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let last = text.chars().count().saturating_sub(1);
    for (n, c) in text.chars().enumerate() {
        match c {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => escaped.extend(['\\', c]),
            '#' | ' ' if n == 0 => escaped.extend(['\\', c]),
            ' ' if n == last => escaped.extend(['\\', c]),
            c if steers(c) => {
                let mut octets = [0; 4];
                for octet in c.encode_utf8(&mut octets).bytes() {
                    escaped.push_str(&format!("\\{octet:02X}"));
                }
            }
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(values: &[(&str, &str)]) -> Name {
        let mut sets = Vec::new();
        for (oid, text) in values {
            let oid = ObjectIdentifier::new_unwrap(oid);
            let mut body = vec![6, u8::try_from(oid.as_bytes().len()).unwrap()];
            body.extend_from_slice(oid.as_bytes());
            body.extend([12, u8::try_from(text.len()).unwrap()]);
            body.extend_from_slice(text.as_bytes());
            let inner = u8::try_from(body.len()).unwrap();
            sets.extend([0x31, inner + 2, 0x30, inner]);
            sets.extend(body);
        }
        let mut der = vec![0x30, u8::try_from(sets.len()).unwrap()];
        der.extend(sets);
        Name::read(&der).unwrap()
    }

    #[test]
    fn last_comes_first_and_specials_are_escaped() {
        let name =
            name(&[("2.5.4.6", "VN"), ("2.5.4.10", "Bộ A, B"), ("2.5.4.3", " #x\n\u{202e}")]);
        assert_eq!(name.to_string(), "CN=\\ #x\\0A\\E2\\80\\AE,O=Bộ A\\, B,C=VN");
        assert_eq!(name.organization(), Some("Bộ A, B"));
    }

    #[test]
    fn unknown_attributes_are_hex() {
        assert_eq!(name(&[("1.2.3.4", "a")]).to_string(), "1.2.3.4=#0c0161");
    }
}
