//! Distinguished names: shown by RFC 4514, compared by RFC 5280 §7.1.

use std::fmt;
use std::sync::Arc;

use der::asn1::ObjectIdentifier;

use crate::encoding::asn1::{Tag, Value};
use crate::encoding::steers;
use crate::error::Result;

/// A distinguished name: its DER, and its text for people. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Name(Arc<Fields>);

#[derive(PartialEq, Eq, Hash)]
struct Fields {
    der: Vec<u8>,
    text: String,
    /// The kind of each attribute, and its text if it is one.
    texts: Vec<(ObjectIdentifier, Option<String>)>,
    emails: Vec<Option<String>>,
    relative: Vec<Vec<Attribute>>,
}

/// One attribute as it is compared; those of one RelativeDistinguishedName are sorted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Attribute {
    kind: ObjectIdentifier,
    value: Comparable,
}

/// RFC 5280 §7.1: strings are equal whatever type, case and spacing they are written in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Comparable {
    Text(String),
    Raw(Vec<u8>),
}

/// A name nests `Name > RelativeDistinguishedName > AttributeTypeAndValue > value`.
const DEPTH: usize = 8;

impl Name {
    /// Reads `RDNSequence` (RFC 5280 §4.1.2.4).
    pub(crate) fn read(der: &[u8]) -> Result<Self> {
        let mut shown = Vec::new();
        let mut relative = Vec::new();
        let mut emails = Vec::new();
        let mut texts = Vec::new();
        let mut sets = Value::only(der, DEPTH)?.sequence()?;
        while let Some(set) = sets.next()? {
            let mut parts = Vec::new();
            let mut compared = Vec::new();
            let mut attributes = set.is(Tag::SET)?.values()?;
            while let Some(attribute) = attributes.next()? {
                let mut fields = attribute.sequence()?;
                let oid = fields.expect(Tag::OID)?.oid()?;
                let value = fields.required()?;
                let text = value.text().ok();
                if oid == EMAIL_ADDRESS {
                    emails.push(text.clone());
                }
                texts.push((oid, text.clone()));
                let value_compared = match &text {
                    Some(text) => Comparable::Text(fold(text)),
                    None => Comparable::Raw(value.raw().to_vec()),
                };
                compared.push(Attribute { kind: oid, value: value_compared });
                parts.push(render(oid, &value, text));
            }
            shown.push(parts.join("+"));
            compared.sort();
            relative.push(compared);
        }
        // RFC 4514 §2.1: starting with the last.
        shown.reverse();
        let (der, text) = (der.to_vec(), shown.join(","));
        Ok(Self(Arc::new(Fields { der, text, texts, emails, relative })))
    }

    /// Whether the two are the same name by RFC 5280 §7.1.
    pub(crate) fn matches(&self, other: &Self) -> bool {
        self.0.der == other.0.der || self.0.relative == other.0.relative
    }

    /// Whether it lies in the subtree of `base` (RFC 5280 §7.1): it begins with it.
    pub(crate) fn is_within(&self, base: &Self) -> bool {
        self.0.relative.starts_with(&base.0.relative)
    }

    /// Whether it has no part at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.relative.is_empty()
    }

    /// Its electronic mail addresses (RFC 5280 §4.1.2.6), nothing in place of one that is
    /// no text.
    pub(crate) fn emails(&self) -> &[Option<String>] {
        &self.0.emails
    }

    /// As RFC 4514 writes it.
    pub(crate) fn text(&self) -> &str {
        &self.0.text
    }

    pub(crate) fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// The last common name, as people are called by it.
    pub(crate) fn common_name(&self) -> Option<&str> {
        self.texts(COMMON_NAME).last()?
    }

    /// The last organisation.
    pub(crate) fn organization(&self) -> Option<&str> {
        self.texts(ORGANIZATION).last()?
    }

    /// The names of whose it is, persons and organisations, and their identifiers.
    pub(crate) fn identities(&self) -> impl Iterator<Item = &str> {
        let all = self.0.texts.iter().filter(|it| IDENTITIES.contains(&it.0));
        all.filter_map(|it| it.1.as_deref())
    }

    /// Its organisational units, from the largest as names are written.
    #[cfg(any(feature = "appearance", feature = "exchange"))]
    pub(crate) fn units(&self) -> Vec<&str> {
        self.texts(ObjectIdentifier::new_unwrap("2.5.4.11")).flatten().collect()
    }

    /// The last title: the position of its holder.
    #[cfg(feature = "appearance")]
    pub(crate) fn title(&self) -> Option<&str> {
        self.texts(ObjectIdentifier::new_unwrap("2.5.4.12")).last()?
    }

    fn texts(&self, kind: ObjectIdentifier) -> impl Iterator<Item = Option<&str>> {
        self.0.texts.iter().filter(move |it| it.0 == kind).map(|it| it.1.as_deref())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const EMAIL_ADDRESS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.1");
const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");

/// CN, O, OU, serialNumber, organizationIdentifier, UID.
const IDENTITIES: [ObjectIdentifier; 6] = [
    COMMON_NAME,
    ORGANIZATION,
    ObjectIdentifier::new_unwrap("2.5.4.11"),
    ObjectIdentifier::new_unwrap("2.5.4.5"),
    ObjectIdentifier::new_unwrap("2.5.4.97"),
    ObjectIdentifier::new_unwrap("0.9.2342.19200300.100.1.1"),
];

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

/// RFC 4518 §2, as RFC 5280 §7.1 asks: lower case, no space around, one between. What
/// remains of it is NFKC, without which names that differ in composition differ here:
/// the strict side.
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.chars().flat_map(char::to_lowercase));
    }
    folded
}

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
    fn names_are_compared_without_case_and_spacing() {
        let name_of =
            |organization, common| name(&[("2.5.4.10", organization), ("2.5.4.3", common)]);
        let one = name_of("Bộ  Nội vụ", "ROOT ca");
        assert!(one.matches(&name_of(" BỘ NỘI VỤ ", "Root  CA")));
        assert!(!one.matches(&name_of("Bộ Nộivụ", "Root CA")));
        assert!(one.is_within(&name(&[("2.5.4.10", "bộ nội vụ")])));
        assert!(!one.is_within(&name(&[("2.5.4.3", "root ca")])));
        assert!(name(&[]).is_empty() && one.is_within(&name(&[])));
        assert_ne!(one, name_of("bộ nội vụ", "root ca"), "as they stand they differ");
    }

    #[test]
    fn unknown_attributes_are_hex() {
        assert_eq!(name(&[("1.2.3.4", "a")]).to_string(), "1.2.3.4=#0c0161");
    }
}
