//! What is on a token, and choosing from it.

use std::fmt;

use super::driver::{KeyKind, StoredKey};
use crate::crypto::PublicKey;
use crate::error::{Error, ErrorKind, Result};
use crate::pki::Certificate;

/// A certificate on a token, or one that was given for a key on it, and whether its private key
/// is there.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    pub(super) label: String,
    pub(super) id: Vec<u8>,
    pub(super) certificate: Certificate,
    pub(super) keys: Keys,
}

/// The private key that belongs to a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Keys {
    /// Tokens show private keys to those alone who are logged in.
    Hidden,
    Missing,
    Present(StoredKey),
}

impl Entry {
    /// What the token calls the certificate (`CKA_LABEL`); where it has the key alone, the key.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// What the certificate and its key have in common on the token (`CKA_ID`).
    #[must_use]
    pub fn id(&self) -> &[u8] {
        &self.id
    }

    /// The certificate.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Whether its private key is on the token, too. Nothing where that cannot be told
    /// before somebody is logged in.
    #[must_use]
    pub fn has_key(&self) -> Option<bool> {
        match self.keys {
            Keys::Hidden => None,
            Keys::Missing => Some(false),
            Keys::Present(_) => Some(true),
        }
    }

    /// What the token calls the private key, where it can be seen.
    #[must_use]
    pub fn key_label(&self) -> Option<&str> {
        self.key().map(|it| it.label.as_str())
    }

    pub(super) fn key(&self) -> Option<&StoredKey> {
        match &self.keys {
            Keys::Present(key) => Some(key),
            Keys::Hidden | Keys::Missing => None,
        }
    }

    fn is_for_signatures(&self) -> bool {
        let usage = self.certificate.key_usage();
        usage.is_none_or(|it| it.digital_signature || it.content_commitment)
    }
}

/// The private key with the `CKA_ID` of its certificate, unless it is seen to be of another pair;
/// where none has that, the one of the same pair.
pub(super) fn key_of<'a>(
    certificate: &Certificate,
    id: &[u8],
    keys: &'a [StoredKey],
) -> Option<&'a StoredKey> {
    let (kind, public) = match PublicKey::read(certificate.public_key_info()).ok()? {
        PublicKey::Rsa(key) | PublicKey::RsaPss(key, _) => (KeyKind::Rsa, key.modulus()),
        PublicKey::Ec(key) => (KeyKind::Ec, key.point),
        _ => return None,
    };
    let of_kind = || keys.iter().filter(|it| it.name.kind == kind);
    let by_id = || of_kind().filter(|it| !id.is_empty() && it.name.id == id);
    let is_it = |it: &&StoredKey| it.name.public == public;
    // Several may have one CKA_ID.
    let known = by_id().find(is_it);
    let unseen = || by_id().find(|it| it.name.public.is_empty());
    known.or_else(unseen).or_else(|| of_kind().find(is_it))
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (subject, serial) = (self.certificate.subject(), self.certificate.serial());
        write!(f, "{:?} ({subject}, serial {serial})", self.label)
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry({self}, {:?})", self.has_key())
    }
}

/// Which of the keys on a token signs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Choice {
    /// The only one whose certificate is meant for signatures.
    Only,
    /// The one with this label; that of the certificate or of the private key.
    Label(String),
    /// The one with this `CKA_ID`; that of the certificate or, where it was given, of the key.
    Id(Vec<u8>),
    /// The one whose certificate has this subject: all of it as RFC 4514 writes names, or its
    /// common name.
    Subject(String),
    /// The one whose certificate has this serial number, in hexadecimal: of a renewed
    /// certificate and the one before, on the same token, each has its own.
    Serial(String),
}

impl Choice {
    fn fits(&self, entry: &Entry) -> bool {
        match self {
            Self::Only => true,
            Self::Label(label) => {
                entry.label == *label || entry.key_label() == Some(label.as_str())
            }
            Self::Id(id) => entry.id == *id,
            Self::Subject(text) => {
                let (subject, name) = (entry.certificate.subject(), format!("CN={text}"));
                subject == *text || subject.split(',').any(|it| it.trim() == name)
            }
            Self::Serial(serial) => {
                let digits = |text: &str| text.trim_start_matches('0').to_ascii_lowercase();
                digits(&entry.certificate.serial()) == digits(serial)
            }
        }
    }

    /// `lonely` are keys without a certificate.
    ///
    /// # Errors
    /// `Signer` when none fits or its key is not there, `Misuse` when several do; both list
    /// what there is.
    pub(super) fn of<'a>(&self, entries: &'a [Entry], lonely: &[StoredKey]) -> Result<&'a Entry> {
        let mut fitting: Vec<&Entry> = entries.iter().filter(|it| self.fits(it)).collect();
        let narrowing: [fn(&Entry) -> bool; 2] =
            [|it| it.key().is_some(), Entry::is_for_signatures];
        for narrower in narrowing {
            if fitting.iter().any(|it| narrower(it)) {
                fitting.retain(|it| narrower(it));
            }
        }
        match fitting.as_slice() {
            [first, ..] if fitting.iter().all(|it| it.key().is_none()) => Err(Error::new(
                ErrorKind::Signer,
                format!(
                    "there is no private key for the certificate {first}; choose another \
                     certificate, or put the key there{}",
                    beside(lonely)
                ),
            )),
            [entry] => Ok(entry),
            [] => Err(Error::new(
                ErrorKind::Signer,
                format!("no certificate is the one wanted; {}{}", list(entries), beside(lonely)),
            )),
            several => Err(Error::misuse(format!(
                "one of several keys has to be chosen, by the serial number of its certificate \
                 if by nothing else: {}",
                names(several.iter().copied())
            ))),
        }
    }
}

/// Entries that an error names.
const NAMED: usize = 8;

fn list(entries: &[Entry]) -> String {
    if entries.is_empty() {
        "there is none".to_owned()
    } else {
        format!("there are: {}", names(entries.iter()))
    }
}

fn names<'a>(entries: impl Iterator<Item = &'a Entry>) -> String {
    entries.take(NAMED).map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn beside(lonely: &[StoredKey]) -> String {
    let labels: Vec<String> =
        lonely.iter().take(NAMED).map(|it| format!("{:?}", it.label)).collect();
    if labels.is_empty() {
        return String::new();
    }
    format!(
        "; there are private keys without a certificate, which can be given by \
         `Token::with_certificates`: {}",
        labels.join("; ")
    )
}
