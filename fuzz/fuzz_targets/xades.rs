#![no_main]

use kyso::{Policy, TrustStore, UtcTime, Validator};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(at) = UtcTime::from_unix(1_780_000_000) else { return };
    let validator = Validator::new(TrustStore::new(), Policy::default(), at);
    let files = vec![("a", data.to_vec())];
    let _ = validator.validate_with_files(data, &files).map(|report| report.to_string());
});
