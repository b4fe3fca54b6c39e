#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Some(content) = kyso::fuzzing::zip(data) {
        assert!(content.len() <= 1 << 20);
    }
});
