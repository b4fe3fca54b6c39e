//! Encryption dictionaries of every kind, made for tests.
#![cfg(feature = "encrypted-pdf")]
#![allow(clippy::arithmetic_side_effects)]

use super::key::FileKey;
use super::parameters::Parameters;
use crate::encoding::pdf::sample::{append_table, with};

/// What encrypts, by its version and revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Rc4Of40,
    Rc4Of128,
    Rc4ByFilter,
    Aes128,
    Aes256Early,
    Aes256,
}

impl Kind {
    pub(crate) const ALL: [Self; 6] = [
        Self::Rc4Of40,
        Self::Rc4Of128,
        Self::Rc4ByFilter,
        Self::Aes128,
        Self::Aes256Early,
        Self::Aes256,
    ];

    fn revision(self) -> u8 {
        match self {
            Self::Rc4Of40 => 2,
            Self::Rc4Of128 => 3,
            Self::Rc4ByFilter | Self::Aes128 => 4,
            Self::Aes256Early => 5,
            Self::Aes256 => 6,
        }
    }

    fn key_length(self) -> usize {
        match self {
            Self::Rc4Of40 => 5,
            Self::Aes256Early | Self::Aes256 => 32,
            _ => 16,
        }
    }

    fn words(self) -> String {
        let filter = |version: u8, method: &str, length: usize| {
            format!(
                "/V {version}/Length {}/CF<</StdCF<</CFM/{method}/AuthEvent/DocOpen\
                 /Length {length}>>>>/StmF/StdCF/StrF/StdCF",
                length * 8
            )
        };
        match self {
            Self::Rc4Of40 => "/V 1".to_owned(),
            Self::Rc4Of128 => "/V 2/Length 128".to_owned(),
            Self::Rc4ByFilter => filter(4, "V2", 16),
            Self::Aes128 => filter(4, "AESV2", 16),
            Self::Aes256Early | Self::Aes256 => filter(5, "AESV3", 32),
        }
    }
}

/// Who may open a file, and what for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Locks<'a> {
    pub(crate) kind: Kind,
    pub(crate) user: &'a str,
    pub(crate) owner: &'a str,
    /// `P`.
    pub(crate) permissions: i32,
    /// The first part of the file's identifier, if it is to have one.
    pub(crate) id: Option<&'a str>,
    /// Where it is not so, the dictionary says it.
    pub(crate) encrypts_metadata: bool,
    /// The crypt filters, in place of one for all (`V`, `CF`, `StmF`, `StrF`, `EFF`).
    pub(crate) filters: Option<&'a str>,
}

impl Locks<'_> {
    /// Open to everybody, without an identifier.
    pub(crate) const fn of(kind: Kind) -> Self {
        Self {
            kind,
            user: "",
            owner: "owner",
            permissions: -4,
            id: None,
            encrypts_metadata: true,
            filters: None,
        }
    }

    /// The encryption dictionary.
    pub(crate) fn dictionary(&self) -> String {
        let mut parameters = Parameters {
            revision: self.kind.revision(),
            key_lengths: vec![self.kind.key_length()],
            owner: Vec::new(),
            user: Vec::new(),
            owner_key: Vec::new(),
            user_key: Vec::new(),
            permissions: u32::from_ne_bytes(self.permissions.to_ne_bytes()),
            permissions_again: Vec::new(),
            encrypts_metadata: self.encrypts_metadata || self.kind.revision() < 4,
            id: self.id.unwrap_or_default().as_bytes().to_vec(),
        };
        if parameters.revision >= 5 {
            let key = FileKey::new((1..=32).collect());
            parameters.seal(&key, self.user.as_bytes(), self.owner.as_bytes());
        } else {
            parameters.seal_older(self.user.as_bytes(), self.owner.as_bytes());
        }
        let hex = |key: &str, bytes: &[u8]| {
            let digits: String = bytes.iter().map(|it| format!("{it:02x}")).collect();
            if bytes.is_empty() { String::new() } else { format!("/{key}<{digits}>") }
        };
        format!(
            "<</Filter/Standard{}/R {}/P {}{}{}{}{}{}{}>>",
            self.filters.map_or_else(|| self.kind.words(), str::to_owned),
            self.kind.revision(),
            self.permissions,
            hex("O", &parameters.owner),
            hex("U", &parameters.user),
            hex("OE", &parameters.owner_key),
            hex("UE", &parameters.user_key),
            hex("Perms", &parameters.permissions_again),
            if self.encrypts_metadata { "" } else { "/EncryptMetadata false" },
        )
    }

    /// A file of one page, with this dictionary as object 9, some objects in another form
    /// and some more. Nothing in it has to be encrypted yet.
    pub(crate) fn file(&self, changed: &[(u32, &str)]) -> Vec<u8> {
        let page = (3, "<</Type/Page/Parent 2 0 R>>");
        let own = self.dictionary();
        let base = [page, (4, "null"), (9, &own)];
        let objects: Vec<_> = base.iter().chain(changed).copied().collect();
        let id = self.id.map(|it| format!("/ID[({it})({it})]")).unwrap_or_default();
        let trailer = format!("/Root 1 0 R/Encrypt 9 0 R{id}");
        let mut pdf = b"%PDF-2.0\n".to_vec();
        append_table(&mut pdf, &with(&objects), &trailer, None);
        pdf
    }
}
