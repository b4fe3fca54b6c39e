//! What primitive values mean.

use std::borrow::Cow;

use der::asn1::ObjectIdentifier;
use time::{Date, Month, OffsetDateTime, Time, UtcOffset};

use super::reader::{Tag, Value};
use crate::error::Result;
use crate::time::UtcTime;

impl<'a> Value<'a> {
    pub(crate) fn oid(&self) -> Result<ObjectIdentifier> {
        self.is(Tag::OID)?;
        ObjectIdentifier::from_bytes(self.content())
            .map_err(|source| self.wrong("is no object identifier").because(source))
    }

    /// The two's-complement octets of an INTEGER or ENUMERATED, as they stand.
    pub(crate) fn integer(&self) -> Result<&'a [u8]> {
        let plain = self.tag() == Tag::INTEGER || self.tag() == Tag::ENUMERATED;
        if plain && !self.is_constructed() && !self.content().is_empty() {
            Ok(self.content())
        } else {
            Err(self.wrong("is no integer"))
        }
    }

    /// A small, not negative INTEGER.
    pub(crate) fn small_integer(&self) -> Result<u32> {
        let octets = self.integer()?;
        let negative = octets.first().is_some_and(|first| first & 0x80 != 0);
        octets
            .iter()
            .try_fold(0_u32, |sum, byte| sum.checked_mul(256)?.checked_add(u32::from(*byte)))
            .filter(|_| !negative)
            .ok_or_else(|| self.wrong("is negative or too large"))
    }

    pub(crate) fn boolean(&self) -> Result<bool> {
        match self.is(Tag::BOOLEAN)?.content() {
            [value] => Ok(*value != 0),
            _ => Err(self.wrong("is no boolean")),
        }
    }

    /// The octets of an OCTET STRING, or of one with an implicit tag: lent where it
    /// is primitive, joined where BER has it in pieces (X.690 §8.7.3).
    pub(crate) fn octets(&self) -> Result<Cow<'a, [u8]>> {
        if !self.is_constructed() {
            return Ok(Cow::Borrowed(self.content()));
        }
        let mut joined = Vec::with_capacity(self.content().len());
        self.for_each_octets(&mut |piece| joined.extend_from_slice(piece))?;
        Ok(Cow::Owned(joined))
    }

    /// Lends the pieces of an OCTET STRING in order, so that nothing is joined
    /// only to be hashed.
    pub(crate) fn for_each_octets(&self, each: &mut impl FnMut(&'a [u8])) -> Result<()> {
        if !self.is_constructed() {
            each(self.content());
            return Ok(());
        }
        let mut open = vec![self.values()?];
        while let Some(pieces) = open.last_mut() {
            match pieces.next()? {
                None => {
                    open.pop();
                }
                Some(piece) if piece.is(Tag::OCTET_STRING)?.is_constructed() => {
                    open.push(piece.values()?);
                }
                Some(piece) => each(piece.content()),
            }
        }
        Ok(())
    }

    /// The octets of a BIT STRING whose length is a multiple of eight bits.
    pub(crate) fn whole_octet_bits(&self) -> Result<&'a [u8]> {
        match self.is(Tag::BIT_STRING)?.content().split_first() {
            Some((0, bits)) if !self.is_constructed() => Ok(bits),
            _ => Err(self.wrong("is no string of whole octets")),
        }
    }

    /// UTCTime or GeneralizedTime. RFC 5652 §11.3 and RFC 5280 §4.1.2.5 want
    /// seconds and Z; BER also knows zones, fractions and no seconds, which old
    /// signers write.
    pub(crate) fn time(&self) -> Result<UtcTime> {
        let text = std::str::from_utf8(self.content()).unwrap_or_default();
        let parsed = match self.tag() {
            Tag::UTC_TIME => utc_time(text),
            Tag::GENERALIZED_TIME => generalized_time(text),
            _ => None,
        };
        parsed.map(UtcTime::from_datetime).ok_or_else(|| self.wrong("is no time"))
    }

    /// Any of the character strings; what cannot be read becomes U+FFFD.
    pub(crate) fn text(&self) -> Result<String> {
        let octets = self.octets()?;
        match self.tag() {
            Tag::UTF8_STRING | Tag::PRINTABLE_STRING | Tag::IA5_STRING | Tag::VISIBLE_STRING => {
                Ok(String::from_utf8_lossy(&octets).into_owned())
            }
            Tag::T61_STRING => Ok(octets.iter().map(|byte| char::from(*byte)).collect()),
            Tag::BMP_STRING => {
                let units = octets.chunks_exact(2).map(|pair| match *pair {
                    [high, low] => u16::from_be_bytes([high, low]),
                    _ => 0xfffd,
                });
                Ok(char::decode_utf16(units).map(|it| it.unwrap_or('\u{fffd}')).collect())
            }
            Tag::UNIVERSAL_STRING => Ok(octets
                .chunks_exact(4)
                .map(|four| match *four {
                    [a, b, c, d] => char::from_u32(u32::from_be_bytes([a, b, c, d])),
                    _ => None,
                })
                .map(|it| it.unwrap_or('\u{fffd}'))
                .collect()),
            _ => Err(self.wrong("is no character string")),
        }
    }
}

