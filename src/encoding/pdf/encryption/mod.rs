//! Encryption of a PDF's strings and streams under a password (ISO 32000-2 §7.6.4): the
//! standard security handler, RC4 and AES. Whatever cannot be opened stays readable as
//! far as nothing is encrypted.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod password;

#[cfg(feature = "encrypted-pdf")]
mod cipher;
#[cfg(feature = "encrypted-pdf")]
mod handler;
#[cfg(not(feature = "encrypted-pdf"))]
#[path = "no_handler.rs"]
mod handler;
#[cfg(feature = "encrypted-pdf")]
mod key;
#[cfg(feature = "encrypted-pdf")]
mod parameters;

use std::borrow::Cow;
use std::fmt;

pub(crate) use password::Password;

use self::handler::Handler;
use super::object::{Dictionary, Object, Reference, Stream};
use super::reader::View;
use crate::error::{Error, ErrorKind, Result};

/// Whether the strings and streams of a file are encrypted, and can be read.
#[derive(Debug)]
pub(crate) enum Encryption {
    None,
    Locked(Locked),
    Open(Box<Handler>),
}

/// Why they cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Locked {
    /// Neither the password handed in nor the empty one opens it.
    Password,
    /// It asks for something that is not done, or does not say what it asks for.
    Unsupported(String),
}

impl Locked {
    /// What reading an encrypted string or stream comes to.
    pub(super) fn refusal(&self) -> Error {
        Error::unsupported(format!("the objects of an encrypted PDF: {self}"))
    }
}

impl fmt::Display for Locked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password => f.write_str("its password is missing or wrong"),
            Self::Unsupported(what) => f.write_str(what),
        }
    }
}

/// What an update does with a file that may forbid it (ISO 32000-2 Table 22).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permission {
    /// To fill fields that are there, those for signatures among them.
    FillFields,
    /// To make fields.
    MakeFields,
}

impl Encryption {
    /// Opens what the newest trailer says, by this password or by the empty one.
    ///
    /// # Errors
    /// `LimitExceeded`; `Io`. Whatever is wrong with it is a reason to be locked.
    pub(super) fn open(view: View<'_>, password: &Password) -> Result<Self> {
        let Some(value) = view.trailer().and_then(|it| it.get("Encrypt")) else {
            return Ok(Self::None);
        };
        if value.is_null() {
            return Ok(Self::None);
        }
        let opened = view.dictionary(view.trailer().unwrap_or(&Dictionary::new()), "Encrypt");
        let opened = opened.and_then(|it| {
            let dictionary = it.ok_or_else(|| Error::malformed("Encrypt is no dictionary"))?;
            Handler::open(view, &dictionary, value.as_reference(), password)
        });
        match opened {
            Ok(Some(handler)) => Ok(Self::Open(Box::new(handler))),
            Ok(None) => Ok(Self::Locked(Locked::Password)),
            Err(error) if matches!(error.kind(), ErrorKind::Malformed | ErrorKind::Unsupported) => {
                Ok(Self::Locked(Locked::Unsupported(error.to_string())))
            }
            Err(error) => Err(error),
        }
    }

    pub(crate) fn locked(&self) -> Option<&Locked> {
        if let Self::Locked(why) = self { Some(why) } else { None }
    }

    /// Decrypts the strings of an object that was read from the file itself. Whether all
    /// of them could be; one that could not stays as it stands.
    pub(super) fn decrypt_strings(&self, reference: Reference, object: &mut Object) -> bool {
        let Self::Open(handler) = self else { return true };
        if handler.is_own(reference) || is_section(object) {
            return true;
        }
        let mut all = true;
        for_each_string(object, |string| match handler.decrypt_string(reference, string) {
            Some(text) => *string = text,
            None => all = false,
        });
        all
    }

    /// Decrypts the data of a stream, whose filters and their parameters are `filters`.
    ///
    /// # Errors
    /// `Unsupported` when the file is locked; `Malformed` when the data cannot be decrypted.
    pub(super) fn decrypt_stream(
        &self,
        stream: &Stream,
        filters: &Dictionary,
        data: &[u8],
    ) -> Result<Option<Vec<u8>>> {
        match self {
            Self::None => Ok(None),
            _ if stream.dictionary.is_a("XRef") => Ok(None),
            Self::Locked(why) => Err(why.refusal()),
            Self::Open(handler) => handler.decrypt_stream(stream, filters, data),
        }
    }

    /// An object with its strings encrypted, as it goes into the file under a number.
    ///
    /// # Errors
    /// `Unsupported` when the file is locked.
    pub(super) fn encrypt_strings(&self, of: Reference, object: &Object) -> Result<Object> {
        let mut object = object.clone();
        match self {
            Self::None => {}
            Self::Locked(why) => return Err(why.refusal()),
            Self::Open(handler) => {
                let mut outcome = Ok(());
                for_each_string(&mut object, |text| match handler.encrypt_string(of, text) {
                    Ok(encrypted) => *text = encrypted,
                    Err(error) => outcome = Err(error),
                });
                outcome?;
            }
        }
        Ok(object)
    }

    /// The data of a stream as they go into the file.
    ///
    /// # Errors
    /// As [`encrypt_strings`](Self::encrypt_strings).
    pub(super) fn encrypt_stream<'d>(
        &self,
        of: Reference,
        dictionary: &Dictionary,
        data: &'d [u8],
    ) -> Result<Cow<'d, [u8]>> {
        match self {
            Self::None => Ok(Cow::Borrowed(data)),
            Self::Locked(why) => Err(why.refusal()),
            Self::Open(handler) => handler.encrypt_stream(of, dictionary, data).map(Cow::Owned),
        }
    }

    /// Whether who opened the file may do this with it.
    pub(super) fn permits(&self, asked: Permission) -> bool {
        match self {
            Self::None => true,
            Self::Locked(_) => false,
            Self::Open(handler) => handler.permits(asked),
        }
    }
}

/// Cross-reference streams are not encrypted (ISO 32000-2 §7.5.8.2).
fn is_section(object: &Object) -> bool {
    matches!(object, Object::Stream(stream) if stream.dictionary.is_a("XRef"))
}

/// Every string of an object but the `Contents` of a signature (ISO 32000-2 §7.6.2).
fn for_each_string(object: &mut Object, mut act: impl FnMut(&mut Vec<u8>)) {
    let mut open = vec![object];
    while let Some(object) = open.pop() {
        match object {
            Object::String(bytes) => act(bytes),
            Object::Array(items) => open.extend(items),
            Object::Dictionary(dictionary) | Object::Stream(Stream { dictionary, .. }) => {
                let signature = dictionary.contains("ByteRange");
                let entries = dictionary.entries_mut().iter_mut();
                let encrypted = entries.filter(|it| !(signature && it.key == b"Contents"));
                open.extend(encrypted.map(|it| &mut it.value));
            }
            _ => {}
        }
    }
}

/// Decrypts the bytes in every way, by a key that they begin with.
#[cfg(all(any(test, fuzzing), feature = "encrypted-pdf"))]
pub(super) fn exhaust(bytes: &[u8]) {
    use self::cipher::Method;
    let of = Reference { number: 1, generation: 0 };
    let (key, data) = bytes.split_at(bytes.len().min(16));
    for method in [Method::Identity, Method::Rc4, Method::Aes128, Method::Aes256] {
        let _ = method.decrypt(key, of, data);
    }
}

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
