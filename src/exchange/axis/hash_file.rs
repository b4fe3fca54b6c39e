//! The digest of a message that travels among the signed headers.

use crate::crypto::{Digest, DigestAlgorithm, DigestContext};
use crate::error::Result;
use crate::source::{Source, for_each_piece};

/// SHA-256 of a message as the kit writes it: in hexadecimal, where bytes below 16
/// have one digit. Of the message itself, without the line end that follows it in
/// the body of a request.
#[must_use]
pub fn hash_file(message: &[u8]) -> String {
    as_the_kit(&DigestAlgorithm::Sha256.digest(message))
}

/// As [`hash_file`], in one pass over a message that need not be in memory.
///
/// # Errors
/// `Io` when the message cannot be read.
pub fn hash_file_of(message: &dyn Source) -> Result<String> {
    let mut digest = DigestContext::new(DigestAlgorithm::Sha256);
    for_each_piece(message, 0..message.len(), |piece| {
        digest.update(piece);
        Ok(())
    })?;
    Ok(as_the_kit(&digest.finish()))
}

/// As [`hash_file`], from SHA-256 in hexadecimal.
///
/// # Errors
/// `Misuse` where it is none.
pub(super) fn hash_file_from(digest: &str) -> Result<String> {
    let digit = |it: &u8| char::from(*it).to_digit(16).and_then(|it| u8::try_from(it).ok());
    let byte = |pair: &[u8]| match pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    };
    let bytes: Option<Vec<u8>> = digest.as_bytes().chunks(2).map(byte).collect();
    Ok(as_the_kit(&Digest::new(DigestAlgorithm::Sha256, bytes.unwrap_or_default())?))
}

fn as_the_kit(digest: &Digest) -> String {
    digest.value().iter().map(|byte| format!("{byte:x}")).collect()
}

/// The message within a body as received, if `claimed` is its digest: without the
/// line end that the kit appends, or the whole body where a client appends none.
/// Bytes of one digit and bytes padded to two are both taken.
#[must_use]
pub fn message_within<'b>(body: &'b [u8], claimed: &str) -> Option<&'b [u8]> {
    body.strip_suffix(b"\r\n")
        .into_iter()
        .chain([body])
        .find(|message| is_claimed(&DigestAlgorithm::Sha256.digest(message), claimed))
}

/// Bytes of one digit and bytes padded to two, in either case.
pub(super) fn is_claimed(digest: &Digest, claimed: &str) -> bool {
    let claimed = claimed.to_ascii_lowercase();
    digest.to_string() == claimed || as_the_kit(digest) == claimed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn one_digit_for_small_bytes() {
        // SHA-256 of "abc" has bytes 01, 03 and 00 in it.
        let padded = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let kit = "ba7816bf8f1cfea414140de5dae2223b0361a396177a9cb410ff61f2015ad";
        assert_eq!(hash_file(b"abc"), kit);
        assert_eq!(hash_file_from(padded).unwrap(), kit);
        for none in ["", &padded[2..], &padded.replace('f', "+")] {
            assert_eq!(hash_file_from(none).unwrap_err().kind(), ErrorKind::Misuse);
        }
        for claimed in [padded, kit, &padded.to_uppercase()] {
            for body in [&b"abc"[..], b"abc\r\n"] {
                assert_eq!(message_within(body, claimed), Some(&b"abc"[..]), "{claimed}");
            }
        }
        let lines = hash_file(b"abc\r\n");
        assert_eq!(message_within(b"abc\r\n", &lines), Some(&b"abc\r\n"[..]), "none appended");
        assert_eq!(message_within(b"abc\r\n\r\n", padded), None, "one line end, not two");
        assert_eq!(message_within(b"abd", padded), None);
        assert_eq!(message_within(b"abc", &padded[1..]), None);
        assert_eq!(message_within(b"abc", ""), None);
    }
}
