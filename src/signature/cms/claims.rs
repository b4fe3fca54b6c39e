//! What a signer says of itself and of what it signed for (EN 319 122-1 §5.2.3, §5.2.5, §5.2.6).
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use der::asn1::ObjectIdentifier;

use super::oids::{COMMITMENT_TYPE, SIGNER_ATTRIBUTES, SIGNER_ATTRIBUTES_V2, SIGNER_LOCATION};
use super::signed::SignedAttributes;
use crate::encoding::asn1::{Tag, Value};
use crate::error::Result;

/// `[0]`, under which what is claimed stands.
const CLAIMED: [u8; 1] = [0xa0];

impl SignedAttributes<'_> {
    /// Claimed roles, as far as they are text.
    pub(crate) fn claimed_roles(&self) -> Vec<String> {
        self.said(&[SIGNER_ATTRIBUTES, SIGNER_ATTRIBUTES_V2], roles)
    }

    /// The parts of the place of signing.
    pub(crate) fn signer_location(&self) -> Vec<String> {
        self.said(&[SIGNER_LOCATION], location)
    }

    /// What the signer commits itself to: object identifiers in dotted form.
    pub(crate) fn commitments(&self) -> Vec<String> {
        self.said(&[COMMITMENT_TYPE], commitment)
    }

    /// What cannot be read says nothing: these are words, and no rule asks for them.
    fn said(
        &self,
        kinds: &[ObjectIdentifier],
        read: impl Fn(&Value<'_>, &mut Vec<String>) -> Result<()>,
    ) -> Vec<String> {
        let mut all = Vec::new();
        let of_kind = self.attributes.iter().filter(|it| kinds.contains(&it.oid()));
        for value in of_kind.flat_map(|it| it.values()) {
            let before = all.len();
            if read(value, &mut all).is_err() {
                all.truncate(before);
            }
        }
        all
    }
}

/// `SEQUENCE { commitmentTypeId OBJECT IDENTIFIER, … }`.
fn commitment(value: &Value<'_>, all: &mut Vec<String>) -> Result<()> {
    all.push(value.sequence()?.expect(Tag::OID)?.oid()?.to_string());
    Ok(())
}

/// `SEQUENCE { countryName [0], localityName [1], postalAddress [2] }`, of which the last is a
/// SEQUENCE of strings.
fn location(value: &Value<'_>, all: &mut Vec<String>) -> Result<()> {
    let mut fields = value.sequence()?;
    while let Some(field) = fields.next()? {
        let part = field.explicit()?;
        if part.tag() != Tag::SEQUENCE {
            all.push(part.text()?);
            continue;
        }
        let mut lines = part.sequence()?;
        while let Some(line) = lines.next()? {
            all.push(line.text()?);
        }
    }
    Ok(())
}

/// `claimedAttributes [0] SEQUENCE OF Attribute` is where both editions have it; what else
/// stands there is certified, and not claimed.
fn roles(value: &Value<'_>, all: &mut Vec<String>) -> Result<()> {
    let mut kinds = value.sequence()?;
    while let Some(kind) = kinds.next()? {
        if kind.identifier() != CLAIMED {
            continue;
        }
        let mut attributes = kind.explicit()?.sequence()?;
        while let Some(attribute) = attributes.next()? {
            let mut fields = attribute.sequence()?;
            fields.expect(Tag::OID)?;
            let mut values = fields.expect(Tag::SET)?.values()?;
            while let Some(value) = values.next()? {
                all.extend(value.text().ok());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use der::Encode;

    use super::*;
    use crate::encoding::asn1::writer::{SEQUENCE, SET, tlv};
    use crate::limits::Limits;

    const UTF8: u8 = 0x0c;

    fn attribute(oid: ObjectIdentifier, value: &[u8]) -> Vec<u8> {
        tlv(SEQUENCE, &[&oid.to_der().unwrap(), &tlv(SET, &[value])])
    }

    fn claims(attributes: &[Vec<u8>]) -> [Vec<String>; 3] {
        let all: Vec<&[u8]> = attributes.iter().map(Vec::as_slice).collect();
        let set = tlv(SET, &all);
        let set = Value::only(&set, 32).unwrap();
        let read = SignedAttributes::read(&set, &Limits::default()).unwrap();
        [read.claimed_roles(), read.signer_location(), read.commitments()]
    }

    #[test]
    fn words_are_read_and_what_is_certified_or_broken_is_not() {
        let approval = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.6.5").to_der().unwrap();
        let commitment = attribute(COMMITMENT_TYPE, &tlv(SEQUENCE, &[&approval]));
        let text = |text: &str| tlv(UTF8, &[text.as_bytes()]);
        let address = tlv(SEQUENCE, &[&text("Số 1"), &text("Lạng Sơn")]);
        let place = [tlv(0xa0, &[&text("VN")]), tlv(0xa2, &[&address])];
        let place = attribute(SIGNER_LOCATION, &tlv(SEQUENCE, &[&place[0], &place[1]]));
        let name = ObjectIdentifier::new_unwrap("2.5.4.41");
        let role = tlv(SEQUENCE, &[&attribute(name, &text("Trưởng phòng"))]);
        let other = tlv(SEQUENCE, &[&attribute(name, &text("certified"))]);
        let roles = tlv(SEQUENCE, &[&tlv(0xa0, &[&role]), &tlv(0xa1, &[&other])]);
        let expected = [vec!["Trưởng phòng"], vec!["VN", "Số 1", "Lạng Sơn"]];
        for kind in [SIGNER_ATTRIBUTES, SIGNER_ATTRIBUTES_V2] {
            let all = [commitment.clone(), place.clone(), attribute(kind, &roles)];
            let [said, at, committed] = claims(&all);
            assert_eq!([said, at], expected);
            assert_eq!(committed, ["1.2.840.113549.1.9.16.6.5"]);
        }
        let broken = [
            attribute(COMMITMENT_TYPE, &text("x")),
            attribute(SIGNER_LOCATION, &tlv(SEQUENCE, &[&tlv(0xa0, &[&text("VN")]), &text("x")])),
            attribute(SIGNER_ATTRIBUTES, &tlv(SEQUENCE, &[&tlv(0xa0, &[&text("x")])])),
        ];
        assert_eq!(claims(&broken), [const { Vec::<String>::new() }; 3]);
    }
}
