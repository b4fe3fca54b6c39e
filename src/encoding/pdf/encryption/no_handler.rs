//! Without the feature `encrypted-pdf` there is no handler: every encrypted file is locked.

use super::{Dictionary, Error, Password, Permission, Reference, Result, Stream, View};

#[derive(Debug)]
pub(crate) enum Handler {}

impl Handler {
    pub(super) fn open(
        _: View<'_>,
        _: &Dictionary,
        _: Option<Reference>,
        _: &Password,
    ) -> Result<Option<Self>> {
        Err(Error::unsupported("decryption asks for the feature encrypted-pdf"))
    }

    pub(super) fn is_own(&self, _: Reference) -> bool {
        match *self {}
    }

    pub(super) fn decrypt_string(&self, _: Reference, _: &[u8]) -> Option<Vec<u8>> {
        match *self {}
    }

    pub(super) fn decrypt_stream(
        &self,
        _: &Stream,
        _: &Dictionary,
        _: &[u8],
    ) -> Result<Option<Vec<u8>>> {
        match *self {}
    }

    pub(super) fn encrypt_string(&self, _: Reference, _: &[u8]) -> Result<Vec<u8>> {
        match *self {}
    }

    pub(super) fn encrypt_stream(&self, _: Reference, _: &Dictionary, _: &[u8]) -> Result<Vec<u8>> {
        match *self {}
    }

    pub(super) fn permits(&self, _: Permission) -> bool {
        match *self {}
    }
}
