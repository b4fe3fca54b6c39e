//! The key of a file from a password (ISO 32000-2 §7.6.4.3, §7.6.4.4).
#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use md5::{Digest, Md5};
use sha2::{Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::cipher::{aes_decrypt, aes_encrypt, rc4};
use super::parameters::Parameters;

/// The key that strings and streams are encrypted by, wiped when dropped.
pub(super) type FileKey = Zeroizing<Vec<u8>>;

/// What fills passwords up to 32 bytes (Algorithm 2, step a).
const PADDING: [u8; 32] = [
    0x28, 0xbf, 0x4e, 0x5e, 0x4e, 0x75, 0x8a, 0x41, 0x64, 0x00, 0x4e, 0x56, 0xff, 0xfa, 0x01, 0x08,
    0x2e, 0x2e, 0x00, 0xb6, 0xd0, 0x68, 0x3e, 0x80, 0x2f, 0x0c, 0xa9, 0xfe, 0x64, 0x53, 0x69, 0x7a,
];

/// Bytes of an MD5 digest.
const DIGEST: usize = 16;

/// Bytes of a password that count from revision 5 on.
const LONGEST: usize = 127;

impl Parameters {
    /// The key where this is the user's password.
    pub(super) fn by_user(&self, password: &[u8]) -> Option<FileKey> {
        if self.revision >= 5 {
            let password = password.get(..LONGEST).unwrap_or(password);
            let (hash, salts) = self.user.split_at_checked(32)?;
            return self.open(password, hash, salts, &[], &self.user_key);
        }
        let padded = padded(password);
        let mut lengths = self.key_lengths.iter();
        lengths.find_map(|length| self.older_key(&padded, *length))
    }

    /// The key where this is the owner's password.
    pub(super) fn by_owner(&self, password: &[u8]) -> Option<FileKey> {
        if self.revision >= 5 {
            let password = password.get(..LONGEST).unwrap_or(password);
            let (hash, salts) = self.owner.split_at_checked(32)?;
            return self.open(password, hash, salts, &self.user, &self.owner_key);
        }
        let padded = padded(password);
        // Most programs digest as much as the key has, as Algorithm 2 says, not Algorithm 3,
        // which has all of it. That is another key only where it is short.
        let mut ways = self.key_lengths.iter().flat_map(|it| [(*it, *it), (*it, DIGEST)]);
        ways.find_map(|(length, digested)| {
            let user = self.user_password(&padded, length, digested)?;
            self.older_key(&user, length)
        })
    }

    /// Algorithm 6.
    fn older_key(&self, padded: &[u8], length: usize) -> Option<FileKey> {
        let key = self.candidate(padded, length)?;
        let proof = self.proof(&key)?;
        same(self.user.get(..proof.len())?, &proof).then_some(key)
    }

    /// Algorithm 2.
    fn candidate(&self, padded: &[u8], length: usize) -> Option<FileKey> {
        let mut digest = Md5::new_with_prefix(padded);
        digest.update(&self.owner);
        digest.update(self.permissions.to_le_bytes());
        digest.update(&self.id);
        if self.revision >= 4 && !self.encrypts_metadata {
            digest.update([0xff; 4]);
        }
        self.stretched(digest, length, length)
    }

    /// Algorithms 4 and 5: what `U` begins with under this key.
    fn proof(&self, key: &[u8]) -> Option<Vec<u8>> {
        if self.revision == 2 {
            return rc4(key, PADDING.to_vec());
        }
        let digest = Md5::new_with_prefix(PADDING).chain_update(&self.id).finalize();
        rounds(key, digest.to_vec(), 0..=19)
    }

    /// Algorithm 7: the user's password as the owner's encrypts it.
    fn user_password(
        &self,
        padded: &[u8],
        length: usize,
        digested: usize,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let key = self.stretched(Md5::new_with_prefix(padded), length, digested)?;
        let last = if self.revision == 2 { 0 } else { 19 };
        rounds(&key, self.owner.clone(), (0..=last).rev()).map(Zeroizing::new)
    }

    /// So many bytes of a digest, of which so many are digested fifty times more from
    /// revision 3 on.
    fn stretched(&self, digest: Md5, length: usize, digested: usize) -> Option<FileKey> {
        let length = if self.revision == 2 { 5 } else { length };
        let mut key = Zeroizing::new(digest.finalize());
        if self.revision >= 3 {
            for _ in 0..50 {
                *key = Md5::digest(key.get(..digested)?);
            }
        }
        key.get(..length).map(|it| Zeroizing::new(it.to_vec()))
    }

    /// Algorithm 2.A: `salts` are for checking the password and for opening the key.
    fn open(
        &self,
        password: &[u8],
        hash: &[u8],
        salts: &[u8],
        user: &[u8],
        sealed: &[u8],
    ) -> Option<FileKey> {
        let (check, open) = salts.split_at_checked(8)?;
        if !same(hash, &self.hash(password, check, user)?) {
            return None;
        }
        let key = self.hash(password, open, user)?;
        aes_decrypt(&key, &[0; 16], sealed).map(Zeroizing::new)
    }

    /// Algorithm 2.B; revision 5 only begins it.
    fn hash(&self, password: &[u8], salt: &[u8], user: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let first = Sha256::new_with_prefix(password).chain_update(salt).chain_update(user);
        let mut key = Zeroizing::new(first.finalize().to_vec());
        // The last byte of a round is at most 255, so that round 287 is the last.
        for round in 0_u16.. {
            if self.revision == 5 {
                break;
            }
            let once = Zeroizing::new([password, &key, user].concat());
            let input = Zeroizing::new(once.repeat(64));
            let (cipher_key, iv) = key.split_at_checked(16)?;
            let encrypted = Zeroizing::new(aes_encrypt(cipher_key, iv.get(..16)?, &input)?);
            // The first sixteen bytes as a number, of which 256 is 1 more than a multiple of 3.
            let sum: u16 = encrypted.iter().take(16).map(|it| u16::from(*it)).sum();
            // Not into the old one, which would be dropped without being wiped.
            key = Zeroizing::new(match sum % 3 {
                0 => Sha256::digest(&*encrypted).to_vec(),
                1 => Sha384::digest(&*encrypted).to_vec(),
                _ => Sha512::digest(&*encrypted).to_vec(),
            });
            let last = encrypted.last().copied().map(u16::from)?;
            if round >= 63 && last <= round.saturating_sub(31) {
                break;
            }
        }
        key.truncate(32);
        Some(key)
    }
}

/// RC4 by the key, each byte of it changed by the number of the round.
fn rounds(key: &[u8], data: Vec<u8>, numbers: impl Iterator<Item = u8>) -> Option<Vec<u8>> {
    let mut data = data;
    for number in numbers {
        let key: Zeroizing<Vec<u8>> = Zeroizing::new(key.iter().map(|it| it ^ number).collect());
        data = rc4(&key, data)?;
    }
    Some(data)
}

fn padded(password: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(password.iter().chain(&PADDING).copied().take(32).collect())
}

/// In a time that says nothing of where they differ.
fn same(a: &[u8], b: &[u8]) -> bool {
    let differences = a.iter().zip(b).fold(0, |all, (a, b)| all | (a ^ b));
    a.len() == b.len() && std::hint::black_box(differences) == 0
}

#[cfg(test)]
impl Parameters {
    /// Algorithms 3 to 5: what makes these the passwords.
    pub(super) fn seal_older(&mut self, user: &[u8], owner: &[u8]) {
        let length = self.key_lengths[0];
        let last = if self.revision == 2 { 0 } else { 19 };
        let key = self.stretched(Md5::new_with_prefix(padded(owner)), length, length).unwrap();
        self.owner = rounds(&key, padded(user).to_vec(), 0..=last).unwrap();
        let key = self.candidate(&padded(user), length).unwrap();
        self.user = self.proof(&key).unwrap();
        self.user.resize(32, 0);
    }

    /// Algorithms 8 to 10.
    pub(super) fn seal(&mut self, key: &FileKey, user: &[u8], owner: &[u8]) {
        let sealed = |it: &Self, password: &[u8], salts: &[u8; 16], user: &[u8]| {
            let hash = it.hash(password, &salts[..8], user).unwrap();
            let opens = it.hash(password, &salts[8..], user).unwrap();
            let value = [&hash[..], salts].concat();
            (value, aes_encrypt(&opens, &[0; 16], key).unwrap())
        };
        (self.user, self.user_key) = sealed(self, user, b"checksalopensalt", b"");
        (self.owner, self.owner_key) = sealed(self, owner, b"CHECKSALOPENSALT", &self.user);
        let again = [&self.permissions.to_le_bytes()[..], b"\xff\xff\xff\xffTadbrand"].concat();
        self.permissions_again = aes_encrypt(key, &[0; 16], &again).unwrap();
    }
}
