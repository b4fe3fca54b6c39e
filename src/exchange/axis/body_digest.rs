//! The digest of a message that comes in pieces.

use super::hash_file::is_claimed;
use crate::crypto::{DigestAlgorithm, DigestContext};

/// Finds where the message ends in the body of `sendEdoc` as it comes, as
/// [`message_within`](super::message_within) does in one that is there as a whole.
///
/// ```
/// use kyso::axis::{BodyDigest, hash_file};
///
/// let mut digest = BodyDigest::new();
/// for piece in [&b"<edXML/>\r"[..], b"\n"] {
///     digest.update(piece);
/// }
/// assert_eq!(digest.message_length(&hash_file(b"<edXML/>")), Some(8));
/// ```
pub struct BodyDigest {
    /// Of all but the last two bytes, which may be the line end that the kit appends.
    digest: DigestContext,
    last: Vec<u8>,
    length: u64,
}

impl BodyDigest {
    /// Of nothing yet.
    #[must_use]
    pub fn new() -> Self {
        let digest = DigestContext::new(DigestAlgorithm::Sha256);
        Self { digest, last: Vec::new(), length: 0 }
    }

    /// Takes the next piece of the body in.
    pub fn update(&mut self, piece: &[u8]) {
        self.length = self.length.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        // All but two bytes of a long piece go by uncopied.
        let (early, late) = piece.split_at(piece.len().saturating_sub(LINE_END.len()));
        if !early.is_empty() {
            self.digest.update(&self.last);
            self.digest.update(early);
            self.last.clear();
        }
        self.last.extend_from_slice(late);
        let settled = self.last.len().saturating_sub(LINE_END.len());
        self.digest.update(self.last.get(..settled).unwrap_or_default());
        self.last.drain(..settled);
    }

    /// The length of the message at the start of the body, if `claimed` is its digest:
    /// without the line end that the kit appends, or the whole body where a client appends
    /// none.
    #[must_use]
    pub fn message_length(self, claimed: &str) -> Option<u64> {
        self.message(claimed).map(|it| it.0)
    }

    /// As [`BodyDigest::message_length`], with SHA-256 of the message in lower-case
    /// hexadecimal, by which a store keeps it
    /// ([`Store::keep_as`](crate::exchange::store::Store::keep_as)).
    #[must_use]
    pub fn message(self, claimed: &str) -> Option<(u64, String)> {
        let Self { mut digest, last, length } = self;
        if last == LINE_END {
            let without = digest.clone().finish();
            if is_claimed(&without, claimed) {
                return Some((length.checked_sub(2)?, without.to_string()));
            }
        }
        digest.update(&last);
        let digest = digest.finish();
        is_claimed(&digest, claimed).then(|| (length, digest.to_string()))
    }
}

impl Default for BodyDigest {
    fn default() -> Self {
        Self::new()
    }
}

const LINE_END: &[u8] = b"\r\n";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::axis::{hash_file, message_within};

    #[test]
    fn pieces_agree_with_the_whole() {
        for message in [&b""[..], b"a", b"\r\n", b"ab\r\n", b"abc\r", b"a longer message\n"] {
            for body in
                [message.to_vec(), [message, b"\r\n"].concat(), [message, b"\r\n\r\n"].concat()]
            {
                for claimed in [hash_file(message), hash_file(&body), hash_file(b"other")] {
                    let whole = message_within(&body, &claimed).map(|it| it.len() as u64);
                    for size in 1..=body.len().max(1) {
                        let mut digest = BodyDigest::new();
                        body.chunks(size).for_each(|piece| digest.update(piece));
                        let found = digest.message(&claimed);
                        let known = whole.map(|it| {
                            let it = DigestAlgorithm::Sha256
                                .digest(&body[..usize::try_from(it).unwrap()]);
                            it.to_string()
                        });
                        assert_eq!(found, whole.zip(known), "{body:?} by {size}");
                    }
                }
            }
        }
    }
}
