#![no_main]

use kyso::{Evidence, Policy, TrustStore, Validator};
use libfuzzer_sys::fuzz_target;

/// Signed by nobody whom the validator trusts, so that every certificate and list counts.
const SIGNED: &[u8] =
    include_bytes!("../../testdata/signed/openssl-p256-sha256-enveloping-CAdES.p7");

fuzz_target!(|data: &[u8]| {
    let Ok(evidence) = serde_json::from_slice::<Evidence>(data) else { return };
    let at = evidence.validation_time();
    let validator = Validator::new(TrustStore::new(), Policy::default(), at);
    let Ok(validator) = validator.with_evidence(&evidence) else { return };
    if let Ok(report) = validator.keep_evidence().validate(SIGNED) {
        assert!(report.into_validated().is_err());
    }
});
