#![no_main]

use kyso::Certificate;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(certificate) = Certificate::from_der(data) {
        assert_eq!(certificate.der(), data);
        let _ = (certificate.subject(), certificate.issuer(), certificate.serial());
    }
});
