//! The ciphers, and the key that each object has (ISO 32000-2 §7.6.3).
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use aes::{Aes128, Aes256};
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use cbc::{Decryptor, Encryptor};
use md5::{Digest, Md5};
use rc4::{KeyInit, Rc4, StreamCipher};
use zeroize::Zeroizing;

use crate::encoding::pdf::object::Reference;

/// How a crypt filter encrypts (ISO 32000-2 Table 25).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Identity,
    /// `V2`, and files without crypt filters.
    Rc4,
    /// `AESV2`.
    Aes128,
    /// `AESV3`.
    Aes256,
}

const BLOCK: usize = 16;

impl Method {
    /// Nothing where the data are not whole blocks.
    pub(super) fn decrypt(self, file_key: &[u8], of: Reference, data: &[u8]) -> Option<Decrypted> {
        let key = self.key_for(file_key, of);
        match self {
            Self::Identity => Some(Decrypted { text: data.to_vec(), padded: true }),
            Self::Rc4 => Some(Decrypted { text: rc4(&key, data.to_vec())?, padded: true }),
            Self::Aes128 | Self::Aes256 if data.is_empty() => {
                Some(Decrypted { text: Vec::new(), padded: true })
            }
            Self::Aes128 | Self::Aes256 => {
                let (iv, blocks) = data.split_at_checked(BLOCK)?;
                Decrypted::unpad(aes_decrypt(&key, iv, blocks)?)
            }
        }
    }

    /// `iv` is for AES. Nothing where the key is of no such cipher.
    pub(super) fn encrypt(
        self,
        file_key: &[u8],
        of: Reference,
        iv: [u8; BLOCK],
        text: &[u8],
    ) -> Option<Vec<u8>> {
        let key = self.key_for(file_key, of);
        match self {
            Self::Identity => Some(text.to_vec()),
            Self::Rc4 => rc4(&key, text.to_vec()),
            Self::Aes128 | Self::Aes256 => {
                let blocks = aes_encrypt(&key, &iv, &padded(text))?;
                Some([&iv[..], &blocks].concat())
            }
        }
    }

    /// ISO 32000-2 §7.6.3.1, Algorithm 1 and 1.A.
    fn key_for(self, file_key: &[u8], of: Reference) -> Zeroizing<Vec<u8>> {
        if matches!(self, Self::Aes256 | Self::Identity) {
            return Zeroizing::new(file_key.to_vec());
        }
        let [a, b, c, _] = of.number.to_le_bytes();
        let mut digest = Md5::new_with_prefix(file_key);
        digest.update([a, b, c]);
        digest.update(of.generation.to_le_bytes());
        if self == Self::Aes128 {
            digest.update(b"sAlT");
        }
        let length = file_key.len().saturating_add(5).min(BLOCK);
        Zeroizing::new(digest.finalize().iter().copied().take(length).collect())
    }
}

/// What came out.
pub(super) struct Decrypted {
    pub(super) text: Vec<u8>,
    /// Whether the padding is as it must be; where it is not, it is part of the text.
    pub(super) padded: bool,
}

impl Decrypted {
    /// RFC 8018 §6.1.1.
    fn unpad(mut text: Vec<u8>) -> Option<Self> {
        let last = *text.last()?;
        let count = usize::from(last);
        let kept = text.len().checked_sub(count).filter(|_| (1..=BLOCK).contains(&count));
        let padding = kept.and_then(|at| text.get(at..));
        let padded = padding.is_some_and(|it| it.iter().all(|byte| *byte == last));
        text.truncate(kept.filter(|_| padded).unwrap_or(text.len()));
        Some(Self { text, padded })
    }
}

/// RFC 8018 §6.1.1: up to the next whole block, and at least one byte.
fn padded(text: &[u8]) -> Vec<u8> {
    let rest = text.len().checked_rem(BLOCK).unwrap_or_default();
    let count = BLOCK.saturating_sub(rest);
    let padding = vec![u8::try_from(count).unwrap_or_default(); count];
    [text, &padding].concat()
}

/// Nothing where the key is empty.
pub(super) fn rc4(key: &[u8], mut data: Vec<u8>) -> Option<Vec<u8>> {
    Rc4::new_from_slice(key).ok()?.apply_keystream(&mut data);
    Some(data)
}

/// CBC; nothing where there are no whole blocks, or the key is of no AES.
pub(super) fn aes_decrypt(key: &[u8], iv: &[u8], blocks: &[u8]) -> Option<Vec<u8>> {
    let mut text = blocks.to_vec();
    let whole = match key.len() {
        16 => unblock(Decryptor::<Aes128>::new_from_slices(key, iv), &mut text),
        32 => unblock(Decryptor::<Aes256>::new_from_slices(key, iv), &mut text),
        _ => None,
    };
    whole.map(|()| text)
}

/// The same the other way.
pub(super) fn aes_encrypt(key: &[u8], iv: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    let mut blocks = text.to_vec();
    let whole = match key.len() {
        16 => block(Encryptor::<Aes128>::new_from_slices(key, iv), &mut blocks),
        32 => block(Encryptor::<Aes256>::new_from_slices(key, iv), &mut blocks),
        _ => None,
    };
    whole.map(|()| blocks)
}

fn unblock<M: BlockModeDecrypt, E>(mode: Result<M, E>, text: &mut [u8]) -> Option<()> {
    mode.ok()?.decrypt_padded::<NoPadding>(text).ok().map(drop)
}

fn block<M: BlockModeEncrypt, E>(mode: Result<M, E>, text: &mut [u8]) -> Option<()> {
    let length = text.len();
    mode.ok()?.encrypt_padded::<NoPadding>(text, length).ok().map(drop)
}