fn utc_time(text: &str) -> Option<OffsetDateTime> {
    let (year, rest) = number(text, 2)?;
    let year = i32::try_from(year).ok()?;
    // RFC 5280 §4.1.2.5.1: the century turns at 50.
    moment(if year < 50 { 2000 } else { 1900 } + year, rest)
}

fn generalized_time(text: &str) -> Option<OffsetDateTime> {
    let (year, rest) = number(text, 4)?;
    moment(i32::try_from(year).ok()?, rest)
}

/// `MMDDhh[mm[ss[.f]]](Z|±hhmm)`; a local time without a zone is no instant.
fn moment(year: i32, text: &str) -> Option<OffsetDateTime> {
    let (month, text) = number(text, 2)?;
    let (day, text) = number(text, 2)?;
    let (hour, text) = number(text, 2)?;
    let (minute, text) = number(text, 2)?;
    let (second, text) = number(text, 2).unwrap_or((0, text));
    let (nanosecond, text) = fraction(text)?;
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = Date::from_calendar_date(year, month, u8::try_from(day).ok()?).ok()?;
    let time = Time::from_hms_nano(
        u8::try_from(hour).ok()?,
        u8::try_from(minute).ok()?,
        u8::try_from(second).ok()?,
        nanosecond,
    )
    .ok()?;
    Some(date.with_time(time).assume_offset(zone(text)?))
}

fn number(text: &str, digits: usize) -> Option<(u32, &str)> {
    let (head, rest) = text.split_at_checked(digits)?;
    head.bytes().all(|it| it.is_ascii_digit()).then_some(())?;
    Some((head.parse().ok()?, rest))
}

fn fraction(text: &str) -> Option<(u32, &str)> {
    let Some(rest) = text.strip_prefix(['.', ',']) else { return Some((0, text)) };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = rest.split_at_checked(digits)?;
    (!digits.is_empty()).then_some(())?;
    let nano: String = digits.chars().chain(std::iter::repeat('0')).take(9).collect();
    Some((nano.parse().ok()?, rest))
}

fn zone(text: &str) -> Option<UtcOffset> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("Z", "") => return Some(UtcOffset::UTC),
        ("+", rest) => (1_i8, rest),
        ("-", rest) => (-1_i8, rest),
        _ => return None,
    };
    let (hours, rest) = number(rest, 2)?;
    let (minutes, rest) = number(rest, 2)?;
    rest.is_empty().then_some(())?;
    let hours = i8::try_from(hours).ok()?.checked_mul(sign)?;
    UtcOffset::from_hms(hours, i8::try_from(minutes).ok()?.checked_mul(sign)?, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time_of(tag: u8, text: &str) -> Option<String> {
        let mut bytes = vec![tag, u8::try_from(text.len()).unwrap()];
        bytes.extend_from_slice(text.as_bytes());
        Value::only(&bytes, 4).unwrap().time().ok().map(|at| at.to_string())
    }

    #[test]
    fn times_of_every_spelling() {
        for (tag, text, expected) in [
            (23, "491231235959Z", "2049-12-31T23:59:59Z"),
            (23, "500101000000Z", "1950-01-01T00:00:00Z"),
            (23, "2611220800+0700", "2026-11-22T01:00:00Z"),
            (24, "20261122080000.25Z", "2026-11-22T08:00:00.25Z"),
            (24, "00000101000000+0700", "0000-01-01T00:00:00+07:00"),
            (24, "99991231235959-0700", "9999-12-31T23:59:59-07:00"),
        ] {
            assert_eq!(time_of(tag, text).as_deref(), Some(expected), "{text}");
        }
        for (tag, text) in [
            (23, "261322080000Z"),
            (23, "261122080000"),
            (24, "20261122080000.Z"),
            (24, "+0261122080000Z"),
            (24, "é"),
        ] {
            assert_eq!(time_of(tag, text), None, "{text}");
        }
    }

    #[test]
    fn small_integers_only() {
        let read = |bytes: &[u8]| Value::only(bytes, 4).unwrap().small_integer().ok();
        assert_eq!(read(&[2, 1, 7]), Some(7));
        assert_eq!(read(&[2, 2, 0, 0xff]), Some(255));
        assert_eq!(read(&[2, 1, 0xff]), None);
        assert_eq!(read(&[2, 5, 1, 0, 0, 0, 0]), None);
        assert_eq!(read(&[2, 0]), None);
    }
}
