//! DER from BER, as far as that can be told without knowing the type: lengths are
//! definite and shortest, strings in one piece, TRUE is 0xff (X.690 §10, §11.1).
//! The order of a SET is left to those who know whether it is a SET OF.

use super::reader::{Tag, Value};
use super::writer::push_length;
use crate::error::Result;

impl Value<'_> {
    /// The value in DER; nothing within a SET changes its place.
    ///
    /// # Errors
    /// `Malformed` when what it holds is no BER; `LimitExceeded` when it nests too deep.
    pub(crate) fn canonical(&self) -> Result<Vec<u8>> {
        let mut der = Vec::with_capacity(self.raw().len());
        self.write(&mut der)?;
        Ok(der)
    }

    fn write(&self, der: &mut Vec<u8>) -> Result<()> {
        let start = der.len();
        der.extend_from_slice(self.identifier());
        let string = STRINGS.contains(&self.tag());
        if let Some(first) = der.get_mut(start).filter(|_| string) {
            *first &= !CONSTRUCTED;
        }
        let length_at = der.len();
        push_length(der, octets(self.content().len()));
        let content_at = der.len();
        match (self.is_constructed(), self.tag()) {
            (true, _) if string => self.for_each_octets(&mut |piece| der.extend(piece))?,
            (true, _) => {
                // Bounded: each level of the recursion uses up one of the reader's own depth.
                let mut values = self.values()?;
                while let Some(value) = values.next()? {
                    value.write(der)?;
                }
            }
            (false, Tag::BOOLEAN) => der.push(if self.boolean()? { 0xff } else { 0 }),
            (false, _) => der.extend_from_slice(self.content()),
        }
        // What is DER already is as long as it was.
        let length = der.len().saturating_sub(content_at);
        if length != self.content().len() {
            let mut right = Vec::new();
            push_length(&mut right, octets(length));
            der.splice(length_at..content_at, right);
        }
        Ok(())
    }
}

fn octets(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

const CONSTRUCTED: u8 = 0x20;

/// What BER may cut in pieces, each an OCTET STRING (X.690 §8.7.3, §8.23).
const STRINGS: [Tag; 8] = [
    Tag::OCTET_STRING,
    Tag::UTF8_STRING,
    Tag::PRINTABLE_STRING,
    Tag::T61_STRING,
    Tag::IA5_STRING,
    Tag::VISIBLE_STRING,
    Tag::UNIVERSAL_STRING,
    Tag::BMP_STRING,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn der_of(bytes: &[u8]) -> Vec<u8> {
        Value::only(bytes, 8).unwrap().canonical().unwrap()
    }

    #[test]
    fn indefinite_long_and_pieced_become_der() {
        let ber = [
            0x30, 0x80, 0x24, 0x80, 0x04, 0x01, 0xaa, 0x04, 0x81, 0x01, 0xbb, 0, 0, 0x01, 1, 1, 0,
            0,
        ];
        assert_eq!(der_of(&ber), [0x30, 7, 0x04, 2, 0xaa, 0xbb, 0x01, 1, 0xff]);
    }

    #[test]
    fn der_stays_as_it_is() {
        let mut der = vec![0x30, 0x81, 0x85, 0xbf, 0x81, 0x01, 0x81, 0x80, 0x04, 0x7e];
        der.extend([7; 126]);
        assert_eq!(der_of(&der), der);
        // A SET keeps its order: only who knows the type may sort it.
        assert_eq!(der_of(&[0x31, 4, 5, 0, 2, 0]), [0x31, 4, 5, 0, 2, 0]);
    }
}
