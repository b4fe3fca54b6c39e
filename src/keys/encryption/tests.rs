//! Derivations against values that Python's hashlib and hmac computed.

use super::*;
use crate::error::ErrorKind;

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|it| format!("{it:02x}")).collect()
}

fn budget() -> Budget {
    Budget::new(&Limits::default())
}

/// The first is RFC 6070's.
#[test]
fn pbkdf2() {
    let password = b"passwordPASSWORDpassword";
    let salt = b"saltSALTsaltSALTsaltSALTsaltSALTsalt";
    for (hash, expected) in [
        (Hash::Sha1, "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038"),
        (
            Hash::Sha224,
            "056c4ba438ded91fc14e0594e6f52b87e1f3690c0dc0fbc05784ed9a754ca780e6c017e80c8de278",
        ),
    ] {
        let octets = expected.len() / 2;
        let key = hash.derive_pbkdf2(password, salt, 4096, octets, &mut budget()).unwrap();
        assert_eq!(hex(&key), expected, "{hash:?}");
    }
}

#[test]
fn hmac_with_a_key_longer_than_a_block() {
    let expected = "e4c57f8f259ee086e2c187697a374ce2c410816fb8cce05fd3271e83";
    assert_eq!(hex(&Hash::Sha224.hmac(&[b'k'; 100], b"message")), expected);
}

#[test]
fn pkcs12() {
    let derive = |hash: Hash, purpose, password: &str, salt: &[u8], iterations, octets| {
        let password = Password::candidates(Some(password)).remove(0);
        let key =
            hash.derive_pkcs12(purpose, &password.bmp, salt, iterations, octets, &mut budget());
        hex(&key.unwrap())
    };
    let salt = [0x0a, 0x58, 0xcf, 0x64, 0x53, 0x0d, 0x82, 0x3f];
    assert_eq!(
        derive(Hash::Sha1, Purpose::Key, "smeg", &salt, 1, 24),
        "8aaae6297b6cb04642ab5b077851284eb7128f1a2a7fbca3"
    );
    assert_eq!(
        derive(Hash::Sha224, Purpose::Mac, "kyso mật khẩu", &b"saltsalt".repeat(20), 1000, 64),
        "4e7729a9a84cd0821fd65860e65da38d17fb84277f6b5a177c3fed673400f3ab\
         8131a4c9de43a68841acc74af67193706b4df3a86707ce509d9c968671a31716"
    );
}

#[test]
fn no_iteration_and_too_many() {
    let mut none = budget();
    let error = Hash::Sha1.derive_pbkdf2(b"", b"", 0, 16, &mut none).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    // Two blocks of SHA-1 are twice the work.
    let limits = Limits { kdf_iterations: 3000, ..Limits::default() };
    let mut little = Budget::new(&limits);
    assert!(Hash::Sha1.derive_pbkdf2(b"", b"", 1000, 20, &mut little).is_ok());
    let error = Hash::Sha1.derive_pkcs12(Purpose::Key, b"", b"", 1001, 32, &mut little);
    assert_eq!(error.unwrap_err().kind(), ErrorKind::LimitExceeded);
    assert!(Hash::Sha1.derive_pbkdf2(b"", b"", 1000, 32, &mut little).is_ok());
}
