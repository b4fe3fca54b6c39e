//! One answer as it is kept on disk: what was asked, from when to when the answer serves,
//! the answer, and a digest over all of it. A file that is not whole is none.

use crate::crypto::DigestAlgorithm;
use crate::limits::Limits;
use crate::pki::{Crl, OcspResponse};
use crate::retrieval::{Request, RequestKind};
use crate::time::UtcTime;

/// Which form of file it is; another form is another file.
const MAGIC: &[u8; 8] = b"kyso ca1";
const DIGEST: usize = 32;
/// Nobody has checked who made an answer when it is kept. One that was slipped in on the
/// way and says that the next is due in a hundred years must not keep the true one out for
/// as long. Issuers renew their certificates every few years, and replace a file now and
/// then.
const MOST_SERVE: i64 = 7 * 86_400;

/// What was asked, so that no file answers another question, whatever its name: kind, whole
/// URL and body. The body of a question to a responder names issuer and certificate.
pub(super) fn key(request: &Request<'_>) -> Vec<u8> {
    let kind: &[u8] = match request.kind {
        RequestKind::Certificates => b"certificates",
        RequestKind::Crl => b"crl",
        RequestKind::Ocsp => b"ocsp",
        RequestKind::TimeStamp => b"time-stamp",
    };
    let mut key = Vec::new();
    for part in [kind, request.url.as_bytes(), request.body.unwrap_or_default()] {
        key.extend(length(part));
        key.extend(part);
    }
    key
}

/// The name of its file: of letters and digits only, whatever is in the URL.
pub(super) fn file_name(key: &[u8]) -> String {
    digest(key).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An answer that was kept.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// In seconds since 1970.
    pub(super) until: i64,
    pub(super) answer: Vec<u8>,
}

impl Entry {
    pub(super) fn write(&self, key: &[u8]) -> Vec<u8> {
        let mut file = Vec::with_capacity(self.answer.len().saturating_add(key.len()) + 100);
        file.extend(MAGIC);
        file.extend(length(key));
        file.extend(key);
        file.extend(self.until.to_be_bytes());
        file.extend(&self.answer);
        let digest = digest(&file);
        file.extend(digest);
        file
    }

    /// How many bytes of a file come before the answer.
    pub(super) fn head(key: &[u8]) -> usize {
        [MAGIC.len(), size_of::<u64>(), key.len(), size_of::<i64>()].iter().sum()
    }

    /// Up to when the answer serves of which a file begins so, and its bytes; nothing where it
    /// is the answer to another question. Whether it is whole is not asked.
    pub(super) fn serves(head: &[u8], file_length: u64, key: &[u8]) -> Option<(i64, u64)> {
        let rest = head.strip_prefix(MAGIC)?.strip_prefix(&length(key))?.strip_prefix(key)?;
        let until = i64::from_be_bytes(rest.try_into().ok()?);
        let besides = u64::try_from(Self::head(key).checked_add(DIGEST)?).ok()?;
        Some((until, file_length.checked_sub(besides)?))
    }

    /// Nothing where it is not whole, or the answer to another question.
    pub(super) fn read(mut file: Vec<u8>, key: &[u8]) -> Option<Self> {
        let signed = file.len().checked_sub(DIGEST)?;
        let (body, sum) = file.split_at_checked(signed)?;
        let rest = body.strip_prefix(MAGIC)?.strip_prefix(&length(key))?.strip_prefix(key)?;
        let (until, answer) = rest.split_first_chunk::<8>()?;
        if digest(body) != sum {
            return None;
        }
        let until = i64::from_be_bytes(*until);
        let start = signed.checked_sub(answer.len())?;
        file.truncate(signed);
        file.drain(..start);
        Some(Self { until, answer: file })
    }
}

/// Up to when an answer serves, by what it says itself and a week at most; nothing where it is not worth
/// keeping: a refusal, what cannot be read, and what does not say when it will be replaced.
pub(super) fn serves_until(kind: RequestKind, answer: &[u8], at: UtcTime) -> Option<i64> {
    let limits = Limits::default();
    let until = match kind {
        RequestKind::Certificates => Some(at.plus_seconds(MOST_SERVE)),
        RequestKind::Crl => {
            let lists = Crl::all_from(answer.to_vec(), &limits).ok()?;
            let each: Option<Vec<_>> = lists.iter().map(Crl::next_update).collect();
            each?.into_iter().min()
        }
        RequestKind::Ocsp => OcspResponse::from_der(answer, &limits).ok()?.next_update(),
        RequestKind::TimeStamp => None,
    };
    until.map(|it| it.min(at.plus_seconds(MOST_SERVE)).unix())
}

fn length(part: &[u8]) -> [u8; 8] {
    u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes()
}

fn digest(bytes: &[u8]) -> Vec<u8> {
    DigestAlgorithm::Sha256.digest(bytes).value().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let entry = Entry { until: -5, answer: b"an answer".to_vec() };
        let file = entry.write(b"key");
        assert_eq!(Entry::read(file.clone(), b"key"), Some(entry));
        for other in [&b"ke"[..], b"keys", b"kez", b""] {
            assert_eq!(Entry::read(file.clone(), other), None);
        }
        for end in 0..file.len() {
            assert_eq!(Entry::read(file[..end].to_vec(), b"key"), None, "{end}");
            let mut changed = file.clone();
            changed[end] ^= 1;
            assert_eq!(Entry::read(changed, b"key"), None, "{end}");
        }
        assert_eq!(Entry::read([&file[..], b"x"].concat(), b"key"), None);
    }

    #[test]
    fn no_two_questions_have_one_key() {
        let ask = |kind, url, body: Option<&'static [u8]>| {
            let request = Request { kind, url, body, most_bytes: 1 };
            key(&request)
        };
        let (crl, ocsp) = (RequestKind::Crl, RequestKind::Ocsp);
        let all = [
            ask(crl, "http://a/", None),
            ask(ocsp, "http://a/", None),
            ask(crl, "http://a/b", None),
            ask(crl, "http://a/", Some(b"b")),
            ask(crl, "http://a", Some(b"/b")),
        ];
        for (n, one) in all.iter().enumerate() {
            assert!(all.iter().skip(n + 1).all(|it| it != one));
        }
        let name = file_name(&ask(crl, "http://a/../../etc/passwd", None));
        assert!(name.len() == 64 && name.bytes().all(|it| it.is_ascii_hexdigit()));
    }
}
