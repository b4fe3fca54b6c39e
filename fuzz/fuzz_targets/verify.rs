#![no_main]

use kyso::fuzzing::verify_value;
use kyso::{DigestAlgorithm, PssParameters, SignatureAlgorithm};
use libfuzzer_sys::fuzz_target;

// The first two octets choose the algorithm and say where the key ends and the value begins.
fuzz_target!(|data: &[u8]| {
    let [choice, salt, rest @ ..] = data else { return };
    use DigestAlgorithm::{Sha1, Sha3_384, Sha256, Sha384, Sha512};
    let digest = [Sha1, Sha256, Sha3_384, Sha512][usize::from(choice & 3)];
    let mask_digest = [Sha1, Sha256, Sha384, Sha512][usize::from(choice >> 2 & 3)];
    let algorithm = match choice >> 4 & 7 {
        0 => SignatureAlgorithm::RsaPkcs1(digest),
        1 => {
            let salt_length = u32::from(*salt).wrapping_mul(0x0101_0001);
            SignatureAlgorithm::RsaPss(PssParameters { digest, mask_digest, salt_length })
        }
        2 => SignatureAlgorithm::Ecdsa(digest),
        3 => SignatureAlgorithm::PlainEcdsa(digest),
        4 => SignatureAlgorithm::Dsa(digest),
        _ => SignatureAlgorithm::Ed25519,
    };
    let (key, value) = rest.split_at(rest.len() * usize::from(*salt) / 256);
    let _ = verify_value(key, algorithm, b"message", value);
});
