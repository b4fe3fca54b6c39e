#![no_main]

use std::sync::OnceLock;

use kyso::{Conclusion, Policy, TrustStore, Validator};
use libfuzzer_sys::fuzz_target;

/// Trusts nobody, so that nothing may pass whatever the bytes are.
fn validator() -> &'static Validator {
    static VALIDATOR: OnceLock<Validator> = OnceLock::new();
    VALIDATOR.get_or_init(|| {
        let at = "2026-11-22T00:00:00Z".parse().expect("a time");
        Validator::new(TrustStore::new(), Policy::pilot(), at)
    })
}

fuzz_target!(|data: &[u8]| {
    if let Ok(report) = validator().validate(data) {
        assert_ne!(report.conclusion(), Some(Conclusion::TotalPassed));
        let _ = (report.to_string(), report.to_html(), report.detailed().to_string());
        if !report.signatures().is_empty() {
            report.write_etsi(Vec::new()).expect("whatever is said can be written");
        }
    }
    let half = data.len() / 2;
    let _ = validator().validate_detached(&data[..half], &data[half..]);
});
