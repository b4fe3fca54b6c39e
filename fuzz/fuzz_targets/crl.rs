#![no_main]

use kyso::{Crl, Limits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(read) = Crl::from_der(data, &Limits::default()) {
        assert_eq!(read.der(), data);
    }
});
