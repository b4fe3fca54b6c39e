//! `GeneralName` (RFC 5280 §4.2.1.6) and the subtrees that constrain it (§4.2.1.10).
#![warn(clippy::arithmetic_side_effects)]

use der::asn1::ObjectIdentifier;

use super::name::Name;
use crate::encoding::asn1::{Cursor, Tag, Value};
use crate::error::{Error, Result};

/// One name of a subject alternative name, or the base of a subtree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GeneralName {
    /// `rfc822Name`, or the SmtpUTF8Mailbox of RFC 9598, which the same subtrees constrain.
    Email(String),
    Dns(String),
    Directory(Name),
    Uri(String),
    /// Address octets; in a subtree the mask's follow.
    Ip(Vec<u8>),
    /// Of a form that has no rules here; the octets of its tag tell the forms apart.
    Other(Vec<u8>),
    /// Of a form with rules, but none that could be held against a subtree.
    Unreadable(NameForm),
}

/// Which of the forms of a name, as far as constraints tell them apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NameForm {
    Email,
    Dns,
    Directory,
    Uri,
    Ip,
    Other(Vec<u8>),
}

impl GeneralName {
    pub(crate) fn form(&self) -> NameForm {
        match self {
            Self::Email(_) => NameForm::Email,
            Self::Dns(_) => NameForm::Dns,
            Self::Directory(_) => NameForm::Directory,
            Self::Uri(_) => NameForm::Uri,
            Self::Ip(_) => NameForm::Ip,
            Self::Other(form) => NameForm::Other(form.clone()),
            Self::Unreadable(form) => form.clone(),
        }
    }

    fn read(value: &Value<'_>) -> Result<Self> {
        let tag = value.tag();
        let ascii = |make: fn(String) -> Self, form| match ascii(value) {
            Some(text) => make(text),
            None => Self::Unreadable(form),
        };
        Ok(if tag == Tag::context(0) {
            other_name(value)?
        } else if tag == Tag::context(1) {
            ascii(Self::Email, NameForm::Email)
        } else if tag == Tag::context(2) {
            ascii(Self::Dns, NameForm::Dns)
        } else if tag == Tag::context(4) {
            Self::Directory(Name::read(value.explicit()?.raw())?)
        } else if tag == Tag::context(6) {
            ascii(Self::Uri, NameForm::Uri)
        } else if tag == Tag::context(7) && !value.is_constructed() {
            Self::Ip(value.content().to_vec())
        } else if [3, 5, 8].map(Tag::context).contains(&tag) {
            Self::Other(value.identifier().to_vec())
        } else {
            return Err(Error::malformed("a general name is of no known form"));
        })
    }

    /// `GeneralNames ::= SEQUENCE SIZE (1..MAX) OF GeneralName`.
    pub(super) fn read_all(extension: &[u8]) -> Result<Vec<Self>> {
        let mut names = Value::only(extension, DEPTH)?.sequence()?;
        let mut all = Vec::new();
        while let Some(name) = names.next()? {
            all.push(Self::read(&name)?);
        }
        if all.is_empty() { Err(Error::malformed("there is no general name")) } else { Ok(all) }
    }
}

/// A name nests `GeneralNames > directoryName > Name`, which nests three deep.
const DEPTH: usize = 16;

/// RFC 9598 §3.
const SMTP_UTF8_MAILBOX: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.8.9");

/// `IA5String` under an implicit tag.
fn ascii(value: &Value<'_>) -> Option<String> {
    let text = std::str::from_utf8(value.content()).ok()?;
    (!value.is_constructed() && text.is_ascii()).then(|| text.to_owned())
}

fn other_name(value: &Value<'_>) -> Result<GeneralName> {
    let mut fields = value.values()?;
    let kind = fields.expect(Tag::OID)?.oid()?;
    let name = fields.expect(Tag::context(0))?.explicit()?;
    fields.finish()?;
    Ok(match (kind, name.tag()) {
        (SMTP_UTF8_MAILBOX, Tag::UTF8_STRING) => match std::str::from_utf8(name.content()) {
            Ok(text) => GeneralName::Email(text.to_owned()),
            Err(_) => GeneralName::Unreadable(NameForm::Email),
        },
        (SMTP_UTF8_MAILBOX, _) => GeneralName::Unreadable(NameForm::Email),
        // RFC 5280 has no rules for any kind of otherName, and counts them as one form.
        _ => GeneralName::Other(value.identifier().to_vec()),
    })
}

/// `NameConstraints ::= SEQUENCE { permittedSubtrees [0], excludedSubtrees [1] }`
/// (RFC 5280 §4.2.1.10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NameConstraints {
    pub(crate) permitted: Vec<GeneralName>,
    pub(crate) excluded: Vec<GeneralName>,
    /// Forms without rules here bind only where the extension is critical.
    pub(crate) critical: bool,
}

