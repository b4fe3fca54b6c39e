//! A responder (RFC 6960) that says what a test wants it to say.

use rcgen::{KeyPair, SigningKey};
use time::OffsetDateTime;
use time::macros::format_description;

use super::cms::{items, oid, seq, tlv};

/// What is said of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    Good,
    /// With the number of the reason.
    Revoked(OffsetDateTime, u8),
    Unknown,
}

/// An answer; `archive_cutoff` and `nonce` are left out where there are none.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) said: Said,
    pub(crate) this_update: OffsetDateTime,
    pub(crate) next_update: Option<OffsetDateTime>,
    pub(crate) archive_cutoff: Option<OffsetDateTime>,
    pub(crate) nonce: Option<Vec<u8>>,
    /// Certificates that come along, in DER.
    pub(crate) certificates: Vec<Vec<u8>>,
}

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    /// `CertID` as it stands.
    pub(crate) id: Vec<u8>,
    pub(crate) serial: Vec<u8>,
    pub(crate) nonce: Option<Vec<u8>>,
}

impl Question {
    pub(crate) fn read(request: &[u8]) -> Self {
        let whole = items(request)[0].1;
        let to_be_signed = items(items(whole)[0].1);
        let list = to_be_signed[0].1;
        let id = items(items(list)[0].1)[0].1;
        let serial = items(id)[3].1.to_vec();
        let nonce = to_be_signed.get(1).map(|(tag, extensions)| {
            assert_eq!(*tag, 0xa2);
            let extension = items(items(items(extensions)[0].1)[0].1);
            assert_eq!(extension[0].1, &oid(NONCE)[2..]);
            items(extension[1].1)[0].1.to_vec()
        });
        Self { id: tlv(0x30, id), serial, nonce }
    }
}

impl Question {
    /// As a client asks about a certificate that this one issued.
    pub(crate) fn about(certificate: &kyso::Certificate, issuer: &super::pki::Authority) -> Self {
        let serial = (0..certificate.serial().len() / 2)
            .map(|n| u8::from_str_radix(&certificate.serial()[2 * n..2 * n + 2], 16).unwrap());
        let serial: Vec<u8> = serial.collect();
        // The fields of the issuer's own certificate: version, serial, algorithm, issuer,
        // validity, subject.
        let whole = items(issuer.certificate.der())[0].1;
        let (tag, subject) = items(items(whole)[0].1)[5];
        let name = sha1(&tlv(tag, subject));
        let key = sha1(&items(items(&key_info(issuer.issuer.key()))[0].1)[1].1[1..]);
        let hashes = [tlv(4, name), tlv(4, key)].concat();
        let id = seq(&[super::cms::algorithm("1.3.14.3.2.26"), hashes, tlv(2, &serial)]);
        Self { id, serial, nonce: None }
    }
}

const NONCE: &str = "1.3.6.1.5.5.7.48.1.2";

impl Answer {
    pub(crate) fn new(said: Said, this_update: OffsetDateTime) -> Self {
        let next_update = Some(this_update + time::Duration::days(30));
        let certificates = Vec::new();
        Self { said, this_update, next_update, archive_cutoff: None, nonce: None, certificates }
    }

    /// `OCSPResponse`, signed by a P-256 key.
    pub(crate) fn to(&self, question: &Question, key: &KeyPair) -> Vec<u8> {
        let said = match self.said {
            Said::Good => tlv(0x80, []),
            Said::Revoked(at, reason) => {
                let reason = tlv(0xa0, tlv(0x0a, [reason]));
                tlv(0xa1, [generalized(at), reason].concat())
            }
            Said::Unknown => tlv(0x82, []),
        };
        let mut single = vec![question.id.clone(), said, generalized(self.this_update)];
        single.extend(self.next_update.map(|it| tlv(0xa0, generalized(it))));
        single.extend(self.archive_cutoff.map(|it| {
            let value = tlv(0x04, generalized(it));
            tlv(0xa1, seq(&[seq(&[oid("1.3.6.1.5.5.7.48.1.6"), value])]))
        }));
        let bits = &items(items(&key_info(key))[0].1)[1].1[1..].to_vec();
        let responder = tlv(0xa2, tlv(0x04, sha1(bits)));
        let produced = generalized(self.this_update);
        let mut data = vec![responder, produced, seq(&[seq(&single)])];
        data.extend(self.nonce.as_ref().map(|nonce| {
            let value = tlv(0x04, tlv(0x04, nonce));
            tlv(0xa1, seq(&[seq(&[oid(NONCE), value])]))
        }));
        let data = seq(&data);
        let value = [vec![0], key.sign(&data).unwrap()].concat();
        let mut basic = vec![data, seq(&[oid("1.2.840.10045.4.3.2")]), tlv(0x03, value)];
        if !self.certificates.is_empty() {
            basic.push(tlv(0xa0, seq(&self.certificates)));
        }
        let basic = tlv(0x04, seq(&basic));
        let body = tlv(0xa0, seq(&[oid("1.3.6.1.5.5.7.48.1.1"), basic]));
        seq(&[tlv(0x0a, [0]), body])
    }
}

/// A responder that refuses: 3 is tryLater.
pub(crate) fn refusal(status: u8) -> Vec<u8> {
    seq(&[tlv(0x0a, [status])])
}

/// The value of an authority information access extension: OCSP and caIssuers URLs.
pub(crate) fn access(ocsp: &[&str], issuers: &[&str]) -> Vec<u8> {
    let entry = |method: &str, url: &&str| seq(&[oid(method), tlv(0x86, url.as_bytes())]);
    let ocsp = ocsp.iter().map(|it| entry("1.3.6.1.5.5.7.48.1", it));
    let issuers = issuers.iter().map(|it| entry("1.3.6.1.5.5.7.48.2", it));
    seq(&ocsp.chain(issuers).collect::<Vec<_>>())
}

fn generalized(at: OffsetDateTime) -> Vec<u8> {
    let format = format_description!("[year][month][day][hour][minute][second]Z");
    tlv(0x18, at.format(&format).unwrap())
}

fn key_info(key: &KeyPair) -> Vec<u8> {
    use rcgen::PublicKeyData;
    key.subject_public_key_info()
}

fn sha1(bytes: &[u8]) -> Vec<u8> {
    ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref().to_vec()
}
