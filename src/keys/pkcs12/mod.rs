//! Keys from `.p12` and `.pfx` files (PKCS#12, RFC 7292), as OpenSSL, Windows, Java and Firefox
//! write them.
//!
//! ```
//! use kyso::{Signer, pkcs12};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/keys/openssl.p12");
//! let signer = pkcs12::open(&std::fs::read(path)?, "kyso")?;
//! println!("{} signs with {}", signer.certificate_chain()[0].subject(), signer.algorithm());
//! # Ok(())
//! # }
//! ```

mod mac;
mod reader;
#[cfg(test)]
mod tests;

use std::fmt;

use self::reader::Contents;
use super::private_key::PrivateKey;
use super::software::SoftwareSigner;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::pki::Certificate;

/// The one key of a file that signs, with its certificates.
///
/// `password` is a `&str`, or `None` for a file that has none; an empty one opens files of
/// both kinds. Where a file holds several keys, the only one whose certificate is meant for
/// signatures is taken; where there are several such, see [`entries`].
///
/// # Errors
/// `Signer` when the password is wrong or the file damaged, or when no key with a certificate
/// is in it; `Misuse` when several keys could be meant; `Malformed` when it is no PKCS#12 file;
/// `Unsupported` when it or its key asks for what this crate does not do; `LimitExceeded` when
/// deriving its keys takes longer than [`Limits::kdf_iterations`].
pub fn open<'a>(bytes: &[u8], password: impl Into<Option<&'a str>>) -> Result<SoftwareSigner> {
    let mut entries = entries(bytes, password, &Limits::default())?;
    if entries.len() > 1 && entries.iter().any(Entry::is_for_signatures) {
        entries.retain(Entry::is_for_signatures);
    }
    match entries.pop() {
        Some(entry) if entries.is_empty() => entry.into_signer(),
        Some(last) => {
            let names: Vec<String> = entries.iter().chain([&last]).map(Entry::name).collect();
            Err(Error::misuse(format!(
                "this file holds {} keys that sign, of which one has to be chosen: {}",
                names.len(),
                names.join("; ")
            )))
        }
        None => Err(Error::new(ErrorKind::Signer, "there is no private key in this file")),
    }
}

/// Every private key of a file, in its order.
///
/// # Errors
/// As [`open`], but that a key does not sign here is said by its [`Entry`].
pub fn entries<'a>(
    bytes: &[u8],
    password: impl Into<Option<&'a str>>,
    limits: &Limits,
) -> Result<Vec<Entry>> {
    let contents = reader::read(bytes, password.into(), limits)?;
    Ok(contents.keys.iter().map(|key| Entry::new(key, &contents)).collect())
}

/// A private key of a file, what the file calls it, and the certificate that it gives it.
pub struct Entry {
    friendly_name: Option<String>,
    certificate: Option<Certificate>,
    signer: Result<SoftwareSigner>,
}

impl Entry {
    /// The key takes the certificate with its `localKeyId` if it fits, otherwise any that fits.
    fn new(key: &reader::Key, contents: &Contents) -> Self {
        let shares_id = |it: &reader::CertificateBag| {
            it.about.local_key_id.is_some() && it.about.local_key_id == key.about.local_key_id
        };
        let (own, others): (Vec<_>, Vec<_>) =
            contents.certificates.iter().partition(|it| shares_id(it));
        let all: Vec<Certificate> =
            own.iter().chain(&others).map(|it| it.certificate.clone()).collect();
        let signer =
            PrivateKey::from_pkcs8(&key.pkcs8).and_then(|key| SoftwareSigner::new(&key, &all));
        let certificate = match &signer {
            Ok(signer) => super::Signer::certificate_chain(signer).first().cloned(),
            Err(_) => own.first().map(|it| it.certificate.clone()),
        };
        let name_of_certificate = || {
            let bags = contents.certificates.iter();
            let mut same = bags.filter(|it| Some(&it.certificate) == certificate.as_ref());
            same.find_map(|it| it.about.friendly_name.clone())
        };
        let friendly_name = key.about.friendly_name.clone().or_else(name_of_certificate);
        Self { friendly_name, certificate, signer }
    }

    /// What the file calls it: Java's alias, or the name that Windows shows.
    #[must_use]
    pub fn friendly_name(&self) -> Option<&str> {
        self.friendly_name.as_deref()
    }

    /// The certificate that belongs to the key, if there is one.
    #[must_use]
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }

    /// The key, ready to sign.
    ///
    /// # Errors
    /// `Signer` when no certificate of the file belongs to the key; `Unsupported` or `Malformed`
    /// when the key does not sign here, with the reason.
    pub fn into_signer(self) -> Result<SoftwareSigner> {
        self.signer
    }

    fn is_for_signatures(&self) -> bool {
        let usage = self.certificate.as_ref().map(Certificate::key_usage);
        self.signer.is_ok()
            && usage
                .is_some_and(|it| it.is_none_or(|it| it.digital_signature || it.content_commitment))
    }

    fn name(&self) -> String {
        let subject = self.certificate.as_ref().map(Certificate::subject);
        match (&self.friendly_name, subject) {
            (Some(name), Some(subject)) => format!("{name:?} ({subject})"),
            (Some(name), None) => format!("{name:?}"),
            (None, Some(subject)) => subject,
            (None, None) => "one without a name".to_owned(),
        }
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry({})", self.name())
    }
}
