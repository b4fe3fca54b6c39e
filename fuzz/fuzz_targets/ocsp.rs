#![no_main]

use kyso::{Limits, OcspResponse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(read) = OcspResponse::from_der(data, &Limits::default()) {
        assert_eq!(read.der(), data);
    }
});
