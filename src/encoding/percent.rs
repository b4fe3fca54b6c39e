//! Names in relative references (RFC 3986 §2).

/// A name as a reference to it has to be written: what is no letter, digit or mark of §2.3 is
/// escaped, but for the slashes.
pub(crate) fn encoded(name: &str) -> String {
    let mut uri = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            other => {
                use std::fmt::Write;
                // Text takes whatever is written to it.
                let _ = write!(uri, "%{other:02X}");
            }
        }
    }
    uri
}

/// A reference without its escapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decoded {
    pub(crate) text: String,
    /// Whether it has a percent sign that begins no escape, and is kept as it is: some write
    /// names as they are, and no two readers take this for an escape.
    pub(crate) stray: bool,
}

/// Nothing where the octets are no text.
pub(crate) fn decoded(uri: &str) -> Option<Decoded> {
    let (mut octets, mut stray) = (Vec::with_capacity(uri.len()), false);
    let mut rest = uri.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            octets.push(*first);
            continue;
        }
        let digit = |it: &u8| u8::try_from(char::from(*it).to_digit(16)?).ok();
        let escaped = match rest {
            [high, low, after @ ..] => digit(high).zip(digit(low)).zip(Some(after)),
            _ => None,
        };
        match escaped {
            Some(((high, low), after)) => {
                octets.push(high << 4 | low);
                rest = after;
            }
            None => {
                octets.push(b'%');
                stray = true;
            }
        }
    }
    Some(Decoded { text: String::from_utf8(octets).ok()?, stray })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_written_and_read_with_escapes() {
        let name = "Tờ trình/số 15 %.pdf";
        assert_eq!(encoded(name), "T%E1%BB%9D%20tr%C3%ACnh/s%E1%BB%91%2015%20%25.pdf");
        let read = |uri: &str| decoded(uri).map(|it| (it.text, it.stray));
        assert_eq!(read(&encoded(name)), Some((name.to_owned(), false)));
        for (uri, text, stray) in [
            ("a b.txt", "a b.txt", false),
            ("a%2fb", "a/b", false),
            ("100%", "100%", true),
            ("100%.txt", "100%.txt", true),
            ("%+1", "%+1", true),
            ("%4", "%4", true),
            ("%%41", "%A", true),
        ] {
            assert_eq!(read(uri), Some((text.to_owned(), stray)), "{uri}");
        }
        assert_eq!(read("%ff"), None);
    }
}
