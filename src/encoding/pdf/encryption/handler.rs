//! A file that is open: its key, and what is encrypted how.
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::fmt;

use ring::hmac;

use super::cipher::{Method, aes_decrypt};
use super::key::FileKey;
use super::parameters::{Filters, Parameters, Reading};
use super::{Dictionary, Error, Object, Password, Permission, Reference, Result, Stream, View};

/// The standard security handler, opened by a password (ISO 32000-2 §7.6.4).
pub(crate) struct Handler {
    key: FileKey,
    filters: Filters,
    encrypts_metadata: bool,
    permissions: Permissions,
    /// The encryption dictionary, whose strings are not encrypted.
    own: Option<Reference>,
}

impl fmt::Debug for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handler {{ {:?}, {:?} }}", self.filters, self.permissions)
    }
}

/// What who opened the file may do with it (ISO 32000-2 Table 22).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Permissions {
    bits: u32,
    revision: u8,
    /// Who has the owner's password may do everything.
    owner: bool,
}

impl Handler {
    /// Nothing where neither this password nor the empty one opens the file.
    ///
    /// # Errors
    /// As reading the dictionary.
    pub(super) fn open(
        view: View<'_>,
        dictionary: &Dictionary,
        own: Option<Reference>,
        password: &Password,
    ) -> Result<Option<Self>> {
        let (parameters, filters) = Reading::new(view, dictionary).read()?;
        let spellings = password.spellings();
        let by_owner = spellings.iter().find_map(|it| parameters.by_owner(it));
        let owner = by_owner.is_some();
        let by_user = || spellings.iter().find_map(|it| parameters.by_user(it));
        let key = by_owner.or_else(by_user).or_else(|| parameters.by_user(b""));
        // One who encrypts for himself alone may leave the owner's password empty.
        let key = key.or_else(|| parameters.by_owner(b""));
        Ok(key.map(|key| Self {
            permissions: Permissions {
                bits: parameters.permitted(&key),
                revision: parameters.revision,
                owner,
            },
            encrypts_metadata: parameters.encrypts_metadata,
            key,
            filters,
            own,
        }))
    }

    /// Whether this is the encryption dictionary itself.
    pub(super) fn is_own(&self, reference: Reference) -> bool {
        self.own == Some(reference)
    }

    /// Nothing where it was not encrypted as it must be.
    pub(super) fn decrypt_string(&self, of: Reference, string: &[u8]) -> Option<Vec<u8>> {
        let decrypted = self.filters.strings.decrypt(&self.key, of, string)?;
        decrypted.padded.then_some(decrypted.text)
    }

    /// # Errors
    /// `Malformed` where the data are no whole blocks, or no crypt filter is so called.
    pub(super) fn decrypt_stream(
        &self,
        stream: &Stream,
        filters: &Dictionary,
        data: &[u8],
    ) -> Result<Option<Vec<u8>>> {
        let method = self.method(&stream.dictionary, filters)?;
        if method == Method::Identity {
            return Ok(None);
        }
        let decrypted = method.decrypt(&self.key, stream.reference, data);
        // Readers differ on padding that is wrong; what is compressed ends by itself.
        decrypted.map(|it| Some(it.text)).ok_or_else(|| {
            Error::malformed("the data of a stream cannot be decrypted").at_offset(stream.start)
        })
    }

    /// # Errors
    /// None but for keys that no password gives.
    pub(super) fn encrypt_string(&self, of: Reference, text: &[u8]) -> Result<Vec<u8>> {
        self.encrypt(self.filters.strings, of, text)
    }

    /// # Errors
    /// `Malformed` where the stream names a crypt filter that is not there.
    pub(super) fn encrypt_stream(
        &self,
        of: Reference,
        dictionary: &Dictionary,
        data: &[u8],
    ) -> Result<Vec<u8>> {
        self.encrypt(self.method(dictionary, dictionary)?, of, data)
    }

    fn encrypt(&self, method: Method, of: Reference, text: &[u8]) -> Result<Vec<u8>> {
        let encrypted = method.encrypt(&self.key, of, self.initialisation(of, text), text);
        encrypted.ok_or_else(|| Error::misuse("nothing can be encrypted by this key"))
    }

    /// Without chance: known to nobody without the key, and another for every other text, so
    /// that the same update is the same bytes (as RFC 8452 has it).
    fn initialisation(&self, of: Reference, text: &[u8]) -> [u8; 16] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.key);
        let mut context = hmac::Context::with_key(&key);
        context.update(&of.number.to_be_bytes());
        context.update(&of.generation.to_be_bytes());
        context.update(text);
        let tag = context.sign();
        let mut iv = [0; 16];
        iv.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
        iv
    }

    pub(super) fn permits(&self, asked: Permission) -> bool {
        let Permissions { bits, revision, owner } = self.permissions;
        let bit = |number: u32| bits.wrapping_shr(number.saturating_sub(1)) & 1 == 1;
        owner
            || match asked {
                Permission::FillFields => bit(6) || (revision >= 3 && bit(9)),
                Permission::MakeFields => bit(4) && bit(6),
            }
    }

    fn method(&self, dictionary: &Dictionary, filters: &Dictionary) -> Result<Method> {
        if let Some(name) = crypt_filter(filters) {
            return self.filters.named(name).ok_or_else(|| {
                let name = String::from_utf8_lossy(name).into_owned();
                Error::malformed(format!("no crypt filter is called {name:?}"))
            });
        }
        Ok(if dictionary.is_a("Metadata") && !self.encrypts_metadata {
            Method::Identity
        } else if dictionary.is_a("EmbeddedFile") {
            self.filters.embedded
        } else {
            self.filters.streams
        })
    }
}

/// The name that a stream's first filter asks for, where it is the crypt filter
/// (ISO 32000-2 §7.4.10).
fn crypt_filter(filters: &Dictionary) -> Option<&[u8]> {
    let first = |key| match filters.get(key) {
        Some(Object::Array(items)) => items.first(),
        other => other,
    };
    (first("Filter")?.as_name()? == b"Crypt").then_some(())?;
    let name = first("DecodeParms").and_then(Object::as_dictionary).and_then(|it| it.get("Name"));
    Some(name.and_then(Object::as_name).unwrap_or(b"Identity"))
}

impl Parameters {
    /// What both `P` and `Perms` permit, of which only the latter is bound to the key
    /// (ISO 32000-2 §7.6.4.4.12).
    fn permitted(&self, key: &[u8]) -> u32 {
        if self.revision < 5 {
            return self.permissions;
        }
        let again = aes_decrypt(key, &[0; 16], &self.permissions_again).unwrap_or_default();
        match again[..] {
            [a, b, c, d, _, _, _, _, _, b'a', b'd', b'b', ..] => {
                self.permissions & u32::from_le_bytes([a, b, c, d])
            }
            _ => 0,
        }
    }
}
