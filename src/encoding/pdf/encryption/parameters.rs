//! What an encryption dictionary asks for (ISO 32000-2 §7.6.2, Tables 20, 21 and 25).
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::cipher::Method;
use crate::encoding::pdf::object::{Dictionary, Object};
use crate::encoding::pdf::reader::View;
use crate::error::{Error, Result};

/// What passwords are checked by.
#[derive(Debug)]
pub(super) struct Parameters {
    /// 2 to 6.
    pub(super) revision: u8,
    /// Bytes that the key of the file may have; likeliest first.
    pub(super) key_lengths: Vec<usize>,
    /// `O` and `U`: 32 bytes, or 48 from revision 5 on.
    pub(super) owner: Vec<u8>,
    pub(super) user: Vec<u8>,
    /// `OE` and `UE`: 32 bytes from revision 5 on.
    pub(super) owner_key: Vec<u8>,
    pub(super) user_key: Vec<u8>,
    /// `P`, of which some write 32 bits without a sign.
    pub(super) permissions: u32,
    /// `Perms`, encrypted.
    pub(super) permissions_again: Vec<u8>,
    pub(super) encrypts_metadata: bool,
    /// The first part of the file's identifier; empty where there is none.
    pub(super) id: Vec<u8>,
}

/// Which crypt filter is for what (ISO 32000-2 §7.6.6).
#[derive(Debug)]
pub(super) struct Filters {
    pub(super) streams: Method,
    pub(super) strings: Method,
    pub(super) embedded: Method,
    named: Vec<(Vec<u8>, Method)>,
}

impl Filters {
    fn all(method: Method) -> Self {
        Self { streams: method, strings: method, embedded: method, named: Vec::new() }
    }

    /// `Identity` is always there.
    pub(super) fn named(&self, name: &[u8]) -> Option<Method> {
        match self.named.iter().find(|it| it.0 == name) {
            _ if name == b"Identity" => Some(Method::Identity),
            found => found.map(|it| it.1),
        }
    }
}

/// What an encryption dictionary holds, resolved as far as it is needed.
pub(super) struct Reading<'a> {
    view: View<'a>,
    dictionary: &'a Dictionary,
}

impl<'a> Reading<'a> {
    pub(super) fn new(view: View<'a>, dictionary: &'a Dictionary) -> Self {
        Self { view, dictionary }
    }

    fn integer(&self, key: &str) -> Result<Option<i64>> {
        Ok(self.view.value(self.dictionary, key)?.as_integer())
    }

    /// So many bytes, of which writers leave more behind.
    fn string(&self, key: &str, length: usize) -> Result<Vec<u8>> {
        let value = self.view.value(self.dictionary, key)?;
        let bytes = value.as_string().and_then(|it| it.get(..length));
        let bytes = bytes.ok_or_else(|| Error::malformed(format!("Encrypt has no whole {key}")))?;
        Ok(bytes.to_vec())
    }

    /// # Errors
    /// `Unsupported` for other handlers than the standard one, and for what is not
    /// published; `Malformed` where something is missing.
    pub(super) fn read(&self) -> Result<(Parameters, Filters)> {
        let filter = self.view.value(self.dictionary, "Filter")?;
        if filter.as_name() != Some(b"Standard") {
            let name = String::from_utf8_lossy(filter.as_name().unwrap_or_default()).into_owned();
            return Err(Error::unsupported(format!("its security handler is {name:?}")));
        }
        let version = self.integer("V")?.unwrap_or(0);
        let revision = self.integer("R")?.unwrap_or(0);
        let filters = match (version, revision) {
            (1 | 2, 2..=4) => Filters::all(Method::Rc4),
            (4, 4) => self.filters(&[(&b"V2"[..], Method::Rc4), (b"AESV2", Method::Aes128)])?,
            (5, 5 | 6) => self.filters(&[(&b"AESV3"[..], Method::Aes256)])?,
            _ => {
                let what = format!("its encryption is version {version}, revision {revision}");
                return Err(Error::unsupported(what));
            }
        };
        let revision = u8::try_from(revision).unwrap_or_default();
        Ok((self.parameters(version, revision)?, filters))
    }

    fn parameters(&self, version: i64, revision: u8) -> Result<Parameters> {
        let newer = revision >= 5;
        let (hash, key) = if newer { (48, 32) } else { (32, 0) };
        let permissions = self.integer("P")?;
        let permissions = permissions.ok_or_else(|| Error::malformed("Encrypt has no whole P"))?;
        let permissions = u32::try_from(permissions & i64::from(u32::MAX)).unwrap_or_default();
        let metadata = self.view.value(self.dictionary, "EncryptMetadata")?;
        Ok(Parameters {
            revision,
            key_lengths: self.key_lengths(version)?,
            owner: self.string("O", hash)?,
            user: self.string("U", hash)?,
            owner_key: if newer { self.string("OE", key)? } else { Vec::new() },
            user_key: if newer { self.string("UE", key)? } else { Vec::new() },
            permissions,
            permissions_again: if newer { self.string("Perms", 16)? } else { Vec::new() },
            // Below version 4 the entry means nothing (Table 21).
            encrypts_metadata: version < 4 || metadata != Object::Boolean(false),
            id: self.id()?,
        })
    }

    /// Writers disagree on what `Length` says where the standard fixes it, or leave it out;
    /// the password tells which was meant.
    fn key_lengths(&self, version: i64) -> Result<Vec<usize>> {
        let stated = self.integer("Length")?;
        let stated = stated.and_then(|bits| usize::try_from(bits).ok());
        let stated = stated.filter(|bits| (40..=128).contains(bits)).map(|bits| bits / 8);
        let usual = match version {
            1 => [Some(5), stated],
            2 => [stated.or(Some(5)), Some(16)],
            4 => [Some(16), stated],
            _ => [Some(32), None],
        };
        let [first, second] = usual;
        let second = second.filter(|_| first != second);
        Ok(first.into_iter().chain(second).collect())
    }

    fn id(&self) -> Result<Vec<u8>> {
        let Some(trailer) = self.view.trailer() else { return Ok(Vec::new()) };
        let parts = self.view.array(trailer, "ID")?;
        let first = parts.first().map(|it| self.view.resolve(it)).transpose()?;
        Ok(first.as_ref().and_then(Object::as_string).unwrap_or_default().to_vec())
    }

    fn filters(&self, methods: &[(&[u8], Method)]) -> Result<Filters> {
        let all = self.view.dictionary(self.dictionary, "CF")?.unwrap_or_default();
        let mut filters = Filters::all(Method::Identity);
        for entry in all.entries() {
            let filter = self.view.resolve(&entry.value)?;
            let Some(filter) = filter.as_dictionary() else { continue };
            let kind = self.view.value(filter, "CFM")?;
            let method = methods.iter().find(|it| Some(it.0) == kind.as_name());
            filters.named.extend(method.map(|it| (entry.key.clone(), it.1)));
        }
        let default = |key| -> Result<Option<Method>> {
            match self.view.value(self.dictionary, key)? {
                Object::Name(name) => filters.named(&name).map(Some).ok_or_else(|| {
                    let name = String::from_utf8_lossy(&name).into_owned();
                    Error::unsupported(format!("{key} names the crypt filter {name:?}"))
                }),
                _ => Ok(None),
            }
        };
        let (streams, strings, embedded) = (default("StmF")?, default("StrF")?, default("EFF")?);
        filters.streams = streams.unwrap_or(Method::Identity);
        filters.strings = strings.unwrap_or(Method::Identity);
        filters.embedded = embedded.unwrap_or(filters.streams);
        Ok(filters)
    }
}
