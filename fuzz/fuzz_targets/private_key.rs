#![no_main]

use kyso::{Certificate, SoftwareSigner};
use libfuzzer_sys::fuzz_target;

const CERTIFICATE: &[u8] = include_bytes!("../../testdata/keys/p256.crt.pem");

// Seeds: testdata/keys/*.pem, and their DER with a certificate's DER behind it.
fuzz_target!(|data: &[u8]| {
    let _ = SoftwareSigner::from_pem(data, CERTIFICATE);
    let _ = SoftwareSigner::from_pem(data, data);
    for at in [data.len() / 4, data.len() / 2] {
        if let Ok(certificate) = Certificate::from_der(&data[at..]) {
            let _ = SoftwareSigner::from_pkcs8(&data[..at], &[certificate]);
        }
    }
});
