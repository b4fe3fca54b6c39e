//! Block ciphers in CBC mode with the padding of RFC 8018 §6.1.1, and RC4.

use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, InnerIvInit, KeyIvInit};
use zeroize::Zeroizing;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cipher {
    Aes128,
    Aes192,
    Aes256,
    DesEde3,
    /// Triple DES with two keys.
    DesEde2,
    Rc2 {
        octets: usize,
    },
    Rc4 {
        octets: usize,
    },
}

impl Cipher {
    pub(super) fn key_octets(self) -> usize {
        match self {
            Self::Aes128 | Self::DesEde2 => 16,
            Self::Aes192 | Self::DesEde3 => 24,
            Self::Aes256 => 32,
            Self::Rc2 { octets } | Self::Rc4 { octets } => octets,
        }
    }

    /// Octets of a block, hence of the initialisation vector.
    pub(super) fn block_octets(self) -> usize {
        match self {
            Self::Aes128 | Self::Aes192 | Self::Aes256 => 16,
            Self::DesEde3 | Self::DesEde2 | Self::Rc2 { .. } => 8,
            Self::Rc4 { .. } => 0,
        }
    }

    /// Nothing when the padding is wrong.
    pub(super) fn decrypt(
        self,
        key: &[u8],
        iv: &[u8],
        ciphertext: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        let mut text = Zeroizing::new(ciphertext.to_vec());
        let length = match self {
            Self::Aes128 => unpad(Decryptor::<aes::Aes128>::new_from_slices(key, iv), &mut text),
            Self::Aes192 => unpad(Decryptor::<aes::Aes192>::new_from_slices(key, iv), &mut text),
            Self::Aes256 => unpad(Decryptor::<aes::Aes256>::new_from_slices(key, iv), &mut text),
            Self::DesEde3 => unpad(Decryptor::<des::TdesEde3>::new_from_slices(key, iv), &mut text),
            Self::DesEde2 => unpad(Decryptor::<des::TdesEde2>::new_from_slices(key, iv), &mut text),
            Self::Rc2 { octets } => {
                let key = rc2::Rc2::new_with_eff_key_len(key, octets.saturating_mul(8));
                unpad(Decryptor::inner_iv_slice_init(key, iv), &mut text)
            }
            Self::Rc4 { .. } => {
                rc4(key, &mut text);
                Some(text.len())
            }
        }?;
        text.truncate(length);
        Some(text)
    }
}

/// Decrypts in place; how much of it is text.
fn unpad<M: BlockModeDecrypt, E>(mode: Result<M, E>, text: &mut [u8]) -> Option<usize> {
    mode.ok()?.decrypt_padded::<Pkcs7>(text).ok().map(<[u8]>::len)
}

/// RC4, which is its own inverse. Old writers encrypted whole files by it.
fn rc4(key: &[u8], text: &mut [u8]) {
    let mut state: Zeroizing<[u8; 256]> = Zeroizing::new(std::array::from_fn(octet));
    let mut j = 0_u8;
    for (i, key) in (0..=u8::MAX).zip(key.iter().cycle()) {
        j = j.wrapping_add(at(&state, i)).wrapping_add(*key);
        state.swap(usize::from(i), usize::from(j));
    }
    let (mut i, mut j) = (0_u8, 0_u8);
    for byte in text {
        i = i.wrapping_add(1);
        j = j.wrapping_add(at(&state, i));
        state.swap(usize::from(i), usize::from(j));
        *byte ^= at(&state, at(&state, i).wrapping_add(at(&state, j)));
    }
}

fn octet(index: usize) -> u8 {
    u8::try_from(index).unwrap_or(u8::MAX)
}

fn at(state: &[u8; 256], index: u8) -> u8 {
    state.get(usize::from(index)).copied().unwrap_or_default()
}
