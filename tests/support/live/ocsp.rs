//! A responder (RFC 6960) that answers whatever a test wants about any certificate.

use std::sync::Arc;

use rcgen::{KeyPair, SigningKey as _};

use crate::support::cms::{items, oid, seq, tlv};

const BASIC: &str = "1.3.6.1.5.5.7.48.1.1";
const NONCE: &str = "1.3.6.1.5.5.7.48.1.2";
const ECDSA_SHA256: &str = "1.2.840.10045.4.3.2";

/// A P-256 key that answers, with its certificate.
#[derive(Clone)]
pub(crate) struct TestOcsp {
    key: Arc<KeyPair>,
    certificate: Vec<u8>,
    change: Arc<dyn Fn(&mut Word) + Send + Sync>,
}

/// What is about to be said of one certificate. Times are the digits of a GeneralizedTime.
#[derive(Debug, Clone)]
pub(crate) struct Word {
    /// The content octets of the serial number asked about.
    pub(crate) serial: Vec<u8>,
    pub(crate) status: Status,
    pub(crate) produced_at: String,
    pub(crate) this_update: String,
    pub(crate) next_update: Option<String>,
    /// The extension as it was in the request, where it was.
    pub(crate) nonce: Option<Vec<u8>>,
    /// Extensions about the one certificate, in DER.
    pub(crate) extensions: Vec<u8>,
    /// Signs something else.
    pub(crate) forged: bool,
    /// `OCSPResponseStatus`: 0 answers, 3 wants to be asked later.
    pub(crate) response_status: u8,
}

#[derive(Debug, Clone)]
pub(crate) enum Status {
    Good,
    Unknown,
    /// When, and by which `CRLReason`.
    Revoked(String, u8),
}

/// `2026-06-15T00:00:00Z` as the digits of a GeneralizedTime.
pub(crate) fn digits(time: &str) -> String {
    time.replace(['-', ':', 'T'], "")
}

impl TestOcsp {
    /// `certificate` in DER: the issuer's own, or that of a responder it has charged.
    pub(crate) fn new(key: KeyPair, certificate: Vec<u8>) -> Self {
        Self { key: Arc::new(key), certificate, change: Arc::new(|_| {}) }
    }

    /// The same, of another mind than "good since June 2026 and through it".
    pub(crate) fn saying(&self, change: impl Fn(&mut Word) + Send + Sync + 'static) -> Self {
        Self { change: Arc::new(change), ..self.clone() }
    }

    /// `OCSPResponse` to an `OCSPRequest` about one certificate.
    pub(crate) fn respond(&self, request: &[u8]) -> Vec<u8> {
        let tbs = items(items(items(request)[0].1)[0].1);
        let list = tbs.iter().find(|it| it.0 == 0x30).unwrap().1;
        let id = items(items(list)[0].1)[0].1;
        let nonce = tbs.iter().find(|it| it.0 == 0xa2).and_then(|extensions| {
            let all = items(items(extensions.1)[0].1);
            let oid = oid(NONCE);
            all.into_iter().map(|it| tlv(0x30, it.1)).find(|it| it[2..].starts_with(&oid))
        });
        let mut word = Word {
            serial: items(id).last().unwrap().1.to_vec(),
            status: Status::Good,
            produced_at: "20260601000000Z".to_owned(),
            this_update: "20260601000000Z".to_owned(),
            next_update: Some("20260701000000Z".to_owned()),
            nonce,
            extensions: Vec::new(),
            forged: false,
            response_status: 0,
        };
        (self.change)(&mut word);
        if word.response_status != 0 {
            return seq(&[tlv(10, [word.response_status])]);
        }
        let basic = seq(&[oid(BASIC), tlv(4, self.basic(id, &word))]);
        seq(&[vec![10, 1, 0], tlv(0xa0, basic)])
    }

    /// `BasicOCSPResponse`
    fn basic(&self, id: &[u8], word: &Word) -> Vec<u8> {
        let time = |digits: &str| tlv(0x18, digits);
        let mut fields = items(id).into_iter().map(|it| tlv(it.0, it.1)).collect::<Vec<_>>();
        *fields.last_mut().unwrap() = tlv(2, &word.serial);
        let status = match &word.status {
            Status::Good => vec![0x80, 0],
            Status::Unknown => vec![0x82, 0],
            Status::Revoked(at, reason) => {
                tlv(0xa1, [time(at), tlv(0xa0, [10, 1, *reason])].concat())
            }
        };
        let next = word.next_update.as_ref().map(|it| tlv(0xa0, time(it))).unwrap_or_default();
        let extensions = match word.extensions.is_empty() {
            true => Vec::new(),
            false => tlv(0xa1, tlv(0x30, &word.extensions)),
        };
        let single = seq(&[seq(&fields), status, time(&word.this_update), next, extensions]);
        let nonce = word.nonce.as_ref().map(|it| tlv(0xa1, tlv(0x30, it))).unwrap_or_default();
        let data = seq(&[
            tlv(0xa1, subject(&self.certificate)),
            time(&word.produced_at),
            tlv(0x30, single),
            nonce,
        ]);
        let signed = if word.forged { b"something else" } else { &data[..] };
        let value = [vec![0], self.key.sign(signed).unwrap()].concat();
        let certificates = tlv(0xa0, tlv(0x30, &self.certificate));
        seq(&[data, seq(&[oid(ECDSA_SHA256)]), tlv(3, value), certificates])
    }
}

/// The subject of a certificate, as it stands.
fn subject(certificate: &[u8]) -> Vec<u8> {
    let tbs = items(items(items(certificate)[0].1)[0].1);
    let skip = usize::from(tbs[0].0 == 0xa0);
    tlv(0x30, tbs[skip + 4].1)
}
