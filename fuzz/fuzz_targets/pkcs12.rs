#![no_main]

use kyso::{Limits, pkcs12};
use libfuzzer_sys::fuzz_target;

// Seeds: testdata/keys/*.p12; their password is "kyso".
fuzz_target!(|data: &[u8]| {
    let mut limits = Limits::default();
    limits.kdf_iterations = 10_000;
    for entry in pkcs12::entries(data, "kyso", &limits).into_iter().flatten() {
        let _ = (entry.friendly_name(), entry.certificate(), format!("{entry:?}"));
        let _ = entry.into_signer();
    }
});