impl NameConstraints {
    pub(super) fn read(extension: &[u8], critical: bool) -> Result<Self> {
        let mut fields = Value::only(extension, DEPTH)?.sequence()?;
        let permitted = subtrees(fields.optional(Tag::context(0))?)?;
        let excluded = subtrees(fields.optional(Tag::context(1))?)?;
        fields.finish()?;
        if permitted.is_empty() && excluded.is_empty() {
            return Err(Error::malformed("name constraints without a subtree"));
        }
        Ok(Self { permitted, excluded, critical })
    }
}

/// `GeneralSubtree ::= SEQUENCE { base, minimum [0] DEFAULT 0, maximum [1] OPTIONAL }`;
/// RFC 5280 has minimum 0 and no maximum.
fn subtrees(field: Option<Value<'_>>) -> Result<Vec<GeneralName>> {
    let Some(field) = field else { return Ok(Vec::new()) };
    let mut all = Vec::new();
    let mut values: Cursor<'_> = field.values()?;
    while let Some(subtree) = values.next()? {
        let mut fields = subtree.sequence()?;
        let base = GeneralName::read(&fields.required()?)?;
        if let Some(minimum) = fields.optional(Tag::context(0))?
            && minimum.content() != [0]
        {
            return Err(Error::malformed("a subtree has a minimum"));
        }
        fields.finish()?;
        if !is_base(&base) {
            return Err(Error::malformed("a subtree has no base that could be compared"));
        }
        all.push(base);
    }
    if all.is_empty() { Err(Error::malformed("there is no subtree")) } else { Ok(all) }
}

fn is_base(base: &GeneralName) -> bool {
    match base {
        GeneralName::Ip(octets) => match octets.len() {
            8 => octets.get(4..).is_some_and(is_mask),
            32 => octets.get(16..).is_some_and(is_mask),
            _ => false,
        },
        GeneralName::Unreadable(_) => false,
        _ => true,
    }
}

/// RFC 4632 §3.1: ones, then zeros.
fn is_mask(octets: &[u8]) -> bool {
    let mut bits = octets.iter().flat_map(|octet| (0..8).map(move |n| octet.rotate_left(n) & 0x80));
    bits.by_ref().find(|bit| *bit == 0);
    bits.all(|bit| bit == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tlv(tag: u8, values: &[&[u8]]) -> Vec<u8> {
        let content = values.concat();
        [&[tag, u8::try_from(content.len()).unwrap()][..], &content].concat()
    }

    /// `NameConstraints` with one permitted subtree of these fields.
    fn permitting(fields: &[&[u8]]) -> Result<NameConstraints> {
        let extension = tlv(0x30, &[&tlv(0xa0, &[&tlv(0x30, fields)])]);
        NameConstraints::read(&extension, true)
    }

    #[test]
    fn subtrees_are_read_as_the_profile_has_them() {
        let host = tlv(0x82, &[b"gov.vn"]);
        let read = permitting(&[&host, &[0x80, 1, 0]]).unwrap();
        assert_eq!(read.permitted, [GeneralName::Dns("gov.vn".into())]);
        assert!(read.excluded.is_empty() && read.critical);
        for wrong in [
            &[&host[..], &[0x80, 1, 1]][..],
            &[&host, &[0x81, 1, 5]],
            &[&tlv(0x82, &[b"\xff"])],
            &[&tlv(0x87, &[&[10, 0, 0, 0, 255, 0, 255, 0]])],
            &[&tlv(0x87, &[&[10, 0, 0, 0]])],
            &[&tlv(0x89, &[b"none"])],
            &[],
        ] {
            assert!(permitting(wrong).is_err(), "{wrong:02x?}");
        }
        for empty in [&[0x30, 0][..], &[0x30, 2, 0xa0, 0], &[0x30, 2, 0xa1, 0]] {
            assert!(NameConstraints::read(empty, true).is_err(), "{empty:02x?}");
        }
    }

    #[test]
    fn forms_are_told_apart() {
        let mailbox = [&[6, 8, 0x2b, 6, 1, 5, 5, 7, 8, 9][..], &tlv(0xa0, &[&tlv(12, &[b"a@vn"])])];
        let unknown = [&[6, 2, 0x2a, 3][..], &tlv(0xa0, &[&[5, 0]])];
        let names = [
            tlv(0xa0, &mailbox),
            tlv(0xa0, &unknown),
            tlv(0x81, &[b"\xc3\xa1@vn"]),
            tlv(0xa4, &[&[0x30, 0]]),
            tlv(0x88, &[&[0x2a]]),
        ];
        let names: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
        let read = GeneralName::read_all(&tlv(0x30, &names)).unwrap();
        assert_eq!(read[0], GeneralName::Email("a@vn".into()));
        assert_eq!(read[1].form(), NameForm::Other(vec![0xa0]));
        assert_eq!(read[2], GeneralName::Unreadable(NameForm::Email));
        assert_eq!(read[3].form(), NameForm::Directory);
        assert_eq!(read[4].form(), NameForm::Other(vec![0x88]));
        assert!(GeneralName::read_all(&[0x30, 0]).is_err());
    }
}
