//! PEM (RFC 7468), read as liberally as its §3 lets: text around the blocks, any
//! length of line, any end of line. A block may hold a private key, so every copy
//! made here is wiped.
#![warn(clippy::arithmetic_side_effects)]

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// One block: what its label says it holds.
pub(crate) struct Block {
    pub(crate) label: String,
    pub(crate) bytes: Zeroizing<Vec<u8>>,
}

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";

/// The blocks of a file in order; none is no error here.
///
/// # Errors
/// `Malformed` for a block that does not end or is no base64; `Unsupported` for one
/// with the header lines of RFC 1421 (keys encrypted the way of old OpenSSL).
pub(crate) fn blocks(bytes: &[u8]) -> Result<Vec<Block>> {
    let mut found = Vec::new();
    let mut open: Option<(String, u64, Zeroizing<Vec<u8>>)> = None;
    let mut offset = 0_u64;
    for line in bytes.split(|byte| *byte == b'\n') {
        let trimmed = line.trim_ascii();
        if let Some(label) = trimmed.strip_prefix(BEGIN) {
            let label = String::from_utf8_lossy(label).trim_end_matches('-').to_owned();
            // A buffer that never grows leaves no copy behind.
            let rest = usize::try_from(offset).unwrap_or(usize::MAX);
            let capacity = bytes.len().saturating_sub(rest);
            open = Some((label, offset, Zeroizing::new(Vec::with_capacity(capacity))));
        } else if trimmed.starts_with(END) {
            if let Some((label, at, text)) = open.take() {
                let bytes = decode(&text).map_err(|error| about(error, &label, at))?;
                found.push(Block { label, bytes });
            }
        } else if let Some((label, at, text)) = &mut open {
            if trimmed.contains(&b':') {
                let error = Error::unsupported(
                    "a key encrypted the way of old OpenSSL (write it anew: openssl pkcs8 -topk8)",
                );
                return Err(about(error, label, *at));
            }
            text.extend_from_slice(trimmed);
        }
        offset = offset.saturating_add(u64::try_from(line.len()).unwrap_or(u64::MAX));
        offset = offset.saturating_add(1);
    }
    match open {
        Some((label, at, _)) => Err(about(Error::malformed("a PEM block has no end"), &label, at)),
        None => Ok(found),
    }
}

fn about(error: Error, label: &str, offset: u64) -> Error {
    error.at_offset(offset).in_element(label)
}

fn decode(text: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let engine = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    engine
        .decode_vec(text, &mut bytes)
        // The cause would show an octet of what may be a key.
        .map_err(|_| Error::malformed("a PEM block is no base64"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn reads_blocks_among_other_text() {
        let text = b"Bag Attributes\r\n  x: y\r\n-----BEGIN A B-----\r\nAQ\r\n I=\r\n-----END A B-----\r\n\
            more\n-----BEGIN C-----\n-----END C-----";
        let found = blocks(text).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].label.as_str(), found[0].bytes.as_slice()), ("A B", &[1, 2][..]));
        assert_eq!((found[1].label.as_str(), found[1].bytes.len()), ("C", 0));
        assert!(blocks(b"no PEM at all").unwrap().is_empty());
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        for (text, kind) in [
            (&b"x\n-----BEGIN A-----\nAQI=\n"[..], ErrorKind::Malformed),
            (b"x\n-----BEGIN A-----\nA?I=\n-----END A-----", ErrorKind::Malformed),
            (b"x\n-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\n", ErrorKind::Unsupported),
        ] {
            let error = blocks(text).err().unwrap();
            assert_eq!((error.kind(), error.offset()), (kind, Some(2)));
        }
    }
}
