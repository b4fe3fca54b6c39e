//! DER headers and the few shapes that documents are made of. Lengths are 64 bits
//! wide, so that a container can be written around a content that is elsewhere.

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const NULL: u8 = 0x05;
pub(crate) const OID: u8 = 0x06;
pub(crate) const UTF8_STRING: u8 = 0x0c;
pub(crate) const IA5_STRING: u8 = 0x16;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// `[number]` around other values; `number` is below 31.
pub(crate) const fn constructed(number: u8) -> u8 {
    0xa0 | (number & 0x1f)
}

/// Identifier and length octets of a value with so many content octets (X.690 §10.1).
pub(crate) fn header(tag: u8, length: u64) -> Vec<u8> {
    let mut header = vec![tag];
    push_length(&mut header, length);
    header
}

/// Length octets, as few as possible.
pub(super) fn push_length(der: &mut Vec<u8>, length: u64) {
    match u8::try_from(length) {
        Ok(short @ 0..0x80) => der.push(short),
        _ => {
            let octets = length.to_be_bytes();
            let zeros = octets.iter().take_while(|octet| **octet == 0).count();
            let used = octets.get(zeros..).unwrap_or_default();
            der.push(0x80 | u8::try_from(used.len()).unwrap_or(u8::MAX));
            der.extend_from_slice(used);
        }
    }
}

/// Octets that identifier and length take at most.
const HEADER: usize = 10;

/// One value from the parts of its content.
pub(crate) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().fold(0, |sum: usize, it| sum.saturating_add(it.len()));
    let mut der = Vec::with_capacity(length.saturating_add(HEADER));
    der.push(tag);
    push_length(&mut der, u64::try_from(length).unwrap_or(u64::MAX));
    parts.iter().for_each(|part| der.extend_from_slice(part));
    der
}

/// A SET OF in DER order (X.690 §11.6), under its own tag or an implicit one.
pub(crate) fn set_of(tag: u8, mut values: Vec<Vec<u8>>) -> Vec<u8> {
    values.sort();
    let parts: Vec<_> = values.iter().map(Vec::as_slice).collect();
    tlv(tag, &parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_minimal() {
        for (length, expected) in [
            (0, &[0x30, 0][..]),
            (127, &[0x30, 127]),
            (128, &[0x30, 0x81, 128]),
            (256, &[0x30, 0x82, 1, 0]),
            (5_000_000_000, &[0x30, 0x85, 1, 0x2a, 5, 0xf2, 0]),
        ] {
            assert_eq!(header(SEQUENCE, length), expected);
        }
    }

    #[test]
    fn sets_are_sorted() {
        assert_eq!(set_of(SET, vec![vec![4, 1, 9], vec![2, 1, 0]]), [0x31, 6, 2, 1, 0, 4, 1, 9]);
    }
}
